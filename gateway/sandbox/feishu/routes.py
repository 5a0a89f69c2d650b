"""Which call a request is: its name, path, scopes and rates. Source: the page of each endpoint (2026-05)."""

import re
from collections.abc import Callable

from msgspec import Struct

from gateway.sandbox.feishu import documents, drive, members, messages, records, structure, view_calls, wiki
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.rates import Rate
from gateway.sandbox.http import Response

_APP = "/open-apis/bitable/v1/apps"
_BASE = f"{_APP}/(?P<app_token>[^/]+)"
_TABLES = f"{_BASE}/tables"
_TABLE = f"{_TABLES}/(?P<table_id>[^/]+)"
_RECORDS = f"{_TABLE}/records"
_RECORD = f"{_RECORDS}/(?P<record_id>[^/]+)"
_FIELDS = f"{_TABLE}/fields"
_FIELD = f"{_FIELDS}/(?P<field_id>[^/]+)"
_VIEWS = f"{_TABLE}/views"
_VIEW = f"{_VIEWS}/(?P<view_id>[^/]+)"
_MEDIAS = "/open-apis/drive/v1/medias"
_MEMBERS = "/open-apis/drive/v1/permissions/(?P<token>[^/]+)/members"

_READ = ("bitable:app", "bitable:app:readonly")
_WIKI = ("wiki:wiki", "wiki:wiki:readonly", "wiki:node:read")
_FILES = ("bitable:app", "docs:doc", "drive:drive", "sheets:spreadsheet")
_UPLOAD = (*_FILES, "docs:document.media:upload")
_DOWNLOAD = (
    *_FILES, "docs:document.media:download", "bitable:app:readonly", "docs:doc:readonly", "drive:drive:readonly",
    "sheets:spreadsheet:readonly",
)  # fmt: skip
_SHARE = (*_FILES, "bitable:bitable", "docs:permission.member:create", "drive:file", "wiki:wiki")
_SHARED = (*_FILES, "bitable:bitable", "docs:permission.member:retrieve", "wiki:wiki")
_SEND = ("im:message", "im:message:send_as_bot")

MINUTE_20, MINUTE_100 = (Rate(20, 60),), (Rate(100, 60),)
SECOND_5, SECOND_10, SECOND_20, SECOND_50 = (Rate(5),), (Rate(10),), (Rate(20),), (Rate(50),)
TIER_4 = (Rate(1000, 60), Rate(50))
UPLOADS = (Rate(5), Rate(10_000, 86_400))


class Route(Struct, frozen=True):
    """One call."""

    name: str
    method: str
    path: re.Pattern[str]
    rates: tuple[Rate, ...]
    scopes: tuple[str, ...]
    """Any one of them is enough."""
    handle: Callable[[Call], dict[str, Json] | Response]
    writes: bool
    """It changes a document: one at a time on a table, and not for who may only look."""

    @property
    def creates(self) -> bool:
        """Takes a client_token."""
        return self.name in {"record.create", "record.batch_create", "field.create"}

    @property
    def personal(self) -> bool:
        """Is there on the host for personal base tokens: a Base's own calls, and of the files' the simple ones.

        Measured live by others; that the temporary addresses are not there is a guess.
        """
        return "(?P<app_token>" in self.path.pattern or self.name in {"media.upload_all", "media.download"}

    @property
    def alone(self) -> bool:
        """Two at once by the same caller are refused."""
        return self.name.startswith("media.upload")


def _route(
    name: str,
    method: str,
    path: str,
    rates: tuple[Rate, ...],
    scopes: tuple[str, ...],
    handle: Callable[[Call], dict[str, Json] | Response],
) -> Route:
    # A search is a POST that a reader may make.
    reads = method == "GET" or "bitable:app:readonly" in scopes or name == "app.copy"
    writes = "(?P<app_token>" in path and not reads
    return Route(name, method, re.compile(f"{path}$"), rates, scopes, handle, writes)


def _can(what: str, *, write: bool) -> tuple[str, ...]:
    return (f"base:{what}", "bitable:app") if write else (f"base:{what}", *_READ)


ROUTES = (
    _route("app.create", "POST", _APP, MINUTE_20, _can("app:create", write=True), documents.create_app),
    _route("app.get", "GET", _BASE, SECOND_20, _can("app:read", write=False), documents.get_app),
    _route("app.update", "PUT", _BASE, SECOND_10, _can("app:update", write=True), documents.update_app),
    _route("app.copy", "POST", f"{_BASE}/copy", MINUTE_20, _can("app:copy", write=True), documents.copy_app),
    _route("table.list", "GET", _TABLES, SECOND_20, _can("table:read", write=False), structure.list_tables),
    _route("table.create", "POST", _TABLES, SECOND_10, _can("table:create", write=True), structure.create_table),
    _route("table.batch_create", "POST", f"{_TABLES}/batch_create", SECOND_10, _can("table:create", write=True), structure.create_tables),
    _route("table.batch_delete", "POST", f"{_TABLES}/batch_delete", SECOND_10, _can("table:delete", write=True), structure.delete_tables),
    _route("table.patch", "PATCH", _TABLE, SECOND_10, _can("table:update", write=True), structure.rename_table),
    _route("table.delete", "DELETE", _TABLE, SECOND_10, _can("table:delete", write=True), structure.delete_table),
    _route("field.list", "GET", _FIELDS, SECOND_20, _can("field:read", write=False), structure.list_fields),
    _route("field.create", "POST", _FIELDS, SECOND_10, _can("field:create", write=True), structure.create_field),
    _route("field.update", "PUT", _FIELD, SECOND_10, _can("field:update", write=True), structure.update_field),
    _route("field.delete", "DELETE", _FIELD, SECOND_10, _can("field:delete", write=True), structure.delete_field),
    _route("view.list", "GET", _VIEWS, SECOND_20, _can("view:read", write=False), view_calls.list_views),
    _route("view.create", "POST", _VIEWS, SECOND_10, _can("view:write_only", write=True), view_calls.create_view),
    _route("view.get", "GET", _VIEW, SECOND_20, _can("view:read", write=False), view_calls.get_view),
    _route("view.patch", "PATCH", _VIEW, SECOND_10, _can("view:write_only", write=True), view_calls.patch_view),
    _route("view.delete", "DELETE", _VIEW, SECOND_10, _can("view:write_only", write=True), view_calls.delete_view),
    _route("record.search", "POST", f"{_RECORDS}/search", SECOND_20, _can("record:retrieve", write=False), records.search),
    _route("record.batch_get", "POST", f"{_RECORDS}/batch_get", SECOND_20, _can("record:read", write=False), records.batch_get),
    _route("record.batch_create", "POST", f"{_RECORDS}/batch_create", SECOND_50, _can("record:create", write=True), records.batch_create),
    _route("record.batch_update", "POST", f"{_RECORDS}/batch_update", SECOND_50, _can("record:update", write=True), records.batch_update),
    _route("record.batch_delete", "POST", f"{_RECORDS}/batch_delete", SECOND_50, _can("record:delete", write=True), records.batch_delete),
    _route("record.create", "POST", _RECORDS, SECOND_50, _can("record:create", write=True), records.create),
    _route("record.list", "GET", _RECORDS, SECOND_20, _READ, records.legacy_list),
    _route("record.get", "GET", _RECORD, SECOND_20, _READ, records.legacy_get),
    _route("record.update", "PUT", _RECORD, SECOND_50, _can("record:update", write=True), records.update),
    _route("record.delete", "DELETE", _RECORD, SECOND_50, _can("record:delete", write=True), records.delete),
    _route("media.upload_all", "POST", f"{_MEDIAS}/upload_all", UPLOADS, _UPLOAD, drive.upload),
    _route("media.upload_prepare", "POST", f"{_MEDIAS}/upload_prepare", SECOND_5, _UPLOAD, drive.prepare),
    _route("media.upload_part", "POST", f"{_MEDIAS}/upload_part", SECOND_5, _UPLOAD, drive.part),
    _route("media.upload_finish", "POST", f"{_MEDIAS}/upload_finish", SECOND_5, _UPLOAD, drive.finish),
    _route("media.temporary", "GET", f"{_MEDIAS}/batch_get_tmp_download_url", SECOND_5, _DOWNLOAD, drive.temporary),
    _route("media.download", "GET", f"{_MEDIAS}/(?P<file_token>[^/]+)/download", SECOND_5, _DOWNLOAD, drive.download),
    _route("member.create", "POST", _MEMBERS, MINUTE_100, _SHARE, members.add_member),
    _route("member.list", "GET", _MEMBERS, TIER_4, _SHARED, members.list_members),
    _route("message.create", "POST", "/open-apis/im/v1/messages", TIER_4, _SEND, messages.send),
    _route("wiki.get_node", "GET", "/open-apis/wiki/v2/spaces/get_node", MINUTE_100, _WIKI, wiki.get_node),
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
