"""Which call a request is: its name, path, scopes and rate. Source: the page of each endpoint (2026-05)."""

import re
from collections.abc import Callable

from msgspec import Struct

from gateway.sandbox.feishu import drive, records, structure
from gateway.sandbox.feishu.access import Rate
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json

_APP = "/open-apis/bitable/v1/apps"
_BASE = f"{_APP}/(?P<app_token>[^/]+)"
_TABLE = f"{_BASE}/tables/(?P<table_id>[^/]+)"
_RECORD = f"{_TABLE}/records/(?P<record_id>[^/]+)"
_FIELD = f"{_TABLE}/fields/(?P<field_id>[^/]+)"

_READ = ("bitable:app", "bitable:app:readonly")
_WIKI = ("wiki:wiki", "wiki:wiki:readonly", "wiki:node:read")
_UPLOAD = ("bitable:app", "docs:doc", "docs:document.media:upload", "drive:drive", "sheets:spreadsheet")

SECOND_10, SECOND_20, SECOND_50 = Rate(10), Rate(20), Rate(50)


class Route(Struct, frozen=True):
    """One call."""

    name: str
    method: str
    path: re.Pattern[str]
    rate: Rate
    scopes: tuple[str, ...]
    """Any one of them is enough."""
    handle: Callable[[Call], dict[str, Json]]
    writes: bool
    creates: bool
    """Takes a client_token."""


def _route(
    name: str,
    method: str,
    path: str,
    rate: Rate,
    scopes: tuple[str, ...],
    handle: Callable[[Call], dict[str, Json]],
) -> Route:
    # A search is a POST that a reader may make.
    writes = method != "GET" and "bitable:app:readonly" not in scopes
    creates = name in {"record.create", "record.batch_create", "field.create"}
    return Route(name, method, re.compile(f"{path}$"), rate, scopes, handle, writes, creates)


def _can(what: str, *, write: bool) -> tuple[str, ...]:
    return (f"base:{what}", "bitable:app") if write else (f"base:{what}", *_READ)


ROUTES = (
    _route("app.create", "POST", _APP, Rate(20, 60), _can("app:create", write=True), structure.create_app),
    _route("app.get", "GET", _BASE, SECOND_20, _can("app:read", write=False), structure.get_app),
    _route("table.list", "GET", f"{_BASE}/tables", SECOND_20, _can("table:read", write=False), structure.list_tables),
    _route("table.create", "POST", f"{_BASE}/tables", SECOND_10, _can("table:create", write=True), structure.create_table),
    _route("table.patch", "PATCH", _TABLE, SECOND_10, _can("table:update", write=True), structure.rename_table),
    _route("table.delete", "DELETE", _TABLE, SECOND_10, _can("table:delete", write=True), structure.delete_table),
    _route("field.list", "GET", f"{_TABLE}/fields", SECOND_20, _can("field:read", write=False), structure.list_fields),
    _route("field.create", "POST", f"{_TABLE}/fields", SECOND_10, _can("field:create", write=True), structure.create_field),
    _route("field.update", "PUT", _FIELD, SECOND_10, _can("field:update", write=True), structure.update_field),
    _route("field.delete", "DELETE", _FIELD, SECOND_10, _can("field:delete", write=True), structure.delete_field),
    _route("view.list", "GET", f"{_TABLE}/views", SECOND_20, _can("view:read", write=False), structure.list_views),
    _route("view.create", "POST", f"{_TABLE}/views", SECOND_10, _can("view:write_only", write=True), structure.create_view),
    _route("record.search", "POST", f"{_TABLE}/records/search", SECOND_20, _can("record:retrieve", write=False), records.search),
    _route("record.batch_get", "POST", f"{_TABLE}/records/batch_get", SECOND_20, _can("record:read", write=False), records.batch_get),
    _route("record.batch_create", "POST", f"{_TABLE}/records/batch_create", SECOND_50, _can("record:create", write=True), records.batch_create),
    _route("record.batch_update", "POST", f"{_TABLE}/records/batch_update", SECOND_50, _can("record:update", write=True), records.batch_update),
    _route("record.batch_delete", "POST", f"{_TABLE}/records/batch_delete", SECOND_50, _can("record:delete", write=True), records.batch_delete),
    _route("record.create", "POST", f"{_TABLE}/records", SECOND_50, _can("record:create", write=True), records.create),
    _route("record.list", "GET", f"{_TABLE}/records", SECOND_20, _READ, records.legacy_list),
    _route("record.get", "GET", _RECORD, SECOND_20, _READ, records.legacy_get),
    _route("record.update", "PUT", _RECORD, SECOND_50, _can("record:update", write=True), records.update),
    _route("record.delete", "DELETE", _RECORD, SECOND_50, _can("record:delete", write=True), records.delete),
    _route("media.upload_all", "POST", "/open-apis/drive/v1/medias/upload_all", Rate(5), _UPLOAD, drive.upload),
    _route("wiki.get_node", "GET", "/open-apis/wiki/v2/spaces/get_node", Rate(100, 60), _WIKI, drive.get_node),
)  # fmt: skip


def route_of(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The call and the parameters in its path, or None for a path that is not there."""
    for route in ROUTES:
        found = route.path.match(path) if route.method == method else None
        if found:
            return route, found.groupdict()
    return None


def known(path: str) -> bool:
    """Some method is answered there."""
    return any(route.path.match(path) for route in ROUTES)
