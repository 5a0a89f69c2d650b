"""What a gateway still says once all is wiped: to each paired browser, sealed, that it is to forget what it holds.

The keys for that are in memory only, and end with the process: it ends by itself when all of them were told.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from gateway.devices import parting
from gateway.errors import BadMessage, Wiped
from gateway.problems import MEDIA_TYPE, problem
from gateway.seal import Head
from gateway.security import DEVICE_PATHS

_HEAD_BYTES = 64
"""No more is read of a message than says whose it is."""


class Farewell:
    """Around the app, inside of the guard. Until ``begin`` it only hands on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.over = asyncio.Event()
        """All is wiped, and there is nobody left to tell."""
        self._untold: dict[bytes, bytes] | None = None
        self._keys: dict[bytes, bytes] = {}

    def begin(self, keys: dict[bytes, bytes]) -> None:
        """From now on nothing of the app is reached. ``keys``: ``Devices.answer_keys``."""
        self._untold, self._keys = dict(keys), keys

    def wiped(self) -> None:
        """All is gone; who is told from now on may forget."""
        if not self._untold:
            self.over.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._untold is None or scope["type"] == "lifespan":  # pyright: ignore[reportUnnecessaryComparison]  # Litestar's Scope leaves it out
            await self.app(scope, receive, send)
            return
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
        if not self._untold:
            self.over.set()

    async def _goodbye(self, scope: Any, receive: Receive) -> bytes | None:
        if scope["path"] not in DEVICE_PATHS:
            return None
        try:
            head = Head.of(await _beginning(receive))
        except BadMessage:
            return None
        key = self._keys.get(head.key_id)
        if key is None or self._untold is None:
            return None
        self._untold.pop(head.key_id, None)
        return parting(head, key, scope["path"], Wiped())


def _told() -> bytes:
    return msgspec.json.encode(problem(Wiped()))


async def _beginning(receive: Receive) -> bytes:
    read = b""
    while len(read) < _HEAD_BYTES:
        message: Any = await receive()
        read += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return read
