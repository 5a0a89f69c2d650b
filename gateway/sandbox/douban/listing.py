"""One page of a person's list: which rows it has, what it claims, where its links lead."""

import zlib
from urllib.parse import urlencode

from msgspec import Struct

from gateway.model import Kind, Medium, Status
from gateway.sandbox.douban.sections import PATHS, Section
from gateway.sandbox.http import Request
from gateway.sandbox.person import Entry, Person, Removed

GRID_SIZE = 15
LIST_SIZE = 30
CUT = 60
"""Bytes of UTF-8 after which list mode cuts a title; fits every title of the captured lists."""


class Step(Struct, frozen=True):
    """A number in the paginator, or the gap between two."""

    number: int | None
    href: str = ""
    here: bool = False


class Listing(Struct, kw_only=True):
    """A list as the address asks for it."""

    owner: Person
    section: Section
    status: Status
    who: str
    """The person, as the address names them."""
    start: int = 0
    sort: str = "time"
    rating: str = "all"
    grid: bool = True
    kind: str = "all"
    """``all``, ``movie`` or ``tv``; films and series only."""
    tag: str = ""
    extra: int = 0
    """By how much the page claims too much."""

    @property
    def size(self) -> int:
        return GRID_SIZE if self.grid else LIST_SIZE

    @property
    def all(self) -> list[Entry]:
        """What the person has here, whatever their rating."""
        entries = self.owner.of(self.section.medium, self.status)
        if self.kind == "all":
            return entries
        return [e for e in entries if (e.subject.kind is Kind.TV) == (self.kind == "tv")]

    @property
    def entries(self) -> list[Entry]:
        """The same, chosen by rating and tag, and sorted."""
        entries = self.all
        if self.rating != "all":
            entries = [e for e in entries if str(e.mark.rating) == self.rating]
        if self.tag:
            entries = [e for e in entries if self.tag in (e.mark.tags or ())]
        if self.sort == "rating":
            entries.sort(key=lambda e: -(e.mark.rating or 0))
        elif self.sort == "title":
            entries.sort(key=lambda e: e.subject.title or "")
        return entries

    @property
    def slice(self) -> list[Entry]:
        return self.entries[self.start : self.start + self.size]

    @property
    def claimed(self) -> int:
        """The number in the heading."""
        return len(self.all) + self.extra

    @property
    def total(self) -> int:
        """The number beside the mode links: of the chosen ones."""
        return len(self.entries) + self.extra

    @property
    def last(self) -> int:
        """The number of the last mark of the page, counted from 1."""
        return min(self.start + self.size, self.total)

    @property
    def noun(self) -> str:
        return {"movie": "电影", "tv": "电视剧"}.get(self.kind, self.section.noun)

    def heading(self, *, own: bool) -> str:
        """``我看过的影视(1157)``; games have the name on one's own pages too."""
        name = "我" if own and self.section.medium is not Medium.GAME else self.owner.name
        return f"{name}{self.section.words[self.status]}的{self.noun}({self.claimed})"

    def link(self, *, absolute: bool = False, **changes: str | int) -> str:
        """The address of this list with something changed, parameters in the order of its section.

        Those of games are only a query, as seen on Douban.
        """
        mode = {"mode": "grid" if self.grid else "list"}
        ordered: dict[str, str | int] = {"start": 0, "sort": self.sort, "rating": self.rating}
        query: dict[str, str | int]
        match self.section.medium:
            case Medium.GAME:
                query = {"action": PATHS[self.status], "start": 0}
                query |= {} if self.sort == "time" else {"sort": self.sort}
                query |= {} if self.rating == "all" else {"rating": self.rating}
            case Medium.DRAMA:
                query = {"sort": self.sort, "start": 0, "rating": self.rating, "filter": "all", **mode}
                query |= {"tags_sort": "count"}
            case Medium.MOVIE:
                query = ordered | mode | {"type": self.kind, "filter": "all"}
            case _:
                query = ordered | {"filter": "all", **mode}
        if self.tag:
            query["tag"] = self.tag
        asked = f"?{urlencode(query | changes)}"
        if self.section.medium is Medium.GAME:
            return asked
        path = self.section.lists.format(self.who, PATHS[self.status]) + asked
        return self.section.url + path if absolute else path

    def page(self, number: int) -> str:
        """The address of a page, counted from 1. Music's are absolute, as seen on Douban."""
        absolute = self.section.medium is Medium.MUSIC
        return self.link(absolute=absolute, start=(number - 1) * self.size)

    @property
    def number(self) -> int:
        return self.start // self.size + 1

    @property
    def pages(self) -> int:
        return -(-self.total // self.size)

    @property
    def steps(self) -> list[Step]:
        """The numbers around this page: ``1 2 … 8 [9] 10 … 86 87``."""
        low = max(1, self.number - 4)
        shown = {1, 2, *range(low, low + 9), self.pages - 1, self.pages}
        steps: list[Step] = []
        for number in sorted(n for n in shown if 1 <= n <= max(self.pages, self.number)):
            if steps and steps[-1].number != number - 1:
                steps.append(Step(None))
            steps.append(Step(number, self.page(number), number == self.number))
        return steps


def asked_for(request: Request, owner: Person, section: Section, status: Status, who: str) -> Listing:
    """The list that an address asks for; what cannot be read is taken as left out, as Douban does."""
    start = request.param("start")
    kind = request.param("type")
    return Listing(
        owner=owner,
        section=section,
        status=status,
        who=who,
        start=int(start) if start.isdecimal() else 0,
        sort=request.param("sort") or "time",
        rating=request.param("rating") or "all",
        grid=request.param("mode") != "list" or section.medium is Medium.GAME,
        kind=kind if kind in {"movie", "tv"} and section.medium is Medium.MOVIE else "all",
        tag=request.param("tag"),
    )


def censored(entry: Entry) -> bool:
    """Whether ``short_pages`` hides this row: about one in eleven, always the same ones."""
    return zlib.crc32(str(entry.key).encode()) % 11 == 0


def titles(section: Section, entry: Entry) -> tuple[str, tuple[str, ...]]:
    """What stands as the title and what follows it: ``中文 / 原名`` and the aliases; for games ``中文 原名``."""
    subject = entry.subject
    if entry.removed is Removed.UNKNOWN:
        return section.gone(subject.kind or Kind.MOVIE), ()
    title = subject.title or ""
    if section.medium is Medium.MOVIE and subject.original_title:
        title = f"{title} / {subject.original_title}"
    if section.medium is Medium.GAME:
        return " ".join(part for part in (title, subject.original_title) if part), ()
    return title, () if section.medium is Medium.DRAMA else subject.other_titles or ()


def cut(title: str) -> str:
    """The title as list mode shows it."""
    if len(title.encode()) <= CUT:
        return title
    return title.encode()[:CUT].decode(errors="ignore") + "..."
