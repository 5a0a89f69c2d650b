"""What each Bitable table shows of the library: its records, the creates that are under way, what is left to do.

A mark is due from the write that changes it until its record shows it: what is to be pushed is asked again after
every step, so that the gateway may end anywhere.
"""

import contextlib
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.accounts import Accounts
from gateway.errors import Issue
from gateway.library import MarkKey
from gateway.model import Mark, Medium, Subject, SubjectKey, now
from gateway.shelves import CLASS
from gateway.store import Store

_mark = msgspec.json.Decoder(Mark)
_subject = msgspec.json.Decoder(Subject)


Policy = Literal["keep", "delete", "ignore"]
"""What becomes of the row of a mark that the person took away on Douban: it says so, it goes, it stays as it was."""


LATELY = timedelta(minutes=1)
"""For so long Feishu may show a row that is gone; it has been seconds. One that was found then, and is gone before it was
written, is not taken for one that the person deleted."""


class _Over(Exception):  # it is no error
    """A rehearsal ends."""


class Target(Struct, frozen=True):
    """A table, and which classes of subjects (``shelves``) it shows."""

    key: str
    classes: tuple[str, ...]


class Row(Struct, frozen=True, kw_only=True):
    """A mark that its record does not show yet, or shows as it was before."""

    mark: Mark
    subject: Subject
    revision: int
    record_id: str | None
    removed: bool = False
    """The person took it away on Douban."""
    adopted: bool = False
    """Its record was the person's before: cells that we never wrote are not ours to clear."""

    @property
    def key(self) -> MarkKey:
        return MarkKey(self.mark.account, self.mark.subject)

    @property
    def title(self) -> str:
        """To speak of it; the subject's number where no title is known."""
        return self.subject.title if isinstance(self.subject.title, str) else self.key.subject.id


class Failure(Struct, frozen=True, kw_only=True):
    """A mark that Feishu did not take."""

    key: MarkKey
    title: str | None
    issue: Issue
    table: str
    place: tuple[str, str, str, str]
    """In the order of them."""


class Counts(Struct, frozen=True):
    """How many marks a table shows as they are, not yet, not at all, and not any more."""

    pushed: int = 0
    pending: int = 0
    failed: int = 0
    deleted: int = 0
    """Rows that the person deleted in Feishu: they stay deleted."""


DUE = """FROM due LEFT JOIN record ON record.table_key = :table AND record.account = due.account
        AND record.medium = due.medium AND record.id = due.id
    WHERE due.account = :account AND due.class IN (SELECT value FROM json_each(:classes))"""
_BOUND = f"""SELECT mark.body, subject.body, mark.revision, record.record_id, mark.removed_at IS NOT NULL, record.adopted
    FROM record JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)
    WHERE record.table_key = :table AND record.deleted = 0 AND {CLASS} IN (SELECT value FROM json_each(:classes))"""
MARK = "(account, medium, id)"
TABLES = "SELECT table_key FROM target"
_DELETED = f"SELECT account, medium, id FROM record WHERE table_key IN ({TABLES}) AND deleted = 1"
_STRAYS = f"""INSERT OR IGNORE INTO stray SELECT table_key, account, medium, id FROM record
    WHERE table_key IN (SELECT table_key FROM target WHERE table_key <> ?1)
        AND (account, medium, id) = (?2, ?3, ?4) AND record_id IS NOT NULL AND deleted = 0
        AND EXISTS (SELECT 1 FROM mark JOIN subject USING (medium, id) JOIN target ON target.class = {CLASS}
            WHERE target.table_key = ?1 AND (mark.account, mark.medium, mark.id) = (?2, ?3, ?4))"""

_STRAYED = f"""INSERT OR IGNORE INTO stray SELECT ?1, ?2, ?3, ?4 FROM record
    WHERE table_key IN (SELECT table_key FROM target WHERE table_key <> ?1) AND (account, medium, id) = (?2, ?3, ?4)
        AND record_id IS NOT NULL AND deleted = 0
        AND EXISTS (SELECT 1 FROM mark JOIN subject USING (medium, id) JOIN target ON target.class = {CLASS}
            WHERE target.table_key = record.table_key AND (mark.account, mark.medium, mark.id) = (?2, ?3, ?4))"""
"""Another table shows the mark already: its subject changed class while the row was on the way to this one."""

_THERE = (
    "NOT EXISTS (SELECT 1 FROM mark WHERE (account, medium, id) = (?2, ?3, ?4) AND removed_at IS NOT NULL)"
)
"""It was not removed while its row was on the way."""

CHANGED_SINCE = f"""INSERT OR REPLACE INTO due SELECT mark.account, mark.medium, mark.id, {CLASS}, mark.marked_on
    FROM mark JOIN subject USING (medium, id)
    WHERE (mark.account, mark.medium, mark.id) = (?1, ?2, ?3) AND mark.revision > ?4"""
"""It may have been removed, and sorted out, while its row was on the way."""


class Ledger:
    """Records and batches of one account's tables. ``table`` is everywhere the key of a table (``tables.Table.key``).

    ``owner``: the account; empty for the first one, which may not be known yet.
    """

    def __init__(self, store: Store, owner: str = "") -> None:
        self.store = store
        self._owner = owner
        self._accounts = Accounts(store)

    @property
    def _account(self) -> str:
        """Whose marks these are; empty while nobody's are known."""
        first = None if self._owner else self._accounts.first
        return first.id if first else self._owner

    def asked(self, target: Target) -> dict[str, object]:
        return {"table": target.key, "classes": as_json(target.classes), "account": self._account}

    def aim(self, targets: Iterable[Target]) -> None:
        """These are the tables from now on: what each of them does not show as it is, is due."""
        aimed = list(targets)
        with self.store.atomic():
            self.store.do("DELETE FROM target WHERE owner = ?", [self._owner])
            self.store.do_many(
                "INSERT INTO target (table_key, class, owner) VALUES (?, ?, ?)",
                [(target.key, each, self._owner) for target in aimed for each in target.classes],
            )
            self.store.do("DELETE FROM due WHERE account = ?", [self._account])
            self.store.do(
                f"""INSERT OR REPLACE INTO due SELECT mark.account, mark.medium, mark.id, {CLASS}, mark.marked_on
                FROM mark JOIN subject USING (medium, id)
                    JOIN target ON target.class = {CLASS} AND target.owner = :owner
                    LEFT JOIN record ON record.table_key = target.table_key AND record.account = mark.account
                        AND record.medium = mark.medium AND record.id = mark.id
                WHERE mark.account = :account
                    AND mark.revision > max(ifnull(record.pushed, 0), ifnull(record.failed, 0))""",
                {"account": self._account, "owner": self._owner},
            )
            self.forget_deleted()

    def pending(self, target: Target, limit: int, besides: Collection[MarkKey] = ()) -> list[Row]:
        """Marks whose record is missing or out of date, the newest first, but not those ``besides``."""
        self.forget_deleted()
        # The keys are sorted alone: with the bodies, a large library would be moved about for each batch.
        sql = f"""WITH next AS MATERIALIZED (SELECT due.account, due.medium, due.id, record.record_id, record.adopted {DUE}
                AND due.account || ' ' || due.medium || ' ' || due.id NOT IN (SELECT value FROM json_each(:besides))
                ORDER BY due.marked_on DESC, due.id LIMIT :limit)
            SELECT mark.body, subject.body, mark.revision, next.record_id, mark.removed_at IS NOT NULL, next.adopted
            FROM next JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)
            ORDER BY mark.marked_on DESC, mark.id"""
        but = as_json([f"{key.account} {key.subject.medium} {key.subject.id}" for key in besides])
        rows = self.store.rows(sql, {**self.asked(target), "limit": limit, "besides": but})
        return [row_of(row) for row in rows]

    def forget_deleted(self) -> None:
        """Marks whose row the person deleted are not due, whatever became of them since, in whatever table."""
        self.store.do(f"DELETE FROM due WHERE {MARK} IN ({_DELETED})")

    def shown(self, target: Target) -> list[Row]:
        """Marks whose record shows them as they are."""
        sql = f"{_BOUND} AND record.record_id IS NOT NULL AND record.pushed = mark.revision"
        return [row_of(row) for row in self.store.rows(sql, self.asked(target))]

    def shown_by(self, target: Target, records: Collection[str]) -> list[Row]:
        """Of these records, those that show their mark as it is."""
        return self._of(target, records, "AND record.pushed = mark.revision")

    def bound_by(self, target: Target, records: Collection[str]) -> list[Row]:
        """The marks of these records, whatever they show."""
        return self._of(target, records)

    def _of(self, target: Target, records: Collection[str], more: str = "") -> list[Row]:
        sql = f"{_BOUND} AND record.record_id IN (SELECT value FROM json_each(:records)) {more}"
        asked = {**self.asked(target), "records": as_json([*records])}
        return [row_of(row) for row in self.store.rows(sql, asked)]

    def counts(self, target: Target) -> Counts:
        """The state of a table, all in one."""
        sql = f"""WITH waiting AS (
                SELECT count(*) AS number, count(record.record_id) AS bound, count(record.failure) AS failed {DUE}
                AND ifnull(record.deleted, 0) = 0),
            there AS (SELECT count(record_id) AS bound, count(failure) AS failed,
                count(*) FILTER (WHERE failure IS NOT NULL AND record_id IS NOT NULL) AS both
                FROM record WHERE table_key = :table AND deleted = 0)
            SELECT there.bound - there.both - waiting.bound, waiting.number, there.failed,
                (SELECT count(*) FROM record WHERE table_key = :table AND deleted = 1)
            FROM there, waiting"""
        row = self.store.one(sql, self.asked(target))
        return Counts(*row) if row else Counts()

    def counts_of(self, target: Target, capture_id: str) -> Counts:
        """The same for the marks that one capture changed."""
        sql = f"""WITH changed AS (SELECT DISTINCT account, medium, id FROM change WHERE capture = :capture)
            SELECT 0, (SELECT count(*) {DUE} AND (due.account, due.medium, due.id) IN changed),
            (SELECT count(*) FROM record WHERE table_key = :table AND failure IS NOT NULL AND {MARK} IN changed), 0"""
        row = self.store.one(sql, {**self.asked(target), "capture": capture_id})
        return Counts(*row) if row else Counts()

    def failures(self, tables: Collection[str], after: Sequence[str], limit: int) -> list[Failure]:
        """Marks that Feishu did not take, with its reason, the newest first; those that follow the place ``after``."""
        place = "(ifnull(mark.marked_on, ''), medium, id, table_key)"
        sql = f"""SELECT account, medium, id, subject.title, failure, table_key, ifnull(mark.marked_on, '')
            FROM record JOIN mark USING (account, medium, id) LEFT JOIN subject USING (medium, id)
            WHERE table_key IN (SELECT value FROM json_each(?)) AND failure IS NOT NULL
                {f"AND {place} < (?, ?, ?, ?)" if after else ""}
            ORDER BY 7 DESC, 2 DESC, 3 DESC, 6 DESC LIMIT ?"""
        return [
            Failure(
                key=mark_key(account, medium, subject_id),
                title=title,
                issue=msgspec.json.decode(failure, type=Issue),
                table=table,
                place=(marked_on, medium, subject_id, table),
            )
            for account, medium, subject_id, title, failure, table, marked_on in self.store.rows(
                sql, [as_json([*tables]), *after, limit]
            )
        ]

    def refused(self, target: Target) -> list[tuple[MarkKey, int]]:
        """The marks that Feishu did not take, and the revision of each that it did not take."""
        sql = "SELECT account, medium, id, failed FROM record WHERE table_key = ? AND failure IS NOT NULL"
        return [(mark_key(*mark), revision) for *mark, revision in self.store.rows(sql, [target.key])]

    def retry(self, target: Target, refused: Iterable[tuple[MarkKey, int]]) -> int:
        """Marks that were not taken are due again, but for those that were tried since. Returns how many."""
        sql = f"""UPDATE record SET failed = 0, failure = NULL
            WHERE table_key = ? AND {MARK} = (?, ?, ?) AND failed = ? AND failure IS NOT NULL"""
        due = 0
        with self.store.atomic():
            for key, revision in refused:
                mark = [key.account, key.subject.medium, key.subject.id]
                if self.store.do(sql, [target.key, *mark, revision]):
                    self.store.do(CHANGED_SINCE, [*mark, 0])
                    due += 1
        return due

    # --- records

    def pushed(self, table: str, rows: Iterable[Row]) -> None:
        """The records of these rows show them as they are; all or nothing."""
        self.show(table, ((row.key, row.record_id or "", row.revision) for row in rows))

    def show(
        self, table: str, shown: Iterable[tuple[MarkKey, str, int]], made_at: datetime | None = None
    ) -> None:
        """Marks, the record of each, and the revision that it shows. ``made_at``: when all of them were just made."""
        at = made_at.isoformat() if made_at else None
        written = [
            (
                table,
                key.account,
                key.subject.medium,
                key.subject.id,
                record_id,
                revision,
                at,
                made_at is not None,
            )
            for key, record_id, revision in shown
        ]
        with self.store.atomic():
            self.store.do_many(
                """INSERT INTO record (table_key, account, medium, id, record_id, pushed, made_at, unlooked)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET record_id = excluded.record_id, pushed = max(pushed, excluded.pushed),
                    failed = 0, failure = NULL, deleted = 0, leaving = 0,
                    made_at = ifnull(excluded.made_at, made_at), unlooked = max(unlooked, excluded.unlooked)""",
                written,
            )
            revisions = [(*mark, revision) for _, *mark, _, revision, _, _ in written]
            self._done(revisions)
            self.store.do_many(CHANGED_SINCE, revisions)
            marks = [each[:4] for each in written]
            self.store.do_many(_STRAYS, marks)
            self.store.do_many(
                f"DELETE FROM stray WHERE table_key = ?1 AND {MARK} = (?2, ?3, ?4) AND {_THERE}", marks
            )

    def _done(self, shown: Sequence[tuple[object, ...]]) -> None:
        """Marks that are due no more, unless they changed after this revision."""
        self.store.do_many(
            f"""DELETE FROM due WHERE {MARK} = (?1, ?2, ?3)
            AND (SELECT revision FROM mark WHERE {MARK} = (?1, ?2, ?3)) <= ?4""",
            shown,
        )

    def failed(self, table: str, key: MarkKey, revision: int, issue: Issue) -> None:
        """Feishu does not take this revision of the mark; the next one is tried again."""
        mark = (key.account, key.subject.medium, key.subject.id)
        with self.store.atomic():
            self.store.do(
                """INSERT INTO record (table_key, account, medium, id, failed, failure) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET failed = excluded.failed, failure = excluded.failure""",
                [table, *mark, revision, as_json(issue)],
            )
            self._done([(*mark, revision)])

    def rows(self, target: Target, *, deleted: bool) -> dict[str, MarkKey]:
        """The records of a table, those that are there or those that the person deleted."""
        sql = """SELECT record_id, account, medium, id FROM record
            WHERE table_key = ? AND deleted = ? AND record_id IS NOT NULL"""
        return {
            record_id: mark_key(*mark) for record_id, *mark in self.store.rows(sql, [target.key, deleted])
        }

    def due_again(self, marks: str, target: Target) -> None:
        """``marks``: which, of the table."""
        self.store.do(
            f"""INSERT OR REPLACE INTO due SELECT mark.account, mark.medium, mark.id, {CLASS}, mark.marked_on
            FROM ({marks}) JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)""",
            [target.key],
        )

    @contextlib.contextmanager
    def rehearsal(self) -> Generator[None]:
        """What is done within is undone. Nothing may be waited for meanwhile."""
        with contextlib.suppress(_Over), self.store.atomic():
            yield
            raise _Over

    def is_aimed(self) -> bool:
        """Whether it was said which tables show the library."""
        return self.store.one("SELECT 1 FROM target WHERE owner = ? LIMIT 1", [self._owner]) is not None

    def adopt(
        self,
        table: str,
        found: Iterable[tuple[MarkKey, str]],
        *,
        of_person: bool = False,
        made_here: bool = False,
    ) -> None:
        """Rows that are in the table already, whatever they show: they are updated, not made again.

        ``of_person``: D2F did not make them. ``made_here``: this very gateway did.
        """
        at = None if made_here else now().isoformat()
        with self.store.atomic():
            for key, record_id in found:
                self.store.do(
                    """INSERT INTO record (table_key, account, medium, id, record_id, adopted, found_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET record_id = excluded.record_id, adopted = excluded.adopted,
                        found_at = excluded.found_at WHERE record.record_id IS NULL""",
                    [table, key.account, key.subject.medium, key.subject.id, record_id, of_person, at],
                )
                mark = [key.account, key.subject.medium, key.subject.id]
                self.store.do(CHANGED_SINCE, [*mark, 0])
                self.store.do(_STRAYED, [table, *mark])

    def take(self, table: str, found: Iterable[tuple[MarkKey, str]], *, of_person: bool = False) -> None:
        """These are the records of the marks from now on, in place of those before. What they show is not known.

        ``of_person``: as for ``adopt``. If one of them goes, too, that is the person's doing.
        """
        with self.store.atomic():
            for key, record_id in found:
                mark = [key.account, key.subject.medium, key.subject.id]
                self.store.do(
                    """INSERT INTO record (table_key, account, medium, id, record_id, adopted, found_at)
                    VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET record_id = excluded.record_id, pushed = 0,
                        deleted = 0, leaving = 0, adopted = excluded.adopted, found_at = NULL""",
                    [table, *mark, record_id, of_person],
                )
                self.store.do(CHANGED_SINCE, [*mark, 0])

    def bound(self, table: str) -> set[str]:
        """The records of this table that show a mark already, and those that are to go, or just went."""
        sql = """SELECT record_id FROM record WHERE table_key = :table AND record_id IS NOT NULL
            UNION SELECT record_id FROM surplus WHERE table_key = :table
            UNION SELECT record_id FROM taken_out WHERE table_key = :table AND at > :lately"""
        values: dict[str, object] = {"table": table, "lately": (now() - LATELY).isoformat()}
        return {record_id for (record_id,) in self.store.rows(sql, values)}

    def elsewhere(self, table: str, keys: Collection[MarkKey]) -> list[tuple[Target, dict[str, MarkKey]]]:
        """The other tables of ours in this one's Bitable that show some of these marks, by record."""
        others = self.store.rows(f"{TABLES} WHERE table_key <> ? GROUP BY table_key", [table])
        kin = [key for (key,) in others if key.partition("/")[0] == table.partition("/")[0]]
        found = [(Target(key, ()), self._shown_there(key, keys)) for key in kin]
        return [(target, there) for target, there in found if there]

    def _shown_there(self, table: str, keys: Collection[MarkKey]) -> dict[str, MarkKey]:
        """The records of these marks in this table."""
        sql = f"""SELECT record_id, account, medium, id FROM record WHERE table_key = ? AND record_id IS NOT NULL
            AND deleted = 0 AND {MARK} IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))"""
        asked = as_json([(key.account, key.subject.medium, key.subject.id) for key in keys])
        return {record_id: mark_key(*mark) for record_id, *mark in self.store.rows(sql, [table, asked])}

    def left_out(self) -> dict[str, int]:
        """How many marks there are of each class that no table shows."""
        sql = f"""SELECT {CLASS}, count(*) FROM mark JOIN subject USING (medium, id)
            WHERE account = ? AND removed_at IS NULL
                AND {CLASS} NOT IN (SELECT class FROM target WHERE owner = ?)
            GROUP BY {CLASS}"""
        return dict(self.store.rows(sql, [self._account, self._owner]))

    def wanted(self, target: Target) -> Iterator[MarkKey]:
        """Marks that are due and have no record in this table yet."""
        sql = f"SELECT due.account, due.medium, due.id {DUE} AND record.record_id IS NULL"
        for account, medium, subject_id in self.store.rows(sql, self.asked(target)):
            yield mark_key(account, medium, subject_id)


def row_of(row: tuple[Any, ...]) -> Row:
    mark, subject, revision, record_id, removed, adopted = row
    return Row(
        mark=_mark.decode(mark),
        subject=_subject.decode(subject),
        revision=revision,
        record_id=record_id,
        removed=bool(removed),
        adopted=bool(adopted),
    )


def mark_key(account: str, medium: str, subject_id: str) -> MarkKey:
    return MarkKey(account, SubjectKey(Medium(medium), subject_id))


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
