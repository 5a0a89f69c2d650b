"""The calls that there are: method and path, rate, scopes, and what they do.

Rates and scopes are those of Feishu's pages (2026-05); any one of the scopes is enough.
"""

from collections.abc import Callable
from typing import Literal
from urllib.parse import unquote

from msgspec import Struct

from gateway.sandbox.feishu import drive, records, structure
from gateway.sandbox.feishu.access import Rate
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json

TOKEN_CALL = "token"  # noqa: S105 - the name of a call, no secret
ROOT = "/open-apis/"


class Route(Struct, frozen=True):
    """One call."""

    name: str
    method: str
    path: str
    """Below ``/open-apis/``; a part that begins with a colon is a parameter."""
    act: Callable[[Call], dict[str, Json]]
    rate: Rate
    scopes: tuple[str, ...]
    writes: bool = False
    lock: Literal["", "table", "app"] = ""
    """What may carry only one such call at a time."""
    creates: bool = False
    """Takes a client_token."""

    def match(self, method: str, parts: list[str]) -> dict[str, str] | None:
        """The parameters of the path, if it is this call's."""
        wanted = self.path.split("/")
        if method != self.method or len(wanted) != len(parts):
            return None
        path: dict[str, str] = {}
        for want, part in zip(wanted, parts, strict=True):
            if want.startswith(":"):
                path[want[1:]] = part
            elif want != part:
                return None
        return path


_ALL, _READ = "bitable:app", "bitable:app:readonly"
_APPS = "bitable/v1/apps"
_APP = f"{_APPS}/:app_token"
_TABLE = f"{_APP}/tables/:table_id"
_FIELDS, _RECORDS, _VIEWS = f"{_TABLE}/fields", f"{_TABLE}/records", f"{_TABLE}/views"


def _read(
    name: str, method: str, path: str, act: Callable[[Call], dict[str, Json]], scope: str = ""
) -> Route:
    scopes = tuple(each for each in (scope, _ALL, _READ) if each)
    return Route(name, method, path, act, Rate(20), scopes)


def _structure(
    name: str,
    method: str,
    path: str,
    act: Callable[[Call], dict[str, Json]],
    scope: str,
    *,
    creates: bool = False,
) -> Route:
    lock = "table" if ":table_id" in path else ""
    return Route(name, method, path, act, Rate(10), (scope, _ALL), writes=True, lock=lock, creates=creates)


def _rows(
    name: str,
    method: str,
    path: str,
    act: Callable[[Call], dict[str, Json]],
    scope: str,
    *,
    creates: bool = False,
) -> Route:
    return Route(name, method, path, act, Rate(50), (scope, _ALL), writes=True, lock="table", creates=creates)


ROUTES = (
    Route("app.create", "POST", _APPS, structure.create_app, Rate(20, 60), ("base:app:create", _ALL)),
    _read("app.get", "GET", _APP, structure.get_app, "base:app:read"),
    _read("table.list", "GET", f"{_APP}/tables", structure.list_tables, "base:table:read"),
    _structure("table.create", "POST", f"{_APP}/tables", structure.create_table, "base:table:create"),
    _structure("table.patch", "PATCH", _TABLE, structure.rename_table, "base:table:update"),
    _structure("table.delete", "DELETE", _TABLE, structure.delete_table, "base:table:delete"),
    _read("field.list", "GET", _FIELDS, structure.list_fields, "base:field:read"),
    _structure("field.create", "POST", _FIELDS, structure.create_field, "base:field:create", creates=True),
    _structure("field.update", "PUT", f"{_FIELDS}/:field_id", structure.update_field, "base:field:update"),
    _structure("field.delete", "DELETE", f"{_FIELDS}/:field_id", structure.delete_field, "base:field:delete"),
    _read("view.list", "GET", _VIEWS, structure.list_views, "base:view:read"),
    _structure("view.create", "POST", _VIEWS, structure.create_view, "base:view:write_only"),
    _rows("record.create", "POST", _RECORDS, records.create, "base:record:create", creates=True),
    _rows(
        "record.batch_create",
        "POST",
        f"{_RECORDS}/batch_create",
        records.batch_create,
        "base:record:create",
        creates=True,
    ),
    _rows("record.update", "PUT", f"{_RECORDS}/:record_id", records.update, "base:record:update"),
    _rows(
        "record.batch_update", "POST", f"{_RECORDS}/batch_update", records.batch_update, "base:record:update"
    ),
    _rows("record.delete", "DELETE", f"{_RECORDS}/:record_id", records.delete, "base:record:delete"),
    _rows(
        "record.batch_delete", "POST", f"{_RECORDS}/batch_delete", records.batch_delete, "base:record:delete"
    ),
    _read("record.batch_get", "POST", f"{_RECORDS}/batch_get", records.batch_get, "base:record:read"),
    _read("record.search", "POST", f"{_RECORDS}/search", records.search, "base:record:retrieve"),
    _read("record.list", "GET", _RECORDS, records.legacy_list),
    _read("record.get", "GET", f"{_RECORDS}/:record_id", records.legacy_get),
    Route(
        "media.upload_all",
        "POST",
        "drive/v1/medias/upload_all",
        drive.upload,
        Rate(5),
        (_ALL, "drive:drive", "docs:document.media:upload", "docs:doc", "sheets:spreadsheet"),
        lock="app",
    ),
    Route(
        "wiki.get_node",
        "GET",
        "wiki/v2/spaces/get_node",
        drive.get_node,
        Rate(100, 60),
        ("wiki:node:read", "wiki:wiki", "wiki:wiki:readonly"),
    ),
)

NAMES = frozenset({TOKEN_CALL, *(route.name for route in ROUTES)})


def path_parts(target: str) -> list[str]:
    """The parts of a path below ``/open-apis/``, split before they are decoded."""
    path = target.partition("?")[0].removeprefix(ROOT).removesuffix("/")
    return [unquote(part) for part in path.split("/")]


def find(method: str, parts: list[str]) -> tuple[Route, dict[str, str]] | None:
    """The call, and the parameters in its path."""
    for route in ROUTES:
        path = route.match(method, parts)
        if path is not None:
            return route, path
    return None
