"""What becomes of the row of a mark that the person took away on Douban."""

from typing import Any

import pytest

from gateway.sandbox.person import Entry
from tests.support import Started, World
from tests.test_push import fill
from tests.test_runs import runs
from tests.walks import lend, walk


@pytest.fixture
def started(world: World) -> Started:
    started = world.start()
    lend(started)
    fill(started)
    started.connect()
    complete(started)
    return started


def complete(started: Started) -> None:
    """A row for each mark. (A walk knows days that no page shows.)"""
    assert started.settled().state == "idle"
    shown = [row["豆瓣页面"]["link"] for row in started.world.rows().values() if row["我的状态"] != "已取消"]
    assert len(shown) == len(set(shown)) == len(started.world.person.marks)


def policy(started: Started, word: str) -> None:
    assert started.owner.call("PUT", "/api/v1/removals", {"policy": word}).status == 200


def row_of(started: Started, entry: Entry) -> list[tuple[str, dict[str, Any]]]:
    page = f"https://{entry.key.medium.value}.douban.com/subject/{entry.key.id}/"
    return [(record, row) for record, row in started.world.rows().items() if row["豆瓣页面"]["link"] == page]


def mark_again(started: Started, entry: Entry) -> None:
    started.world.person.add(entry.subject, entry.mark.status, rating=2)
    fill(started)
    complete(started)


def test_its_row_says_so(started: Started) -> None:
    ((record, before),) = row_of(started, entry := take_away_from(started))
    assert before["我的状态"] != "已取消"
    gone(started, entry)
    ((same, row),) = row_of(started, entry)
    assert (same, row["我的状态"]) == (record, "已取消")
    assert row["我的备注"] == before["我的备注"]
    mark_again(started, entry)
    ((same, row),) = row_of(started, entry)
    assert (same, row["我的评分"]) == (record, 2), "a mark that comes back is the same record"
    assert row["我的状态"] != "已取消"


def take_away_from(started: Started) -> Entry:
    marks = started.world.person.marks
    return next(
        entry for entry in marks if not entry.removed and not entry.mark.private and entry.mark.comment
    )


def gone(started: Started, entry: Entry) -> None:
    """A full check proves it."""
    started.world.person.remove(entry.key)
    assert walk(started, "full").removed == 1
    assert started.settled().state == "idle"


def test_its_row_goes(started: Started) -> None:
    policy(started, "delete")
    entry = take_away_from(started)
    rows = len(started.world.rows())
    gone(started, entry)
    assert row_of(started, entry) == []
    assert len(started.world.rows()) == rows - 1
    complete(started)
    assert sum(run["removed"] for run in runs(started)) == 1
    mark_again(started, entry)
    assert len(row_of(started, entry)) == 1


def test_its_row_stays_as_it_was(started: Started) -> None:
    policy(started, "ignore")
    entry = take_away_from(started)
    before = row_of(started, entry)
    gone(started, entry)
    assert row_of(started, entry) == before
    mark_again(started, entry)
    ((record, row),) = row_of(started, entry)
    assert (record, row["我的评分"]) == (before[0][0], 2)


def test_a_mark_that_was_gone_before_it_had_a_row_gets_none(world: World) -> None:
    started = world.start()
    lend(started)
    fill(started)
    entry = take_away_from(started)
    world.person.remove(entry.key)
    assert walk(started, "full").removed == 1
    started.connect()
    complete(started)
    assert row_of(started, entry) == []


@pytest.mark.parametrize("word", ["", "burn", None])
def test_a_policy_that_is_none(started: Started, word: Any) -> None:
    assert started.owner.call("PUT", "/api/v1/removals", {"policy": word}).status == 400
