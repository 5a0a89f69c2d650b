"""Messages that are held back, come again, or name what is another's: none of them changes what a later one said."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import time_machine

from gateway.model import Medium, Status
from gateway.sandbox.person import Entry
from gateway.seal import Head, seal
from gateway.visitor import Extension, call
from tests.support import Started
from tests.test_two_at_once import subject
from tests.walks import lend

CAPTURES, STATE = "/api/v1/captures", "/api/v1/state"


def frame(browser: Extension, url: str, page: bytes, counter: int, age: float = 0) -> bytes:
    head = msgspec.json.encode({"url": url, "age": age, "trigger": "button", "status": 200})
    return browser.frame(CAPTURES, head + b"\n" + page, UUID(int=counter), counter)


def comment(started: Started, entry: Entry) -> Any:
    sql = "SELECT body ->> '$.comment' FROM mark WHERE medium = ? AND id = ?"
    asked = [entry.key.medium, entry.key.id]
    row = started.world.background.call(lambda: started.gateway.store.one(sql, asked))
    return row[0] if row else None


@pytest.mark.parametrize("hours", [0, 48])
def test_a_message_that_was_withheld_does_not_bring_the_past_back(started: Started, hours: int) -> None:
    """Two pages in the order in which they were sealed; whoever held the port lets the later one through first."""
    browser, world = started.pair(), started.world
    entry = next(each for each in world.person.of(Medium.MOVIE, Status.DONE) if not each.removed)
    url, frames = subject(entry), list[bytes]()
    for number, said in enumerate(("before", "after"), 1):
        world.person.edit(entry.key, comment=said)
        frames.append(frame(browser, url, world.visitor.open(url).body, number))
    assert browser.post(CAPTURES, frames[1]).status == 200
    assert comment(started, entry) == "after"
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
        assert browser.post(CAPTURES, frames[0]).status == 200
    assert comment(started, entry) == "after"


def test_a_page_that_had_to_wait_is_as_old_as_it_says(started: Started) -> None:
    """What was sealed later may have been captured earlier: it had to wait in the browser."""
    browser, world = started.pair(), started.world
    entry = next(each for each in world.person.of(Medium.MOVIE, Status.DONE) if not each.removed)
    url, pages = subject(entry), list[bytes]()
    for said in ("before", "after"):
        world.person.edit(entry.key, comment=said)
        pages.append(world.visitor.open(url).body)
    assert browser.post(CAPTURES, frame(browser, url, pages[0], 2, age=60)).status == 200
    assert browser.post(CAPTURES, frame(browser, url, pages[1], 1)).status == 200
    assert comment(started, entry) == "after"


def test_a_report_that_comes_again_says_nothing(started: Started) -> None:
    """The page count of a walk would go back, and its claim never lapse."""
    browser = lend(started)
    asked, begun = started.gateway.carriers.first.scheduler.asked, datetime.now(UTC)
    started.world.background.call(lambda: asked.ask("sync", begun))
    status, answer = browser.send(STATE, b"{}")
    assert (status, answer["walk"]["kind"]) == (200, "sync")

    def said(pages: int) -> bytes:
        report = {"walk": {"id": answer["walk"]["id"], "state": "reading", "pages": pages}}
        return browser.frame(STATE, msgspec.json.encode(report), counter=pages)

    def heard(at: datetime) -> tuple[int, str]:
        shown = started.world.background.call(lambda: asked.shown(at))
        assert shown
        return shown.pages, shown.state

    frames = [said(1), said(5)]
    for each in frames:
        assert browser.post(STATE, each).status == 200
    later = datetime.now(UTC) + timedelta(hours=2)
    with time_machine.travel(later, tick=True):
        for each in (*frames, *frames):
            assert browser.post(STATE, each).status == 200
        assert heard(later) == (5, "silent")
        assert browser.post(STATE, said(6)).status == 200
        assert heard(later) == (6, "reading")


def test_the_id_of_anothers_message_swallows_no_page(started: Started) -> None:
    """Ids are in the open. Who is paired, too, and has overheard one, takes it first."""
    world, message = started.world, UUID(int=99)
    one, other = started.pair(), started.pair()
    url = f"https://movie.douban.com/people/{world.person.id}/collect"
    assert other.capture("https://movie.douban.com/", b"<html>nothing</html>", message=message)[0] == 200
    page = world.visitor.open(url).body
    answers = [one.capture(url, page, message=message) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    assert answers[0][1]["marks"] > 0
    assert {name: answers[1][1][name] for name in ("capture", "marks", "new")} == {
        name: answers[0][1][name] for name in ("capture", "marks", "new")
    }


def test_a_goodbye_is_told_to_who_has_the_key(started: Started) -> None:
    """Key ids are in the open: who overheard one must not be taken for the browser, which has not heard of the wipe."""
    browser, gateway = started.pair(), started.gateway
    assert started.owner.call("POST", "/api/v1/wipe", {"word": "WIPE"}).status == 200
    head = Head(bytes.fromhex(browser.device), UUID(int=1), 1)
    forged = [
        seal(head, bytes(32), f"POST {STATE}", b"{}"),
        seal(head, browser.keys.requests, "POST /api/v1/session", b"{}"),
        head.pack() + bytes(40),
        bytes(11 * 1024 * 1024),
    ]
    for each in forged:
        reply = call(started.origin, "POST", STATE, headers={"Origin": browser.origin}, body=each)
        assert (reply.status, reply.headers["content-type"]) == (410, "application/problem+json")
    assert not started.world.background.call(gateway._over.is_set)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # what ends it
    status, told = browser.send(STATE, b"{}")
    assert (status, told["code"]) == (401, "wiped")
    started.world.background.run(gateway.wiped())
