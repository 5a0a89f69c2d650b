"""In the app's place while all is wiped, and after: nobody is told anything before it is known what came of it.

Then each paired browser is told, sealed, that it is to forget what it holds. The keys for that are in memory only, and
end with the process: it ends by itself when all of them were told. Where files of ours are left that is told instead,
browsers keep what they hold, and whoever asked for it may try again.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.types import Receive, Scope, Send

from gateway.devices import parting
from gateway.errors import BadMessage, D2FError, Wiped, WipeHalfDone
from gateway.log import get
from gateway.problems import MEDIA_TYPE, problem
from gateway.seal import MOST_BYTES, Head, Keys, unseal
from gateway.security import COOKIE, DEVICE_PATHS, no_cookies_at_all
from gateway.wipe import Left

_log = get("farewell")

WIPE_PATH = "/api/v1/wipe"
SEALED = "application/octet-stream"

Asker = ASGIConnection[Any, Any, Any, Any]


class Farewell:
    """Inside of the guard. ``left``: what the last try did not delete."""

    def __init__(
        self, keys: dict[bytes, Keys], asker: Asker, work: Callable[[], Awaitable[Left]], over: asyncio.Event
    ) -> None:
        """``keys``: ``Devices.keys``. ``work``: wipes. ``over``: set when all is wiped and there is nobody left to tell."""
        self._keys, self._untold = keys, set(keys)
        self._proof = _proof(asker)
        self._work = work
        self._over = over
        self._turn = asyncio.Lock()
        self._wiped = False
        self.left: Left | None = None

    async def wipe(self) -> Left:
        """Tries, or tries again. Raises WipeHalfDone; Wiped if it was done before."""
        async with self._turn:
            if self._wiped:
                raise Wiped
            try:
                self.left = await self._work()
            except Exception as error:
                _log.error("the wipe is not done", error=f"{type(error).__name__}: {error}")
                raise WipeHalfDone from error
            self._wiped = not self.left.files
        self._look()
        return self.left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Any = send
        if scope["type"] == "websocket":
            await answer({"type": "websocket.close"})
            return
        status, body, kind = await self._answer(scope, receive)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        if self._wiped and kind != SEALED:
            headers += [(b"set-cookie", each.to_header(header="").encode()) for each in no_cookies_at_all()]
        await answer({"type": "http.response.start", "status": status, "headers": headers})
        await answer({"type": "http.response.body", "body": body, "more_body": False})
        self._look()

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, str]:
        """Status, body, and what that is."""
        try:
            frame = await _whole(receive)
        except BadMessage:
            frame = b""
        if self._tries_again(scope):
            try:
                return 200, msgspec.json.encode(await self.wipe()), "application/json"
            except WipeHalfDone as error:
                return _told(error)
            except Wiped as error:
                return _told(error, HTTPStatus.GONE)
        async with self._turn:
            error = Wiped() if self._wiped else WipeHalfDone()
        if (sealed := self._sealed(scope["path"], frame, error)) is not None:
            return error.status, sealed, SEALED
        return _told(error, HTTPStatus.GONE) if self._wiped else _told(error)

    def _tries_again(self, scope: Any) -> bool:
        """Whether it is who asked for it. The library, which knows the sessions, is closed."""
        asks = (scope["method"], scope["path"]) == ("POST", WIPE_PATH)
        return asks and secrets.compare_digest(_proof(ASGIConnection(scope)), self._proof)

    def _look(self) -> None:
        if self._wiped and not self._untold:
            self._over.set()

    def _sealed(self, path: str, frame: bytes, error: D2FError) -> bytes | None:
        """For a paired browser, and nobody else."""
        if path not in DEVICE_PATHS:
            return None
        try:
            head = Head.of(frame)
            keys = self._keys[head.key_id]
            unseal(frame, keys.requests, f"POST {path}")  # key ids are in the open
        except (BadMessage, KeyError):
            return None
        if self._wiped:
            self._untold.discard(head.key_id)
        return parting(head, keys.answers, path, error)


def _proof(asker: Asker) -> bytes:
    """By what a session is known, and a page of ours."""
    return f"{asker.cookies.get(COOKIE, '')} {asker.headers.get('x-csrftoken', '')}".encode()


def _told(error: D2FError, status: int | None = None) -> tuple[int, bytes, str]:
    return status or error.status, msgspec.json.encode(problem(error)), MEDIA_TYPE


async def _whole(receive: Receive) -> bytes:
    """Raises BadMessage for what is larger than any message."""
    read = bytearray()
    while len(read) <= MOST_BYTES:
        message: Any = await receive()
        read += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(read)
    raise BadMessage
