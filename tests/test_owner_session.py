"""The owner's session: it goes on without being noticed, a copy of its cookies does not, and it can be ended."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import time_machine

from gateway.audit import Act
from gateway.owner_sessions import new_login_link
from gateway.visitor import OwnerVisitor, Reply, call
from tests.attack.routes import ROWS, at
from tests.attack.wire import Wire
from tests.sockets import Socket
from tests.support import Started, World, background
from tests.test_live import Stream

QUARTER = timedelta(minutes=16)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        yield World(beside, tmp_path / "data").start()


def later(by: timedelta) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + by, tick=True)


def another(started: Started) -> OwnerVisitor:
    """Who logs in in another browser."""
    gateway = started.gateway
    return OwnerVisitor(
        started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))
    )


def ask(owner: OwnerVisitor, started: Started, method: str, path: str, **headers: str) -> Reply:
    """With the cookies that they have, and no more."""
    return call(started.origin, method, path, headers=owner.headers | headers)


def acts(started: Started) -> list[Act]:
    return [entry.act for entry in started.world.background.call(lambda: started.gateway.audit.newest(1000))]


def renew(started: Started, refresh: str) -> Reply:
    headers = started.owner.headers | {"Cookie": f"d2f-refresh={refresh}"}
    return call(started.origin, "POST", "/renew", headers=headers)


def test_its_cookies_are_as_narrow_as_can_be(started: Started) -> None:
    owner = started.owner
    told = renew(started, owner.cookies["d2f-refresh"]).headers["set-cookie"].splitlines()
    kept = {line.partition("=")[0]: set(line.lower().split("; ")[1:]) for line in told}
    week = "max-age=604800"
    assert kept == {
        "d2f": {"httponly", "samesite=strict", "path=/", week},
        "d2f-refresh": {"httponly", "samesite=strict", "path=/renew", week},
    }


def test_only_hashes_are_kept(started: Started) -> None:
    renew(started, started.owner.cookies["d2f-refresh"])
    found = [file.read_bytes() for file in started.world.folder.iterdir()]
    assert any(b"owner_refresh" in content for content in found)
    for value in started.owner.cookies.values():
        assert not any(value.encode() in content for content in found)


def test_a_page_that_is_asked_for_later_comes_all_the_same(started: Started) -> None:
    """With the query that it had; nobody notices but the cookies."""
    owner = started.owner
    with later(QUARTER):
        first = ask(owner, started, "GET", "/marks?query=a%26b", Accept="text/html")
        assert (first.status, first.headers["location"]) == (303, "/renew?to=%2Fmarks%3Fquery%3Da%2526b")
        second = ask(owner, started, "GET", first.headers["location"], Accept="text/html")
        assert (second.status, second.headers["location"]) == (303, "/marks?query=a%26b")
        assert owner.call("GET", "/api/v1/overview").status == 200


@pytest.mark.parametrize("session", ["going on", "too old", "ended"])
def test_no_page_leads_in_a_circle(started: Started, session: str) -> None:
    """Through a renewal, if need be, to where the page, or what is wrong, is shown: once, and not from there again."""
    owner = started.owner
    by = {"going on": timedelta(), "too old": QUARTER, "ended": timedelta(days=8)}
    for number, row in enumerate(ROWS):
        method, _, path = row.partition(" ")
        if method != "GET":
            continue
        with later(by[session] + number * (QUARTER if session == "too old" else timedelta(minutes=1))):
            passed = follow(owner, started, at(path))
        assert len(passed) <= 4, passed
        assert len([each for each in passed if each.startswith("/renew")]) <= 1 + (path == "/renew"), passed


def test_who_is_logged_in_is_not_asked_for_the_passphrase_again(started: Started) -> None:
    """The address is in the browser's history."""
    assert follow(started.owner, started, "/login/passphrase") == ["/login/passphrase", "/"]
    with later(QUARTER):
        passed = follow(started.owner, started, "/login/passphrase")
        assert (len(passed), passed[-1]) == (4, "/")


def follow(owner: OwnerVisitor, started: Started, target: str) -> list[str]:
    """As a browser does when a person opens a page; returns where it was led, twenty times at most."""
    led = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    passed: list[str] = []
    with Wire(started.port) as wire:
        while len(passed) < 20:
            passed.append(target)
            headers = owner.headers | led | {"Accept": "text/html"}
            del headers["Origin"]
            reply = wire.ask("GET", target, headers)
            owner.keep(reply)
            if reply.status != 303:
                break
            target = reply.headers["location"]
    return passed


def test_for_as_long_as_it_is_used_within_a_week(started: Started) -> None:
    owner = started.owner
    for days in (6, 12, 18):
        with later(timedelta(days=days)):
            assert owner.call("GET", "/api/v1/overview").status == 200
    with later(timedelta(days=18 + 7, minutes=1)):
        assert owner.call("GET", "/api/v1/overview").status == 401
        assert another(started).call("GET", "/api/v1/overview").status == 200


@pytest.mark.parametrize("by", [timedelta(days=-400), timedelta(days=-1), timedelta(seconds=-5)])
def test_a_clock_that_is_set_back_locks_nobody_out(started: Started, by: timedelta) -> None:
    owner = started.owner
    with later(by):
        assert owner.call("GET", "/api/v1/overview").status == 200
        with later(by + QUARTER):
            assert owner.call("GET", "/api/v1/overview").status == 200


def test_a_clock_that_was_years_ahead_locks_nobody_out(started: Started) -> None:
    with later(timedelta(days=4000)):
        ahead = another(started)
    assert ahead.call("GET", "/api/v1/overview").status == 200
    assert another(started).call("GET", "/api/v1/overview").status == 200


def test_a_spent_cookie_ends_the_session_for_both(started: Started) -> None:
    """Whoever of the two comes second: a thief, or the owner after one."""
    owner, other = started.owner, another(started)
    stolen = owner.cookies["d2f-refresh"]
    with later(QUARTER):
        assert owner.call("GET", "/api/v1/overview").status == 200
    with later(2 * QUARTER), Socket(started, Cookie=owner.cookie) as refused:
        assert refused.status == 403, "its token is too old"
        assert owner.call("GET", "/api/v1/overview").status == 200
        with Socket(started, Cookie=owner.cookie) as heard:
            assert heard.status == 101
            reply = renew(started, stolen)
            assert (reply.status, reply.json()["code"]) == (401, "session_reused")
            assert heard.until_closed() == 4401
        assert ask(owner, started, "GET", "/api/v1/overview").status == 401
        assert renew(started, owner.cookies["d2f-refresh"]).status == 401
        assert other.call("GET", "/api/v1/overview").status == 200
        assert acts(started).count(Act.SESSION_REUSED) == 1


def test_two_tabs_at_once_are_no_theft(started: Started) -> None:
    """The second is given what the first was given, for a while, and only as long as that was not used."""
    first = started.owner.cookies["d2f-refresh"]

    def given(reply: Reply) -> str:
        assert reply.status == 200, reply.body
        return reply.headers["set-cookie"].partition("d2f-refresh=")[2].partition(";")[0]

    successor = given(renew(started, first))
    assert given(renew(started, first)) == successor != first
    with later(timedelta(seconds=15)):
        assert given(renew(started, first)) == successor
        assert given(renew(started, successor)) not in {first, successor}
        assert renew(started, first).json()["code"] == "session_reused"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_was_renewed_is_not_renewed_again(started: Started, method: str) -> None:
    """Of many that wake at once, one hears that its token is too old when the browser has another already.

    What still waits for a connection, with the cookie from before, would come too late if it spent the new one.
    """
    owner = started.owner
    with later(QUARTER):
        waits = owner.cookies["d2f-refresh"]
        assert owner.call("GET", "/api/v1/overview").status == 200
        again = ask(owner, started, method, "/renew")
        assert (again.status, again.headers.get("set-cookie")) == (200 if method == "POST" else 303, None)
        assert renew(started, waits).status == 200
        owner.cookies["d2f-refresh"] = waits
        again = ask(owner, started, method, "/renew")
        assert (again.status, again.headers.get("set-cookie")) == (200 if method == "POST" else 303, None)
        assert owner.call("GET", "/api/v1/overview").status == 200
    assert Act.SESSION_REUSED not in acts(started)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_spent_cookie_is_noticed_beside_one_that_is_good(started: Started, method: str) -> None:
    """Past its time, or once its successor was spent: somebody has a copy, whatever else they have."""
    for by in (timedelta(seconds=30), timedelta()):
        owner = started.owner = another(started)
        spent = owner.cookies["d2f-refresh"]
        with later(QUARTER):
            assert owner.call("GET", "/api/v1/overview").status == 200
            if not by:
                assert renew(started, owner.cookies["d2f-refresh"]).status == 200
        with later(QUARTER + by):
            owner.cookies["d2f-refresh"] = spent
            reply = ask(owner, started, method, "/renew")
            assert (reply.status, reply.json()["code"]) == (401, "session_reused")
            assert ask(owner, started, "GET", "/api/v1/overview").status == 401
    assert acts(started).count(Act.SESSION_REUSED) == 2


def test_the_same_a_while_later_is_one(started: Started) -> None:
    first = started.owner.cookies["d2f-refresh"]
    assert renew(started, first).status == 200
    with later(timedelta(seconds=30)):
        assert renew(started, first).json()["code"] == "session_reused"


@pytest.mark.parametrize("cookie", ["", "guess", "x" * 4000])
def test_what_is_no_cookie_of_ours_renews_nothing(started: Started, cookie: str) -> None:
    assert renew(started, cookie).json()["code"] == "not_logged_in"
    assert started.owner.call("GET", "/api/v1/overview").status == 200


@pytest.mark.parametrize("cookie", ["guess", "x" * 4000])
def test_neither_does_it_beside_one_that_is_good(started: Started, cookie: str) -> None:
    started.owner.cookies["d2f-refresh"] = cookie
    assert ask(started.owner, started, "POST", "/renew").json()["code"] == "not_logged_in"
    assert started.owner.call("GET", "/api/v1/overview").status == 200


@pytest.mark.parametrize(
    "to", ["//evil.test", "/\\evil.test", "https://evil.test", "javascript:alert(1)", "/\t/evil.test", ""]
)
def test_a_renewal_leads_nowhere_else(started: Started, to: str) -> None:
    reply = ask(started.owner, started, "GET", f"/renew?to={quote(to, safe='')}")
    assert (reply.status, reply.headers["location"]) == (303, "/")


def test_another_page_cannot_renew_nor_log_out(started: Started) -> None:
    owner = started.owner
    for path in ("/renew", "/logout", "/logout/everywhere"):
        for origin in ("http://evil.test", "null", f"http://127.0.0.1:{started.port}"):
            assert ask(owner, started, "POST", path, Origin=origin).status == 403
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for path in ("/renew", "/login?key=x", "/", "/api/v1/overview"):
        assert ask(owner, started, "GET", path, **foreign).json()["code"] == "wrong_origin"
    framed = foreign | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert ask(owner, started, "GET", "/", **framed).status == 403
    assert owner.call("GET", "/api/v1/overview").status == 200


def test_what_listens_ends_with_its_token_and_begins_again(started: Started) -> None:
    owner = started.owner
    with (
        later(QUARTER),
        closing(Stream(started, _renewed(owner))) as stream,
        Socket(started, Cookie=owner.cookie) as socket,
    ):
        assert stream.event()["type"] == socket.event()["type"] == "pushed"


def _renewed(owner: OwnerVisitor) -> str:
    assert owner.call("GET", "/api/v1/overview").status == 200
    return owner.cookie


def test_logging_out_ends_this_session_alone(started: Started) -> None:
    owner, other = started.owner, another(started)
    reply = other.call("POST", "/logout")
    assert reply.status == 200
    assert reply.headers["set-cookie"].count("Max-Age=0") == 2
    assert other.call("GET", "/api/v1/overview").status == 401
    assert owner.call("GET", "/api/v1/overview").status == 200
    assert acts(started)[0] is Act.LOGGED_OUT


def test_logging_out_everywhere_ends_all(started: Started) -> None:
    """Also what still listens; a copy of any of the cookies is good for nothing."""
    owner, other = started.owner, another(started)
    copies = [(each.cookie, each.cookies["d2f-refresh"]) for each in (owner, other)]
    with Socket(started, Cookie=other.cookie) as listens:
        assert owner.call("POST", "/logout/everywhere").status == 200
        assert listens.until_closed() == 4401
    for access, refresh in copies:
        headers = owner.headers | {"Cookie": access}
        assert call(started.origin, "GET", "/api/v1/overview", headers=headers).status == 401
        assert renew(started, refresh).status == 401
    assert another(started).call("GET", "/api/v1/overview").status == 200
    assert acts(started)[:2] == [Act.LOGGED_IN, Act.LOGGED_OUT_EVERYWHERE]


def test_cookies_outlive_the_gateway(started: Started) -> None:
    owner, port = started.owner, started.port
    started.stop()
    again = started.world.start(port)
    assert owner.call("GET", "/api/v1/overview").status == 200
    with later(QUARTER):
        assert owner.call("GET", "/api/v1/overview").status == 200
    again.stop()


@pytest.mark.parametrize("token", ["", "x", "0" * 128, None])
def test_a_change_needs_the_token_of_a_page(started: Started, token: str | None) -> None:
    """Even from the dashboard's own origin, with all cookies."""
    owner = started.owner
    headers: dict[str, Any] = owner.headers
    del headers["X-CSRFToken"]
    if token is not None:
        headers["X-CSRFToken"] = token
    for method, path in (
        ("POST", "/api/v1/pairing"),
        ("PUT", "/api/v1/limits"),
        ("POST", "/logout"),
        ("DELETE", "/api/v1/devices/x"),
    ):
        reply = call(started.origin, method, path, headers=headers)
        assert (reply.status, reply.json()["code"]) == (403, "stale_page"), path
        assert reply.headers["content-type"] == "application/problem+json"
    assert owner.call("POST", "/api/v1/pairing").status == 201
    assert another(started).call("POST", "/api/v1/pairing").status == 201


def test_a_token_of_another_browser_is_none_of_this_one(started: Started) -> None:
    headers = started.owner.headers | {"X-CSRFToken": another(started).cookies["d2f-csrf"]}
    assert call(started.origin, "POST", "/api/v1/pairing", headers=headers).json()["code"] == "stale_page"


def test_devices_need_no_token_of_a_page(started: Started) -> None:
    browser = started.pair()
    assert browser.send("/api/v1/state", msgspec.json.encode({}))[0] == 200
    reply = call(started.origin, "GET", "/health", headers={"Host": started.gateway.settings.device_host})
    assert "set-cookie" not in reply.headers
