"""The real gateway and the two simulators, running beside the test on a loop of their own."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import pytest

from gateway.app import Gateway
from gateway.owner_sessions import new_login_link
from gateway.sandbox.douban import Douban
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.http import Server
from gateway.sandbox.person import Person, make_person
from gateway.server import running
from gateway.settings import Settings
from gateway.state import PushState
from gateway.visitor import DoubanVisitor, Extension, OwnerVisitor

T = TypeVar("T")
APP_ID, APP_SECRET = "cli_a1b2c3d4e5f60708", "s3cret-of-the-simulated-app"
SHARED = Path(__file__).parent.parent.parent / "shared"


class Background:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._stack = contextlib.AsyncExitStack()
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def enter(self, context: contextlib.AbstractAsyncContextManager[T]) -> T:
        """Enters a context on the loop; it is left when the background ends."""
        return self.run(self._stack.enter_async_context(context))

    def call(self, work: Callable[[], T]) -> T:
        """Calls a plain function on the loop's thread, the only one that may touch the store."""

        async def there() -> T:
            return work()

        return self.run(there())

    def finally_(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Calls an async function when the background ends."""
        self._stack.push_async_callback(work)

    def close(self) -> None:
        try:
            self.run(self._stack.aclose())
            self.run(_end_tasks())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()


async def _end_tasks() -> None:
    """As ``asyncio.run`` does: a connection that just came in is a task, too."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class World:
    """A person, a Douban, a Feishu with one Bitable, and on demand a gateway."""

    def __init__(
        self, background: Background, folder: Path, *, marks: int = 60, covers: bool = False
    ) -> None:
        self.background = background
        self.folder = folder
        self.person: Person = make_person(marks)
        self.douban = Douban(person=self.person)
        self.ahead = 0.0
        """Seconds that Feishu's clock is ahead of ours."""
        self.feishu = Feishu(rates=False, clock=lambda: time.time() + self.ahead)
        self.feishu.add_app(APP_ID, APP_SECRET)
        self.app_token = self.feishu.add_base("我的书影音", collaborators={APP_ID: "edit"})
        self.douban_server = background.enter(Server(self.douban.handle))
        self.feishu_server = background.enter(Server(self.feishu.handle))
        self.covers = covers
        self.settings = Settings(
            port=0,
            data=folder,
            feishu=self.feishu_server.url,
            douban=self.douban_server.url,
            pictures=self.douban_server.url,
            uploads=0,
        )
        self.visitor = DoubanVisitor(self.douban_server.url, self.person.cookies)

    @property
    def address(self) -> str:
        return f"https://example.feishu.cn/base/{self.app_token}"

    @property
    def table_url(self) -> str:
        table_id = self.background.call(lambda: self.feishu.tables(self.app_token)["豆瓣标记"])
        return f"{self.address}?table={table_id}"

    def add_stranger(self) -> Person:
        """Somebody else, with marks of their own."""
        stranger = make_person(30, seed=21)
        self.douban.others.append(stranger)
        return stranger

    def share(self, role: Literal["view", "edit", "full_access"] | None) -> None:
        """Changes what our app may do in the Bitable."""
        self.background.call(lambda: self.feishu.share(self.app_token, APP_ID, role))

    def start(self, port: int = 0) -> "Started":
        stack = contextlib.AsyncExitStack()
        settings = msgspec.structs.replace(self.settings, port=port)
        gateway = self.background.run(stack.enter_async_context(running(settings)))
        if not self.covers:
            self.background.call(lambda: _without_covers(gateway))
        started = Started(self, gateway, stack)
        self.background.finally_(started.stop_soon)
        return started

    def rows(self, table: str = "豆瓣标记") -> dict[str, dict[str, Any]]:
        return self.background.call(lambda: self.feishu.rows(self.app_token, table))


class Started:
    """A gateway that runs, its owner, and a paired browser."""

    def __init__(self, world: World, gateway: Gateway, stack: contextlib.AsyncExitStack) -> None:
        self.world = world
        self.gateway = gateway
        self.port = gateway.settings.port
        self._stack = stack
        self.owner = OwnerVisitor(
            world.background.call(lambda: new_login_link(gateway.store, gateway.settings))
        )

    @property
    def origin(self) -> str:
        return f"http://{self.gateway.settings.device_host}"

    def connect(self, address: str | None = None, *, accept: bool = True, **changes: Any) -> Any:
        """Enters Feishu on the dashboard, and agrees to the plan for a table that has rows; returns the reply."""
        reply = self.owner.call("PUT", "/api/v1/feishu", self.entered(address, changes))
        tables = self.world.background.call(lambda: self.gateway.carriers.first.sync.rows.tables)
        if reply.status == 200 and accept and not all(table.accepted for table in tables):
            assert self.owner.call("POST", "/api/v1/plan/accept", {}).status == 202
        return reply

    def ask(self, address: str | None = None, **changes: Any) -> Any:
        """Asks which columns of a table could take what; returns the reply."""
        return self.owner.call("POST", "/api/v1/feishu/columns", self.entered(address, changes))

    def entered(self, address: str | None, changes: dict[str, Any]) -> dict[str, Any]:
        """What the person enters."""
        return {
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "address": self.world.address if address is None else address,
            **changes,
        }

    def pair(self) -> Extension:
        return Extension(self.owner.call("POST", "/api/v1/pairing").json()["code"])

    def stop(self) -> None:
        """Ends the gateway in good order."""
        self.world.background.run(self.stop_soon())

    async def stop_soon(self) -> None:
        await self._stack.aclose()

    def marks(self) -> int:
        """How many marks the library holds."""
        return self.world.background.call(
            lambda: sum(self.gateway.library.counts(self.world.person.id).values())
        )

    def captures(self) -> list[Any]:
        return self.owner.call("GET", "/api/v1/overview").json()["captures"]

    def wait_for_marks(self, number: int) -> None:
        """Waits until the library holds so many."""

        async def wait() -> None:
            listening = self.gateway.events.listen()
            following = asyncio.ensure_future(anext(listening))
            while sum(self.gateway.library.counts(self.world.person.id).values()) < number:
                await following
                following = asyncio.ensure_future(anext(listening))
            following.cancel()

        self.world.background.run(wait())

    def settled(self) -> PushState:
        """Waits until the push rests, one way or another."""
        return self.world.background.run(self.gateway.carriers.first.sync.rest())


def _without_covers(gateway: Gateway) -> None:
    """As a person would who wants none: most tests are about rows."""
    gateway.budget.limits = msgspec.structs.replace(gateway.budget.limits, covers=0)


@contextlib.contextmanager
def background() -> Generator[Background]:
    loop = Background()
    try:
        yield loop
    finally:
        loop.close()


def two_of(world: World) -> tuple[Started, Started]:
    """Two machines of one person, each with a library of its own."""
    first = world.start()
    world.settings = msgspec.structs.replace(world.settings, data=world.folder.with_name("other"))
    return first, world.start()


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as one:
        one.bind(("::1", 0))
        return True
    return False


IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 on this machine")
