"""What the plan tells on the dashboard beside what would be written: rows that go, rows that stay as they are, and why."""

import pytest
from msgspec import structs
from playwright.sync_api import Browser, expect

from gateway.model import Medium
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started, World
from tests.test_adopt import shown_on_its_page
from tests.test_plan import OWN, connect
from tests.test_push import fill
from tests.test_skips import BOOKS, Skipping

expect.set_options(timeout=WAIT)


@pytest.fixture
def skipping(world: World) -> Skipping:
    return Skipping(world)


def test_what_goes_and_what_is_skipped(chrome: Browser, skipping: Skipping, world: World) -> None:
    titles = skipping.titles
    page = open_dashboard(chrome, skipping.started)
    page.click("#plan > summary")
    books = page.locator(".writes > div").filter(has=page.locator(f"h4:text-is('{BOOKS}')"))
    expect(books.locator(".facts")).to_have_text("移出 1 行")
    (going,) = books.locator(".rows.now").locator("li").all()
    expect(going).to_contain_text(f"{titles[2]} 移出：豆瓣上的标记取消了")
    skips = books.locator(".skips")
    expect(skips.locator("summary")).to_have_text("不写的：1 行里有你改过的格子 · 1 行你在飞书删了")
    expect(skips.locator("li >> nth=0")).to_be_hidden()
    skips.locator("summary").click()
    expect(skips.locator("li")).to_have_text(
        [f"{titles[0]} 你改过“我的备注”，留着不动", f"{titles[1]} 你在飞书删了这一行"]
    )
    music = sum(entry.key.medium is Medium.MUSIC for entry in world.person.marks)
    left_out = page.locator("#plan .writes > .note")
    expect(left_out).to_contain_text(f"音乐 {music}")
    page.click("text=English")
    page.click("#plan > summary")
    expect(books.locator(".rows.now")).to_contain_text("taken out: the mark was taken away on Douban")
    expect(skips.locator("summary")).to_have_text(
        "Not written: cells of yours in 1 row · 1 row that you deleted"
    )
    expect(left_out).to_contain_text(f"Music {music}")


def test_rows_that_are_as_they_should_be(
    chrome: Browser, world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of a library that was lost: what agreeing would write into each is said, since it is nothing to be seen."""
    first = world.start()
    fill(first)
    first.connect()
    first.settled()
    first.stop()
    world.settings = structs.replace(world.settings, data=tmp_path_factory.mktemp("another"))
    second = world.start()
    fill(second)
    second.connect(accept=False)
    second.settled()
    page = open_dashboard(chrome, second)
    rows = page.locator("#plan .writes li")
    expect(rows.first.locator("small")).to_have_text("内容不变，只记下写入的时间")
    page.click("text=English")
    expect(rows.first.locator("small")).to_have_text("as it is, but for the time of writing")


def test_rows_that_may_be_of_marks(chrome: Browser, stocked: Started) -> None:
    """What they say, and would say, is there to be judged before one agrees."""
    book = shown_on_its_page(stocked)
    made = connect(
        stocked, row={"书名": "我手写的那一行", "ISBN": book.subject.isbn}, other={"书名": "日记本"}
    )
    page = open_dashboard(chrome, stocked)
    likely = page.locator("#plan .likely")
    expect(likely.locator("summary")).to_have_text("可能是你的标记的 1 行")
    expect(likely.locator("li")).to_contain_text(f"我手写的那一行 书号相同：“{book.subject.title}”")
    expect(likely.locator("dl")).to_contain_text(f"我手写的那一行 → {book.subject.title}")
    page.click("text=English")
    expect(likely.locator("li")).to_contain_text(f"the ISBN of “{book.subject.title}”")
    page.check("[name=likely]")
    page.click("#accept button")
    expect(page.locator("#plan[data-asks]")).to_have_count(0)
    stocked.settled()
    rows = stocked.world.rows(OWN)
    assert (rows[made["row"]]["书名"], rows[made["other"]]["书名"]) == (book.subject.title, "日记本")
