"""Walks at set times: when the next one is due, and that a missed one is caught up once."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.asked import Asked
from gateway.errors import D2FError, Issue, LibraryFault, NoSuchThing
from gateway.journey import WalkKind
from gateway.log import get
from gateway.model import now
from gateway.store import Store, owned
from gateway.walk import Walks

_log = get("schedule")

_LOOK = 60.0
"""Seconds to sleep at most: a machine that slept, or whose clock was set, is noticed within them."""
_HOUR = timedelta(hours=1)
_DAYS = 7

Rhythm = Literal["off", "hourly", "daily", "weekly"]
Way = Literal["cookie", "browser"]


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to walk by itself, and how."""

    rhythm: Rhythm = "off"
    at: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "04:00"
    """The time of the day on this machine's clock; of ``hourly`` the minutes alone."""
    days: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = ()
    """Of ``weekly``: Monday is 0. Without any there is no walk."""
    kind: WalkKind = "sync"
    way: Way = "cookie"
    """By the gateway with the stored cookie, or by an open browser that is asked to."""


def next_due(schedule: Schedule, after: datetime, zone: tzinfo | None = None) -> datetime | None:
    """The first moment of the schedule later than ``after``; None if there is none.

    ``zone`` is that of the machine unless it is given. A time that the change to summer time leaves out comes as much
    later as the clock jumps; one that comes twice comes at the first of both.
    """
    clock = time.fromisoformat(schedule.at)
    if schedule.rhythm == "off":
        return None
    if schedule.rhythm == "hourly":
        local = after.astimezone(zone)
        ahead = timedelta(minutes=(clock.minute - local.minute) % 60)
        due = local.replace(second=0, microsecond=0).astimezone(after.tzinfo) + ahead
        return due if due > after else due + _HOUR
    first = after.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(_DAYS + 3):
        day = first + timedelta(days=ahead)
        due = datetime.combine(day, clock, zone).astimezone(after.tzinfo)
        if due > after and (schedule.rhythm == "daily" or day.weekday() in schedule.days):
            return due
    return None


class Scheduler:
    """Starts walks of one account (``owner``) when they are due. ``clock`` and ``zone`` are the machine's; tests have their own."""

    def __init__(self, store: Store, walks: Walks, owner: str = "") -> None:
        self._set, self._last_due = (owned(name, owner) for name in ("schedule", "schedule last"))
        self._store = store
        self._walks = walks
        self.asked = Asked(store, owner)
        """What an open browser is to do."""
        self._changed = asyncio.Event()
        self.clock: Callable[[], datetime] = now
        self.zone: tzinfo | None = None
        self._fault: Issue | None = None
        """Why the one that is due cannot be begun."""

    @property
    def schedule(self) -> Schedule:
        return self._store.setting(self._set, Schedule) or Schedule()

    @property
    def asks(self) -> bool:
        """Whether browsers are asked now and then, and should therefore look in."""
        return self.schedule.way == "browser" and self.next is not None

    @property
    def next(self) -> datetime | None:
        """When the next one is due."""
        return next_due(self.schedule, self.clock(), self.zone)

    @property
    def problem(self) -> Issue | None:
        """What keeps the schedule from working."""
        if self._fault is not None or self.next is None:
            return self._fault
        if self.schedule.way == "browser":
            return self.asked.need(self.clock())
        walk = self._walks.shown
        return walk.stop if walk is not None and walk.state in {"stopped", "paused"} else None

    def look(self) -> None:
        """What it waited for may have come."""
        self._changed.set()

    def set(self, schedule: Schedule) -> None:
        """From now on: what an earlier schedule missed is not caught up."""
        with self._store.atomic():
            self._store.set(self._set, schedule)
            self._store.set(self._last_due, self.clock())
            with contextlib.suppress(NoSuchThing):
                self.asked.cancel(self.clock())
        self._fault = None
        self._changed.set()

    def ask(self) -> None:
        """A browser is asked before it is time. Raises NoSuchThing unless it is browsers that the schedule asks."""
        if not self.asks:
            raise NoSuchThing
        self.asked.ask(self.schedule.kind, self.clock())

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                pause = self.consider()
            except sqlite3.Error as error:
                self._fault, pause = LibraryFault().issue, _LOOK
                _log.error("library fault", error=str(error))
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue
            self._changed.clear()

    def consider(self) -> float | None:
        """Starts what is due. Returns after how many seconds to look again; None for never, unless it is changed."""
        schedule, at = self.schedule, self.clock()
        due = next_due(schedule, self._last(at), self.zone)
        if due is None or due > at:
            self._fault = None
        if due is None:
            return None
        if due > at:
            if self._last(at) == at:  # the clock was set back: from here on
                self._store.set(self._last_due, at)
            return min((due - at).total_seconds(), _LOOK)
        if not self._begin():
            return _LOOK
        self._store.set(self._last_due, at)  # however many were missed, this is the only one
        return 0.0

    def _begin(self) -> bool:
        """False if it has to wait."""
        schedule = self.schedule
        before, self._fault = self._fault, None
        if schedule.way == "browser":
            self.asked.ask(schedule.kind, self.clock())
            return True
        try:
            return self._walks.begin_by_schedule(schedule.kind)
        except D2FError as error:
            self._fault = error.issue  # there is no log-in; once there is, this one is caught up
            if self._fault != before:
                _log.info("walk not begun", error=error.code)
            return False

    def _last(self, at: datetime) -> datetime:
        """Up to when all that was due was begun. A clock that was ahead, and is right again, must not hold it up."""
        return min(self._store.setting(self._last_due, datetime) or at, at)
