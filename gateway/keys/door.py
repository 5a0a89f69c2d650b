"""The way into a library, encrypted as a whole or not; and how that is changed, in both directions.

The data key is inside the library, so an encrypted one needs another key, the database key, which lies beside it, in
``d2f.db.key``, wrapped in the same way as the data key is. While something is changed that file holds two: the new one
comes first, then the library changes at once, and only then does the old one go. Which of them is in force is told by
the library itself, so whenever this ends, it opens.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway import cipher
from gateway.cipher import is_encrypted
from gateway.disk import replace
from gateway.errors import DataFolderUnusable, LibraryKeyLost, StartError
from gateway.keys import Method
from gateway.keys.keeper import DATA_KEY, LIBRARY_ID, Keeper, kept_by
from gateway.keys.second import SecondKeys, names
from gateway.keys.wrap import DataKey, Wrap
from gateway.store import Store, wipe_marker

T = TypeVar("T")


class _Kept(Struct, frozen=True):
    """What is in the file of the database key."""

    library: str
    """The library's own id."""
    wraps: list[Wrap]
    """The newest last."""
    under_way: bool = False
    """The library is being encrypted, or decrypted: if it is plain, nothing needs the key.

    Else one that needs it was moved away, and may come back.
    """

    @property
    def whose(self) -> str:
        return _whose(self.library)


def library_key(library: Path) -> Path:
    """Where the database key of that library lies."""
    return library.with_name(f"{library.name}.key")


def seen_from_outside(library: Path) -> Method | None:
    """How the keys of a library are kept, before anybody opens it: it may be another version's, or damaged."""
    if is_encrypted(library):
        kept = _read(library)
        methods: list[Method] = [wrap.method for wrap in kept.wraps] if kept else []
        return "passphrase" if "passphrase" in methods else next(iter(methods), None)
    try:
        wrap = _plain_setting(library, DATA_KEY, Wrap)
    except (sqlite3.Error, msgspec.MsgspecError):  # whoever opens it tells
        return None
    return wrap.method if wrap else None


def is_in_keyring(library: Path) -> bool:
    """Whether a key of it is kept there, also of an encrypted one that was thrown away."""
    kept = None if library.exists() else _read(library)
    return seen_from_outside(library) == "keyring" or any(
        wrap.method == "keyring" for wrap in (kept.wraps if kept else ())
    )


def entries_of(library: Path) -> list[str] | None:
    """What this library may have in the keyring, seen from outside; None if it cannot be read."""
    if not library.exists() or not library.stat().st_size:
        kept = _read(library)  # of an encrypted one that was thrown away
        own = kept.library if kept else ""
    else:
        own = _own_id(library)
    return None if own is None else [*names(own), *names(_whose(own))] if own else []


def entries_in(store: Store) -> list[str]:
    """The same of one that is open. Raises sqlite3.Error, msgspec.MsgspecError."""
    own = store.setting(LIBRARY_ID, str)
    return [*names(own), *names(_whose(own))] if own else []


class Door:
    """Opens one library. Whoever changes something holds the lock of its folder."""

    def __init__(self, library: Path, key_file: Path, passphrase: str | None = None) -> None:
        """The passphrase is only needed where the keys are kept by one."""
        self._library = library
        self._key_file = key_file
        self._seconds = SecondKeys(key_file)
        self._passphrase = passphrase

    def open(self) -> Store:
        """Raises what ``Store`` does; of an encrypted one also LibraryKeyLost, CipherMissing, and what ``Keeper.open`` does."""
        locked = is_encrypted(self._library) and not wipe_marker(self._library).exists()
        return Store(self._library, self._in_force()[1].key if locked else None)

    def encrypt(self) -> bool:
        """The whole library from now on; False if it was already. Raises what ``open`` does, NoRoom, KeyNotKept."""
        self.tidy()
        if is_encrypted(self._library):
            return False
        with Store(self._library) as store:
            own = self._keeper(store).open().library
            method = kept_by(store) or "file"
        cipher.demand_room(self._library)
        if library_key(self._library).exists():
            raise DataFolderUnusable(
                folder=str(self._library.parent),
                why=f"{library_key(self._library).name} is an encrypted library's that is not here: move it away",
            )
        key = DataKey.new(_whose(own))
        try:
            wrap = self._seconds.wrap(key, method, None, self._passphrase)
            self._write(_Kept(own, [wrap], under_way=True))
            cipher.convert(self._library, None, key.key)
        finally:
            self.tidy()
        return True

    def decrypt(self) -> bool:
        """Back to a plain library; False if it was one. Raises what ``open`` does, NoRoom."""
        self.tidy()
        if not is_encrypted(self._library):
            return False
        self.open().close()  # a damaged one is told
        wrap, key = self._in_force()
        cipher.demand_room(self._library)
        try:
            self._write(_Kept(self._kept.library, [wrap], under_way=True))
            cipher.convert(self._library, key.key, None)
        finally:
            self.tidy()
        return True

    def rotate(self) -> None:
        """New keys, of both kinds. Raises what ``open`` does, NoRoom, KeyNotKept, SecretUnreadable."""
        self.tidy()
        encrypted = is_encrypted(self._library)
        if encrypted:
            cipher.demand_room(self._library)
        with self.open() as store:
            self._keeper(store).rotate()
        if encrypted:
            wrap, old = self._in_force()
            new = DataKey.new(old.library)
            try:
                after = self._seconds.wrap(new, wrap.method, wrap, self._passphrase)
                self._write(_Kept(self._kept.library, [wrap, after]))
                cipher.convert(self._library, old.key, new.key)
            finally:
                self.tidy()

    def change(self, method: Method, passphrase: str | None = None) -> None:
        """The same keys, kept in another way; the passphrase is the new one. Raises what ``open`` does, PassphraseTooShort, KeyNotKept."""
        self.tidy()
        try:
            with self.open() as store:
                keeper = self._keeper(store)
                if store.is_encrypted:
                    keeper.open()  # nothing begins unless both open
                    wrap, key = self._in_force()
                    after = self._seconds.wrap(key, method, wrap, passphrase)
                    self._write(_Kept(self._kept.library, [wrap, after]))
                keeper.change(method, passphrase)
            self._passphrase = passphrase
        finally:
            self.tidy()

    def tidy(self) -> None:
        """Takes away what a change left behind that ended too soon. Raises what ``open`` does."""
        cipher.unfinished(self._library).unlink(missing_ok=True)
        kept = _read(self._library)
        if kept is None:
            return
        if is_encrypted(self._library):
            if kept.under_way or len(kept.wraps) > 1:
                self._settle(kept)
        elif kept.under_way and _own_id(self._library) == kept.library:
            self._clear(kept, None)
            library_key(self._library).unlink()

    # --- the database key

    @property
    def _kept(self) -> _Kept:
        kept = _read(self._library)
        if kept is None:
            raise LibraryKeyLost(file=str(self._library), key=str(library_key(self._library)))
        return kept

    def _in_force(self, only: Method | None = None) -> tuple[Wrap, DataKey]:
        """The newest that opens the library. Raises LibraryKeyLost, CipherMissing, and why its second key is not to be had."""
        trouble: StartError = LibraryKeyLost(file=str(self._library), key=str(library_key(self._library)))
        kept = self._kept
        for wrap in reversed(kept.wraps):
            if only not in {None, wrap.method}:
                continue
            try:
                key = self._seconds.open(wrap, kept.whose, self._passphrase)
            except StartError as error:
                trouble = error
                continue
            if cipher.opens(self._library, key.key):
                return wrap, key
        raise trouble

    def _settle(self, kept: _Kept) -> None:
        """The one that is kept as the data key is, once both were seen to open."""
        with self.open() as store:
            self._keeper(store).open()
            wrap, _ = self._in_force(only=kept_by(store))
        self._write(_Kept(kept.library, [wrap]))
        self._clear(kept, wrap)

    def _clear(self, kept: _Kept, wrap: Wrap | None) -> None:
        self._seconds.tidy_file(kept.whose, wrap)
        if any(each.method == "keyring" for each in kept.wraps):
            self._seconds.tidy_ring(kept.whose, wrap)

    def _write(self, kept: _Kept) -> None:
        try:
            replace(library_key(self._library), msgspec.json.encode(kept))
        except OSError as error:
            raise DataFolderUnusable(folder=str(self._library.parent), why=str(error)) from error

    def _keeper(self, store: Store) -> Keeper:
        return Keeper(store, self._key_file, self._passphrase)


def _whose(own: str) -> str:
    """What second keys are named after that are around the database key, not the data key."""
    return f"database {own}"


def _read(library: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(library_key(library).read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _own_id(library: Path) -> str | None:
    """Empty if it has none yet; None if it cannot be read."""
    if is_encrypted(library):
        kept = _read(library)
        return kept.library if kept else None
    try:
        return _plain_setting(library, LIBRARY_ID, str) or ""
    except (sqlite3.Error, msgspec.MsgspecError):
        return None


def _plain_setting(library: Path, name: str, kind: type[T]) -> T | None:
    """Raises sqlite3.Error, msgspec.MsgspecError."""
    with contextlib.closing(sqlite3.connect(f"{library.absolute().as_uri()}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()
    return msgspec.json.decode(row[0], type=kind) if row else None
