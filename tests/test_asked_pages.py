"""How far an open browser reads a list: to what an earlier walk is known to have seen, whatever came in besides."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from gateway.journey import WalkKind
from gateway.model import Kind, Medium, Status, Subject, SubjectKey, Trigger
from gateway.sandbox.douban.sections import SECTIONS
from gateway.visitor import DoubanVisitor, Extension
from tests.support import Started, World
from tests.test_accounts import keep
from tests.test_asked import ask, state
from tests.test_schedule import Clock
from tests.walks import lend

PAGE = 15


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(started: Started, clock: Clock) -> Extension:
    started.gateway.carriers.first.scheduler.clock = clock
    return lend(started)


def mark(world: World, *days: date) -> None:
    """Finished games, the last one newest; the list has no others."""
    for day in days:
        number = str(77_000 + len(world.person.marks))
        told = Subject(key=SubjectKey(Medium.GAME, number), kind=Kind.GAME, title=f"游戏{number}")
        entry = world.person.add(told, Status.DONE)
        entry.mark = structs.replace(entry.mark, marked_on=day)


@pytest.fixture(autouse=True)
def games(world: World) -> None:
    """Three pages."""
    world.person.marks = [entry for entry in world.person.marks if entry.key.medium is not Medium.GAME]
    mark(world, *(date(2023, 1 + at // 28, 1 + at % 28) for at in range(40)))


def look(world: World, browser: Extension, start: int, trigger: Trigger) -> Any:
    url = f"https://www.douban.com/people/{world.person.id}/games?action=collect&start={start}"
    status, answer = browser.capture(url, world.visitor.open(url).body, trigger=trigger)
    assert (status, answer["verdict"]) == (200, "ok")
    return answer


def read(
    started: Started, browser: Extension, clock: Clock, kind: WalkKind = "sync", stop: int = 9
) -> list[int]:
    """A schedule asks, the browser reads the list as far as it should; returns how much each page told."""
    ask(started, clock, kind)
    asked = state(browser)["walk"]
    told: list[int] = []
    state(browser, asked)
    while len(told) < stop:
        answer = look(started.world, browser, PAGE * len(told), Trigger.ASKED)
        told.append(answer["new"] + answer["changed"])
        if answer["enough"] or PAGE * len(told) >= len(started.world.person.of(Medium.GAME, Status.DONE)):
            break
    state(browser, asked, state="ended")
    return told


def test_at_first_to_the_end_then_to_what_is_known(
    started: Started, browser: Extension, clock: Clock
) -> None:
    assert read(started, browser, clock) == [15, 15, 10]
    assert read(started, browser, clock) == [0]
    mark(started.world, *(date(2024, 1, 1 + at) for at in range(17)))
    assert read(started, browser, clock) == [15, 2, 0], "until a page tells nothing"
    assert read(started, browser, clock) == [0]


def test_what_the_person_looked_at_does_not_end_it(
    started: Started, browser: Extension, clock: Clock
) -> None:
    """Auto-sync took the first page: that it tells nothing new says nothing of the second."""
    read(started, browser, clock)
    mark(started.world, *(date(2024, 1, 1 + at) for at in range(17)))
    look(started.world, browser, 0, Trigger.AUTO)
    assert read(started, browser, clock) == [0, 2, 0]


def test_where_it_was_stopped_does_not_end_it(started: Started, browser: Extension, clock: Clock) -> None:
    read(started, browser, clock)
    mark(started.world, *(date(2024, 1, 1 + at % 28) for at in range(31)))
    assert read(started, browser, clock, stop=1) == [15]
    assert read(started, browser, clock, stop=2) == [0, 15]
    assert read(started, browser, clock) == [0, 0, 1, 0]
    assert read(started, browser, clock) == [0]


def test_one_day_may_fill_pages(started: Started, browser: Extension, clock: Clock) -> None:
    """What came later on the day that was the newest then stands before the rest of that day."""
    mark(started.world, *[date(2024, 1, 1)] * 16)
    read(started, browser, clock)
    mark(started.world, date(2024, 1, 1))
    look(started.world, browser, 0, Trigger.AUTO)
    assert read(started, browser, clock) == [0, 0]


def test_a_full_check_goes_to_the_end(started: Started, browser: Extension, clock: Clock) -> None:
    read(started, browser, clock)
    assert read(started, browser, clock, "full") == [0, 0, 0]


def test_a_page_that_is_missing_in_between(started: Started, browser: Extension, clock: Clock) -> None:
    read(started, browser, clock)
    ask(started, clock)
    state(browser, state(browser)["walk"])
    assert look(started.world, browser, 0, Trigger.ASKED)["enough"] is True
    assert look(started.world, browser, 2 * PAGE, Trigger.ASKED)["enough"] is False


def test_a_walk_that_is_over_says_nothing_of_the_next_page(
    started: Started, browser: Extension, clock: Clock
) -> None:
    read(started, browser, clock)
    assert read(started, browser, clock) == [0]
    assert look(started.world, browser, 0, Trigger.ASKED)["enough"] is False


def test_what_is_known_of_one_account_says_nothing_of_another(
    started: Started, browser: Extension, clock: Clock
) -> None:
    read(started, browser, clock)
    other = started.world.add_stranger()
    visitor = DoubanVisitor(started.world.douban_server.url, other.cookies)
    url = SECTIONS[Medium.BOOK].list_of(other.address, Status.DONE)
    browser.capture(url, visitor.open(url).body)
    keep(started, other)
    ask(started, clock)
    state(browser, state(browser)["walk"])
    assert look(started.world, browser, 0, Trigger.ASKED)["enough"] is True
    answer = browser.capture(url, visitor.open(url).body, trigger=Trigger.ASKED)[1]
    assert (answer["verdict"], answer["enough"]) == ("ok", False)


def test_the_same_page_sent_again_is_answered_the_same(
    started: Started, browser: Extension, clock: Clock
) -> None:
    read(started, browser, clock)
    ask(started, clock)
    state(browser, state(browser)["walk"])
    first = look(started.world, browser, 0, Trigger.ASKED)
    assert first["enough"] is True
    assert look(started.world, browser, 0, Trigger.AUTO)["enough"] is False, "to what was not asked for"
