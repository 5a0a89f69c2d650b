"""What Feishu did not take, on the dashboard: why, where to look, and one row tried again."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started, World
from tests.test_failures import failures, mend, refuse

expect.set_options(timeout=WAIT)


@pytest.fixture
def started(world: World) -> Started:
    return world.start()


def test_one_row_is_tried_again(chrome: Browser, started: Started, world: World) -> None:
    one, *others = refuse(started)
    address = failures(started)[0]["table"]
    page = open_dashboard(chrome, started)
    rows = page.locator(".failures li")
    expect(rows).to_have_count(len(others) + 1)
    row = rows.filter(has=page.locator(f"a[href='/marks/{one.key.medium.value}/{one.key.id}']"))
    expect(row.locator("small")).to_contain_text("“我的评分”")
    expect(row.get_by_role("link", name="飞书")).to_have_attribute("href", address)
    expect(row.get_by_role("link", name="豆瓣")).to_have_attribute(
        "href", f"https://{one.key.medium.value}.douban.com/subject/{one.key.id}/"
    )
    again = row.get_by_role("button", name=f"再试一次：{one.subject.title}", exact=True)
    again.click()
    run = page.locator(".runs li >> nth=0")
    expect(run).to_contain_text("手动重试")
    expect(run).to_contain_text("1 个没收下")
    expect(again).to_be_visible()
    mend(world)
    again.click()
    expect(run).to_contain_text("新建 1 行")
    expect(row).to_have_count(0)
    expect(rows).to_have_count(len(others))
    page.click("text=English")
    expect(rows.locator("button >> nth=0")).to_have_text("Try again")


def test_one_that_was_written_meanwhile(chrome: Browser, started: Started, world: World) -> None:
    """The page is a moment behind: it says so, and then shows what is."""
    refuse(started)
    page = open_dashboard(chrome, started, "en-US")
    page.route("**/api/v1/events/socket", lambda route: route.abort())
    page.route_web_socket("**/api/v1/events/socket", lambda _: None)
    with page.expect_response(lambda reply: reply.request.resource_type == "fetch"):  # its look at the start
        page.reload()
    button = page.locator(".failures button >> nth=0")
    expect(button).to_be_visible()
    mend(world)
    assert started.owner.call("POST", "/api/v1/push").status == 202
    started.settled()
    button.click()
    expect(page.locator("#notice")).to_contain_text("may have been written by now")
