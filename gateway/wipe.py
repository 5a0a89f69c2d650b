"""Wipes a data folder: the keys go first, so that what is left if this ends too soon opens nothing; then all else.

A marker is the first file to come and the last one to go. As long as it lies there nobody opens what is left of the
library (``store``), and the next wipe, or the next start, goes on from it. On the dashboard it comes while the library
is still open: where it cannot, nothing has happened, and all goes on.
"""

import contextlib
import os
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from gateway.audit import COMMAND, Act, Audit
from gateway.disk import settle
from gateway.errors import (
    AlreadyRunning,
    D2FError,
    DataFolderUnusable,
    KeyringGone,
    KeyringLocked,
    KeyringSilent,
    WipeInUse,
    Words,
)
from gateway.keys.door import entries_in, entries_of, is_in_keyring, library_key
from gateway.keys.keeper import kept_by
from gateway.keys.ring import SERVICE, Ring
from gateway.lock import LOCK, alone
from gateway.log import get
from gateway.store import Store, wipe_marker

_log = get("wipe")

CONSENT = ("清除", "WIPE")
"""Either is what the person types."""

REMAINS = Words(
    "还留着的，要你自己处理：飞书里写好的行，以及给应用的权限或授权码（在飞书里删除、停用）；豆瓣的登录还有效（在豆瓣退出登录即可作废）；"
    "你自己备份过的数据文件夹；浏览器里的扩展（移除它，或在它的设置页点“忘掉一切”）。",
    "What remains is yours to end: the rows in Feishu, and what you allowed there (delete or disable the app or the base "
    "token); the log-in at Douban is still good (log out there to end it); copies of the data folder that you made; the "
    "extension in your browsers (remove it, or press “Forget everything” in its settings).",
)


class _Marked(Struct, frozen=True):
    """What has to be known of the library when it is gone."""

    entries: list[str] | None
    """Of the keyring; None if the library is too damaged to tell."""
    by_ring: bool
    """Whether its key is kept there."""

    @classmethod
    def of(cls, library: Path) -> Self:
        return cls(entries_of(library), is_in_keyring(library))

    @classmethod
    def within(cls, store: Store) -> Self:
        """The same of a library that this process has open, which must not be looked at from outside (``cipher``)."""
        try:
            return cls(entries_in(store), kept_by(store) == "keyring")
        except (sqlite3.Error, msgspec.MsgspecError):
            return cls(None, by_ring=False)


class Left(Struct, frozen=True):
    """What did not go: names of files, and of entries in the keyring. Without the files those open nothing."""

    files: list[str]
    """With any of these it is not done: the next wipe goes on."""
    entries: list[str]


def is_consent(word: str) -> bool:
    return word.strip().upper() in CONSENT


def begun(library: Path) -> bool:
    """Whether a wipe was begun and did not come to its end."""
    return wipe_marker(library).exists()


def begin(library: Path, store: Store) -> None:
    """From now on nobody opens it; whoever has it open closes it, then wipes. Raises DataFolderUnusable: nothing has changed then."""
    with _telling(library):
        _write(wipe_marker(library), msgspec.json.encode(_Marked.within(store)))


def finish(library: Path) -> Left:
    """Wipes all, or goes on with it, while no gateway runs. Raises WipeInUse, DataFolderUnusable."""
    try:
        with alone(library.parent):
            left = wipe(library)
    except AlreadyRunning:
        raise WipeInUse(folder=str(library.parent)) from None
    except DataFolderUnusable:
        _note_failed(library)
        raise
    tidy(library)
    return left


def _note_failed(library: Path) -> None:
    """In the audit trail of a library that is whole, as far as it opens without a key."""
    if library.exists() and not begun(library):
        with contextlib.suppress(D2FError, sqlite3.Error), Store(library) as store:
            Audit(store).note(Act.WIPE_FAILED, COMMAND)


def tidy(library: Path) -> None:
    """Takes away the lock, which whoever holds it cannot, and the marker; the folder, too, if nothing else is in it."""
    with _telling(library):
        if all(path.name == LOCK for path in _ours(library)):
            library.with_name(LOCK).unlink(missing_ok=True)
            wipe_marker(library).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # there is something in it that is not ours
                library.parent.rmdir()


def wipe(library: Path) -> Left:
    """All but the lock and the marker goes. The lock is the caller's, and the library closed. Raises DataFolderUnusable.

    Only what is D2F's, by its name.
    """
    folder, marker = library.parent, wipe_marker(library)
    with _telling(library):
        if not marker.exists():
            _write(marker, msgspec.json.encode(_Marked.of(library)))
        entries = _drop_entries(_read(marker, library))
        keys = [path for path in _ours(library) if path.name.startswith(_key_names(library))]
        stay = _unlink(keys)
        settle(folder)
        stay += _unlink([path for path in _ours(library) if path not in keys and path.name != LOCK])
        settle(folder)
    return Left([path.name for path in stay], entries)


@contextlib.contextmanager
def _telling(library: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise DataFolderUnusable(folder=str(library.parent), why=str(error)) from error


def _ours(library: Path) -> list[Path]:
    """The library and its companions, keys, lock: all of them are named after it."""
    kinds = (library.suffix, ".key", ".lock")
    return sorted(path for kind in kinds for path in library.parent.glob(f"{library.stem}{kind}*"))


def _key_names(library: Path) -> tuple[str, ...]:
    return library.with_suffix(".key").name, library_key(library).name


def _unlink(paths: list[Path]) -> list[Path]:
    """Returns those that stay: on Windows what another program has open. One that does keeps no other from going."""
    stay: list[Path] = []
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a file is still there", file=path.name, why=str(error))
            stay.append(path)
    return stay


def _drop_entries(marked: _Marked) -> list[str]:
    ring, left = Ring(), list[str]()
    if marked.entries is None:
        return [f"{SERVICE} / ?"]
    for name in marked.entries:
        try:
            ring.drop(name)
        except (KeyringGone, KeyringLocked, KeyringSilent) as error:
            if marked.by_ring:  # else there is most likely none: the machine may have no keyring at all
                _log.warning("an entry is still in the keyring", entry=f"{SERVICE} / {name}", why=error.code)
                left.append(f"{SERVICE} / {name}")
    return left


def _read(marker: Path, library: Path) -> _Marked:
    try:
        return msgspec.json.decode(marker.read_bytes(), type=_Marked)
    except msgspec.MsgspecError:  # it ended before that was written: the library is whole, and read again
        marker.unlink()
        marked = _Marked.of(library)
        _write(marker, msgspec.json.encode(marked))
        return marked


def _write(path: Path, content: bytes) -> None:
    """All of it, or no file."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        settle(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise
