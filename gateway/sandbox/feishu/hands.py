"""What a person does by hand, in Feishu's own pages: between two syncs, anything may have changed.

Tables are called by their name or id, columns by their name, rows by their id.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Literal

from gateway.sandbox.feishu.base import Base, Role
from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.feishu.table import Cells, Row, Stamp, Table, cell_of
from gateway.sandbox.feishu.world import Document, Kind, Node, World

DEFAULT_COLUMNS = (
    FieldSpec("文本", 1),
    FieldSpec("单选", 3),
    FieldSpec("日期", 5),
    FieldSpec("附件", 17),
)
"""Of the table that a new base comes with."""


class Hands(World):
    """The tenant, and the person who works in it."""

    def add_base(
        self,
        name: str,
        *,
        time_zone: str = "Asia/Shanghai",
        collaborators: Mapping[str, Role] | None = None,
    ) -> str:
        """A new base of the person's, with a table of default columns and blank rows. Returns its app_token."""
        return self.begin_base(
            name, time_zone, {self.person: "full_access", **(collaborators or {})}, self.person
        ).token

    def begin_base(self, name: str, time_zone: str, roles: dict[str, Role], who: str) -> Base:
        """A new base as Feishu makes it."""
        base = self.new_base(name, time_zone, roles)
        table = base.add_table("数据表", DEFAULT_COLUMNS)
        blank = min(self.ids.random.randint(5, 10), self.max_rows)
        rows: list[Cells] = [{} for _ in range(blank)]
        table.create(rows, Stamp(who, self.now))
        return base

    def copy_base(self, app_token: str, *, content: bool = True) -> str:
        """A copy of a base. Tables, columns and rows have the ids of the first one."""
        original = self.base(app_token)
        twin = copy.deepcopy(original, {id(self.ids): self.ids})
        twin.token = self.ids.app()
        if not content:
            for table in twin.tables.values():
                table.records.clear()
        self.bases[twin.token] = twin
        return twin.token

    def delete_base(self, app_token: str) -> None:
        """Throws the document away."""
        del self.bases[app_token]

    def add_document(self, kind: Kind, name: str) -> str:
        """A document that is no Bitable. Returns its token."""
        document = Document(self.ids.app(), kind, name)
        self.documents[document.token] = document
        return document.token

    def add_wiki_node(self, token: str) -> str:
        """Puts a document into a wiki. Returns the token of its node, which stands in the page's address."""
        document = self.documents.get(token)
        node = Node(self.ids.app(), token, document.kind if document else "bitable")
        self.nodes[node.token] = node
        return node.token

    def personal_token(self, app_token: str) -> str:
        """The person makes a 授权码 for the base; an older one ends."""
        return self.personal_tokens.make(app_token, self.person)

    def end_personal_token(self, app_token: str) -> None:
        """The person switches it off."""
        self.personal_tokens.end(app_token)

    def add_bot(self, secret: str = "", keyword: str = "") -> str:
        """A custom bot in a group. Returns the path of its webhook."""
        return f"/open-apis/bot/v2/hook/{self.mailbox.add_bot(secret, keyword)}"

    def revoke_logins(self) -> None:
        """The person takes back what they agreed to."""
        self.logins.revoke()

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

    def rename_table(self, app_token: str, table: str, new_name: str) -> None:
        """The table keeps its id. Raises Refusal 1254013, 1254038."""
        self.table(app_token, table).name = self.base(app_token).free_name(new_name)

    def delete_table(self, app_token: str, table: str) -> None:
        """Removes a table, even the last."""
        self.base(app_token).drop_table(self.table(app_token, table))

    def add_view(self, app_token: str, table: str, name: str, type_: str = "grid") -> str:
        """A new view. Returns its id."""
        return self.table(app_token, table).views.add(name, type_, self.ids).id

    def add_field(self, app_token: str, table: str, spec: FieldSpec) -> str:
        """A new column at the end. Returns its id."""
        return self.base(app_token).add_field(self.table(app_token, table), spec).id

    def add_computed(
        self,
        app_token: str,
        table: str,
        name: str,
        kind: Literal["Formula", "Lookup"],
        compute: Callable[[Row], Json],
    ) -> str:
        """A formula or a lookup. Returns the column's id.

        Feishu's own language of formulas is not simulated: a function of the row's other cells, by name, stands in.
        """
        there = self.table(app_token, table)
        column = there.add_field(FieldSpec(name, 20 if kind == "Formula" else 19, kind), by_hand=True)
        column.compute = lambda record: compute(
            {each.name: cell_of(record, each) for each in there.fields if each.compute is None}
        )
        return column.id

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
        spec = FieldSpec(name, type_, ui_type, _usual_property(ui_type))
        self.base(app_token).put_field(there, there.named(name), spec)

    def delete_field(self, app_token: str, table: str, name: str) -> None:
        """Removes the column and its cells."""
        there = self.table(app_token, table)
        self.base(app_token).drop_field(there, there.named(name))

    def move_field(self, app_token: str, table: str, name: str, place: int) -> None:
        """Drags the column to another place; the first one is the primary one and stays where it is."""
        there = self.table(app_token, table)
        column = there.named(name)
        there.fields.remove(column)
        there.fields.insert(max(1, place), column)

    def add_record(self, app_token: str, table: str, row: Row) -> str:
        """A new row. Returns its id."""
        base, there = self.base(app_token), self.table(app_token, table)
        plan = there.plan(row, base.around())
        made = there.create([plan], self._mine())[0].id
        base.settle(there)
        return made

    def edit_record(self, app_token: str, table: str, record_id: str, row: Row) -> None:
        """Changes cells; None empties one."""
        base, there = self.base(app_token), self.table(app_token, table)
        plan = there.plan(row, base.around())
        there.update([(there.record(record_id), plan)], self._mine())
        base.settle(there)

    def attach(
        self, app_token: str, table: str, record_id: str, column: str, files: Mapping[str, bytes]
    ) -> list[str]:
        """Puts files by their names into a cell, in place of what is there. Returns their tokens."""
        base = self.base(app_token)
        tokens = [base.keep_file(name, content) for name, content in files.items()]
        cell: list[Json] = [{"file_token": token} for token in tokens]
        self.edit_record(app_token, table, record_id, {column: cell})
        return tokens

    def delete_record(self, app_token: str, table: str, record_id: str) -> None:
        """Removes a row."""
        there = self.table(app_token, table)
        there.delete([record_id])
        self.base(app_token).settle(there)

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
