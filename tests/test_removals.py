"""What becomes of the row of a mark that the person took away on Douban."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest

from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.person import Entry
from tests.support import Started, World
from tests.test_push import TABLE, faulty, fill
from tests.test_runs import fill_lists, open_subject, runs
from tests.walks import lend, walk


@pytest.fixture
def started(stocked: Started) -> Started:
    lend(stocked)
    stocked.connect()
    complete(stocked)
    return stocked


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


def deleted_in_vain(started: Started, entry: Entry, kind: Literal["refused", "refused_after"]) -> None:
    """It is proven gone, and Feishu says that it could not delete its row."""
    started.world.person.remove(entry.key)
    faulty(started, Fault("record.batch_delete", kind, code=1254302))
    assert walk(started, "full").removed == 1
    assert started.settled().state == "error"


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


def test_it_comes_back_before_it_is_known_that_its_row_went(started: Started) -> None:
    """Feishu deleted the row, and answered that it could not: that it is gone is not the person's doing."""
    policy(started, "delete")
    entry = take_away_from(started)
    deleted_in_vain(started, entry, "refused_after")
    assert row_of(started, entry) == []
    mark_again(started, entry)
    assert [row["我的评分"] for _, row in row_of(started, entry)] == [2]


def test_feishu_still_shows_its_row_when_it_comes_back(started: Started) -> None:
    """The row that we deleted is to be seen, and is known not to be there."""
    policy(started, "delete")
    entry = take_away_from(started)
    world = started.world
    ((deleted, _),) = row_of(started, entry)
    table = world.feishu.table(world.app_token, TABLE)
    before = dict(table.records)
    gone(started, entry)
    read = list[str]()

    async def note(call: str, stage: Stage) -> None:
        if stage == "before" and call.startswith("record."):
            if call == "record.search" and call not in read:
                table.before, table.stale_reads = before, 1
            read.append(call)

    world.feishu.on_call = note
    mark_again(started, entry)
    assert read[: read.index("record.batch_create")] == ["record.search"], "it is not written"
    ((record, row),) = row_of(started, entry)
    assert (record != deleted, row["我的评分"]) == (True, 2)


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


def asking_again(started: Started, call: str) -> None:
    """Whenever that is called, the person asks for a sync."""

    async def ask(name: str, stage: Stage) -> None:
        if (name, stage) == (call, "before"):
            started.gateway.carriers.first.sync.retry()

    started.world.feishu.on_call = ask


@pytest.mark.parametrize("word", ["keep", "delete", "ignore"])
def test_it_gets_none_either_if_the_person_asks_again_and_again(world: World, word: str) -> None:
    started = world.start()
    policy(started, word)
    lend(started)
    fill(started)
    entry = take_away_from(started)
    world.person.remove(entry.key)
    assert walk(started, "full").removed == 1
    asking_again(started, "record.batch_create")
    started.connect()
    complete(started)
    assert row_of(started, entry) == []


@pytest.mark.parametrize("word", ["keep", "delete", "ignore"])
def test_it_comes_back_before_anything_was_made_of_it(started: Started, word: str) -> None:
    """While the push is paused: it is a mark like any other."""
    policy(started, word)
    entry = take_away_from(started)
    ((record, _),) = row_of(started, entry)
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    started.world.person.remove(entry.key)
    assert walk(started, "full").removed == 1
    started.world.person.add(entry.subject, entry.mark.status, rating=2)
    fill(started)
    assert started.owner.call("POST", "/api/v1/push/resume").status == 202
    complete(started)
    assert [(same, row["我的评分"]) for same, row in row_of(started, entry)] == [(record, 2)]


@pytest.mark.parametrize("word", ["delete", "ignore"])
def test_its_row_is_not_written_if_the_person_asks_again_and_again(started: Started, word: str) -> None:
    """While rows are written, with one that could not be deleted before."""
    policy(started, word)
    entry, other = take_away_from(started), started.world.person.marks[-1]
    before = row_of(started, entry)
    started.world.person.remove(entry.key)
    faulty(started, Fault("record.batch_delete", "refused", code=1254302))
    assert walk(started, "full").removed == 1
    started.settled()
    assert row_of(started, entry) == before
    asking_again(started, "record.batch_update")
    started.world.person.edit(other.key, comment="改了")
    fill(started)
    assert started.settled().state == "idle"
    assert [row["我的备注"] for _, row in row_of(started, other)] == ["改了"]
    assert row_of(started, entry) == ([] if word == "delete" else before)


@pytest.mark.parametrize("word", ["", "burn", None])
def test_a_policy_that_is_none(started: Started, word: Any) -> None:
    assert started.owner.call("PUT", "/api/v1/removals", {"policy": word}).status == 400


# In two tables, or between two policies.

FILMS, SERIES = "豆瓣电影", "豆瓣剧集"


@pytest.fixture
def film(world: World) -> tuple[Started, SubjectKey]:
    """A film in the table of films, which its page will say to be a series."""
    key = SubjectKey(Medium.MOVIE, "30000001")
    told = Subject(key=key, kind=Kind.TV, title="远山来信", genres=("剧情",))
    world.person.add(told, Status.DONE, rating=4)
    started = world.start()
    lend(started)
    fill_lists(started)
    assert started.connect(layout="kinds").status == 200
    started.settled()
    assert [len(each) for each in rows_of(started, key)] == [1, 0]
    return started, key


def rows_of(started: Started, key: SubjectKey) -> tuple[list[Any], list[Any]]:
    """Its rows among the films, and among the series."""
    films, series = (list(of(started, table, key)) for table in (FILMS, SERIES))
    return films, series


def of(started: Started, table: str, key: SubjectKey) -> Iterator[Any]:
    return (row for row in started.world.rows(table).values() if row["Subject ID"] == key.id)


def moves_and_goes(started: Started, key: SubjectKey) -> None:
    """While the push is paused it becomes a series, and the person takes its mark away."""
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    open_subject(started, key)
    started.world.person.remove(key)
    assert walk(started, "full").removed == 1
    started.settled()


def resume(started: Started) -> None:
    assert started.owner.call("POST", "/api/v1/push/resume").status == 202
    assert started.settled().state == "idle"


def test_kept_though_it_belongs_elsewhere(film: tuple[Started, SubjectKey]) -> None:
    started, key = film
    moves_and_goes(started, key)
    resume(started)
    films, series = rows_of(started, key)
    assert (films, [row["我的状态"] for row in series]) == ([], ["已取消"])


def test_deleted_though_it_belongs_elsewhere(film: tuple[Started, SubjectKey]) -> None:
    started, key = film
    policy(started, "delete")
    moves_and_goes(started, key)
    resume(started)
    assert rows_of(started, key) == ([], [])


def test_ignored_though_it_belongs_elsewhere(film: tuple[Started, SubjectKey]) -> None:
    started, key = film
    policy(started, "ignore")
    before = rows_of(started, key)
    moves_and_goes(started, key)
    resume(started)
    assert rows_of(started, key) == before
    started.world.person.add(started.world.person.unmarked[key].subject, Status.DONE, rating=1)
    open_subject(started, key)
    assert started.settled().state == "idle"
    films, series = rows_of(started, key)
    assert (films, [row["我的评分"] for row in series]) == ([], [1])


@pytest.mark.parametrize("word", ["keep", "ignore"])
def test_who_thinks_better_of_it(started: Started, word: str) -> None:
    """The rows were to go, Feishu did not answer, and the person now wants them kept."""
    policy(started, "delete")
    entry = take_away_from(started)
    ((record, before),) = row_of(started, entry)
    started.world.person.remove(entry.key)
    faulty(started, Fault("record.batch_get", "refused", code=1254302))
    assert walk(started, "full").removed == 1
    assert started.settled().state == "error"
    assert len(row_of(started, entry)) == 1
    policy(started, word)
    assert started.owner.call("POST", "/api/v1/push").status == 202
    assert started.settled().problem is None
    ((same, row),) = row_of(started, entry)
    assert (same, row["我的状态"]) == (record, "已取消" if word == "keep" else before["我的状态"])


def test_who_thinks_better_of_it_too_late(started: Started) -> None:
    """The rows went, though Feishu said that they could not, and the person now wants them kept."""
    policy(started, "delete")
    entry = take_away_from(started)
    deleted_in_vain(started, entry, "refused_after")
    policy(started, "keep")
    assert started.owner.call("POST", "/api/v1/push").status == 202
    assert started.settled().problem is None
    assert row_of(started, entry) == []
    mark_again(started, entry)
    assert [row["我的评分"] for _, row in row_of(started, entry)] == [2]


def test_a_row_that_they_deleted_after_it_was_to_go_stays_deleted(started: Started) -> None:
    """Feishu did not delete it, the mark came back and was written to the row; then the person deleted that."""
    policy(started, "delete")
    entry = take_away_from(started)
    world = started.world
    ((record, _),) = row_of(started, entry)
    deleted_in_vain(started, entry, "refused")
    mark_again(started, entry)
    assert [(same, row["我的评分"]) for same, row in row_of(started, entry)] == [(record, 2)]
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, record))
    world.person.edit(entry.key, comment="再看一遍")
    fill(started)
    assert started.settled().deleted == 1


def test_a_row_that_they_deleted_stays_deleted(started: Started) -> None:
    """Also if its mark goes and comes back."""
    world = started.world
    policy(started, "delete")
    entry = take_away_from(started)
    ((record, _),) = row_of(started, entry)
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, record))
    world.person.edit(entry.key, comment="再看一遍")
    fill(started)
    assert started.settled().deleted == 1
    gone(started, entry)
    world.person.add(entry.subject, entry.mark.status, rating=2)
    fill(started)
    assert started.settled().deleted == 1
    assert row_of(started, entry) == []
