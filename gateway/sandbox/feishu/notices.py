"""Messages: of custom bots by their webhook, and of apps. What comes in can be read by a test and on the page."""

import base64
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.rates import Meter, Rate

LARGEST = 20 * 1024
"""Bytes of a webhook's body."""
_RATES = (Rate(100, 60), Rate(5))
_NEEDS = {"text": "text", "post": "post", "image": "image_key", "share_chat": "share_chat_id"}
"""By type of message: what its content must hold."""


class Notice(Struct, frozen=True):
    """A message that arrived."""

    by: Literal["bot", "app"]
    to: str
    """The last part of the webhook's address, or the receive_id."""
    kind: str
    """msg_type."""
    content: Any
    """The content, or the card, decoded."""
    at: float
    """Seconds."""

    @property
    def said(self) -> str:
        """All the words in it."""
        return " · ".join(_words(self.content))


def _words(content: Any) -> list[str]:
    """The texts of a message, wherever they stand in it."""
    if isinstance(content, list):
        items = cast("list[Any]", content)
        return [word for item in items for word in _words(item)]
    if isinstance(content, dict):
        pairs = cast("dict[str, Any]", content).items()
        own = [value for key, value in pairs if key in {"text", "content"} and isinstance(value, str)]
        return own + [word for _, value in pairs if not isinstance(value, str) for word in _words(value)]
    return []


class _Bot(Struct, frozen=True):
    secret: str
    keyword: str


class _Hooked(Struct):
    msg_type: str = ""
    content: dict[str, Any] | UnsetType = UNSET
    card: dict[str, Any] | UnsetType = UNSET
    timestamp: str | int = ""
    sign: str = ""


class Mailbox:
    """The custom bots of the tenant's groups, and all messages that arrived."""

    def __init__(self, clock: Callable[[], float], ids: Ids, meter: Meter | None) -> None:
        self._clock = clock
        self._ids = ids
        self._meter = meter
        self._bots: dict[str, _Bot] = {}
        self.received: list[Notice] = []
        self.known: dict[str, set[str]] = {}
        """By receive_id_type: to whom an app may write."""
        self.chat = ids.group()
        """The chat in which an app writes to the person."""
        self.sent: dict[tuple[str, str], tuple[float, dict[str, Json]]] = {}
        """By app and ``uuid``: when a message was sent, and the reply."""
        self.crowded = False
        """Everybody's bots speak at the full and the half hour: then 11232 to all of them."""

    def add_bot(self, secret: str, keyword: str) -> str:
        """A new bot. Returns the last part of its address."""
        hook = self._ids.hook()
        self._bots[hook] = _Bot(secret, keyword)
        return hook

    def hear(self, hook: str, body: bytes) -> dict[str, Json]:
        """POST bot/v2/hook/…: the flat reply. Raises Refusal 9499, 11232, 19001, 19002, 19021, 19024.

        Being over the rate is 11232 here; that it is never 9499 is not known.
        """
        bot = self._bots.get(hook)
        if bot is None:
            raise Refusal(19001)
        now = self._clock()
        if self.crowded and datetime.fromtimestamp(now, UTC).minute in {0, 30}:
            raise Refusal(11232)
        if self._meter is not None:
            try:
                self._meter.count(hook, "bot.hook", _RATES)
            except Refusal:
                raise Refusal(11232) from None
        if len(body) > LARGEST:
            raise Refusal(9499, msg="Bad Request")
        try:
            said = msgspec.json.decode(body, type=_Hooked)
        except msgspec.MsgspecError:
            raise Refusal(9499, msg="Bad Request") from None
        if bot.secret and not _signed(bot.secret, said, now):
            raise Refusal(19021)
        content = _content(said)
        if bot.keyword not in body.decode() and bot.keyword not in str(content):
            raise Refusal(19024)
        self.received.append(Notice("bot", hook, said.msg_type, content, now))
        return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


def _signed(secret: str, said: _Hooked, now: float) -> bool:
    """The key is what is to be signed, and what is signed is nothing: that is how Feishu has it."""
    stamp = str(said.timestamp)
    if not stamp.isdecimal() or abs(now - int(stamp)) > 3600:
        return False
    digest = hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")
    return hmac.compare_digest(base64.b64encode(digest).decode(), said.sign)


def _content(said: _Hooked) -> dict[str, Any]:
    if said.msg_type == "interactive" and said.card is not UNSET and said.card:
        return said.card
    if said.content is UNSET or said.content.get(_NEEDS.get(said.msg_type, "")) is None:
        raise Refusal(19002)
    return said.content
