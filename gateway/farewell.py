"""What a gateway still says once all is wiped: to each paired browser, sealed, that it is to forget what it holds.

The keys for that are in memory only, and end with the process: it ends by itself when all of them were told.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

from gateway.devices import parting
from gateway.errors import BadMessage, Wiped
from gateway.problems import MEDIA_TYPE, problem
from gateway.seal import MOST_BYTES, Head, Keys, unseal
from gateway.security import DEVICE_PATHS


class Farewell:
    """In the app's place, inside of the guard."""

    def __init__(self, keys: dict[bytes, Keys], over: asyncio.Event) -> None:
        """``keys``: ``Devices.keys``. ``over``: set when there is nobody left to tell."""
        self._keys, self._untold = keys, set(keys)
        self._over = over
        self._wiped = False

    def wiped(self) -> None:
        """All is gone."""
        self._wiped = True
        self._look()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Any = send
        if scope["type"] == "websocket":
            await answer({"type": "websocket.close"})
            return
        frame = await self._goodbye(scope, receive)
        body, kind = (frame, "application/octet-stream") if frame else (_told(), MEDIA_TYPE)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        status = Wiped.status if frame else int(HTTPStatus.GONE)
        await answer({"type": "http.response.start", "status": status, "headers": headers})
        await answer({"type": "http.response.body", "body": body, "more_body": False})
        self._look()

    def _look(self) -> None:
        if self._wiped and not self._untold:
            self._over.set()

    async def _goodbye(self, scope: Any, receive: Receive) -> bytes | None:
        if scope["path"] not in DEVICE_PATHS:
            return None
        try:
            frame = await _whole(receive)
            head = Head.of(frame)
            keys = self._keys[head.key_id]
            unseal(frame, keys.requests, f"POST {scope['path']}")  # key ids are in the open
        except (BadMessage, KeyError):
            return None
        self._untold.discard(head.key_id)
        return parting(head, keys.answers, scope["path"], Wiped())


def _told() -> bytes:
    return msgspec.json.encode(problem(Wiped()))


async def _whole(receive: Receive) -> bytes:
    """Raises BadMessage for what is larger than any message."""
    read = bytearray()
    while len(read) <= MOST_BYTES:
        message: Any = await receive()
        read += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(read)
    raise BadMessage
