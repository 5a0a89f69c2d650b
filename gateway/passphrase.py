"""The passphrase of the dashboard, for a machine that others use: asked for after the log-in link.

It guards the dashboard alone. Whoever can read the data folder may set another one, or none, by ``d2f passphrase``: that
is how the owner gets in who has forgotten it. (The one that guards the keys is another matter: ``keys``.)
"""

import asyncio
import hmac
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.errors import TooManyTries, WrongPassphrase
from gateway.keys.passphrase import Cost, long_enough
from gateway.model import now
from gateway.store import Store

_KEPT, _TRIES = "passphrase", "passphrase tries"
_FREE = 3
"""Wrong ones in a row that cost nothing: fingers slip."""
_LONGEST_WAIT = 300
"""Seconds. 290 tries a day, then: a hundred years for one word of a list of ten million, and the owner is back soon."""


class _Kept(Struct, frozen=True):
    cost: Cost
    hash: bytes

    def __repr__(self) -> str:
        return "_Kept(•••)"


class _Tries(Struct, frozen=True):
    failures: int
    at: datetime
    """The last one."""


class Passphrase:
    """In the store; only what Argon2id makes of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._one_at_a_time = asyncio.Lock()  # each takes 64 MiB

    @property
    def is_set(self) -> bool:
        return self._kept is not None

    def set(self, passphrase: str) -> None:
        """Raises PassphraseTooShort."""
        cost = Cost.new()
        kept = _Kept(cost, cost.key(long_enough(passphrase)))
        with self._store.atomic():
            self._store.set(_KEPT, kept)
            self._store.set(_TRIES, None)

    def remove(self) -> None:
        """From now on the log-in link is enough."""
        with self._store.atomic():
            self._store.set(_KEPT, None)
            self._store.set(_TRIES, None)

    async def check(self, told: str) -> None:
        """Whether it is the one. Raises WrongPassphrase; TooManyTries while it is not even looked at."""
        async with self._one_at_a_time:
            kept, tries = self._kept, self._tries
            if kept is None:
                return
            if tries and (wait := _wait(tries)) > 0:
                raise TooManyTries(seconds=str(wait))
            # Counted before it is looked at: who hangs up, or ends the gateway, has tried all the same.
            self._store.set(_TRIES, _Tries(tries.failures + 1 if tries else 1, now()))
            if not hmac.compare_digest(await asyncio.to_thread(kept.cost.key, told), kept.hash):
                raise WrongPassphrase
            self._store.set(_TRIES, None)

    @property
    def _kept(self) -> _Kept | None:
        return self._store.setting(_KEPT, _Kept)

    @property
    def _tries(self) -> _Tries | None:
        tries = self._store.setting(_TRIES, _Tries)
        if (
            tries is not None and tries.at > now()
        ):  # the clock was set back: nobody waits for the time that it once showed
            tries = _Tries(tries.failures, now())
            self._store.set(_TRIES, tries)
        return tries


def _wait(tries: _Tries) -> int:
    """Seconds before the next try: 2, 4, 8 … after the free ones."""
    if tries.failures < _FREE:
        return 0
    wait = min(2 ** min(tries.failures - _FREE + 1, 20), _LONGEST_WAIT)
    left = timedelta(seconds=wait) - (now() - tries.at)
    return max(0, -(-left // timedelta(seconds=1)))
