"""Rows that are to go: those of a subject that changed class, which another table shows by now, and of removed marks."""

import contextlib
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from gateway import records
from gateway.creates import Creates
from gateway.edits import Digests, Edit, Edits
from gateway.errors import NoSuchRecord, Words
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable, Field, Record
from gateway.feishu.compare import digest, in_words, plain
from gateway.gone import Gone
from gateway.kin import Kin
from gateway.leaving import Leaving, Stray
from gateway.ledger import Ledger
from gateway.library import MarkKey
from gateway.tables import Table

_LONGEST = 1000
"""Characters of a cell that are told."""
_COMPUTED = {19, 20, 1001, 1002, 1003, 1004, 1005}
"""Types of columns that nobody writes: look-ups, formulas, who made a row and when, numbers that Feishu gives."""

Step = tuple[int, tuple[Words, ...]]
"""How many rows were taken out, and what the person had written into those that will be."""


async def take_out(
    base: Bitable, ledger: Ledger, edits: Edits, table: Table, others: Sequence[Table]
) -> AsyncGenerator[Step]:
    """Takes rows out of the table, a hundred at a time; ``others``: where somebody may have moved one. Raises FeishuError.

    What the person had written is told before it goes, so that nothing of theirs goes unseen. It may end anywhere: a
    row that is no more is no hindrance.
    """
    leaving = Leaving(ledger)
    await _look_again(base, ledger, leaving, table)
    if not leaving.strays(table.target, 1):
        return
    theirs = _Theirs(edits, table, await base.fields(table.table_id))
    young = Creates(ledger).young(table.key)
    while strays := leaving.strays(table.target, MOST_LOOKED_UP):
        there = await _there(base, table, _records(strays))
        still = {stray.record_id for stray in leaving.strays(table.target, MOST_LOOKED_UP)}
        strays = [stray for stray in strays if stray.record_id in still]  # marks came back meanwhile
        there = {record_id: record for record_id, record in there.items() if record_id in still}
        yield 0, tuple(theirs.notes(strays, there))
        moved = await Kin(base, ledger, table, others).moved(
            _only_here(ledger, table, strays, there), table.key
        )
        strays = [stray for stray in strays if stray.key not in moved or stray.surplus]
        leaving.going(table.key, strays)
        unseen = [  # gone, or so new that they are not to be seen yet
            stray.record_id
            for stray in strays
            if stray.record_id
            and stray.record_id not in there
            and (stray.surplus or stray.record_id in young)
        ]
        for record_id in unseen:
            with contextlib.suppress(NoSuchRecord):
                await base.delete_records(table.table_id, [record_id])
        if there:
            try:
                await base.delete_records(table.table_id, list(there))
            except NoSuchRecord:  # a first try without an answer did it, or the person: all of them or some
                left = await _there(base, table, _records(strays))
                if len(left) == len(there):
                    raise
                there = {record_id: record for record_id, record in there.items() if record_id not in left}
                strays = [stray for stray in strays if stray.record_id not in left]
        leaving.taken_out(table.key, strays, [*there, *unseen])
        yield len(there), ()


async def _look_again(base: Bitable, ledger: Ledger, leaving: Leaving, table: Table) -> None:
    """Rows that were to go, and are to stay by now: of some Feishu never said whether they went."""
    if doubtful := leaving.doubtful(table.key):
        gone = await records.gone(base, table.table_id, list(doubtful), Creates(ledger).young(table.key))
        leaving.stayed(table.key, doubtful.keys() - gone)
        Gone(ledger).note(table.target, [doubtful[each] for each in gone])


def _only_here(ledger: Ledger, table: Table, strays: Iterable[Stray], there: Collection[str]) -> set[MarkKey]:
    """Marks whose row is not to be seen, and that no other table of ours shows."""
    gone = {stray.key for stray in strays if not stray.surplus and stray.record_id not in there}
    return gone - {key for _, found in ledger.elsewhere(table.key, gone) for key in found.values()}


def _records(strays: Iterable[Stray]) -> list[str]:
    return [stray.record_id for stray in strays if stray.record_id]


async def _there(base: Bitable, table: Table, asked: Collection[str]) -> dict[str, Record]:
    return {each.record_id: each for each in await base.cells(table.table_id, [*asked], purpose="rows")}


class _Theirs:
    """What the person wrote into rows of a table: in columns of their own, and in cells of ours where edits are theirs."""

    def __init__(self, edits: Edits, table: Table, fields: Iterable[Field]) -> None:
        self._edits = edits
        self._table = table
        self._columns = {field.field_name: field for field in fields if field.type not in _COMPUTED}
        self._ours = {field_id: key for key, field_id in table.binding.items()}
        self._counts = edits.policy == "theirs"
        self._known = edits.known(table.key) if self._counts else {}

    def notes(self, strays: Sequence[Stray], there: Mapping[str, Record]) -> Iterator[Words]:
        """What is told of each row before it goes."""
        written = (
            self._edits.written(self._table.key, [stray.key for stray in strays]) if self._counts else {}
        )
        zone = ZoneInfo(self._table.time_zone)
        for stray in strays:
            record = there.get(stray.record_id or "")
            known, ours = self._known.get(stray.key, {}), written.get(stray.key, {})
            cells = {
                name: in_words(value, self._columns[name].type, zone)[:_LONGEST]
                for name, value in (record.fields if record else {}).items()
                if name in self._columns and self._is_theirs(self._columns[name], value, known, ours)
            }
            if told := "; ".join(f"{name}: {value}" for name, value in cells.items() if value):
                title = stray.title or stray.key.subject.id
                yield Words(
                    f"“{title}”已移出“{self._table.name}”，你在那一行写过：{told}",
                    f"“{title}” was taken out of “{self._table.name}”, where you had written: {told}",
                )

    def _is_theirs(self, column: Field, value: Any, known: Mapping[str, Edit], ours: Digests) -> bool:
        field = self._ours.get(column.field_id)
        if field is None:
            return True
        if field in ours:
            return digest(plain(value, column.type)) not in ours[field]
        return field in known and known[field].state == "theirs"
