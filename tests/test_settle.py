"""Creates whose outcome is not known: nothing is made twice, and nothing waits for ever."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.model import now
from gateway.sandbox.feishu.feishu import Fault
from tests.support import Started, World
from tests.test_push import TABLE, faulty, fill, right


@pytest.fixture
def started(world: World) -> Started:
    return world.start()


def wait_for_feishu(started: Started) -> None:
    """The push waits, and says so in words of the write that is looked for."""
    state = started.settled()
    assert (state.state, state.problem and state.problem.code) == ("waiting", "token_spent")


def push(started: Started) -> None:
    """The push is tried again; here its own alarm clock is not waited for."""
    started.world.background.call(started.gateway.carriers.first.sync.wake)


def make_older(started: Started) -> None:
    """The open creates were sent long ago."""
    at = (now() - timedelta(hours=1)).isoformat()
    store = started.gateway.store
    assert started.world.background.call(lambda: store.do("UPDATE batch SET sent_at = ?", [at])) == 1


def open_batches(started: Started) -> int:
    store = started.gateway.store
    row = started.world.background.call(lambda: store.one("SELECT count(*) FROM batch"))
    assert row
    return row[0]


@pytest.mark.parametrize("tries", [1, 2, 4])
def test_rows_that_come_late_are_not_made_again(started: Started, tries: int) -> None:
    """The connection broke while Feishu was still at work. Whoever makes them again has them twice."""
    world = started.world
    fill(started)
    faulty(started, Fault("record.batch_create", "late"))
    started.connect()
    for _ in range(tries):
        wait_for_feishu(started)
        assert world.rows() == {}
        push(started)
    wait_for_feishu(started)
    world.background.run(world.feishu.finish_late())
    push(started)
    right(started)
    assert len(world.rows()) == len(world.person.marks)


def test_rows_that_never_come_are_made_in_the_end(started: Started) -> None:
    fill(started)
    faulty(started, Fault("record.batch_create", "late"))
    started.connect()
    for _ in range(2):
        wait_for_feishu(started)
        push(started)
    wait_for_feishu(started)
    make_older(started)
    push(started)
    right(started)


@pytest.mark.parametrize("policy", ["replay", "recommit"])
@pytest.mark.parametrize("kind", ["drop_after", "timed_out", "nonsense"])
def test_rows_that_were_made_unseen_are_found(started: Started, kind: Any, policy: Any) -> None:
    """A kind option was renamed meanwhile: it is the id and the link that tell whose a row is."""
    world = started.world
    fill(started)
    world.feishu.client_tokens.policy = policy
    faulty(started, Fault("record.batch_create", kind))

    async def rename(call: str, stage: str) -> None:
        if (call, stage) == ("record.batch_create", "after"):
            world.feishu.on_call = None
            world.feishu.rename_option(world.app_token, TABLE, "分类", "电影", "片子")

    world.feishu.on_call = rename
    started.connect()
    state = started.settled()
    assert state.state == "idle"
    assert len(world.rows()) == len(world.person.marks)


def test_a_create_that_takes_feishu_too_long_gets_smaller(started: Started) -> None:
    """It is never answered in time as long as it is that large."""
    world = started.world
    fill(started)
    world.feishu.most_at_once = len(world.person.marks) // 3
    started.connect()
    for _ in range(3):
        assert started.settled().state == "waiting"
        push(started)
    assert started.settled().state == "waiting"
    make_older(started)
    push(started)
    right(started)


def test_an_update_that_takes_feishu_too_long_gets_smaller(started: Started) -> None:
    world = started.world
    fill(started)
    started.connect()
    right(started)
    world.feishu.most_at_once = len(world.person.marks) // 3
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    fill(started)
    for _ in range(8):
        if started.settled().state == "idle":
            break
        push(started)
    right(started)


def test_a_refusal_that_nobody_foresaw_stops_the_push_soon(started: Started) -> None:
    """It may be a row's fault. It is not if all are refused, and to try them all is dear."""
    world = started.world
    fill(started)
    faulty(started, Fault("record.batch_create", "strange", times=10**6))
    started.connect()
    state = started.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "feishu_refused")
    assert world.feishu.calls["record.batch_create"] < 20
    assert open_batches(started) == 0
    world.background.call(world.feishu.faults.clear)
    started.owner.call("POST", "/api/v1/push")
    right(started)


def test_one_refusal_that_nobody_foresaw_is_one_rows(started: Started) -> None:
    fill(started)
    faulty(started, Fault("record.batch_create", "strange", times=7))  # down to one row
    started.connect()
    state = started.settled()
    assert (state.state, state.failed) == ("idle", 1)
    assert len(started.world.rows()) == len(started.world.person.marks) - 1
    assert [failure["issue"]["code"] for failure in overview(started)["failures"]] == ["feishu_refused"]


def test_a_refusal_when_it_is_sent_again_does_not_block_the_others(started: Started) -> None:
    fill(started)
    faulty(
        started,
        Fault("record.batch_create", "drop_before"),
        Fault("record.batch_create", "strange"),
    )
    started.connect()
    right(started)


def overview(started: Started) -> Any:
    return started.owner.call("GET", "/api/v1/overview").json()


def test_rows_that_were_made_at_the_second_sending_are_new(started: Started) -> None:
    """However long ago the first one was: not to be seen yet, they are not taken for deleted."""
    world = started.world
    fill(started)
    faulty(started, Fault("record.batch_create", "drop_before", times=2))
    started.connect()
    assert started.settled().state == "waiting"
    make_older(started)
    world.feishu.lag = 3
    faulty(started, Fault("record.batch_update", "refused", code=1254043))
    push(started)
    right(started)
    assert started.settled().deleted == 0
