"""One record a mark, whatever Feishu, the network or the person do meanwhile."""

from typing import Any, get_args

import pytest

from gateway.demo import check, walk
from gateway.feishu.fields import columns_of
from gateway.sandbox.feishu.feishu import Fault, FaultKind
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import APP_ID, Started

TABLE = "豆瓣标记"


def fill(started: Started) -> None:
    """Sends all pages of the person's lists."""
    started.world.background.run(walk(started.world.person, started.world.visitor, started.pair()))


def right(started: Started, table: str = TABLE) -> None:
    assert started.settled().state == "idle"
    assert check(started.world.person, started.world.rows(table)) == []


def faulty(started: Started, *faults: Fault) -> None:
    started.world.background.call(lambda: started.world.feishu.faults.extend(faults))


PASSING = [
    kind for kind in get_args(FaultKind) if kind not in {"late", "strange", "refused", "refused_after"}
]


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("call", ["record.batch_create", "field.list", "record.search"])
def test_every_fault_alone(stocked: Started, call: str, kind: FaultKind) -> None:
    faulty(stocked, Fault(call, kind, seconds=0.01))
    assert stocked.connect().status == 200
    right(stocked)


@pytest.mark.parametrize("kind", PASSING)
def test_every_fault_while_rows_change(stocked: Started, kind: FaultKind) -> None:
    stocked.connect()
    right(stocked)
    for entry in stocked.world.person.marks:
        if not entry.removed:
            stocked.world.person.edit(entry.key, comment="改过了")
    faulty(stocked, Fault("record.batch_update", kind, seconds=0.01))
    fill(stocked)
    right(stocked)


@pytest.mark.parametrize("policy", ["replay", "recommit"])
@pytest.mark.parametrize("lag", [0, 1])
def test_a_create_without_an_outcome(stocked: Started, policy: Any, lag: int) -> None:
    """The rows were made, the answer never came, and the replica that is asked does not show them yet."""
    world = stocked.world
    world.feishu.client_tokens.policy = policy
    world.feishu.lag = lag
    faulty(stocked, Fault("record.batch_create", "drop_after"))
    stocked.connect()
    if lag and policy == "recommit":
        assert stocked.settled().state == "waiting"
        stocked.world.background.call(stocked.gateway.carriers.first.sync.wake)
    right(stocked)
    assert len(world.rows()) == len(world.person.marks)


def test_two_drops_in_a_row(stocked: Started) -> None:
    faulty(stocked, Fault("record.batch_create", "drop_before"), Fault("record.batch_create", "drop_after"))
    stocked.connect()
    assert (
        stocked.settled().state == "waiting"
    )  # twice is more than bad luck: it waits, and looks again before it writes
    stocked.world.background.call(stocked.gateway.carriers.first.sync.wake)
    right(stocked)


def test_an_expired_token_is_renewed_once(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    world.background.call(world.feishu.revoke_tokens)
    world.person.edit(world.person.marks[0].key, comment="改过了")
    before = world.feishu.calls["auth.token"]
    fill(stocked)
    right(stocked)
    assert world.feishu.calls["auth.token"] == before + 1


def test_an_unchanged_library_makes_no_call(stocked: Started) -> None:
    stocked.connect()
    right(stocked)
    before = stocked.world.feishu.calls.total()
    fill(stocked)
    right(stocked)
    assert stocked.world.feishu.calls.total() == before


def test_a_thousand_rows_are_one_call(stocked: Started) -> None:
    stocked.connect()
    right(stocked)
    assert stocked.world.feishu.calls["record.batch_create"] == 1


def test_a_subject_page_fills_in_the_row_of_a_list(started: Started) -> None:
    """Nothing of the mark changed, but there is more to show."""
    world = started.world
    browser = started.pair()
    entry = next(e for e in world.person.marks if e.key.medium == "movie" and not e.removed)
    name = {"wish": "wish", "doing": "do", "done": "collect"}[entry.mark.status]
    for path in (f"people/{world.person.id}/{name}", f"subject/{entry.key.id}/"):
        url = f"https://movie.douban.com/{path}"
        assert browser.capture(url, world.visitor.open(url).body)[1]["verdict"] == "ok"
        started.connect()
        assert started.settled().state == "idle"
    row = next(row for row in world.rows().values() if row["Subject ID"] == entry.key.id)
    assert row["创作者"] == " / ".join(entry.subject.directors or ())
    assert row["简介"]


# What the person does in Feishu.


def test_a_renamed_column_goes_on_working(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    world.background.call(lambda: world.feishu.rename_field(world.app_token, TABLE, "我的备注", "短评"))
    entry = next(e for e in world.person.marks if not e.removed)
    world.person.edit(entry.key, comment="改过了")
    fill(stocked)
    assert stocked.settled().state == "idle"
    row = next(row for row in world.rows().values() if row["豆瓣页面"]["link"].endswith(f"/{entry.key.id}/"))
    assert row["短评"] == "改过了"
    assert "我的备注" not in world.feishu.columns(world.app_token, TABLE)


def test_a_deleted_column_and_a_deleted_row_stay_deleted(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    gone = next(iter(world.rows()))
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, gone))
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "简介"))
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    fill(stocked)
    state = stocked.settled()
    assert state.state == "idle"
    assert state.deleted <= 1
    assert gone not in world.rows()
    assert len(world.rows()) == len(world.person.marks) - 1
    assert "简介" not in world.feishu.columns(world.app_token, TABLE)
    changed = [row for row in world.rows().values() if row.get("我的备注") == "改过了"]
    assert len(changed) >= sum(not entry.removed for entry in world.person.marks) - 1


def test_the_persons_own_columns_and_rows_are_theirs(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    record = next(iter(world.rows()))

    def scribble() -> str:
        world.feishu.add_field(world.app_token, TABLE, FieldSpec("和谁看的", 1))
        world.feishu.edit_record(world.app_token, TABLE, record, {"和谁看的": "小林"})
        return world.feishu.add_record(world.app_token, TABLE, {"标题": "我自己加的一行"})

    own = world.background.call(scribble)
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    fill(stocked)
    assert stocked.settled().state == "idle"
    rows = world.rows()
    assert rows[record]["和谁看的"] == "小林"
    assert rows[own] == {"标题": "我自己加的一行"}


def test_a_library_that_was_lost_finds_its_rows_again(stocked: Started) -> None:
    """A new library and the old table: rows are updated, not made again."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    before = set(world.rows())
    stocked.stop()
    for file in world.folder.iterdir():
        file.unlink()
    again = world.start()
    fill(again)
    assert again.connect().status == 200
    right(again)
    assert set(world.rows()) == before


def test_rows_that_a_column_does_not_take_do_not_hold_up_the_others(started: Started) -> None:
    """The person made the rating column end at three stars."""
    world = started.world
    stars = FieldSpec("我的评分", 2, "Rating", {"formatter": "0", "min": 1, "max": 3})
    table_id = world.background.call(
        lambda: world.feishu.add_table(world.app_token, "书影音", (FieldSpec("标题", 1), stars))
    )
    fill(started)
    columns = dict.fromkeys((column.key for column in columns_of("all")), "new")
    started.connect(f"{world.address}?table={table_id}", columns=columns)
    too_many = {entry.key.id for entry in world.person.marks if (entry.mark.rating or 0) > 3}
    state = started.settled()
    assert (state.state, state.failed) == ("idle", len(too_many))
    assert len(world.rows("书影音")) == len(world.person.marks) - len(too_many)
    failures = started.owner.call("GET", "/api/v1/overview").json()["failures"]
    assert {failure["key"]["subject"]["id"] for failure in failures} == too_many
    stars.property = {"formatter": "0", "min": 1, "max": 5}
    there = world.feishu.table(world.app_token, "书影音")
    world.background.call(lambda: there.put_field(there.named("我的评分"), stars))
    assert started.owner.call("POST", "/api/v1/push").status == 202
    right(started, "书影音")


# What the person must mend, each told in words.


def refused(started: Started, code: str, address: str | None = None, **changes: Any) -> None:
    reply = started.connect(address, **changes)
    problem = reply.json()
    assert (reply.status >= 400, problem["code"]) == (True, code), problem
    assert problem["hint"]["zh"] != problem["hint"]["en"]
    assert "{" not in problem["hint"]["zh"] + problem["hint"]["en"]


def test_a_wrong_secret(started: Started) -> None:
    refused(started, "bad_secret", app_secret="wrong")
    refused(started, "bad_secret", app_id="cli_unknown")


def test_no_scope(started: Started) -> None:
    world = started.world
    world.background.call(lambda: world.feishu.add_app(APP_ID, "s3cret-of-the-simulated-app", scopes=()))
    refused(started, "no_scope")


def test_not_added_to_the_document(started: Started) -> None:
    started.world.share(None)
    refused(started, "no_access")


def test_added_to_look_only(started: Started) -> None:
    started.world.share("view")
    refused(started, "read_only")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://example.feishu.cn/base/AAAAAAAAAAAAAAAAAAAAAAAAAAA", "feishu_not_found"),
        ("{address}?table=tblNotThere12345", "feishu_not_found"),
        ("{address}?table=blkDashboard1234", "not_a_table"),
        ("https://example.feishu.cn/docx/AAAAAAAAAAAAAAAAAAAAAAAAAAA", "not_a_table"),
        ("javascript:alert(1)", "bad_address"),
        ("不是地址", "bad_address"),
    ],
)
def test_a_wrong_address(started: Started, address: str, code: str) -> None:
    refused(started, code, address.format(address=started.world.address))


def test_a_wiki_address_is_resolved(started: Started) -> None:
    world = started.world
    node = world.background.call(lambda: world.feishu.add_wiki_node(world.app_token))
    fill(started)
    assert started.connect(f"https://example.feishu.cn/wiki/{node}").status == 200
    right(started)


def test_feishu_that_cannot_be_reached_gets_it_later(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    world.background.run(world.feishu_server.stop())
    entry = next(e for e in world.person.marks if not e.removed)
    world.person.edit(entry.key, comment="改过了")
    fill(stocked)
    state = world.background.run(stocked.gateway.carriers.first.sync.rest())
    assert (state.state, state.problem and state.problem.code) == ("waiting", "feishu_unreachable")
    world.background.run(world.feishu_server.start())
    assert stocked.owner.call("POST", "/api/v1/push").status == 202
    right(stocked)


def test_many_rows_that_the_person_deleted_cost_few_calls(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    records = list(world.rows())
    kept = records.pop()
    for record in records:
        world.background.call(
            lambda record=record: world.feishu.delete_record(world.app_token, TABLE, record)
        )
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    store = stocked.gateway.store
    world.background.call(lambda: store.do("UPDATE record SET made_at = NULL"))  # long ago
    before = world.feishu.calls.copy()
    fill(stocked)
    state = stocked.settled()
    assert state.state == "idle"
    assert set(world.rows()) == {kept}
    calls = ("record.batch_update", "record.batch_get")
    assert sum(world.feishu.calls[call] - before[call] for call in calls) < len(records) / 2
