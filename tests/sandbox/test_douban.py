import re
from collections.abc import AsyncIterator

import pytest

from gateway.model import Kind, Medium, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.person import Entry, Removed, make_person

from .douban_web import PATHS, ROWS, Html, Web, browsing, ids, one, truth, walk, words


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with browsing(Douban(person=make_person(300), others=[make_person(40, seed=3)])) as web:
        yield web


@pytest.mark.parametrize("host", ["movie", "book", "music"])
@pytest.mark.parametrize("status", [Status.DONE, Status.WISH, Status.DOING])
async def test_paging_to_the_end_shows_each_mark_once_newest_first(
    web: Web, host: str, status: Status
) -> None:
    me = web.douban.person
    path = f"/people/{me.id}/{ {'done': 'collect', 'wish': 'wish', 'doing': 'do'}[status] }"
    pages = await walk(web, host, path, me)
    assert [key for page in pages for key in page] == truth(me, host, status)
    assert all(len(page) == 15 for page in pages[:-1])


@pytest.mark.parametrize("host", ["movie", "book", "music"])
async def test_list_mode_has_thirty_rows_and_the_same_marks(web: Web, host: str) -> None:
    me = web.douban.person
    pages = await walk(web, host, f"/people/{me.slug}/collect", me, mode="list")
    assert [key for page in pages for key in page] == truth(me, host, Status.DONE)
    assert all(len(page) == 30 for page in pages[:-1])


async def test_past_the_end_there_is_a_page_without_rows(web: Web) -> None:
    html = await web.page("movie", f"/people/{web.douban.person.id}/collect", start=3000)
    assert html.css("div.grid-view")
    assert not html.css("div.item")
    assert not html.css("link[rel=next]")


async def test_only_films_say_how_many_pages_there_are(web: Web) -> None:
    me = web.douban.person
    film = await web.page("movie", f"/people/{me.id}/collect", me)
    done = len(truth(me, "movie", Status.DONE))
    assert one(film, "span.thispage").attributes["data-total-page"] == str(-(-done // 15))
    assert words(film, "span.subject-num") == f"1-15 / {done}"
    book = await web.page("book", f"/people/{me.id}/collect", me)
    assert "data-total-page" not in one(book, "span.thispage").attributes


async def test_a_list_of_one_page_has_no_paginator(web: Web) -> None:
    html = await web.page("music", f"/people/{web.douban.others[0].id}/do")
    assert not html.css(".paginator")


async def test_headings_name_the_owner_to_others(web: Web) -> None:
    me, other = web.douban.person, web.douban.others[0]
    count = len(truth(me, "movie", Status.DONE))
    path = f"/people/{me.id}/collect"
    heading = "#db-usr-profile > div.info > h1"
    assert words(await web.page("movie", path, me), heading) == f"我看过的影视({count})"
    assert words(await web.page("movie", path, other), heading) == f"{me.name}看过的影视({count})"
    assert words(await web.page("movie", path), heading) == f"{me.name}看过的影视({count})"
    tv = [e for e in me.of(Medium.MOVIE, Status.DONE) if e.subject.kind is Kind.TV]
    assert words(await web.page("movie", path, type="tv"), heading) == f"{me.name}看过的电视剧({len(tv)})"


async def test_films_and_series_part_the_list(web: Web) -> None:
    me = web.douban.person
    parts = [await walk(web, "movie", f"/people/{me.id}/collect", me, type=kind) for kind in ("movie", "tv")]
    films, series = ({key for page in part for key in page} for part in parts)
    assert not films & series
    assert films | series == set(truth(me, "movie", Status.DONE))


async def test_rating_chooses_and_sort_orders(web: Web) -> None:
    me = web.douban.person
    path = f"/people/{me.id}/collect"
    marks = {e.key.id: e for e in me.of(Medium.BOOK, Status.DONE)}
    fives = [key for page in await walk(web, "book", path, me, rating="5") for key in page]
    assert fives == [key for key, e in marks.items() if e.mark.rating == 5]
    by_rating = [key for page in await walk(web, "book", path, me, sort="rating") for key in page]
    stars = [marks[key].mark.rating or 0 for key in by_rating]
    assert stars == sorted(stars, reverse=True)
    by_title = [key for page in await walk(web, "book", path, me, sort="title") for key in page]
    assert sorted(by_title) == sorted(marks)
    assert by_title != list(marks)


async def test_others_see_no_private_mark_but_it_is_counted(web: Web) -> None:
    me = web.douban.person
    path = f"/people/{me.id}/collect"
    shown = {key for page in await walk(web, "movie", path) for key in page}
    private = {e.key.id for e in me.of(Medium.MOVIE, Status.DONE) if e.mark.private}
    assert private
    assert shown == set(truth(me, "movie", Status.DONE)) - private
    heading = words(await web.page("movie", path), "h1")
    assert heading.endswith(f"({len(shown) + len(private)})")


@pytest.mark.parametrize(
    ("host", "mode"), [("movie", "grid"), ("movie", "list"), ("book", "grid"), ("music", "grid")]
)
async def test_only_the_owner_can_edit_and_delete(web: Web, host: str, mode: str) -> None:
    me = web.douban.person
    path = f"/people/{me.id}/collect"
    own = await web.page(host, path, me, mode=mode)
    rows = ROWS[host] if mode == "grid" else "li.item"
    assert [a.attributes["rel"] for a in own.css("a.d_link")] == [f"{key}:P" for key in ids(own, rows)]
    assert own.css("a.a_collect_btn")
    for who in (None, web.douban.others[0]):
        html = await web.page(host, path, who, mode=mode)
        assert html.css(rows)
        assert not html.css("a.d_link, a.a_collect_btn, .opt-ln, .opt-l")


async def test_the_delete_link_tells_the_status(web: Web) -> None:
    me = web.douban.person
    for path, letter in (("collect", "P"), ("wish", "F"), ("do", "N")):
        html = await web.page("music", f"/people/{me.id}/{path}", me)
        assert {(a.attributes["rel"] or "")[-1] for a in html.css("a.d_link")} == {letter}


def check_row(row: Html, entry: Entry, comment: str | None) -> None:
    mark = entry.mark
    date = row.css_first("span.date")
    assert (date.text().split()[0] if date else None) == (str(mark.marked_on) if mark.marked_on else None)
    stars = re.findall(r'class="rating(\d)-t"', row.html or "")
    assert stars == ([str(mark.rating)] if mark.rating else [])
    tags = row.css_first("span.tags")
    assert (tuple(tags.text().removeprefix("标签: ").split()) if tags else ()) == mark.tags
    assert comment == mark.comment


async def test_each_row_of_a_film_tells_the_mark(web: Web) -> None:
    me = web.douban.person
    for entry, row in await rows_of(web, "movie"):
        node = row.css_first("span.comment")
        check_row(row, entry, node.text() if node else None)
        assert one(row, "div.item").attributes["data-cid"] == entry.mark.mark_id
        useful = [n.text() for n in row.css("span.pl")]
        assert useful == ([f"({entry.useful} 有用)"] if entry.useful else [])
        if not entry.removed:
            parts = [entry.subject.title, entry.subject.original_title]
            assert one(row, "li.title a em").text() == " / ".join(p for p in parts if p)
    assert any(e.useful for e in me.of(Medium.MOVIE, Status.DONE))


async def test_a_record_has_its_comment_bare_in_the_li(web: Web) -> None:
    for entry, row in await rows_of(web, "music"):
        bare = [li for li in row.css("li") if not li.attributes.get("class") and not li.css("span.date")]
        for votes in row.css("span.pl"):
            votes.decompose()
        check_row(row, entry, bare[0].text().strip() if bare else None)


async def test_a_book_has_its_status_in_the_date_and_its_comment_in_a_p(web: Web) -> None:
    for entry, row in await rows_of(web, "book"):
        for votes in row.css("span.pl"):
            votes.decompose()
        node = row.css_first("div.short-note > p.comment")
        check_row(row, entry, node.text().strip() if node else None)
        if entry.mark.marked_on:
            assert one(row, "span.date").text().split()[1] == "读过"
        assert one(row, "h2 > a").attributes["title"] == entry.subject.title
        assert one(row, "div.pub").text().strip() == entry.subject.brief


async def rows_of(web: Web, host: str) -> list[tuple[Entry, Html]]:
    """Every row of 看过, each as a tree of its own, with the entry that it shows."""
    me = web.douban.person
    pairs: list[tuple[Entry, Html]] = []
    marks = me.of(Medium(host), Status.DONE)
    for start in range(0, len(marks), 15):
        html = await web.page(host, f"/people/{me.id}/collect", me, start=start)
        pairs += zip(marks[start:], [Html(row.html or "") for row in html.css(ROWS[host])], strict=False)
    assert len(pairs) == len(marks)
    return pairs


async def test_what_people_type_is_text(web: Web) -> None:
    me = web.douban.person
    odd = "<script>alert(1)</script> &amp; \"' </li></ul> <b>x</b>\n第二行 👨‍👩‍👧 {{ 7*7 }}"
    for medium in ("movie", "book", "music"):
        entry = me.of(Medium(medium), Status.DONE)[0]
        me.edit(entry.key, comment=odd, tags=("<i>", "a&b"))
        html = await web.page(medium, f"/people/{me.id}/collect", me)
        assert len(html.css(ROWS[medium])) == 15
        assert odd in one(html, ROWS[medium]).text()
        assert one(html, "span.tags").text() == "标签: <i> a&b"
        subject = await web.page(medium, f"/subject/{entry.key.id}/", me)
        assert odd in one(subject, "#interest_sect_level").text()


async def test_list_mode_cuts_titles_and_hides_comments_of_watched_films(web: Web) -> None:
    me = web.douban.person
    html = await web.page("movie", f"/people/{me.id}/collect", me, mode="list")
    titles = [a.text().strip() for a in html.css(".item-show .title a")]
    assert {len(t.encode()) for t in titles if t.endswith("...")} <= {61, 62, 63}
    assert any(t.endswith("...") for t in titles)
    assert not html.css("div.comment")
    assert [li.attributes["class"] for li in html.css("li.item")][-1] == "item last"
    doing = [e for e in me.of(Medium.MOVIE, Status.DOING) if e.mark.comment]
    html = await web.page("movie", f"/people/{me.id}/do", me, mode="list")
    assert [n.text().strip() for n in html.css("div.comment")] == [e.mark.comment for e in doing]
    assert doing


async def test_removed_films_have_their_shapes(web: Web) -> None:
    me = web.douban.person
    gone = [e for e in me.marks if e.removed in {Removed.UNKNOWN, Removed.TITLE_ONLY}]
    assert len(gone) > 2
    for entry in gone:
        path = PATHS[entry.mark.status]
        place = truth(me, "movie", entry.mark.status).index(entry.key.id)
        page = await web.page("movie", f"/people/{me.id}/{path}", me, start=place)
        grid = one(page, "div.item")
        plain = await web.page("movie", f"/people/{me.id}/{path}", me, start=place, mode="list")
        row = one(plain, "li.item")
        assert row.css("div.item-show.deleted")
        assert not row.css("div.date")
        title = one(grid, "em").text()
        assert one(row, ".title a").text() == title
        assert "/cuphead/" in (one(grid, "img").attributes["src"] or "")
        if entry.removed is Removed.UNKNOWN:
            assert title in {"未知电影", "未知电视剧"}
            assert bool(grid.css("span.comment")) == bool(entry.mark.comment)
        else:
            assert title == entry.subject.title
            assert not grid.css("span.date, span.tags, span.comment, li.intro")
