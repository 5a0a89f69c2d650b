"""The calls on files and on the wiki. Each returns the ``data`` of its reply."""

import re
import zlib
from mimetypes import guess_type

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.renders import File

LARGEST = 20 * 1024 * 1024
"""Bytes (measured live by others)."""

_PARENT_TYPES = frozenset({"bitable_image", "bitable_file"})
_BOUNDARY = re.compile(r'boundary="?([^";]+)')
_NAME = re.compile(rb'[;\s]name="([^"]*)"')


def upload(call: Call) -> dict[str, Json]:
    """POST medias/upload_all. A file part without a filename is taken too (the official SDK sends one)."""
    parts = _parts(call.request.headers.get("content-type", ""), call.request.body)
    content = parts.pop("file", None)
    said = {part: value.decode(errors="replace") for part, value in parts.items()}
    name, parent, size = said.get("file_name", ""), said.get("parent_node", ""), said.get("size", "")
    checksum = said.get("checksum", "")
    if content is None or not 1 <= len(name) <= 250 or not size.isdecimal() or int(size) > LARGEST:
        raise Refusal(1061002)
    if said.get("parent_type") not in _PARENT_TYPES:
        raise Refusal(1061002)
    if int(size) != len(content):
        raise Refusal(1062009)
    if checksum and checksum != str(zlib.adler32(content)):
        raise Refusal(1062008)
    base = call.world.bases.get(parent)
    if base is None:
        raise Refusal(1061044)
    if base.roles.get(call.app.id) not in {"edit", "full_access"}:
        raise Refusal(1061004)
    token = call.world.ids.app()
    base.files[token] = File(token, name, len(content), guess_type(name)[0] or "application/octet-stream")
    return {"file_token": token}


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """The parts of a multipart body by name."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Refusal(1061002)
    parts: dict[str, bytes] = {}
    for part in body.split(b"--" + found[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name:
            parts[name[1].decode(errors="replace")] = content.removesuffix(b"\r\n")
    return parts


def get_node(call: Call) -> dict[str, Json]:
    """GET wiki node: what the document behind a wiki address is. Raises Refusal 131005, 131006."""
    token = call.request.param("token")
    app_token = call.world.wiki_nodes.get(token)
    if app_token is None:
        raise Refusal(131005)
    base = call.world.base(app_token)
    if call.app.id not in base.roles:
        raise Refusal(131006)
    made = str(int(call.world.clock()))
    node: dict[str, Json] = {
        "space_id": "7000000000000000001",
        "node_token": token,
        "obj_token": app_token,
        "obj_type": "bitable",
        "parent_node_token": "",
        "node_type": "origin",
        "origin_node_token": token,
        "origin_space_id": "7000000000000000001",
        "has_child": False,
        "title": base.name,
        "obj_create_time": made,
        "obj_edit_time": made,
        "node_create_time": made,
        "creator": call.world.person,
        "owner": call.world.person,
        "node_creator": call.world.person,
    }
    return {"node": node}
