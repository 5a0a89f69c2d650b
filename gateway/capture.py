"""What a paired extension may send, and what it is answered. All of it POST, all of it sealed (``seal.py``).

Bodies are frames (``application/octet-stream``); what is inside of them is told in ``reception.py``. An error that
happens after a frame was opened is answered sealed as well, as problem details.
"""

import sqlite3
from collections.abc import AsyncIterable, Callable
from http import HTTPStatus
from typing import Any

from litestar import Controller, MediaType, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from msgspec import Struct

from gateway.audit import Act, Audit
from gateway.carriers import Carriers
from gateway.devices import Devices, Message, Sender, parting
from gateway.errors import D2FError, LibraryFault, TooManyTries, UnknownDevice
from gateway.log import get
from gateway.problems import Problem, problem
from gateway.rates import PAIRINGS, STRANGERS
from gateway.reception import Reception
from gateway.seal import HEAD_BYTES, MOST_BYTES
from gateway.sessions import Session, Sessions

_log = get("capture")

_FRAMES: dict[int, ResponseSpec] = {
    200: ResponseSpec(bytes, media_type="application/octet-stream", description="A sealed answer"),
    **{
        status: ResponseSpec(Problem, media_type="application/problem+json", description=title)
        for status, title in {
            400: "Not to be opened",
            401: "Not paired",
            403: "Wrong origin",
            413: "Too large",
            429: "Too often",
        }.items()
    },
}


_MOST_TO_PAIR = 4096
"""Bytes of what a browser says of itself. Anybody may send as much."""


class SessionAnswer(Struct, frozen=True):
    account: str | None
    """The numeric id that ``dbcl2`` names, if there is one."""


class DeviceController(Controller):
    """The routes of paired extensions."""

    path = "/api/v1"
    opt = {"exclude_from_auth": True, "exclude_from_csrf": True}  # noqa: RUF012  # Litestar's own way to set these
    tags = ["device"]  # noqa: RUF012  # the same
    status_code = 200
    request_max_body_size = MOST_BYTES

    @post(
        "/pair",
        middleware=[PAIRINGS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Pair a browser",
        request_max_body_size=_MOST_TO_PAIR,
    )
    async def pair(
        self, request: Request[Any, Any, Any], devices: NamedDependency[Devices]
    ) -> Response[bytes]:
        """A frame under the pairing code's key: ``devices.PairRequest``; answered by ``devices.PairAnswer``."""
        return _frame(devices.pair(await request.body(), request.headers.get("origin", "")))

    @post(
        "/captures",
        middleware=[STRANGERS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Send a captured page",
    )
    async def capture(
        self, request: Request[Any, Any, Any], reception: NamedDependency[Reception]
    ) -> Response[bytes]:
        """``CaptureHead`` as one line of JSON, then the page. Answered by ``CaptureAnswer``, once it is stored."""
        return await _sealed(request, reception.devices, reception.take_in)

    @post(
        "/session",
        middleware=[STRANGERS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Send the Douban cookies",
    )
    async def session(
        self,
        request: Request[Any, Any, Any],
        devices: NamedDependency[Devices],
        sessions: NamedDependency[Sessions],
        carriers: NamedDependency[Carriers],
        audit: NamedDependency[Audit],
    ) -> Response[bytes]:
        """``Session``; answered by ``SessionAnswer``. Kept sealed; there is no way to read it back."""

        def keep(message: Message) -> SessionAnswer:
            session = message.decode(Session)
            devices.believe_counter(message)
            if (account := sessions.keep(session)) is not None:
                audit.note(Act.DOUBAN_KEPT, message.device.name, account)
                carriers.log_in_came(account)
            return SessionAnswer(account)

        return await _sealed(request, devices, keep)

    @post(
        "/state",
        middleware=[STRANGERS],
        media_type=MediaType.TEXT,
        responses=_FRAMES,
        summary="Ask how things are",
    )
    async def state(
        self, request: Request[Any, Any, Any], reception: NamedDependency[Reception]
    ) -> Response[bytes]:
        """``StateRequest``; answered by ``StateAnswer``. A capture's progress is told to its own device only."""
        return await _sealed(request, reception.devices, reception.tell)


async def _sealed(
    request: Request[Any, Any, Any], devices: Devices, handle: Callable[[Message], object]
) -> Response[bytes]:
    """Opens a message, handles it, seals the answer, be it good or bad.

    Of a message that names no browser of ours, no more than its beginning is read.
    """
    path, origin = request.url.path, request.headers.get("origin", "")
    parts, begun = request.stream(), b""
    async for part in parts:
        begun += part
        if len(begun) >= HEAD_BYTES:
            break
    try:
        sender = devices.sender(begun, origin)
        try:
            frame = await _whole(devices, sender, begun, parts)
        except TooManyTries as error:
            return _frame(parting(sender.head, sender.keys.answers, path, error), error.status)
        message = devices.open(sender, frame, path)
    except UnknownDevice as error:
        if (told := devices.goodbye(begun, path)) is None:
            raise
        return _frame(told, error.status)
    try:
        devices.meter(message)
        return _frame(message.answer(200, handle(message)))
    except D2FError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # who asks is not told
            _log.error("it failed", error=str(error))
        failed = error
    except sqlite3.Error as error:
        _log.error("library fault", error=str(error))
        failed = LibraryFault()
    except Exception:  # noqa: BLE001  # unsealed, the answer could be anybody's, and the page be sent for ever
        _log.exception("unforeseen")
        failed = D2FError()
    return _frame(message.answer(failed.status, problem(failed)), failed.status)


async def _whole(devices: Devices, sender: Sender, begun: bytes, parts: AsyncIterable[bytes]) -> bytes:
    """A message, once all of it has come. Raises TooManyTries."""
    frame = bytearray(begun)
    with devices.room(sender) as take:
        take(begun)
        async for part in parts:
            take(part)
            frame += part
    return bytes(frame)


def _frame(frame: bytes, status: int = 200) -> Response[bytes]:
    return Response(frame, status_code=status, media_type="application/octet-stream")
