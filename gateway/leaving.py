"""Rows that are to go: another table or row shows their mark, or the person took it away on Douban."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gateway.ledger import LATELY, MARK, TABLES, Ledger, Policy, Target, mark_key
from gateway.library import MarkKey
from gateway.model import now
from gateway.shelves import CLASS


class Stray(Struct, frozen=True):
    """A row of a table that does not show its subject's class any more, or is ``surplus`` beside another of its mark."""

    key: MarkKey
    record_id: str | None
    title: str | None
    surplus: bool = False


class Leaving:
    """Of one account's tables, by the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._store = ledger, ledger.store

    def sort(self, target: Target, policy: Policy) -> None:
        """What is due because its mark was removed: with ``keep`` its row will say so, if there is one.

        With ``delete`` its row goes, but for one that was the person's before: that says so, too.
        """
        asked = self._ledger.asked(target)
        here = """SELECT due.account, due.medium, due.id FROM unsorted CROSS JOIN due USING (account, medium, id)
            CROSS JOIN mark USING (account, medium, id)
            WHERE due.account = :account AND due.class IN (SELECT value FROM json_each(:classes))"""
        removed = f"{here} AND mark.removed_at IS NOT NULL"  # it may have come back since it is in that list
        rows = f"""SELECT 1 FROM record AS row WHERE row.table_key IN ({TABLES}) AND row.record_id IS NOT NULL
            AND (row.account, row.medium, row.id) = (due.account, due.medium, due.id)"""
        with self._store.atomic():
            if policy == "delete":
                self._store.do(
                    f"""INSERT OR IGNORE INTO stray SELECT table_key, account, medium, id FROM record
                    WHERE table_key IN ({TABLES}) AND record_id IS NOT NULL AND deleted = 0 AND adopted = 0
                        AND {MARK} IN ({removed})""",
                    asked,
                )
            else:
                self._stay(target)
            if policy == "ignore":
                self._store.do(  # else they go when the one that is here is written
                    f"""INSERT OR IGNORE INTO stray SELECT table_key, account, medium, id FROM record
                    WHERE table_key IN ({TABLES}) AND table_key <> :table AND record_id IS NOT NULL AND deleted = 0
                        AND {MARK} IN ({removed}) AND {MARK} IN (SELECT account, medium, id FROM record
                            WHERE table_key = :table AND record_id IS NOT NULL AND deleted = 0)""",
                    asked,
                )
                self._store.do(
                    f"""UPDATE record SET pushed = (SELECT revision FROM mark WHERE (mark.account, mark.medium, mark.id)
                        = (record.account, record.medium, record.id))
                    WHERE table_key = :table AND {MARK} IN ({removed})""",
                    asked,
                )
            said = {"keep": rows, "delete": f"{rows} AND row.adopted = 1", "ignore": "SELECT 1 WHERE 0"}[
                policy
            ]
            self._store.do(f"DELETE FROM due WHERE {MARK} IN ({removed} AND NOT EXISTS ({said}))", asked)
            self._store.do(
                f"""DELETE FROM unsorted WHERE account = :account AND ({MARK} IN ({here})
                    OR NOT EXISTS (SELECT 1 FROM due WHERE (due.account, due.medium, due.id)
                        = (unsorted.account, unsorted.medium, unsorted.id)))""",
                asked,
            )

    def sort_anew(self) -> None:
        """The person wants something else to become of the rows of removed marks."""
        self._store.do(
            """INSERT OR IGNORE INTO unsorted SELECT due.account, due.medium, due.id FROM mark INDEXED BY mark_removed
            CROSS JOIN due USING (account, medium, id) WHERE mark.removed_at IS NOT NULL AND mark.account = :account""",
            self._ledger.asked(Target("", ())),
        )

    def _stay(self, target: Target) -> None:
        """Rows that were to go because their mark was removed, before the person wanted something else."""
        stays = f"""FROM stray JOIN subject USING (medium, id) JOIN mark USING (account, medium, id)
            WHERE mark.account = :account AND mark.removed_at IS NOT NULL
                AND {CLASS} IN (SELECT value FROM json_each(:classes))
                AND (stray.table_key = :table OR NOT EXISTS (SELECT 1 FROM record AS row WHERE row.table_key = :table
                    AND row.record_id IS NOT NULL AND (row.account, row.medium, row.id) = (mark.account, mark.medium, mark.id)))"""
        self._store.do(
            f"INSERT OR REPLACE INTO due SELECT account, medium, id, {CLASS}, mark.marked_on {stays}",
            self._ledger.asked(target),
        )
        self._store.do(
            f"""DELETE FROM stray WHERE (table_key, account, medium, id)
            IN (SELECT stray.table_key, account, medium, id {stays})""",
            self._ledger.asked(target),
        )

    def doubtful(self, table: str) -> dict[str, MarkKey]:
        """Records that we were about to delete, and that are to stay by now: whether they are there is not known."""
        sql = """SELECT record_id, account, medium, id FROM record WHERE table_key = ? AND leaving = 1
            AND NOT EXISTS (SELECT 1 FROM stray WHERE (stray.table_key, stray.account, stray.medium, stray.id)
                = (record.table_key, record.account, record.medium, record.id))"""
        return {record_id: mark_key(*mark) for record_id, *mark in self._store.rows(sql, [table])}

    def stayed(self, table: str, records: Iterable[str]) -> None:
        """These are there, and stay."""
        self._store.do_many(
            "UPDATE record SET leaving = 0 WHERE table_key = ? AND record_id = ?",
            [(table, record_id) for record_id in records],
        )

    def strays(self, target: Target, limit: int) -> list[Stray]:
        """Rows that are to go: another table or row shows the mark by now, or the person removed it.

        A row that was the person's before never goes.
        """
        sql = f"""SELECT account, medium, id, record_id, title, 1 FROM surplus JOIN subject USING (medium, id)
            WHERE table_key = :table AND account = :account
            UNION ALL SELECT * FROM (SELECT stray.account, stray.medium, stray.id, record.record_id, subject.title, 0
            FROM stray JOIN subject USING (medium, id) JOIN mark USING (account, medium, id)
                LEFT JOIN record USING (table_key, account, medium, id)
            WHERE table_key = :table AND ifnull(record.adopted, 0) = 0 AND (mark.removed_at IS NOT NULL
                OR {CLASS} NOT IN (SELECT value FROM json_each(:classes)))) LIMIT :limit"""
        return [
            Stray(mark_key(account, medium, subject_id), record_id, title, bool(surplus))
            for account, medium, subject_id, record_id, title, surplus in self._store.rows(
                sql, {**self._ledger.asked(target), "limit": limit}
            )
        ]

    def going(self, table: str, strays: Iterable[Stray]) -> None:
        """These rows are about to be deleted: that one of them is gone is not the person's doing, from now on.

        Whether Feishu did it need not come to be known before the mark comes back.
        """
        ours = [(table, stray.record_id) for stray in strays if not stray.surplus]
        with self._store.durably(), self._store.atomic():
            self._store.do_many("UPDATE record SET leaving = 1 WHERE table_key = ? AND record_id = ?", ours)

    def taken_out(self, table: str, strays: Sequence[Stray], deleted: Iterable[str]) -> None:
        """These rows are no more; ``deleted``: the records that we deleted ourselves."""
        at, long_ago = now(), now() - LATELY
        marks, surplus = list[tuple[str, ...]](), list[tuple[str, str | None]]()
        for stray in strays:
            if stray.surplus:
                surplus.append((table, stray.record_id))
            else:
                marks.append((table, stray.key.account, stray.key.subject.medium, stray.key.subject.id))
        taken_out = [(table, record_id, at.isoformat()) for record_id in deleted]
        with self._store.atomic():
            self._store.do("DELETE FROM taken_out WHERE at < ?", [long_ago.isoformat()])
            self._store.do_many("INSERT OR REPLACE INTO taken_out VALUES (?, ?, ?)", taken_out)
            self._store.do_many("DELETE FROM surplus WHERE table_key = ? AND record_id = ?", surplus)
            for name in ("record", "stray"):
                self._store.do_many(f"DELETE FROM {name} WHERE table_key = ? AND {MARK} = (?, ?, ?)", marks)
