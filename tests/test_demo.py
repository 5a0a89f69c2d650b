"""The demo's own check: it must see each thing that can be wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import check, check_covers, walk
from tests.support import Background, World

Rows = dict[str, dict[str, Any]]


def lost(rows: Rows) -> None:
    rows.pop(next(iter(rows)))


def doubled(rows: Rows) -> None:
    rows["recAnother"] = dict(next(iter(rows.values())))


def wrong(rows: Rows) -> None:
    next(row for row in rows.values() if row.get("我的评分", 0) > 1)["我的评分"] = 1


def strange(rows: Rows) -> None:
    rows["recStrange"] = {"Subject ID": "1", "豆瓣页面": {"link": "https://movie.douban.com/subject/1/"}}


def emptied(rows: Rows) -> None:
    del next(row for row in rows.values() if row.get("我的备注"))["我的备注"]


@pytest.mark.parametrize("spoil", [lost, doubled, wrong, strange, emptied])
def test_the_check_sees_what_is_wrong(world: World, spoil: Callable[[Rows], None]) -> None:
    started = world.start()
    started.connect()
    world.background.run(walk(world.person, world.visitor, started.pair()))
    started.settled()
    rows = world.rows()
    assert check(world.person, rows) == []
    spoil(rows)
    assert len(check(world.person, rows)) == 1


def test_the_check_sees_a_cover_that_is_wrong(beside: Background, tmp_path: Path) -> None:
    world = World(beside, tmp_path / "data", covers=True)
    started = world.start()
    started.connect()
    world.background.run(walk(world.person, world.visitor, started.pair()))
    started.settled()
    rows, files = world.rows(), world.feishu.bases[world.app_token].files
    assert check_covers(world.person, rows, files) == []
    one, other, third = (row for row in list(rows.values())[:3] if row["封面图"])
    one["封面图"], other["封面图"] = other["封面图"], one["封面图"]
    del third["封面图"]
    assert len(check_covers(world.person, rows, files)) == 3
