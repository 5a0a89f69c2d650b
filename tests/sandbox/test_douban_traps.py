import asyncio
from collections.abc import AsyncIterator
from hashlib import sha512

import httpx
import pytest

from gateway.model import Medium, Status
from gateway.sandbox.douban import Blocked, Douban, censored
from gateway.sandbox.http import Response
from gateway.sandbox.person import Person, make_person

from .douban_web import Html, Web, browsing, ids, truth, walk, words


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
        ("418", 418, "teapot"),
        ("429", 429, ""),
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
    here = "https://book.douban.com/"
    own = [
        await web.ask("img3.doubanio.com", f"/view/subject/{way}", Referer=here)
        for way in ("s/public/s1.jpg", "l/public/s1.jpg", "s/public/s2.jpg")
    ]
    assert [each.status_code for each in own] == [200] * 3
    assert own[0].content.startswith(b"\x89PNG")
    assert own[0].content == own[1].content != own[2].content
    web.douban.odd_pictures["s1"] = Response(403)
    refused = await web.ask("img3.doubanio.com", "/view/subject/s/public/s1.jpg", Referer=here)
    assert refused.status_code == 403
    assert web.douban.pictures == {"s1": 4, "s2": 1}


@pytest.mark.parametrize("host", ["www.douban.com", "movie.douban.com", "m.douban.com", "127.0.0.1"])
async def test_what_is_not_there_is_a_whole_page_too(web: Web, host: str) -> None:
    for path in ("/nothing/here", "/people/nobody/", "/people/nobody/collect"):
        answer = await web.ask(host, path)
        assert answer.status_code == 404
        assert "页面不存在" in answer.text
        assert "nav-login" in answer.text


async def test_a_soft_throttle_leaves_a_page_without_rows_once(web: Web) -> None:
    web.douban.hollow_every = 3
    me = web.douban.person
    sizes = [
        len((await web.page("movie", f"/people/{me.id}/collect", me, start=start)).css("div.item"))
        for start in (0, 15, 30, 30, 45)
    ]
    assert sizes == [15, 15, 0, 15, 15]


@pytest.mark.parametrize("medium", ["movie", "book", "music"])
async def test_marks_made_meanwhile_push_rows_to_later_pages(web: Web, medium: str) -> None:
    web.douban.busy = True
    me = web.douban.person
    before = truth(me, medium, Status.DONE)
    pages = await walk(web, medium, f"/people/{me.id}/collect", me)
    seen = [key for page in pages for key in page]
    assert set(before) <= set(seen)
    assert len(seen) - len(set(seen)) == len(pages) - 1  # one comes again on each page but the first
    assert len(truth(me, medium, Status.DONE)) == len(before) + len(pages) - 1


async def test_a_block_after_so_many_pages(web: Web) -> None:
    web.douban.blocked, web.douban.blocked_after = "403", 2
    answers = [await web.get("book", "/", web.douban.person) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 403]


async def test_a_solved_challenge_opens_the_door(web: Web) -> None:
    web.douban.challenge_after = 0
    assert (await web.get("movie", "/")).status_code == 302
    form = {
        str(field.attributes["name"]): str(field.attributes["value"])
        for field in (await web.page("sec", "/c", r="https://movie.douban.com/")).css("form#sec input")
    }
    tries = (str(number) for number in range(1_000_000))
    form["sol"] = next(
        n for n in tries if sha512(f"{form['cha']}{n}".encode()).hexdigest().startswith("0000")
    )
    for solution, status in (("1", 200), (form["sol"], 302)):
        answer = await web.post("sec", "/c", form | {"sol": solution})
        assert answer.status_code == status
    assert answer.headers["Location"] == "https://movie.douban.com/"
    web.douban.challenge_after = 1
    assert (await web.get("movie", "/")).status_code == 200


async def test_a_session_that_ends_in_the_middle(web: Web) -> None:
    web.douban.session_ends_after = 1
    me = web.douban.person
    path = f"/people/{me.id}/games"
    assert (await web.page("www", path, me)).css(".nav-user-account")
    answer = await web.get("www", path, me)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://accounts.douban.com/passport/login?source=main")


async def test_a_session_that_ends_in_silence(web: Web) -> None:
    web.douban.session_ends_after, web.douban.quiet = 1, True
    me = web.douban.person
    path = f"/people/{me.id}/collect"
    mine, nobodys = [await web.page("book", path, me) for _ in range(2)]
    assert mine.css(".nav-user-account")
    assert mine.css("a.d_link")
    assert nobodys.css(".nav-login")
    assert nobodys.css("li.subject-item")
    assert not nobodys.css("a.d_link")


async def test_a_page_that_ends_too_early(web: Web) -> None:
    me = web.douban.person
    whole = await web.get("movie", f"/people/{me.id}/collect", me)
    web.douban.cut_at = len(whole.content) // 2
    cut = await web.get("movie", f"/people/{me.id}/collect", me)
    assert cut.status_code == 200
    assert len(cut.content) == web.douban.cut_at
    assert whole.content[:3000] == cut.content[:3000]


async def test_many_ask_at_once(web: Web) -> None:
    me = web.douban.person
    starts = range(0, 120, 15)
    answers: list[httpx.Response] = await asyncio.gather(
        *(web.get("movie", f"/people/{me.id}/collect", me, start=start) for start in starts)
    )
    rows = [key for answer in answers for key in ids(Html(answer.text), "div.item")]
    assert rows == truth(me, "movie", Status.DONE)[:120]


async def test_classes_of_before_2023(web: Web) -> None:
    web.douban.before_2023 = True
    me = web.douban.person
    films = await web.page("movie", f"/people/{me.id}/collect", me)
    assert {div.attributes["class"] for div in films.css("div.item")} == {"item"}
    books = await web.page("book", f"/people/{me.id}/collect", me)
    assert {p.attributes["class"] for p in books.css("p.comment")} == {"comment"}
