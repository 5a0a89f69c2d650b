"""The dashboard's pages: one page, the log-in link, and errors as a page."""

import base64
import hashlib
import re
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.exceptions import InternalServerException
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.static_files import (
    create_static_files_router,  # pyright: ignore[reportUnknownVariableType]  # Litestar's own annotations
)
from litestar.types import ControllerRouterHandler
from markupsafe import Markup, escape

from gateway.audit import ALARMS, Audit
from gateway.budget import Budget
from gateway.carriers import Carrier, Carriers
from gateway.connection import LOGIN_SCOPES
from gateway.dashboard.api import overview
from gateway.dashboard.notices import NoticesShown
from gateway.dashboard.versions import version
from gateway.dashboard.walks import ScheduleShown, WalksShown
from gateway.dashboard.words import WORDS, say
from gateway.errors import ColumnsUnchosen, FeishuError, LoginEnded, NotLoggedIn
from gateway.extension import extension_folder
from gateway.library import Library
from gateway.notices import Notices
from gateway.passphrase import Passphrase
from gateway.problems import MEDIA_TYPE, Problem, http_problem
from gateway.security import COOKIE, LANGUAGE_COOKIE, RENEWAL
from gateway.sessions import Sessions
from gateway.settings import Settings
from gateway.shelves import SHELVES
from gateway.store import Store
from gateway.wipe import CONSENT

_HERE = Path(__file__).parent
_STYLE = (_HERE / "static" / "dashboard.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_MEDIA = {"book", "movie", "music", "game", "drama"}
_LISTS = {"wish", "do", "collect"}
_ACTS = 5
"""Of the audit trail, that the dashboard shows itself."""
_ROWS = 15
"""Of a list page in grid mode."""


@cache
def environment() -> Environment:
    """Jinja with every value escaped and no name left undefined."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.filters["number"] = "{:,}".format
    templates.filters["day"] = _day
    templates.filters["commands"] = _commands
    templates.filters["moment"] = _moment
    return templates


def handlers() -> list[ControllerRouterHandler]:
    """All routes of this file."""

    @get(
        "/feishu/callback",
        opt={"exclude_from_auth": True, "exclude_from_csrf": True},
        include_in_schema=False,
    )
    async def feishu_callback(
        request: Request[Any, Any, Any],
        carriers: NamedDependency[Carriers],
        settings: NamedDependency[Settings],
    ) -> Response[str]:
        """Back from Feishu's log-in. The state that we gave is its credential; no cookie comes along."""
        asked = request.query_params  # `state` is a name of Litestar's own
        if "error" in asked:  # they said no
            return _plain_page(request, "not_logged_in", settings.dashboard)
        try:
            await carriers.awaiting(asked.get("state", "")).sync.finish_login(
                asked.get("state", ""), asked.get("code", "")
            )
        except FeishuError as error:
            return _refusal_page(request, error, settings.dashboard)
        return _plain_page(request, "logged_in", settings.dashboard)

    static = create_static_files_router(
        "/static",
        [_HERE / "static", extension_folder() / "icons"],
        include_in_schema=False,
        opt={"exclude_from_csrf": True},
        exception_handlers={InternalServerException: _no_such_file, ValueError: _no_such_file},
    )
    return [feishu_callback, dashboard, static]


@get("/", include_in_schema=False, media_type=MediaType.HTML, sync_to_thread=False)
def dashboard(  # noqa: PLR0913, PLR0917  # Litestar gives each part by its name
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    library: NamedDependency[Library],
    carrier: NamedDependency[Carrier],
    budget: NamedDependency[Budget],
    notices: NamedDependency[Notices],
    settings: NamedDependency[Settings],
    passphrase: NamedDependency[Passphrase],
    audit: NamedDependency[Audit],
    sessions: NamedDependency[Sessions],
    lang: FromQuery[str | None] = None,
) -> Template:
    """The dashboard. ``lang`` chooses its language for as long as the browser remembers."""
    language = lang if lang in {"zh", "en"} else language_of(request)
    sync, walks = carrier.sync, carrier.walks
    now = overview(store, library, carrier, budget)
    refused = now.feishu_refused.code if now.feishu_refused else ""
    problem = now.push.problem.code if now.push.problem else ""
    context = {
        **page_words(language, carrier.owner),
        "now": now,
        "tables": sync.rows.tables,
        "unfinished": refused == ColumnsUnchosen.code,
        "logged_in": sync.connection.logged_in and LoginEnded.code not in {problem, refused},
        "secrets": sync.connection.secrets,
        "notices": NoticesShown.of(notices),
        "walks": WalksShown.of(walks),
        "walkable": walks.account is not None,
        "scheduled": ScheduleShown.of(carrier.scheduler),
        "redirect": settings.feishu_return,
        "has_passphrase": passphrase.is_set,
        "douban_logins": sessions.accounts(),
        "acts": audit.newest(_ACTS),
        "alarms": ALARMS,
        "consent": CONSENT[language == "en"],
        "scopes": LOGIN_SCOPES,
        "layouts": SHELVES,
        "versions": {
            "/api/v1/feishu": version(sync.connection.kept),
            "/api/v1/limits": version(now.limits),
            "/api/v1/removals": version(now.removals),
            "/api/v1/edits": version(now.edits),
            "/api/v1/schedule": version(carrier.scheduler.schedule),
            "/api/v1/notices": version(notices.kept),
        },
        "extension": str(extension_folder()),
        "dashboard": settings.dashboard,
        "client_words": {key: WORDS[key].en if language == "en" else WORDS[key].zh for key in _CLIENT_WORDS},
    }
    cookies = [Cookie(key=LANGUAGE_COOKIE, value=language, samesite="strict", max_age=10**8)] if lang else []
    return Template("dashboard.html", context=context, cookies=cookies)


_CLIENT_WORDS = (
    "choose_columns",
    "column_needed",
    "columns_of",
    "changed_to",
    "choice_changed",
    "connect",
    "connecting",
    "copied",
    "handover_done",
    "log_in_feishu",
    "network",
    "plan_adopts",
    "plan_adopts_one",
    "plan_create",
    "plan_creates",
    "plan_creates_one",
    "plan_again",
    "plan_deleted",
    "plan_deleted_one",
    "plan_edited",
    "plan_edited_one",
    "plan_failed",
    "plan_failed_one",
    "plan_fills",
    "plan_fills_one",
    "plan_goes",
    "plan_ignored",
    "plan_ignored_one",
    "plan_left_out",
    "plan_looking",
    "plan_more",
    "plan_more_one",
    "plan_nothing",
    "plan_by_isbn",
    "plan_by_title",
    "plan_proposals",
    "plan_proposals_one",
    "plan_removals",
    "plan_removals_one",
    "plan_rows",
    "plan_rows_one",
    "plan_skips",
    "plan_theirs",
    "plan_theirs_one",
    "plan_update",
    "plan_unchanged",
    "plan_updates",
    "plan_updates_one",
    "notices_failed_why",
    "notices_sending",
    "notices_sent",
    "passphrase_differs",
    "saved",
    "wiped",
    "wiped_next",
    "wiped_else",
    "wiped_left",
    "wipe_doing",
    "wipe_stays",
    "wipe_remains",
)
"""Words that the page's own script says."""


def _no_such_file(_request: Request[Any, Any, Any], _error: Exception) -> Response[Problem]:
    """A name that no file can have: with a NUL, too long, or below another file."""
    return Response(http_problem(404), status_code=404, media_type=MEDIA_TYPE)


def problem_page(
    request: Request[Any, Any, Any], answer: Problem, headers: dict[str, str] | None = None
) -> Response[Any]:
    """An error as a person sees it."""
    if answer.code == NotLoggedIn.code and request.method == "GET":
        if request.headers.get("sec-fetch-site") == "cross-site":
            return _same_site_page(request)
        if COOKIE in request.cookies and request.url.path != RENEWAL:  # it may only be too old
            return Redirect(f"{RENEWAL}?{urlencode({'to': _here(request)})}", status_code=303)
    language = language_of(request)
    hint = answer.hint.en if language == "en" else answer.hint.zh
    title = "logged_out_title" if answer.code == NotLoggedIn.code else "problem_title"
    leads = "/" if answer.status == HTTPStatus.NOT_FOUND else None
    page = shown_alone(language, answer.status, title=say(language, title), text=hint, leads=leads)
    page.headers.update(headers or {})
    return page


def _here(request: Request[Any, Any, Any]) -> str:
    """Path and query of the page that was asked for."""
    return f"{request.url.path}{'?' + request.url.query if request.url.query else ''}"


def _same_site_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Opens the same page again, from here.

    The cookie is strict: it does not come along when a page of another site leads here, as the one after Feishu's
    log-in does, which is at 127.0.0.1.
    """
    return shown_alone(language_of(request), NotLoggedIn.status, again=True)


def _plain_page(request: Request[Any, Any, Any], what: str, leads: str) -> Response[str]:
    language = language_of(request)
    words = {"title": say(language, what), "text": say(language, f"{what}_help")}
    return shown_alone(language, 200, **words, leads=leads)


def _refusal_page(request: Request[Any, Any, Any], error: FeishuError, leads: str) -> Response[str]:
    language = language_of(request)
    words = error.outward
    hint = words.en if language == "en" else words.zh
    return shown_alone(language, error.status, title=say(language, "not_logged_in"), text=hint, leads=leads)


def shown_alone(language: str, status: int, template: str = "problem.html", **words: Any) -> Response[str]:
    """A page that brings its style along, since it may be shown to anyone."""
    context = {"title": "D2F", "text": "", "leads": None, "again": False, "style": _STYLE} | words
    page = environment().get_template(template).render(**page_words(language), **context)
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return Response(
        page,
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Content-Security-Policy": policy},
    )


def page_words(language: str, owner: str = "") -> dict[str, Any]:
    """What every page says; ``owner`` is the account that it is about, empty for the first one."""
    return {
        "language": language,
        "owner": owner,
        "say": partial(say, language),
        "link": partial(_link, owner),
        "page_name": partial(_page_name, language),
    }


def _link(owner: str, path: str, **asked: str) -> str:
    """The address of another page about the same account."""
    query = urlencode(asked | ({"account": owner} if owner else {}))
    return f"{path}?{query}" if query else path


def language_of(request: Request[Any, Any, Any]) -> str:
    """``zh`` or ``en``: as chosen, else as the browser asks."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in {"zh", "en"}:
        return chosen
    first = request.headers.get("accept-language", "zh").split(",")[0]
    return "zh" if first.lower().startswith("zh") else "en"


def _commands(text: str) -> Markup:
    """What stands between `backquotes` is to be typed into a terminal."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # it was escaped just now


def _day(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d")


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M")


def _page_name(language: str, url: str) -> str:
    """What a person would call the page of an address; else the address without what every one of them has."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all
        return url[:80]
    host = (parts.hostname or "").removesuffix(".douban.com")
    path, asked = parts.path.strip("/").split("/"), parse_qs(parts.query)
    medium, word = _what(host, path, asked)
    if medium not in _MEDIA:
        return unquote(f"{host}{parts.path}")[:80]
    named = say(language, f"medium_{medium}")
    if word.isdecimal():
        return say(language, "page_subject", medium=named, id=word)
    start = asked.get("start", ["0"])[0]
    number = int(start) // _ROWS + 1 if start.isdecimal() else 1
    name = say(language, f"page_{word}", medium=named, verb=say(language, f"verb_{medium}"))
    return f"{name} · {say(language, 'page_number', n=number)}" if number > 1 else name


def _what(host: str, path: list[str], asked: dict[str, list[str]]) -> tuple[str, str]:
    """The medium, and the id of a subject or ``wish``, ``do``, ``collect``; two blanks for any other page."""
    match host, path:
        case _, ["subject", number, *_]:
            medium, word = host, number
        case _, ["people", _, word]:
            medium = host
        case "www", ["game", word, *_]:
            medium = "game"
        case "www", ["location", "drama", word, *_]:
            medium = "drama"
        case "www", ["location", "people", _, "drama", word]:
            medium = "drama"
        case _:
            return "", ""
    if (medium, word) == ("www", "games"):
        medium, word = "game", asked.get("action", [""])[0]
    return (medium, word) if word in _LISTS or word.isdecimal() else ("", "")
