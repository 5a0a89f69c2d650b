"""What each Bitable table shows of the library: its records, the creates that are under way, what is left to do.

A mark is due from the write that changes it until its record shows it: what is to be pushed is asked again after
every step, so that the gateway may end anywhere.
"""

import contextlib
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from gateway.accounts import Accounts
from gateway.errors import Issue
from gateway.library import MarkKey
from gateway.model import Mark, Medium, Subject, SubjectKey, now
from gateway.store import Store

_mark = msgspec.json.Decoder(Mark)
_subject = msgspec.json.Decoder(Subject)
_keys = msgspec.json.Decoder(tuple[tuple[MarkKey, int], ...])


Policy = Literal["keep", "delete", "ignore"]
"""What becomes of the row of a mark that the person took away on Douban: it says so, it goes, it stays as it was."""


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


class Batch(Struct, frozen=True, kw_only=True):
    """A create that was, or may have been, sent."""

    client_token: str
    table: str
    body: bytes
    """The request's exact bytes: a token is good for the same body only."""
    keys: tuple[tuple[MarkKey, int], ...]
    """The mark and the revision that each row shows, in the order of the rows."""
    sends: int = 0
    sent_at: datetime = field(default_factory=now)
    """When it was last sent."""

    @property
    def marks(self) -> set[MarkKey]:
        return {key for key, _ in self.keys}


class Failure(Struct, frozen=True, kw_only=True):
    """A mark that Feishu did not take."""

    key: MarkKey
    title: str | None
    issue: Issue


class Unbound(Struct, frozen=True):
    """A mark that is due and has no record in a table yet, with what a row of it could be known by."""

    key: MarkKey
    title: str | None
    year: str | None
    isbn: str | None


class Stray(Struct, frozen=True):
    """A row of a table that does not show its subject's class any more."""

    key: MarkKey
    record_id: str | None
    title: str | None


class Counts(Struct, frozen=True):
    """How many marks a table shows as they are, not yet, not at all, and not any more."""

    pushed: int = 0
    pending: int = 0
    failed: int = 0
    deleted: int = 0
    """Rows that the person deleted in Feishu: they stay deleted."""


_DUE = """FROM due LEFT JOIN record ON record.table_key = :table AND record.account = due.account
        AND record.medium = due.medium AND record.id = due.id
    WHERE due.account = :account AND due.class IN (SELECT value FROM json_each(:classes))"""
_MARK = "(account, medium, id)"
_TABLES = "SELECT table_key FROM target"
_DELETED = f"SELECT account, medium, id FROM record WHERE table_key IN ({_TABLES}) AND deleted = 1"
_NOT_SHOWN = """FROM mark JOIN subject USING (medium, id)
    LEFT JOIN record ON record.table_key = :table AND record.account = mark.account
        AND record.medium = mark.medium AND record.id = mark.id
    WHERE mark.account = :account AND subject.class IN (SELECT value FROM json_each(:classes)) AND NOT EXISTS (
            SELECT 1 FROM record AS gone WHERE gone.table_key IN (SELECT table_key FROM target) AND gone.deleted = 1
            AND gone.account = mark.account AND gone.medium = mark.medium AND gone.id = mark.id)
        AND mark.revision > max(ifnull(record.pushed, 0), ifnull(record.failed, 0))"""

_STRAYS = """INSERT OR IGNORE INTO stray SELECT table_key, account, medium, id FROM record
    WHERE table_key IN (SELECT table_key FROM target WHERE table_key <> ?1)
        AND (account, medium, id) = (?2, ?3, ?4) AND record_id IS NOT NULL AND deleted = 0
        AND EXISTS (SELECT 1 FROM subject JOIN target USING (class)
            WHERE target.table_key = ?1 AND subject.medium = ?3 AND subject.id = ?4)"""

_STRAYED = """INSERT OR IGNORE INTO stray SELECT ?1, ?2, ?3, ?4 FROM record
    WHERE table_key IN (SELECT table_key FROM target WHERE table_key <> ?1) AND (account, medium, id) = (?2, ?3, ?4)
        AND record_id IS NOT NULL AND deleted = 0
        AND EXISTS (SELECT 1 FROM subject JOIN target USING (class)
            WHERE target.table_key = record.table_key AND subject.medium = ?3 AND subject.id = ?4)"""
"""Another table shows the mark already: its subject changed class while the row was on the way to this one."""

_CHANGED_SINCE = """INSERT OR IGNORE INTO due SELECT mark.account, mark.medium, mark.id, subject.class, mark.marked_on
    FROM mark JOIN subject USING (medium, id)
    WHERE (mark.account, mark.medium, mark.id) = (?1, ?2, ?3) AND mark.revision > ?4"""
"""It may have been removed, and sorted out, while its row was on the way."""


class Ledger:
    """Records and batches of one account's tables. ``table`` is everywhere the key of a table (``tables.Table.key``).

    ``owner``: the account; empty for the first one, which may not be known yet.
    """

    def __init__(self, store: Store, owner: str = "") -> None:
        self._store = store
        self._owner = owner
        self._accounts = Accounts(store)

    @property
    def _account(self) -> str:
        """Whose marks these are; empty while nobody's are known."""
        first = None if self._owner else self._accounts.first
        return first.id if first else self._owner

    def _asked(self, target: Target) -> dict[str, object]:
        return {"table": target.key, "classes": _json(target.classes), "account": self._account}

    def aim(self, targets: Iterable[Target]) -> None:
        """These are the tables from now on: what each of them does not show as it is, is due."""
        aimed = list(targets)
        with self._store.atomic():
            self._store.do("DELETE FROM target WHERE owner = ?", [self._owner])
            self._store.do_many(
                "INSERT INTO target (table_key, class, owner) VALUES (?, ?, ?)",
                [(target.key, each, self._owner) for target in aimed for each in target.classes],
            )
            self._store.do("DELETE FROM due WHERE account = ?", [self._account])
            for target in aimed:
                self._store.do(
                    f"""INSERT OR REPLACE INTO due
                    SELECT mark.account, mark.medium, mark.id, subject.class, mark.marked_on {_NOT_SHOWN}""",
                    self._asked(target),
                )

    def pending(self, target: Target, limit: int, besides: Collection[MarkKey] = ()) -> list[Row]:
        """Marks whose record is missing or out of date, the newest first, but not those ``besides``."""
        self._forget_deleted()
        # The keys are sorted alone: with the bodies, a large library would be moved about for each batch.
        sql = f"""WITH next AS MATERIALIZED (SELECT due.account, due.medium, due.id, record.record_id, record.adopted {_DUE}
                AND due.account || ' ' || due.medium || ' ' || due.id NOT IN (SELECT value FROM json_each(:besides))
                ORDER BY due.marked_on DESC, due.id LIMIT :limit)
            SELECT mark.body, subject.body, mark.revision, next.record_id, mark.removed_at IS NOT NULL, next.adopted
            FROM next JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)
            ORDER BY mark.marked_on DESC, mark.id"""
        but = _json([f"{key.account} {key.subject.medium} {key.subject.id}" for key in besides])
        rows = self._store.rows(sql, {**self._asked(target), "limit": limit, "besides": but})
        return [_row(row) for row in rows]

    def _forget_deleted(self) -> None:
        """Marks whose row the person deleted are not due, whatever became of them since, in whatever table."""
        self._store.do(f"DELETE FROM due WHERE {_MARK} IN ({_DELETED})")

    def shown(self, target: Target) -> list[Row]:
        """Marks whose record shows them as they are."""
        sql = """SELECT mark.body, subject.body, mark.revision, record.record_id, mark.removed_at IS NOT NULL,
                record.adopted
            FROM record JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)
            WHERE record.table_key = :table AND record.record_id IS NOT NULL AND record.deleted = 0
                AND record.pushed = mark.revision
                AND subject.class IN (SELECT value FROM json_each(:classes))"""
        return [_row(row) for row in self._store.rows(sql, self._asked(target))]

    def shown_by(self, target: Target, records: Collection[str]) -> list[Row]:
        """Of these records, those that show their mark as it is."""
        sql = """SELECT mark.body, subject.body, mark.revision, record.record_id, mark.removed_at IS NOT NULL,
                record.adopted
            FROM record JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)
            WHERE record.table_key = :table AND record.record_id IN (SELECT value FROM json_each(:records))
                AND record.deleted = 0 AND record.pushed = mark.revision
                AND subject.class IN (SELECT value FROM json_each(:classes))"""
        return [
            _row(row) for row in self._store.rows(sql, {**self._asked(target), "records": _json([*records])})
        ]

    def counts(self, target: Target) -> Counts:
        """The state of a table, all in one."""
        sql = f"""WITH waiting AS (
                SELECT count(*) AS number, count(record.record_id) AS bound, count(record.failure) AS failed {_DUE}
                AND ifnull(record.deleted, 0) = 0),
            there AS (SELECT count(record_id) AS bound, count(failure) AS failed,
                count(*) FILTER (WHERE failure IS NOT NULL AND record_id IS NOT NULL) AS both
                FROM record WHERE table_key = :table AND deleted = 0)
            SELECT there.bound - there.both - waiting.bound, waiting.number, there.failed,
                (SELECT count(*) FROM record WHERE table_key = :table AND deleted = 1)
            FROM there, waiting"""
        row = self._store.one(sql, self._asked(target))
        return Counts(*row) if row else Counts()

    def counts_of(self, target: Target, capture_id: str) -> Counts:
        """The same for the marks that one capture changed."""
        sql = f"""WITH changed AS (SELECT DISTINCT account, medium, id FROM change WHERE capture = :capture)
            SELECT 0, (SELECT count(*) {_DUE} AND (due.account, due.medium, due.id) IN changed),
            (SELECT count(*) FROM record WHERE table_key = :table AND failure IS NOT NULL AND {_MARK} IN changed), 0"""
        row = self._store.one(sql, {**self._asked(target), "capture": capture_id})
        return Counts(*row) if row else Counts()

    def failures(self, target: Target, limit: int = 50) -> list[Failure]:
        """Marks that Feishu did not take, with its reason."""
        sql = """SELECT account, medium, id, subject.title, failure FROM record LEFT JOIN subject USING (medium, id)
            WHERE table_key = ? AND failure IS NOT NULL LIMIT ?"""
        return [
            Failure(
                key=_key(account, medium, subject_id),
                title=title,
                issue=msgspec.json.decode(failure, type=Issue),
            )
            for account, medium, subject_id, title, failure in self._store.rows(sql, [target.key, limit])
        ]

    def retry_failures(self, target: Target) -> None:
        """Marks that were not taken are due again."""
        with self._store.atomic():
            self._store.do(
                "UPDATE record SET failed = 0, failure = NULL WHERE table_key = ? AND failure IS NOT NULL",
                [target.key],
            )
            self._store.do(
                f"""INSERT OR REPLACE INTO due
                SELECT mark.account, mark.medium, mark.id, subject.class, mark.marked_on {_NOT_SHOWN}""",
                self._asked(target),
            )

    # --- creates

    def open_batch(self, batch: Batch) -> None:
        """Notes a create before it is sent, so that no crash and no power cut can make it forgotten.

        Sent again, the same batch is noted once more: with how often, and when last.
        """
        self._store.durable(on=True)
        try:
            self._store.do(
                """INSERT INTO batch VALUES (?, ?, ?, ?, 1, ?)
                ON CONFLICT DO UPDATE SET sends = sends + 1, sent_at = excluded.sent_at""",
                [batch.client_token, batch.table, batch.body, _json(batch.keys), batch.sent_at.isoformat()],
            )
        finally:
            self._store.durable(on=False)

    def open_batches(self, table: str) -> list[Batch]:
        """Creates whose outcome is not known, the oldest first."""
        sql = "SELECT client_token, body, keys, sends, sent_at FROM batch WHERE table_key = ? ORDER BY rowid"
        return [
            Batch(
                client_token=token,
                table=table,
                body=body,
                keys=_keys.decode(keys),
                sends=sends,
                sent_at=datetime.fromisoformat(sent_at),
            )
            for token, body, keys, sends, sent_at in self._store.rows(sql, [table])
        ]

    def created(self, batch: Batch, records: Iterable[str]) -> None:
        """Feishu answered the create with the record of each row. All or nothing."""
        shown = zip(batch.keys, records, strict=True)
        with self._store.atomic():
            self._pushed(batch.table, ((key, record_id, revision) for (key, revision), record_id in shown))
            self.drop_batch(batch)

    def settled(self, batch: Batch, found: Iterable[tuple[MarkKey, str]] = ()) -> None:
        """The create is over. What the table shows of it is known by looking: it is ours, whatever it says."""
        with self._store.atomic():
            self.adopt(batch.table, found)
            self.drop_batch(batch)

    def drop_batch(self, batch: Batch) -> None:
        self._store.do("DELETE FROM batch WHERE client_token = ?", [batch.client_token])

    # --- records

    def pushed(self, table: str, rows: Iterable[Row]) -> None:
        """The records of these rows show them as they are; all or nothing."""
        self._pushed(table, ((row.key, row.record_id or "", row.revision) for row in rows))

    def _pushed(self, table: str, shown: Iterable[tuple[MarkKey, str, int]]) -> None:
        """Marks, the record of each, and the revision that it shows."""
        written = [
            (table, key.account, key.subject.medium, key.subject.id, record_id, revision)
            for key, record_id, revision in shown
        ]
        with self._store.atomic():
            self._store.do_many(
                """INSERT INTO record (table_key, account, medium, id, record_id, pushed) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET record_id = excluded.record_id, pushed = max(pushed, excluded.pushed),
                    failed = 0, failure = NULL, deleted = 0""",
                written,
            )
            revisions = [(*mark, revision) for _, *mark, _, revision in written]
            self._done(revisions)
            self._store.do_many(_CHANGED_SINCE, revisions)
            marks = [(key, *mark) for key, *mark, _, _ in written]
            self._store.do_many(_STRAYS, marks)
            self._store.do_many(f"DELETE FROM stray WHERE table_key = ? AND {_MARK} = (?, ?, ?)", marks)

    def _done(self, shown: Sequence[tuple[object, ...]]) -> None:
        """Marks that are due no more, unless they changed after this revision."""
        self._store.do_many(
            f"""DELETE FROM due WHERE {_MARK} = (?1, ?2, ?3)
            AND (SELECT revision FROM mark WHERE {_MARK} = (?1, ?2, ?3)) <= ?4""",
            shown,
        )

    def failed(self, table: str, key: MarkKey, revision: int, issue: Issue) -> None:
        """Feishu does not take this revision of the mark; the next one is tried again."""
        mark = (key.account, key.subject.medium, key.subject.id)
        with self._store.atomic():
            self._store.do(
                """INSERT INTO record (table_key, account, medium, id, failed, failure) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET failed = excluded.failed, failure = excluded.failure""",
                [table, *mark, revision, _json(issue)],
            )
            self._done([(*mark, revision)])

    def deleted(self, target: Target, key: MarkKey) -> None:
        """The person deleted the row in Feishu. It is not made again."""
        mark = [key.account, key.subject.medium, key.subject.id]
        with self._store.atomic():
            self._store.do(
                f"UPDATE record SET deleted = 1, failed = 0, failure = NULL WHERE table_key = ? AND {_MARK} = (?, ?, ?)",
                [target.key, *mark],
            )
            self._forget_deleted()

    def rows(self, target: Target, *, deleted: bool) -> dict[str, MarkKey]:
        """The records of a table, those that are there or those that the person deleted."""
        sql = """SELECT record_id, account, medium, id FROM record
            WHERE table_key = ? AND deleted = ? AND record_id IS NOT NULL"""
        return {record_id: _key(*mark) for record_id, *mark in self._store.rows(sql, [target.key, deleted])}

    def gone(self, target: Target, keys: Collection[MarkKey]) -> None:
        """The person deleted the rows of these marks, all at once or none."""
        with self._store.atomic():
            for key in keys:
                self._store.do(
                    f"UPDATE record SET deleted = 1, failed = 0, failure = NULL WHERE table_key = ? AND {_MARK} = (?, ?, ?)",
                    [target.key, key.account, key.subject.medium, key.subject.id],
                )
            self._forget_deleted()

    def back(self, target: Target, keys: Collection[MarkKey]) -> None:
        """Rows that the person had deleted are there again: they are kept up to date again."""
        with self._store.atomic():
            for key in keys:
                self._store.do(
                    f"UPDATE record SET deleted = 0 WHERE table_key = ? AND {_MARK} = (?, ?, ?)",
                    [target.key, key.account, key.subject.medium, key.subject.id],
                )
            self._not_shown_is_due(target)

    def restore(self, targets: Collection[Target]) -> int:
        """Rows that the person deleted are to be made again. Returns how many."""
        with self._store.atomic():
            restored = sum(
                self._store.do("DELETE FROM record WHERE table_key = ? AND deleted = 1", [target.key])
                for target in targets
            )
            for target in targets:
                self._not_shown_is_due(target)
        return restored

    def _not_shown_is_due(self, target: Target) -> None:
        self._store.do(
            f"""INSERT OR REPLACE INTO due
            SELECT mark.account, mark.medium, mark.id, subject.class, mark.marked_on {_NOT_SHOWN}""",
            self._asked(target),
        )

    # --- marks that the person took away on Douban

    def sort_removed(self, target: Target, policy: Policy) -> None:
        """What is due because its mark was removed: with ``keep`` its row will say so, if there is one."""
        removed = f"""SELECT due.account, due.medium, due.id {_DUE} AND EXISTS (SELECT 1 FROM mark
            WHERE (mark.account, mark.medium, mark.id) = (due.account, due.medium, due.id)
            AND mark.removed_at IS NOT NULL)"""
        has_row = f"""EXISTS (SELECT 1 FROM record AS row WHERE row.table_key IN ({_TABLES}) AND row.record_id IS NOT NULL
            AND (row.account, row.medium, row.id) = (due.account, due.medium, due.id))"""
        with self._store.atomic():
            if policy == "delete":
                self._store.do(
                    f"""INSERT OR IGNORE INTO stray SELECT table_key, account, medium, id FROM record
                    WHERE table_key IN ({_TABLES}) AND record_id IS NOT NULL AND deleted = 0 AND {_MARK} IN ({removed})""",
                    self._asked(target),
                )
            else:
                self._stay(target)
            if policy == "ignore":
                self._store.do(
                    f"""UPDATE record SET pushed = (SELECT revision FROM mark WHERE (mark.account, mark.medium, mark.id)
                        = (record.account, record.medium, record.id))
                    WHERE table_key = :table AND {_MARK} IN ({removed})""",
                    self._asked(target),
                )
            done = removed if policy != "keep" else f"{removed} AND NOT {has_row}"
            self._store.do(f"DELETE FROM due WHERE {_MARK} IN ({done})", self._asked(target))

    def _stay(self, target: Target) -> None:
        """Rows that were to go because their mark was removed, before the person wanted something else."""
        stays = """FROM stray JOIN subject USING (medium, id) JOIN mark USING (account, medium, id)
            WHERE mark.account = :account AND mark.removed_at IS NOT NULL
                AND subject.class IN (SELECT value FROM json_each(:classes))
                AND (stray.table_key = :table OR NOT EXISTS (SELECT 1 FROM record AS row WHERE row.table_key = :table
                    AND row.record_id IS NOT NULL AND (row.account, row.medium, row.id) = (mark.account, mark.medium, mark.id)))"""
        self._store.do(
            f"INSERT OR IGNORE INTO due SELECT account, medium, id, subject.class, mark.marked_on {stays}",
            self._asked(target),
        )
        self._store.do(
            f"""DELETE FROM stray WHERE (table_key, account, medium, id)
            IN (SELECT stray.table_key, account, medium, id {stays})""",
            self._asked(target),
        )

    @contextlib.contextmanager
    def rehearsal(self) -> Generator[None]:
        """What is done within is undone. Nothing may be waited for meanwhile."""
        with contextlib.suppress(_Over), self._store.atomic():
            yield
            raise _Over

    # --- rows in the wrong table, or in none

    def is_aimed(self) -> bool:
        """Whether it was said which tables show the library."""
        return self._store.one("SELECT 1 FROM target WHERE owner = ? LIMIT 1", [self._owner]) is not None

    def strays(self, target: Target, limit: int) -> list[Stray]:
        """Rows that are to go: another table shows the mark by now, or the person removed it."""
        sql = """SELECT stray.account, stray.medium, stray.id, record.record_id, subject.title
            FROM stray JOIN subject USING (medium, id) JOIN mark USING (account, medium, id)
                LEFT JOIN record USING (table_key, account, medium, id)
            WHERE table_key = :table AND (mark.removed_at IS NOT NULL
                OR subject.class NOT IN (SELECT value FROM json_each(:classes))) LIMIT :limit"""
        return [
            Stray(_key(account, medium, subject_id), record_id, title)
            for account, medium, subject_id, record_id, title in self._store.rows(
                sql, {**self._asked(target), "limit": limit}
            )
        ]

    def taken_out(self, table: str, strays: Iterable[Stray]) -> None:
        """These rows are no more."""
        keys = [stray.key for stray in strays]
        marks = [(table, key.account, key.subject.medium, key.subject.id) for key in keys]
        with self._store.atomic():
            for name in ("record", "stray"):
                self._store.do_many(f"DELETE FROM {name} WHERE table_key = ? AND {_MARK} = (?, ?, ?)", marks)

    def adopt(self, table: str, found: Iterable[tuple[MarkKey, str]], *, of_person: bool = False) -> None:
        """Rows that are in the table already, whatever they show: they are updated, not made again.

        ``of_person``: D2F did not make them.
        """
        with self._store.atomic():
            for key, record_id in found:
                self._store.do(
                    """INSERT INTO record (table_key, account, medium, id, record_id, adopted) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET record_id = excluded.record_id, adopted = excluded.adopted
                    WHERE record.record_id IS NULL""",
                    [table, key.account, key.subject.medium, key.subject.id, record_id, of_person],
                )
                mark = [key.account, key.subject.medium, key.subject.id]
                self._store.do(_CHANGED_SINCE, [*mark, 0])
                self._store.do(_STRAYED, [table, *mark])

    def rebind(self, target: Target, found: Iterable[tuple[MarkKey, str]]) -> None:
        """Marks whose record is another one from now on. What it shows is not known: they are due."""
        with self._store.atomic():
            for key, record_id in found:
                mark = [key.account, key.subject.medium, key.subject.id]
                self._store.do(
                    f"UPDATE record SET record_id = ?, pushed = 0 WHERE table_key = ? AND {_MARK} = (?, ?, ?)",
                    [record_id, target.key, *mark],
                )
                self._store.do(
                    """INSERT OR REPLACE INTO due
                    SELECT mark.account, mark.medium, mark.id, subject.class, mark.marked_on
                    FROM mark JOIN subject USING (medium, id)
                    WHERE (mark.account, mark.medium, mark.id) = (?, ?, ?)""",
                    mark,
                )

    def bound(self, table: str) -> set[str]:
        """The records of this table that show a mark already."""
        sql = "SELECT record_id FROM record WHERE table_key = ? AND record_id IS NOT NULL"
        return {record_id for (record_id,) in self._store.rows(sql, [table])}

    def unbound(self, target: Target) -> list[Unbound]:
        """Marks that are due and have no record in this table yet, the newest first."""
        sql = f"""SELECT due.account, due.medium, due.id, subject.title,
                substr(coalesce(subject.body ->> '$.year', subject.body ->> '$.released[0]'), 1, 4), subject.body ->> '$.isbn'
            FROM (SELECT due.* {_DUE} AND record.record_id IS NULL) AS due JOIN subject USING (medium, id)
            ORDER BY due.marked_on DESC, due.id"""
        return [
            Unbound(_key(account, medium, subject_id), title, year, isbn)
            for account, medium, subject_id, title, year, isbn in self._store.rows(sql, self._asked(target))
        ]

    def left_out(self) -> dict[str, int]:
        """How many marks there are of each class that no table shows."""
        sql = """SELECT subject.class, count(*) FROM mark JOIN subject USING (medium, id)
            WHERE account = ? AND removed_at IS NULL
                AND subject.class NOT IN (SELECT class FROM target WHERE owner = ?)
            GROUP BY subject.class"""
        return dict(self._store.rows(sql, [self._account, self._owner]))

    def wanted(self, target: Target) -> Iterator[MarkKey]:
        """Marks that are due and have no record in this table yet."""
        sql = f"SELECT due.account, due.medium, due.id {_DUE} AND record.record_id IS NULL"
        for account, medium, subject_id in self._store.rows(sql, self._asked(target)):
            yield _key(account, medium, subject_id)

    def retry_failure(self, target: Target, key: MarkKey) -> bool:
        """A mark that was not taken is due again. Returns whether it was one."""
        mark = [key.account, key.subject.medium, key.subject.id]
        sql = f"""UPDATE record SET failed = 0, failure = NULL
            WHERE table_key = ? AND {_MARK} = (?, ?, ?) AND failure IS NOT NULL"""
        with self._store.atomic():
            found = self._store.do(sql, [target.key, *mark]) > 0
            if found:
                self._store.do(_CHANGED_SINCE, [*mark, 0])
        return found


def _row(row: tuple[Any, ...]) -> Row:
    mark, subject, revision, record_id, removed, adopted = row
    return Row(
        mark=_mark.decode(mark),
        subject=_subject.decode(subject),
        revision=revision,
        record_id=record_id,
        removed=bool(removed),
        adopted=bool(adopted),
    )


def _key(account: str, medium: str, subject_id: str) -> MarkKey:
    return MarkKey(account, SubjectKey(Medium(medium), subject_id))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
