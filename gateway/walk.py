"""A walk over all lists of an account, with the log-in of the person's own browser. One at a time.

What a page said and where the walk then stands are stored together: the gateway may end anywhere, goes on from there
when it starts again, and never asks Douban twice for what it has.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import uuid4

from msgspec import structs

from gateway import errors
from gateway.coverage import Coverage, Coverages, Progress
from gateway.douban.fetch import DAILY, ORIGIN, Browser, Fetched, Fetcher, Frontier, Sleep
from gateway.errors import Issue
from gateway.events import Events
from gateway.intake import Intake, Result
from gateway.journey import Walk, WalkKind, WalkShown, WalkState, places_of, rows_wanted
from gateway.library import Library
from gateway.log import get
from gateway.model import Capture, Medium, Trigger, Verdict, now
from gateway.pace import Patience, next_day, requests_left
from gateway.reasons import walk_stop
from gateway.removals import Question, Removals
from gateway.sessions import Sessions
from gateway.settings import Settings
from gateway.store import Store, owned
from gateway.sync import Sync
from gateway.turns import Turns

_log = get("walk")

_LOOK = 60.0
"""Seconds to sleep at most while the next day is waited for: machines sleep, and their clocks are set."""

_LOG_IN = frozenset({"no_login", "login_page", "other_account"})
"""Stops for want of the account's log-in. All others are Douban's warnings, or faults: the person's to clear."""


class _Paused(Exception):
    """The person paused the walk before a request."""


class Walks:
    """``clock`` and ``sleep`` are the walks' time, ``daily`` how many requests a day has; tests have their own."""

    def __init__(  # noqa: PLR0913, PLR0917  # a walk leads from the log-in to the library and to Feishu
        self,
        settings: Settings,
        store: Store,
        library: Library,
        sessions: Sessions,
        intake: Intake,
        sync: Sync,
        events: Events,
        turns: Turns,
        owner: str = "",
    ) -> None:
        self._owner = owner
        self._turns = turns
        self._origin = settings.douban or ORIGIN
        self._store = store
        self._library = library
        self._sessions = sessions
        self._intake = intake
        self._sync = sync
        self._events = events
        self._coverages = Coverages(store)
        self._removals = Removals(store, library)
        self.clock: Callable[[], datetime] = now
        self.sleep: Sleep = asyncio.sleep if settings.douban is None else _at_once
        self.daily = DAILY
        self._wake = asyncio.Event()
        self._resting = asyncio.Event()
        self._going: asyncio.Task[None] | None = None
        self._left: float | None = None
        self._has_turn = False
        self._fault: Issue | None = None
        self._walk = self._kept()

    # --- what others ask

    @property
    def account(self) -> str | None:
        """Whose lists are walked: the owner's; of the first library, whose log-in came last while it has no account."""
        known = self._library.accounts.first
        if self._owner or known is not None:
            return self._owner or (known.id if known else None)
        return next(iter(self._sessions.accounts()), None)

    @property
    def shown(self) -> WalkShown | None:
        """The walk that is under way, or the last one."""
        walk = self._walk
        if walk is None:
            return None
        at, state = walk.at, self._state(walk)
        progress = walk.lists[at] if at is not None else Progress()
        place = walk.frontier.places[at] if at is not None else None
        return WalkShown(
            state=state,
            stop=self._stop(walk),
            goes_on_at=self._goes_on_at(walk) if state == "waiting" else None,
            left=self._left if state == "walking" else None,
            medium=place.medium if place else None,
            status=place.status if place else None,
            rows=progress.rows,
            total=progress.total,
            requests_today=walk.frontier.requests,
            daily=self.daily,
            owner=self._owner,
            **{name: getattr(walk, name) for name in _TOLD},
        )

    @property
    def coverage(self) -> list[Coverage]:
        """How far each list is known."""
        return self._coverages.all(self.account or "")

    @property
    def questions(self) -> list[Question]:
        """Many marks at once that seem to be gone: the person is asked."""
        return self._removals.questions(self.account or "")

    @property
    def asked_about(self) -> int:
        """How many marks that is, of all media."""
        return sum(len(question.marks) for question in self.questions)

    def accept(self, medium: Medium) -> int:
        """They are gone. Returns how many. Raises NoSuchThing if nothing was asked."""
        removed = self._removals.accept(self.account or "", medium)
        self._sync.note_removed(removed, "full")
        return removed

    def decline(self, medium: Medium) -> None:
        """They are not. Raises NoSuchThing if nothing was asked."""
        self._removals.decline(self.account or "", medium)

    def start(self, kind: WalkKind, by: Literal["person", "schedule"] = "person") -> None:
        """Begins a walk. Raises WalkUnderWay, NoDoubanLogin, OtherDoubanLogin."""
        before = self._walk
        if before is not None and not before.is_over:
            raise errors.WalkUnderWay
        account = self.account
        if account is None or self._browser(account) is None:
            others = [each for each in self._sessions.accounts() if each != account]
            raise errors.OtherDoubanLogin if account and others else errors.NoDoubanLogin
        places = places_of(kind)
        frontier = Frontier(account=account, places=places)
        self._turns.lend(frontier)
        walk = Walk(
            id=str(uuid4()),
            kind=kind,
            by=by,
            begun_at=self.clock(),
            frontier=frontier,
            lists=[Progress() for _ in places],
        )
        with self._store.atomic():
            self._removals.begin(account)
            self._save(walk)
        self._walk = walk
        self._go_on()

    def begin_by_schedule(self, kind: WalkKind) -> bool:
        """The same, when it is due. One that is under way will do; why it stopped is the person's to clear.

        False if it has to wait: a full check until a sync is over, and either for a log-in.
        Raises NoDoubanLogin, OtherDoubanLogin.
        """
        walk = self._walk
        if walk is None or walk.is_over:
            self.start(kind, "schedule")
            return True
        if self._state(walk) == "stopped":
            return not self._lacks_log_in(walk)
        return walk.kind in {kind, "full"}

    def log_in_came(self) -> None:
        """The account's log-in was handed over: a walk that stopped for want of it goes on where it was."""
        walk = self._walk
        if walk is not None and not walk.is_over and self._lacks_log_in(walk):
            self._let(walk)

    def pause(self) -> None:
        """No further page is asked for until ``resume``. Raises NoSuchThing if there is none."""
        walk = self._under_way()
        walk.paused = True
        self._save(walk)
        self._tell()

    def cancel(self) -> None:
        """Ends the walk where it is. What it took in stays. Raises NoSuchThing if there is none."""
        walk = self._under_way()
        walk.cancelled, walk.ended_at = True, self.clock()
        if self._going is not None:
            self._going.cancel()
        with self._store.atomic():
            self._removals.begin(walk.frontier.account)
            self._save(walk)
        self._tell()

    def resume(self) -> None:
        """The person has seen why it stopped, or paused it: it goes on where it was. Raises NoSuchThing if there is none."""
        walk = self._under_way()
        walk.paused = False
        self._let(walk)

    async def rest(self) -> WalkShown | None:
        """Waits until the walk is over, or waits for tomorrow or for the person."""
        await self._resting.wait()
        return self.shown

    # --- the work

    async def run(self) -> None:
        """Walks until it is cancelled."""
        while True:
            await self._guarded()
            pause = self._look_after()
            if pause != 0 and not self._wake.is_set():
                self._resting.set()
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue
            self._wake.clear()

    def _look_after(self) -> float | None:
        """Seconds until there may be something to do, if nobody says so before; None for never."""
        walk = self._walk
        if walk is None or self._state(walk) not in {"walking", "queued", "waiting"}:
            return None
        due = self._goes_on_at(walk)
        return 0 if due is None else min(_LOOK, max(0.0, (due - self.clock()).total_seconds()))

    async def _guarded(self) -> None:
        """The worker outlives whatever happens. Nothing is asked of Douban again before the person says so."""
        walk = self._walk
        if walk is None or self._state(walk) not in {"walking", "queued"}:
            return
        self._resting.clear()
        self._going = asyncio.create_task(self._in_turn(walk))
        try:
            await asyncio.wait({self._going})
            if not self._going.cancelled():
                self._going.result()
        except sqlite3.Error as error:
            self._fault = errors.LibraryFault().issue
            _log.error("library fault", error=str(error))
            self._walk = self._kept()  # what is in memory may be ahead of what is stored
        except Exception:  # noqa: BLE001  # whatever it is
            self._fault = errors.D2FError().issue
            _log.exception("unforeseen")
            self._walk = self._kept()
        finally:
            self._going.cancel()
            await asyncio.gather(self._going, return_exceptions=True)
            self._going = None
        if self._fault is not None:
            self._tell()

    async def _in_turn(self, walk: Walk) -> None:
        """One after the other, whoever's they are."""
        self._tell()
        async with self._turns.one:
            self._has_turn = True
            try:
                self._turns.lend(walk.frontier)
                await self._walk_on(walk)
            finally:
                self._has_turn = False

    async def _walk_on(self, walk: Walk) -> None:
        """Until it is over, stopped, or the day's requests are used up."""
        frontier = walk.frontier
        if walk.paused:
            return
        if frontier.stopped == "unreachable":
            frontier.stopped = None
        browser = self._browser(frontier.account)
        if browser is None:
            frontier.stopped = "no_login"
            self._save(walk)
            self._tell()
            return
        proven = await self._read_on(walk, browser)
        if frontier.stopped == "unreachable":
            walk.patience.fail(self.clock())
        if frontier.stopped in _LOG_IN and self._browser(frontier.account) not in {None, browser}:
            self._let(walk)  # it came while the one before was refused
        elif proven and frontier.stopped is None:
            self._end(walk)
        else:
            self._save(walk)
        self._tell()

    async def _read_on(self, walk: Walk, browser: Browser) -> bool:
        """Page after page. Returns whether all lists were read, a full check's by the account itself."""
        frontier = walk.frontier

        async def rest(seconds: float) -> None:
            await self.sleep(seconds)
            if walk.paused:
                raise _Paused

        fetcher = Fetcher(browser, now=self.clock, sleep=rest, origin=self._origin, daily=self.daily)
        try:
            self._left = self._reckon(walk, fetcher)
            async for fetched in fetcher.walk(frontier):
                self._take(walk, fetched)
                self._left = self._reckon(walk, fetcher)
                self._tell()
            return frontier.ended and (walk.kind == "sync" or await fetcher.is_own(frontier))
        except _Paused:
            return False
        finally:
            self._left = None
            await fetcher.close()

    def _take(self, walk: Walk, fetched: Fetched) -> None:
        """A page, and where the walk stands after it: both are stored, or neither."""
        capture = Capture(
            id=str(uuid4()),
            url=fetched.url,
            captured_at=self.clock(),
            trigger=Trigger.WALK,
            status=fetched.status,
            content=fetched.content,
        )
        with self._store.atomic():
            result = self._intake.take(capture, walk.kind, walk.cause, self._owner)
            self._note(walk, fetched, result)
            self._save(walk)

    def _note(self, walk: Walk, fetched: Fetched, result: Result) -> None:
        frontier, reading = walk.frontier, fetched.reading
        walk.patience = Patience()
        place, progress = frontier.places[fetched.place], walk.lists[fetched.place]
        walk.pages += 1
        walk.new, walk.changed, walk.same = (
            walk.new + result.new,
            walk.changed + result.changed,
            walk.same + result.same,
        )
        if frontier.stopped is not None or reading.page.part is None:
            return
        if reading.page.verdict is Verdict.OK and result.verdict is not Verdict.OK:
            frontier.stopped = "internal"  # what Douban said is kept, but not in the library
            return
        progress.add(reading.page.part, reading.marks, told=bool(result.new or result.changed))
        self._removals.see(reading.marks)
        if place.once:
            self._compare(walk, fetched.place)
            return
        known = self._coverages.of(frontier.account, place)
        place.enough = walk.kind == "sync" and not place.ended and known.is_met(progress)
        seen = self._removals.seen(frontier.account, place.medium, place.status) if place.ended else 0
        self._coverages.keep(frontier.account, known.after(place, progress, seen, self.clock()))

    def _compare(self, walk: Walk, look: int) -> None:
        """After a medium was walked: a list that is not as it was at first was changed meanwhile."""
        place = walk.frontier.places[look]
        first = next(
            number
            for number, each in enumerate(walk.frontier.places)
            if (each.medium, each.status, each.once) == (place.medium, place.status, False)
        )
        if not walk.lists[look].is_as(walk.lists[first]):
            known = self._coverages.of(walk.frontier.account, place)
            self._coverages.keep(walk.frontier.account, structs.replace(known, changed=True))

    def _end(self, walk: Walk) -> None:
        """All lists are walked, by the account itself."""
        account = walk.frontier.account
        with self._store.atomic():
            if walk.kind == "full":
                for medium in Medium:
                    lists = [each for each in self.coverage if each.medium is medium]
                    gaps = [each.gap for each in lists if each.gap]
                    if gaps:
                        walk.unproven[medium] = gaps[0]
                    else:
                        hidden = {each.status: each.hidden for each in lists}
                        walk.removed += self._removals.settle(account, medium, walk.begun_at, walk.id, hidden)
                self._sync.check()
            walk.ended_at = self.clock()
            self._removals.begin(account)
            self._save(walk)
        if walk.removed:
            self._sync.note_removed(walk.removed, walk.cause)
        _log.info(
            "walk ended",
            kind=walk.kind,
            pages=walk.pages,
            new=walk.new,
            changed=walk.changed,
            removed=walk.removed,
        )

    # --- small things

    def _let(self, walk: Walk) -> None:
        """It may go on."""
        walk.frontier.stopped, walk.patience = None, Patience()
        self._save(walk)
        self._go_on()

    def _go_on(self) -> None:
        self._fault = None
        self._resting.clear()
        self._wake.set()

    def _browser(self, account: str) -> Browser | None:
        return self._sessions.browser(account, self.clock())

    def _lacks_log_in(self, walk: Walk) -> bool:
        return self._fault is None and walk.frontier.stopped in _LOG_IN

    def _under_way(self) -> Walk:
        if self._walk is None or self._walk.is_over:
            raise errors.NoSuchThing
        return self._walk

    def _state(self, walk: Walk) -> WalkState:
        if walk.is_over:
            return "cancelled" if walk.cancelled else "ended"
        if walk.frontier.stopped not in {None, "unreachable"} or self._fault is not None:
            return "stopped"
        if walk.paused:
            return "paused"
        if self._goes_on_at(walk) is not None:
            return "waiting"
        return "queued" if self._turns.one.locked() and not self._has_turn else "walking"

    def _stop(self, walk: Walk) -> Issue | None:
        match self._state(walk):
            case "stopped":
                return self._fault or walk_stop(walk.frontier.stopped or "")
            case "waiting":
                is_tried_again = walk.patience.until(self.clock()) is not None
                return walk_stop("unreachable" if is_tried_again else "day_used_up")
            case "paused":
                return walk_stop("paused")
            case "queued":
                return walk_stop("other_walk")
            case _:
                return None

    def _goes_on_at(self, walk: Walk) -> datetime | None:
        """Until when it has to wait."""
        at = self.clock()
        return walk.patience.until(at) or next_day(walk.frontier, self.daily, at)

    def _reckon(self, walk: Walk, fetcher: Fetcher) -> float | None:
        """How many seconds it still takes, if it is known how long the lists are."""
        known = {(each.medium, each.status): each for each in self.coverage}
        left = requests_left(
            (place, rows_wanted(walk.kind, place, progress, known[place.medium, place.status]))
            for place, progress in zip(walk.frontier.places, walk.lists, strict=True)
        )
        if left is None or walk.frontier.requests + left > self.daily:
            return None
        return fetcher.takes(left + (walk.kind == "full"))

    def _tell(self) -> None:
        if (shown := self.shown) is not None:
            self._events.tell(shown.event)

    def _save(self, walk: Walk) -> None:
        with self._store.atomic():
            self._store.set(owned("walk", self._owner), walk)
            if self._has_turn:
                self._turns.spend(walk.frontier)

    def _kept(self) -> Walk | None:
        return self._store.setting(owned("walk", self._owner), Walk)


_TOLD = (
    "id",
    "kind",
    "by",
    "begun_at",
    "ended_at",
    "pages",
    "new",
    "changed",
    "same",
    "removed",
    "unproven",
)


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)
