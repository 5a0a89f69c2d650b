"""A person's own front page: it names the account, or something stands in its place."""

import pytest

from gateway.douban import read
from gateway.model import UNSET, Account, PageType, Verdict
from tests.douban.pages import ANONYMOUS, ME, OTHER, nav, outcome, page

MINE = "https://www.douban.com/mine/"
PHONE = "https://m.douban.com/mine/"


def front(owner: str = ME, address: str = ME, more: str = "") -> str:
    """The head of a person's front page, and the box beside it."""
    return f"""<div id="content"><div id="db-usr-profile" class="clearfix"><div class="pic">
<a href="https://www.douban.com/people/{address}/"><img src="https://img3.doubanio.com/icon/up{owner}-12.jpg"></a>
</div><div class="info"><h1>青瓦</h1></div></div>{more}<div class="aside"><div id="profile"><div class="infobox">
<div class="basic-info"><div class="user-info">常居:<div class="pl">{owner}</div></div></div></div></div></div></div>"""


def phone(number: str = ME, name: str = "青瓦", address: str = "qingwa") -> str:
    """The phone's page of one's own. It has none of the navigation of the others."""
    return f"""<input type="hidden" id="user" data-name="{name}" value="{number}"><section class="profile">
<div class="detail"><div class="basic-info"><a href="/people/{address}"><span>{name}</span></a></div></div></section>"""


@pytest.mark.parametrize(
    ("url", "body", "top", "expected"),
    [
        (MINE, front(), None, (Verdict.OK, None)),
        (f"https://www.douban.com/people/{ME}/", front(), None, (Verdict.OK, None)),
        (f"https://www.douban.com/people/{OTHER}/", front(OTHER), None, (Verdict.FOREIGN, "other_person")),
        ("https://www.douban.com/people/qingwa/", front(address="qingwa"), None, (Verdict.OK, None)),
        (
            "https://www.douban.com/people/hongwa/",
            front(OTHER, "hongwa"),
            None,
            (Verdict.FOREIGN, "other_person"),
        ),
        (MINE, front(), nav(OTHER), (Verdict.FOREIGN, "other_account")),
        (MINE, front(), ANONYMOUS, (Verdict.LOGIN, "logged_out")),
        (MINE, "<h1>青瓦</h1>", None, (Verdict.UNKNOWN, "no_frame")),
        (PHONE, phone(), "", (Verdict.OK, None)),
        (f"{PHONE}movie", phone(), "", (Verdict.OK, None)),
        (PHONE, phone(OTHER), "", (Verdict.FOREIGN, "other_account")),
        (PHONE, phone(""), "", (Verdict.UNKNOWN, "no_frame")),
        (PHONE, phone("青瓦"), "", (Verdict.UNKNOWN, "no_frame")),
        (PHONE, phone("0"), "", (Verdict.UNKNOWN, "no_frame")),
        (PHONE, phone("9" * 21), "", (Verdict.UNKNOWN, "no_frame")),
    ],
)
def test_pages_that_name_the_account(
    url: str, body: str, top: str | None, expected: tuple[Verdict, str | None]
) -> None:
    reading = read(url, page(body, top), accounts=[ME])
    assert (outcome(reading), reading.page.type) == (expected, PageType.PROFILE)
    if expected[0] is Verdict.OK:
        assert reading.account is not None
        assert (reading.account.id, reading.account.name) == (ME, "青瓦")


@pytest.mark.parametrize(
    ("url", "body", "slug"),
    [
        (MINE, front(address="qingwa"), "qingwa"),
        (MINE, front(), UNSET),
        (f"https://www.douban.com/people/{ME}/", front(address="qingwa"), "qingwa"),
        (PHONE, phone(), "qingwa"),
        (PHONE, phone(address=ME), UNSET),
    ],
)
def test_the_name_that_the_person_chose(url: str, body: str, slug: str) -> None:
    assert read(url, page(body, "" if url == PHONE else None)).account == Account(ME, "青瓦", slug)


def test_only_the_phones_own_page_names_the_account_like_that() -> None:
    """Elsewhere nobody knows whose name that is."""
    stranger = phone(OTHER)
    for url in (f"https://m.douban.com/people/{OTHER}/", "https://www.douban.com/people/hongwa/"):
        assert read(url, page(stranger, "")).account is None
    assert read(MINE, page(front() + stranger)).account == Account(ME, "青瓦")


INSTEAD = [
    (
        "豆瓣",
        '<div class="article"><h2>青瓦，你访问豆瓣的方式有点像机器人程序。</h2></div>',
        (Verdict.BLOCKED, "robot"),
    ),
    ("豆瓣", "检测到有异常请求从你的 IP 发出，请 登录 使用豆瓣", (Verdict.BLOCKED, "ip_refused")),
    ("", "<pre>error code: 004</pre>", (Verdict.BLOCKED, "ip_refused")),
    ("", "<pre>error code: 008, please Login</pre>", (Verdict.LOGIN, "login_page")),
    ("豆瓣", "<p>请输入验证码</p>", (Verdict.BLOCKED, "captcha")),
    ("豆瓣", "<p>你的访问过于频繁</p>", (Verdict.BLOCKED, "too_often")),
    ("禁止访问", "<p>稍等</p>", (Verdict.BLOCKED, "forbidden")),
    (
        "豆瓣",
        '<form id="sec" action="/c"><input name="tok"><input name="cha"></form>',
        (Verdict.BLOCKED, "proof_of_work"),
    ),
    ("豆瓣", "<h1>呃</h1><p>页面不存在</p>", (Verdict.GONE, "not_found")),
    ("页面不存在", "<p>呃... 你想访问的页面不存在。</p>", (Verdict.GONE, "not_found")),
    ("豆瓣", '<div class="mn">该用户帐号已被永久停用。</div>', (Verdict.GONE, "account_closed")),
    ("豆瓣", '<div class="mn">该用户已经主动注销帐号。</div>', (Verdict.GONE, "account_closed")),
    ("豆瓣", '<div class="mn">该用户已被永久禁言。</div>', (Verdict.GONE, "account_closed")),
]


@pytest.mark.parametrize(("title", "body", "expected"), INSTEAD)
@pytest.mark.parametrize("top", [None, ANONYMOUS, ""], ids=["logged in", "logged out", "bare"])
@pytest.mark.parametrize(
    "url",
    [MINE, f"https://www.douban.com/people/{ME}/", PHONE, "https://www.douban.com/people/qingwa/statuses"],
)
def test_what_stands_in_for_a_front_page(
    url: str, top: str | None, title: str, body: str, expected: tuple[Verdict, str]
) -> None:
    assert outcome(read(url, page(body, top, title))) == expected


def test_what_people_write_of_themselves_is_no_refusal() -> None:
    """Neither is what they call themselves, which is the title of their page."""
    words = "".join(body for _, body, _ in INSTEAD if "form" not in body)
    for title in ("禁止访问", "页面不存在", "登录豆瓣", "404 Not Found", "青瓦"):
        reading = read(MINE, page(front(more=f'<div class="intro">{words}</div>'), None, title))
        assert outcome(reading) == (Verdict.OK, None)


def test_a_diary_about_refusals_is_no_refusal() -> None:
    words = "豆瓣说访问过于频繁，请输入验证码。" + "后来我换了一个浏览器，就好了。" * 100
    diary = page(f'<div class="note-container">{words}</div>', None, "一篇日记")
    reading = read("https://www.douban.com/note/1/", diary)
    assert outcome(reading) == (Verdict.UNKNOWN, "no_marks_here")
    assert reading.account == Account(ME, "青瓦")
