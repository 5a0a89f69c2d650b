"""How the owner gets in and out: the log-in link, the passphrase after it, the renewal of a session, its end."""

import re
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect
from litestar.security.jwt import Token
from litestar.types import ControllerRouterHandler
from litestar.utils.scope.state import ScopeState
from msgspec import Meta, Struct

from gateway.audit import Act, Audit
from gateway.dashboard.pages import language_of, shown_alone
from gateway.errors import D2FError, LoginLinkUsed, NotLoggedIn, SessionReused, TooManyTries, WrongPassphrase
from gateway.events import Events
from gateway.owner_sessions import OwnerSessions, end_all, use_login_link
from gateway.passphrase import Passphrase
from gateway.rates import LOG_INS, RENEWALS
from gateway.reach import demand_passphrase
from gateway.security import (
    LOGIN,
    REFRESH_COOKIE,
    RENEWAL,
    TICKET_COOKIE,
    Owner,
    SessionCookies,
    has_ticket,
    new_ticket,
    no_cookies,
    source_of,
    use_ticket,
)
from gateway.settings import Settings
from gateway.store import Store

_OURS = re.compile(r"/(?![/\\])[\x21-\x7e]*")
"""A path of this host: with two slashes, or one of each kind, it would be another host's."""


class Told(Struct, frozen=True):
    """What the form of the passphrase sends."""

    passphrase: Annotated[str, Meta(max_length=1000)]

    def __repr__(self) -> str:
        return "Told(•••)"


_OPEN = {"exclude_from_auth": True}
"""A link, a ticket and a refresh cookie are their own credentials."""


@get(LOGIN, opt=_OPEN, middleware=[LOG_INS], include_in_schema=False, sync_to_thread=False)
def log_in(  # noqa: PLR0913, PLR0917  # Litestar gives each part by its name
    request: Request[Any, Any, Any],
    key: FromQuery[str],
    store: NamedDependency[Store],
    passphrase: NamedDependency[Passphrase],
    owner_sessions: NamedDependency[OwnerSessions],
    audit: NamedDependency[Audit],
    session_cookies: NamedDependency[SessionCookies],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    source = source_of(request)
    demand_passphrase(settings, is_set=passphrase.is_set)
    try:
        asks = use_login_link(store, key)
    except LoginLinkUsed:
        audit.note(Act.LOG_IN_FAILED, source)
        raise
    if asks and passphrase.is_set:
        return Redirect(f"{LOGIN}/passphrase", status_code=303, cookies=[new_ticket(store)])
    return _begin(session_cookies, owner_sessions, audit, source)


@get(f"{LOGIN}/passphrase", opt=_OPEN, middleware=[LOG_INS], include_in_schema=False, sync_to_thread=False)
def ask(
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    session_cookies: NamedDependency[SessionCookies],
) -> Response[Any]:
    if has_ticket(store, request.cookies.get(TICKET_COOKIE, "")):
        return _form(request)
    if session_cookies.are_good(request):  # who came back by the browser's history
        return Redirect("/", status_code=303)
    raise NotLoggedIn


@post(f"{LOGIN}/passphrase", opt=_OPEN, middleware=[LOG_INS], include_in_schema=False, status_code=200)
async def answer(  # noqa: PLR0913, PLR0917  # Litestar gives each part by its name
    request: Request[Any, Any, Any],
    data: Annotated[Told, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
    passphrase: NamedDependency[Passphrase],
    owner_sessions: NamedDependency[OwnerSessions],
    audit: NamedDependency[Audit],
    session_cookies: NamedDependency[SessionCookies],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    demand_passphrase(settings, is_set=passphrase.is_set)
    ticket = request.cookies.get(TICKET_COOKIE, "")
    if not has_ticket(store, ticket):
        raise LoginLinkUsed
    try:
        await checked(passphrase, audit, source_of(request), data.passphrase)
    except (WrongPassphrase, TooManyTries) as error:
        return _form(request, error)
    spent = use_ticket(store, ticket)
    return _begin(session_cookies, owner_sessions, audit, source_of(request), spent)


@get(RENEWAL, opt=_OPEN, middleware=[RENEWALS], include_in_schema=False, sync_to_thread=False)
def renew_page(
    request: Request[Any, Any, Any],
    owner_sessions: NamedDependency[OwnerSessions],
    events: NamedDependency[Events],
    audit: NamedDependency[Audit],
    session_cookies: NamedDependency[SessionCookies],
    to: FromQuery[str] = "/",
) -> Response[Any]:
    """A page was asked for with an access token that is too old: on to it, with another."""
    leads = to if _OURS.fullmatch(to) else "/"
    return Redirect(
        leads, status_code=303, cookies=_renewed(request, owner_sessions, session_cookies, events, audit)
    )


@post(
    RENEWAL,
    middleware=[RENEWALS],
    opt=_OPEN | {"exclude_from_csrf": True},  # it changes nothing but cookies, and they are strict
    include_in_schema=False,
    status_code=200,
    sync_to_thread=False,
)
def renew(
    request: Request[Any, Any, Any],
    owner_sessions: NamedDependency[OwnerSessions],
    events: NamedDependency[Events],
    audit: NamedDependency[Audit],
    session_cookies: NamedDependency[SessionCookies],
) -> Response[None]:
    """The same for a script, which then asks again."""
    return Response(None, cookies=_renewed(request, owner_sessions, session_cookies, events, audit))


@post("/logout", include_in_schema=False, status_code=200, sync_to_thread=False)
def log_out(
    request: Request[Owner, Token, Any],
    owner_sessions: NamedDependency[OwnerSessions],
    events: NamedDependency[Events],
    audit: NamedDependency[Audit],
) -> Response[None]:
    session = str(request.auth.jti)
    owner_sessions.end(session)
    events.close(session)
    audit.note(Act.LOGGED_OUT, source_of(request))
    return Response(None, cookies=no_cookies())


@post("/logout/everywhere", include_in_schema=False, status_code=200, sync_to_thread=False)
def log_out_everywhere(
    request: Request[Owner, Token, Any],
    store: NamedDependency[Store],
    events: NamedDependency[Events],
    audit: NamedDependency[Audit],
) -> Response[None]:
    for session in end_all(store):
        events.close(session)
    audit.note(Act.LOGGED_OUT_EVERYWHERE, source_of(request))
    return Response(None, cookies=no_cookies())


HANDLERS: list[ControllerRouterHandler] = [
    log_in,
    ask,
    answer,
    renew_page,
    renew,
    log_out,
    log_out_everywhere,
]
"""All routes of this file."""


async def checked(passphrase: Passphrase, audit: Audit, source: str, told: str) -> None:
    """Whether it is the passphrase; what is not is noted. Raises WrongPassphrase, TooManyTries."""
    try:
        await passphrase.check(told)
    except WrongPassphrase:
        audit.note(Act.PASSPHRASE_FAILED, source)
        raise


def _begin(
    cookies: SessionCookies, sessions: OwnerSessions, audit: Audit, source: str, *spent: Cookie
) -> Response[Any]:
    audit.note(Act.LOGGED_IN, source)
    return Redirect("/", status_code=303, cookies=[*cookies.of(sessions.begin(source)), *spent])


def _renewed(
    request: Request[Any, Any, Any],
    sessions: OwnerSessions,
    cookies: SessionCookies,
    events: Events,
    audit: Audit,
) -> list[Cookie]:
    """The cookies that the session goes on with. Raises NotLoggedIn, SessionReused.

    None of them if those that it has are good: of several that wake at once, the first renewed them for all. Spent once more, what
    still waits for a connection with the cookie from before would be taken for a thief.
    """
    token = request.cookies.get(REFRESH_COOKIE)
    if not token:
        raise NotLoggedIn
    try:
        renewed = sessions.refresh(token, spends=not cookies.are_good(request))
    except SessionReused as error:
        events.close(error.facts["session"])
        audit.note(Act.SESSION_REUSED, source_of(request))
        raise
    return cookies.of(renewed) if renewed else []


def _form(request: Request[Any, Any, Any], error: D2FError | None = None) -> Response[str]:
    """Asks for the passphrase; after a wrong one, says so."""
    language = language_of(request)
    words = error.words if error else None
    page = shown_alone(
        language,
        error.status if error else 200,
        "passphrase.html",
        problem=(words.en if language == "en" else words.zh) if words else "",
        csrf=ScopeState.from_scope(request.scope).csrf_token,
    )
    # With the policy of all other pages a browser would send the form with "Origin: null".
    page.headers["Referrer-Policy"] = "same-origin"
    if isinstance(error, TooManyTries):
        page.headers["Retry-After"] = error.facts["seconds"]
    return page
