"""A Bitable: its tables, columns and records, as typed calls. Source: Feishu's bitable-v1 endpoints."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from gateway.feishu.client import Client

MOST_ROWS = 1000
"""Rows that one batch_create or batch_update takes."""


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


class NewField(Struct, frozen=True, omit_defaults=True):
    """A column to be made. Some types must come without any ``property``."""

    field_name: str
    type: int
    ui_type: str | None = None
    property: dict[str, Any] | None = None


class Record(Struct, frozen=True):
    record_id: str
    fields: dict[str, Any] = {}


class _AppData(Struct, frozen=True):
    app: App


class _Node(Struct, frozen=True):
    obj_token: str
    obj_type: str


class _NodeData(Struct, frozen=True):
    node: _Node


class _FieldData(Struct, frozen=True):
    field: Field


T = TypeVar("T")


class _Page(Struct, Generic[T], frozen=True):
    items: tuple[T, ...] | None = None
    has_more: bool = False
    page_token: str = ""


class _Done(Struct, frozen=True):
    """A reply that says nothing that is not known."""


class _Created(Struct, frozen=True):
    records: tuple[Record, ...]


async def resolve_wiki(client: Client, node_token: str) -> tuple[str, str]:
    """What a wiki node holds: its ``obj_type`` and its token. Raises FeishuError."""
    path = "/open-apis/wiki/v2/spaces/get_node"
    data = await client.read("GET", path, _NodeData, params={"token": node_token})
    return data.node.obj_type, data.node.obj_token


class Bitable:
    """One Bitable. Every call raises FeishuError."""

    def __init__(self, client: Client, app_token: str) -> None:
        self._client = client
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

    async def records(
        self, table_id: str, columns: Sequence[str], where: dict[str, Any] | None = None
    ) -> AsyncIterator[Record]:
        """Every record, or those that match a filter, with some columns (by name), in pages of 500."""
        body: dict[str, Any] = {"field_names": list(columns)}
        if where:
            body["filter"] = where
        path = f"{self._root}/tables/{table_id}/records/search"
        async for record in self._items("POST", path, Record, size=500, json=body):
            yield record

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
        data = await self._client.write("POST", path, _Created, repeatable=False, params=params, content=body)
        return [record.record_id for record in data.records]

    async def update_records(self, table_id: str, body: bytes) -> None:
        """Sends a ``{"records": [{"record_id": …, "fields": …}]}``; null clears a cell. All or nothing."""
        path = f"{self._root}/tables/{table_id}/records/batch_update"
        await self._client.write("POST", path, _Done, repeatable=True, content=body)
