"""The dashboard in two tabs: an edit against a newer one says so, and throws nothing away."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started

expect.set_options(timeout=WAIT)
REMOVALS = '[data-put="/api/v1/removals"]'
MINE, OTHER = "22222222-2222-4222-8222-222222222222", "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def tabs(chrome: Browser, started: Started) -> tuple[Page, Page]:
    one = open_dashboard(chrome, started)
    other = one.context.new_page()
    other.goto(one.url)
    return one, other


def save_limits(page: Page, month: int) -> None:
    if not page.locator("#limits").is_visible():
        page.click(".calls summary")
    page.fill("#limits [name=month]", str(month))
    page.click("#limits button")


def test_limits(tabs: tuple[Page, Page], started: Started) -> None:
    one, other = tabs
    save_limits(other, 20_000)
    expect(other.locator("#limits [role=status]")).to_have_text("已保存")
    save_limits(one, 7_000)
    problem = one.locator("#limits .problem")
    expect(problem).to_contain_text("另一个标签页")
    expect(problem).to_contain_text("现在是：每月上限 20000")
    expect(one.locator("#limits [name=month]")).to_have_value("7000")
    assert started.owner.call("GET", "/api/v1/limits").json()["month"] == 20_000
    one.click("#limits button")
    expect(one.locator("#limits [role=status]")).to_have_text("已保存")
    expect(problem).to_be_hidden()
    assert started.owner.call("GET", "/api/v1/limits").json()["month"] == 7_000
    save_limits(one, 6_000)  # one's own edit is no other one
    expect(one.locator("#calls-sum")).to_contain_text("6,000")
    save_limits(other, 5_000)
    expect(other.locator("#limits .problem")).to_contain_text("现在是：每月上限 6000")


def test_notices(tabs: tuple[Page, Page]) -> None:
    one, other = tabs
    for page, hook in ((other, OTHER), (one, MINE)):
        page.click(".notices summary")
        page.check("#notices [name=by][value=bot]")
        page.fill("#notices [name=webhook]", f"https://open.feishu.cn/open-apis/bot/v2/hook/{hook}")
        page.click("#notices .actions button >> nth=0")
        if page is other:
            expect(page.locator("#notices [role=status]")).to_have_text("已保存")
    expect(one.locator("#notices .problem")).to_contain_text("现在是：怎么通知 群机器人")
    expect(one.locator("#notices [name=webhook]")).to_have_value(
        "https://open.feishu.cn/open-apis/bot/v2/hook/22222222-2222-4222-8222-222222222222"
    )


def test_the_connection(tabs: tuple[Page, Page], started: Started) -> None:
    one, other = tabs
    for page in (other, one):
        page.click("#bitable summary")
        page.check(
            "#feishu [name=layout][value=kinds]" if page is other else "#feishu [name=layout][value=one]"
        )
        page.click("#connect")
        if page is other:
            expect(page.locator("#bitable summary")).to_contain_text("已连接 6 张表")
    expect(one.locator("#feishu .problem")).to_contain_text("现在是：分成几张表 按类型分")
    assert one.is_checked("#feishu [name=layout][value=one]")
    assert started.owner.call("GET", "/api/v1/feishu").json()["setting"]["layout"] == "kinds"


def test_a_choice_that_is_saved_at_once(chrome: Browser, started: Started) -> None:
    """The page's own state is shown again, and what was chosen is named."""
    world = started.world
    url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"
    started.pair().capture(url, world.visitor.open(url).body)
    one = open_dashboard(chrome, started)
    assert started.owner.call("PUT", "/api/v1/removals", {"policy": "delete"}).status == 200
    one.click(".walks summary")
    one.select_option(REMOVALS, "ignore")
    expect(one.locator("#notice")).to_contain_text("你选的“不管它”没有保存")
    expect(one.locator("#notice")).to_contain_text("现在是：删掉 D2F 建的那一行")
    expect(one.locator(REMOVALS)).to_have_value("delete")
    one.select_option(REMOVALS, "ignore")
    expect(one.locator("#notice")).to_be_hidden()
    assert started.owner.call("GET", "/api/v1/removals").json() == {"policy": "ignore"}
