"""A look through a whole table: what the person did to cells and rows of ours, and what becomes of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence

from msgspec import Struct

from gateway import records
from gateway.creates import Creates
from gateway.edits import Digests, Edit, EditPolicy, Edits, is_given_back, is_others
from gateway.errors import Words
from gateway.feishu.bitable import Bitable, Record
from gateway.feishu.columns import Bound
from gateway.feishu.compare import OWN_TIME, QUIET, Cell, Plain, cells_of, compared, digest, plain
from gateway.feishu.fields import DATE
from gateway.gone import Gone
from gateway.ledger import Ledger, Policy, Row, Target
from gateway.library import MarkKey
from gateway.push import Push
from gateway.tables import Table
from gateway.theirs import shown

_PAGE = 500
"""Rows that Feishu gives in one reply."""


class There(Struct, frozen=True):
    """A row, with what is in all our cells and what would be."""

    row: Row
    cells: Sequence[Cell]
    written: Plain
    """When D2F wrote it last, here or on another machine, in milliseconds; None if it does not say."""


class Again(Struct, frozen=True):
    """Cells of a row that are to be written again."""

    row: Row
    cells: tuple[Cell, ...]


class Reading:
    """Reads every row of a table once. ``seen``: the records so far; ``strangers``: those that are no mark's."""

    def __init__(
        self, bitable: Bitable, ledger: Ledger, table: Table, bound: Bound, removals: Policy
    ) -> None:
        self._bitable = bitable
        self._ledger = ledger
        self._table = table
        self._bound = bound
        self._removals = removals
        self.seen: set[str] = set()
        self.strangers: list[records.Row] = []
        self._taken = ledger.bound(table.key)

    async def pages(self) -> AsyncGenerator[list[There]]:
        """Rows whose mark is shown as it is, a page of the table at a time. Raises FeishuError.

        Rows that are due are written anyway, and rows of removed marks that are to stay as they were are not compared.
        """
        names = compared(self._table.shelf, self._bound)
        page: list[Record] = []
        async for record in self._bitable.records(self._table.table_id, names):
            page.append(record)
            if len(page) == _PAGE:
                yield await self._compared(page)
                page = []
        yield await self._compared(page)

    async def _compared(self, page: Sequence[Record]) -> list[There]:
        there = {record.record_id: record for record in page if record.record_id not in self.seen}
        self.seen |= there.keys()
        strange = there.keys() - self._taken
        self.strangers += [records.row_of(there[each], self._bound.names) for each in strange]
        rows = self._ledger.shown_by(self._table.target, there.keys())
        return await asyncio.to_thread(self._compare, rows, there)

    def _compare(self, rows: Sequence[Row], there: dict[str, Record]) -> list[There]:
        table, bound = self._table, self._bound
        found: list[There] = []
        for row in rows:
            if not (row.removed and self._removals == "ignore"):
                fields = there[row.record_id or ""].fields
                cells = list(cells_of(shown(row, table), table.shelf, bound, fields))
                found.append(There(row, cells, plain(fields.get(bound.names.get(OWN_TIME, "")), DATE)))
        return found


class Judge:
    """Whose each cell is that does not show what we would write. Notes what it finds; writes nothing itself."""

    def __init__(self, edits: Edits, table: str) -> None:
        self._edits = edits
        self._table = table
        self._policy: EditPolicy = edits.policy
        self._known = edits.known(table)
        self.right: list[tuple[MarkKey, str]] = []
        """Cells that are right again."""
        self.found: list[tuple[Row, Cell, Edit]] = []
        """Cells that are left alone from now on."""
        self.learned: list[tuple[MarkKey, Digests]] = []
        """What cells say that we wrote and did not know of."""

    def again(self, page: Sequence[There]) -> list[Again]:
        """What is to be written again. Rows that another gateway wrote last are that one's to look after."""
        written = self._edits.written(self._table, [each.row.key for each in page])
        found: list[Again] = []
        for each in page:
            row, cells = each.row, each.cells
            known, learned = written.get(row.key, {}), Digests()
            if self._policy == "ours" and is_others(each.written, known):
                continue
            all_cells = self._policy == "theirs" or row.key in self._known
            told = [c for c in cells if all_cells or c.there != c.wanted or c.column.key in QUIET]
            wrong = tuple([cell for cell in told if self._is_wrong(row, cell, known, learned)])
            if wrong:
                found.append(Again(row, wrong))
            if learned:
                self.learned.append((row.key, learned))
        return found

    def _is_wrong(self, row: Row, cell: Cell, written: Digests, learned: Digests) -> bool:
        field, ours = cell.field, written.get(cell.field)
        edit = self._known.get(row.key, {}).get(field)
        says: int | None = None
        if self._policy == "theirs" or field in QUIET:
            says = digest(cell.there)
            if ours is None and (cell.there == cell.wanted or field in QUIET):
                learned[field] = (says,)
        if is_given_back(cell, ours) and edit is not None:
            self.right.append((row.key, field))
            edit = None
        if cell.there == cell.wanted or (row.adopted and cell.wanted is None and ours is None):
            return False
        says = digest(cell.there) if says is None else says
        if field in QUIET and (ours is None or says in ours):
            return False
        if self._policy == "theirs":
            return self._is_stale(row, cell, edit, says, ours)
        return self._is_edited(row, cell, edit, says)

    def _is_stale(
        self, row: Row, cell: Cell, edit: Edit | None, says: int, ours: tuple[int, ...] | None
    ) -> bool:
        """Where edits are theirs, only what we wrote ourselves is written again."""
        if ours is not None and says in ours:
            return True
        if edit is None or edit.state != "theirs":
            self.found.append((row, cell, Edit(state="theirs", shown=says, revision=row.revision)))
        return False

    def _is_edited(self, row: Row, cell: Cell, edit: Edit | None, says: int) -> bool:
        if edit is None or edit.revision != row.revision:
            return True
        if edit.is_settled(row.revision):
            return False
        if not edit.is_vain(says, row.revision):
            return True
        self.found.append((row, cell, Edit(state="left", shown=says, revision=row.revision)))
        return False

    def written_again(self, rows: Sequence[Again]) -> list[tuple[MarkKey, str, Edit]]:
        """To be noted of them: with whose edits, and how often by now."""
        if self._policy == "theirs":
            return []
        return [
            (each.row.key, cell.field, self._next(each.row, cell)) for each in rows for cell in each.cells
        ]

    def _next(self, row: Row, cell: Cell) -> Edit:
        before = self._known.get(row.key, {}).get(cell.field)
        times = before.times + 1 if before and before.revision == row.revision else 1
        return Edit(state="again", shown=digest(cell.there), revision=row.revision, times=times)


class Check:
    """One check of one table. It may give way after each page of it, to go on from there with another push.

    ``found``: the rows in which cells were ``edited``, and those that they ``deleted``; ``notes``: what is told of them.
    Both are of the last time that it went on.
    """

    def __init__(
        self, bitable: Bitable, ledger: Ledger, edits: Edits, push: Push, removals: Policy, claimable: Target
    ) -> None:
        """``claimable``: the table, with the classes of all marks that its rows may be of."""
        self._ledger = ledger
        self._edits = edits
        self._bitable = bitable
        self._claimable = claimable
        self._bound = push.bound
        self._removals: Policy = removals
        self._reading = Reading(bitable, ledger, push.table, push.bound, removals)
        self._pages = self._reading.pages()
        self._were_deleted = ledger.rows(push.table.target, deleted=True).keys()
        self.found = Counter[str]()
        self.notes: list[Words] = []
        edits.checking(push.table.key)

    @property
    def looked(self) -> int:
        """Rows so far."""
        return len(self._reading.seen)

    def may_go_on(self, push: Push, removals: Policy) -> bool:
        """Whether it is the same that is asked for now, of the same columns."""
        asked = self._edits.is_begun(push.table.key)
        return asked and (push.bound, removals) == (self._bound, self._removals)

    async def run(self, push: Push, stopped: Callable[[], bool], told: Callable[[], None]) -> bool:
        """Looks, and writes what is to be written again; ``told`` after each page. False if it gave way.

        Raises FeishuError: then another one has to begin anew.
        """
        self.found.clear()
        self.notes.clear()
        async for page in self._pages:
            await self._judge(push, page)
            told()
            if stopped():
                return False
        await self._compare_rows(push)
        self._edits.checked(push.table.key)
        return True

    async def _judge(self, push: Push, page: Sequence[There]) -> None:
        table = push.table.key
        judge = Judge(self._edits, table)
        wrong = judge.again(page)
        left = self._note(table, judge)
        while wrong:
            rows, wrong = wrong[: push.rows], wrong[push.rows :]
            only = {each.row.key: {cell.field for cell in each.cells} for each in rows}
            await push.rewrite([each.row for each in rows], only)
            self._edits.note(table, judge.written_again(rows))
            self.found["edited"] += len(only.keys() - left)

    def _note(self, table: str, judge: Judge) -> set[MarkKey]:
        """Returns the marks of rows in which something is left alone from now on."""
        self._edits.forget(table, judge.right)
        self._edits.note(table, [(row.key, cell.field, edit) for row, cell, edit in judge.found])
        self._edits.wrote(table, judge.learned)
        self.notes += [_told(row, cell, edit) for row, cell, edit in judge.found]
        left = {row.key for row, _, _ in judge.found}
        self.found["edited"] += len(left)
        return left

    async def _compare_rows(self, push: Push) -> None:
        """Rows that the person deleted, and rows that they put back, or that somebody made in their place.

        Feishu is asked for each that was not seen: one that is hidden from us is not gone. Raises NeedsManage.
        """
        table, reading = push.table, self._reading
        missing = {
            record_id: key
            for record_id, key in self._ledger.rows(table.target, deleted=False).items()
            if record_id not in reading.seen
        }
        young = Creates(self._ledger).young(table.key)
        gone = await records.gone(self._bitable, table.table_id, list(missing), young)
        if gone:
            self.found["deleted"] += len(await push.others.gone({missing[each] for each in gone}))
        deleted, went = self._ledger.rows(table.target, deleted=True), Gone(self._ledger)
        back = {  # what was deleted after its page was read is no row that they put back
            key for record_id, key in deleted.items() if record_id in reading.seen & self._were_deleted
        }
        went.back(table.target, back)
        here = dict.fromkeys({*deleted.values()} - back, table.key)
        push.others.instead(reading.strangers, went.elsewhere(self._claimable) | here)


def _told(row: Row, cell: Cell, edit: Edit) -> Words:
    title = row.title
    if edit.state == "theirs":
        return Words(
            f"“{title}”的“{cell.name}”是你改的，留着不动",
            f"“{title}”: you edited “{cell.name}”, so it is left as it is",
        )
    return Words(
        f"“{title}”的“{cell.name}”写回去又变了，先不再写，等这个标记有变化再说",
        f"“{title}”: “{cell.name}” changed back after it was written again; it is left alone until the mark changes",
    )
