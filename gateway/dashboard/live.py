"""Progress as it happens, as server-sent events and through a WebSocket: the same events. Needs the owner's cookie."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
from litestar import Controller, Request, WebSocket, get, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.security.jwt import Token

from gateway.carriers import Carrier
from gateway.events import Captured, Event, Events
from gateway.model import now
from gateway.owner_sessions import OwnerSessions
from gateway.security import Owner

_GOING_AWAY, _UNWANTED, _SESSION_ENDED = 1001, 1003, 4401
"""What the socket is closed with: the gateway ends, the client said something, the owner logged out."""


class LiveController(Controller):
    """Who listens is told the present state first, then each change of it."""

    path = "/api/v1/events"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/", summary="Progress as it happens", sync_to_thread=False)
    def events(
        self,
        request: Request[Owner, Token, Any],
        events: NamedDependency[Events],
        carrier: NamedDependency[Carrier],
        owner_sessions: NamedDependency[OwnerSessions],
    ) -> ServerSentEvent:
        """Server-sent events; each is an ``events.Event`` as JSON. It ends with the session."""
        heard = _messages(_listen(events, carrier, owner_sessions, request.auth))
        return ServerSentEvent(heard, headers={"Cache-Control": "no-store"})

    @websocket("/socket")
    async def socket(
        self,
        socket: WebSocket[Owner, Token, Any],
        events: NamedDependency[Events],
        carrier: NamedDependency[Carrier],
        owner_sessions: NamedDependency[OwnerSessions],
    ) -> None:
        """The same as text messages. There is nothing to say to it."""
        await socket.accept()
        sending = asyncio.create_task(_send(socket, _listen(events, carrier, owner_sessions, socket.auth)))
        hearing = asyncio.create_task(_is_spoken_to(socket))
        try:
            await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done() and not hearing.result():
                return
            code = _UNWANTED if hearing.done() else _GOING_AWAY if events.closed else _SESSION_ENDED
            with contextlib.suppress(WebSocketDisconnect):
                await socket.close(code)
        finally:
            sending.cancel()
            hearing.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)


async def _send(socket: WebSocket[Owner, Token, Any], events: AsyncIterator[Event]) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        async for event in events:
            await socket.send_text(msgspec.json.encode(event).decode())


async def _is_spoken_to(socket: WebSocket[Owner, Token, Any]) -> bool:
    """Waits until the client says something, or leaves."""
    message: Any = await socket.receive()
    return message["type"] == "websocket.receive"


async def _messages(events: AsyncIterator[Event]) -> AsyncIterator[ServerSentEventMessage]:
    async for event in events:
        yield ServerSentEventMessage(data=msgspec.json.encode(event).decode())


async def _listen(
    events: Events, carrier: Carrier, sessions: OwnerSessions, session: Token
) -> AsyncIterator[Event]:
    """Of one account, until the gateway ends, or the session: it is logged out of, or it is too old."""
    left = (session.exp - now()).total_seconds()
    loop = asyncio.get_running_loop()
    ending = loop.call_later(left, events.close, str(session.jti))
    try:
        async with contextlib.aclosing(events.listen(lambda: _present(carrier), str(session.jti))) as heard:
            async for event in heard:
                if not sessions.goes_on(str(session.jti)):  # the command line ended it
                    return
                if isinstance(event, Captured) or event.owner == carrier.owner:
                    yield event
    finally:
        ending.cancel()


def _present(carrier: Carrier) -> Iterator[Event]:
    """What somebody has to know who was not there before."""
    sync, walks = carrier.sync, carrier.walks
    yield sync.progress
    yield sync.hanging.covered
    if (wait := sync.wait) is not None:
        yield wait
    if (walk := walks.shown) is not None:
        yield walk.event
