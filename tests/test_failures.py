"""A row that Feishu did not take is looked at, and tried again by hand, it alone."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.dashboard.failures import PAGE
from gateway.feishu.fields import columns_of
from gateway.model import Medium, Status
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.person import Entry
from tests.support import Background, Started, World
from tests.test_persons_acts import told
from tests.test_plan import plan
from tests.test_push import faulty, fill, right
from tests.test_runs import runs
from tests.test_two_at_once import pause
from tests.test_ways_in import edit_one

RATED = "书影音"


def stars(most: int) -> FieldSpec:
    return FieldSpec("我的评分", 2, "Rating", {"formatter": "0", "min": 1, "max": most})


def refuse(started: Started) -> list[Entry]:
    """Connects a table whose column of ratings ends at three stars; returns the marks that it does not take."""
    world = started.world
    fill(started)
    table = world.background.call(
        lambda: world.feishu.add_table(world.app_token, RATED, (FieldSpec("标题", 1), stars(3)))
    )
    columns = dict.fromkeys((column.key for column in columns_of("all")), "new")
    assert started.connect(f"{world.address}?table={table}", columns=columns).status == 200
    too_many = [entry for entry in world.person.marks if (entry.mark.rating or 0) > 3]
    assert started.settled().failed == len(too_many) > 2
    return too_many


def mend(world: World) -> None:
    there = world.feishu.table(world.app_token, RATED)
    world.background.call(lambda: there.put_field(there.named("我的评分"), stars(5)))


def failures(started: Started) -> list[Any]:
    return started.owner.call("GET", "/api/v1/overview").json()["failures"]


def failed(started: Started) -> set[str]:
    return {failure["key"]["subject"]["id"] for failure in failures(started)}


def retry(started: Started, medium: str, subject_id: str) -> Any:
    return started.owner.call("POST", f"/api/v1/failures/{medium}/{subject_id}/retry")


def ids(entries: list[Entry]) -> set[str]:
    return {entry.key.id for entry in entries}


def test_what_is_told_of_it(started: Started) -> None:
    refused = {entry.key.id: entry for entry in refuse(started)}
    for failure in failures(started):
        entry = refused.pop(failure["key"]["subject"]["id"])
        assert failure["title"] == entry.subject.title
        assert failure["issue"]["zh"] != failure["issue"]["en"]
        assert failure["issue"]["en"].startswith(
            "Feishu does not take this row: “我的评分”: the value of 'Rating'"
        )
        assert failure["page"].endswith(f"/{entry.key.id}/")
        assert failure["table"].startswith(started.world.address)
    assert not refused


def test_all_can_be_looked_at(beside: Background, tmp_path: Path) -> None:
    """A page at a time, the newest first; the dashboard says how many there are, and leads to them."""
    started = World(beside, tmp_path / "data", marks=300).start()
    refused = refuse(started)
    assert len(refused) > PAGE
    found: list[Any] = []
    after, pages = "", list[str]()
    while after is not None:
        shown = started.owner.call("GET", f"/api/v1/failures?after={quote(after)}").json()
        pages.append(started.owner.call("GET", f"/failures?after={quote(after)}").body.decode())
        found += shown["failures"]
        assert len(shown["failures"]) <= PAGE
        after = shown["next"]
    days = {entry.key.id: str(entry.mark.marked_on) for entry in refused}
    assert sorted(days) == sorted(failure["key"]["subject"]["id"] for failure in found)
    told = [days[failure["key"]["subject"]["id"]] for failure in found]
    assert told == sorted(told, reverse=True)
    assert failures(started) == found[:PAGE]
    assert all(any(f"/{number}" in page for page in pages) for number in days)
    started.owner.cookies["d2f-language"] = "en"
    dashboard = started.owner.call("GET", "/").body.decode()
    assert f'<a href="/failures">All {len(refused)}</a>' in dashboard
    for path in ("/api/v1/failures", "/failures"):
        assert started.owner.call("GET", f"{path}?after=yesterday").status == 400


def test_one_is_tried_again_and_no_other(started: Started) -> None:
    world = started.world
    one, *others = refuse(started)
    mend(world)
    rows, creates = len(world.rows(RATED)), world.feishu.calls["record.batch_create"]
    assert retry(started, one.key.medium.value, one.key.id).status == 202
    state = started.settled()
    assert (state.state, state.failed) == ("idle", len(others))
    assert failed(started) == ids(others)
    assert len(world.rows(RATED)) == rows + 1
    assert one.key.id in {row["Subject ID"] for row in world.rows(RATED).values()}
    assert world.feishu.calls["record.batch_create"] == creates + 1
    run = runs(started)[0]
    assert (run["cause"], run["created"], run["failed"]) == ("retry", 1, 0)
    assert started.owner.call("POST", "/api/v1/push").status == 202
    right(started, RATED)
    assert failures(started) == []


def test_one_that_is_refused_again(started: Started) -> None:
    refused = refuse(started)
    creates = started.world.feishu.calls["record.batch_create"]
    assert retry(started, refused[0].key.medium.value, refused[0].key.id).status == 202
    state = started.settled()
    assert (state.state, state.failed) == ("idle", len(refused))
    assert failed(started) == ids(refused)
    assert started.world.feishu.calls["record.batch_create"] == creates + 1
    assert runs(started)[0]["failed"] == 1


def test_one_more_counts_once_in_its_run(started: Started) -> None:
    world = started.world
    refused = refuse(started)
    started.stop()
    again = world.start()
    again.settled()
    page = world.person.of(Medium.MOVIE, Status.DONE)[:15]
    more = next(entry for entry in page if not entry.removed and entry.key.id not in ids(refused))
    world.person.edit(more.key, rating=5)
    known = next(entry for entry in page if entry.key.id in ids(refused))
    world.person.edit(known.key, comment="改过了")
    url = f"https://movie.douban.com/people/{world.person.address}/collect?mode=grid"
    assert again.pair().capture(url, world.visitor.open(url).body)[0] == 200
    assert again.settled().failed == len(refused) + 1
    assert runs(again)[0]["failed"] == len(refused) + 1


def test_a_row_that_is_there_already(stocked: Started) -> None:
    """What Feishu did not take was a change."""
    stocked.connect()
    right(stocked)
    faulty(stocked, Fault("record.batch_update", "refused", code=1254060))
    edit_one(stocked)
    assert stocked.settled().failed == 1
    (failure,) = failures(stocked)
    (table,) = plan(stocked)["tables"]
    assert (table["updates"], table["failed"]) == (0, 1)
    (skip,) = table["skips"]
    assert (skip["what"], skip["title"]) == ("failed", failure["title"])
    assert skip["why"] == {"zh": failure["issue"]["zh"], "en": failure["issue"]["en"]}
    subject = failure["key"]["subject"]
    assert retry(stocked, subject["medium"], subject["id"]).status == 202
    right(stocked)
    assert plan(stocked)["tables"][0]["skips"] == []


def test_while_the_push_is_paused(started: Started) -> None:
    """It waits, and goes on alone."""
    one, *others = refuse(started)
    mend(started.world)
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    started.settled()
    assert retry(started, one.key.medium.value, one.key.id).status == 202
    state = started.settled()
    assert (state.state, state.pending, state.failed) == ("paused", 1, len(others))
    assert started.owner.call("POST", "/api/v1/push/resume").status == 202
    assert started.settled().pending == 0
    assert failed(started) == ids(others)


@pytest.mark.parametrize("which", ["taken", "twice", "nobody", "medium"])
def test_one_that_was_not_refused(started: Started, which: str) -> None:
    """Also if there was nobody yet whose marks these are."""
    if which == "nobody":
        reply = retry(started, "book", "1")
    else:
        refused = refuse(started)
        mend(started.world)
        entry = refused[0]
        if which == "taken":
            entry = next(each for each in started.world.person.marks if each.key.id not in ids(refused))
        elif which == "twice":
            assert retry(started, entry.key.medium.value, entry.key.id).status == 202
            started.settled()
        medium = "films" if which == "medium" else entry.key.medium.value
        reply = retry(started, medium, entry.key.id)
    problem = reply.json()
    if which == "medium":
        assert (reply.status, problem["code"]) == (400, "bad_input")
    else:
        assert (reply.status, problem["code"]) == (404, "no_such_failure")
        assert problem["hint"]["zh"] != problem["hint"]["en"]
    assert started.settled().problem is None


def test_the_next_run_tries_again_whatever_is_the_matter_with_another_table(stocked: Started) -> None:
    world = stocked.world
    world.background.call(lambda: stocked.gateway.carriers.first.sync.pause(on=True))
    assert stocked.connect(layout="kinds").status == 200
    films = world.feishu.table(world.app_token, "豆瓣电影")
    world.background.call(lambda: films.put_field(films.named("我的评分"), stars(3)))
    pause(stocked, on=False)
    assert stocked.settled().failed > 0
    world.background.call(lambda: films.put_field(films.named("我的评分"), stars(5)))
    world.background.call(lambda: world.feishu.retype_field(world.app_token, "豆瓣图书", "我的备注", 2))
    book = next(each for each in world.person.marks if each.key.medium == "book" and not each.removed)
    world.person.edit(book.key, comment="改过了")
    fill(stocked)
    assert "我的备注" in told(stocked, "wrong_column_type")
    assert stocked.settled().failed == 0
