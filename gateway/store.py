"""The SQLite file that everything is kept in: settings, sealed secrets, devices, captures.

``library`` (marks and subjects) and ``ledger`` (what Feishu shows of them) keep their tables in the same file.
All calls are short and made from one thread, the event loop's. ``sqlite3.Error`` means that the disk or the
file is at fault, also where the whole file is encrypted.
"""

import contextlib
import os
import sqlite3
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Struct
from sqlite_utils import Database

from gateway import cipher
from gateway.disk import replace
from gateway.errors import DataFolderUnusable, LibraryDamaged, WipeUnfinished
from gateway.model import Capture, Reading, Trigger, now
from gateway.schema import migrations

T = TypeVar("T")
Values = Sequence[object] | dict[str, object]

KEEP_READ = timedelta(days=14)
"""How long the page itself is kept after it was read; what was read stays for ever."""
KEEP_UNREAD = timedelta(days=90)
"""The same for a page that could not be read: time for a mended parser to come."""


class Kept(Struct, frozen=True, kw_only=True):
    """A kept capture, without its page."""

    id: str
    device: str
    url: str
    trigger: Trigger
    captured_at: datetime
    received_at: datetime
    size: int
    """Bytes of the page as it came."""
    account: str | None
    verdict: str | None
    """None until it was read."""
    reason: str | None
    result: bytes | None
    """What the device was answered, as JSON."""
    readable: bool
    """The page itself is still here and can be read again."""


class Device(Struct, frozen=True, kw_only=True):
    """A paired browser."""

    id: str
    name: str
    origin: str
    version: str
    counter: int
    """The highest counter of a cookie message that was accepted: an older one is never believed."""
    paired_at: datetime
    seen_at: datetime
    revoked_at: datetime | None


def owned(name: str, owner: str) -> str:
    """What the setting or the secret of one account is kept under; the first account's (``owner`` empty) has the bare name."""
    return f"{name} {owner}" if owner else name


def wipe_marker(library: Path) -> Path:
    """Lies beside a library that is being wiped, until nothing of it is left."""
    return library.with_suffix(".wiping")


class Store:
    """The file, open and looked through. Raises DataFolderUnusable, LibraryDamaged, WipeUnfinished."""

    def __init__(self, path: Path, key: bytes | None = None) -> None:
        """The key is for a library that is encrypted as a whole. Raises CipherMissing, too, then."""
        self._path = path
        self._foreign = cipher.errors() if key else ()  # what is caught costs nothing until it is raised
        self.is_encrypted = key is not None
        if wipe_marker(path).exists():
            raise WipeUnfinished(folder=str(path.parent))
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _look_for_emptied(path)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # its owner's alone, from the first moment
            self._db = _opened(path, key, self._foreign)
        except (OSError, sqlite3.OperationalError) as error:
            raise DataFolderUnusable(folder=str(path.parent), why=str(error)) from error
        except sqlite3.DatabaseError as error:
            raise LibraryDamaged(file=str(path), why=str(error)) from error

    def close(self) -> None:
        self._db.close()
        _note_left(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, sql: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query."""
        try:
            yield from self._db.execute(sql, values)
        except self._foreign as error:
            raise cipher.translated(error) from error

    def one(self, sql: str, values: Values = ()) -> tuple[Any, ...] | None:
        """The first row of a query."""
        try:
            return self._db.execute(sql, values).fetchone()
        except self._foreign as error:
            raise cipher.translated(error) from error

    def do(self, sql: str, values: Values = ()) -> int:
        """One statement, in a transaction of its own or in the one that is open. Returns the rows touched."""
        try:
            if self._db.conn.in_transaction:  # a statement that fails leaves nothing behind
                return self._db.execute(sql, values).rowcount
            with self._db.atomic():
                return self._db.execute(sql, values).rowcount
        except self._foreign as error:
            raise cipher.translated(error) from error

    def do_many(self, sql: str, values: Sequence[Values]) -> None:
        """One statement for each set of values, all or none."""
        try:
            with self._db.atomic():
                self._db.conn.executemany(sql, values)
        except self._foreign as error:
            raise cipher.translated(error) from error

    def atomic(self) -> AbstractContextManager[object]:
        """All or nothing."""
        return self._translating() if self._foreign else self._db.atomic()

    @contextlib.contextmanager
    def _translating(self) -> Generator[None]:
        try:
            with self._db.atomic():
                yield
        except self._foreign as error:
            raise cipher.translated(error) from error

    @contextlib.contextmanager
    def durably(self) -> Generator[None]:
        """What is committed within survives a power cut, and not only the end of this process."""
        self.one("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            self.one("PRAGMA synchronous = NORMAL")

    # --- settings and secrets

    def setting(self, name: str, kind: type[T]) -> T | None:
        """What was set under that name, or None."""
        row = self.one("SELECT value FROM setting WHERE name = ?", [name])
        return msgspec.json.decode(row[0], type=kind) if row else None

    def set(self, name: str, value: object) -> None:
        """Keeps a setting; None forgets it."""
        if value is None:
            self.do("DELETE FROM setting WHERE name = ?", [name])
        else:
            self.do(
                "INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, msgspec.json.encode(value).decode()]
            )

    def secret(self, name: str) -> bytes | None:
        """The sealed bytes of a secret; only the vault can open them."""
        row = self.one("SELECT sealed FROM secret WHERE name = ?", [name])
        return row[0] if row else None

    def set_secret(self, name: str, sealed: bytes | None) -> None:
        """Keeps sealed bytes; None forgets them."""
        if sealed is None:
            self.do("DELETE FROM secret WHERE name = ?", [name])
        else:
            self.do("INSERT OR REPLACE INTO secret VALUES (?, ?, ?)", [name, sealed, now().isoformat()])

    def secrets(self) -> list[tuple[str, bytes]]:
        """The names of all secrets, and their sealed bytes."""
        return list(self.rows("SELECT name, sealed FROM secret ORDER BY name"))

    def reseal(self, name: str, sealed: bytes) -> None:
        """The same secret, sealed anew: it is as old as it was."""
        self.do("UPDATE secret SET sealed = ? WHERE name = ?", [sealed, name])

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """All or nothing, on the disk for good; nobody else writes from its beginning on."""
        with self.durably(), self.atomic():
            self.do("DELETE FROM setting WHERE name IS NULL")  # no such row: it takes SQLite's lock, no more
            yield

    # --- devices and log-in links

    def add_device(self, device_id: str, name: str, origin: str, version: str) -> None:
        """A browser that was just paired."""
        at = now().isoformat()
        self.do(
            "INSERT INTO device VALUES (?, ?, ?, ?, 0, ?, ?, NULL)",
            [device_id, name, origin, version, at, at],
        )

    def devices(self) -> list[Device]:
        """All that were ever paired, the newest first."""
        return [_device(row) for row in self.rows("SELECT * FROM device ORDER BY paired_at DESC")]

    def device(self, device_id: str) -> Device | None:
        row = self.one("SELECT * FROM device WHERE id = ?", [device_id])
        return _device(row) if row else None

    def count_message(self, device_id: str, counter: int) -> bool:
        """Notes a cookie message's counter; False if it is not higher than all before."""
        sql = "UPDATE device SET counter = ? WHERE id = ? AND counter < ?"
        return self.do(sql, [counter, device_id, counter]) == 1

    def see_device(self, device_id: str) -> None:
        """The device sent something just now."""
        self.do("UPDATE device SET seen_at = ? WHERE id = ?", [now().isoformat(), device_id])

    def revoke_device(self, device_id: str) -> bool:
        """From now on nothing of that device opens. False if there is no such paired device."""
        sql = "UPDATE device SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
        return self.do(sql, [now().isoformat(), device_id]) == 1

    def rename_device(self, device_id: str, name: str) -> bool:
        """False if there is no such paired device."""
        sql = "UPDATE device SET name = ? WHERE id = ? AND revoked_at IS NULL"
        return self.do(sql, [name, device_id]) == 1

    def add_login_link(self, digest: str, expires_at: datetime, *, asks: bool = True) -> None:
        """What logs in once; only its hash is kept. ``asks``: for the passphrase, too, if there is one."""
        self.do("INSERT INTO login_link VALUES (?, ?, ?)", [digest, expires_at.isoformat(), asks])

    def has_login_link(self, digest: str) -> bool:
        """Whether it is there, and good."""
        sql = "SELECT 1 FROM login_link WHERE hash = ? AND expires_at > ?"
        return self.one(sql, [digest, now().isoformat()]) is not None

    def use_login_link(self, digest: str) -> bool | None:
        """Spends a link, and says whether it ``asks``; None if there is none, or it has expired."""
        at = now().isoformat()
        with self.atomic():
            row = self.one("SELECT asks FROM login_link WHERE hash = ? AND expires_at > ?", [digest, at])
            self.do("DELETE FROM login_link WHERE hash = ? OR expires_at <= ?", [digest, at])
        return bool(row[0]) if row else None

    def forget_login_links(self) -> None:
        """Nobody logs in by one that was not used so far."""
        self.do("DELETE FROM login_link")

    # --- captures

    def keep(self, capture: Capture, device: str) -> bool:
        """Keeps a page before anything reads it. False if this capture is here already."""
        sql = """INSERT OR IGNORE INTO capture
            (id, device, url, trigger, captured_at, received_at, status, content, size, counter)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        values = [
            capture.id,
            device,
            capture.url,
            capture.trigger,
            capture.captured_at.isoformat(),
            capture.received_at.isoformat(),
            capture.status,
            zlib.compress(capture.content, 1),
            len(capture.content),
            capture.counter,
        ]
        return self.do(sql, values) == 1

    def received_after(self, device: str, counter: int) -> datetime | None:
        """When the first capture came that the device sealed after this counter; None if none has."""
        sql = "SELECT min(received_at) FROM capture WHERE device = ? AND counter > ?"
        row = self.one(sql, [device, counter])
        return datetime.fromisoformat(row[0]) if row and row[0] else None

    def note_reading(self, capture_id: str, reading: Reading, result: bytes) -> None:
        """What the page turned out to be, and what the device is answered."""
        account = reading.account.id if reading.account else None
        self.do(
            "UPDATE capture SET account = ?, verdict = ?, reason = ?, result = ? WHERE id = ?",
            [account, reading.page.verdict, reading.page.reason, result, capture_id],
        )

    def capture(self, capture_id: str) -> Capture | None:
        """A kept capture with its page, or None if the page is gone (or never was)."""
        sql = "SELECT url, captured_at, trigger, status, content FROM capture WHERE id = ? AND content IS NOT NULL"
        row = self.one(sql, [capture_id])
        if row is None:
            return None
        url, captured_at, trigger, status, content = row
        return Capture(
            id=capture_id,
            url=url,
            captured_at=datetime.fromisoformat(captured_at),
            trigger=Trigger(trigger),
            status=status,
            content=zlib.decompress(content),
        )

    def captures(self, others: Sequence[str] = (), limit: int = 20) -> list[Kept]:
        """The newest kept captures of browsers; those of walks would push them out of sight.

        ``others``: accounts whose captures are left out.
        """
        sql = f"""{_KEPT} WHERE trigger <> 'walk' AND ifnull(account, '') NOT IN (SELECT value FROM json_each(?))
            ORDER BY received_at DESC LIMIT ?"""
        return [_kept(row) for row in self.rows(sql, [msgspec.json.encode(others).decode(), limit])]

    def account_of(self, device: str, accounts: Sequence[str]) -> str | None:
        """Which of these was logged in when the device sent its last page of any of them."""
        sql = """SELECT account FROM capture WHERE device = ? AND account IN (SELECT value FROM json_each(?))
            ORDER BY received_at DESC LIMIT 1"""
        row = self.one(sql, [device, msgspec.json.encode(accounts).decode()])
        return row[0] if row else None

    def unread(self) -> list[Kept]:
        """Captures that were kept but not read, the oldest first: the gateway ended in between."""
        return [_kept(row) for row in self.rows(f"{_KEPT} WHERE verdict IS NULL ORDER BY received_at")]

    def readable(self) -> list[Kept]:
        """All captures whose page is still here, the oldest first."""
        return [_kept(row) for row in self.rows(f"{_KEPT} WHERE content IS NOT NULL ORDER BY received_at")]

    def kept(self, capture_id: str) -> Kept | None:
        row = self.one(f"{_KEPT} WHERE id = ?", [capture_id])
        return _kept(row) if row else None

    def drop_old_pages(self) -> int:
        """Lets go of pages that were kept long enough. Returns how many."""
        sql = """UPDATE capture SET content = NULL WHERE content IS NOT NULL
            AND received_at < CASE verdict WHEN 'ok' THEN ? ELSE ? END"""
        return self.do(sql, [(now() - KEEP_READ).isoformat(), (now() - KEEP_UNREAD).isoformat()])


def _opened(path: Path, key: bytes | None, foreign: tuple[type[Exception], ...]) -> Database:
    """Of the present version, and sound as far as a quick look can tell. Raises sqlite3.Error."""
    is_known = _is_as_left(path)
    file = path.stat().st_ino
    connection = cipher.connect(path, key) if key else sqlite3.connect(path, timeout=10)
    try:
        _wait_for_conversion(connection, path, file)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "secure_delete = ON",
            "cache_size = -32768",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not is_known:
            _look_through(connection)
        db = Database(connection)
        _migrate(db)
    except foreign as error:
        connection.close()
        raise cipher.translated(error) from error
    except BaseException:
        connection.close()
        raise
    return db


def _wait_for_conversion(connection: sqlite3.Connection, path: Path, file: int) -> None:
    """Raises sqlite3.OperationalError if what was opened, by its number, was replaced then: it is nobody's any more."""
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    if path.stat().st_ino != file:
        raise sqlite3.OperationalError("another process has just replaced the library")


def _look_for_emptied(path: Path) -> None:
    """Raises sqlite3.DatabaseError for a file that somebody emptied: SQLite would take it for new, and drop its log.

    A library that has a log or a key, or was closed once, has never been empty.
    """
    if (
        path.exists()
        and not path.stat().st_size
        and any(
            map(
                _size,
                (_log_of(path), path.with_suffix(".key"), path.with_name(f"{path.name}.key"), _left(path)),
            )
        )
    ):
        raise sqlite3.DatabaseError("the file is empty")


def _is_as_left(path: Path) -> bool:
    """Whether nobody has touched the file since it was closed in good order: it need not be looked through again.

    That would cost more than a second in a library of 100,000 marks.
    """
    try:
        return not _size(_log_of(path)) and _left(path).read_text() == _look_of(path)
    except (OSError, ValueError):
        return False


def _note_left(path: Path) -> None:
    """How the file was left, unless another process still has it."""
    with contextlib.suppress(OSError):  # then it is looked through the next time
        if not _log_of(path).exists():
            replace(_left(path), _look_of(path).encode())


def _look_of(path: Path) -> str:
    seen = path.stat()
    return f"{seen.st_size} {seen.st_mtime_ns}"


def _left(path: Path) -> Path:
    return path.with_name(f"{path.name}-left")


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _look_through(connection: sqlite3.Connection) -> None:
    """Some 4 ms a megabyte. Raises sqlite3.DatabaseError for a file that is damaged."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _migrate(db: Database) -> None:
    """Whoever comes first; another process that opens the library meanwhile waits for it."""
    if migrations.pending(db):
        db.execute("BEGIN IMMEDIATE")
        with db.conn:
            migrations.apply(db)


_KEPT = """SELECT id, device, url, trigger, captured_at, received_at, size, account, verdict, reason, result,
    content IS NOT NULL AS readable FROM capture"""


def _kept(row: tuple[Any, ...]) -> Kept:
    return msgspec.convert(dict(zip(Kept.__struct_fields__, row, strict=True)), Kept, strict=False)


def _device(row: tuple[Any, ...]) -> Device:
    return msgspec.convert(dict(zip(Device.__struct_fields__, row, strict=True)), Device)
