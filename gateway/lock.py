"""One gateway for a data folder: a lock that the system lets go of when the process ends, however it ends.

It is SQLite's own, on an empty file beside the library, since that is the same on all three systems. The verbs that
only speak to a running gateway need none: the library itself may be open in several processes.
"""

import contextlib
import os
import sqlite3
from collections.abc import Generator
from pathlib import Path

from gateway.errors import AlreadyRunning, DataFolderUnusable

LOCK = "d2f.lock"


@contextlib.contextmanager
def alone(folder: Path) -> Generator[None]:
    """For as long as it lasts no other gateway has this folder. Raises AlreadyRunning, DataFolderUnusable."""
    with contextlib.closing(_take(folder)):
        yield


def runs_in(folder: Path) -> bool:
    """Whether a gateway has this folder. Raises DataFolderUnusable."""
    if not folder.is_dir():
        return False
    try:
        with alone(folder):
            return False
    except AlreadyRunning:
        return True


def _make(lock: Path) -> None:
    """For its owner alone. One that is there is not opened here: to close it would let go of its lock (POSIX)."""
    if lock.is_symlink():
        lock.unlink()
    with contextlib.suppress(FileExistsError):
        os.close(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _take(folder: Path) -> sqlite3.Connection:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(folder / LOCK)
        lock = sqlite3.connect(folder / LOCK, timeout=0)
    except (OSError, sqlite3.Error) as error:
        raise DataFolderUnusable(folder=str(folder), why=str(error)) from error
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise AlreadyRunning(folder=str(folder)) from error
        raise DataFolderUnusable(folder=str(folder), why=str(error)) from error
    return lock
