"""Rows that are to go: those of a subject that changed class, which another table shows by now, and of removed marks."""

import contextlib
from collections.abc import AsyncGenerator, Iterable, Mapping
from zoneinfo import ZoneInfo

from gateway.errors import NoSuchRecord, Words
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable, Field, Record
from gateway.feishu.columns import in_words
from gateway.leaving import Leaving, Stray
from gateway.ledger import Ledger
from gateway.tables import Table

_LONGEST = 1000
"""Characters of a cell that are told."""
_COMPUTED = {19, 20, 1001, 1002, 1003, 1004, 1005}
"""Types of columns that nobody writes: look-ups, formulas, who made a row and when, numbers that Feishu gives."""

Step = tuple[int, tuple[Words, ...]]
"""How many rows were taken out, and what the person had written into columns of their own of those that will be."""


async def take_out(base: Bitable, ledger: Ledger, table: Table) -> AsyncGenerator[Step]:
    """Takes rows out of the table, a hundred at a time. Raises FeishuError.

    What the person had written is told before it goes, so that nothing of theirs goes unseen. It may end anywhere: a
    row that is no more is no hindrance.
    """
    leaving = Leaving(ledger)
    if not leaving.strays(table.target, 1):
        return
    ours = set(table.binding.values())
    theirs = {
        field.field_name: field
        for field in await base.fields(table.table_id)
        if field.field_id not in ours and field.type not in _COMPUTED
    }
    while strays := leaving.strays(table.target, MOST_LOOKED_UP):
        there = await _there(base, table, strays)
        yield 0, tuple(_notes(table, strays, there, theirs))
        for stray in strays:
            if (
                stray.record_id and stray.record_id not in there
            ):  # gone, or so new that it is not to be seen yet
                with contextlib.suppress(NoSuchRecord):
                    await base.delete_records(table.table_id, [stray.record_id])
        if there:
            try:
                await base.delete_records(table.table_id, list(there))
            except NoSuchRecord:  # a first try without an answer did it, or the person: all of them or some
                left = await _there(base, table, strays)
                if len(left) == len(there):
                    raise
                there = {record_id: record for record_id, record in there.items() if record_id not in left}
                strays = [stray for stray in strays if stray.record_id not in left]
        leaving.taken_out(table.key, strays)
        yield len(there), ()


async def _there(base: Bitable, table: Table, strays: Iterable[Stray]) -> dict[str, Record]:
    asked = [stray.record_id for stray in strays if stray.record_id]
    return {each.record_id: each for each in await base.cells(table.table_id, asked, purpose="rows")}


def _notes(
    table: Table, strays: Iterable[Stray], there: Mapping[str, Record], theirs: Mapping[str, Field]
) -> Iterable[Words]:
    zone = ZoneInfo(table.time_zone)
    for stray in strays:
        record = there.get(stray.record_id or "")
        cells = {
            name: (in_words(value, theirs[name].type, zone) or (str(value) if value else ""))[:_LONGEST]
            for name, value in (record.fields if record else {}).items()
            if name in theirs
        }
        if told := "; ".join(f"{name}: {value}" for name, value in cells.items() if value):
            title = stray.title or stray.key.subject.id
            yield Words(
                f"“{title}”已移出“{table.name}”，你在那一行写过：{told}",
                f"“{title}” was taken out of “{table.name}”, where you had written: {told}",
            )
