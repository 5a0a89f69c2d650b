"""Secrets at rest: AES-256-GCM under the data key, each bound to its library and to its own name.

How the data key itself is kept is the matter of ``keys``.
"""

from pathlib import Path

from cryptography.exceptions import InvalidTag

from gateway.errors import KeysChanged, SecretUnreadable
from gateway.keys.keeper import Keeper, in_force
from gateway.store import Store


class Vault:
    """Seals and opens the secrets that the store keeps."""

    def __init__(self, store: Store, key_file: Path, passphrase: str | None = None) -> None:
        """Opens the data key, or makes one for a new library. Raises what ``Keeper.open`` does."""
        self._store = store
        self._key = Keeper(store, key_file, passphrase).open()  # not kept: the passphrase is in it

    def set(self, name: str, secret: bytes | None) -> None:
        """Keeps a secret under a name, which says what it is and whose; None forgets it.

        Raises KeysChanged if another process has rotated the keys since: nothing would open it.
        """
        with self._store.atomic():
            self._store.set_secret(name, None if secret is None else self._key.seal(name, secret))
            # After the write, which keeps everybody else from writing until it is committed.
            if in_force(self._store) != self._key.number:
                raise KeysChanged

    def get(self, name: str) -> bytes | None:
        """The secret of that name. Raises SecretUnreadable if what is stored was not sealed for this name."""
        sealed = self._store.secret(name)
        if sealed is None:
            return None
        try:
            return self._key.unseal(name, sealed)
        except InvalidTag:
            raise SecretUnreadable(name=name) from None
