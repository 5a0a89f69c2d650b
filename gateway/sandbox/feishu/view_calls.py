"""The calls on views. Each returns the ``data`` of its reply."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.filters import Condition, Filter, Sieve
from gateway.sandbox.feishu.kinds import SELECTS
from gateway.sandbox.feishu.table import Record, Table
from gateway.sandbox.feishu.views import View, ViewCondition, ViewFilter


class _NewView(Struct):
    view_name: str
    view_type: str = "grid"


class _Property(Struct):
    filter_info: ViewFilter | UnsetType | None = UNSET
    hidden_fields: list[str] | UnsetType | None = UNSET
    hierarchy_config: dict[str, Any] | UnsetType | None = UNSET


class _Changed(Struct):
    view_name: str | UnsetType = UNSET
    property: _Property | UnsetType = UNSET


def list_views(call: Call) -> dict[str, Json]:
    """GET views."""
    views = call.table.views.all
    items: list[Json] = [{**shown(view), "view_public_level": "Public"} for view in views]
    return call.slice_by_id([view.id for view in views], items, 100)


def create_view(call: Call) -> dict[str, Json]:
    """POST views."""
    asked = call.body(_NewView)
    return {"view": shown(call.table.views.add(asked.view_name, asked.view_type, call.world.ids))}


def get_view(call: Call) -> dict[str, Json]:
    """GET view: here the property is always told."""
    return {"view": shown(call.table.views.get(call.path["view_id"]), whole=True)}


def patch_view(call: Call) -> dict[str, Json]:
    """PATCH view: what is not sent stays, null takes away.

    Raises Refusal 1254012 (a hidden primary column), 1254018, 1254020–1254022, 1254044.
    """
    view, asked = call.table.views.get(call.path["view_id"]), call.body(_Changed)
    after = msgspec.structs.replace(view)
    if asked.view_name is not UNSET and asked.view_name.strip() != view.name:
        after.name = call.table.views.free_name(asked.view_name)
    if asked.property is not UNSET:
        _set(after, asked.property, call)
    views = call.table.views.all
    views[views.index(view)] = after
    return {"view": shown(after, whole=True)}


def delete_view(call: Call) -> dict[str, Json]:
    """DELETE view. Raises Refusal 1254023."""
    call.table.views.drop(call.table.views.get(call.path["view_id"]))
    return {}


def _set(view: View, given: _Property, call: Call) -> None:
    view.changed = True
    if given.filter_info is not UNSET:
        view.filter = given.filter_info if given.filter_info and given.filter_info.conditions else None
        for condition in view.filter.conditions if view.filter else ():
            condition.condition_id = condition.condition_id or call.world.ids.condition()
            condition.field_type = call.table.column(condition.field_id).kind.type
    if given.hidden_fields is not UNSET:
        columns = [call.table.column(id_) for id_ in given.hidden_fields or ()]
        if any(column.primary for column in columns):
            raise Refusal(1254012)
        view.hidden = [column.id for column in columns] or None
    if given.hierarchy_config is not UNSET:
        view.hierarchy = given.hierarchy_config
    visible(view, call.table, [], _zone(call), call.world.clock())


def shown(view: View, *, whole: bool = False) -> dict[str, Json]:
    """A view as replies show it."""
    told: dict[str, Json] = {"view_id": view.id, "view_name": view.name, "view_type": view.type}
    if whole or view.changed:
        conditions: Json = None
        if view.filter is not None:
            listed: list[Json] = [msgspec.to_builtins(condition) for condition in view.filter.conditions]
            conditions = {
                "condition_omitted": None,
                "conditions": listed,
                "conjunction": view.filter.conjunction,
            }
        told["property"] = {
            "filter_info": conditions,
            "hidden_fields": [*view.hidden] if view.hidden else None,
            "hierarchy_config": view.hierarchy,
        }
    return told


def _zone(call: Call) -> ZoneInfo:
    return ZoneInfo(call.base.time_zone)


def visible(view: View, table: Table, rows: list[Record], zone: ZoneInfo, now: float) -> list[Record]:
    """The rows that the view's filter lets through. Raises Refusal 1254018, 1254044."""
    if view.filter is None:
        return rows
    conditions = [_read(condition, table) for condition in view.filter.conditions]
    columns = {column.name: column for column in table.fields}
    keeps = Sieve(columns, zone, now).keeps(Filter(view.filter.conjunction, conditions))
    return list(filter(keeps, rows))


def _read(condition: ViewCondition, table: Table) -> Condition:
    column = table.column(condition.field_id)
    try:
        values = msgspec.json.decode(condition.value or "[]", type=list[str | int | float | bool])
    except msgspec.MsgspecError:
        raise Refusal(1254018) from None
    said = [value if isinstance(value, str) else str(value).lower() for value in values]
    if column.kind.ui_type in SELECTS:
        said = [_option(column, id_) for id_ in said]
    return Condition(column.name, condition.operator, said)


def _option(column: Field, id_: str) -> str:
    name = next((option.name for option in column.options.values() if option.id == id_), None)
    if name is None:
        raise Refusal(1254018)
    return name
