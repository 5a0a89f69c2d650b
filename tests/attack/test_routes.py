"""Every route × credential × Host × Origin, against the running gateway: each is answered as the table says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from litestar import Litestar
from litestar.routes import HTTPRoute, WebSocketRoute
from litestar.security.jwt import Token

from gateway.app import Gateway
from gateway.security import Guard, Owner
from gateway.settings import Settings
from gateway.visitor import Extension
from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS, SOCKET, Row, at
from tests.attack.wire import Wire
from tests.support import World, background

NONE = "none"
HOSTS = ("dashboard", "device", "foreign", NONE)
ORIGINS = ("dashboard", "extension", "foreign", "null", NONE)
OURS = ("GET", "HEAD", "POST", "PUT", "DELETE")
OTHERS = ("PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")
PATHS = [*sorted({name.partition(" ")[2] for name in ROWS}), "/nowhere"]
DEVICE_PATHS = {name.partition(" ")[2] for name, row in ROWS.items() if row.door == "device"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Case(msgspec.Struct, frozen=True):
    """One request, as the table knows it."""

    method: str
    path: str
    credential: str
    host: str
    origin: str


class Target:
    """A gateway that the whole module attacks, and everything that one could have of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.started = world.start()
        self.minutes = 0
        self.device, self.revoked = self.started.pair(), self.started.pair()
        assert self.started.owner.call("DELETE", f"/api/v1/devices/{self.revoked.device}").status == 204
        settings = self.started.gateway.settings
        self.hosts = {
            "dashboard": settings.dashboard_host,
            "device": settings.device_host,
            "foreign": f"evil.test:{settings.port}",
        }
        self.origins = {
            "dashboard": settings.dashboard.rstrip("/"),
            "extension": self.device.origin,
            "foreign": "http://evil.test",
            "null": "null",
        }

    def another_minute(self) -> time_machine.travel:
        """So that no case meets the limits of the minute before: those have tests of their own."""
        self.minutes += 1
        return time_machine.travel(datetime.now(UTC) + timedelta(seconds=61 * self.minutes), tick=True)

    def sessions(self) -> dict[str, str]:
        """The access cookie by credential, as of now."""
        return self.world.background.call(self._sessions)

    def _sessions(self) -> dict[str, str]:
        sessions = self.started.gateway.owner_sessions
        going, ended = sessions.begin("attack").session, sessions.begin("attack").session
        sessions.end(ended)
        key, later = sessions.key("access"), datetime.now(UTC) + timedelta(minutes=60)

        def token(session: str, until: datetime, key: str) -> str:
            return Token(sub=Owner().name, exp=until, jti=session).encode(key, "HS256")

        good = token(going, later, key)
        _, claims, signature = good.split(".")
        with time_machine.travel(datetime.now(UTC) - timedelta(days=1)):
            expired = token(going, datetime.now(UTC) + timedelta(minutes=15), key)
        unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
        return {
            "owner": good,
            "no page": good,
            "expired": expired,
            "wrong signature": token(going, later, sessions.key("csrf")),
            "alg none": f"{unsigned}.{claims}.",
            "alg none, signed": f"{unsigned}.{claims}.{signature}",
            "revoked": token(ended, later, key),
        }

    def request(self, case: Case, cookies: dict[str, str]) -> tuple[dict[str, str], bytes]:
        """Headers and body."""
        headers = {"Accept": "*/*"} | (UPGRADE if case.method == SOCKET else {})
        if case.host != NONE:
            headers["Host"] = self.hosts[case.host]
        if case.origin != NONE:
            headers["Origin"] = self.origins[case.origin]
        if cookie := cookies.get(case.credential):
            csrf = self.started.owner.cookies["d2f-csrf"]
            headers["Cookie"] = f"d2f={cookie}; d2f-csrf={csrf}"
            if case.credential != "no page":
                headers["X-CSRFToken"] = csrf
        by: dict[str, Extension] = {"device": self.device, "revoked device": self.revoked}
        sender = by.get(case.credential)
        if sender is not None and case.method not in {SOCKET, "CONNECT"}:  # which have no body
            return headers, sender.frame(at(case.path), b"")
        return headers, b""

    def kept(self) -> dict[str, list[Any]]:
        """All that the library holds but the audit trail, in which failed tries are noted."""

        def read() -> dict[str, list[Any]]:
            store = self.started.gateway.store
            tables = store.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
            return {
                name: list(store.rows(f"SELECT * FROM [{name}]")) for (name,) in tables if name != "audit"
            }

        return self.world.background.call(read)


CREDENTIALS = (
    NONE,
    "device",
    "owner",
    "no page",
    "expired",
    "wrong signature",
    "alg none",
    "alg none, signed",
    "revoked",
    "revoked device",
)


WITHOUT_PAGE = {NONE, "device", "revoked device", "no page"}
"""Without the token that only pages of ours are told."""


def expected(case: Case) -> int:
    """What the table of threats says. The order is that of the doors: method, name, origin, person, page."""
    row = ROWS.get(f"{case.method} {case.path}")
    if case.method in OTHERS:
        return 405
    if row and row.door == "device":
        return 421 if case.host != "device" else _of_device(row, case)
    everywhere = any(each.everywhere for name, each in ROWS.items() if name.endswith(f" {case.path}"))
    if case.host != "dashboard" and not (everywhere and case.host == "device"):
        return 421
    reads = case.method in {"GET", "HEAD"}
    if case.host == "dashboard" and case.origin != "dashboard" and not (reads and case.origin == NONE):
        return 403
    return _inside(row, case) if row else _nothing_there(case)


def _of_device(row: Row, case: Case) -> int:
    if case.origin != "extension":
        return 403
    if case.path == "/api/v1/pair" or case.credential == "device":
        return row.status
    return 401 if case.credential == "revoked device" else 400


def _inside(row: Row, case: Case) -> int:
    if row.door == "owner" and case.credential not in {"owner", "no page"}:
        return 403 if case.method == SOCKET else 401
    if row.owner is not None and case.credential in {"owner", "no page"}:
        return row.owner
    changes = case.method in {"POST", "PUT", "DELETE"} and case.path != "/renew"
    return 403 if changes and case.credential in WITHOUT_PAGE else row.status


def _nothing_there(case: Case) -> int:
    return 404 if case.path == "/nowhere" else 405


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with background() as beside:
        yield Target(World(beside, tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def wire(target: Target) -> Iterator[Wire]:
    with Wire(target.started.port) as line:
        yield line


def app_routes(folder: Path) -> set[str]:
    gateway = Gateway(Settings(port=1, data=folder))
    guard = gateway.app()
    gateway.store.close()
    assert isinstance(guard, Guard)
    assert isinstance(guard.app, Litestar)
    found = {
        f"{method} {route.path}"
        for route in guard.app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
    }
    sockets = {f"{SOCKET} {route.path}" for route in guard.app.routes if isinstance(route, WebSocketRoute)}
    return {name for name in found | sockets if not name.startswith("OPTIONS ")}  # Litestar's own, for all


def test_every_route_has_a_row(tmp_path: Path) -> None:
    assert app_routes(tmp_path) == set(ROWS)


def tried(target: Target, wire: Wire, attacks: Attacks, cases: list[Case], cookies: dict[str, str]) -> None:
    """What is not for the one who asks changes nothing; no answer of any kind is for another site to read."""
    before = target.kept()
    for case in sorted(cases, key=_passes):
        if _passes(case) and before:
            assert target.kept() == before, "refused, and all the same something was changed"
            before = {}
        headers, body = target.request(case, cookies)
        method = "GET" if case.method == SOCKET else case.method
        reply = wire.ask(method, at(case.path), headers, body)
        guarded = case.method == SOCKET or _is_guarded(reply.headers)
        attacks.held(reply.status == expected(case) and guarded, case, reply, "expected", expected(case))
    if before:
        assert target.kept() == before


def _passes(case: Case) -> bool:
    """Whether it may change something."""
    row = ROWS.get(f"{case.method} {case.path}")
    return row is not None and expected(case) == row.status


def _is_guarded(headers: dict[str, str]) -> bool:
    return (
        {name: headers.get(name) for name in ALWAYS} == ALWAYS
        and "frame-ancestors 'none'" in headers.get("content-security-policy", "")
        and not any(name.startswith("access-control-") for name in headers)
    )


@pytest.mark.parametrize("name", ROWS)
def test_route(target: Target, wire: Wire, attacks: Attacks, name: str) -> None:
    method, _, path = name.partition(" ")
    for credential in CREDENTIALS:
        with target.another_minute():
            cookies = target.sessions()
            cases = [Case(method, path, credential, host, origin) for host in HOSTS for origin in ORIGINS]
            tried(target, wire, attacks, cases, cookies)


@pytest.mark.parametrize("method", [*OURS, *OTHERS])
def test_a_method_that_a_route_does_not_have(
    target: Target, wire: Wire, attacks: Attacks, method: str
) -> None:
    with target.another_minute():
        cookies = target.sessions()
        cases = [
            Case(method, path, credential, host, origin)
            for path in PATHS
            if f"{method} {path}" not in ROWS and f"{SOCKET} {path}" not in ROWS
            for credential in ("device", "owner")
            for host in ("dashboard", "device", "foreign")
            for origin in ("dashboard", "foreign")
        ]
        tried(target, wire, attacks, cases, cookies)
