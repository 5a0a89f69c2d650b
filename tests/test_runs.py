"""What each run did is kept: what began it, what it read and wrote, and why it ended."""

from typing import Any

import pytest

from gateway.model import Kind, Medium, Outcome, Status, Subject, SubjectKey
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import Started
from tests.test_plan import plan
from tests.test_push import faulty, fill, right
from tests.test_ways_in import edit_one
from tests.walks import lend, rested, walk


def runs(started: Started) -> list[Any]:
    started.settled()
    return started.owner.call("GET", "/api/v1/runs").json()


def test_pages_then_a_connection(stocked: Started) -> None:
    (walked,) = runs(stocked)
    marks = len(stocked.world.person.marks)
    assert (walked["cause"], walked["new"], walked["created"]) == ("button", marks, 0)
    assert walked["pages"] == stocked.world.background.call(
        lambda: len(stocked.gateway.store.captures(limit=1000))
    )
    assert walked["ended"] is not None
    before = stocked.world.feishu.calls.total()
    stocked.connect()
    connected, _ = runs(stocked)
    assert (connected["cause"], connected["created"], connected["updated"]) == ("connect", marks, 0)
    assert 0 < connected["calls"] <= stocked.world.feishu.calls.total() - before
    right(stocked)


def test_an_edit(started: Started) -> None:
    started.connect()
    fill(started)
    started.settled()
    edit_one(started)
    run = runs(started)[0]
    assert (run["cause"], run["changed"]) == ("button", 1)
    assert run["updated"] > 0
    assert run["created"] == len(started.world.person.marks), "the same person turns pages: it is one run"


def test_nothing_new_is_told_too(started: Started) -> None:
    fill(started)
    fill(started)
    (run,) = runs(started)
    assert run["new"] == len(started.world.person.marks)
    assert run["same"] >= len(started.world.person.marks)


def test_one_that_needs_the_person(started: Started) -> None:
    started.connect()
    started.world.share(None)
    fill(started)
    run = runs(started)[0]
    assert run["problem"]["code"] == "no_access"
    started.world.share("edit")
    assert started.owner.call("POST", "/api/v1/push").status == 202
    again = runs(started)[0]
    assert (again["cause"], again["problem"]) == ("retry", None)
    assert again["created"] == len(started.world.person.marks)


def test_a_row_that_feishu_does_not_take(started: Started) -> None:
    started.connect()
    fill(started)
    started.settled()
    faulty(started, Fault("record.batch_update", "refused", code=1254060))
    refused = edit_one(started)
    run = runs(started)[0]
    assert (run["changed"], run["failed"]) == (1, 1)
    (note,) = run["notes"]
    assert str(refused.subject.title) in note["zh"]
    assert str(refused.subject.title) in note["en"]
    started.owner.call("POST", "/api/v1/push")
    started.settled()
    assert runs(started)[0]["failed"] == 0
    assert runs(started)[1]["notes"] == [note], "why it failed then stays told"


def test_one_that_was_cut_off(started: Started) -> None:
    started.connect()
    started.world.background.call(lambda: started.gateway.carriers.first.runs.begin("button"))
    started.stop()
    again = started.world.start()
    run = runs(again)[0]
    assert (run["cause"], run["problem"]["code"]) == ("button", "interrupted")


# A subject that turns out to be of another class.

FILMS, SERIES = "豆瓣电影", "豆瓣剧集"


@pytest.fixture
def moved(started: Started) -> tuple[Started, SubjectKey]:
    """A film in the table of films, which its page then says to be a series."""
    world = started.world
    key = SubjectKey(Medium.MOVIE, "30000001")
    told = Subject(key=key, kind=Kind.TV, title="远山来信", genres=("剧情",))
    world.person.add(told, Status.DONE, rating=4)
    fill_lists(started)
    assert started.connect(layout="kinds").status == 200
    started.settled()
    assert row_of(started, FILMS, key)
    assert not row_of(started, SERIES, key)
    return started, key


def fill_lists(started: Started) -> None:
    """The list says nothing of series."""
    browser = started.pair()
    url = f"https://movie.douban.com/people/{started.world.person.address}/collect"
    assert browser.capture(url, started.world.visitor.open(url).body)[0] == 200


def open_subject(started: Started, *keys: SubjectKey) -> None:
    browser = started.pair()
    for key in keys:
        url = f"https://movie.douban.com/subject/{key.id}/"
        assert browser.capture(url, started.world.visitor.open(url).body)[0] == 200


def row_of(started: Started, table: str, key: SubjectKey) -> list[tuple[str, Any]]:
    return [(record, row) for record, row in started.world.rows(table).items() if row["Subject ID"] == key.id]


def test_it_moves(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    films = len(started.world.rows(FILMS))
    open_subject(started, key)
    run = runs(started)[0]
    assert (len(row_of(started, FILMS, key)), len(row_of(started, SERIES, key))) == (0, 1)
    assert (run["created"] >= 1, run["removed"]) == (True, 1)
    assert len(started.world.rows(FILMS)) == films - 1, "no other row is touched"


def test_the_plan_says_where_to(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    open_subject(started, key)
    started.settled()
    films = next(table for table in plan(started)["tables"] if table["name"] == FILMS)
    (going,) = films["going"]
    assert going == {"title": "远山来信", "why": {"zh": f"搬到“{SERIES}”", "en": f"moves to “{SERIES}”"}}


def test_what_they_had_written_there_is_told(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    world = started.world
    ((record, _),) = row_of(started, FILMS, key)
    world.background.call(
        lambda: (
            world.feishu.add_field(world.app_token, FILMS, FieldSpec("和谁看的", 1)),
            world.feishu.edit_record(world.app_token, FILMS, record, {"和谁看的": "小林"}),
        )
    )
    open_subject(started, key)
    (note,) = runs(started)[0]["notes"]
    assert "远山来信" in note["zh"]
    assert "和谁看的: 小林" in note["en"]


@pytest.mark.parametrize("known", [True, False])
def test_cells_of_ours_that_are_theirs_are_told_too(
    moved: tuple[Started, SubjectKey],
    known: bool,  # noqa: FBT001  # drawn
) -> None:
    """Whether a check found them before or not; what we wrote ourselves is no loss, nor is what they gave back."""
    started, key = moved
    world = started.world
    ((record, row),) = row_of(started, FILMS, key)
    assert started.owner.call("PUT", "/api/v1/edits", {"policy": "theirs"}).status == 200
    assert started.settled().state == "idle"

    def write(**cells: Any) -> None:
        world.background.call(lambda: world.feishu.edit_record(world.app_token, FILMS, record, cells))

    write(我的备注="我自己写的", 电影名="别的名字")
    if known:
        assert started.owner.call("POST", "/api/v1/check").status == 202
        assert started.settled().state == "idle"
    write(电影名=row["电影名"])
    open_subject(started, key)
    notes = [note for run in runs(started) for note in run["notes"] if "已移出" in note["zh"]]
    assert [note["zh"].partition("写过：")[2] for note in notes] == ["我的备注: 我自己写的"]
    assert (len(row_of(started, FILMS, key)), len(row_of(started, SERIES, key))) == (0, 1)


def test_cells_of_ours_are_not_told_where_they_are_ours(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    world = started.world
    ((record, _),) = row_of(started, FILMS, key)
    edit = {"我的备注": "我自己写的"}
    world.background.call(lambda: world.feishu.edit_record(world.app_token, FILMS, record, edit))
    open_subject(started, key)
    assert runs(started)[0]["notes"] == []


@pytest.mark.parametrize("call", ["record.batch_create", "record.batch_get", "record.batch_delete"])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "html_502"])
def test_faults_on_the_way(moved: tuple[Started, SubjectKey], call: str, kind: Any) -> None:
    started, key = moved
    faulty(started, Fault(call, kind))
    open_subject(started, key)
    started.settled()
    assert (len(row_of(started, FILMS, key)), len(row_of(started, SERIES, key))) == (0, 1)


def test_a_row_that_they_deleted_does_not_come_back_elsewhere(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    world = started.world
    ((record, _),) = row_of(started, FILMS, key)
    world.background.call(lambda: world.feishu.delete_record(world.app_token, FILMS, record))
    world.person.edit(key, comment="再看一遍")
    fill_lists(started)
    started.settled()
    open_subject(started, key)
    started.settled()
    assert (len(row_of(started, FILMS, key)), len(row_of(started, SERIES, key))) == (0, 0)


# The person stops it.


def test_paused_and_resumed(started: Started) -> None:
    """Pages are read all the while; a restart changes nothing."""
    world = started.world
    started.connect()
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    fill(started)
    assert started.settled().state == "paused"
    assert world.rows() == {}
    assert started.marks() == len(world.person.marks)
    started.stop()
    again = world.start()
    assert again.settled().state == "paused"
    assert world.rows() == {}
    assert again.owner.call("POST", "/api/v1/push/resume").status == 202
    right(again)


def test_paused_in_the_middle(stocked: Started) -> None:
    """The batch that is under way is finished; the extension is told why nothing comes."""
    world = stocked.world
    stops = iter([True])

    async def note(name: str, stage: str) -> None:
        if name == "record.batch_create" and stage == "before" and next(stops, False):
            stocked.gateway.carriers.first.sync.pause(on=True)

    world.feishu.on_call = note
    world.background.call(lambda: setattr(stocked.gateway.carriers.first.sync.rows, "_at_a_time", 10))
    stocked.connect()
    state = stocked.settled()
    assert (state.state, state.pushed) == ("paused", 10)
    browser = stocked.pair()
    status, answer = browser.send("/api/v1/state", b"{}")
    assert (status, answer["push"]["problem"]["code"]) == (200, "paused")
    assert stocked.owner.call("POST", "/api/v1/push/resume").status == 202
    right(stocked)


@pytest.mark.parametrize(
    ("by", "kind", "cause"),
    [
        ("person", "sync", "walk"),
        ("person", "full", "full"),
        ("schedule", "sync", "schedule"),
        ("schedule", "full", "scheduled_full"),
    ],
)
def test_who_wanted_a_walk(started: Started, by: Any, kind: Any, cause: str) -> None:
    """A full check, and what the schedule began, are told apart; what is gone is counted."""
    lend(started)
    started.connect()
    fill(started)
    started.settled()
    marks = [entry for entry in started.world.person.marks if not (entry.removed or entry.mark.private)]
    started.world.person.remove(marks[-1].key)
    started.world.background.call(lambda: started.gateway.carriers.first.walks.start(kind, by))
    over = rested(started)
    found = {run["cause"]: run for run in runs(started)}
    assert found.keys() - {"button", "connect", "check"} == {cause}
    run = found[cause]
    assert run["gone"] == over.removed == (1 if kind == "full" else 0)
    assert run["pages"] == over.pages
    assert (run["new"], run["changed"], run["same"]) == (over.new, over.changed, over.same)


def test_a_page_that_is_turned_during_a_walk(started: Started) -> None:
    """Two runs, not one for each change of hands."""
    outcome = Outcome(new=0, changed=0, same=1, outdated=0)

    def act() -> None:
        for cause in ("walk", "button", "walk", "button", "walk"):
            started.gateway.carriers.first.runs.read(cause, outcome)
            started.gateway.carriers.first.runs.end()

    started.world.background.call(act)
    assert {(run["cause"], run["pages"]) for run in runs(started)} == {("walk", 3), ("button", 2)}


def test_a_failed_row_is_tried_again_with_the_next_run(started: Started) -> None:
    """And not before: each try costs calls."""
    started.connect()
    fill(started)
    started.settled()
    faulty(started, Fault("record.batch_update", "refused", code=1254060))
    edit_one(started)
    assert started.settled().failed == 1
    tries = started.world.feishu.calls["record.batch_update"]
    fill(started)
    assert started.settled().failed == 1, "the same run goes on"
    assert started.world.feishu.calls["record.batch_update"] == tries
    lend(started)
    assert walk(started, "sync").state == "ended"
    assert started.settled().failed == 0
    assert runs(started)[0]["cause"] == "walk"


def many_moved(started: Started, number: int) -> list[SubjectKey]:
    """So many films in the table of films that turn out to be series; the person wrote something into each row."""
    world = started.world
    keys = [SubjectKey(Medium.MOVIE, str(31000000 + each)) for each in range(number * 3 // 2)]
    for key in keys:
        world.person.add(Subject(key=key, kind=Kind.TV, title=f"剧 {key.id}"), Status.DONE)
    fill(started)
    assert started.connect(layout="kinds").status == 200
    started.settled()
    world.background.call(lambda: world.feishu.add_field(world.app_token, FILMS, FieldSpec("和谁看的", 1)))
    world.background.call(lambda: world.feishu.add_field(world.app_token, FILMS, FieldSpec("何时建的", 1001)))
    rows = {row["Subject ID"]: record for record, row in world.rows(FILMS).items()}
    keys = [key for key in keys if key.id in rows][:number]  # a list tells of some of them
    assert len(keys) == number
    for key in keys:
        their = {"和谁看的": f"小林 {key.id}"}
        world.background.call(
            lambda key=key, their=their: world.feishu.edit_record(world.app_token, FILMS, rows[key.id], their)
        )
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    open_subject(started, *keys)
    return keys


def test_what_they_had_written_is_told_of_each_row(started: Started) -> None:
    """Also if Feishu deletes the rows and the answer is lost, and if there are many."""
    keys = many_moved(started, 60)
    faulty(started, Fault("record.batch_delete", "drop_after"))
    assert started.owner.call("POST", "/api/v1/push/resume").status == 202
    state = started.settled()
    assert (state.state, state.problem) == ("idle", None)
    notes = [note["zh"] for run in runs(started) for note in run["notes"]]
    assert sorted(note.partition("：")[2] for note in notes) == sorted(
        f"和谁看的: 小林 {key.id}" for key in keys
    )
    assert sum(run["removed"] for run in runs(started)) == len(keys)


def test_paused_while_rows_move(started: Started) -> None:
    """The hundred that is under way is finished, the next one stays; afterwards each mark has its one row."""
    world = started.world
    keys = many_moved(started, 120)

    async def note(name: str, stage: str) -> None:
        if (name, stage) == ("record.batch_delete", "before"):
            started.gateway.carriers.first.sync.pause(on=True)

    world.feishu.on_call = note
    assert started.owner.call("POST", "/api/v1/push/resume").status == 202
    assert started.settled().state == "paused"
    assert sum(len(row_of(started, FILMS, key)) for key in keys) == 20
    world.feishu.on_call = None
    started.stop()
    again = world.start()
    assert again.owner.call("POST", "/api/v1/push/resume").status == 202
    assert again.settled().state == "idle"
    assert [len(row_of(again, FILMS, key)) for key in keys] == [0] * len(keys)
    assert [len(row_of(again, SERIES, key)) for key in keys] == [1] * len(keys)


def test_the_table_that_rows_move_from_is_deleted(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    world = started.world
    world.background.call(lambda: world.feishu.delete_table(world.app_token, FILMS))
    open_subject(started, key)
    state = started.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "table_gone")
    assert len(row_of(started, SERIES, key)) == 1


def test_a_column_that_was_retyped_keeps_no_row_from_moving(moved: tuple[Started, SubjectKey]) -> None:
    started, key = moved
    world = started.world
    world.background.call(lambda: world.feishu.retype_field(world.app_token, FILMS, "我的备注", 2))
    open_subject(started, key)
    started.settled()
    assert (len(row_of(started, FILMS, key)), len(row_of(started, SERIES, key))) == (0, 1)
