"""What a push would write, before it does: for the person to look at. Nothing is written here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from gateway import adopt, errors
from gateway.adopt import Claims, Likely
from gateway.check import Judge, Reading
from gateway.edits import Edits
from gateway.errors import Issue
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.codes import NO_TABLE_CODE
from gateway.feishu.columns import Bound, as_is
from gateway.feishu.compare import Cell, cells_of, words
from gateway.feishu.fields import COVER
from gateway.ledger import Counts, Ledger, Policy, Row, Unbound
from gateway.records import Found
from gateway.store import Store
from gateway.tables import Table
from gateway.theirs import Theirs, shown

_SHOWN = 200
"""Writes that are shown cell by cell; of more, the number."""
_LONGEST = 200
"""Characters of a cell that are told."""
What = Literal["create", "update", "again"]


class Write(Struct, frozen=True, kw_only=True):
    """One row that would be made or changed."""

    title: str
    what: What
    """``again``: the person edited cells of it, which a check of the table writes as they were."""
    cells: dict[str, tuple[str, str]]
    """Column → (old, new), of those that would change."""


class TablePlan(Struct, frozen=True, kw_only=True):
    """What would become of one table. ``writes`` are the first of ``creates`` and ``updates``, then of ``edited``."""

    name: str
    url: str
    accepted: bool
    """Without that nothing is written: the table had rows before."""
    creates: int
    updates: int
    removals: int
    """Rows that go: another table shows their mark, or the person took it away and wants its row gone."""
    fills: int = 0
    """Rows that are as they should be but for a column that is new, or was made again."""
    edited: int = 0
    """Rows with cells that the person edited, which a check writes as they were."""
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
    problem: Issue | None = None
    """Why nothing of it can be written as the table is now."""


class Plan(Struct, frozen=True):
    """What a push would do now."""

    tables: tuple[TablePlan, ...]
    left_out: int
    """Marks of kinds that have no table in this layout."""


class Due(Struct, frozen=True, kw_only=True):
    """What the ledger has to write into one table."""

    table: Table
    counts: Counts
    unbound: Sequence[Unbound]
    rows: Sequence[Row]
    """The first that a push would write."""
    leaving: int
    written: int
    """Rows that show their marks as they are."""
    policy: Policy
    bound: set[str]
    claimed: Found
    """Rows that were there before the table was ours, of marks that came later."""


def foresee(store: Store, ledger: Ledger, tables: Sequence[Table], policy: Policy) -> list[Due]:
    """What is due, and what becomes of removed marks; found in the way that a push finds it, and then undone."""
    accepted = [each for table in tables if table.accepted for each in table.classes]
    with ledger.rehearsal():
        for table in tables:
            ledger.sort_removed(table.target, policy)
        return [_due(store, ledger, table, accepted, policy) for table in tables]


def _due(store: Store, ledger: Ledger, table: Table, accepted: Iterable[str], policy: Policy) -> Due:
    rows = ledger.pending(table.target, _SHOWN)
    return Due(
        table=table,
        counts=ledger.counts(table.target),
        unbound=ledger.unbound(table.target),
        rows=rows,
        leaving=ledger.leaving(table.target, accepted),
        written=ledger.counts(table.target).pushed,
        policy=policy,
        bound=ledger.bound(table.key),
        claimed=Claims(store, ledger, table).expected,
    )


async def of_table(base: Bitable, ledger: Ledger, edits: Edits, due: Due) -> TablePlan:
    """Reads what is there: the whole table, since the person may have edited any cell. Raises FeishuError."""
    table, counts = due.table, due.counts
    told = TablePlan(
        name=table.name,
        url=table.url,
        accepted=table.accepted,
        creates=len(due.unbound),
        updates=counts.pending - len(due.unbound),
        removals=due.leaving,
        failed=counts.failed,
        deleted=counts.deleted,
    )
    try:
        bound, gaps = as_is(
            await base.fields(table.table_id),
            table.shelf,
            table.language,
            known=table.binding,
            options=table.options,
        )
    except (errors.WrongColumnType, errors.ColumnNameTaken) as error:
        return structs.replace(told, problem=error.issue)
    except errors.NotFound as error:
        if error.feishu_code != NO_TABLE_CODE:
            raise
        return structs.replace(told, problem=errors.TableGone(table=table.name).issue)
    there_now = {field: name for field, name in bound.names.items() if field not in gaps}
    there = (
        adopt.Rows(sure=due.claimed)
        if table.scanned
        else await adopt.look(base, table.table_id, there_now, due.unbound, due.bound)
    )
    adopted = dict(there.sure)
    ids = {row.key: row.record_id or adopted.get(row.key) for row in due.rows}
    old = await _cells(base, table, [record_id for record_id in ids.values() if record_id])
    deleted = [row for row in due.rows if row.record_id and row.record_id not in old]
    theirs = Theirs(edits, table)
    rows = [
        structs.replace(row, adopted=not table.own) if row.key in adopted else row
        for row in due.rows
        if row not in deleted
    ]
    written = edits.written(table.key, [row.key for row in rows if row.adopted])
    writes = [
        _write(row, table, bound, old.get(ids[row.key] or ""), theirs.of(row), written.get(row.key, ()))
        for row in rows
    ]
    again, edited = (
        await _again(base, ledger, edits, table, structs.replace(bound, names=there_now), due.policy)
        if due.written
        else (list[Write](), 0)
    )
    gone = {key for key, record_id in adopted.items() if key in ids and record_id not in old}
    return structs.replace(
        told,
        creates=told.creates - len(adopted) + len(gone),
        updates=told.updates + len(adopted) - len(gone) - len(deleted),
        fills=due.written if gaps | (table.gaps - {COVER}) else 0,
        rows=there.number,
        adopts=len(adopted),
        likely=there.likely,
        deleted=told.deleted + len(deleted),
        edited=edited,
        writes=(*writes, *again),
    )


async def _cells(base: Bitable, table: Table, asked: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for at in range(0, len(asked), MOST_LOOKED_UP):
        records = await base.cells(table.table_id, asked[at : at + MOST_LOOKED_UP], purpose="other")
        found |= {record.record_id: record.fields for record in records}
    return found


async def _again(
    base: Bitable, ledger: Ledger, edits: Edits, table: Table, bound: Bound, policy: Policy
) -> tuple[list[Write], int]:
    """The first rows that a check would write again, and how many there are."""
    judge, first, number = Judge(edits, table.key), list[Write](), 0
    async for page in Reading(base, ledger, table, bound, policy).pages():
        found = judge.again(page)
        number += len(found)
        first += [_told(each.row, table, each.cells, "again") for each in found[: _SHOWN - len(first)]]
    return first, number


def _write(
    row: Row,
    table: Table,
    bound: Bound,
    old: Mapping[str, Any] | None,
    but: Collection[str],
    written: Collection[str],
) -> Write:
    """``but``: fields that are the person's. ``written``: of a row that they had before, those that we wrote."""
    cells = cells_of(shown(row, table), table.shelf, bound, old or {}, exactly=True)
    changed = [
        cell
        for cell in cells
        if cell.there != cell.wanted
        and cell.field not in but
        and not (row.adopted and cell.wanted is None and cell.field not in written)
    ]
    return _told(row, table, changed, "create" if old is None else "update")


def _told(row: Row, table: Table, cells: Iterable[Cell], what: What) -> Write:
    zone, title = ZoneInfo(table.time_zone), row.subject.title
    return Write(
        title=title if isinstance(title, str) else row.key.subject.id,
        what=what,
        cells={
            cell.name: (
                words(cell.there, cell.column.type, zone)[:_LONGEST],
                words(cell.wanted, cell.column.type, zone)[:_LONGEST],
            )
            for cell in cells
        },
    )
