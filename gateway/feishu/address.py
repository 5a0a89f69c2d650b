"""The address of a Bitable as a person copies it from the browser."""

import re
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from gateway.errors import BadAddress, NotATable

_PATH = re.compile(r"/(?P<kind>base|wiki)/(?P<token>[A-Za-z0-9]{10,})(?:/|$)")
_BLOCKS = {"blk": "仪表盘 / dashboard", "ldx": "文档 / document", "wkf": "工作流 / workflow"}


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
    def api(self) -> str:
        """Origin of the open API that knows this site: Feishu's own, or Lark's."""
        host = urlsplit(self.site).hostname or ""
        lark = host.endswith((".larksuite.com", ".larkoffice.com")) or host in {
            "larksuite.com",
            "larkoffice.com",
        }
        return "https://open.larksuite.com" if lark else "https://open.feishu.cn"


def parse(text: str) -> Address:
    """Raises BadAddress, or NotATable if ``table=`` names a dashboard or another block."""
    try:
        parts = urlsplit(text.strip())
    except ValueError as error:  # brackets that hold no address
        raise BadAddress from error
    found = _PATH.search(parts.path)
    if parts.scheme not in {"http", "https"} or not parts.hostname or found is None:
        raise BadAddress
    table = parse_qs(parts.query).get("table", [""])[0]
    if table and not table.startswith("tbl"):
        raise NotATable(what=_BLOCKS.get(table[:3], table[:3]))
    return Address(f"{parts.scheme}://{parts.netloc}", found["kind"] == "wiki", found["token"], table or None)
