"""Opens the data key of a library, makes the first one, makes another, and changes how it is kept.

A change is one transaction of the library, and the second keys have two slots: the new one is stored and read back
beside the old one, then the library changes all at once, and only then does the old one go. So whenever this ends, each
secret opens with what is there.
"""

import contextlib
import secrets
import sqlite3
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag

from gateway.errors import (
    KeyLost,
    KeyNotInKeyring,
    KeyNotKept,
    KeyringGone,
    KeyringLocked,
    KeyringSilent,
    PassphraseNeeded,
    PassphraseWrong,
    SecretUnreadable,
)
from gateway.keys import Method
from gateway.keys.keyfile import BARE, KeyFile
from gateway.keys.passphrase import Cost, long_enough
from gateway.keys.ring import Ring
from gateway.keys.wrap import KEY_BYTES, DataKey, Wrap, unseal_bare
from gateway.log import get
from gateway.store import Store

_log = get("keys")
_DATA_KEY, _LIBRARY = "data key", "library id"
_SLOTS = ("a", "b")
_TAKEN_OVER = "key was bare"
"""Set while the bare key of the first version, which opens nothing any more, may still be there."""
_BARE_CHECK = "vault check"
"""A secret by which the first version knew its key."""


def kept_by(store: Store) -> Method | None:
    """How the data key of this library is kept; None if there is none yet."""
    wrap = store.setting(_DATA_KEY, Wrap)
    return wrap.method if wrap else None


def seen_from_outside(library: Path) -> Method | None:
    """The same, before anybody opens the library: it may be another version's, or damaged, and stays as it is."""
    try:
        with contextlib.closing(sqlite3.connect(f"{library.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT value FROM setting WHERE name = ?", [_DATA_KEY]).fetchone()
        return msgspec.json.decode(row[0], type=Wrap).method if row else None
    except (sqlite3.Error, msgspec.MsgspecError):  # whoever opens it tells
        return None


def entries_of(library: Path) -> list[str] | None:
    """What this library may have in the keyring, seen from outside; None if it cannot be read."""
    if not library.exists() or not library.stat().st_size:
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"{library.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT value FROM setting WHERE name = ?", [_LIBRARY]).fetchone()
        return [f"{msgspec.json.decode(row[0], type=str)} {slot}" for slot in _SLOTS] if row else []
    except (sqlite3.Error, msgspec.MsgspecError):
        return None


class Keeper:
    """Keeps the data key of one library."""

    def __init__(self, store: Store, key_file: Path, passphrase: str | None = None) -> None:
        """The passphrase is only needed where the key is kept by one."""
        self._store = store
        self._file = KeyFile(key_file)
        self._ring = Ring()
        self._passphrase = passphrase

    @property
    def number(self) -> str | None:
        """Of the data key that is in force."""
        wrap = self._wrap
        return wrap.number if wrap else None

    def open(self, *, with_ring: bool = True) -> DataKey:
        """The data key; a new library gets one, and one of the first version a better one.

        Without the ring the key of a new library goes to the key file. Raises KeyLost, KeyNotInKeyring,
        PassphraseNeeded, PassphraseWrong, one of the keyring's errors, DataFolderUnusable.
        """
        if self._wrap is None:
            self._begin(with_ring=with_ring)
        wrap = self._in_force
        key = self._opened(wrap, self._passphrase)
        self._tidy(wrap)
        return key

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
        key = self.open()
        return [name for name, sealed in self._store.secrets() if not _opens(key, name, sealed)]

    # --- what is in the library

    @property
    def _wrap(self) -> Wrap | None:
        return self._store.setting(_DATA_KEY, Wrap)

    @property
    def _in_force(self) -> Wrap:
        wrap = self._wrap
        assert wrap is not None
        return wrap

    @property
    def _library(self) -> str:
        """The library's own id: it is not the same in two of them, and stays."""
        if (known := self._store.setting(_LIBRARY, str)) is not None:
            return known
        self._store.do(
            "INSERT OR IGNORE INTO setting VALUES (?, ?)", [_LIBRARY, f'"{secrets.token_hex(16)}"']
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
            self._store.set(_DATA_KEY, self._first(key, with_ring=with_ring))

    def _first(self, key: DataKey, *, with_ring: bool) -> Wrap:
        """By the keyring if there is one that works, else by the key file."""
        if not with_ring:
            return self._kept(key, "file", None)
        try:
            wrap = self._kept(key, "keyring", None)
            _log.info("the data key is in the keyring", keyring=self._ring.name)
        except (KeyringGone, KeyringLocked, KeyringSilent, KeyNotKept) as error:
            wrap = self._kept(key, "file", None)
            _log.warning(
                "the data key is protected by a file beside the library only",
                file=str(self._file.path),
                keyring=error.code,
                better="d2f keys method keyring, or passphrase",
            )
        return wrap

    def _bare_secrets(self) -> dict[str, bytes]:
        """What the first version sealed with a key that lay bare. Raises KeyLost."""
        sealed = self._store.secrets()
        if not sealed:
            return {}
        key = self._file.fetch(BARE)
        try:
            if key is None:
                raise KeyLost(file=str(self._file.path))
            return {name: unseal_bare(key, each, name.encode()) for name, each in sealed}
        except InvalidTag:
            raise KeyLost(file=str(self._file.path)) from None

    # --- another one

    def _change(self, method: Method, passphrase: str | None, old: DataKey, new: DataKey) -> None:
        with self._store.alone():
            before = self._in_force
            if new != old:
                self._reseal(old, new)
            self._store.set(_DATA_KEY, self._kept(new, method, before, passphrase))
        if self._opened(self._in_force, passphrase) != new:
            raise KeyNotKept(method=method)
        self._passphrase = passphrase
        self._tidy(self._in_force)
        self._tidy_ring(self._in_force, before)

    def _reseal(self, old: DataKey, new: DataKey) -> None:
        for name, sealed in self._store.secrets():
            try:
                secret = old.unseal(name, sealed)
            except InvalidTag:
                raise SecretUnreadable(name=name) from None
            self._store.reseal(name, new.seal(name, secret))

    def _kept(self, key: DataKey, method: Method, before: Wrap | None, passphrase: str | None = None) -> Wrap:
        """Stores a new second key and reads it back. Raises KeyNotKept."""
        if method == "passphrase":
            if passphrase is None:
                raise PassphraseNeeded
            cost = Cost.new()
            wrap = Wrap(method=method, number=key.number, cost=cost)
            second = cost.key(long_enough(passphrase))
        else:
            same = before is not None and before.method == method
            slot = next(slot for slot in _SLOTS if not (same and before and slot == before.slot))
            wrap = Wrap(method=method, number=key.number, slot=slot)
            second = secrets.token_bytes(KEY_BYTES)
            self._place(method).keep(f"{key.library} {slot}", second)
        wrap = wrap.around(key, second)
        try:
            if self._opened(wrap, passphrase) == key:
                return wrap
        except (KeyLost, KeyNotInKeyring):
            pass
        raise KeyNotKept(method=method)

    def _opened(self, wrap: Wrap, passphrase: str | None) -> DataKey:
        library = self._library
        if wrap.cost is not None:
            if passphrase is None:
                raise PassphraseNeeded
            try:
                return wrap.open(library, wrap.cost.key(passphrase))
            except InvalidTag:
                raise PassphraseWrong from None
        second = self._place(wrap.method).fetch(f"{library} {wrap.slot}")
        try:
            if second is not None and len(second) == KEY_BYTES:
                return wrap.open(library, second)
        except InvalidTag:
            pass
        if wrap.method == "keyring":
            raise KeyNotInKeyring(ring=self._ring.name)
        raise KeyLost(file=str(self._file.path))

    # --- places

    def _place(self, method: Method) -> Ring | KeyFile:
        return self._ring if method == "keyring" else self._file

    def _tidy(self, wrap: Wrap) -> None:
        """What an earlier change left behind in the key file, since it ended too soon."""
        ours = f"{self._library} "
        kept = f"{ours}{wrap.slot}" if wrap.method == "file" else None
        with contextlib.suppress(KeyLost):  # no key file of ours
            self._file.drop_where(lambda name: name.startswith(ours) and name != kept)
            if self._store.setting(_TAKEN_OVER, bool):
                self._file.drop(BARE)
                self._store.set(_TAKEN_OVER, None)

    def _tidy_ring(self, now: Wrap, before: Wrap) -> None:
        if "keyring" not in {now.method, before.method}:
            return
        for slot in _SLOTS:
            if (now.method, now.slot) != ("keyring", slot):
                try:
                    self._ring.drop(f"{self._library} {slot}")
                except (KeyringGone, KeyringLocked, KeyringSilent) as error:  # it opens nothing any more
                    _log.warning("an old key is still in the keyring", why=error.code)


def _opens(key: DataKey, name: str, sealed: bytes) -> bool:
    try:
        key.unseal(name, sealed)
    except InvalidTag:
        return False
    return True
