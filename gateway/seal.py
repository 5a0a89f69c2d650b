r"""Sealed messages between an extension and the gateway, and the pairing code that they grow from.

A frame is ``version (1) ‖ key id (16) ‖ message id (16) ‖ counter (8, big-endian) ‖ nonce (12) ‖
AES-256-GCM ciphertext``. Associated data: ``"POST <path>\n"`` (a request) or ``"<status> <path>\n"``
(its answer), then the first 41 bytes of the frame. An answer repeats the head of its request, so it can
belong to no other. Both ends share this file's known answers: ``tests/vectors/seal.json``.
"""

import base64
import hashlib
import secrets
import struct
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from gateway.errors import BadMessage

_VERSION = 1
_HEAD = struct.Struct(">B16s16sQ")
_NONCE = 12
HEAD_BYTES = _HEAD.size + _NONCE
"""What a frame begins with."""
_PAIR_SALT = b"d2f/v1"
_CODE_PARTS = 4
MOST_BYTES = 10 * 1024 * 1024
"""Of a message. The extension sends pages up to 8 MB; the largest real ones have 0.2 MB."""
SECRET_BYTES = 20
"""160 bits: what a pairing code carries."""


class Head(Struct, frozen=True):
    """What is readable of a frame without its key."""

    key_id: bytes
    message: UUID
    counter: int

    def pack(self) -> bytes:
        return _HEAD.pack(_VERSION, self.key_id, self.message.bytes, self.counter)

    @classmethod
    def of(cls, frame: bytes) -> Self:
        """Raises BadMessage if this is no frame of a version that we speak."""
        if len(frame) < HEAD_BYTES or frame[0] != _VERSION:
            raise BadMessage
        _, key_id, message, counter = _HEAD.unpack_from(frame)
        return cls(key_id, UUID(bytes=message), counter)


class Keys(Struct, frozen=True):
    """The two keys of a pairing: one for each direction."""

    requests: bytes
    answers: bytes

    def __repr__(self) -> str:
        return "Keys(•••)"

    @classmethod
    def for_pairing(cls, psk: bytes) -> Self:
        """For the one exchange in which a pairing is made."""
        return cls(*(_derive(psk, _PAIR_SALT, info) for info in ("pair c2s", "pair s2c")))

    @classmethod
    def for_device(cls, psk: bytes, client_random: bytes, server_random: bytes) -> Self:
        """For all that follows; both ends put in 32 random bytes."""
        salt = client_random + server_random
        return cls(*(_derive(psk, salt, info) for info in ("device c2s", "device s2c")))


def pairing_key_id(psk: bytes) -> bytes:
    """Names the pairing in the clear without giving its secret away."""
    return _derive(psk, _PAIR_SALT, "pair kid", 16)


def pairing_code(port: int, psk: bytes) -> str:
    """``d2f1-<port>-<the secret in base32>-<check>``: what the person pastes into the extension."""
    start = f"d2f1-{port}-{_base32(psk)}"
    return f"{start}-{_check(start)}"


def parse_pairing_code(code: str) -> tuple[int, bytes]:
    """The port and the secret. Raises BadMessage if a character is wrong."""
    text = code.strip().lower()
    parts = text.split("-")
    start = text.rpartition("-")[0]
    if len(parts) != _CODE_PARTS or parts[0] != "d2f1" or parts[3] != _check(start):
        raise BadMessage
    return int(parts[1]), base64.b32decode(parts[2].upper())


def seal(head: Head, key: bytes, what: str, plaintext: bytes) -> bytes:
    """A frame. ``what`` is ``"POST <path>"`` or ``"<status> <path>"``."""
    start, nonce = head.pack(), secrets.token_bytes(_NONCE)
    return start + nonce + AESGCM(key).encrypt(nonce, plaintext, f"{what}\n".encode() + start)


def unseal(frame: bytes, key: bytes, what: str) -> bytes:
    """What a frame holds. Raises BadMessage if it was not sealed with this key, for this."""
    start, rest = Head.of(frame).pack(), frame[_HEAD.size :]
    try:
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], f"{what}\n".encode() + start)
    except InvalidTag:
        raise BadMessage from None


def _derive(secret: bytes, salt: bytes, info: str, length: int = 32) -> bytes:
    return HKDF(SHA256(), length, salt, info.encode()).derive(secret)


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()


def _check(start: str) -> str:
    return _base32(hashlib.sha256(start.encode()).digest())[:4]
