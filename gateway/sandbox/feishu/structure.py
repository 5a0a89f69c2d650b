"""The calls on documents, tables, columns and views. Each returns the ``data`` of its reply."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, Struct, UnsetType

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.fields import Field, FieldSpec
from gateway.sandbox.feishu.world import Base

_VIEW_TYPES = frozenset({"grid", "kanban", "gallery", "gantt", "form"})


class _NewApp(Struct):
    name: str = "未命名多维表格"
    folder_token: str = ""
    time_zone: str = "Asia/Shanghai"


class _TableSpec(Struct):
    name: str
    default_view_name: str | UnsetType = UNSET
    fields: list[FieldSpec] | UnsetType = UNSET


class _NewTable(Struct):
    table: _TableSpec


class _Name(Struct):
    name: str


class _NewView(Struct):
    view_name: str
    view_type: str = "grid"


def create_app(call: Call) -> dict[str, Json]:
    """POST apps: the app becomes the owner."""
    asked = call.body(_NewApp)
    if len(asked.name) > 255:
        raise Refusal(1254031)
    try:
        ZoneInfo(asked.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refusal(1254001) from None
    roles: Any = {call.app.id: "full_access"}
    token = call.world.add_base(asked.name, time_zone=asked.time_zone, collaborators=roles)
    base = call.world.base(token)
    app: dict[str, Json] = {
        "app_token": token,
        "default_table_id": next(iter(base.tables)),
        "folder_token": asked.folder_token,
        "name": base.name,
        "url": f"{call.origin}/base/{token}",
    }
    return {"app": app}


def get_app(call: Call) -> dict[str, Json]:
    """GET app."""
    base = call.base
    app: dict[str, Json] = {
        "app_token": base.token,
        "name": base.name,
        "revision": base.revision,
        "is_advanced": base.advanced,
        "time_zone": base.time_zone,
        "formula_type": 1,
        "advance_version": "v1",
    }
    return {"app": app}


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
    specs = (FieldSpec("文本", 1),) if asked.fields is UNSET else tuple(asked.fields)
    if not specs:
        raise Refusal(1254001)
    view = "表格" if asked.default_view_name is UNSET else asked.default_view_name
    table = call.base.add_table(asked.name, specs, view)
    told: dict[str, Json] = {"table_id": table.id}
    if asked.fields is not UNSET:
        told["default_view_id"] = table.views[0].id
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
    del call.base.tables[call.table.id]
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
    if column.kind.ui_type == "SingleLink" and column.property:
        there = base.tables.get(str(column.property["table_id"]))
        listed["property"] = {**column.property, "table_name": there.name if there else ""}
    return listed


def create_field(call: Call) -> dict[str, Json]:
    """POST fields."""
    spec = call.body(FieldSpec)
    call.base.check(spec)
    return {"field": _answered(call.table.add_field(spec), spec, call.base)}


def update_field(call: Call) -> dict[str, Json]:
    """PUT field."""
    spec = call.body(FieldSpec)
    call.base.check(spec)
    column = call.table.column(call.path["field_id"])
    call.table.put_field(column, spec)
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
    call.table.drop_field(column)
    return {"field_id": column.id, "deleted": True}


def list_views(call: Call) -> dict[str, Json]:
    """GET views."""
    views = call.table.views
    items: list[Json] = [
        {"view_id": v.id, "view_name": v.name, "view_public_level": "Public", "view_type": v.type}
        for v in views
    ]
    return call.slice_by_id([view.id for view in views], items, 100)


def create_view(call: Call) -> dict[str, Json]:
    """POST views."""
    asked = call.body(_NewView)
    if asked.view_type not in _VIEW_TYPES:
        raise Refusal(1254019)
    view = call.table.add_view(asked.view_name, asked.view_type)
    return {"view": {"view_id": view.id, "view_name": view.name, "view_type": view.type}}
