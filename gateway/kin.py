"""The other tables of a Bitable, where another gateway of the person's, or they themselves, put the row of a mark.

Lists do not tell films from series: who read a subject's own page knows better than who did not. Its row is where the
former put it, and no second one is made.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from gateway import errors, records
from gateway.creates import Creates
from gateway.feishu import columns
from gateway.feishu.bitable import Bitable
from gateway.feishu.fields import KEY
from gateway.gone import Gone
from gateway.ledger import Ledger
from gateway.library import MarkKey
from gateway.placing import Placing
from gateway.records import Found, Row
from gateway.tables import Table

Older = tuple[Table, Found, Mapping[str, Row]]
"""A table, the records there of some marks, and all rows there that are no mark's yet, by record."""


class Kin:
    """Of one table: the ``others``, where marks of its own may turn out to belong."""

    def __init__(self, bitable: Bitable, ledger: Ledger, table: Table, others: Sequence[Table]) -> None:
        self._bitable = bitable
        self._ledger, self._gone, self._placing = ledger, Gone(ledger), Placing(ledger)
        self._table = table
        self._others = others
        self._names: dict[str, Mapping[str, str]] = {}

    async def moved(self, keys: set[MarkKey], source: str) -> set[MarkKey]:
        """Marks whose row is no more in the table ``source``, and is in another one: it is theirs from now on, there.

        Raises FeishuError.
        """
        moved = set[MarkKey]()
        async for table, found, rows in self._found(keys, but=source):
            with self._ledger.store.atomic():
                self._gone.moved(source, [key for key, _ in found])
                self._stay(table, found, rows)
            moved |= dict(found).keys()
        return moved

    async def shown(self, keys: set[MarkKey]) -> set[MarkKey]:
        """Marks of which we are not sure what they are, and which have a row in another table: there it stays.

        Raises FeishuError.
        """
        moving = {key for _, there in self._ledger.elsewhere(self._table.key, keys) for key in there.values()}
        staying = set[MarkKey]()
        async for table, found, rows in self._found(self._placing.unsure(keys - moving)):
            with self._ledger.store.atomic():
                self._stay(table, found, rows)
            staying |= dict(found).keys()
        return staying

    async def older(self, made: Mapping[MarkKey, Row]) -> list[Older]:
        """Rows of these marks in the other tables, which were there before those that were just ``made`` here.

        Raises FeishuError.
        """
        older: list[Older] = []
        async for table, there, rows in self._found(set(made)):
            found = [(key, each) for key, each in there if records.age(rows[each]) < records.age(made[key])]
            older += [(table, found, rows)] if found else []
        return older

    def settle(self, older: Sequence[Older], made: Mapping[MarkKey, Row]) -> None:
        """Of two rows of a mark one goes: ours, which came later; or the older one, where we know better.

        The other gateway, whose row is older, does nothing: so that there is one left. What somebody typed never goes.
        """
        unsure = self._placing.unsure(made)
        for table, found, rows in older:
            stay = [pair for pair in found if pair[0] in unsure]
            Creates(self._ledger).spare(self._table.key, [(key, made[key].record_id) for key, _ in stay])
            self._gone.moved(self._table.key, [key for key, _ in stay])
            self._stay(table, stay, rows)
            move = [(key, each) for key, each in found if key not in unsure and rows[each].written]
            self._ledger.adopt(table.key, move, of_person=not table.own)

    def _stay(self, table: Table, found: Found, rows: Mapping[str, Row]) -> None:
        for key, record_id in found:
            self._placing.place(key, table.classes)
            typed = not (table.own and rows[record_id].written)
            self._ledger.adopt(table.key, [(key, record_id)], of_person=typed)

    async def _found(self, keys: set[MarkKey], but: str = "") -> AsyncIterator[Older]:
        """In each of the tables the rows of these marks that are no mark's yet, and all such rows."""
        for table in self._others:
            if not keys or table.key == but:
                continue
            try:
                names = await self._named(table)
                keyless = KEY not in names or KEY in table.gaps
                rows = await records.read(self._bitable, table.table_id, names, () if keyless else keys)
            except (errors.NotFound, errors.WrongColumnType, errors.ColumnNameTaken):
                continue  # said when it is its turn to be written
            taken = self._ledger.bound(table.key)
            free = {row.record_id: row for row in rows if row.record_id not in taken}
            if found := records.match(free.values(), keys, keyless=keyless):
                keys = keys - dict(found).keys()
                yield table, found, free

    async def _named(self, table: Table) -> Mapping[str, str]:
        """The present names of our columns that are there: none is made before it is the table's turn."""
        if table.key not in self._names:
            fields = await self._bitable.fields(table.table_id)
            bound, gaps = columns.as_is(
                fields, table.shelf, table.language, known=table.binding, options=table.options
            )
            self._names[table.key] = {key: name for key, name in bound.names.items() if key not in gaps}
        return self._names[table.key]
