"""The Douban log-ins that browsers lent: kept sealed, opened for a walk alone, shown to nobody."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.douban.fetch import Browser
from gateway.store import Store
from gateway.vault import Vault

_NAME = "douban session "
"""Followed by the account's id: what a log-in is kept under."""
_HOST = "m.douban.com"
"""Where walks ask."""


class Cookie(Struct, frozen=True, kw_only=True):
    """One cookie of douban.com, HttpOnly ones included."""

    name: str
    value: str
    domain: str
    path: str
    secure: bool
    http_only: bool
    expires: float | None = None
    """Unix seconds; None for a session cookie."""

    def __repr__(self) -> str:
        return f"Cookie({self.name!r}, •••)"


class Session(Struct, frozen=True):
    """The Douban log-in of the browser."""

    cookies: list[Cookie]
    user_agent: Annotated[str, Meta(max_length=1000, pattern=r"^[\x20-\x7e]*$")] = ""
    """What the browser calls itself. Without it the gateway does not walk: it would be another browser to Douban."""


class Sessions:
    """Those that are kept, one an account."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def keep(self, session: Session) -> str | None:
        """Keeps a log-in in place of the account's earlier one. Returns the account; None if it names none."""
        account = _account_of(session)
        if account is not None:
            self._vault.set(f"{_NAME}{account}", msgspec.json.encode(session))
        return account

    def forget(self, account: str) -> bool:
        """From now on no walk can use it. False if there is none."""
        if account not in self.accounts():
            return False
        self._vault.set(f"{_NAME}{account}", None)
        return True

    def accounts(self) -> list[str]:
        """Whose log-ins are kept, the latest first."""
        rows = self._store.rows("SELECT name FROM secret WHERE name LIKE ? ORDER BY at DESC", [f"{_NAME}%"])
        return [name.removeprefix(_NAME) for (name,) in rows]

    def browser(self, account: str, at: datetime) -> Browser | None:
        """The account's log-in, as its browser would send it now; None if there is none that can be used."""
        kept = self._vault.get(f"{_NAME}{account}")
        session = msgspec.json.decode(kept, type=Session) if kept else None
        if session is None or not session.user_agent:
            return None
        cookies = [f"{each.name}={each.value}" for each in session.cookies if _is_sent(each, at.timestamp())]
        return Browser(cookie="; ".join(cookies), user_agent=session.user_agent)


def _is_sent(cookie: Cookie, at: float) -> bool:
    domain = cookie.domain.removeprefix(".")
    text = f"{cookie.name}{cookie.value}"
    good = (cookie.expires is None or cookie.expires > at) and text.isascii() and text.isprintable()
    return good and cookie.path == "/" and (domain == _HOST or _HOST.endswith(f".{domain}"))


def _account_of(session: Session) -> str | None:
    """``dbcl2`` is ``"<uid>:<token>"``, with its quotes."""
    for cookie in session.cookies:
        if cookie.name == "dbcl2":
            uid = cookie.value.strip('"').partition(":")[0]
            return uid if uid.isdigit() else None
    return None
