"""Whatever breaks behind a route, and on whichever: who asks reads fixed words, and nothing of what broke."""

import contextlib
import html
import sqlite3
from collections.abc import Generator
from typing import Any

import msgspec
import pytest

from gateway.errors import D2FError, LibraryFault
from gateway.problems import http_problem, problem
from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS, SOCKET, at
from tests.attack.wire import Wire
from tests.support import Started

CANARY = "no such table: canary_of_the_fault in /home/somebody/d2f.db"
TRACES = ("canary", "somebody", "Traceback", "RuntimeError", "OperationalError", "sqlite3", ".py")
"""What would be of the exception: its words, a path, its class, where it came from."""
FAULTS: dict[type[Exception], tuple[Any, D2FError]] = {
    RuntimeError: (http_problem(500), D2FError()),
    sqlite3.OperationalError: (problem(LibraryFault()), LibraryFault()),
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
