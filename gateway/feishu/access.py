"""The three ways into a Bitable: its own token, an app of one's own, one's own log-in."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from msgspec import Struct

from gateway import errors
from gateway.feishu.wire import Answer, Wire
from gateway.model import now

_MARGIN = 10 * 60
"""Seconds before its end at which a token is renewed. Feishu gives a new one in the last 30 minutes only."""
_PAUSE = 60
"""Seconds after which a log-in is tried to renew again that could not be, while it lasts."""
SCOPES = "bitable:app offline_access"
"""What the person is asked to allow. Only with the last of them there is a refresh token."""
_WIKI_SCOPE = "wiki:wiki:readonly"
_OAUTH = "/open-apis/authen/v2/oauth/token"


class Access(Protocol):
    """Where tokens come from."""

    async def token(self, wire: Wire) -> str:
        """A token that is good now. Raises FeishuError."""
        ...

    def forget(self) -> bool:
        """The token was refused; False if there can be no other."""
        ...


class BaseToken:
    """The Bitable's personal base token (授权码): for one Bitable, until its owner switches it off."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self, wire: Wire) -> str:  # noqa: ARG002  # it needs no call
        return self._token

    def forget(self) -> bool:
        return False


class AppToken:
    """A self-built app's tenant token, from its App ID and App Secret."""

    def __init__(self, app_id: str, app_secret: str) -> None:
        self._credentials = {"app_id": app_id, "app_secret": app_secret}
        self._token = ""
        self._ends = 0.0

    async def token(self, wire: Wire) -> str:
        if not self._token or time.monotonic() >= self._ends:
            path = "/open-apis/auth/v3/tenant_access_token/internal"
            answer = await wire.call("POST", path, json=self._credentials)
            self._token = answer.tenant_access_token
            self._ends = time.monotonic() + answer.expire - _MARGIN
        return self._token

    def forget(self) -> bool:
        self._token = ""
        return True


class UserTokens(Struct, frozen=True):
    """What a log-in gives. The refresh token is good once; then it is replaced."""

    access: str
    ends: datetime
    refresh: str

    def __repr__(self) -> str:
        return f"UserTokens(until {self.ends:%F %T})"


class UserToken:
    """The person's own log-in. ``keep`` is called with each new pair of tokens before any of it is used."""

    def __init__(
        self, app_id: str, app_secret: str, tokens: UserTokens, keep: Callable[[UserTokens], None]
    ) -> None:
        self._app = {"client_id": app_id, "client_secret": app_secret}
        self._tokens = tokens
        self._keep = keep
        self._kept = True
        self._refused = False
        self._due = tokens.ends - timedelta(seconds=_MARGIN)
        """When to renew them, or to try again."""
        self._refreshing = asyncio.Lock()

    async def token(self, wire: Wire) -> str:
        async with self._refreshing:  # a refresh token is good once, whoever asks at the same time
            return await self._fresh(wire)

    async def _fresh(self, wire: Wire) -> str:
        """The token that there is, while it lives, also if it cannot be renewed. Raises FeishuError."""
        if self._refused or now() >= min(self._due, self._tokens.ends):
            try:
                await self._renew(wire)
            except errors.FeishuError:
                if self._refused or now() >= self._tokens.ends:
                    raise
                self._due = now() + timedelta(seconds=_PAUSE)
        self._keep_tokens()
        return self._tokens.access

    async def _renew(self, wire: Wire) -> None:
        if not self._tokens.refresh:
            raise errors.LoginEnded
        body = {"grant_type": "refresh_token", **self._app, "refresh_token": self._tokens.refresh}
        self._tokens = _tokens(await wire.call("POST", _OAUTH, json=body))
        self._due = self._tokens.ends - timedelta(seconds=_MARGIN)
        self._kept = self._refused = False

    def _keep_tokens(self) -> None:
        """Tried again before the next use should it fail, e.g. for want of room on the disk."""
        if not self._kept:
            self._keep(self._tokens)
            self._kept = True

    def forget(self) -> bool:
        self._refused = True
        return True


class Login(Struct, frozen=True, kw_only=True):
    """A log-in that has begun: what must come back, and what proves that it is ours (PKCE)."""

    app_id: str
    redirect: str
    state: str
    verifier: str
    scopes: str
    ends: datetime

    def __repr__(self) -> str:
        return f"Login({self.app_id!r}, •••)"

    @classmethod
    def begin(cls, app_id: str, redirect: str, *, wiki: bool) -> "Login":
        """``redirect``: an address of ours that the app's settings name. ``wiki``: the Bitable is in one."""
        return cls(
            app_id=app_id,
            redirect=redirect,
            state=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            scopes=f"{SCOPES} {_WIKI_SCOPE}" if wiki else SCOPES,
            ends=now() + timedelta(minutes=10),
        )

    def is_answered_by(self, state: str) -> bool:
        return now() < self.ends and secrets.compare_digest(self.state.encode(), state.encode())

    def address(self, accounts: str) -> str:
        """Where the person says yes. ``accounts``: the origin of Feishu's, or Lark's, log-in."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "client_id": self.app_id,
            "response_type": "code",
            "redirect_uri": self.redirect,
            "scope": self.scopes,
            "state": self.state,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return f"{accounts}/open-apis/authen/v1/authorize?{urlencode(asked)}"

    async def finish(self, wire: Wire, app_secret: str, code: str) -> UserTokens:
        """The tokens for the code that came back. Raises FeishuError; a code is good once, for five minutes."""
        body: dict[str, Any] = {
            "grant_type": "authorization_code",
            "client_id": self.app_id,
            "client_secret": app_secret,
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": self.verifier,
        }
        return _tokens(await wire.call("POST", _OAUTH, json=body))


def _tokens(answer: Answer) -> UserTokens:
    ends = now() + timedelta(seconds=answer.expires_in)
    return UserTokens(answer.access_token, ends, answer.refresh_token)
