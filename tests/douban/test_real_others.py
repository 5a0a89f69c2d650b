"""Real pages where no marks live, and older captures of films: what they say was read off them by eye."""

import pytest

from gateway.douban import read
from gateway.model import Account, PageType, Subject, Verdict
from tests.douban.pages import FIXTURES

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the real pages of ../shared are not here")

OWNER = Account("82160871", "MewX")
PEOPLE = "https://www.douban.com/people/mewcatcher"
NAMED = [
    ("broadcast/broadcast-2026-07.html", f"{PEOPLE}/statuses?p=1", OWNER),
    (
        "broadcast/statuses-page-logged-in.html",
        "https://www.douban.com/people/52477890/statuses",
        Account("52477890", "w977741432"),
    ),
    ("doulist/doulists-index.html", f"{PEOPLE}/doulists/all", OWNER),
    ("doulist/doulist-detail-bookmarks.html", "https://www.douban.com/doulist/1/", OWNER),
    ("doulist/doulist-detail-comments.html", "https://www.douban.com/doulist/2/", OWNER),
    ("doulist/doulist-detail-paginated.html", "https://www.douban.com/doulist/1/?start=25", OWNER),
    ("doulist/doulist-detail-private.html", "https://www.douban.com/doulist/162349128/", OWNER),
    ("doulist/doulist-detail-singlepage.html", "https://www.douban.com/doulist/3/", OWNER),
    ("longform/note-detail.html", "https://www.douban.com/note/872015292/", OWNER),
    ("longform/notes-list.html", f"{PEOPLE}/notes", OWNER),
    ("longform/review-detail.html", "https://www.douban.com/review/8381069/", OWNER),
    ("longform/reviews-list.html", f"{PEOPLE}/reviews", OWNER),
]
NAMELESS = [
    # Cut out of their page: the ids in them are of whoever wrote the broadcast.
    ("broadcast/broadcast-photos.html", f"{PEOPLE}/statuses"),
    ("broadcast/broadcast_abstract.snippet.html", f"{PEOPLE}/statuses"),
    ("broadcast/broadcast_movie.snippet.html", f"{PEOPLE}/statuses"),
    # Opened logged out.
    ("subject_anon/other/book_douban_com_works_1008677.html", "https://book.douban.com/works/1008677"),
    (
        "subject_anon/other/www_douban_com_personage_27228768.html",
        "https://www.douban.com/personage/27228768/",
    ),
]


@pytest.mark.parametrize(("name", "url", "account"), NAMED + [(*each, None) for each in NAMELESS])
def test_a_page_without_marks_names_who_is_logged_in_at_most(
    name: str, url: str, account: Account | None
) -> None:
    """Subjects and stars on them belong to broadcasts, reviews and lists of favourites: no mark is made of those."""
    for status in (None, 200):
        reading = read(url, (FIXTURES / name).read_bytes(), status=status)
        assert (reading.page.type, reading.page.part) == (PageType.OTHER, None)
        assert (reading.page.verdict, reading.page.reason) == (Verdict.UNKNOWN, "no_marks_here")
        assert reading.account == account
        assert (reading.marks, reading.subjects, reading.problems) == ((), (), ())


def film(number: str, variant: str) -> Subject:
    name = f"subject_anon/movie/movie_douban_com_subject_{number}{variant}.html"
    reading = read(f"https://movie.douban.com/subject/{number}/", (FIXTURES / name).read_bytes())
    assert (reading.page.verdict, reading.page.reason, reading.marks) == (Verdict.LOGIN, "logged_out", ())
    (subject,) = reading.subjects
    return subject


@pytest.mark.parametrize("variant", ["", ".2022"], ids=["2024", "2022"])
@pytest.mark.parametrize(
    ("number", "begins", "ends", "length"),
    [
        ("26895436", "改编自伊恩·麦奎尔所著同名获奖小说，聚焦19世纪", "而进行残酷的斗争。", 161),
        ("35597581", "《瑞克和莫蒂》第六季，", "北京时间9月5日开播。", 22),
        ("3627919", "在第十任博士的故事里，他始终强烈的孤独。", "浅棕色的人造麂皮大衣。", 224),
    ],
)
def test_intros_of_films(variant: str, number: str, begins: str, ends: str, length: int) -> None:
    """None of these six is folded: there is one text, behind two wide spaces. Its length is that in the HTML."""
    intro = film(number, variant).intro
    assert isinstance(intro, str)
    assert (intro[: len(begins)], intro[-len(ends) :], "\n" in intro) == (begins, ends, False)
    assert len(intro) == length


@pytest.mark.parametrize(
    ("number", "variant", "cover", "score", "votes"),
    [
        ("26895436", "", "p2669120755", 8.2, 7995),
        ("26895436", ".2022", "p2669129906", 8.3, 6184),
        ("35597581", "", "p2877742044", 9.3, 40181),
        ("35597581", ".2022", "p2877742044", 9.5, 19400),
        ("3627919", "", "p2164428096", 9.6, 15713),
        ("3627919", ".2022", "p2164428096", 9.6, 13706),
    ],
)
def test_covers_and_scores_of_films(number: str, variant: str, cover: str, score: float, votes: int) -> None:
    subject = film(number, variant)
    assert subject.cover == f"https://img9.doubanio.com/view/photo/s_ratio_poster/public/{cover}.jpg"
    assert (subject.score, subject.votes) == (score, votes)


def test_what_films_said_of_themselves_in_2022() -> None:
    rick = film("35597581", ".2022")
    assert (rick.year, rick.season, rick.episodes, rick.durations) == (2022, 6, 10, ("22分钟",))
    assert (rick.directors, rick.writers) == (("贾斯汀·罗兰",), ("丹·哈萌", "贾斯汀·罗兰"))
    assert isinstance(rick.cast, tuple)
    assert (len(rick.cast), rick.cast[0], rick.cast[-1]) == (11, "贾斯汀·罗兰", "萨拉·乔克")
    assert (rick.countries, rick.languages, rick.released) == (("美国",), ("英语",), ("2022-09-04(美国)",))
    assert rick.genres == ("喜剧", "科幻", "动画", "冒险")
    who = film("3627919", ".2022")
    assert isinstance(who.directors, tuple)
    assert (len(who.directors), who.directors[0], who.directors[-1]) == (7, "James Strong", "Euros Lyn")
    assert isinstance(who.cast, tuple)
    assert (len(who.cast), who.cast[0], who.cast[-1]) == (15, "大卫·田纳特", "Richard Price")
    assert (who.writers, who.genres) == (("Russell T. Davies",), ("剧情", "科幻", "家庭", "冒险"))
    assert (who.countries, who.released, who.imdb) == (("英国",), ("2008-04-05(英国)",), "tt1159991")
    assert who.other_titles == (
        "异世奇人 第四季",
        "哪一位博士 第四季",
        "下一位博士 第四季",
        "Dr. Who Season 4",
    )
    north = film("26895436", ".2022")
    assert (north.genres, north.released, north.imdb) == (
        ("剧情", "悬疑"),
        ("2021-07-15(美国)",),
        "tt7660970",
    )
