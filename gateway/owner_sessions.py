"""The owner's sessions: each begins with a log-in link and goes on by refresh cookies, every one of which is good for once.

A session is known by its id, which all of its access tokens name (``jti``); it goes on for as long as its row is there.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct, structs

from gateway.errors import LoginLinkUsed, NotLoggedIn, SessionReused
from gateway.model import now
from gateway.settings import Settings
from gateway.store import Store
from gateway.vault import Vault

REFRESH_LIFE = timedelta(days=7)
LINK_LIFE = timedelta(minutes=10)
_GRACE = timedelta(seconds=20)
"""For so long after it was spent, a refresh cookie gives its one successor again, whoever asks.

Two tabs share their cookies and wake at the same moment, and an answer may be lost on its way: that is no theft. Auth0, Okta,
Supabase and Cognito all have such a window, of 10 to 60 s. It is the same successor each time, and only as long as that was
not spent itself: so a thief who comes within the window has no branch of the family of their own, and one of the two
who use it will come too late, and be noticed.
"""
_PLACE = "place"
_SIGNING_KEY = "jwt"
"""The name that it is kept under."""


class Refreshed(Struct, frozen=True):
    """What a session goes on with."""

    session: str
    token: str
    """For the refresh cookie."""

    def __repr__(self) -> str:
        return f"Refreshed({self.session!r}, •••)"


class OwnerSessions:
    """All that go on, in the store; of their cookies only hashes."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        key = vault.get(_SIGNING_KEY)
        if key is None:
            key = secrets.token_hex(32).encode()
            vault.set(_SIGNING_KEY, key)
        self._key = key

    def key(self, purpose: str) -> str:
        """A key that nothing else is done with."""
        return hmac.digest(self._key, purpose.encode(), "sha256").hex()

    def begin(self, browser: str) -> Refreshed:
        """A new one."""
        at, begun = now(), Refreshed(secrets.token_urlsafe(16), secrets.token_urlsafe(32))
        with self._store.atomic():
            self._drop_old(at)
            self._store.do(
                "INSERT INTO owner_session VALUES (?, ?, ?)", [begun.session, at.isoformat(), browser]
            )
            self._keep(begun, at)
        return begun

    def refresh(self, token: str, *, spends: bool = True) -> Refreshed | None:
        """Spends a refresh cookie for its successor; or only looks at it, for who has no need of another.

        Raises NotLoggedIn if it is none, or too old; SessionReused if it was spent before: then somebody has a copy of
        it, and the session is ended for both.
        """
        at = now()
        with self._store.atomic():
            row = self._store.one(
                "SELECT session, expires_at, spent_at FROM owner_refresh WHERE hash = ?", [digest(token)]
            )
            if row is None or row[1] <= at.isoformat():
                raise NotLoggedIn
            session, _, spent_at = row
            # Made of the token itself: it can be given again, though only its hash was kept.
            successor = Refreshed(
                session, hmac.digest(self._key, b"refresh " + token.encode(), "sha256").hex()
            )
            if spent_at is None and spends:
                self._store.do(
                    "UPDATE owner_refresh SET spent_at = ? WHERE hash = ?", [at.isoformat(), digest(token)]
                )
                self._keep(successor, at)
            if spent_at is None or self._may_come_again(spent_at, at, successor):
                return successor if spends else None
            self.end(session)
        raise SessionReused(session=session)

    def goes_on(self, session: str) -> bool:
        return self._store.one("SELECT 1 FROM owner_session WHERE id = ?", [session]) is not None

    def end(self, session: str) -> None:
        """From now on it is good for nothing, whoever has its cookies."""
        _end(self._store, session)

    def _keep(self, refreshed: Refreshed, at: datetime) -> None:
        ends = (at + REFRESH_LIFE).isoformat()
        values = [digest(refreshed.token), refreshed.session, ends]
        self._store.do("INSERT INTO owner_refresh (hash, session, expires_at) VALUES (?, ?, ?)", values)

    def _may_come_again(self, spent_at: str, at: datetime, successor: Refreshed) -> bool:
        if abs(at - datetime.fromisoformat(spent_at)) > _GRACE:
            return False
        sql = "SELECT 1 FROM owner_refresh WHERE hash = ? AND spent_at IS NULL"
        return self._store.one(sql, [digest(successor.token)]) is not None

    def _drop_old(self, at: datetime) -> None:
        self._store.do("DELETE FROM owner_refresh WHERE expires_at <= ?", [at.isoformat()])
        self._store.do("DELETE FROM owner_session WHERE id NOT IN (SELECT session FROM owner_refresh)")


def end_all(store: Store, but: str = "") -> list[str]:
    """Ends all sessions ``but`` one, and those that were about to begin. Returns those that were ended."""
    with store.atomic():
        store.forget_login_links()
        ended = [each for (each,) in store.rows("SELECT id FROM owner_session WHERE id <> ?", [but])]
        for each in ended:
            _end(store, each)
    return ended


def _end(store: Store, session: str) -> None:
    with store.atomic():
        store.do("DELETE FROM owner_refresh WHERE session = ?", [session])
        store.do("DELETE FROM owner_session WHERE id = ?", [session])


def digest(key: str) -> str:
    """Of random text that nobody can guess."""
    return hashlib.sha256(key.encode()).hexdigest()


class Place(Struct, frozen=True):
    """Where a gateway listens and what it is called: as in its ``Settings``."""

    port: int
    host: str
    name: str | None
    behind_proxy: str | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.port, settings.host, settings.name, settings.behind_proxy)


def note_place(store: Store, settings: Settings) -> None:
    """For the command line, whose settings need not be those that this gateway was started with."""
    store.set(_PLACE, Place.of(settings))


def at_its_place(store: Store, settings: Settings) -> Settings:
    """The settings, with the place of the gateway that runs: what is at any other may be anybody."""
    place = store.setting(_PLACE, Place)
    return structs.replace(settings, **structs.asdict(place)) if place else settings


def new_login_link(store: Store, settings: Settings, *, asks: bool = True) -> str:
    """A link that opens the dashboard once, within ten minutes. Only its hash is kept.

    ``asks``: for the passphrase, too, if there is one; what the command line does itself is not asked.
    """
    key = secrets.token_urlsafe(32)
    store.add_login_link(digest(key), now() + LINK_LIFE, asks=asks)
    return f"{settings.dashboard}login?key={key}"


def use_login_link(store: Store, key: str) -> bool:
    """Whether it asks for the passphrase. Raises LoginLinkUsed."""
    asks = store.use_login_link(digest(key))
    if asks is None:
        raise LoginLinkUsed
    return asks
