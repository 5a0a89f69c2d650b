"""The address of a Bitable as a person copies it from the browser."""

import re
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from gateway.errors import BadAddress, NotATable

_PATH = re.compile(r"/(?P<kind>base|wiki)/(?P<token>[A-Za-z0-9]{10,})(?:/|$)")
_THINGS = {
    "docx": "文档 / document",
    "doc": "文档 / document",
    "sheets": "电子表格 / spreadsheet",
    "sheet": "电子表格 / spreadsheet",
    "slides": "幻灯片 / slides",
    "mindnotes": "思维笔记 / mind map",
    "mindnote": "思维笔记 / mind map",
    "board": "画板 / whiteboard",
    "file": "文件 / file",
    "drive": "云空间 / drive",
    "minutes": "妙记 / minutes",
    "share": "分享页 / shared page",
    "record": "记录的分享页 / shared record",
    "blk": "仪表盘 / dashboard",
    "ldx": "文档 / document",
    "wkf": "工作流 / workflow",
}
"""What an address may show that is no table: by its path, by a wiki node's type, by the beginning of ``table=``."""
_ADDRESS = re.compile(r"https?://[^\s<>\"'，。、）】》]+", re.IGNORECASE)
_BARE = re.compile(r"[\w.-]+\.[a-z]{2,}/[!-~]+", re.IGNORECASE)
_DOMAINS = ("feishu.cn", "larksuite.com")


class Address(Struct, frozen=True):
    """Where a Bitable is."""

    site: str
    """Origin of the pages, e.g. ``https://example.feishu.cn``."""
    wiki: bool
    """The token names a wiki node and must be resolved."""
    token: str
    table_id: str | None
    """None: the address names the Bitable only."""

    @property
    def domain(self) -> str | None:
        """``feishu.cn`` or ``larksuite.com``: the two know nothing of each other.

        None for a domain of one's own, and for larkoffice.com, where tenants of both are: the credentials tell.
        """
        host = urlsplit(self.site).hostname or ""
        return next((domain for domain in _DOMAINS if f".{host}".endswith(f".{domain}")), None)


def thing(kind: str) -> str:
    """What a person calls something that is no table, in both languages."""
    return _THINGS.get(kind, kind)


def parse(text: str) -> Address:
    """The address in a text: it may stand between words, or lack its ``https://``.

    Raises BadAddress, or NotATable for another document, and if ``table=`` names a dashboard or another block.
    """
    found = _ADDRESS.search(text) or _BARE.fullmatch(text.strip())
    try:
        parts = urlsplit((found[0] if "://" in found[0] else f"https://{found[0]}") if found else "")
    except ValueError as error:  # brackets that hold no address
        raise BadAddress from error
    place = _PATH.match(parts.path)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadAddress
    if place is None:
        first = parts.path.strip("/").partition("/")[0]
        raise NotATable(what=_THINGS[first]) if first in _THINGS else BadAddress()
    table = parse_qs(parts.query).get("table", [""])[0]
    if table and not table.startswith("tbl"):
        raise NotATable(what=thing(table[:3]))
    return Address(f"{parts.scheme}://{parts.netloc}", place["kind"] == "wiki", place["token"], table or None)
