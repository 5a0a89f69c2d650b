"""Which record of a table shows which mark, told from the table alone."""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import stamina
from msgspec import Struct

from gateway.douban.urls import subject_key
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable, Record
from gateway.feishu.columns import link_of, text_of
from gateway.feishu.compare import OWN_TIME
from gateway.feishu.fields import KEY
from gateway.feishu.values import media_of
from gateway.library import MarkKey
from gateway.model import SubjectKey

FEW = 50
"""Marks up to which a look-up by filter, one call, is cheaper than reading the whole key column."""
_COLUMNS = (KEY, "kind", "page", OWN_TIME)
_SPREAD = timedelta(minutes=2)
"""How far apart our clock and Feishu's may be, with the time that a create takes."""

Found = list[tuple[MarkKey, str]]
"""Marks and the record of each."""


class Row(Struct, frozen=True):
    """What a row of the table says of whose it is."""

    record_id: str
    subject_id: str
    kind: str
    page: str
    made: int
    """By Feishu's clock, in milliseconds."""
    written: bool = False
    """D2F says in it when it wrote it: nobody typed it."""


_Option = tuple[int, MarkKey, Row]
"""How surely a row shows a mark."""


async def read(
    bitable: Bitable, table_id: str, names: Mapping[str, str], wanted: Collection[MarkKey] = ()
) -> list[Row]:
    """The rows of a table; if few marks are ``wanted``, those that have their ids. Raises FeishuError.

    ``names``: the present name of each of our columns.
    """
    ids, where = {key.subject.id for key in wanted}, None
    if ids and len(ids) <= FEW:
        conditions = [{"field_name": names[KEY], "operator": "is", "value": [each]} for each in ids]
        where = {"conjunction": "or", "conditions": conditions}
    shown = [names[column] for column in _COLUMNS if column in names]
    return [
        row_of(record, names, record.created_time)
        async for record in bitable.records(table_id, shown, where, dated=True)
    ]


def row_of(record: Record, names: Mapping[str, str], made: int = 0) -> Row:
    """``made``: by Feishu's clock, in milliseconds."""
    cells = {column: record.fields.get(names.get(column, "")) for column in _COLUMNS}
    key, kind, page = text_of(cells[KEY]), text_of(cells["kind"]), link_of(cells["page"])
    return Row(record.record_id, key, kind, page, made, written=cells[OWN_TIME] is not None)


def match(
    rows: Iterable[Row],
    wanted: Collection[MarkKey],
    around: datetime | None = None,
    *,
    keyless: bool = False,
) -> Found:
    """The record of each of these marks; each record for one mark only, the surest first.

    Of several that are as sure, the oldest, so that all who look come to the same; or of those that were made
    ``around`` this moment, by a clock that need not be Feishu's, the latest. ``keyless``: a row without an id is of the
    mark whose page it links; else it is the person's.
    """
    return _each_once(_options(rows, wanted, around, keyless=keyless))


def older(rows: Iterable[Row], made: Mapping[MarkKey, str]) -> tuple[Found, set[str]]:
    """Of marks and the record that was just made of each: those of which somebody else's was made before it.

    By Feishu's clock, so that all who look come to the same end. And which of the records were to be seen: of the
    others nothing is known.
    """
    options = _options(rows, made)
    ages = {row.record_id: age(row) for _, _, row in options}
    ours = set(made.values())  # of which two may be like each other: a film and a book with the same number
    before = [
        (likely, key, row)
        for likely, key, row in options
        if row.record_id not in ours and made[key] in ages and ages[row.record_id] < ages[made[key]]
    ]
    return _each_once(before), ages.keys() & ours


async def gone(bitable: Bitable, table_id: str, asked: Sequence[str], young: Collection[str]) -> set[str]:
    """Which of these records are no more. Raises FeishuError.

    ``young``: those that are so new that Feishu may not show them yet; it says to wait a few seconds and look again
    (its FAQ on 1254040 to 1254044).
    """
    left = set(asked)
    with contextlib.suppress(_NotThereYet):
        async for attempt in stamina.retry_context(
            on=_NotThereYet, attempts=5, wait_initial=1.0, wait_max=8.0, timeout=None
        ):
            with attempt:
                left -= await _there(bitable, table_id, [each for each in asked if each in left])
                if not left.isdisjoint(young):
                    raise _NotThereYet
    return left


class _NotThereYet(Exception):  # it is none for anybody else
    """A record that is young was not to be read."""


async def _there(bitable: Bitable, table_id: str, asked: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for at in range(0, len(asked), MOST_LOOKED_UP):
        there = await bitable.cells(table_id, asked[at : at + MOST_LOOKED_UP], purpose="rows")
        found |= {record.record_id for record in there}
    return found


def _options(
    rows: Iterable[Row],
    wanted: Collection[MarkKey],
    around: datetime | None = None,
    *,
    keyless: bool = False,
) -> list[_Option]:
    """Marks and rows that may show them."""
    by_id: dict[str, list[MarkKey]] = {}
    by_subject: dict[SubjectKey, list[MarkKey]] = {}
    for key in wanted:
        by_id.setdefault(key.subject.id, []).append(key)
        by_subject.setdefault(key.subject, []).append(key)
    options: list[_Option] = []
    for row in _in_order(rows, around):
        if not (row.subject_id or keyless):
            continue
        page = subject_key(row.page)
        if page is not None:
            options += [(2 if page.id == row.subject_id else 0, key, row) for key in by_subject.get(page, ())]
        if page is None or page.id != row.subject_id:
            media = media_of(row.kind)
            options += [
                (0 if page or media is None else 1, key, row)
                for key in by_id.get(row.subject_id, ())
                if media is None or key.subject.medium in media
            ]
    return options


def _in_order(rows: Iterable[Row], around: datetime | None) -> list[Row]:
    ordered = sorted(rows, key=age)
    if around is None:
        return ordered
    since, until = ((around + after).timestamp() * 1000 for after in (-_SPREAD, _SPREAD))
    near = [row for row in ordered if since <= row.made <= until]
    return [*reversed(near), *(row for row in ordered if not since <= row.made <= until)]


def age(row: Row) -> tuple[int, str]:
    """Of two rows the lesser one was there before."""
    return row.made, row.record_id


def _each_once(options: Iterable[_Option]) -> Found:
    """The surest pairs, no mark and no record in two of them; of equals the first one.

    An id is unique in its medium only. The page tells the medium for certain, the kind if its option has the name that
    we gave it; where the person changed both, the id is what is left. A row that has the id of one subject and the page
    of another is either's only if there is none that is surer.
    """
    found: dict[MarkKey, str] = {}
    shown: set[str] = set()
    for _, key, row in sorted(options, key=lambda option: -option[0]):
        if key not in found and row.record_id not in shown:
            found[key] = row.record_id
            shown.add(row.record_id)
    return list(found.items())
