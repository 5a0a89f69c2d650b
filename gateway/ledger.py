"""What each Bitable table shows of the library: its records, the creates that are under way, what is left to do.

There is no queue: what is to be pushed is a question to this file, asked again after every step.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct, field

from gateway.errors import Issue
from gateway.library import MarkKey
from gateway.model import Mark, Medium, Subject, SubjectKey, now
from gateway.store import Store

_mark = msgspec.json.Decoder(Mark)
_subject = msgspec.json.Decoder(Subject)
_keys = msgspec.json.Decoder(tuple[tuple[MarkKey, int], ...])


class Target(Struct, frozen=True):
    """A table, and which classes of subjects (``shelves``) it shows."""

    key: str
    classes: tuple[str, ...]

    @property
    def asked(self) -> dict[str, object]:
        return {"table": self.key, "classes": _json(self.classes)}


class Row(Struct, frozen=True, kw_only=True):
    """A mark that its record does not show yet, or shows as it was before."""

    mark: Mark
    subject: Subject
    revision: int
    record_id: str | None

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


class Counts(Struct, frozen=True):
    """How many marks a table shows as they are, not yet, not at all, and not any more."""

    pushed: int = 0
    pending: int = 0
    failed: int = 0
    deleted: int = 0
    """Rows that the person deleted in Feishu: they stay deleted."""


_JOINED = """FROM mark JOIN subject USING (medium, id)
    LEFT JOIN record ON record.table_key = :table AND record.account = mark.account
        AND record.medium = mark.medium AND record.id = mark.id
    WHERE subject.class IN (SELECT value FROM json_each(:classes))"""
_FAILED = "ifnull(record.failed, 0) >= mark.revision"
_PENDING = "mark.revision > max(ifnull(record.pushed, 0), ifnull(record.failed, 0)) AND ifnull(record.deleted, 0) = 0"


class Ledger:
    """Records and batches in the store's file. ``table`` is everywhere the key of a table (``push.Table.key``)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pending(self, target: Target, limit: int) -> list[Row]:
        """Marks whose record is missing or out of date, the newest first."""
        # The keys are sorted alone: with the bodies, a large library would be moved about for each batch.
        sql = f"""WITH due AS MATERIALIZED (
                SELECT mark.account, mark.medium, mark.id, record.record_id {_JOINED}
                AND {_PENDING} ORDER BY mark.marked_on DESC, mark.id LIMIT :limit)
            SELECT mark.body, subject.body, mark.revision, due.record_id
            FROM due JOIN mark USING (account, medium, id) JOIN subject USING (medium, id)
            ORDER BY mark.marked_on DESC, mark.id"""
        return [
            Row(
                mark=_mark.decode(mark),
                subject=_subject.decode(subject),
                revision=revision,
                record_id=record_id,
            )
            for mark, subject, revision, record_id in self._store.rows(sql, {**target.asked, "limit": limit})
        ]

    def shown(self, target: Target) -> list[Row]:
        """Marks whose record shows them as they are."""
        sql = f"""SELECT mark.body, subject.body, mark.revision, record.record_id {_JOINED}
            AND record.record_id IS NOT NULL AND record.deleted = 0 AND NOT {_PENDING} AND NOT {_FAILED}"""
        return [
            Row(
                mark=_mark.decode(mark),
                subject=_subject.decode(subject),
                revision=revision,
                record_id=record_id,
            )
            for mark, subject, revision, record_id in self._store.rows(sql, target.asked)
        ]

    def counts(self, target: Target) -> Counts:
        """The state of a table, all in one."""
        sql = f"""SELECT count(*) FILTER (WHERE record.record_id IS NOT NULL AND NOT {_PENDING} AND NOT {_FAILED}
                AND record.deleted = 0),
            count(*) FILTER (WHERE {_PENDING}), count(*) FILTER (WHERE {_FAILED}),
            count(*) FILTER (WHERE record.deleted = 1) {_JOINED}"""
        row = self._store.one(sql, target.asked)
        return Counts(*row) if row else Counts()

    def counts_of(self, target: Target, capture_id: str) -> Counts:
        """The same for the marks that one capture changed."""
        sql = f"""SELECT 0, count(*) FILTER (WHERE {_PENDING}), count(*) FILTER (WHERE {_FAILED}), 0 {_JOINED}
            AND (mark.account, mark.medium, mark.id) IN
                (SELECT account, medium, id FROM change WHERE capture = :capture)"""
        row = self._store.one(sql, {**target.asked, "capture": capture_id})
        return Counts(*row) if row else Counts()

    def failures(self, target: Target, limit: int = 50) -> list[Failure]:
        """Marks that Feishu did not take, with its reason."""
        sql = f"""SELECT mark.account, mark.medium, mark.id, subject.title, record.failure {_JOINED}
            AND {_FAILED} LIMIT :limit"""
        return [
            Failure(
                key=_key(account, medium, subject_id),
                title=title,
                issue=msgspec.json.decode(failure, type=Issue),
            )
            for account, medium, subject_id, title, failure in self._store.rows(
                sql, {**target.asked, "limit": limit}
            )
        ]

    def retry_failures(self, table: str) -> None:
        """Marks that were not taken are pending again."""
        self._store.do("UPDATE record SET failed = 0, failure = NULL WHERE table_key = ?", [table])

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
        self._store.do_many(
            """INSERT INTO record (table_key, account, medium, id, record_id, pushed) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET record_id = excluded.record_id, pushed = max(pushed, excluded.pushed),
                failed = 0, failure = NULL, deleted = 0""",
            [
                (table, key.account, key.subject.medium, key.subject.id, record_id, revision)
                for key, record_id, revision in shown
            ],
        )

    def failed(self, table: str, key: MarkKey, revision: int, issue: Issue) -> None:
        """Feishu does not take this revision of the mark; the next one is tried again."""
        self._store.do(
            """INSERT INTO record (table_key, account, medium, id, failed, failure) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET failed = excluded.failed, failure = excluded.failure""",
            [table, key.account, key.subject.medium, key.subject.id, revision, _json(issue)],
        )

    def deleted(self, table: str, key: MarkKey) -> None:
        """The person deleted the row in Feishu. It is not made again."""
        self._store.do(
            "UPDATE record SET deleted = 1 WHERE table_key = ? AND account = ? AND medium = ? AND id = ?",
            [table, key.account, key.subject.medium, key.subject.id],
        )

    def adopt(self, table: str, found: Iterable[tuple[MarkKey, str]]) -> None:
        """Rows that are in the table already, whatever they show: they are updated, not made again."""
        with self._store.atomic():
            for key, record_id in found:
                self._store.do(
                    """INSERT INTO record (table_key, account, medium, id, record_id) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET record_id = excluded.record_id WHERE record.record_id IS NULL""",
                    [table, key.account, key.subject.medium, key.subject.id, record_id],
                )

    def bound(self, table: str) -> set[str]:
        """The records of this table that show a mark already."""
        sql = "SELECT record_id FROM record WHERE table_key = ? AND record_id IS NOT NULL"
        return {record_id for (record_id,) in self._store.rows(sql, [table])}

    def wanted(self, target: Target) -> Iterator[MarkKey]:
        """Marks that have no record in this table yet."""
        sql = f"SELECT mark.account, mark.medium, mark.id {_JOINED} AND record.record_id IS NULL"
        for account, medium, subject_id in self._store.rows(sql, target.asked):
            yield _key(account, medium, subject_id)


def _key(account: str, medium: str, subject_id: str) -> MarkKey:
    return MarkKey(account, SubjectKey(Medium(medium), subject_id))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
