"""The other tables of a Bitable, where another gateway of the person's, or they themselves, put the row of a mark.

Lists do not tell films from series: who read a subject's own page knows better than who did not. Its row is where the
former put it, and no second one is made.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from gateway import errors, records, tables
from gateway.creates import Creates
from gateway.feishu.bitable import Bitable
from gateway.feishu.columns import Bound
from gateway.gone import Gone
from gateway.ledger import Ledger
from gateway.library import MarkKey
from gateway.placing import Placing
from gateway.records import Found, Row
from gateway.tables import Table


class Kin:
    """Of one table: the ``others``, where marks of its own may turn out to belong."""

    def __init__(self, bitable: Bitable, ledger: Ledger, table: Table, others: Sequence[Table]) -> None:
        self._bitable = bitable
        self._ledger, self._gone, self._placing = ledger, Gone(ledger), Placing(ledger)
        self._table = table
        self._others = others
        self._bound: dict[str, Bound] = {}

    async def moved(self, keys: set[MarkKey], source: str) -> set[MarkKey]:
        """Marks whose row is no more in the table ``source``, and is in another one: it is theirs from now on, there.

        Raises FeishuError.
        """
        moved = set[MarkKey]()
        async for table, found, _ in self._found(keys, but=source):
            with self._ledger.store.atomic():
                self._gone.moved(source, [key for key, _ in found])
                self._stay(table, found)
            moved |= dict(found).keys()
        return moved

    async def shown(self, keys: set[MarkKey]) -> set[MarkKey]:
        """Marks that no table of ours shows, and that have a row in another one all the same, which is to stay there.

        Where we know better, the row is to move here, as any that is in the wrong table. Raises FeishuError.
        """
        moving = {key for _, there in self._ledger.elsewhere(self._table.key, keys) for key in there.values()}
        unsure, staying = self._placing.unsure(keys - moving), set[MarkKey]()
        async for table, found, _ in self._found(keys - moving):
            stay = [pair for pair in found if pair[0] in unsure]
            move = [pair for pair in found if pair[0] not in unsure]
            with self._ledger.store.atomic():
                self._stay(table, stay)
                self._ledger.adopt(table.key, move, of_person=not table.own)
            staying |= dict(stay).keys()
        return staying

    async def older(self, made: Mapping[MarkKey, Row]) -> list[tuple[Table, Found]]:
        """Rows of these marks in the other tables, which were there before those that were just ``made`` here.

        Raises FeishuError.
        """
        found: list[tuple[Table, Found]] = []
        async for table, there, rows in self._found(set(made)):
            before = [(key, each) for key, each in there if records.age(rows[each]) < records.age(made[key])]
            found += [(table, before)] if before else []
        return found

    def settle(self, older: Sequence[tuple[Table, Found]], made: Mapping[MarkKey, Row]) -> None:
        """Of two rows of a mark one goes: ours, which came later; or the older one, where we know better.

        The other gateway, whose row is older, does nothing: so that there is one left.
        """
        unsure = self._placing.unsure(made)
        for table, found in older:
            stay = [pair for pair in found if pair[0] in unsure]
            Creates(self._ledger).spare(self._table.key, [(key, made[key].record_id) for key, _ in stay])
            self._gone.moved(self._table.key, [key for key, _ in stay])
            self._stay(table, stay)
            move = [pair for pair in found if pair[0] not in unsure]
            self._ledger.adopt(table.key, move, of_person=not table.own)

    def _stay(self, table: Table, found: Found) -> None:
        for key, _ in found:
            self._placing.place(key, table.classes)
        self._ledger.adopt(table.key, found, of_person=not table.own)

    async def _found(
        self, keys: set[MarkKey], but: str = ""
    ) -> AsyncIterator[tuple[Table, Found, Mapping[str, Row]]]:
        """In each of the tables the rows of these marks that are no mark's yet, and all such rows."""
        for table in self._others:
            if not keys or table.key == but:
                continue
            try:
                if table.key not in self._bound:
                    _, self._bound[table.key] = await tables.bind(self._bitable, table)
                names = self._bound[table.key].names
                rows = await records.read(self._bitable, table.table_id, names, keys)
            except (errors.NotFound, errors.WrongColumnType, errors.ColumnNameTaken):
                continue  # said when it is its turn to be written
            taken = self._ledger.bound(table.key)
            free = {row.record_id: row for row in rows if row.record_id not in taken}
            if found := records.match(free.values(), keys):
                keys = keys - dict(found).keys()
                yield table, found, free
