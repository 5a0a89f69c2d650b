"""Who may call: apps, tokens, scopes, and how often."""

import math
from collections.abc import Callable, Collection

from msgspec import Struct

from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.ids import Ids

TOKEN_LIFE = 7200
RENEWED_BELOW = 1800
"""Seconds: with less left a new token is given, with more the same one; the old one lives on."""


class App(Struct):
    """A self-built app."""

    id: str
    secret: str
    scopes: frozenset[str]
    published: bool
    """Scopes count only once a version of the app is published."""
    open_id: str
    """Who its rows are made by."""


class _Token(Struct, frozen=True):
    value: str
    app_id: str
    ends: float


class Apps:
    """The apps and their tokens."""

    def __init__(self, clock: Callable[[], float], ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._apps: dict[str, App] = {}
        self._tokens: dict[str, _Token] = {}

    def add(self, app_id: str, secret: str, scopes: Collection[str], *, published: bool) -> None:
        """Registers an app, or changes it."""
        self._apps[app_id] = App(app_id, secret, frozenset(scopes), published, self._ids.person())

    def revoke(self) -> None:
        """All tokens end now."""
        self._tokens.clear()

    def token(self, app_id: str, secret: str) -> dict[str, Json]:
        """The flat reply of the token call. Raises Refusal 10003 (no such app, or no secret), 10014."""
        app = self._apps.get(app_id)
        if app is None or not secret:
            raise Refusal(10003)
        if app.secret != secret:
            raise Refusal(10014)
        now = self._clock()
        latest = next((t for t in reversed(self._tokens.values()) if t.app_id == app_id), None)
        if latest is None or latest.ends - now < RENEWED_BELOW:
            latest = _Token(self._ids.token(), app_id, now + TOKEN_LIFE)
            self._tokens[latest.value] = latest
        return {"tenant_access_token": latest.value, "expire": int(latest.ends - now)}

    def admit(self, authorization: str, scopes: tuple[str, ...]) -> App:
        """The app that calls. Raises Refusal 99991661, 99991663, 99991668, 99991671, 99991672.

        Without the word Bearer there is no token, ``u-`` and JWTs are tokens of users (recorded).
        """
        word, _, value = authorization.partition(" ")
        if word.lower() != "bearer" or not value:
            raise Refusal(99991661)
        if value.startswith(("u-", "eyJ")):
            raise Refusal(99991668)
        if not value.startswith("t-"):
            raise Refusal(99991671)
        token = self._tokens.get(value)
        if token is None or token.ends <= self._clock():
            raise Refusal(99991663)
        app = self._apps[token.app_id]
        if not app.published or app.scopes.isdisjoint(scopes):
            raise _lacks(app, scopes)
        return app


def _lacks(app: App, scopes: tuple[str, ...]) -> Refusal:
    msg = f"Access denied. One of the following scopes is required: [{', '.join(scopes)}]."
    page = f"https://open.feishu.cn/app/{app.id}/auth?q={','.join(scopes)}&op_from=openapi&token_type=tenant"
    return Refusal(
        99991672,
        msg,
        msg=f"{msg}应用尚未开通所需的应用身份权限，点击链接申请并开通任一权限即可：{page}",
        more={
            "permission_violations": [
                {"type": "action_scope_required", "subject": scope} for scope in scopes
            ],
            "helps": [{"url": page, "description": "点击链接，为应用开通所需的权限"}],
        },
    )


class Rate(Struct, frozen=True):
    """So many calls in so many seconds, for each app and each API."""

    calls: int
    seconds: int = 1


class _Bucket(Struct):
    left: float
    at: float


class Meter:
    """A bucket for each app and API: it holds one period's calls and fills up steadily."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def count(self, app_id: str, api: str, rate: Rate) -> None:
        """Counts a call. Raises Refusal 99991400 with the two headers."""
        now = self._clock()
        bucket = self._buckets.setdefault((app_id, api), _Bucket(rate.calls, now))
        speed = rate.calls / rate.seconds
        bucket.left = min(rate.calls, bucket.left + (now - bucket.at) * speed)
        bucket.at = now
        if bucket.left < 1 - 1e-9:  # sums of floats
            raise too_often(rate, (1 - bucket.left) / speed)
        bucket.left -= 1


def too_often(rate: Rate, wait: float) -> Refusal:
    """99991400. The wait goes out in whole seconds; that it never has fractions is not known."""
    return Refusal(
        99991400,
        headers=(
            ("x-ogw-ratelimit-limit", str(rate.calls)),
            ("x-ogw-ratelimit-reset", str(max(1, math.ceil(wait)))),
        ),
    )
