"""Walks on the dashboard: begin, stop and go on, what each list is known to, the question, the schedule."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.model import Medium, Status
from gateway.sandbox.http import Drop
from tests.browser.conftest import WAIT, open_dashboard
from tests.browser.conftest import Browser as Persons
from tests.support import Background, Started, World
from tests.test_asked import hold
from tests.walks import Asked, Gate, lend, rested, shown, walk

expect.set_options(timeout=WAIT)


@pytest.fixture
def world(beside: Background, tmp_path: Path) -> World:
    return World(beside, tmp_path / "data", marks=200)


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


@pytest.fixture
def started(world: World, gate: Gate) -> Started:
    del gate
    started = world.start()
    assert started.connect().status == 200
    lend(started)
    return started


@pytest.fixture
def page(chrome: Browser, started: Started) -> Page:
    return unfolded(open_dashboard(chrome, started))


def unfolded(page: Page) -> Page:
    page.click(".walks summary")
    return page


def test_a_sync_and_what_is_known_then(page: Page, started: Started) -> None:
    expect(page.locator("#walks-now")).to_have_text("还没有同步过")
    page.click("text=现在同步")
    expect(page.locator("#walks-now")).to_contain_text("上次")
    expect(page.locator("#walks-live .facts >> nth=0")).to_contain_text("200 个新的")
    lists = page.locator(".lists li")
    expect(lists).to_have_count(9)
    films = started.world.person.of(Medium.MOVIE, Status.DONE)
    oldest = min(entry.made for entry in films).date()
    expect(lists.filter(has_text="看过的影视")).to_contain_text(f"{len(films)} 个，读到头：{oldest}")
    empty = "空的：想玩的游戏、在玩的游戏、玩过的游戏、想看的舞台剧、看过的舞台剧"
    assert "".join(page.locator("#walks-live .empty").inner_text().split()) == empty
    page.click("text=现在同步")
    expect(page.locator("#walks-live .facts >> nth=0")).to_contain_text("没有变化")


def test_it_tells_where_it_is_and_can_be_cancelled(page: Page, started: Started, gate: Gate) -> None:
    """The day's requests are used up in the middle: so it waits, for as long as the test looks."""
    started.gateway.carriers.first.walks.daily = 4
    page.click("[data-walk=full]")
    expect(page.locator("#walks-now")).to_have_text(re.compile(r"\d\d-\d\d \d\d:\d\d 继续"))
    expect(page.locator("#walks-live .note")).to_contain_text("明天接着读")
    page.click("#walks-live >> text=取消")
    expect(page.locator("#walks-now")).to_have_text("上次取消了")
    expect(page.locator("[data-walk=sync]")).to_be_visible()
    assert len(gate.requests) == 4


def test_why_it_stopped(page: Page, world: World) -> None:
    world.douban.blocked = "403"
    page.click("text=现在同步")
    expect(page.locator("#walks-now")).to_have_text("停下了，需要你看一下")
    expect(page.locator("#walks-live .problem")).to_contain_text("豆瓣说你的网络有异常请求")
    world.douban.blocked = None
    page.click("text=继续")
    expect(page.locator("#walks-now")).to_contain_text("上次")
    expect(page.locator("#walks-live .problem")).to_have_count(0)


def test_it_waits_for_the_network_or_goes_on_at_once(page: Page, gate: Gate) -> None:
    gate.act = lambda _asked: Drop()
    page.click("text=现在同步")
    expect(page.locator("#walks-now")).to_have_text(re.compile(r"\d\d-\d\d \d\d:\d\d 继续"))
    expect(page.locator("#walks-live .note")).to_contain_text("连不上豆瓣。会自己再试")
    gate.act = lambda _asked: None
    page.click("#walks-live button:text-is('继续')")
    expect(page.locator("#walks-now")).to_contain_text("上次")


def test_how_long_it_takes_and_a_pause(page: Page, started: Started) -> None:
    walk(started, "sync")
    page.reload()
    unfolded(page)
    open_gate = hold(started)
    page.click("[data-walk=full]")
    expect(page.locator("#walks-live .note")).to_have_text(re.compile(r"正在读想读的图书.*还要约 \d 分钟"))
    page.click("#walks-live >> text=暂停")
    expect(page.locator("#walks-now")).to_have_text("已暂停")
    expect(page.locator("#walks-live .note")).to_contain_text("你暂停了它")
    open_gate()
    assert rested(started).state == "paused"
    page.click("#walks-live button:text-is('继续')")
    expect(page.locator("#walks-now")).to_contain_text("上次")


def test_without_a_log_in_it_says_what_to_do(chrome: Browser, world: World) -> None:
    started = world.start()
    url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"
    started.pair().capture(url, world.visitor.open(url).body)
    page = unfolded(open_dashboard(chrome, started))
    page.click("text=现在同步")
    expect(page.locator("#notice")).to_contain_text("请在装了扩展的浏览器里登录豆瓣")


def test_nothing_to_walk(chrome: Browser, world: World) -> None:
    page = open_dashboard(chrome, world.start())
    expect(page.locator("#feishu")).to_be_visible()
    expect(page.locator(".walks")).to_have_count(0)


def ask(started: Started, number: int = 9) -> None:
    """So many marks are taken away, and a full check asks."""
    person = started.world.person
    walk(started, "full")
    for entry in [each for each in person.of(Medium.MOVIE, Status.DONE) if not each.mark.private][-number:]:
        person.remove(entry.key)
    walk(started, "full")


def test_many_at_once_are_asked_about(page: Page, started: Started) -> None:
    ask(started)
    expect(page.locator("#walks-now")).to_have_text("有标记不见了，是你删的吗？")
    question = page.locator(".question")
    expect(question).to_contain_text("影视里有 9 个标记在豆瓣上不见了")
    expect(question).to_contain_text("还有 1 个")
    page.click("text=是我删的")
    expect(question).to_have_count(0)
    assert shown(started)["removals"] == []


def test_the_schedule(page: Page, started: Started) -> None:
    form = page.locator("#schedule")
    assert page.is_checked("[name=rhythm][value=off]")
    expect(form.locator("[name=at]")).to_be_hidden()
    page.check("[name=rhythm][value=weekly]")
    page.check("[name=days][value='2']")
    page.check("[name=days][value='6']")
    page.fill("#schedule [name=at]", "21:30")
    page.select_option("#schedule [name=kind]", "full")
    form.locator("button").click()
    expect(form.locator("[role=status]")).to_have_text("已保存")
    told = started.owner.call("GET", "/api/v1/schedule").json()
    assert told["schedule"] == {
        "rhythm": "weekly",
        "at": "21:30",
        "days": [2, 6],
        "kind": "full",
        "way": "cookie",
    }
    due = datetime.fromisoformat(told["next"]).astimezone()
    expect(page.locator("#scheduled")).to_contain_text(f"下次 {due:%m-%d} 21:30")
    page.reload()
    unfolded(page)
    assert page.is_checked("[name=days][value='6']")
    expect(form.locator("[name=at]")).to_have_value("21:30")
    expect(page.locator("text=现在就请浏览器读一遍")).to_have_count(0)
    page.select_option("#schedule [name=way]", "browser")
    form.locator("button").click()
    page.click("text=现在就请浏览器读一遍")
    expect(page.locator("#asked")).to_contain_text("还没有浏览器来")
    page.click("#asked >> text=取消")
    expect(page.locator("text=现在就请浏览器读一遍")).to_be_visible()
    page.check("[name=rhythm][value=off]")
    form.locator("button").click()
    expect(page.locator("#scheduled")).not_to_contain_text("下次")


def test_in_english(chrome: Browser, started: Started) -> None:
    page = unfolded(open_dashboard(chrome, started, "en-US"))
    page.click("text=Sync now")
    expect(page.locator("#walks-now")).to_have_text(re.compile(r"last \d\d-\d\d"))
    expect(page.locator(".lists li").filter(has_text="films and series, done")).to_contain_text("to its end")
    assert not re.search(r"[一-鿿]", page.locator(".walks").inner_text())


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_nothing_is_wider_than_the_page(page: Page, started: Started, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    ask(started)
    expect(page.locator(".question")).to_be_visible()
    schedule = {"rhythm": "daily", "at": "21:30", "way": "browser"}
    assert started.owner.call("PUT", "/api/v1/schedule", schedule).status == 200
    assert started.owner.call("POST", "/api/v1/schedule/asked").status == 202
    page.reload()
    unfolded(page)
    expect(page.locator("#asked .facts")).to_be_visible()
    for rhythm in ("off", "hourly", "weekly"):
        page.check(f"[name=rhythm][value={rhythm}]")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    bare = page.evaluate("""() => [...document.querySelectorAll("#schedule input, #schedule select")]
        .filter((field) => !field.labels.length || !field.labels[0].textContent.trim()).map((field) => field.name)""")
    assert bare == []


def test_it_tells_how_far_it_is(page: Page, started: Started, gate: Gate) -> None:
    """A page that is looked at while the walk goes on."""
    seen: list[str] = []

    def look(asked: Asked) -> None:
        if asked == ("movie", "done", 50):
            told = started.gateway.carriers.first.walks.shown
            assert told
            seen.append(f"{told.medium} {told.status} {told.rows} {told.total}")

    gate.act = look
    page.click("text=现在同步")
    expect(page.locator("#walks-now")).to_contain_text("上次")
    rested(started)
    films = len(started.world.person.of(Medium.MOVIE, Status.DONE))
    assert seen == [f"movie done 50 {films}"]


def test_as_the_browser_that_lent_its_log_in(browser: Persons, world: World, gate: Gate) -> None:
    """The real extension hands over what Douban knows the browser by."""
    started = world.start()
    browser.log_in()
    browser.pair(started)
    page = browser.extension_page("options/options.html")
    page.evaluate(
        """() => new Promise((resolve) => {
          const look = async () => { if ((await chrome.storage.local.get("session")).session) resolve(); };
          chrome.storage.onChanged.addListener(look);
          look();
        })"""
    )
    agent = page.evaluate("navigator.userAgent")
    page.close()
    assert walk(started, "sync").state == "ended"
    assert started.marks() == 200
    assert {request.headers["user-agent"] for request in gate.requests} == {agent}
