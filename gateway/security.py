"""Who may call what: names and origins before anything else runs, then the owner's cookies.

A device's messages are their own credential (``devices``); everything else needs the owner's cookie.
"""

import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
from litestar.config.csrf import CSRFConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException
from litestar.middleware.csrf import CSRF_SECRET_LENGTH, generate_csrf_hash
from litestar.security.jwt import JWTCookieAuth, Token
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from gateway.audit import browser_of
from gateway.devices import ORIGINS
from gateway.errors import D2FError, LoginLinkUsed, NotByTls, WrongHost, WrongOrigin
from gateway.model import now
from gateway.owner_sessions import LINK_LIFE, REFRESH_LIFE, OwnerSessions, Refreshed, digest
from gateway.problems import MEDIA_TYPE, http_problem, problem
from gateway.settings import Settings
from gateway.store import Store

COOKIE = "d2f"
REFRESH_COOKIE = "d2f-refresh"
TICKET_COOKIE = "d2f-ticket"
CSRF_COOKIE = "d2f-csrf"
LANGUAGE_COOKIE = "d2f-language"
RENEWAL, LOGIN = "/renew", "/login"
"""Where the refresh cookie goes, and nowhere else; and the ticket."""
_ACCESS = timedelta(minutes=15)
_SAFE = frozenset({"GET", "HEAD"})
_METHODS = _SAFE | {"POST", "PUT", "DELETE"}
DEVICE_PATHS = frozenset(f"/api/v1/{name}" for name in ("pair", "captures", "session", "state"))
"""What an extension calls, at 127.0.0.1; all else is the dashboard's, at its own name."""
_PUBLIC = ("/static/", "/health")
"""What is the same for everybody."""
_EVERYWHERE = frozenset({"/health", "/feishu/callback"})
"""Also at 127.0.0.1: an app of Feishu's takes no other name for the way back, and that has a secret of its own."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


_CSRF = f"{CSRF_COOKIE}=".encode()
_TOKEN = re.compile(rb"(^|;\s*)" + _CSRF + rb"([^;]*)")


class Owner(Struct, frozen=True):
    """The person whose machine this is."""

    name: str = "owner"


class Guard:
    """Around the whole app: Host, Origin, method and encoding are checked before any of it runs."""

    def __init__(self, app: ASGIApp, settings: Settings, csrf_secret: str) -> None:
        self.app = app
        self._settings = settings
        self._csrf_secret = csrf_secret
        self._headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":  # pyright: ignore[reportUnnecessaryComparison]  # Litestar's Scope leaves it out
            await self.app(scope, receive, send)
            return

        scope["headers"] = self._without_foreign_token(scope["headers"])
        is_led = _is_led_by_another(scope["headers"])

        async def send_guarded(message: Message) -> None:
            if (
                message["type"] == "http.response.start" or message["type"] == "websocket.http.response.start"
            ):  # a set would not tell the type checker
                told = [self._locked(each) for each in message["headers"] if not (is_led and _is_token(each))]
                present = {name for name, _ in told}
                message["headers"] = [*told, *(each for each in self._headers if each[0] not in present)]
            await send(message)

        refusal = self._refuse(scope)
        if refusal is None:
            await self.app(scope, receive, send_guarded)
        else:
            await _respond(send_guarded, refusal, "websocket." if scope["type"] == "websocket" else "")

    def _without_foreign_token(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Another library's token, as of the demo on another port, would be kept, and never do: a new one is given then."""
        return [
            (name, _TOKEN.sub(self._kept_token, value) if name == b"cookie" else value)
            for name, value in headers
        ]

    def _kept_token(self, cookie: re.Match[bytes]) -> bytes:
        token = cookie[2].decode("latin-1")
        random, signed = token[:CSRF_SECRET_LENGTH], token[CSRF_SECRET_LENGTH:]
        ours = secrets.compare_digest(generate_csrf_hash(random, self._csrf_secret).encode(), signed.encode())
        return cookie[0] if ours else cookie[1]

    def _locked(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        """Over TLS, cookies are for TLS alone. On loopback there is none, and browsers send them to that host name only."""
        name, value = header
        return (name, value + b"; Secure") if name == b"set-cookie" and self._settings.beyond else header

    def _refuse(self, scope: Any) -> "_Refusal | None":
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        hosts, origins = (
            [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
            for wanted in (b"host", b"origin")
        )
        own = self._settings.dashboard.rstrip("/")
        if self._settings.beyond and scope["scheme"] not in {"https", "wss"} and not _is_sealed(scope):
            return _Refusal.of(NotByTls())
        if scope["type"] == "websocket":  # neither CORS nor SameSite keeps other pages from opening one
            if hosts != [self._settings.dashboard_host]:
                return _Refusal.of(WrongHost(host=self._settings.dashboard))
            return None if origins == [own] else _Refusal.of(WrongOrigin())
        path, method = scope["path"], scope["method"]
        if method not in _METHODS:
            return _Refusal(405, msgspec.json.encode(http_problem(405)))
        if headers.get(b"content-encoding", "identity") != "identity":
            return _Refusal(415, msgspec.json.encode(http_problem(415)))
        if _is_sealed(scope):
            if hosts != [self._settings.device_host]:
                return _Refusal.of(WrongHost(host=self._settings.device_host))
            is_extension = len(origins) == 1 and origins[0].startswith(ORIGINS)
            return None if is_extension else _Refusal.of(WrongOrigin())
        if path in _EVERYWHERE and hosts == [self._settings.device_host]:
            return _Refusal.of(WrongOrigin()) if path != "/health" and _is_for_another(headers) else None
        if hosts != [self._settings.dashboard_host]:
            return self._elsewhere(hosts, method, headers.get(b"accept", ""))
        return None if _is_from(own, path, method, headers) else _Refusal.of(WrongOrigin())

    def _elsewhere(self, hosts: list[str], method: str, accept: str) -> "_Refusal":
        """A person who types what they are used to is led to the dashboard; a program is told."""
        usual = [self._settings.device_host], [f"localhost:{self._settings.port}"]
        if hosts in usual and method == "GET" and "text/html" in accept:
            return _Refusal(307, b"", self._settings.dashboard)
        return _Refusal.of(WrongHost(host=self._settings.dashboard))


def _is_led_by_another(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """By another site: who is brings no cookies along, which are strict. That a token is missing does not say it is."""
    return any(
        name == b"sec-fetch-site" and value in {b"cross-site", b"same-site"} for name, value in headers
    )


def _is_token(header: tuple[bytes, bytes]) -> bool:
    """Whether a header of an answer gives the browser a token for its pages."""
    name, value = header
    return name == b"set-cookie" and value.startswith(_CSRF)


def _is_sealed(scope: Any) -> bool:
    """Whether it is a message of an extension, which is sealed whatever it travels by."""
    return scope["type"] == "http" and scope["path"] in DEVICE_PATHS and scope["method"] == "POST"


def _is_from(own: str, path: str, method: str, headers: dict[bytes, str]) -> bool:
    """Whether a page of the dashboard's own, or a person who is led to one, asks for this."""
    if headers.get(b"origin", own if method in _SAFE else "") != own or _is_for_another(headers):
        return False
    return method not in _SAFE or path.startswith(_PUBLIC) or _is_of_our_page(headers)


def _is_for_another(headers: dict[bytes, str]) -> bool:
    """Whether a page of another site, or an extension, asks for itself, and does not lead a person here.

    Where a browser does not say so, the cookies tell, which are strict.
    """
    others = headers.get(b"sec-fetch-site") in {"cross-site", "same-site", "none"}
    return others and not _leads_a_person(headers)


def _is_of_our_page(headers: dict[bytes, str]) -> bool:
    """Whether a person is led here, or a script asks that was told the token by a page that they were led to.

    Firefox says of what an extension with permission for this host asks that it is of the same origin, and sends it
    with all cookies. Who is no browser does not say at all, and has to have the cookies to begin with.
    """
    if b"sec-fetch-site" not in headers or _leads_a_person(headers):
        return True
    cookie = re.search(rf"(?:^|;)\s*{CSRF_COOKIE}=([^;]+)", headers.get(b"cookie", ""))
    return cookie is not None and secrets.compare_digest(
        cookie[1].encode(), headers.get(b"x-csrftoken", "").encode()
    )


def _leads_a_person(headers: dict[bytes, str]) -> bool:
    return (headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")) == ("navigate", "document")


class _Refusal(Struct, frozen=True):
    status: int
    body: bytes
    location: str | None = None

    @classmethod
    def of(cls, error: D2FError) -> "_Refusal":
        return cls(error.status, msgspec.json.encode(problem(error)))


async def _respond(send: Any, refusal: _Refusal, kind: str) -> None:
    """``kind``: empty, or ``websocket.`` for an answer in place of the handshake's."""
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(refusal.body)).encode())]
    if refusal.location:
        headers = [(b"location", refusal.location.encode()), (b"content-length", b"0")]
    await send({"type": f"{kind}http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}http.response.body", "body": refusal.body, "more_body": False})


def owner_auth(sessions: OwnerSessions) -> JWTCookieAuth[Owner, Token]:
    """The access token: a signed cookie of 15 minutes, for the dashboard's own host name only.

    Its id (``jti``) is that of the session, so that one that was ended is good for nothing more.
    """

    async def has_ended(token: Token, _connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
        return not sessions.goes_on(str(token.jti))

    return JWTCookieAuth[Owner, Token](
        retrieve_user_handler=_owner,
        revoked_token_handler=has_ended,
        token_secret=sessions.key("access"),
        key=COOKIE,
        default_token_expiration=_ACCESS,
        secure=False,  # http on loopback; browsers send it to this host name only
        samesite="strict",
        exclude_http_methods=[],
        require_claims=["exp", "sub", "jti"],
    )


def csrf(sessions: OwnerSessions) -> CSRFConfig:
    """What changes something comes from a page of ours: it has the token that only our pages are told."""
    return CSRFConfig(
        secret=sessions.key("csrf"),
        cookie_name=CSRF_COOKIE,
        cookie_httponly=True,
        cookie_samesite="strict",
    )


class SessionCookies:
    """What a session goes on with."""

    def __init__(self, auth: JWTCookieAuth[Owner, Token], sessions: OwnerSessions) -> None:
        self._auth = auth
        self._sessions = sessions

    def are_good(self, request: ASGIConnection[Any, Any, Any, Any]) -> bool:
        """Whether the access cookie that came along is not too old yet, and its session goes on."""
        auth = self._auth
        try:
            token = Token.decode(
                request.cookies.get(COOKIE, ""),
                secret=auth.token_secret,
                algorithm=auth.algorithm,
                require_claims=auth.require_claims,
            )
        except NotAuthorizedException:
            return False
        return self._sessions.goes_on(str(token.jti))

    def of(self, refreshed: Refreshed) -> list[Cookie]:
        """The access cookie stays with the browser for longer than it is good.

        One that is there, but too old, says that there may be a session to renew.
        """
        week = int(REFRESH_LIFE.total_seconds())
        access = self._auth.create_token(Owner().name, token_unique_jwt_id=refreshed.session)
        return [_cookie(COOKIE, access, "/", week), _cookie(REFRESH_COOKIE, refreshed.token, RENEWAL, week)]


def no_cookies() -> list[Cookie]:
    """Takes those of a session away."""
    return [_cookie(COOKIE, "", "/", 0), _cookie(REFRESH_COOKIE, "", RENEWAL, 0)]


def no_cookies_at_all() -> list[Cookie]:
    """Takes away whatever the dashboard has left in a browser, and no more.

    ``Clear-Site-Data`` would take those of all other hosts of the domain, too.
    """
    rest = (CSRF_COOKIE, "/"), (LANGUAGE_COOKIE, "/"), (TICKET_COOKIE, LOGIN)
    return [*no_cookies(), *(_cookie(name, "", path, 0) for name, path in rest)]


def new_ticket(store: Store) -> Cookie:
    """For who used a log-in link and is asked for the passphrase now: the link itself is spent."""
    ticket = secrets.token_urlsafe(32)
    store.add_login_link(_digest_of_ticket(ticket), now() + LINK_LIFE)
    return _cookie(TICKET_COOKIE, ticket, LOGIN, int(LINK_LIFE.total_seconds()))


def has_ticket(store: Store, ticket: str) -> bool:
    return store.has_login_link(_digest_of_ticket(ticket))


def use_ticket(store: Store, ticket: str) -> Cookie:
    """Takes it away, there and here. Raises LoginLinkUsed."""
    if store.use_login_link(_digest_of_ticket(ticket)) is None:
        raise LoginLinkUsed
    return _cookie(TICKET_COOKIE, "", LOGIN, 0)


def source_of(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """From where it comes, for the audit trail."""
    browser = browser_of(request.headers.get("user-agent", ""))
    address = request.client.host if request.client else ""
    return browser if address in {"127.0.0.1", "::1", ""} else f"{browser} · {address}"


def _digest_of_ticket(ticket: str) -> str:
    return f"ticket {digest(ticket)}"  # no link's, whatever its key


def _cookie(key: str, value: str, path: str, seconds: int) -> Cookie:
    return Cookie(key=key, value=value, path=path, max_age=seconds, httponly=True, samesite="strict")


def _owner(token: Token, _connection: ASGIConnection[Any, Any, Any, Any]) -> Owner | None:
    return Owner() if token.sub == Owner().name else None
