"""What makes a gateway's life hard, for ``just torture``: bad weather on the way to Feishu, and a browser that never gives up."""

import random
import threading
import time
from collections import deque
from uuid import UUID, uuid4

from msgspec import Struct

from gateway.sandbox.feishu.feishu import Fault, FaultKind, Stage
from tests.process import Process
from tests.support import World

FAULTS: tuple[FaultKind, ...] = (
    "drop_before",
    "drop_after",
    "html_502",
    "html_502_after",
    "server_error",
    "not_ready",
    "timed_out",
    "truncated",
    "slow",
    "rate_limited",
    "conflict",
)
"""All that pass by themselves."""
_FAULTY = 0.06
"""Of the calls, so many go wrong."""


class Weather:
    """Faults on the way to Feishu, by chance; and on demand an event in the middle of some call."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._feishu = world.feishu
        self._chance = chance
        self._strike: threading.Event | None = None
        self._call, self._calls = "*", 0
        self.struck = ""
        """The call that it struck in."""
        world.feishu.on_call = self

    def strike(self, event: threading.Event | None, call: str = "*", times: int = 1) -> None:
        """Sets the event in the middle of a call of that name (``*``: any), of so many: each has a beginning and an end."""
        self._call, self._calls, self._strike = call, times, event

    def clear(self) -> None:
        """From now on all goes well."""
        self._feishu.on_call, self._feishu.lag = None, 0
        self._feishu.faults.clear()

    async def __call__(self, call: str, stage: Stage) -> None:
        chance = self._chance
        if chance.random() < _FAULTY and not self._feishu.faults:
            self._feishu.faults.append(Fault("*", chance.choice(FAULTS), seconds=0.05))
        self._feishu.lag = chance.choice((0, 0, 0, 1, 2))
        self._calls -= self._call in {call, "*"}
        if self._strike is not None and self._calls <= 0:
            self.struck = f"{stage} {call}"
            self._strike.set()
            self._strike = None


class Letter(Struct, frozen=True, kw_only=True):
    """A page on its way to the gateway."""

    id: UUID
    url: str
    page: bytes
    opened: float


class Browser:
    """What an extension does: sends each page until it is acknowledged, one after the other."""

    def __init__(self, world: World) -> None:
        self._visitor = world.visitor
        self.outbox: deque[Letter] = deque()
        self.acknowledged: list[Letter] = []

    def open(self, url: str) -> None:
        """The person looks at a page."""
        page = self._visitor.open(url).body
        self.outbox.append(Letter(id=uuid4(), url=url, page=page, opened=time.monotonic()))

    def deliver(self, process: Process) -> None:
        """Sends all there is. Raises one of ``process.GONE``."""
        if not self.outbox:
            return
        extension = process.browser  # the port is another one after each start
        while self.outbox:
            letter = self.outbox[0]
            age = time.monotonic() - letter.opened
            status, answer = extension.capture(letter.url, letter.page, age=age, message=letter.id)
            assert (status, answer.get("verdict")) == (200, "ok"), f"{letter.url}: {status} {answer}"
            self.acknowledged.append(self.outbox.popleft())
