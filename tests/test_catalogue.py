"""The marks to look through: found by what a person remembers, with the state of each record and its whole past."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.feishu.values import page_of
from gateway.library import MarkKey
from gateway.model import Medium, Status
from gateway.sandbox.person import Entry
from tests.support import Started, World, background

LISTS = {Medium.BOOK: "https://book.douban.com", Medium.MOVIE: "https://movie.douban.com"}


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        world = World(beside, tmp_path / "data", marks=120)
        started = world.start()
        assert started.connect().status == 200
        yield started


def capture(started: Started, medium: Medium, word: str = "collect", pages: int = 9) -> None:
    """The person's list, page by page."""
    person, browser = started.world.person, started.pair()
    for page in range(pages):
        url = f"{LISTS[medium]}/people/{person.address}/{word}?start={15 * page}&mode=grid"
        assert browser.capture(url, started.world.visitor.open(url).body)[0] == 200
    started.settled()


def capture_subject(started: Started, entry: Entry) -> None:
    url = page_of(entry.key.medium, entry.key.id)
    assert started.pair().capture(url, started.world.visitor.open(url).body)[0] == 200
    started.settled()


def asked(started: Started, path: str) -> Any:
    reply = started.owner.call("GET", f"/api/v1/marks{path}")
    assert reply.status == 200, reply.body
    return reply.json()


def shown(started: Started, entry: Entry) -> Any:
    return asked(started, f"/{entry.key.medium}/{entry.key.id}")


def every(started: Started, query: str = "") -> list[Any]:
    """All marks, page by page."""
    marks: list[Any] = []
    after = ""
    while after is not None:
        page = asked(started, f"?query={quote(query)}&after={quote(after)}")
        marks += page["marks"]
        after = page["next"]
    return marks


def entries(started: Started, medium: Medium) -> list[Entry]:
    return [entry for entry in started.world.person.of(medium, Status.DONE) if not entry.mark.private]


def test_page_by_page_each_mark_comes_once_the_newest_first(started: Started) -> None:
    for medium in LISTS:
        capture(started, medium)
    marks = every(started)
    keys = [(mark["subject"]["medium"], mark["subject"]["id"]) for mark in marks]
    mine = {(entry.key.medium.value, entry.key.id) for medium in LISTS for entry in entries(started, medium)}
    assert len(keys) > 30
    assert len(keys) == len(set(keys))
    assert mine <= set(keys)
    days = [mark["marked_on"] or "" for mark in marks]
    assert days == sorted(days, reverse=True)
    assert {mark["record"] for mark in marks} == {"shown"}
    assert {mark["table"] for mark in marks} == {started.world.table_url}


def test_found_by_title_tag_and_comment(started: Started) -> None:
    entry = entries(started, Medium.BOOK)[0]
    started.world.person.edit(entry.key, comment="在 100%_雨里 读完", tags=("夏天", "C++"))
    capture(started, Medium.BOOK)
    title = shown(started, entry)["mark"]["title"]
    for query in (title, title[1:3], "100%_雨", "夏天", "c++", f"雨里 {title[:2]} 夏天"):
        assert entry.key.id in [mark["subject"]["id"] for mark in every(started, query)], query
    for query in ("100_雨", "夏%", "雨里 冬天", "\\", "' OR 1=1 --"):
        assert every(started, query) == [], query


def test_what_is_renamed_is_found_by_its_new_name_alone(started: Started) -> None:
    """And a mark that moves to another day is there once."""
    entry = entries(started, Medium.BOOK)[0]
    capture(started, Medium.BOOK)
    store = started.gateway.store
    started.world.background.call(
        lambda: store.do(
            "INSERT OR REPLACE INTO subject (medium, id, detailed, body, seen_at) SELECT medium, id, detailed,"
            " json_set(body, '$.title', '改过的名字'), seen_at FROM subject WHERE (medium, id) = (?, ?)",
            [entry.key.medium, entry.key.id],
        )
    )
    started.world.background.call(
        lambda: store.do(
            "UPDATE mark SET body = json_set(body, '$.marked_on', '1999-01-01') WHERE id = ?", [entry.key.id]
        )
    )
    assert [mark["subject"]["id"] for mark in every(started, "改过的名字")] == [entry.key.id]
    marks = every(started)
    assert marks[-1]["subject"]["id"] == entry.key.id
    assert len({mark["subject"]["id"] for mark in marks}) == len(marks)


def test_the_state_of_each_record(started: Started) -> None:
    capture(started, Medium.BOOK)
    deleted, failed, waiting, removed, fine = entries(started, Medium.BOOK)[:5]
    world, gateway = started.world, started.gateway
    store = gateway.store

    def change(sql: str, entry: Entry) -> None:
        world.background.call(lambda: store.do(sql, [entry.key.id]))

    issue = '{"code":"bad_row","zh":"不收","en":"no"}'
    change("UPDATE record SET deleted = 1 WHERE id = ?", deleted)
    change(f"UPDATE record SET failure = '{issue}', failed = 9 WHERE id = ?", failed)
    world.background.call(lambda: gateway.carriers.first.sync.pause(on=True))
    change("UPDATE mark SET revision = revision + 1 WHERE id = ?", waiting)
    change("UPDATE mark SET removed_at = '2026-01-01' WHERE id = ?", removed)
    states = ("deleted", "failed", "waiting", "removed", "shown")
    for entry, state in zip((deleted, failed, waiting, removed, fine), states, strict=True):
        assert shown(started, entry)["mark"]["record"] == state
    assert shown(started, failed)["mark"]["failure"]["en"] == "no"
    assert shown(started, deleted)["mark"]["table"] is None


def test_nothing_that_was_captured_is_forgotten(started: Started) -> None:
    person = started.world.person
    entry = next(each for each in entries(started, Medium.MOVIE) if each.mark.rating)
    person.edit(entry.key, status=Status.WISH, rating=None, comment=None, tags=())
    capture_subject(started, entry)
    person.edit(entry.key, status=Status.DONE, rating=4, comment="真好")
    capture_subject(started, entry)
    person.edit(entry.key, rating=2, comment="再看不好")
    capture_subject(started, entry)
    told = shown(started, entry)
    assert [past["what"] for past in told["history"]] == ["changed", "changed", "new"]
    assert told["history"][0]["fields"]["rating"] == [4, 2]
    assert told["history"][0]["fields"]["comment"] == ["真好", "再看不好"]
    assert told["history"][1]["fields"]["status"] == ["wish", "done"]
    assert {past["page"] for past in told["history"]} == {page_of(entry.key.medium, entry.key.id)}
    reply = started.owner.call("GET", f"/marks/{entry.key.medium}/{entry.key.id}")
    page = " ".join(reply.body.decode().split())
    assert "想看 → 看过 · ★★★★☆ · 写了短评" in page
    assert "★★★★☆ → ★★☆☆☆ · 改了短评" in page


def test_what_an_earlier_page_said_is_history_though_it_comes_late(started: Started) -> None:
    """Of a browser that was offline."""
    world = started.world
    browser, other = started.pair(), started.pair()
    entry = next(each for each in entries(started, Medium.MOVIE) if each.mark.rating)
    url = page_of(entry.key.medium, entry.key.id)
    world.person.edit(entry.key, rating=2, comment="第一次看")
    early = world.visitor.open(url).body
    world.person.edit(entry.key, rating=5, comment="第二次看")
    late = world.visitor.open(url).body
    assert browser.capture(url, late, age=7200)[0] == 200
    assert browser.capture(url, late)[0] == 200
    started.settled()
    before = shown(started, entry)["mark"]
    for _ in range(2):
        assert other.capture(url, early, age=3600)[0] == 200
    told = shown(started, entry)
    assert told["mark"] == before
    assert [past["fields"]["comment"][1] for past in told["history"]] == ["第二次看", "第一次看", "第二次看"]
    assert [past["page"] for past in told["history"]] == [None, url, url]
    for language, words in (("zh", "★★☆☆☆ → ★★★★★ · 改了短评"), ("en", "★★☆☆☆ → ★★★★★ · comment changed")):
        started.owner.cookies["d2f-language"] = language
        page = started.owner.call("GET", f"/marks/{entry.key.medium}/{entry.key.id}")
        text = " ".join(page.body.decode().split())
        assert words in text
        assert "第一次看" in text
        assert "核对" not in text
        assert "a check" not in text


def test_a_mark_that_is_gone_and_comes_back(started: Started) -> None:
    capture(started, Medium.BOOK)
    entry = entries(started, Medium.BOOK)[0]
    gateway = started.gateway
    account = started.world.background.call(lambda: gateway.library.accounts.first)
    assert account
    key = MarkKey(account.id, entry.key)
    started.world.background.call(lambda: gateway.library.remove([key], datetime.now(UTC), None))
    told = shown(started, entry)
    assert told["mark"]["record"] == "removed"
    assert (told["history"][0]["what"], told["history"][0]["page"]) == ("removed", None)
    page = started.owner.call("GET", f"/marks/{entry.key.medium}/{entry.key.id}").body.decode()
    assert "在豆瓣上取消了" in page


def test_what_is_not_there(started: Started) -> None:
    for path in ("/book/0", "/book/%3Cscript%3E"):
        reply = started.owner.call("GET", f"/api/v1/marks{path}")
        assert (reply.status, reply.json()["code"]) == (404, "not_found"), path
        assert reply.headers["content-type"] == "application/problem+json"
    for path in ("/vinyl/1", "?after=yesterday", f"?query={'x' * 101}"):
        assert started.owner.call("GET", f"/api/v1/marks{path}").status == 400, path
    assert asked(started, "?query=x") == {"marks": [], "next": None}


def test_words_from_douban_are_never_markup(started: Started) -> None:
    entry = entries(started, Medium.BOOK)[0]
    nasty = '<script>alert(1)</script>"onmouseover="x'
    started.world.person.edit(entry.key, comment=nasty, tags=('<img/src=x>"',))
    capture_subject(started, entry)
    for path in (f"/marks/{entry.key.medium}/{entry.key.id}", "/marks", f"/marks?query={quote(nasty)}"):
        page = started.owner.call("GET", path).body.decode()
        assert "<script" not in page
        assert "<img/src" not in page
