"""The owner's session in a browser: a quarter of an hour later nobody notices anything; it ends when they say so."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import Browser, Page, Request, expect

from gateway.audit import Act
from gateway.owner_sessions import new_login_link
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started
from tests.test_audit import COOKIE

expect.set_options(timeout=WAIT)
QUARTER = timedelta(minutes=16)
TURNS = 20_000
PHRASE = "correct horse · 电池"
WATCH = """() => {
  window.lost = 0;
  const lost = document.getElementById("lost");
  new MutationObserver(() => { window.lost += !lost.hidden; }).observe(lost, { attributes: true });
}"""


def later(by: timedelta) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + by, tick=True)


def acts(started: Started) -> list[Act]:
    return [entry.act for entry in started.world.background.call(lambda: started.gateway.audit.newest(100))]


def sessions(started: Started) -> list[str]:
    store = started.gateway.store
    return started.world.background.call(
        lambda: [each for (each,) in store.rows("SELECT id FROM owner_session")]
    )


def pair(page: Page) -> None:
    with page.expect_response(lambda reply: reply.url.endswith("/api/v1/pairing") and reply.status == 201):
        page.click("#pair")
    expect(page.locator("#code code")).to_contain_text("d2f1-")


def safety(page: Page) -> None:
    page.click(".safety summary")


def test_a_quarter_of_an_hour_later_everything_works(chrome: Browser, started: Started) -> None:
    page = open_dashboard(chrome, started)
    page.click("#bitable summary")
    page.fill("[name=address]", "being typed")
    page.evaluate(WATCH)
    with later(QUARTER):
        pair(page)
        assert page.input_value("[name=address]") == "being typed"
    with later(2 * QUARTER):
        with page.expect_websocket() as again:  # what happens at the end of each token
            for session in sessions(started):
                started.world.background.call(lambda session=session: started.gateway.events.close(session))
        again.value.wait_for_event("framereceived")
        assert page.input_value("[name=address]") == "being typed"
        assert page.evaluate("window.lost") == 0
    with later(3 * QUARTER):
        page.goto(f"{started.gateway.settings.dashboard}marks?query=x")
        assert page.url.endswith("/marks?query=x")
        expect(page.locator("h1")).to_be_visible()
    assert Act.SESSION_REUSED not in acts(started)


def test_two_tabs_that_wake_at_once(chrome: Browser, started: Started) -> None:
    """Time only goes forward, and only when nothing is on its way: what is for a quarter of an hour comes too late."""
    one = open_dashboard(chrome, started)
    tabs = one, one.context.new_page()
    tabs[1].goto(one.url)
    on_its_way: set[Request] = set()
    one.context.on("request", lambda each: on_its_way.update([each]))
    one.context.on("response", lambda each: on_its_way.difference_update([each.request]))
    one.context.on("requestfailed", lambda each: on_its_way.difference_update([each]))

    def sleep() -> None:
        for _ in range(TURNS):
            if not on_its_way:
                break
            one.evaluate("new Promise((done) => setTimeout(done))")
        assert not on_its_way
        clock.shift(QUARTER)

    with later(timedelta()) as clock:
        for _ in range(3):
            sleep()
            for tab in tabs:
                tab.evaluate("document.title = 'before'; setTimeout(() => location.reload())")
            for tab in tabs:
                expect(tab).not_to_have_title("before")
                tab.wait_for_load_state()
                pair(tab)
            sleep()
            for tab in tabs:
                tab.evaluate("document.getElementById('pair').click()")
            for tab in tabs:
                pair(tab)
    assert Act.SESSION_REUSED not in acts(started)


def test_a_page_without_its_token_is_loaded_anew(chrome: Browser, started: Started) -> None:
    """Somebody threw the cookie away. Nothing else than a page that a person is led to may have another token."""
    page = open_dashboard(chrome, started)
    page.context.clear_cookies(name="d2f-csrf")
    with page.expect_event("load"):
        page.click("#pair")
    pair(page)


def test_a_copied_cookie_ends_the_session(chrome: Browser, started: Started) -> None:
    page = open_dashboard(chrome, started, "en-US")
    thief = chrome.new_context()
    thief.add_cookies(page.context.cookies())  # pyright: ignore[reportArgumentType]  # they are of the same shape
    with later(QUARTER):
        pair(page)
    with later(2 * QUARTER):
        stolen = thief.new_page()
        stolen.goto(started.gateway.settings.dashboard)
        expect(stolen.locator("main")).to_contain_text("somebody may have a copy")
        expect(page.locator("main")).to_contain_text("d2f open")  # its socket was closed: it looks by itself
    assert Act.SESSION_REUSED in acts(started)


def test_logging_out_everywhere(chrome: Browser, started: Started) -> None:
    page, other = open_dashboard(chrome, started), open_dashboard(chrome, started, "en-US")
    safety(page)
    page.click("text=在所有地方退出")
    for each in (page, other):
        expect(each.locator("main")).to_contain_text("d2f open")


@pytest.mark.parametrize(
    ("language", "ask", "wrong", "slow"),
    [
        ("zh-CN", "请输入口令", "口令不对", "秒后再试"),
        ("en-US", "Your passphrase, please", "not the passphrase", "try again in"),
    ],
)
def test_the_passphrase(
    chrome: Browser, started: Started, language: str, ask: str, wrong: str, slow: str
) -> None:
    page = open_dashboard(chrome, started, language)
    safety(page)
    form = page.locator("#passphrase")
    form.locator("[name=passphrase]").fill(PHRASE)
    form.locator("[name=again]").fill("another one")
    form.locator("button >> nth=0").click()
    expect(form.locator("[name=again]")).to_have_attribute("aria-invalid", "true")
    form.locator("[name=again]").fill(PHRASE)
    form.locator("button >> nth=0").click()
    expect(form.locator("[name=current]")).to_be_visible()
    expect(page.locator("#acts li").first).to_contain_text(
        "口令" if language == "zh-CN" else "passphrase was set"
    )
    gateway = started.gateway
    other = chrome.new_context(locale=language).new_page()
    other.goto(started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings)))
    expect(other.locator("h1")).to_have_text(ask)
    with time_machine.travel(datetime.now(UTC), tick=False):  # however long a guess takes here
        for guess in ("wrong", "", "wrong again", "and again"):
            other.fill("[name=passphrase]", guess or "x")
            other.click("button")
            expect(other.locator(".problem")).to_contain_text(wrong if guess != "and again" else slow)
    with later(timedelta(seconds=10)):
        other.fill("[name=passphrase]", PHRASE)
        other.click("button")
        expect(other.locator(".safety")).to_be_visible()
    form.locator("[name=current]").fill(PHRASE)
    form.locator("button >> nth=1").click()
    expect(form.locator("[name=current]")).to_be_hidden()
    assert acts(started)[0] is Act.PASSPHRASE_REMOVED


def test_a_douban_log_in_is_forgotten(chrome: Browser, started: Started) -> None:
    assert started.pair().send("/api/v1/session", COOKIE.encode())[0] == 200
    page = open_dashboard(chrome, started)
    page.on("dialog", lambda dialog: dialog.accept())
    safety(page)
    page.click("#douban-logins >> text=忘掉 >> nth=-1")
    expect(page.locator("#douban-logins button")).to_have_count(0)
    assert acts(started)[0] is Act.DOUBAN_FORGOTTEN


def test_a_browser_is_given_a_name(chrome: Browser, started: Started) -> None:
    started.pair()
    page = open_dashboard(chrome, started, "en-US")
    page.once("dialog", lambda dialog: dialog.accept(" <b>Study</b> "))
    page.click("#devices >> text=Rename")
    expect(page.locator("#devices li").first).to_contain_text("<b>Study</b>")
    expect(page.locator("#devices b")).to_have_count(0)
    safety(page)
    page.click("text=All of it")
    expect(page.locator(".acts li").first).to_contain_text("Demo → <b>Study</b>")
    expect(page.locator(".acts li").first).to_contain_text("from Chrome · Linux")
