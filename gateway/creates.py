"""Creates that are under way, and the records that were just made: what a crash, or another gateway, may leave open."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, field

from gateway.ledger import Ledger, Target, as_json, mark_key
from gateway.library import MarkKey
from gateway.model import now

_keys = msgspec.json.Decoder(tuple[tuple[MarkKey, int], ...])
_YOUNG = timedelta(minutes=1)


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


class Creates:
    """Of one account's tables, by the ledger. ``table`` is everywhere the key of a table."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._store = ledger, ledger.store

    def open(self, batch: Batch) -> None:
        """Notes a create before it is sent, so that no crash and no power cut can make it forgotten.

        Sent again, the same batch is noted once more: with how often, and when last.
        """
        with self._store.durably():
            self._store.do(
                """INSERT INTO batch VALUES (?, ?, ?, ?, 1, ?)
                ON CONFLICT DO UPDATE SET sends = sends + 1, sent_at = excluded.sent_at""",
                [batch.client_token, batch.table, batch.body, as_json(batch.keys), batch.sent_at.isoformat()],
            )

    def left_open(self, table: str) -> list[Batch]:
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
            made = [(key, record_id, revision) for (key, revision), record_id in shown]
            self._ledger.show(batch.table, made, batch.sent_at)
            self._drop(batch)

    def settled(
        self, batch: Batch, found: Iterable[tuple[MarkKey, str]] = (), *, of_person: bool = False
    ) -> None:
        """The create is over. What the table shows of it is known by looking: it is ours, whatever it says.

        ``of_person``: some may be theirs all the same.
        """
        with self._store.atomic():
            made = list(found)
            self._ledger.adopt(batch.table, made, of_person=of_person, made_here=True)
            self._made(batch, made)
            self._drop(batch)

    def _drop(self, batch: Batch) -> None:
        self._store.do("DELETE FROM batch WHERE client_token = ?", [batch.client_token])

    def _made(self, batch: Batch, records: Iterable[tuple[MarkKey, str]]) -> None:
        at = batch.sent_at.isoformat()
        self._store.do_many(
            "UPDATE record SET made_at = ?, unlooked = 1 WHERE table_key = ? AND record_id = ?",
            [(at, batch.table, record_id) for _, record_id in records],
        )

    def young(self, table: str) -> set[str]:
        """Records that were made, or found, within the last minute: Feishu need not show them everywhere yet."""
        latest = now()
        made = """SELECT record_id FROM record WHERE table_key = :table AND record_id IS NOT NULL
            AND (made_at BETWEEN :since AND :now OR found_at BETWEEN :since AND :now)"""
        asked: dict[str, object] = {
            "table": table,
            "since": (latest - _YOUNG).isoformat(),
            "now": latest.isoformat(),
        }
        return {record_id for (record_id,) in self._store.rows(made, asked)}

    # --- two gateways on one table

    def unlooked(self, table: str) -> dict[MarkKey, str]:
        """Records that were made, and not looked at since: another gateway may have made one of the same mark."""
        sql = "SELECT account, medium, id, record_id FROM record WHERE table_key = ? AND unlooked = 1 AND deleted = 0"
        return {mark_key(*mark): record_id for *mark, record_id in self._store.rows(sql, [table])}

    def looked(
        self,
        target: Target,
        made: Mapping[MarkKey, str],
        older: Collection[tuple[MarkKey, str]],
        *,
        of_person: bool,
    ) -> None:
        """These were looked at. Of some marks there is an ``older`` record, which is theirs from now on; ours is to go."""
        with self._store.atomic():
            self._store.do_many(
                "UPDATE record SET unlooked = 0 WHERE table_key = ? AND record_id = ?",
                [(target.key, record_id) for record_id in made.values()],
            )
            self.spare(target.key, [(key, made[key]) for key, _ in older])
            self._ledger.take(target.key, older, of_person=of_person)

    def spare(self, table: str, made: Iterable[tuple[MarkKey, str]]) -> None:
        """These records of ours are to go: others show their marks."""
        self._store.do_many(
            "INSERT OR IGNORE INTO surplus VALUES (?, ?, ?, ?, ?)",
            [(table, record_id, key.account, key.subject.medium, key.subject.id) for key, record_id in made],
        )
