"""What a paired extension may send, and what it is answered. All of it POST, all of it sealed (``seal.py``).

Bodies are frames (``application/octet-stream``). The shapes in this file are what is inside of them. An error
that happens after a frame was opened is answered sealed as well, as problem details.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Controller, MediaType, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from msgspec import Meta, Struct, structs

from gateway import __version__
from gateway.asked import WalkAsked, WalkReport
from gateway.audit import Act, Audit
from gateway.carriers import Carrier, Carriers
from gateway.devices import Devices, Message
from gateway.errors import UNDECODABLE, BadMessage, D2FError, Issue, LibraryFault, Paused, UnknownDevice
from gateway.events import Events, Walked
from gateway.intake import Intake
from gateway.ledger import Counts
from gateway.library import MOMENT, Library
from gateway.log import get
from gateway.model import Account, Capture, Trigger, now
from gateway.problems import Problem, problem
from gateway.rates import PAIRINGS, STRANGERS
from gateway.seal import MOST_BYTES
from gateway.sessions import Session, Sessions
from gateway.settings import Settings
from gateway.store import Store
from gateway.sync import Sync

_log = get("capture")

_FRAMES: dict[int, ResponseSpec] = {
    200: ResponseSpec(bytes, media_type="application/octet-stream", description="A sealed answer"),
    **{
        status: ResponseSpec(Problem, media_type="application/problem+json", description=title)
        for status, title in {
            400: "Not to be opened",
            401: "Not paired",
            403: "Wrong origin",
            413: "Too large",
            429: "Too often",
        }.items()
    },
}


_LONGEST_WAIT = 30 * 24 * 60 * 60
"""Seconds that an age is believed to be at most."""
_BEFORE = MOMENT + timedelta(microseconds=1)
"""What was sealed before something else that came: by so much as the library takes for earlier."""


class CaptureHead(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a capture, as JSON; the page itself follows the line break."""

    url: Annotated[str, Meta(max_length=2000)]
    age: Annotated[float, Meta(ge=0)]
    """Seconds since Douban answered with the page: tabs stay open, and pages wait while the gateway is down."""
    trigger: Trigger
    status: Annotated[int, Meta(ge=100, le=599)] | None = None
    """The HTTP status that the page came with, where the browser tells."""


class DevicePush(Struct, frozen=True, kw_only=True):
    """The push as a device may know it."""

    state: str
    """unset, idle, busy or error."""
    pending: int
    failed: int
    table: str | None
    problem: Issue | None


class CaptureAnswer(Struct, frozen=True, kw_only=True):
    """What a capture brought."""

    capture: str
    verdict: str
    reason: Issue | None
    marks: int
    new: int
    changed: int
    same: int
    problems: int
    doubt: Issue | None
    push: DevicePush
    asks: bool
    """As in ``StateAnswer``."""
    enough: bool
    """To a page that the schedule asked for: the rest of its list is known."""


class SessionAnswer(Struct, frozen=True):
    account: str | None
    """The numeric id that ``dbcl2`` names, if there is one."""


class StateRequest(Struct, frozen=True):
    capture: str | None = None
    walk: WalkReport | None = None
    """Of the walk that this browser reads, or was told of and would begin."""


class CaptureProgress(Struct, frozen=True):
    """How far the marks that a capture changed have come."""

    pending: int
    failed: int


class StateAnswer(Struct, frozen=True, kw_only=True):
    gateway: str = __version__
    dashboard: str
    account: Account | None
    marks: int
    push: DevicePush
    capture: CaptureProgress | None
    asks: bool
    """A schedule has browsers asked: this one should look in every few minutes."""
    walk: WalkAsked | None
    """The walk that this browser is to read, until it is over; after a report of it: whether it may go on."""


class DeviceController(Controller):
    """The routes of paired extensions."""

    path = "/api/v1"
    opt = {"exclude_from_auth": True, "exclude_from_csrf": True}  # noqa: RUF012  # Litestar's own way to set these
    tags = ["device"]  # noqa: RUF012  # the same
    status_code = 200
    request_max_body_size = MOST_BYTES

    @post(
        "/pair", middleware=[PAIRINGS], media_type=MediaType.TEXT, responses=_FRAMES, summary="Pair a browser"
    )
    async def pair(
        self, request: Request[Any, Any, Any], devices: NamedDependency[Devices]
    ) -> Response[bytes]:
        """A frame under the pairing code's key: ``devices.PairRequest``; answered by ``devices.PairAnswer``."""
        return _frame(devices.pair(await request.body(), request.headers.get("origin", "")))

    @post(
        "/captures",
        middleware=[STRANGERS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Send a captured page",
    )
    async def capture(
        self,
        request: Request[Any, Any, Any],
        devices: NamedDependency[Devices],
        intake: NamedDependency[Intake],
        library: NamedDependency[Library],
        store: NamedDependency[Store],
        carriers: NamedDependency[Carriers],
    ) -> Response[bytes]:
        """``CaptureHead`` as one line of JSON, then the page. Answered by ``CaptureAnswer``, once it is stored."""

        async def take(message: Message) -> CaptureAnswer:
            return take_in(message, intake, library, store, carriers)

        return await _sealed(request, devices, take)

    @post(
        "/session",
        middleware=[STRANGERS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Send the Douban cookies",
    )
    async def session(
        self,
        request: Request[Any, Any, Any],
        devices: NamedDependency[Devices],
        sessions: NamedDependency[Sessions],
        audit: NamedDependency[Audit],
    ) -> Response[bytes]:
        """``Session``; answered by ``SessionAnswer``. Kept sealed; there is no way to read it back."""

        async def keep(message: Message) -> SessionAnswer:
            session = message.decode(Session)
            devices.believe_counter(message)
            if (account := sessions.keep(session)) is not None:
                audit.note(Act.DOUBAN_KEPT, message.device.name, account)
            return SessionAnswer(account)

        return await _sealed(request, devices, keep)

    @post(
        "/state",
        middleware=[STRANGERS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Ask how things are",
    )
    async def state(
        self,
        request: Request[Any, Any, Any],
        devices: NamedDependency[Devices],
        library: NamedDependency[Library],
        store: NamedDependency[Store],
        carriers: NamedDependency[Carriers],
        settings: NamedDependency[Settings],
        events: NamedDependency[Events],
    ) -> Response[bytes]:
        """``StateRequest``; answered by ``StateAnswer``. A capture's progress is told to its own device only."""

        async def tell(message: Message) -> StateAnswer:
            asked = message.decode(StateRequest)
            kept = store.kept(asked.capture) if asked.capture else None
            carrier = carriers.of(_account_of(message.device.id, store, library))
            account, sync = carrier.account, carrier.sync
            counts = sync.counts_of(kept.id) if kept and kept.device == message.device.id else None
            return StateAnswer(
                dashboard=settings.dashboard,
                account=account,
                marks=sum(library.counts(account.id if account else "").values()),
                push=_push(sync),
                capture=_progress(counts),
                asks=_asks(carriers),
                walk=_walk(carriers, carrier, message, asked.walk, events),
            )

        return await _sealed(request, devices, tell)


def take_in(
    message: Message, intake: Intake, library: Library, store: Store, carriers: Carriers
) -> CaptureAnswer:
    """Keeps and reads the page of a message. Raises BadMessage, sqlite3.Error."""
    capture = _capture(message, store)
    result = intake.take(capture, message.device.id)
    carrier = carriers.of(_account_of(message.device.id, store, library))
    return CaptureAnswer(
        **{name: getattr(result, name) for name in result.__struct_fields__},
        push=_push(carrier.sync),
        asks=_asks(carriers),
        enough=capture.trigger is Trigger.ASKED and carrier.scheduler.asked.is_enough(),
    )


async def _sealed(
    request: Request[Any, Any, Any], devices: Devices, handle: Callable[[Message], Awaitable[object]]
) -> Response[bytes]:
    """Opens a message, handles it, seals the answer, be it good or bad."""
    frame, path = await request.body(), request.url.path
    try:
        message = devices.open(frame, path, request.headers.get("origin", ""))
    except UnknownDevice as error:
        if (told := devices.goodbye(frame, path)) is None:
            raise
        return _frame(told, error.status)
    try:
        devices.meter(message)
        return _frame(message.answer(200, await handle(message)))
    except D2FError as error:
        failed = error
    except sqlite3.Error as error:
        _log.error("library fault", error=str(error))
        failed = LibraryFault()
    except Exception:  # noqa: BLE001  # unsealed, the answer could be anybody's, and the page be sent for ever
        _log.exception("unforeseen")
        failed = D2FError()
    return _frame(message.answer(failed.status, problem(failed)), failed.status)


def _frame(frame: bytes, status: int = 200) -> Response[bytes]:
    return Response(frame, status_code=status, media_type="application/octet-stream")


def _capture(message: Message, store: Store) -> Capture:
    """Its age was true when it was sealed: before any later message came, however long it was on its way."""
    line, _, page = message.plaintext.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=CaptureHead)
    except UNDECODABLE:
        raise BadMessage from None
    if head.trigger is Trigger.WALK:
        raise BadMessage
    received_at, counter = now(), message.head.counter
    later = store.received_after(message.device.id, counter)
    sealed_at = min(received_at, later - _BEFORE) if later else received_at
    return Capture(
        id=str(message.head.message),
        url=head.url,
        captured_at=sealed_at - timedelta(seconds=min(head.age, _LONGEST_WAIT)),
        received_at=received_at,
        counter=counter,
        trigger=head.trigger,
        status=head.status,
        content=page,
    )


def _account_of(device: str, store: Store, library: Library) -> str | None:
    """Whose marks a browser sent last, as far as they are kept."""
    kept = [account.id for account in library.accounts.kept]
    return store.account_of(device, kept) if len(kept) > 1 else None


def _asks(carriers: Carriers) -> bool:
    return any(carrier.scheduler.asks for carrier in carriers.all)


def _walk(
    carriers: Carriers, carrier: Carrier, message: Message, report: WalkReport | None, events: Events
) -> WalkAsked | None:
    """Hears what a browser says of its walk, and tells what it is to read. Douban sees one walk at a time from here."""
    if report is not None:  # the browser may have sent a page of another account meanwhile
        carrier = next((each for each in carriers.all if each.scheduler.asked.is_this(report.id)), carrier)
    asked, at, is_news = carrier.scheduler.asked, carrier.scheduler.clock(), True
    busy = any(
        (each.walks.shown is not None and each.walks.shown.state == "walking")
        or (each is not carrier and each.scheduler.asked.reader(at) is not None)
        for each in carriers.all
    )
    if report is not None and (not busy or report.state != "reading"):
        is_news = asked.hear(message.device.id, report, message.head.counter, at)
    elif busy:
        asked.give_way(at)
    if report is not None and is_news:
        counts = (report.pages, report.new, report.changed)
        events.tell(Walked(report.id, "asked", report.state, *counts, owner=carrier.owner))
    account = carrier.walks.account
    return asked.offer(message.device.id, account, at) if account and not busy else None


def _push(sync: Sync) -> DevicePush:
    push = sync.of_rows
    if push.state == "paused":
        push = structs.replace(push, problem=Paused().issue)
    state = "error" if push.state in {"waiting", "paused"} else push.state
    return DevicePush(
        state=state, pending=push.pending, failed=push.failed, table=push.table, problem=push.problem
    )


def _progress(counts: Counts | None) -> CaptureProgress | None:
    return CaptureProgress(counts.pending, counts.failed) if counts else None
