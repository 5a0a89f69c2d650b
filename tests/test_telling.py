"""What ``d2f sync`` tells: what it did itself, whatever else the gateway does."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from gateway import telling
from gateway.owner_sessions import new_login_link
from tests.support import Started, World
from tests.test_cli import d2f
from tests.test_push import TABLE, fill, right
from tests.test_runs import runs


def test_sync_says_what_it_did_itself(world: World) -> None:
    """Not what another one did a moment before, in what is one run."""
    started = world.start()
    port = str(started.port)
    started.connect()
    world.share("view")
    fill(started)
    assert started.settled().state == "error"
    world.share("edit")
    assert f"{len(world.person.marks)} rows made" in d2f(world.folder, "sync", D2F_PORT=port).stdout
    assert " 0 rows made" in d2f(world.folder, "sync", D2F_PORT=port).stdout
    assert len([run for run in runs(started) if run["cause"] == "retry"]) == 1


class Held:
    """A row that the person edited, and the check that finds it: it stops before it writes, until it is let go on."""

    def __init__(self, started: Started) -> None:
        self.started, self.reached = started, threading.Event()
        self._go_on = asyncio.Event()
        world = started.world
        record = next(iter(world.rows()))
        world.background.call(
            lambda: world.feishu.edit_record(world.app_token, TABLE, record, {"标题": "别的名字"})
        )
        world.feishu.on_call = self._hold

    async def _hold(self, name: str, stage: str) -> None:
        if (name, stage) == ("record.batch_update", "before"):
            self.reached.set()
            await self._go_on.wait()

    def go_on(self) -> None:
        self.started.world.background.call(self._go_on.set)


@pytest.fixture
def told(stocked: Started) -> Iterator[Callable[[str], Future[str]]]:
    """Begins what ``d2f sync`` does, and goes on beside it."""
    stocked.connect()
    right(stocked)
    store, settings = stocked.gateway.store, stocked.gateway.settings
    owner = telling.Owner(stocked.world.background.call(lambda: new_login_link(store, settings)))
    with ThreadPoolExecutor() as beside:
        yield lambda how: beside.submit(getattr(owner, how))


def test_sync_during_a_check_says_what_it_did_itself(
    stocked: Started, told: Callable[[str], Future[str]]
) -> None:
    held = Held(stocked)
    assert stocked.owner.call("POST", "/api/v1/check").status == 202
    assert held.reached.wait(30)
    pushed = told("push")
    for _ in range(1000):
        if "retry" in [run["cause"] for run in stocked.owner.call("GET", "/api/v1/runs").json()]:
            break
    held.go_on()
    assert " 0 rows made, 0 updated" in pushed.result(30)
    found = {run["cause"]: run for run in runs(stocked)}
    assert (found["check"]["edited"], found["check"]["updated"], found["retry"]["updated"]) == (1, 1, 0)
    assert all(run["ended"] for run in found.values())


def test_a_check_says_what_it_found_though_a_page_came_right_after(
    stocked: Started, told: Callable[[str], Future[str]]
) -> None:
    world = stocked.world
    held, browser = Held(stocked), stocked.pair()
    url = f"https://movie.douban.com/people/{world.person.address}/collect?mode=grid"
    checked = told("check")
    assert held.reached.wait(30)
    held.go_on()
    stocked.settled()
    assert browser.capture(url, world.visitor.open(url).body)[0] == 200
    assert "1 rows edited by you, 0 deleted; 1 written again" in checked.result(30)


def test_a_check_that_cannot_begin(stocked: Started, told: Callable[[str], Future[str]]) -> None:
    assert stocked.owner.call("POST", "/api/v1/push/pause").status == 202
    stocked.settled()
    with pytest.raises(telling.Refused):
        told("check").result(30)
    assert "check" not in [run["cause"] for run in runs(stocked)]
