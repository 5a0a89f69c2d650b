"""Progress as it happens: whoever listens hears of it; whoever does not misses nothing but the moment."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

__all__ = ["Captured", "Covered", "Event", "Events", "Pushed", "Waiting", "Walked"]


class Captured(Struct, frozen=True, tag="captured"):
    """A capture was read."""

    capture: str
    verdict: str
    new: int
    changed: int
    same: int


class Pushed(Struct, frozen=True, tag="pushed"):
    """Records were written, or the push rests."""

    state: str
    pushed: int
    pending: int
    failed: int


class Waiting(Struct, frozen=True, tag="waiting"):
    """The push waits before it goes on."""

    seconds: float
    code: str
    """The code of the error that made it wait."""


class Covered(Struct, frozen=True, tag="covered"):
    """Covers were written, or one was given up."""

    done: int
    waiting: int
    failed: int


class Walked(Struct, frozen=True, tag="walked"):
    """A walk over the lists has read a page, or rests."""

    walk: str
    kind: str
    state: str
    pages: int
    new: int
    changed: int


Event = Captured | Pushed | Waiting | Covered | Walked


class Events:
    """One for a gateway."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    def tell(self, event: Event) -> None:
        """Tells all listeners; one that is 1,000 events behind loses the oldest."""
        for queue in self._listeners:
            _put(queue, event)

    def close(self) -> None:
        """Nothing more will happen: whoever listens is let go."""
        for queue in self._listeners:
            _put(queue, None)

    async def listen(self) -> AsyncIterator[Event]:
        """All events from now on, until the gateway ends."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(1000)
        self._listeners.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.discard(queue)


def _put(queue: asyncio.Queue[Event | None], event: Event | None) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)
