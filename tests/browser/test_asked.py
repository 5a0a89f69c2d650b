"""The real extension reads the person's lists when the schedule asks for it: one tab, one page each time its alarm rings."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.sandbox.person import Person
from tests.browser.conftest import WAIT, Browser, Site, launch
from tests.support import Background, Started, World

expect.set_options(timeout=WAIT)

LISTS = 14
_NEXT = """([act, patience]) => new Promise(async (resolve, reject) => {
    const read = () => chrome.storage.local.get({ walk: null }).then(({ walk }) => walk);
    const before = JSON.stringify(await read());
    const look = async () => {
        const walk = await read();
        if (JSON.stringify(walk) === before || (walk && (!walk.openedAt || walk.end))) return;
        chrome.storage.onChanged.removeListener(look);
        resolve(walk);
    };
    chrome.storage.onChanged.addListener(look);
    setTimeout(() => reject(new Error("nothing changed")), patience);
    if (act === "ring") chrome.alarms.create("d2f-walk", { when: Date.now(), periodInMinutes: 0.1 });
    if (act === "popup") chrome.tabs.create({ url: "/popup/popup.html" });
})"""
"""Where the walk is after something happened: its page is opened, or it is over and the gateway knows.

An alarm that goes off while the browser stops the service worker is lost: it rings again, as the extension's own does.
"""
_RING = """async () => {
    await chrome.alarms.create("d2f-walk", { when: Date.now() });
    while ((await chrome.alarms.get("d2f-walk"))?.periodInMinutes !== 5);
    const { walk } = await chrome.storage.local.get({ walk: null });
    if (!walk) await chrome.runtime.sendMessage({ what: "stopWalk" }); // answered after all that was begun before
}"""


@pytest.fixture
def world(beside: Background, tmp_path: Path) -> World:
    """More than one page in some list, and not many: each page takes a second."""
    return World(beside, tmp_path / "data", marks=45)


@pytest.fixture
def ready(browser: Browser, started: Started) -> "Reader":
    browser.log_in()
    browser.pair(started)
    return Reader(browser)


class Reader:
    """The person's browser, and a page of the extension's own that sees what is stored and sets the alarm off."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.context = browser.context
        self.eye = browser.extension_page("options/options.html")
        self.others = list(self.context.pages)
        self.eye.evaluate(
            "async () => { while (!(await chrome.alarms.get('d2f-walk'))); }"
        )  # paired, and asked

    @property
    def walk(self) -> Any:
        """Where the walk is."""
        return self.eye.evaluate("() => chrome.storage.local.get({ walk: null }).then(({ walk }) => walk)")

    @property
    def tab(self) -> Page | None:
        """The tab that it reads in."""
        return next((page for page in self.context.pages if page not in self.others), None)

    def ring(self) -> None:
        """The alarm goes off, and all is done that the extension does then without a walk, or without a gateway."""
        self.eye.evaluate(_RING)

    def after(self, act: str) -> Any:
        return self.eye.evaluate(_NEXT, [act, WAIT])

    def tick(self) -> Any:
        """The alarm goes off, and the page that it leads to is there; returns where the walk then is."""
        walk = self.after("ring")
        if walk:
            tab = self.tab or self.context.wait_for_event("page")
            tab.wait_for_url(walk["url"])
        return walk

    def to_the_end(self) -> int:
        """Returns how many times the alarm had to go off."""
        ticks = 1
        while self.tick():
            ticks += 1
            assert ticks < 100
        return ticks


def ask(started: Started, kind: str = "sync") -> None:
    """A schedule that asks browsers comes due."""
    schedule = {"rhythm": "daily", "at": "04:00", "way": "browser", "kind": kind}
    assert started.owner.call("PUT", "/api/v1/schedule", schedule).status == 200
    due(started)


def due(started: Started) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    started.world.background.call(lambda: started.gateway.store.set("schedule last", long_ago))
    started.world.background.call(started.gateway.carriers.first.scheduler.consider)


def told(started: Started) -> Any:
    return started.owner.call("GET", "/api/v1/schedule").json()["asked"]


def stopped(started: Started) -> str:
    shown = told(started)
    assert shown["state"] == "stopped", shown
    return shown["stop"]["code"]


def pages(person: Person) -> int:
    """Of all lists, fifteen marks each; an empty list is a page as well."""
    lists = [person.of(medium, status) for medium in Medium for status in Status]
    return sum(max(1, -(-len(each) // 15)) for each in lists) - 1


def stranger_logs_in(ready: Reader, stranger: Person) -> None:
    for name, value in stranger.cookies.items():
        secret = name == "dbcl2"
        cookie = {"name": name, "value": value, "domain": ".douban.com", "path": "/"}
        ready.context.add_cookies([{**cookie, "httpOnly": secret, "secure": secret}])  # pyright: ignore[reportArgumentType]  # TypedDict


def test_all_lists_are_read_to_their_end_in_one_tab(ready: Reader, world: World, started: Started) -> None:
    page = f"https://book.douban.com/people/{world.person.id}/collect"
    ready.browser.open(page)
    before = world.douban.lists
    ask(started, "full")
    assert ready.tick()["pages"] == 0
    tab = ready.tab
    assert tab
    active = ready.eye.evaluate(
        "() => chrome.tabs.query({ active: true }).then((tabs) => tabs.map(({ url }) => url))"
    )
    assert active == [page], "what the person looks at stays in front"
    assert ready.to_the_end() == pages(world.person)
    assert started.marks() == len(world.person.marks)
    assert world.douban.lists - before == pages(world.person), "each page once"
    shown = told(started)
    assert (shown["state"], shown["pages"], shown["new"]) == (
        "ended",
        pages(world.person),
        len(world.person.marks),
    )
    assert (tab.is_closed(), ready.tab, ready.browser.page.url) == (True, None, page)
    assert {capture["trigger"] for capture in started.captures()} == {"asked"}
    for each in started.owner.call("GET", "/api/v1/walks").json()["lists"]:
        marks = world.person.of(Medium(each["medium"]), Status(each["status"]))
        known, days = each["known"], [str(entry.mark.marked_on) for entry in marks if entry.mark.marked_on]
        assert (each["gap"], known["seen"], known["back_to"]) == (
            None,
            len(marks),
            min(days, default=None),
        ), each
        assert known["ended_at"] is not None
    started.settled()
    assert len(world.rows()) == len(world.person.marks)
    assert {
        run.cause for run in started.world.background.call(started.gateway.carriers.first.runs.recent)
    } >= {"asked"}


def test_a_sync_leaves_each_list_where_nothing_is_new(ready: Reader, world: World, started: Started) -> None:
    for number in range(31):
        key = SubjectKey(Medium.MOVIE, str(40000 + number))
        entry = world.person.add(Subject(key=key, kind=Kind.MOVIE, title=f"片{number}"), Status.DONE)
        entry.mark = structs.replace(entry.mark, marked_on=date(2024, 3, 1 + number))
    ask(started)
    ready.tick()
    ready.to_the_end()
    films = world.person.of(Medium.MOVIE, Status.DONE)
    new = Subject(key=SubjectKey(Medium.MOVIE, "30001"), kind=Kind.MOVIE, title="雾中灯塔")
    world.person.add(new)
    world.person.edit(films[-1].key, comment="很久以前的，改了")
    before = world.douban.lists
    ask(started)
    ready.tick()
    ready.to_the_end()
    assert world.douban.lists - before == LISTS + 1, "one more of the list with the new film"
    shown = told(started)
    assert (shown["state"], shown["new"], shown["changed"]) == ("ended", 1, 0), (
        "the old edit is for a full check"
    )


def test_the_browser_stops_the_extension_between_pages(ready: Reader, world: World, started: Started) -> None:
    ask(started, "full")
    before = world.douban.lists
    ready.tick()
    for page in range(1, 5):
        ready.browser.stop_worker()
        assert ready.tick()["pages"] == page
    assert world.douban.lists - before == 5


def test_the_person_closes_the_tab(ready: Reader, started: Started) -> None:
    ask(started)
    ready.tick()
    ready.tick()
    tab = ready.tab
    assert tab
    tab.close()
    assert ready.tick() is None
    assert stopped(started) == "tab_closed"
    assert ready.tab is None
    # the rest of the list in which it was stopped is read the next time, though its first page is known
    due(started)
    ready.tick()
    ready.tick()
    assert "start=15" in ready.walk["url"]


def test_the_person_uses_the_tab_for_something_else(ready: Reader, started: Started, world: World) -> None:
    ask(started)
    ready.tick()
    tab = ready.tab
    assert tab
    theirs = f"https://music.douban.com/people/{world.person.id}/wish"
    tab.goto(theirs)
    assert ready.tick() is None
    assert stopped(started) == "tab_taken"
    assert (tab.is_closed(), tab.url) == (False, theirs)
    assert started.captures() == []


@pytest.mark.parametrize("kind", ["captcha", "403", "robot"])
def test_douban_minds(ready: Reader, world: World, started: Started, kind: Any) -> None:
    ask(started)
    ready.tick()
    ready.tick()
    world.douban.blocked = kind
    ready.tick()
    assert ready.tick() is None
    assert stopped(started) == "blocked"
    assert ready.tab is None
    ready.ring()
    assert (ready.walk, ready.tab) == (None, None), "nothing more is asked of Douban"
    assert started.marks() > 15, "what was read is kept"


def test_the_log_in_ends(ready: Reader, world: World, started: Started) -> None:
    ask(started)
    ready.tick()
    world.douban.logged_out = True
    ready.after("ring")
    assert ready.tab
    ready.tab.wait_for_url("https://accounts.douban.com/**")
    assert ready.tick() is None
    assert stopped(started) == "login_page"


def test_another_account_is_logged_in(ready: Reader, world: World, started: Started) -> None:
    stranger = world.add_stranger()
    ask(started)
    ready.tick()
    ready.tick()
    kept = started.marks()
    stranger_logs_in(ready, stranger)
    assert ready.tick() is None
    assert stopped(started) == "other_account"
    assert started.marks() == kept
    due(started)
    ready.ring()
    assert (ready.walk, told(started)["state"]) == (None, "asked"), "it does not begin, either"


def test_two_browsers(ready: Reader, started: Started) -> None:
    other = started.pair()
    ask(started)
    ready.tick()
    assert other.send("/api/v1/state", b"{}")[1]["walk"] is None
    assert ready.tick()["pages"] == 1


def test_another_browser_was_first(ready: Reader, world: World, started: Started) -> None:
    ask(started)
    other = started.pair()
    walk = other.send("/api/v1/state", b"{}")[1]["walk"]
    report = json.dumps({"walk": {"id": walk["id"], "state": "reading"}}).encode()
    assert other.send("/api/v1/state", report)[1]["walk"]
    ready.ring()
    assert (ready.walk, ready.tab, world.douban.lists) == (None, None, 0)


def test_the_gateway_ends_and_starts_in_between(ready: Reader, world: World, started: Started) -> None:
    ask(started, "full")
    ready.tick()
    ready.tick()
    before, asked = ready.walk, world.douban.lists
    started.stop()
    ready.ring()
    assert (ready.walk, world.douban.lists) == (before, asked), "without a gateway nothing is asked of Douban"
    again = world.start(port=started.port)
    assert ready.tick()["pages"] == before["pages"] + 1
    assert ready.tick()["pages"] == before["pages"] + 2
    assert told(again)["state"] == "reading"


def test_the_person_cancels_on_the_dashboard(ready: Reader, started: Started) -> None:
    ask(started)
    ready.tick()
    ready.tick()
    assert started.owner.call("DELETE", "/api/v1/schedule/asked").status == 200
    assert ready.tick() is None
    assert (ready.tab, told(started)["state"]) == (None, "cancelled")


def test_the_person_stops_it_in_the_popup(ready: Reader, started: Started) -> None:
    ask(started)
    ready.tick()
    ready.tick()
    popup = ready.browser.extension_page("popup/popup.html")
    expect(popup.locator("#walk-text")).to_have_text(
        "Reading your lists in a background tab, as scheduled: 1 page so far."
    )
    popup.click("#walk-stop")
    expect(popup.locator("#walk")).to_be_hidden()
    popup.close()
    assert ready.tab is None
    assert stopped(started) == "by_person"


def test_the_browser_is_unpaired_meanwhile(ready: Reader, started: Started) -> None:
    ask(started)
    ready.tick()
    device = started.owner.call("GET", "/api/v1/overview").json()["devices"][0]["id"]
    assert started.owner.call("DELETE", f"/api/v1/devices/{device}").status < 300
    assert ready.tick() is None
    assert ready.tab is None


def test_the_gateway_begins_to_read_itself(ready: Reader, world: World, started: Started) -> None:
    ask(started)
    ready.tick()
    carriers = started.gateway.carriers
    world.background.call(lambda: carriers.first.scheduler.asked.give_way(datetime.now(UTC)))
    assert ready.tick() is None
    assert stopped(started) == "other_walk"
    assert ready.tab is None


def test_auto_sync_leaves_the_tab_alone(ready: Reader, started: Started) -> None:
    """What auto-sync had taken would look as if it had been known of old."""
    ready.eye.evaluate("() => chrome.storage.local.set({ autosync: true })")
    ask(started)
    for _ in range(4):
        ready.tick()
    assert started.marks() > 15, "more than the first page"
    assert {capture["trigger"] for capture in started.captures()} == {"asked"}


def test_it_does_not_begin_while_the_person_pages_through_a_list(
    ready: Reader, world: World, started: Started
) -> None:
    ready.eye.evaluate("() => chrome.storage.local.set({ autosync: true })")
    ready.browser.open(f"https://music.douban.com/people/{world.person.id}/collect")
    started.wait_for_marks(1)
    ask(started)
    ready.ring()
    assert (ready.walk, told(started)["state"]) == (None, "asked")
    ready.browser.open("about:blank")
    assert ready.tick()["pages"] == 0


def test_it_learns_of_a_new_schedule_from_any_answer(ready: Reader, started: Started) -> None:
    """Without an alarm: the popup asks the gateway how it is, and hears that browsers are asked."""
    ask(started)
    assert ready.after("popup")["pages"] == 0
    assert told(started)["state"] == "reading"


@pytest.fixture
def again(playwright: Playwright, site: Site, tmp_path: Path, browser: Browser) -> Iterator["Again"]:
    del browser
    with contextlib.ExitStack() as stack:
        yield Again(playwright, site, tmp_path / "profile", stack)


class Again:
    """Starts the browser once more."""

    def __init__(
        self, playwright: Playwright, site: Site, profile: Path, stack: contextlib.ExitStack
    ) -> None:
        self._how = (playwright, site, profile)
        self._site = site
        self._stack = stack

    def __call__(self) -> Reader:
        context: BrowserContext = self._stack.enter_context(contextlib.closing(launch(*self._how)))
        return Reader(Browser(context, self._site))


def test_the_browser_is_closed_in_the_middle(
    ready: Reader, again: Again, world: World, started: Started
) -> None:
    ask(started, "full")
    ready.tick()
    ready.tick()
    walk = ready.walk
    ready.context.close()
    ready = again()
    ready.browser.log_in()
    assert ready.walk == walk
    asked = world.douban.lists
    assert ready.tab is None
    with ready.context.expect_page() as opened:
        ready.eye.evaluate("() => chrome.alarms.create('d2f-walk', { when: Date.now() })")
    opened.value.wait_for_url(walk["url"])
    assert world.douban.lists - asked == 1, "the page that was not read yet"
    assert ready.tick()["pages"] == walk["pages"] + 1
