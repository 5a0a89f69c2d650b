"""A key that comes of a passphrase by Argon2id, and where a service without a terminal has its passphrase from."""

import os
import secrets
import unicodedata
from collections.abc import MutableMapping
from typing import Annotated, Self

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta, Struct

from gateway.errors import BadSetting, PassphraseTooShort

SHORTEST = 8
"""Characters, as NIST SP 800-63B asks of what a person chooses."""
_LONGEST = 4096
"""Bytes that are read of a file descriptor."""


class Cost(Struct, frozen=True):
    """What each guess costs: the second choice of RFC 9106, for machines that do other things, too. 0.1 s."""

    salt: bytes
    memory: Annotated[int, Meta(ge=8, le=2**20)] = 64 * 1024
    """KiB."""
    passes: Annotated[int, Meta(ge=1, le=64)] = 3
    lanes: Annotated[int, Meta(ge=1, le=16)] = 4

    @classmethod
    def new(cls) -> Self:
        return cls(secrets.token_bytes(16))

    def key(self, passphrase: str) -> bytes:
        """The same letters give the same key, however the keyboard composed them."""
        letters = unicodedata.normalize("NFC", passphrase).encode()
        return Argon2id(
            salt=self.salt,
            length=32,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=max(self.memory, 8 * self.lanes),
        ).derive(letters)


def long_enough(passphrase: str) -> str:
    """The passphrase. Raises PassphraseTooShort."""
    if len(passphrase) < SHORTEST:
        raise PassphraseTooShort(least=str(SHORTEST))
    return passphrase


def given(name: str, environment: MutableMapping[str, str] = os.environ) -> str | None:
    """From the variable of that name, or the first line of the file descriptor that ``<name>_FD`` numbers.

    The variable is taken away: what is started from here does not inherit it. Raises BadSetting.
    """
    if (told := environment.pop(name, None)) is not None:
        return told
    if (number := environment.pop(f"{name}_FD", None)) is None:
        return None
    try:
        with os.fdopen(int(number), "rb") as file:
            return file.read(_LONGEST).decode().partition("\n")[0].rstrip("\r")
    except (OSError, ValueError) as error:
        raise BadSetting(setting=f"{name}_FD", why=type(error).__name__) from None
