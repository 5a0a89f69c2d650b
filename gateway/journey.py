"""One walk over lists: as it is stored, and as it is told."""

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from gateway.coverage import LISTS, Coverage, Progress
from gateway.douban.fetch import Frontier, Place
from gateway.errors import Issue
from gateway.events import Walked
from gateway.model import Medium, Status
from gateway.pace import Patience
from gateway.runs import Cause

WalkKind = Literal["sync", "full"]
"""From the newest mark to what is known, or to the end of every list."""
WalkState = Literal["walking", "queued", "waiting", "paused", "stopped", "ended", "cancelled"]
"""``queued``: behind another account's. ``waiting``: for the network, or for the next day. ``paused``: by the person.
``stopped``: until the person lets it go on."""


class Walk(Struct, kw_only=True):
    """A walk, as it is stored."""

    id: str
    kind: WalkKind
    by: Literal["person", "schedule"]
    begun_at: datetime
    ended_at: datetime | None = None
    cancelled: bool = False
    paused: bool = False
    patience: Patience = field(default_factory=Patience)
    frontier: Frontier
    lists: list[Progress]
    """What each place of the frontier has shown."""
    pages: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    unproven: dict[Medium, str] = field(default_factory=dict)
    """Of a full check: the media where it does not prove what is gone, and why (``Coverage.gap``)."""

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def at(self) -> int | None:
        """Which place it is at; None where it is over."""
        if self.is_over:
            return None
        return next((number for number, place in enumerate(self.frontier.places) if not place.over), None)

    @property
    def cause(self) -> Cause:
        """What its runs began with."""
        if self.by == "schedule":
            return "scheduled_full" if self.kind == "full" else "schedule"
        return "full" if self.kind == "full" else "walk"


class WalkShown(Struct, frozen=True, kw_only=True):
    """A walk, as it is told."""

    id: str
    kind: WalkKind
    by: str
    state: WalkState
    begun_at: datetime
    ended_at: datetime | None
    stop: Issue | None
    """Why it stopped, or does not go on for now, and what to do."""
    goes_on_at: datetime | None
    """When it does by itself, if it waits."""
    left: float | None
    """About how many seconds it still takes; None where nobody can tell."""
    medium: Medium | None
    """Where it is; None where it is over."""
    status: Status | None
    rows: int
    """Rows of that list so far, of how many the list claims to have."""
    total: int | None
    pages: int
    new: int
    changed: int
    same: int
    removed: int
    unproven: dict[Medium, str]
    requests_today: int
    daily: int
    owner: str

    @property
    def event(self) -> Walked:
        """The same, as news."""
        at = (self.medium, self.status, self.rows, self.total, self.left)
        return Walked(self.id, self.kind, self.state, self.pages, self.new, self.changed, *at, self.owner)


def places_of(kind: WalkKind) -> list[Place]:
    """All lists.

    A full check looks at the front of each list of a medium again when all of them are walked: what moved from one to
    another meanwhile may have been seen on neither.
    """
    if kind == "sync":
        return [Place(medium=medium, status=status) for medium, status in LISTS]
    places: list[Place] = []
    for each in Medium:
        lists = [(medium, status) for medium, status in LISTS if medium is each]
        places += [Place(medium=medium, status=status) for medium, status in lists]
        places += [Place(medium=medium, status=status, once=True) for medium, status in lists]
    return places


def rows_wanted(kind: WalkKind, place: Place, progress: Progress, known: Coverage) -> int | None:
    """How many rows are wanted of a list; None if nobody knows."""
    if place.once or (kind == "sync" and known.ended_at is not None and not known.changed):
        return place.start + 1  # a page, as a rule: what is new fits on it
    return progress.total if progress.total is not None else known.claimed
