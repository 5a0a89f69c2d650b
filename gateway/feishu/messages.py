"""Messages: of a custom bot by its webhook, and of the app to a person. Source: Feishu's pages on both."""

import base64
import hmac
import re
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from gateway.feishu.client import Client
from gateway.feishu.wire import Wire

RECEIVERS = ("open_id", "user_id", "union_id", "email", "chat_id")
_HOOK = re.compile(
    r"(https://open\.(?:feishu\.cn|larksuite\.com))(/open-apis/bot/v2/hook/[A-Za-z0-9-]{8,64})/?"
)
_LONGEST = 1000
"""Characters of a line: a card of a dozen stays far below the 20 KB that a bot takes."""

Card = dict[str, Any]


class Hook(Struct, frozen=True):
    """A custom bot's webhook."""

    origin: str
    path: str

    def __repr__(self) -> str:
        return f"Hook({self.origin!r}, •••)"


class _Sent(Struct, frozen=True):
    message_id: str = ""


def hook_of(address: str) -> Hook | None:
    """The webhook that a person pasted; None if it is none."""
    found = _HOOK.fullmatch(address.strip())
    return Hook(found[1], found[2]) if found else None


def card(title: str, lines: list[str], *, colour: str, link: tuple[str, str] | None = None) -> Card:
    """Plain lines, whatever signs are in them, and a button that leads to an address: its words, the address."""
    elements: list[Card] = [
        {"tag": "div", "text": {"tag": "plain_text", "content": _cut(line)}} for line in lines
    ]
    if link is not None:
        words, url = link
        button = {
            "tag": "button",
            "text": {"tag": "plain_text", "content": words},
            "type": "primary",
            "url": url,
        }
        elements.append({"tag": "action", "actions": [button]})
    head = {"title": {"tag": "plain_text", "content": title}, "template": colour}
    return {"header": head, "elements": elements}


async def by_bot(wire: Wire, hook: Hook, secret: str, shown: Card, at: datetime) -> None:
    """Raises FeishuError. Whether it arrived when no answer came is not known."""
    body: dict[str, Any] = {"msg_type": "interactive", "card": shown}
    if secret:
        stamp = str(int(at.timestamp()))
        body |= {"timestamp": stamp, "sign": sign(stamp, secret)}
    await wire.call("POST", hook.path, json=body)


def sign(stamp: str, secret: str) -> str:
    """Feishu's own way: the key is what one would sign, and what is signed is nothing."""
    digest = hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")
    return base64.b64encode(digest).decode()


async def by_app(client: Client, kind: str, receiver: str, shown: Card, once: UUID) -> None:
    """To one of ``RECEIVERS``. The same ``once`` arrives once. Raises FeishuError."""
    body = {
        "receive_id": receiver,
        "msg_type": "interactive",
        "content": msgspec.json.encode(shown).decode(),
        "uuid": str(once),
    }
    await client.write(
        "POST",
        "/open-apis/im/v1/messages",
        _Sent,
        repeatable=True,
        params={"receive_id_type": kind},
        json=body,
    )


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
