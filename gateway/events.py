"""Progress as it happens: whoever listens hears of it; whoever does not misses nothing but the moment."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable

from msgspec import Struct

from gateway.model import Medium, Status

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
    pace: float | None = None
    """Rows a second, so far; None before there is anything to tell from."""
    left: float | None = None
    """Seconds until all is written, at that pace."""
    looked: int | None = None
    """Rows that a check of the tables has seen so far; None if none is under way."""
    owner: str = ""
    """The account that it is about; empty for the first one."""


class Waiting(Struct, frozen=True, tag="waiting"):
    """Something waits before it calls Feishu again."""

    seconds: float
    """From now; 0 when the wait is over."""
    code: str
    """The code of the error that made it wait."""
    owner: str = ""
    """The account that it is about; empty for the first one."""


class Covered(Struct, frozen=True, tag="covered"):
    """Covers were written, or one was given up."""

    done: int
    waiting: int
    failed: int
    owner: str = ""
    """The account that it is about; empty for the first one."""


class Walked(Struct, frozen=True, tag="walked"):
    """A walk over the lists has read a page, or rests."""

    walk: str
    kind: str
    state: str
    pages: int
    new: int
    changed: int
    medium: Medium | None = None
    """Where it is; None where it is over."""
    status: Status | None = None
    rows: int = 0
    """Rows of that list so far, of how many the list claims to have."""
    total: int | None = None
    left: float | None = None
    """About how many seconds it still takes; None where nobody can tell."""
    owner: str = ""
    """The account that it is about; empty for the first one."""


Event = Captured | Pushed | Waiting | Covered | Walked


class Events:
    """One for a gateway."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[Event | None], str] = {}
        self.closed = False
        """Nothing more will happen."""

    def tell(self, event: Event) -> None:
        """Tells all listeners; one that is 1,000 events behind loses the oldest."""
        for queue in self._listeners:
            _put(queue, event)

    def close(self, session: str | None = None) -> None:
        """Whoever listens is let go: everybody, since nothing more will happen, or those of one session."""
        self.closed = self.closed or session is None
        for queue, of in self._listeners.items():
            if session in {None, of}:
                _put(queue, None)

    async def listen(
        self, present: Callable[[], Iterable[Event]] = tuple, session: str = ""
    ) -> AsyncGenerator[Event]:
        """What is ``present``, then all events from now on, until the gateway or the ``session`` ends."""
        if self.closed:
            return
        queue: asyncio.Queue[Event | None] = asyncio.Queue(1000)
        self._listeners[queue] = session
        try:
            for event in present():
                yield event
            while (event := await queue.get()) is not None:
                yield event
        finally:
            del self._listeners[queue]


def _put(queue: asyncio.Queue[Event | None], event: Event | None) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)
