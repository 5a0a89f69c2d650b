"""From a page in the person's browser to rows in their Bitable."""

import re

import pytest
from playwright.sync_api import Page, expect

from gateway import devices
from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.sandbox.http import Request, Response, Server
from tests.browser.conftest import WAIT, Browser
from tests.support import Started, World

expect.set_options(timeout=WAIT)


@pytest.fixture
def ready(browser: Browser, started: Started) -> Browser:
    """Logged in to Douban, paired, Feishu connected."""
    browser.log_in()
    browser.pair(started)
    return browser


def done(world: World, medium: Medium) -> str:
    return f"https://{medium}.douban.com/people/{world.person.address}/collect?sort=time&mode=grid"


def result(popup: Page, tone: str = "good") -> str:
    """What the popup says, once it says it in that tone."""
    expect(popup.locator("#result")).to_have_attribute("data-tone", tone)
    return popup.locator("#result").inner_text()


def pushed(popup: Page) -> None:
    expect(popup.locator("#push")).to_contain_text(re.compile("Pushed to Feishu|up to date"))


def test_one_click_makes_rows(ready: Browser, world: World) -> None:
    ready.open(done(world, Medium.MOVIE))
    popup = ready.click_button()
    shown = world.person.of(Medium.MOVIE, Status.DONE)[:15]
    assert f"{len(shown)} marks: {len(shown)} new" in result(popup)
    pushed(popup)
    assert popup.locator("#result-link").get_attribute("href") == world.table_url
    rows = {row["Subject ID"]: row for row in world.rows().values()}
    assert set(rows) == {entry.key.id for entry in shown}
    for entry in shown:
        assert rows[entry.key.id].get("我的评分") == entry.mark.rating
        assert rows[entry.key.id].get("我的备注") == entry.mark.comment


def test_the_status_comes_along(ready: Browser, world: World, started: Started) -> None:
    ready.open(done(world, Medium.MOVIE))
    ready.click_button()
    started.wait_for_marks(1)
    (row,) = world.background.call(lambda: list(started.gateway.store.rows("SELECT status FROM capture", [])))
    assert row == (200,)


def test_the_popup_of_the_toolbar_captures_by_itself(ready: Browser, world: World, started: Started) -> None:
    ready.open(done(world, Medium.MUSIC))
    ready.open_real_popup()
    shown = world.person.of(Medium.MUSIC, Status.DONE)[:15]
    started.wait_for_marks(len(shown))
    assert started.settled().state == "idle"
    assert {row["Subject ID"] for row in world.rows().values()} == {entry.key.id for entry in shown}


def test_a_second_capture_doubles_nothing_and_an_edit_is_one_update(ready: Browser, world: World) -> None:
    ready.open(done(world, Medium.BOOK))
    pushed(ready.click_button())
    before = world.rows()
    popup = ready.click_button()
    assert "nothing changed" in result(popup)
    assert world.rows() == before

    entry = world.person.of(Medium.BOOK, Status.DONE)[0]
    world.person.edit(entry.key, comment="改了主意：再读一遍")
    writes = world.feishu.calls.copy()
    ready.open(done(world, Medium.BOOK))
    popup = ready.click_button()
    assert "1 changed" in result(popup)
    pushed(popup)
    after = world.rows()
    changed = {key for key in after if after[key] != before[key]}
    assert len(changed) == 1
    assert after[changed.pop()]["我的备注"] == "改了主意：再读一遍"
    made = world.feishu.calls - writes
    assert [(call, number) for call, number in made.items() if "update" in call or "create" in call] == [
        ("record.batch_update", 1)
    ]


def test_the_toggle_makes_rows_without_a_click(ready: Browser, world: World, started: Started) -> None:
    ready.auto_sync()
    ready.open(done(world, Medium.MUSIC))
    subject = world.person.of(Medium.BOOK, Status.DONE)[0].key
    started.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]))
    ready.open(f"https://book.douban.com/subject/{subject.id}/")
    started.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]) + 1)
    started.settled()
    assert subject.id in {row["Subject ID"] for row in world.rows().values()}


def test_a_subject_page_fills_in_what_lists_do_not_tell(ready: Browser, world: World) -> None:
    entry = next(e for e in world.person.of(Medium.MOVIE, Status.DONE) if not e.removed and e.mark.rating)
    ready.open(f"https://movie.douban.com/subject/{entry.key.id}/")
    popup = ready.click_button()
    assert "1 mark: 1 new" in result(popup)
    pushed(popup)
    row = next(iter(world.rows().values()))
    assert row["创作者"] == " / ".join(entry.subject.directors or ())
    assert row["我的评分"] == entry.mark.rating


def test_a_gateway_that_is_down_gets_the_page_later(browser: Browser, world: World, started: Started) -> None:
    browser.log_in()
    browser.pair(started)
    started.stop()
    browser.open(done(world, Medium.MUSIC))
    popup = browser.click_button()
    said = result(popup, "warn")
    assert "waiting to be sent" in said
    assert "not running" in popup.locator("#gateway-text").inner_text()
    again = world.start(port=started.port)
    shown = world.person.of(Medium.MUSIC, Status.DONE)[:15]
    browser.extension_page("popup/popup.html")  # anything that wakes the extension sends what waits
    again.wait_for_marks(len(shown))
    assert again.settled().state == "idle"
    assert len(world.rows()) == len(shown)


def test_it_works_after_the_service_worker_was_stopped(ready: Browser, world: World) -> None:
    ready.open(done(world, Medium.MUSIC))
    ready.stop_worker()
    popup = ready.click_button()
    assert "new" in result(popup)
    pushed(popup)


def test_the_cookie_arrives_sealed_and_is_kept_sealed(ready: Browser, world: World, started: Started) -> None:
    ready.open(done(world, Medium.MUSIC))
    pushed(ready.click_button())
    kept = world.background.call(lambda: started.gateway.vault.get(f"douban session {world.person.id}"))
    assert kept is not None
    assert world.person.cookies["dbcl2"].strip('"').encode() in kept
    for path in world.folder.rglob("*"):
        assert world.person.cookies["dbcl2"].strip('"').encode() not in path.read_bytes()


def test_what_waits_is_sent_by_itself(browser: Browser, world: World, started: Started) -> None:
    """Nobody opens anything: the extension's own alarm goes off."""
    browser.log_in()
    browser.pair(started)
    started.stop()
    browser.open(done(world, Medium.MUSIC))
    popup = browser.click_button()
    assert "waiting to be sent" in result(popup, "warn")
    worker = browser.wake()
    assert worker.evaluate("chrome.action.getBadgeText({})") == "1"
    popup.close()
    again = world.start(port=started.port)
    worker.evaluate("chrome.alarms.create('d2f-courier', { when: Date.now() })")  # instead of in 30 s
    again.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]))


def test_a_gateway_that_asks_to_wait_gets_all_of_it_later(
    ready: Browser, world: World, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said sealed: it is not taken for another program, nothing is lost, and the badge counts what waits."""
    monkeypatch.setattr(devices, "_MOST", 0)
    ready.open(done(world, Medium.MUSIC))
    popup = ready.click_button()
    said = result(popup, "warn")
    assert "waiting to be sent" in said
    assert "Too many tries" in said
    worker = ready.wake()
    assert worker.evaluate("chrome.action.getBadgeText({})") == "1"
    monkeypatch.undo()
    worker.evaluate("chrome.alarms.create('d2f-courier', { when: Date.now() })")  # instead of in 30 s
    started.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]))


def test_the_badge_of_a_tab_says_what_it_brought(ready: Browser, world: World) -> None:
    ready.open(done(world, Medium.MUSIC))
    pushed(ready.click_button())
    worker = ready.wake()
    badge = "chrome.tabs.query({ url: '*://music.douban.com/*' }).then(([tab]) => chrome.action.getBadgeText({ tabId: tab.id }))"
    assert worker.evaluate(badge) == f"+{len(world.person.of(Medium.MUSIC, Status.DONE)[:15])}"
    result(ready.click_button())
    assert worker.evaluate(badge) == "✓"


def test_the_same_page_twice_in_a_moment_is_captured_once(
    ready: Browser, world: World, started: Started
) -> None:
    ready.auto_sync()
    ready.open(done(world, Medium.MUSIC))
    started.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]))
    ready.page.reload()
    ready.open(done(world, Medium.BOOK))
    both = sum(len(world.person.of(medium, Status.DONE)[:15]) for medium in (Medium.MUSIC, Medium.BOOK))
    started.wait_for_marks(both)
    assert len(started.captures()) == 2


def test_a_revoked_browser_is_told_to_pair_again(ready: Browser, world: World, started: Started) -> None:
    device = started.owner.call("GET", "/api/v1/overview").json()["devices"][0]["id"]
    assert started.owner.call("DELETE", f"/api/v1/devices/{device}").status < 300
    ready.open(done(world, Medium.MUSIC))
    popup = ready.click_button()
    assert "let this browser go" in popup_text(popup)
    assert started.captures() == []


def test_another_program_on_the_port_is_not_believed(ready: Browser, world: World, started: Started) -> None:
    """It gets ciphertext, and no answer of its is taken."""
    started.stop()
    got: list[Request] = []

    async def pretend(request: Request) -> Response:
        got.append(request)
        return Response(200, b'{"verdict":"ok","marks":99}', (), "application/octet-stream")

    world.background.enter(Server(pretend, port=started.port))
    ready.open(done(world, Medium.MUSIC))
    assert "Another program" in popup_text(ready.click_button())
    assert got
    assert not any(b"douban" in request.body for request in got)


def popup_text(popup: Page) -> str:
    """All that the popup says, once it waits."""
    result(popup, "warn")
    return popup.locator("body").inner_text()


def test_a_game_and_a_stage_drama_become_rows(ready: Browser, world: World) -> None:
    game = Subject(key=SubjectKey(Medium.GAME, "30001"), kind=Kind.GAME, title="雾中灯塔")
    drama = Subject(key=SubjectKey(Medium.DRAMA, "40001"), kind=Kind.DRAMA, title="最后一班渡船")
    world.person.add(game, Status.DONE, rating=5, comment="第一行\n第二行", tags=("NS", "解谜"))
    world.person.add(drama, Status.DONE, rating=3)
    for page in (
        f"https://www.douban.com/people/{world.person.address}/games?action=collect",
        f"https://www.douban.com/location/people/{world.person.address}/drama/collect",
    ):
        ready.open(page)
        popup = ready.click_button()
        assert "1 mark: 1 new" in result(popup)
        pushed(popup)
    rows = {row["Subject ID"]: row for row in world.rows().values()}
    assert (rows["30001"]["标题"], rows["30001"]["分类"]) == ("雾中灯塔", "游戏")
    assert (rows["30001"]["我的状态"], rows["30001"]["我的评分"]) == ("玩过", 5)
    assert (rows["30001"]["我的备注"], rows["30001"]["我的标签"]) == ("第一行\n第二行", ["NS", "解谜"])
    assert (rows["40001"]["分类"], rows["40001"]["我的评分"]) == ("舞台剧", 3)
