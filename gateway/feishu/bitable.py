"""A Bitable: its tables, columns and records, as typed calls. Source: Feishu's bitable-v1 endpoints."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from gateway.errors import FeishuFault
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


class _Page(Struct, frozen=True):
    items: tuple[msgspec.Raw, ...] | None = None
    has_more: bool = False
    page_token: str = ""


class _Created(Struct, frozen=True):
    records: tuple[Record, ...]


T = TypeVar("T")


def _decode(data: msgspec.Raw, kind: type[T]) -> T:
    """Raises FeishuFault for a reply that is not in its documented shape: who knows what was done."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise FeishuFault from error


async def resolve_wiki(client: Client, node_token: str) -> tuple[str, str]:
    """What a wiki node holds: its ``obj_type`` and its token. Raises FeishuError."""
    data = await client.read("GET", "/open-apis/wiki/v2/spaces/get_node", params={"token": node_token})
    node = _decode(data, _NodeData).node
    return node.obj_type, node.obj_token


class Bitable:
    """One Bitable. Every call raises FeishuError."""

    def __init__(self, client: Client, app_token: str) -> None:
        self._client = client
        self._root = f"/open-apis/bitable/v1/apps/{app_token}"

    async def app(self) -> App:
        return _decode(await self._client.read("GET", self._root), _AppData).app

    async def tables(self) -> list[Table]:
        pages = self._items("GET", f"{self._root}/tables", size=100)
        return [_decode(item, Table) async for item in pages]

    async def create_table(self, name: str, fields: Sequence[NewField]) -> str:
        """Makes a table whose first field is the primary one. Returns its id. Not repeatable: look by name first."""
        body = {"table": {"name": name, "default_view_name": name, "fields": fields}}
        data = await self._client.write("POST", f"{self._root}/tables", repeatable=False, json=body)
        return _decode(data, Table).table_id

    async def fields(self, table_id: str) -> list[Field]:
        pages = self._items("GET", f"{self._root}/tables/{table_id}/fields", size=100)
        return [_decode(item, Field) async for item in pages]

    async def create_field(self, table_id: str, field: NewField) -> Field:
        """Not repeatable: look by name first."""
        path = f"{self._root}/tables/{table_id}/fields"
        data = await self._client.write("POST", path, repeatable=False, json=field)
        return _decode(data, _FieldData).field

    async def records(
        self, table_id: str, columns: Sequence[str], where: dict[str, Any] | None = None
    ) -> AsyncIterator[Record]:
        """Every record, or those that match a filter, with some columns (by name), in pages of 500."""
        body: dict[str, Any] = {"field_names": list(columns)}
        if where:
            body["filter"] = where
        async for item in self._items(
            "POST", f"{self._root}/tables/{table_id}/records/search", size=500, json=body
        ):
            yield _decode(item, Record)

    async def _items(self, method: str, path: str, *, size: int, **rest: Any) -> AsyncIterator[msgspec.Raw]:
        """All pages of a listing. A page token that repeats ends it: some replies carry one on the last page."""
        params: dict[str, Any] = {"page_size": size}
        while True:
            page = _decode(await self._client.read(method, path, params=params, **rest), _Page)
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
        data = await self._client.write("POST", path, repeatable=False, params=params, content=body)
        return [record.record_id for record in _decode(data, _Created).records]

    async def update_records(self, table_id: str, records: Sequence[Record]) -> None:
        """Writes the given cells and no others; None clears one. All or nothing."""
        path = f"{self._root}/tables/{table_id}/records/batch_update"
        await self._client.write("POST", path, repeatable=True, json={"records": records})
