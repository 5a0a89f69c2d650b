"""The other tables of a Bitable, where another gateway of the person's, or they themselves, put the row of a mark.

Lists do not tell films from series: who read a subject's own page knows better than who did not. Its row is where the
former put it, and no second one is made.
"""

from collections.abc import AsyncIterator, Sequence

from gateway import errors, records, tables
from gateway.feishu.bitable import Bitable
from gateway.ledger import Ledger
from gateway.library import MarkKey
from gateway.records import Found
from gateway.tables import Table


class Kin:
    """Of one table: the ``others``, where marks of its own may turn out to belong."""

    def __init__(self, bitable: Bitable, ledger: Ledger, table: Table, others: Sequence[Table]) -> None:
        self._bitable = bitable
        self._ledger = ledger
        self._table = table
        self._others = others

    async def moved(self, keys: set[MarkKey], source: str) -> set[MarkKey]:
        """Marks whose row is no more in the table ``source``, and is in another one: it is theirs from now on, there.

        Raises FeishuError.
        """
        moved = set[MarkKey]()
        async for table, found in self._found(keys, but=source):
            with self._ledger.store.atomic():
                self._ledger.moved(source, [key for key, _ in found])
                self._stay(table, found)
            moved |= dict(found).keys()
        return moved

    async def shown(self, keys: set[MarkKey]) -> set[MarkKey]:
        """Marks that no table of ours shows, and that have a row in another one all the same, which is to stay there.

        Where we know better, the row is to move here, as any that is in the wrong table. Raises FeishuError.
        """
        moving = {key for _, there in self._ledger.elsewhere(self._table.key, keys) for key in there.values()}
        unsure, staying = self._ledger.unsure(keys - moving), set[MarkKey]()
        async for table, found in self._found(keys - moving):
            stay = [pair for pair in found if pair[0] in unsure]
            move = [pair for pair in found if pair[0] not in unsure]
            with self._ledger.store.atomic():
                self._stay(table, stay)
                self._ledger.adopt(table.key, move, of_person=not table.own)
            staying |= dict(stay).keys()
        return staying

    def _stay(self, table: Table, found: Found) -> None:
        for key, _ in found:
            self._ledger.place(key, table.classes)
        self._ledger.adopt(table.key, found, of_person=not table.own)

    async def _found(self, keys: set[MarkKey], but: str = "") -> AsyncIterator[tuple[Table, Found]]:
        """In each of the tables the rows that are no mark's yet."""
        for each in self._others:
            if not keys or each.key == but:
                continue
            try:
                table, bound = await tables.bind(self._bitable, each)
                rows = await records.read(self._bitable, table.table_id, bound.names, keys)
            except (errors.NotFound, errors.WrongColumnType, errors.ColumnNameTaken):
                continue  # said when it is its turn to be written
            taken = self._ledger.bound(table.key)
            found = records.match([row for row in rows if row.record_id not in taken], keys)
            keys = keys - dict(found).keys()
            yield table, found
