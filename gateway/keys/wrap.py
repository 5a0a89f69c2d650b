"""The data key, and a data key that is wrapped: AES-256-GCM, a fresh nonce each time, bound to what it is and whose."""

import secrets
from typing import Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from gateway.keys import Method
from gateway.keys.passphrase import Cost

KEY_BYTES = 32
_NONCE_BYTES = 12


class DataKey(Struct, frozen=True):
    """Seals and opens the secrets of one library."""

    library: str
    """The id of the library that it is for."""
    number: str
    """Its own id: each rotation makes another."""
    key: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.library!r}, {self.number!r}, •••)"

    @classmethod
    def new(cls, library: str) -> Self:
        return cls(library, secrets.token_hex(8), secrets.token_bytes(KEY_BYTES))

    def seal(self, name: str, secret: bytes) -> bytes:
        """The secret of that name, which tells what it is and whose; it opens under no other."""
        return seal(self.key, secret, "d2f secret", self.library, name)

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """Raises InvalidTag if it was not sealed with this key for this name."""
        return unseal(self.key, sealed, "d2f secret", self.library, name)


class Wrap(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A data key as the library keeps it."""

    method: Method
    number: str
    """Of the data key."""
    slot: str = ""
    """Which of the two second keys in the keyring or in the key file opens it."""
    cost: Cost | None = None
    """How the second key comes of the passphrase."""
    sealed: bytes = b""

    def around(self, key: DataKey, second: bytes) -> "Wrap":
        """With the data key inside, sealed with the second key."""
        return msgspec.structs.replace(self, sealed=seal(second, key.key, *self._what(key.library)))

    def open(self, library: str, second: bytes) -> DataKey:
        """Raises InvalidTag for another second key, or another library."""
        return DataKey(library, self.number, unseal(second, self.sealed, *self._what(library)))

    def _what(self, library: str) -> tuple[str, ...]:
        return "d2f data key", library, self.method, self.number, self.slot


def seal(key: bytes, plain: bytes, *what: str) -> bytes:
    """The nonce, then the ciphertext, which opens only for the same words of what and whose it is."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, msgspec.json.encode(what))


def unseal(key: bytes, sealed: bytes, *what: str) -> bytes:
    """Raises InvalidTag."""
    return unseal_bare(key, sealed, msgspec.json.encode(what))


def unseal_bare(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """As the first version did: its associated data was the name alone. Raises InvalidTag."""
    if len(sealed) < _NONCE_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
