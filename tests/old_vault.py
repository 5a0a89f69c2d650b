"""A library as the first version left it: the data key bare in its file, each secret bound to its name alone."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.store import Store


def old_library(folder: Path, kept: dict[str, bytes]) -> bytes:
    """Returns the bare key."""
    key = AESGCM.generate_key(256)
    with Store(folder / "d2f.db") as store:
        for name, secret in {"vault check": b"d2f", **kept}.items():
            nonce = secrets.token_bytes(12)
            store.set_secret(name, nonce + AESGCM(key).encrypt(nonce, secret, name.encode()))
    (folder / "d2f.key").write_bytes(key)
    (folder / "d2f.key").chmod(0o600)
    return key
