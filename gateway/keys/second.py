"""Second keys, with which a key is wrapped: made, stored in their place and read back, fetched, cleared away.

There are two slots in each place, so that a new one can be tried while the old one is still there.
"""

import contextlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag

from gateway.errors import (
    KeyLost,
    KeyNotInKeyring,
    KeyNotKept,
    KeyringGone,
    KeyringLocked,
    KeyringSilent,
    PassphraseNeeded,
    PassphraseWrong,
)
from gateway.keys import Method
from gateway.keys.keyfile import KeyFile
from gateway.keys.passphrase import Cost, long_enough
from gateway.keys.ring import Ring
from gateway.keys.wrap import KEY_BYTES, DataKey, Wrap
from gateway.log import get

_log = get("keys")
_SLOTS = ("a", "b")


def names(whose: str) -> list[str]:
    """What second keys of that owner's are called."""
    return [f"{whose} {slot}" for slot in _SLOTS]


class SecondKeys:
    """In the keyring and in one key file. ``whose``: ``DataKey.library``."""

    def __init__(self, key_file: Path) -> None:
        self.file = KeyFile(key_file)
        self.ring = Ring()

    def wrap(self, key: DataKey, method: Method, before: Wrap | None, passphrase: str | None = None) -> Wrap:
        """The key with a new second key around it, stored and read back; the one of ``before`` stays.

        Raises KeyNotKept, PassphraseNeeded, PassphraseTooShort, one of the keyring's errors, DataFolderUnusable.
        """
        if method == "passphrase":
            if passphrase is None:
                raise PassphraseNeeded
            cost = Cost.new()
            wrap = Wrap(method=method, number=key.number, cost=cost)
            second = cost.key(long_enough(passphrase))
        else:
            used = before.slot if before and before.method == method else None
            wrap = Wrap(method=method, number=key.number, slot=next(slot for slot in _SLOTS if slot != used))
            second = secrets.token_bytes(KEY_BYTES)
            self._place(method).keep(f"{key.library} {wrap.slot}", second)
        wrap = wrap.around(key, second)
        try:
            if self.open(wrap, key.library, passphrase) == key:
                return wrap
        except (KeyLost, KeyNotInKeyring):
            pass
        raise KeyNotKept(method=method)

    def open(self, wrap: Wrap, whose: str, passphrase: str | None) -> DataKey:
        """Raises KeyLost, KeyNotInKeyring, PassphraseNeeded, PassphraseWrong, one of the keyring's, DataFolderUnusable."""
        if wrap.cost is not None:
            if passphrase is None:
                raise PassphraseNeeded
            try:
                return wrap.open(whose, wrap.cost.key(passphrase))
            except InvalidTag:
                raise PassphraseWrong from None
        second = self._place(wrap.method).fetch(f"{whose} {wrap.slot}")
        try:
            if second is not None and len(second) == KEY_BYTES:
                return wrap.open(whose, second)
        except InvalidTag:
            pass
        if wrap.method == "keyring":
            raise KeyNotInKeyring(ring=self.ring.name)
        raise KeyLost(file=str(self.file.path))

    def tidy_file(self, whose: str, kept: Wrap | None) -> None:
        """Only that of ``kept`` stays."""
        name = f"{whose} {kept.slot}" if kept and kept.method == "file" else None
        with contextlib.suppress(KeyLost):  # no key file of ours
            self.file.drop_where(lambda each: each in names(whose) and each != name)

    def tidy_ring(self, whose: str, kept: Wrap | None) -> None:
        """The same, in the keyring; what does not go opens nothing any more."""
        name = f"{whose} {kept.slot}" if kept and kept.method == "keyring" else None
        for each in names(whose):
            if each != name:
                try:
                    self.ring.drop(each)
                except (KeyringGone, KeyringLocked, KeyringSilent) as error:
                    _log.warning("an old key is still in the keyring", why=error.code)

    def _place(self, method: Method) -> Ring | KeyFile:
        return self.ring if method == "keyring" else self.file
