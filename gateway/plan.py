"""What a push would write, before it does: for the person to look at. Nothing is written here."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway import adopt
from gateway.adopt import Likely
from gateway.check import Judge, Reading
from gateway.edits import Edits
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.columns import Bound, bound_now
from gateway.feishu.compare import Cell, cells_of, words
from gateway.ledger import Ledger, Policy, Row
from gateway.tables import Table
from gateway.theirs import Theirs, shown

_SHOWN = 200
"""Writes that are shown cell by cell; of more, the number."""


class Write(Struct, frozen=True, kw_only=True):
    """One row that would be made or changed."""

    title: str
    what: Literal["create", "update"]
    cells: dict[str, tuple[str, str]]
    """Column → (old, new), of those that would change."""


class TablePlan(Struct, frozen=True, kw_only=True):
    """What would become of one table. ``writes`` are the first of ``creates`` and ``updates``."""

    name: str
    url: str
    accepted: bool
    """Without that nothing is written: the table had rows before."""
    creates: int
    updates: int
    removals: int
    """Rows whose mark another table shows."""
    rows: int = 0
    """That were there before."""
    adopts: int = 0
    """Of these, rows of marks, which would be updated rather than made again."""
    likely: tuple[Likely, ...] = ()
    """Rows that could be of marks."""
    failed: int
    """Marks that Feishu did not take."""
    deleted: int
    """Rows that the person deleted."""
    writes: tuple[Write, ...] = ()


class Plan(Struct, frozen=True):
    """What a push would do now."""

    tables: tuple[TablePlan, ...]
    left_out: int
    """Marks of kinds that have no table in this layout."""


async def of_table(base: Bitable, ledger: Ledger, edits: Edits, table: Table, removals: Policy) -> TablePlan:
    """Reads what is there: the whole table, since the person may have edited any cell. Raises FeishuError."""
    bound = bound_now(await base.fields(table.table_id), table.shelf, table.binding, table.options)
    counts, there = ledger.counts(table.target), adopt.Rows()
    unbound = sum(1 for _ in ledger.wanted(table.target))
    if not table.scanned:
        there = await adopt.look(base, table.table_id, bound.names, ledger.unbound(table.target))
    adopted = dict(there.sure)
    rows = ledger.pending(table.target, _SHOWN)
    ids = {row.key: row.record_id or adopted.get(row.key) for row in rows}
    old: dict[str, Mapping[str, Any]] = {}
    asked = [record_id for record_id in ids.values() if record_id]
    for at in range(0, len(asked), MOST_LOOKED_UP):
        found = await base.cells(table.table_id, asked[at : at + MOST_LOOKED_UP], purpose="other")
        old |= {record.record_id: record.fields for record in found}
    theirs = Theirs(edits, table)
    writes = [_write(row, table, bound, old.get(ids[row.key] or ""), theirs) for row in rows]
    judge, again = Judge(edits, table.key), list[Write]()
    if counts.pushed:
        async for page in Reading(base, ledger, table, bound, removals).pages():
            again += [_told(each.row, table, each.cells, "update") for each in judge.again(page)]
    return TablePlan(
        name=table.name,
        url=table.url,
        accepted=table.accepted,
        creates=unbound - len(adopted),
        updates=counts.pending - unbound + len(adopted) + len(again),
        removals=len(ledger.strays(table.target, _SHOWN)),
        rows=there.number,
        adopts=len(adopted),
        likely=there.likely,
        failed=counts.failed,
        deleted=counts.deleted,
        writes=tuple([*writes, *again][:_SHOWN]),
    )


def _write(row: Row, table: Table, bound: Bound, old: Mapping[str, Any] | None, theirs: Theirs) -> Write:
    cells = cells_of(shown(row, table), table.shelf, bound, old or {})
    but = theirs.of(row)
    changed = [cell for cell in cells if cell.there != cell.wanted and cell.field not in but]
    return _told(row, table, changed, "create" if old is None else "update")


def _told(row: Row, table: Table, cells: Iterable[Cell], what: Literal["create", "update"]) -> Write:
    zone, title = ZoneInfo(table.time_zone), row.subject.title
    return Write(
        title=title if isinstance(title, str) else row.key.subject.id,
        what=what,
        cells={
            cell.name: (words(cell.there, cell.column.type, zone), words(cell.wanted, cell.column.type, zone))
            for cell in cells
        },
    )
