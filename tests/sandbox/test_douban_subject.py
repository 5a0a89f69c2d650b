import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from gateway.model import Kind, Medium, Status, Subject
from gateway.sandbox.douban import Douban
from gateway.sandbox.person import Entry, Removed, make_person

from .douban_web import Html, Web, browsing, one, words

LABELS = {
    Medium.MOVIE: {
        "导演": "directors",
        "编剧": "writers",
        "主演": "cast",
        "类型": "genres",
        "又名": "other_titles",
    },
    Medium.BOOK: {"作者": "authors", "译者": "translators"},
    Medium.MUSIC: {"流派": "genres", "又名": "other_titles"},
}
LINES = {
    Medium.MOVIE: {"IMDb": "imdb", "集数": "episodes"},
    Medium.BOOK: {
        "出版社": "publisher",
        "副标题": "subtitle",
        "原作名": "original_title",
        "页数": "pages",
        "定价": "price",
        "装帧": "binding",
        "丛书": "series",
        "ISBN": "isbn",
    },
    Medium.MUSIC: {
        "专辑类型": "album_type",
        "介质": "format",
        "出版者": "publisher",
        "唱片数": "discs",
        "条形码": "barcode",
    },
}
MEDIA = [Medium.MOVIE, Medium.BOOK, Medium.MUSIC]


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with browsing(Douban(person=make_person(200), others=[make_person(40, seed=3)])) as web:
        yield web


def there(web: Web, medium: Medium) -> list[Entry]:
    return [e for e in web.douban.person.marks if e.key.medium is medium and not e.removed]


async def subject(web: Web, entry: Entry, *, mine: bool = True) -> Html:
    who = web.douban.person if mine else None
    return await web.page(entry.key.medium, f"/subject/{entry.key.id}/", who)


def info(html: Html) -> dict[str, str]:
    """Labels and the text up to the next one, as a reader sees them."""
    text = one(html, "#info").text()
    labels = [node.text().strip().split(":")[0] for node in html.css("#info span.pl")]
    values: dict[str, str] = {}
    for label, following in zip(labels, [*labels[1:], None], strict=True):
        text = text.split(f"{label}:", 1)[1]
        values[label] = " ".join(text.split(following)[0].split()) if following else " ".join(text.split())
    return values


@pytest.mark.parametrize("medium", MEDIA)
async def test_the_info_block_holds_the_whole_subject(web: Web, medium: Medium) -> None:
    for entry in there(web, medium)[:25]:
        values = info(await subject(web, entry))
        for label, name in LABELS[medium].items():
            assert values.get(label, "") == " / ".join(getattr(entry.subject, name)), label
        for label, name in LINES[medium].items():
            known = getattr(entry.subject, name)
            assert values.get(label, "") == str(known or ""), label


async def test_films_and_series_have_labels_of_their_own(web: Web) -> None:
    for entry in there(web, Medium.MOVIE)[:30]:
        labels = set(info(await subject(web, entry)))
        series, film = {"首播", "集数", "单集片长"}, {"上映日期", "片长"}
        assert labels & (series | film) == (series if entry.subject.kind is Kind.TV else film)


async def test_the_season_is_the_chosen_one(web: Web) -> None:
    entry = next(e for e in there(web, Medium.MOVIE) if e.subject.season)
    assert words(await subject(web, entry), "#season option[selected]") == str(entry.subject.season)


async def test_titles(web: Web) -> None:
    for medium, selector in ((Medium.MOVIE, 'h1 [property="v:itemreviewed"]'), (Medium.BOOK, "h1 span")):
        entry = next(e for e in there(web, medium) if e.subject.original_title)
        parts = [entry.subject.title, entry.subject.original_title if medium is Medium.MOVIE else None]
        assert words(await subject(web, entry), selector) == " ".join(p for p in parts if p)
    record = there(web, Medium.MUSIC)[0]
    assert words(await subject(web, record), "#wrapper > h1 span") == record.subject.title


@pytest.mark.parametrize("medium", [Medium.MOVIE, Medium.BOOK])
async def test_linked_data_parses(web: Web, medium: Medium) -> None:
    for entry in there(web, medium)[:10]:
        linked = json.loads(one(await subject(web, entry), "script[type='application/ld+json']").text())
        assert linked["name"].startswith(entry.subject.title)
        assert f"/subject/{entry.key.id}/" in linked["url"]


@pytest.mark.parametrize("medium", MEDIA)
async def test_the_public_score(web: Web, medium: Medium) -> None:
    scored = there(web, medium)[0]
    scored.subject = msgspec.structs.replace(scored.subject, score=8.4, votes=1234)
    html = await subject(web, scored)
    assert words(html, 'strong.rating_num[property="v:average"]') == "8.4"
    assert words(html, '[property="v:votes"]') == "1234"
    assert len(html.css(".rating_per")) == 5
    scored.subject = msgspec.structs.replace(scored.subject, score=None, votes=None)
    html = await subject(web, scored)
    assert words(html, "strong.rating_num") == ""
    assert not html.css('[property="v:votes"]')
    scored.subject = msgspec.structs.replace(scored.subject, score=msgspec.UNSET, votes=msgspec.UNSET)
    html = await subject(web, scored)
    assert not html.css("#interest_sectl")
    assert html.css("#mainpic")


@pytest.mark.parametrize(
    ("medium", "short", "whole"),
    [
        (
            Medium.MOVIE,
            "#link-report-intra span[property='v:summary']",
            "#link-report-intra > span.all.hidden",
        ),
        (Medium.MUSIC, "#link-report span[property='v:summary']", "#link-report > span.all.hidden"),
        (Medium.BOOK, "#link-report div.intro", "#link-report > span.all.hidden div.intro"),
    ],
)
async def test_only_a_long_intro_is_folded(web: Web, medium: Medium, short: str, whole: str) -> None:
    entry = there(web, medium)[0]
    brief, long = "一句话。", "\n".join(["很长的一段。" * 12] * 3)
    entry.subject = msgspec.structs.replace(entry.subject, intro=brief)
    html = await subject(web, entry)
    assert [one(html, short).text().strip(" \n\u3000"), html.css(whole)] == [brief, []]
    entry.subject = msgspec.structs.replace(entry.subject, intro=long)
    html = await subject(web, entry)
    assert "..." in one(html, short).text()
    style = one(html, whole).css_first("style")
    if style:
        style.decompose()
    assert "".join(one(html, whole).text().split()) == "".join(long.split())


@pytest.mark.parametrize("medium", MEDIA)
async def test_my_mark_stands_on_the_page(web: Web, medium: Medium) -> None:
    for entry in there(web, medium)[:25]:
        html, mark = await subject(web, entry), entry.mark
        block = one(html, "#interest_sect_level .a_stars")
        said = one(block, "span.mr10")
        date = one(said, "span.collection_date") if medium is Medium.MOVIE and mark.marked_on else said.next
        while date is not None and date.tag == "-text":
            date = date.next
        if mark.marked_on:
            assert date is not None
            assert date.text() == str(mark.marked_on)
        assert one(html, "input#n_rating").attributes["value"] == str(mark.rating or "")
        tags = [n.text() for n in block.css("span.color_gray") if n.text().startswith("标签:")]
        assert tags == ([f"标签:{' '.join(mark.tags or ())}"] if mark.tags else [])
        spans = [n for n in block.css("div > span") if not n.attributes]
        for votes in block.css("span > span.pl:not(#rateword)"):
            votes.decompose()
        assert [n.text().strip() for n in spans] == ([mark.comment] if mark.comment else [])


@pytest.mark.parametrize(
    ("medium", "kind", "status", "said"),
    [
        (Medium.MOVIE, Kind.MOVIE, Status.DONE, "我看过这部电影"),
        (Medium.MOVIE, Kind.MOVIE, Status.WISH, "我想看这部电影"),
        (Medium.MOVIE, Kind.TV, Status.DOING, "我最近在看这部电视剧"),
        (Medium.BOOK, Kind.BOOK, Status.DOING, "我最近在读这本书"),
        (Medium.BOOK, Kind.BOOK, Status.DONE, "我读过这本书"),
        (Medium.MUSIC, Kind.MUSIC, Status.WISH, "我想听这张唱片"),
    ],
)
async def test_the_wording_of_a_mark(web: Web, medium: Medium, kind: Kind, status: Status, said: str) -> None:
    entry = [e for e in there(web, medium) if e.subject.kind is kind and e.mark.status is status][-1]
    assert one(await subject(web, entry), "span.mr10").text().split()[0] == said


async def test_a_fresh_mark_is_recent(web: Web) -> None:
    entry = there(web, Medium.MOVIE)[-1]
    web.douban.person.edit(entry.key, status=Status.WISH)
    web.douban.person.edit(entry.key, status=Status.DONE)
    assert "我最近看过" in one(await subject(web, entry), "span.mr10").text()


@pytest.mark.parametrize("medium", MEDIA)
async def test_without_a_mark_there_are_buttons(web: Web, medium: Medium) -> None:
    person = web.douban.person
    entry = there(web, medium)[-1]
    buttons = 2 if entry.subject.kind is Kind.MOVIE else 3
    anonymous = await subject(web, entry, mine=False)
    assert len(anonymous.css("#interest_sect_level > a.a_show_login.colbutt")) == buttons
    assert not anonymous.css("span.mr10")
    person.remove(entry.key)
    html = await subject(web, entry)
    names = [a.attributes["name"] for a in html.css("#interest_sect_level > a.collect_btn.colbutt.ll")]
    assert names[0] == f"pbtn-{entry.key.id}-wish"
    assert len(names) == buttons
    assert one(html, "input#n_rating").attributes["value"] == ""
    assert html.css(".nav-user-account")
    assert not html.css("span.mr10")


async def test_a_subject_that_was_taken_down(web: Web) -> None:
    me = web.douban.person
    seen: set[Removed] = set()
    for entry in me.marks:
        if entry.removed:
            seen.add(entry.removed)
            answer = await web.get(entry.key.medium, f"/subject/{entry.key.id}/", me)
            assert answer.status_code == (404 if entry.removed is Removed.UNKNOWN else 200)
            sign = (
                "条目不存在"
                if entry.removed is Removed.UNKNOWN
                else "根据相关法律法规，当前条目正在等待审核。"
            )
            assert sign in answer.text
            assert 'id="info"' not in answer.text
    assert seen == set(Removed)
    assert (await web.get("book", "/subject/1/", me)).status_code == 404


async def test_a_subject_of_which_little_is_known(web: Web) -> None:
    for medium in MEDIA:
        key = msgspec.structs.replace(there(web, medium)[0].key, id="40000000")
        entry = web.douban.person.add(Subject(key=key, title="只有标题"))
        assert "只有标题" in one(await subject(web, entry), "h1").text()


async def test_the_account_stands_in_the_global_navigation(web: Web) -> None:
    me, other = web.douban.person, web.douban.others[0]
    for who in (me, other):
        for host, path in (
            ("www", f"/people/{me.id}/"),
            ("movie", f"/people/{me.id}/"),
            ("www", "/"),
            ("book", "/"),
        ):
            answer = await web.get(host, path, who)
            assert f'USER_ID: "{who.id}"' in answer.text
            assert f"['setUserId', '{who.id}']" in answer.text
            link = one(Html(answer.text), ".global-nav-items a")
            assert json.loads(link.attributes["data-moreurl-dict"] or "")["uid"] == who.id
            assert f"/accounts/logout?source={'main' if host == 'www' else host}&ck={who.ck}" in answer.text
    anonymous = await web.get("www", f"/people/{me.slug}/")
    assert "USER_ID" not in anonymous.text
    assert "nav-login" in anonymous.text


async def test_the_front_page_counts_each_list(web: Web) -> None:
    me = web.douban.person
    for who, link in (
        (me, "https://book.douban.com/mine?status=collect"),
        (None, f"people/{me.address}/collect"),
    ):
        html = await web.page("www", f"/people/{me.id}/", who)
        (done,) = [a for a in html.css("#book h2 a") if link in (a.attributes["href"] or "")]
        assert done.text() == f"{len(me.of(Medium.BOOK, Status.DONE))}本读过"


@pytest.mark.parametrize(
    ("host", "path", "where"),
    [
        ("www", "/mine/", "https://www.douban.com/people/{}/"),
        ("movie", "/mine?status=wish", "https://movie.douban.com/people/{}/wish"),
        ("book", "/mine", "https://book.douban.com/people/{}/"),
    ],
)
async def test_mine_leads_to_ones_own(web: Web, host: str, path: str, where: str) -> None:
    me = web.douban.person
    answer = await web.get(host, path, me)
    assert (answer.status_code, answer.headers["Location"]) == (302, where.format(me.slug))


async def test_nobody_has_a_mine(web: Web) -> None:
    assert (await web.get("www", "/mine/")).status_code == 403
    answer = await web.get("music", "/mine", status="do")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://accounts.douban.com/passport/login?source=music"
