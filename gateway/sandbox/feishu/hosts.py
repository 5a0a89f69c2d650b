"""Which Feishu a request is for: China's or Lark, and which of its doors. Told by the Host header."""

from typing import Literal, TypeAlias

from msgspec import Struct

Brand: TypeAlias = Literal["feishu", "lark"]
Door: TypeAlias = Literal["open", "accounts", "base", "any"]
"""``open``: the API; ``accounts``: where a person logs in; ``base``: the API for personal base tokens."""

DOMAINS: dict[Brand, str] = {"feishu": "feishu.cn", "lark": "larksuite.com"}
_DOORS: dict[str, Door] = {"open": "open", "accounts": "accounts", "base-api": "base"}


class Host(Struct, frozen=True):
    """One address of Feishu's."""

    door: Door
    brand: Brand | None
    """None: not told, any is right."""


def host_of(header: str) -> Host:
    """``open.feishu.cn``, ``base-api.larksuite.com`` and so on.

    Any other name, such as that of this machine, is every door of the right Feishu: a client needs only another
    base URL.
    """
    name = header.partition(":")[0].lower()
    for brand, domain in DOMAINS.items():
        first = name.removesuffix(f".{domain}")
        if first != name and first in _DOORS:
            return Host(_DOORS[first], brand)
    return Host("any", None)
