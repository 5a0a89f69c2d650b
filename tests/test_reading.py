"""``d2f parse`` and ``d2f reparse``, as a person or a script runs them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.model import Medium, Reading, Status
from tests.support import Started, World
from tests.test_cli import d2f
from tests.test_push import fill, right


@pytest.fixture
def page(world: World, tmp_path: Path) -> Path:
    """A saved list of films."""
    file = tmp_path / "page.html"
    file.write_bytes(world.visitor.open(url_of(world)).body)
    return file


def url_of(world: World) -> str:
    return f"https://movie.douban.com/people/{world.person.id}/collect?sort=time&mode=grid"


def test_a_saved_page_as_json(world: World, page: Path, tmp_path: Path) -> None:
    run = d2f(tmp_path, "parse", str(page), "--url", url_of(world), "--json")
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = msgspec.json.decode(run.stdout)
    assert set(told) == {"page", "account", "marks", "subjects", "problems"}
    reading = msgspec.json.decode(run.stdout, type=Reading)
    assert reading.account
    assert reading.account.id == world.person.id
    shown = world.person.of(Medium.MOVIE, Status.DONE)[:15]
    assert [(mark.subject, mark.rating) for mark in reading.marks] == [
        (entry.key, entry.mark.rating) for entry in shown
    ]


def test_a_saved_page_in_words(world: World, page: Path, tmp_path: Path) -> None:
    run = d2f(tmp_path, "parse", str(page), "--url", url_of(world))
    assert run.returncode == 0
    for entry in world.person.of(Medium.MOVIE, Status.DONE)[:15]:
        assert str(entry.key) in run.stdout


@pytest.mark.parametrize(
    ("content", "url", "status", "words"),
    [
        ("<html><title>登录豆瓣</title></html>", "https://movie.douban.com/people/1/collect", 1, "Log in"),
        ("<html><body><p>?</p></body></html>", "https://movie.douban.com/people/1/collect", 1, "unfamiliar"),
        ("<html></html>", "https://example.com/", 2, "not a Douban page"),
        ("\x1f", "https://movie.douban.com/people/1/collect", 1, "not a web page"),
    ],
)
def test_what_cannot_be_read_says_why(
    tmp_path: Path, content: str, url: str, status: int, words: str
) -> None:
    file = tmp_path / "page.html"
    file.write_text(content, "utf-8")
    run = d2f(tmp_path, "parse", str(file), "--url", url)
    assert run.returncode == status
    assert words.lower() in run.stdout.lower()


def test_kept_pages_are_read_again(world: World) -> None:
    """An older parser had taken each comment for another one; the running gateway pushes what changed."""
    started = world.start()
    fill(started)
    started.connect()
    right(started)
    store = started.gateway.store
    spoil = "UPDATE mark SET body = json_set(body, '$.comment', 'x') WHERE body ->> '$.comment' IS NOT NULL"
    spoilt = world.background.call(lambda: store.do(spoil))
    assert spoilt > 0
    run = d2f(world.folder, "reparse")
    assert run.returncode == 0, run.stderr
    assert f"{pages_with_comments(started)} say something new" in run.stdout
    world.background.call(started.gateway.carriers.first.sync.wake)
    right(started)
    assert "0 say something new" in d2f(world.folder, "reparse").stdout
    told = started.owner.call("GET", "/api/v1/runs").json()
    assert all(run["ended"] for run in told), "that process is over, and so are its runs"


def pages_with_comments(started: Started) -> int:
    store = started.gateway.store
    row = started.world.background.call(
        lambda: store.one("SELECT count(DISTINCT capture) FROM change WHERE what = 'changed'")
    )
    assert row
    return row[0]
