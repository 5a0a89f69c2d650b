"""What becomes of what a paired browser sends: a page is kept and read, a question is answered.

The shapes in this file are what is inside of the frames.
"""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, structs

from gateway import __version__
from gateway.asked import WalkAsked, WalkReport
from gateway.carriers import Carrier, Carriers
from gateway.devices import Devices, Message
from gateway.errors import UNDECODABLE, BadMessage, Issue, Paused
from gateway.events import Events, Walked
from gateway.intake import Intake, Result
from gateway.ledger import Counts
from gateway.library import MOMENT, Library
from gateway.model import Account, Capture, Trigger, now
from gateway.settings import Settings
from gateway.store import Store
from gateway.sync import Sync

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


class CaptureAnswer(Result, frozen=True, kw_only=True):
    """What a capture brought, and how things are since."""

    push: DevicePush
    asks: bool
    """As in ``StateAnswer``."""
    enough: bool
    """To a page that the schedule asked for: the rest of its list is known."""


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


class Reception:
    """Of one gateway: what opened messages say, goes to where it belongs."""

    def __init__(  # a browser is told of all of them
        self,
        settings: Settings,
        store: Store,
        library: Library,
        devices: Devices,
        intake: Intake,
        carriers: Carriers,
        events: Events,
    ) -> None:
        self._settings = settings
        self._store = store
        self._library = library
        self.devices = devices
        self._intake = intake
        self._carriers = carriers
        self._events = events

    def take_in(self, message: Message) -> CaptureAnswer:
        """Keeps and reads the page of a message. Raises BadMessage, sqlite3.Error."""
        capture = self._capture(message)
        result = self._intake.take(capture, message.device.id)
        carrier = self._carrier(message)
        return CaptureAnswer(
            **structs.asdict(result),
            push=_push(carrier.sync),
            asks=self._asks,
            enough=capture.trigger is Trigger.ASKED and carrier.scheduler.asked.is_enough(),
        )

    def tell(self, message: Message) -> StateAnswer:
        """How things are. Raises BadMessage, sqlite3.Error."""
        asked = message.decode(StateRequest)
        kept = self._store.kept(asked.capture) if asked.capture else None
        carrier = self._carrier(message)
        account, sync = carrier.account, carrier.sync
        counts = sync.counts_of(kept.id) if kept and kept.device == message.device.id else None
        return StateAnswer(
            dashboard=self._settings.dashboard,
            account=account,
            marks=sum(self._library.counts(account.id if account else "").values()),
            push=_push(sync),
            capture=_progress(counts),
            asks=self._asks,
            walk=self._walk(carrier, message, asked.walk),
        )

    def _capture(self, message: Message) -> Capture:
        """Its age was true when it was sealed: before any later message came, however long it was on its way."""
        line, _, page = message.plaintext.partition(b"\n")
        try:
            head = msgspec.json.decode(line, type=CaptureHead)
        except UNDECODABLE:
            raise BadMessage from None
        if head.trigger is Trigger.WALK:
            raise BadMessage
        received_at, counter = now(), message.head.counter
        later = self._store.received_after(message.device.id, counter)
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

    def _carrier(self, message: Message) -> Carrier:
        """Of whom the browser sent marks last, as far as they are kept."""
        kept = [account.id for account in self._library.accounts.kept]
        several = len(kept) > 1
        return self._carriers.of(self._store.account_of(message.device.id, kept) if several else None)

    @property
    def _asks(self) -> bool:
        return any(carrier.scheduler.asks for carrier in self._carriers.all)

    def _walk(self, carrier: Carrier, message: Message, report: WalkReport | None) -> WalkAsked | None:
        """Hears what a browser says of its walk, and tells what it is to read. Douban sees one walk at a time from here."""
        if report is not None:  # the browser may have sent a page of another account meanwhile
            carrier = next(
                (each for each in self._carriers.all if each.scheduler.asked.is_this(report.id)), carrier
            )
        asked, at, is_news = carrier.scheduler.asked, carrier.scheduler.clock(), True
        busy = any(
            (each.walks.shown is not None and each.walks.shown.state == "walking")
            or (each is not carrier and each.scheduler.asked.reader(at) is not None)
            for each in self._carriers.all
        )
        if report is not None and (not busy or report.state != "reading"):
            is_news = asked.hear(message.device.id, report, message.head.counter, at)
        elif busy:
            asked.give_way(at)
        if report is not None and is_news:
            counts = (report.pages, report.new, report.changed)
            self._events.tell(Walked(report.id, "asked", report.state, *counts, owner=carrier.owner))
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
