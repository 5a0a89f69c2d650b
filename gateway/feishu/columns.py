"""Our fields and the columns that show them. A column that is not bound here is never touched.

A field is bound to its column by Feishu's field id; the column's present name is looked up before each
write, since Feishu writes by name only. The person may rename and move columns as they like.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gateway.errors import Words, WrongColumnType
from gateway.feishu.bitable import Bitable, Field, NewField
from gateway.model import Kind, Mark, Medium, Status, Subject

TEXT_BUDGET = 90_000
"""Longest text of a cell, in UTF-16 units of its JSON spelling: Feishu refuses 100,000 of them (1254130)."""
_CUT = "…（已截断）"

KEY = "subject_id"
"""The column that rows are known by."""

_KINDS = {
    Kind.BOOK: Words("图书", "Book"),
    Kind.MOVIE: Words("电影", "Film"),
    Kind.TV: Words("剧集", "Series"),
    Kind.MUSIC: Words("音乐", "Music"),
    Kind.GAME: Words("游戏", "Game"),
    Kind.DRAMA: Words("舞台剧", "Stage"),
}
_VERBS = {
    Medium.BOOK: Words("读", "read"),
    Medium.MOVIE: Words("看", "watch"),
    Medium.MUSIC: Words("听", "listen"),
    Medium.GAME: Words("玩", "play"),
    Medium.DRAMA: Words("看", "watch"),
}
_STATUSES_EN = {Status.WISH: "Wish", Status.DOING: "Doing", Status.DONE: "Done"}
_COLOURS = {Status.WISH: 5, Status.DOING: 4, Status.DONE: 0}
"""Of the select options, as one project's real table has them (想 5, 在 4, 过 0)."""


class Shown(Struct, frozen=True):
    """What one record shows."""

    mark: Mark
    subject: Subject
    zone: ZoneInfo
    """The Bitable's own time zone: a day is its midnight there."""
    language: str
    """``zh`` or ``en``: the language of the option names."""


class Column(Struct, frozen=True):
    """A field of ours and how a Bitable shows it."""

    key: str
    names: Words
    type: int
    ui_type: str
    cell: Callable[[Shown], Any]
    """The value in Feishu's write shape; None for an empty cell, UNSET to leave the cell alone."""
    property: dict[str, Any] | None = None

    def name(self, language: str) -> str:
        return self.names.en if language == "en" else self.names.zh


def kind_name(kind: Kind, language: str) -> str:
    return _KINDS[kind].en if language == "en" else _KINDS[kind].zh


def media_of(kind: str) -> set[Medium] | None:
    """The media whose records may have this in the kind column; None for a name that is not of our giving."""
    kinds = [each for each, names in _KINDS.items() if kind in {names.zh, names.en}]
    return {Medium.MOVIE if each is Kind.TV else Medium(each) for each in kinds} or None


def status_name(medium: Medium, status: Status, language: str) -> str:
    """想读, 在看, 听过, …; in English without the verb."""
    if language == "en":
        return _STATUSES_EN[status]
    verb = _VERBS[medium].zh
    return {Status.WISH: f"想{verb}", Status.DOING: f"在{verb}", Status.DONE: f"{verb}过"}[status]


def fit(text: str) -> str:
    """The text, cut with a visible mark if no cell could hold it."""
    if len(text) * 6 <= TEXT_BUDGET:  # even were each character escaped
        return text
    kept: list[str] = []
    room = TEXT_BUDGET - len(_CUT)
    for character in text:
        room -= len(json.dumps(character, ensure_ascii=False).encode("utf-16-le")) // 2 - 2
        if room < 0:
            return "".join(kept) + _CUT
        kept.append(character)
    return text


def _text(value: object) -> str | None:
    return fit(value) if isinstance(value, str) and value else None


def _joined(*lists: tuple[str, ...] | UnsetType) -> str | None:
    """The first of these lists that is not empty, as Douban writes lists."""
    return next((fit(" / ".join(values)) for values in lists if values is not UNSET and values), None)


def _listed(values: tuple[str, ...] | UnsetType) -> list[str] | None:
    return list(dict.fromkeys(values)) if values is not UNSET and values else None


def _plain(value: object) -> object:
    return None if value is UNSET else value


def _kind(shown: Shown) -> str:
    kind = shown.subject.kind
    return kind_name(kind if isinstance(kind, Kind) else Kind(shown.mark.subject.medium), shown.language)


def _day(shown: Shown) -> int | None:
    """Milliseconds of the day's midnight in the Bitable's zone."""
    day = shown.mark.marked_on
    if day is UNSET or day is None:
        return None
    return int(datetime.combine(day, time(), shown.zone).timestamp() * 1000)


_PAGES = {
    Medium.BOOK: "https://book.douban.com/subject/{}/",
    Medium.MOVIE: "https://movie.douban.com/subject/{}/",
    Medium.MUSIC: "https://music.douban.com/subject/{}/",
    Medium.GAME: "https://www.douban.com/game/{}/",
    Medium.DRAMA: "https://www.douban.com/location/drama/{}/",
}


def page_of(medium: Medium, subject_id: str) -> str:
    """The address of a subject's page on Douban."""
    return _PAGES[medium].format(subject_id)


def _page(shown: Shown) -> dict[str, str]:
    address = page_of(shown.mark.subject.medium, shown.mark.subject.id)
    return {"link": address, "text": address}


def _status(shown: Shown) -> str:
    return status_name(shown.mark.subject.medium, shown.mark.status, shown.language)


COLUMNS: tuple[Column, ...] = (
    Column("title", Words("标题", "Title"), 1, "Text", lambda s: _text(s.subject.title)),
    Column("kind", Words("分类", "Kind"), 3, "SingleSelect", _kind),
    Column(
        "status",
        Words("我的状态", "My status"),
        3,
        "SingleSelect",
        _status,
    ),
    Column(
        "rating",
        Words("我的评分", "My rating"),
        2,
        "Rating",
        lambda s: _plain(s.mark.rating),
        {"formatter": "0", "min": 1, "max": 5, "rating": {"symbol": "star"}},
    ),
    Column("comment", Words("我的备注", "My comment"), 1, "Text", lambda s: _text(s.mark.comment)),
    Column("tags", Words("我的标签", "My tags"), 4, "MultiSelect", lambda s: _listed(s.mark.tags)),
    Column(
        "marked_on",
        Words("标记日期", "Marked on"),
        5,
        "DateTime",
        _day,
        {"date_formatter": "yyyy/MM/dd", "auto_fill": False},
    ),
    Column("private", Words("仅自己可见", "Private"), 7, "Checkbox", lambda s: s.mark.private),
    Column(
        "score",
        Words("豆瓣评分", "Douban score"),
        2,
        "Number",
        lambda s: _plain(s.subject.score),
        {"formatter": "0.0"},
    ),
    Column(
        "creators",
        Words("创作者", "Creators"),
        1,
        "Text",
        lambda s: _joined(s.subject.authors, s.subject.directors, s.subject.performers),
    ),
    Column("year", Words("年份", "Year"), 2, "Number", lambda s: _plain(s.subject.year), {"formatter": "0"}),
    Column("genres", Words("类型", "Genres"), 4, "MultiSelect", lambda s: _listed(s.subject.genres)),
    Column(
        "original_title",
        Words("原名", "Original title"),
        1,
        "Text",
        lambda s: _text(s.subject.original_title),
    ),
    Column("intro", Words("简介", "About"), 1, "Text", lambda s: _text(s.subject.intro)),
    Column("page", Words("豆瓣页面", "Douban page"), 15, "Url", _page),
    Column(KEY, Words("Subject ID", "Subject ID"), 1, "Text", lambda s: s.mark.subject.id),
)

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


class _Segment(Struct, frozen=True):
    text: str = ""


class _Link(Struct, frozen=True):
    link: str = ""


Binding = dict[str, str | None]
"""Our field → the column's field id; None for a column that the person deleted and that stays deleted."""


def new_fields(language: str) -> list[NewField]:
    """All our columns, for a table of our own. The title is the primary one."""
    return [_new(column, language) for column in COLUMNS]


async def bind(
    bitable: Bitable, table_id: str, known: Binding, language: str
) -> tuple[Binding, dict[str, str]]:
    """Finds our columns in a table and makes those that are missing.

    Returns the binding to remember, and the present name of each column that is written. Raises
    WrongColumnType if a column of our name has a type that cannot show our values.
    """
    columns = await bitable.fields(table_id)
    by_id = {column.field_id: column for column in columns}
    by_name = {column.field_name: column for column in columns}
    binding: Binding = {}
    names: dict[str, str] = {}
    for column in COLUMNS:
        found = (
            by_id.get(known.get(column.key) or "")
            or by_name.get(column.names.zh)
            or by_name.get(column.names.en)
        )
        if found is None and column.key in known and column.key != KEY:
            binding[column.key] = None
            continue
        if found is None:
            found = await bitable.create_field(table_id, _new(column, language))
        _check_type(column, found)
        binding[column.key] = found.field_id
        names[column.key] = found.field_name
    return binding, names


def cells(shown: Shown, names: Mapping[str, str], *, clear: bool) -> dict[str, Any]:
    """The cells of a record, by the columns' present names; with ``clear``, empty ones as None."""
    values = {names[column.key]: column.cell(shown) for column in COLUMNS if column.key in names}
    return {
        name: value for name, value in values.items() if value is not UNSET and (clear or value is not None)
    }


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


def _new(column: Column, language: str) -> NewField:
    return NewField(column.name(language), column.type, column.ui_type, _property(column, language))


def _property(column: Column, language: str) -> dict[str, Any] | None:
    """With the options of a select, in their colours."""
    if column.key == "kind":
        return {
            "options": [
                {"name": kind_name(kind, language), "color": number} for number, kind in enumerate(_KINDS)
            ]
        }
    if column.key == "status":
        names = {
            status_name(medium, status, language): _COLOURS[status] for medium in _VERBS for status in Status
        }
        return {"options": [{"name": name, "color": colour} for name, colour in names.items()]}
    return column.property


def _check_type(column: Column, found: Field) -> None:
    if found.type != column.type:
        has, wants = _TYPES.get(found.type, Words("其他", "other")), _TYPES[column.type]
        raise WrongColumnType(
            column=found.field_name, has=f"{has.zh} ({has.en})", wants=f"{wants.zh} ({wants.en})"
        )
