"""The rows of one account's tables: written, checked, taken out. One table's trouble keeps no other from its rows."""

import contextlib
from collections.abc import Callable

from msgspec import Struct

from gateway import adopt, errors
from gateway.check import Check
from gateway.creates import Creates
from gateway.edits import Edits
from gateway.feishu import bitable
from gateway.feishu.bitable import Bitable
from gateway.feishu.codes import NO_TABLE_CODE
from gateway.leaving import Leaving
from gateway.ledger import Ledger, Policy, Target
from gateway.library import MarkKey
from gateway.log import get
from gateway.moves import take_out
from gateway.push import Filled, Push
from gateway.runs import Runs
from gateway.shelves import may_become
from gateway.store import Store, owned
from gateway.tables import Table

_OF_ONE_TABLE = (errors.WrongColumnType, errors.ColumnNameTaken, errors.TableFull)
"""What is the matter with one table; the others can be written all the same."""
_log = get("sync")

_TURNS = 3
"""Of all tables: a row of one's mark may be found in another, whose turn is over."""


class _Removals(Struct, frozen=True):
    policy: Policy = "keep"


class Rows:
    """Of one account (``owner``; empty for the first one). ``opened`` gives the Bitable of a table."""

    def __init__(
        self, store: Store, ledger: Ledger, runs: Runs, opened: Callable[[Table], Bitable], owner: str = ""
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._creates, self._leaving = Creates(ledger), Leaving(ledger)
        self._runs = runs
        self._opened = opened
        self._owner = owner
        self.edits = Edits(store, owner)
        self._unclaimed = True
        """Marks may have come whose rows were there before."""
        self._tried_in = 0
        """The run that tried last what Feishu had not taken."""
        self._checks: dict[str, Check] = {}
        """By table, those that gave way and will go on."""
        self._filled: dict[str, Filled] = {}
        """By table, how far its rows are filled in."""
        self._at_a_time = bitable.MOST_ROWS
        """Fewer after Feishu did not get so many done."""

    # --- which tables

    @property
    def tables(self) -> tuple[Table, ...]:
        """Those that show the account's marks."""
        return self._store.setting(owned("tables", self._owner), tuple[Table, ...]) or ()

    @tables.setter
    def tables(self, tables: tuple[Table, ...]) -> None:
        self._checks.clear()
        with self._store.atomic():
            self._store.set(owned("tables", self._owner), tables)
            for table in tables:
                self.remember(table)
            self._ledger.aim(table.target for table in tables)

    def remember(self, table: Table) -> None:
        """Each table that ever was ours: the person may come back to it."""
        self._store.set(f"table {table.key}", table)
        tables = tuple(table if each.key == table.key else each for each in self.tables)
        self._store.set(owned("tables", self._owner), tables)

    def remembered(self, key: str) -> Table | None:
        """The table as it was when it was last used, whoever's it was."""
        return self._store.setting(f"table {key}", Table)

    def claimable(self, table: Table) -> Target:
        """The table, with the classes of all marks that its rows may be of.

        A row of ours may be of a film for whoever wrote it, which is a series by now: it is known, and moves; or goes,
        if the table of series shows it already.
        """
        of = self.tables if table.own else (table,)
        ours = (each for other in of for each in other.classes)
        return Target(
            table.key, tuple(each for each in ours if any(may_become(each, one) for one in table.classes))
        )

    def _kin(self, table: Table) -> list[Table]:
        """The other tables of the same Bitable where marks of this one may turn out to belong."""
        return [
            other
            for other in self.tables
            if other.app_token == table.app_token
            and other.accepted
            and other.key != table.key
            and any(may_become(each, one) for each in table.classes for one in other.classes)
        ]

    @property
    def looked(self) -> int | None:
        """Rows that a check under way has seen so far; None if there is none."""
        return sum(check.looked for check in self._checks.values()) if self._checks else None

    # --- what is to be done

    @property
    def removals(self) -> Policy:
        """What becomes of rows whose mark the person took away on Douban."""
        return (self._store.setting(owned("removals", self._owner), _Removals) or _Removals()).policy

    @removals.setter
    def removals(self, policy: Policy) -> None:
        with self._store.atomic():
            self._store.set(owned("removals", self._owner), _Removals(policy))
            self._leaving.sort_anew()

    def note_captured(self) -> None:
        """A page was read that told something new."""
        self._unclaimed = True

    @property
    def retries_due(self) -> bool:
        """Whether Feishu did not take some rows, and the run that is under way has not tried them again."""
        run = self._runs.current
        tried = run is None or run.id == self._tried_in
        return not tried and any(self._ledger.refused(table.target) for table in self.tables)

    @property
    def unchecked(self) -> list[Table]:
        """Tables that are to be looked through."""
        asked = self.edits.asked
        return [table for table in self.tables if table.key in asked and table.accepted]

    def is_work_left(self) -> bool:
        """Whether anything is to be done; removed marks are sorted first, unless a row that was there may be theirs."""
        self._sort_known()
        return self.retries_due or bool(self._with_work) or bool(self.unchecked)

    def retry(self) -> None:
        """What Feishu did not take is due again."""
        for table in self.tables:
            self._ledger.retry(table.target, self._ledger.refused(table.target))

    def retry_mark(self, key: MarkKey) -> bool:
        """One mark that Feishu did not take is due again, the others not before another run. Returns whether it was one."""
        found = [
            (table.target, [each for each in self._ledger.refused(table.target) if each[0] == key])
            for table in self.tables
        ]
        if not sum(self._ledger.retry(target, refused) for target, refused in found):
            return False
        if self._runs.current is None:
            self._runs.begin("retry")
            self._tried_in = self._runs.current.id if self._runs.current else 0
        return True

    # --- the work

    async def work(
        self, stopped: Callable[[], bool], called: Callable[[], bool], told: Callable[[int], None]
    ) -> errors.FeishuError | None:
        """Does it, unless it is ``stopped`` in between; ``told`` how many rows after each batch.

        A check also gives way when it is ``called`` to what is due now, and goes on from there the next time.
        Returns what is the matter with one table; raises what is the matter with all.
        """
        self._unclaimed = True
        run, tables = self._runs.current, self.tables if self.retries_due else ()
        refused = [(table.target, self._ledger.refused(table.target)) for table in tables]
        problem = await self._write(stopped, told)
        if stopped():
            return problem
        self._tried_in = run.id if run else self._tried_in
        # last, since many may fail again; what was refused just now is not tried once more
        if sum(self._ledger.retry(target, those) for target, those in refused):
            problem = await self._write(stopped, told)
        checks = self.unchecked
        for table in checks:
            if not stopped() and not called():
                self._runs.begin("check", problem.issue if problem else None)
                problem = await self._push_into(table, stopped, told, called) or problem
        if checks and not stopped():  # rows that the person put back, or that take the place of others
            if not self.unchecked:
                self._runs.go_on(problem.issue if problem else None)
            problem = await self._write(stopped, told) or problem
        return problem

    async def _write(
        self, stopped: Callable[[], bool], told: Callable[[int], None]
    ) -> errors.FeishuError | None:
        problem: errors.FeishuError | None = None
        for _ in range(_TURNS):
            for table in self._with_work:
                if table.accepted:
                    problem = await self._push_into(table, stopped, told) or problem
                else:
                    problem = errors.PlanUnaccepted(table=table.name)
            for table in self.tables:
                problem = await self._tidy(table, stopped) or problem
            if problem or stopped() or not self._is_due_again():
                break
        return problem

    @property
    def _with_work(self) -> list[Table]:
        return [
            table
            for table in self.tables
            if self._ledger.counts(table.target).pending > 0
            or table.gaps
            or self._creates.left_open(table.key)
            or self._creates.unlooked(table.key)
            or self._leaving.strays(table.target, 1)
            or self._leaving.doubtful(table.key)
        ]

    def _is_due_again(self) -> bool:
        """Whether rows are to be written or to go that were not when it was their table's turn."""
        self._sort_known()
        targets = [table.target for table in self.tables if table.accepted]
        return any(self._ledger.counts(each).pending or self._leaving.strays(each, 1) for each in targets)

    def _sort_known(self) -> None:
        """Removed marks are sorted, unless a row that was there may be theirs."""
        if not any(adopt.is_any_left(self._store, table) for table in self.tables):
            self._sort_removed()

    def _sort_removed(self) -> None:
        for table in self.tables:
            self._leaving.sort(table.target, self.removals)

    async def _push_into(
        self,
        table: Table,
        stopped: Callable[[], bool],
        told: Callable[[int], None],
        called: Callable[[], bool] | None = None,
    ) -> errors.FeishuError | None:
        """``called``: the table is looked through, too, until then."""
        push = Push(
            self._opened(table),
            self._ledger,
            self.edits,
            table,
            self._sort,
            self._at_a_time,
            self._kin(table),
            self._filled.setdefault(table.key, Filled()),
        )
        try:
            await push.prepare()
            full = await self._steps(push, stopped, told)
            if called and not push.is_filling:
                await self._look_through(push, lambda: stopped() or called(), told)
        except errors.NotFound as error:
            if error.feishu_code != NO_TABLE_CODE:
                raise
            return errors.TableGone(table=table.name)
        except _OF_ONE_TABLE as error:
            return error
        finally:
            self._note(push)
            self._at_a_time = push.rows
            if push.table != table:
                self.remember(push.table)
        if full is not None:
            return full
        self._at_a_time = min(
            self._at_a_time * 2, bitable.MOST_ROWS
        )  # all went through: dare more the next time
        return None

    def _note(self, push: Push) -> None:
        """What was done belongs to the run that is under way."""
        if push.done:
            self._runs.add(push.done, tuple(push.notes))
        push.done.clear()
        push.notes.clear()

    async def _steps(
        self, push: Push, stopped: Callable[[], bool], told: Callable[[int], None]
    ) -> errors.TableFull | None:
        """Returns it if there was no room for all: what has room is looked through all the same."""
        try:
            while not stopped() and await push.step():
                told(push.done.total())
                self._note(push)
        except errors.TableFull as error:
            return error
        return None

    async def _sort(self) -> None:
        """What is due, before the next batch is chosen of it: marks may have come or gone, or be due once more.

        Raises FeishuError.
        """
        await self._claim()
        self._sort_removed()

    async def _claim(self) -> None:
        """Takes over rows that were there before their marks came, in all tables: a mark may be another table's by now.

        Raises FeishuError.
        """
        if not self._unclaimed:
            return
        self._unclaimed = False
        claims = [
            (table, adopt.Claims(self._store, self._ledger, table, self.claimable(table)))
            for table in self.tables
            if table.accepted
        ]
        while found := next(((table, each) for table, each in claims if each.expected), None):
            try:
                await found[1].take_over(self._opened(found[0]))
            except errors.NotFound:  # said when it is its turn to be written
                claims.remove(found)

    async def _look_through(
        self, push: Push, stopped: Callable[[], bool], told: Callable[[int], None]
    ) -> None:
        check = self._checks.get(push.table.key)
        if check is not None and check.may_go_on(push, self.removals):
            try:
                await self._go_through(push, check, stopped, told)
            except errors.FeishuRefused:  # it may not know the place any more where this was
                _log.info("a check begins anew", table=push.table.name)
            else:
                return
        base, claimable = self._opened(push.table), self.claimable(push.table)
        check = Check(base, self._ledger, self.edits, push, self.removals, claimable)
        self._checks[push.table.key] = check
        await self._go_through(push, check, stopped, told)

    async def _go_through(
        self, push: Push, check: Check, stopped: Callable[[], bool], told: Callable[[int], None]
    ) -> None:
        is_over = True
        try:
            is_over = await check.run(push, stopped, lambda: told(0))
        finally:
            if is_over:
                self._checks.pop(push.table.key, None)  # not there if the tables are others meanwhile
            self._runs.add(check.found, tuple(check.notes))

    async def _tidy(self, table: Table, stopped: Callable[[], bool]) -> errors.FeishuError | None:
        """Only after all tables were written: a mark is in two of them rather than in none."""
        try:
            async with contextlib.aclosing(
                take_out(self._opened(table), self._ledger, self.edits, table, self._kin(table))
            ) as steps:
                async for removed, notes in steps:
                    self._runs.add({"removed": removed}, notes)
                    if stopped():
                        break
        except errors.NotFound as error:
            if error.feishu_code != NO_TABLE_CODE:
                raise
            return errors.TableGone(table=table.name)
        return None
