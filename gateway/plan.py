"""What a push would write, before it does: for the person to look at. Nothing is written here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct

from gateway import adopt
from gateway.adopt import Likely
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.columns import Bound, cells, link_of, text_of
from gateway.feishu.fields import CHECKBOX, DATE, LINK, MULTI, columns_of
from gateway.feishu.values import Shown
from gateway.ledger import Ledger, Row
from gateway.tables import Table

_SHOWN = 200
"""Writes that are shown cell by cell; of more, the number."""
_OWN_TIME = "written_at"
_LONGEST = 200
"""Characters of a cell that are shown."""


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


async def of_table(base: Bitable, ledger: Ledger, table: Table) -> TablePlan:
    """Reads what is there, a hundred rows a call. Raises FeishuError."""
    names = {field.field_id: field.field_name for field in await base.fields(table.table_id)}
    bound = Bound(
        table.binding,
        table.options,
        {key: names[column] for key, column in table.binding.items() if column in names},
    )
    counts, unbound = ledger.counts(table.target), ledger.unbound(table.target)
    there = (
        adopt.Rows()
        if table.scanned
        else await adopt.look(base, table.table_id, bound.names, unbound, ledger.bound(table.key))
    )
    adopted = dict(there.sure)
    rows = ledger.pending(table.target, _SHOWN)
    ids = {row.key: row.record_id or adopted.get(row.key) for row in rows}
    old: dict[str, Mapping[str, Any]] = {}
    asked = [record_id for record_id in ids.values() if record_id]
    for at in range(0, len(asked), MOST_LOOKED_UP):
        found = await base.cells(table.table_id, asked[at : at + MOST_LOOKED_UP], purpose="other")
        old |= {record.record_id: record.fields for record in found}
    writes = [_write(row, table, bound, old.get(ids[row.key] or "")) for row in rows]
    return TablePlan(
        name=table.name,
        url=table.url,
        accepted=table.accepted,
        creates=len(unbound) - len(adopted),
        updates=counts.pending - len(unbound) + len(adopted),
        removals=len(ledger.strays(table.target, _SHOWN)),
        rows=there.number,
        adopts=len(adopted),
        likely=there.likely,
        failed=counts.failed,
        deleted=counts.deleted,
        writes=tuple(writes),
    )


def _write(row: Row, table: Table, bound: Bound, old: Mapping[str, Any] | None) -> Write:
    shown = Shown(row.mark, row.subject, ZoneInfo(table.time_zone), table.language, row.removed)
    new = cells(shown, table.shelf, bound, clear=True)
    types = {
        bound.names[column.key]: column.type
        for column in columns_of(table.shelf)
        if column.key in bound.names and column.key != _OWN_TIME
    }
    changed = {
        name: (before, after)
        for name, kind in types.items()
        if name in new
        and (before := _told((old or {}).get(name), kind, shown.zone))
        != (after := _told(new[name], kind, shown.zone))
    }
    title = row.subject.title
    return Write(
        title=title if isinstance(title, str) else row.key.subject.id,
        what="create" if old is None else "update",
        cells=changed,
    )


def _told(value: Any, kind: int, zone: ZoneInfo) -> str:
    """A cell in words, whether it is as it would be sent or as Feishu gives it back."""
    if value in (None, UNSET, "", [], False):
        return ""
    if kind == LINK:
        return link_of(value)
    if kind == CHECKBOX:
        return "✓"
    if isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value / 1000, zone):%F}" if kind == DATE else f"{value:g}"
    if kind == MULTI:
        return "、".join(sorted(str(option) for option in value))
    return text_of(value)[:_LONGEST]
