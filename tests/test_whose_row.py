"""Whose a row is that is there twice, or that is gone: ours, the person's, or another gateway's of theirs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine

from gateway.ledger import Ledger
from gateway.library import MarkKey
from gateway.model import Kind, Medium, Status, Subject, SubjectKey, now
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.person import Entry
from tests.support import Background, Started, World, two_of
from tests.test_check import edit
from tests.test_plan import OWN, page_of
from tests.test_push import TABLE, faulty, fill, right
from tests.test_removals import policy, row_of, rows_of, take_away_from
from tests.test_runs import fill_lists, open_subject
from tests.test_two_at_once import During, change, stranger, subject
from tests.walks import lend, walk

THEIRS = "心得"


def delete(world: World, record: str, table: str = TABLE) -> None:
    world.background.call(lambda: world.feishu.delete_record(world.app_token, table, record))


def add(world: World, row: dict[str, Any], table: str = TABLE) -> str:
    return world.background.call(lambda: world.feishu.add_record(world.app_token, table, row))


def column_of_theirs(world: World) -> None:
    world.background.call(lambda: world.feishu.add_field(world.app_token, TABLE, FieldSpec(THEIRS, 1)))


def checked(started: Started) -> None:
    assert started.owner.call("POST", "/api/v1/check").status == 202
    assert started.settled().state == "idle"


def unmarked(started: Started, *entries: Entry) -> None:
    """A full check proved it."""
    keys = [MarkKey(started.world.person.id, entry.key) for entry in entries]
    library, sync = started.gateway.library, started.gateway.carriers.first.sync

    def remove() -> None:
        library.remove(keys, now(), None)
        sync.wake()

    started.world.background.call(remove)
    started.settled()


@pytest.fixture
def unheard(stocked: Started) -> Started:
    """Feishu made the rows, and the gateway ended before it heard."""
    world = stocked.world
    world.feishu.on_call = ending = During("record.batch_create", "after", stocked.stop)
    faulty(stocked, Fault("record.batch_create", "drop_after"))
    assert stocked.connect().status == 200
    world.background.run(ending.over.wait())
    world.feishu.on_call = None
    world.background.call(world.feishu.faults.clear)
    return stocked


def test_a_copy_that_they_made_before_ours_was_known_stays(unheard: Started) -> None:
    world, entry = unheard.world, take_away_from(unheard)
    ((ours, row),) = row_of(unheard, entry)
    world.ahead += 3600
    column_of_theirs(world)
    copy = add(world, {**row, THEIRS: "我的笔记"})
    assert world.start().settled().state == "idle"
    assert ours in world.rows()
    assert world.rows()[copy][THEIRS] == "我的笔记"


def test_a_row_that_they_deleted_before_ours_was_known_stays_deleted(unheard: Started) -> None:
    world, entry = unheard.world, take_away_from(unheard)
    ((ours, _),) = row_of(unheard, entry)
    delete(world, ours)
    assert world.start().settled().deleted == 1
    assert row_of(unheard, entry) == []


@pytest.mark.parametrize("minutes", [0, 5])
def test_a_row_that_was_found_and_is_gone_before_it_was_written(
    two: tuple[Started, Started], minutes: int
) -> None:
    """At once it may be one that Feishu showed though it was gone; later it is one that the person deleted."""
    first, second = two
    world = first.world
    for each in two:
        fill(each)
    first.connect()
    right(first)
    faulty(second, Fault("record.batch_update", "refused", code=1254302))
    second.connect()
    assert second.settled().state == "error"
    entry = take_away_from(first)
    ((ours, _),) = row_of(first, entry)
    delete(world, ours)
    checked(first)
    with time_machine.travel(now().timestamp() + minutes * 60):
        second.owner.call("POST", "/api/v1/push")
        second.settled()
    assert len(row_of(first, entry)) == (0 if minutes else 1)


@pytest.mark.parametrize("theirs_first", [False, True])
def test_what_they_wrote_into_a_row_that_takes_anothers_place_is_kept(
    world: World, *, theirs_first: bool
) -> None:
    """In their own table: a row by hand is the mark's from now on, and Douban has no comment of it."""
    started, feishu, base = world.start(), world.feishu, world.app_token
    fill(started)
    entry = next(
        each
        for each in world.person.of(Medium.BOOK, Status.DONE)
        if not each.mark.comment and not each.removed
    )
    names = {"title": "书名", "subject_id": "编号", "page": "链接", "comment": "短评"}
    specs = tuple(FieldSpec(name, 15 if key == "page" else 1) for key, name in names.items())
    table = world.background.call(lambda: feishu.add_table(base, OWN, specs))
    columns = {key: feishu.table(base, OWN).named(name).id for key, name in names.items()}
    hand: dict[str, Any] = {
        "书名": "手打",
        "编号": entry.key.id,
        "链接": {"link": page_of(entry), "text": "豆瓣"},
        "短评": "我自己写的",
    }
    before = [add(world, hand, OWN) for _ in range(2 if theirs_first else 0)]
    address = f"{world.address}?table={table}"
    assert started.connect(address, shelf="book", columns=columns, accept=False).status == 200
    started.settled()
    if theirs_first:
        started.owner.call("POST", "/api/v1/push/pause")
        started.settled()
        started.owner.call("POST", "/api/v1/plan/accept", {})
        bound = world.background.call(lambda: started.gateway.carriers.first.sync.rows.tables[0].key)
        taken = world.background.call(lambda: Ledger(started.gateway.store).bound(bound))
        (ours,) = taken.intersection(before)
        (other,) = set(before) - taken
    else:
        (ours,) = [record for record, row in world.rows(OWN).items() if row["编号"] == entry.key.id]
        other = add(world, hand, OWN)
    delete(world, ours, OWN)
    started.owner.call("POST", "/api/v1/push/resume" if theirs_first else "/api/v1/check")
    assert started.settled().state == "idle"
    assert world.rows(OWN)[other]["短评"] == "我自己写的"


def test_a_row_that_was_theirs_is_never_deleted(world: World) -> None:
    """Policy "delete", in their own table: it says that its mark is gone; one that D2F made goes."""
    started, feishu, base = world.start(), world.feishu, world.app_token
    fill(started)
    first, second = [each for each in world.person.of(Medium.BOOK, Status.DONE) if not each.removed][:2]
    specs = (FieldSpec("书名", 1), FieldSpec("链接", 15), FieldSpec(THEIRS, 1))
    table = world.background.call(lambda: feishu.add_table(base, OWN, specs))
    named = feishu.table(base, OWN).named
    columns = {"title": named("书名").id, "page": named("链接").id, "status": None}
    hand = add(world, {"链接": {"link": page_of(first), "text": "豆瓣"}, THEIRS: "手抄本"}, OWN)
    assert started.connect(f"{world.address}?table={table}", shelf="book", columns=columns).status == 200
    assert started.settled().state == "idle"
    policy(started, "delete")
    unmarked(started, first, second)
    links = [row["链接"]["link"] for row in world.rows(OWN).values() if row.get("链接")]
    assert world.rows(OWN)[hand][THEIRS] == "手抄本"
    assert page_of(second) not in links
    assert page_of(first) in links


def test_a_row_that_the_other_machine_moved(world: World) -> None:
    """The second one hears of a new rating before it knows that the film is a series."""
    key = SubjectKey(Medium.MOVIE, "30000001")
    told = Subject(key=key, kind=Kind.TV, title="远山来信", genres=("剧情",))
    world.person.add(told, Status.DONE, rating=4)
    first, second = two_of(world)
    for each in (first, second):
        fill_lists(each)
        assert each.connect(layout="kinds").status == 200
        assert each.settled().state == "idle"
    open_subject(first, key)
    assert first.settled().state == "idle"
    world.person.edit(key, rating=1)
    fill_lists(second)
    second.settled()
    open_subject(second, key)
    assert second.settled().deleted == 0
    films, series = rows_of(second, key)
    assert (films, [row["我的评分"] for row in series]) == ([], [1])


def test_a_row_that_the_other_machine_deleted_and_made_again(two: tuple[Started, Started]) -> None:
    """With the policy "delete". A check finds the new one."""
    first, second = two
    world = first.world
    lend(first)
    for each in two:
        fill(each)
        each.connect()
        assert each.settled().state == "idle"
    policy(first, "delete")
    entry = take_away_from(first)
    world.person.remove(entry.key)
    assert walk(first, "full").removed == 1
    first.settled()
    checked(second)
    world.person.add(entry.subject, entry.mark.status, rating=2)
    fill(first)
    first.settled()
    world.person.edit(entry.key, rating=5)
    fill(second)
    checked(second)
    assert [row["我的评分"] for _, row in row_of(second, entry)] == [5]
    assert second.settled().deleted == 0


def test_it_ends_while_another_row_takes_the_place_of_ours(
    stocked: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing: a row that belongs to nobody would never be written again."""
    world, entry = stocked.world, take_away_from(stocked)
    stocked.connect()
    right(stocked)
    ((ours, row),) = row_of(stocked, entry)
    add(world, {name: row[name] for name in ("标题", "Subject ID", "豆瓣页面")})
    delete(world, ours)

    def end(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "take", end)
        stocked.owner.call("POST", "/api/v1/check")
        stocked.settled()
        stocked.stop()
    again = world.start()
    again.settled()
    change(world, entry, "再看")
    fill(again)
    again.owner.call("POST", "/api/v1/check")
    right(again)


def test_the_column_of_ids_was_deleted_and_two_machines(two: tuple[Started, Started]) -> None:
    """The first one's row of a new mark has no id when the second one looks for it."""
    world = two[0].world
    for each in two:
        fill(each)
        each.connect()
        assert each.settled().state == "idle"
    world.person.add(stranger(world), Status.DONE)
    fill(two[0])
    right(two[0])
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "Subject ID"))
    fill(two[1])
    assert two[1].settled().state == "idle"
    for each in two:
        checked(each)
    right(two[0])


def test_an_id_that_they_typed_over_and_a_second_machine(two: tuple[Started, Started]) -> None:
    world = two[0].world
    fill(two[0])
    two[0].connect()
    right(two[0])
    one, other = [each for each in world.person.of(Medium.BOOK, Status.DONE) if not each.removed][:2]
    ((row, _),) = row_of(two[0], one)
    typed = {"Subject ID": other.key.id}
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, row, typed))
    fill(two[1])
    two[1].connect()
    two[1].settled()
    for each in two:
        checked(each)
    right(two[0])


def grown(started: Started) -> None:
    """Its rows were made, or found, long ago."""
    store = started.gateway.store
    started.world.background.call(lambda: store.do("UPDATE record SET made_at = NULL, found_at = NULL"))


def test_rows_that_are_gone_already_cost_no_call_each(beside: Background, tmp_path: Path) -> None:
    """Two machines with the policy "delete": the second one has nothing left to do."""
    world = World(beside, tmp_path / "data", marks=200)
    machines = two_of(world)
    for each in machines:
        fill(each)
        each.connect()
        right(each)
        grown(each)
        policy(each, "delete")
    gone = [entry for entry in world.person.marks if not entry.removed][:100]
    for each in machines:
        unmarked(each, *gone)
        assert each.settled().state == "idle"
    assert not [row for entry in gone for row in row_of(machines[0], entry)]
    assert world.feishu.calls["record.batch_delete"] == 1


def test_the_table_is_read_once_for_all_rows_that_they_deleted(beside: Background, tmp_path: Path) -> None:
    """Of each batch more than are looked up by filter."""
    world = World(beside, tmp_path / "data", marks=3000)
    started = world.start()
    fill(started)
    started.connect()
    right(started)
    deleted = list(world.rows())[::15]
    for record in deleted:
        delete(world, record)
    grown(started)
    store, sync = started.gateway.store, started.gateway.carriers.first.sync
    before = world.feishu.calls.copy()
    beside.call(lambda: store.do("UPDATE mark SET revision = revision + 1"))
    beside.call(sync.wake)
    assert started.settled().deleted == len(deleted)
    assert (world.feishu.calls - before)["record.search"] <= len(world.rows()) // 500 + 1


@pytest.mark.parametrize("goes", [False, True])
def test_policy_ignore_after_a_delete_that_was_refused(stocked: Started, *, goes: bool) -> None:
    """The row that they delete later is theirs to delete; the one that Feishu deleted all the same is made again."""
    started, world = stocked, stocked.world
    lend(started)
    started.connect()
    right(started)
    policy(started, "delete")
    entry = take_away_from(started)
    ((record, _),) = row_of(started, entry)
    faulty(started, Fault("record.batch_delete", "refused_after" if goes else "refused", code=1254302))
    world.person.remove(entry.key)
    assert walk(started, "full").removed == 1
    assert started.settled().state == "error"
    policy(started, "ignore")
    started.owner.call("POST", "/api/v1/push")
    assert started.settled().problem is None
    if not goes:
        delete(world, record)
        checked(started)
    world.person.add(entry.subject, entry.mark.status, rating=2)
    fill(started)
    assert started.settled().deleted == (0 if goes else 1)
    assert [row["我的评分"] for _, row in row_of(started, entry)] == ([2] if goes else [])


def test_a_mark_that_comes_back_before_its_row_is_deleted_keeps_it(stocked: Started) -> None:
    started, world = stocked, stocked.world
    started.connect()
    right(started)
    policy(started, "delete")
    entry, browser = take_away_from(started), started.pair()
    ((record, _),) = row_of(started, entry)
    column_of_theirs(world)
    cells = {THEIRS: "很长"}
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, cells))
    page = subject(entry)
    back = During("record.batch_get", "before", lambda: browser.capture(page, world.visitor.open(page).body))
    world.feishu.on_call = back
    unmarked(started, entry)
    assert started.settled().state == "idle"
    assert back.times == 1
    assert [(same, row.get(THEIRS)) for same, row in row_of(started, entry)] == [(record, "很长")]


def test_a_check_that_is_asked_for_while_one_runs_is_made(stocked: Started) -> None:
    """They edit a cell whose page was just read."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    record = next(iter(world.rows()))
    late = once(
        ("record.search", "after"),
        lambda: (
            world.feishu.edit_record(world.app_token, TABLE, record, {"标题": "我改的"}),
            stocked.gateway.carriers.first.sync.check(),
        ),
    )
    world.feishu.on_call = late
    assert stocked.owner.call("POST", "/api/v1/check").status == 202
    right(stocked)


def once(at: tuple[str, Stage], act: Callable[[], object]) -> Callable[[str, Stage], Any]:
    """In the loop itself, the first time."""
    done = list[object]()

    async def listen(call: str, stage: Stage) -> None:
        if (call, stage) == at and not done:
            done.append(act())

    return listen


def test_a_check_does_not_bring_back_what_was_before(two: tuple[Started, Started]) -> None:
    """The other machine wrote what this one has not seen on Douban. What the person types is written as it was by either."""
    first, second = two
    world = first.world
    for each in two:
        fill(each)
        each.connect()
        right(each)
    entry = take_away_from(first)
    world.person.edit(entry.key, comment="在家")
    fill(first)
    right(first)
    ((record, _),) = row_of(first, entry)
    assert plan_of(second) == 0
    checked(second)
    assert world.rows()[record]["我的备注"] == "在家"
    for each, look in ((first, checked), (second, fill)):
        edit(each, record, 我的备注="手改")
        look(each)
        assert each.settled().state == "idle"
        checked(each)
        assert world.rows()[record]["我的备注"] == "在家"


def plan_of(started: Started) -> int:
    """How many rows a check would write again."""
    (table,) = started.owner.call("GET", "/api/v1/plan").json()["tables"]
    return table["edited"]
