"""How a stored cell is read back: by search, by the legacy list and get, and as plain text."""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote

from msgspec import Struct

from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.kinds import LINKS, NUMBERS, TEXTS

Text: TypeAlias = Callable[[Field, Json], Json]


class File(Struct, frozen=True):
    """An uploaded file."""

    token: str
    name: str
    size: int
    type: str
    """Media type."""
    content: bytes


class Setting(Struct, frozen=True):
    """What rendering needs to know of the place where the row is."""

    origin: str
    """``http://host:port`` of the simulated Feishu."""
    table_id: str
    revision: int
    files: dict[str, File]
    titles: Callable[[str, str], str]
    """The text of the primary cell of a row: (table id, record id) → text."""


def person(id_: str) -> dict[str, Json]:
    """A person as replies show one; only the id is real."""
    short = id_[-4:]
    return {
        "id": id_,
        "name": f"用户{short}",
        "en_name": f"User {short}",
        "email": f"user-{short}@example.com",
        "avatar_url": f"https://example.feishu.cn/avatar/{short}.webp",
    }


def in_search(column: Field, cell: Json, setting: Setting) -> Json:
    """The shape that search and batch_get give."""
    match column.kind.ui_type:
        case "Text" | "Barcode":
            return [{"text": cell, "type": "text"}]
        case "Email":
            return [{"link": f"mailto:{cell}", "text": cell, "type": "url"}]
        case "Url" if isinstance(cell, dict):
            # Feishu's pages leave ``type`` out; recorded replies have it.
            return {**cell, "type": "url"}
        case "SingleLink" | "DuplexLink":
            return {"link_record_ids": cell}
        case "Formula" | "Lookup":
            return computed(cell)
        case _:
            return _in_both(column, cell, setting)


def in_legacy(column: Field, cell: Json, setting: Setting, *, text_as_array: bool = False) -> Json:
    """The shape that GET records and GET record give: numbers are strings, texts are plain."""
    ui_type = column.kind.ui_type
    if ui_type in TEXTS and text_as_array:
        return in_search(column, cell, setting)
    if ui_type in NUMBERS:
        return shown_text(column, cell)
    if ui_type in LINKS and isinstance(cell, list):
        table_id = str((column.property or {}).get("table_id"))
        titles = [setting.titles(table_id, str(id_)) for id_ in cell]
        return [
            {
                "record_ids": cell,
                "table_id": table_id,
                "text": ",".join(titles),
                "text_arr": [*titles],
                "type": "text",
            }
        ]
    return _in_both(column, cell, setting)


def computed(cell: Json) -> Json:
    """A formula's or lookup's value: its type's number, and a list whatever it is."""
    values = cell if isinstance(cell, list) else [cell]
    if all(isinstance(value, int | float) for value in values):
        return {"type": 2, "value": [*values]}
    return {"type": 1, "value": [{"text": str(value), "type": "text"} for value in values]}


def _in_both(column: Field, cell: Json, setting: Setting) -> Json:
    match column.kind.ui_type:
        case "User" | "CreatedUser" | "ModifiedUser" if isinstance(cell, list):
            return [person(str(id_)) for id_ in cell]
        case "GroupChat" if isinstance(cell, list):
            return [{"id": id_, "name": f"群{str(id_)[-4:]}", "avatar_url": ""} for id_ in cell]
        case "Attachment" if isinstance(cell, list):
            return [_file(setting.files[str(token)], setting) for token in cell]
        case "Location":
            return {
                "location": cell,
                "name": "",
                "pname": "",
                "cityname": "",
                "adname": "",
                "address": "",
                "full_address": cell,
            }
        case _:
            return cell


def _file(file: File, setting: Setting) -> dict[str, Json]:
    extra = quote(f'{{"bitablePerm":{{"tableId":"{setting.table_id}","rev":{setting.revision}}}}}')
    medias = f"{setting.origin}/open-apis/drive/v1/medias"
    return {
        "file_token": file.token,
        "name": file.name,
        "size": file.size,
        "type": file.type,
        "url": f"{medias}/{file.token}/download?extra={extra}",
        "tmp_url": f"{medias}/batch_get_tmp_download_url?file_tokens={file.token}&extra={extra}",
    }


def shown_text(column: Field, cell: Json) -> str:
    """The cell as plain text: what a filter compares and what is kept when a column changes its kind."""
    if isinstance(cell, dict):
        return str(cell.get("text", ""))
    if isinstance(cell, list):
        return ",".join(str(item) for item in cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    if column.kind.ui_type in NUMBERS and isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)
