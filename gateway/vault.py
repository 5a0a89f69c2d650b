"""Secrets at rest: AES-256-GCM under a data key, each bound to its own name.

The data key lives in a file that only its owner may read.
"""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import DataFolderUnusable, KeyLost
from gateway.store import Store

_NONCE = 12
_KEY = 32
_CHECK = "vault check"


class Vault:
    """Seals and opens the secrets that the store keeps."""

    def __init__(self, store: Store, key_file: Path) -> None:
        """Takes the key from its file, or makes one for a new library.

        Raises KeyLost if the library holds secrets that this key does not open, DataFolderUnusable if the
        file cannot be written.
        """
        self._store = store
        self._aead = AESGCM(_key(key_file, new=store.secret(_CHECK) is None))
        try:
            if self.get(_CHECK) is None:
                self.set(_CHECK, b"d2f")
        except InvalidTag as error:
            raise KeyLost(file=str(key_file)) from error

    def set(self, name: str, secret: bytes | None) -> None:
        """Keeps a secret under a name; None forgets it."""
        if secret is None:
            self._store.set_secret(name, None)
            return
        nonce = secrets.token_bytes(_NONCE)
        self._store.set_secret(name, nonce + self._aead.encrypt(nonce, secret, name.encode()))

    def get(self, name: str) -> bytes | None:
        """The secret of that name. Raises InvalidTag if what is stored was not sealed for this name."""
        sealed = self._store.secret(name)
        if sealed is None:
            return None
        return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())


def _key(path: Path, *, new: bool) -> bytes:
    try:
        if new and path.exists() and path.stat().st_size < _KEY:
            path.unlink()  # an earlier start ended before it had written the key; nothing is sealed with it
        if not path.exists():
            if not new:
                raise KeyLost(file=str(path))
            # Only the owner, from the first moment; where there are no such rights, the profile folder's apply.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(_KEY))
                file.flush()
                os.fsync(file.fileno())
        key = path.read_bytes()
    except OSError as error:
        raise DataFolderUnusable(folder=str(path.parent), why=str(error)) from error
    if len(key) != _KEY:
        raise KeyLost(file=str(path))
    return key
