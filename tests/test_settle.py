"""Creates whose outcome is not known: nothing is made twice, and nothing waits for ever."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.model import now
from gateway.sandbox.feishu.feishu import Fault
from tests.support import Started
from tests.test_push import TABLE, faulty, fill, right


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
def test_rows_that_come_late_are_not_made_again(stocked: Started, tries: int) -> None:
    """The connection broke while Feishu was still at work. Whoever makes them again has them twice."""
    world = stocked.world
    faulty(stocked, Fault("record.batch_create", "late"))
    stocked.connect()
    for _ in range(tries):
        wait_for_feishu(stocked)
        assert world.rows() == {}
        push(stocked)
    wait_for_feishu(stocked)
    world.background.run(world.feishu.finish_late())
    push(stocked)
    right(stocked)
    assert len(world.rows()) == len(world.person.marks)


def test_rows_that_never_come_are_made_in_the_end(stocked: Started) -> None:
    faulty(stocked, Fault("record.batch_create", "late"))
    stocked.connect()
    for _ in range(2):
        wait_for_feishu(stocked)
        push(stocked)
    wait_for_feishu(stocked)
    make_older(stocked)
    push(stocked)
    right(stocked)


@pytest.mark.parametrize("policy", ["replay", "recommit"])
@pytest.mark.parametrize("kind", ["drop_after", "timed_out", "nonsense"])
def test_rows_that_were_made_unseen_are_found(stocked: Started, kind: Any, policy: Any) -> None:
    """A kind option was renamed meanwhile: it is the id and the link that tell whose a row is."""
    world = stocked.world
    world.feishu.client_tokens.policy = policy
    faulty(stocked, Fault("record.batch_create", kind))

    async def rename(call: str, stage: str) -> None:
        if (call, stage) == ("record.batch_create", "after"):
            world.feishu.on_call = None
            world.feishu.rename_option(world.app_token, TABLE, "分类", "电影", "片子")

    world.feishu.on_call = rename
    stocked.connect()
    state = stocked.settled()
    assert state.state == "idle"
    assert len(world.rows()) == len(world.person.marks)


def test_a_create_that_takes_feishu_too_long_gets_smaller(stocked: Started) -> None:
    """It is never answered in time as long as it is that large."""
    world = stocked.world
    world.feishu.most_at_once = len(world.person.marks) // 3
    stocked.connect()
    for _ in range(3):
        assert stocked.settled().state == "waiting"
        push(stocked)
    assert stocked.settled().state == "waiting"
    make_older(stocked)
    push(stocked)
    right(stocked)


def test_an_update_that_takes_feishu_too_long_gets_smaller(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    world.feishu.most_at_once = len(world.person.marks) // 3
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    fill(stocked)
    for _ in range(8):
        if stocked.settled().state == "idle":
            break
        push(stocked)
    right(stocked)


def test_a_refusal_that_nobody_foresaw_stops_the_push_soon(stocked: Started) -> None:
    """It may be a row's fault. It is not if all are refused, and to try them all is dear."""
    world = stocked.world
    faulty(stocked, Fault("record.batch_create", "strange", times=10**6))
    stocked.connect()
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "feishu_refused")
    assert world.feishu.calls["record.batch_create"] < 20
    assert open_batches(stocked) == 0
    world.background.call(world.feishu.faults.clear)
    stocked.owner.call("POST", "/api/v1/push")
    right(stocked)


def test_one_refusal_that_nobody_foresaw_is_one_rows(stocked: Started) -> None:
    faulty(stocked, Fault("record.batch_create", "strange", times=7))  # down to one row
    stocked.connect()
    state = stocked.settled()
    assert (state.state, state.failed) == ("idle", 1)
    assert len(stocked.world.rows()) == len(stocked.world.person.marks) - 1
    assert [failure["issue"]["code"] for failure in overview(stocked)["failures"]] == ["feishu_refused"]


def test_a_refusal_when_it_is_sent_again_does_not_block_the_others(stocked: Started) -> None:
    faulty(
        stocked,
        Fault("record.batch_create", "drop_before"),
        Fault("record.batch_create", "strange"),
    )
    stocked.connect()
    right(stocked)


def overview(started: Started) -> Any:
    return started.owner.call("GET", "/api/v1/overview").json()


def test_rows_that_were_made_at_the_second_sending_are_new(stocked: Started) -> None:
    """However long ago the first one was: not to be seen yet, they are not taken for deleted."""
    world = stocked.world
    faulty(stocked, Fault("record.batch_create", "drop_before", times=2))
    stocked.connect()
    assert stocked.settled().state == "waiting"
    make_older(stocked)
    world.feishu.lag = 3
    faulty(stocked, Fault("record.batch_update", "refused", code=1254043))
    push(stocked)
    right(stocked)
    assert stocked.settled().deleted == 0
