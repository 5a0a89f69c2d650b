"""Small files that must not be lost, nor read by others."""

import os
import stat
import sys
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_FILES = (
    *("d2f.db", "d2f.db-wal", "d2f.db-shm", "d2f.db-left", "d2f.db.key"),
    *("d2f.key", "d2f.lock", "d2f.lock-journal"),
)


def narrow(folder: Path) -> dict[Path, bool]:
    """Takes from others what rights they have to our files, as after a backup was copied back.

    Returns the files that they had rights to, and whether that is mended. On Windows a file has those of its folder.
    """
    if sys.platform == "win32" or not folder.is_dir():
        return {}
    unwanted = {folder: _OTHERS_WRITE} | {folder / name: _OTHERS for name in _FILES}
    wide = [path for path, each in unwanted.items() if _mode(path) & each]
    return {path: _narrowed(path, unwanted[path]) for path in wide}


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:  # SQLite's own come and go
        return 0


def _narrowed(path: Path, unwanted: int) -> bool:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~unwanted)
    except OSError:
        return False
    return True


def replace(path: Path, content: bytes) -> None:
    """A file for its owner's eyes only, from the first moment; replaced as a whole, and there for good. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    # On Windows a file has the rights of its folder.
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    settle(path.parent)


def settle(folder: Path) -> None:
    """What was done to the folder so far is on the disk before anything else is. Raises OSError."""
    if sys.platform != "win32":  # there a folder cannot be opened, and a rename is written through
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
