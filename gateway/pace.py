"""When a walk goes on by itself after it could not reach Douban or used up a day's requests, and how long it will take."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from msgspec import Struct

from gateway.douban.fetch import PAGE, Frontier, Place
from gateway.model import BEIJING

_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""From one try to the next; the last for all later ones."""
_SLEPT = timedelta(minutes=10)
"""A try that comes so much later than it was due: the machine slept, and its network may need a moment yet."""


class Patience(Struct, kw_only=True):
    """Of a walk that could not reach Douban."""

    tries: int = 0
    """In vain, one after the other."""
    again_at: datetime | None = None

    def fail(self, at: datetime) -> None:
        """Another try was in vain."""
        slept = self.again_at is not None and at - self.again_at > _SLEPT
        self.tries = 1 if slept else self.tries + 1
        self.again_at = at + _AGAIN[min(self.tries, len(_AGAIN)) - 1]

    def until(self, at: datetime) -> datetime | None:
        """When it tries again; None if it may now, also where the clock was set back meanwhile."""
        if self.again_at is None or not timedelta() < self.again_at - at <= _AGAIN[-1]:
            return None
        return self.again_at


def next_day(frontier: Frontier, daily: int, at: datetime) -> datetime | None:
    """When the next day begins, if the requests of this one are used up."""
    today = at.astimezone(BEIJING).date()
    if frontier.day != today or frontier.requests < daily:
        return None
    return datetime.combine(today + timedelta(days=1), time(), BEIJING).astimezone(at.tzinfo)


def requests_left(places: Iterable[tuple[Place, int | None]]) -> int | None:
    """How many a walk still has to make, from each place and how many rows it wants of its list.

    None if of one of them that is not known.
    """
    found = 0
    for place, rows in places:
        if place.over:
            continue
        if rows is None:
            return None
        alone = max(0, min(place.single_until, rows) - place.start)
        found += max(1, alone + -(-max(0, rows - place.start - alone) // PAGE))
    return found
