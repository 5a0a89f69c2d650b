"""Second keys in a file that only its owner may read: replaced as a whole, never half written."""

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path

import msgspec

from gateway.disk import replace
from gateway.errors import DataFolderUnusable, KeyLost

BARE = "bare"
"""The name of a data key that the first version left here, not wrapped."""
_BARE_BYTES = 32


class KeyFile:
    """By name, so that one file may serve a library and the one that was there before.

    Each call raises DataFolderUnusable if the file cannot be read or written, KeyLost if it is not a key file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, name: str, key: bytes) -> None:
        """On the disk for good when this returns."""
        self._write(self._read() | {name: key})

    def fetch(self, name: str) -> bytes | None:
        return self._read().get(name)

    def drop(self, name: str) -> None:
        self.drop_where(lambda each: each == name)

    def drop_where(self, unneeded: Callable[[str], bool]) -> None:
        """The file goes with the last key in it."""
        keys = self._read()
        left = {name: key for name, key in keys.items() if not unneeded(name)}
        if len(left) == len(keys):
            return
        if left:
            self._write(left)
            return
        with self._telling():
            self.path.unlink()

    def _read(self) -> dict[str, bytes]:
        with self._telling():
            content = self.path.read_bytes() if self.path.exists() else b""
        if len(content) == _BARE_BYTES:
            return {BARE: content}
        if (
            len(content) < _BARE_BYTES
        ):  # the first version ended before it had written its key: nothing is sealed with it
            return {}
        try:
            return msgspec.json.decode(content, type=dict[str, bytes])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise KeyLost(file=str(self.path)) from None

    def _write(self, keys: dict[str, bytes]) -> None:
        with self._telling():
            replace(self.path, msgspec.json.encode(keys))

    @contextlib.contextmanager
    def _telling(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise DataFolderUnusable(folder=str(self.path.parent), why=str(error)) from error
