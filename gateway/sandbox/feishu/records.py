"""The calls on rows. Each returns the ``data`` of its reply."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal, unknown_name, violation
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.filters import Filter, Sieve, Sort
from gateway.sandbox.feishu.formulas import holds
from gateway.sandbox.feishu.renders import in_legacy, in_search, person
from gateway.sandbox.feishu.table import Record, Row, cell_of
from gateway.sandbox.feishu.view_calls import visible

MOST_CREATED = 1000
MOST_UPDATED = 1000
MOST_DELETED = 500
MOST_GOT = 100

Render = Callable[[Field, Json], Json]


class _New(Struct):
    fields: dict[str, Any]


class _NewMany(Struct):
    records: list[_New]


class _Changed(Struct):
    record_id: str
    fields: dict[str, Any]


class _ChangedMany(Struct):
    records: list[_Changed]


class _DeletedMany(Struct):
    records: list[str]


class _Wanted(Struct):
    record_ids: list[str]
    with_shared_url: bool = False
    automatic_fields: bool = False


class _Search(Struct):
    view_id: str = ""
    field_names: list[str] | UnsetType | None = UNSET
    sort: list[Sort] = field(default_factory=list)
    filter: Filter | None = None
    automatic_fields: bool = False


# Writes.


def create(call: Call) -> dict[str, Json]:
    """POST records."""
    return {"record": _created(call, [call.body(_New)])[0]}


def batch_create(call: Call) -> dict[str, Json]:
    """POST records/batch_create."""
    new = call.body(_NewMany).records
    _batch(new, MOST_CREATED)
    return {"records": [*_created(call, new)]}


def _created(call: Call, new: Sequence[_New]) -> list[dict[str, Json]]:
    around = call.base.around()
    plans = [call.table.plan(row.fields, around) for row in new]
    made = call.table.create(plans, call.stamp)
    call.base.settle(call.table)
    return [_echo(record.id, row.fields) for record, row in zip(made, new, strict=True)]


def update(call: Call) -> dict[str, Json]:
    """PUT record: the cells that are named change, null empties one."""
    row = call.body(_New)
    return {"record": _updated(call, [_Changed(call.path["record_id"], row.fields)])[0]}


def batch_update(call: Call) -> dict[str, Json]:
    """POST records/batch_update."""
    changed = call.body(_ChangedMany).records
    _batch(changed, MOST_UPDATED)
    return {"records": [*_updated(call, changed)]}


def _updated(call: Call, changed: Sequence[_Changed]) -> list[dict[str, Json]]:
    around = call.base.around()
    table = call.table
    table.update(
        [(table.record(row.record_id), table.plan(row.fields, around)) for row in changed], call.stamp
    )
    call.base.settle(table)
    return [_echo(row.record_id, row.fields) for row in changed]


def delete(call: Call) -> dict[str, Json]:
    """DELETE record."""
    call.table.delete([call.path["record_id"]])
    call.base.settle(call.table)
    return {"deleted": True, "record_id": call.path["record_id"]}


def batch_delete(call: Call) -> dict[str, Json]:
    """POST records/batch_delete."""
    ids = call.body(_DeletedMany).records
    _batch(ids, MOST_DELETED)
    call.table.delete(ids)
    call.base.settle(call.table)
    return {"records": [{"deleted": True, "record_id": id_} for id_ in ids]}


def _batch(rows: Sequence[object], most: int) -> None:
    if not rows:
        raise Refusal(1254001)
    if len(rows) > most:
        raise Refusal(1254104)


def _echo(record_id: str, fields: Row) -> dict[str, Json]:
    """What was written, as it was written, not as it is read."""
    kept: Json = {name: value for name, value in fields.items() if value is not None}
    return {"fields": kept, "id": record_id, "record_id": record_id}


# Reads.


def batch_get(call: Call) -> dict[str, Json]:
    """POST records/batch_get: ids that are not there are no error."""
    wanted = call.body(_Wanted)
    if not 1 <= len(wanted.record_ids) <= MOST_GOT:
        raise violation("record_ids", str(len(wanted.record_ids)), f"the max len is {MOST_GOT}")
    ids = list(dict.fromkeys(wanted.record_ids))
    rows = call.table.seen()
    there = [id_ for id_ in ids if id_ in rows]
    seen = there if call.manages() else []
    found = [_read(call, rows[id_], _searched(call), automatic=wanted.automatic_fields) for id_ in seen]
    if wanted.with_shared_url:
        for record in found:
            record["shared_url"] = f"{call.origin}/record/{record['record_id']}"
    return {
        "records": [*found],
        "forbidden_record_ids": [id_ for id_ in there if id_ not in seen],
        "absent_record_ids": [id_ for id_ in ids if id_ not in rows],
    }


def search(call: Call) -> dict[str, Json]:
    """POST records/search."""
    asked = call.body(_Search)
    columns = _chosen(call, asked.field_names or None)
    rows = _visible(call, "" if asked.filter is not None or asked.sort else asked.view_id)
    if asked.filter is not None:
        rows = list(filter(_sieve(call).keeps(asked.filter), rows))
    page, envelope = call.slice_rows(_sieve(call).ordered(rows, asked.sort))
    render = _searched(call)
    items = [_read(call, row, render, columns, automatic=asked.automatic_fields) for row in page]
    return {**envelope, "items": [*items]}


def legacy_list(call: Call) -> dict[str, Json]:
    """GET records. Raises Refusal 1254016, 1254018, 1254024, 1254107, 1254108."""
    formula, order = call.request.param("filter"), call.request.param("sort")
    if len(formula) > 2000:
        raise Refusal(1254107)
    if len(order) > 1000:
        raise Refusal(1254108)
    columns = _chosen(call, _listed(call, "field_names"))
    rows = _visible(call, "" if formula or order else call.request.param("view_id"))
    if formula:
        rows = list(filter(holds(formula, call.table.fields), rows))
    sorts = [_legacy_sort(text) for text in _listed(call, "sort") or ()]
    page, envelope = call.slice_rows(_sieve(call).ordered(rows, sorts))
    render, automatic = _legacy(call), call.flag("automatic_fields")
    items = [{**_read(call, row, render, columns, automatic=automatic), "id": row.id} for row in page]
    return {**envelope, "items": [*items]}


def legacy_get(call: Call) -> dict[str, Json]:
    """GET record."""
    rows = call.table.seen()
    record_id = call.path["record_id"]
    if record_id not in rows or not call.manages():
        raise Refusal(1254043 if call.manages() else 1254302)
    read = _read(call, rows[record_id], _legacy(call), automatic=call.flag("automatic_fields"))
    if call.flag("with_shared_url"):
        read["shared_url"] = f"{call.origin}/record/{record_id}"
    return {"record": {**read, "id": record_id}}


def _visible(call: Call, view_id: str) -> list[Record]:
    """The rows of the view, or all, in the order in which they were made (chosen).

    None with advanced permissions for a mere guest. A view is ignored where there is a filter or a sort.
    """
    rows = [*call.table.seen().values()] if call.manages() else []
    if not view_id:
        return rows
    view = call.table.views.get(view_id)
    return visible(view, call.table, rows, ZoneInfo(call.base.time_zone), call.world.clock())


def _sieve(call: Call) -> Sieve:
    columns = {column.name: column for column in call.table.fields}
    return Sieve(columns, ZoneInfo(call.base.time_zone), call.world.clock())


def _chosen(call: Call, names: Sequence[str] | None) -> list[Field]:
    if names is None:
        return call.table.fields
    if len(names) > 200:
        raise violation("field_names", str(len(names)), "the max len is 200")
    known = {column.name: column for column in call.table.fields}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise unknown_name(unknown)
    return [known[name] for name in names]


def _listed(call: Call, name: str) -> list[str] | None:
    """A parameter of the query that holds a JSON list of strings."""
    given = call.request.param(name)
    if not given:
        return None
    try:
        return msgspec.json.decode(given, type=list[str])
    except msgspec.DecodeError:
        raise Refusal(1254024 if name == "field_names" else 1254016) from None


def _legacy_sort(text: str) -> Sort:
    name, _, direction = text.rpartition(" ")
    if direction not in {"ASC", "DESC"}:
        raise Refusal(1254016)
    return Sort(name, direction == "DESC")


def _searched(call: Call) -> Render:
    setting = call.setting
    return lambda column, cell: in_search(column, cell, setting)


def _legacy(call: Call) -> Render:
    setting, as_array = call.setting, call.flag("text_field_as_array")
    return lambda column, cell: in_legacy(column, cell, setting, text_as_array=as_array)


def _read(
    call: Call, record: Record, render: Render, columns: Iterable[Field] | None = None, *, automatic: bool
) -> dict[str, Json]:
    """A row as it is read; empty cells are absent."""
    cells = ((column, cell_of(record, column)) for column in columns or call.table.fields)
    read: dict[str, Json] = {
        "fields": {column.name: render(column, cell) for column, cell in cells if cell is not None},
        "record_id": record.id,
    }
    if automatic:
        read["created_by"] = person(record.created_by)
        read["created_time"] = record.created
        read["last_modified_by"] = person(record.modified_by)
        read["last_modified_time"] = record.modified
    return read
