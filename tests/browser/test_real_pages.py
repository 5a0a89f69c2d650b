"""Real captured pages, under their real addresses, in the real browser: their marks become rows.

What was trimmed of their navigation is completed, as Douban has it on every page of a logged-in person.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import Browser
from tests.browser.test_main_path import pushed, result
from tests.support import SHARED, Started, World

PAGES = SHARED / "fixtures" / "douban"
pytestmark = pytest.mark.skipif(
    not PAGES.is_dir(), reason="the captured pages are not part of this repository"
)

ACCOUNT = "1000000001"
NAVIGATION = f"""
<div id="db-global-nav" class="global-nav"><div class="bd"><div class="top-nav-info"><ul>
  <li class="nav-user-account"><a href="https://accounts.douban.com/passport/setting/" class="bn-more"><span>样例的帐号</span></a>
    <div class="more-items"><a href="https://www.douban.com/accounts/logout?source=movie&amp;ck=abcd">退出</a></div></li>
</ul></div></div></div>
<script>;window._GLOBAL_NAV = {{ USER_ID: "{ACCOUNT}" }};</script>
"""


@pytest.fixture
def ready(browser: Browser, started: Started) -> Browser:
    browser.log_in()
    browser.pair(started)
    return browser


def serve(browser: Browser, address: str, page: Path) -> None:
    browser.site.instead[address] = page.read_text("utf-8").replace("<body>", f"<body>{NAVIGATION}", 1)
    browser.open(f"https://{address}")


def rows_by_id(world: World) -> dict[str, dict[str, object]]:
    return {row["Subject ID"]: row for row in world.rows().values()}


def test_an_own_film_list(ready: Browser, world: World) -> None:
    address = f"movie.douban.com/people/{ACCOUNT}/collect"
    serve(ready, address, PAGES / "list_logged_in" / "movie-collect.mode-list.logged-in.html")
    popup = ready.click_button()
    assert "8 marks: 8 new" in result(popup)
    pushed(popup)
    rows = rows_by_id(world)
    ids = {"36909418", "36850814", "37501131", "37227467", "1951286", "26996734", "34447531", "10549231"}
    assert set(rows) == ids
    one = rows["36909418"]
    assert (one["标题"], one["我的评分"], one["我的标签"], one["我的状态"]) == (
        "凶降喜讯",
        4,
        ["Movie"],
        "看过",
    )
    assert one["标记日期"] == 1790265600000  # 2026-09-25 00:00 in Shanghai
    assert "我的评分" not in rows["26996734"]
    assert "标题" not in rows["34447531"]  # 未知电影 is no title
    assert rows["10549231"]["标题"] == "宇宙战舰大和号2199"


def test_an_own_film_page(ready: Browser, world: World) -> None:
    serve(
        ready,
        "movie.douban.com/subject/1292052/",
        PAGES / "subject_logged_in" / "movie-1292052.collect-rated-tagged-commented.html",
    )
    popup = ready.click_button()
    assert "1 mark: 1 new" in result(popup)
    pushed(popup)
    row = rows_by_id(world)["1292052"]
    assert (row["标题"], row["原名"]) == ("肖申克的救赎", "The Shawshank Redemption")
    assert (row["我的评分"], row["豆瓣评分"], row["年份"]) == (5, 9.7, 1994)
    assert (row["创作者"], row["类型"]) == ("弗兰克·德拉邦特", ["剧情", "犯罪"])
    assert row["我的标签"] == ["Movie", "ENU", "Drama"]
    assert row["我的备注"] == "有些鸟是关不住地,他们的羽翼太过辉煌..."
    assert row["标记日期"] == 1212249600000  # 2008-06-01 00:00 in Shanghai


def test_a_page_that_is_not_marked(ready: Browser, started: Started) -> None:
    ready.open("about:blank")
    page = PAGES / "subject_logged_in" / "movie-1306858.logged-in-unmarked.2022-11.head.html"
    ready.site.instead["movie.douban.com/subject/1306858/"] = page.read_text("utf-8")
    ready.open("https://movie.douban.com/subject/1306858/")
    assert "not marked this yet" in ready.click_button().locator("#result:not([data-tone=busy])").inner_text()
    assert started.marks() == 0
