"""A walk that an open browser is asked for: one browser for it, heard of until it is over."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.schedule import Scheduler
from gateway.visitor import Extension
from tests.support import Started, World
from tests.test_schedule import Clock
from tests.walks import Gate, lend, rested


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


@pytest.fixture
def started(world: World, gate: Gate, clock: Clock) -> Started:
    del gate
    started = world.start()
    scheduler(started).clock = clock
    return started


@pytest.fixture
def browser(started: Started) -> Extension:
    return lend(started)


def scheduler(started: Started) -> Scheduler:
    return started.gateway.carriers.first.scheduler


def ask(started: Started, clock: Clock, kind: str = "sync", rhythm: str = "daily") -> None:
    """A schedule that asks browsers, and that comes due."""
    put(started, kind=kind, rhythm=rhythm)
    due(started, clock)


def put(started: Started, **schedule: Any) -> None:
    reply = started.owner.call("PUT", "/api/v1/schedule", {"at": "12:30", "way": "browser"} | schedule)
    assert reply.status == 200, reply.body


def due(started: Started, clock: Clock) -> None:
    clock.now += timedelta(days=1)
    started.world.background.call(scheduler(started).consider)


def state(browser: Extension, walk: Any = None, **more: Any) -> Any:
    """What a browser is answered; with a report of ``walk`` if it says more."""
    about = {"walk": {"id": walk["id"], "state": "reading"} | more} if walk else {}
    status, answer = browser.send("/api/v1/state", msgspec.json.encode(about))
    assert status == 200, answer
    return answer


def told(started: Started) -> Any:
    """What the dashboard tells of it."""
    return started.owner.call("GET", "/api/v1/schedule").json()["asked"]


def test_a_browser_looks_in_as_long_as_a_schedule_asks(started: Started, browser: Extension) -> None:
    assert state(browser)["asks"] is False
    put(started, rhythm="weekly", days=[])
    assert state(browser)["asks"] is False, "on no day"
    put(started, rhythm="daily")
    assert state(browser)["asks"] is True
    page = started.world.visitor.open(f"https://movie.douban.com/people/{started.world.person.id}/wish").body
    url = f"https://movie.douban.com/people/{started.world.person.id}/wish"
    assert browser.capture(url, page)[1]["asks"] is True
    put(started, rhythm="daily", way="cookie")
    assert state(browser)["asks"] is False


def test_nobody_is_asked_before_it_is_known_whose_lists(started: Started, clock: Clock) -> None:
    browser = started.pair()
    ask(started, clock)
    assert state(browser)["walk"] is None
    lend(started)
    assert state(browser)["walk"]["account"] == started.world.person.id


def test_the_first_that_begins_reads_and_the_other_is_not_asked(
    started: Started, browser: Extension, clock: Clock
) -> None:
    ask(started, clock, "full")
    other = started.pair()
    asked = state(browser)["walk"]
    assert (asked["kind"], asked["account"]) == ("full", started.world.person.id)
    assert state(other)["walk"] == asked, "to look is not to begin"
    assert told(started)["state"] == "asked"
    assert state(browser, asked)["walk"] == asked
    assert state(other)["walk"] is None
    assert state(other, asked, pages=99)["walk"] is None
    assert (told(started)["state"], told(started)["browser"], told(started)["pages"]) == (
        "reading",
        "Demo",
        0,
    )


def test_a_browser_that_went_silent_makes_room_and_does_not_come_back(
    started: Started, browser: Extension, clock: Clock
) -> None:
    ask(started, clock)
    other = started.pair()
    asked = state(browser)["walk"]
    state(browser, asked, pages=3)
    clock.now += timedelta(minutes=9)
    assert state(other)["walk"] is None
    clock.now += timedelta(minutes=1)
    assert told(started)["state"] == "silent"
    assert state(other, asked)["walk"] == asked
    assert state(browser, asked, pages=4)["walk"] is None
    assert state(browser, asked, state="stopped", reason="blocked")["walk"] is None
    assert (told(started)["state"], told(started)["pages"]) == ("reading", 0)


def test_a_browser_that_was_closed_goes_on_if_nobody_else_did(
    started: Started, browser: Extension, clock: Clock
) -> None:
    ask(started, clock)
    asked = state(browser)["walk"]
    state(browser, asked, pages=3)
    clock.now += timedelta(hours=9)
    assert state(browser, asked, pages=3)["walk"]["id"] == asked["id"]
    assert told(started)["state"] == "reading"


def test_it_is_over_when_the_browser_says_so(started: Started, browser: Extension, clock: Clock) -> None:
    ask(started, clock)
    asked = state(browser)["walk"]
    assert state(browser, asked, state="ended", pages=14, new=3, changed=1)["walk"] is None
    shown = told(started)
    assert [shown[name] for name in ("state", "pages", "new", "changed", "stop")] == ["ended", 14, 3, 1, None]
    assert state(browser, asked, pages=15)["walk"] is None
    assert told(started)["pages"] == 14
    due(started, clock)
    assert state(browser)["walk"]["id"] != asked["id"]


@pytest.mark.parametrize("reason", ["blocked", "tab_closed", "captcha", "something_new"])
def test_why_it_stopped_is_told_in_words(
    started: Started, browser: Extension, clock: Clock, reason: str
) -> None:
    ask(started, clock)
    state(browser, state(browser)["walk"], state="stopped", reason=reason)
    stop = told(started)["stop"]
    assert stop["code"] == reason
    assert stop["zh"]
    assert stop["en"]


def test_one_that_comes_due_while_a_browser_reads_is_the_same(
    started: Started, browser: Extension, clock: Clock
) -> None:
    ask(started, clock, rhythm="hourly")
    asked = state(browser)["walk"]
    clock.now += timedelta(hours=1, minutes=-1)
    state(browser, asked, pages=50)
    clock.now += timedelta(minutes=2)
    started.world.background.call(scheduler(started).consider)
    assert state(browser, asked, pages=51)["walk"] == asked


def test_the_person_cancels(started: Started, browser: Extension, clock: Clock) -> None:
    assert started.owner.call("DELETE", "/api/v1/schedule/asked").status == 404
    ask(started, clock)
    asked = state(browser)["walk"]
    state(browser, asked)
    assert started.owner.call("DELETE", "/api/v1/schedule/asked").json()["asked"]["state"] == "cancelled"
    assert state(browser, asked)["walk"] is None
    assert told(started)["state"] == "cancelled"
    assert started.owner.call("DELETE", "/api/v1/schedule/asked").status == 404


def test_the_person_asks_before_it_is_time(started: Started, browser: Extension) -> None:
    assert started.owner.call("POST", "/api/v1/schedule/asked").status == 404, "no schedule asks browsers"
    put(started, rhythm="weekly", days=[3], kind="full")
    assert state(browser)["walk"] is None
    assert started.owner.call("POST", "/api/v1/schedule/asked").json()["asked"]["state"] == "asked"
    asked = state(browser)["walk"]
    assert asked["kind"] == "full"
    assert state(browser, asked)["walk"] == asked
    started.owner.call("POST", "/api/v1/schedule/asked")
    assert state(browser, asked)["walk"] == asked, "one that is being read will do"


def test_another_schedule_takes_it_back(started: Started, browser: Extension, clock: Clock) -> None:
    ask(started, clock)
    put(started, rhythm="off")
    assert (state(browser)["walk"], told(started)["state"]) == (None, "cancelled")


def test_never_two_at_a_time(started: Started, browser: Extension, clock: Clock) -> None:
    """While the gateway walks itself, no browser does; one that reads, stops."""
    ask(started, clock)
    asked = state(browser)["walk"]
    state(browser, asked)
    open_gate = hold(started)
    assert started.owner.call("POST", "/api/v1/walks", {"kind": "sync"}).status == 202
    assert state(browser, asked)["walk"] is None
    assert told(started)["stop"]["code"] == "other_walk"
    due(started, clock)
    assert state(browser)["walk"] is None
    assert state(browser, asked)["walk"] is None
    assert told(started)["state"] == "asked"
    open_gate()
    assert rested(started).state == "ended"
    assert state(browser)["walk"]["id"] != asked["id"]


def hold(started: Started) -> Callable[[], None]:
    """The gateway's walk rests before its next request until it is let go."""
    gate, loop = asyncio.Event(), started.world.background.loop

    async def wait(_seconds: float) -> None:
        await gate.wait()

    started.gateway.carriers.first.walks.sleep = wait

    def open_gate() -> None:
        loop.call_soon_threadsafe(gate.set)

    return open_gate


def test_the_gateway_may_end_in_between(
    world: World, started: Started, browser: Extension, clock: Clock
) -> None:
    ask(started, clock)
    asked = state(browser)["walk"]
    clock.now = datetime.now(UTC)  # that of the gateway's next start
    state(browser, asked, pages=2)
    started.stop()
    again = world.start(port=started.port)
    assert told(again)["state"] == "reading"
    assert state(browser, asked, pages=3)["walk"] == asked


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "?"},
        {"state": "stopped", "reason": "<b>"},
        {"pages": -1},
        {"x": 1},
    ],
)
def test_what_is_no_report(
    started: Started, browser: Extension, clock: Clock, wrong: dict[str, object]
) -> None:
    ask(started, clock)
    asked = state(browser)["walk"]
    about = msgspec.json.encode({"walk": {"id": asked["id"], "state": "reading"} | wrong})
    status, answer = browser.send("/api/v1/state", about)
    assert (status, answer["code"]) == (400, "bad_message")
    assert told(started)["state"] == "asked"
