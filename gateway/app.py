"""The Litestar app: routes, plugins, what lives as long as it does. Wiring only."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, PermissionDeniedException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromQuery
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ASGIApp
from msgspec import Struct

from gateway import __version__
from gateway.album import Album
from gateway.audit import Audit
from gateway.budget import Budget
from gateway.capture import DeviceController
from gateway.carriers import Carrier, Carriers
from gateway.catalogue import Catalogue
from gateway.covers import Covers
from gateway.dashboard import login, pages
from gateway.dashboard.api import OwnerController
from gateway.dashboard.documented import Documented
from gateway.dashboard.failures import FailuresController
from gateway.dashboard.live import LiveController
from gateway.dashboard.marks import MarkPagesController, MarksController, failed
from gateway.dashboard.notices import NoticesController
from gateway.dashboard.push import PushController
from gateway.dashboard.safety import SafetyController
from gateway.dashboard.walks import ScheduleController, WalksController
from gateway.devices import Devices
from gateway.errors import (
    BadInput,
    D2FError,
    DataFolderUnusable,
    LibraryFault,
    MessageTooLarge,
    NotLoggedIn,
    StalePage,
    TooManyTries,
    WipeNotBegun,
)
from gateway.events import Events
from gateway.farewell import Asker, Farewell
from gateway.intake import Intake
from gateway.keys.door import Door
from gateway.ledger import Ledger
from gateway.library import Library
from gateway.log import get as get_logger
from gateway.model import Outcome, Reading
from gateway.notices import Notices
from gateway.owner_sessions import OwnerSessions
from gateway.passphrase import Passphrase
from gateway.problems import MEDIA_TYPE, Problem, http_problem, problem
from gateway.reception import Reception
from gateway.runs import Cause, Runs
from gateway.schedule import Scheduler
from gateway.seal import MOST_BYTES
from gateway.security import DEVICE_PATHS, Guard, SessionCookies, csrf, owner_auth
from gateway.sessions import Sessions
from gateway.settings import Settings
from gateway.store import wipe_marker
from gateway.sync import Sync
from gateway.turns import Turns
from gateway.vault import Vault
from gateway.walk import Walks
from gateway.wipe import Left, begin, wipe

_log = get_logger("app")


class Health(Struct, frozen=True):
    """That the gateway is up, and no more."""

    gateway: str = __version__
    status: str = "ok"


@get(
    "/health",
    opt={"exclude_from_auth": True, "exclude_from_csrf": True},
    tags=["health"],
    summary="Is it up?",
    sync_to_thread=False,
)
def health() -> Health:
    """Answers without a credential."""
    return Health()


class _Wrong(Struct, frozen=True):
    """One field that Litestar found wrong."""

    key: str = "?"


class Gateway:
    """All parts of a running gateway, put together. Raises StartError."""

    def __init__(self, settings: Settings, passphrase: str | None = None) -> None:
        """The passphrase is for a library that is protected by one."""
        self.settings = settings
        self.store = Door(settings.library, settings.key_file, passphrase).open()
        self.vault = Vault(self.store, settings.key_file, passphrase)
        self.library = Library(self.store)
        self.catalogue = Catalogue(self.store, self.library)
        self.events = Events()
        self.devices = Devices(self.store, self.vault)
        self.audit = Audit(self.store)
        self.owner_sessions = OwnerSessions(self.store, self.vault)
        self.passphrase = Passphrase(self.store)
        self.budget = Budget(self.store)
        self.sessions = Sessions(self.store, self.vault)
        self.intake = Intake(self.store, self.library, self._captured, self.events)
        self._turns = Turns(self.store)
        self.carriers = Carriers(self.library.accounts, self._carrier)
        self.notices = Notices(settings, self.store, self.vault, self.carriers, self.events)
        self.reception = Reception(
            settings, self.store, self.library, self.devices, self.intake, self.carriers, self.events
        )
        self._working: list[asyncio.Task[None]] | None = None
        self._guard: Guard | None = None
        self._over = asyncio.Event()

    def _captured(self, account: str | None, cause: Cause, outcome: Outcome, reading: Reading) -> None:
        self.carriers.captured(
            account, cause, outcome, reading
        )  # they come later: walks take captures in, too

    def _carrier(self, owner: str) -> Carrier:
        store = self.store
        covers = Covers(Album(store), self.budget, self.settings)
        ledger = Ledger(store, owner)
        sync = Sync(self.settings, store, self.vault, ledger, self.events, self.budget, covers, owner)
        walks = Walks(
            self.settings,
            store,
            self.library,
            self.sessions,
            self.intake,
            sync,
            self.events,
            self._turns,
            owner,
        )
        return Carrier(owner, self.library.accounts, sync, walks, Scheduler(store, walks, owner))

    def carrier(self, account: FromQuery[str | None] = None) -> Carrier:
        """That of the ``account`` (its id) which a request names; without it the first one's."""
        return self.carriers.of(account)

    def app(self) -> ASGIApp:
        """What uvicorn serves."""
        parts = {
            name: Provide(_always(part), sync_to_thread=False)
            for name, part in vars(self).items()
            if not name.startswith("_")
        }
        parts["wipe_all"] = Provide(_always(self.wipe), sync_to_thread=False)
        for part in (self.carrier, _sync, _walks, _scheduler, _runs):
            parts[part.__name__.removeprefix("_")] = Provide(part, sync_to_thread=False)
        auth = owner_auth(self.owner_sessions)
        parts["session_cookies"] = Provide(
            _always(SessionCookies(auth, self.owner_sessions)), sync_to_thread=False
        )
        app = Litestar(
            [
                health,
                DeviceController,
                OwnerController,
                PushController,
                LiveController,
                NoticesController,
                WalksController,
                ScheduleController,
                MarksController,
                FailuresController,
                MarkPagesController,
                failed,
                SafetyController,
                *login.HANDLERS,
                *pages.handlers(),
            ],
            dependencies=parts,
            state=State({"devices": self.devices}),  # for ``rates``, which no dependency reaches
            csrf_config=csrf(self.owner_sessions),
            lifespan=[self._life],
            on_app_init=[auth.on_app_init],
            before_request=_correlate,
            exception_handlers={
                D2FError: _our_error,
                sqlite3.Error: _library_fault,
                RecursionError: _no_json,
                UnicodeDecodeError: _no_json,
                HTTPException: _http_error,
                Exception: _unforeseen,
            },
            openapi_config=OpenAPIConfig(
                title="D2F gateway",
                version=__version__,
                path="/schema",
                render_plugins=[Documented()],
            ),
            template_config=TemplateConfig(
                instance=JinjaTemplateEngine.from_environment(pages.environment())
            ),
            request_max_body_size=64 * 1024,  # a form is looked at before who sends it is known
            logging_config=None,
        )
        self._guard = Guard(app, self.settings, csrf(self.owner_sessions).secret)
        return self._guard

    async def wipe(self, asker: Asker) -> Left:
        """All of the person's goes, while the gateway runs; afterwards it only says goodbye.

        Raises WipeNotBegun: it goes on as if nobody had asked. Raises WipeHalfDone: whoever asked may try again.
        """
        assert self._guard is not None
        if isinstance(self._guard.app, Farewell):  # asked for twice at once
            return await self._guard.app.wipe()
        keys = self.devices.keys()
        try:
            begin(self.settings.library, self.store)
        except DataFolderUnusable as error:
            if not wipe_marker(self.settings.library).is_file():  # else the next start would go on with it
                _log.error("nothing was wiped", error=str(error))
                raise WipeNotBegun from error
        farewell = self._guard.app = Farewell(keys, asker, self._wipe, self._over)
        return await farewell.wipe()

    async def _wipe(self) -> Left:
        self.events.close()
        await self._rest()
        return await asyncio.to_thread(wipe, self.settings.library)

    @property
    def left(self) -> Left | None:
        """What the last try of a wipe did not delete; None if there was none that came to its end."""
        app = self._guard.app if self._guard is not None else None
        return app.left if isinstance(app, Farewell) else None

    async def wiped(self) -> None:
        """Waits until all is wiped and every paired browser knows."""
        await self._over.wait()

    @contextlib.asynccontextmanager
    async def _life(self, _app: Litestar) -> AsyncGenerator[None]:
        """Reads what an earlier run kept but did not read, then pushes until the end."""
        if late := self.intake.catch_up():
            _log.info("read what was left", captures=late)
        try:
            self.store.drop_old_pages()
        except sqlite3.Error as error:  # a full disk: the person must be able to see that it is
            _log.error("what is old was not dropped", error=str(error))
        self._working = [
            asyncio.create_task(part.run()) for part in (self.carriers, self.notices, self.devices)
        ]
        try:
            yield
        finally:
            await self._rest()

    async def _rest(self) -> None:
        """Ends all work, once; the library is closed then."""
        working, self._working = self._working, None
        if working is None:
            return
        for task in working:
            task.cancel()
        try:
            await asyncio.gather(*working, return_exceptions=True)
        finally:
            try:
                await self.carriers.close()
            finally:
                self.store.close()


def _sync(carrier: NamedDependency[Carrier]) -> Sync:
    return carrier.sync


def _walks(carrier: NamedDependency[Carrier]) -> Walks:
    return carrier.walks


def _scheduler(carrier: NamedDependency[Carrier]) -> Scheduler:
    return carrier.scheduler


def _runs(carrier: NamedDependency[Carrier]) -> Runs:
    return carrier.runs


def _always(part: object) -> Callable[[], object]:
    return lambda: part


async def _correlate(request: Request[Any, Any, Any]) -> None:
    """All log lines of one request carry the same id."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=uuid4().hex[:12], path=request.url.path)


def _our_error(request: Request[Any, Any, Any], error: D2FError) -> Response[Any]:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # who asks is not told
        _log.error("it failed", error=str(error))
    if isinstance(error, TooManyTries):
        return _respond(request, problem(error), {"Retry-After": error.facts["seconds"]})
    return _respond(request, problem(error))


def _library_fault(request: Request[Any, Any, Any], error: sqlite3.Error) -> Response[Any]:
    _log.error("library fault", error=str(error))
    return _respond(request, problem(LibraryFault()))


def _no_json(request: Request[Any, Any, Any], _error: RecursionError | UnicodeDecodeError) -> Response[Any]:
    return _respond(request, problem(BadInput(field="JSON")))


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if error.status_code == NotLoggedIn.status:
        return _respond(request, problem(NotLoggedIn()))
    if error.status_code == TooManyTries.status:
        return _our_error(request, TooManyTries(seconds=(error.headers or {}).get("RateLimit-Reset", "60")))
    if isinstance(error, PermissionDeniedException):  # Litestar's check of the CSRF token raises nothing else
        return _respond(request, problem(StalePage()))
    if isinstance(error, ValidationException):
        wrong = msgspec.convert(error.extra or [], list[_Wrong])
        return _respond(request, problem(BadInput(field=", ".join(each.key for each in wrong))))
    if error.status_code == MessageTooLarge.status and request.url.path in DEVICE_PATHS:
        return _respond(request, problem(MessageTooLarge(limit=f"{MOST_BYTES // 2**20} MB")))
    return _respond(request, http_problem(error.status_code))


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    _log.error("unforeseen", exc_info=error)
    return _respond(request, http_problem(500))


def _respond(
    request: Request[Any, Any, Any], answer: Problem, headers: dict[str, str] | None = None
) -> Response[Any]:
    """Problem details; for a person who opens a page, or sends a form of one, the same as a page."""
    if "text/html" in request.headers.get("accept", ""):
        return pages.problem_page(request, answer, headers)
    return Response(answer, status_code=answer.status, media_type=MEDIA_TYPE, headers=headers)
