"""When covers are put into rows: after all rows, a step at a time, and never in the way of one."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

from gateway import errors
from gateway.album import CoverCounts
from gateway.budget import Budget
from gateway.covers import Covers, ManyRefused
from gateway.errors import Issue
from gateway.events import Covered, Events
from gateway.feishu.bitable import Bitable
from gateway.log import get
from gateway.rows import Rows
from gateway.tables import Table

_log = get("sync")

_GRACE = 2.0
"""Seconds that a cover gets to be done with when there are rows to push."""
_REST = 3600.0
"""Seconds after which covers are tried again that somebody must have done something for."""
_PACE = 1.0
"""Seconds between two words of how far they are."""


class Hanging:
    """Of one account's tables. ``at_work`` is held for one step; ``wake`` says that there are rows to push."""

    def __init__(  # noqa: PLR0913, PLR0917  # what covers have in common with rows
        self,
        covers: Covers,
        rows: Rows,
        budget: Budget,
        events: Events,
        opened: Callable[[Table], Bitable],
        at_work: asyncio.Lock,
        wake: asyncio.Event,
        owner: str,
    ) -> None:
        self._covers = covers
        self._rows = rows
        self._budget = budget
        self._events = events
        self._opened = opened
        self._at_work = at_work
        self._wake = wake
        self._owner = owner
        self._told = 0.0
        self._rests_until = 0.0
        self._problem: Issue | None = None
        self.is_busy = False

    @property
    def counts(self) -> CoverCounts:
        return self._covers.counts(self._rows.tables)

    def notes(self, counts: CoverCounts) -> list[Issue]:
        """What a person should know of them."""
        said = (self._budget.warning or self._budget.covers_rest(counts.waiting), self._problem)
        return [note for note in said if note is not None]

    @property
    def covered(self) -> Covered:
        """How far they are."""
        now = self.counts
        return Covered(now.done, now.waiting, now.failed, self._owner)

    def try_again(self) -> None:
        """Whatever was the matter, somebody did something about it."""
        self._rests_until, self._problem = 0.0, None

    async def put(self, is_idle: Callable[[], bool]) -> None:
        """Until there are rows to push again. Raises FeishuError that may pass; the others are noted, and it rests."""
        if time.monotonic() < self._rests_until:
            return
        steps = self._covers.steps(self._rows.tables, self._opened)
        self.is_busy = True
        try:
            while is_idle() and not self._wake.is_set() and await self._step(steps):
                if time.monotonic() - self._told >= _PACE:
                    self._tell()
            self._problem = None
        except errors.PASSING as error:
            self._problem = error.issue
            raise
        except errors.FeishuError as error:
            self._problem = error.issue
            self._rests_until = time.monotonic() + _REST
            _log.warning("covers rest", error=error.code, log_id=error.log_id)
        except ManyRefused:
            self._rests_until = time.monotonic() + _REST
        finally:
            self.is_busy = False
            await steps.aclose()
            self._tell()

    async def _step(self, steps: AsyncGenerator[None]) -> bool:
        """False when nothing is left, or when it took too long while there are rows to push."""

        async def hurry(limit: asyncio.Timeout) -> None:
            await self._wake.wait()
            limit.reschedule(asyncio.get_running_loop().time() + _GRACE)

        async with self._at_work:  # whoever wants to change the connection waits for one step
            try:
                async with asyncio.timeout(None) as limit:
                    hurrying = asyncio.create_task(hurry(limit))
                    try:
                        await anext(steps)
                    finally:
                        hurrying.cancel()
            except (StopAsyncIteration, TimeoutError):
                return False
            return True

    def _tell(self) -> None:
        self._told = time.monotonic()
        self._events.tell(self.covered)

    async def close(self) -> None:
        await self._covers.close()
