"""Second keys in the system's own safe, by the ``keyring`` library.

Only a real one is believed: its stand-ins that keep nothing, refuse everything or write a plain file have a priority
below one. Everything is asked in a thread that may be left behind: a safe that waits for somebody to unlock it, or for
a service that hangs, must not keep the gateway from saying so.
"""

import base64
import binascii
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from gateway.errors import KeyringGone, KeyringLocked, KeyringSilent

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "d2f"
_PATIENCE = 60.0
"""Seconds: the system may be asking the person for a password of its own."""


class Ring:
    """Each call raises KeyringGone (none here, or it fails), KeyringLocked or KeyringSilent (no answer in time)."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience

    @property
    def name(self) -> str:
        """What the system's safe is called."""
        return self._ask(_name)

    def keep(self, name: str, key: bytes) -> None:
        told = base64.b64encode(key).decode()

        def keep(ring: "KeyringBackend") -> None:
            ring.set_password(SERVICE, name, told)

        self._ask(keep)

    def fetch(self, name: str) -> bytes | None:
        told = self._ask(lambda ring: ring.get_password(SERVICE, name))
        try:
            return None if told is None else base64.b64decode(told, validate=True)
        except binascii.Error:  # somebody else's entry
            return None

    def drop(self, name: str) -> None:
        """Nothing happens if there is none."""

        def drop(ring: "KeyringBackend") -> None:
            if ring.get_password(SERVICE, name) is not None:
                ring.delete_password(SERVICE, name)

        self._ask(drop)

    def _ask(self, work: "Callable[[KeyringBackend], T]") -> T:
        answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put((work(_real()), None))
            except Exception as error:  # noqa: BLE001  # each backend has exceptions of its own
                answers.put((None, error))

        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            answer, error = answers.get(timeout=self._patience)
        except queue.Empty:
            raise KeyringSilent(seconds=f"{self._patience:.0f}") from None
        if error is not None:
            raise _told(
                error
            ) from None  # its own words stay out of it: nobody knows what a backend puts into them
        return answer  # pyright: ignore[reportReturnType]


def _real() -> "KeyringBackend":
    """Raises NoKeyringError, or what the backend raises."""
    import keyring  # noqa: PLC0415  # 50 ms that whoever uses a key file need not wait for
    from keyring.backends import chainer, fail, null  # noqa: PLC0415  # the same
    from keyring.errors import NoKeyringError  # noqa: PLC0415  # the same

    ring = keyring.get_keyring()
    # A chain would fall back to the next safe, a plain file perhaps, when the first one is locked.
    candidates = list(chainer.ChainerBackend.backends) if isinstance(ring, chainer.ChainerBackend) else [ring]
    for each in candidates:
        if each.priority >= 1 and not isinstance(each, (fail.Keyring, null.Keyring)):
            return each
    raise NoKeyringError


def _name(ring: "KeyringBackend") -> str:
    return str(ring.name)


def _told(error: Exception) -> KeyringLocked | KeyringGone:
    from keyring.errors import KeyringLocked as Locked  # noqa: PLC0415  # the same

    return KeyringLocked() if isinstance(error, Locked) else KeyringGone(why=type(error).__name__)
