"""Messages: of a custom bot by its webhook, and of the app to a person. Source: Feishu's pages on both."""

import base64
import hmac
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from gateway import errors
from gateway.feishu.cards import Card
from gateway.feishu.client import Client
from gateway.feishu.wire import Wire

RECEIVERS = ("open_id", "user_id", "union_id", "email", "chat_id")
_HOOK = re.compile(
    r"(https://open\.(?:feishu\.cn|larksuite\.com))(/open-apis/bot/v2/hook/[A-Za-z0-9-]{8,64})/?"
)
KNOWN = timedelta(hours=1)
"""How long Feishu knows a message of an app again by its ``uuid``."""


class Hook(Struct, frozen=True):
    """A custom bot's webhook."""

    origin: str
    path: str

    def __repr__(self) -> str:
        return f"Hook({self.origin!r}, •••)"


class _Sent(Struct, frozen=True):
    message_id: str = ""


def hook_of(address: str) -> Hook:
    """The webhook that a person pasted. Raises BadWebhook."""
    found = _HOOK.fullmatch(address.strip())
    if found is None:
        raise errors.BadWebhook
    return Hook(found[1], found[2])


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
    """To one of ``RECEIVERS``. The same ``once`` arrives once within ``KNOWN``. Raises FeishuError."""
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
