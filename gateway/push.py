"""From the library to a Bitable: each mark one record, nothing twice, nothing lost.

What is to be done is asked of the ledger after every step, so that the gateway may end anywhere and go on
from there. A create whose outcome is unknown is looked up in the table before anything else is written.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from gateway import errors, records, tables
from gateway.creates import Batch, Creates
from gateway.edits import Digests, Edits
from gateway.errors import Words
from gateway.feishu import columns
from gateway.feishu.bitable import MOST_ROWS, Bitable, Record
from gateway.feishu.columns import Bound
from gateway.feishu.fields import COVER
from gateway.kin import Kin
from gateway.ledger import Ledger, Row
from gateway.library import MarkKey
from gateway.log import get
from gateway.model import now
from gateway.others import Others
from gateway.records import Found
from gateway.tables import Table
from gateway.theirs import Theirs, shown

_log = get("sync")

_MOST_BYTES = 8 * 1024 * 1024
"""Of one write. Feishu documents no limit; a thousand rows with long intros stay below this."""
_MOST_SENDS = 3
_PATIENCE = timedelta(minutes=10)
"""How long after its last sending a create is looked for. Feishu gives up on a call within a minute."""
_STRANGE_ROWS = 3
"""So many rows in a row that are refused for an unheard-of reason are no longer the rows' fault."""

_UNKNOWN_OUTCOME = (errors.FeishuUnreachable, errors.FeishuFault, errors.TokenSpent)
_ROW_AT_FAULT = (errors.BadRow, errors.BatchTooLarge, errors.NoSuchRecord, errors.FeishuRefused)


class _Made(Struct, frozen=True):
    """Rows, all new or none, and the body of their write."""

    rows: Sequence[Row]
    body: bytes
    written: Sequence[tuple[MarkKey, Digests]]
    """What the cells will say, as far as that is kept."""

    @property
    def is_new(self) -> bool:
        return _is_new(self.rows)


def _is_new(rows: Sequence[Row]) -> bool:
    return rows[0].record_id is None


class Filled:
    """Rows of one table whose lacking cells were written: who is interrupted goes on after them."""

    def __init__(self) -> None:
        self._columns: Mapping[str, str] = {}
        self.records: set[str] = set()

    def of(self, columns: Mapping[str, str]) -> set[str]:
        """Those of these columns; of others, nothing is written yet."""
        if self._columns != columns:
            self._columns, self.records = columns, set[str]()
        return self.records


class Push:
    """One push: everything that is pending, into one table. Raises FeishuError where it cannot go on.

    ``table``: as it is to be remembered, also where it could not go on.
    ``sort``: sorts what is due before a batch is chosen of it. ``rows``: how many at a time. It shrinks when Feishu does not
    get so many done. ``kin``: the other tables of the same Bitable. ``done``: rows so far.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # it is where all of them meet
        self,
        bitable: Bitable,
        ledger: Ledger,
        edits: Edits,
        table: Table,
        sort: Callable[[], Awaitable[None]],
        rows: int = MOST_ROWS,
        kin: Sequence[Table] = (),
        filled: Filled | None = None,
    ) -> None:
        self._bitable = bitable
        self._ledger = ledger
        self._creates = Creates(ledger)
        self._edits = edits
        self._sort = sort
        self._kin = Kin(bitable, ledger, table, kin)
        self.table = table
        self.rows = rows
        self._bound = Bound({}, {}, {})
        self._theirs = Theirs(edits, table)
        self._only: Mapping[MarkKey, Collection[str]] = {}
        self._makes_options = False
        self._lacking: Mapping[str, str] = {}
        self._to_fill: Sequence[Row] = ()
        self._already = filled or Filled()
        self.others = Others(bitable, ledger, edits, table, {}, self._kin)
        """Once it is prepared."""
        self._strange = 0
        self._made: _Made | None = None
        self.done = Counter[str]()
        self.notes: list[Words] = []

    async def prepare(self) -> None:
        """Looks the columns up, settles what an earlier run left open, adopts rows that are there already."""
        try:
            self.table, self._bound = await tables.bind(self._bitable, self.table)
        except errors.WrongColumnType as error:
            self.table = msgspec.structs.replace(self.table, gaps=self.table.gaps | error.fields)
            raise
        self.others = Others(
            self._bitable, self._ledger, self._edits, self.table, self._bound.names, self._kin
        )
        for batch in self._creates.left_open(self.table.key):
            await self._settle(batch)
        await self.others.end()  # what an earlier push made, and did not look at again
        await self.others.take_over(set(self._ledger.wanted(self.table.target)))
        self.table = msgspec.structs.replace(self.table, scanned=True)
        gaps = self.table.gaps - {COVER}
        self._lacking = {key: name for key, name in self._bound.names.items() if key in gaps}
        rows = self._ledger.shown(self.table.target) if self._lacking else []
        already = self._already.of(self._lacking)
        self._to_fill = [row for row in rows if row.record_id not in already]
        self._theirs.forget(self._lacking)
        if not self._to_fill:
            self._filled()

    async def step(self) -> bool:
        """Writes the next batch of rows, and makes the one after it meanwhile; False if nothing is left.

        Cells that rows lack come first: a row is found by them.
        """
        if self._to_fill:
            await self._fill()
            return True
        batch = self._made if self._made and len(self._made.rows) <= self.rows else await self._make()
        if batch is None:
            await self._learn_options()
            return await self.others.end()
        making = asyncio.create_task(self._make(besides={row.key for row in batch.rows}))
        try:
            await self._write(batch)
            self._made = await making
        except errors.TableFull:
            await self._update_all()
            raise
        finally:
            making.cancel()
        return True

    @property
    def is_filling(self) -> bool:
        """Whether rows lack cells still, of a column that is new or was made again."""
        return bool(self._to_fill)

    @property
    def bound(self) -> Bound:
        """The columns, once it is prepared."""
        return self._bound

    async def rewrite(self, rows: Sequence[Row], only: Mapping[MarkKey, Collection[str]]) -> None:
        """Writes some cells of rows that are there, those that ``only`` names for each."""
        self._only, self._theirs = only, Theirs(self._edits, self.table)
        try:
            await self._write(await self._encoded(rows))
        finally:
            self._only = {}

    async def _learn_options(self) -> None:
        """Options that Feishu made of what was written are known from then on, whatever the person calls them."""
        if self._makes_options:
            self.table, self._bound = await tables.bind(self._bitable, self.table)
            self._makes_options = False

    async def _make(self, besides: Collection[MarkKey] = ()) -> _Made | None:
        """The next batch: rows to create, else rows to update. ``besides``: the marks of one that is under way."""
        await self._sort()
        rows = self._ledger.pending(self.table.target, self.rows, besides)
        new = [row for row in rows if row.record_id is None]
        return await self._encoded(new or rows) if rows else None

    async def _encoded(self, rows: Sequence[Row]) -> _Made:
        """A thousand rows take a while: not in the loop, where captures are to be answered."""
        written = self._edits.written(self.table.key, [row.key for row in rows if row.adopted])
        return await asyncio.to_thread(self._made_of, rows, written)

    async def _write(self, batch: _Made) -> None:
        if len(batch.body) > _MOST_BYTES and len(batch.rows) > 1:
            await self._halve(batch.rows)
        elif batch.is_new:
            await self._create(batch)
        else:
            await self._update(batch)

    # --- creates

    async def _create(self, made: _Made) -> None:
        keys = {row.key for row in made.rows}
        there = await self._deleted_elsewhere(keys)
        there |= await self.others.take_over(keys - there)
        if not there:
            await self._make_rows(made)
        elif rest := [row for row in made.rows if row.key not in there]:
            await self._make_rows(await self._encoded(rest))

    async def _deleted_elsewhere(self, keys: Collection[MarkKey]) -> set[MarkKey]:
        """Marks that are to move here, and whose row is no more where it was.

        The person deleted it, and it stays deleted; or another gateway moved it here, and it is its mark's from now on.
        """
        gone = set[MarkKey]()
        for target, there in self._ledger.elsewhere(self.table.key, keys):
            table_id, young = target.key.partition("/")[2], self._creates.young(target.key)
            with contextlib.suppress(errors.NotFound):  # the table itself is gone, with all rows
                missing = await records.gone(self._bitable, table_id, list(there), young)
                if marks := {there[record_id] for record_id in missing}:
                    await self.others.gone(marks, target)
                    gone |= marks
        return gone

    async def _make_rows(self, made: _Made) -> None:
        rows = made.rows
        keys = tuple((row.key, row.revision) for row in rows)
        batch = Batch(client_token=str(uuid4()), table=self.table.key, body=made.body, keys=keys)
        self._edits.begin(self.table.key, made.written)
        try:
            ids = await self._send(batch)
            self._creates.created(batch, ids)
        except _UNKNOWN_OUTCOME:
            self._shrink(len(rows))
            await self._settle(msgspec.structs.replace(batch, sends=1))
        except _ROW_AT_FAULT as error:
            self._creates.settled(batch)  # all or nothing: surely nothing
            await self._isolate(rows, error)
        except errors.FeishuError as error:
            self._creates.settled(batch)  # refused: surely nothing
            if len(rows) == 1 or not isinstance(error, errors.TableFull):
                raise
            await self._halve(rows)  # the newest get the room there is
        else:
            self.done["created"] += len(rows)
            await self.others.made({row.key: record for row, record in zip(rows, ids, strict=True)})

    async def _send(self, batch: Batch) -> list[str]:
        """Returns the record of each row."""
        self._creates.open(msgspec.structs.replace(batch, sent_at=now()))
        made = await self._bitable.create_records(self.table.table_id, batch.body, UUID(batch.client_token))
        if len(made) != len(batch.keys):
            raise errors.FeishuFault  # who knows which
        self._strange = 0
        return made

    async def _settle(self, batch: Batch) -> None:
        """A create with an unknown outcome: look; unless all is there, send the very same again.

        The same token makes the second sending harmless should the first one have gone through, or still be
        under way. Raises FeishuError, and keeps the batch open, while the rows may yet appear: what is
        written before that is known would be there twice. Of two rows of a mark the later one is taken for ours, if it
        was made then: if another gateway made one meanwhile, whoever came later gives way. What came long after is the
        person's.
        """
        found = await self.others.find(batch.marks, around=batch.sent_at)
        if len(found) == len(batch.keys):
            self._creates.settled(batch, found, of_person=not self.table.own)
        elif batch.sends < _MOST_SENDS:
            await self._send_again(batch, found)
        elif batch.sent_at > now():  # by a clock that was ahead: the time to be patient begins now
            self._creates.open(msgspec.structs.replace(batch, sent_at=now()))
            raise errors.TokenSpent
        elif now() - batch.sent_at > _PATIENCE:
            if (await self._bitable.app()).is_advanced:
                await tables.probe(self._bitable, self.table)  # perhaps they are there, and not to be seen
            self._creates.settled(batch, found, of_person=not self.table.own)
        else:
            raise errors.TokenSpent

    async def _send_again(self, batch: Batch, found: Found) -> None:
        try:
            made = await self._send(batch)
        except (*_ROW_AT_FAULT, errors.StaleColumns) as error:
            self._creates.settled(
                batch, found, of_person=not self.table.own
            )  # it is not there, and it cannot get there
            _log.info("create given up", error=error.code, log_id=error.log_id)
        else:  # its columns have the names of then: what the rows show is not sure
            made_now = msgspec.structs.replace(batch, sent_at=now())
            self._creates.settled(made_now, zip((key for key, _ in batch.keys), made, strict=True))

    # --- updates

    async def _fill(self) -> None:
        """Writes the cells that rows lack: those alone, since what else was written may be the person's by now."""
        rows, rest = self._to_fill[: self.rows], self._to_fill[self.rows :]
        whole, self._bound = self._bound, msgspec.structs.replace(self._bound, names=self._lacking)
        try:
            await self._write(await self._encoded(rows))
        finally:
            self._bound = whole
        self._to_fill = rest
        self._already.records.update(row.record_id or "" for row in rows)
        if not rest:
            self._filled()

    def _filled(self) -> None:
        self.table = msgspec.structs.replace(self.table, gaps=frozenset[str]())
        self._already.records.clear()
        self.others.keyless = False

    async def _update_all(self) -> None:
        """A table that takes no more rows is still kept up to date."""
        every = self._ledger.pending(self.table.target, self._ledger.counts(self.table.target).pending)
        there = [row for row in every if row.record_id]
        for at in range(0, len(there), self.rows):
            await self._write(await self._encoded(there[at : at + self.rows]))

    async def _update(self, batch: _Made) -> None:
        if await self._theirs.look(self._bitable, self.table, self._bound, batch.rows):
            batch = await self._encoded(batch.rows)
        rows = batch.rows
        try:
            await self._bitable.update_records(self.table.table_id, batch.body)
        except (errors.FeishuUnreachable, errors.FeishuFault):
            self._shrink(len(rows))
            raise
        except _ROW_AT_FAULT as error:
            await self._isolate(rows, error)
        else:
            self._ledger.pushed(self.table.key, rows)
            self._edits.wrote(self.table.key, batch.written)
            self.done["updated"] += len(rows)
            self._strange = 0

    # --- batches that Feishu does not take as a whole

    def _shrink(self, rows: int) -> None:
        self.rows = max(1, min(self.rows, rows) // 4)

    async def _isolate(self, rows: Sequence[Row], error: errors.FeishuError) -> None:
        """Batches are all or nothing: halve until the row at fault stands alone, so that the others go through."""
        row = rows[0]
        if isinstance(error, errors.NoSuchRecord) and (gone := await self._gone(rows)):
            await self.others.gone({row.key for row in gone})
            if rest := [row for row in rows if row not in gone]:
                await self._write(await self._encoded(rest))
        elif len(rows) > 1:
            await self._halve(rows)
        elif isinstance(error, errors.NoSuchRecord):
            raise errors.FeishuConflict  # it can be read by now, and written soon
        else:
            self._strange += isinstance(error, errors.FeishuRefused)
            if self._strange >= _STRANGE_ROWS:
                raise error
            self._ledger.failed(self.table.key, row.key, row.revision, error.issue)
            self.done["failed"] += 1
            self.notes.append(
                Words(
                    f"“{row.title}”没有写进去：{error.issue.zh}",
                    f"“{row.title}” was not written: {error.issue.en}",
                )
            )
            _log.warning("row refused", row=str(row.key.subject), error=error.code, log_id=error.log_id)

    async def _gone(self, rows: Sequence[Row]) -> list[Row]:
        """Those that the person deleted: asked for all at once, since to halve for each would cost calls by the row."""
        asked, young = [row.record_id or "" for row in rows], self._creates.young(self.table.key)
        gone = await records.gone(self._bitable, self.table.table_id, asked, young)
        return [row for row in rows if row.record_id in gone]

    async def _halve(self, rows: Sequence[Row]) -> None:
        middle = len(rows) // 2
        await self._write(await self._encoded(rows[:middle]))
        await self._write(await self._encoded(rows[middle:]))

    def _made_of(self, rows: Sequence[Row], written: Mapping[MarkKey, Digests]) -> _Made:
        """What Feishu is sent for these rows. A new one needs no word of what is empty; an old one is cleared of it.

        ``written``: what we wrote into rows that were the person's.
        """
        new = _is_new(rows)
        cells = [self._cells(row, clear=not new) for row in rows]
        for row, each in zip(rows, cells, strict=True):
            if row.adopted:
                ours = {self._bound.names.get(field) for field in written.get(row.key, ())}
                for name in [name for name, value in each.items() if value is None and name not in ours]:
                    del each[name]
        if new:
            body = msgspec.json.encode({"records": [{"fields": each} for each in cells]})
        else:
            changed = [Record(row.record_id or "", each) for row, each in zip(rows, cells, strict=True)]
            body = msgspec.json.encode({"records": changed})
        return _Made(
            rows, body, [(row.key, self._kept(row, each)) for row, each in zip(rows, cells, strict=True)]
        )

    def _kept(self, row: Row, cells: Mapping[str, object]) -> Digests:
        self._makes_options = self._makes_options or self._bound.lacks_option(cells)
        return self._theirs.digests(cells, self.table.shelf, self._bound, whole=row.adopted)

    def _cells(self, row: Row, *, clear: bool) -> dict[str, object]:
        """Without those that are the person's, and others than those that are to be written again."""
        but, only = self._theirs.of(row), self._only.get(row.key)
        bound = self._bound
        if but or only is not None:
            names = {
                field: name
                for field, name in bound.names.items()
                if field not in but and (only is None or field in only)
            }
            bound = msgspec.structs.replace(bound, names=names)
        return columns.cells(shown(row, self.table), self.table.shelf, bound, clear=clear)
