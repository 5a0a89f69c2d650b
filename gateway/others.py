"""Other gateways that write into the same table: the person's other machine, with a library of its own.

No gateway can know whether it is alone, and Feishu has no way to make a row only if there is none. So each looks
for a mark's row before it makes one, and once more when it has made it.
"""

from collections.abc import Mapping

from gateway import records
from gateway.creates import Creates
from gateway.edits import Edits
from gateway.feishu.bitable import Bitable
from gateway.ledger import Ledger
from gateway.library import MarkKey
from gateway.records import FEW
from gateway.tables import Table


class Others:
    """Of one push into one table. ``names``: the present name of each of our columns.

    A few rows are looked up by filter before and after, one call each. Of many, the key column is read once before
    the first and once after the last, by the five hundred. (How many rows there are tells nothing: others may go.)
    """

    def __init__(
        self, bitable: Bitable, ledger: Ledger, edits: Edits, table: Table, names: Mapping[str, str]
    ) -> None:
        self._bitable = bitable
        self._ledger = ledger
        self._creates = Creates(ledger)
        self._edits = edits
        self._table = table
        self._names = names
        self._looked: set[MarkKey] = set()
        self._many = False
        """The key column was read before the first of many."""

    async def find(self, marks: set[MarkKey], *, latest: bool = False) -> records.Found:
        """The records of these marks, whoever made them; the ``latest`` ones, if that is asked. Raises FeishuError."""
        taken = self._ledger.bound(self._table.key)
        table_id = self._table.table_id
        return await records.find(self._bitable, table_id, self._names, marks, taken, latest=latest)

    async def take_over(self, marks: set[MarkKey]) -> set[MarkKey]:
        """Adopts the records of these marks that are there already; returns the marks. Raises FeishuError."""
        if len(marks) > FEW:
            if self._many:
                return set()
            self._many = True
        elif marks <= self._looked:
            return set()
        else:
            self._looked |= marks
        found = await self.find(marks)
        self._ledger.adopt(self._table.key, found, of_person=not self._table.own)
        return {key for key, _ in found}

    async def made(self, made: Mapping[MarkKey, str]) -> None:
        """These records were just made. Raises FeishuError."""
        if len(made) <= FEW:
            await self._give_way(made)

    async def end(self) -> bool:
        """All records are made, or were by an earlier push. Returns whether some marks are due again.

        Raises FeishuError.
        """
        made = self._creates.unlooked(self._table.key)
        return bool(made) and await self._give_way(made)

    async def gone(self, keys: set[MarkKey]) -> set[MarkKey]:
        """The records of these marks are no more. Returns the marks whose row the person deleted. Raises FeishuError.

        Where another row shows the mark, somebody took one of two away, and the other is its record from now on.
        """
        found = await self.find(keys)
        self._ledger.gone(self._table.target, keys)
        self._ledger.take(self._table.key, found)
        return keys - {key for key, _ in found}

    async def _give_way(self, made: Mapping[MarkKey, str]) -> bool:
        """Whoever came later, by Feishu's clock, takes its record away: the last one to make it is sure to see both.

        That is noted before it is done, so that a crash in between leaves nothing behind. A row that is too new to be
        seen is looked at again later.
        """
        taken = self._ledger.bound(self._table.key) - set(made.values())
        older, seen = await records.older(self._bitable, self._table.table_id, self._names, made, taken)
        unseen = self._creates.young(self._table.key) - seen
        looked = {key: record_id for key, record_id in made.items() if record_id not in unseen}
        self._edits.begin(self._table.key, [(key, {}) for key, _ in older])
        self._creates.looked(self._table.target, looked, older)
        return bool(older)
