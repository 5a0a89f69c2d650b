"""All bases of the simulated Feishu, and what a person does to them in the browser."""

import copy
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.renders import File, shown_text
from gateway.sandbox.feishu.table import Cells, Row, Stamp, Table, cell_of
from gateway.sandbox.feishu.values import Surroundings

Role: TypeAlias = Literal["view", "edit", "full_access"]

MAX_TABLES = 100
_MAX_TABLE_NAME = 100
_NOT_IN_TABLE_NAMES = set("/\\?*:[]")

DEFAULT_COLUMNS = (
    FieldSpec("文本", 1),
    FieldSpec("单选", 3),
    FieldSpec("日期", 5),
    FieldSpec("附件", 17),
)
"""Of the table that a new base comes with."""


class Base(Struct):
    """One Bitable document."""

    token: str
    name: str
    time_zone: str
    ids: Ids
    max_rows: int
    roles: dict[str, Role]
    """By app id: the apps that were added to the document."""
    advanced: bool = False
    """高级权限 is on: reads of an app that is no manager are empty, its writes are refused."""
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
        for spec in specs:
            self.check(spec)
            table.add_field(spec)
        table.add_view(view, "grid")
        self.tables[table.id] = table
        return table

    def free_name(self, name: str) -> str:
        """The name for a table, without the blanks around it. Raises Refusal 1254013, 1254038."""
        name = name.strip()
        if not 1 <= len(name) <= _MAX_TABLE_NAME or _NOT_IN_TABLE_NAMES & set(name):
            raise Refusal(1254038)
        if any(table.name == name for table in self.tables.values()):
            raise Refusal(1254013)
        return name

    def check(self, spec: FieldSpec) -> None:
        """A link must lead to a table of this base. Raises Refusal 1254089."""
        if spec.type == 18 and (spec.property or {}).get("table_id") not in self.tables:
            raise Refusal(1254089)


class World:
    """The documents. Tables are called by their name or id, columns by their name, rows by their id."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, seed: int = 0, max_rows: int = 20_000
    ) -> None:
        self.clock = clock
        self.ids = Ids(seed)
        self.max_rows = max_rows
        """Rows of a table: 20,000 on the basic plan."""
        self.bases: dict[str, Base] = {}
        self.wiki_nodes: dict[str, str] = {}
        """app_tokens by node token."""
        self.person = self.ids.person()
        """The open_id of the person."""

    @property
    def now(self) -> int:
        """Milliseconds."""
        return int(self.clock() * 1000)

    def base(self, app_token: str) -> Base:
        """The base of that token. Raises Refusal 91402."""
        if app_token not in self.bases:
            raise Refusal(91402)
        return self.bases[app_token]

    # What a person does.

    def copy_base(self, app_token: str) -> str:
        """A copy of a base, with all that is in it. Tables, columns and rows have the ids of the first one."""
        original = self.base(app_token)
        twin = copy.deepcopy(original, {id(self.ids): self.ids})
        twin.token = self.ids.app()
        self.bases[twin.token] = twin
        return twin.token

    def add_base(
        self,
        name: str,
        *,
        time_zone: str = "Asia/Shanghai",
        collaborators: Mapping[str, Role] | None = None,
    ) -> str:
        """A new base, with a table of default columns and blank rows in it. Returns its app_token."""
        base = Base(self.ids.app(), name, time_zone, self.ids, self.max_rows, dict(collaborators or {}))
        table = base.add_table("数据表", DEFAULT_COLUMNS)
        blank = min(self.ids.random.randint(5, 10), self.max_rows)
        rows: list[Cells] = [{} for _ in range(blank)]
        table.create(rows, self._mine())
        self.bases[base.token] = base
        return base.token

    def add_wiki_node(self, app_token: str) -> str:
        """Puts a base into a wiki. Returns the token of its node, which stands in the page's address."""
        node = self.ids.app()
        self.wiki_nodes[node] = app_token
        return node

    def share(self, app_token: str, app_id: str, role: Role | None) -> None:
        """Adds an app to a base (添加文档应用), changes its role, or takes it out."""
        roles = self.base(app_token).roles
        if role is None:
            roles.pop(app_id, None)
        else:
            roles[app_id] = role

    def set_advanced(self, app_token: str, *, on: bool) -> None:
        """Switches 高级权限."""
        self.base(app_token).advanced = on

    def tables(self, app_token: str) -> dict[str, str]:
        """Ids of the tables by name."""
        return {table.name: table.id for table in self.base(app_token).tables.values()}

    def table(self, app_token: str, name: str) -> Table:
        """The table of that name or id. Raises Refusal 1254041."""
        return self.base(app_token).table(self.tables(app_token).get(name, name))

    def columns(self, app_token: str, table: str) -> dict[str, dict[str, Json]]:
        """The columns as the list of columns shows them, by name."""
        return {column.name: column.listed() for column in self.table(app_token, table).fields}

    def rows(self, app_token: str, table: str) -> dict[str, dict[str, Json]]:
        """The stored cells by record id and name of column: shapes as they are written."""
        there = self.table(app_token, table)
        return {
            record.id: {
                column.name: cell for column in there.fields if (cell := cell_of(record, column)) is not None
            }
            for record in there.records.values()
        }

    def add_table(
        self, app_token: str, name: str, specs: tuple[FieldSpec, ...] = (FieldSpec("文本", 1),)
    ) -> str:
        """A new table without rows. Returns its id."""
        return self.base(app_token).add_table(name, specs).id

    def delete_table(self, app_token: str, table: str) -> None:
        """Removes a table, even the last."""
        del self.base(app_token).tables[self.table(app_token, table).id]

    def add_field(self, app_token: str, table: str, spec: FieldSpec) -> str:
        """A new column at the end. Returns its id."""
        return self.table(app_token, table).add_field(spec).id

    def rename_field(self, app_token: str, table: str, name: str, new_name: str) -> None:
        """The column keeps its id and its cells."""
        self.table(app_token, table).named(name).name = new_name

    def rename_option(self, app_token: str, table: str, column: str, name: str, new_name: str) -> None:
        """The option of a select keeps its id, and the cells that have it show the new name."""
        there = self.table(app_token, table)
        field = there.named(column)
        options = [
            {"id": option.id, "name": new_name if option.name == name else option.name, "color": option.color}
            for option in field.options.values()
        ]
        kind = field.kind
        there.put_field(field, FieldSpec(column, kind.type, kind.ui_type, {"options": options}))

    def retype_field(
        self, app_token: str, table: str, name: str, type_: int, ui_type: str | None = None
    ) -> None:
        """Turns the column into another kind; cells that do not fit are emptied."""
        there = self.table(app_token, table)
        there.put_field(there.named(name), FieldSpec(name, type_, ui_type, _usual_property(ui_type)))

    def delete_field(self, app_token: str, table: str, name: str) -> None:
        """Removes the column and its cells."""
        there = self.table(app_token, table)
        there.drop_field(there.named(name))

    def add_record(self, app_token: str, table: str, row: Row) -> str:
        """A new row. Returns its id."""
        there = self.table(app_token, table)
        plan = there.plan(row, self.base(app_token).around())
        return there.create([plan], self._mine())[0].id

    def edit_record(self, app_token: str, table: str, record_id: str, row: Row) -> None:
        """Changes cells; None empties one."""
        there = self.table(app_token, table)
        plan = there.plan(row, self.base(app_token).around())
        there.update([(there.record(record_id), plan)], self._mine())

    def delete_record(self, app_token: str, table: str, record_id: str) -> None:
        """Removes a row."""
        self.table(app_token, table).delete([record_id])

    def _mine(self) -> Stamp:
        return Stamp(self.person, self.now)


def _usual_property(ui_type: str | None) -> dict[str, Any] | None:
    match ui_type:
        case "Rating":
            return {"formatter": "0", "min": 1, "max": 5}
        case "Progress":
            return {"formatter": "0%"}
        case "Currency":
            return {"formatter": "0.00", "currency_code": "CNY"}
        case _:
            return None
