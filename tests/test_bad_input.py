"""What may come instead of a page of one's own: each gets its reason in both languages, and is kept."""

import gzip
from collections.abc import Callable
from typing import Literal

import pytest

from gateway.model import Medium, Status
from gateway.visitor import DoubanVisitor
from tests.support import Started, World

LIST = "https://movie.douban.com/people/{}/collect"


def page(world: World) -> bytes:
    return world.visitor.open(LIST.format(world.person.id)).body


def foreign(world: World) -> bytes:
    return world.visitor.open(LIST.format(world.add_stranger().id)).body


def anonymous(world: World) -> bytes:
    return DoubanVisitor(world.douban_server.url, {}).open(LIST.format(world.person.id)).body


def login_page(world: World) -> bytes:
    return world.visitor.open("https://accounts.douban.com/passport/login").body


def blocked(kind: Literal["403", "ip", "captcha", "robot"]) -> Callable[[World], bytes]:
    def make(world: World) -> bytes:
        world.douban.blocked = kind
        return page(world)

    return make


def anything(content: bytes) -> Callable[[World], bytes]:
    return lambda _: content


def packed(world: World) -> bytes:
    return gzip.compress(page(world))


def broken_text(world: World) -> bytes:
    return page(world).decode().encode("gb18030")


def cut(world: World) -> bytes:
    return page(world)[:3000]


def long(world: World) -> bytes:
    return page(world) + b" " * (9 * 1024 * 1024)


CASES: list[tuple[str, str, Callable[[World], bytes]]] = [
    ("not_douban", "https://example.com/people/1/collect", page),
    ("no_marks_here", "https://www.douban.com/", page),
    ("other_person", LIST.format("123456"), foreign),
    ("logged_out", LIST, anonymous),
    ("login_page", LIST, login_page),
    ("forbidden", LIST, blocked("captcha")),
    ("robot", LIST, blocked("robot")),
    ("ip_refused", LIST, blocked("ip")),
    ("empty", LIST, anything(b"")),
    ("not_html", LIST, anything(b"%PDF-1.7 what is this")),
    ("not_html", LIST, packed),
    ("charset", LIST, broken_text),
    ("no_frame", LIST, cut),
    ("no_rows", "https://www.douban.com/people/{}/games?action=collect", page),
]


@pytest.mark.parametrize(("reason", "url", "make"), CASES, ids=[case[0] for case in CASES])
def test_each_has_its_reason_and_is_kept(
    started: Started, reason: str, url: str, make: Callable[[World], bytes]
) -> None:
    world = started.world
    content = make(world)
    status, answer = started.pair().capture(url.format(world.person.id), content)
    assert status == 200
    assert answer["verdict"] != "ok"
    assert answer["reason"]["code"] == reason
    assert answer["reason"]["zh"] != answer["reason"]["en"]
    assert (answer["marks"], started.marks()) == (0, 0)
    kept = world.background.call(lambda: started.gateway.store.capture(answer["capture"]))
    assert kept is not None
    assert kept.content == content
    shown = started.captures()[0]
    assert (shown["id"], shown["readable"]) == (answer["capture"], True)


def test_the_page_of_another_account_than_the_librarys(started: Started) -> None:
    world = started.world
    browser = started.pair()
    assert browser.capture(LIST.format(world.person.id), page(world))[1]["verdict"] == "ok"
    before = started.marks()
    other = World(world.background, world.folder / "other", marks=20)
    other.person.id, other.person.slug = "987654321", ""
    other.person.dbcl2 = '"987654321:token"'
    other.visitor = type(other.visitor)(other.douban_server.url, other.person.cookies)
    _, answer = browser.capture(LIST.format("987654321"), page(other))
    assert (answer["verdict"], answer["reason"]["code"]) == ("foreign", "other_account")
    assert started.marks() == before


def test_nine_megabytes_are_kept_as_they_came(started: Started) -> None:
    """Within what a message may hold: read, or kept with a reason; never lost."""
    world = started.world
    content = long(world)
    status, answer = started.pair().capture(LIST.format(world.person.id), content)
    assert status == 200
    kept = world.background.call(lambda: started.gateway.store.capture(answer["capture"]))
    assert kept is not None
    assert kept.content == content


def test_a_page_that_was_kept_but_not_read_is_read_at_the_next_start(started: Started) -> None:
    world = started.world
    browser = started.pair()
    browser.capture(LIST.format(world.person.id), page(world))
    marks = started.marks()

    def forget() -> None:
        """As if the gateway had ended right after it kept the page."""
        started.gateway.store.do("UPDATE capture SET verdict = NULL, result = NULL")
        for table in ("mark", "subject", "change", "account"):
            started.gateway.store.do(f"DELETE FROM {table}")

    world.background.call(forget)
    started.stop()
    again = world.start()
    assert again.marks() == marks
    assert again.captures()[0]["result"]["verdict"] == "ok"


def test_a_subject_that_is_gone_keeps_its_mark_and_its_title(started: Started) -> None:
    browser, person = started.pair(), started.world.person
    url = f"https://movie.douban.com/people/{person.id}/collect"
    assert browser.capture(url, started.world.visitor.open(url).body)[1]["verdict"] == "ok"
    entry = next(e for e in person.of(Medium.MOVIE, Status.DONE) if not e.removed)
    gone = "<html><head><title>条目不存在</title></head><body>条目不存在</body></html>".encode()
    marks = started.marks()
    for number in (entry.key.id, "404404404"):
        answer = browser.capture(f"https://movie.douban.com/subject/{number}/", gone)[1]
        assert (answer["verdict"], answer["reason"]["code"]) == ("gone", "subject_removed")
    assert started.marks() == marks
    started.connect()
    assert started.settled().state == "idle"
    row = next(row for row in started.world.rows().values() if row["Subject ID"] == entry.key.id)
    assert row["标题"] == entry.subject.title
    store = started.gateway.store
    kept = started.world.background.call(
        lambda: list(store.rows("SELECT id, title FROM subject WHERE removed ORDER BY id"))
    )
    assert (entry.key.id, entry.subject.title) in kept
    assert "404404404" not in {number for number, _ in kept}


def test_markup_that_changed_is_flagged(started: Started) -> None:
    """Rows are still found, and their dates are not: the page is kept, and the person is told."""
    person = started.world.person
    url = f"https://movie.douban.com/people/{person.id}/collect"
    changed = started.world.visitor.open(url).body.replace(b'class="date"', b'class="day"')
    answer = started.pair().capture(url, changed)[1]
    assert (answer["verdict"], answer["doubt"]["code"]) == ("ok", "markup_changed")
    page_ = started.owner.call("GET", "/").body.decode()
    assert answer["doubt"]["zh"] in page_
    assert "/read" in page_


@pytest.mark.parametrize(
    ("status", "verdict", "reason"), [(403, "blocked", "forbidden"), (503, "unknown", "server_error")]
)
def test_a_page_that_came_with_a_refusal_is_not_believed(
    started: Started, status: int, verdict: str, reason: str
) -> None:
    """Also when it is read again: the status is kept beside the page."""
    world, browser = started.world, started.pair()
    url = LIST.format(world.person.id)
    _, answer = browser.capture(url, page(world), status=status)
    assert (answer["verdict"], answer["reason"]["code"]) == (verdict, reason)
    assert started.marks() == 0
    again = started.owner.call("POST", f"/api/v1/captures/{answer['capture']}/read").json()
    assert (again["verdict"], again["reason"]["code"]) == (verdict, reason)
    assert browser.capture(url, page(world), status=200)[1]["verdict"] == "ok"
