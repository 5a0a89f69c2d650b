"""Marks that a person took away: what a full check proves to be gone, and when the person is asked first."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from gateway.errors import NoSuchThing
from gateway.library import Library, MarkKey
from gateway.model import Mark, Medium, Status, SubjectKey
from gateway.store import Store

_FEW = 5
"""More than so many marks of a medium at once are not believed unasked, however many there are in all."""


class Absent(Struct, frozen=True, kw_only=True):
    """A mark that no list showed."""

    id: str
    status: Status
    title: str | None


class Question(Struct, frozen=True, kw_only=True):
    """Many marks of one medium that no list showed; whether they are gone is the person's to say."""

    medium: Medium
    at: datetime
    """As of when they were not there."""
    known: int
    """How many marks of the medium the library had."""
    marks: tuple[Absent, ...]


Hidden = dict[Status, int]
"""By list, how many Douban counts and does not show."""


class _Asked(Struct, frozen=True, kw_only=True):
    medium: Medium
    at: datetime
    known: int
    walk: str
    ids: tuple[str, ...]
    hidden: Hidden = {}


_Row = tuple[str, str, str, str | None, bool]
"""Id, status, when it was seen last, title, private."""


class Removals:
    """What walks have seen, and what they have not."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library

    def begin(self, account: str) -> None:
        """A walk begins, or is over: nothing is seen yet."""
        self._store.do("DELETE FROM walk_seen WHERE account = ?", [account])

    def see(self, marks: Iterable[Mark]) -> None:
        """A page of the walk showed these."""
        self._store.do_many(
            "INSERT OR REPLACE INTO walk_seen VALUES (?, ?, ?, ?, ?)",
            [
                [mark.account, mark.subject.medium, mark.subject.id, mark.status, mark.private is True]
                for mark in marks
            ],
        )

    def seen(self, account: str, medium: Medium, status: Status) -> int:
        """How many marks of a list the walk has seen, each counted once."""
        sql = "SELECT count(*) FROM walk_seen WHERE account = ? AND medium = ? AND status = ?"
        row = self._store.one(sql, [account, medium, status])
        return row[0] if row else 0

    def settle(self, account: str, medium: Medium, begun_at: datetime, walk: str, hidden: Hidden) -> int:
        """After a full check without a gap: takes what is gone for removed, or asks. Returns how many it took.

        What a person takes away is neither counted nor shown any more; what Douban hides is counted on. So as long as
        as many are ``hidden`` as before, what is no longer shown was taken away.
        """
        self._ask(account, medium, None)
        sql = """SELECT count(*), ifnull(max(private), 0) FROM walk_seen WHERE account = ? AND medium = ?"""
        shown, private = self._store.one(sql, [account, medium]) or (0, 0)
        declined = self._declined(account)
        unseen = [
            row
            for row in self._absent(account, medium, begun_at)
            if declined.get(f"{medium}:{row[0]}") != row[2]
        ]
        more = self._newly_hidden(account, medium, hidden)
        if unseen and more == Counter(Status(row[1]) for row in unseen):
            self._leave(account, medium, unseen)
            unseen = []
        # Without any private mark in sight it is not known that this session is shown private ones.
        ids = tuple(row[0] for row in unseen if private or not row[-1])
        is_sure = shown and more is not None and not any(more.values())
        if ids and not (is_sure and len(ids) <= _FEW):
            known = self._known(account, medium)
            asked = _Asked(medium=medium, at=begun_at, known=known, walk=walk, ids=ids, hidden=hidden)
            self._ask(account, medium, asked)
            return 0
        self._account_for(account, medium, hidden)
        return self._library.remove(_keys(account, medium, ids), begun_at, walk)

    def questions(self, account: str) -> list[Question]:
        """What waits for the person's word. Marks that were seen since are left out."""
        found: list[Question] = []
        for asked in self._all_asked(account).values():
            wanted = set(asked.ids)
            rows = [row for row in self._gone(account, asked.medium, asked.at) if row[0] in wanted]
            marks = tuple(Absent(id=row[0], status=Status(row[1]), title=row[3]) for row in rows)
            if marks:
                found.append(Question(medium=asked.medium, at=asked.at, known=asked.known, marks=marks))
        return found

    def accept(self, account: str, medium: Medium) -> int:
        """They are gone. Returns how many. Raises NoSuchThing if nothing was asked."""
        asked = self._answered(account, medium)
        with self._store.atomic():
            self._ask(account, medium, None)
            self._account_for(account, medium, asked.hidden)
            return self._library.remove(_keys(account, medium, asked.ids), asked.at, asked.walk)

    def decline(self, account: str, medium: Medium) -> None:
        """They are not; nobody asks again until they were seen once more. Raises NoSuchThing if nothing was asked."""
        asked = self._answered(account, medium)
        wanted = set(asked.ids)
        with self._store.atomic():
            self._ask(account, medium, None)
            rows = [row for row in self._gone(account, medium, asked.at) if row[0] in wanted]
            self._leave(account, medium, rows)
            self._account_for(account, medium, asked.hidden)

    def _newly_hidden(self, account: str, medium: Medium, hidden: Hidden) -> Counter[Status] | None:
        """How many more of each list are hidden than before, or fewer; None if it is not known how many were."""
        before = self._hidden(account).get(medium, {})
        if any(number and status not in before for status, number in hidden.items()):
            return None
        return Counter({status: number - before.get(status, 0) for status, number in hidden.items()})

    def _account_for(self, account: str, medium: Medium, hidden: Hidden) -> None:
        """It is known of all marks of a medium what became of them, with so many hidden."""
        self._store.set(f"removals hidden {account}", self._hidden(account) | {medium: hidden})

    def _hidden(self, account: str) -> dict[Medium, Hidden]:
        return self._store.setting(f"removals hidden {account}", dict[Medium, Hidden]) or {}

    def _leave(self, account: str, medium: Medium, rows: Iterable[_Row]) -> None:
        """They are still marked, though they are not shown."""
        kept = {f"{medium}:{row[0]}": row[2] for row in rows}
        self._store.set(f"removals declined {account}", self._declined(account) | kept)

    def _absent(self, account: str, medium: Medium, begun_at: datetime) -> list[_Row]:
        """Marks that the walk has not seen, nor a browser since the walk began."""
        sql = "SELECT id FROM walk_seen WHERE account = ? AND medium = ?"
        there = {subject_id for (subject_id,) in self._store.rows(sql, [account, medium])}
        return [row for row in self._gone(account, medium, begun_at) if row[0] not in there]

    def _gone(self, account: str, medium: Medium, at: datetime) -> list[_Row]:
        """Marks that nothing has shown since, and that are not known to be removed."""
        sql = """SELECT mark.id, mark.status, mark.seen_at, subject.title, ifnull(mark.body ->> '$.private', 0)
            FROM mark LEFT JOIN subject USING (medium, id)
            WHERE account = ? AND medium = ? AND removed_at IS NULL AND mark.seen_at < ?
            ORDER BY mark.marked_on DESC, mark.id"""
        before = at.astimezone(UTC).isoformat(timespec="microseconds")  # as the library writes it
        return [(*row[:4], bool(row[4])) for row in self._store.rows(sql, [account, medium, before])]

    def _known(self, account: str, medium: Medium) -> int:
        sql = "SELECT count(*) FROM mark WHERE account = ? AND medium = ? AND removed_at IS NULL"
        row = self._store.one(sql, [account, medium])
        return row[0] if row else 0

    def _answered(self, account: str, medium: Medium) -> _Asked:
        asked = self._all_asked(account).get(medium)
        if asked is None:
            raise NoSuchThing
        return asked

    def _ask(self, account: str, medium: Medium, asked: _Asked | None) -> None:
        """In place of what was asked of this medium before."""
        rest = {name: each for name, each in self._all_asked(account).items() if name != medium}
        self._store.set(f"removals asked {account}", rest | ({medium: asked} if asked else {}) or None)

    def _all_asked(self, account: str) -> dict[str, _Asked]:
        return self._store.setting(f"removals asked {account}", dict[str, _Asked]) or {}

    def _declined(self, account: str) -> dict[str, str]:
        """``medium:id`` → when it was seen last at that time."""
        return self._store.setting(f"removals declined {account}", dict[str, str]) or {}


def _keys(account: str, medium: Medium, ids: Iterable[str]) -> list[MarkKey]:
    return [MarkKey(account, SubjectKey(medium, subject_id)) for subject_id in ids]
