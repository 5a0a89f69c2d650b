"""Whether a cell of ours shows what we would write: one reading for what is sent and for what Feishu gives back."""

import re
import unicodedata
import zlib
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, structs

from gateway.feishu import columns
from gateway.feishu.columns import Bound, link_of, text_of
from gateway.feishu.fields import CHECKBOX, DATE, LINK, MULTI, NUMBER, Column, columns_of
from gateway.feishu.values import Shown

OWN_TIME = "written_at"
"""The field that says when we wrote: it is never as it would be written now."""
QUIET = frozenset({"score"})
"""Fields whose value goes on changing in the library without a reason to write: rows may show an earlier one."""
REMEMBERED = QUIET | {OWN_TIME}
"""Fields of which it is always known what was last written."""

Plain = str | float | tuple[str, ...] | bool | None
"""What a cell says, whatever its shape; None where it is empty."""
Digest = int
"""Of a Plain, to know it again: 32 bits."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\ufeff]")
_OPTIONS_WITH_WORDS = {"status", "kind"}
"""Fields whose options have names of ours."""


class Cell(Struct, frozen=True):
    """A cell of ours in one row."""

    column: Column
    name: str
    """The column's, at present."""
    there: Plain
    wanted: Plain

    @property
    def field(self) -> str:
        return self.column.key


def compared(shelf: str, bound: Bound) -> list[str]:
    """The names of the columns that are compared, and of the one that says when."""
    ours = [column.key for column in columns_of(shelf) if column.cell is not None]
    return [bound.names[key] for key in ours if key in bound.names]


def cells_of(
    shown: Shown, shelf: str, bound: Bound, there: Mapping[str, Any], *, exactly: bool = False
) -> Iterator[Cell]:
    """What a row says in our columns, and what it would say; ``there``: the row's cells as they were read.

    Unless ``exactly``, options that say the same in other words count as what would be written. Left out are fields that Douban did not tell of: their cells are not written either.
    """
    new = columns.cells(shown, shelf, bound, clear=True)
    for column in columns_of(shelf):
        name = bound.names.get(column.key)
        if name is None or name not in new or column.key == OWN_TIME:
            continue
        old, wanted = plain(there.get(name), column.type), plain(new[name], column.type)
        if (
            not exactly
            and old != wanted
            and column.key in _OPTIONS_WITH_WORDS
            and old in _other_words(shown, column, bound)
        ):
            old = wanted
        yield Cell(column, name, old, wanted)


def digests(
    written: Mapping[str, Any], shelf: str, bound: Bound, fields: Collection[str] | None
) -> dict[str, Digest]:
    """Of the cells that are written into a row, those of some fields or of all."""
    return {
        column.key: digest(plain(written[name], column.type))
        for column in columns_of(shelf)
        if (name := bound.names.get(column.key, "")) in written and (fields is None or column.key in fields)
    }


def _other_words(shown: Shown, column: Column, bound: Bound) -> Iterator[Plain]:
    """The same, said otherwise: rows were written in the other language, or before a removal was to be shown."""
    assert column.cell is not None
    spelled = bound.spelled.get(column.key, {})
    for language in ("zh", "en"):
        for removed in {shown.removed, False}:
            name = column.cell(structs.replace(shown, language=language, removed=removed))
            yield plain(spelled.get(name, name), column.type)


def plain(value: Any, kind: int) -> Plain:
    """What the cell says: the same for the shape that is written and for the one that search gives.

    White space at the ends of lines, what cannot be seen, and the order of options say nothing.
    """
    if value is None:
        return None
    if kind == CHECKBOX:
        return value is True or None
    if kind in {NUMBER, DATE}:
        return _number(value)
    if kind == LINK:
        link = link_of(value).strip()
        return tuple(dict.fromkeys((link, text_of([value]).strip() or link))) if link else None
    if kind == MULTI:
        names = {name for each in columns.names_of(value) if (name := _text(each))}
        return tuple(sorted(names)) or None
    return _text(text_of(value)) or None


def _text(text: str) -> str:
    if text.isascii() and "\n" not in text and text.isprintable():
        return text.strip()
    clean = _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
    return "\n".join(line.strip() for line in clean.split("\n")).strip()


def _number(value: Any) -> Plain:
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return str(value)
    return text_of(value) or None


def digest(value: Plain) -> Digest:
    return zlib.crc32(msgspec.msgpack.encode(value))


def words(value: Plain, kind: int, zone: ZoneInfo) -> str:
    """The cell for a person to read; empty if it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓"
    if isinstance(value, int | float):
        return _day(value, zone) if kind == DATE else f"{value:.15g}"
    if isinstance(value, str):
        return value
    return (" · " if kind == LINK else "、").join(value)


def in_words(value: Any, kind: int, zone: ZoneInfo) -> str:
    """The same for a cell as Feishu gives it, of a column of any type: people and files are told by their names."""
    told = words(plain(value, kind), kind, zone) or "、".join(_names(value))
    return told or (str(value) if value else "")


def _names(value: Any) -> Iterator[str]:
    match value:
        case [*several]:
            for each in several:
                yield from _names(each)
        case {"name": str(name)}:
            yield name
        case _:
            return


def _day(milliseconds: float, zone: ZoneInfo) -> str:
    try:
        told = (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone)
    except OverflowError:
        return f"{milliseconds:.0f}"
    return f"{told:%F}" if told.hour == told.minute == 0 else f"{told:%F %H:%M}"
