"""Bad input, as the person meets it: each said plainly, nothing lost, nothing sent that is not theirs."""

from typing import Literal

import pytest
from playwright.sync_api import expect

from gateway.model import Medium
from tests.browser.conftest import WAIT, Browser
from tests.browser.test_main_path import done, pushed, result
from tests.support import Started, World

expect.set_options(timeout=WAIT)


@pytest.fixture
def ready(browser: Browser, started: Started) -> Browser:
    browser.log_in()
    browser.pair(started)
    return browser


def test_a_page_of_somebody_else(ready: Browser, world: World, started: Started) -> None:
    stranger = world.add_stranger()
    ready.open(f"https://movie.douban.com/people/{stranger.address}/collect")
    assert "somebody else" in result(ready.click_button(), "calm")
    assert started.marks() == 0
    assert started.captures() == []


def test_not_logged_in(browser: Browser, world: World, started: Started) -> None:
    browser.pair(started)
    browser.open(done(world, Medium.MOVIE))
    assert "Nobody is logged in" in result(browser.click_button(), "warn")
    assert started.captures() == []


def test_not_a_douban_page(ready: Browser) -> None:
    ready.page.goto("data:text/html,<p>hello")
    assert "not a Douban page" in result(ready.click_button(), "calm")


@pytest.mark.parametrize("kind", ["403", "ip", "captcha", "robot"])
def test_a_blocked_page(
    ready: Browser, world: World, started: Started, kind: Literal["403", "ip", "captcha", "robot"]
) -> None:
    world.douban.blocked = kind
    ready.open(done(world, Medium.MOVIE))
    assert "pause" in result(ready.click_button(), "warn")
    assert started.captures() == []


def test_an_unpaired_extension_keeps_the_page(browser: Browser, world: World, started: Started) -> None:
    browser.log_in()
    browser.open(done(world, Medium.MUSIC))
    popup = browser.click_button()
    assert "Not paired" in popup.locator("body").inner_text() or "waiting" in result(popup, "warn")
    popup.close()
    browser.pair(started)
    started.wait_for_marks(1)


def test_changed_markup_is_kept_and_can_be_read_again(ready: Browser, world: World, started: Started) -> None:
    page = world.visitor.open(done(world, Medium.MUSIC)).body.decode()
    ready.site.instead[f"music.douban.com/people/{world.person.address}/collect"] = page.replace(
        'class="item', 'class="entirely-new'
    )
    ready.open(done(world, Medium.MUSIC))
    said = result(ready.click_button(), "warn")
    assert "could not read" in said
    kept = started.captures()[0]
    assert (kept["result"]["verdict"], kept["readable"]) == ("unknown", True)
    again = started.owner.call("POST", f"/api/v1/captures/{kept['id']}/read")
    assert again.json()["verdict"] == "unknown"


def test_feishu_that_refuses_is_told_and_goes_on_later(
    ready: Browser, world: World, started: Started
) -> None:
    world.share(None)
    ready.open(done(world, Medium.MUSIC))
    popup = ready.click_button()
    expect(popup.locator("#push")).to_contain_text("Not pushed")
    assert "Add document app" in popup.locator("body").inner_text()
    popup.close()
    world.share("edit")
    assert started.owner.call("POST", "/api/v1/push").status == 202
    assert started.settled().state == "idle"
    assert len(world.rows()) == started.marks() > 0
    pushed(ready.click_button())
