"""A pairing that is guessed at by many at once; every kind of message that comes again."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from gateway.errors import BadMessage
from gateway.seal import Head, Keys, pairing_key_id, parse_pairing_code, seal, unseal
from gateway.visitor import Extension, Reply, call
from tests.attack.conftest import Attacks
from tests.support import Started, World

JUNK = b"\x01" + bytes(100)
ORIGIN = "chrome-extension://guesser"


@pytest.fixture
def started(world: World) -> Started:
    return world.start()


def post(started: Started, path: str, frame: bytes, origin: str = ORIGIN) -> Reply:
    return call(started.origin, "POST", path, headers={"Origin": origin}, body=frame)


def kept(started: Started) -> dict[str, list[Any]]:
    """What a message could change a second time."""

    def read() -> dict[str, list[Any]]:
        rows = started.gateway.store.rows
        return {
            name: list(rows(f"SELECT * FROM [{name}]"))
            for name in ("mark", "subject", "capture", "secret", "setting", "audit")
        }

    return started.world.background.call(read)


def hello(code: str, *, random: bytes = bytes(32), psk: bytes | None = None) -> bytes:
    secret = psk or parse_pairing_code(code)[1]
    said = msgspec.json.encode({"name": "x", "version": "0", "random": random})
    return seal(
        Head(pairing_key_id(secret), uuid4(), 0), Keys.for_pairing(secret).requests, "POST /api/v1/pair", said
    )


def new_code(started: Started) -> str:
    return started.owner.call("POST", "/api/v1/pairing").json()["code"]


def test_guesses_all_at_once_have_no_more_tries(started: Started, attacks: Attacks) -> None:
    """Of 24 at the same moment five are looked at; then the true code is good for nothing."""
    code = new_code(started)
    guesses = [hello(code, psk=bytes([number]) * 20) for number in range(24)]
    with ThreadPoolExecutor(24) as many:
        codes = [each.json()["code"] for each in many.map(partial(post, started, "/api/v1/pair"), guesses)]
    for said in codes:
        attacks.held(said in {"bad_message", "pairing_closed"}, said)
    attacks.held(codes.count("bad_message") == 5, codes)
    attacks.held(post(started, "/api/v1/pair", hello(code)).status == 403, "the true code after five")
    attacks.held(kept(started)["audit"] != [], "no entry")


def test_one_code_pairs_one_browser_however_many_come(started: Started, attacks: Attacks) -> None:
    code = new_code(started)
    frames = [hello(code) for _ in range(12)]
    with ThreadPoolExecutor(12) as many:
        told = [each.status for each in many.map(partial(post, started, "/api/v1/pair"), frames)]
    attacks.held(told.count(200) == 1, told)
    attacks.held(len(started.owner.call("GET", "/api/v1/overview").json()["devices"]) == 1, told)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"null",
        b"[]",
        b'{"name":"x"}',
        b'{"name":"x","version":"0","random":""}',
        b'{"name":1,"version":"0","random":"AA=="}',
    ],
)
def test_who_knows_the_code_and_says_nonsense_is_not_paired(
    started: Started, attacks: Attacks, said: bytes
) -> None:
    secret = parse_pairing_code(new_code(started))[1]
    keys, head = Keys.for_pairing(secret), Head(pairing_key_id(secret), uuid4(), 0)
    reply = post(started, "/api/v1/pair", seal(head, keys.requests, "POST /api/v1/pair", said))
    attacks.held(reply.status == 400, said, reply)
    attacks.held(started.owner.call("GET", "/api/v1/overview").json()["devices"] == [], said)


def cookies(token: str) -> bytes:
    cookie = {
        "name": "dbcl2",
        "value": f'"1001:{token}"',
        "domain": ".douban.com",
        "path": "/",
        "secure": True,
        "http_only": True,
    }
    return msgspec.json.encode({"cookies": [cookie]})


def capture(started: Started, medium: str = "movie") -> bytes:
    url = f"https://{medium}.douban.com/people/{started.world.person.id}/collect"
    head = msgspec.json.encode({"url": url, "age": 0, "trigger": "button", "status": 200})
    return head + b"\n" + started.world.visitor.open(url).body


def test_every_message_again(started: Started, attacks: Attacks) -> None:
    """As it was, from another origin, on another path, after it was revoked: nothing happens twice."""
    code = new_code(started)
    paired = hello(code)
    assert post(started, "/api/v1/pair", paired).status == 200
    browser = started.pair()
    said = {
        "/api/v1/captures": browser.frame("/api/v1/captures", capture(started)),
        "/api/v1/session": browser.frame("/api/v1/session", cookies("first")),
        "/api/v1/state": browser.frame("/api/v1/state", b"{}"),
    }
    for path, frame in said.items():
        assert browser.post(path, frame).status == 200
    before = kept(started)
    for path, frame in {**said, "/api/v1/pair": paired}.items():
        for _ in range(3):
            again = browser.post(path, frame)
            attacks.held(
                again.status == {"/api/v1/session": 409, "/api/v1/pair": 403}.get(path, 200),
                path,
                again.status,
            )
            attacks.held(post(started, path, frame).status == 403, path, "from another origin")
        for other in said.keys() - {path}:
            attacks.held(browser.post(other, frame).status in {400, 401}, path, "on", other)
    attacks.held(kept(started) == before, "something happened twice")
    started.owner.call("DELETE", f"/api/v1/devices/{browser.device}")
    for path, frame in said.items():
        attacks.held(browser.post(path, frame).status == 401, path, "of a revoked browser")


def test_an_answer_is_good_for_nobody_else(started: Started, attacks: Attacks) -> None:
    """Neither as a question, nor as the answer to another one, nor with another status or path."""
    browser = started.pair()
    frame = browser.frame("/api/v1/state", b"{}")
    answer = browser.post("/api/v1/state", frame)
    attacks.held(browser.post("/api/v1/state", answer.body).status == 400, "the answer as a question")
    attacks.held(answer.body[:41] == frame[:41], "it does not name its question")
    other = browser.frame("/api/v1/state", b"{}")
    for what, text in (
        ("200 /api/v1/state", other[:41] + answer.body[41:]),
        ("403 /api/v1/state", answer.body),
        ("200 /api/v1/session", answer.body),
    ):
        with pytest.raises(BadMessage):
            unseal(text, browser.keys.answers, what)
        attacks.held(True, what)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 2, 1)])
def test_counters_only_grow(started: Started, attacks: Attacks, order: tuple[int, ...]) -> None:
    """However the cookie messages come: the newest one stays."""
    browser, highest = started.pair(), 0
    for count in order:
        status = browser.post(
            "/api/v1/session", browser.frame("/api/v1/session", cookies(f"t{count}"), counter=count)
        ).status
        attacks.held(status == (200 if count > highest else 409), order, count, status)
        highest = max(highest, count)
    held = started.world.background.call(lambda: started.gateway.vault.get("douban session 1001"))
    attacks.held(held is not None and f"t{highest}".encode() in held, order)


def test_one_message_id_for_two_pages_keeps_the_first(started: Started, attacks: Attacks) -> None:
    browser, message = started.pair(), UUID(int=7)
    first = browser.send("/api/v1/captures", capture(started), message)
    second = browser.send("/api/v1/captures", capture(started, "book"), message)
    attacks.held(first[1]["marks"] == second[1]["marks"], first, second)
    attacks.held(len(kept(started)["capture"]) == 1, "kept twice")


def test_the_same_message_many_times_at_once(started: Started, attacks: Attacks) -> None:
    browser: Extension = started.pair()
    frames = [browser.frame("/api/v1/captures", capture(started))] * 12 + [
        browser.frame("/api/v1/session", cookies("t"))
    ] * 12
    paths = ["/api/v1/captures"] * 12 + ["/api/v1/session"] * 12
    with ThreadPoolExecutor(24) as many:
        told = [each.status for each in many.map(browser.post, paths, frames)]
    attacks.held(told[:12] == [200] * 12, told)
    attacks.held(sorted(told[12:]) == [200, *[409] * 11], told)
    attacks.held(len(kept(started)["capture"]) == 1, "kept twice")
