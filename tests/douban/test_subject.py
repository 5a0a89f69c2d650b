from datetime import date

import pytest

from gateway.douban import read
from gateway.model import UNSET, Kind, Mark, Medium, Reading, Status, Subject, SubjectKey, Verdict
from tests.douban.pages import (
    ALBUM_INFO,
    BOOK_INFO,
    BOOK_MARK,
    FILM_INFO,
    FILM_MARK,
    ME,
    UNMARKED,
    page,
)

INFO = FILM_INFO.format(score=" 7.9 ", votes="1024")
LINES = """<span class="color_gray">标签:海 慢</span><br/>
  <span>风很大，\n人很小 &lt;3 <span class="pl">(2 有用)</span></span>"""


def film(body: str, title: str = "海风 (豆瓣)") -> Reading:
    reading = read("https://movie.douban.com/subject/1000001/", page(body, title=title))
    assert reading.page.verdict is Verdict.OK, reading.page.reason
    assert reading.page.subject == SubjectKey(Medium.MOVIE, "1000001")
    return reading


def other(medium: Medium, body: str) -> Reading:
    reading = read(f"https://{medium}.douban.com/subject/2000001/", page(body))
    assert reading.page.verdict is Verdict.OK, reading.page.reason
    return reading


def sentence(
    said: str = "我看过这部电影", *, day: str = "2024-03-05", stars: str = "4", lines: str = LINES
) -> str:
    return FILM_MARK.format(said=said, date=day, stars=stars, lines=lines)


def test_a_film() -> None:
    (subject,) = film(INFO + UNMARKED).subjects
    assert subject == Subject(
        key=SubjectKey(Medium.MOVIE, "1000001"),
        kind=Kind.MOVIE,
        title="海风",
        original_title="Sea Wind",
        other_titles=("海边的风", "Wind(台)"),
        year=2023,
        countries=("中国大陆", "法国"),
        languages=("汉语普通话",),
        genres=("剧情", "爱情"),
        directors=("林一", "Ann Lee"),
        cast=("甲", "乙"),
        released=("2023-10-01(中国大陆/法国)", "2023-05-20(某电影节)"),
        imdb="tt1234567",
        durations=("101分钟", "98分钟(国际版)"),
        cover="https://img9.doubanio.com/view/photo/s_ratio_poster/public/p1000001.webp",
        score=7.9,
        votes=1024,
        intro="开头。\n结尾。",
    )


def test_a_book() -> None:
    (subject,) = other(Medium.BOOK, BOOK_INFO).subjects
    assert subject == Subject(
        key=SubjectKey(Medium.BOOK, "2000001"),
        kind=Kind.BOOK,
        title="山的那边",
        original_title="山のむこう",
        year=2009,
        authors=("[日] 某作者", "另一人"),
        translators=("某译者",),
        publisher="某出版社",
        released=("2009-5",),
        subtitle="一个人的旅行",
        pages="240",
        price="CNY 45.00",
        binding="平装",
        series="某丛书",
        isbn="9780000000002",
        cover=None,
        score=None,
        votes=None,
        intro="第一段。\n第二段。",
    )


def test_an_album() -> None:
    (subject,) = other(Medium.MUSIC, ALBUM_INFO).subjects
    assert subject == Subject(
        key=SubjectKey(Medium.MUSIC, "2000001"),
        kind=Kind.MUSIC,
        title="晴 / 雨",
        other_titles=("Rain or Shine",),
        year=2016,
        genres=("流行",),
        performers=("某乐队", "某歌手"),
        publisher="某唱片/某厂牌",
        released=("2016-10-05",),
        barcode="0000000000017",
        album_type="单曲",
        format="CD",
        discs="2",
    )


@pytest.mark.parametrize(
    ("whole", "window", "poster", "title", "original"),
    [
        ("海风 Sea Wind", "海风 (豆瓣)", "Sea Wind", "海风", "Sea Wind"),
        ("海风 Sea Wind", "", "Sea Wind", "海风", "Sea Wind"),
        ("海风", "海风 (豆瓣)", "海风", "海风", None),
        (
            "海风 第二季 Sea Wind Season 2",
            "海风 第二季 (豆瓣)",
            "Sea Wind",
            "海风 第二季",
            "Sea Wind Season 2",
        ),
        ("海风 第二季 Sea Wind Season 2", "", "Sea Wind", "海风 第二季 Sea Wind Season 2", UNSET),
        ("海风吹 Sea Wind", "海风 (豆瓣)", "Sea Wind", "海风吹", "Sea Wind"),
        ("Up Up", "Up (豆瓣)", "Up", "Up", "Up"),
    ],
)
def test_title_and_original_title(whole: str, window: str, poster: str, title: str, original: object) -> None:
    body = INFO.replace("海风 Sea Wind", whole).replace('alt="Sea Wind"', f'alt="{poster}"')
    (subject,) = film(body, window).subjects
    assert (subject.title, subject.original_title) == (title, original)


def labels(text: str) -> Subject:
    body = f'<h1><span property="v:itemreviewed">海风</span></h1><div id="info">{text}</div>'
    (subject,) = film(body).subjects
    return subject


def test_series_by_their_labels() -> None:
    subject = labels("""<span class="pl">首播:</span> <span>2022-09-04(美国)</span><br>
      <span class="pl">季数:</span> <select id="season"><option value="1">1</option>
      <option value="2" selected="selected">2</option></select><br/>
      <span class="pl">集数:</span> 12<br/><span class="pl">单集片长:</span> 45分钟<br/>""")
    assert (subject.kind, subject.season, subject.episodes) == (Kind.TV, 2, 12)
    assert (subject.released, subject.durations) == (("2022-09-04(美国)",), ("45分钟",))
    assert labels('<span class="pl">季数:</span> 3<br/>').season == 3
    assert labels('<span class="pl">集数:</span> 未定<br/>').episodes is UNSET


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ("", UNSET),
        ('<script type="application/ld+json">{"@type": "Person"} {"@type" : "TVSeries"}</script>', Kind.TV),
        ('<script type="application/ld+json">{"name": "\t", "@type": "Movie"}</script>', Kind.MOVIE),
        (sentence("我看过这部电视剧"), Kind.TV),
        (sentence("我看过这部电影"), Kind.MOVIE),
    ],
)
def test_film_or_series_without_labels(extra: str, kind: object) -> None:
    (subject,) = film(f'<div id="mainpic"></div>{extra}').subjects
    assert subject.kind is kind


def test_values_as_pages_write_them() -> None:
    subject = labels("""<span class="pl">IMDb:</span> tt7654321<br>
      <span><span class='pl'>编剧</span>: <span class='attrs'><a>甲</a></span></span><br/>
      <span class="pl">类型：</span> 剧情<br/>
      <span class="pl">语言:</span> 汉语 / 法语 /<br/><span class="pl">语言:</span> 别的<br/>
      <span class="pl">官方网站:</span> <a>http://x.example/a / b</a><br/>
      <span class="pl">又名:</span><br/>没有标签的一行""")
    assert (subject.imdb, subject.writers, subject.genres) == ("tt7654321", ("甲",), ("剧情",))
    assert (subject.languages, subject.other_titles) == (("汉语", "法语"), UNSET)


def test_a_score_switched_off_and_one_not_yet_there() -> None:
    (off,) = film('<div id="info"></div>').subjects
    assert (off.score, off.votes) == (UNSET, UNSET)
    none_yet = (
        '<div id="interest_sectl"><strong class="rating_num" property="v:average"></strong>尚未上映</div>'
    )
    (unrated,) = film(none_yet).subjects
    assert (unrated.score, unrated.votes) == (None, None)


def test_a_page_of_a_removed_film() -> None:
    body = INFO.replace("海风 Sea Wind", "未知电影")
    (subject,) = film(body, "未知电影 (豆瓣)").subjects
    assert (subject.title, subject.removed, subject.original_title) == (UNSET, True, UNSET)


def test_a_subtitle_beside_the_heading() -> None:
    body = BOOK_INFO.replace("一个人的旅行", "").replace(
        "</h1>", '</h1><h2 class="subtitle"><span property="v:subtitle">两个人的旅行</span></h2>'
    )
    (subject,) = other(Medium.BOOK, body).subjects
    assert subject.subtitle == "两个人的旅行"


def test_a_marked_film() -> None:
    (mark,) = film(INFO + sentence()).marks
    assert mark == Mark(
        account=ME,
        subject=SubjectKey(Medium.MOVIE, "1000001"),
        status=Status.DONE,
        rating=4,
        comment="风很大，\n人很小 <3",
        tags=("海", "慢"),
        marked_on=date(2024, 3, 5),
    )


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("我看过这部电影", Status.DONE),
        ("我最近看过这部电视剧", Status.DONE),
        ("\n 我想看这部电影\n ", Status.WISH),
        ("我在看这部电视剧", Status.DOING),
        ("我最近在看这部电视剧", Status.DOING),
        ("我读过这本书", Status.DONE),
        ("我最近在读这本书", Status.DOING),
        ("我想听这张唱片", Status.WISH),
        ("听过", Status.DONE),
    ],
)
def test_what_the_sentence_says(said: str, status: Status) -> None:
    (mark,) = film(INFO + sentence(said)).marks
    assert mark.status is status
    assert mark.marked_on == date(2024, 3, 5)


def test_a_mark_with_nothing_more() -> None:
    (mark,) = film(INFO + sentence(stars="", lines="")).marks
    assert (mark.rating, mark.comment, mark.tags) == (None, None, ())
    (mark,) = film(INFO + sentence(stars="", lines="<span>一句话</span>")).marks
    assert (mark.comment, mark.tags) == ("一句话", ())
    (mark,) = film(INFO + sentence(day="", lines='<span class="color_gray">标签:海</span>')).marks
    assert (mark.comment, mark.tags, mark.marked_on) == (None, ("海",), UNSET)


@pytest.mark.parametrize("stars", ["0", "6", "x", ""])
def test_no_rating_is_none_and_never_nought(stars: str) -> None:
    (mark,) = film(INFO + sentence(stars=stars)).marks
    assert mark.rating is None


def test_no_stars_at_all_is_unknown() -> None:
    without = sentence().replace('<input id="n_rating" type="hidden" value="4"/>', "")
    (mark,) = film(INFO + without).marks
    assert mark.rating is UNSET


def test_a_marked_book() -> None:
    (mark,) = other(Medium.BOOK, BOOK_INFO + BOOK_MARK).marks
    assert mark == Mark(
        account=ME,
        subject=SubjectKey(Medium.BOOK, "2000001"),
        status=Status.DONE,
        rating=4,
        comment="合上书，窗外在下雪",
        tags=("小说", "重读"),
        marked_on=date(2021, 2, 3),
    )


@pytest.mark.parametrize("day", ["<b>2021-02-03</b>", "2021-02-03 ", "<span>2021-02-03</span>&nbsp;"])
def test_the_date_stands_anywhere_beside_the_sentence(day: str) -> None:
    body = BOOK_INFO + BOOK_MARK.replace('<span class="color_gray">2021-02-03</span>', day)
    (mark,) = other(Medium.BOOK, body).marks
    assert (mark.marked_on, mark.tags) == (date(2021, 2, 3), ("小说", "重读"))


def test_a_marked_album() -> None:
    body = ALBUM_INFO + BOOK_MARK.replace("我读过这本书", "我听过这张唱片").replace(
        '<span class="color_gray">标签', '<br/><span class="color_gray">标签'
    )
    (mark,) = other(Medium.MUSIC, body).marks
    assert (mark.comment, mark.tags, mark.marked_on) == (
        "合上书，窗外在下雪",
        ("小说", "重读"),
        date(2021, 2, 3),
    )


def test_not_marked() -> None:
    assert film(INFO + UNMARKED).marks == ()
    assert film(INFO).marks == ()
    assert film(INFO + UNMARKED.replace("collect_btn", "cls_abnormal")).marks == ()


def test_a_long_cast_as_the_page_s_own_script_folds_it() -> None:
    """The extension sends the page as it is in the tab: with a link behind the last name."""
    info = '<div id="info"><span><span class="pl">主演</span>: <span class="attrs"><span><a>甲</a> / </span><span><a>乙</a></span><a class="more-attrs" href="javascript:;">更多...</a></span></span><br></div>'
    (subject,) = read("https://movie.douban.com/subject/1/", page(info)).subjects
    assert subject.cast == ("甲", "乙")


def test_a_comment_that_begins_with_the_word_for_tags() -> None:
    said = FILM_MARK.format(
        said="我看过这部电影", date="2024-03-05", stars="4", lines="<span>标签党真多 看不懂</span>"
    )
    (mark,) = read("https://movie.douban.com/subject/1/", page(FILM_INFO + said)).marks
    assert (mark.tags, mark.comment) == ((), "标签党真多 看不懂")


def test_words_that_nobody_has_seen_there_are_not_taken_for_no_comment() -> None:
    bare = '<span class="color_gray">标签:海 慢</span><br/>风很大，人很小'
    (mark,) = film(INFO + sentence(lines=bare)).marks
    assert (mark.comment, mark.tags) == (UNSET, ("海", "慢"))


def test_a_comment_that_the_page_cuts() -> None:
    (mark,) = film(INFO + sentence(lines='<span>风很大…<a href="/review/1/">展开</a></span>')).marks
    assert (mark.comment, mark.comment_cut) == ("风很大", True)


@pytest.mark.parametrize(
    ("typed", "songs"),
    [
        ("1. 风<br>2. 99 Luftballons<br/>3. 雨", ("风", "99 Luftballons", "雨")),
        ("01 风<br>02 雨<br>", ("风", "雨")),
        ("1、风<br>2、雨<br>1、雪", ("风", "雨", "雪")),
        ("风<br>2. 雨", ("风", "2. 雨")),
        ("99 Luftballons<br>1 Thing", ("99 Luftballons", "1 Thing")),
        ("Disc 1<br>1. 风", ("Disc 1", "1. 风")),
        ("2001", ("2001",)),
    ],
)
def test_songs_that_somebody_typed(typed: str, songs: tuple[str, ...]) -> None:
    for indent in (typed, f'<span class="short">1. 风<br>...</span><span class="all hidden">{typed}</span>'):
        body = f'{ALBUM_INFO}<div class="track-list"><div class="indent">{indent}</div></div>'
        (subject,) = other(Medium.MUSIC, body).subjects
        assert subject.tracks == songs


def test_every_name_of_a_drama() -> None:
    names = "".join(
        f'<h1><span itemprop="name">{name}</span></h1>' for name in ("海鸥", "Чайка", "The Seagull")
    )
    body = page(f'<div class="drama-info">{names}</div>')
    (subject,) = read("https://www.douban.com/location/drama/5000001/", body).subjects
    assert (subject.title, subject.original_title, subject.other_titles) == (
        "海鸥",
        "Чайка",
        ("The Seagull",),
    )


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ("<span class='pl'>类型:</span> 真人秀<br>", Kind.TV),
        (
            "<span class='pl'>类型:</span> 喜剧 / 真人秀<br><span class='pl'>上映日期:</span> 2014-01-31<br>",
            Kind.MOVIE,
        ),
        (
            "<span class='pl'>类型:</span> 喜剧 / 脱口秀<br><span class='pl'>片长:</span> 61分钟<br>",
            Kind.MOVIE,
        ),
        ("<span class='pl'>类型:</span> 纪录片<br><span class='pl'>集数:</span> 7<br>", Kind.TV),
        ("<span class='pl'>类型:</span> 纪录片<br>", Kind.MOVIE),
    ],
)
def test_shows_and_documentaries(labels: str, kind: Kind) -> None:
    """Douban gives some shows the type of a film; their genre and their labels know better."""
    script = '<script type="application/ld+json">{"@type": "Movie"}</script>'
    (subject,) = read(
        "https://movie.douban.com/subject/1/", page(f'{script}<div id="info">{labels}</div>')
    ).subjects
    assert subject.kind is kind


@pytest.mark.parametrize(
    "said", ["我正在看这部电影", "我已看过这部电影", "我 看过 这部电影", "我最近看过这部电影"]
)
def test_the_sentence_in_other_words(said: str) -> None:
    (mark,) = film(INFO + sentence(said)).marks
    assert mark.status is (Status.DOING if "在" in said else Status.DONE)


def test_a_sentence_that_is_not_understood_is_not_taken_for_none() -> None:
    reading = film(INFO + sentence("我刷完了这部电影"))
    assert reading.marks == ()
    assert [(problem.code, problem.detail) for problem in reading.problems] == [("fields_missing", "mark")]


def test_a_block_of_another_build_empties_nothing() -> None:
    block = """<div id="interest_sect_level"><div class="a_stars"><p><span class="mr10">我看过这部电影 2020-01-01</span></p>
    <p><span class="color_gray">标签:a b</span></p><p>评论</p></div></div>"""
    (mark,) = film(INFO + block).marks
    assert (mark.status, mark.comment, mark.tags) == (Status.DONE, UNSET, UNSET)


def test_votes_in_thousands() -> None:
    (subject,) = film(FILM_INFO.format(score=" 9.7 ", votes="2,345,678")).subjects
    assert subject.votes == 2345678
