"""Several accounts of Douban on one gateway: each with its own marks, its own tables, its own runs."""

import asyncio
from typing import Any

import msgspec
import pytest

from gateway.carriers import Carrier
from gateway.events import Event, Walked
from gateway.model import Medium, Status
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.person import Person
from gateway.visitor import DoubanVisitor, Extension, Reply
from tests.support import APP_ID, Started, World
from tests.test_push import right
from tests.walks import lend, session


@pytest.fixture
def started(stocked: Started) -> Started:
    """A gateway that carries one account already."""
    stocked.connect()
    right(stocked)
    return stocked


@pytest.fixture
def other(world: World) -> Person:
    return world.add_stranger()


def visit(started: Started, person: Person, browser: Extension | None = None) -> list[Any]:
    """Captures the first page of each list of films and books, as that person; returns the answers."""
    visitor = DoubanVisitor(started.world.douban_server.url, person.cookies)
    browser = browser or started.pair()
    urls = [
        SECTIONS[medium].list_of(person.address, status)
        for medium in (Medium.MOVIE, Medium.BOOK)
        for status in Status
    ]
    return [browser.capture(url, visitor.open(url).body)[1] for url in urls]


def ask(started: Started, method: str, path: str, account: str, data: Any = None) -> Reply:
    return started.owner.call(method, f"{path}?account={account}", data)


def overview(started: Started, account: str = "") -> Any:
    reply = started.owner.call("GET", f"/api/v1/overview{'?account=' + account if account else ''}")
    assert reply.status == 200, reply.body
    return reply.json()


def keep(started: Started, person: Person) -> Carrier:
    assert started.owner.call("POST", f"/api/v1/accounts/{person.id}/keep").status == 200
    return carrier_of(started, person)


def carrier_of(started: Started, person: Person) -> Carrier:
    return started.world.background.call(lambda: started.gateway.carriers.of(person.id))


def connect(started: Started, person: Person, address: str | None = None, **changes: Any) -> Reply:
    return ask(started, "PUT", "/api/v1/feishu", person.id, started.entered(address, changes))


def settled(started: Started, carrier: Carrier) -> Any:
    return started.world.background.run(carrier.sync.rest())


def test_another_account_is_met_and_nothing_is_mixed(started: Started, other: Person) -> None:
    before = overview(started)
    answers = visit(started, other)
    assert {(answer["verdict"], answer["reason"]["code"]) for answer in answers} == {
        ("foreign", "other_account")
    }
    now = overview(started)
    assert [account["id"] for account in now["met"]] == [other.id]
    assert (now["marks"], now["push"]["pushed"]) == (before["marks"], before["push"]["pushed"])
    assert len(now["accounts"]) == 1
    assert ask(started, "GET", "/api/v1/overview", other.id).status == 404


def test_what_was_captured_before_is_kept_with_the_account(started: Started, other: Person) -> None:
    shown = sum(answer["marks"] for answer in visit(started, other))
    assert shown == 0
    mine = overview(started)["marks"]
    carrier = keep(started, other)
    theirs = overview(started, other.id)
    assert sum(theirs["marks"].values()) > 0
    assert theirs["account"]["id"] == other.id
    assert overview(started)["marks"] == mine
    assert overview(started)["met"] == []
    assert settled(started, carrier).state == "unset"


def test_each_account_has_tables_of_its_own_in_one_bitable(started: Started, other: Person) -> None:
    world = started.world
    first = world.rows()
    visit(started, other)
    carrier = keep(started, other)
    reply = connect(started, other)
    assert reply.status == 200, reply.body
    (table,) = reply.json()["tables"]
    assert table["name"] == "豆瓣标记 (D2F)"
    state = settled(started, carrier)
    held = sum(overview(started, other.id)["marks"].values())
    assert (state.state, state.pushed, len(world.rows("豆瓣标记 (D2F)"))) == ("idle", held, held)
    assert world.rows() == first
    assert connect(started, other).json()["tables"] == [table]  # once more: it is the same one


def test_the_table_of_another_account_is_refused(started: Started, other: Person) -> None:
    visit(started, other)
    keep(started, other)
    first = started.world.rows()
    reply = connect(started, other, started.world.table_url)
    assert (reply.status, reply.json()["code"]) == (409, "table_of_other")
    assert started.world.rows() == first


def test_a_bitable_of_its_own(started: Started, other: Person) -> None:
    world = started.world
    visit(started, other)
    carrier = keep(started, other)
    token = world.background.call(lambda: world.feishu.add_base("她的书影音", collaborators={APP_ID: "edit"}))
    assert connect(started, other, f"https://example.feishu.cn/base/{token}").status == 200
    settled(started, carrier)
    rows = world.background.call(lambda: world.feishu.rows(token, "豆瓣标记"))
    assert len(rows) == sum(overview(started, other.id)["marks"].values())
    right(started)


def test_runs_pause_and_policies_are_each_ones_own(started: Started, other: Person) -> None:
    visit(started, other)
    carrier = keep(started, other)
    assert ask(started, "POST", "/api/v1/push/pause", other.id).status == 202
    assert ask(started, "PUT", "/api/v1/removals", other.id, {"policy": "delete"}).status == 200
    assert ask(started, "PUT", "/api/v1/schedule", other.id, {"rhythm": "daily"}).status == 200
    connect(started, other)
    assert settled(started, carrier).state == "paused"
    mine = overview(started)
    assert (mine["push"]["state"], mine["removals"]) == ("idle", "keep")
    assert started.owner.call("GET", "/api/v1/schedule").json()["schedule"]["rhythm"] == "off"
    theirs = ask(started, "GET", "/api/v1/runs", other.id).json()
    assert {run["id"] for run in theirs}.isdisjoint(
        run["id"] for run in started.owner.call("GET", "/api/v1/runs").json()
    )
    assert ask(started, "POST", "/api/v1/push/resume", other.id).status == 202
    assert settled(started, carrier).pushed == sum(overview(started, other.id)["marks"].values())


def test_after_a_restart_both_go_on(started: Started, other: Person) -> None:
    world = started.world
    visit(started, other)
    connect_after = keep(started, other)
    connect(started, other)
    settled(started, connect_after)
    first, second = world.rows(), world.rows("豆瓣标记 (D2F)")
    started.stop()
    again = world.start()
    assert [account["id"] for account in overview(again)["accounts"]] == [world.person.id, other.id]
    visit(again, other)
    assert settled(again, carrier_of(again, other)).state == "idle"
    right(again)
    assert (world.rows(), world.rows("豆瓣标记 (D2F)")) == (first, second)


def test_a_browser_is_told_of_the_account_that_it_shows(started: Started, other: Person) -> None:
    visit(started, other)
    keep(started, other)
    theirs, mine = started.pair(), started.pair()
    visit(started, other, theirs)
    visit(started, started.world.person, mine)
    told = [browser.send("/api/v1/state", b"{}")[1] for browser in (theirs, mine)]
    assert [each["account"]["id"] for each in told] == [other.id, started.world.person.id]
    assert [each["push"]["state"] for each in told] == ["unset", "idle"]


def test_who_is_declined_is_not_asked_about_again(started: Started, other: Person) -> None:
    visit(started, other)
    assert started.owner.call("POST", f"/api/v1/accounts/{other.id}/decline").status == 200
    assert {answer["verdict"] for answer in visit(started, other)} == {"foreign"}
    assert overview(started)["met"] == []
    assert started.owner.call("POST", f"/api/v1/accounts/{started.world.person.id}/decline").status == 404
    assert started.owner.call("POST", "/api/v1/accounts/1/keep").status == 404


def test_walks_of_two_accounts_take_turns(started: Started, other: Person) -> None:
    world = started.world
    visit(started, other)
    carrier = keep(started, other)
    browser = lend(started)
    assert browser.send("/api/v1/session", session(other))[0] == 200
    assert started.owner.call("POST", "/api/v1/walks", {"kind": "full"}).status == 202
    begun = ask(started, "POST", "/api/v1/walks", other.id, {"kind": "full"})
    assert (begun.status, begun.json()["walk"]["state"]) == (202, "queued")
    assert begun.json()["walk"]["stop"]["code"] == "other_walk"
    first = world.background.run(started.gateway.carriers.first.walks.rest())
    second = world.background.run(carrier.walks.rest())
    assert first is not None
    assert second is not None
    assert (first.state, second.state) == ("ended", "ended")
    assert second.requests_today > second.pages > 0
    assert second.requests_today >= first.pages + second.pages  # one allowance for both
    assert sum(overview(started, other.id)["marks"].values()) == len(other.marks)


def test_a_kind_that_only_the_other_account_has_a_table_for_is_left_out(
    started: Started, other: Person
) -> None:
    visit(started, other)
    carrier = keep(started, other)
    path = f"/api/v1/marks?account={other.id}"
    assert {mark["record"] for mark in started.owner.call("GET", path).json()["marks"]} == {"waiting"}
    token = started.world.background.call(
        lambda: started.world.feishu.add_base("她的电影", collaborators={APP_ID: "edit"})
    )
    address = f"https://example.feishu.cn/base/{token}"
    assert connect(started, other, address, layout="three").status == 200
    settled(started, carrier)
    lists = SECTIONS[Medium.MUSIC].list_of(other.address, Status.DONE)
    page = DoubanVisitor(started.world.douban_server.url, other.cookies).open(lists).body
    assert started.pair().capture(lists, page)[1]["new"] > 0
    settled(started, carrier)
    marks = started.owner.call("GET", path).json()["marks"]
    records = {(mark["kind"] == "music", mark["record"]) for mark in marks}
    assert records == {(True, "left_out"), (False, "shown")}


def test_a_page_that_douban_refuses_a_walk_belongs_to_the_walkers_runs(
    started: Started, other: Person
) -> None:
    world = started.world
    visit(started, other)
    carrier = keep(started, other)
    settled(started, carrier)
    lend(started, other)
    before = overview(started)["runs"]
    world.background.call(lambda: setattr(world.douban, "blocked", "403"))
    assert ask(started, "POST", "/api/v1/walks", other.id, {"kind": "sync"}).status == 202
    walked = world.background.run(carrier.walks.rest())
    assert walked is not None
    assert (walked.state, walked.pages) == ("stopped", 1)
    assert overview(started, other.id)["runs"][0]["cause"] == "walk"
    assert overview(started)["runs"] == before


def test_news_of_a_walk_that_a_browser_reads_are_for_its_account(started: Started, other: Person) -> None:
    world = started.world
    visit(started, other)
    carrier = keep(started, other)
    browser = lend(started, other)
    visit(started, other, browser)
    world.background.call(lambda: carrier.scheduler.asked.ask("sync", carrier.scheduler.clock()))
    asked = browser.send("/api/v1/state", b"{}")[1]["walk"]
    assert asked["account"] == other.id
    listening = started.gateway.events.listen()

    async def hear() -> Event:
        return await anext(listening)

    hearing = asyncio.run_coroutine_threadsafe(hear(), world.background.loop)
    report = msgspec.json.encode({"walk": {"id": asked["id"], "state": "reading", "pages": 1}})
    assert browser.send("/api/v1/state", report)[1]["walk"] == asked
    told = hearing.result(60)
    assert isinstance(told, Walked)
    assert (told.kind, told.owner) == ("asked", other.id)
