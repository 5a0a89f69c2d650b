from collections.abc import AsyncIterator

import pytest

from gateway.model import Medium, Status
from gateway.sandbox.douban import Blocked, Douban, censored
from gateway.sandbox.person import Person, make_person

from .douban_web import Web, browsing, truth, walk, words


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with browsing(Douban(person=make_person(300))) as web:
        yield web


async def test_short_pages_hide_rows_in_the_middle(web: Web) -> None:
    web.douban.short_pages = True
    me = web.douban.person
    pages = await walk(web, "movie", f"/people/{me.id}/collect", me)
    hidden = {e.key.id for e in me.of(Medium.MOVIE, Status.DONE) if censored(e)}
    assert [key for page in pages for key in page] == [
        key for key in truth(me, "movie", Status.DONE) if key not in hidden
    ]
    assert any(len(page) < 15 for page in pages[:-1])


async def test_wrong_counts_lead_past_the_end(web: Web) -> None:
    web.douban.wrong_counts = True
    me = web.douban.person
    pages = await walk(web, "book", f"/people/{me.id}/wish", me)
    assert pages[-1] == []
    heading = words(await web.page("book", f"/people/{me.id}/wish", me), "h1")
    assert heading == f"我想读的书({len(truth(me, 'book', Status.WISH)) + 20})"


async def test_a_challenge_comes_after_so_many_pages(web: Web) -> None:
    web.douban.challenge_after = 2
    answers = [await web.get("movie", "/", web.douban.person) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 302]
    assert answers[2].headers["Location"].startswith("https://sec.douban.com/c?r=https%3A%2F%2Fmovie")
    html = await web.page("sec", "/c", r="https://movie.douban.com/")
    assert words(html, "title") == "豆瓣"
    assert [i.attributes["name"] for i in html.css("form#sec input")] == ["tok", "cha", "sol", "red"]
    assert web.douban.pages == 4


@pytest.mark.parametrize(
    ("why", "status", "sign"),
    [
        ("403", 403, "error code: 004"),
        ("ip", 200, "<title>豆瓣 - 登录跳转页</title>"),
        ("captcha", 200, "<title>禁止访问</title>"),
        ("robot", 200, "你访问豆瓣的方式有点像机器人程序"),
    ],
)
async def test_blocked_pages(web: Web, why: Blocked, status: int, sign: str) -> None:
    web.douban.blocked = why
    answer = await web.get("book", f"/people/{web.douban.person.id}/collect", web.douban.person)
    assert answer.status_code == status
    assert sign in answer.text


async def test_an_empty_answer_is_a_200(web: Web) -> None:
    web.douban.empty = True
    answer = await web.get("movie", "/subject/1/")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_an_ended_session(web: Web) -> None:
    web.douban.logged_out = True
    me = web.douban.person
    answer = await web.get("movie", f"/people/{me.id}/collect", me)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://accounts.douban.com/passport/login")
    login = await web.get("accounts", "/passport/login")
    assert login.status_code == 200
    assert "<title>登录豆瓣</title>" in login.text
    page = await web.page("movie", f"/subject/{me.of(Medium.MOVIE, Status.WISH)[0].key.id}/", me)
    assert page.css(".nav-login")
    assert not page.css(".nav-user-account")


async def test_an_unknown_cookie_is_nobody(web: Web) -> None:
    me = web.douban.person
    me_with_another_token = Person(id=me.id, slug="", name=me.name, dbcl2=f'"{me.id}:stolen"', ck="abcd")
    page = await web.page("movie", f"/people/{me.id}/collect", me_with_another_token)
    assert page.css(".nav-login")
    assert me.dbcl2 != me_with_another_token.dbcl2


async def test_pictures_are_refused_to_other_sites(web: Web) -> None:
    strange = await web.ask("img3.doubanio.com", "/view/subject/s/public/s1.jpg")
    assert (strange.status_code, len(strange.content)) == (418, 13)
    assert strange.headers["Content-Type"] == "image/jpeg"
    own = await web.ask(
        "img3.doubanio.com", "/view/subject/s/public/s1.jpg", Referer="https://book.douban.com/"
    )
    assert own.status_code == 404


@pytest.mark.parametrize("host", ["www.douban.com", "movie.douban.com", "m.douban.com", "127.0.0.1"])
async def test_what_is_not_there_is_a_whole_page_too(web: Web, host: str) -> None:
    for path in ("/nothing/here", "/people/nobody/", "/people/nobody/collect"):
        answer = await web.ask(host, path)
        assert answer.status_code == 404
        assert "页面不存在" in answer.text
        assert "nav-login" in answer.text
