"""Polite fetching, against a server on a real socket and a clock that nobody waits for."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.douban.fetch import DAILY, Browser, Fetched, Fetcher, Frontier, Place
from gateway.model import Medium, Status, Verdict
from gateway.sandbox import http
from gateway.sandbox.http import Drop, Request, Response, Server

ME = "150000001"
BROWSER = Browser(
    cookie=f'bid=abc; dbcl2="{ME}:secret-token"; ck=Zx9q',
    user_agent="Mozilla/5.0 (the person's)",
    languages="zh-CN,en;q=0.5",
)
Answer = Callable[[Request, int], Response | Drop | None]
NOTHING: dict[str, Any] = {}
FILMS = Frontier.of(ME, (Medium.MOVIE,), (Status.DONE,))


class Clock:
    """It is only moved by those who sleep, and by ``tick`` a request."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 4, tzinfo=UTC)
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Rexxar:
    """So many films; ``instead`` answers in its place by the number of the request."""

    def __init__(self, clock: Clock, total: int, instead: Answer = lambda _request, _number: None) -> None:
        self.clock, self.total, self.instead = clock, total, instead
        self.requests: list[Request] = []
        self.took = 0.0

    async def handle(self, request: Request) -> Response | Drop:
        self.requests.append(request)
        self.clock.now += timedelta(seconds=self.took)
        if (other := self.instead(request, len(self.requests))) is not None:
            return other
        start, count = int(request.param("start")), int(request.param("count"))
        rows = [row(number) for number in range(start, min(start + count, self.total))]
        return http.json({"count": count, "start": start, "total": self.total, "interests": rows})

    @property
    def asked(self) -> list[tuple[str, str, int, int]]:
        return [
            (each.param("type"), each.param("status"), int(each.param("start")), int(each.param("count")))
            for each in self.requests
        ]


def row(number: int) -> dict[str, Any]:
    subject = {"id": str(1000 + number), "type": "movie", "subtype": "movie", "title": f"影片{number}"}
    return {"id": 9000 + number, "status": "done", "create_time": "2024-03-05 10:11:12", "subject": subject}


def fresh() -> Frontier:
    return msgspec.json.decode(msgspec.json.encode(FILMS), type=Frontier)


@asynccontextmanager
async def fetching(
    total: int,
    instead: Answer = lambda _request, _number: None,
    *,
    browser: Browser = BROWSER,
    daily: int = DAILY,
) -> AsyncGenerator[tuple[Rexxar, Clock, Fetcher]]:
    clock = Clock()
    rexxar = Rexxar(clock, total, instead)
    async with Server(rexxar.handle) as server:
        fetcher = Fetcher(browser, now=clock, sleep=clock.sleep, origin=server.url, daily=daily)
        yield rexxar, clock, fetcher
        await fetcher.close()


async def walk(fetcher: Fetcher, frontier: Frontier) -> list[Fetched]:
    return [fetched async for fetched in fetcher.walk(frontier)]


def ids(pages: list[Fetched]) -> list[int]:
    return [int(mark.subject.id) - 1000 for page in pages for mark in page.reading.marks]


async def test_it_walks_all_lists_to_their_ends() -> None:
    async with fetching(120) as (rexxar, _, fetcher):
        frontier = Frontier.of(ME, (Medium.MOVIE, Medium.BOOK), (Status.WISH, Status.DONE))
        pages = await walk(fetcher, frontier)
    lists = [(medium, status) for medium in ("movie", "book") for status in ("mark", "done")]
    assert rexxar.asked == [(*each, start, 50) for each in lists for start in (0, 50, 100)]
    assert (frontier.ended, frontier.stopped, [place.pages for place in frontier.places]) == (
        True,
        None,
        [3] * 4,
    )
    assert ids(pages)[:120] == list(range(120))
    assert (
        pages[1].url
        == f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=movie&status=mark&start=50&count=50"
    )
    assert (pages[0].status, msgspec.json.decode(pages[0].content)["total"]) == (200, 120)


async def test_it_asks_as_the_persons_own_browser() -> None:
    async with fetching(60) as (rexxar, _, fetcher):
        await walk(fetcher, fresh())
    for request in rexxar.requests:
        assert request.headers["user-agent"] == "Mozilla/5.0 (the person's)"
        assert request.headers["accept-language"] == "zh-CN,en;q=0.5"
        assert request.headers["referer"] == "https://m.douban.com/mine/movie"
        assert request.headers["cookie"] == BROWSER.cookie
        assert (request.path, request.param("ck")) == (f"/rexxar/api/v2/user/{ME}/interests", "Zx9q")


async def test_cookies_that_the_server_sets_are_not_taken() -> None:
    def setting(request: Request, _number: int) -> Response:
        start = int(request.param("start"))
        body = {"count": 50, "start": start, "total": 100, "interests": [row(start)] * 50}
        return http.json(body, headers=(("Set-Cookie", "dbcl2=other; Path=/"),))

    async with fetching(0, setting) as (rexxar, _, fetcher):
        await walk(fetcher, fresh())
    assert [request.headers["cookie"] for request in rexxar.requests] == [BROWSER.cookie] * 2


async def test_it_rests_from_the_end_of_one_request_to_the_next() -> None:
    async with fetching(400) as (rexxar, clock, fetcher):
        rexxar.took = 30.0
        await walk(fetcher, fresh())
        assert len(clock.slept) == 7, "the first one need not wait"
        assert all(4 <= pause <= 8 for pause in clock.slept)
        assert len({round(pause, 3) for pause in clock.slept}) > 1


async def test_time_that_passed_by_itself_counts_and_a_clock_set_back_does_not() -> None:
    async with fetching(400) as (_, clock, fetcher):
        frontier = fresh()
        async for _page in fetcher.walk(frontier):
            clock.now += timedelta(seconds=60) if len(clock.slept) < 3 else timedelta(days=-1)
    assert clock.slept[:3] == [0.0] * 3
    assert all(4 <= pause <= 8 for pause in clock.slept[3:])


async def test_a_restart_rests_as_well() -> None:
    frontier = fresh()
    async with fetching(200) as (_, _, fetcher):
        async for _page in fetcher.walk(frontier):
            break
    async with fetching(200) as (_, clock, fetcher):
        assert frontier.last is not None
        clock.now = frontier.last
        await walk(fetcher, frontier)
        assert 4 <= clock.slept[0] <= 8


async def test_it_grows_slower_and_never_faster() -> None:
    async with fetching(250 * 50) as (_, clock, fetcher):
        frontier = fresh()
        await walk(fetcher, frontier)
        await walk(fetcher, fresh())
    assert all(4 <= pause <= 8 for pause in clock.slept[:199])
    assert all(10 <= pause <= 15 for pause in clock.slept[199:])
    assert len(clock.slept) == 498


async def test_a_day_has_so_many_requests_and_no_more() -> None:
    async with fetching(50 * 9, daily=4) as (rexxar, clock, fetcher):
        frontier = fresh()
        await walk(fetcher, frontier)
        assert (len(rexxar.requests), frontier.stopped, frontier.ended) == (4, None, False)
        again = msgspec.json.decode(msgspec.json.encode(frontier), type=Frontier)
        await walk(fetcher, again)
        assert len(rexxar.requests) == 4, "a restart makes no second allowance"
        assert (again.day, again.requests) == (date(2026, 11, 20), 4)
        clock.now = datetime(2026, 11, 20, 16, 0, 1, tzinfo=UTC)  # past midnight in Beijing
        await walk(fetcher, again)
        assert (len(rexxar.requests), again.day) == (8, date(2026, 11, 21))


async def test_it_goes_on_where_it_was() -> None:
    frontier = fresh()
    async with fetching(170) as (_, _, fetcher):
        async for _page in fetcher.walk(frontier):
            if frontier.places[0].pages == 2:
                break
    stored = msgspec.json.decode(msgspec.json.encode(frontier), type=Frontier)
    async with fetching(170) as (rexxar, _, fetcher):
        pages = await walk(fetcher, stored)
    assert ([asked[2] for asked in rexxar.asked], ids(pages)) == ([100, 150], list(range(100, 170)))
    assert stored.ended


STOPS = [
    (Response(403, b"error code: 004"), Verdict.BLOCKED, "ip_refused"),
    (Response(403, b"<html><title>403 Forbidden</title></html>"), Verdict.BLOCKED, "forbidden"),
    (Response(418, b"x"), Verdict.BLOCKED, "forbidden"),
    (Response(429, b""), Verdict.BLOCKED, "too_often"),
    (http.json({"code": 1080, "msg": "search_access_rate_limit"}, 400), Verdict.BLOCKED, "too_often"),
    (http.json({"code": 996, "msg": "invalid_request_996"}, 400), Verdict.UNKNOWN, "request_refused"),
    (
        http.redirect("https://sec.douban.com/c?r=https%3A%2F%2Fm.douban.com"),
        Verdict.BLOCKED,
        "proof_of_work",
    ),
    (http.redirect("https://sec.douban.com/b?r=https%3A%2F%2Fm.douban.com"), Verdict.BLOCKED, "ip_refused"),
    (http.redirect("https://accounts.douban.com/passport/login?redir=x"), Verdict.LOGIN, "login_page"),
    (http.redirect("/passport/login"), Verdict.LOGIN, "login_page"),
    (
        http.html("<html><head><title>登录豆瓣</title></head><body>x</body></html>"),
        Verdict.LOGIN,
        "login_page",
    ),
    (http.html("<html><title>禁止访问</title><body>x</body></html>"), Verdict.BLOCKED, "forbidden"),
    (Response(404, b"{}"), Verdict.GONE, "not_found"),
    (Response(502, b"Bad Gateway"), Verdict.UNKNOWN, "server_error"),
    (Response(200, b""), Verdict.UNKNOWN, "empty"),
    (http.json({"count": 50, "start": 50, "total": 400, "interests": []}), Verdict.UNKNOWN, "no_rows"),
]


@pytest.mark.parametrize(("answer", "verdict", "reason"), STOPS, ids=range(len(STOPS)))
async def test_it_stops_at_once_and_for_good(answer: Response, verdict: Verdict, reason: str) -> None:
    async with fetching(400, lambda _request, number: answer if number == 2 else None) as (
        rexxar,
        _,
        fetcher,
    ):
        frontier = fresh()
        pages = await walk(fetcher, frontier)
        assert len(rexxar.requests) == 2, "nothing is tried again"
        page = pages[-1].reading.page
        assert (page.verdict, page.reason, frontier.stopped) == (verdict, reason, reason)
        assert (frontier.places[0].start, pages[-1].content) == (50, answer.body)
        assert await walk(fetcher, frontier) == []
        assert len(rexxar.requests) == 2, "only the person can let it go on"
        frontier.stopped = None
        await walk(fetcher, frontier)
        assert (rexxar.asked[2][2], frontier.ended) == (50, True)


async def test_a_redirect_is_not_followed_and_gets_no_cookie() -> None:
    seen: list[Request] = []

    async def elsewhere(request: Request) -> Response:
        seen.append(request)
        return Response()

    async with Server(elsewhere) as other:
        away = http.redirect(f"{other.url}/here")
        async with fetching(400, lambda _request, _number: away) as (rexxar, _, fetcher):
            frontier = fresh()
            (page,) = await walk(fetcher, frontier)
    assert (seen, len(rexxar.requests), page.status) == ([], 1, 302)
    assert frontier.stopped == "login_page"


async def test_a_page_with_a_broken_item_is_read_item_by_item() -> None:
    def broken(request: Request, _number: int) -> Response | None:
        start, count = int(request.param("start")), int(request.param("count"))
        if any(start <= place < start + count for place in (57, 63)):
            return Response(500, b"<html>500</html>")
        if count == 1 and start == 70:
            return http.json({"count": 1, "start": 70, "total": 130, "interests": [NOTHING]})
        return (
            http.json({"count": 1, "start": 71, "total": 130, "interests": []})
            if (start, count) == (71, 1)
            else None
        )

    async with fetching(130, broken) as (rexxar, clock, fetcher):
        frontier = fresh()
        pages = await walk(fetcher, frontier)
    place = frontier.places[0]
    assert ids(pages) == [number for number in range(130) if number not in {57, 63, 70, 71}]
    assert (place.skipped, place.ended, frontier.stopped) == ([57, 63, 70, 71], True, None)
    assert [each[2:] for each in rexxar.asked] == [
        (0, 50),
        (50, 50),
        *((n, 1) for n in range(50, 100)),
        (100, 50),
    ]
    assert all(pause >= 4 for pause in clock.slept)
    assert frontier.requests == 53


async def test_a_server_that_fails_on_everything_is_left_alone() -> None:
    def failing(request: Request, _number: int) -> Response | None:
        return Response(500, b"") if request.param("start") != "0" else None

    async with fetching(400, failing) as (rexxar, _, fetcher):
        frontier = fresh()
        await walk(fetcher, frontier)
    assert (len(rexxar.requests), frontier.stopped) == (12, "server_error")


async def test_a_page_of_which_nothing_is_left_does_not_hold_the_walk_up() -> None:
    def emptied(request: Request, _number: int) -> Response | None:
        if request.param("start") != "50":
            return None
        return http.json({"count": 50, "start": 50, "total": 120, "interests": [NOTHING] * 50})

    async with fetching(120, emptied) as (_, _, fetcher):
        frontier = fresh()
        pages = await walk(fetcher, frontier)
    assert (frontier.ended, len(pages), len(ids(pages))) == (True, 3, 70)
    assert len(pages[1].reading.problems) == 50


async def test_a_short_list_of_which_every_row_is_hidden() -> None:
    body: dict[str, Any] = {"count": 50, "start": 0, "total": 3, "interests": []}
    async with fetching(0, lambda _request, _number: http.json(body)) as (rexxar, _, fetcher):
        frontier = fresh()
        (page,) = await walk(fetcher, frontier)
    assert (len(rexxar.requests), frontier.ended, frontier.stopped) == (1, True, None)
    assert page.reading.page.reason == "no_rows"


async def test_whose_the_session_is() -> None:
    def mine(number: str) -> Answer:
        page = f'<!DOCTYPE html><html><body><input id="user" value="{number}" data-name="x"></body></html>'
        return lambda request, _: http.html(page) if request.path == "/mine/" else None

    login = http.redirect("https://accounts.douban.com/passport/login?source=main")
    answers: list[tuple[Answer, str | None]] = [
        (mine(ME), None),
        (mine("150000002"), "other_account"),
        (lambda _request, _number: login, "login_page"),
        (lambda _request, _number: http.html("<title>豆瓣</title>"), "login_page"),
        (lambda _request, _number: Response(403, b"error code: 004"), "ip_refused"),
        (lambda _request, _number: Drop(), "unreachable"),
    ]
    for answer, stopped in answers:
        async with fetching(0, answer) as (rexxar, _, fetcher):
            frontier = fresh()
            assert await fetcher.is_own(frontier) is (stopped is None)
        assert (len(rexxar.requests), frontier.requests, frontier.stopped) == (1, 1, stopped)
        assert rexxar.requests[0].headers["cookie"] == BROWSER.cookie


async def test_whose_the_session_is_costs_a_request_of_the_day() -> None:
    async with fetching(0, daily=0) as (rexxar, _, fetcher):
        frontier = fresh()
        assert await fetcher.is_own(frontier) is False
    assert (rexxar.requests, frontier.stopped) == ([], None)


async def test_a_server_that_does_not_turn_the_page() -> None:
    body = {"count": 50, "start": 0, "total": 400, "interests": [row(number) for number in range(50)]}
    async with fetching(0, lambda _request, _number: http.json(body)) as (rexxar, _, fetcher):
        frontier = fresh()
        await walk(fetcher, frontier)
    assert (len(rexxar.requests), frontier.stopped) == (2, "no_frame")


@pytest.mark.parametrize("fault", [Drop(), Response(200, b"{}" * 100, cut_at=20)])
async def test_a_broken_connection_is_not_tried_again(fault: Response | Drop) -> None:
    async with fetching(400, lambda _request, number: fault if number == 2 else None) as (rexxar, _, fetcher):
        frontier = fresh()
        pages = await walk(fetcher, frontier)
    assert (len(rexxar.requests), len(pages), frontier.stopped) == (2, 1, "unreachable")
    assert (frontier.requests, frontier.places[0].start) == (2, 50)


@pytest.mark.parametrize(
    ("cookie", "reason"),
    [
        ("bid=abc", "login_page"),
        ("", "login_page"),
        ('xdbcl2="150000001:t"', "login_page"),
        ('dbcl2="150000002:t"; ck=a', "other_account"),
    ],
)
async def test_the_session_must_be_the_accounts_own(cookie: str, reason: str) -> None:
    async with fetching(400, browser=Browser(cookie=cookie, user_agent="x")) as (rexxar, _, fetcher):
        frontier = fresh()
        assert await walk(fetcher, frontier) == []
    assert (rexxar.requests, frontier.stopped) == ([], reason)


@pytest.mark.parametrize(
    "origin",
    [
        "http://m.douban.com",
        "https://example.org",
        "https://m.douban.com.example.org",
        "https://notdouban.com",
        "https://m.douban.com@example.org",
        "http://192.168.1.2",
        "",
    ],
)
def test_the_cookie_goes_nowhere_else(origin: str) -> None:
    with pytest.raises(ValueError, match="cookie"):
        Fetcher(BROWSER, sleep=Clock().sleep, origin=origin)


async def test_secrets_are_nowhere_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with fetching(60) as (_, _, fetcher):
        frontier = fresh()
        pages = await walk(fetcher, frontier)
        said = f"{fetcher!r} {BROWSER!r} {BROWSER} {pages!r} {msgspec.json.encode(frontier)!r} {caplog.text}"
    assert "secret-token" not in said
    assert "Zx9q" not in said
    assert "the person's" in said


def test_the_frontier_is_json() -> None:
    frontier = Frontier.of(ME, (Medium.GAME,), (Status.DOING,))
    frontier.places[0].skipped.append(3)
    frontier.last = datetime(2026, 11, 20, tzinfo=UTC)
    assert msgspec.json.decode(msgspec.json.encode(frontier), type=Frontier) == frontier
    assert Place(medium=Medium.GAME, status=Status.DOING).skipped == []
