"""Walks take turns: Douban sees one at a time from here, and no more requests a day, whoever's lists they are."""

import asyncio
from datetime import date, datetime

from msgspec import Struct, convert

from gateway.douban.fetch import Frontier
from gateway.store import Store


class _Spent(Struct, frozen=True):
    """The requests of a day, and when the last one ended."""

    day: date | None = None
    requests: int = 0
    last: datetime | None = None


class Turns:
    """One for a gateway."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.one = asyncio.Lock()

    def lend(self, frontier: Frontier) -> None:
        """A walk goes on with what walks have spent so far: a new one makes no new allowance."""
        spent = self._store.setting("walks spent", _Spent)
        if spent is not None:
            frontier.day, frontier.requests, frontier.last = spent.day, spent.requests, spent.last

    def spend(self, frontier: Frontier) -> None:
        """What the walk that has the turn has spent by now."""
        self._store.set("walks spent", convert(frontier, _Spent, from_attributes=True))
