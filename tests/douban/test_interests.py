"""The mobile JSON: every field, everything that may be wrong with it, and what comes instead of it."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.douban.interests import read_interests
from gateway.model import (
    BEIJING,
    UNSET,
    Account,
    Kind,
    ListPart,
    Mark,
    Medium,
    Reading,
    Status,
    Subject,
    SubjectKey,
    Verdict,
)

ME = "150000001"
FIXTURES = Path(__file__).parents[3] / "shared/fixtures/douban/json"


def url(medium: str = "movie", status: str = "done", start: int = 0, count: int = 50) -> str:
    query = f"type={medium}&status={status}&start={start}&count={count}&ck=abcd&for_mobile=1"
    return f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?{query}"


def film(**more: Any) -> dict[str, Any]:
    return {
        "id": "1000001", "type": "movie", "subtype": "movie", "title": "灯塔之下", "year": "2021",
        "url": "https://movie.douban.com/subject/1000001/", "uri": "douban://douban.com/movie/1000001",
        "sharing_url": "https://www.douban.com/doubanapp/dispatch/movie/1000001",
        "pubdate": ["2021-07-15(法国)", "2022-01-02(中国大陆)"], "release_date": None,
        "genres": ["剧情", "悬疑"], "directors": [{"name": "甲·某"}], "actors": [{"name": "乙"}, {"name": "Bing"}],
        "card_subtitle": "2021 / 法国 / 剧情 悬疑 / 甲·某 / 乙 Bing", "null_rating_reason": "", "is_released": True,
        "rating": {"count": 907, "max": 10, "star_count": 3.5, "value": 7.1},
        "pic": {"large": "https://img1.doubanio.com/view/photo/m_ratio_poster/public/p1.jpg",
                "normal": "https://img1.doubanio.com/view/photo/s_ratio_poster/public/p1.jpg"},
        "cover_url": "https://img1.doubanio.com/view/photo/m_ratio_poster/public/p1.jpg",
        "honor_infos": [], "color_scheme": {"is_dark": True, "_base_color": [0.1, 0.2, 0.3]},
    } | more  # fmt: skip


def mark(subject: Any = None, **more: Any) -> dict[str, Any]:
    about: dict[str, Any] = film() if subject is None else subject
    whole: dict[str, Any] = {
        "id": 4001, "status": "done", "create_time": "2024-03-05 23:59:58", "comment": "潮水退了\n灯还亮着",
        "rating": {"count": 1, "max": 5, "star_count": 4, "value": 4}, "tags": ["海", "黑白片"], "is_private": False,
        "vote_count": 3, "charts": [], "platforms": [], "sharing_text": "我的评分：★★★★",
        "sharing_url": f"https://www.douban.com/doubanapp/dispatch?uri=/subject/{about['id']}/interest/4001",
        "subject": about,
    }  # fmt: skip
    return whole | more


def envelope(*marks: Any, **more: Any) -> bytes:
    body: dict[str, Any] = {"count": 50, "start": 0, "total": len(marks), "filters": [], "interests": marks}
    return json.dumps(body | more, ensure_ascii=False).encode()


def one(content: bytes, at: str = "") -> tuple[Mark, Subject]:
    reading = read_interests(at or url(), content)
    assert (reading.page.verdict, reading.problems) == (Verdict.OK, ())
    (marked,), (subject,) = reading.marks, reading.subjects
    return marked, subject


def test_a_film_with_every_field() -> None:
    marked, subject = one(envelope(mark()))
    key = SubjectKey(Medium.MOVIE, "1000001")
    assert marked == Mark(
        account=ME,
        subject=key,
        status=Status.DONE,
        rating=4,
        comment="潮水退了\n灯还亮着",
        tags=("海", "黑白片"),
        marked_on=date(2024, 3, 5),
        marked_at=datetime(2024, 3, 5, 23, 59, 58, tzinfo=BEIJING),
        private=False,
        mark_id="4001",
    )
    assert subject == Subject(
        key=key,
        kind=Kind.MOVIE,
        title="灯塔之下",
        year=2021,
        genres=("剧情", "悬疑"),
        directors=("甲·某",),
        cast=("乙", "Bing"),
        released=("2021-07-15(法国)", "2022-01-02(中国大陆)"),
        cover="https://img1.doubanio.com/view/photo/m_ratio_poster/public/p1.jpg",
        score=7.1,
        votes=907,
        brief="2021 / 法国 / 剧情 悬疑 / 甲·某 / 乙 Bing",
    )


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
@pytest.mark.parametrize("indent", [None, 2])
def test_however_the_server_spells_its_json(
    *, ascii_only: bool, separators: tuple[str, str], indent: int | None
) -> None:
    names = ["甲", 'Anna "A" B', "C\\", "😀", "한국", "D, E", "", "Ö/P", '"}, {"name": "x']
    page = {"total": 1, "start": 0, "interests": [mark(film(actors=[{"name": name} for name in names]))]}
    body = json.dumps(page, ensure_ascii=ascii_only, separators=separators, indent=indent).encode()
    for content in (body, b"\xef\xbb\xbf" + body, b"\n " + body + b"\r\n"):
        marked, subject = one(content)
        assert (marked.comment, subject.cast) == ("潮水退了\n灯还亮着", tuple(names))
    assert one(body.replace(b"/", b"\\/"))[1].cast == tuple(names)


def test_the_detailed_facts_of_frodo() -> None:
    _, subject = one(
        envelope(
            mark(
                film(
                    type="tv", subtype="tv", original_title="Sous le phare", aka=["Under the Light"],
                    countries=["法国"], languages=["法语"], durations=["50分钟"], episodes_count=8, intro="一座岛。\r\n一盏灯。",
                )
            )
        )
    )  # fmt: skip
    assert (subject.kind, subject.original_title, subject.other_titles) == (
        Kind.TV,
        "Sous le phare",
        ("Under the Light",),
    )
    assert (subject.countries, subject.languages, subject.durations) == (("法国",), ("法语",), ("50分钟",))
    assert (subject.episodes, subject.intro) == (8, "一座岛。\n一盏灯。")


def test_a_book() -> None:
    book = {
        "id": "2000001", "type": "book", "subtype": "book", "title": "山的那边", "book_subtitle": "旅行记",
        "author": ["[日] 某人", "另一人"], "translator": ["某译者"], "press": ["某出版社"], "pages": ["240"],
        "pubdate": ["2009-5"], "intro": "第一段。\n第二段。", "card_subtitle": "[日] 某人 / 2009 / 某出版社", "has_ebook": True,
        "rating": {"count": 0, "max": 10, "star_count": 0, "value": 0}, "null_rating_reason": "暂无评分",
        "pic": {"large": "https://img1.doubanio.com/f/shire/1/book-default-lpic.gif", "normal": ""},
    }  # fmt: skip
    marked, subject = one(
        envelope(mark(book, status="mark", rating=None, comment="", tags=[])), url("book", "mark")
    )
    assert (marked.status, marked.rating, marked.comment, marked.tags) == (Status.WISH, None, None, ())
    assert subject == Subject(
        key=SubjectKey(Medium.BOOK, "2000001"),
        kind=Kind.BOOK,
        title="山的那边",
        subtitle="旅行记",
        year=2009,
        authors=("[日] 某人", "另一人"),
        translators=("某译者",),
        publisher="某出版社",
        released=("2009-5",),
        pages="240",
        cover=None,
        score=None,
        votes=None,
        intro="第一段。\n第二段。",
        brief="[日] 某人 / 2009 / 某出版社",
    )


def test_an_album() -> None:
    album = {
        "id": "3000001", "type": "music", "subtype": "music", "title": "晴 / 雨", "singer": [{"name": "某乐队"}],
        "genres": ["摇滚"], "pubdate": ["1999"], "cover_url": "https://img1.doubanio.com/view/subject/m/public/s1.jpg",
    }  # fmt: skip
    _, subject = one(envelope(mark(album)), url("music"))
    assert (subject.kind, subject.performers, subject.genres, subject.year, subject.cover) == (
        Kind.MUSIC,
        ("某乐队",),
        ("摇滚",),
        1999,
        "https://img1.doubanio.com/view/subject/m/public/s1.jpg",
    )
    assert (subject.title, subject.score, subject.cast) == ("晴 / 雨", UNSET, UNSET)


def test_a_game_has_both_titles_in_one() -> None:
    game = {
        "id": "4000001", "type": "game", "title": "海岛 Island II", "cn_name": "海岛", "release_date": "2017-04-25",
        "platforms": [{"name": "PC", "cn_name": "电脑", "id": 94, "abbreviation": "PC"}, {"name": "iPad", "cn_name": ""}],
        "genres": ["冒险"], "pubdate": None,
    }  # fmt: skip
    _, subject = one(envelope(mark(game)), url("game"))
    assert (subject.title, subject.original_title, subject.platforms) == (
        "海岛",
        "Island II",
        ("电脑", "iPad"),
    )
    assert (subject.released, subject.year, subject.kind) == (("2017-04-25",), 2017, Kind.GAME)


def test_a_drama_of_whatever_shape() -> None:
    """Nobody published one: people may be bare names, lists single values."""
    drama = {
        "id": 5000001,
        "type": "drama",
        "title": "雨夜",
        "directors": ["某导演"],
        "actors": "某演员",
        "genres": "话剧",
    }
    reading = read_interests(url("drama"), envelope(mark(drama)))
    assert reading.page.verdict is Verdict.OK
    (subject,) = reading.subjects
    assert (subject.key, subject.kind) == (SubjectKey(Medium.DRAMA, "5000001"), Kind.DRAMA)
    assert (subject.directors, subject.cast, subject.genres) == (("某导演",), ("某演员",), ("话剧",))


@pytest.mark.parametrize(
    ("rating", "stars"),
    [
        (None, None),
        ({"count": 1, "max": 5, "star_count": 1, "value": 1}, 1),
        ({"count": 1, "max": 5, "star_count": 5.0, "value": 5}, 5),
        ({"count": 0, "max": 5, "star_count": 0, "value": 0}, None),
        ({"count": 1, "max": 10, "star_count": 4, "value": 8}, 4),
        ({"star_count": 3}, 3),
        ({}, None),
    ],
)
def test_stars(rating: object, stars: int | None) -> None:
    assert one(envelope(mark(rating=rating)))[0].rating == stars


@pytest.mark.parametrize(
    "rating", [{"value": 3.5, "max": 5}, {"value": 7, "max": 10}, {"value": -1}, {"value": 9}]
)
def test_stars_that_cannot_be(rating: object) -> None:
    """Half a star is not rounded: what is not known overwrites nothing."""
    reading = read_interests(url(), envelope(mark(rating=rating)))
    assert reading.marks[0].rating is UNSET
    assert [(each.code, each.detail) for each in reading.problems] == [
        ("field_unreadable", "row 1, movie:1000001, rating")
    ]


def test_film_or_series() -> None:
    for type_, subtype, kind in [
        ("movie", "tv", Kind.TV),
        ("tv", "", Kind.TV),
        ("tv", "movie", Kind.MOVIE),
        ("movie", None, Kind.MOVIE),
        ("movie", "book", Kind.MOVIE),
    ]:
        assert one(envelope(mark(film(type=type_, subtype=subtype))))[1].kind is kind


def test_what_is_absent_is_not_empty() -> None:
    bare = {"id": 1, "status": "done", "subject": {"id": "1000001", "type": "movie", "title": "灯塔之下"}}
    marked, subject = one(envelope(bare))
    assert marked == Mark(
        account=ME, subject=subject.key, status=Status.DONE, mark_id="1", marked_on=UNSET, marked_at=UNSET
    )
    assert subject == Subject(key=subject.key, kind=Kind.MOVIE, title="灯塔之下")


def test_line_breaks_are_those_of_the_pages() -> None:
    assert one(envelope(mark(comment=" \r\n一\r\n二\r三\n　四　\n")))[0].comment == "一\n二\n三\n　四　"
    assert one(envelope(mark(comment=" \n ")))[0].comment is None


@pytest.mark.parametrize("title", ["未知电影", "未知电视剧", ""])
def test_a_removed_subject_keeps_its_mark(title: str) -> None:
    gone = film(
        title=title, year="", pubdate=[], genres=[], card_subtitle="", subtype="", rating={"value": 0}
    )
    marked, subject = one(envelope(mark(gone)))
    assert (marked.rating, marked.comment) == (4, "潮水退了\n灯还亮着")
    assert subject == Subject(key=marked.subject, kind=Kind.MOVIE, removed=True)


@pytest.mark.parametrize("subject", [None, {}, [], "gone", 0])
def test_a_subject_of_which_nothing_is_left(subject: object) -> None:
    reading = read_interests(url(), envelope(mark() | {"subject": subject}, mark(film(id="2"))))
    first, second = reading.subjects
    assert first == Subject(key=SubjectKey(Medium.MOVIE, "1000001"), removed=True)
    assert [each.rating for each in reading.marks] == [4, 4]
    assert (second.key.id, reading.page.verdict) == ("2", Verdict.OK)


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ({"url": "https://book.douban.com/subject/7/"}, SubjectKey(Medium.BOOK, "7")),
        ({"sharing_url": "https://www.douban.com/game/8/", "title": "海"}, SubjectKey(Medium.GAME, "8")),
        ({"uri": "douban://douban.com/tv/9"}, SubjectKey(Medium.MOVIE, "9")),
        ({"id": "10", "type": "unheard-of"}, SubjectKey(Medium.MOVIE, "10")),
        ({"id": "11"}, SubjectKey(Medium.MOVIE, "11")),
        ({"type": "book", "title": "山"}, SubjectKey(Medium.MOVIE, "1000001")),
    ],
)
def test_a_key_is_found_wherever_it_is(subject: dict[str, Any], key: SubjectKey) -> None:
    thing = mark() | {"subject": subject}
    (marked,) = read_interests(url(), envelope(thing)).marks
    assert marked.subject == key


def test_broken_items_stand_beside_the_others() -> None:
    broken: tuple[Any, ...] = (
        {},
        None,
        7,
        "x",
        [],
        {"subject": {"title": "无名"}},
        {"subject": None, "comment": "a"},
    )
    reading = read_interests(url(), envelope(mark(), *broken, mark(film(id="1000002"))))
    assert [each.subject.id for each in reading.marks] == ["1000001", "1000002"]
    assert [(each.code, each.detail) for each in reading.problems] == [
        ("row_without_id", f"row {row}") for row in range(2, 9)
    ]
    assert reading.page.part is not None
    assert (reading.page.part.rows, reading.page.part.ended) == (9, True)


def test_a_field_of_a_wrong_type_is_lost_alone() -> None:
    odd = mark(
        film(year=["2021"], genres=["剧情", 7, "悬疑"], pic="x", score=1), create_time="0000-00-00 00:00:00"
    )
    reading = read_interests(url(), envelope(odd, mark(film(id="1000002"))))
    first, second = reading.subjects
    assert (first.genres, first.cover, first.score, first.year) == (("剧情", "悬疑"), second.cover, 7.1, 2021)
    assert (reading.marks[0].marked_on, reading.marks[0].comment) == (UNSET, "潮水退了\n灯还亮着")
    assert {each.detail.rpartition(", ")[2] for each in reading.problems} == {
        "year",
        "genres",
        "pic",
        "create_time",
    }
    assert second == read_interests(url(), envelope(mark(film(id="1000002")))).subjects[0]


def test_json_that_strict_readers_refuse() -> None:
    """Half an emoji where Douban cut a text, bare control characters, NaN, numbers of any length."""
    body = json.dumps(
        {"total": 2, "start": 0, "interests": [mark(), mark(film(id="1000002"), comment="HERE")]}
    )
    for wrong, comment in [
        ("a\\ud83d", "a\ufffd"),
        ("\\\\ud83d\\ud83d\\ude00", "\\ud83d😀"),
        ("a\nb\tc", "a\nb\tc"),
        ("a\x01b", "a\x01b"),
    ]:
        reading = read_interests(url(), body.replace("HERE", wrong).encode())
        assert [each.comment for each in reading.marks] == ["潮水退了\n灯还亮着", comment]
    for number in ("NaN", "Infinity", "-Infinity", "9" * 5000, "1e999", "-0"):
        assert len(read_interests(url(), body.replace("4001,", f"{number},").encode()).marks) == 2
    wrong_bytes = body.encode().replace(b"HERE", b"a\xffb")
    assert [each.comment for each in read_interests(url(), wrong_bytes).marks][1] == "a\ufffdb"


def test_the_last_of_doubled_names_counts() -> None:
    body = envelope(mark()).replace(b'"comment":', b'"comment": "first", "comment":')
    assert one(body)[0].comment == "潮水退了\n灯还亮着"


def test_a_mark_that_came_twice() -> None:
    reading = read_interests(url(), envelope(mark(), mark(id=4002, comment="older")))
    assert ([each.mark_id for each in reading.marks], len(reading.subjects)) == (["4001"], 1)


def test_what_a_row_says_of_its_status_counts() -> None:
    reading = read_interests(url("movie", "mark"), envelope(mark()))
    assert reading.marks[0].status is Status.DONE
    assert [(each.code, each.detail) for each in reading.problems] == [
        ("status_mismatch", "row 1, movie:1000001")
    ]
    (marked,) = read_interests(url("movie", "mark"), envelope(mark(status="new"))).marks
    assert marked.status is Status.WISH


def part(content: bytes, at: str) -> ListPart | None:
    reading = read_interests(at, content)
    assert reading.page.verdict is Verdict.OK, reading.page
    return reading.page.part


def test_which_part_of_the_list_it_is() -> None:
    rows = [mark(film(id=str(number))) for number in range(1, 51)]
    whole = ListPart(
        medium=Medium.MOVIE, status=Status.DONE, start=0, next_start=50, total_claimed=120, rows=50
    )
    assert part(envelope(*rows, total=120), url()) == whole
    # The last page, whole; and one whose last rows are hidden: then only the empty page behind it is a proof.
    last = part(envelope(*rows[:20], start=100, total=120), url(start=100))
    assert last is not None
    assert (last.next_start, last.ended) == (None, True)
    hidden = part(envelope(*rows[:18], start=100, total=120), url(start=100))
    assert hidden is not None
    assert (hidden.next_start, hidden.ended, hidden.rows) == (150, False, 18)
    behind = part(envelope(start=150, total=120), url(start=150))
    assert behind is not None
    assert (behind.next_start, behind.ended) == (None, True)
    # Rows hidden in the middle do not move the next page.
    short = part(envelope(*rows[:47], start=50, total=500), url(start=50))
    assert short is not None
    assert short.next_start == 100
    single = part(envelope(rows[0], count=1, start=7, total=120), url(start=7, count=1))
    assert single is not None
    assert (single.start, single.next_start) == (7, 8)


def test_lists_that_are_not_the_whole_list() -> None:
    assert part(envelope(mark()), url() + "&tag=海") is None
    assert part(envelope(mark()), url("tv")) is None
    assert part(envelope(mark()), url().partition("?")[0]) is None
    assert part(json.dumps([mark()]).encode(), url()) is None, "a stored array does not say what follows it"


def test_an_empty_page_in_the_middle_is_not_believed() -> None:
    assert part(envelope(total=0), url()) is not None
    for start, total in ((0, 3), (50, 300)):
        page = read_interests(url(start=start), envelope(start=start, total=total)).page
        assert (page.verdict, page.reason) == (Verdict.UNKNOWN, "no_rows")
    page = read_interests(url(), envelope({}, {})).page
    assert (page.verdict, page.reason) == (Verdict.UNKNOWN, "no_rows")


def test_a_changed_shape_is_noticed() -> None:
    rows = [mark(film(id=str(number), title=None), create_time=None) for number in range(1, 6)]
    reading = read_interests(url(), envelope(*rows))
    assert len(reading.marks) == 5
    assert [(each.code, each.detail) for each in reading.problems] == [
        ("fields_missing", "title: 5 of 5 rows"),
        ("fields_missing", "date: 5 of 5 rows"),
    ]


def test_an_interest_by_itself_and_a_stored_array() -> None:
    for content in (json.dumps(mark()), json.dumps([mark()])):
        marked, _ = one(content.encode())
        assert marked.subject.id == "1000001"


def test_whose_marks_they_are() -> None:
    reading = read_interests(url(), envelope(mark()), accounts=[ME])
    assert (reading.account, reading.marks[0].account) == (Account(ME), ME)
    foreign = read_interests(url(), envelope(mark()), accounts=["150000002"])
    assert (foreign.page.verdict, foreign.page.reason, foreign.marks) == (Verdict.FOREIGN, "other_person", ())


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("https://example.org/rexxar/api/v2/user/1/interests", "not_douban"),
        ("https://m.douban.com.example.org/rexxar/api/v2/user/1/interests", "not_douban"),
        ("file:///home/a/interests.json", "not_douban"),
        ("https://m.douban.com/rexxar/api/v2/user/me/interests", "whose_unknown"),
        ("https://movie.douban.com/rexxar/api/v2/user/1/interests", "no_marks_here"),
        ("https://m.douban.com/rexxar/api/v2/user/1/reviews", "no_marks_here"),
        ("http://[m.douban.com", "not_douban"),
    ],
)
def test_other_addresses(at: str, reason: str) -> None:
    page = read_interests(at, envelope(mark())).page
    assert (page.verdict, page.reason) == (Verdict.UNKNOWN, reason)


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        (
            b'{"msg":"invalid_request_996","code":996,"request":"GET /v2/x"}',
            Verdict.UNKNOWN,
            "request_refused",
        ),
        (b'{"code":1080,"msg":"search_access_rate_limit"}', Verdict.BLOCKED, "too_often"),
        (b'{"code":112,"msg":"subject_ip_rate_limit"}', Verdict.BLOCKED, "too_often"),
        (b'{"code":"1080"}', Verdict.BLOCKED, "too_often"),
        (b'{"msg":"need_login","code":1000}', Verdict.LOGIN, "login_page"),
        (b'{"msg":"need_permission","code":1000}', Verdict.LOGIN, "login_page"),
        (b'{"msg":"invalid_ck","code":103}', Verdict.LOGIN, "login_page"),
        ('{"code":103,"msg":"x","localized_message":"请先登录"}'.encode(), Verdict.LOGIN, "login_page"),
        (b'{"code":403,"msg":"forbidden"}', Verdict.BLOCKED, "forbidden"),
        (b'{"code":404,"msg":"traversal_error"}', Verdict.GONE, "not_found"),
        (b'{"code":500,"msg":"internal"}', Verdict.UNKNOWN, "server_error"),
        (b"<html><body><h1>500 Internal Server Error</h1></body></html>", Verdict.UNKNOWN, "server_error"),
        (
            "<html><head><title>登录豆瓣</title></head><body></body></html>".encode(),
            Verdict.LOGIN,
            "login_page",
        ),
        (
            "<html><title>豆瓣 - 登录跳转页</title><body>x</body></html>".encode(),
            Verdict.BLOCKED,
            "ip_refused",
        ),
        ("<html><title>禁止访问</title><body>x</body></html>".encode(), Verdict.BLOCKED, "forbidden"),
        (b"error code: 004", Verdict.BLOCKED, "ip_refused"),
        (b"error code: 008, please Login", Verdict.LOGIN, "login_page"),
        (b"", Verdict.UNKNOWN, "empty"),
        (b" \n", Verdict.UNKNOWN, "empty"),
        (b"null", Verdict.UNKNOWN, "no_frame"),
        (b'"interests"', Verdict.UNKNOWN, "no_frame"),
        (b"{}", Verdict.UNKNOWN, "no_frame"),
        (b'{"interests": {}}', Verdict.UNKNOWN, "no_frame"),
        (b'{"interests": null, "total": 3}', Verdict.UNKNOWN, "no_frame"),
        (b"\x1f\x8b\x08\x00abc", Verdict.UNKNOWN, "no_frame"),
    ],
)
def test_what_comes_instead(content: bytes, verdict: Verdict, reason: str) -> None:
    reading = read_interests(url(), content)
    assert (reading.page.verdict, reading.page.reason, reading.marks) == (verdict, reason, ())


@pytest.mark.parametrize(
    ("http", "verdict", "reason"),
    [
        (302, Verdict.LOGIN, "login_page"),
        (401, Verdict.LOGIN, "login_page"),
        (403, Verdict.BLOCKED, "forbidden"),
        (404, Verdict.GONE, "not_found"),
        (418, Verdict.BLOCKED, "forbidden"),
        (429, Verdict.BLOCKED, "too_often"),
        (500, Verdict.UNKNOWN, "server_error"),
        (502, Verdict.UNKNOWN, "server_error"),
        (201, Verdict.UNKNOWN, "no_frame"),
    ],
)
def test_the_status_counts_where_it_is_known(http: int, verdict: Verdict, reason: str) -> None:
    for content in (b"<html><body>x</body></html>", envelope(mark())):
        reading = read_interests(url(), content, status=http)
        assert (reading.page.verdict, reading.page.reason, reading.marks) == (verdict, reason, ())
    assert read_interests(url(), envelope(mark()), status=200).page.verdict is Verdict.OK


def sound(reading: Reading) -> Reading:
    """No exception was caught on the way, marks come with OK alone, and JSON carries all of it."""
    assert not [each for each in reading.problems if each.code == "page_unreadable"]
    assert (reading.page.reason is None) == (reading.page.verdict is Verdict.OK)
    assert not reading.marks or reading.page.verdict is Verdict.OK
    assert len(reading.marks) == len(reading.subjects)
    assert msgspec.json.decode(msgspec.json.encode(reading), type=Reading) == reading
    for marked in reading.marks:
        assert marked.rating is UNSET or marked.rating in {None, 1, 2, 3, 4, 5}
        assert marked.comment is UNSET or marked.comment is None or marked.comment.strip(" \t\r\n\f\v")
        assert marked.subject.id.isascii()
        assert marked.subject.id.isdecimal()
    return reading


def test_a_page_cut_anywhere_has_no_marks() -> None:
    content = envelope(mark())
    for end in range(len(content)):
        cut = sound(read_interests(url(), content[:end]))
        assert (cut.page.verdict, cut.marks) == (Verdict.UNKNOWN, ())


@pytest.mark.parametrize(
    "opening", [b"[", b'{"a":', b'{"interests":', b'{"interests":[', b'{"interests":[{"subject":']
)
@pytest.mark.parametrize("closed", [True, False])
def test_nesting_that_no_page_has(opening: bytes, *, closed: bool) -> None:
    closing = opening[::-1].translate(bytes.maketrans(b"[{", b"]}"), b'":abceinrstuj') if closed else b""
    content = opening * 100_000 + (b"0" + closing * 100_000 if closed else b"")
    assert sound(read_interests(url(), content)).page.verdict is Verdict.UNKNOWN
    inside = envelope(mark()).replace(b'"filters": []', b'"filters": ' + b"[" * 100_000 + b"]" * 100_000)
    assert sound(read_interests(url(), inside)).page.verdict is Verdict.UNKNOWN


def test_fifty_megabytes() -> None:
    for content in (
        b"[" + b"{}," * 17_000_000 + b"{}]",
        b" " * 50_000_000,
        b'{"a":"' + b"x" * 50_000_000 + b'"}',
    ):
        assert sound(read_interests(url(), content)).page.reason in {"too_large", "empty"}
    many = b'{"total":1,"interests":[' + b"{}," * 300_000 + b"{}]}"
    assert sound(read_interests(url(), many)).page.reason == "too_large"
    long = sound(read_interests(url(), envelope(mark(comment="字" * 3_000_000))))
    assert long.marks[0].comment == "字" * 3_000_000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(mark() | film())), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(sorted(mark())), values),
    st.dictionaries(st.sampled_from(sorted(film())), values),
)
@settings(max_examples=300)
def test_any_value_in_any_field(marked: dict[str, Any], subject: dict[str, Any]) -> None:
    """It never sinks the mark beside it."""
    thing = mark(film(**subject)) | marked
    reading = sound(
        read_interests(url(), json.dumps({"total": 2, "interests": [thing, mark(film(id="77"))]}).encode())
    )
    assert any(each.subject.id == "77" for each in reading.marks)


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "{", "[", '{"interests":[']),
    st.none() | st.integers(100, 599),
)
def test_any_bytes(content: bytes, opening: str, http: int | None) -> None:
    sound(read_interests(url(), opening.encode() + content, status=http))


@given(
    st.text(max_size=60), st.integers(1, 5) | st.none(), st.lists(st.text(min_size=1, max_size=5), max_size=4)
)
def test_what_was_written_is_read(comment: str, stars: int | None, names: list[str]) -> None:
    comment = "".join(char for char in comment if not 0xD800 <= ord(char) < 0xE000 and char != "\r")
    names = [name for name in names if name.strip() == name and name.isprintable()]
    rating = stars and {"count": 1, "max": 5, "star_count": stars, "value": stars}
    thing = mark(film(actors=[{"name": name} for name in names]), comment=comment, rating=rating)
    marked, subject = one(json.dumps([thing], ensure_ascii=bool(stars)).encode())
    assert (marked.comment, marked.rating) == (comment.strip(" \t\r\n\f\v") or None, stars)
    assert subject.cast == (tuple(names) or UNSET)


@given(st.text())
def test_any_address(at: str) -> None:
    sound(read_interests(at, envelope(mark())))
