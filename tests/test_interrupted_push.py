"""A push that the person interrupts in the middle: rights and tokens taken away and given back, tables that fill up."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.person import Entry
from tests.covers import covered, expected, page, shown
from tests.support import APP_ID, Background, Started, World
from tests.test_persons_acts import again, edit_all, told
from tests.test_push import TABLE, faulty, fill, right
from tests.test_settle import make_older, open_batches, wait_for_feishu
from tests.test_ways_in import base_token, edit_one


def after_creates(world: World, number: int, act: Callable[[], object]) -> None:
    """The person does something when so many creates are done, and before their replies are there."""
    done = 0

    async def note(name: str, stage: Stage) -> None:
        nonlocal done
        if (name, stage) == ("record.batch_create", "after"):
            done += 1
            if done == number:
                act()

    world.feishu.on_call = note


@pytest.fixture
def large(beside: Background, tmp_path_factory: pytest.TempPathFactory) -> Started:
    """3,000 marks, not connected yet."""
    world = World(beside, tmp_path_factory.mktemp("large") / "data", marks=3000)
    stocked = world.start()
    fill(stocked)
    return stocked


def test_the_base_token_is_switched_off_in_the_middle(large: Started) -> None:
    world = large.world
    after_creates(world, 1, lambda: world.feishu.end_personal_token(world.app_token))
    assert large.connect(way="base", base_token=base_token(world)).status == 200
    told(large, "bad_base_token")
    assert len(world.rows()) == 1000
    world.feishu.on_call = None
    assert large.connect(way="base", base_token=base_token(world)).status == 200
    right(large)
    assert len(world.rows()) == len(world.person.marks)


def test_the_rights_are_taken_away_in_the_middle_of_a_create(stocked: Started) -> None:
    """The rows were made, nobody was told, and then nobody may look."""
    world = stocked.world
    faulty(stocked, Fault("record.batch_create", "drop_after"))
    after_creates(world, 1, lambda: world.feishu.share(world.app_token, APP_ID, None))
    assert stocked.connect().status == 200
    told(stocked, "no_access")
    again(stocked)
    told(stocked, "no_access")
    world.feishu.on_call = None
    world.share("edit")
    again(stocked)
    right(stocked)


# Advanced permissions: who may not manage sees an empty table, and no error.


def advanced(world: World) -> None:
    world.feishu.set_advanced(world.app_token, on=True)


def test_advanced_permissions_are_switched_on_later(stocked: Started) -> None:
    world = stocked.world
    assert stocked.connect().status == 200
    right(stocked)
    before = world.rows()
    world.background.call(lambda: advanced(world))
    edit_one(stocked)
    assert "可管理" in told(stocked, "read_only")
    assert world.rows() == before
    assert stocked.settled().deleted == 0
    world.share("full_access")
    again(stocked)
    right(stocked)
    assert set(world.rows()) == set(before)


def test_rows_that_cannot_be_seen_any_more_are_not_made_again(stocked: Started) -> None:
    """The create went through, nobody was told, and long afterwards there seem to be no rows."""
    world = stocked.world
    faulty(stocked, Fault("record.batch_create", "drop_after"))
    after_creates(world, 1, lambda: advanced(world))
    assert stocked.connect().status == 200
    told(stocked, "read_only")
    again(stocked)
    told(stocked, "read_only")
    again(stocked)
    wait_for_feishu(stocked)
    make_older(stocked)
    again(stocked)
    told(stocked, "read_only")
    assert open_batches(stocked) == 1
    world.feishu.on_call = None
    world.share("full_access")
    again(stocked)
    right(stocked)


def test_rows_that_cannot_be_seen_are_not_taken_for_deleted(stocked: Started) -> None:
    """One row is gone, and advanced permissions come on right when it is asked which."""
    world = stocked.world
    assert stocked.connect().status == 200
    right(stocked)
    gone = next(iter(world.rows()))
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, gone))

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("record.batch_get", "before"):
            advanced(world)

    world.feishu.on_call = note
    edit_all(stocked)
    again(stocked)
    assert "可管理" in told(stocked, "read_only")
    assert stocked.settled().deleted == 0
    world.share("full_access")
    again(stocked)
    state = stocked.settled()
    assert (state.state, state.deleted) == ("idle", 1)
    assert sum(row.get("我的备注") == "改过了" for row in world.rows().values()) > len(world.rows()) / 2


def test_covers_of_rows_that_cannot_be_seen_wait(beside: Background, tmp_path: Path) -> None:
    world = World(beside, tmp_path / "data", covers=True)
    stocked = world.start()
    fill(stocked)

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("record.batch_get", "before") and world.feishu.calls[
            name
        ] > 1:  # rows come first
            advanced(world)

    world.feishu.on_call = note
    assert stocked.connect().status == 200
    state = stocked.settled()
    assert {note.code for note in state.notes} == {"needs_manage"}
    assert state.covers.waiting == len(covered(world))
    world.feishu.on_call = None
    world.share("full_access")
    again(stocked)
    stocked.settled()
    assert shown(world) == expected(world)


# A table that fills up.


def test_a_full_table_takes_what_it_has_room_for_and_its_rows_go_on(stocked: Started) -> None:
    """The newest marks get the room there is; rows that are there are kept up to date; the person is told."""
    world = stocked.world
    there = 40
    world.feishu.bases[world.app_token].max_rows = there
    assert stocked.connect().status == 200
    assert "已满" in told(stocked, "table_full")
    table = world.feishu.table(world.app_token, TABLE)
    assert len(world.rows()) == there
    edit_all(stocked)
    told(stocked, "table_full")
    comments = [row.get("我的备注") for row in world.rows().values()]
    assert len(comments) == there
    assert comments.count("改过了") == there - sum(
        entry.removed is not None for entry in world.person.marks if in_table(world, entry)
    )
    table.max_rows = 20_000
    again(stocked)
    right(stocked)


def test_a_full_table_is_looked_through(stocked: Started) -> None:
    world = stocked.world
    world.feishu.bases[world.app_token].max_rows = 40
    assert stocked.connect().status == 200
    told(stocked, "table_full")
    record, row = next(iter(world.rows().items()))
    edited = {"标题": "我改的"}
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, edited))
    assert stocked.owner.call("POST", "/api/v1/check").status == 202
    told(stocked, "table_full")
    assert world.rows()[record]["标题"] == row["标题"]


def in_table(world: World, entry: Entry) -> bool:
    return page(entry) in {row["豆瓣页面"]["link"] for row in world.rows().values()}


# A column of all rows is written anew, and Feishu does not get so many done at a time, or the person pauses.


def lose_the_ids(stocked: Started) -> None:
    world = stocked.world
    assert stocked.connect().status == 200
    right(stocked)
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "Subject ID"))


def test_a_column_is_filled_in_a_few_rows_at_a_time(stocked: Started) -> None:
    lose_the_ids(stocked)
    stocked.world.feishu.most_at_once = 20
    edit_one(stocked)
    until_idle(stocked)
    right(stocked)


def test_edits_are_written_again_a_few_rows_at_a_time(stocked: Started) -> None:
    world = stocked.world
    assert stocked.connect().status == 200
    right(stocked)
    for record in world.rows():
        world.background.call(
            lambda record=record: world.feishu.edit_record(world.app_token, TABLE, record, {"标题": "别的"})
        )
    world.feishu.most_at_once = 20
    assert stocked.owner.call("POST", "/api/v1/check").status == 202
    until_idle(stocked)
    assert "别的" not in {row.get("标题") for row in world.rows().values()}
    right(stocked)


def until_idle(stocked: Started) -> None:
    """Without the pauses, which grow."""
    sync = stocked.gateway.carriers.first.sync
    for _ in range(8):
        if stocked.settled().state == "idle":
            return
        stocked.world.background.call(sync.wake)
    raise AssertionError(stocked.settled().problem)


def test_a_pause_while_a_column_is_filled_in(stocked: Started) -> None:
    """It stops after the batch; the rest is filled in when it goes on."""
    world, sync = stocked.world, stocked.gateway.carriers.first.sync
    lose_the_ids(stocked)
    world.feishu.most_at_once = 20
    edit_one(stocked)
    assert stocked.settled().state == "waiting"  # fewer at a time from now on

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("record.batch_update", "after"):
            sync.pause(on=True)

    world.feishu.on_call = note
    stocked.world.background.call(sync.wake)
    assert stocked.settled().state in {"paused", "waiting"}
    world.feishu.on_call = None
    filled = [row for row in world.rows().values() if row.get("Subject ID")]
    assert len(filled) <= 20
    assert stocked.owner.call("POST", "/api/v1/push/resume").status == 202
    until_idle(stocked)
    right(stocked)


def test_a_column_that_is_filled_in_goes_on_where_it_was(stocked: Started) -> None:
    """However often Feishu fails in between, and however few rows it gets done then."""
    world, sync = stocked.world, stocked.gateway.carriers.first.sync
    lose_the_ids(stocked)
    world.feishu.most_at_once, updates = 10, 0

    async def note(name: str, stage: Stage) -> None:
        nonlocal updates
        updates += (name, stage) == ("record.batch_update", "before")
        if updates % 5 == 4:
            world.feishu.most_at_once = 0

    world.feishu.on_call = note
    edit_one(stocked)
    for _ in range(40):
        if stocked.settled().state == "idle":
            break
        world.feishu.most_at_once = 10
        stocked.world.background.call(sync.wake)
    right(stocked)
