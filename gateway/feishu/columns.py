"""Our fields and the columns that show them. A column that is not bound here is never touched.

A field is bound to its column by Feishu's field id, and so is each option of a select that we write; their
present names are looked up before each write, since Feishu writes by name only. The person may rename and move
them as they like.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, field

from gateway.errors import ColumnNameTaken, Words, WrongColumnType
from gateway.feishu.bitable import Bitable, Field
from gateway.feishu.fields import COVER, KEY, MULTI, SINGLE, Column, columns_of, new_field, options_of
from gateway.feishu.values import Shown

_TYPES = {
    1: Words("文本", "text"),
    2: Words("数字", "number"),
    3: Words("单选", "single select"),
    4: Words("多选", "multi select"),
    5: Words("日期", "date"),
    7: Words("复选框", "checkbox"),
    11: Words("人员", "person"),
    13: Words("电话", "phone"),
    15: Words("超链接", "link"),
    17: Words("附件", "attachment"),
    18: Words("单向关联", "link to records"),
    19: Words("查找引用", "lookup"),
    20: Words("公式", "formula"),
    21: Words("双向关联", "two-way link"),
}

_UI_TYPES = {
    "Rating": Words("评分", "rating"),
    "Progress": Words("进度", "progress"),
    "Currency": Words("货币", "currency"),
    "Barcode": Words("条码", "barcode"),
    "Email": Words("邮箱", "e-mail"),
}
"""Of one number, but shown as something else."""

Binding = dict[str, str | None]
"""Our field → the column's field id; None for a column that is not there for us, and stays so."""
Options = dict[str, dict[str, str]]
"""Our select field → each option, by the name that it had when it was seen first → its option id."""


class Bound(Struct, frozen=True):
    """The columns of a table as they are now."""

    binding: Binding
    options: Options
    names: dict[str, str]
    """Of each field that is written, the column's present name."""
    spelled: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each field, each option of ours that has another name now."""

    def lacks_option(self, cells: Mapping[str, Any]) -> bool:
        """Whether a cell names an option that is not there yet: Feishu makes it when the cell is written."""
        return any(
            option not in options and option not in self.spelled.get(key, {}).values()
            for key, options in self.options.items()
            for option in names_of(cells.get(self.names.get(key, "")))
        )


class _Option(Struct, frozen=True):
    id: str
    name: str


class _Select:
    """The options that a column has."""

    def __init__(self, column: Field) -> None:
        options = _convert((column.property or {}).get("options") or [], list[_Option]) or []
        self.by_id = {option.id: option for option in options}
        self.by_name = {option.name: option for option in reversed(options)}

    def find(self, name: str, known: Mapping[str, str]) -> _Option | None:
        """An option of ours: the one that it was, else the one of its name."""
        return self.by_id.get(known.get(name, "")) or self.by_name.get(name)


class _Segment(Struct, frozen=True):
    text: str = ""


class _Link(Struct, frozen=True):
    link: str = ""


def type_name(number: int, ui_type: str | None = None) -> Words:
    return _UI_TYPES.get(ui_type or "") or _TYPES.get(number, Words("其他类型", "another type"))


def fits(column: Column, found: Field) -> bool:
    """Whether the column can show our values: a score of 8.7 is no rating of five stars, though both are numbers."""
    if found.type != column.type:
        return False
    return found.ui_type in {None, column.ui_type} or (column.ui_type, found.ui_type) == ("Rating", "Number")


async def bind(
    bitable: Bitable,
    table_id: str,
    shelf: str,
    language: str,
    *,
    known: Binding,
    options: Options,
) -> Bound:
    """Finds our columns in a table and makes those that are missing, and the options that they lack.

    ``known`` and ``options``: what is remembered of the table. A field that ``known`` has as None is left
    alone. Raises WrongColumnType if columns of ours have a type that cannot show our values, ColumnNameTaken
    if another column has the name of one that is to be made.
    """
    there = await bitable.fields(table_id)
    by_id = {column.field_id: column for column in there}
    by_name = {column.field_name: column for column in there}
    bound = Bound({}, {}, {})
    ours = [(column, by_id.get(known.get(column.key) or "")) for column in columns_of(shelf)]
    _check_types([(column, found) for column, found in ours if found is not None])
    for column, by_its_id in ours:
        found = by_its_id
        if found is None and (column.key not in known or column.key == KEY):
            found = by_name.get(column.names.zh) or by_name.get(column.names.en)
            if found is None:
                found = await bitable.create_field(table_id, new_field(column, shelf, language))
            _check_name(column, found)
        bound.binding[column.key] = found.field_id if found is not None else None
        if found is None:
            continue
        bound.names[column.key] = found.field_name
        if column.type in {SINGLE, MULTI}:
            before = options.get(column.key, {})
            if (wanted := options_of(column, shelf, language)) is not None:
                found = await _with_options(bitable, table_id, found, wanted, before)
            _spell(bound, column.key, _Select(found), before)
    return bound


def as_is(
    there: Sequence[Field], shelf: str, language: str, *, known: Binding, options: Options
) -> tuple[Bound, set[str]]:
    """What ``bind`` would find, and the fields whose column it would find or make anew; nothing is made.

    Raises WrongColumnType, ColumnNameTaken.
    """
    by_id = {column.field_id: column for column in there}
    by_name = {column.field_name: column for column in there}
    ours = [(column, by_id.get(known.get(column.key) or "")) for column in columns_of(shelf)]
    _check_types([(column, found) for column, found in ours if found is not None])
    bound, gaps = Bound(dict(known), {}, {}), set[str]()
    for column, by_its_id in ours:
        found = by_its_id
        if found is None:
            if column.key in known and column.key != KEY:
                continue
            gaps.add(column.key)
            found = by_name.get(column.names.zh) or by_name.get(column.names.en)
        if found is None:
            bound.names[column.key] = column.name(language)
            continue
        _check_name(column, found)
        bound.names[column.key] = found.field_name
        if column.type in {SINGLE, MULTI}:
            _spell(bound, column.key, _Select(found), options.get(column.key, {}))
    return bound, gaps - {COVER}


async def _with_options(
    bitable: Bitable, table_id: str, column: Field, wanted: Mapping[str, int], known: Mapping[str, str]
) -> Field:
    """The column, with the options that it lacked beside all of theirs."""
    there = _Select(column)
    missing = [name for name in wanted if not there.find(name, known)]
    if not missing:
        return column
    mine = [{"name": name, "color": wanted[name]} for name in missing]
    theirs = list((column.property or {}).get("options") or ())
    return await bitable.update_field(table_id, column, {**(column.property or {}), "options": theirs + mine})


def _spell(bound: Bound, key: str, there: _Select, known: Mapping[str, str]) -> None:
    """Notes each option, those that Feishu made of a written name too, so that it is known whatever its name becomes."""
    found = {name: option for name in (*known, *there.by_name) if (option := there.find(name, known))}
    bound.options[key] = {name: option.id for name, option in found.items()}
    renamed = {name: option.name for name, option in found.items() if option.name != name}
    if renamed:
        bound.spelled[key] = renamed


def _check_types(bound: Sequence[tuple[Column, Field]]) -> None:
    """Raises WrongColumnType, with all the conversions that would work."""
    wrong = [(column, found) for column, found in bound if not fits(column, found)]
    if wrong:
        told = [f"“{found.field_name}”: {_type_of(found)} → {_type_of(column)}" for column, found in wrong]
        raise WrongColumnType(columns=", ".join(told), fields=frozenset(column.key for column, _ in wrong))


def _check_name(column: Column, found: Field) -> None:
    """Raises ColumnNameTaken."""
    if not fits(column, found):
        raise ColumnNameTaken(column=found.field_name, has=_type_of(found), wants=_type_of(column))


def _type_of(column: Column | Field) -> str:
    name = type_name(column.type, column.ui_type)
    return f"{name.zh} ({name.en})"


def cells(shown: Shown, shelf: str, bound: Bound, *, clear: bool) -> dict[str, Any]:
    """The cells of a record, by the columns' present names; with ``clear``, empty ones as None."""
    found: dict[str, Any] = {}
    for column in columns_of(shelf):
        if column.cell is None or (name := bound.names.get(column.key)) is None:
            continue
        value = column.cell(shown)
        if value is UNSET or (value is None and not clear):
            continue
        found[name] = _spelled(value, bound.spelled.get(column.key))
    return found


def _spelled(value: Any, names: Mapping[str, str] | None) -> Any:
    if not names:
        return value
    if isinstance(value, list):
        return list(dict.fromkeys(names.get(each, each) for each in names_of(value)))  # pyright: ignore[reportUnknownArgumentType]  # options
    return names.get(value, value) if isinstance(value, str) else value


def names_of(cell: object) -> list[str]:
    """The options that a select's cell names."""
    return [cell] if isinstance(cell, str) else _convert(cell, list[str]) or []


def text_of(value: object) -> str:
    """The plain text of a text cell as search gives it, a list of segments; of a select, the option's name."""
    if value is None or isinstance(value, str):
        return value or ""
    return "".join(item.text for item in _convert(value, list[_Segment]) or ())


def link_of(value: object) -> str:
    """The address in a link cell; empty if there is none."""
    link = _convert(value, _Link)
    return link.link if link else ""


T = TypeVar("T")


def _convert(value: object, shape: type[T]) -> T | None:
    """None where the person made another kind of column of it."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return None
