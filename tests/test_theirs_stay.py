"""What is the person's stays, also where a row of theirs looks like one of ours."""

from pathlib import Path
from typing import Any

import pytest

from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.person import Entry
from tests.support import Background, Started, World, two_of
from tests.test_plan import OWN, page_of
from tests.test_push import TABLE, faulty, fill, right
from tests.test_removals import FILMS, SERIES, policy, row_of, rows_of, take_away_from
from tests.test_runs import fill_lists, open_subject
from tests.test_two_at_once import During, stranger, subject
from tests.test_whose_row import THEIRS, add, checked, delete, grown, once, unmarked

NAMES = {"title": "书名", "subject_id": "编号", "page": "链接", "comment": "短评"}
"""Columns of a table of theirs."""


def book(world: World) -> Entry:
    """One that they have read without a comment."""
    return next(x for x in world.person.of(Medium.BOOK, Status.DONE) if not x.removed and not x.mark.comment)


def by_hand(entry: Entry, **more: str) -> dict[str, Any]:
    return {
        "书名": "手打",
        "编号": entry.key.id,
        "链接": {"link": page_of(entry), "text": "豆瓣"},
        **more,
    }


def own_table(world: World) -> None:
    specs = tuple(FieldSpec(name, 15 if key == "page" else 1) for key, name in NAMES.items())
    world.background.call(lambda: world.feishu.add_table(world.app_token, OWN, specs))


def connect_own(started: Started) -> None:
    world = started.world
    table, named = world.feishu.tables(world.app_token)[OWN], world.feishu.table(world.app_token, OWN).named
    columns = {key: named(name).id for key, name in NAMES.items()}
    address = f"{world.address}?table={table}"
    assert started.connect(address, shelf="book", columns=columns).status == 200


def test_no_record_is_two_marks(world: World) -> None:
    """It has the number of one and the page of another, which comes later."""
    started = world.start()
    one, other = [x for x in world.person.of(Medium.BOOK, Status.DONE) if not x.removed][:2]
    own_table(world)
    add(world, {**by_hand(other), "编号": one.key.id}, OWN)
    connect_own(started)
    for entry in (one, other):
        started.pair().capture(subject(entry), world.visitor.open(subject(entry)).body)
        assert started.settled().state == "idle"
    assert sorted(row["编号"] for row in world.rows(OWN).values()) == sorted([one.key.id, other.key.id])


KEY = SubjectKey(Medium.MOVIE, "30000001")
TOLD = Subject(key=KEY, kind=Kind.TV, title="远山来信", genres=("剧情",))
"""A series that its list takes for a film."""


def kinds(world: World) -> tuple[Started, Started]:
    """Two machines, on tables by kind."""
    machines = two_of(world)
    for each in machines:
        fill_lists(each)
        assert each.connect(layout="kinds").status == 200
        assert each.settled().state == "idle"
    return machines


def hide(world: World, record: str, name: str = TABLE) -> None:
    """From the next look."""
    table = world.feishu.table(world.app_token, name)
    table.before, table.stale_reads = {each: row for each, row in table.records.items() if each != record}, 1


def test_a_row_that_the_other_machine_just_made_is_found_again(two: tuple[Started, Started]) -> None:
    """It was found, could not be written yet, and was not to be seen."""
    first, second = two
    world = first.world
    for each in two:
        fill(each)
        each.connect()
        right(each)
    new = stranger(world)
    world.person.add(new, Status.DONE)
    entry = world.person.find(new.key)
    assert entry
    fill(first)
    right(first)
    ((ours, _),) = row_of(first, entry)
    faulty(second, Fault("record.batch_update", "refused", code=1254043))
    world.feishu.on_call = once(("record.batch_get", "before"), lambda: hide(world, ours))
    fill(second)
    second.settled()
    for each in two:
        checked(each)
    assert [record for record, _ in row_of(first, entry)] == [ours]


def test_a_row_that_was_not_to_be_seen_when_it_was_to_go(stocked: Started) -> None:
    """It is its mark's again when that comes back."""
    started, world = stocked, stocked.world
    started.connect()
    right(started)
    policy(started, "delete")
    grown(started)
    entry = take_away_from(started)
    ((ours, _),) = row_of(started, entry)
    world.feishu.on_call = once(("record.batch_get", "before"), lambda: hide(world, ours))
    unmarked(started, entry)
    world.person.edit(entry.key, comment="回来")
    fill(started)
    started.settled()
    checked(started)
    assert [(record, row["我的备注"]) for record, row in row_of(started, entry)] == [(ours, "回来")]


def test_a_row_that_they_put_into_another_table(world: World) -> None:
    """And deleted where it was: it may as well have been another machine that knew better."""
    key = SubjectKey(Medium.MOVIE, "30000001")
    told = Subject(key=key, kind=Kind.TV, title="远山来信", genres=("剧情",))
    world.person.add(told, Status.DONE, rating=4)
    started = world.start()
    fill_lists(started)
    started.connect(layout="kinds")
    assert started.settled().state == "idle"
    world.background.call(lambda: world.feishu.add_field(world.app_token, SERIES, FieldSpec(THEIRS, 1)))
    ((ours, row),) = [(k, r) for k, r in world.rows(FILMS).items() if r["Subject ID"] == key.id]
    cells = {"片名": "远山来信", "Subject ID": key.id, "豆瓣页面": row["豆瓣页面"], THEIRS: "我的"}
    pasted = add(world, cells, SERIES)
    delete(world, ours, FILMS)
    grown(started)
    checked(started)
    assert world.rows(SERIES)[pasted][THEIRS] == "我的"
    assert not [row for row in world.rows(FILMS).values() if row["Subject ID"] == key.id]
    world.person.edit(key, rating=2)
    fill_lists(started)
    started.settled()
    assert world.rows(SERIES)[pasted][THEIRS] == "我的"


def test_a_film_by_hand_with_the_number_of_a_book(world: World) -> None:
    started = world.start()
    fill(started)
    started.connect(layout="kinds")
    assert started.settled().state == "idle"
    grown(started)
    entry, books = book(world), "豆瓣图书"
    ((ours, _),) = [(k, r) for k, r in world.rows(books).items() if r["Subject ID"] == entry.key.id]
    hand = add(world, {"电影名": "手打", "Subject ID": entry.key.id, "我的备注": "电影笔记"}, FILMS)
    delete(world, ours, books)
    checked(started)
    assert world.rows(FILMS)[hand]["我的备注"] == "电影笔记"
    assert started.settled().deleted == 1


def test_a_note_of_theirs_that_links_the_page(stocked: Started) -> None:
    started, world = stocked, stocked.world
    started.connect()
    right(started)
    entry = take_away_from(started)
    ((ours, row),) = row_of(started, entry)
    hand = add(world, {"标题": "笔记", "豆瓣页面": row["豆瓣页面"], "我的备注": "我自己的"})
    delete(world, ours)
    grown(started)
    checked(started)
    policy(started, "delete")
    unmarked(started, entry)
    assert world.rows()[hand]["我的备注"] == "我自己的"


@pytest.mark.parametrize("when", [("record.search", "after"), ("record.batch_update", "before")])
def test_a_copy_that_they_delete_soon_after_the_row(stocked: Started, when: tuple[str, Stage]) -> None:
    started, world = stocked, stocked.world
    started.connect()
    right(started)
    entry = take_away_from(started)
    ((ours, row),) = row_of(started, entry)
    copy = add(world, row)
    delete(world, ours)
    grown(started)
    world.feishu.on_call = once(when, lambda: world.feishu.delete_record(world.app_token, TABLE, copy))
    checked(started)
    assert row_of(started, entry) == []
    assert started.settled().deleted == 1


def test_a_row_of_theirs_does_not_go_in_the_place_of_ours(beside: Background, tmp_path: Path) -> None:
    """Policy "delete"; while ours was made they made one, and then took the mark away."""
    world = World(beside, tmp_path / "data", marks=400)
    started = world.start()
    fill(started)
    own_table(world)
    policy(started, "delete")
    entry, hand = book(world), list[str]()
    row = by_hand(entry, 短评="我自己写的")

    def make() -> None:
        hand.append(world.feishu.add_record(world.app_token, OWN, row))

    world.feishu.on_call = once(("record.batch_create", "before"), make)
    connect_own(started)
    started.settled()
    world.feishu.on_call = None
    unmarked(started, entry)
    assert started.settled().state == "idle"
    assert world.rows(OWN)[hand[0]]["短评"] == "我自己写的"


def test_rows_by_hand_after_a_create_that_never_arrived(world: World) -> None:
    started = world.start()
    fill(started)
    own_table(world)
    entry = book(world)
    world.feishu.on_call = ending = During("record.batch_create", "before", started.stop)
    faulty(started, Fault("record.batch_create", "drop_before", times=9))
    connect_own(started)
    world.background.run(ending.over.wait())
    world.feishu.on_call = None
    world.background.call(world.feishu.faults.clear)
    for each in world.person.marks:
        if each.key.medium is Medium.BOOK and not each.removed:
            add(world, by_hand(each, 短评="我自己写的"), OWN)
    assert world.start().settled().state == "idle"
    (row,) = [row for row in world.rows(OWN).values() if row["编号"] == entry.key.id]
    assert row["短评"] == "我自己写的"


def test_an_id_of_a_mark_that_only_the_second_machine_knows(two: tuple[Started, Started]) -> None:
    """Typed over that of a row of ours."""
    first, second = two
    world = first.world
    fill(first)
    first.connect()
    right(first)
    marks = world.add_stranger().marks
    new = next(x.subject for x in marks if x.key.medium is Medium.BOOK and not world.person.find(x.key))
    ((record, _),) = row_of(first, book(world))
    typed = {"Subject ID": new.key.id}
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, typed))
    world.person.add(new, Status.DONE)
    fill(second)
    second.connect()
    second.settled()
    fill(first)
    first.settled()
    for each in (first, second, first, second):
        checked(each)
    right(first)


def test_a_row_that_was_just_found_and_is_not_to_be_seen_when_it_moves(world: World) -> None:
    """The other machine made it moments ago; this one knows that it belongs elsewhere."""
    first, second = kinds(world)
    world.person.add(TOLD, Status.DONE, rating=4)
    fill_lists(first)
    assert first.settled().state == "idle"
    (ours,) = [record for record, row in world.rows(FILMS).items() if row["Subject ID"] == KEY.id]
    fill_lists(second)
    assert second.settled().state == "idle"
    assert [len(each) for each in rows_of(second, KEY)] == [1, 0]
    world.feishu.on_call = once(("record.batch_create", "after"), lambda: hide(world, ours, FILMS))
    open_subject(second, KEY)
    assert second.settled().state == "idle"
    assert world.feishu.table(world.app_token, FILMS).stale_reads == 0
    world.feishu.on_call = None
    for _ in range(2):
        checked(second)
    assert [len(each) for each in rows_of(second, KEY)] == [0, 1]


def test_a_new_row_that_is_to_stay_after_all_and_is_not_to_be_seen(stocked: Started) -> None:
    """Feishu refused to delete it, the person chose otherwise, and the mark came back."""
    started, world = stocked, stocked.world
    started.connect()
    right(started)
    policy(started, "delete")
    entry = take_away_from(started)
    ((ours, _),) = row_of(started, entry)
    faulty(started, Fault("record.batch_delete", "refused", code=1254302))
    unmarked(started, entry)
    assert started.settled().state == "error"
    policy(started, "ignore")
    world.feishu.on_call = once(("record.batch_get", "before"), lambda: hide(world, ours, TABLE))
    started.owner.call("POST", "/api/v1/push")
    assert started.settled().state == "idle"
    assert world.feishu.table(world.app_token, TABLE).stale_reads == 0
    world.feishu.on_call = None
    world.person.edit(entry.key, comment="回来")
    fill(started)
    assert started.settled().state == "idle"
    checked(started)
    assert [(record, row["我的备注"]) for record, row in row_of(started, entry)] == [(ours, "回来")]


def test_a_row_that_the_other_machine_made_again_in_another_table(world: World) -> None:
    """It knew by then where the mark belongs. A check finds the new one."""
    world.person.add(TOLD, Status.DONE, rating=4)
    first, second = kinds(world)
    policy(first, "delete")
    for each in (first, second):
        grown(each)
    entry = world.person.find(KEY)
    assert entry
    unmarked(first, entry)
    assert rows_of(first, KEY) == ([], [])
    checked(second)
    world.person.edit(KEY, rating=2)
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    assert [len(each) for each in rows_of(second, KEY)] == [0, 1]
    world.person.edit(KEY, rating=5)
    open_subject(second, KEY)
    second.settled()
    checked(second)
    films, series = rows_of(second, KEY)
    assert (films, [row["我的评分"] for row in series]) == ([], [5])
    assert second.settled().deleted == 0
