"""Rows that a table has already, and which marks they are of: looked for once, before the first row is written."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from gateway.douban.urls import subject_key
from gateway.feishu.bitable import Bitable, Record
from gateway.feishu.columns import link_of, text_of
from gateway.feishu.fields import KEY, LINK
from gateway.feishu.values import media_of
from gateway.ledger import Unbound
from gateway.library import MarkKey
from gateway.model import SubjectKey
from gateway.records import Found

_LOOKED_AT = (KEY, "kind", "title", "isbn", "year", "released")
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")


class Likely(Struct, frozen=True):
    """A row that could be a mark's: the person says whether it is."""

    key: MarkKey
    record_id: str
    title: str
    """What the row says."""
    by: Literal["isbn", "title"]
    """What it has in common with the mark; ``title``: title and year."""


class Rows(Struct, frozen=True):
    """What is there."""

    number: int = 0
    sure: Found = []
    """By Subject ID, or by the address of the Douban page in any column of links."""
    likely: tuple[Likely, ...] = ()


async def look(bitable: Bitable, table_id: str, names: dict[str, str], unbound: Sequence[Unbound]) -> Rows:
    """Reads the whole table. ``names``: the present name of each of our columns. Raises FeishuError."""
    links = [field.field_name for field in await bitable.fields(table_id) if field.type == LINK]
    columns = {key: names[key] for key in _LOOKED_AT if key in names}
    shown = list(dict.fromkeys([*columns.values(), *links]))
    rows = [record async for record in bitable.records(table_id, shown)]
    sure = dict(_sure(rows, columns, links, unbound))
    taken, known = set(sure.values()), set(sure)
    left = [row for row in rows if row.record_id not in taken]
    likely = _likely(left, columns, [each for each in unbound if each.key not in known])
    return Rows(len(rows), list(sure.items()), tuple(likely))


def _sure(
    rows: Sequence[Record], columns: dict[str, str], links: Sequence[str], unbound: Iterable[Unbound]
) -> Iterable[tuple[MarkKey, str]]:
    """The surest first: by the page's address, by kind and id, by the id alone, which is unique in its medium only."""
    by_subject: dict[SubjectKey, MarkKey] = {}
    by_id: dict[str, list[MarkKey]] = {}
    for each in unbound:
        by_subject.setdefault(each.key.subject, each.key)
        by_id.setdefault(each.key.subject.id, []).append(each.key)
    could_be: list[tuple[int, str, list[MarkKey]]] = []
    for row in rows:
        pages = {page for name in links if (page := subject_key(link_of(row.fields.get(name))))}
        media = media_of(_text(row, columns, "kind"))
        if pages:
            keys, sureness = [by_subject[page] for page in pages if page in by_subject], 0
        else:
            same_id = by_id.get(_text(row, columns, KEY), [])
            keys = [key for key in same_id if media is None or key.subject.medium in media]
            sureness = 1 if media else 2
        could_be.append((sureness, row.record_id, keys))
    found: dict[MarkKey, str] = {}
    for _, record_id, keys in sorted(could_be, key=lambda each: each[0]):
        if (key := next((key for key in keys if key not in found), None)) is not None:
            found[key] = record_id
    return found.items()


def _likely(rows: Sequence[Record], columns: dict[str, str], unbound: Iterable[Unbound]) -> Iterable[Likely]:
    """A book by its ISBN, else anything by title and year; what could be two rows' is nobody's."""
    by: dict[Literal["isbn", "title"], dict[str, list[Record]]] = {"isbn": {}, "title": {}}
    for row in rows:
        title = _text(row, columns, "title")
        year = _YEAR.search(_text(row, columns, "year") or _text(row, columns, "released"))
        if isbn := _text(row, columns, "isbn"):
            by["isbn"].setdefault(isbn, []).append(row)
        if title and year:
            by["title"].setdefault(f"{title} {year[0]}", []).append(row)
    taken: set[str] = set()
    for each in unbound:
        asked: tuple[tuple[Literal["isbn", "title"], str | None], ...] = (
            ("isbn", each.isbn),
            ("title", f"{each.title} {each.year}"),
        )
        for how, what in asked:
            matching = by[how].get(what or "", [])
            if len(matching) == 1 and matching[0].record_id not in taken:
                taken.add(matching[0].record_id)
                yield Likely(each.key, matching[0].record_id, _text(matching[0], columns, "title"), how)
                break


def _text(row: Record, columns: dict[str, str], key: str) -> str:
    value = row.fields.get(columns.get(key, ""))
    if isinstance(value, int | float):
        return f"{value:g}"
    return text_of(value).strip()
