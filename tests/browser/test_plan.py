"""What the plan tells on the dashboard beside what would be written: rows that go, rows that stay as they are, and why."""

import pytest
from playwright.sync_api import Browser, expect

from gateway.model import Medium
from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started, World
from tests.test_cli import d2f
from tests.test_push import fill
from tests.walks import lend, walk

expect.set_options(timeout=WAIT)

BOOKS = "豆瓣图书"


@pytest.fixture
def titles(world: World) -> list[str]:
    """Of books that are told of in a list, and in one language."""
    marks = world.person.marks
    found = [
        entry
        for entry in marks
        if entry.key.medium is Medium.BOOK and not (entry.removed or entry.mark.private)
    ]
    return [str(entry.subject.title) for entry in found]


@pytest.fixture
def started(world: World, titles: list[str]) -> Started:
    """Paused: one row was deleted in Feishu, another one edited, and a third one is to go."""
    started = world.start()
    lend(started)
    fill(started)
    walk(started, "full")
    assert started.connect(layout="three").status == 200
    assert started.owner.call("PUT", "/api/v1/edits", {"policy": "theirs"}).status == 200
    assert started.owner.call("PUT", "/api/v1/removals", {"policy": "delete"}).status == 200
    started.settled()
    records = {row["书名"]: record for record, row in world.rows(BOOKS).items()}

    def act() -> None:
        world.feishu.edit_record(world.app_token, BOOKS, records[titles[0]], {"我的备注": "我自己写的"})
        world.feishu.delete_record(world.app_token, BOOKS, records[titles[1]])

    world.background.call(act)
    assert started.owner.call("POST", "/api/v1/check").status == 202
    assert started.settled().deleted == 1
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    gone = next(entry for entry in world.person.marks if entry.subject.title == titles[2])
    world.person.remove(gone.key)
    assert walk(started, "full").removed == 1
    started.settled()
    return started


def test_what_goes_and_what_is_skipped(
    chrome: Browser, started: Started, world: World, titles: list[str]
) -> None:
    page = open_dashboard(chrome, started)
    page.click("#plan > summary")
    books = page.locator(".writes > div").filter(has=page.locator(f"h4:text-is('{BOOKS}')"))
    expect(books.locator(".facts")).to_have_text("移出 1 行")
    (going,) = books.locator(".rows >> nth=0").locator("li").all()
    expect(going).to_contain_text(f"{titles[2]} 移出：豆瓣上的标记取消了")
    skips = books.locator(".skips")
    expect(skips.locator("summary")).to_have_text("不写的：1 行里有你改过的格子 · 1 行你在飞书删了")
    expect(skips.locator("li >> nth=0")).to_be_hidden()
    skips.locator("summary").click()
    expect(skips.locator("li")).to_have_text(
        [f"{titles[0]} 你改过“我的备注”，留着不动", f"{titles[1]} 你在飞书删了这一行"]
    )
    music = sum(entry.key.medium is Medium.MUSIC for entry in world.person.marks)
    left_out = page.locator("#plan > .note")
    expect(left_out).to_contain_text(f"音乐 {music}")
    page.click("text=English")
    page.click("#plan > summary")
    expect(books.locator(".rows >> nth=0")).to_contain_text("taken out: the mark was taken away on Douban")
    expect(skips.locator("summary")).to_have_text(
        "Not written: cells of yours in 1 row · 1 row that you deleted"
    )
    expect(left_out).to_contain_text(f"Music {music}")


def test_the_command_line_tells_the_same(started: Started, world: World, titles: list[str]) -> None:
    told = d2f(world.folder, "sync", "--dry-run", D2F_PORT=str(started.port))
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()

    def after(line: str) -> str:
        return lines[lines.index(line) + 1]

    assert "移出 take out 1" in told.stdout
    assert "不写 skip 2" in told.stdout
    assert "豆瓣上的标记取消了" in after(f"  - {titles[2]}")
    assert "you edited “我的备注”" in after(f"  = {titles[0]}")
    assert "you deleted the row in Feishu" in after(f"  = {titles[1]}")
    assert "没有表收的标记：" in lines[-1]
