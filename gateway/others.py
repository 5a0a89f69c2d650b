"""Other gateways that write into the same table: the person's other machine, with a library of its own.

No gateway can know whether it is alone, and Feishu has no way to make a row only if there is none. So each looks
for a mark's row before it makes one, and once more when it has made it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from gateway import records
from gateway.creates import Creates
from gateway.edits import Edits
from gateway.feishu.bitable import Bitable
from gateway.feishu.fields import KEY
from gateway.gone import Gone
from gateway.kin import Kin
from gateway.ledger import Ledger, Target
from gateway.library import MarkKey
from gateway.placing import Placing
from gateway.records import FEW
from gateway.tables import Table


class Others:
    """Of one push into one table. ``names``: the present name of each of our columns.

    A few rows are looked up by filter before and after, one call each. Of many, the key column is read once before
    the first and once after the last, by the five hundred. (How many rows there are tells nothing: others may go.)
    """

    def __init__(
        self,
        bitable: Bitable,
        ledger: Ledger,
        edits: Edits,
        table: Table,
        names: Mapping[str, str],
        kin: Kin,
    ) -> None:
        self._bitable = bitable
        self._ledger = ledger
        self._creates, self._gone, self._placing = Creates(ledger), Gone(ledger), Placing(ledger)
        self._edits = edits
        self._table = table
        self._names = names
        self._kin = kin
        self._looked: set[MarkKey] = set()
        self.keyless = KEY in table.gaps and bool(ledger.bound(table.key))
        """The column of ids was lost, and made anew: rows are known by their pages alone."""
        self._many = False
        """The key column was read before the first of many."""
        self._spare: list[records.Row] | None = None
        """Rows that were no mark's when that was asked for many whose record is gone."""

    async def find(self, marks: set[MarkKey], *, around: datetime | None = None) -> records.Found:
        """The records of these marks, whoever made them; ``around``: of several the latest of that time.

        Raises FeishuError.
        """
        rows = await self._rows(() if self.keyless else marks)
        return records.match(self._free(rows), marks, around, keyless=self.keyless)

    async def _rows(self, marks: Collection[MarkKey] = ()) -> list[records.Row]:
        return await records.read(self._bitable, self._table.table_id, self._names, marks)

    def _free(self, rows: Iterable[records.Row]) -> list[records.Row]:
        """Those that are no mark's yet."""
        taken = self._ledger.bound(self._table.key)
        return [row for row in rows if row.record_id not in taken]

    async def take_over(self, marks: set[MarkKey]) -> set[MarkKey]:
        """Adopts the records of these marks that are there already, here or in another table where they are to stay.

        Returns the marks. Raises FeishuError.
        """
        if len(marks) > FEW:
            if self._many:
                return set()
            self._many = True
        elif marks <= self._looked:
            return set()
        else:
            self._looked |= marks
        found = await self.find(marks)
        with self._ledger.store.atomic():
            self._there_after_all(found, self._gone.elsewhere(self._table.target))
            self._ledger.adopt(self._table.key, found, of_person=not self._table.own)
        there = {key for key, _ in found}
        return there | await self._kin.shown(marks - there)

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

    async def gone(self, keys: set[MarkKey], target: Target | None = None) -> set[MarkKey]:
        """The records of these marks are no more, in this table or in ``target``, from where they were to move here.

        Returns the marks whose row the person deleted. Where another row shows the mark, somebody took one of two away,
        or moved it, and the other is its record from now on. Raises FeishuError.
        """
        found = await self._left_of(keys)
        left = keys - {key for key, _ in found}
        source = target or self._table.target
        moved = await self._kin.moved(left, source.key)
        with self._ledger.store.atomic():
            if target is not None:
                self._gone.moved(target.key, [key for key, _ in found])
            self._gone.note(source, left - moved)
            self._take(found)
        return left - moved

    def instead(self, rows: Iterable[records.Row], deleted: Mapping[MarkKey, str]) -> None:
        """Of these marks the person deleted the row, in which table; one of ``rows``, which are no mark's, may be there for it."""
        found = records.match(self._free(rows), deleted.keys()) if deleted else []
        with self._ledger.store.atomic():
            self._there_after_all(found, deleted)
            self._take(found)

    def _there_after_all(self, found: records.Found, deleted: Mapping[MarkKey, str]) -> None:
        """Whose row was deleted in another table, and is in this one: somebody moved it, or made it where it belongs.

        The other one goes as any that is in the wrong table, if it is there after all.
        """
        for key, _ in found:
            if deleted.get(key, self._table.key) != self._table.key:
                self._placing.place(key, self._table.classes)
                self._gone.leaves(deleted[key], key)

    def _take(self, found: records.Found) -> None:
        with self._ledger.store.atomic():
            self._edits.begin(self._table.key, [(key, {}) for key, _ in found])
            self._ledger.take(self._table.key, found, of_person=not self._table.own)

    async def _left_of(self, keys: set[MarkKey]) -> records.Found:
        """Other rows of these marks. Of many the whole column is read, once."""
        if len(keys) <= FEW:
            return await self.find(keys)
        if self._spare is None:
            self._spare = self._free(await self._rows())
        return records.match(self._free(self._spare), keys)

    async def _give_way(self, made: Mapping[MarkKey, str]) -> bool:
        """Whoever came later, by Feishu's clock, takes its record away: the last one to make it is sure to see both.

        That is noted before it is done, so that a crash in between leaves nothing behind. A row that is too new to be
        seen is looked at again later.
        """
        taken = self._ledger.bound(self._table.key) - set(made.values())
        rows = [row for row in await self._rows(made) if row.record_id not in taken]
        older, seen = records.older(rows, made)
        unseen = self._creates.young(self._table.key) - seen
        looked = {key: record_id for key, record_id in made.items() if record_id not in unseen}
        by_id, given_way = {row.record_id: row for row in rows}, dict(older)
        stayed = {key: by_id[each] for key, each in looked.items() if each in by_id and key not in given_way}
        elsewhere = await self._kin.older(stayed)
        with self._ledger.store.atomic():
            self._edits.begin(self._table.key, [(key, {}) for key, _ in older])
            self._creates.looked(self._table.target, looked, older, of_person=not self._table.own)
            self._kin.settle(elsewhere, stayed)
        return bool(older or elsewhere)
