"""The simulated pages beside captured ones: what stands in a real row or block has to stand in ours.

A step of a path is a tag with its id, classes, RDFa names and the names of its other attributes; digits are
told as ``#``, since they are ids or ratings. The real path is there if ours has the same tags with at least the same names.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborNode

from gateway.model import Kind, Medium
from gateway.sandbox.douban import Douban
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.person import EVERYTHING, make_person

from .douban_web import ROWS, Html, Web, browsing

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "douban"
Step = tuple[str, frozenset[str]]
PAGE_ONLY = {"meta:baidu-site-verification", "meta:google-site-verification"}

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the captured pages of ../shared are not here")


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    me, other = make_person(400, kinds=EVERYTHING), make_person(400, seed=8, kinds=EVERYTHING)
    async with browsing(Douban(person=me, others=[other])) as web:
        yield web


def captured(name: str) -> Html:
    (path,) = FIXTURES.glob(name)
    return Html(path.read_text())


def step(node: LexborNode) -> Step:
    names: set[str] = set()
    for name in ("id", "class", "property", "rel", "typeof", "type", "itemprop", "itemtype"):
        value = node.attributes.get(name)
        names |= {f"{name}={re.sub(r'[0-9]+', '#', token)}" for token in (value or "").split()}
    names |= {name for name in node.attributes if name.startswith("data-") or name in {"href", "src", "name"}}
    return str(node.tag), frozenset(names - {"rel=nofollow", "class=cls_abnormal", "data-d2f"})


def paths(roots: list[LexborNode]) -> set[tuple[Step, ...]]:
    """The ways from each root down to each element in it."""
    found: set[tuple[Step, ...]] = set()
    todo: list[tuple[LexborNode, tuple[Step, ...]]] = [(root, ()) for root in roots]
    while todo:
        node, above = todo.pop()
        way = (*above, step(node))
        found.add(way)
        todo += [(child, way) for child in node.iter(include_text=False) if child.tag != "-comment"]
    return found


def covered(way: tuple[Step, ...], ours: set[tuple[Step, ...]]) -> bool:
    return way in ours or any(
        len(way) == len(other) and all(a[0] == b[0] and a[1] <= b[1] for a, b in zip(way, other, strict=True))
        for other in ours
    )


def missing(real: list[LexborNode], ours: list[LexborNode]) -> list[str]:
    """What stands in the real ones and not in ours."""
    assert real
    have = paths(ours)
    ways = sorted(way for way in paths(real) if not covered(way, have))
    return [" > ".join(f"{tag}[{' '.join(sorted(names))}]" for tag, names in way) for way in ways]


async def films(web: Web, mode: str, selector: str, *, own: bool) -> list[LexborNode]:
    """Rows of all three lists."""
    me = web.douban.person
    rows: list[LexborNode] = []
    for path in ("collect", "wish", "do"):
        for start in (0, 30, 60):
            query = {"mode": mode, "start": start}
            html = await web.page("movie", f"/people/{me.id}/{path}", me if own else None, **query)
            rows += html.css(selector)
    return rows


async def subjects(web: Web, medium: Medium, *, whose: int | None) -> list[Html]:
    """Pages of subjects that the person marked: seen by the person (0), by another (1) or by nobody."""
    douban = web.douban
    who = None if whose is None else (douban.person, *douban.others)[whose]
    entries = [e for e in douban.person.marks if e.key.medium is medium and not e.removed][:40]
    section = SECTIONS[medium]
    host = section.host.removesuffix(".douban.com")
    return [await web.page(host, section.subjects.format(e.key.id), who) for e in entries]


@pytest.mark.parametrize(
    ("fixture", "own"),
    [
        ("list_logged_in/movie-collect.mode-list.logged-in.html", True),
        ("list_anon/movie-do-tv.mode-list.anon.html", False),
    ],
)
async def test_rows_in_list_mode(web: Web, fixture: str, own: bool) -> None:  # noqa: FBT001 - parametrized
    real = captured(fixture).css("ul.list-view > li")
    assert missing(real, await films(web, "list", "ul.list-view > li", own=own)) == []


async def test_rows_in_grid_mode(web: Web) -> None:
    rows = await films(web, "grid", "div.item", own=True)
    assert missing(captured("list_doc_snippets/movie-grid-item.2015.html").css("div.item"), rows) == []


async def test_rows_of_books_and_records(web: Web) -> None:
    me = web.douban.person
    sketches = captured("list_doc_snippets/composites-from-doubak-tests.html")
    for host, real in (
        ("book", captured("list_doc_snippets/book-list-item.yagggi.html").css("li.subject-item")),
        ("music", sketches.css('[data-d2f="music"]')),
    ):
        ours = (await web.page(host, f"/people/{me.id}/collect", me)).css(ROWS[host])
        assert missing(real, ours) == []


async def test_rows_of_games_and_stage_dramas(web: Web) -> None:
    me = web.douban.person
    sketches = captured("list_doc_snippets/composites-from-doubak-tests.html")
    for path, rows in (
        (f"people/{me.id}/games", "common-item"),
        (f"location/people/{me.id}/drama/collect", "item"),
    ):
        medium = "game" if rows == "common-item" else "drama"
        ours = (await web.page("www", f"/{path}", me)).css(f"div.{rows}")
        assert missing(sketches.css(f'[data-d2f="{medium}"]'), ours) == []


REAL = {
    Medium.MOVIE: ["subject_anon/movie/*26895436.html", "subject_anon/movie/*3627919.html"],
    Medium.BOOK: ["subject_anon/book/*1089243.html", "subject_anon/book/*2037260.html"],
    Medium.MUSIC: ["subject_anon/music/*1401362.html"],
    Medium.GAME: ["subject_anon/game/*10734307.html"],
    Medium.DRAMA: ["subject_anon/drama/*20270776.html", "subject_anon/drama/*24311571.html"],
}
NAVIGATION = {Medium.GAME: "#db-nav-sns .nav-wrap", Medium.DRAMA: "#db-nav-location .nav-wrap"}


BLOCKS = dict.fromkeys(
    (Medium.MOVIE, Medium.BOOK, Medium.MUSIC),
    ("#mainpic", "#info", "#interest_sectl", "#interest_sect_level"),
) | {
    Medium.GAME: (
        ".item-subject-info .pic",
        "dl.thing-attr",
        "#interest_sectl",
        ".collection-section",
        "#link-report",
        "#comments .comment-item",
        "script#template-collect-popup",
    ),
    Medium.DRAMA: (".drama-info", ".pure-text", "#comment-list-wrapper", "ul.collectors"),
}


@pytest.mark.parametrize("medium", list(REAL))
async def test_blocks_of_a_subject_seen_by_nobody(web: Web, medium: Medium) -> None:
    ours = await subjects(web, medium, whose=None)
    for fixture in REAL[medium]:
        real = captured(fixture)
        for block in BLOCKS[medium]:
            assert missing(real.css(block), [n for html in ours for n in html.css(block)]) == [], (
                fixture,
                block,
            )


@pytest.mark.parametrize("medium", list(REAL))
async def test_the_frame_around_a_subject(web: Web, medium: Medium) -> None:
    ours = await subjects(web, medium, whose=None)
    for fixture in REAL[medium]:
        real = captured(fixture)
        for block in (
            "#db-global-nav",
            NAVIGATION.get(medium, f"#db-nav-{medium} .nav-wrap"),
            "h1",
            "#footer",
        ):
            assert missing(real.css(block), [n for html in ours for n in html.css(block)]) == [], (
                fixture,
                block,
            )
        assert metas(real) - PAGE_ONLY <= {name for html in ours for name in metas(html)}, fixture


def metas(html: Html) -> set[str]:
    return {
        f"meta:{meta.attributes.get(name)}"
        for meta in html.css("head meta")
        for name in ("name", "property", "http-equiv")
        if meta.attributes.get(name)
    }


async def test_a_marked_film(web: Web) -> None:
    real = captured("subject_logged_in/movie-1292052*.html")
    ours = await subjects(web, Medium.MOVIE, whose=0)
    for block in ("#mainpic", "#info", "#interest_sect_level"):
        assert missing(real.css(block), [n for html in ours for n in html.css(block)]) == [], block


async def test_subjects_that_are_not_marked(web: Web) -> None:
    for medium, fixture in ((Medium.MOVIE, "movie-1306858*"), (Medium.MUSIC, "music-2995812*")):
        real = captured(f"subject_logged_in/{fixture}")
        ours = await subjects(web, medium, whose=1)
        for block in ("#db-global-nav", "#mainpic", "#info", "#interest_sectl", "#interest_sect_level"):
            assert missing(real.css(block), [n for html in ours for n in html.css(block)]) == [], (
                fixture,
                block,
            )
        assert metas(real) - PAGE_ONLY <= {name for html in ours for name in metas(html)}


async def test_the_frame_of_a_page_of_a_person(web: Web) -> None:
    me = web.douban.person
    real = captured("broadcast/statuses-page-logged-in.html")
    ours = await web.page("www", f"/people/{me.id}/", me)
    for block in ("#db-global-nav", "#db-nav-sns .nav-primary", "#db-usr-profile .pic", "#footer"):
        assert missing(real.css(block), ours.css(block)) == [], block


async def test_the_front_page_of_a_person(web: Web) -> None:
    me = web.douban.person
    real = captured("nav_session/profile-own*.html")
    ours = await web.page("www", f"/people/{me.id}/", me)
    for block in ("#db-usr-profile", "div.sort#movie", "div.sort#drama", "#profile"):
        assert missing(real.css(block), ours.css(block)) == [], block


async def test_series_have_more_buttons_than_films(web: Web) -> None:
    series = captured("subject_anon/movie/*35597581.html")
    real = [a.attributes["name"] for a in series.css("#interest_sect_level > a")]
    entry = next(e for e in web.douban.person.marks if e.subject.kind is Kind.TV and not e.removed)
    ours = await web.page("movie", f"/subject/{entry.key.id}/")
    names = [a.attributes["name"] for a in ours.css("#interest_sect_level > a")]
    assert [str(name).rsplit("-", 1)[1] for name in names] == [str(name).rsplit("-", 1)[1] for name in real]
