"""Bytes that no browser sends: smuggled, split, endless, packed, deep. Each is refused or harmless, and memory stays as it is."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.visitor import Extension, call
from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS, at
from tests.attack.wire import Wire, raw, statuses, until_closed
from tests.process import Process
from tests.support import Started

MEGABYTE = 2**20
CHUNKED = "Transfer-Encoding: chunked\r\n"
BODY = "Content-Length: 5\r\n"
BEHIND = "GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n"
"""A second request: if it is answered, the first one did not end where it seemed to."""

AMBIGUOUS = {
    "length and chunks": f"{BODY}{CHUNKED}\r\n0\r\n\r\n{BEHIND}",
    "chunks and length": f"{CHUNKED}{BODY}\r\n0\r\n\r\n{BEHIND}",
    "two lengths": f"Content-Length: 0\r\n{BODY}\r\n{BEHIND}",
    "a list of lengths": f"Content-Length: 0, 5\r\n\r\n{BEHIND}",
    "a length with a sign": f"Content-Length: +0\r\n\r\n{BEHIND}",
    "a negative length": f"Content-Length: -1\r\n\r\n{BEHIND}",
    "a length in hex": f"Content-Length: 0x0\r\n\r\n{BEHIND}",
    "a length beyond all": f"Content-Length: 99999999999999999999\r\n\r\n{BEHIND}",
    "two codings": f"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{BEHIND}",
    "a coding of no name": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{BEHIND}",
    "a space before the colon": f"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{BEHIND}",
    "a folded line": f"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{BEHIND}",
    "a chunk of no size": f"{CHUNKED}\r\nzz\r\n\r\n{BEHIND}",
    "a negative chunk": f"{CHUNKED}\r\n-1\r\n\r\n{BEHIND}",
    "a chunk beyond all": f"{CHUNKED}\r\nffffffffffffffffff\r\n\r\n{BEHIND}",
    "a chunk that is longer than it says": f"{CHUNKED}\r\n1\r\nabc\r\n0\r\n\r\n{BEHIND}",
    "a bare CR": f"X: a\rContent-Length: 5\r\n\r\n{BEHIND}",
    "a NUL": f"X: a\0b\r\n\r\n{BEHIND}",
    "a name with a space": f"X Y: a\r\n\r\n{BEHIND}",
    "a name with a colon first": f": a\r\n\r\n{BEHIND}",
}
FIRST_LINES = {
    "another version": "POST /health HTTP/9.9",
    "no version": "POST /health",
    "two spaces": "POST  /health  HTTP/1.1",
    "no path": "POST HTTP/1.1",
    "an unknown method": "BREW /health HTTP/1.1",
    "a name in a line": "POST http://evil.test/health HTTP/1.1",
    "a star": "OPTIONS * HTTP/1.1",
    "another host and port": "CONNECT evil.test:443 HTTP/1.1",
    "HTTP/2": "PRI * HTTP/2.0",
    "bytes that are no text": "POST /\udcff\udcfe HTTP/1.1",
}


def sent(started: Started, text: str) -> bytes:
    return text.format(host=started.gateway.settings.device_host).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_where_a_request_ends_is_never_in_doubt(standing: Started, attacks: Attacks, what: str) -> None:
    """On a route that answers 405 to a POST: no 200 may come, for nobody asked for anything else."""
    for name in ("/health", "/api/v1/state", "/api/v1/feishu"):
        head = f"POST {name} HTTP/1.1\r\nHost: {{host}}\r\n"
        answer = raw(standing.port, sent(standing, head + AMBIGUOUS[what]))
        attacks.held(200 not in statuses(answer), what, name, answer)


@pytest.mark.parametrize("what", FIRST_LINES)
def test_first_lines(standing: Started, attacks: Attacks, what: str) -> None:
    answer = raw(standing.port, sent(standing, f"{FIRST_LINES[what]}\r\nHost: {{host}}\r\n\r\n"))
    attacks.held(all(400 <= status < 500 for status in statuses(answer)), what, answer)


@pytest.mark.parametrize("name", ROWS)
def test_what_is_reflected_splits_no_head(standing: Started, attacks: Attacks, name: str) -> None:
    """Line breaks in path and query, as they are and encoded, bring no header of the attacker's."""
    method, _, path = name.partition(" ")
    if path in {"/login", "/logout", "/logout/everywhere"} or method not in {"GET", "POST", "DELETE", "PUT"}:
        path = "/nowhere"
    with Wire(standing.port) as wire:
        for value in ("%0d%0aX-Evil:%201", "%E5%98%8D%E5%98%8AX-Evil:1", "%00", "%ff%fe", "x" * 8000):
            for target in (
                f"{at(path)}?to=/{value}&lang={value}&query={value}&account={value}",
                f"{at(path)}/{value}",
            ):
                headers = standing.owner.headers | {"Accept": "text/html"}
                reply = wire.ask(method if path != "/nowhere" else "GET", target, headers)
                fine = (
                    reply.status < 500
                    and "x-evil" not in reply.headers
                    and "\nX-Evil" not in str(reply.headers)
                )
                attacks.held(fine, method, target[:200], reply)


@pytest.mark.parametrize("length", [10_000, 70_000, 10 * MEGABYTE])
def test_an_address_without_an_end(standing: Started, attacks: Attacks, length: int) -> None:
    target = f"GET /{'x' * length} HTTP/1.1\r\nHost: {{host}}\r\n\r\n"
    answered = statuses(raw(standing.port, sent(standing, target)))
    attacks.held(answered in ([421], [431], []), answered)


def test_ten_thousand_headers(standing: Started, attacks: Attacks) -> None:
    for line in (
        "X-{n}: y\r\n",
        "Cookie: a{n}=b\r\n",
        "Host: {{host}}\r\n",
        "Origin: null\r\n",
        "Content-Length: 0\r\n",
    ):
        headers = "".join(line.replace("{n}", str(n)) for n in range(10_000))
        answer = raw(
            standing.port,
            sent(
                standing,
                f"POST /api/v1/state HTTP/1.1\r\nHost: {{host}}\r\n{headers}\r\n".replace(
                    "{{host}}", "{host}"
                ),
            ),
        )
        attacks.held(all(status in {400, 421, 431} for status in statuses(answer)), line, answer)


WITH_BODY = [name for name in ROWS if name.split()[0] in {"POST", "PUT", "DELETE"}]


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "br", "zstd", "compress", "x-gzip", "gzip, gzip", "identity, br"]
)
def test_nothing_is_unpacked(standing: Started, attacks: Attacks, coding: str) -> None:
    """So there is no bomb: on no route, for nobody."""
    with Wire(standing.port) as wire:
        for name in WITH_BODY:
            method, _, path = name.partition(" ")
            reply = wire.ask(method, at(path), standing.owner.headers | {"Content-Encoding": coding}, b"x")
            attacks.held(reply.status == 415, name, coding, reply)


NO_JSON = {
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000,
    "closed lists": b"[" * 30_000 + b"]" * 30_000,
    "a field of lists": b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "no text": b'{"kind":"\xff\xfe"}',
    "half of a pair": b'{"kind":"\\ud800"}',
    "UTF-16": '{"kind":"full"}'.encode("utf-16"),
    "a number beyond all": b'{"month":' + b"9" * 5000 + b',"covers":1e999}',
    "NaN": b'{"month":NaN}',
    "nothing": b"",
    "null": b"null",
    "twice the same": b'{"policy":"keep","policy":["mark"]}',
}


@pytest.mark.parametrize("what", NO_JSON)
def test_every_route_that_reads_json(standing: Started, attacks: Attacks, what: str) -> None:
    owner = standing.owner
    with Wire(standing.port) as wire:
        for name in WITH_BODY:
            method, _, path = name.partition(" ")
            if path.startswith(("/logout", "/login", "/api/v1/push")) or ROWS[name].door == "device":
                continue
            for kind in (
                "application/json",
                "text/plain",
                "application/x-msgpack",
                "multipart/form-data; boundary=x",
            ):
                reply = wire.ask(method, at(path), owner.headers | {"Content-Type": kind}, NO_JSON[what])
                attacks.held(reply.status < 500, name, kind, what, reply)


@pytest.mark.parametrize("path", ["/api/v1/captures", "/api/v1/session", "/api/v1/state"])
def test_what_a_paired_browser_may_not_say(standing: Started, attacks: Attacks, path: str) -> None:
    browser = standing.pair()
    for what, content in NO_JSON.items():
        status, answer = browser.send(path, content + b"\n<html></html>")
        attacks.held(status < 500 and answer["code"] == "bad_message", path, what, status, answer)


# --- a gateway in a process of its own, whose memory can be read

IN_PROC = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak is in Linux's /proc alone"
)


@pytest.fixture
def process(start: Callable[[], Process]) -> Process:
    return start()


def peak(process: Process) -> int:
    """The most bytes that it had in memory since this was asked last. Linux only."""
    told = Path(f"/proc/{process.pid}/status").read_text("ascii")
    Path(f"/proc/{process.pid}/clear_refs").write_text("5", "ascii")  # from here on it is counted anew
    return int(told.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.fixture
def lines(process: Process) -> Iterator[list[socket.socket]]:
    opened = [socket.create_connection(("127.0.0.1", process.port), timeout=60) for _ in range(3)]
    yield opened
    for each in opened:
        each.close()


FRAMING = {
    "a trailer": (b"0\r\nX: ", b"a"),
    "a trailer's name": (b"0\r\n", b"a"),
    "many trailers": (b"0\r\n", b"X: y\r\n"),
    "a chunk's extension": (b"5;", b"a"),
    "a chunk's length": (b"", b"0"),
    "chunks of one byte": (b"", b"1\r\na\r\n"),
}
"""How chunks begin, and what then comes without an end."""


@IN_PROC
@pytest.mark.parametrize("what", FRAMING)
def test_what_is_around_a_body_has_an_end(process: Process, attacks: Attacks, what: str) -> None:
    """No client of ours sends chunks. Put together a piece at a time, a trailer would hold up everybody else, too."""
    assert process.owner.call("GET", "/api/v1/overview").status == 200
    peak(process)
    before, passed, (begun, more) = peak(process), 0, FRAMING[what]
    head = f"POST /api/v1/state HTTP/1.1\r\nHost: 127.0.0.1:{process.port}\r\nOrigin: chrome-extension://x\r\n{CHUNKED}\r\n"
    with socket.create_connection(("127.0.0.1", process.port), timeout=60) as one:
        with contextlib.suppress(ConnectionError):
            one.sendall(head.encode() + begun)
            while passed < 128 * MEGABYTE:
                one.sendall(more * (MEGABYTE // len(more)))
                passed += MEGABYTE
        told = until_closed(one)
    attacks.held(passed < 16 * MEGABYTE, what, "took", passed)
    attacks.held(peak(process) - before < 16 * MEGABYTE, what, "grew")
    attacks.held(statuses(told) in ([411], []), what, told)


@pytest.mark.parametrize("coding", ["chunked", "gzip, chunked", "identity", "Chunked", ""])
@pytest.mark.parametrize("path", ["/health", "/api/v1/state", "/api/v1/feishu"])
def test_a_body_says_how_long_it_is(standing: Started, attacks: Attacks, path: str, coding: str) -> None:
    """And what was sent behind it is not looked at."""
    head = f"POST {path} HTTP/1.1\r\nHost: {{host}}\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{BEHIND}"
    answer = raw(standing.port, sent(standing, head))
    attacks.held(statuses(answer) in ([411], [400]), path, coding, answer)


@IN_PROC
@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("/api/v1/captures", "Content-Length: 1073741824"),
        ("/api/v1/captures", "Transfer-Encoding: chunked"),
        ("/health", "Transfer-Encoding: chunked"),
    ],
)
def test_a_gigabyte(
    process: Process, lines: list[socket.socket], attacks: Attacks, path: str, length: str
) -> None:
    """Announced, then streamed, three at a time: it is let go early, and nothing of it is kept."""
    assert process.owner.call("GET", "/api/v1/overview").status == 200
    peak(process)  # that of the start
    before, told = peak(process), list[bytes]()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{process.port}\r\nOrigin: chrome-extension://x\r\n{length}\r\n\r\n".encode()
    most: list[int] = []

    def stream(connection: socket.socket) -> None:
        passed = 0
        block = b"%x\r\n%b\r\n" % (MEGABYTE, bytes(MEGABYTE)) if "chunked" in length else bytes(MEGABYTE)
        try:
            connection.sendall(head)
            for _ in range(1024):
                connection.sendall(block)
                passed += MEGABYTE
        except OSError:
            pass
        most.append(passed)
        told.append(until_closed(connection))

    threads = [threading.Thread(target=stream, args=(each,)) for each in lines]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    grown = peak(process) - before
    attacks.held(max(most) < 256 * MEGABYTE, path, length, "took", most)
    attacks.held(grown < 64 * MEGABYTE, path, length, "grew by", grown)
    attacks.held(
        all(status in {400, 401, 403, 405, 411, 413} for each in told for status in statuses(each)), told
    )
    reply = call(f"http://127.0.0.1:{process.port}", "GET", "/health")
    attacks.held(reply.status == 200, "it stands no more", reply)


STRANGERS = {
    "a page of the web": ("/api/v1/captures", "https://evil.test", b""),
    "who names no browser": ("/api/v1/captures", "chrome-extension://x", b"\x01"),
    "who would pair": ("/api/v1/pair", "chrome-extension://x", b"\x01"),
    "who has overheard a head": ("/api/v1/captures", "", b""),
}


@IN_PROC
@pytest.mark.parametrize("what", STRANGERS)
def test_sixty_bodies_that_lack_a_byte(process: Process, attacks: Attacks, what: str) -> None:
    """Nobody's are kept until they are whole, and of who may be somebody not many."""
    browser = Extension(process.owner.call("POST", "/api/v1/pairing").json()["code"])
    path, origin, begun = STRANGERS[what]
    if what == "who has overheard a head":
        origin, begun = browser.origin, browser.frame(path, b"")[:53]
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{process.port}\r\nOrigin: {origin}\r\nContent-Length: {{size}}\r\n\r\n"
    peak(process)
    before, lines = peak(process), list[socket.socket]()
    for number in range(60):
        lines.append(one := socket.create_connection(("127.0.0.1", process.port), timeout=60))
        size = 10 * MEGABYTE if number % 2 else MEGABYTE
        with contextlib.suppress(ConnectionError):
            one.sendall(head.format(size=size).encode() + begun)
            one.sendall(bytes(size - 1 - len(begun)))
    reply = call(f"http://127.0.0.1:{process.port}", "GET", "/health")
    attacks.held(reply.status == 200, "it stands no more", reply)
    attacks.held(peak(process) - before < 64 * MEGABYTE, what, "grew")
    for each in lines:
        each.close()
