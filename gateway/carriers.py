"""What carries the marks of each account into its tables: a sync, its walks, their schedule. No two accounts share a table."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from gateway.accounts import Accounts
from gateway.errors import Issue, LoginEnded, NoSuchThing
from gateway.model import Account, Outcome, Reading
from gateway.reasons import removals_asked
from gateway.runs import Cause, Runs
from gateway.schedule import Scheduler
from gateway.sync import Sync
from gateway.walk import Walks


class Carrier:
    """Of one account. ``owner``: its id; empty for the first one, which may not be known yet."""

    def __init__(
        self, owner: str, accounts: Accounts, sync: Sync, walks: Walks, scheduler: Scheduler
    ) -> None:
        self.owner = owner
        self._accounts = accounts
        self.sync = sync
        self.walks = walks
        self.scheduler = scheduler

    @property
    def runs(self) -> Runs:
        return self.sync.runs

    @property
    def account(self) -> Account | None:
        """Whose marks they are; None while nobody's are known."""
        return next((each for each in self._accounts.kept if self.owner in {"", each.id}), None)

    @property
    def needs(self) -> list[Issue]:
        """What does not go on without the person, each once."""
        push, walk, marks = self.sync.of_rows, self.walks.shown, self.walks.asked_about
        schedule = self.scheduler.problem
        found = [
            push.problem if push.state == "error" else None,
            walk.stop if walk is not None and walk.state == "stopped" else None,
            schedule if schedule is not None and schedule.code != "paused" else None,
            removals_asked(marks) if marks else None,
        ]
        return list({need.code: need for need in found if need is not None}.values())

    def work(self) -> list[Coroutine[None, None, None]]:
        """What is to run as long as the gateway does."""
        return [self.sync.run(), self.walks.run(), self.scheduler.run()]


class Carriers:
    """One for each account that is kept, and always the first."""

    def __init__(self, accounts: Accounts, make: Callable[[str], Carrier]) -> None:
        self._accounts = accounts
        self._make = make
        self._changed = asyncio.Event()
        self.first = make("")
        self._others = {account.id: make(account.id) for account in accounts.kept[1:]}

    @property
    def all(self) -> list[Carrier]:
        return [self.first, *self._others.values()]

    def of(self, account: str | None) -> Carrier:
        """That of an account; of None or nobody, the first one. Raises NoSuchThing."""
        first = self._accounts.first
        if not account or (first is not None and account == first.id):
            return self.first
        if account not in self._others:
            raise NoSuchThing
        return self._others[account]

    def captured(self, account: str | None, cause: Cause, outcome: Outcome, reading: Reading) -> None:
        """A page of this account was read."""
        carrier, part = self.of(account), reading.page.part
        carrier.sync.captured(cause, outcome)
        if cause == "asked" and reading.account is not None and part is not None:
            told, at = bool(outcome.new or outcome.changed), carrier.scheduler.clock()
            carrier.scheduler.asked.read(reading.account.id, part, reading.marks, at, told=told)
        if outcome.outdated:  # what a page says of a subject is for all who marked it
            for carrier in self.all:
                carrier.sync.wake()

    def log_in_came(self, account: str) -> None:
        """A browser handed over the log-in to Douban of this account."""
        for carrier in self.all:
            if carrier.walks.account == account:
                carrier.walks.log_in_came()
                carrier.scheduler.look()

    def awaiting(self, state: str) -> Carrier:
        """The one that a log-in to Feishu with this ``state`` was begun for. Raises LoginEnded if there is none."""
        for each in self.all:
            if each.sync.connection.awaits(state):
                return each
        raise LoginEnded

    def keep(self, account: str) -> Carrier:
        """From now on the marks of this account are kept, too. Raises NoSuchThing if it was not met."""
        self._accounts.answer(account, "kept")
        self._others[account] = carrier = self._make(account)
        self._changed.set()
        return carrier

    async def run(self) -> None:
        """All of their work, until it is cancelled; what comes later joins in."""
        working: dict[str, list[asyncio.Task[None]]] = {}
        try:
            while True:
                for carrier in self.all:
                    if carrier.owner not in working:
                        working[carrier.owner] = [asyncio.create_task(work) for work in carrier.work()]
                await self._changed.wait()
                self._changed.clear()
        finally:
            tasks = [task for each in working.values() for task in each]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Raises what the first of them that fails raises, when all are closed."""
        async with contextlib.AsyncExitStack() as stack:
            for carrier in self.all:
                stack.push_async_callback(carrier.sync.close)
