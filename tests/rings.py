"""Keyrings that stand for the system's own safe, which a test cannot have: with the troubles that one can have."""

import os
from collections.abc import Callable
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import PasswordDeleteError


class Memory(KeyringBackend):
    """Keeps what it is given, for as long as this process lasts; ``trouble`` is called with all that it is asked."""

    def __init__(self, trouble: Callable[[str], object] = str) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.trouble = trouble

    @properties.classproperty
    def priority(self) -> float:
        return 5

    def get_password(self, service: str, username: str) -> str | None:
        self.trouble(username)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.trouble(f"{username}: {password}")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.trouble(username)
        try:
            del self.kept[service, username]
        except KeyError:
            raise PasswordDeleteError from None


class Forgetful(Memory):
    """Takes everything, keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        self.kept.clear()


class Plain(Memory):
    """Writes a file that anybody reads: such a one has a low priority."""

    @properties.classproperty
    def priority(self) -> float:
        return 0.5


class Folder(KeyringBackend):
    """Outlives the process that uses it, as the system's does: a file an entry, in the folder of ``D2F_TEST_RING``."""

    @properties.classproperty
    def priority(self) -> float:
        return 5

    def _entry(self, service: str, username: str) -> Path:
        return Path(os.environ["D2F_TEST_RING"]) / f"{service} {username}"

    def get_password(self, service: str, username: str) -> str | None:
        entry = self._entry(service, username)
        return entry.read_text() if entry.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        entry = self._entry(service, username)
        fresh = entry.with_name("new")
        fresh.write_text(password)
        fresh.replace(entry)

    def delete_password(self, service: str, username: str) -> None:
        self._entry(service, username).unlink()
