"""What the owner does for safety, and the audit trail: as JSON under ``/api/v1``, and as a page. Needs the owner's cookie."""

import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template
from litestar.security.jwt import Token
from msgspec import Meta, Struct

from gateway.audit import ALARMS, Act, Audit, Entry
from gateway.dashboard.login import checked
from gateway.dashboard.pages import language_of, page_words
from gateway.devices import Devices
from gateway.errors import BadInput, NoSuchThing, WipeNotBegun
from gateway.events import Events
from gateway.farewell import Asker
from gateway.owner_sessions import end_all
from gateway.passphrase import Passphrase
from gateway.reach import demand_passphrase
from gateway.security import Owner, no_cookies_at_all, source_of
from gateway.sessions import Sessions
from gateway.settings import Settings
from gateway.store import Store
from gateway.wipe import Left, is_consent

_SHOWN = 1000


class PassphraseInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The one of now, and the one of from now on."""

    passphrase: Annotated[str, Meta(max_length=1000)]
    """Empty takes it away."""
    current: Annotated[str, Meta(max_length=1000)] = ""
    """Not looked at if there is none."""

    def __repr__(self) -> str:
        return "PassphraseInput(•••)"


class PassphraseShown(Struct, frozen=True):
    is_set: bool


class NameInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner calls a browser."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]


class Consent(Struct, frozen=True, forbid_unknown_fields=True):
    """What the person typed."""

    word: Annotated[str, Meta(max_length=20)]


class SafetyController(Controller):
    """Passphrase, browsers' names, audit trail."""

    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/api/v1/audit", summary="What was done that matters to safety", sync_to_thread=False)
    def audit(self, audit: NamedDependency[Audit]) -> list[Entry]:
        """The newest thousand, the newest first."""
        return audit.newest(_SHOWN)

    @get("/audit", include_in_schema=False, sync_to_thread=False)
    def audit_page(self, request: Request[Owner, Token, Any], audit: NamedDependency[Audit]) -> Template:
        words = page_words(language_of(request))
        return Template("audit.html", context={**words, "acts": audit.newest(_SHOWN), "alarms": ALARMS})

    @post("/api/v1/passphrase", summary="Set, change or remove the dashboard's passphrase", status_code=200)
    async def set_passphrase(  # Litestar gives each part by its name
        self,
        request: Request[Owner, Token, Any],
        data: JSONBody[PassphraseInput],
        passphrase: NamedDependency[Passphrase],
        store: NamedDependency[Store],
        events: NamedDependency[Events],
        audit: NamedDependency[Audit],
        settings: NamedDependency[Settings],
    ) -> PassphraseShown:
        """All other sessions end: they were begun without it. 403 if ``current`` is wrong, 429 after too many of those."""
        source, had = source_of(request), passphrase.is_set
        await checked(passphrase, audit, source, data.current)
        if data.passphrase:
            passphrase.set(data.passphrase)
            audit.note(Act.PASSPHRASE_CHANGED if had else Act.PASSPHRASE_SET, source)
            for session in end_all(store, but=str(request.auth.jti)):
                events.close(session)
        elif had:
            demand_passphrase(settings, is_set=False)
            passphrase.remove()
            audit.note(Act.PASSPHRASE_REMOVED, source)
        return PassphraseShown(passphrase.is_set)

    @post("/api/v1/wipe", summary="Wipe all", status_code=200)
    async def wipe(
        self,
        request: Request[Owner, Token, Any],
        data: JSONBody[Consent],
        wipe_all: NamedDependency[Callable[[Asker], Awaitable[Left]]],
        audit: NamedDependency[Audit],
    ) -> Response[Left]:
        """Needs one of ``wipe.CONSENT``. Answers what is left; with any of the ``files`` it is not done, and may be tried again.

        500 ``wipe_not_begun`` if nothing has changed, ``wipe_half_done`` if it may be tried again. Once all is wiped the
        gateway only says goodbye, and ends.
        """
        if not is_consent(data.word):
            raise BadInput(field="word")
        try:
            left = await wipe_all(request)
        except WipeNotBegun:
            with contextlib.suppress(sqlite3.Error):  # it is on the same disk
                audit.note(Act.WIPE_FAILED, source_of(request))
            raise
        return Response(left, cookies=[] if left.files else no_cookies_at_all())

    @delete("/api/v1/douban/{account:str}/login", summary="Forget a Douban log-in", sync_to_thread=False)
    def forget(
        self,
        request: Request[Owner, Token, Any],
        account: FromPath[str],
        sessions: NamedDependency[Sessions],
        audit: NamedDependency[Audit],
    ) -> None:
        """No walk uses it any more; a browser hands over the next one. 404 if there is none."""
        if not sessions.forget(account):
            raise NoSuchThing
        audit.note(Act.DOUBAN_FORGOTTEN, source_of(request), account)

    @post(
        "/api/v1/devices/{device_id:str}/name",
        summary="Give a browser another name",
        status_code=200,
        sync_to_thread=False,
    )
    def rename(
        self,
        request: Request[Owner, Token, Any],
        device_id: FromPath[str],
        data: JSONBody[NameInput],
        devices: NamedDependency[Devices],
    ) -> NameInput:
        """404 if it is not paired."""
        name = " ".join(data.name.split())
        if not name:
            raise BadInput(field="name")
        if not devices.rename(device_id, name, source_of(request)):
            raise NoSuchThing
        return NameInput(name)
