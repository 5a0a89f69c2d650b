"""Walks over a person's lists with the log-in of their browser, from the API to the library and to Feishu."""

import asyncio
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from gateway.coverage import LISTS
from gateway.journey import WalkKind
from gateway.model import Medium, Status, Trigger
from gateway.sandbox.douban.site import Blocked
from gateway.sandbox.http import Drop, Response
from gateway.sessions import Session
from tests.support import Background, Started, World
from tests.walks import (
    AGENT,
    LOGIN,
    Asked,
    Gate,
    is_same,
    lend,
    library,
    mark_new,
    pages,
    rested,
    resume,
    session,
    shown,
    walk,
)

MARKS = 400


@pytest.fixture
def world(beside: Background, tmp_path: Path) -> World:
    return World(beside, tmp_path / "data", marks=MARKS)


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


@pytest.fixture
def started(world: World, gate: Gate) -> Started:
    del gate
    started = world.start()
    lend(started)
    return started


def of_lists(gate: Gate) -> list[Asked]:
    return [asked for asked in gate.asked if isinstance(asked, tuple)]


def counted(world: World) -> int:
    """Pages of all lists together."""
    return sum(pages(world.person, medium, status) for medium, status in LISTS)


def test_all_marks_come_and_go_on_to_feishu(world: World, gate: Gate, started: Started) -> None:
    assert started.connect().status == 200
    over = walk(started, "full")
    assert (over.state, over.stop, over.new, over.removed, over.unproven) == ("ended", None, MARKS, 0, {})
    kept = library(started)
    assert len(kept) == MARKS
    assert all(is_same(kept[entry.key][0], entry) for entry in world.person.marks)
    assert len(gate.requests) == counted(world) + len(LISTS) + 1, (
        "each page, a last look at each list, and who it is"
    )
    for request in gate.requests:
        assert request.headers["user-agent"] == AGENT
        assert request.host == "m.douban.com"
        assert world.person.dbcl2 in request.headers["cookie"]
    sql = "SELECT DISTINCT trigger, device FROM capture"
    assert world.background.call(lambda: list(started.gateway.store.rows(sql))) == [(Trigger.WALK, "full")]
    assert started.settled().state == "idle"
    assert len(world.rows()) == MARKS
    assert started.captures() == [], "a walk's pages do not push those of the browser out of sight"


def test_how_far_each_list_is_known(world: World, started: Started) -> None:
    assert {each["known"]["back_to"] for each in shown(started)["lists"]} == {None}
    walk(started, "sync")
    for each in shown(started)["lists"]:
        truth = world.person.of(Medium(each["medium"]), Status(each["status"]))
        known = each["known"]
        oldest = min((entry.made for entry in truth), default=None)
        assert known["back_to"] == (oldest.date().isoformat() if oldest else None)
        assert (known["claimed"], known["seen"], each["hidden"], each["gap"]) == (
            len(truth),
            len(truth),
            0,
            None,
        )
        assert known["ended_at"] is not None
        assert known["ended_at"] == known["at"]


def snapshot(world: World, folder: Path) -> None:
    """What is on the disk at this moment: what a killed gateway leaves behind."""
    folder.mkdir()
    for file in world.folder.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copy(file, folder / file.name)


@pytest.mark.parametrize("kind", ["sync", "full"])
def test_killed_anywhere_it_goes_on_and_asks_nothing_twice(
    world: World, gate: Gate, started: Started, tmp_path: Path, kind: str
) -> None:
    left: list[tuple[int, Path]] = []

    def leave(_asked: Asked) -> None:
        number = len(gate.requests)
        if number % 7 == 3:
            left.append((number, tmp_path / f"left-{number}"))
            snapshot(world, left[-1][1])

    gate.act = leave
    walk(started, "full" if kind == "full" else "sync")
    whole = gate.asked
    before = library(started)
    gate.act = lambda _asked: None
    started.stop()
    assert len(left) >= 3
    for number, folder in left:
        gate.requests.clear()
        world.settings = msgspec.structs.replace(world.settings, data=folder)
        again = world.start()
        over = rested(again)
        assert (over.state, over.pages) == ("ended", sum(isinstance(each, tuple) for each in whole))
        assert gate.asked == whole[number - 1 :], "from the request that was cut off on"
        assert library(again) == before
        again.stop()


def test_a_second_sync_stops_at_what_is_known(world: World, gate: Gate, started: Started) -> None:
    walk(started, "sync")
    assert len(gate.requests) == counted(world)
    gate.requests.clear()
    entry = world.person.of(Medium.MOVIE, Status.WISH)[-1]
    world.person.edit(entry.key, status=Status.DONE, rating=4)
    over = walk(started, "sync")
    long = sum(pages(world.person, medium, status) > 1 for medium, status in LISTS)
    assert long
    assert max(Counter(each[:2] for each in of_lists(gate)).values()) == 2
    assert Counter(each[:2] for each in of_lists(gate))["movie", "done"] == 2, (
        "its first page told of the change"
    )
    assert (over.new, over.changed) == (0, 1)
    assert is_same(library(started)[entry.key][0], entry)
    gate.requests.clear()
    walk(started, "sync")
    assert len(gate.requests) == len(LISTS)


def test_what_a_browser_showed_first_does_not_stop_the_first_sync(world: World, started: Started) -> None:
    """The newest 60 are known from list pages; what is below them is not."""
    browser = started.pair()
    for start in range(0, 60, 15):
        url = f"https://movie.douban.com/people/{world.person.address}/collect?start={start}&sort=time&rating=all&filter=all&mode=grid"
        browser.capture(url, world.visitor.open(url).body)
    assert 0 < started.marks() < MARKS
    walk(started, "sync")
    assert started.marks() == MARKS


def test_a_sync_that_was_given_up_leaves_no_hole(world: World, gate: Gate, started: Started) -> None:
    """The next one finds a whole page of known marks on top, and goes on: what is below was never seen."""
    walk(started, "sync")
    mark_new(world, 120)
    gate.act = lambda asked: cancel(started) if asked == ("movie", "done", 50) else None
    assert walk(started, "sync").state == "cancelled"
    assert started.marks() == MARKS + 50
    gate.act = lambda _asked: None
    assert walk(started, "sync").new == 70
    assert started.marks() == MARKS + 120


def test_a_mark_that_slipped_past_a_sync_is_found_by_the_next(
    world: World, gate: Gate, started: Started
) -> None:
    """One above it was taken away between two pages: it moved to the page that was read already."""
    walk(started, "sync")
    mark_new(world, 120)
    newest = world.person.of(Medium.MOVIE, Status.DONE)[0].key

    def remove(asked: Asked) -> None:
        if asked == ("movie", "done", 100):
            world.person.remove(newest)

    gate.act = remove
    assert walk(started, "sync").new == 119
    gate.act = lambda _asked: None
    assert walk(started, "sync").new == 1
    gate.requests.clear()
    walk(started, "sync")
    assert len(gate.requests) == len(LISTS), "then all is known"


def test_what_an_open_browser_read_to_the_end_is_no_reason_to_read_all_again(
    world: World, gate: Gate, started: Started
) -> None:
    """Its pages tell days alone; what the gateway's own walk knows of the newest mark still holds."""
    walk(started, "sync")
    scheduler = started.gateway.carriers.first.scheduler
    world.background.call(lambda: scheduler.asked.ask("full", scheduler.clock()))
    browser = started.pair()
    for start in range(0, len(world.person.of(Medium.MOVIE, Status.DONE)), 15):
        url = f"https://movie.douban.com/people/{world.person.address}/collect?start={start}&sort=time&rating=all&filter=all&mode=grid"
        browser.capture(url, world.visitor.open(url).body, trigger=Trigger.ASKED)
    films = next(
        each["known"]
        for each in shown(started)["lists"]
        if (each["medium"], each["status"]) == ("movie", "done")
    )
    assert (
        films["ended_at"]
        == films["at"]
        > max(
            each["known"]["at"]
            for each in shown(started)["lists"]
            if (each["medium"], each["status"]) != ("movie", "done")
        )
    )
    gate.requests.clear()
    walk(started, "sync")
    assert len(gate.requests) == len(LISTS)


def cancel(started: Started) -> None:
    started.gateway.carriers.first.walks.cancel()


def test_an_edit_far_down_is_found_by_the_full_check_alone(world: World, started: Started) -> None:
    walk(started, "sync")
    entry = world.person.of(Medium.MOVIE, Status.DONE)[-3]
    world.person.edit(entry.key, rating=1, comment="多年以后改了主意。")
    assert walk(started, "sync").changed == 0
    assert walk(started, "full").changed == 1
    assert is_same(library(started)[entry.key][0], entry)


STOPS: list[tuple[Blocked, str]] = [("403", "ip_refused"), ("418", "forbidden"), ("429", "too_often")]


@pytest.mark.parametrize(("why", "code"), STOPS)
def test_a_stop_stays_until_the_person_clears_it(
    world: World, gate: Gate, started: Started, why: Blocked, code: str
) -> None:
    world.douban.blocked, world.douban.blocked_after = why, 4
    over = walk(started, "full")
    assert over.stop is not None
    assert (over.state, over.stop.code, over.pages) == ("stopped", code, 5)
    assert over.stop.zh
    assert over.stop.en
    again = started.owner.call("POST", "/api/v1/walks", {"kind": "sync"})
    assert (again.status, again.json()["code"]) == (409, "walk_under_way")
    started.stop()
    started = world.start()
    assert rested(started).state == "stopped"
    assert len(gate.requests) == 5, "nothing was tried again"
    world.douban.blocked = None
    assert resume(started).state == "ended"
    assert started.marks() == MARKS


class Clock:
    """It stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def drop(gate: Gate, times: int) -> None:
    """So many requests for the front of one list are cut off."""

    def act(asked: Asked) -> Drop | None:
        return Drop() if asked == FRONT and gate.asked.count(FRONT) <= times else None

    gate.act = act


FRONT = ("book", "done", 0)


def test_a_connection_that_breaks(world: World, gate: Gate, started: Started) -> None:
    """It waits, and the person may have it go on at once."""
    clock = started.gateway.carriers.first.walks.clock = Clock()
    drop(gate, 1)
    over = walk(started, "sync")
    assert over.stop is not None
    assert (over.state, over.stop.code) == ("waiting", "unreachable")
    assert over.goes_on_at == clock.now + timedelta(minutes=1)
    assert resume(started).state == "ended"
    assert len(gate.requests) == counted(world) + 1
    assert started.marks() == MARKS


def wake(started: Started) -> None:
    """A minute is over, and the walk looks whether it is time."""
    walks = started.gateway.carriers.first.walks

    def look() -> None:
        walks._resting.clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # so that the test can wait for it
        walks._wake.set()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # nobody waits a minute

    started.world.background.call(look)


def test_a_network_that_stays_away_is_tried_ever_more_slowly(
    world: World, gate: Gate, started: Started
) -> None:
    clock = started.gateway.carriers.first.walks.clock = Clock()
    drop(gate, 6)
    waited: list[int] = []
    over = walk(started, "sync")
    while over.goes_on_at is not None:
        assert over.state == "waiting"
        waited.append(round((over.goes_on_at - clock.now).total_seconds() / 60))
        asked = len(gate.requests)
        clock.now = over.goes_on_at - timedelta(seconds=1)
        wake(started)
        assert rested(started).goes_on_at == over.goes_on_at
        assert len(gate.requests) == asked, "not a moment before"
        clock.now = over.goes_on_at
        wake(started)
        over = rested(started)
    assert waited == [1, 5, 15, 60, 60, 60]
    assert (over.state, started.marks()) == ("ended", MARKS)
    assert len(gate.requests) == counted(world) + 6, "nothing else was asked twice"


def test_a_network_that_comes_back_late_after_the_machine_slept(gate: Gate, started: Started) -> None:
    """It tries when it wakes, in vain, and not again an hour later."""
    clock = started.gateway.carriers.first.walks.clock = Clock()
    drop(gate, 5)
    over = walk(started, "sync")
    for _ in range(3):
        assert over.goes_on_at is not None
        clock.now = over.goes_on_at
        wake(started)
        over = rested(started)
    assert over.goes_on_at == clock.now + timedelta(hours=1)
    clock.now += timedelta(hours=9)
    wake(started)
    assert rested(started).goes_on_at == clock.now + timedelta(minutes=1)


def test_it_tries_again_by_itself_also_after_a_restart(world: World, gate: Gate, started: Started) -> None:
    started.gateway.carriers.first.walks.clock = Clock()
    drop(gate, 1)
    assert walk(started, "full").state == "waiting"
    started.stop()
    started = world.start()
    assert rested(started).state == "ended", "long ago it was time"
    assert started.marks() == MARKS


def test_a_clock_that_was_set_back_does_not_hold_it_up(world: World, gate: Gate, started: Started) -> None:
    clock = started.gateway.carriers.first.walks.clock = Clock()
    drop(gate, 1)
    walk(started, "sync")
    clock.now -= timedelta(days=400)
    wake(started)
    assert rested(started).state == "ended"
    assert len(gate.requests) == counted(world) + 1


def test_one_that_waits_for_the_network_can_be_cancelled(gate: Gate, started: Started) -> None:
    drop(gate, 1)
    assert walk(started, "sync").state == "waiting"
    assert started.owner.call("DELETE", "/api/v1/walks").json()["walk"]["state"] == "cancelled"
    asked = len(gate.requests)
    wake(started)
    assert (rested(started).state, len(gate.requests)) == ("cancelled", asked)


def test_a_walk_that_is_paused(world: World, gate: Gate, started: Started) -> None:
    """The page under way is taken in, no other is asked for, and it goes on from there."""
    walks = started.gateway.carriers.first.walks
    gate.act = lambda asked: walks.pause() if asked == ("movie", "done", 50) else None
    over = walk(started, "full")
    assert over.stop is not None
    assert (over.state, over.stop.code, over.medium, over.rows) == ("paused", "paused", "movie", 100)
    asked = gate.asked
    assert asked[-1] == ("movie", "done", 50)
    wake(started)
    assert rested(started).state == "paused"
    started.stop()
    started = world.start()
    assert rested(started).state == "paused"
    lend(started)
    assert (rested(started).state, gate.asked) == ("paused", asked), "a log-in is not the person's word"
    assert resume(started).state == "ended"
    assert gate.asked[len(asked)] == ("movie", "done", 100)
    assert (len(gate.requests), started.marks()) == (counted(world) + len(LISTS) + 1, MARKS)


def test_the_person_pauses_it_between_two_pages(gate: Gate, started: Started) -> None:
    walks, background = started.gateway.carriers.first.walks, started.world.background
    told: list[int] = []

    async def rest(_seconds: float) -> None:
        if len(gate.requests) == 3 and not told:
            reply = await asyncio.to_thread(lambda: started.owner.call("POST", "/api/v1/walks/pause"))
            told.append(reply.status)

    background.call(lambda: setattr(walks, "sleep", rest))
    assert walk(started, "sync").state == "paused"
    assert (told, len(gate.requests)) == ([202], 3)
    assert resume(started).state == "ended"
    assert started.owner.call("POST", "/api/v1/walks/pause").status == 404


def lefts(started: Started, kind: WalkKind) -> list[tuple[int, float | None]]:
    """How many requests were still to come each time that a page was asked for, and how long that was said to take."""
    walks = started.gateway.carriers.first.walks
    told: list[float | None] = []

    async def rest(_seconds: float) -> None:
        assert walks.shown is not None
        assert walks.shown.event.left == walks.shown.left
        told.append(walks.shown.left)

    started.world.background.call(lambda: setattr(walks, "sleep", rest))
    assert walk(started, kind).state == "ended"
    return [(len(told) - number, left) for number, left in enumerate(told)]


def test_how_long_it_still_takes(started: Started) -> None:
    """Six seconds a page, at first; nobody can tell before all lists were seen once."""
    assert {left for _, left in lefts(started, "sync")} == {None}
    for kind in ("sync", "full"):
        told = lefts(started, kind)
        assert len(told) >= len(LISTS)
        assert all(left == 6 * number for number, left in told), told


def test_how_long_cannot_be_told_where_the_day_is_too_short(started: Started) -> None:
    walk(started, "sync")
    started.gateway.carriers.first.walks.daily = 2 * len(LISTS) + 8
    assert {left for _, left in lefts(started, "sync")} != {None}
    walks = started.gateway.carriers.first.walks
    told: list[float | None] = []

    async def rest(_seconds: float) -> None:
        assert walks.shown is not None
        told.append(walks.shown.left)

    started.world.background.call(lambda: setattr(walks, "sleep", rest))
    assert walk(started, "full").state == "waiting"
    assert set(told) <= {None}


def test_the_session_ends_in_the_middle(world: World, gate: Gate, started: Started) -> None:
    world.douban.session_ends_after = 3
    over = walk(started, "full")
    assert over.stop is not None
    assert (over.state, over.stop.code, over.pages) == ("stopped", "login_page", 4)
    asked = len(gate.requests)
    world.douban.session_ends_after = None
    lend(started)
    assert rested(started).state == "ended", "a new log-in was all that it waited for"
    assert started.marks() == MARKS
    assert gate.asked[asked] == gate.asked[asked - 1], "from there on"


def test_a_log_in_that_comes_while_the_old_one_is_refused(world: World, gate: Gate, started: Started) -> None:
    """Nobody hands it over once more."""
    refused: list[Asked] = []
    newer = msgspec.json.decode(session(world.person), type=Session)
    newer.cookies.append(structs.replace(newer.cookies[0], name="bid2"))

    def act(asked: Asked) -> Response | None:
        if asked != ("movie", "done", 50) or refused:
            return None
        refused.append(asked)
        started.gateway.sessions.keep(newer)
        return LOGIN

    gate.act = act
    assert walk(started, "sync").state == "ended"
    assert (refused, started.marks()) == ([("movie", "done", 50)], MARKS)


def test_a_log_in_clears_no_warning_of_doubans(world: World, gate: Gate, started: Started) -> None:
    world.douban.blocked = "403"
    assert walk(started, "sync").state == "stopped"
    world.douban.blocked = None
    lend(started)
    over = rested(started)
    assert over.stop is not None
    assert (over.stop.code, len(gate.requests)) == ("ip_refused", 1)


def test_another_accounts_log_in_does_not_let_it_go_on(world: World, gate: Gate, started: Started) -> None:
    world.douban.session_ends_after = 3
    assert walk(started, "full").state == "stopped"
    asked = len(gate.requests)
    lend(started, world.add_stranger())
    assert (rested(started).state, len(gate.requests)) == ("stopped", asked)


def test_without_a_log_in_there_is_no_walk(world: World, gate: Gate) -> None:
    started = world.start()
    reply = started.owner.call("POST", "/api/v1/walks", {"kind": "sync"})
    assert (reply.status, reply.json()["code"]) == (409, "no_douban_login")
    lend(started, agent="")
    assert started.owner.call("POST", "/api/v1/walks", {"kind": "sync"}).json()["code"] == "no_douban_login"
    assert gate.requests == []


def test_another_accounts_log_in(world: World, gate: Gate) -> None:
    started = world.start()
    url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"
    started.pair().capture(url, world.visitor.open(url).body)
    lend(started, world.add_stranger())
    reply = started.owner.call("POST", "/api/v1/walks", {"kind": "full"})
    assert (reply.status, reply.json()["code"]) == (409, "other_douban_login")
    assert gate.requests == []


def test_a_log_in_that_expired_is_not_sent(world: World, gate: Gate) -> None:
    started = world.start()
    message = msgspec.json.decode(session(world.person))
    message["cookies"][0]["expires"] = 1_600_000_000
    started.pair().send("/api/v1/session", msgspec.json.encode(message))
    over = walk(started, "sync")
    assert over.stop is not None
    assert (over.state, over.stop.code, gate.requests) == ("stopped", "login_page", [])


def test_only_what_douban_gets_is_sent(world: World, gate: Gate) -> None:
    started = world.start()
    message = msgspec.json.decode(session(world.person))
    plain = {"path": "/", "secure": False, "http_only": False}
    message["cookies"] += [
        plain | {"name": "elsewhere", "value": "1", "domain": "book.douban.com"},
        plain | {"name": "deep", "value": "1", "domain": ".douban.com", "path": "/people"},
        plain | {"name": "odd", "value": "1\r\nX-Odd: 1", "domain": ".douban.com"},
        plain | {"name": "own", "value": "1", "domain": "m.douban.com"},
    ]
    started.pair().send("/api/v1/session", msgspec.json.encode(message))
    walk(started, "sync")
    sent = {part.split("=")[0].strip() for part in gate.requests[0].headers["cookie"].split(";")}
    assert sent == {*world.person.cookies, "own"}


def test_a_device_cannot_pass_for_a_walk(world: World) -> None:
    started = world.start()
    status, answer = started.pair().capture("https://m.douban.com/", b"x", trigger=Trigger.WALK)
    assert (status, answer["code"]) == (400, "bad_message")


def test_the_day_has_so_many_requests(gate: Gate, started: Started) -> None:
    walks, day = started.gateway.carriers.first.walks, datetime(2026, 11, 20, 4, tzinfo=UTC)
    walks.clock, walks.daily = (lambda: day), 5
    over = walk(started, "sync")
    assert over.stop is not None
    assert (over.state, over.stop.code, over.requests_today, len(gate.requests)) == (
        "waiting",
        "day_used_up",
        5,
        5,
    )
    assert resume(started).state == "waiting"
    assert started.owner.call("DELETE", "/api/v1/walks").status == 200
    assert walk(started, "sync").state == "waiting", "a new walk makes no new allowance"
    assert len(gate.requests) == 5
    walks.clock, walks.daily = (lambda: day + timedelta(days=1)), 600
    assert shown(started)["walk"]["state"] == "walking", "it is due to go on"
    assert resume(started).state == "ended"
    assert started.marks() == MARKS


def test_a_walk_that_is_cancelled(world: World, gate: Gate, started: Started) -> None:
    gate.act = lambda asked: cancel(started) if asked == ("movie", "done", 50) else None
    over = walk(started, "full")
    assert (over.state, over.medium) == ("cancelled", None)
    assert 0 < started.marks() < MARKS
    for method, path in (("DELETE", "/api/v1/walks"), ("POST", "/api/v1/walks/resume")):
        assert started.owner.call(method, path).status == 404
    started.stop()
    gate.act = lambda _asked: None
    started = world.start()
    assert rested(started).state == "cancelled", "a restart does not take it up again"
    assert walk(started, "full").state == "ended"


def test_a_full_disk_stops_it_and_nothing_is_half_stored(world: World, gate: Gate, started: Started) -> None:
    store = started.gateway.store

    def fill(asked: Asked) -> Response | None:
        if asked == ("movie", "done", 50):
            (used,) = store.one("PRAGMA page_count") or (0,)
            store.one(f"PRAGMA max_page_count = {used}")
        return None

    gate.act = fill
    over = walk(started, "sync")
    assert over.stop is not None
    assert (over.state, over.stop.code) == ("stopped", "library_fault")
    before = started.marks()
    asked = len(gate.requests)
    gate.act = lambda _asked: None
    world.background.call(lambda: store.one("PRAGMA max_page_count = 1000000000"))
    assert resume(started).state == "ended"
    assert gate.asked[asked] == ("movie", "done", 50), "what was not stored is asked again"
    assert before < started.marks() == MARKS


def test_two_walks_at_once_are_one(world: World, gate: Gate, started: Started) -> None:
    replies: list[int] = []

    def again(asked: Asked) -> None:
        if asked == ("movie", "done", 0):
            try:
                started.gateway.carriers.first.walks.start("full")
            except Exception as error:  # noqa: BLE001  # which one is what the test is about
                replies.append(getattr(error, "status", 0))

    gate.act = again
    assert walk(started, "sync").state == "ended"
    assert replies == [409]
    assert len(gate.requests) == counted(world)
