"""A second account on the dashboard: it is asked about, and from then on has pages of its own."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.sandbox.person import Person
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import APP_SECRET, Background, Started, World
from tests.test_accounts import visit
from tests.test_push import fill

expect.set_options(timeout=WAIT)


@pytest.fixture
def started(beside: Background, tmp_path: Path) -> Started:
    started = World(beside, tmp_path / "data").start()
    fill(started)
    started.connect()
    started.settled()
    return started


@pytest.fixture
def other(started: Started) -> Person:
    return started.world.add_stranger()


def test_each_account_has_its_own_page(chrome: Browser, started: Started, other: Person) -> None:
    page = open_dashboard(chrome, started)
    expect(page.locator("#accounts a")).to_have_count(0)
    visit(started, other)
    expect(page.locator(".met")).to_contain_text(other.name)
    mine = page.locator("#state h1").inner_text()
    page.click('button:text("另开一个库")')
    expect(page.locator(".accounts [aria-current]")).to_have_text(other.name)
    expect(page.locator("#state h1")).to_have_text("还差几步就好")
    connect(page, started)
    expect(page.locator("#state h1")).to_contain_text("个标记已在飞书")
    theirs = page.locator("#state h1").inner_text()
    assert theirs != mine
    assert len(started.world.rows("豆瓣标记 (D2F)")) > 0
    page.click(f".accounts >> text={started.world.person.name}")
    expect(page.locator("#state h1")).to_have_text(mine)
    page.go_back()
    page.click("text=English")
    expect(page.locator(".accounts [aria-current]")).to_have_text(other.name)
    expect(page.locator("#state h1")).to_contain_text("marks are in Feishu")


def test_who_is_declined_is_gone(chrome: Browser, started: Started, other: Person) -> None:
    visit(started, other)
    page = open_dashboard(chrome, started)
    page.click(".met >> text=不用")
    expect(page.locator(".met")).to_have_count(0)
    page.reload()
    expect(page.locator(".met")).to_have_count(0)
    expect(page.locator(".accounts")).to_have_count(0)


def connect(page: Page, started: Started) -> None:
    entered = started.entered(None, {})
    page.check("#feishu [name=way][value=app]")
    page.fill("#feishu [name=app_id]", entered["app_id"])
    page.fill("#feishu [name=app_secret]", APP_SECRET)
    page.fill("#feishu [name=address]", entered["address"])
    page.click("#connect")
