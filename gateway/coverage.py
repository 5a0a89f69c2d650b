"""How far each list was walked, and what that proves: which of its ends was reached, what is missing in between."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct, structs

from gateway.douban.fetch import PAGE, Place
from gateway.model import ListPart, Mark, Medium, Status
from gateway.store import Store

LISTS = tuple(
    (medium, status)
    for medium in Medium
    for status in Status
    if (medium, status) != (Medium.DRAMA, Status.DOING)
)
"""All lists that a person has: there is no 在看 for stage dramas."""


class Progress(Struct, kw_only=True):
    """What the pages of one place of a walk have shown so far."""

    first: str | None = None
    """The subject of the first row."""
    total: int | None = None
    """How many the first page claimed."""
    changed: bool = False
    """A later page claimed another number: the list was changed while it was walked, and rows moved."""
    rows: int = 0
    unread: int = 0
    """Rows that could not be read."""
    newest: datetime | None = None
    oldest: datetime | None = None
    newest_day: date | None = None
    oldest_day: date | None = None
    """The same, from pages that tell the day alone."""
    known: int = 0
    """Rows in a row, up to the last one, that told nothing new."""

    def add(self, part: ListPart, marks: Sequence[Mark], *, told: bool) -> None:
        """Another page; ``told`` if it brought something new."""
        if self.total is None:
            self.total = part.total_claimed
        self.changed = self.changed or part.total_claimed != self.total
        if self.first is None and marks:
            self.first = marks[0].subject.id
        self.rows += part.rows
        self.unread += part.rows - len(marks)
        self.known = 0 if told else self.known + part.rows
        days = [mark.marked_on for mark in marks if isinstance(mark.marked_on, date)]
        if days:
            self.newest_day = max(days) if self.newest_day is None else max(self.newest_day, *days)
            self.oldest_day = min(days) if self.oldest_day is None else min(self.oldest_day, *days)
        times = [mark.marked_at for mark in marks if isinstance(mark.marked_at, datetime)]
        if times:
            self.newest = max(times) if self.newest is None else max(self.newest, *times)
            self.oldest = min(times) if self.oldest is None else min(self.oldest, *times)

    def is_as(self, earlier: "Progress") -> bool:
        """Whether a look at the front of a list found it as it was at first.

        A mark that is made, or moves here, comes first; one that is taken away, or moves elsewhere, is one less.
        """
        return (self.first, self.total) == (earlier.first, earlier.total)


class Coverage(Struct, frozen=True, kw_only=True):
    """How far one list is known."""

    medium: Medium
    status: Status
    at: datetime | None = None
    """When a walk came last to where it wanted: to the end, or to what was known."""
    back_to: date | None = None
    """The oldest mark that was reached without a break."""
    ended_at: datetime | None = None
    """When a walk came last to the list's end. The next ones are of that walk."""
    claimed: int | None = None
    seen: int = 0
    skipped: int = 0
    """Rows that Douban failed on, or that could not be read."""
    changed: bool = False
    """The list was changed while it was walked: a row may have moved past the walk."""
    front: datetime | None = None
    """The newest mark when the last walk that came to where it wanted began: all older ones were there for it."""
    front_day: date | None = None
    """The same, as far as a page tells it."""

    @property
    def hidden(self) -> int:
        """Rows that Douban counts and does not show: it does that for good with some of old lists."""
        return max(0, (self.claimed or 0) - self.seen - self.skipped)

    @property
    def gap(self) -> str | None:
        """Why the last walk to the end does not tell what is not on the list; None if it does."""
        if self.changed:
            return "changed"
        return "skipped" if self.skipped else None

    def is_met(self, progress: Progress) -> bool:
        """Whether a walk from the newest on has come to what is known, so that it may stop.

        A list is sorted by when a mark reached its status, so what is new comes first. A whole page that tells
        nothing new is not enough: those marks may be known from a browser that showed this page alone, or from a
        walk that was given up right here. But what is older than the front was there for an earlier walk, which
        went on to the list's end. (An edit of an old rating or comment moves nothing: only a full check finds it.)
        """
        if self.ended_at is None or self.changed or not progress.known:
            return False
        if progress.oldest is not None:
            return self.front is not None and progress.known >= PAGE and progress.oldest <= self.front
        if progress.oldest_day is None or self.front_day is None:
            return False
        return progress.oldest_day < self.front_day  # of that day itself, some may have come after that walk

    def after(self, place: Place, progress: Progress, seen: int, at: datetime) -> "Coverage":
        """With another page of a walk."""
        reached = progress.oldest.date() if progress.oldest is not None else progress.oldest_day
        day = progress.newest.date() if progress.newest is not None else progress.newest_day
        if place.ended:
            return structs.replace(
                self,
                at=at,
                ended_at=at,
                back_to=reached,
                claimed=progress.total,
                seen=seen,
                skipped=len(place.skipped) + progress.unread,
                changed=progress.changed,
                front=progress.newest or self.front,
                front_day=day or self.front_day,
            )
        if place.enough:
            if progress.changed:
                return structs.replace(self, at=at)
            return structs.replace(
                self, at=at, front=progress.newest or self.front, front_day=day or self.front_day
            )
        return self if self.ended_at is not None else structs.replace(self, back_to=reached)


class Coverages:
    """Of all lists, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, account: str) -> list[Coverage]:
        """One for each list, walked or not."""
        kept = self._store.setting(_name(account), list[Coverage]) or []
        known = {(each.medium, each.status): each for each in kept}
        return [
            known.get((medium, status)) or Coverage(medium=medium, status=status) for medium, status in LISTS
        ]

    def of(self, account: str, place: Place) -> Coverage:
        return next(
            each for each in self.all(account) if (each.medium, each.status) == (place.medium, place.status)
        )

    def keep(self, account: str, new: Coverage) -> None:
        place = (new.medium, new.status)
        kept = [new if (each.medium, each.status) == place else each for each in self.all(account)]
        self._store.set(_name(account), kept)


def _name(account: str) -> str:
    return f"coverage {account}"
