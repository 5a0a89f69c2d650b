"""What the person did in the tables, on the dashboard: edited cells in the plan, deleted rows to put back."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import WAIT, open_dashboard
from tests.support import Started, World
from tests.test_push import TABLE, fill
from tests.walks import lend

expect.set_options(timeout=WAIT)


@pytest.fixture
def started(world: World) -> Started:
    started = world.start()
    lend(started)
    fill(started)
    assert started.connect().status == 200
    assert started.settled().state == "idle"
    return started


def test_edited_cells_and_deleted_rows(chrome: Browser, started: Started, world: World) -> None:
    rows = world.rows()
    edited = next(record for record, row in rows.items() if row.get("我的备注"))
    gone = [record for record in rows if record != edited][:2]

    def act() -> None:
        world.feishu.edit_record(world.app_token, TABLE, edited, {"我的备注": "我自己写的"})
        for record in gone:
            world.feishu.delete_record(world.app_token, TABLE, record)

    world.background.call(act)
    page = open_dashboard(chrome, started)
    page.click("#plan summary")
    expect(page.locator("#plan dd")).to_contain_text(f"我自己写的 → {rows[edited]['我的备注'][:10]}")
    page.click(".walks summary")
    page.select_option("[data-put='/api/v1/edits']", "theirs")
    run = page.locator(".runs li >> nth=0")
    expect(run).to_contain_text("核对表格")
    expect(run).to_contain_text("你改过 1 行 · 你删了 2 行")
    expect(run).to_contain_text("“我的备注”是你改的，留着不动")
    expect(page.locator("#state")).to_contain_text("2 行你在飞书中删掉了")
    page.click("text=放回去")
    expect(page.locator("#state")).not_to_contain_text("你在飞书中删掉了")
    assert started.settled().state == "idle"
    assert len(world.rows()) == len(rows)
    page.select_option("[data-put='/api/v1/edits']", "ours")
    page.click("button >> text=核对表格")
    expect(run).to_contain_text("更新 1 行")
    assert world.rows()[edited]["我的备注"] == rows[edited]["我的备注"]
    page.click("text=English")
    page.click(".walks summary")
