"""Refusals that HTTP tells: with the status that came along, and from the page alone."""

import pytest

from gateway.douban import read
from gateway.model import Verdict
from tests.douban.pages import ANONYMOUS, FILM_INFO, FILM_MARK, FILMS_DONE, ME, film, film_list, outcome, page

FILM = "https://movie.douban.com/subject/1000001/"
MINE = "https://www.douban.com/mine/"
PAGES = {
    FILMS_DONE: page(film_list(film())),
    FILM: page(FILM_INFO + FILM_MARK.format(said="我看过这部电影", date="2024-03-05", stars="4", lines="")),
    MINE: page(f'<div id="db-usr-profile"><a href="/people/{ME}/">青瓦</a></div>'),
}
REFUSED = [
    (301, (Verdict.LOGIN, "login_page")),
    (302, (Verdict.LOGIN, "login_page")),
    (303, (Verdict.LOGIN, "login_page")),
    (307, (Verdict.LOGIN, "login_page")),
    (400, (Verdict.UNKNOWN, "request_refused")),
    (401, (Verdict.LOGIN, "login_page")),
    (403, (Verdict.BLOCKED, "forbidden")),
    (404, (Verdict.GONE, "not_found")),
    (408, (Verdict.UNKNOWN, "server_error")),
    (410, (Verdict.GONE, "not_found")),
    (418, (Verdict.BLOCKED, "forbidden")),
    (429, (Verdict.BLOCKED, "too_often")),
    (451, (Verdict.GONE, "withheld")),
    (500, (Verdict.UNKNOWN, "server_error")),
    (502, (Verdict.UNKNOWN, "server_error")),
    (503, (Verdict.UNKNOWN, "server_error")),
    (504, (Verdict.UNKNOWN, "server_error")),
    (599, (Verdict.UNKNOWN, "server_error")),
]


@pytest.mark.parametrize(("status", "expected"), REFUSED)
@pytest.mark.parametrize("url", PAGES)
def test_a_status_decides_where_the_page_does_not(
    url: str, status: int, expected: tuple[Verdict, str]
) -> None:
    for content in (PAGES[url], page("<p>呃</p>"), b"<html></html>", b"?"):
        reading = read(url, content, status=status)
        assert outcome(reading) == expected
        assert (reading.marks, reading.subjects) == ((), ())


@pytest.mark.parametrize(("status", "expected"), REFUSED)
@pytest.mark.parametrize("url", [FILMS_DONE, FILM])
def test_a_status_may_be_all_that_comes(url: str, status: int, expected: tuple[Verdict, str]) -> None:
    assert outcome(read(url, b"", status=status)) == expected


@pytest.mark.parametrize("status", [None, 200, 203, 206, 304])
@pytest.mark.parametrize("url", PAGES)
def test_other_statuses_say_nothing(url: str, status: int | None) -> None:
    reading = read(url, PAGES[url], status=status)
    assert (outcome(reading), len(reading.marks)) == ((Verdict.OK, None), 0 if url == MINE else 1)


@pytest.mark.parametrize("status", [302, 403, 404, 503])
def test_what_the_page_says_itself_is_more_exact(status: int) -> None:
    told = [
        (page("", title="登录豆瓣"), (Verdict.LOGIN, "login_page")),
        (b"error code: 004", (Verdict.BLOCKED, "ip_refused")),
        (page("<p>条目</p>", title="条目不存在"), (Verdict.GONE, "subject_removed")),
        (page("<p>青瓦</p>", ANONYMOUS), (Verdict.LOGIN, "logged_out")),
    ]
    for content, expected in told:
        assert outcome(read(FILM, content, status=status)) == expected
    (subject,) = read(FILM, told[2][0], status=status).subjects
    assert subject.removed


def test_no_content_is_an_empty_page_or_a_hidden_subject() -> None:
    assert outcome(read(FILMS_DONE, b"", status=204)) == (Verdict.UNKNOWN, "empty")
    assert outcome(read(MINE, b"", status=204)) == (Verdict.UNKNOWN, "empty")
    hidden = read(FILM, b"", status=204)
    assert (outcome(hidden), hidden.subjects) == ((Verdict.GONE, "subject_hidden"), ())
    assert outcome(read(FILM, b"", status=200)) == (Verdict.UNKNOWN, "empty")


def test_the_address_of_ones_own_page_refuses_those_who_are_nobody() -> None:
    assert outcome(read(MINE, b"", status=403)) == (Verdict.LOGIN, "login_page")
    assert outcome(read(MINE, b"error code: 004", status=403)) == (Verdict.BLOCKED, "ip_refused")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("301 Moved Permanently", (Verdict.LOGIN, "login_page")),
        ("302 Found", (Verdict.LOGIN, "login_page")),
        ("403 Forbidden", (Verdict.BLOCKED, "forbidden")),
        ("404 Not Found", (Verdict.GONE, "not_found")),
        ("410 Gone", (Verdict.GONE, "not_found")),
        ("418 I'm a teapot", (Verdict.BLOCKED, "forbidden")),
        ("429 Too Many Requests", (Verdict.BLOCKED, "too_often")),
        ("451 Unavailable For Legal Reasons", (Verdict.GONE, "withheld")),
        ("500 Internal Server Error", (Verdict.UNKNOWN, "server_error")),
        ("502 Bad Gateway", (Verdict.UNKNOWN, "server_error")),
        ("503 Service Temporarily Unavailable", (Verdict.UNKNOWN, "server_error")),
        ("504 Gateway Time-out", (Verdict.UNKNOWN, "server_error")),
    ],
)
@pytest.mark.parametrize("url", [*PAGES, "https://www.douban.com/note/1/"])
def test_the_page_of_a_server_itself(url: str, title: str, expected: tuple[Verdict, str]) -> None:
    """As a server in front of Douban's writes it, or bare: nobody need say with which status it came."""
    written = f"""<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r
<hr><center>dae</center>\r\n</body>\r\n</html>\r\n""".encode()
    assert outcome(read(url, written)) == expected
    if expected[1] == "server_error":
        assert outcome(read(url, title[4:].encode())) == expected


def test_a_film_may_be_called_like_a_refusal() -> None:
    info = FILM_INFO.replace("海风 Sea Wind", "404 Not Found")
    reading = read(FILM, page(info, title="404 Not Found (豆瓣)"))
    assert (outcome(reading), reading.subjects[0].title) == ((Verdict.OK, None), "404 Not Found")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://sec.douban.com/b?r=https%3A%2F%2Fmovie.douban.com%2F", (Verdict.BLOCKED, "ip_refused")),
        ("https://sec.douban.com/c?r=https%3A%2F%2Fmovie.douban.com%2F", (Verdict.BLOCKED, "proof_of_work")),
        ("https://accounts.douban.com/passport/login?redir=x", (Verdict.LOGIN, "login_page")),
        ("https://www.douban.com/", (Verdict.LOGIN, "login_page")),
    ],
)
@pytest.mark.parametrize("url", [*PAGES, "https://www.douban.com/note/1/"])
def test_the_body_of_a_redirect(url: str, target: str, expected: tuple[Verdict, str]) -> None:
    body = f'<html><head><title>302 Found</title></head><body><a href="{target}">here</a></body></html>'
    assert outcome(read(url, body.encode())) == expected
    assert outcome(read(url, body.encode(), status=302)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("根据相关法律法规，当前条目正在等待审核。", (Verdict.GONE, "subject_hidden")),
        ("根据相关法律法规，无法显示。", (Verdict.GONE, "subject_hidden")),
        ("呃... 你想访问的条目豆瓣不收录。", (Verdict.GONE, "subject_removed")),
        ("呃... 你想访问的页面不存在。", (Verdict.GONE, "not_found")),
        ("呃... 这里出了点状况。", (Verdict.GONE, "subject_hidden")),
    ],
)
def test_the_box_of_an_exception(words: str, expected: tuple[Verdict, str]) -> None:
    box = f'<div id="exception"><p>{words}</p></div>'
    for status in (None, 200):
        assert outcome(read(FILM, page(box, title="豆瓣电影"), status=status)) == expected
    if expected[0] is Verdict.GONE:  # also where a piece of the usual frame is around it
        if "状况" not in words:
            assert outcome(read(FILM, page(f'<div id="mainpic"></div>{box}'))) == expected
        assert outcome(read(FILM, page(box, title="豆瓣电影"), status=404)) == expected


@pytest.mark.parametrize(("status", "expected"), [*REFUSED, (204, (Verdict.UNKNOWN, "empty"))])
@pytest.mark.parametrize("content", [b"", b"<html></html>", b'{"interests": [], "total": 0}'])
def test_the_mobile_json_is_refused_with_the_same_statuses(
    content: bytes, status: int, expected: tuple[Verdict, str]
) -> None:
    url = f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=movie&status=done"
    assert outcome(read(url, content, status=status)) == expected
