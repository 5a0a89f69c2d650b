"""Cells of ours that are the person's because they edited them: which these are, and what a write leaves out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from gateway.edits import Digests, Edit, Edits, is_given_back
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.columns import Bound
from gateway.feishu.compare import REMEMBERED, Cell, cells_of, digest, digests
from gateway.feishu.values import Shown
from gateway.ledger import Row
from gateway.library import MarkKey
from gateway.tables import Table


def shown(row: Row, table: Table) -> Shown:
    """What a row of this table shows of its mark."""
    return Shown(row.mark, row.subject, ZoneInfo(table.time_zone), table.language, row.removed)


class Theirs:
    """Of one table, for one push."""

    def __init__(self, edits: Edits, table: Table) -> None:
        self._edits = edits
        self._table = table.key
        self._counts = edits.policy == "theirs"
        self._emptied: set[str] = set()
        self._cells: dict[MarkKey, set[str]] = {}
        for key, edited in edits.known(table.key).items() if self._counts else ():
            self._cells[key] = {field for field, edit in edited.items() if edit.state == "theirs"}

    def of(self, row: Row) -> Collection[str]:
        """The fields of a row that are not ours to write; none of a row that is to be made."""
        return self._cells.get(row.key, ()) if row.record_id else ()

    def forget(self, fields: Collection[str]) -> None:
        """With their columns went what the person had in them."""
        if fields:
            self._edits.forget_fields(self._table, fields)
        self._emptied.update(fields)
        for cells in self._cells.values():
            cells.difference_update(fields)

    async def look(self, bitable: Bitable, table: Table, bound: Bound, rows: Sequence[Row]) -> bool:
        """Before rows are updated: which of their cells were edited since we wrote them. Raises FeishuError.

        Returns whether that is asked at all. Of rows written before edits were theirs, nothing is known.
        """
        for at in range(0, len(rows) if self._counts else 0, MOST_LOOKED_UP):
            some = rows[at : at + MOST_LOOKED_UP]
            asked = [row.record_id or "" for row in some]
            found = await bitable.cells(table.table_id, asked, purpose="rows")
            there = {record.record_id: record.fields for record in found}
            written = self._edits.written(self._table, [row.key for row in some])
            ours: list[tuple[MarkKey, Digests]] = []
            for row in some:
                if (cells := there.get(row.record_id or "")) is not None:
                    told = cells_of(shown(row, table), table.shelf, bound, cells)
                    ours.append((row.key, self._judge(row, told, written.get(row.key, {}))))
            self._edits.wrote(self._table, ours)
        return self._counts

    def foreseen(self, row: Row, cells: Iterable[Cell], written: Digests) -> Collection[str]:
        """The fields of a row that would turn out not to be ours to write. Nothing is noted."""
        if not self._counts:
            return ()
        ours, found = self._told_apart(row, cells, written)
        return (self._cells.get(row.key, set()) - ours.keys()) | {cell.field for cell in found}

    def _judge(self, row: Row, cells: Iterable[Cell], written: Digests) -> Digests:
        """Notes which of the row's cells are theirs; returns what ours say, and may say from now on."""
        theirs = self._cells.setdefault(row.key, set())
        ours, found = self._told_apart(row, cells, written)
        self._edits.forget(self._table, [(row.key, field) for field in theirs & ours.keys()])
        edits = [
            (row.key, cell.field, Edit(state="theirs", shown=digest(cell.there), revision=row.revision))
            for cell in found
        ]
        self._edits.note(self._table, edits)
        self._cells[row.key] = (theirs - ours.keys()) | {cell.field for cell in found}
        return ours

    def _told_apart(self, row: Row, cells: Iterable[Cell], written: Digests) -> tuple[Digests, list[Cell]]:
        """What our cells say, and may say from now on; and cells that are theirs and were not known to be."""
        theirs = self._cells.get(row.key, set())
        ours: Digests = {}
        found: list[Cell] = []
        for cell in cells:
            was = cell.field in theirs
            known = None if cell.field in self._emptied else written.get(cell.field)
            if row.adopted and cell.wanted is None and known is None:
                continue  # not ours to clear
            if is_given_back(cell, known) or (known is None and not was):
                ours[cell.field] = (digest(cell.there), digest(cell.wanted))
            elif not was:
                found.append(cell)
        return ours, found

    def digests(self, cells: Mapping[str, object], shelf: str, bound: Bound, *, whole: bool) -> Digests:
        """Of what is written into a row, what is to be known of it later; ``whole``: all of it in any case."""
        kept = digests(cells, shelf, bound, None if self._counts or whole else REMEMBERED)
        return {field: (each,) for field, each in kept.items()}
