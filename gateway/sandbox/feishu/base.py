"""One Bitable document: its tables and files, who may see it, and the columns that lead from table to table."""

from collections.abc import Mapping
from mimetypes import guess_type
from typing import Literal, TypeAlias

from msgspec import Struct, field

from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.feishu.fields import Field, FieldSpec
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.renders import File, shown_text
from gateway.sandbox.feishu.table import Table, cell_of
from gateway.sandbox.feishu.values import Surroundings

Role: TypeAlias = Literal["view", "edit", "full_access"]

MAX_TABLES = 100
_MAX_TABLE_NAME = 100
_NOT_IN_TABLE_NAMES = set("/\\?*:[]")


class Base(Struct):
    """One Bitable document."""

    token: str
    name: str
    time_zone: str
    ids: Ids
    max_rows: int
    roles: dict[str, Role]
    """By an app's id or a person's open_id: who the document was shared with, its owner among them."""
    advanced: bool = False
    """高级权限 is on: reads of who is no manager are empty, their writes are refused."""
    copying: int = 0
    """So many calls still find it being copied."""
    unseen: int = 0
    """So many calls do not find it yet."""
    tables: dict[str, Table] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        return sum(table.revision for table in self.tables.values())

    def table(self, table_id: str) -> Table:
        """The table of that id. Raises Refusal 1254041."""
        if table_id not in self.tables:
            raise Refusal(1254041)
        return self.tables[table_id]

    def around(self) -> Surroundings:
        """What cells of this base may point at."""

        def records(table_id: str) -> Mapping[str, object]:
            return self.tables[table_id].records if table_id in self.tables else {}

        return Surroundings(self.files, records)

    def keep_file(self, name: str, content: bytes) -> str:
        """Stores a file. Returns its token."""
        token = self.ids.app()
        media = guess_type(name)[0] or "application/octet-stream"
        self.files[token] = File(token, name, len(content), media, content)
        return token

    def title(self, table_id: str, record_id: str) -> str:
        """The text of a row's primary cell; nothing if the row is gone."""
        table = self.tables.get(table_id)
        record = table.records.get(record_id) if table else None
        return shown_text(table.fields[0], cell_of(record, table.fields[0])) if table and record else ""

    def add_table(self, name: str, specs: tuple[FieldSpec, ...], view: str = "表格视图") -> Table:
        """Adds a table. Raises Refusal: 1254013, 1254038, 1254089, 1254100, those of views and columns."""
        if len(self.tables) >= MAX_TABLES:
            raise Refusal(1254100)
        table = Table(self.ids.table(), self.free_name(name), self.ids, self.max_rows)
        table.views.add(view, "grid", self.ids)
        self.tables[table.id] = table
        try:
            for spec in specs:
                self.add_field(table, spec)
        except Refusal:
            self.drop_table(table)
            raise
        return table

    def drop_table(self, table: Table) -> None:
        """Removes a table, and the columns of others that mirrored its own."""
        del self.tables[table.id]
        for other in self.tables.values():
            for column in other.fields:
                if column.kind.ui_type == "DuplexLink" and column.links_to() == table.id:
                    other.drop_field(column)

    def free_name(self, name: str) -> str:
        """The name for a table, without the blanks around it. Raises Refusal 1254013, 1254038."""
        name = name.strip()
        if not 1 <= len(name) <= _MAX_TABLE_NAME or _NOT_IN_TABLE_NAMES & set(name):
            raise Refusal(1254038)
        if any(table.name == name for table in self.tables.values()):
            raise Refusal(1254013)
        return name

    def add_field(self, table: Table, spec: FieldSpec) -> Field:
        """Adds a column; a two-way link (21) adds its twin to the table that it leads to."""
        there = self._checked(table, spec)
        column = table.add_field(spec)
        if there is not None and spec.type == 21:
            self._mirror(table, column, there, spec)
        return column

    def put_field(self, table: Table, column: Field, spec: FieldSpec) -> None:
        """Overwrites a column; a two-way link that becomes something else, or leads elsewhere, loses its twin."""
        keeps = bool(column.back) and spec.type == 21 and column.links_to() == _target(spec)
        there = self._checked(table, spec, new=not keeps)
        table.put_field(column, spec)
        after = table.column(column.id)
        if column.back and not keeps:
            twin = self.tables[column.links_to()]
            twin.drop_field(twin.column(column.back))
            after.back = ""
        if there is not None and spec.type == 21 and not keeps:
            self._mirror(table, after, there, spec)

    def drop_field(self, table: Table, column: Field) -> None:
        """Removes a column, and the twin of a two-way link. Raises Refusal 1254046."""
        table.drop_field(column)
        there = self.tables.get(column.links_to())
        if there is not None and column.back:
            there.drop_field(there.column(column.back))

    def _checked(self, table: Table, spec: FieldSpec, *, new: bool = True) -> Table | None:
        """Where a link leads to: a table of this base. Raises Refusal 1254014, 1254089, 1254092."""
        if spec.type not in {18, 21}:
            return None
        there = self.tables.get(_target(spec))
        if there is None:
            raise Refusal(1254089 if spec.type == 18 else 1254092)
        if spec.type == 21 and new:
            there.free(_back_name(table, spec))
        return there

    def _mirror(self, table: Table, column: Field, there: Table, spec: FieldSpec) -> None:
        twin = {"table_id": table.id, "back_field_name": column.name}
        back = there.add_field(FieldSpec(_back_name(table, spec), 21, "DuplexLink", twin))
        column.back, back.back = back.id, column.id

    def settle(self, table: Table) -> None:
        """After a change of rows: twins of two-way links follow, links to rows that are gone go."""
        for column in table.fields:
            there = self.tables.get(column.links_to())
            if there is None:
                continue
            table.keep_links(column, there.records)
            if column.back:
                there.follow(column.back, column.id, table.records)
        for other in self.tables.values():
            for column in other.fields:
                if column.links_to() == table.id:
                    other.keep_links(column, table.records)


def _target(spec: FieldSpec) -> str:
    return str((spec.property or {}).get("table_id"))


def _back_name(table: Table, spec: FieldSpec) -> str:
    """The twin's name; without one it is called after the table (chosen)."""
    return str((spec.property or {}).get("back_field_name") or table.name)
