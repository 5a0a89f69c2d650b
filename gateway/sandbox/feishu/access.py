"""Who may call: self-built apps and their tokens, personal base tokens, and what each of them may do."""

from collections.abc import Callable, Collection, Sequence

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
    open_id: str = ""
    """Who its rows are made by."""
    enabled: bool = True
    """In use in the tenant; an administrator may end that."""
    bot: bool = True
    """It may send messages."""
    redirects: frozenset[str] = frozenset()
    """Addresses to which a login may lead back (安全设置), exact."""
    refreshes: bool = True
    """刷新 user_access_token is on."""


class Caller(Struct, frozen=True):
    """Who makes a call."""

    id: str
    """By which its role in a document is found: an app's id, a person's open_id."""
    open_id: str
    """Who its rows are made by."""
    rated: str
    """Whose rates the call counts against."""
    app_id: str = ""
    """Empty for a personal base token: no app, no quota."""
    base: str = ""
    """The only document that a personal base token reaches."""


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

    def put(self, app: App) -> None:
        """Registers an app, or changes it: it stays the same person."""
        known = self._apps.get(app.id)
        app.open_id = known.open_id if known else self._ids.person()
        self._apps[app.id] = app

    def get(self, app_id: str) -> App | None:
        return self._apps.get(app_id)

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

    def admit(self, value: str, scopes: Sequence[str]) -> Caller:
        """The app whose token it is. Raises Refusal 99991663, and those of ``may``."""
        token = self._tokens.get(value)
        if token is None or token.ends <= self._clock():
            raise Refusal(99991663)
        app = self.may(token.app_id, scopes)
        return Caller(app.id, app.open_id, app.id, app.id)

    def may(self, app_id: str, scopes: Sequence[str]) -> App:
        """The app, if it has one of the scopes. Raises Refusal 99991662 (not in use), 99991672."""
        app = self._apps[app_id]
        if not app.enabled:
            raise Refusal(99991662)
        if not app.published or app.scopes.isdisjoint(scopes):
            raise _lacks(app, scopes)
        return app


def _lacks(app: App, scopes: Sequence[str]) -> Refusal:
    msg = f"Access denied. One of the following scopes is required: [{', '.join(scopes)}]."
    page = f"https://open.feishu.cn/app/{app.id}/auth?q={','.join(scopes)}&op_from=openapi&token_type=tenant"
    return Refusal(
        99991672,
        msg,
        msg=f"{msg}应用尚未开通所需的应用身份权限，点击链接申请并开通任一权限即可：{page}",
        more={
            "permission_violations": violations("action_scope_required", scopes),
            "helps": [{"url": page, "description": "点击链接，为应用开通所需的权限"}],
        },
    )


def violations(kind: str, scopes: Collection[str]) -> Json:
    """The missing scopes, as an error names them."""
    return [{"type": kind, "subject": scope} for scope in scopes]


class PersonalTokens:
    """授权码: made by a document's owner, for that document alone, without an end."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._made: dict[str, tuple[str, str]] = {}
        """By token: the document, and who made it."""

    def make(self, app_token: str, who: str) -> str:
        """A new one; an older one of the same document ends (the panel shows a single one)."""
        self.end(app_token)
        token = self._ids.personal()
        self._made[token] = (app_token, who)
        return token

    def end(self, app_token: str) -> None:
        """Switches the document's token off."""
        self._made = {token: made for token, made in self._made.items() if made[0] != app_token}

    def admit(self, value: str) -> Caller:
        """Its maker, within one document. Raises Refusal 1011."""
        if value not in self._made:
            raise Refusal(1011)
        base, who = self._made[value]
        return Caller(who, who, value, base=base)
