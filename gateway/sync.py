"""When to push, and where to: the one writer of the gateway.

A push starts when something woke it: a capture, a changed setting, the start of the gateway. If Feishu cannot
be reached it is tried again, ever more slowly; if the person must act it rests until they did.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence

from msgspec import structs

from gateway import adopt, errors
from gateway.budget import Budget
from gateway.claimable import Claimable
from gateway.connection import Connection, Entry, FeishuSetting
from gateway.covers import Covers
from gateway.due import foresee
from gateway.edits import EditPolicy
from gateway.errors import Issue
from gateway.events import Events, Pushed, Waiting
from gateway.feishu import bitable
from gateway.feishu.proposal import Proposal
from gateway.gone import Gone
from gateway.hanging import Hanging
from gateway.ledger import Counts, Failure, Ledger
from gateway.library import MarkKey
from gateway.log import get
from gateway.model import Outcome
from gateway.placing import Placing
from gateway.plan import Plan
from gateway.planning import Look, Planning, left_out, look
from gateway.rows import Rows
from gateway.runs import Cause, Run, Runs
from gateway.settings import Settings
from gateway.state import Pace, PushState, State, TableState, total
from gateway.store import Store, owned
from gateway.tables import Table, Wanted, ask, bind, find
from gateway.vault import Vault

_log = get("sync")

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
_IDLE = 60.0
"""Seconds after which to look for work that nobody told of: another process read pages again."""
_LATER = 6 * 3600.0
"""Seconds after which to try again where the person, or the next month, had to mend something."""


class Sync:
    """Keeps the tables of one account (``owner``; empty for the first one) up to date with the library."""

    def __init__(  # noqa: PLR0913, PLR0917  # it is where all of them meet
        self,
        settings: Settings,
        store: Store,
        vault: Vault,
        ledger: Ledger,
        events: Events,
        budget: Budget,
        covers: Covers,
        owner: str = "",
    ) -> None:
        self._owner = owner
        self._store = store
        self._ledger = ledger
        self._events = events
        self._budget = budget
        self._calls = 0
        self.runs = Runs(store, lambda: self._calls, owner)
        self.rows = Rows(store, ledger, self.runs, self._open, owner)
        self._wait = (0.0, "")
        """Until when, by the clock that never jumps, a call waits for its next try; and the code of why."""
        self.connection = Connection(settings, store, vault, self._count, self._waits, owner)
        self._wake = asyncio.Event()
        self._resting = asyncio.Event()
        self._at_work = asyncio.Lock()
        self._asked = 0
        """How many want something while there may be a push: it gives way to them after its batch."""
        self.hanging = Hanging(
            covers, self.rows, budget, events, self._open, self._at_work, self._wake, owner
        )
        self._state: State = "idle"
        self._problem: Issue | None = None
        self.refused: Issue | None = None
        """Why what the person entered last is not in use; what worked before still is."""
        self._pace = Pace()
        self._is_partial = False
        """What is the matter is the matter with one table alone."""

    # --- what others ask

    @property
    def state(self) -> PushState:
        """The state of the push, with the counts of this moment."""
        tables, of_rows = self.rows.tables, self.of_rows
        if not tables:
            return of_rows
        covers = self.hanging.counts
        proxy = [errors.ProxyBroken().issue] if self.connection.broken_proxy else []
        return structs.replace(of_rows, covers=covers, notes=(*proxy, *self.hanging.notes(covers)))

    @property
    def of_rows(self) -> PushState:
        """The same but for covers and notes: to count covers takes long in a large library."""
        tables = self.rows.tables
        if not tables:
            problem = self.refused or self._problem
            return PushState(state="error" if problem else "unset", problem=problem)
        each = [self._ledger.counts(table.target) for table in tables]
        all_of_them = total(each)
        return PushState(
            state=self._state,
            pending=all_of_them.pending,
            failed=all_of_them.failed,
            pushed=all_of_them.pushed,
            deleted=all_of_them.deleted,
            checking=bool(self.rows.unchecked),
            looked=self.rows.looked,
            pace=self._pace.rate if self._state == "busy" else None,
            left=self._pace.left(all_of_them.pending),
            wait=self.wait,
            table=tables[0].url,
            tables=tuple(TableState.of(table, counts) for table, counts in zip(tables, each, strict=True)),
            problem=self._problem,
        )

    @property
    def progress(self) -> Pushed:
        """How far the rows are."""
        now = total([self._ledger.counts(table.target) for table in self.rows.tables])
        busy = self._state == "busy"
        return Pushed(
            self._state,
            now.pushed,
            now.pending,
            now.failed,
            pace=self._pace.rate if busy else None,
            left=self._pace.left(now.pending) if busy else None,
            looked=self.rows.looked,
            owner=self._owner,
        )

    @property
    def wait(self) -> Waiting | None:
        """What it waits for now, if that is more than a moment."""
        until, code = self._wait
        seconds = until - time.monotonic()
        return Waiting(seconds, code, self._owner) if seconds > 0 else None

    def counts_of(self, capture: str) -> Counts:
        """How far the marks that a capture changed have come."""
        return total([self._ledger.counts_of(table.target, capture) for table in self.rows.tables])

    def failures(self, after: Sequence[str], limit: int) -> list[tuple[Table, Failure]]:
        """Marks that Feishu did not take, with its reason, and the table that each is for."""
        tables = {table.key: table for table in self.rows.tables}
        return [(tables[each.table], each) for each in self._ledger.failures(tables, after, limit)]

    def captured(self, cause: Cause, outcome: Outcome) -> None:
        """A page of this account was read."""
        with (
            self._store.atomic()
        ):  # a page that tells nothing new is a run by itself: begun and ended at once
            self.runs.read(cause, outcome)
            self.rows.note_captured()
            if outcome.outdated or self.rows.retries_due:
                self.wake()
            elif self._is_between_pushes:
                self.runs.end()

    @property
    def _is_between_pushes(self) -> bool:
        """Whether no push is under way or about to begin; one that waits goes on with its run."""
        at_covers = self.hanging.is_busy and not self._wake.is_set()
        return at_covers or (self.rests and self._state != "waiting")

    def _count(self, purpose: str) -> None:
        self._calls += 1
        self._budget.count(purpose)

    def wake(self) -> None:
        """Something is to be pushed, or may work now that did not before."""
        self._resting.clear()
        self._wake.set()

    @property
    def paused(self) -> bool:
        """The person stopped the push; captures are kept and read all the same."""
        return self._store.setting(owned("paused", self._owner), bool) or False

    def pause(self, *, on: bool) -> None:
        """Stops before the next batch, at once in a wait, or goes on from there; a restart changes nothing about it."""
        self._store.set(owned("paused", self._owner), on)
        if on:
            self.connection.stop_waiting()
        self.wake()

    def note_removed(self, number: int, cause: Cause) -> None:
        """So many marks were found to be gone from Douban."""
        self.runs.begin(cause)
        self.runs.add({"gone": number})
        self.wake()

    @property
    def rests(self) -> bool:
        """Whether there is nothing to do, or nothing that can be done now."""
        return self._resting.is_set()

    async def rest(self) -> PushState:
        """Waits until all is pushed, or the push waits for Feishu or for the person."""
        await self._resting.wait()
        return self.state

    def retry(self) -> Run:
        """Tries again what Feishu did not take. Returns the run in which that is done, as it is now."""
        self.rows.retry()
        run = self.runs.ask("retry")
        self.hanging.try_again()
        self._begin_anew()
        return run

    def retry_mark(self, key: MarkKey) -> None:
        """Tries one mark again that Feishu did not take, and no other. Raises NoSuchFailure."""
        if not self.rows.retry_mark(key):
            raise errors.NoSuchFailure
        self._begin_anew()

    def _begin_anew(self) -> None:
        """The person wants something done: what was the matter before is not said of it."""
        if self.rows.tables and not self.paused:
            self._state, self._problem = "busy", None
        self.wake()

    # --- what the person did in the tables

    def check(self) -> Run:
        """The tables are looked through as soon as all is pushed, or now: what the person did there is found.

        Returns the run in which that is done, as it is now.
        """
        self.rows.edits.ask(table.key for table in self.rows.tables)
        run = self.runs.ask("check")
        self._begin_anew()
        return run

    def set_edits(self, policy: EditPolicy) -> None:
        """Whose a cell of ours is that the person edits. What was written so far is known after a look."""
        before, self.rows.edits.policy = self.rows.edits.policy, policy
        if policy == "theirs" != before:
            self.check()

    async def restore(self) -> int:
        """Rows that the person deleted are made again, but for those that they put back themselves."""
        async with self._turn():
            for table in self.rows.tables:
                self.rows.remember(structs.replace(table, scanned=False))
            restored = Gone(self._ledger).restore([table.target for table in self.rows.tables])
        self.runs.begin("restore")
        self.wake()
        return restored

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """Nothing is written meanwhile; a push under way goes on afterwards."""
        self._asked += 1
        try:
            async with self._at_work:
                yield
        finally:
            self._asked -= 1

    # --- the connection

    async def connect(self, setting: FeishuSetting, secret: str | None) -> tuple[Table, ...]:
        """Checks what the person entered, all the way to the columns; only if it works it is the one.

        The input is kept in any case, so that nobody types it twice. Raises FeishuError with what to do.
        """
        async with self._turn():
            return await self._connect(self.connection.enter(setting, secret))

    async def _connect(self, entry: Entry) -> tuple[Table, ...]:
        try:
            entry, tables = await self._find(entry)
        except errors.FeishuError as error:
            self.refused = error.issue
            _log.warning(
                "not connected", error=error.code, feishu_code=error.feishu_code, log_id=error.log_id
            )
            raise
        if not entry.setting.address:  # a new Bitable: from now on it is this one
            made = structs.replace(entry.setting, address=tables[0].url.partition("?")[0])
            entry = structs.replace(entry, setting=made)
        with self._store.atomic():
            self.connection.settle(entry)
            self.rows.tables = tables
        await self.connection.close()
        self._problem, self._state, self.refused = None, "idle", None
        self.hanging.try_again()
        self.runs.begin("connect")
        self.wake()
        return tables

    async def _find(self, entry: Entry) -> tuple[Entry, tuple[Table, ...]]:
        """Raises FeishuError."""
        try:
            async with self.connection.trying(entry) as client:
                return entry, await find(client, self._wanted(entry), self.rows.remembered)
        except (errors.BadSecret, errors.BadBaseToken):
            other = await self.connection.other_domain(entry) if entry.setting.way != "user" else None
            if other is None:
                raise
        async with self.connection.trying(other) as client:
            return other, await find(client, self._wanted(other), self.rows.remembered)

    def _wanted(self, entry: Entry) -> Wanted:
        return structs.replace(entry.setting.wanted, owner=self._owner)

    async def finish_login(self, state: str, code: str) -> None:
        """Back from Feishu's log-in: it is tried at once. Raises FeishuError if it came to nothing."""
        async with self._turn():  # not under a push
            entry = await self.connection.finish_login(state, code)
            with contextlib.suppress(errors.FeishuError):  # ``refused`` says it
                await self._connect(entry)

    def forget_entered(self) -> None:
        """Back to the connection that works, if there is one."""
        self.connection.forget_entered()
        self.refused = None

    async def ask(self, setting: FeishuSetting, secret: str | None) -> tuple[str, list[Proposal]]:
        """Which columns of the table that the address names could take what. Raises FeishuError."""
        async with self._turn(), self.connection.trying(self.connection.enter(setting, secret)) as client:
            return await ask(client, setting.wanted)

    # --- what a push would do

    async def plan(self) -> Plan:
        """Nothing is written by it; what is captured while it reads the tables is, and goes first. Raises FeishuError."""
        rows, ledger = self.rows, self._ledger
        async with self._turn():
            seen = {
                table.key: await look(self._open(table), ledger, table, rows.claimable(table))
                for table in rows.tables
            }
            looks = {key: each.rows for key, each in seen.items() if isinstance(each, Look)}
            found = {key: each.sure for key, each in looks.items()}
            likely = {key: [(it.key, it.record_id) for it in each.likely] for key, each in looks.items()}
            dues = foresee(self._store, ledger, rows.tables, rows.removals, rows.claimable, found, likely)
            plannings = [
                Planning(self._open(due.table), ledger, rows.edits, due, seen[due.table.key]) for due in dues
            ]
            for planning in plannings:
                await planning.begin()
        tables = [await planning.end(self._turn) for planning in plannings]
        return Plan(tuple(tables), left_out(self._ledger.left_out()) if tables else ())

    async def accept(self, *, likely: bool) -> None:
        """The person saw the plan: rows of their marks are taken over, with ``likely`` those of the same title, too.

        Raises FeishuError.
        """
        try:
            async with self._turn():
                for table in self.rows.tables:
                    if not table.accepted:
                        await self._accept(table, likely=likely)
        finally:  # those that went well are to be written
            self.runs.begin("connect")
            self._begin_anew()

    async def _accept(self, table: Table, *, likely: bool) -> None:
        base = self._open(table)
        table, bound = await bind(base, table)
        target, taken = self.rows.claimable(table), self._ledger.bound(table.key)
        rows = await adopt.look(
            base,
            table.table_id,
            bound.names,
            lambda: Claimable(self._ledger).all(target, removed=True),
            taken,
        )
        more = [(each.key, each.record_id) for each in rows.likely] if likely else []
        with self._store.atomic():
            Placing(self._ledger).stay([key for key, _ in rows.sure], table.classes)
            self._ledger.adopt(table.key, [*rows.sure, *more], of_person=not table.own)
            adopt.remember(self._store, table, rows, likely=likely)
            self.rows.remember(structs.replace(table, accepted=True, scanned=True))

    # --- the work

    async def run(self) -> None:
        """Works until it is cancelled."""
        if self.rows.tables and not self._ledger.is_aimed():
            self._ledger.aim(table.target for table in self.rows.tables)
        self.wake()
        pause: float | None = None
        while True:
            if not self._wake.is_set():
                self._resting.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._wake.wait(), pause or (_IDLE if self._state == "idle" else _LATER)
                )
            self._wake.clear()
            self._wait = (0.0, "")
            again = await self._guarded(self._push_once()) or await self._guarded(self._hang())
            if again is None:
                pause = None
            else:
                pause = min(pause * 2, _LONGEST_PAUSE) if pause else _FIRST_PAUSE
                self._waits(pause, again)

    async def close(self) -> None:
        await self.hanging.close()
        await self.connection.close()

    async def _guarded(
        self, work: Coroutine[None, None, errors.FeishuError | None]
    ) -> errors.D2FError | None:
        """The worker outlives whatever happens: a full disk, and a mistake of ours, which it says."""
        try:
            return await work
        except sqlite3.Error as error:
            fault: errors.D2FError = errors.LibraryFault()
            _log.error("library fault", error=str(error))
        except Exception:  # noqa: BLE001  # whatever it is
            fault = errors.D2FError()
            _log.exception("unforeseen")
        self._state, self._problem = "error", fault.issue
        return fault

    async def _push_once(self) -> errors.FeishuError | None:
        """Pushes all there is. Returns the error to try again after, if there is one."""
        async with self._at_work:
            again = await self._try()
        if self._state == "busy":
            self.wake()  # it gave way to the person
        if again is None and not self._wake.is_set():  # else what came meanwhile belongs to the same run
            self.runs.end(self._problem)
        return again

    async def _hang(self) -> errors.FeishuError | None:
        """Covers, when all rows are there. Returns the error to try again after; no row waits for a cover."""
        try:
            await self.hanging.put(
                lambda: self._state == "idle" or (self._state == "error" and self._is_partial)
            )
        except errors.PASSING as error:
            return None if self.paused else error
        return None

    # --- rows

    def _open(self, table: Table) -> bitable.Bitable:
        return bitable.Bitable(self.connection.client(), table.app_token)

    async def _try(self) -> errors.FeishuError | None:
        if self.paused:
            return self._stay_paused()
        if not self.rows.is_work_left():
            self._state, self._problem = "idle", None  # what was the matter matters no more
            return None
        self._state, self._pace = "busy", Pace()
        try:
            problem = await self.rows.work(lambda: self._is_to_stop, self._wake.is_set, self._wrote)
            self._is_partial = True
        except errors.PASSING as error:
            if self.paused:
                return self._stay_paused()
            self._state, self._problem = "waiting", error.issue
            _log.info("push waits", error=error.code, log_id=error.log_id)
            return error
        except errors.FeishuError as error:
            problem, self._is_partial = error, False
        if self._asked and not self.paused:
            return None  # it goes on when the person has what they want
        if problem is not None:
            self._rest_on(problem)
        else:
            self._state, self._problem = "paused" if self.paused else "idle", None
        self._tell()
        return None

    @property
    def _is_to_stop(self) -> bool:
        """Who waits gets their turn after a batch. Before the first one, rows could wait for ever."""
        if self._asked == 0 or self.paused:
            return self.paused
        return self._pace.rate is not None or self.progress.pending == 0

    def _stay_paused(self) -> None:
        self._state, self._problem = "paused", None
        self._tell()

    def _wrote(self, rows: int) -> None:
        self._pace.count(rows)
        self._tell()

    def _rest_on(self, error: errors.FeishuError) -> None:
        self._state, self._problem = "error", error.issue
        _log.warning("push rests", error=error.code, feishu_code=error.feishu_code, log_id=error.log_id)

    def _tell(self) -> None:
        self._events.tell(self.progress)

    def _waits(self, seconds: float, error: errors.D2FError) -> None:
        """A wait has begun, or is over."""
        self._wait = (time.monotonic() + seconds, error.code)
        self._events.tell(Waiting(seconds, error.code, self._owner))
