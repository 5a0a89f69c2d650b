"""Covers: each fetched once, uploaded once, and put into the cells that are free for it.

They come after the rows, one step at a time, so that whoever asks for more than that waits for one step only.
What is known of them is in the album after every step: the gateway may end anywhere and go on from there.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from itertools import groupby, islice
from typing import Any

import msgspec
from msgspec import Struct

from gateway import errors
from gateway.album import Album, Cover, CoverCounts
from gateway.budget import Budget
from gateway.douban.pictures import Picture, Pictures
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable, Record
from gateway.feishu.fields import ATTACHMENT, COVER
from gateway.log import get
from gateway.settings import Settings
from gateway.tables import Table

_log = get("covers")

_AHEAD = 4
"""Pictures that are fetched before their turn: Feishu's pace is kept though Douban may be slow with one."""
_SECOND = 1.01
"""In which Feishu counts uploads; a little more than one, as calls do not all take equally long to get there."""
_ROW_BY_ROW = (errors.BadRow, errors.BatchTooLarge, errors.NoSuchRecord, errors.FeishuRefused)
_LAG = 60.0
"""Seconds after which a new row is surely to be seen."""
_STRANGE = 5
"""So many refusals in a row are no longer the pictures' fault."""

Opened = Callable[[Table], Bitable]


class ManyRefused(Exception):
    """Covers had better rest for a while. Each of those that were refused has its reason."""


class Covers:
    """Puts covers into rows."""

    def __init__(self, album: Album, budget: Budget, settings: Settings) -> None:
        self._album = album
        self._budget = budget
        self._larder = _Larder(Pictures(settings.pictures))
        self._pace = _Pace(settings.uploads)
        self._refused = 0
        self._absent: dict[str, float] = {}
        """Rows that were not there when their cells were looked at, and when that was first so."""
        self._aside: set[str] = set()
        """Rows that wait for the next time."""

    async def close(self) -> None:
        await self._larder.close()

    def counts(self, tables: Iterable[Table]) -> CoverCounts:
        """Of all tables that have a column for covers."""
        each = [self._album.counts(table) for table in tables if table.binding.get(COVER)]
        return CoverCounts(
            done=sum(counts.done for counts in each),
            waiting=sum(counts.waiting for counts in each),
            failed=sum(counts.failed for counts in each),
        )

    async def steps(self, tables: Sequence[Table], opened: Opened) -> AsyncGenerator[None]:
        """Does what there is to do; yields after each call that changed something, and may be left there.

        Raises FeishuError for what is the matter with more than one picture, ManyRefused.
        """
        tables = [table for table in tables if table.binding.get(COVER)]
        names: dict[str, str | None] = {}
        self._refused = 0
        self._aside.clear()
        while covers := self._next(tables):
            here = len({cover.table.key for cover in covers})
            if self._budget.left_for_covers <= 3 * here:  # each table is looked at twice and written once
                return
            free = await self._look(opened, names, covers)
            tables = [table for table in tables if names.get(table.key, "") is not None]
            yield
            ready: list[Cover] = []
            for number, cover in enumerate(free):
                if await self._has_picture(opened, cover, free[number + 1 :], spare=2 * here):
                    ready.append(cover)
                yield
            for table, of_table in _by_table(ready):
                await self._write(opened(table), names[table.key] or "", of_table)
                yield

    def _next(self, tables: Iterable[Table]) -> list[Cover]:
        found = [cover for table in tables for cover in self._album.pending(table, MOST_LOOKED_UP)]
        there = [cover for cover in found if cover.record_id not in self._aside]
        return sorted(there, key=_marked_on, reverse=True)[:MOST_LOOKED_UP]

    def _is_gone(self, record_id: str) -> bool:
        """Whether a row that is not there was not there some time ago, too; else it may be new and not seen yet."""
        self._aside.add(record_id)
        return time.monotonic() - self._absent.setdefault(record_id, time.monotonic()) > _LAG

    # --- what the cells say

    async def _look(
        self, opened: Opened, names: dict[str, str | None], covers: Iterable[Cover]
    ) -> list[Cover]:
        """Those that may be put into their cells. The names of the tables' columns are looked up once."""
        free: list[Cover] = []
        for table, of_table in _by_table(covers):
            if table.key not in names:
                names[table.key] = await _name(opened(table), table)
            if (name := names[table.key]) is not None:
                free += await self._free(opened(table), name, of_table)
        return sorted(free, key=_marked_on, reverse=True)

    async def _free(self, bitable: Bitable, name: str, covers: Sequence[Cover]) -> list[Cover]:
        """Those whose cell is empty, or shows the earlier cover that we put there. What else there is stays."""
        ids = [cover.record_id for cover in covers]
        there = {
            record.record_id: _tokens(record, name)
            for record in await bitable.cells(covers[0].table.table_id, ids, purpose="covers")
        }
        free: list[Cover] = []
        for cover in covers:
            tokens = there.get(cover.record_id)
            if tokens is None and not self._is_gone(cover.record_id):
                continue
            mine = self._album.token(cover.table.app_token, cover.photo)
            if mine is not None and tokens == [mine]:
                self._album.settled(cover, mine)  # an earlier run wrote it and could not note it down
            elif tokens == [] or (cover.shown is not None and tokens == [cover.shown]):
                free.append(cover)
            else:
                self._album.settled(cover, None)  # the person's, or the person took the row away
        return free

    # --- pictures

    async def _has_picture(
        self, opened: Opened, cover: Cover, following: Sequence[Cover], *, spare: int
    ) -> bool:
        """Whether the Bitable has it, perhaps from now on; ``spare``: calls that must be left this month."""
        if self._album.token(cover.table.app_token, cover.photo) is not None:
            return True
        return self._budget.left_for_covers > spare and await self._upload(
            opened(cover.table), cover, following
        )

    async def _upload(self, bitable: Bitable, cover: Cover, following: Sequence[Cover]) -> bool:
        """False if it is noted as refused. Raises FeishuError, ManyRefused."""
        app_token = cover.table.app_token
        wanted = (each for each in following if self._album.token(app_token, each.photo) is None)
        self._larder.order([cover, *islice(wanted, _AHEAD)])
        problem: errors.D2FError
        try:
            picture = await self._larder.take(cover)
            await self._pace.wait()
            token = await bitable.upload(picture.name, picture.content)
        except errors.PictureRefused as error:
            problem = error
        except (errors.PictureNotTaken, errors.FeishuRefused, errors.BatchTooLarge) as error:
            problem = error
        else:
            self._album.uploaded(app_token, cover.photo, token)
            self._larder.drop(cover)
            self._refused = 0
            return True
        self._album.refused(app_token, cover.photo, problem.issue)
        self._larder.drop(cover)
        self._refused += 1
        _log.info("cover refused", subject=str(cover.key.subject), error=str(problem))
        if self._refused >= _STRANGE:
            self._larder.clear()
            raise ManyRefused
        return False

    # --- rows

    async def _write(self, bitable: Bitable, name: str, covers: Sequence[Cover]) -> None:
        """The person may have put a picture there since the cells were looked at: they are looked at again."""
        if free := await self._free(bitable, name, covers):
            await self._put(bitable, name, free)

    async def _put(self, bitable: Bitable, name: str, covers: Sequence[Cover]) -> None:
        tokens = [self._album.token(cover.table.app_token, cover.photo) for cover in covers]
        rows = [
            Record(cover.record_id, {name: [{"file_token": token}]})
            for cover, token in zip(covers, tokens, strict=True)
        ]
        body = msgspec.json.encode({"records": rows})
        try:
            await bitable.update_records(covers[0].table.table_id, body, purpose="covers")
        except _ROW_BY_ROW as error:
            await self._isolate(bitable, name, covers, error)
        else:
            for cover, token in zip(covers, tokens, strict=True):
                self._album.settled(cover, token)

    async def _isolate(
        self, bitable: Bitable, name: str, covers: Sequence[Cover], error: errors.FeishuError
    ) -> None:
        """Batches are all or nothing: halve until the row at fault stands alone."""
        if len(covers) > 1:
            middle = len(covers) // 2
            await self._put(bitable, name, covers[:middle])
            await self._put(bitable, name, covers[middle:])
        elif isinstance(error, errors.NoSuchRecord):
            self._aside.add(covers[0].record_id)
        else:  # perhaps Feishu has thrown the picture away meanwhile: then it is uploaded once more
            self._album.refused(covers[0].table.app_token, covers[0].photo, error.issue)


class _Larder:
    """Pictures, fetched one at a time and ahead of their turn. They are kept though nobody waits for them any more."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._one = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[Picture | errors.PictureRefused]] = {}

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pictures.close()

    def order(self, covers: Sequence[Cover]) -> None:
        """These are wanted next, in this order. What else there is goes when it grows too much."""
        if len(self._tasks) > 2 * _AHEAD:
            for photo in self._tasks.keys() - {cover.photo for cover in covers}:
                self._tasks.pop(photo).cancel()
        for cover in covers:
            if cover.photo not in self._tasks:
                self._tasks[cover.photo] = asyncio.create_task(self._fetch(cover))

    async def take(self, cover: Cover) -> Picture:
        """Raises PictureRefused."""
        found = await asyncio.shield(self._tasks[cover.photo])
        if isinstance(found, errors.PictureRefused):
            raise found
        return found

    def drop(self, cover: Cover) -> None:
        """It is not needed any more."""
        self._tasks.pop(cover.photo, None)

    def clear(self) -> None:
        """What is ordered is not fetched any more."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _fetch(self, cover: Cover) -> Picture | errors.PictureRefused:
        async with self._one:
            try:
                return await self._pictures.fetch(cover.address, cover.key.subject.medium)
            except errors.PictureRefused as error:
                return error


class _Pace:
    """So many in any second, and no more."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._last: deque[float] = deque(maxlen=max(1, int(most)))

    async def wait(self) -> None:
        """Until it is time for the next one."""
        if not self._most:
            return
        if len(self._last) == self._last.maxlen:
            pause = _SECOND * len(self._last) / self._most
            await asyncio.sleep(self._last[0] + pause - time.monotonic())
        self._last.append(time.monotonic())


class _Attachment(Struct, frozen=True):
    file_token: str


def _tokens(record: Record, name: str) -> list[str]:
    """What a cell holds; something that is never ours where it is no attachment."""
    cell: Any = record.fields.get(name) or []
    try:
        return [each.file_token for each in msgspec.convert(cell, list[_Attachment])]
    except msgspec.ValidationError:
        return [""]


async def _name(bitable: Bitable, table: Table) -> str | None:
    """The column's name of today; None if it is gone, or no longer one for attachments, or the table is gone."""
    try:
        columns = await bitable.fields(table.table_id)
    except errors.NotFound:
        return None
    for column in columns:
        if column.field_id == table.binding.get(COVER) and column.type == ATTACHMENT:
            return column.field_name
    return None


def _marked_on(cover: Cover) -> str:
    return cover.marked_on


def _by_table(covers: Iterable[Cover]) -> list[tuple[Table, list[Cover]]]:
    groups = groupby(sorted(covers, key=lambda cover: cover.table.key), key=lambda cover: cover.table.key)
    found = [list(group) for _, group in groups]
    return [(group[0].table, group) for group in found]
