"""Which record of a table shows which mark, told from the table alone."""

import contextlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

import stamina
from msgspec import Struct

from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.columns import link_of, text_of
from gateway.feishu.fields import KEY
from gateway.feishu.values import media_of, page_of
from gateway.library import MarkKey
from gateway.model import Medium

FEW = 50
"""Marks up to which a look-up by filter, one call, is cheaper than reading the whole key column."""
_COLUMNS = (KEY, "kind", "page")

Found = list[tuple[MarkKey, str]]
"""Marks and the record of each."""


class _Row(Struct, frozen=True):
    record_id: str
    subject_id: str
    kind: str
    page: str
    made: int


async def find(
    bitable: Bitable,
    table_id: str,
    names: Mapping[str, str],
    wanted: Collection[MarkKey],
    taken: Collection[str],
    *,
    latest: bool = False,
) -> Found:
    """The records of these marks, whoever wrote them; each record for one mark only, the surest first.

    ``names``: the present name of each of our columns. ``taken``: records that are known to show other marks.
    ``latest``: of several that are as sure, the one that was made last. Raises FeishuError.
    """
    options = await _options(bitable, table_id, names, wanted, taken, dated=latest)
    if latest:
        options.sort(key=lambda option: (option[2].made, option[2].record_id), reverse=True)
    return _each_once((likely, key, row.record_id) for likely, key, row in options)


async def older(
    bitable: Bitable,
    table_id: str,
    names: Mapping[str, str],
    made: Mapping[MarkKey, str],
    taken: Collection[str],
) -> tuple[Found, set[str]]:
    """Of marks and the record that was just made of each: those of which somebody else's was made before it.

    By Feishu's clock, so that all who look come to the same end. And which of the records were to be seen: of the
    others nothing is known. ``taken`` as for ``find``. Raises FeishuError.
    """
    options = await _options(bitable, table_id, names, made, taken, dated=True)
    options.sort(
        key=lambda option: (option[2].made, option[2].record_id)
    )  # of two others the newer goes, too
    age = {row.record_id: (row.made, row.record_id) for _, _, row in options}
    ours = set(made.values())  # of which two may be like each other: a film and a book with the same number
    before = [
        (likely, key, row.record_id)
        for likely, key, row in options
        if row.record_id not in ours and made[key] in age and age[row.record_id] < age[made[key]]
    ]
    return _each_once(before), age.keys() & ours


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


async def _options(
    bitable: Bitable,
    table_id: str,
    names: Mapping[str, str],
    wanted: Collection[MarkKey],
    taken: Collection[str],
    *,
    dated: bool = False,
) -> list[tuple[int, MarkKey, _Row]]:
    """Marks and records that may show them, with how sure that is."""
    if not wanted:
        return []
    by_id: dict[str, list[MarkKey]] = {}
    for key in wanted:
        by_id.setdefault(key.subject.id, []).append(key)
    options: list[tuple[int, MarkKey, _Row]] = []
    async for row in _rows(bitable, table_id, names, by_id, dated=dated):
        if row.record_id in taken:
            continue
        options += [
            (likely, key, row)
            for key in by_id.get(row.subject_id, ())
            if (likely := _likely(key, row)) is not None
        ]
    return options


def _likely(key: MarkKey, row: _Row) -> int | None:
    """How surely the record shows the mark; None if it shows another one.

    An id is unique in its medium only. The link tells the medium for certain, the kind if its option has the
    name that we gave it; where the person changed both, the id is what is left.
    """
    if row.page in (pages := {page_of(medium, row.subject_id): medium for medium in Medium}):
        return 2 if pages[row.page] is key.subject.medium else None
    if (media := media_of(row.kind)) is not None:
        return 1 if key.subject.medium in media else None
    return 0


def _each_once(options: Iterable[tuple[int, MarkKey, str]]) -> Found:
    """The surest pairs, no mark and no record in two of them; of equals the first of the table."""
    found: dict[MarkKey, str] = {}
    shown: set[str] = set()
    for _, key, record_id in sorted(options, key=lambda option: -option[0]):
        if key not in found and record_id not in shown:
            found[key] = record_id
            shown.add(record_id)
    return list(found.items())


async def _rows(
    bitable: Bitable, table_id: str, names: Mapping[str, str], ids: Collection[str], *, dated: bool
) -> AsyncIterator[_Row]:
    key_column = names[KEY]
    where = None
    if len(ids) <= FEW:
        conditions = [{"field_name": key_column, "operator": "is", "value": [each]} for each in ids]
        where = {"conjunction": "or", "conditions": conditions}
    shown = [names[column] for column in _COLUMNS if column in names]
    async for record in bitable.records(table_id, shown, where, dated=dated):
        cells = {column: record.fields.get(names.get(column, "")) for column in _COLUMNS}
        yield _Row(
            record.record_id,
            text_of(cells[KEY]),
            text_of(cells["kind"]),
            link_of(cells["page"]),
            record.created_time,
        )
