"""Who asks too often is told when to come again; who says nothing, or too much, is let go. An honest browser meets none of it."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway import devices, line, seal
from gateway.visitor import Extension, Reply, call
from tests.support import Started, World, background


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        yield World(beside, tmp_path / "data").start()


def post(started: Started, path: str, origin: str) -> Reply:
    headers = {"Host": started.gateway.settings.device_host, "Origin": origin}
    return call(started.origin, "POST", path, headers=headers, body=b"x" * 100)


def is_told_when(reply: Reply) -> bool:
    assert (reply.status, reply.json()["code"]) == (429, "too_many_tries")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["retry-after"] in reply.json()["hint"]["en"]
    return 0 < int(reply.headers["retry-after"]) <= 60


def test_log_in(started: Started) -> None:
    for _ in range(29):  # the thirtieth: their own
        assert started.owner.call("GET", "/login?key=guess").status == 403
    assert is_told_when(started.owner.call("GET", "/login?key=guess"))
    page = call(
        started.origin, "GET", "/login?key=x", headers=started.owner.headers | {"Accept": "text/html"}
    )
    assert (page.status, "retry-after" in page.headers) == (429, True)
    assert started.owner.call("GET", "/api/v1/overview").status == 200
    assert started.owner.call("POST", "/renew").status == 200


def test_a_page_of_the_web_uses_up_nobodys_share(started: Started) -> None:
    """Neither that of who pairs, nor that of who is paired: it is not let in."""
    paired = started.pair()
    for path, most in (("/api/v1/pair", 30), ("/api/v1/captures", 120)):
        for _ in range(most + 1):
            assert post(started, path, "https://evil.test").status == 403
    assert paired.send("/api/v1/state", b"{}")[0] == 200
    assert started.pair().send("/api/v1/state", b"{}")[0] == 200


def test_another_extension_meets_the_limit_too(started: Started) -> None:
    for _ in range(30):
        assert post(started, "/api/v1/pair", "chrome-extension://evil").status == 403
    assert is_told_when(post(started, "/api/v1/pair", "chrome-extension://evil"))


def test_a_browser_gone_mad_is_told_sealed_and_its_page_is_taken_later(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    mad, other = started.pair(), started.pair()
    world = started.world
    monkeypatch.setattr(devices, "_MOST", 3)
    url = f"https://music.douban.com/people/{world.person.id}/collect"
    page = world.visitor.open(url).body
    answers = [mad.send("/api/v1/state", b"{}") for _ in range(7)]  # of two minutes at most
    assert 429 in {status for status, _ in answers}
    refused = next(answer for status, answer in answers if status == 429)
    assert (refused["code"], refused["status"]) == ("too_many_tries", 429)
    assert other.send("/api/v1/state", b"{}")[0] == 200
    monkeypatch.undo()
    assert mad.capture(url, page)[0] == 200


def test_a_full_sync_by_the_extension_is_far_below(started: Started) -> None:
    """All 200 pages that may wait there, one right after the other."""
    browser = started.pair()
    assert {browser.send("/api/v1/state", msgspec.json.encode({}))[0] for _ in range(220)} == {200}


# --- the connection itself


def connect(started: Started) -> socket.socket:
    return socket.create_connection(("127.0.0.1", started.port), timeout=60)


def everything(connection: socket.socket) -> bytes:
    """Until the gateway closes it."""
    told = b""
    try:
        while more := connection.recv(65536):
            told += more
    except ConnectionResetError:
        pass
    return told


HEAD = "POST /health HTTP/1.1\r\nHost: {host}\r\n"


@pytest.mark.parametrize("sent", ["", "G", "GET /health HTTP/1.1\r\nHost: x\r\nX-A"])
def test_who_does_not_say_what_they_want_is_let_go(
    started: Started, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    monkeypatch.setattr(line, "HEAD", 0.2)
    with connect(started) as connection:
        connection.sendall(sent.encode())
        assert everything(connection) == b""


def test_a_byte_now_and_then_does_not_help(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "HEAD", 0.5)
    with connect(started) as connection:
        connection.settimeout(0.05)
        connection.sendall(b"GET /health HTTP/1.1\r\nX-A: ")
        assert any(is_let_go(connection) for _ in range(1000))


def is_let_go(connection: socket.socket) -> bool:
    """Says one byte more; waits a moment."""
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except (ConnectionResetError, BrokenPipeError):
        return True


def test_a_body_that_does_not_come_is_not_waited_for(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "BODY", 0.2)
    host = started.gateway.settings.device_host
    with connect(started) as connection:
        head = f"POST /api/v1/captures HTTP/1.1\r\nHost: {host}\r\nOrigin: chrome-extension://x\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode())
        assert everything(connection) == b""


@pytest.mark.parametrize(
    ("path", "origin", "begun", "told"),
    [
        ("/api/v1/captures", "https://evil.test", b"", b" 403 "),
        ("/api/v1/pair", "https://evil.test", b"", b" 403 "),
        ("/api/v1/pair", "chrome-extension://x", b"", b" 413 "),
        ("/api/v1/captures", "chrome-extension://x", bytes(53), b" 400 "),
        ("/api/v1/captures", "chrome-extension://x", b"\x01" + bytes(52), b" 401 "),
    ],
    ids=["a page of the web", "one that would pair", "much to pair with", "no message", "of nobody"],
)
def test_who_is_nobody_of_ours_is_told_before_the_body_comes(
    started: Started, path: str, origin: str, begun: bytes, told: bytes
) -> None:
    """Of which nothing is kept, therefore."""
    host = started.gateway.settings.device_host
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: 8000000\r\n\r\n"
    with connect(started) as connection:
        connection.sendall(head.encode() + begun)
        assert told in connection.recv(65536).split(b"\r\n")[0]


@pytest.fixture
def begun(started: Started) -> Iterator[tuple[Extension, list[socket.socket], bytes]]:
    """Two large messages of one browser, that lack a byte; and one of them, whole."""
    browser = started.pair()
    frame = browser.frame("/api/v1/captures", bytes(seal.MOST_BYTES - 69))
    head = f"POST /api/v1/captures HTTP/1.1\r\nHost: {started.gateway.settings.device_host}\r\nOrigin: {browser.origin}\r\nContent-Length: {seal.MOST_BYTES}\r\n\r\n"
    lines = [connect(started) for _ in range(2)]
    for each in lines:
        each.sendall(head.encode() + frame[:-1])
    yield browser, lines, frame
    for each in lines:
        each.close()


def test_what_is_begun_in_the_name_of_a_browser_holds_up_no_other(
    started: Started, begun: tuple[Extension, list[socket.socket], bytes]
) -> None:
    """Its head can be overheard, where another program had the port once. Who is it hears, sealed, when to try again."""
    browser, lines, _ = begun
    told = until(browser, 429)
    assert (told["code"], "30 s" in told["hint"]["en"]) == ("too_many_tries", True)
    assert started.pair().send("/api/v1/state", b"{}")[0] == 200
    for each in lines:
        each.close()
    until(browser, 200)


def test_a_browser_that_is_revoked_while_its_message_comes_is_one(
    started: Started, begun: tuple[Extension, list[socket.socket], bytes]
) -> None:
    browser, lines, frame = begun
    until(browser, 429)
    assert started.owner.call("DELETE", f"/api/v1/devices/{browser.device}").status == 204
    lines[0].sendall(frame[-1:])
    assert b" 401 " in lines[0].recv(65536).split(b"\r\n")[0]
    assert started.captures() == []


def until(browser: Extension, status: int) -> Any:
    """Asks until that is the answer."""
    answers = (browser.send("/api/v1/state", b"{}") for _ in range(1000))
    return next(told for answered, told in answers if answered == status)


def test_the_second_request_of_a_connection_is_waited_for_no_longer(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = started.gateway.settings.device_host
    with connect(started) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        told = b""
        while not told.endswith(b"}"):
            told += connection.recv(65536)
        assert told.startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(line, "HEAD", 0.2)
        connection.sendall(b"GET /health HTTP/1.1\r\nX-A: ")
        assert everything(connection) == b""


@pytest.mark.parametrize(
    "headers",
    [
        "".join(f"X-{number}: y\r\n" for number in range(10_000)),
        f"X-A: {'y' * 200_000}\r\n",
        f"{'X' * 200_000}: y\r\n",
        "".join(f"X-{number}: {'y' * 1000}\r\n" for number in range(90)),
    ],
    ids=["many", "long", "long name", "large"],
)
def test_too_many_headers(started: Started, headers: str) -> None:
    host = started.gateway.settings.device_host
    with connect(started) as connection:
        try:
            connection.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())
        except (ConnectionResetError, BrokenPipeError):
            return
        assert everything(connection).split(b"\r\n")[0] in {
            b"",
            b"HTTP/1.1 431 Request Header Fields Too Large",
        }
    assert started.owner.call("GET", "/api/v1/overview").status == 200


@pytest.mark.parametrize("begun", [b"GET /health HTTP/1.1\r\n", b"GET /health HTTP/1.1\r\nX: ", b"GET /"])
def test_headers_and_addresses_that_have_no_end(started: Started, begun: bytes) -> None:
    """Nothing of them is kept for long."""
    with connect(started) as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        flood(connection, begun)
    assert started.owner.call("GET", "/api/v1/overview").status == 200


def flood(connection: socket.socket, begun: bytes) -> None:
    connection.sendall(begun)
    for _ in range(100_000):
        connection.sendall(b"x" * 1000)


def test_headers_of_a_browser_are_no_trouble(started: Started) -> None:
    """With ten times the cookies."""
    headers = started.owner.headers | {f"X-{number}": "y" * 400 for number in range(80)}
    assert call(started.origin, "GET", "/api/v1/overview", headers=headers).status == 200


def test_who_holds_three_hundred_lines_holds_nobody_up(started: Started) -> None:
    lines = [connect(started) for _ in range(300)]
    for each in lines:
        each.sendall(b"GET / HTTP/1.1\r\n")
    assert started.owner.call("GET", "/api/v1/overview").status == 200
    for each in lines:
        each.close()


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "GZIP"])
def test_no_packed_body_is_unpacked(started: Started, encoding: str) -> None:
    for path in ("/api/v1/captures", "/login/passphrase"):
        device = path.startswith("/api")
        host = started.gateway.settings.device_host if device else started.gateway.settings.dashboard_host
        headers = started.owner.headers | {"Host": host, "Content-Encoding": encoding}
        assert call(started.origin, "POST", path, headers=headers, body=b"x").status == 415


def test_a_body_is_as_large_as_it_may_be(started: Started) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    json = {"Content-Type": "application/json"}
    body = b"passphrase=" + b"x" * 2**17
    for path, headers in (("/login/passphrase", form), ("/api/v1/passphrase", json)):
        reply = call(started.origin, "POST", path, headers=started.owner.headers | headers, body=body)
        assert reply.status == 413, path
