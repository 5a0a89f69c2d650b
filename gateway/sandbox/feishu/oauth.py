"""The login of a person: the page where they agree, the codes and tokens that come of it.

Source: Feishu's three pages on user_access_token (2026-05). A code lives 5 minutes and is good for once, a
refresh token 7 days and for once. Not known, and therefore chosen: a new login keeps what was granted before.
"""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.access import App, Apps, Caller, violations
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.login_codes import LoginRefused

CODE_LIFE = 300
ACCESS_LIFE = 7200
REFRESH_LIFE = 604_800
LOGIN_LIFE = 365 * 86_400
"""Seconds after which the person has to agree again."""

OFFLINE = "offline_access"
ALWAYS = "auth:user.id:read"


class Asked(Struct, frozen=True):
    """What an app asks a person for."""

    app: App
    redirect: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    method: str


class _Grant(Struct):
    """A code or a refresh token."""

    app_id: str
    person: str
    scopes: tuple[str, ...]
    ends: float
    agreed: float
    """When the person agreed."""
    redirect: str = ""
    challenge: str = ""
    method: str = ""
    used: bool = False
    revoked: bool = False


class _Access(Struct, frozen=True):
    app_id: str
    person: str
    scopes: frozenset[str]
    ends: float


class _TokenCall(Struct):
    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    refresh_token: str = ""
    scope: str = ""


class Logins:
    """Who agreed to what."""

    def __init__(self, apps: Apps, clock: Callable[[], float], ids: Ids) -> None:
        self.access_life = ACCESS_LIFE
        self._apps = apps
        self._clock = clock
        self._ids = ids
        self._codes: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._access: dict[str, _Access] = {}
        self._granted: dict[tuple[str, str], tuple[str, ...]] = {}

    def asked(self, param: Callable[[str], str]) -> Asked | str:
        """What the address of the page asks for, or why the page only shows a mistake."""
        app = self._apps.get(param("client_id"))
        if app is None or not app.enabled:
            return "没有这个应用，或者它已停用 (20048)"
        if param("response_type") != "code":
            return "response_type 应为 code (20001)"
        if param("redirect_uri") not in app.redirects:
            return "重定向 URL 不在应用的安全设置里 (20029)"
        scopes = tuple(param("scope").split())
        if len(scopes) > 50 or len(set(scopes)) != len(scopes):
            return "scope 超过 50 项，或有重复 (20027)"
        own = app.scopes if app.published else frozenset[str]()
        if not own >= set(scopes) - {OFFLINE, ALWAYS}:
            return "应用没有开通它所申请的权限 (20027)"
        method = param("code_challenge_method") or "plain"
        if param("code_challenge") and method not in {"S256", "plain"}:
            return "code_challenge_method 应为 S256 或 plain (20001)"
        return Asked(app, param("redirect_uri"), scopes, param("state"), param("code_challenge"), method)

    def agree(self, asked: Asked, person: str) -> str:
        """The person agrees. Returns the code."""
        now = self._clock()
        before = self._granted.get((asked.app.id, person), (ALWAYS,))
        scopes = tuple(dict.fromkeys((*before, *asked.scopes)))
        self._granted[asked.app.id, person] = scopes
        code = self._ids.code()
        self._codes[code] = _Grant(
            asked.app.id, person, scopes, now + CODE_LIFE, now, asked.redirect, asked.challenge, asked.method
        )
        return code

    def revoke(self) -> None:
        """The person takes everything back: access tokens end, refresh tokens are revoked."""
        self._access.clear()
        self._granted.clear()
        for grant in (*self._refresh.values(), *self._codes.values()):
            grant.revoked = True

    def token(self, body: bytes) -> dict[str, Json]:
        """The flat reply of the token call. Raises LoginRefused."""
        try:
            asked = msgspec.json.decode(body, type=_TokenCall)
        except msgspec.MsgspecError:
            raise LoginRefused(20063) from None
        if not asked.grant_type or not asked.client_id or not asked.client_secret:
            raise LoginRefused(20001)
        app = self._apps.get(asked.client_id)
        if app is None:
            raise LoginRefused(20048)
        if not hmac.compare_digest(app.secret.encode(), asked.client_secret.encode()):
            raise LoginRefused(20002)
        if not app.enabled:
            raise LoginRefused(20069)
        match asked.grant_type:
            case "authorization_code":
                grant = self._redeemed(asked)
            case "refresh_token":
                grant = self._refreshed(app, asked.refresh_token)
            case _:
                raise LoginRefused(20036)
        return self._issued(app, grant, _narrowed(grant.scopes, asked.scope))

    def _redeemed(self, asked: _TokenCall) -> _Grant:
        if not asked.code:
            raise LoginRefused(20001)
        grant = self._codes.get(asked.code)
        if grant is None or grant.revoked:
            raise LoginRefused(20003)
        if grant.app_id != asked.client_id:
            raise LoginRefused(20024)
        if grant.used:
            raise LoginRefused(20065)
        if grant.ends <= self._clock():
            raise LoginRefused(20004)
        if grant.redirect != asked.redirect_uri:
            raise LoginRefused(20071)
        if grant.challenge and not _answers(grant.challenge, grant.method, asked.code_verifier):
            raise LoginRefused(20049)
        grant.used = True
        return grant

    def _refreshed(self, app: App, token: str) -> _Grant:
        """A refresh token that was used is 20073 on Feishu's page; others met 20064 for it as well."""
        if not token:
            raise LoginRefused(20001)
        grant = self._refresh.get(token)
        if grant is None:
            raise LoginRefused(20026)
        if grant.app_id != app.id:
            raise LoginRefused(20024)
        if not app.refreshes:
            raise LoginRefused(20074)
        if grant.revoked:
            raise LoginRefused(20064)
        if grant.used:
            raise LoginRefused(20073)
        if grant.ends <= self._clock():
            raise LoginRefused(20037)
        grant.used = True
        return grant

    def _issued(self, app: App, grant: _Grant, scopes: tuple[str, ...]) -> dict[str, Json]:
        now = self._clock()
        access = self._ids.jwt()
        self._access[access] = _Access(app.id, grant.person, frozenset(scopes), now + self.access_life)
        told: dict[str, Json] = {
            "code": 0,
            "access_token": access,
            "expires_in": self.access_life,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }
        if OFFLINE in scopes and app.refreshes:
            ends = min(now + REFRESH_LIFE, grant.agreed + LOGIN_LIFE)
            refresh = self._ids.jwt()
            self._refresh[refresh] = _Grant(app.id, grant.person, grant.scopes, ends, grant.agreed)
            told |= {"refresh_token": refresh, "refresh_token_expires_in": int(ends - now)}
        return told

    def admit(self, value: str, scopes: tuple[str, ...]) -> Caller:
        """The person whose token it is. Raises Refusal 99991662, 99991668, 99991677, 99991679."""
        token = self._access.get(value)
        if token is None:
            raise Refusal(99991668)
        if token.ends <= self._clock():
            raise Refusal(99991677)
        app = self._apps.get(token.app_id)
        if app is None or not app.enabled:
            raise Refusal(99991662)
        if token.scopes.isdisjoint(scopes):
            raise _not_granted(scopes)
        return Caller(token.person, token.person, app.id, app.id)


def _not_granted(scopes: tuple[str, ...]) -> Refusal:
    more: dict[str, Any] = {"permission_violations": violations("action_privilege_required", scopes)}
    words = Refusal(99991679)
    return Refusal(
        99991679, msg=f"{words.msg} required one of these privileges: [{', '.join(scopes)}]", more=more
    )


def _narrowed(granted: tuple[str, ...], asked: str) -> tuple[str, ...]:
    """A token may be asked for with fewer scopes. Raises LoginRefused 20067, 20068."""
    wanted = tuple(asked.split())
    if len(set(wanted)) != len(wanted):
        raise LoginRefused(20067)
    if not set(wanted) <= set(granted):
        raise LoginRefused(20068)
    return wanted or granted


def _answers(challenge: str, method: str, verifier: str) -> bool:
    if method == "plain":
        return hmac.compare_digest(verifier, challenge)
    digest = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())
