"""Polite fetching: a person's own lists from the mobile JSON, with the cookie of their own browser.

One request at a time, never faster than a person, and a full stop at the first sign that Douban minds. The
walk goes on later from its ``Frontier``, which the caller stores after each page, and which also carries the
day's count: no restart makes a second allowance.
"""

import logging
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import date, datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from msgspec import Struct

from gateway.douban.interests import read_interests
from gateway.douban.page import judge
from gateway.douban.refusals import Refusal, refusal
from gateway.douban.urls import address
from gateway.model import BEIJING, ListPart, Medium, Reading, Status, Verdict, now

__all__ = ["DAILY", "ORIGIN", "PAGE", "Browser", "Fetched", "Fetcher", "Frontier", "Now", "Place", "Sleep"]

PAGE = 50
"""Marks a request: what Douban's own app asks for."""
DAILY = 600
"""Requests a day, all media together: 30,000 marks. Blocks were seen after 200 requests without a pause."""
ORIGIN = "https://m.douban.com"
_USUAL, _SLOW, _MANY = (4.0, 8.0), (10.0, 15.0), 200
"""Seconds from the end of a request to the next: at first, and after so many requests of a run."""
_MOST = 20 * 1024 * 1024
_TOO_MANY = 10
"""Items in a row that Douban fails on: then it is not the items."""
_PERHAPS_ONE_ITEM = frozenset((200, 500))
_SESSION = re.compile(r"(?:^|;)\s*dbcl2=\"?([0-9]{1,20}):", re.ASCII)
_TOKEN = re.compile(r"(?:^|;)\s*ck=\"?([^\s;\"]+)")

logging.getLogger("httpx").setLevel(logging.WARNING)
# At INFO it writes whole addresses, and the session's token is in ours.
_WORDS = {Status.WISH: "mark", Status.DOING: "doing", Status.DONE: "done"}

Now = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


class Browser(Struct, frozen=True):
    """What the person's own browser sends: taken from it, so that nothing new appears in their account."""

    cookie: str
    """The ``Cookie`` header for douban.com, whole."""
    user_agent: str
    languages: str = "zh-CN,zh;q=0.9"

    def __repr__(self) -> str:
        return f"Browser(•••, {self.user_agent!r})"


class Place(Struct, kw_only=True):
    """How far one list is read."""

    medium: Medium
    status: Status
    start: int = 0
    """Where to read on."""
    pages: int = 0
    """Pages read."""
    single_until: int = 0
    """Up to here item by item, because Douban fails on an item of that page."""
    skipped: list[int] = []
    """The places of the items that Douban fails on, or has nothing to say of."""
    ended: bool = False
    """The list was walked to its end."""
    once: bool = False
    """Only its first page is wanted: a look whether the list is still as it was."""
    enough: bool = False
    """The caller has all that it wanted of the list."""

    @property
    def over(self) -> bool:
        return self.ended or self.enough


class Frontier(Struct, kw_only=True):
    """Where a walk stands. JSON carries it; ``Frontier.of`` makes one."""

    account: str
    places: list[Place]
    day: date | None = None
    """The day (UTC+8) that ``requests`` counts."""
    requests: int = 0
    last: datetime | None = None
    """When the last request ended."""
    stopped: str | None = None
    """The code of the reason to stop (of ``Page.reason``). It stays until the person clears it."""

    @classmethod
    def of(cls, account: str, media: tuple[Medium, ...], statuses: tuple[Status, ...]) -> Self:
        """A walk that has not begun."""
        places = [Place(medium=medium, status=status) for medium in media for status in statuses]
        return cls(account=account, places=places)

    @property
    def ended(self) -> bool:
        """All lists were walked to their end, or as far as was wanted."""
        return all(place.over for place in self.places)


class Fetched(Struct, kw_only=True, frozen=True):
    """One reply, to be kept as it came."""

    url: str
    """Without the token of the session."""
    content: bytes
    status: int
    """HTTP's."""
    reading: Reading
    place: int
    """Which of the frontier's places it is of."""


class Fetcher:
    """Walks the lists of one account. ``now`` and ``sleep`` are its clock, ``origin`` another server in tests.

    Raises ValueError for an origin that must not see the cookie.
    """

    def __init__(
        self, browser: Browser, *, now: Now = now, sleep: Sleep, origin: str = ORIGIN, daily: int = DAILY
    ) -> None:
        split = urlsplit(origin)
        self._host = "m.douban.com" if split.hostname == "127.0.0.1" else split.netloc
        loopback = split.hostname == "127.0.0.1"
        if not loopback and (split.scheme != "https" or not f".{split.hostname}".endswith(".douban.com")):
            raise ValueError("the cookie goes to Douban alone, and over https")
        self._browser = browser
        self._origin = origin
        self._now, self._sleep, self._daily = now, sleep, daily
        self._chance = random.SystemRandom()
        self._requests = 0
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(60, connect=10), trust_env=not loopback, follow_redirects=False
        )

    async def close(self) -> None:
        await self._http.aclose()

    def takes(self, requests: int) -> float:
        """About how many seconds so many more take: the pauses between them."""
        slow = min(requests, max(0, self._requests + requests - _MANY))
        return (requests - slow) * sum(_USUAL) / 2 + slow * sum(_SLOW) / 2

    async def walk(self, frontier: Frontier) -> AsyncGenerator[Fetched]:
        """Each page that is new, with the frontier moved behind it: store both together, and at the end again.

        It ends when all lists are read, when the day's requests are used up, or when ``stopped`` says why:
        the page that made it stop is the last one. Nothing is tried again.
        """
        if frontier.stopped is None:
            frontier.stopped = self._why_not(frontier.account)
        for number, place in enumerate(frontier.places):
            while not place.over and frontier.stopped is None and self._may_ask(frontier):
                try:
                    fetched = await self._fetch(frontier, number)
                except httpx.HTTPError:
                    frontier.stopped = "unreachable"
                    return
                if _move(frontier, place, fetched):
                    yield fetched

    async def is_own(self, frontier: Frontier) -> bool:
        """Whether Douban takes the session for the account's, by the page that names its person.

        If not, ``stopped`` says why, or the day's requests are used up. The lists do not say it: they come
        without the private marks to anybody else.
        """
        if frontier.stopped is None:
            frontier.stopped = self._why_not(frontier.account)
        if frontier.stopped is not None or not self._may_ask(frontier):
            return False
        try:
            reply, content = await self._ask(frontier, "/mine/", ORIGIN)
        except httpx.HTTPError:
            frontier.stopped = "unreachable"
            return False
        url = str(reply.headers.get("location", "")) if reply.is_redirect else f"{ORIGIN}/mine/"
        here = address(url)
        judged = judge(here, content or b"<html></html>", [frontier.account]) if here is not None else None
        who = judged.account if judged is not None and reply.status_code == HTTPStatus.OK else None
        if who is None:
            known = judged.reason if judged is not None else None
            frontier.stopped = known if known not in {None, "no_frame", "logged_out"} else "login_page"
        elif who.id != frontier.account:
            frontier.stopped = "other_account"
        return frontier.stopped is None

    def _why_not(self, account: str) -> str | None:
        """A session of somebody else, or none, sees less: private marks would be taken for removed ones."""
        session = _SESSION.search(self._browser.cookie)
        if session is None:
            return "login_page"
        return None if session[1] == account else "other_account"

    def _may_ask(self, frontier: Frontier) -> bool:
        today = self._now().astimezone(BEIJING).date()
        if frontier.day != today:
            frontier.day, frontier.requests = today, 0
        return frontier.requests < self._daily

    async def _fetch(self, frontier: Frontier, number: int) -> Fetched:
        """One request, once it is time for it. Raises httpx.HTTPError."""
        place = frontier.places[number]
        count = 1 if place.start < place.single_until else PAGE
        asked = {
            "type": place.medium.value,
            "status": _WORDS[place.status],
            "start": place.start,
            "count": count,
        }
        path = f"/rexxar/api/v2/user/{frontier.account}/interests?{urlencode(asked)}"
        token = _TOKEN.search(self._browser.cookie)
        secret = urlencode({"ck": token[1] if token else "", "for_mobile": 1})
        reply, content = await self._ask(frontier, f"{path}&{secret}", f"{ORIGIN}/mine/{place.medium.value}")
        url = f"{ORIGIN}{path}"
        reading = read_interests(url, content, accounts=[frontier.account], status=reply.status_code)
        if reply.is_redirect:
            reading = _refused(
                reading, refusal(str(reply.headers.get("location", "")), b"<html></html>", 302)
            )
        return Fetched(url=url, content=content, status=reply.status_code, reading=reading, place=number)

    async def _ask(self, frontier: Frontier, target: str, referer: str) -> tuple[httpx.Response, bytes]:
        """Raises httpx.HTTPError."""
        await self._rest(frontier)
        frontier.requests += 1
        self._requests += 1
        try:
            return await self._get(target, referer)
        finally:
            frontier.last = self._now()

    async def _rest(self, frontier: Frontier) -> None:
        if frontier.last is not None:
            pause = self._chance.uniform(*(_USUAL if self._requests < _MANY else _SLOW))
            since = (self._now() - frontier.last).total_seconds()
            await self._sleep(pause - min(max(since, 0.0), pause))

    async def _get(self, target: str, referer: str) -> tuple[httpx.Response, bytes]:
        headers = {
            "Accept": "application/json",
            "Accept-Language": self._browser.languages,
            "Cookie": self._browser.cookie,
            "Host": self._host,
            "Referer": referer,
            "User-Agent": self._browser.user_agent,
        }
        content = bytearray()
        async with self._http.stream("GET", f"{self._origin}{target}", headers=headers) as reply:
            async for part in reply.aiter_bytes():
                content += part
                if len(content) > _MOST:
                    break
        self._http.cookies.clear()
        return reply, bytes(content)


def _refused(reading: Reading, why: Refusal) -> Reading:
    page = msgspec.structs.replace(reading.page, verdict=why[0], reason=why[1])
    return msgspec.structs.replace(reading, page=page)


def _move(frontier: Frontier, place: Place, fetched: Fetched) -> bool:
    """Moves behind what was fetched, or stops. False if there is nothing in it to keep."""
    page, part = fetched.reading.page, fetched.reading.page.part
    single = place.start < place.single_until
    if page.reason == "server_error" and fetched.status in _PERHAPS_ONE_ITEM and not single:
        place.single_until = place.start + PAGE
        return False
    if single and (
        page.reason == "no_rows" or (page.reason == "server_error" and fetched.status in _PERHAPS_ONE_ITEM)
    ):
        place.skipped.append(place.start)
        place.start += 1
        if place.skipped[-_TOO_MANY:] == list(range(place.start - _TOO_MANY, place.start)):
            frontier.stopped = "server_error"
        return False
    # Items of which nothing is left; or a list of a page at most of which every row is hidden: the next walk reads it
    # whole again, so that nothing is lost should it have been a throttle.
    unread = page.reason == "no_rows" and part is not None and (part.rows > 0 or _is_hidden(part))
    if not (page.verdict is Verdict.OK or unread) or part is None or part.start != place.start:
        frontier.stopped = page.reason or "no_frame"
        return True
    place.pages += 1
    place.ended = part.next_start is None or place.once or (unread and _is_hidden(part))
    place.start = part.next_start or part.start + part.rows
    return True


def _is_hidden(part: ListPart) -> bool:
    return part.rows == part.start == 0 and (part.total_claimed or 0) < PAGE
