"""A gateway that walks: the browser's log-in handed over, and a gate in front of the simulated Douban."""

import random
from collections.abc import Callable
from typing import Any

import msgspec

from gateway.journey import WalkKind, WalkShown
from gateway.model import Kind, Mark, Medium, Status, SubjectKey
from gateway.sandbox import http
from gateway.sandbox.http import Drop, Request, Response, Server
from gateway.sandbox.invent import Inventor
from gateway.sandbox.person import Entry, Person
from gateway.visitor import Extension
from tests.support import Started, World

AGENT = "Mozilla/5.0 (the person's own)"
LOGIN = http.redirect("https://accounts.douban.com/passport/login?source=main")
"""What Douban answers to a log-in that has ended."""
Asked = tuple[str, str, int] | str
"""Medium, status and start of a page; the path of anything else."""


class Gate:
    """Sees what is asked of Douban, and may act or answer in its place."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests: list[Request] = []
        self.act: Callable[[Asked], Response | Drop | None] = lambda _asked: None
        server = world.background.enter(Server(self._handle))
        world.settings = msgspec.structs.replace(world.settings, douban=server.url)

    async def _handle(self, request: Request) -> Response | Drop:
        self.requests.append(request)
        return self.act(told(request)) or await self.world.douban.handle(request)

    @property
    def asked(self) -> list[Asked]:
        return [told(request) for request in self.requests]


def told(request: Request) -> Asked:
    if not request.path.endswith("/interests"):
        return request.path
    return request.param("type"), request.param("status"), int(request.param("start"))


def session(person: Person, agent: str = AGENT) -> bytes:
    """What the extension sends of the browser's log-in."""
    cookies = [
        {
            "name": name,
            "value": value,
            "domain": ".douban.com",
            "path": "/",
            "secure": True,
            "http_only": True,
        }
        for name, value in person.cookies.items()
    ]
    return msgspec.json.encode({"cookies": cookies, "user_agent": agent})


def lend(started: Started, person: Person | None = None, agent: str = AGENT) -> Extension:
    """A paired browser hands its log-in over."""
    browser = started.pair()
    status, _ = browser.send("/api/v1/session", session(person or started.world.person, agent))
    assert status == 200
    return browser


def walk(started: Started, kind: WalkKind) -> WalkShown:
    """Walks, and waits until the walk rests."""
    reply = started.owner.call("POST", "/api/v1/walks", {"kind": kind})
    assert reply.status == 202, reply.body
    return rested(started)


def rested(started: Started) -> WalkShown:
    shown = started.world.background.run(started.gateway.carriers.first.walks.rest())
    assert shown is not None
    return shown


def resume(started: Started) -> WalkShown:
    assert started.owner.call("POST", "/api/v1/walks/resume").status == 202
    return rested(started)


def shown(started: Started) -> Any:
    """What the API tells of walks."""
    return started.owner.call("GET", "/api/v1/walks").json()


def library(started: Started) -> dict[SubjectKey, tuple[Mark, bool]]:
    """All marks, and whether each is taken for removed."""
    sql = "SELECT body, removed_at IS NOT NULL FROM mark"
    rows = started.world.background.call(lambda: list(started.gateway.store.rows(sql)))
    marks = [(msgspec.json.decode(body, type=Mark), bool(removed)) for body, removed in rows]
    return {mark.subject: (mark, removed) for mark, removed in marks}


def removed(started: Started) -> set[SubjectKey]:
    return {key for key, (_, gone) in library(started).items() if gone}


def is_same(mark: Mark, entry: Entry) -> bool:
    """Whether the library's mark says what the person's says."""
    truth = entry.mark
    return (mark.status, mark.rating, mark.comment, mark.tags, mark.private) == (
        truth.status,
        truth.rating,
        truth.comment,
        truth.tags,
        truth.private,
    )


def pages(person: Person, medium: Medium, status: Status) -> int:
    """How many requests a list takes to its end."""
    return max(1, -(-len(person.of(medium, status)) // 50))


def mark_new(world: World, number: int) -> None:
    """The person marks so many films that they had not marked before."""
    inventor = Inventor(random.Random(number))
    while number:
        subject = inventor.any(Kind.MOVIE)
        if world.person.find(subject.key) is None:
            world.person.add(subject)
            number -= 1
