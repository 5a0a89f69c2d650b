"""Small files that must not be lost, nor read by others."""

import os
import sys
from pathlib import Path


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
