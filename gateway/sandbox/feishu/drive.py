"""The calls on files. Each returns the ``data`` of its reply, or a file."""

import re
import zlib
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.base import Base
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.renders import File
from gateway.sandbox.feishu.upload import BLOCK
from gateway.sandbox.http import Response

LARGEST = 20 * 1024 * 1024
"""Bytes (measured live by others)."""

_PARENT_TYPES = frozenset({"bitable_image", "bitable_file"})
_BOUNDARY = re.compile(r'boundary="?([^";]+)')
_NAME = re.compile(rb'[;\s]name="([^"]*)"')


def upload(call: Call) -> dict[str, Json]:
    """POST medias/upload_all. A file part without a filename is taken too (the official SDK sends one)."""
    said, content = _form(call)
    name, size = said.get("file_name", ""), said.get("size", "")
    if not size.isdecimal() or int(size) > LARGEST:
        raise Refusal(1061002)
    base = _parent(call, name, said.get("parent_type", ""), said.get("parent_node", ""))
    if int(size) != len(content):
        raise Refusal(1062009)
    _check(content, said.get("checksum", ""))
    return {"file_token": base.keep_file(name, content)}


class _Prepared(Struct):
    file_name: str = ""
    parent_type: str = ""
    parent_node: str = ""
    size: int = 0


def prepare(call: Call) -> dict[str, Json]:
    """POST medias/upload_prepare: for files of any size."""
    asked = call.body(_Prepared)
    if asked.size <= 0:
        raise Refusal(1061002)
    base = _parent(call, asked.file_name, asked.parent_type, asked.parent_node)
    id_, begun = call.world.uploads.begin(call.caller.id, asked.file_name, base.token, asked.size)
    return {"upload_id": id_, "block_size": BLOCK, "block_num": begun.count}


def part(call: Call) -> dict[str, Json]:
    """POST medias/upload_part."""
    said, content = _form(call)
    seq = said.get("seq", "")
    if not seq.isdecimal():
        raise Refusal(1061002)
    _check(content, said.get("checksum", ""))
    call.world.uploads.get(said.get("upload_id", ""), call.caller.id).put(int(seq), content)
    return {}


class _Finished(Struct):
    upload_id: str
    block_num: int


def finish(call: Call) -> dict[str, Json]:
    """POST medias/upload_finish."""
    asked = call.body(_Finished)
    done = call.world.uploads.get(asked.upload_id, call.caller.id)
    if asked.block_num != done.count:
        raise Refusal(1062011)
    token = call.world.base(done.parent).keep_file(done.name, done.whole())
    call.world.uploads.end(asked.upload_id)
    return {"file_token": token}


def download(call: Call) -> Response:
    """GET medias/…/download. With advanced permissions it takes the ``extra`` that a search told.

    Raises Refusal 1061003, 1061004.
    """
    base, file = _found(call, call.path["file_token"])
    if base.advanced and base.roles.get(call.caller.id) != "full_access" and not _permits(call, base):
        raise Refusal(1061004)
    name = quote(file.name)
    told = (("Content-Disposition", f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"),)
    return Response(200, file.content, told, file.type)


def temporary(call: Call) -> dict[str, Json]:
    """GET medias/batch_get_tmp_download_url. Raises Refusal 1061002 (none, or more than five), 1061003, 1061004."""
    tokens = [
        token for key, value in call.request.query if key == "file_tokens" for token in value.split(",")
    ]
    if not 1 <= len(tokens) <= 5:
        raise Refusal(1061002)
    urls: list[Json] = [
        {"file_token": file.token, "tmp_download_url": f"{call.origin}/file/{file.token}"}
        for _, file in (_found(call, token) for token in tokens)
    ]
    return {"tmp_download_urls": urls}


def _found(call: Call, token: str) -> tuple[Base, File]:
    base = next((base for base in call.world.bases.values() if token in base.files), None)
    if base is None:
        raise Refusal(1061003)
    _may(call, base)
    return base, base.files[token]


def _may(call: Call, base: Base) -> None:
    if call.caller.base and call.caller.base != base.token:
        raise Refusal(9499, msg="Bad Request")
    if call.caller.id not in base.roles:
        raise Refusal(1061004)


class _Perm(Struct):
    table_id: str = msgspec.field(name="tableId")


class _Extra(Struct):
    perm: _Perm = msgspec.field(name="bitablePerm")


def _permits(call: Call, base: Base) -> bool:
    try:
        return msgspec.json.decode(call.request.param("extra"), type=_Extra).perm.table_id in base.tables
    except msgspec.MsgspecError:
        return False


def _parent(call: Call, name: str, parent_type: str, parent: str) -> Base:
    """The document that the file is for. Raises Refusal 1061002, 1061004, 1061044, 9499."""
    if not 1 <= len(name) <= 250 or parent_type not in _PARENT_TYPES:
        raise Refusal(1061002)
    base = call.world.bases.get(parent)
    if base is None:
        raise Refusal(1061044)
    _may(call, base)
    if base.roles[call.caller.id] == "view":
        raise Refusal(1061004)
    return base


def _check(content: bytes, checksum: str) -> None:
    if checksum and checksum != str(zlib.adler32(content)):
        raise Refusal(1062008)


def _form(call: Call) -> tuple[dict[str, str], bytes]:
    """The parts of a multipart body by name, and the file. Raises Refusal 1061002."""
    found = _BOUNDARY.search(call.request.headers.get("content-type", ""))
    if found is None:
        raise Refusal(1061002)
    parts: dict[str, bytes] = {}
    for piece in call.request.body.split(b"--" + found[1].encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name:
            parts[name[1].decode(errors="replace")] = content.removesuffix(b"\r\n")
    content = parts.pop("file", None)
    if content is None:
        raise Refusal(1061002)
    return {name: value.decode(errors="replace") for name, value in parts.items()}, content
