"""Real pages, with values that were read off them by eye. They lie beside the project, not in it."""

from datetime import date
from pathlib import Path

import pytest

from gateway.douban import read
from gateway.model import UNSET, Account, Kind, Mark, Medium, Reading, Status, Subject, SubjectKey, Verdict
from tests.douban.pages import FIXTURES, ME, nav, page

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the real pages of ../shared are not here")

LIST = "list_logged_in/movie-collect.mode-list.logged-in.html"
LIST_URL = f"https://movie.douban.com/people/{ME}/collect?start=930&sort=time&rating=all&filter=all&mode=list"


def content(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def with_nav(html: bytes) -> bytes:
    """The page with the navigation that was cut away before it was published."""
    return html.replace(b"<body>", b"<body>" + nav().encode(), 1)


def subject_page(medium: str, number: str, variant: str = "") -> Reading:
    name = f"subject_anon/{medium}/{medium}_douban_com_subject_{number}{variant}.html"
    return read(f"https://{medium}.douban.com/subject/{number}/", content(name))


def public(reading: Reading) -> Subject:
    """The subject of a page that was captured logged out."""
    assert (reading.page.verdict, reading.page.reason) == (Verdict.LOGIN, "logged_out")
    assert (reading.marks, reading.problems, reading.account) == ((), (), None)
    (subject,) = reading.subjects
    return subject


@pytest.mark.parametrize("navigation", [True, False], ids=["with navigation", "as published"])
def test_own_film_list(*, navigation: bool) -> None:
    html = content(LIST)
    reading = read(LIST_URL, with_nav(html) if navigation else html)
    assert reading.page.verdict is Verdict.OK
    assert reading.account is not None
    assert reading.account.id == ME
    assert reading.problems == ()
    part = reading.page.part
    assert part is not None
    assert (part.medium, part.status, part.start, part.next_start, part.total_claimed) == (
        Medium.MOVIE,
        Status.DONE,
        930,
        None,
        4292,
    )
    rows = [
        ("36909418", 4, ("Movie",), date(2026, 9, 25), "4938849546"),
        ("36850814", 3, (), date(2026, 9, 23), "4950349647"),
        ("37501131", 5, (), date(2026, 9, 23), "4950285441"),
        ("37227467", 2, (), date(2026, 9, 19), "4947552190"),
        ("1951286", 3, ("Movie",), date(2026, 6, 6), "1541860056"),
        ("26996734", None, (), date(2019, 12, 1), "2064933045"),
        ("34447531", UNSET, UNSET, UNSET, UNSET),
        ("10549231", UNSET, UNSET, UNSET, UNSET),
    ]
    assert reading.marks == tuple(
        Mark(
            account=ME,
            subject=SubjectKey(Medium.MOVIE, number),
            status=Status.DONE,
            rating=rating,
            tags=tags,
            marked_on=marked_on,
            mark_id=mark_id,
        )
        for number, rating, tags, marked_on, mark_id in rows
    )


def test_subjects_of_the_own_film_list() -> None:
    subjects = read(LIST_URL, content(LIST)).subjects
    assert [(s.title, s.original_title, s.year, s.removed) for s in subjects] == [
        ("凶降喜讯", "굿뉴스", 2025, False),
        ("年会不能停！2", UNSET, 2026, False),
        ("现在不是出轨的问题", UNSET, 2026, False),
        ("盒子里的羊", "箱の中の羊", 2026, False),
        ("宇宙巨人：希曼崛起", "Masters of the Universe", 2026, False),
        ("一个母亲的复仇", "Mom", 2017, False),
        (UNSET, UNSET, UNSET, True),
        ("宇宙战舰大和号2199", UNSET, UNSET, True),
    ]
    assert all(not s.title_cut and s.kind is UNSET and s.cover is UNSET for s in subjects)
    brief = subjects[1].brief
    assert isinstance(brief, str)
    assert brief.startswith("2026-08-01(中国大陆) / 张若昀 / 白客")
    assert brief.endswith("应萝佳 Luojia Ying / 汉语普通话")


def test_the_list_of_somebody_else() -> None:
    html = content("list_anon/movie-do-tv.mode-list.anon.html")
    url = "https://movie.douban.com/people/{}/do?mode=list&type=tv"
    bare = read(url.format("1000001"), html)
    assert (bare.page.verdict, bare.page.reason, bare.marks) == (Verdict.UNKNOWN, "no_frame", ())
    foreign = read(url.format("1000001"), with_nav(html))
    assert (foreign.page.verdict, foreign.page.reason, foreign.marks) == (Verdict.FOREIGN, "other_person", ())


def test_series_being_watched() -> None:
    """The same page as its person would see it."""
    html = with_nav(content("list_anon/movie-do-tv.mode-list.anon.html"))
    reading = read(f"https://movie.douban.com/people/{ME}/do?mode=list", html)
    assert [(m.subject.id, m.status, m.rating, m.comment, m.tags, m.marked_on) for m in reading.marks] == [
        ("26584183", Status.DOING, None, "Winter finally came, part 1", (), date(2019, 4, 16)),
        ("25919897", Status.DOING, 5, "就是喜欢，不解释", ("美剧",), date(2015, 11, 17)),
        ("20506276", Status.DOING, None, UNSET, ("美剧",), date(2017, 6, 28)),
        ("2156533", Status.DOING, None, UNSET, ("科幻",), date(2007, 12, 30)),
    ]
    assert [s.original_title for s in reading.subjects] == [
        "Game of Thrones Season 8",
        "Fargo Season 2",
        "Orange Is the New Black Season 1",
        "Journeyman",
    ]
    assert {s.kind for s in reading.subjects} == {Kind.TV}, "the heading says so"
    assert [s.year for s in reading.subjects] == [2019, 2015, 2013, 2007]


def test_own_marked_film() -> None:
    html = content("subject_logged_in/movie-1292052.collect-rated-tagged-commented.html")
    url = "https://movie.douban.com/subject/1292052/"
    reading = read(url, with_nav(html))
    key = SubjectKey(Medium.MOVIE, "1292052")
    assert reading.page.verdict is Verdict.OK
    assert reading.marks == (
        Mark(
            account=ME,
            subject=key,
            status=Status.DONE,
            rating=5,
            comment="有些鸟是关不住地,他们的羽翼太过辉煌...",
            tags=("Movie", "ENU", "Drama"),
            marked_on=date(2008, 6, 1),
        ),
    )
    (subject,) = reading.subjects
    assert (subject.kind, subject.title, subject.original_title, subject.year) == (
        Kind.MOVIE,
        "肖申克的救赎",
        "The Shawshank Redemption",
        1994,
    )
    assert (subject.score, subject.votes, subject.imdb) == (9.7, 3345023, "tt0111161")
    assert isinstance(subject.cast, tuple)
    assert (len(subject.cast), subject.cast[0], subject.cast[-1]) == (25, "蒂姆·罗宾斯", "唐·麦克马纳斯")
    assert subject.released == ("2026-08-28(中国大陆)", "1994-09-10(多伦多电影节)", "1994-10-14(美国)")
    assert subject.other_titles == ("月黑高飞(港)", "刺激1995(台)", "地狱诺言", "铁窗岁月", "消香克的救赎")
    assert read(url, html).marks == (), "without navigation nobody knows whose mark this is"


def test_logged_in_and_not_marked() -> None:
    film = read(
        "https://movie.douban.com/subject/1306858/",
        content("subject_logged_in/movie-1306858.logged-in-unmarked.2022-11.head.html"),
    )
    assert (film.page.verdict, film.marks, film.account) == (
        Verdict.OK,
        (),
        Account("1000000001", "D2F样例"),
    )
    (subject,) = film.subjects
    assert (subject.title, subject.original_title, subject.year) == ("圣诞坏公公", "Bad Santa", 2003)
    assert subject.durations == ("91 分钟", "88 分钟(Director's cut)", "98 分钟(unrated version)")
    assert (subject.writers, subject.countries) == (("Glenn Ficarra", "John Requa"), ("美国", "德国"))
    assert (subject.kind, subject.score, subject.votes) == (Kind.MOVIE, 6.9, 3222)
    album = read(
        "https://music.douban.com/subject/2995812/",
        content("subject_logged_in/music-2995812.logged-in-unmarked.2021-12.head.html"),
    )
    assert (album.page.verdict, album.marks, album.problems) == (Verdict.OK, (), ())
    (subject,) = album.subjects
    assert (subject.title, subject.performers) == ("We Sing. We Dance. We Steal Things.", ("Jason Mraz",))
    assert (subject.publisher, subject.barcode, subject.album_type) == (
        "Atlantic/WEA",
        "0075678994753",
        "Import",
    )
    assert isinstance(subject.intro, str)
    assert subject.intro.startswith("沉淀一年，回归简单生活")


def test_a_film_whose_rating_is_switched_off() -> None:
    html = content("subject_logged_in/movie-26729145-rating-disabled.skeleton.html")
    reading = read("https://movie.douban.com/subject/26729145/", html)
    assert (reading.page.verdict, reading.marks) == (Verdict.OK, ())
    (subject,) = reading.subjects
    assert (subject.title, subject.original_title) == ("2017年中央电视台春节联欢晚会", None)
    assert (subject.score, subject.votes, subject.directors) == (UNSET, UNSET, ("杨东升",))


@pytest.mark.parametrize(
    ("variant", "score", "votes", "cover"),
    [("", 8.2, 7995, "p2669120755"), (".2022", 8.3, 6184, "p2669129906")],
)
def test_a_short_series(variant: str, score: float, votes: int, cover: str) -> None:
    subject = public(subject_page("movie", "26895436", variant))
    assert (subject.kind, subject.title, subject.original_title, subject.year) == (
        Kind.TV,
        "北海鲸梦",
        "The North Water",
        2021,
    )
    assert (subject.score, subject.votes) == (score, votes)
    assert subject.cover == f"https://img9.doubanio.com/view/photo/s_ratio_poster/public/{cover}.jpg"
    assert (subject.directors, subject.writers) == (("安德鲁·海格",), ("安德鲁·海格", "伊恩·麦奎尔"))
    assert isinstance(subject.cast, tuple)
    assert (len(subject.cast), subject.cast[13], subject.cast[-1]) == (
        20,
        "萨姆·斯普卢尔",
        "Stephen McMillan",
    )
    assert (subject.genres, subject.countries, subject.languages) == (("剧情", "悬疑"), ("英国",), ("英语",))
    assert (subject.released, subject.durations, subject.episodes) == (("2021-07-15(美国)",), ("60分钟",), 5)
    assert (subject.season, subject.imdb) == (UNSET, "tt7660970")
    assert subject.other_titles == ("北方海域", "北海鲸魂")
    assert isinstance(subject.intro, str)
    assert subject.intro.startswith("改编自伊恩·麦奎尔所著同名获奖小说")
    assert subject.intro.endswith("在北极荒原上为生存而进行残酷的斗争。")


def test_a_later_season() -> None:
    subject = public(subject_page("movie", "35597581"))
    assert (subject.title, subject.original_title) == ("瑞克和莫蒂 第六季", "Rick and Morty Season 6")
    assert (subject.season, subject.episodes, subject.kind) == (6, 10, Kind.TV)
    assert (subject.genres, subject.imdb) == (("喜剧", "科幻", "动画", "冒险"), "tt21599650")
    assert subject.other_titles is UNSET
    assert public(subject_page("movie", "35597581", ".2022")).imdb == "tt15389382"


@pytest.mark.parametrize(("variant", "votes"), [("", 15713), (".2022", 13706)])
def test_a_series_with_many_names(variant: str, votes: int) -> None:
    subject = public(subject_page("movie", "3627919", variant))
    assert (subject.title, subject.original_title) == ("神秘博士  第四季", "Doctor Who Season 4")
    assert (subject.season, subject.episodes, subject.durations) == (4, 13, ("48分钟",))
    assert (subject.year, subject.score, subject.votes) == (2008, 9.6, votes)
    assert isinstance(subject.other_titles, tuple)
    assert subject.other_titles[:2] == ("异世奇人 第四季", "哪一位博士 第四季")


def test_books() -> None:
    assert public(subject_page("book", "1089243")) == Subject(
        key=SubjectKey(Medium.BOOK, "1089243"),
        kind=Kind.BOOK,
        title="黄金时代",
        subtitle="时代三部曲",
        year=1999,
        authors=("王小波",),
        publisher="花城出版社",
        released=("1999-3",),
        pages="375",
        price="19.00元",
        binding="平装",
        series="王小波《时代三部曲》",
        isbn="9787536025080",
        cover="https://img9.doubanio.com/view/subject/s/public/s1076372.jpg",
        score=8.9,
        votes=156356,
        intro=public(subject_page("book", "1089243")).intro,
    )
    translated = public(subject_page("book", "2037260"))
    assert (translated.authors, translated.translators) == (
        ("Wang Xiaobo",),
        ("Hongling Zhang", "Jason Sommer"),
    )
    assert (translated.price, translated.binding, translated.pages) == ("USD 26.00", "Hardcover", "155")
    assert (translated.subtitle, translated.released) == ("Three Novellas by Wang Xiaobo", ("2007-3-8",))
    assert translated.intro is UNSET, "the page has a text about the author alone"


def test_an_album() -> None:
    subject = public(subject_page("music", "1401362"))
    assert (subject.title, subject.other_titles, subject.year) == ("Rubber Soul", ("橡胶灵魂",), 1965)
    assert (subject.performers, subject.genres, subject.album_type) == (("The Beatles",), ("摇滚",), "专辑")
    assert (subject.format, subject.released, subject.publisher) == ("Audio CD", ("1965",), "Capitol")
    assert (subject.discs, subject.barcode) == ("1", "0077774644020")
    assert (subject.score, subject.votes) == (9.6, 15227)
    assert isinstance(subject.intro, str)
    assert subject.intro.startswith("Rank 'em how you like")
    assert subject.intro.endswith("EMI. 2005.")


def test_a_game() -> None:
    name = "subject_anon/game/www_douban_com_game_10734307.html"
    reading = read("https://www.douban.com/game/10734307/", content(name))
    assert (reading.page.verdict, reading.marks) == (Verdict.LOGIN, ())
    (subject,) = reading.subjects
    assert (subject.kind, subject.title, subject.year) == (Kind.GAME, "传送门2 Portal 2", 2011)
    assert subject.genres == ("第一人称射击", "益智")
    assert subject.platforms == ("PC", "Mac", "PS3", "Xbox 360", "Nintendo Switch", "Linux")
    assert (subject.developers, subject.publisher) == (
        ("Valve Corporation",),
        "Valve Corporation / Electronic Arts",
    )
    assert (subject.released, subject.score, subject.votes) == (("2011-04-19",), 9.5, 8788)
    assert subject.cover == "https://img1.doubanio.com/lpic/s9090498.jpg"
    assert isinstance(subject.intro, str)
    assert subject.intro.startswith("开发者：Valve\n发行时间：04/18/2011\n平台：Macintosh")


def test_the_frame_of_an_own_game_page() -> None:
    html = content("subject_logged_in/game-diablo3.skeleton.html")
    reading = read("https://www.douban.com/game/10762573/", html)
    assert (reading.page.verdict, reading.account) == (Verdict.OK, Account("82160871"))
    assert (reading.marks, reading.subjects[0].score) == ((), 8.1)


def test_a_stage_drama() -> None:
    name = "subject_anon/drama/www_douban_com_location_drama_24311571.html"
    (subject,) = read("https://www.douban.com/location/drama/24311571/", content(name)).subjects
    assert (subject.kind, subject.title, subject.original_title) == (
        Kind.DRAMA,
        "伊菲珍妮亚在陶里斯",
        "Iphigenie auf Tauris",
    )
    assert (subject.other_titles, subject.genres) == (("死而复生的伊菲格尼",), ("舞剧",))
    assert (subject.directors, subject.choreographers) == (("Pina Bausch",), ("Pina Bausch",))
    assert (subject.released, subject.year) == (("1974-04-21",), 1974)
    assert (subject.theatres, subject.score, subject.votes) == (("Opera House Wuppertal",), 8.8, 62)
    assert isinstance(subject.intro, str)
    assert subject.intro.startswith("翩娜作品一向结构恢宏")
    assert subject.intro.endswith("Mathias Schmidt, Berry Wilkinson")  # the whole of it, not the beginning


def test_another_stage_drama() -> None:
    name = "subject_anon/drama/www_douban_com_location_drama_20270776.html"
    (subject,) = read("https://www.douban.com/location/drama/20270776/", content(name)).subjects
    assert (subject.title, subject.original_title) == ("相声说垮鬼子们", "相聲說垮鬼子們")
    assert (subject.genres, subject.languages) == (("相声剧",), ("普通话",))
    assert (subject.writers, subject.cast) == (("相聲瓦舍",), ("宋少卿", "馮翊綱"))
    assert (subject.troupes, subject.theatres) == (("相聲瓦舍",), ("臺北新舞臺",))
    assert (subject.released, subject.year) == (("1997-05",), 1997)
    assert (subject.score, subject.votes) == (8.6, 209)


def test_the_songs_of_an_album() -> None:
    name = "subject_anon/music/music_douban_com_subject_1401362.html"
    (subject,) = read("https://music.douban.com/subject/1401362/", content(name)).subjects
    assert isinstance(subject.tracks, tuple)
    assert (len(subject.tracks), subject.tracks[0]) == (14, "Drive My Car")
    assert subject.tracks[-1] == "Run For Your Life"


@pytest.mark.parametrize(
    ("name", "url", "verdict", "reason"),
    [
        (
            "blocked/login-page.head.snippet.html",
            "https://book.douban.com/mine?status=collect",
            Verdict.LOGIN,
            "login_page",
        ),
        (
            "blocked/pow-challenge.skeleton.html",
            "https://movie.douban.com/subject/1292052/",
            Verdict.BLOCKED,
            "proof_of_work",
        ),
        (
            "nav_session/profile-own-2026-07.skeleton.html",
            "https://www.douban.com/people/82160871/",
            Verdict.OK,
            None,
        ),
    ],
)
def test_pages_without_marks(name: str, url: str, verdict: Verdict, reason: str | None) -> None:
    reading = read(url, content(name))
    assert (reading.page.verdict, reading.page.reason) == (verdict, reason)
    assert (reading.marks, reading.subjects, reading.problems) == ((), (), ())


def test_the_account_of_an_own_profile() -> None:
    html = content("nav_session/profile-own-2026-07.skeleton.html")
    assert read("https://www.douban.com/people/82160871/", html).account == Account(
        "82160871", "MewX", "mewcatcher"
    )


def test_rows_quoted_by_others() -> None:
    """Single rows, in a page of ours: the film grid of 2015, list mode of 2019, a book."""
    grid = content("list_doc_snippets/movie-grid-item.2015.html").decode()
    (mark,) = read(
        f"https://movie.douban.com/people/{ME}/collect", page(f"<h1>我看过的电影(1)</h1>{grid}")
    ).marks
    assert (mark.subject.id, mark.rating, mark.tags, mark.marked_on, mark.mark_id) == (
        "26298756",
        4,
        ("无心法师", "网剧"),
        date(2015, 7, 8),
        UNSET,
    )
    assert isinstance(mark.comment, str)
    assert mark.comment.startswith("不想追了。")
    assert mark.comment.endswith("拜拜。")
    listed = content("list_doc_snippets/movie-list-mode-item.2019.html").decode()
    (mark,) = read(
        f"https://movie.douban.com/people/{ME}/collect", page(f"<h1>我(1)</h1><ul>{listed}</ul>")
    ).marks
    assert (mark.subject.id, mark.rating, mark.marked_on) == ("27617348", 4, date(2019, 3, 16))
    assert isinstance(mark.tags, tuple)
    assert (len(mark.tags), mark.tags[0], mark.tags[6]) == (9, "犯罪", "2018")
    book = with_nav(content("list_doc_snippets/book-list-item.yagggi.html"))
    heading = "<h1>我读过的书(16)</h1>".encode()
    reading = read(f"https://book.douban.com/people/{ME}/collect", book.replace(b"<ul", heading + b"<ul", 1))
    (mark,), (subject,) = reading.marks, reading.subjects
    assert (mark.subject.id, mark.rating, mark.comment) == ("10524274", 4, "历史掌故类的")
    assert (mark.marked_on, mark.mark_id, mark.status) == (date(2022, 10, 24), "3542897109", Status.DONE)
    assert (subject.title, reading.page.part and reading.page.part.next_start) == ("历史文物趣谈", 15)


def test_an_empty_list_quoted_by_others() -> None:
    empty = content("list_doc_snippets/book-list-empty.yagggi.html").decode()
    reading = read(f"https://book.douban.com/people/{ME}/do", page(empty))
    assert (reading.page.verdict, reading.marks) == (Verdict.OK, ())


def test_shapes_that_others_keep_as_tests() -> None:
    """Row shapes of all media, restated by the author of a large archive; one after the other."""
    shapes = content("list_doc_snippets/composites-from-doubak-tests.html").decode()
    films = read(f"https://movie.douban.com/people/{ME}/collect", page(f"<h1>我看过的影视(3)</h1>{shapes}"))
    by_id = {mark.subject.id: mark for mark in films.marks}
    assert by_id["30284835"].comment == "画风还是原汁原味的京阿尼，期待后续！"
    assert (by_id["1309046"].rating, by_id["1309046"].comment) == (UNSET, UNSET)
    assert by_id["1"].marked_on == date(2026, 1, 1)
    titles = {subject.key.id: (subject.title, subject.removed) for subject in films.subjects}
    assert (titles["1309046"], titles["1"]) == (("V字仇杀队", False), (UNSET, True))
    albums = read(f"https://music.douban.com/people/{ME}/collect", page(f"<h1>我听过的唱片(1)</h1>{shapes}"))
    assert albums.marks[0].comment == "欢乐"
    games = read(
        f"https://www.douban.com/people/{ME}/games?action=do", page(f"<h1>我在玩的游戏(1)</h1>{shapes}")
    )
    (game,) = games.marks
    assert (game.subject.id, game.status, game.rating) == ("36092279", Status.DOING, 3)
    assert (game.comment, game.tags) == ("3年下来，还是决定弃坑啦。", ("RPG", "日本"))
    assert game.marked_on == date(2026, 7, 19)
    assert (games.subjects[0].title, games.subjects[0].brief) == (
        "莱莎的炼金工房3",
        "PC / PS5 / 角色扮演",
    )
    plays = read(
        f"https://www.douban.com/location/people/{ME}/drama/collect", page(f"<h1>我(1)</h1>{shapes}")
    )
    play = next(mark for mark in plays.marks if mark.subject.id == "10944608")
    assert (play.rating, play.comment) == (4, "团建选了看舞台剧/音乐剧的项目 _(:з)∠)_")
    books = read(f"https://book.douban.com/people/{ME}/wish", page(f"<h1>我想读的书(1)</h1>{shapes}"))
    assert [(mark.subject.id, mark.status) for mark in books.marks] == [("27141473", Status.WISH)]
    assert books.marks[0].comment == "为什么电影条目被删了？？？https://movie.douban.com/subject/11611021/"


def real_pages() -> list[Path]:
    return sorted(FIXTURES.rglob("*.html")) if FIXTURES.is_dir() else []


@pytest.mark.parametrize("path", real_pages(), ids=lambda path: path.stem)
def test_every_page_gives_a_verdict_wherever_it_is_cut(path: Path) -> None:
    """A page that was cut says nothing of marks: the last row or comment might be half a one."""
    html = with_nav(path.read_bytes())
    urls = (LIST_URL, "https://movie.douban.com/subject/1292052/", "https://music.douban.com/subject/1/")
    for url in urls:
        for end in range(0, len(html) - 1024, 1024):
            cut = read(url, html[:end])
            assert cut.page.verdict is not Verdict.OK or b"</body" in html[:end]
            assert not [problem for problem in cut.problems if problem.code == "page_unreadable"]
