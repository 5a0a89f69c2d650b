"""The calls on tables and columns. Each returns the ``data`` of its reply."""

from msgspec import UNSET, Struct, UnsetType

from gateway.sandbox.feishu.base import MAX_TABLES, Base
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal, violation
from gateway.sandbox.feishu.fields import Field, FieldSpec

_PLAIN = (FieldSpec("文本", 1),)
"""The columns of a table that is made without any."""


class _TableSpec(Struct):
    name: str
    default_view_name: str | UnsetType = UNSET
    fields: list[FieldSpec] | UnsetType = UNSET


class _NewTable(Struct):
    table: _TableSpec


class _Name(Struct):
    name: str


class _Names(Struct):
    tables: list[_Name]


class _Ids(Struct):
    table_ids: list[str]


def list_tables(call: Call) -> dict[str, Json]:
    """GET tables."""
    tables = list(call.base.tables.values())
    items: list[Json] = [{"table_id": t.id, "revision": t.revision, "name": t.name} for t in tables]
    return call.slice_by_id([table.id for table in tables], items, 100)


def create_table(call: Call) -> dict[str, Json]:
    """POST tables. Without fields there is one column; the ids that were not asked for are not told."""
    asked = call.body(_NewTable).table
    if asked.fields is UNSET and asked.default_view_name is not UNSET:
        raise Refusal(1254001, "fields is required with default_view_name")
    specs = _PLAIN if asked.fields is UNSET else tuple(asked.fields)
    if not specs:
        raise Refusal(1254001)
    view = "表格" if asked.default_view_name is UNSET else asked.default_view_name
    table = call.base.add_table(asked.name, specs, view)
    table.unseen = call.world.lag_new
    told: dict[str, Json] = {"table_id": table.id}
    if asked.fields is not UNSET:
        told["default_view_id"] = table.views.all[0].id
        told["field_id_list"] = [column.id for column in table.fields]
    return told


def rename_table(call: Call) -> dict[str, Json]:
    """PATCH table."""
    name = call.body(_Name).name
    if name.strip() != call.table.name:
        call.table.name = call.base.free_name(name)
    return {"name": call.table.name}


def delete_table(call: Call) -> dict[str, Json]:
    """DELETE table."""
    if len(call.base.tables) == 1:
        raise Refusal(1254034)
    call.base.drop_table(call.table)
    return {}


def create_tables(call: Call) -> dict[str, Json]:
    """POST tables/batch_create: all of them or none."""
    names = [each.name for each in call.body(_Names).tables]
    if not names or len(set(names)) < len(names):
        raise Refusal(1254013 if names else 1254001)
    if len(call.base.tables) + len(names) > MAX_TABLES:
        raise Refusal(1254100)
    for name in names:
        call.base.free_name(name)
    made = [call.base.add_table(name, _PLAIN) for name in names]
    return {"table_ids": [table.id for table in made]}


def delete_tables(call: Call) -> dict[str, Json]:
    """POST tables/batch_delete: all of them or none."""
    ids = dict.fromkeys(call.body(_Ids).table_ids)
    if not ids:
        raise Refusal(1254001)
    if len(ids) > 50:
        raise violation("table_ids", str(len(ids)), "the max len is 50")
    tables = [call.base.table(id_) for id_ in ids]
    if len(tables) == len(call.base.tables):
        raise Refusal(1254034)
    for table in tables:
        call.base.drop_table(table)
    return {}


def list_fields(call: Call) -> dict[str, Json]:
    """GET fields. A description is plain text here, and absent if there is none (recorded)."""
    columns = call.table.fields
    items: list[Json] = [
        _listed(column, call.base, in_parts=call.flag("text_field_as_array")) for column in columns
    ]
    return call.slice_by_id([column.id for column in columns], items, 100)


def _listed(column: Field, base: Base, *, in_parts: bool) -> dict[str, Json]:
    listed = _shown(column, base)
    if column.description:
        parts: Json = [{"text": column.description, "type": "text"}]
        listed["description"] = parts if in_parts else column.description
    return listed


def _shown(column: Field, base: Base) -> dict[str, Json]:
    listed = column.listed()
    if column.links_to() and column.property:
        there = base.tables.get(column.links_to())
        listed["property"] = {**column.property, "table_name": there.name if there else ""}
        if column.back and there:
            twin = there.column(column.back)
            listed["property"] |= {"back_field_id": twin.id, "back_field_name": twin.name}
    return listed


def create_field(call: Call) -> dict[str, Json]:
    """POST fields."""
    spec = call.body(FieldSpec)
    return {"field": _answered(call.base.add_field(call.table, spec), spec, call.base)}


def update_field(call: Call) -> dict[str, Json]:
    """PUT field."""
    spec = call.body(FieldSpec)
    column = call.table.column(call.path["field_id"])
    call.base.put_field(call.table, column, spec)
    return {"field": _answered(call.table.column(column.id), spec, call.base)}


def _answered(column: Field, spec: FieldSpec, base: Base) -> dict[str, Json]:
    """A new or changed column: here the description comes back as it was sent."""
    shown = _shown(column, base)
    if spec.description is not None and spec.description.text:
        shown["description"] = {"disable_sync": spec.description.disable_sync, "text": spec.description.text}
    return shown


def delete_field(call: Call) -> dict[str, Json]:
    """DELETE field."""
    column = call.table.column(call.path["field_id"])
    call.base.drop_field(call.table, column)
    return {"field_id": column.id, "deleted": True}
