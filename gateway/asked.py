"""A walk over the lists that an open browser is asked for: who reads, how far it is, how it ended.

It takes pages in as auto-sync does, and proves nothing of what it did not see: no mark is taken for removed by it.
How far it came in each list is known from its pages, as of any walk.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import uuid4

from msgspec import Meta, Struct, structs

from gateway.coverage import Coverages, Progress
from gateway.douban.fetch import Place
from gateway.errors import Issue, NoSuchThing
from gateway.journey import WalkKind
from gateway.model import ListPart, Mark
from gateway.reasons import asked_stop
from gateway.store import Store, owned

_LAPSE = timedelta(minutes=10)
"""A browser that reads speaks about once a minute. One that has not spoken for so long was closed: another may read."""

_LONG = timedelta(days=1)
"""Browsers are closed at night; when none has come for so long, none will."""
_HARMLESS = frozenset({"by_person", "other_walk", "tab_closed", "tab_taken"})
"""Stops that the person, or the gateway, meant: it is read again when the schedule comes next."""

AskedState = Literal["asked", "reading", "silent", "ended", "stopped", "cancelled"]
"""``silent``: the browser that reads was not heard of for a while; it goes on when it is, or another does."""


class WalkAsked(Struct, frozen=True, kw_only=True):
    """What an open browser is asked to do; the same ``id`` is the same request."""

    id: str
    kind: WalkKind
    account: str
    """Whose lists."""


class WalkReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a browser fares with it."""

    id: Annotated[str, Meta(max_length=40)]
    state: Literal["reading", "ended", "stopped"]
    reason: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")] | None = None
    """Why it stopped: a code of ``reasons.asked_stop``."""
    pages: Annotated[int, Meta(ge=0)] = 0
    new: Annotated[int, Meta(ge=0)] = 0
    changed: Annotated[int, Meta(ge=0)] = 0


class _Following(Struct, frozen=True, kw_only=True):
    """One list, from its first page on without a break."""

    progress: Progress
    next: int | None
    """Where the page begins that comes next."""


class AskedWalk(Struct, frozen=True, kw_only=True):
    """As it is stored."""

    id: str
    kind: WalkKind
    asked_at: datetime
    in_vain_since: datetime | None = None
    """When earlier requests began that no browser has brought to an end."""
    device: str | None = None
    begun_at: datetime | None = None
    heard_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    pages: int = 0
    new: int = 0
    changed: int = 0
    lists: dict[str, _Following] = {}
    """By a medium and the word of the list's address, such as ``movie/collect``."""
    counter: int = 0
    """Of the last report's message."""
    enough: bool = False
    """The page that was read last came to what is known of its list: the browser may leave it there."""


class AskedShown(Struct, frozen=True, kw_only=True):
    """As it is told."""

    kind: WalkKind
    state: AskedState
    at: datetime
    """Since when: asked, begun, last heard of, or over."""
    browser: str | None
    """The name of the one that reads, or did."""
    stop: Issue | None
    """Why it stopped, and what to do."""
    pages: int
    new: int
    changed: int


class Asked:
    """Of one account (``owner``). One request at a time, and one browser for it."""

    def __init__(self, store: Store, owner: str = "") -> None:
        self._name = owned("asked walk", owner)
        self._store = store
        self._coverages = Coverages(store)

    def ask(self, kind: WalkKind, at: datetime) -> None:
        """From now on. One that a browser is reading will do."""
        if self.reader(at) is None:
            kept = self._kept
            before = _in_vain(kept) if kept is not None and kept.ended_at is None else None
            self._keep(AskedWalk(id=str(uuid4()), kind=kind, asked_at=at, in_vain_since=before))

    def is_this(self, walk: str) -> bool:
        """Whether this is the walk that was asked last."""
        return self._kept is not None and self._kept.id == walk

    def reader(self, at: datetime) -> str | None:
        """The device that reads at the moment."""
        kept = self._kept
        return kept.device if kept and _state(kept, at) == "reading" else None

    def offer(self, device: str, account: str, at: datetime) -> WalkAsked | None:
        """What this browser is to read, if no other does."""
        kept = self._kept
        if kept is None or kept.ended_at is not None or self.reader(at) not in {None, device}:
            return None
        return WalkAsked(id=kept.id, kind=kept.kind, account=account)

    def hear(self, device: str, report: WalkReport, counter: int, at: datetime) -> bool:
        """What a browser says of it. One that is over, or that another reads, is none of its business.

        ``counter``: of its message. Returns False for one that was sealed before another one that was heard.
        """
        kept = self._kept
        if kept is None or kept.id != report.id or kept.ended_at or self.reader(at) not in {None, device}:
            return True
        if kept.device == device and counter <= kept.counter:
            return False
        over = report.state != "reading"
        self._keep(
            structs.replace(
                kept,
                device=device,
                begun_at=kept.begun_at if kept.device == device else at,
                heard_at=at,
                in_vain_since=None,
                ended_at=at if over else None,
                reason=(report.reason or "internal") if report.state == "stopped" else None,
                pages=report.pages,
                new=report.new,
                changed=report.changed,
                counter=counter,
            )
        )
        return True

    def read(self, account: str, page: ListPart, marks: Sequence[Mark], at: datetime, *, told: bool) -> None:
        """A page that a browser read was taken in; ``told`` if it brought something new."""
        kept, place = self._kept, Place(medium=page.medium, status=page.status)
        if kept is None or kept.ended_at is not None:
            return
        name = f"{page.medium}/{page.status}"
        last = _Following(progress=Progress(), next=0) if page.start == 0 else kept.lists.get(name)
        if last is None or last.next != page.start:  # a page is missing in between
            self._keep(structs.replace(kept, enough=False))
            return
        last.progress.add(page, marks, told=told)
        following = _Following(progress=last.progress, next=page.next_start)
        place.ended = page.next_start is None
        known = self._coverages.of(account, place)
        place.enough = kept.kind == "sync" and not place.ended and known.is_met(last.progress)
        seen = last.progress.rows - last.progress.unread
        with self._store.atomic():
            self._coverages.keep(account, known.after(place, last.progress, seen, at))
            self._keep(structs.replace(kept, lists=kept.lists | {name: following}, enough=place.enough))

    def is_enough(self) -> bool:
        """Whether the list of the page that was taken in last need not be read any further."""
        kept = self._kept
        return kept is not None and kept.ended_at is None and kept.enough

    def give_way(self, at: datetime) -> None:
        """Another walk is under way: Douban sees one at a time."""
        if self.reader(at) is not None:
            self._end("other_walk", at)

    def cancel(self, at: datetime) -> None:
        """Nobody need read any more. Raises NoSuchThing if nothing is asked."""
        kept = self._kept
        if kept is None or kept.ended_at is not None:
            raise NoSuchThing
        self._end("cancelled", at)

    def need(self, at: datetime) -> Issue | None:
        """Why the lists are not read; None where that is well, or will be."""
        kept = self._kept
        if kept is None:
            return None
        state = _state(kept, at)
        if state == "stopped" and kept.reason is not None and kept.reason not in _HARMLESS:
            return asked_stop(kept.reason)
        if state in {"asked", "silent"} and at - _in_vain(kept) >= _LONG:
            return asked_stop("no_browser")
        return None

    def shown(self, at: datetime) -> AskedShown | None:
        """The last request."""
        kept = self._kept
        if kept is None:
            return None
        state = _state(kept, at)
        device = self._store.device(kept.device) if kept.device else None
        since = kept.begun_at if state == "reading" else kept.ended_at or kept.heard_at
        return AskedShown(
            kind=kept.kind,
            state=state,
            at=since or kept.asked_at,
            browser=device.name if device else None,
            stop=asked_stop(kept.reason) if state == "stopped" and kept.reason else None,
            pages=kept.pages,
            new=kept.new,
            changed=kept.changed,
        )

    @property
    def _kept(self) -> AskedWalk | None:
        return self._store.setting(self._name, AskedWalk)

    def _keep(self, walk: AskedWalk) -> None:
        self._store.set(self._name, walk)

    def _end(self, reason: str, at: datetime) -> None:
        if (kept := self._kept) is not None:
            self._keep(structs.replace(kept, ended_at=at, reason=reason))


def _in_vain(walk: AskedWalk) -> datetime:
    """Since when nobody was heard of who reads."""
    return walk.in_vain_since or walk.heard_at or walk.asked_at


def _state(walk: AskedWalk, at: datetime) -> AskedState:
    if walk.ended_at is not None:
        if walk.reason is None:
            return "ended"
        return "cancelled" if walk.reason == "cancelled" else "stopped"
    if walk.heard_at is None:
        return "asked"
    # a clock that was set back must not make a claim that never lapses
    return "reading" if abs(at - walk.heard_at) < _LAPSE else "silent"
