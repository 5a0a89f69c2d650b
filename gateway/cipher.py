"""Whole libraries in cipher, by SQLCipher: AES-256 with an authentication code on each page of 4096 bytes.

The only module that knows ``sqlcipher3``, an optional extra: who does not encrypt needs it not. A key is 32 random
bytes, used as they are: there is nothing to derive, so opening takes no longer.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from gateway.disk import settle
from gateway.errors import CipherMissing, DataFolderUnusable, LibraryDamaged, NoRoom

_PLAIN = b"SQLite format 3\0"
"""What a library that is not encrypted begins with; else random bytes are there."""
_PATIENCE = 10
"""Seconds that another process may still have the library."""
_MARGIN = 2**20


def is_encrypted(library: Path) -> bool:
    """By its first bytes, as far as they can be read: whoever opens it tells what is wrong.

    Not for a process that has it open: to close a file lets go of all locks of that process on it (POSIX).
    """
    try:
        with library.open("rb") as file:
            begins = file.read(len(_PLAIN))
    except OSError:
        return False
    return any(begins) and begins != _PLAIN


def connect(library: Path, key: bytes | None, *, only_read: bool = False) -> sqlite3.Connection:
    """By SQLCipher, which reads plain files, too. What it raises is in ``errors()``, not ``sqlite3.Error``.

    Raises CipherMissing.
    """
    place = f"{library.absolute().as_uri()}?mode={'ro' if only_read else 'rw'}"
    connection: sqlite3.Connection = _sqlcipher().connect(place, timeout=_PATIENCE, uri=True)
    connection.execute("PRAGMA cipher_log_level = NONE")  # a wrong key is told by an exception
    if key is not None:
        connection.execute(f'PRAGMA key = "{_spelled(key)}"')
    connection.execute("PRAGMA temp_store = MEMORY")  # else a large sort lies on the disk in the clear
    return connection


def errors() -> tuple[type[Exception], ...]:
    """All that SQLCipher raises. Raises CipherMissing."""
    return (_sqlcipher().Error,)


def translated(error: Exception) -> sqlite3.Error:
    """The same, as the standard library has it: the rest of the tree knows no other."""
    kind = getattr(sqlite3, type(error).__name__, sqlite3.DatabaseError)
    same: sqlite3.Error = kind(*error.args)
    same.sqlite_errorcode = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return same


def opens(library: Path, key: bytes) -> bool:
    """Whether it is the library's. Raises CipherMissing."""
    try:
        with contextlib.closing(connect(library, key, only_read=True)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except errors():
        return False
    return True


def unfinished(library: Path) -> Path:
    """What a conversion writes into; of no use to anybody else."""
    return library.with_name(f"{library.name}-new")


def demand_room(library: Path) -> None:
    """For as much again as the library has now, and its log. Raises CipherMissing, NoRoom."""
    _sqlcipher()
    log = library.with_name(f"{library.name}-wal")
    size, logged = library.stat().st_size, log.stat().st_size if log.exists() else 0
    needed, free = size * 21 // 20 + 2 * logged + _MARGIN, shutil.disk_usage(library.parent).free
    if free < needed:
        raise NoRoom(folder=str(library.parent), needed=str(needed // 2**20 + 1), free=str(free // 2**20))


def convert(library: Path, old: bytes | None, new: bytes | None) -> None:
    """The library under another key; None is for a plain one. Until the end it stays as it is, then it is replaced at once.

    Raises DataFolderUnusable (no room, or another process has it), LibraryDamaged, CipherMissing.
    """
    fresh = unfinished(library)
    try:
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(connect(library, old)) as db:
            _hold(db)
            _export(db, fresh, new)
            _compare(db, fresh, new)
            if sys.platform == "win32":  # no open file is replaced there, ours or another process's
                db.close()
            fresh.replace(library)
            settle(library.parent)
    except (OSError, *errors()) as error:
        fresh.unlink(missing_ok=True)
        full_or_locked = isinstance(error, OSError) or type(error).__name__ == "OperationalError"
        if full_or_locked:
            raise DataFolderUnusable(folder=str(library.parent), why=str(error)) from error
        raise LibraryDamaged(file=str(library), why=str(error)) from error


def _hold(db: sqlite3.Connection) -> None:
    """No log is left beside it, and nobody else reads or writes it until it is closed."""
    db.isolation_level = None
    for step in ("locking_mode = EXCLUSIVE", "wal_checkpoint(TRUNCATE)", "journal_mode = DELETE"):
        db.execute(f"PRAGMA {step}").fetchall()
    db.execute("BEGIN EXCLUSIVE")
    db.execute("COMMIT")


def _export(db: sqlite3.Connection, fresh: Path, key: bytes | None) -> None:
    db.execute("ATTACH ? AS fresh KEY ?", [str(fresh), _spelled(key) if key else ""])
    for step in ("journal_mode = OFF", "synchronous = OFF"):  # it is flushed below, as a whole
        db.execute(f"PRAGMA fresh.{step}").fetchall()
    db.execute("SELECT sqlcipher_export('fresh')").fetchall()
    db.execute("DETACH fresh")
    with fresh.open("r+b") as file:
        os.fsync(file.fileno())


def _compare(db: sqlite3.Connection, fresh: Path, key: bytes | None) -> None:
    """Raises one of ``errors()`` unless the new file is sound, and holds what the old one does."""
    with contextlib.closing(connect(fresh, key)) as copy:
        found: list[tuple[Any, ...]] = copy.execute("PRAGMA integrity_check(1)").fetchall()
        if key is not None:
            found += copy.execute("PRAGMA cipher_integrity_check").fetchall()
        if found != [("ok",)] or list(_digests(copy)) != list(_digests(db)):
            raise _sqlcipher().DatabaseError("a copy of it is not the same")


def _digests(db: sqlite3.Connection) -> Generator[tuple[Any, ...]]:
    """Everything by which the schema is told, then each table's name and a digest of all its rows."""
    db.text_factory = bytes
    yield from db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        digest = hashlib.blake2b()
        rows = db.execute(f'SELECT * FROM "{name.decode()}" NOT INDEXED')  # noqa: S608  # a table of ours
        for row in rows:
            digest.update(msgspec.msgpack.encode(row))
        yield name, digest.digest()


def _spelled(key: bytes) -> str:
    """As SQLCipher takes a key that is not to be derived from a passphrase."""
    return f"x'{key.hex()}'"


def _sqlcipher() -> Any:
    try:
        from sqlcipher3 import dbapi2  # noqa: PLC0415  # an extra
    except ImportError:
        raise CipherMissing from None
    return dbapi2
