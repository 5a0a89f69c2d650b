"""The dashboard as a person uses it, in both languages, under its own strict policy."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WAIT, open_dashboard
from tests.support import APP_ID, APP_SECRET, Started, World
from tests.test_persons_acts import edit_all
from tests.test_push import TABLE, fill

expect.set_options(timeout=WAIT)


@pytest.fixture
def started(world: World) -> Started:
    return world.start()


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "还差几步就好"), ("en-US", "A few steps to go")])
def test_a_new_person_sees_what_is_to_do(
    chrome: Browser, started: Started, language: str, words: str
) -> None:
    page = open_dashboard(chrome, started, language)
    expect(page.locator("h1")).to_have_text(words)
    expect(page.locator("li.todo")).to_have_count(3)
    page.click("text=English" if language == "zh-CN" else "text=中文")
    expect(page.locator("h1")).not_to_have_text(words)
    page.reload()
    expect(page.locator("h1")).not_to_have_text(words)  # it is remembered


def test_the_whole_set_up(chrome: Browser, started: Started, world: World) -> None:
    page = open_dashboard(chrome, started, "en-US")
    page.click("#pair")
    expect(page.locator("#code code")).to_have_text(re.compile(r"^d2f1-\d+-[a-z2-7]{32}-[a-z2-7]{4}$"))

    page.check("[name=way][value=app]")
    page.fill("[name=app_id]", APP_ID)
    page.fill("[name=app_secret]", "wrong")
    page.fill("[name=address]", world.address)
    page.click("#connect")
    expect(page.locator("#feishu .problem")).to_contain_text("App Secret is wrong")
    assert page.input_value("[name=app_id]") == APP_ID  # nobody types it twice

    page.fill("[name=app_secret]", APP_SECRET)
    page.click("#connect")
    expect(page.locator("#bitable summary")).to_contain_text("Connected to “Douban marks”")
    assert APP_SECRET not in page.content()


def test_what_happens_is_seen_at_once(chrome: Browser, started: Started, world: World) -> None:
    """Without a reload, and without losing what is being typed."""
    started.connect()
    page = open_dashboard(chrome, started, "en-US")
    page.locator("#bitable summary").click()
    page.fill("[name=address]", "being typed")
    browser = started.pair()
    url = f"https://music.douban.com/people/{world.person.id}/collect"
    answer = browser.capture(url, world.visitor.open(url).body)[1]
    expect(page.locator("h1")).to_contain_text(f"{answer['marks']} marks are in Feishu")
    expect(page.locator(".captures li")).to_have_count(1)
    expect(page.locator("#devices")).to_contain_text("Demo")
    assert page.input_value("[name=address]") == "being typed"


def test_a_page_that_was_not_read_can_be_read_again(chrome: Browser, started: Started, world: World) -> None:
    browser = started.pair()
    url = f"https://music.douban.com/people/{world.person.id}/collect"
    browser.capture(url, b"<html><body>changed</body></html>")
    page = open_dashboard(chrome, started, "en-US")
    with page.expect_response(re.compile("/read$")) as reply:
        page.click("button:has-text('Read again')")
    assert reply.value.status == 200
    expect(page.locator(".captures")).to_contain_text("looks unfamiliar")


def test_a_browser_is_revoked(chrome: Browser, started: Started) -> None:
    browser = started.pair()
    page = open_dashboard(chrome, started, "en-US")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=Revoke")
    expect(page.locator("#devices li")).to_have_count(0)
    assert browser.send("/api/v1/state", b"{}")[0] == 401


def test_what_a_page_holds_is_only_text(chrome: Browser, started: Started) -> None:
    """A capture's address and a mark's title come from outside."""
    browser = started.pair()
    browser.capture('https://movie.douban.com/<img src=x onerror="alert(1)">', b"<html></html>")
    browser.capture("javascript:alert(2)", b"<html></html>")
    page = open_dashboard(chrome, started)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    expect(page.locator(".captures li")).to_have_count(2)
    assert page.locator(".captures img").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0


def test_the_link_works_once_and_logging_out_ends_it(chrome: Browser, started: Started) -> None:
    page = open_dashboard(chrome, started)
    page.click("text=退出")
    expect(page.locator("h1")).to_have_text("没有登录")
    page.goto(started.gateway.settings.dashboard)
    expect(page.locator("main")).to_contain_text("d2f open")


def test_another_origin_reaches_nothing(chrome: Browser, started: Started, tmp_path: Path) -> None:
    """A page of somebody else, in the very browser that is logged in."""
    open_dashboard(chrome, started)
    context = chrome.contexts[0]
    page = context.new_page()
    evil = tmp_path / "evil.html"
    evil.write_text("<!doctype html><title>evil</title>", "utf-8")
    page.goto(evil.as_uri())
    for target in (started.gateway.settings.dashboard, f"{started.origin}/"):
        for path, method in (("api/v1/pairing", "POST"), ("api/v1/overview", "GET"), ("api/v1/pair", "POST")):
            answer = page.evaluate(
                """([url, method]) => fetch(url, { method, credentials: "include", headers: { "content-type": "text/plain" },
                    body: method === "POST" ? "x" : undefined }).then((r) => r.text(), () => "refused")""",
                [target + path, method],
            )
            assert answer == "refused", (target, path, answer)
    assert started.world.background.call(started.gateway.devices.pairing) is None


def test_the_plan_tells_what_it_does_not_show(chrome: Browser, started: Started, world: World) -> None:
    fill(started)
    started.connect()
    started.settled()
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    edit_all(started)
    page = open_dashboard(chrome, started, "zh-CN")
    page.locator("#plan summary").click()
    rows = page.locator("#plan .writes li")
    expect(rows).to_have_count(20)
    changed = sum(not entry.removed for entry in world.person.marks)
    expect(page.locator("#plan .note")).to_contain_text(str(changed - 20))
    world.background.call(lambda: world.feishu.retype_field(world.app_token, TABLE, "我的备注", 2))
    page.reload()
    page.locator("#plan summary").click()
    expect(page.locator("#plan .note").first).to_contain_text("我的备注")
