"""What a push would write, before it does: for the person to look at. Nothing is written here."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from gateway import adopt, errors
from gateway.adopt import Likely
from gateway.check import Judge, Reading, There
from gateway.claimable import Claimable, Unbound
from gateway.due import DELETED, GONE, IGNORED, MOST_SHOWN, Due, Removal, Skip, moves
from gateway.edits import Edits
from gateway.errors import Issue, Words
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable
from gateway.feishu.codes import NO_TABLE_CODE
from gateway.feishu.columns import Bound, as_is
from gateway.feishu.compare import Cell, cells_of, words
from gateway.feishu.fields import COVER
from gateway.feishu.values import KINDS
from gateway.ledger import Ledger, Row
from gateway.library import MarkKey
from gateway.model import Kind
from gateway.records import Found
from gateway.shelves import kind_of
from gateway.tables import Table
from gateway.theirs import Theirs, shown

_LONGEST = 200
"""Characters of a cell that are told."""
_ORDER = ("failed", "theirs", "ignored", "deleted")
What = Literal["create", "update", "again"]


class Write(Struct, frozen=True, kw_only=True):
    """One row that would be made or changed."""

    title: str
    what: What
    """``again``: the person edited cells of it, which a check of the table writes as they were."""
    cells: dict[str, tuple[str, str]]
    """Column → (old, new), of those that would change."""


class TablePlan(Struct, frozen=True, kw_only=True):
    """What would become of one table.

    ``writes`` are the first of ``creates`` and ``updates``, then of ``edited``; ``going`` the first of ``removals``;
    ``skips`` the first of ``failed``, ``theirs``, ``ignored`` and ``deleted``. The numbers are of all.
    """

    name: str
    url: str
    accepted: bool
    """Without that nothing is written: the table had rows before."""
    creates: int
    updates: int
    removals: int
    """Rows that go: another table shows their mark, or the person took it away and wants its row gone."""
    fills: int = 0
    """Rows that are as they should be but for a column that is new, or was made again."""
    edited: int = 0
    """Rows with cells that the person edited, which a check writes as they were."""
    rows: int = 0
    """That were there before."""
    adopts: int = 0
    """Of these, rows of marks, which would be updated rather than made again."""
    likely: tuple[Likely, ...] = ()
    """Rows that could be of marks."""
    failed: int
    """Marks that Feishu did not take."""
    theirs: int = 0
    """Rows with cells of ours that are the person's, or that change back each time."""
    ignored: int
    """Rows that stay as they are though their mark is gone from Douban."""
    deleted: int
    """Rows that the person deleted."""
    writes: tuple[Write, ...] = ()
    going: tuple[Removal, ...] = ()
    skips: tuple[Skip, ...] = ()
    problem: Issue | None = None
    """Why nothing of it can be written as the table is now."""


class LeftOut(Struct, frozen=True):
    """Marks of a kind that has no table in this layout."""

    kind: Kind
    names: Words
    number: int


class Plan(Struct, frozen=True):
    """What a push would do now."""

    tables: tuple[TablePlan, ...]
    left_out: tuple[LeftOut, ...]


def left_out(classes: Mapping[str, int]) -> tuple[LeftOut, ...]:
    """By kind; ``classes``: how many of each class of subjects."""
    kinds = Counter[Kind]()
    for name, number in classes.items():
        kinds[kind_of(name)] += number
    return tuple(LeftOut(kind, KINDS[kind], number) for kind, number in kinds.most_common())


async def of_table(base: Bitable, ledger: Ledger, edits: Edits, due: Due) -> TablePlan:
    """Reads what is there: the whole table, since the person may have edited any cell. Raises FeishuError."""
    table, counts = due.table, due.counts
    told = TablePlan(
        name=table.name,
        url=table.url,
        accepted=table.accepted,
        creates=len(due.wanted),
        updates=counts.pending - len(due.wanted),
        removals=due.leaving,
        failed=due.failed,
        ignored=due.ignored,
        deleted=counts.deleted,
        going=tuple(due.removals.values()),
        skips=tuple(due.skips),
    )
    try:
        bound, gaps = as_is(
            await base.fields(table.table_id),
            table.shelf,
            table.language,
            known=table.binding,
            options=table.options,
        )
    except (errors.WrongColumnType, errors.ColumnNameTaken) as error:
        return structs.replace(told, problem=error.issue)
    except errors.NotFound as error:
        if error.feishu_code != NO_TABLE_CODE:
            raise
        return structs.replace(told, problem=errors.TableGone(table=table.name).issue)
    there_now = {field: name for field, name in bound.names.items() if field not in gaps}
    titles = {each.key: each.title for each in due.others}

    def unbound() -> list[Unbound]:
        own = [each for each in Claimable(ledger).due(table.target) if each.key in due.wanted]
        gone = [Unbound(row.key, row.title, removed=True) for row in due.taken_away]
        return [*own, *due.others, *gone]

    there = (
        adopt.Rows(sure=[*due.claimed, *due.moved])
        if table.scanned
        else await adopt.look(base, table.table_id, there_now, unbound, due.bound)
    )
    moved = titles.keys() | dict(due.moved)
    of_removed = _of_removed(due, there.sure)
    adopted = {key: record_id for key, record_id in there.sure if key not in moved.union(of_removed.keys)}
    moving = of_removed.going | {
        record_id: Removal(titles.get(key) or key.subject.id, moves())
        for key, record_id in there.sure
        if key in moved
    }
    ids = {row.key: row.record_id or adopted.get(row.key) for row in due.rows}
    ids |= {row.key: row.record_id for row in of_removed.said}
    old = await _cells(base, table, [record_id for record_id in ids.values() if record_id])
    going = dict(itertools.islice([*due.removals.items(), *moving.items()], MOST_SHOWN))
    leave = await _cells(base, table, [*going])
    deleted = [row for row in due.rows if row.record_id and row.record_id not in old]
    rows = [
        structs.replace(row, adopted=not table.own) if row.key in adopted else row
        for row in (*due.rows, *of_removed.said)
        if row not in deleted
    ]
    seen = _Seen(edits, table, gaps | table.gaps)
    seen.deleted(deleted)
    seen.due(rows, bound, {row.key: old.get(ids[row.key] or "") for row in rows})
    if due.written:
        names_now = structs.replace(bound, names=there_now)
        await seen.whole(Reading(base, ledger, table, names_now, due.policy))
    gone = {key for key, record_id in adopted.items() if key in ids and record_id not in old}
    return structs.replace(
        told,
        creates=told.creates - len(adopted) + len(gone),
        updates=told.updates + len(adopted) + len(of_removed.said) - len(gone) - len(deleted),
        removals=told.removals + len(moving) - len(going) + len(leave),
        fills=due.written if gaps | (table.gaps - {COVER}) else 0,
        rows=there.number,
        adopts=len(adopted) + len(of_removed.said),
        likely=there.likely,
        theirs=seen.theirs,
        ignored=told.ignored + len(of_removed.ignored),
        deleted=told.deleted + len(deleted),
        edited=seen.edited,
        writes=tuple(seen.writes),
        going=tuple(each for record_id, each in going.items() if record_id in leave),
        skips=tuple(
            sorted([*seen.skips, *of_removed.ignored, *due.skips], key=lambda skip: _ORDER.index(skip.what))[
                :MOST_SHOWN
            ]
        ),
    )


class _OfRemoved(Struct, frozen=True):
    """Rows of a table that is to be read, of marks that the person took away: what becomes of them."""

    keys: Collection[MarkKey]
    said: Sequence[Row]
    """They say so from then on."""
    going: dict[str, Removal]
    """By record."""
    ignored: Sequence[Skip]


def _of_removed(due: Due, sure: Found) -> _OfRemoved:
    gone, found = {row.key: row for row in due.taken_away}, dict(sure)
    there = [structs.replace(row, record_id=found[key]) for key, row in gone.items() if key in found]
    if due.policy == "ignore":
        return _OfRemoved(gone, (), {}, [Skip(title=row.title, what="ignored", why=IGNORED) for row in there])
    if due.policy == "delete" and due.table.own:
        return _OfRemoved(gone, (), {row.record_id or "": Removal(row.title, GONE) for row in there}, ())
    return _OfRemoved(gone, there, {}, ())


async def _cells(base: Bitable, table: Table, asked: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for at in range(0, len(asked), MOST_LOOKED_UP):
        records = await base.cells(table.table_id, asked[at : at + MOST_LOOKED_UP], purpose="other")
        found |= {record.record_id: record.fields for record in records}
    return found


class _Seen:
    """What is there in one table, against what would be. ``edited`` and ``theirs``: how many rows in all.

    ``gaps``: fields whose column is new, or was made again: what is not there was not taken out by the person.
    """

    def __init__(self, edits: Edits, table: Table, gaps: Collection[str]) -> None:
        self._gaps = gaps
        self._edits = edits
        self._table = table
        self._theirs = Theirs(edits, table)
        self.writes: list[Write] = []
        self.skips: list[Skip] = []
        self.edited = 0
        self.theirs = 0

    def deleted(self, rows: Iterable[Row]) -> None:
        """Rows that are due and are there no more."""
        self.skips += [Skip(title=_title(row), what="deleted", why=DELETED) for row in rows]

    def due(self, rows: Sequence[Row], bound: Bound, old: Mapping[MarkKey, Mapping[str, Any] | None]) -> None:
        """The first that a push would write. ``old``: the cells of each that is there."""
        written = self._edits.written(self._table.key, [row.key for row in rows])
        for row in rows:
            there, ours = old[row.key], written.get(row.key, {})
            cells = self._compared(row, bound, there or {}, exactly=True)
            but: Collection[str] = ()
            if there is not None:
                but = {*self._theirs.foreseen(row, self._compared(row, bound, there), ours)}.difference(
                    self._gaps
                )
            changed = [cell for cell in cells if cell.there != cell.wanted]
            self.writes.append(
                self._write(
                    row,
                    [
                        cell
                        for cell in changed
                        if cell.field not in but
                        and not (row.adopted and cell.wanted is None and cell.field not in ours)
                    ],
                    "create" if there is None else "update",
                )
            )
            self._leave(row, [cell.name for cell in changed if cell.field in but])

    async def whole(self, reading: Reading) -> None:
        """Rows that show their marks: what a check would write again, and what it would leave. Raises FeishuError."""
        judge, known = Judge(self._edits, self._table.key), self._edits.known(self._table.key)
        async for page in reading.pages():
            found, right = len(judge.found), len(judge.right)
            again = judge.again(page)
            for each in again[: max(0, MOST_SHOWN - self.edited)]:
                self.writes.append(self._write(each.row, each.cells, "again"))
            self.edited += len(again)
            left = {(row.key, cell.field) for row, cell, _ in judge.found[found:]}
            for row in (each.row for each in page):
                edits = known.get(row.key, {}).items()
                left |= {(row.key, field) for field, edit in edits if edit.is_settled(row.revision)}
            left -= {*judge.right[right:]}
            left -= {(each.row.key, cell.field) for each in again for cell in each.cells}
            self._leave_all(page, left)

    def _leave_all(self, page: Iterable[There], left: Collection[tuple[MarkKey, str]]) -> None:
        keys = {key for key, _ in left}
        for row, cells in ((each.row, each.cells) for each in page):
            if row.key in keys:
                told = [cell for cell in cells if (row.key, cell.field) in left]
                self._leave(row, [cell.name for cell in told if cell.there != cell.wanted])

    def _compared(
        self, row: Row, bound: Bound, there: Mapping[str, Any], *, exactly: bool = False
    ) -> Iterator[Cell]:
        return cells_of(shown(row, self._table), self._table.shelf, bound, there, exactly=exactly)

    def _write(self, row: Row, cells: Iterable[Cell], what: What) -> Write:
        zone = ZoneInfo(self._table.time_zone)
        return Write(
            title=_title(row),
            what=what,
            cells={
                cell.name: (
                    words(cell.there, cell.column.type, zone)[:_LONGEST],
                    words(cell.wanted, cell.column.type, zone)[:_LONGEST],
                )
                for cell in cells
            },
        )

    def _leave(self, row: Row, names: Sequence[str]) -> None:
        """Columns whose cells stay as they are."""
        if not names:
            return
        self.theirs += 1
        zh, en = "、".join(f"“{name}”" for name in names), ", ".join(f"“{name}”" for name in names)
        if self._edits.policy == "theirs":
            why = Words(f"你改过{zh}，留着不动", f"you edited {en}, left as it is")
        else:
            why = Words(
                f"{zh}写回去又变了，等这个标记有变化再写",
                f"{en} changed back after it was written again, left until the mark changes",
            )
        if self.theirs <= MOST_SHOWN:
            self.skips.append(Skip(title=_title(row), what="theirs", why=why))


def _title(row: Row) -> str:
    title = row.subject.title
    return title if isinstance(title, str) else row.key.subject.id
