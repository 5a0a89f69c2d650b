"""Both ends of a sealed message share one file of known answers; ``node --test`` reads it too."""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import seal
from gateway.errors import BadMessage
from gateway.seal import Head, Keys

VECTORS: dict[str, Any] = msgspec.json.decode((Path(__file__).parent / "vectors" / "seal.json").read_bytes())
KEY = bytes(range(32))
HEAD = Head(bytes(16), UUID(int=7), 3)


def of(part: str, name: str) -> bytes:
    return bytes.fromhex(VECTORS[part][name])


def test_the_pairing_code() -> None:
    pairing = VECTORS["pairing"]
    psk = of("pairing", "psk")
    assert seal.pairing_code(pairing["port"], psk) == pairing["code"]
    for spelling in (pairing["code"], *VECTORS["spellings"]):
        assert seal.parse_pairing_code(spelling) == (pairing["port"], psk)


@pytest.mark.parametrize("code", [refused["code"] for refused in VECTORS["refused"]])
def test_a_code_with_a_mistake(code: str) -> None:
    with pytest.raises(BadMessage):
        seal.parse_pairing_code(code)


def test_the_keys() -> None:
    psk = of("pairing", "psk")
    assert seal.pairing_key_id(psk) == of("pairing", "kid")
    assert Keys.for_pairing(psk) == Keys(of("pairing", "c2s"), of("pairing", "s2c"))
    device = Keys.for_device(psk, of("device", "client_random"), of("device", "server_random"))
    assert device == Keys(of("device", "c2s"), of("device", "s2c"))


def test_the_frames() -> None:
    request, answer = VECTORS["request"], VECTORS["answer"]
    frame = of("request", "frame")
    head = Head(of("device", "kid"), UUID(request["id"]), request["counter"])
    assert Head.of(frame) == head
    assert seal.unseal(frame, of("device", "c2s"), f"POST {request['path']}").decode() == request["plaintext"]
    answered = seal.unseal(of("answer", "frame"), of("device", "s2c"), f"{answer['status']} {answer['path']}")
    assert answered.decode() == answer["plaintext"]


@given(st.binary(max_size=200))
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    frame = seal.seal(HEAD, KEY, "POST /x", plaintext)
    assert Head.of(frame) == HEAD
    assert seal.unseal(frame, KEY, "POST /x") == plaintext


@given(st.binary(max_size=300))
def test_anything_else_does_not(frame: bytes) -> None:
    with pytest.raises(BadMessage):
        seal.unseal(frame, KEY, "POST /x")


def test_two_frames_are_never_alike() -> None:
    assert seal.seal(HEAD, KEY, "POST /x", b"same") != seal.seal(HEAD, KEY, "POST /x", b"same")
