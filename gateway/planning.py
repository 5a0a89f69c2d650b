"""Finds what a push would write, before it does: for the person to look at. Nothing is written here."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from gateway import adopt, errors
from gateway.adopt import Likely
from gateway.check import Judge, Reading, There
from gateway.claimable import Claimable, Unbound
from gateway.due import DELETED, MOST_SHOWN, Due, Skip
from gateway.edits import Edits
from gateway.errors import Issue, Words
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.codes import NO_TABLE_CODE
from gateway.feishu.columns import Bound, as_is
from gateway.feishu.compare import Cell, cells_of, words
from gateway.feishu.fields import COVER
from gateway.feishu.values import KINDS
from gateway.ledger import Ledger, Row, Target
from gateway.library import MarkKey
from gateway.model import Kind
from gateway.plan import LeftOut, Proposal, TablePlan, What, Write
from gateway.shelves import kind_of
from gateway.tables import Table
from gateway.theirs import Theirs, shown

_LONGEST = 200
"""Characters of a cell that are told."""
_ORDER = ("failed", "theirs", "ignored", "deleted")


def left_out(classes: Mapping[str, int]) -> tuple[LeftOut, ...]:
    """By kind; ``classes``: how many of each class of subjects."""
    kinds = Counter[Kind]()
    for name, number in classes.items():
        kinds[kind_of(name)] += number
    return tuple(LeftOut(kind, KINDS[kind], number) for kind, number in kinds.most_common())


class Look(Struct, frozen=True):
    """A table as it is, before anything is written."""

    bound: Bound
    gaps: Collection[str]
    """Fields whose column would be made, or found by its name."""
    rows: adopt.Rows
    """What it had before it was ours, if that was not looked at yet."""

    @property
    def names(self) -> dict[str, str]:
        """Of the columns that are there."""
        return {field: name for field, name in self.bound.names.items() if field not in self.gaps}


async def look(base: Bitable, ledger: Ledger, table: Table, claimable: Target) -> Look | Issue:
    """Reads the columns; and all rows of a table that was not looked through yet. Raises FeishuError.

    Returns why nothing could be written there, if that is so.
    """
    fields = base.fields(table.table_id)
    try:
        bound, gaps = as_is(
            await fields, table.shelf, table.language, known=table.binding, options=table.options
        )
    except (errors.WrongColumnType, errors.ColumnNameTaken) as error:
        return error.issue
    except errors.NotFound as error:
        if error.feishu_code != NO_TABLE_CODE:
            raise
        return errors.TableGone(table=table.name).issue
    seen = Look(bound, gaps, adopt.Rows())
    if table.scanned:
        return seen

    def unbound() -> list[Unbound]:
        marks = Claimable(ledger)
        return marks.due(table.target) if table.accepted else marks.all(claimable, removed=True)

    rows = await adopt.look(base, table.table_id, seen.names, unbound, ledger.bound(table.key))
    return structs.replace(seen, rows=rows)


Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Nobody writes while it lasts."""


class Planning:
    """What a push would write into one table."""

    def __init__(self, base: Bitable, ledger: Ledger, edits: Edits, due: Due, seen: Look | Issue) -> None:
        counts, table = due.counts, due.table
        self._base = base
        self._due = due
        self._told = TablePlan(
            name=table.name,
            url=table.url,
            accepted=table.accepted,
            creates=len(due.wanted),
            updates=counts.pending - len(due.wanted),
            removals=due.leaving,
            failed=due.failed,
            ignored=due.ignored,
            deleted=counts.deleted,
            going=tuple(due.removals.values()),
            skips=tuple(due.skips),
            problem=seen if isinstance(seen, Issue) else None,
        )
        self._seen = None if isinstance(seen, Issue) else seen
        self._compared = _Seen(edits, table, {*(self._seen.gaps if self._seen else ()), *table.gaps})
        names = structs.replace(self._seen.bound, names=self._seen.names) if self._seen else None
        self._reading = Reading(base, ledger, table, names, due.policy) if names and due.written else None

    async def begin(self) -> None:
        """Reads the rows that are due. Raises FeishuError."""
        due, seen, compared, told = self._due, self._seen, self._compared, self._told
        if seen is None:
            return
        old = await self._cells([row.record_id for row in due.rows if row.record_id])
        leave = await self._cells([*due.removals])
        missing = [row for row in due.rows if row.record_id and row.record_id not in old]
        made_again = {
            row.key for row in missing if row.key in due.claimed
        }  # it was not ours yet when it went
        deleted = [row for row in missing if row.key not in made_again]
        rows = [row for row in due.rows if row not in deleted]
        compared.deleted(deleted)
        compared.due(rows, seen.bound, {row.key: old.get(row.record_id or "") for row in rows})
        self._told = structs.replace(
            told,
            creates=told.creates + len(made_again),
            updates=told.updates - len(missing),
            removals=told.removals - len(due.removals) + len(leave),
            fills=due.written if seen.gaps or (due.table.gaps - {COVER}) else 0,
            rows=seen.rows.number,
            adopts=due.adopts,
            proposals=len(seen.rows.likely),
            likely=tuple(await self._proposals(seen)),
            deleted=told.deleted + len(deleted),
            going=tuple(each for record_id, each in due.removals.items() if record_id in leave),
        )

    async def end(self, turn: Turn) -> TablePlan:
        """Reads all other rows, since the person may have edited any cell; a page in a ``turn``. Raises FeishuError."""
        compared = self._compared
        if self._reading is not None:
            await compared.whole(self._reading, turn)
        skips = sorted([*compared.skips, *self._due.skips], key=lambda skip: _ORDER.index(skip.what))
        return structs.replace(
            self._told,
            theirs=compared.theirs,
            edited=compared.edited,
            writes=tuple(compared.writes),
            skips=tuple(skips[:MOST_SHOWN]),
        )

    async def _proposals(self, seen: Look) -> list[Proposal]:
        rows = {row.record_id: row for row in self._due.likely if row.record_id}
        old = await self._cells([*rows])
        return [
            self._compared.proposal(each, rows[each.record_id], seen.bound, old[each.record_id])
            for each in seen.rows.likely
            if each.record_id in old
        ]

    async def _cells(self, asked: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for at in range(0, len(asked), MOST_LOOKED_UP):
            ids = asked[at : at + MOST_LOOKED_UP]
            records = await self._base.cells(self._due.table.table_id, ids, purpose="other")
            found |= {record.record_id: record.fields for record in records}
        return found


class _Seen:
    """What is there in one table, against what would be. ``edited`` and ``theirs``: how many rows in all.

    ``gaps``: fields whose column is new, or was made again: what is not there was not taken out by the person.
    """

    def __init__(self, edits: Edits, table: Table, gaps: Collection[str]) -> None:
        self._gaps = gaps
        self._edits = edits
        self._table = table
        self._theirs = Theirs(edits, table)
        self.writes: list[Write] = []
        self.skips: list[Skip] = []
        self.edited = 0
        self.theirs = 0

    def deleted(self, rows: Iterable[Row]) -> None:
        """Rows that are due and are there no more."""
        self.skips += [Skip(title=_title(row), what="deleted", why=DELETED) for row in rows]

    def due(self, rows: Sequence[Row], bound: Bound, old: Mapping[MarkKey, Mapping[str, Any] | None]) -> None:
        """The first that a push would write. ``old``: the cells of each that is there."""
        written = self._edits.written(self._table.key, [row.key for row in rows])
        for row in rows:
            there, ours = old[row.key], written.get(row.key, {})
            cells = self._compared(row, bound, there or {}, exactly=True)
            but: Collection[str] = ()
            if there is not None:
                but = {*self._theirs.foreseen(row, self._compared(row, bound, there), ours)}.difference(
                    self._gaps
                )
            changed = [cell for cell in cells if cell.there != cell.wanted]
            what: What = "create" if there is None else "update"
            told = self._told(
                cell for cell in changed if cell.field not in but and not _is_left(row, cell, ours)
            )
            self.writes.append(Write(title=_title(row), what=what, cells=told))
            self._leave(row, [cell.name for cell in changed if cell.field in but])

    def proposal(self, likely: Likely, row: Row, bound: Bound, there: Mapping[str, Any]) -> Proposal:
        """What a row would say if it were of that mark."""
        cells = self._compared(row, bound, there, exactly=True)
        changed = (cell for cell in cells if cell.there != cell.wanted and not _is_left(row, cell, ()))
        return Proposal(
            likely.key,
            likely.record_id,
            likely.title,
            likely.by,
            mark=_title(row),
            cells=self._told(changed),
        )

    async def whole(self, reading: Reading, turn: Turn) -> None:
        """Rows that show their marks: what a check would write again, and what it would leave. Raises FeishuError."""
        pages = reading.pages()
        while True:
            async with turn():
                page = await anext(pages, None)
                if page is None:
                    break
                self._judged(page)

    def _judged(self, page: Sequence[There]) -> None:
        judge, known = Judge(self._edits, self._table.key), self._edits.known(self._table.key)
        again = judge.again(page)
        for each in again[: max(0, MOST_SHOWN - self.edited)]:
            self.writes.append(Write(title=_title(each.row), what="again", cells=self._told(each.cells)))
        self.edited += len(again)
        left = {(row.key, cell.field) for row, cell, _ in judge.found}
        for row in (each.row for each in page):
            edits = known.get(row.key, {}).items()
            left |= {(row.key, field) for field, edit in edits if edit.is_settled(row.revision)}
        left -= {*judge.right}
        left -= {(each.row.key, cell.field) for each in again for cell in each.cells}
        self._leave_all(page, left)

    def _leave_all(self, page: Iterable[There], left: Collection[tuple[MarkKey, str]]) -> None:
        keys = {key for key, _ in left}
        for row, cells in ((each.row, each.cells) for each in page):
            if row.key in keys:
                told = [cell for cell in cells if (row.key, cell.field) in left]
                self._leave(row, [cell.name for cell in told if cell.there != cell.wanted])

    def _compared(
        self, row: Row, bound: Bound, there: Mapping[str, Any], *, exactly: bool = False
    ) -> Iterator[Cell]:
        return cells_of(shown(row, self._table), self._table.shelf, bound, there, exactly=exactly)

    def _told(self, cells: Iterable[Cell]) -> dict[str, tuple[str, str]]:
        zone = ZoneInfo(self._table.time_zone)
        return {
            cell.name: (
                words(cell.there, cell.column.type, zone)[:_LONGEST],
                words(cell.wanted, cell.column.type, zone)[:_LONGEST],
            )
            for cell in cells
        }

    def _leave(self, row: Row, names: Sequence[str]) -> None:
        """Columns whose cells stay as they are."""
        if not names:
            return
        self.theirs += 1
        zh, en = "、".join(f"“{name}”" for name in names), ", ".join(f"“{name}”" for name in names)
        if self._edits.policy == "theirs":
            why = Words(f"你改过{zh}，留着不动", f"you edited {en}, left as it is")
        else:
            why = Words(
                f"{zh}写回去又变了，等这个标记有变化再写",
                f"{en} changed back after it was written again, left until the mark changes",
            )
        if self.theirs <= MOST_SHOWN:
            self.skips.append(Skip(title=_title(row), what="theirs", why=why))


def _is_left(row: Row, cell: Cell, ours: Collection[str]) -> bool:
    """In a row that was the person's, what we never wrote is not cleared."""
    return row.adopted and cell.wanted is None and cell.field not in ours


def _title(row: Row) -> str:
    title = row.subject.title
    return title if isinstance(title, str) else row.key.subject.id
