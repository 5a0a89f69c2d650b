"""Games and stage dramas: the two media that live on the main site, each in markup of its own."""

import re
from collections.abc import AsyncIterator

import pytest
from selectolax.lexbor import LexborNode

from gateway.model import Medium, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.person import EVERYTHING, Entry, Removed, make_person

from .douban_web import PATHS, Html, Web, browsing, one, words


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with browsing(
        Douban(person=make_person(700, kinds=EVERYTHING), others=[make_person(3, seed=3)])
    ) as web:
        yield web


def lists(web: Web, medium: Medium, status: Status) -> tuple[str, dict[str, str | int]]:
    """The path and the query of a list."""
    me = web.douban.person
    if medium is Medium.GAME:
        return f"/people/{me.id}/games", {"action": PATHS[status]}
    return f"/location/people/{me.id}/drama/{PATHS[status]}", {}


LISTS = [(Medium.GAME, status) for status in Status] + [
    (Medium.DRAMA, Status.DONE),
    (Medium.DRAMA, Status.WISH),
]
ROW = {Medium.GAME: "div.game-list > div.common-item", Medium.DRAMA: "div.grid-view > div.item"}


async def rows(web: Web, medium: Medium, status: Status) -> list[tuple[Entry, LexborNode]]:
    """Every row of a list with the entry that it shows."""
    path, query = lists(web, medium, status)
    marks = web.douban.person.of(medium, status)
    pairs: list[tuple[Entry, LexborNode]] = []
    for start in range(0, len(marks), 15):
        html = await web.page("www", path, web.douban.person, **query, start=start)
        pairs += zip(marks[start:], html.css(ROW[medium]), strict=False)
    assert len(pairs) == len(marks) > 0
    return pairs


@pytest.mark.parametrize(("medium", "status"), LISTS)
async def test_each_row_tells_the_mark(web: Web, medium: Medium, status: Status) -> None:
    for entry, row in await rows(web, medium, status):
        mark, text = entry.mark, row.html or ""
        assert f"/{entry.key.id}/" in text
        assert one(row, "span.date").text() == str(mark.marked_on)
        tags = row.css_first("span.tags")
        assert (tuple(tags.text().removeprefix("标签: ").split()) if tags else ()) == mark.tags
        if medium is Medium.GAME:
            (bare,) = (div for div in row.css("div.content > div") if "class" not in div.attributes)
            stars = re.findall(r"allstar(\d)0", text)
            comment = bare.text().replace("\r\n", "\n") or None
        else:
            bare = [li for li in row.css("li") if "class" not in li.attributes and not li.css("span.date")]
            stars = re.findall(r"rating(\d)-t", text)
            for votes in row.css("span.pl"):
                votes.decompose()
            comment = bare[0].text().strip() if bare else None
        assert stars == ([str(mark.rating)] if mark.rating else [])
        assert comment == mark.comment


async def test_the_next_page_is_named_as_seen_on_douban(web: Web) -> None:
    me = web.douban.person
    games = await web.page("www", f"/people/{me.slug}/games", me)
    assert one(games, "link[rel=next]").attributes["href"] == "?action=collect&start=15"
    assert "data-total-page" in one(games, "span.thispage").attributes
    dramas = await web.page("www", f"/location/people/{me.slug}/drama/collect", me)
    following = one(dramas, "link[rel=next]").attributes["href"] or ""
    assert following.startswith(f"/location/people/{me.slug}/drama/collect?")
    assert "start=15" in following
    assert "data-total-page" not in one(dramas, "span.thispage").attributes


async def test_headings_and_tabs_count(web: Web) -> None:
    me = web.douban.person
    count = {(m, s): len(me.of(m, s)) for m, s in LISTS}
    games = await web.page("www", f"/people/{me.id}/games", me, action="wish")
    assert words(games, "#db-usr-profile h1") == f"{me.name}想玩的游戏({count[Medium.GAME, Status.WISH]})"
    tabs = [a.text() for a in games.css("div.tabs > a")]
    assert tabs == [
        f"{word}({count[Medium.GAME, status]})"
        for word, status in (("在玩", Status.DOING), ("想玩", Status.WISH), ("玩过", Status.DONE))
    ]
    dramas = await web.page("www", f"/location/people/{me.id}/drama/collect", me)
    assert words(dramas, "#db-usr-profile h1") == f"我看过的舞台剧({count[Medium.DRAMA, Status.DONE]})"
    front = await web.page("www", f"/location/people/{me.id}/drama/", me)
    assert [words(Html(h2.html or ""), "a") for h2 in front.css("div.article > div.mod > h2")] == [
        f"{count[Medium.DRAMA, status]}部" for status in (Status.DONE, Status.WISH)
    ]


async def test_stage_dramas_have_a_list_mode_and_sorts(web: Web) -> None:
    me = web.douban.person
    done = {e.key.id: e for e in me.of(Medium.DRAMA, Status.DONE)}
    html = await web.page("www", f"/location/people/{me.id}/drama/collect", me, mode="list")
    rows = html.css("ul.list-view > li.item")
    assert [(row.attributes["id"] or "").removeprefix("list") for row in rows] == list(done)[:30]
    links = [a.attributes["href"] for a in html.css(".item-show div.title > a")]
    assert links == [f"https://www.douban.com/location/drama/{number}/" for number in list(done)[:30]]
    html = await web.page("www", f"/location/people/{me.id}/drama/collect", me, sort="rating")
    stars = [int(found) for found in re.findall(r"rating(\d)-t", one(html, "div.grid-view").html or "")]
    assert stars == sorted(stars, reverse=True)
    assert len(stars) == min(15, sum(1 for e in done.values() if e.mark.rating))


async def test_stage_dramas_have_no_doing(web: Web) -> None:
    me = web.douban.person
    assert (await web.get("www", f"/location/people/{me.id}/drama/do", me)).status_code == 404
    drama = next(e for e in me.of(Medium.DRAMA, Status.WISH) if not e.removed)
    html = await web.page("www", f"/location/drama/{drama.key.id}/")
    assert [a.text() for a in html.css("a.colbutt")] == ["想看", "看过"]


async def test_a_removed_game_has_no_link_and_keeps_its_words(web: Web) -> None:
    gone = [(e, row) for e, row in await rows(web, Medium.GAME, Status.DONE) if e.removed is Removed.UNKNOWN]
    assert gone
    for entry, row in gone:
        assert words(Html(row.html or ""), "div.title") == "未知游戏"
        assert not row.css("div.title a, div.pic a")
        assert "/cuphead/" in (one(row, "img").attributes["src"] or "")
        delete = one(row, "a.js-remove-collect").attributes["data-url"]
        assert delete == f"/j/ilmen/thing/{entry.key.id}/interest"
        answer = await web.get("www", f"/game/{entry.key.id}/", web.douban.person)
        assert answer.status_code == 404


async def test_only_the_owner_sees_the_rating_of_the_button(web: Web) -> None:
    path, query = lists(web, Medium.GAME, Status.DONE)
    own = await web.page("www", path, web.douban.person, **query)
    assert own.css("a.collect-btn[data-rating]")
    for who in (None, web.douban.others[0]):
        html = await web.page("www", path, who, **query)
        assert html.css("div.common-item")
        assert not html.css("[data-rating], .user-operation")


async def test_the_page_of_a_game_shows_the_mark(web: Web) -> None:
    me = web.douban.person
    games = [e for e in me.marks if e.key.medium is Medium.GAME and not e.removed]
    for entry in games[:30]:
        html, mark = await web.page("www", f"/game/{entry.key.id}/", me), entry.mark
        word = {Status.DONE: "玩过", Status.WISH: "想玩", Status.DOING: "在玩"}[mark.status]
        assert word in words(html, ".collection-section .collection-collected span.collection-result")
        assert words(html, ".collection-collected span.color_gray") == str(mark.marked_on)
        assert one(html, "input#n_rating").attributes["value"] == str(mark.rating or "")
        tags, comment = html.css(".collection-section > .collection-rating-stars ~ div")
        assert tags.text() == (f"标签:{' '.join(mark.tags or ())}" if mark.tags else "")
        assert comment.text().replace("\r\n", "\n") == (mark.comment or "")
    me.remove(games[0].key)
    html = await web.page("www", f"/game/{games[0].key.id}/", me)
    assert not html.css(".collection-result")
    assert [a.attributes["data-action"] for a in html.css(".collection-buttons a")] == [
        "wish",
        "do",
        "collect",
    ]


async def test_the_page_of_a_stage_drama_shows_the_mark(web: Web) -> None:
    me = web.douban.person
    dramas = [e for e in me.marks if e.key.medium is Medium.DRAMA and not e.removed]
    for entry in dramas[:30]:
        html, mark = await web.page("www", f"/location/drama/{entry.key.id}/", me), entry.mark
        word = {Status.DONE: "看过", Status.WISH: "想看"}[mark.status]
        assert words(html, "#interest_sect_level > h2") == f"我{word}这部舞台剧"
        assert words(html, ".a_stars > span.mr10 > span.collection_date") == str(mark.marked_on)
        assert one(html, "input#n_rating").attributes["value"] == str(mark.rating or "")
        tags = [node.text() for node in html.css(".a_stars > span.color_gray")]
        assert tags == ([f"标签:{' '.join(mark.tags)}"] if mark.tags else [])
        if mark.comment:
            assert html.css(".a_stars > span")[-1].text() == mark.comment


async def test_subject_pages_hold_the_whole_subject(web: Web) -> None:
    labels = {
        Medium.GAME: {
            "平台": "platforms",
            "别名": "other_titles",
            "开发商": "developers",
            "发行日期": "released",
        },
        Medium.DRAMA: {
            "类型": "genres",
            "又名": "other_titles",
            "导演": "directors",
            "编剧": "writers",
            "作曲": "composers",
            "编舞": "choreographers",
            "主演": "cast",
            "语言": "languages",
            "演出日期": "released",
            "演出团体": "troupes",
            "演出剧院": "theatres",
        },
    }
    for medium, path in ((Medium.GAME, "/game/{}/"), (Medium.DRAMA, "/location/drama/{}/")):
        for entry in [e for e in web.douban.person.marks if e.key.medium is medium and not e.removed][:20]:
            html = await web.page("www", path.format(entry.key.id))
            values = {
                dt.text().strip().rstrip(":："): " ".join(dd.text().split())
                for dt, dd in zip(html.css("dl dt"), html.css("dl dd"), strict=True)
            }
            for label, name in labels[medium].items():
                assert values.get(label, "") == " / ".join(getattr(entry.subject, name) or ()), label
            assert words(html, "h1").startswith(str(entry.subject.title))
