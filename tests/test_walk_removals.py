"""What a full check proves to be gone, and all that it must not take for it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gateway.library import Library, MarkKey
from gateway.model import Capture, Kind, Mark, Medium, Status, Subject, SubjectKey, Trigger
from gateway.removals import Removals
from gateway.sandbox import http
from gateway.sandbox.http import Response
from gateway.sandbox.person import Entry
from gateway.store import Store
from gateway.visitor import Reply, call
from tests.support import Background, Started, World
from tests.test_library import ME, NOON, reading
from tests.walks import LOGIN, Asked, Gate, lend, library, mark_new, removed, resume, shown, walk

MARKS = 300


@pytest.fixture
def world(beside: Background, tmp_path: Path) -> World:
    return World(beside, tmp_path / "data", marks=MARKS)


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


@pytest.fixture
def started(world: World, gate: Gate) -> Started:
    """All that there is has been walked."""
    started = world.start()
    lend(started)
    assert walk(started, "full").state == "ended"
    gate.requests.clear()
    return started


def some(world: World, medium: Medium, number: int, status: Status = Status.DONE) -> list[SubjectKey]:
    """Marks far down a list, none of them private."""
    entries = [entry for entry in world.person.of(medium, status) if not entry.mark.private]
    return [entry.key for entry in entries[-number:]]


def take_away(world: World, keys: list[SubjectKey]) -> None:
    for key in keys:
        world.person.remove(key)


def history(started: Started, key: SubjectKey) -> list[str]:
    mark = MarkKey(started.world.person.id, key)
    return [
        change.what for change in started.world.background.call(lambda: started.gateway.library.history(mark))
    ]


def revision(started: Started, key: SubjectKey) -> int:
    sql = "SELECT revision FROM mark WHERE medium = ? AND id = ?"
    row = started.world.background.call(lambda: started.gateway.store.one(sql, [key.medium, key.id]))
    assert row
    return row[0]


def empty(asked: Asked) -> Response | None:
    if not isinstance(asked, tuple):
        return None
    return http.json({"count": 0, "start": asked[2], "total": 0, "interests": []})


def test_what_was_taken_away_is_found_by_the_full_check(world: World, started: Started) -> None:
    gone = [*some(world, Medium.MOVIE, 2), *some(world, Medium.BOOK, 1)]
    before = revision(started, gone[0])
    take_away(world, gone)
    assert walk(started, "sync").removed == 0
    assert removed(started) == set()
    assert walk(started, "full").removed == 3
    assert removed(started) == set(gone)
    assert history(started, gone[0]) == ["new", "removed"]
    assert revision(started, gone[0]) == before + 1, "its record must show it"
    assert walk(started, "full").removed == 0, "once is enough"
    assert history(started, gone[0]) == ["new", "removed"]


def test_a_mark_that_comes_back_is_the_same_mark(world: World, started: Started) -> None:
    (key,) = some(world, Medium.MOVIE, 1)
    take_away(world, [key])
    walk(started, "full")
    subject = world.person.unmarked[key].subject
    world.person.add(subject, Status.DONE, rating=5)
    over = walk(started, "sync")
    assert (over.new, over.changed, removed(started)) == (0, 1, set())
    assert history(started, key) == ["new", "removed", "returned"]
    assert library(started)[key][0].rating == 5


def test_a_page_that_waited_since_before_does_not_bring_it_back(world: World, started: Started) -> None:
    browser = started.pair()
    url = f"https://movie.douban.com/people/{world.person.address}/collect?mode=grid"
    page = world.visitor.open(url).body
    key = world.person.of(Medium.MOVIE, Status.DONE)[0].key
    world.person.remove(key)
    walk(started, "full")
    assert removed(started) == {key}
    assert browser.capture(url, page, age=3600)[0] == 200
    assert removed(started) == {key}
    world.person.add(world.person.unmarked[key].subject)
    assert browser.capture(url, world.visitor.open(url).body)[0] == 200
    assert removed(started) == set()


def test_another_status_is_no_removal(world: World, started: Started) -> None:
    (key,) = some(world, Medium.MOVIE, 1, Status.WISH)
    world.person.edit(key, status=Status.DONE)
    assert walk(started, "full").removed == 0
    assert history(started, key) == ["new", "changed"]


def test_all_lists_empty_is_a_question(world: World, gate: Gate, started: Started) -> None:
    """Whoever is logged in: nothing goes without the person's word, not even the few of a small medium."""
    gate.act = empty
    over = walk(started, "full")
    assert (over.state, over.removed, removed(started)) == ("ended", 0, set())
    asked = shown(started)["removals"]
    assert sum(len(each["marks"]) for each in asked) == len(
        [entry for entry in world.person.marks if not entry.mark.private]
    )
    gate.act = lambda _asked: None
    walk(started, "full")
    assert shown(started)["removals"] == [], "they were all there again"


def test_all_lists_empty_because_nobody_is_logged_in(gate: Gate, started: Started) -> None:
    gate.act = lambda asked: LOGIN if asked == "/mine/" else empty(asked)
    over = walk(started, "full")
    assert over.stop is not None
    assert (over.state, over.stop.code) == ("stopped", "login_page")
    assert (removed(started), shown(started)["removals"]) == (set(), [])
    gate.act = lambda asked: empty(asked) if asked == "/mine/" else None
    assert resume(started).state == "ended"


def test_douban_knows_the_session_as_somebody_elses(world: World, gate: Gate, started: Started) -> None:
    take_away(world, some(world, Medium.MOVIE, 1))
    page = f'<!DOCTYPE html><html><body><input id="user" value="{int(world.person.id) + 1}" data-name="x"></body></html>'
    gate.act = lambda asked: http.html(page) if asked == "/mine/" else None
    over = walk(started, "full")
    assert over.stop is not None
    assert (over.state, over.stop.code, removed(started)) == ("stopped", "other_account", set())
    gate.act = lambda _asked: None
    assert resume(started).removed == 1


@pytest.mark.parametrize("why", ["403", "ip", "captcha"])
def test_a_block_removes_nothing(world: World, started: Started, why: Any) -> None:
    take_away(world, some(world, Medium.BOOK, 1))
    world.douban.blocked, world.douban.blocked_after = why, world.douban.pages + 6
    assert walk(started, "full").state == "stopped"
    started.owner.call("DELETE", "/api/v1/walks")
    assert removed(started) == set()


def without(
    world: World, asked: Asked, is_shown: Callable[[Entry], bool], *, honest: bool = False
) -> Response | None:
    """The lists without some rows, which are counted unless Douban is ``honest`` about it."""
    if not isinstance(asked, tuple):
        return None
    medium, word, start = asked
    status = {"mark": Status.WISH, "doing": Status.DOING, "done": Status.DONE}[word]
    everything = world.person.of(Medium(medium), status)
    there = [entry for entry in everything if is_shown(entry)]
    total = len(there) if honest else len(everything)
    rows = [interest(entry, word) for entry in there[start : start + 50]]
    return http.json({"count": 50, "start": start, "total": total, "interests": rows})


def interest(entry: Entry, word: str) -> dict[str, Any]:
    return {
        "id": int(entry.mark.mark_id or 0),
        "status": word,
        "create_time": f"{entry.made:%Y-%m-%d %H:%M:%S}",
        "comment": entry.mark.comment or "",
        "tags": list(entry.mark.tags or ()),
        "rating": {"value": entry.mark.rating, "max": 5} if entry.mark.rating else None,
        "is_private": False,
        "subject": {"id": entry.key.id, "type": str(entry.subject.kind), "title": entry.subject.title or "x"},
    }


@pytest.mark.parametrize("honest", [True, False])
def test_private_marks_that_are_not_shown_are_not_gone(
    world: World, gate: Gate, started: Started, *, honest: bool
) -> None:
    """Even if Douban says who we are, and counts as if they were not there."""
    private = [entry for entry in world.person.marks if entry.mark.private]
    assert 0 < len([entry for entry in private if entry.key.medium is Medium.BOOK]) <= 5
    gate.act = lambda asked: without(world, asked, lambda entry: not entry.mark.private, honest=honest)
    for _ in range(2):
        over = walk(started, "full")
        assert (over.state, over.removed, removed(started)) == ("ended", 0, set())
        assert shown(started)["removals"] == []


def test_a_private_mark_that_was_taken_away(world: World, started: Started) -> None:
    """Others were shown: so this one would have been, too."""
    private = [
        entry for entry in world.person.marks if entry.mark.private and entry.key.medium is Medium.MOVIE
    ]
    assert len(private) > 1
    world.person.remove(private[0].key)
    assert walk(started, "full").removed == 1
    assert removed(started) == {private[0].key}


def test_an_item_that_douban_fails_on_is_not_gone(world: World, started: Started) -> None:
    entry = world.person.of(Medium.MOVIE, Status.DONE)[-5]
    entry.broken = True
    take_away(world, [*some(world, Medium.MOVIE, 1), *some(world, Medium.BOOK, 1)])
    over = walk(started, "full")
    assert (over.state, over.removed, over.unproven) == ("ended", 1, {Medium.MOVIE: "skipped"})
    assert {key.medium for key in removed(started)} == {Medium.BOOK}
    told = next(e for e in shown(started)["lists"] if (e["medium"], e["status"]) == ("movie", "done"))
    assert (told["gap"], told["known"]["skipped"], told["hidden"]) == ("skipped", 1, 0)
    entry.broken = False
    assert walk(started, "full").removed == 1


def test_an_item_of_which_nothing_is_told_is_not_gone(world: World, started: Started) -> None:
    world.douban.bare_removed = True
    assert any(entry.removed == "unknown" for entry in world.person.marks)
    over = walk(started, "full")
    assert (over.removed, removed(started), over.unproven) == (0, set(), {Medium.MOVIE: "skipped"})


def test_rows_that_are_counted_and_not_shown(world: World, started: Started) -> None:
    """More of them than before: whether the mark is one of them, only the person can tell. As many as before: it is gone."""
    world.douban.wrong_counts = True
    one, two, three = some(world, Medium.BOOK, 3)
    take_away(world, [one])
    for _ in range(2):
        over = walk(started, "full")
        assert (over.state, over.removed, removed(started), over.unproven) == ("ended", 0, set(), {})
        assert {each["hidden"] for each in shown(started)["lists"]} == {20}
        (asked,) = shown(started)["removals"]
        assert [mark["id"] for mark in asked["marks"]] == [one.id]
    started.owner.call("POST", "/api/v1/walks/removals/book/accept")
    take_away(world, [two])
    assert (walk(started, "full").removed, shown(started)["removals"]) == (1, [])
    world.douban.wrong_counts = False
    take_away(world, [three])
    assert (walk(started, "full").removed, len(shown(started)["removals"])) == (0, 1), "fewer than before"
    started.owner.call("POST", "/api/v1/walks/removals/book/decline")
    assert (walk(started, "full").removed, shown(started)["removals"]) == (0, [])
    assert removed(started) == {one, two}


def test_what_douban_hides_is_not_gone(world: World, gate: Gate, started: Started) -> None:
    """A mark that a list counts still, and does not show any more; what is taken away beside it is known later on."""
    hidden, gone, later = some(world, Medium.MOVIE, 3)
    gate.act = lambda asked: without(world, asked, lambda entry: entry.key != hidden)
    for _ in range(2):
        over = walk(started, "full")
        assert (over.removed, removed(started), shown(started)["removals"]) == (0, set(), [])
    take_away(world, [gone])
    assert (walk(started, "full").removed, removed(started)) == (1, {gone})
    gate.act = lambda asked: without(world, asked, lambda entry: entry.key not in {hidden, later})
    assert walk(started, "full").removed == 0
    gate.act = lambda _asked: None
    assert walk(started, "full").removed == 0
    assert (removed(started), shown(started)["removals"]) == ({gone}, [])


def test_a_private_mark_and_one_that_is_gone(world: World, gate: Gate, started: Started) -> None:
    """As many are counted and not shown as marks are gone, and they are not these."""
    private = {entry.key for entry in world.person.marks if entry.mark.private}
    shown_to_all = next(key for key in private if key.medium is Medium.BOOK)
    for key in private - {shown_to_all}:
        entry = world.person.find(key)
        assert entry
        entry.mark = structs.replace(entry.mark, private=False)
    status = next(e.mark.status for e in world.person.marks if e.key == shown_to_all)
    walk(started, "full")
    (gone,) = some(world, Medium.BOOK, 1, status)
    take_away(world, [gone])
    gate.act = lambda asked: without(world, asked, lambda entry: not entry.mark.private)
    assert walk(started, "full").removed == 0
    (asked,) = shown(started)["removals"]
    assert [mark["id"] for mark in asked["marks"]] == [gone.id]


def test_a_mark_that_slips_past_the_walk_is_not_gone(world: World, gate: Gate, started: Started) -> None:
    """It moves from a list that is still to come to one that is done: seen on neither."""
    (key,) = some(world, Medium.MOVIE, 1, Status.WISH)

    def slip(asked: Asked) -> None:
        if asked == ("movie", "done", 50):
            world.person.edit(key, status=Status.DONE)

    gate.act = slip
    over = walk(started, "full")
    assert (over.removed, over.unproven, removed(started)) == (0, {Medium.MOVIE: "changed"}, set())


def test_a_row_that_moves_up_while_the_list_is_walked_is_not_gone(
    world: World, gate: Gate, started: Started
) -> None:
    """One above was taken away: the first row of the next page moved to the page that was walked."""
    above = world.person.of(Medium.MOVIE, Status.DONE)[3].key

    def act(asked: Asked) -> None:
        if asked == ("movie", "done", 50) and world.person.find(above):
            world.person.remove(above)

    gate.act = act
    over = walk(started, "full")
    assert (over.removed, over.unproven) == (0, {Medium.MOVIE: "changed"})
    gate.act = lambda _asked: None
    assert walk(started, "full").removed == 1
    assert removed(started) == {above}


def test_one_more_and_one_less_is_noticed(world: World, gate: Gate, started: Started) -> None:
    """The total stays as it was, and every page claims the same."""
    above = world.person.of(Medium.MOVIE, Status.DONE)[3].key

    def act(asked: Asked) -> None:
        if asked == ("movie", "done", 50) and world.person.find(above):
            world.person.remove(above)
            mark_new(world, 1)

    gate.act = act
    over = walk(started, "full")
    assert (over.removed, over.unproven, removed(started)) == (0, {Medium.MOVIE: "changed"}, set())
    assert over.new == 1, "the last look saw what was new"


def test_a_mark_that_a_browser_showed_meanwhile_is_not_gone(
    world: World, gate: Gate, started: Started
) -> None:
    """It was made after the last look at its list."""
    key = world.person.of(Medium.BOOK, Status.DONE)[0].key
    entry = world.person.find(key)
    assert entry
    world.person.remove(key)
    browser = started.pair()
    url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"

    def act(asked: Asked) -> None:
        if asked == ("game", "mark", 0) and not world.person.find(key):
            world.person.add(entry.subject)
            capture = Capture(
                id="00000000-0000-4000-8000-000000000001",
                url=url,
                captured_at=started.gateway.carriers.first.walks.clock(),
                trigger=Trigger.AUTO,
                content=page,
            )
            started.gateway.intake.take(capture, browser.device)

    world.person.add(entry.subject)
    page = world.visitor.open(url).body
    world.person.remove(key)
    gate.act = act
    assert walk(started, "full").removed == 0
    assert removed(started) == set()


def test_many_at_once_are_a_question(world: World, started: Started) -> None:
    gone = some(world, Medium.MOVIE, 9)
    take_away(world, [*gone, *some(world, Medium.BOOK, 2)])
    assert walk(started, "full").removed == 2
    assert {key.medium for key in removed(started)} == {Medium.BOOK}
    (asked,) = shown(started)["removals"]
    assert (asked["medium"], {mark["id"] for mark in asked["marks"]}) == ("movie", {key.id for key in gone})
    world.person.add(world.person.unmarked[gone[0]].subject)
    walk(started, "sync")
    (asked,) = shown(started)["removals"]
    assert len(asked["marks"]) == 8, "one came back meanwhile"
    reply = started.owner.call("POST", "/api/v1/walks/removals/movie/accept")
    assert (reply.status, reply.json()) == (200, {"removed": 8})
    assert {key for key in removed(started) if key.medium is Medium.MOVIE} == set(gone[1:])
    assert shown(started)["removals"] == []
    assert started.owner.call("POST", "/api/v1/walks/removals/movie/accept").status == 404
    assert started.owner.call("POST", "/api/v1/walks/removals/nothing/accept").status in {400, 404}


def test_a_no_is_remembered(world: World, started: Started) -> None:
    gone = some(world, Medium.MOVIE, 9)
    take_away(world, gone)
    walk(started, "full")
    assert started.owner.call("POST", "/api/v1/walks/removals/movie/decline").status == 200
    assert shown(started)["removals"] == []
    assert walk(started, "full").removed == 0
    assert (shown(started)["removals"], removed(started)) == ([], set())
    back = gone[0]
    world.person.add(world.person.unmarked[back].subject)
    walk(started, "full")
    world.person.remove(back)
    assert walk(started, "full").removed == 1, "it was seen since: this is another matter"
    assert removed(started) == {back}


def test_who_agrees_to_a_few_does_not_agree_to_many(world: World, started: Started) -> None:
    """A page that was opened before the last check: its click is of what it showed."""
    take_away(world, some(world, Medium.MOVIE, 9))
    walk(started, "full")
    (seen,) = shown(started)["removals"]
    take_away(world, some(world, Medium.MOVIE, 9))
    walk(started, "full")
    (newer,) = shown(started)["removals"]
    assert (len(seen["marks"]), len(newer["marks"])) == (9, 18)
    for answer in ("accept", "decline"):
        reply = answered(started, answer, seen["version"])
        assert (reply.status, reply.json()["code"]) == (412, "changed_meanwhile")
    assert (removed(started), shown(started)["removals"]) == (set(), [newer])
    assert answered(started, "accept", newer["version"]).json() == {"removed": 18}


def answered(started: Started, answer: str, version: str) -> Reply:
    owner = started.owner
    headers = owner.headers | {"If-Match": version}
    return call(started.origin, "POST", f"/api/v1/walks/removals/movie/{answer}", headers=headers)


def test_a_few_are_as_few_in_a_large_library(tmp_path: Path) -> None:
    with Store(tmp_path / "d2f.db") as store:
        library = Library(store)
        removals = Removals(store, library)
        keys = [SubjectKey(Medium.MOVIE, str(number)) for number in range(2000)]
        subjects = tuple(Subject(key=key, kind=Kind.MOVIE, title="x") for key in keys)
        marks = [Mark(account=ME.id, subject=key, status=Status.DONE) for key in keys]
        library.merge(reading(*marks, subjects=subjects), "1", NOON)
        for gone, taken in ((5, 5), (6, 0)):
            marks = marks[:-gone]
            removals.begin(ME.id)
            removals.see(marks)
            later = NOON + timedelta(days=gone)
            assert removals.settle(ME.id, Medium.MOVIE, later, "walk", {}) == taken
        (asked,) = removals.questions(ME.id)
        assert (len(asked.marks), asked.known) == (6, 1995)
