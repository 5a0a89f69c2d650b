"""A subject that changes class moves: its mark is written into the table it belongs to first, then taken out of the other."""

from typing import Any

from gateway.errors import Words
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable, Record
from gateway.feishu.columns import text_of
from gateway.ledger import Ledger, Stray
from gateway.tables import Table, bind

_LONGEST = 200
"""Characters of a cell that are told."""


async def take_out(base: Bitable, ledger: Ledger, table: Table) -> tuple[int, tuple[Words, ...]]:
    """Takes rows out of the table whose marks another table shows by now. Raises FeishuError.

    Returns how many, and what the person had written into columns of their own there, so that nothing of theirs
    goes unseen. It may end anywhere: a row that is no more is no hindrance.
    """
    if not ledger.strays(table.target, 1):
        return 0, ()
    _, bound = await bind(base, table)
    ours = set(bound.names.values())
    count, notes = 0, ()
    while strays := ledger.strays(table.target, MOST_LOOKED_UP):
        asked = [stray.record_id for stray in strays if stray.record_id]
        there = {
            record.record_id: record for record in await base.cells(table.table_id, asked, purpose="rows")
        }
        notes += tuple(
            note
            for stray in strays
            if (record := there.get(stray.record_id or "")) and (note := _theirs(table, stray, record, ours))
        )
        if there:
            await base.delete_records(table.table_id, list(there))
        ledger.taken_out(table.key, strays)
        count += len(there)
    return count, notes


def _theirs(table: Table, stray: Stray, record: Record, ours: set[str]) -> Words | None:
    cells = {name: _told(value) for name, value in record.fields.items() if name not in ours}
    told = "; ".join(f"{name}: {value}" for name, value in cells.items() if value)
    if not told:
        return None
    title = stray.title or stray.key.subject.id
    return Words(
        f"“{title}”已移出“{table.name}”，你在那一行写过：{told}",
        f"“{title}” was moved out of “{table.name}”, where you had written: {told}",
    )


def _told(value: Any) -> str:
    """A cell in few words; empty if there is nothing in it."""
    if value in (None, "", [], {}, False):
        return ""
    return (text_of(value) or str(value))[:_LONGEST]
