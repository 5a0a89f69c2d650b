"""Whatever breaks behind a route, and on whichever: who asks reads fixed words, and nothing of what broke."""

import contextlib
import html
import sqlite3
import string
from collections.abc import Generator
from functools import cache
from typing import Any

import msgspec
import pytest

from gateway import errors
from gateway.errors import D2FError, DataFolderUnusable, FeishuRefused, FeishuUnreachable, LibraryFault
from gateway.problems import http_problem, problem
from gateway.sandbox.feishu import Fault
from gateway.visitor import Extension, call
from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS, SOCKET, at
from tests.attack.wire import Wire
from tests.support import Started
from tests.test_ways_in import begin, follow, say

CANARY = "[Errno 13] no such table: canary_of_the_fault in /home/somebody/d2f.db"
TRACES = ("canary", "somebody", "Errno", "Traceback", "RuntimeError", "OperationalError", "sqlite3", ".py")
"""What would be of the exception: its words, a path, its class, where it came from."""


def with_facts(kind: type[D2FError], told: str) -> D2FError:
    """One of our own, all of whose facts are the same."""
    words = (each for text in (kind.hint.zh, kind.hint.en) for each in string.Formatter().parse(text))
    return kind(**{name: told for _, name, _, _ in words if name})


OURS = [
    kind
    for name in errors.__all__
    if isinstance(kind := getattr(errors, name), type)
    and issubclass(kind, D2FError)
    and kind.status >= 500
    and kind is not FeishuRefused
]
"""Every one that is not the fault of who asks, and that is not in Feishu's own words."""
FAULTS: dict[type[Exception], tuple[Any, D2FError]] = {
    RuntimeError: (http_problem(500), D2FError()),
    sqlite3.OperationalError: (problem(LibraryFault()), LibraryFault()),
    DataFolderUnusable: (
        problem(with_facts(DataFolderUnusable, "another")),
        with_facts(DataFolderUnusable, "another"),
    ),
}
"""What is answered in the clear, and the error that is answered sealed."""
DOOR = ("owner_session", "device", "secret")
"""What is asked of the library to see who comes; behind that it breaks."""
MANY = {
    "GET /",
    "GET /marks",
    "GET /audit",
    "GET /api/v1/overview",
    "GET /api/v1/marks",
    "PUT /api/v1/limits",
    "POST /api/v1/pairing",
}
"""Some that surely break."""


class Broken:
    """In the place of sqlite-utils' database: each statement fails, but those of the door."""

    def __init__(self, database: Any, fault: type[Exception]) -> None:
        self._database, self._fault = database, fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def execute(self, sql: str, values: Any = ()) -> Any:
        if not any(f"{word} {table}" in sql for word in ("FROM", "UPDATE") for table in DOOR):
            if issubclass(self._fault, D2FError):
                raise with_facts(self._fault, CANARY)
            raise self._fault(CANARY)
        return self._database.execute(sql, values)


@contextlib.contextmanager
def broken(started: Started, fault: type[Exception]) -> Generator[None]:
    inside = vars(started.gateway.store)
    whole = inside["_db"]
    inside["_db"] = Broken(whole, fault)
    try:
        yield
    finally:
        inside["_db"] = whole


@pytest.mark.parametrize("fault", FAULTS)
def test_every_route(standing: Started, attacks: Attacks, fault: type[Exception]) -> None:
    shown, said = FAULTS[fault], set[str]()
    with broken(standing, fault), Wire(standing.port) as wire:
        for name in ROWS:
            method, _, path = name.partition(" ")
            if method == SOCKET or path == "/api/v1/events":
                continue
            for kind in ("application/json", "text/html"):
                headers = standing.owner.headers | {"Accept": kind, "Content-Type": "application/json"}
                reply = wire.ask(method, at(path), headers, b'{"kind":"full","month":1,"covers":1}')
                told = html.unescape(reply.body.decode("utf-8", "replace"))
                attacks.held(not any(each in told for each in TRACES), name, kind, told[:300])
                if reply.status >= 500:
                    said.add(name)
                    plain = kind == "application/json"
                    fixed = (
                        told == msgspec.json.encode(shown[0]).decode() if plain else shown[0].hint.zh in told
                    )
                    attacks.held(fixed, name, kind, told[:300])
    assert said >= MANY, MANY - said


@cache
def _paired(started: Started) -> Extension:
    """Once: a gateway lets nobody pair all the time."""
    return started.pair()


@pytest.mark.parametrize("kind", OURS)
def test_every_error_of_ours(standing: Started, attacks: Attacks, kind: type[D2FError]) -> None:
    """Whatever its facts are, who asks reads the same; on the terminal they are told."""
    fixed = msgspec.to_builtins(problem(with_facts(kind, "another")))
    browser = _paired(standing)
    headers = standing.owner.headers | {"Accept": "text/html"}
    with broken(standing, kind):
        reply = standing.owner.call("GET", "/api/v1/overview")
        page = call(standing.origin, "GET", "/marks", headers=headers)
        sealed = browser.send("/api/v1/state", b'{"capture":"x"}')
    attacks.held((reply.status, reply.json()) == (kind.status, fixed), reply.body)
    shown = html.unescape(page.body.decode()).replace("<code>", "`").replace("</code>", "`")
    attacks.held(page.status == kind.status and fixed["hint"]["zh"] in shown, page.status, shown)
    attacks.held(sealed == (kind.status, fixed), sealed)
    told = [reply.body.decode(), shown, str(sealed)]
    attacks.held(not any(trace in each for trace in TRACES for each in told), told)
    names = {name for _, name, _, _ in string.Formatter().parse(kind.hint.en) if name}
    assert (CANARY in str(with_facts(kind, CANARY))) == bool(names)


def test_on_the_way_back_from_feishu(started: Started) -> None:
    """A page that anybody may ask for."""
    address = say(begin(started), "approve")
    fault = Fault("login.token", "drop_before", times=9)
    started.world.background.call(lambda: started.world.feishu.faults.append(fault))
    reply = follow(started, address)
    assert (reply.status, FeishuUnreachable.bare.zh in reply.body.decode()) == (502, True)
    assert "isconnected" not in reply.body.decode()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_sealed_route(standing: Started, attacks: Attacks, fault: type[Exception]) -> None:
    browser = standing.pair()
    said = {
        "/api/v1/captures": b'{"url":"https://movie.douban.com/","age":0,"trigger":"button"}\n<html></html>',
        "/api/v1/session": b'{"cookies":[{"name":"dbcl2","value":"1:x","domain":".douban.com","path":"/","secure":true,"http_only":true}]}',
        "/api/v1/state": b'{"capture":"x"}',
    }
    devices = {name.partition(" ")[2] for name, row in ROWS.items() if row.door == "device"}
    assert said.keys() == devices - {"/api/v1/pair"}, "a route without a message here"
    for path, plain in said.items():
        with broken(standing, fault):
            status, answer = browser.send(path, plain)
        fixed = msgspec.to_builtins(problem(FAULTS[fault][1]))
        attacks.held((status, answer) == (500, fixed), path, status, answer)


@pytest.mark.parametrize("fault", FAULTS)
def test_at_the_door(
    standing: Started, attacks: Attacks, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """Before it is known who asks."""
    browser = standing.pair()
    monkeypatch.setattr("tests.attack.test_fault_words.DOOR", ())
    with broken(standing, fault):
        told = {
            name: standing.owner.call("GET", name).body.decode()
            for name in ("/api/v1/overview", "/login?key=x", "/schema")
        }
        told["sealed"] = browser.post("/api/v1/state", browser.frame("/api/v1/state", b"{}")).body.decode()
        told["pairing"] = browser.post("/api/v1/pair", bytes(200)).body.decode()
    fixed = msgspec.json.encode(FAULTS[fault][0]).decode()
    for name, text in told.items():
        attacks.held(text == fixed, name, text[:300])
