"""Opens the data key of a library, makes the first one, makes another, and changes how it is kept.

A change is one transaction of the library, and the second keys have two slots: the new one is stored and read back
beside the old one, then the library changes all at once, and only then does the old one go. So whenever this ends, each
secret opens with what is there.
"""

import contextlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag

from gateway.errors import (
    KeyLost,
    KeyNotKept,
    KeyringGone,
    KeyringLocked,
    KeyringSilent,
    SecretUnreadable,
    StartError,
)
from gateway.keys import Method
from gateway.keys.keyfile import BARE
from gateway.keys.second import SecondKeys
from gateway.keys.wrap import DataKey, Wrap, unseal_bare
from gateway.log import get
from gateway.store import Store

_log = get("keys")
DATA_KEY, LIBRARY_ID = "data key", "library id"
"""The settings that hold them."""
_TAKEN_OVER = "key was bare"
"""Set while the bare key of the first version, which opens nothing any more, may still be there."""
_BARE_CHECK = "vault check"
"""A secret by which the first version knew its key."""


def kept_by(store: Store) -> Method | None:
    """How the data key of this library is kept; None if there is none yet."""
    wrap = store.setting(DATA_KEY, Wrap)
    return wrap.method if wrap else None


def in_force(store: Store) -> str | None:
    """The number of this library's data key; None if there is none yet."""
    wrap = store.setting(DATA_KEY, Wrap)
    return wrap.number if wrap else None


class Keeper:
    """Keeps the data key of one library."""

    def __init__(self, store: Store, key_file: Path, passphrase: str | None = None) -> None:
        """The passphrase is only needed where the key is kept by one."""
        self._store = store
        self._seconds = SecondKeys(key_file)
        self._passphrase = passphrase

    def open(self, *, with_ring: bool = True) -> DataKey:
        """The data key; a new library gets one, and one of the first version a better one.

        Without the ring the key of a new library goes to the key file. Raises KeyLost, KeyNotInKeyring,
        PassphraseNeeded, PassphraseWrong, one of the keyring's errors, DataFolderUnusable.
        """
        if self._wrap is None:
            self._begin(with_ring=with_ring)
        while True:
            wrap = self._in_force
            try:
                return self._seconds.open(wrap, self._library, self._passphrase)
            except StartError:
                if wrap == self._in_force:  # else another process has changed it just now
                    raise

    def rotate(self) -> None:
        """Another data key, another second key, and every secret sealed anew. Raises what ``open`` does, KeyNotKept."""
        before = self.open()
        self._change(self._in_force.method, self._passphrase, before, DataKey.new(before.library))

    def change(self, method: Method, passphrase: str | None = None) -> None:
        """The same data key, kept in another way; the passphrase is the new one, if it is to be by one.

        Raises what ``open`` does, PassphraseTooShort, KeyNotKept.
        """
        key = self.open()
        self._change(method, passphrase, key, key)

    def failing(self) -> list[str]:
        """The names of secrets that do not open. Raises what ``open`` does."""
        while True:
            key = self.open()
            found = [name for name, sealed in self._store.secrets() if not _opens(key, name, sealed)]
            if in_force(self._store) == key.number:  # else they were sealed anew meanwhile
                return found

    # --- what is in the library

    @property
    def _wrap(self) -> Wrap | None:
        return self._store.setting(DATA_KEY, Wrap)

    @property
    def _in_force(self) -> Wrap:
        wrap = self._wrap
        assert wrap is not None
        return wrap

    @property
    def _library(self) -> str:
        """The library's own id: it is not the same in two of them, and stays."""
        if (known := self._store.setting(LIBRARY_ID, str)) is not None:
            return known
        self._store.do(
            "INSERT OR IGNORE INTO setting VALUES (?, ?)", [LIBRARY_ID, f'"{secrets.token_hex(16)}"']
        )
        return self._library

    # --- the first one

    def _begin(self, *, with_ring: bool) -> None:
        library = self._library  # stored before anything is named after it
        with self._store.alone():
            if self._wrap is not None:
                return  # another process was first
            plain = self._bare_secrets()
            key = DataKey.new(library)
            for name, secret in plain.items():
                self._store.reseal(name, key.seal(name, secret))
            self._store.set_secret(_BARE_CHECK, None)
            self._store.set(_TAKEN_OVER, True if plain else None)
            self._store.set(DATA_KEY, self._first(key, with_ring=with_ring))

    def _first(self, key: DataKey, *, with_ring: bool) -> Wrap:
        """By the keyring if there is one that works, else by the key file."""
        if not with_ring:
            return self._seconds.wrap(key, "file", None)
        try:
            wrap = self._seconds.wrap(key, "keyring", None)
            _log.info("the data key is in the keyring", keyring=self._seconds.ring.name)
        except (KeyringGone, KeyringLocked, KeyringSilent, KeyNotKept) as error:
            wrap = self._seconds.wrap(key, "file", None)
            _log.warning(
                "the data key is protected by a file beside the library only",
                file=str(self._seconds.file.path),
                keyring=error.code,
                better="d2f keys method keyring, or passphrase",
            )
        return wrap

    def _bare_secrets(self) -> dict[str, bytes]:
        """What the first version sealed with a key that lay bare. Raises KeyLost."""
        sealed = self._store.secrets()
        if not sealed:
            return {}
        key = self._seconds.file.fetch(BARE)
        try:
            if key is None:
                raise KeyLost(file=str(self._seconds.file.path))
            return {name: unseal_bare(key, each, name.encode()) for name, each in sealed}
        except InvalidTag:
            raise KeyLost(file=str(self._seconds.file.path)) from None

    # --- another one

    def _change(self, method: Method, passphrase: str | None, old: DataKey, new: DataKey) -> None:
        with self._store.alone():
            before = self._in_force
            if new != old:
                self._reseal(old, new)
            self._store.set(DATA_KEY, self._seconds.wrap(new, method, before, passphrase))
        if self._seconds.open(self._in_force, self._library, passphrase) != new:
            raise KeyNotKept(method=method)
        self._passphrase = passphrase
        self.tidy()
        if "keyring" in {method, before.method}:
            self._seconds.tidy_ring(self._library, self._in_force)

    def _reseal(self, old: DataKey, new: DataKey) -> None:
        for name, sealed in self._store.secrets():
            try:
                secret = old.unseal(name, sealed)
            except InvalidTag:
                raise SecretUnreadable(name=name) from None
            self._store.reseal(name, new.seal(name, secret))

    # --- what is left over

    def tidy(self) -> None:
        """Takes away what an earlier change left behind in the key file, since it ended too soon.

        Only for who holds the lock of the folder, as whoever changes something does: what another process has just
        stored there, and not yet put in force, would be taken for left behind.
        """
        self._seconds.tidy_file(self._library, self._wrap)
        with contextlib.suppress(KeyLost):  # no key file of ours
            if self._store.setting(_TAKEN_OVER, bool):
                self._seconds.file.drop(BARE)
                self._store.set(_TAKEN_OVER, None)


def _opens(key: DataKey, name: str, sealed: bytes) -> bool:
    try:
        key.unseal(name, sealed)
    except InvalidTag:
        return False
    return True
