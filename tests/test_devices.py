"""Pairing and sealed messages, against the running gateway."""

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from gateway.devices import Pairing
from gateway.errors import BadMessage
from gateway.model import now
from gateway.seal import parse_pairing_code
from gateway.visitor import Extension, Reply, call
from tests.support import Started, World

PAGE = b"<!doctype html><html><body></body></html>"
URL = "https://movie.douban.com/people/1/collect"


def test_a_paired_browser_is_answered(started: Started) -> None:
    status, answer = started.pair().send("/api/v1/state", b"{}")
    assert status == 200
    assert answer["push"]["state"] == "unset"
    assert answer["dashboard"] == started.gateway.settings.dashboard


def test_a_code_works_once(started: Started) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    Extension(code)
    with pytest.raises(BadMessage):
        Extension(code)


def test_a_code_is_good_for_ten_minutes(started: Started) -> None:
    reply = started.owner.call("POST", "/api/v1/pairing").json()
    store = started.gateway.store
    kept = started.world.background.call(lambda: store.setting("pairing", Pairing))
    assert kept
    assert timedelta(minutes=9) < kept.expires_at - now() < timedelta(minutes=11)
    expire(started)
    with pytest.raises(BadMessage):
        Extension(reply["code"])


def is_kept(started: Started) -> bool:
    """Whether the secret of a pairing is in the library, sealed as it may be."""
    store = started.gateway.store
    return started.world.background.call(lambda: store.secret("pairing") is not None)


def expire(started: Started) -> None:
    past = Pairing(now() - timedelta(seconds=1))
    started.world.background.call(lambda: started.gateway.store.set("pairing", past))


@pytest.mark.parametrize(
    "ends", ["at the next start", "when it is tried", "after five failures", "when it is used"]
)
def test_the_secret_of_a_pairing_ends_with_it(started: Started, ends: str) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    assert is_kept(started)
    match ends:
        case "at the next start":
            started.stop()
            started = started.world.start()
            assert is_kept(started), "it is still open"
            expire(started)
            started.stop()
            started = started.world.start()
        case "when it is tried":
            expire(started)
            assert post(started, "/api/v1/pair", bytes(101)).json()["code"] == "pairing_closed"
        case "after five failures":
            for _ in range(5):
                assert post(started, "/api/v1/pair", b"\x01" + bytes(100)).json()["code"] == "bad_message"
        case _:
            Extension(code)
    assert not is_kept(started)


def test_the_secret_of_a_pairing_ends_though_nobody_does_anything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opened it, while the gateway runs on."""
    monkeypatch.setattr("gateway.devices._LOOK", 0.001)
    started = world.start()
    started.owner.call("POST", "/api/v1/pairing")
    assert is_kept(started)
    expire(started)
    assert any(not is_kept(started) for _ in range(10_000))


def test_the_fate_of_a_capture_is_its_own_devices_business(started: Started) -> None:
    mine, other = started.pair(), started.pair()
    capture = mine.capture(URL, PAGE)[1]["capture"]
    asked = msgspec.json.encode({"capture": capture})
    assert mine.send("/api/v1/state", asked)[1]["capture"] == {"pending": 0, "failed": 0}
    assert other.send("/api/v1/state", asked)[1]["capture"] is None


@pytest.mark.parametrize("value", ['"abc:token"', "", '"', '"12x:token"'])
def test_a_cookie_that_names_nobody_is_not_kept(started: Started, value: str) -> None:
    cookie = {"name": "dbcl2", "domain": ".douban.com", "path": "/", "secure": True, "http_only": True}
    sent = started.pair().send("/api/v1/session", _session(cookie | {"value": value}))
    assert sent == (200, {"account": None})


def test_a_wrong_code_is_noticed_before_it_is_sent() -> None:
    with pytest.raises(BadMessage):
        parse_pairing_code("d2f1-8377-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-aaaa")


def test_five_failures_close_the_pairing(started: Started) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    junk = b"\x01" + bytes(100)
    replies = [post(started, "/api/v1/pair", junk) for _ in range(6)]
    assert [reply.json()["code"] for reply in replies] == ["bad_message"] * 5 + ["pairing_closed"]
    with pytest.raises(BadMessage):
        Extension(code)


def test_no_more_than_five_are_looked_at_however_many_come_at_once(started: Started) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    junk, together = b"\x01" + bytes(100), threading.Barrier(12)

    def guess(_: int) -> str:
        together.wait(30)
        return post(started, "/api/v1/pair", junk).json()["code"]

    with ThreadPoolExecutor(12) as pool:
        told = Counter(pool.map(guess, range(12)))
    assert told == {"bad_message": 5, "pairing_closed": 7}
    with pytest.raises(BadMessage):  # also the right one comes too late
        Extension(code)
    assert devices(started) == 0


def test_a_code_pairs_one_browser_however_many_come_at_once(started: Started) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    together = threading.Barrier(6)

    def pair(_: int) -> bool:
        together.wait(30)
        try:
            Extension(code)
        except BadMessage:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(pair, range(6))) == 1
    assert devices(started) == 1


def test_a_try_that_fails_is_not_counted_against_a_newer_code(started: Started) -> None:
    """`d2f pair` opens another one between the look at the old one and the count."""
    world, made, codes = started.world, started.gateway.devices, list[str]()

    class Meanwhile(str):
        __slots__ = ()

        def startswith(self, *about: Any) -> bool:
            codes.append(made.start_pairing(started.port, "d2f"))
            return super().startswith(*about)

    def tries() -> None:
        made.start_pairing(started.port, "d2f")
        for origin in ["chrome-extension://x"] * 4 + [Meanwhile("chrome-extension://x")]:
            with pytest.raises(BadMessage):
                made.pair(b"\x01" + bytes(100), origin)

    world.background.call(tries)
    assert Extension(codes[0]).send("/api/v1/state", b"{}")[0] == 200


def devices(started: Started) -> int:
    return len(started.owner.call("GET", "/api/v1/overview").json()["devices"])


def test_only_an_extension_can_be_paired(started: Started) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    with pytest.raises(BadMessage):
        Extension(code, origin="https://movie.douban.com")


def test_a_revoked_browser_opens_nothing(started: Started) -> None:
    browser = started.pair()
    assert started.owner.call("DELETE", f"/api/v1/devices/{browser.device}").status == 204
    status, answer = browser.send("/api/v1/state", b"{}")
    assert (status, answer["code"]) == (401, "unknown_device")
    assert started.owner.call("DELETE", f"/api/v1/devices/{browser.device}").status == 404


def test_another_extension_cannot_use_the_key(started: Started) -> None:
    browser = started.pair()
    frame = browser.frame("/api/v1/state", b"{}")
    reply = post(started, "/api/v1/state", frame, origin="chrome-extension://another")
    assert (reply.status, reply.json()["code"]) == (403, "wrong_origin")


def test_a_message_is_good_for_its_own_path_only(started: Started) -> None:
    browser = started.pair()
    frame = browser.frame("/api/v1/state", b"{}")
    assert browser.post("/api/v1/session", frame).json()["code"] == "bad_message"


@pytest.mark.parametrize("at", [0, 5, 20, 36, 45, 60, -1])
def test_a_changed_byte_is_noticed(started: Started, at: int) -> None:
    browser = started.pair()
    frame = bytearray(browser.frame("/api/v1/state", b"{}"))
    frame[at] ^= 1
    assert browser.post("/api/v1/state", bytes(frame)).status in {400, 401}


def test_the_same_capture_again_is_the_same_capture(started: Started) -> None:
    """Its first answer was lost on the way: it is given again, not that nothing is new."""
    browser, message = started.pair(), uuid4()
    url = f"https://movie.douban.com/people/{started.world.person.id}/collect"
    page = started.world.visitor.open(url).body
    first, second = (browser.capture(url, page, message=message)[1] for _ in range(2))
    assert first["new"] > 0
    assert {**first, "push": None} == {**second, "push": None}
    assert len(started.owner.call("GET", "/api/v1/overview").json()["captures"]) == 1


def test_an_old_cookie_message_is_not_believed(started: Started) -> None:
    browser = started.pair()
    path = "/api/v1/session"
    cookie = {"name": "dbcl2", "domain": ".douban.com", "path": "/", "secure": True, "http_only": True}
    frame = browser.frame(path, _session(cookie | {"value": '"1001:first"'}))
    assert browser.post(path, frame).status == 200
    assert browser.send(path, _session(cookie | {"value": '"1001:second"'})) == (200, {"account": "1001"})
    assert browser.post(path, frame).status == 409


def test_what_is_no_message_of_ours_gets_a_sealed_problem(started: Started) -> None:
    browser = started.pair()
    status, answer = browser.send("/api/v1/captures", b"not json\n<html>")
    assert (status, answer["code"]) == (400, "bad_message")
    assert set(answer["hint"]) == {"zh", "en"}


def test_an_unforeseen_fault_is_answered_sealed(started: Started) -> None:
    """Unsealed, the extension would take the gateway for another program."""
    browser, store = started.pair(), started.gateway.store
    started.world.background.call(lambda: store.set("tables", [{"no": "table"}]))
    status, answer = browser.send("/api/v1/state", b"{}")
    assert (status, answer["code"]) == (500, "error")
    assert set(answer["hint"]) == {"zh", "en"}


def test_a_page_that_we_stumble_over_is_kept_and_holds_up_no_other(started: Started) -> None:
    world, browser = started.world, started.pair()
    lists = [f"https://{name}.douban.com/people/{world.person.id}/collect" for name in ("movie", "book")]
    pages = [world.visitor.open(url).body for url in lists]
    assert browser.capture(lists[0], pages[0])[0] == 200
    store = started.gateway.store
    world.background.call(lambda: store.do("""UPDATE mark SET body = '{"account":7}'"""))
    status, answer = browser.capture(lists[0], pages[0])
    assert (status, answer["verdict"], answer["reason"]["code"]) == (200, "unknown", "internal")
    assert browser.capture(lists[1], pages[1])[1]["verdict"] == "ok"
    started.stop()
    assert world.start().marks() > 0  # the page that cannot be read does not end the next start


def test_a_counter_beyond_all_numbers_is_no_message(started: Started) -> None:
    browser = started.pair()
    path = "/api/v1/session"
    frame = browser.frame(path, b'{"cookies":[]}', counter=2**64 - 1)
    assert browser.post(path, frame).status == 400


def test_a_hundred_megabytes_are_refused_plainly(started: Started) -> None:
    reply = post(started, "/api/v1/captures", bytes(100 * 1024 * 1024))
    assert reply.status == 413
    assert reply.json()["code"] == "too_large"


def post(started: Started, path: str, body: bytes, origin: str = "chrome-extension://some") -> Reply:
    return call(started.origin, "POST", path, headers={"Origin": origin}, body=body)


def _session(cookie: Mapping[str, object]) -> bytes:

    return msgspec.json.encode({"cookies": [cookie]})
