import pytest

from gateway.douban import read
from gateway.model import UNSET, Account, Medium, PageType, Problem, SubjectKey, Verdict
from tests.douban.pages import (
    ALBUM_INFO,
    ANONYMOUS,
    BOOKS_DONE,
    FILM_INFO,
    FILM_MARK,
    FILMS_DONE,
    ME,
    OTHER,
    film,
    film_list,
    nav,
    outcome,
    page,
)

FILM = "https://movie.douban.com/subject/1000001/"
MARKED = FILM_INFO + FILM_MARK.format(said="我看过这部电影", date="2024-03-05", stars="4", lines="")


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("登录豆瓣", '<div id="account"></div>', (Verdict.LOGIN, "login_page")),
        (
            "豆瓣 - 登录跳转页",
            "检测到有异常请求从你的 IP 发出，请 登录 使用豆瓣",
            (Verdict.BLOCKED, "ip_refused"),
        ),
        ("", "<p>检测到有异常请求从你的 IP 发出</p>", (Verdict.BLOCKED, "ip_refused")),
        ("禁止访问", "<p>稍等</p>", (Verdict.BLOCKED, "forbidden")),
        ("豆瓣", "<p>请输入验证码</p>", (Verdict.BLOCKED, "captcha")),
        ("豆瓣", "<p>你的访问过于频繁</p>", (Verdict.BLOCKED, "too_often")),
        (
            "豆瓣",
            '<div class="article"><h2>你访问豆瓣的方式有点像机器人程序。</h2></div>',
            (Verdict.BLOCKED, "robot"),
        ),
        (
            "豆瓣",
            '<form name="sec" id="sec" action="/c"><input name="tok"><input name="cha"></form>',
            (Verdict.BLOCKED, "proof_of_work"),
        ),
        ("页面不存在", "<p>呃</p>", (Verdict.GONE, "not_found")),
        ("条目不存在", "<p>呃</p>", (Verdict.GONE, "subject_removed")),
        ("豆瓣", "<p>呃... 你想访问的条目豆瓣不收录。</p>", (Verdict.GONE, "subject_removed")),
        ("豆瓣", "<p>根据相关法律法规，当前条目正在等待审核。</p>", (Verdict.GONE, "subject_hidden")),
        ("豆瓣", "<p>此条目暂时无法查看</p>", (Verdict.GONE, "subject_hidden")),
        ("豆瓣", "<pre>error code: 004</pre>", (Verdict.BLOCKED, "ip_refused")),
        ("豆瓣", "<p>全新的样子</p>", (Verdict.UNKNOWN, "no_frame")),
    ],
)
@pytest.mark.parametrize("url", [FILMS_DONE, FILM])
def test_what_stands_in_for_a_page(url: str, title: str, body: str, expected: tuple[Verdict, str]) -> None:
    assert outcome(read(url, page(body, title=title))) == expected


def test_a_removed_subject_is_told_as_removed() -> None:
    reading = read(FILM, page("<p>条目</p>", title="条目不存在"))
    assert [(subject.key.id, subject.removed) for subject in reading.subjects] == [("1000001", True)]
    assert reading.page.subject == SubjectKey(Medium.MOVIE, "1000001")
    assert read(FILM, page("<p>呃</p>", title="页面不存在")).subjects == ()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://sec.douban.com/c?r=x", (Verdict.BLOCKED, "proof_of_work")),
        ("https://sec.douban.com/b?r=x", (Verdict.BLOCKED, "ip_refused")),
        ("https://sec.douban.com/", (Verdict.BLOCKED, "forbidden")),
        ("https://accounts.douban.com/passport/login", (Verdict.LOGIN, "login_page")),
        ("https://movie.example.com/people/1/collect", (Verdict.UNKNOWN, "not_douban")),
        ("https://www.douban.com/", (Verdict.UNKNOWN, "no_marks_here")),
        ("https://m.douban.com/movie/", (Verdict.UNKNOWN, "no_marks_here")),
        (f"https://www.douban.com/people/{ME}/games?action=collect", (Verdict.UNKNOWN, "no_rows")),
    ],
)
def test_addresses_that_decide(url: str, expected: tuple[Verdict, str]) -> None:
    assert outcome(read(url, page(f"{film_list(film())}<div class=drama-info></div>"))) == expected


def test_words_of_a_block_in_a_comment_are_a_comment() -> None:
    words = "有异常请求 访问过于频繁 页面不存在 登录豆瓣 _GLOBAL_NAV = { USER_ID: '1122334' }"
    reading = read(FILMS_DONE, page(film_list(film(more=f'<li><span class="comment">{words}</span></li>'))))
    assert outcome(reading) == (Verdict.OK, None)
    assert reading.marks[0].comment == words
    assert reading.account == Account(ME, "青瓦")


def test_logged_out() -> None:
    assert outcome(read(FILMS_DONE, page(film_list(film()), ANONYMOUS))) == (Verdict.LOGIN, "logged_out")
    reading = read(FILM, page(MARKED, ANONYMOUS))
    assert outcome(reading) == (Verdict.LOGIN, "logged_out")
    assert [subject.title for subject in reading.subjects] == ["海风"]
    assert reading.account is None


@pytest.mark.parametrize(
    "top",
    [
        nav(),
        f'<li class="nav-user-account"></li><script>window._GLOBAL_NAV = {{UPLOAD_AUTH_TOKEN: "{ME}:0a"}}</script>',
        f"""<div id="db-global-nav"><li class="nav-user-account"></li>
        <a data-moreurl-dict="{{&quot;from&quot;:&quot;x&quot;,&quot;uid&quot;:&quot;{ME}&quot;}}">豆瓣</a></div>""",
        f"""<a href="https://www.douban.com/accounts/logout?ck=x">退出</a>
        <script>var _paq = _paq || []; _paq.push(['setUserId', '{ME}']);</script>""",
    ],
)
def test_the_account_is_named_in_four_places(top: str) -> None:
    reading = read(FILM, page(MARKED, top))
    assert outcome(reading) == (Verdict.OK, None)
    assert [mark.account for mark in reading.marks] == [ME]


def test_ids_outside_the_navigation_are_other_people() -> None:
    strangers = f"""<script>var answerObj = {{ USER_ID: '{OTHER}' }}</script><div data-uid="{OTHER}"></div>
    <a data-moreurl-dict="{{&quot;uid&quot;:&quot;{OTHER}&quot;}}">x</a>"""
    top = '<div id="db-global-nav"><li class="nav-user-account"></li></div>'
    reading = read(FILM, page(strangers + MARKED, top))
    assert outcome(reading) == (Verdict.UNKNOWN, "no_frame")
    assert reading.account is None


def test_the_name_of_the_account() -> None:
    account = read(FILM, page(MARKED, nav(name="青瓦的账号"))).account
    assert account == Account(ME, "青瓦的账号")
    bare = read(
        FILM, page(MARKED, f'<a href="/accounts/logout">x</a><script>_GLOBAL_NAV={{USER_ID:{ME}}}</script>')
    )
    assert bare.account == Account(ME, UNSET, UNSET)


@pytest.mark.parametrize(
    ("owner", "profile", "row", "who", "expected"),
    [
        (ME, "", "", "青瓦", (Verdict.OK, None)),
        (OTHER, "", film(), "我", (Verdict.FOREIGN, "other_person")),
        (
            "qingwa",
            f'<img src="https://img3.doubanio.com/icon/ul{ME}-12.jpg">',
            "",
            "青瓦",
            (Verdict.OK, None),
        ),
        ("qingwa", f'<img src="https://img3.doubanio.com/icon/u{ME}-1.jpg">', "", "青瓦", (Verdict.OK, None)),
        (
            "hongwa",
            f'<img src="https://img3.doubanio.com/icon/up{OTHER}-12.jpg">',
            film(),
            "我",
            (Verdict.FOREIGN, "other_person"),
        ),
        (
            "qingwa",
            '<img src="https://img1.doubanio.com/icon/user_normal.jpg">',
            film(),
            "青瓦",
            (Verdict.OK, None),
        ),
        ("qingwa", "", "<div class='opt-ln'><a> 删除 </a></div>", "青瓦", (Verdict.OK, None)),
        # a visitor may change their own mark on somebody else's list
        (
            "hongwa",
            "",
            "<div class='opt-ln'><a class='a_collect_btn'>修改</a></div>",
            "红瓦",
            (Verdict.FOREIGN, "other_person"),
        ),
        ("qingwa", "", "<div class='opt-ln'><a> 修改 </a></div>", "我", (Verdict.UNKNOWN, "whose_unknown")),
        ("qingwa", "", "", "我", (Verdict.UNKNOWN, "whose_unknown")),
        ("qingwa", "", "", "青瓦", (Verdict.UNKNOWN, "whose_unknown")),
        ("hongwa", "", "", "红瓦", (Verdict.FOREIGN, "other_person")),
        ("hongwa", "", "", "我是红瓦", (Verdict.FOREIGN, "other_person")),
    ],
)
def test_whose_list_it_is(
    owner: str, profile: str, row: str, who: str, expected: tuple[Verdict, str | None]
) -> None:
    url = f"https://movie.douban.com/people/{owner}/collect"
    total = 1 if "d_link" in row else 0
    body = f'<div id="db-usr-profile">{profile}</div>{film_list(row, total, who=who)}'
    reading = read(url, page(body))
    assert outcome(reading) == expected
    assert reading.account is not None
    assert reading.account.slug == (UNSET if owner.isdigit() or expected[1] else owner)


def test_mine_is_mine() -> None:
    reading = read("https://movie.douban.com/mine?status=collect", page(film_list(film(), who="青瓦")))
    assert outcome(reading) == (Verdict.OK, None)
    assert len(reading.marks) == 1


def test_another_account_than_the_library() -> None:
    for url, body in ((FILMS_DONE, film_list(film())), (FILM, MARKED)):
        reading = read(url, page(body), accounts=[OTHER])
        assert outcome(reading) == (Verdict.FOREIGN, "other_account")
        assert reading.account == Account(ME, "青瓦")
        assert reading.subjects == ()
        assert outcome(read(url, page(body), accounts=[ME])) == (Verdict.OK, None)


def test_without_navigation_only_the_owners_controls_tell_whose_list_it_is() -> None:
    reading = read(FILMS_DONE, page(film_list(film()), ""))
    assert outcome(reading) == (Verdict.OK, None)
    assert reading.account == Account(ME)
    stripped = film().replace("修改", "").replace("删除", "").replace("d_link", "x")
    assert outcome(read(FILMS_DONE, page(film_list(stripped), ""))) == (Verdict.UNKNOWN, "no_frame")
    by_name = FILMS_DONE.replace(ME, "qingwa")
    assert outcome(read(by_name, page(film_list(film()), ""))) == (Verdict.UNKNOWN, "no_frame")


def test_without_navigation_a_subject_page_tells_only_public_facts() -> None:
    reading = read(FILM, page(MARKED, ""))
    assert outcome(reading) == (Verdict.UNKNOWN, "no_frame")
    assert [subject.title for subject in reading.subjects] == ["海风"]


@pytest.mark.parametrize("url", [FILMS_DONE, FILM])
def test_a_page_without_its_end_is_not_believed(url: str) -> None:
    whole = page(film_list(film()) if url == FILMS_DONE else MARKED)
    assert outcome(read(url, whole)) == (Verdict.OK, None)
    cut = read(url, whole.removesuffix(b"</div></body></html>"))
    assert outcome(cut) == (Verdict.UNKNOWN, "no_frame")
    assert cut.subjects == ()


def test_a_healthy_page_may_lack_the_rating_block() -> None:
    body = '<div id="info"></div>' + FILM_MARK.format(
        said="我看过这部电影", date="2024-03-05", stars="", lines=""
    )
    assert outcome(read(FILM, page(body))) == (Verdict.OK, None)
    assert outcome(read(FILM, page(ALBUM_INFO))) == (Verdict.OK, None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\x1f\x8b\x08\x00<html><body>", "not_html"),
        (b'{"count": 1, "interests": []}', "not_html"),
        (b"plain words", "not_html"),
        (b"\x89PNG\r\n\x1a\n<a", "not_html"),
        ("<html><body>我看过</body></html>".encode("utf-16"), "not_html"),
        ("<html><body>我看过的影视(1)</body></html>".encode("gbk"), "charset"),
        ("<html><body>我看過的影視(1)</body></html>".encode("big5"), "charset"),
        (page(film_list(film())).decode().encode("gbk", "replace"), "charset"),
        (b'<html><meta charset="gb2312"><body>\xff\xff\xff</body></html>', "charset"),
        (b"<html>" + b" " * (20 * 1024 * 1024), "too_large"),
    ],
)
def test_bytes_that_are_no_page(content: bytes, expected: str) -> None:
    reading = read(FILMS_DONE, content)
    assert outcome(reading) == (Verdict.UNKNOWN, expected)
    assert reading.page.type is PageType.LIST


def test_a_bare_line_may_be_a_refusal() -> None:
    assert outcome(read(BOOKS_DONE, b"error code: 004")) == (Verdict.BLOCKED, "ip_refused")
    assert outcome(read(BOOKS_DONE, b"error code: 008, please Login")) == (Verdict.LOGIN, "login_page")


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030"])
def test_old_encodings_are_read_if_declared(declared: str) -> None:
    text = page(film_list(film(more='<li><span class="comment">龙门客栈 㐂</span></li>'))).decode()
    content = text.replace("utf-8", declared).encode("gb18030")
    reading = read(FILMS_DONE, content)
    assert outcome(reading) == (Verdict.OK, None)
    assert reading.marks[0].comment == "龙门客栈 㐂"


@pytest.mark.parametrize(
    ("damage", "places"),
    [(b"\xff", 1), (b"\xe5\xa5", 1), (b"\xf0\x9f\x98", 1), (b"\xb8\xbd", 2), (b"\xed\xa0\xbd", 3)],
    ids=["a byte", "most of a character", "most of an emoji", "gbk", "half of a pair"],
)
def test_a_few_bytes_that_are_no_text_sink_nothing(damage: bytes, places: int) -> None:
    body = page(film_list(film(more='<li><span class="comment">很好，很HERE好</span></li>')))
    whole = read(FILMS_DONE, body)
    reading = read(FILMS_DONE, body.replace(b"HERE", damage))
    assert outcome(reading) == (Verdict.OK, None)
    assert reading.marks[0].comment == "很好，很" + "\ufffd" * places + "好"
    assert reading.problems == (*whole.problems, Problem("bytes_unreadable", f"places: {places}"))


def test_a_page_in_an_old_encoding_may_be_damaged_as_well() -> None:
    text = page(film_list(film(more='<li><span class="comment">很好，很HERE好</span></li>'))).decode()
    content = text.replace("utf-8", "gbk").encode("gb18030").replace(b"HERE", b"\xff")
    reading = read(FILMS_DONE, content)
    assert (outcome(reading), reading.marks[0].comment) == ((Verdict.OK, None), "很好，很\ufffd好")
    assert reading.problems == (Problem("bytes_unreadable", "places: 1"),)


def test_a_character_that_stands_for_none_may_be_the_persons_own() -> None:
    reading = read(FILMS_DONE, page(film_list(film(more='<li><span class="comment">\ufffd</span></li>'))))
    assert (reading.marks[0].comment, reading.problems) == ("\ufffd", ())


def test_a_byte_order_mark_is_no_hindrance() -> None:
    assert outcome(read(FILMS_DONE, b"\xef\xbb\xbf" + page(film_list(film())))) == (Verdict.OK, None)
