"""From the library to a Bitable: each mark one record, nothing twice, nothing lost.

What is to be done is asked of the ledger after every step, so that the gateway may end anywhere and go on
from there. A create whose outcome is unknown is looked up in the table before anything else is written.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from gateway import errors
from gateway.feishu import columns
from gateway.feishu.bitable import MOST_ROWS, Bitable, Record
from gateway.feishu.columns import Binding, Shown
from gateway.ledger import Batch, Ledger, Row
from gateway.library import MarkKey
from gateway.log import get

_log = get("sync")

_MOST_BYTES = 8 * 1024 * 1024
"""Of one create. Feishu documents no limit; a thousand rows with long intros stay below this."""
_REPLICA_LAG = (1.0, 2.0, 4.0)
"""Seconds to look again after, when Feishu says that rows were made but does not show them."""
_LOOKUP = 50
"""Rows up to which a look-up by filter is cheaper than reading the whole key column."""


class Table(Struct, frozen=True, kw_only=True):
    """The table that shows the library: which one, and which of its columns are ours."""

    app_token: str
    table_id: str
    url: str
    name: str
    time_zone: str
    language: str
    binding: Binding = field(default_factory=dict)
    scanned: bool = False
    """Its rows were looked through once, so that rows of ours that it had already are known."""


class Push:
    """One push: everything that is pending, into one table. Raises FeishuError where it cannot go on."""

    def __init__(self, bitable: Bitable, ledger: Ledger, table: Table) -> None:
        self._bitable = bitable
        self._ledger = ledger
        self.table = table
        self._zone = ZoneInfo(table.time_zone)
        self._names: dict[str, str] = {}

    async def prepare(self) -> Table:
        """Looks the columns up, settles what an earlier run left open, adopts rows that are there already.

        Returns the table as it is to be remembered.
        """
        known = self.table
        binding, self._names = await columns.bind(
            self._bitable, known.table_id, known.binding, known.language
        )
        self.table = msgspec.structs.replace(known, binding=binding)
        for batch in self._ledger.open_batches(known.table_id):
            await self._settle(batch)
        if not known.scanned:
            self._ledger.adopt(known.table_id, await self._look_up(set(self._ledger.wanted(known.table_id))))
            self.table = msgspec.structs.replace(self.table, scanned=True)
        return self.table

    async def step(self) -> bool:
        """Writes the next batch of rows; False if nothing is left."""
        rows = self._ledger.pending(self.table.table_id, MOST_ROWS)
        new = [row for row in rows if row.record_id is None]
        if new:
            await self._create(new)
        elif rows:
            await self._update(rows)
        return bool(rows)

    # --- creates

    async def _create(self, rows: Sequence[Row]) -> None:
        body = msgspec.json.encode({"records": [{"fields": self._cells(row, clear=False)} for row in rows]})
        if len(body) > _MOST_BYTES and len(rows) > 1:
            await self._halve(rows)
            return
        keys = tuple((row.key, row.revision) for row in rows)
        batch = Batch(client_token=str(uuid4()), table_id=self.table.table_id, body=body, keys=keys)
        self._ledger.open_batch(batch)
        try:
            await self._send(batch)
        except (errors.BadRow, errors.BatchTooLarge) as error:
            self._ledger.close_batch(batch, [None] * len(rows))  # all or nothing: surely nothing
            await self._isolate(rows, error)
        except (errors.FeishuUnreachable, errors.FeishuFault, errors.TokenSpent):
            await self._settle(batch)
        except errors.FeishuError:
            self._ledger.close_batch(batch, [None] * len(rows))  # refused: surely nothing
            raise

    async def _send(self, batch: Batch) -> None:
        records = await self._bitable.create_records(batch.table_id, batch.body, UUID(batch.client_token))
        self._ledger.close_batch(batch, records)

    async def _settle(self, batch: Batch) -> None:
        """A create with an unknown outcome: look; if nothing is there, send the very same again; look again.

        The same token makes the second sending harmless should the first one still be under way.
        """
        found = await self._records_of(batch)
        if any(found):
            self._ledger.close_batch(batch, found)
            return
        try:
            await self._send(batch)
        except errors.TokenSpent:  # it went through, though a lagging replica may not show it yet
            self._ledger.close_batch(batch, await self._records_soon(batch))
        except (errors.BadRow, errors.BatchTooLarge, errors.StaleColumns):
            self._ledger.close_batch(
                batch, [None] * len(batch.keys)
            )  # not there, and refused: surely nothing

    async def _records_soon(self, batch: Batch) -> list[str | None]:
        found = await self._records_of(batch)
        for pause in _REPLICA_LAG:
            if any(found):
                break
            await asyncio.sleep(pause)
            found = await self._records_of(batch)
        return found

    async def _records_of(self, batch: Batch) -> list[str | None]:
        wanted = {key for key, _ in batch.keys}
        found = dict(await self._look_up(wanted))
        return [found.get(key) for key, _ in batch.keys]

    async def _look_up(self, wanted: set[MarkKey]) -> list[tuple[MarkKey, str]]:
        """The records of these marks that the table has, whoever wrote them; the first of each."""
        if not wanted:
            return []
        by_id: dict[str, list[MarkKey]] = {}
        for key in wanted:
            by_id.setdefault(key.subject.id, []).append(key)
        key_column, kind_column = self._names[columns.KEY], self._names.get("kind")
        where = None
        if len(by_id) <= _LOOKUP:
            conditions = [{"field_name": key_column, "operator": "is", "value": [each]} for each in by_id]
            where = {"conjunction": "or", "conditions": conditions}
        found: dict[MarkKey, str] = {}
        names = [key_column, kind_column] if kind_column else [key_column]
        async for record in self._bitable.records(self.table.table_id, names, where):
            kind = record.fields.get(kind_column) if kind_column else None
            for key in by_id.get(columns.text_of(record.fields.get(key_column)), []):
                if kind is None or kind in columns.kind_names(key.subject.medium):
                    found.setdefault(key, record.record_id)
        return list(found.items())

    # --- updates

    async def _update(self, rows: Sequence[Row]) -> None:
        records = [Record(row.record_id or "", self._cells(row, clear=True)) for row in rows]
        try:
            await self._bitable.update_records(self.table.table_id, records)
        except (errors.BadRow, errors.BatchTooLarge, errors.NoSuchRecord) as error:
            await self._isolate(rows, error)
        else:
            self._ledger.pushed_all(self.table.table_id, rows)

    # --- a batch that Feishu does not take as a whole

    async def _isolate(self, rows: Sequence[Row], error: errors.FeishuError) -> None:
        """Batches are all or nothing: halve until the row at fault stands alone, so that the others go through."""
        if len(rows) > 1:
            await self._halve(rows)
        elif isinstance(error, errors.NoSuchRecord):
            self._ledger.deleted(self.table.table_id, rows[0].key)
        else:
            self._ledger.failed(self.table.table_id, rows[0].key, rows[0].revision, error.issue)
            _log.warning("row refused", row=str(rows[0].key.subject), error=error.code, log_id=error.log_id)

    async def _halve(self, rows: Sequence[Row]) -> None:
        write = self._update if rows[0].record_id else self._create
        middle = len(rows) // 2
        await write(rows[:middle])
        await write(rows[middle:])

    def _cells(self, row: Row, *, clear: bool) -> dict[str, object]:
        shown = Shown(row.mark, row.subject, self._zone, self.table.language)
        return columns.cells(shown, self._names, clear=clear)
