"""The dashboard's passphrase: asked for after the link, slow to guess, and the owner of the machine is never locked out."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine

from gateway.audit import Act
from gateway.owner_sessions import new_login_link
from gateway.visitor import OwnerVisitor, Reply, call
from tests.support import Started, World, background
from tests.test_cli import d2f

PHRASE = "correct horse · 电池"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        yield World(beside, tmp_path / "data").start()


def put(started: Started, passphrase: str, current: str = "") -> Reply:
    return started.owner.call("POST", "/api/v1/passphrase", {"passphrase": passphrase, "current": current})


def link(started: Started) -> str:
    gateway = started.gateway
    made = started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))
    return "/" + made.removeprefix(gateway.settings.dashboard)


def acts(started: Started) -> list[Act]:
    return [entry.act for entry in started.world.background.call(lambda: started.gateway.audit.newest(1000))]


class Visitor:
    """A browser without a session."""

    def __init__(self, started: Started, path: str) -> None:
        self.started = started
        self.cookies: dict[str, str] = {}
        self.reply = self.ask("GET", path)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Reply:
        settings = self.started.gateway.settings
        sent = {
            "Host": settings.dashboard_host,
            "Origin": settings.dashboard.rstrip("/"),
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        } | headers
        reply = call(self.started.origin, method, path, headers=sent, body=body.encode() if body else None)
        for line in reply.headers.get("set-cookie", "").splitlines():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def tell(self, passphrase: str) -> Reply:
        token = self.cookies.get("d2f-csrf", "")
        return self.ask("POST", "/login/passphrase", f"_csrf_token={token}&passphrase={quote(passphrase)}")

    @property
    def is_in(self) -> bool:
        return self.ask("GET", "/api/v1/overview", Accept="application/json").status == 200


def test_the_link_alone_is_not_enough(started: Started) -> None:
    assert put(started, PHRASE).json() == {"is_set": True}
    spent = link(started)
    visitor = Visitor(started, spent)
    assert (visitor.reply.status, visitor.reply.headers["location"]) == (303, "/login/passphrase")
    assert visitor.cookies.keys() == {"d2f-ticket", "d2f-csrf"}
    page = visitor.ask("GET", "/login/passphrase", **{"Accept-Language": "en"})
    assert (page.status, "Your passphrase, please" in page.body.decode()) == (200, True)
    assert not visitor.is_in
    wrong = visitor.tell("correct horse")
    assert (wrong.status, "d2f passphrase remove" in wrong.body.decode()) == (403, True)
    assert not visitor.is_in
    done = visitor.tell(PHRASE)
    assert (done.status, done.headers["location"]) == (303, "/")
    assert visitor.is_in
    assert Visitor(started, spent).reply.status == 403, "a link is for once, as ever"
    assert acts(started)[:4] == [Act.LOG_IN_FAILED, Act.LOGGED_IN, Act.PASSPHRASE_FAILED, Act.PASSPHRASE_SET]


def test_the_ticket_is_for_once_and_not_for_long(started: Started) -> None:
    assert put(started, PHRASE).status == 200
    used, late = Visitor(started, link(started)), Visitor(started, link(started))
    for each in (used, late):
        assert each.ask("GET", "/login/passphrase").status == 200
    ticket = used.cookies["d2f-ticket"]
    assert used.tell(PHRASE).status == 303
    used.cookies["d2f-ticket"] = ticket
    assert used.tell(PHRASE).status == 403
    assert used.ask("GET", f"/login?key={ticket}").status == 403, "it is no link"
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        assert late.tell(PHRASE).status == 403
    assert not late.is_in
    without = Visitor(started, "/health")
    assert without.ask("GET", "/login/passphrase").status == 401
    assert without.tell(PHRASE).status == 403
    assert not without.is_in


def test_the_form_is_for_our_page_alone(started: Started) -> None:
    assert put(started, PHRASE).status == 200
    visitor = Visitor(started, link(started))
    body = f"passphrase={quote(PHRASE)}"
    assert visitor.ask("POST", "/login/passphrase", body).status == 403
    for origin in ("null", "http://evil.test"):
        forged = f"_csrf_token={visitor.cookies['d2f-csrf']}&{body}"
        assert visitor.ask("POST", "/login/passphrase", forged, Origin=origin).status == 403
    assert not visitor.is_in
    assert visitor.ask("GET", "/login/passphrase").headers["referrer-policy"] == "same-origin", (
        "else no origin is sent"
    )


def test_guesses_become_slow_and_the_owner_is_soon_back(started: Started) -> None:
    assert put(started, PHRASE).status == 200
    visitor = Visitor(started, link(started))
    begun = datetime.now(UTC)
    waits: list[int] = []
    at = 0
    for _ in range(14):
        with time_machine.travel(begun + timedelta(seconds=at), tick=False):
            visitor = Visitor(started, link(started))  # another ticket is no way round it
            reply = visitor.tell("guess")
            if reply.status == 429:
                waits.append(int(reply.headers["retry-after"]))
                at += waits[-1]
                assert Visitor(started, link(started)).tell(PHRASE).status == 429, "not looked at"
        with time_machine.travel(begun + timedelta(seconds=at), tick=False):
            assert visitor.tell("guess").status in {403, 429}
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2, 300)
    with time_machine.travel(begun + timedelta(seconds=at + 300), tick=False):
        assert Visitor(started, link(started)).tell(PHRASE).status == 303
        assert Visitor(started, link(started)).tell("a slip").status == 403, "free again"
    failed = started.owner.call("GET", "/api/v1/audit").json()
    assert sum(entry["times"] for entry in failed if entry["act"] == Act.PASSPHRASE_FAILED) > 10


def test_a_clock_set_back_makes_nobody_wait_for_ever(started: Started) -> None:
    assert put(started, PHRASE).status == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=4000), tick=True):
        visitor = Visitor(started, link(started))
        for _ in range(3):
            assert visitor.tell("guess").status == 403
    visitor = Visitor(started, link(started))
    assert visitor.tell(PHRASE).headers["retry-after"] == "2"
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=3), tick=True):
        assert visitor.tell(PHRASE).status == 303


def test_setting_it_ends_what_was_begun_without_it(started: Started) -> None:
    gateway = started.gateway
    other = OwnerVisitor(
        started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))
    )
    assert put(started, PHRASE).status == 200
    assert other.call("GET", "/api/v1/overview").status == 401
    assert started.owner.call("GET", "/api/v1/overview").status == 200


def test_a_change_needs_the_one_of_now(started: Started) -> None:
    assert put(started, "short").json()["code"] == "passphrase_too_short"
    assert put(started, PHRASE).status == 200
    for new in ("another passphrase", ""):
        assert put(started, new).json()["code"] == "wrong_passphrase"
    assert put(started, "another passphrase", PHRASE).status == 200
    wrong = put(started, "", PHRASE)
    assert wrong.status == 403
    assert put(started, "", "another passphrase").json() == {"is_set": False}
    assert Visitor(started, link(started)).is_in
    told = [act for act in acts(started) if act is not Act.LOGGED_IN]
    assert told == [
        Act.PASSPHRASE_REMOVED,
        Act.PASSPHRASE_FAILED,
        Act.PASSPHRASE_CHANGED,
        Act.PASSPHRASE_SET,
    ]


def test_it_is_kept_as_a_hash(started: Started) -> None:
    assert put(started, PHRASE).status == 200
    for file in started.world.folder.iterdir():
        assert PHRASE.encode() not in file.read_bytes()


def test_the_command_line_sets_and_removes_it(started: Started) -> None:
    folder, port = started.world.folder, str(started.port)
    assert "没有口令" in d2f(folder, "passphrase").stdout
    short = d2f(folder, "passphrase", "set", D2F_NEW_PASSPHRASE="short")
    assert (short.returncode, "8" in short.stderr) == (1, True)
    assert d2f(folder, "passphrase", "set", D2F_NEW_PASSPHRASE=PHRASE).returncode == 0
    assert started.owner.call("GET", "/api/v1/overview").status == 401
    visitor = Visitor(started, link(started))
    assert not visitor.is_in
    assert visitor.tell(PHRASE).status == 303
    assert "还没有连接" in d2f(folder, "sync", D2F_PORT=port).stdout, (
        "it has the data folder: it is not asked"
    )
    assert "没有口令" in d2f(folder, "passphrase", "remove").stdout
    assert Visitor(started, link(started)).is_in
    told = d2f(folder, "audit").stdout
    assert "设置了控制台的口令 The dashboard's passphrase was set · d2f" in told
    assert "去掉了控制台的口令" in told.splitlines()[1]
    assert PHRASE not in told


def test_a_guess_costs_what_it_should(started: Started) -> None:
    """RFC 9106's second choice: 64 MiB, three passes, four lanes."""
    assert put(started, PHRASE).status == 200
    kept = started.world.background.call(lambda: started.gateway.store.setting("passphrase", dict[str, Any]))
    assert kept
    cost = kept["cost"]
    assert (cost["memory"], cost["passes"], cost["lanes"]) == (64 * 1024, 3, 4)
    assert len(base64.b64decode(cost["salt"])) == 16
