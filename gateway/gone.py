"""Rows that are no more where they were: the person deleted them, or somebody moved them; and those that came back."""

from collections.abc import Collection, Iterable

from gateway.ledger import CHANGED_SINCE, LATELY, MARK, TABLES, Ledger, Target, mark_key
from gateway.library import MarkKey
from gateway.model import now
from gateway.shelves import CLASS


class Gone:
    """Of one account's tables, by the ledger. ``table`` is everywhere the key of a table."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._store = ledger, ledger.store

    def elsewhere(self, target: Target) -> dict[MarkKey, str]:
        """Marks that belong into this table, and whose row the person deleted in another one of ours: which one."""
        sql = f"""SELECT record.table_key, account, medium, id FROM record JOIN mark USING (account, medium, id)
                JOIN subject USING (medium, id)
            WHERE deleted = 1 AND table_key IN ({TABLES}) AND table_key <> :table AND account = :account
                AND {CLASS} IN (SELECT value FROM json_each(:classes))"""
        return {mark_key(*mark): table for table, *mark in self._store.rows(sql, self._ledger.asked(target))}

    def note(self, target: Target, keys: Collection[MarkKey]) -> None:
        """The person deleted the rows of these marks, all at once or none. Two kinds of them the person did not delete.

        Those that we were about to delete; and those that were found a moment ago and never written: Feishu shows a row
        that is gone for a while, and another gateway takes its own away. Marks of such rows are due.
        """
        lately = (now() - LATELY).isoformat()
        with self._store.atomic():
            for key in keys:
                mark = [key.account, key.subject.medium, key.subject.id]
                where = f"WHERE table_key = ? AND {MARK} = (?, ?, ?)"
                self._store.do(
                    f"INSERT OR REPLACE INTO taken_out SELECT table_key, record_id, ? FROM record {where} AND leaving = 1",
                    [now().isoformat(), target.key, *mark],
                )
                ours = f"{where} AND (leaving = 1 OR (pushed = 0 AND found_at > ?))"
                if self._store.do(f"DELETE FROM record {ours}", [target.key, *mark, lately]):
                    self._store.do(f"DELETE FROM stray {where}", [target.key, *mark])
                    self._store.do(CHANGED_SINCE, [*mark, 0])
                else:
                    self._store.do(
                        f"UPDATE record SET deleted = 1, failed = 0, failure = NULL {where}",
                        [target.key, *mark],
                    )
            self._ledger.forget_deleted()

    def moved(self, table: str, keys: Iterable[MarkKey]) -> None:
        """The rows of these marks are in this table no more, and in another one."""
        for key in keys:
            mark = [table, key.account, key.subject.medium, key.subject.id]
            for name in ("record", "stray"):
                self._store.do(f"DELETE FROM {name} WHERE table_key = ? AND {MARK} = (?, ?, ?)", mark)

    def leaves(self, table: str, key: MarkKey) -> None:
        """The row of this mark in this table was not deleted by the person: another table shows the mark."""
        mark = [table, key.account, key.subject.medium, key.subject.id]
        with self._store.atomic():
            self._store.do(f"UPDATE record SET deleted = 0 WHERE table_key = ? AND {MARK} = (?, ?, ?)", mark)
            self._store.do("INSERT OR IGNORE INTO stray VALUES (?, ?, ?, ?)", mark)

    def back(self, target: Target, keys: Iterable[MarkKey]) -> None:
        """Rows that the person had deleted are there again: they are kept up to date again."""
        with self._store.atomic():
            for key in keys:
                mark = [key.account, key.subject.medium, key.subject.id]
                self._store.do(
                    f"UPDATE record SET deleted = 0 WHERE table_key = ? AND {MARK} = (?, ?, ?)",
                    [target.key, *mark],
                )
                shown = self._store.one(
                    f"SELECT pushed FROM record WHERE table_key = ? AND {MARK} = (?, ?, ?)",
                    [target.key, *mark],
                )
                self._store.do(CHANGED_SINCE, [*mark, shown[0] if shown else 0])

    def restore(self, targets: Collection[Target]) -> int:
        """Rows that the person deleted are to be made again. Returns how many."""
        deleted = "record WHERE table_key = ? AND deleted = 1"
        with self._store.atomic():
            for target in targets:
                self._ledger.due_again(f"SELECT account, medium, id FROM {deleted}", target)
            return sum(self._store.do(f"DELETE FROM {deleted}", [target.key]) for target in targets)
