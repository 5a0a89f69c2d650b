"""Tabs as people leave them: old ones, ones that load for ever, ones with a dialog; and a browser that stops us."""

import socket

import pytest
from playwright.sync_api import expect

from gateway.model import Medium, Status
from tests.browser.conftest import WAIT, Browser
from tests.browser.test_main_path import done, pushed, result
from tests.support import Started, World

expect.set_options(timeout=WAIT)


@pytest.fixture
def ready(browser: Browser, started: Started) -> Browser:
    browser.log_in()
    browser.pair(started)
    return browser


def test_an_old_tab_does_not_take_a_newer_edit_back(ready: Browser, world: World, started: Started) -> None:
    entry = world.person.of(Medium.MUSIC, Status.DONE)[0]
    ready.open(done(world, Medium.MUSIC))
    pushed(ready.click_button())
    world.person.edit(entry.key, comment="后来写的")
    old = ready.page
    old.wait_for_function("performance.now() > 2500")  # ages of pages are told apart from two seconds on
    ready.page = ready.context.new_page()
    ready.open(f"https://music.douban.com/subject/{entry.key.id}/")
    popup = ready.click_button()
    assert "1 changed" in result(popup)
    pushed(popup)
    ready.page = old
    assert "nothing changed" in result(ready.click_button())
    assert started.settled().state == "idle"
    row = next(row for row in world.rows().values() if row["Subject ID"] == entry.key.id)
    assert row["我的备注"] == "后来写的"


def test_a_subject_that_is_not_marked_stays_where_it_is(
    ready: Browser, world: World, started: Started
) -> None:
    mine = {entry.key for entry in world.person.marks}
    other = next(e for e in world.add_stranger().marks if e.key not in mine and not e.removed)
    ready.auto_sync()
    ready.open(f"https://{other.key.medium}.douban.com/subject/{other.key.id}/")
    assert "not marked this yet" in result(ready.click_button(), "calm")
    assert started.captures() == []


def test_a_dialog_in_one_tab_holds_up_no_other(ready: Browser, world: World, started: Started) -> None:
    ready.auto_sync()
    blocked = ready.context.new_page()
    blocked.goto("about:blank")
    ready.site.instead["book.douban.com/people/7/collect"] = "<!doctype html><body><p>x</p>"
    with blocked.expect_event("dialog") as dialog:
        blocked.goto("https://book.douban.com/people/7/collect")
        blocked.evaluate("() => { setTimeout(() => alert(1)) }")
    ready.open(done(world, Medium.MUSIC))
    started.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]))
    dialog.value.dismiss()


def test_a_page_that_never_ends_loading_is_told_as_such(ready: Browser, started: Started) -> None:
    ready.site.hang = "/never.js"
    ready.site.instead["movie.douban.com/people/7/collect"] = (
        '<!doctype html><html><body><h1>我看过的影视(1)</h1><script src="/never.js"></script><p>rest</p>'
    )
    ready.page.bring_to_front()
    ready.page.goto("https://movie.douban.com/people/7/collect", wait_until="commit")
    assert "still loading" in result(ready.click_button(), "warn")
    assert started.captures() == []


def test_a_page_whose_delivery_was_stopped_is_delivered_later(
    ready: Browser, world: World, started: Started
) -> None:
    """The browser may stop the extension at any moment; here while the gateway does not answer."""
    port = started.port
    ready.open(done(world, Medium.MUSIC))
    started.stop()
    with socket.create_server(("127.0.0.1", port)) as hanging:
        popup = ready.click_button()
        asked = [hanging.accept()[0] for _ in range(1)]
        popup.close()
        ready.stop_worker()
        for connection in asked:
            connection.close()
    options = ready.extension_page("options/options.html")
    alarms = options.evaluate("chrome.alarms.getAll()")
    assert "d2f-courier" in [alarm["name"] for alarm in alarms]
    again = world.start(port=port)
    ready.extension_page("popup/popup.html")
    again.wait_for_marks(len(world.person.of(Medium.MUSIC, Status.DONE)[:15]))
