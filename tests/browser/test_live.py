"""What the dashboard shows while the push waits, and how it is paused there."""

import re

import pytest
import stamina
from playwright.sync_api import Browser, expect

from gateway.sandbox.feishu.faults import Fault
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started

expect.set_options(timeout=WAIT)


@pytest.mark.parametrize(
    ("language", "told"), [("zh-CN", "飞书请我们等 {n} 秒"), ("en-US", "Feishu asks us to wait {n} s")]
)
def test_a_wait_counts_down_and_can_be_paused(
    chrome: Browser, started: Started, language: str, told: str
) -> None:
    world = started.world
    page = open_dashboard(chrome, started, language)
    expect(page.locator("#lost")).to_be_hidden()
    stamina.set_testing(False)
    fault = Fault("record.batch_create", "rate_limited", seconds=50)
    world.background.call(lambda: world.feishu.faults.append(fault))
    try:
        url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"
        started.pair().capture(url, world.visitor.open(url).body)
        wait = page.locator("#state [data-seconds]")
        expect(wait).to_have_text(re.compile(told.replace("{n}", r"\d\d")))
        first = wait.inner_text()
        expect(wait).not_to_have_text(first)
        page.click("[data-post='/api/v1/push/pause']")
        expect(page.locator("#state.paused")).to_be_visible()
        expect(wait).to_have_count(0)
        page.click("[data-post='/api/v1/push/resume']")
        expect(page.locator("#state.idle")).to_be_visible()
        assert len(world.rows()) == started.marks()
    finally:
        stamina.set_testing(True, attempts=8, cap=True)


def test_the_page_goes_on_after_the_line_broke(chrome: Browser, started: Started) -> None:
    """And a session that was ended elsewhere ends the page."""
    page = open_dashboard(chrome, started)
    expect(page.locator("#lost")).to_be_hidden()
    started.stop()
    expect(page.locator("#lost")).to_be_visible()
    again = started.world.start(port=started.port)
    expect(page.locator("#lost")).to_be_hidden()
    other = page.context.new_page()
    other.goto(again.gateway.settings.dashboard)
    other.click("[data-post='/logout']")
    expect(page.locator("body")).to_contain_text("打开控制台")
