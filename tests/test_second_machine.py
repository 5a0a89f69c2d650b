"""A second machine comes to tables that the first one keeps: what it finds stays, and what it says it will do is done."""

from typing import Any

import msgspec
import pytest
import time_machine

from gateway.model import Kind, Status, now
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import APP_ID, Started, World, two_of
from tests.test_accounts import connect, keep, settled, visit
from tests.test_check import edit
from tests.test_kin import KEY, TOLD, kinds, told, where
from tests.test_plan import agree, plan
from tests.test_push import fill, right
from tests.test_removals import FILMS, SERIES, policy, row_of, rows_of, take_away_from
from tests.test_runs import fill_lists, open_subject
from tests.test_two_at_once import During, pause
from tests.test_whose_row import THEIRS, add, checked, delete, unmarked

SAID = {"标题", "Subject ID", "豆瓣页面"}
"""What the person copies of a row."""


@pytest.fixture
def set_up(world: World) -> tuple[Started, Started]:
    """The first has a series in its table; the second is not connected, and knows nothing yet."""
    world.person.add(TOLD, Status.DONE, rating=4)
    first, second = two_of(world)
    fill_lists(first)
    open_subject(first, KEY)
    assert first.connect(layout="kinds").status == 200
    assert first.settled().state == "idle"
    assert where(first) == (0, 1)
    return first, second


def record_of(world: World, table: str) -> str:
    (record,) = (record for record, row in world.rows(table).items() if row.get("Subject ID") == KEY.id)
    return record


def planned(started: Started) -> dict[str, tuple[int, int]]:
    """How many rows would be made and would go, by table."""
    return {
        each["name"]: (each["creates"], each["removals"])
        for each in plan(started)["tables"]
        if each["name"] in {FILMS, SERIES}
    }


def column_of_theirs(world: World, table: str) -> None:
    world.background.call(lambda: world.feishu.add_field(world.app_token, table, FieldSpec(THEIRS, 1)))


def move_by_hand(world: World, source: str, target: str) -> str:
    record = record_of(world, source)
    row = {name: cell for name, cell in world.rows(source)[record].items() if name in SAID}
    delete(world, record, source)
    return add(world, row, target)


@pytest.mark.parametrize("read", ["before", "since"])
def test_what_it_takes_for_a_film_stays_among_the_series(set_up: tuple[Started, Started], read: str) -> None:
    """It says so before, and what the person wrote beside it is there afterwards."""
    first, second = set_up
    world, record = first.world, record_of(first.world, SERIES)
    column_of_theirs(world, SERIES)
    world.background.call(lambda: world.feishu.edit_record(world.app_token, SERIES, record, {THEIRS: "很长"}))
    if read == "before":
        fill_lists(second)
    assert second.connect(layout="kinds", accept=False).status == 200
    second.settled()
    if read == "before":
        assert planned(second) == {FILMS: (0, 0), SERIES: (0, 0)}
    agree(second)
    fill_lists(second)
    assert second.settled().state == "idle"
    checked(first)
    assert where(first) == (0, 1)
    assert world.rows(SERIES)[record][THEIRS] == "很长"


def test_its_list_is_read_while_rows_are_made(set_up: tuple[Started, Started]) -> None:
    first, second = set_up
    world, record = first.world, record_of(first.world, SERIES)
    assert second.connect(layout="kinds").status == 200
    assert second.settled().state == "idle"
    pause(second, on=True)
    browser = second.pair()
    books, films = (
        f"https://{each}.douban.com/people/{world.person.address}/collect" for each in ("book", "movie")
    )
    assert browser.capture(books, world.visitor.open(books).body)[0] == 200
    page = world.visitor.open(films).body
    world.feishu.on_call = during = During(
        "record.batch_create", "before", lambda: browser.capture(films, page)
    )
    pause(second, on=False)
    assert second.settled().state == "idle"
    assert during.times == 1
    assert where(first) == (0, 1)
    assert record in world.rows(SERIES)


@pytest.mark.parametrize("word", ["keep", "delete", "ignore"])
def test_a_removed_series_among_the_films(world: World, word: str) -> None:
    """The first took it for a film; the second knows that it is a series, and that its mark is gone."""
    world.person.add(TOLD, Status.DONE, rating=4)
    first, second = two_of(world)
    fill_lists(first)
    assert first.connect(layout="kinds").status == 200
    assert first.settled().state == "idle"
    fill_lists(second)
    open_subject(second, KEY)
    policy(second, word)
    entry = world.person.find(KEY)
    assert entry
    unmarked(second, entry)
    assert second.connect(layout="kinds", accept=False).status == 200
    second.settled()
    told_of, before = planned(second), {name: set(world.rows(name)) for name in (FILMS, SERIES)}
    agree(second)
    after = {name: set(world.rows(name)) for name in (FILMS, SERIES)}
    assert told_of == {
        name: (len(after[name] - before[name]), len(before[name] - after[name])) for name in after
    }
    assert where(second) == {"keep": (0, 1), "delete": (0, 0), "ignore": (1, 0)}[word]


def test_its_row_goes_though_the_other_moved_it(world: World) -> None:
    """With “delete”, and nothing was written between the two."""
    first, second = kinds(world)
    world.person.add(TOLD, Status.DONE, rating=4)
    fill_lists(second)
    assert second.settled().state == "idle"
    policy(second, "delete")
    fill_lists(first)
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    assert where(first) == (0, 1)
    entry = world.person.find(KEY)
    assert entry
    unmarked(second, entry)
    assert where(second) == (0, 0)


@pytest.mark.parametrize("lag", [1, 3])
def test_it_moved_and_is_not_to_be_seen_yet(world: World, lag: int) -> None:
    """The second writes at once, and takes it for deleted; the next check finds it."""
    first, second = kinds(world)
    world.person.add(TOLD, Status.DONE, rating=4)
    for each in (second, first):
        fill_lists(each)
        assert each.settled().state == "idle"
    table = world.feishu.table(world.app_token, SERIES)
    before = dict(table.records)
    open_subject(first, KEY)
    assert first.settled().state == "idle"

    def stale() -> None:
        table.before, table.stale_reads = before, lag

    world.background.call(stale)
    world.person.edit(KEY, rating=1)
    fill_lists(second)
    second.settled()
    world.background.call(lambda: setattr(table, "stale_reads", 0))
    checked(second)
    world.person.edit(KEY, rating=2)
    fill_lists(second)
    assert second.settled().deleted == 0
    assert where(second) == (0, 1)
    assert [row["我的评分"] for row in rows_of(second, KEY)[1]] == [2]


def test_the_table_of_series_lost_its_ids(world: World) -> None:
    """Rows are known by their pages then; and the column is not made again before it is that table's turn."""
    first, second = kinds(world)
    world.person.add(TOLD, Status.DONE, rating=4)
    fill_lists(first)
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    world.background.call(lambda: world.feishu.delete_field(world.app_token, SERIES, "Subject ID"))
    fill_lists(second)
    assert second.settled().state == "idle"
    for each in (first, second):
        checked(each)
    assert where(first) == (0, 1)


def test_a_row_that_is_found_in_a_table_whose_turn_is_over(set_up: tuple[Started, Started]) -> None:
    first, second = set_up
    world = first.world
    fill_lists(second)
    assert second.connect(layout="kinds").status == 200
    assert second.settled().state == "idle"
    put = move_by_hand(world, SERIES, FILMS)
    world.person.add(
        msgspec.structs.replace(told(Kind.MOVIE), key=msgspec.structs.replace(KEY, id="30000002")),
        Status.DONE,
    )
    world.person.edit(KEY, rating=1)
    fill_lists(second)
    state = second.settled()
    assert (state.state, state.pending) == ("idle", 0)
    assert world.rows(FILMS)[put]["我的评分"] == 1


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_row_that_they_typed_among_the_films_stays(world: World, when: str) -> None:
    """With words of their own; the series has its row among the series all the same."""
    started = world.start()
    fill_lists(started)
    assert started.connect(layout="kinds").status == 200
    assert started.settled().state == "idle"
    column_of_theirs(world, FILMS)
    page = {"link": f"https://movie.douban.com/subject/{KEY.id}/", "text": "豆瓣"}
    typed: dict[str, Any] = {"Subject ID": KEY.id, "豆瓣页面": page, THEIRS: "很长"}
    put: list[str] = []

    async def meanwhile(call: str, stage: Stage) -> None:
        if (call, stage) == ("record.batch_create", "before") and not put:
            put.append(world.feishu.add_record(world.app_token, FILMS, typed))

    if when == "before":
        put.append(add(world, typed, FILMS))
    else:
        world.feishu.on_call = meanwhile
    world.person.add(TOLD, Status.DONE, rating=4)
    pause(started, on=True)
    fill_lists(started)
    open_subject(started, KEY)
    pause(started, on=False)
    assert where(started)[1] == 1
    assert world.rows(FILMS)[put[0]][THEIRS] == "很长"


def test_where_one_account_puts_a_row_is_its_own(world: World) -> None:
    film = told(Kind.MOVIE, "剧情")
    world.person.add(film, Status.DONE, rating=4)
    other = world.add_stranger()
    other.add(film, Status.DONE, rating=2)
    started = world.start()
    fill_lists(started)
    assert started.connect(layout="kinds").status == 200
    assert started.settled().state == "idle"
    visit(started, other)
    carrier = keep(started, other)
    token = world.background.call(lambda: world.feishu.add_base("她的", collaborators={APP_ID: "edit"}))
    assert connect(started, other, f"https://example.feishu.cn/base/{token}", layout="kinds").status == 200
    assert settled(started, carrier).state == "idle"

    def hers(table: str) -> list[tuple[str, Any]]:
        rows = world.background.call(lambda: world.feishu.rows(token, table))
        return [(each, row["我的评分"]) for each, row in rows.items() if row["Subject ID"] == KEY.id]

    ((record, _),) = hers(FILMS)
    move_by_hand(world, FILMS, SERIES)
    checked(started)
    assert where(started) == (0, 1)
    other.edit(KEY, rating=5)
    visit(started, other)
    assert settled(started, carrier).state == "idle"
    assert (hers(FILMS), hers(SERIES)) == ([(record, 5)], [])


def test_the_facts_that_the_first_read_later_stay(two: tuple[Started, Started]) -> None:
    """Of a list, which tells less, the second cannot say that it knows better."""
    first, second = two
    world = first.world
    world.person.add(msgspec.structs.replace(told(Kind.MOVIE, "剧情"), directors=("甲",)), Status.DONE)
    for each in two:
        fill(each)
        open_subject(each, KEY)
        each.connect()
        assert each.settled().state == "idle"
    entry = world.person.find(KEY)
    assert entry
    entry.subject = msgspec.structs.replace(entry.subject, directors=("乙",))
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    fill_lists(second)
    for each in (second, first, second):
        checked(each)
        ((_, row),) = row_of(first, entry)
        assert row["创作者"] == "乙"


def test_they_type_over_when_it_was_written(started: Started) -> None:
    """That does not make it another gateway's."""
    fill(started)
    started.connect()
    right(started)
    record, row = next(iter(started.world.rows().items()))
    edit(started, record, **{"D2F 写入时间": 4102444800000, "标题": "手改"})
    checked(started)
    assert started.world.rows()[record]["标题"] == row["标题"]


def test_what_is_restored_beside_a_copy_of_a_row_that_went(started: Started) -> None:
    """The plan says nothing of the copy, which stays."""
    world = started.world
    fill(started)
    started.connect()
    right(started)
    policy(started, "delete")
    entry = take_away_from(started)
    ((_, row),) = row_of(started, entry)
    unmarked(started, entry)
    copy = add(world, row)
    delete(world, next(each for each in world.rows() if each != copy))
    with time_machine.travel(now().timestamp() + 600):
        checked(started)
        pause(started, on=True)
        assert started.owner.call("POST", "/api/v1/deleted/restore").status == 202
        (told_of,) = plan(started)["tables"]
        assert (told_of["creates"], told_of["removals"]) == (1, 0)
        pause(started, on=False)
    assert copy in world.rows()
