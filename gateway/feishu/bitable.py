"""A Bitable: its tables, columns and records, as typed calls. Source: Feishu's bitable-v1 endpoints."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from gateway.errors import NeedsManage
from gateway.feishu.client import Client

MOST_ROWS = 1000
"""Rows that one batch_create or batch_update takes."""
MOST_DELETED = 500
"""Rows that one batch_delete takes."""
MOST_LOOKED_UP = 100
"""Records that one batch_get takes."""


class App(Struct, frozen=True):
    """A Bitable (Feishu calls it an app)."""

    name: str = ""
    time_zone: str | None = None
    is_advanced: bool = False


class Table(Struct, frozen=True):
    table_id: str
    name: str = ""


class Field(Struct, frozen=True):
    """A column. ``type`` and ``ui_type`` as Feishu numbers and names them."""

    field_id: str
    field_name: str
    type: int
    ui_type: str | None = None
    is_primary: bool = False
    property: dict[str, Any] | None = None
    description: str | None = None


class NewField(Struct, frozen=True, omit_defaults=True):
    """A column to be made. Some types must come without any ``property``."""

    field_name: str
    type: int
    ui_type: str | None = None
    property: dict[str, Any] | None = None


class View(Struct, frozen=True):
    view_id: str
    view_name: str
    view_type: str = "grid"


class Record(Struct, frozen=True):
    record_id: str
    fields: dict[str, Any] = {}


class Dated(Record, frozen=True):
    """A record, and when it was made where that was asked."""

    created_time: int = 0
    """In milliseconds, by Feishu's clock."""


class _AppData(Struct, frozen=True):
    app: App


class _Node(Struct, frozen=True):
    obj_token: str
    obj_type: str


class _NodeData(Struct, frozen=True):
    node: _Node


class _FieldData(Struct, frozen=True):
    field: Field


class _ViewData(Struct, frozen=True):
    view: View


class _NewApp(Struct, frozen=True):
    app_token: str
    url: str = ""


class _NewAppData(Struct, frozen=True):
    app: _NewApp


class _Uploaded(Struct, frozen=True):
    file_token: str


T = TypeVar("T")


class _Page(Struct, Generic[T], frozen=True):
    items: tuple[T, ...] | None = None
    has_more: bool = False
    page_token: str = ""


class _Done(Struct, frozen=True):
    """A reply that says nothing that is not known."""


class _Created(Struct, frozen=True):
    records: tuple[Record, ...]


class _Got(Struct, frozen=True):
    records: tuple[Record, ...] | None = None
    forbidden_record_ids: tuple[str, ...] | None = None


async def create_base(client: Client, name: str, time_zone: str) -> tuple[str, str]:
    """Makes a Bitable. Returns its token and the address of its page. Not repeatable. Raises FeishuError."""
    body = {"name": name, "time_zone": time_zone}
    data = await client.write("POST", "/open-apis/bitable/v1/apps", _NewAppData, repeatable=False, json=body)
    return data.app.app_token, data.app.url


async def resolve_wiki(client: Client, node_token: str) -> tuple[str, str]:
    """What a wiki node holds: its ``obj_type`` and its token. Raises FeishuError."""
    path = "/open-apis/wiki/v2/spaces/get_node"
    data = await client.read("GET", path, _NodeData, params={"token": node_token})
    return data.node.obj_type, data.node.obj_token


class Bitable:
    """One Bitable. Every call raises FeishuError."""

    def __init__(self, client: Client, app_token: str) -> None:
        self._client = client
        self._app_token = app_token
        self._root = f"/open-apis/bitable/v1/apps/{app_token}"

    async def app(self) -> App:
        return (await self._client.read("GET", self._root, _AppData)).app

    async def tables(self) -> list[Table]:
        return [table async for table in self._items("GET", f"{self._root}/tables", Table, size=100)]

    async def create_table(self, name: str, fields: Sequence[NewField]) -> str:
        """Makes a table whose first field is the primary one. Returns its id. Not repeatable: look by name first."""
        body = {"table": {"name": name, "default_view_name": name, "fields": fields}}
        path = f"{self._root}/tables"
        return (await self._client.write("POST", path, Table, repeatable=False, json=body)).table_id

    async def fields(self, table_id: str) -> list[Field]:
        path = f"{self._root}/tables/{table_id}/fields"
        return [field async for field in self._items("GET", path, Field, size=100)]

    async def create_field(self, table_id: str, field: NewField) -> Field:
        """Not repeatable: look by name first."""
        path = f"{self._root}/tables/{table_id}/fields"
        return (await self._client.write("POST", path, _FieldData, repeatable=False, json=field)).field

    async def update_field(self, table_id: str, field: Field, changed: dict[str, Any]) -> Field:
        """Gives a column another ``property``. The rest is sent as it is: what is left out would be lost."""
        path = f"{self._root}/tables/{table_id}/fields/{field.field_id}"
        body: dict[str, Any] = {"field_name": field.field_name, "type": field.type, "property": changed}
        if field.ui_type:
            body["ui_type"] = field.ui_type
        if field.description:
            body["description"] = {"disable_sync": True, "text": field.description}
        return (await self._client.write("PUT", path, _FieldData, repeatable=True, json=body)).field

    async def create_view(self, table_id: str, name: str, kind: str) -> View:
        """Not repeatable. ``kind``: grid, kanban, gallery, gantt or form."""
        path = f"{self._root}/tables/{table_id}/views"
        body = {"view_name": name, "view_type": kind}
        return (await self._client.write("POST", path, _ViewData, repeatable=False, json=body)).view

    async def update_view(self, table_id: str, view_id: str, changed: dict[str, Any]) -> None:
        """Gives a view another ``property``, e.g. a filter."""
        path = f"{self._root}/tables/{table_id}/views/{view_id}"
        await self._client.write("PATCH", path, _Done, repeatable=True, json={"property": changed})

    async def records(
        self,
        table_id: str,
        columns: Sequence[str],
        where: dict[str, Any] | None = None,
        *,
        dated: bool = False,
    ) -> AsyncIterator[Dated]:
        """Every record, or those that match a filter, with some columns (by name), in pages of 500."""
        body: dict[str, Any] = {"field_names": list(columns)}
        if where:
            body["filter"] = where
        if dated:
            body["automatic_fields"] = True
        path = f"{self._root}/tables/{table_id}/records/search"
        async for record in self._items("POST", path, Dated, size=500, json=body, purpose="rows"):
            yield record

    async def is_empty(self, table_id: str) -> bool:
        """Whether the table has no row at all, not even a blank one."""
        path = f"{self._root}/tables/{table_id}/records/search"
        page = await self._client.read(
            "POST", path, _Page[Record], params={"page_size": 1}, json={}, purpose="rows"
        )
        return not page.items

    async def _items(
        self, method: str, path: str, kind: type[T], *, size: int, **rest: Any
    ) -> AsyncIterator[T]:
        """All pages of a listing. A page token that repeats ends it: some replies carry one on the last page."""
        params: dict[str, Any] = {"page_size": size}
        while True:
            page = await self._client.read(method, path, _Page[kind], params=params, **rest)
            for item in page.items or ():
                yield item
            if not page.has_more or page.page_token == params.get("page_token"):
                return
            params = {"page_size": size, "page_token": page.page_token}

    async def create_records(self, table_id: str, body: bytes, client_token: UUID) -> list[str]:
        """Sends the exact bytes of a ``{"records": [{"fields": …}]}``. Returns the record ids in their order.

        Raises FeishuUnreachable or FeishuFault when it is not known whether the rows were made.
        """
        path = f"{self._root}/tables/{table_id}/records/batch_create"
        params = {"client_token": str(client_token)}
        data = await self._client.write(
            "POST", path, _Created, repeatable=False, params=params, content=body, purpose="rows"
        )
        return [record.record_id for record in data.records]

    async def update_records(self, table_id: str, body: bytes, *, purpose: str = "rows") -> None:
        """Sends a ``{"records": [{"record_id": …, "fields": …}]}``; null clears a cell. All or nothing."""
        path = f"{self._root}/tables/{table_id}/records/batch_update"
        await self._client.write("POST", path, _Done, repeatable=True, content=body, purpose=purpose)

    async def cells(self, table_id: str, record_ids: Sequence[str], *, purpose: str) -> list[Record]:
        """Those of these records, at most 100, that are there, with all their cells.

        Raises NeedsManage if some are there and not to be seen: they are not to be taken for deleted.
        """
        path = f"{self._root}/tables/{table_id}/records/batch_get"
        body = {"record_ids": list(record_ids)}
        data = await self._client.read("POST", path, _Got, json=body, purpose=purpose)
        if data.forbidden_record_ids:
            raise NeedsManage
        return list(data.records or ())

    async def create_blank(self, table_id: str) -> str:
        """Makes an empty record. Returns its id."""
        path = f"{self._root}/tables/{table_id}/records/batch_create"
        body: dict[str, Any] = {"records": [{"fields": {}}]}
        data = await self._client.write("POST", path, _Created, repeatable=False, json=body)
        return data.records[0].record_id

    async def exists(self, table_id: str, record_id: str) -> bool:
        """Whether a look through the table shows the record."""
        async for record in self.records(table_id, ()):
            if record.record_id == record_id:
                return True
        return False

    async def delete_records(self, table_id: str, record_ids: Sequence[str]) -> None:
        """At most ``MOST_DELETED``. All or nothing."""
        path = f"{self._root}/tables/{table_id}/records/batch_delete"
        body = {"records": list(record_ids)}
        await self._client.write("POST", path, _Done, repeatable=True, json=body, purpose="rows")

    async def upload(self, name: str, content: bytes) -> str:
        """Uploads a picture for the cells of this Bitable, at most 20 MiB. Returns its token.

        Repeatable: a picture that no cell shows is nowhere to be seen.
        """
        data = {
            "file_name": name,
            "parent_type": "bitable_image",
            "parent_node": self._app_token,
            "size": str(len(content)),
        }
        path = "/open-apis/drive/v1/medias/upload_all"
        files = {"file": (name, content)}
        done = await self._client.write(
            "POST", path, _Uploaded, repeatable=True, data=data, files=files, purpose="covers"
        )
        return done.file_token
