"""A table: columns, rows, views, and every change of them. A change happens whole or not at all."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct, field, structs

from gateway.sandbox.feishu.errors import Json, Refusal, unknown_name
from gateway.sandbox.feishu.fields import Field, FieldSpec
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.kinds import SELECTS, kind_of
from gateway.sandbox.feishu.renders import shown_text
from gateway.sandbox.feishu.values import Surroundings, converted, stored
from gateway.sandbox.feishu.views import Views

MAX_FIELDS = 300
MAX_ATTACHMENTS = 20_000

Row: TypeAlias = Mapping[str, Json]
"""Values by column name, as they are written."""

Cells: TypeAlias = dict[str, Json]
"""Stored values by column id; None only in a plan, where it clears the cell."""


class Record(Struct, frozen=True):
    """A row. Changed rows are new objects, so that a copy of the table stays as it was."""

    id: str
    number: int
    """Of the automatic numbering."""
    cells: Cells
    created: int
    """Milliseconds."""
    modified: int
    created_by: str
    modified_by: str


class Stamp(Struct, frozen=True):
    """Who changes a table, and when."""

    who: str
    now: int
    """Milliseconds."""


class Table(Struct):
    """One table."""

    id: str
    name: str
    ids: Ids
    max_rows: int
    fields: list[Field] = field(default_factory=list)
    """The first is the primary one."""
    records: dict[str, Record] = field(default_factory=dict)
    """In the order in which they were made."""
    views: Views = field(default_factory=Views)
    revision: int = 1
    before: dict[str, Record] = field(default_factory=dict)
    """The rows before the last write."""
    stale_reads: int = 0
    """So many reads still see ``before``."""
    made: int = 0
    unseen: int = 0
    """So many calls do not find the table yet."""

    def column(self, field_id: str) -> Field:
        """The column of that id. Raises Refusal 1254044."""
        found = next((column for column in self.fields if column.id == field_id), None)
        if found is None:
            raise Refusal(1254044)
        return found

    def named(self, name: str) -> Field:
        """The column of that name. Raises Refusal 1254045."""
        found = next((column for column in self.fields if column.name == name), None)
        if found is None:
            raise unknown_name(name)
        return found

    def record(self, record_id: str) -> Record:
        """The row of that id. Raises Refusal 1254043."""
        if record_id not in self.records:
            raise Refusal(1254043)
        return self.records[record_id]

    def seen(self) -> dict[str, Record]:
        """The rows as a read sees them: for a while still those of before the last write."""
        if self.stale_reads == 0:
            return self.records
        self.stale_reads -= 1
        return self.before

    # Columns.

    def add_field(self, spec: FieldSpec, *, by_hand: bool = False) -> Field:
        """Adds a column. Raises Refusal: 1254014, 1254105 and those of ``Field.made``."""
        if len(self.fields) >= MAX_FIELDS:
            raise Refusal(1254105)
        made = Field.made(spec, self.ids, primary=not self.fields, by_hand=by_hand)
        self.free(made.name)
        self.fields.append(made)
        self.revision += 1
        return made

    def put_field(self, column: Field, spec: FieldSpec) -> None:
        """Overwrites a column; options that are not sent are gone, and so are they from the cells.

        Raises Refusal: 1254014, 1254606 (nothing changed) and those of ``Field.made``.
        """
        name, kind = spec.name(), kind_of(spec.type, spec.ui_type)
        if name != column.name:
            self.free(name)
        if column.primary and not kind.primary:
            raise Refusal(1254012)
        after = structs.replace(column, name=name)
        after.shape(spec, kind, self.ids)
        if after == column:
            raise Refusal(1254606)
        if kind != column.kind:
            self._convert(column, after)
        elif kind.ui_type in SELECTS:
            self._rename_options(column, after)
        self.fields[self.fields.index(column)] = after
        self.revision += 1

    def drop_field(self, column: Field) -> None:
        """Removes a column; its cells are found no more. Raises Refusal 1254046."""
        if column.primary:
            raise Refusal(1254046)
        self.fields.remove(column)
        self.revision += 1

    def free(self, name: str) -> None:
        """Raises Refusal 1254014 for a name that a column has."""
        if any(column.name == name for column in self.fields):
            raise Refusal(1254014)

    def _convert(self, before: Field, after: Field) -> None:
        values = {
            record.id: converted(after, shown_text(before, record.cells[before.id]))
            for record in self.records.values()
            if before.id in record.cells
        }
        if after.kind.ui_type in SELECTS:
            for value in values.values():
                after.choose(_names(value), self.ids)
        self._rewrite(before.id, values)

    def _rename_options(self, before: Field, after: Field) -> None:
        now = {option.id: option.name for option in after.options.values()}
        names = {option.name: now.get(option.id) for option in before.options.values()}
        values: dict[str, Json] = {}
        for record in self.records.values():
            cell = record.cells.get(before.id)
            kept = [new for name in _names(cell) if (new := names[name]) is not None]
            values[record.id] = next(iter(kept), None) if isinstance(cell, str) else [*kept] or None
        self._rewrite(before.id, values)

    def _rewrite(self, field_id: str, values: Mapping[str, Json]) -> None:
        for record_id, value in values.items():
            record = self.records[record_id]
            self.records[record_id] = structs.replace(record, cells=_merged(record.cells, {field_id: value}))

    # Rows.

    def plan(self, row: Row, around: Surroundings) -> Cells:
        """The row as it would be stored. Raises Refusal 1254045 and those of ``stored``."""
        columns = {column.name: column for column in self.fields}
        cells: Cells = {}
        for name, value in row.items():
            if name not in columns:
                raise unknown_name(name)
            column = columns[name]
            cells[column.id] = stored(column, value, around)
        return cells

    def _has_room_for_files(self, plans: Iterable[Cells]) -> None:
        columns = [column.id for column in self.fields if column.kind.ui_type == "Attachment"]
        if not columns:
            return
        more = sum(len(_names(cells.get(id_))) for cells in plans for id_ in columns)
        if not more:
            return
        cells = (row.cells.get(id_) for id_ in columns for row in self.records.values())
        there = sum(len(cell) for cell in cells if isinstance(cell, list))
        if there + more > MAX_ATTACHMENTS:
            raise Refusal(1254106)

    def create(self, plans: Collection[Cells], stamp: Stamp) -> list[Record]:
        """Adds rows. Raises Refusal 1254103, 1254106."""
        if len(self.records) + len(plans) > self.max_rows:
            raise Refusal(1254103)
        self._has_room_for_files(plans)
        self._choose(plans)
        filled: Cells = {
            column.id: stamp.now
            for column in self.fields
            if column.kind.ui_type == "DateTime" and column.property and column.property["auto_fill"]
        }
        made: list[Record] = []
        for cells in plans:
            self.made += 1
            whole = _merged(filled, cells)
            record = Record(self.ids.record(), self.made, whole, stamp.now, stamp.now, stamp.who, stamp.who)
            self.records[record.id] = record
            made.append(record)
        self.revision += 1
        return made

    def update(self, changes: Collection[tuple[Record, Cells]], stamp: Stamp) -> None:
        """Changes cells of rows; the other cells stay. Raises Refusal 1254106."""
        self._has_room_for_files(cells for _, cells in changes)
        self._choose(cells for _, cells in changes)
        for record, cells in changes:
            # Read again: a row may come twice in one batch.
            there = self.records[record.id]
            self.records[record.id] = structs.replace(
                there, cells=_merged(there.cells, cells), modified=stamp.now, modified_by=stamp.who
            )
        self.revision += 1

    def delete(self, record_ids: Iterable[str]) -> None:
        """Removes rows. Raises Refusal 1254043."""
        records = [self.record(record_id) for record_id in record_ids]
        for record in records:
            self.records.pop(record.id, None)
        self.revision += 1

    def _choose(self, plans: Iterable[Cells]) -> None:
        selects = [column for column in self.fields if column.kind.ui_type in SELECTS]
        for cells in plans:
            for column in selects:
                column.choose(_names(cells.get(column.id)), self.ids)

    # Links.

    def keep_links(self, column: Field, there: Collection[str]) -> None:
        """Links to rows that are not there any more are gone."""
        kept: dict[str, Json] = {}
        for record in self.records.values():
            links = _names(record.cells.get(column.id))
            if any(link not in there for link in links):
                kept[record.id] = [link for link in links if link in there] or None
        self._rewrite(column.id, kept)

    def follow(self, back_id: str, column_id: str, others: Mapping[str, Record]) -> None:
        """The column becomes the mirror of another table's: a row links to those that link to it."""
        linking: dict[str, list[Json]] = {record_id: [] for record_id in self.records}
        for other in others.values():
            for link in _names(other.cells.get(column_id)):
                linking[link].append(other.id)
        self._rewrite(back_id, {record_id: links or None for record_id, links in linking.items()})


def cell_of(record: Record, column: Field) -> Json:
    """The stored or automatic value of a cell; None if it is empty."""
    if column.compute is not None:
        return column.compute(record)
    match column.kind.ui_type:
        case "CreatedTime":
            return record.created
        case "ModifiedTime":
            return record.modified
        case "CreatedUser":
            return [record.created_by]
        case "ModifiedUser":
            return [record.modified_by]
        case "AutoNumber":
            return str(record.number)
        case _:
            return record.cells.get(column.id)


def _merged(cells: Cells, changes: Cells) -> Cells:
    return {id_: value for id_, value in {**cells, **changes}.items() if value is not None}


def _names(cell: Json) -> list[str]:
    if isinstance(cell, list):
        return [str(name) for name in cell]
    return [cell] if isinstance(cell, str) else []
