"""One simulated account: a person, and all the marks that Douban keeps for them.

What is here is the truth that Douban's pages are rendered from, and that a sync can be checked against.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from gateway.model import BEIJING, Kind, Mark, Medium, Status, Subject, SubjectKey
from gateway.sandbox import words
from gateway.sandbox.invent import Inventor

FIRST_DAY = date(2006, 3, 1)
"""The day of the oldest mark of ``make_person``."""
TODAY = date(2026, 11, 20)
"""The day that it is for a made-up person: nothing here depends on the clock."""
SCREEN_AND_SHELF = (Kind.BOOK, Kind.MOVIE, Kind.TV, Kind.MUSIC)
EVERYTHING = (*SCREEN_AND_SHELF, Kind.GAME, Kind.DRAMA)
_SHARES = {Kind.BOOK: 29, Kind.MOVIE: 33, Kind.TV: 22, Kind.MUSIC: 16, Kind.GAME: 12, Kind.DRAMA: 6}


class Removed(StrEnum):
    """How Douban shows a subject that it took down. Seen for films, series and games only."""

    UNKNOWN = "unknown"
    """未知电影 with a placeholder picture; the person's own words stay. Its own page says 条目不存在.
    未知游戏 has no link either. In the mobile JSON it is 未知电影 too, or all of the mark is ``{}``."""
    TITLE_ONLY = "title_only"
    """The title is left and nothing else. Its own page is under review."""
    PAGE_ONLY = "page_only"
    """Lists show it as ever; only its own page is under review."""


class Entry(Struct, kw_only=True):
    """A subject, the person's mark on it, and what pages show beside."""

    subject: Subject
    mark: Mark
    useful: int = 0
    """How many others found the comment useful: ``(N 有用)``."""
    playable: bool = False
    """Films and series: ``[可播放]`` stands beside the title."""
    removed: Removed | None = None
    broken: bool = False
    """The mobile JSON answers 500 for each page that holds this mark."""
    made: datetime
    """When the mobile JSON says that the mark was made: it always has a time, also where pages have no date."""

    @property
    def key(self) -> SubjectKey:
        return self.subject.key


class Person(Struct, kw_only=True):
    """An account. ``marks`` is newest first, as Douban's lists are."""

    id: str
    slug: str
    """The name in ``/people/<slug>/``; empty for those who never chose one."""
    name: str
    dbcl2: str
    """The session cookie, quotes included: ``"<id>:<token>"``."""
    ck: str
    """The CSRF cookie, four characters."""
    marks: list[Entry] = field(default_factory=list)
    unmarked: dict[SubjectKey, Entry] = field(default_factory=dict)
    """Entries whose mark was removed: Douban still knows the subject."""
    today: date = TODAY

    @property
    def address(self) -> str:
        """What stands in the address of the person's pages."""
        return self.slug or self.id

    @property
    def cookies(self) -> dict[str, str]:
        return {"dbcl2": self.dbcl2, "ck": self.ck, "bid": "q7Rt0vKxLmE"}

    def find(self, key: SubjectKey) -> Entry | None:
        """The entry of a marked subject, or None."""
        return next((entry for entry in self.marks if entry.key == key), None)

    def of(self, medium: Medium, status: Status) -> list[Entry]:
        """The marks of one list, newest first."""
        return [e for e in self.marks if e.key.medium is medium and e.mark.status is status]

    def edit(
        self,
        key: SubjectKey,
        *,
        status: Status | None = None,
        rating: int | None | UnsetType = UNSET,
        comment: str | None | UnsetType = UNSET,
        tags: tuple[str, ...] | UnsetType = UNSET,
    ) -> Entry:
        """Edits a mark. Another status moves it to the front with today's date, as on Douban.

        Raises KeyError if the person has no mark on that subject.
        """
        entry = self._marked(key)
        fields = {"rating": rating, "comment": comment, "tags": tags}
        entry.mark = msgspec.structs.replace(
            entry.mark, **{name: value for name, value in fields.items() if value is not UNSET}
        )
        if status is not None and status is not entry.mark.status:
            now = self._now()
            entry.made = now
            entry.mark = msgspec.structs.replace(
                entry.mark, status=status, marked_on=self.today, marked_at=now
            )
            self.marks.remove(entry)
            self.marks.insert(0, entry)
        return entry

    def add(
        self,
        subject: Subject,
        status: Status = Status.DONE,
        *,
        rating: int | None = None,
        comment: str | None = None,
        tags: tuple[str, ...] = (),
        private: bool = False,
    ) -> Entry:
        """Marks a subject, today. Raises ValueError if it is marked already."""
        if self.find(subject.key) is not None:
            raise ValueError(f"{subject.key} is marked already")
        mark = Mark(
            account=self.id,
            subject=subject.key,
            status=status,
            rating=rating,
            comment=comment,
            tags=tags,
            private=private,
            mark_id=str(1 + max(self._mark_ids(), default=10**9)),
            marked_on=self.today,
            marked_at=(now := self._now()),
        )
        entry = Entry(subject=subject, mark=mark, made=now)
        self.unmarked.pop(subject.key, None)
        self.marks.insert(0, entry)
        return entry

    def remove(self, key: SubjectKey) -> None:
        """Takes a mark away. Raises KeyError if there is none."""
        entry = self._marked(key)
        self.marks.remove(entry)
        self.unmarked[key] = entry

    def _marked(self, key: SubjectKey) -> Entry:
        entry = self.find(key)
        if entry is None:
            raise KeyError(str(key))
        return entry

    def _mark_ids(self) -> Iterator[int]:
        for entry in (*self.marks, *self.unmarked.values()):
            if entry.mark.mark_id:
                yield int(entry.mark.mark_id)

    def _now(self) -> datetime:
        """Today, later than all marks of today."""
        earlier = sum(1 for e in self.marks if e.mark.marked_on == self.today)
        return datetime.combine(self.today, time(12), BEIJING) + timedelta(seconds=earlier)


def make_person(marks: int = 1000, seed: int = 20, kinds: tuple[Kind, ...] = SCREEN_AND_SHELF) -> Person:
    """A person with so many marks on subjects of these kinds. The same seed is the same person.

    About 5 marks of 9 are films and series; 70 of 100 are done. Of each hundred a few are private; some
    have no date; with 100 marks or more each shape of a removed subject is there.
    """
    chance = random.Random(seed)
    name, slug = words.NAMES[seed % len(words.NAMES)]
    number = str(chance.randint(150_000_000, 289_999_999))
    token = "".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_-", k=11))
    person = Person(
        id=number,
        slug=slug and f"{slug}{seed}",
        name=name,
        dbcl2=f'"{number}:{token}"',
        ck="".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ_-", k=4)),
    )
    inventor, shares = Inventor(chance), [_SHARES[kind] for kind in kinds]
    for index, at in enumerate(_moments(chance, marks)):
        subject = inventor.any(chance.choices(kinds, shares)[0])
        mark = _mark(chance, person, subject, index, at)
        useful = chance.randint(1, 40) if mark.comment and chance.random() < 0.15 else 0
        playable = subject.key.medium is Medium.MOVIE and chance.random() < 0.4
        person.marks.append(Entry(subject=subject, mark=mark, useful=useful, playable=playable, made=at))
    _oddities(person)
    return person


def _mark(
    chance: random.Random,
    person: Person,
    subject: Subject,
    index: int,
    at: datetime,
) -> Mark:
    status = chance.choices((Status.DONE, Status.WISH, Status.DOING), (70, 22, 8))[0]
    if status is Status.DOING and subject.kind in {Kind.MOVIE, Kind.DRAMA}:
        status = Status.DONE  # Douban has no 在看 for films and stage dramas
    rating = chance.randint(1, 5) if status is Status.DONE and chance.random() < 0.75 else None
    tags = words.TAGS[subject.key.medium]
    dateless = index % 211 == 17 and subject.key.medium not in {Medium.GAME, Medium.DRAMA}
    return Mark(
        account=person.id,
        subject=subject.key,
        status=status,
        rating=rating,
        comment=_comment(chance, index),
        tags=tuple(chance.sample(tags, chance.randint(1, 4))) if chance.random() < 0.45 else (),
        private=index % 25 == 6,
        mark_id=str(4_900_000_000 - index * 4_000_003 % 4_800_000_000),
        marked_on=None if dateless else at.date(),
        marked_at=UNSET if dateless else at,
    )


def _comment(chance: random.Random, index: int) -> str | None:
    """Every 23rd is one of the odd ones in turn, every 61st is very long."""
    if index % 61 == 11:
        return "".join(chance.choices(words.SENTENCES, k=40))
    if index % 23 == 5:
        return words.ODD_COMMENTS[index // 23 % len(words.ODD_COMMENTS)]
    if chance.random() < 0.5:
        return None
    return "".join(chance.sample(words.SENTENCES, chance.randint(1, 3)))


def _moments(chance: random.Random, count: int) -> list[datetime]:
    """So many moments, newest first; days with many marks among them."""
    span = (TODAY - FIRST_DAY).days - 1
    moments: list[datetime] = []
    while len(moments) < count:
        day = FIRST_DAY + timedelta(days=chance.randint(0, span))
        evening = datetime.combine(day, time(22), BEIJING)
        marked = chance.choice((1, 1, 1, 2, 2, 3, 9))
        moments += [evening - timedelta(seconds=127 * n + chance.randint(0, 99)) for n in range(marked)]
    return sorted(moments[:count], reverse=True)


def _oddities(person: Person) -> None:
    """Lets Douban take down a few subjects: the entry is then what Douban itself still knows.

    For a few others it closes the public rating: such a page has no score at all.
    """
    screen = [e for e in person.marks if e.key.medium is Medium.MOVIE]
    for index, entry in enumerate(screen):
        if index % 89 == 7:
            entry.removed = Removed.UNKNOWN
            entry.subject = Subject(key=entry.key, kind=entry.subject.kind, removed=True)
        elif index % 89 == 31:
            entry.removed = Removed.TITLE_ONLY
            entry.subject = Subject(
                key=entry.key, kind=entry.subject.kind, title=entry.subject.title, removed=True
            )
            entry.mark = msgspec.structs.replace(
                entry.mark, rating=None, comment=None, tags=(), marked_on=None, marked_at=UNSET
            )
            entry.useful = 0
        elif index % 89 == 40:
            entry.subject = msgspec.structs.replace(entry.subject, score=UNSET, votes=UNSET)
    for index, entry in enumerate(e for e in person.marks if e.key.medium is not Medium.MOVIE):
        if index % 97 == 13:
            entry.removed = Removed.PAGE_ONLY
    for index, entry in enumerate(e for e in person.marks if e.key.medium is Medium.GAME):
        if index % 31 == 4:
            entry.removed = Removed.UNKNOWN
            entry.subject = Subject(key=entry.key, kind=Kind.GAME, removed=True)
