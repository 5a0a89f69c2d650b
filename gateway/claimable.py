"""Marks without a row in a table, of which a row that is there already may be."""

from msgspec import Struct

from gateway.ledger import DUE, TABLES, Ledger, Row, Target, mark_key, row_of
from gateway.library import MarkKey
from gateway.shelves import CLASS


class Unbound(Struct, frozen=True):
    """A mark that has no record in a table yet, with what a row of it could be known by."""

    key: MarkKey
    title: str | None
    year: str | None = None
    isbn: str | None = None
    removed: bool = False
    """The person took it away on Douban: only a row that D2F wrote can be of it."""


class Claimable:
    """Of one account's tables, by the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._store = ledger, ledger.store

    def all(self, target: Target, *, removed: bool = False) -> list[Unbound]:
        """Marks that a row of this table may be of: those that are due, and those that other tables of ours show.

        With ``removed`` those, too, that no table shows since the person took them away: of a table that was not ours.
        """
        gone = self.removed(target) if removed else []
        return [
            *self.due(target),
            *self.elsewhere(target),
            *(Unbound(row.key, row.title, removed=True) for row in gone),
        ]

    def due(self, target: Target) -> list[Unbound]:
        """Marks that are due and have no record in this table yet, the newest first."""
        sql = f"""SELECT due.account, due.medium, due.id, subject.title,
                substr(coalesce(subject.body ->> '$.year', subject.body ->> '$.released[0]'), 1, 4), subject.body ->> '$.isbn',
                mark.removed_at IS NOT NULL
            FROM (SELECT due.* {DUE} AND record.record_id IS NULL) AS due JOIN subject USING (medium, id)
                JOIN mark USING (account, medium, id)
            ORDER BY due.marked_on DESC, due.id"""
        return [
            Unbound(mark_key(account, medium, subject_id), title, year, isbn, bool(removed))
            for account, medium, subject_id, title, year, isbn, removed in self._store.rows(
                sql, self._ledger.asked(target)
            )
        ]

    def elsewhere(self, target: Target) -> list[Unbound]:
        """Marks of these classes that other tables of ours show, and this one does not.

        A row of theirs is known by its id alone.
        """
        sql = f"""SELECT DISTINCT mark.account, mark.medium, mark.id, subject.title FROM mark JOIN subject USING (medium, id)
                JOIN record USING (account, medium, id)
            WHERE mark.account = :account AND {CLASS} IN (SELECT value FROM json_each(:classes))
                AND record.table_key IN ({TABLES}) AND record.table_key <> :table
                AND record.record_id IS NOT NULL AND record.deleted = 0
                AND NOT EXISTS (SELECT 1 FROM record AS here WHERE here.table_key = :table AND here.record_id IS NOT NULL
                    AND (here.account, here.medium, here.id) = (mark.account, mark.medium, mark.id))"""
        found = self._store.rows(sql, self._ledger.asked(target))
        return [Unbound(mark_key(*mark), title) for *mark, title in found]

    def removed(self, target: Target) -> list[Row]:
        """Removed marks that are not due and that no table of ours shows, as their rows would show them."""
        sql = f"""SELECT mark.body, subject.body, mark.revision, NULL, 1, 0
            FROM mark INDEXED BY mark_removed CROSS JOIN subject USING (medium, id)
            WHERE mark.removed_at IS NOT NULL AND mark.account = :account
                AND {CLASS} IN (SELECT value FROM json_each(:classes))
                AND NOT EXISTS (SELECT 1 FROM due
                    WHERE (due.account, due.medium, due.id) = (mark.account, mark.medium, mark.id))
                AND NOT EXISTS (SELECT 1 FROM record WHERE table_key IN ({TABLES}) AND record_id IS NOT NULL
                    AND (record.account, record.medium, record.id) = (mark.account, mark.medium, mark.id))"""
        return [row_of(row) for row in self._store.rows(sql, self._ledger.asked(target))]
