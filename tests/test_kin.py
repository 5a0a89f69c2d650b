"""Two machines of one person, with a table for each kind: what is a series is known to one of them alone."""

import pytest

from gateway.library import Library, MarkKey
from gateway.model import Kind, Medium, Status, Subject, SubjectKey, now
from gateway.sandbox.feishu import Fault
from gateway.sandbox.person import Entry
from gateway.store import Store
from tests.support import Started, World, two_of
from tests.test_push import faulty
from tests.test_removals import FILMS, SERIES, policy, rows_of
from tests.test_runs import fill_lists, open_subject
from tests.test_two_at_once import During, Together, pause
from tests.test_whose_row import add, checked, delete, unmarked

KEY = SubjectKey(Medium.MOVIE, "30000001")
TOLD = Subject(key=KEY, kind=Kind.TV, title="远山来信", genres=("剧情",))


def told(kind: Kind, *genres: str) -> Subject:
    return Subject(key=KEY, kind=kind, title="远山来信", genres=genres)


def kinds(world: World, layout: str = "kinds") -> tuple[Started, Started]:
    first, second = two_of(world)
    for each in (first, second):
        fill_lists(each)
        assert each.connect(layout=layout).status == 200
        assert each.settled().state == "idle"
    return first, second


@pytest.mark.parametrize("knows_first", [True, False])
@pytest.mark.parametrize("in_turn", [True, False])
def test_both_make_it_at_the_same_moment(world: World, *, in_turn: bool, knows_first: bool) -> None:
    """Each looked and saw no row before the other made one; one of them is done before the other begins, or both are not."""
    machines = kinds(world)
    knows, assumes = machines
    world.person.add(TOLD, Status.DONE, rating=4)
    for each in machines:
        pause(each, on=True)
    fill_lists(assumes)
    open_subject(knows, KEY)
    first, second = machines if knows_first else machines[::-1]
    world.feishu.on_call = together = Together(in_turn=in_turn)
    world.background.call(lambda: first.gateway.carriers.first.sync.pause(on=False))
    world.background.run(together.first.wait())
    world.background.call(lambda: second.gateway.carriers.first.sync.pause(on=False))
    if in_turn:
        assert first.settled().state == "idle"
        world.background.call(together.go.set)
    for each in machines:
        assert each.settled().state == "idle"
        checked(each)
    assert together.begun == 2
    assert sum(where(knows)) == 1
    world.person.edit(KEY, rating=1)
    for each in machines:
        fill_lists(each)
        assert each.settled().state == "idle"
    films, series = rows_of(knows, KEY)
    assert [row["我的评分"] for row in films + series] == [1]
    open_subject(assumes, KEY)
    assert assumes.settled().state == "idle"
    assert where(knows) == (0, 1)


def known_to_the_first(world: World, layout: str) -> tuple[Started, Started, Entry]:
    """Both had it among the films; the first opened its page, and the second wrote it since."""
    entry = world.person.add(TOLD, Status.DONE, rating=4)
    first, second = kinds(world, layout)
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    world.person.edit(KEY, rating=1)
    fill_lists(second)
    assert second.settled().state == "idle"
    assert where(second) == (0, 1)
    return first, second, entry


def where(started: Started) -> tuple[int, int]:
    """How many rows the mark has among the films, and among the series."""
    films, series = rows_of(started, KEY)
    return len(films), len(series)


def test_who_reads_the_list_after_the_other_opened_the_page(world: World) -> None:
    first, second = kinds(world)
    world.person.add(TOLD, Status.DONE, rating=4)
    fill_lists(first)
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    assert where(first) == (0, 1)
    fill_lists(second)
    assert second.settled().state == "idle"
    assert where(second) == (0, 1)
    world.person.edit(KEY, rating=2)
    fill_lists(second)
    assert second.settled().state == "idle"
    assert [row["我的评分"] for row in rows_of(second, KEY)[1]] == [2]
    for each in (first, second):
        checked(each)
    assert where(first) == (0, 1)


def test_who_opens_the_page_after_the_other_read_the_list(world: World) -> None:
    """Its row moves, and is known where it is when the mark changes for who took it for a film."""
    first, second = kinds(world)
    world.person.add(TOLD, Status.DONE, rating=4)
    fill_lists(second)
    assert second.settled().state == "idle"
    assert where(second) == (1, 0)
    open_subject(first, KEY)
    assert first.settled().state == "idle"
    assert where(first) == (0, 1)
    for rating in (1, 2, 3):
        world.person.edit(KEY, rating=rating)
        fill_lists(second)
        assert second.settled().state == "idle"
        assert where(second) == (0, 1)
        assert [row["我的评分"] for row in rows_of(second, KEY)[1]] == [rating]


@pytest.mark.parametrize("word", ["keep", "delete"])
def test_its_row_goes_with_its_mark(world: World, word: str) -> None:
    """It was never the person's: D2F made it."""
    _, second, entry = known_to_the_first(world, "kinds")
    policy(second, word)
    unmarked(second, entry)
    left = rows_of(second, KEY)[1]
    assert [row["我的状态"] for row in left] == (["已取消"] if word == "keep" else [])
    assert where(second)[0] == 0


@pytest.mark.parametrize("how", ["cut and pasted", "typed"])
def test_they_put_it_among_the_series(world: World, how: str) -> None:
    """It stays there, and is written there, until Douban says what it is; what they typed themselves stays for good."""
    started = world.start()
    world.person.add(told(Kind.MOVIE, "剧情"), Status.DONE, rating=4)
    fill_lists(started)
    assert started.connect(layout="kinds").status == 200
    assert started.settled().state == "idle"
    (record,) = (record for record, row in world.rows(FILMS).items() if row["Subject ID"] == KEY.id)
    names = {"标题", "Subject ID", "豆瓣页面", "D2F 写入时间" if how == "cut and pasted" else ""}
    row = {name: cell for name, cell in world.rows(FILMS)[record].items() if name in names}
    delete(world, record, FILMS)
    put = add(world, row, SERIES)
    checked(started)
    assert where(started) == (0, 1)
    world.person.edit(KEY, rating=2)
    fill_lists(started)
    assert started.settled().state == "idle"
    assert world.rows(SERIES)[put]["我的评分"] == 2
    assert where(started) == (0, 1)
    open_subject(started, KEY)
    assert started.settled().state == "idle"
    assert where(started) == ((1, 0) if how == "cut and pasted" else (0, 1))


def test_it_becomes_a_third_thing(world: World) -> None:
    """A film for one, a series for the other, and then a documentary: one row all the while."""
    first, second, entry = known_to_the_first(world, "four")
    entry.subject = told(Kind.TV, "纪录片")
    open_subject(second, KEY)
    assert second.settled().state == "idle"
    assert where(second) == (0, 0)
    ids = [row.get("Subject ID") for row in world.rows("豆瓣纪录片").values()]
    assert ids.count(KEY.id) == 1
    world.person.edit(KEY, rating=5)
    fill_lists(first)
    assert first.settled().state == "idle"
    assert where(first) == (0, 0)
    rows = [row for row in world.rows("豆瓣纪录片").values() if row.get("Subject ID") == KEY.id]
    assert [row["我的评分"] for row in rows] == [5]


@pytest.mark.parametrize("word", ["keep", "delete", "ignore"])
def test_it_moves_unheard_and_its_mark_is_gone(world: World, word: str) -> None:
    """Its row was made among the series, and the gateway ended before it heard; then the mark was taken away."""
    world.person.add(TOLD, Status.DONE, rating=4)
    started = world.start()
    fill_lists(started)
    assert started.connect(layout="kinds").status == 200
    assert started.settled().state == "idle"
    policy(started, word)
    world.feishu.on_call = ending = During("record.batch_create", "after", started.stop)
    faulty(started, Fault("record.batch_create", "drop_after"))
    open_subject(started, KEY)
    world.background.run(ending.over.wait())
    world.feishu.on_call = None
    world.background.call(world.feishu.faults.clear)
    assert where(started) == (1, 1)
    with Store(world.folder / "d2f.db") as store:
        assert Library(store).remove([MarkKey(world.person.id, KEY)], now(), None) == 1
    again = world.start()
    assert again.settled().state == "idle"
    assert where(again) == (0, 0 if word == "delete" else 1)
