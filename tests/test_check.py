"""What the person did to cells and rows of ours in Feishu is found by a look through the table."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import Started, World
from tests.test_plan import plan, writes
from tests.test_push import TABLE, faulty, fill, right
from tests.test_runs import runs
from tests.walks import lend, walk

OURS = {
    "标题": ["别的名字", None],
    "我的状态": ["想读", "弃了", None],
    "我的评分": [1, 5, None],
    "我的备注": ["我自己写的", "第一行\n第二行", None],
    "我的标签": [["我的"], ["我的", "别的"], None],
    "标记日期": [946656000000, 946656000000 + 3_600_000, None],
    "仅自己可见": [True],
    "分类": ["音乐", "别的", None],
    "豆瓣评分": [1.2, None],
    "创作者": ["佚名", None],
    "年份": [1900, 0, None],
    "类型": [["我的类型"], None],
    "原名": ["Another", None],
    "简介": ["我自己写的简介", None],
    "豆瓣页面": [{"link": "https://example.com/", "text": "别处"}, None],
    "Subject ID": ["000", None],
}
"""Each of our columns, and what a person may make of its cell. (The cover is never ours to take back.)"""


@pytest.fixture
def started(world: World) -> Started:
    """All is known, also what lists do not tell."""
    started = world.start()
    lend(started)
    fill(started)
    walk(started, "full")
    assert started.connect().status == 200
    assert started.settled().state == "idle"
    assert len(world.rows()) == len(world.person.marks)
    return started


def checked(started: Started) -> Any:
    """Looks through the tables; returns the run."""
    assert started.owner.call("POST", "/api/v1/check").status == 202
    assert started.settled().state == "idle"
    run = runs(started)[0]
    assert (run["cause"], run["problem"]) == ("check", None)
    return run


def policy(started: Started, word: str) -> None:
    assert started.owner.call("PUT", "/api/v1/edits", {"policy": word}).status == 200
    assert started.settled().state == "idle"


def edit(started: Started, record: str, **cells: Any) -> None:
    world = started.world
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, cells))


def without_time(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """All cells but that of when we wrote."""
    return {
        record: {name: cell for name, cell in row.items() if name != "D2F 写入时间"}
        for record, row in rows.items()
    }


def test_the_columns_are_all_of_ours(started: Started) -> None:
    columns = started.world.feishu.columns(started.world.app_token, TABLE)
    assert set(columns) == {*OURS, "封面图", "D2F 写入时间"}


EDITS = [(column, value) for column, values in OURS.items() for value in values]


def edit_each(started: Started) -> dict[str, tuple[str, Any]]:
    """Each edit in a row of its own: the record, its column, what it says from now on."""
    rows = started.world.rows()
    done: dict[str, tuple[str, Any]] = {}
    for column, value in EDITS:
        record = next(each for each, row in rows.items() if each not in done and row.get(column) != value)
        edit(started, record, **{column: value})
        done[record] = (column, value)
    return done


def test_every_edit_is_written_again(started: Started) -> None:
    """Each in a row of its own, and nothing but these cells."""
    world = started.world
    before = world.rows()
    done = edit_each(started)
    edited = world.rows()
    (table,) = plan(started)["tables"]
    assert table["updates"] == len(done)
    assert {tuple(write["cells"]) for write in table["writes"]} == {(column,) for column in OURS}
    run = checked(started)
    assert (run["edited"], run["updated"]) == (len(done), len(done))
    assert world.rows() == before, "not even the time of writing was written"
    assert edited != before
    again = writes(world)
    assert checked(started)["edited"] == 0
    assert writes(world) == again
    assert plan(started)["tables"][0]["updates"] == 0


def test_every_edit_stays(started: Started) -> None:
    """Through checks, and when its mark changes on Douban; switched back, all is ours again."""
    world = started.world
    policy(started, "theirs")
    before = world.rows()
    done = edit_each(started)
    edited = world.rows()
    run = checked(started)
    assert (run["edited"], run["updated"]) == (len(done), 0)
    assert world.rows() == edited
    assert checked(started)["edited"] == 0
    assert plan(started)["tables"][0]["updates"] == 0
    change_all(started)
    after = world.rows()
    assert {record: after[record].get(column) for record, (column, _) in done.items()} == {
        record: value for record, (_, value) in done.items()
    }
    changed = {record for record, row in after.items() if row.get("我的备注") == "在豆瓣改了"}
    assert changed == {
        record
        for record, row in before.items()
        if row["豆瓣页面"]["link"] in editable(started) and done.get(record, ("",))[0] != "我的备注"
    }
    policy(started, "ours")
    checked(started)
    right(started)


def editable(started: Started) -> set[str]:
    return {
        f"https://{entry.key.medium.value}.douban.com/subject/{entry.key.id}/"
        if entry.key.medium.value in {"book", "movie", "music"}
        else f"https://www.douban.com/{'game' if entry.key.medium.value == 'game' else 'location/drama'}/{entry.key.id}/"
        for entry in started.world.person.marks
        if not entry.removed
    }


def change_all(started: Started, comment: str = "在豆瓣改了") -> None:
    for entry in started.world.person.marks:
        if not entry.removed:
            started.world.person.edit(entry.key, comment=comment)
    fill(started)
    assert started.settled().state == "idle"
