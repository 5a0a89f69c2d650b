"""A small HTTP/1.1 server on asyncio and h11, for the two simulators.

Unlike an ASGI server it can do what real networks do: drop a connection before or after the work,
cut a reply in the middle, send it slowly, keep the spelling of a header.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import msgspec
from msgspec import Struct, field

MAX_BODY = 64 * 1024 * 1024
"""Bytes. Feishu documents no maximum; this only keeps a mistake from eating the memory."""


class Request(Struct, frozen=True):
    """One request. ``path`` is percent-decoded, ``query`` keeps order and repeats."""

    method: str
    host: str
    """The Host header, as sent."""
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    target: str = ""
    """Path and query as sent, percent-encoded: a ``%2F`` in a path segment can only be told here."""

    def param(self, name: str, default: str = "") -> str:
        """The first query parameter of that name."""
        return next((value for key, value in self.query if key == name), default)

    def json(self) -> object:
        """The body as JSON. Raises msgspec.DecodeError."""
        return msgspec.json.decode(self.body)


class Response(Struct, frozen=True):
    """One reply. Header names go out as spelled."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/html; charset=utf-8"
    cut_at: int | None = None
    """Send only so many bytes of the body, then drop the connection."""
    pause: float = 0.0
    """Seconds to wait between the head and the body."""
    sent: Callable[[], Awaitable[None]] | None = None
    """Called when the last byte has been handed to the system."""


class Drop(Struct, frozen=True):
    """Instead of a reply: close the connection without a word."""


Handler = Callable[[Request], Awaitable[Response | Drop]]


def html(text: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A UTF-8 page."""
    return Response(status, text.encode(), headers)


def json(value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A JSON reply, in the compact spelling."""
    return Response(status, msgspec.json.encode(value), headers, "application/json; charset=utf-8")


def redirect(location: str, cookies: tuple[str, ...] = ()) -> Response:
    """302 to ``location``."""
    return Response(302, b"", (("Location", location), *(("Set-Cookie", c) for c in cookies)))


class Server(Struct):
    """An HTTP(S) server on loopback. Use as ``async with Server(handler) as server: server.url``."""

    handler: Handler
    port: int = 0
    """0 takes a free one."""
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listens. Raises OSError if the port is taken."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self.tls, limit=1024 * 1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stops listening and drops what is open."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, h11.RemoteProtocolError):
                await self._converse(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # a browser may take its time to say good-bye
        finally:
            self._open.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
        while True:
            request = await _receive(connection, reader, writer)
            if request is None:
                return
            answer = await self.handler(request)
            if isinstance(answer, Drop) or not await _send(connection, writer, request, answer):
                writer.transport.abort()
                return
            if answer.sent is not None:
                await answer.sent()
            if connection.our_state is h11.MUST_CLOSE:
                return
            connection.start_next_cycle()


async def _receive(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            connection.receive_data(await reader.read(256 * 1024))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MAX_BODY:
                return None
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, bytes(body))
        else:
            return None


def _request(head: h11.Request, body: bytes) -> Request:
    target = urlsplit(head.target.decode("ascii"))
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return Request(
        method=head.method.decode("ascii"),
        host=headers.get("host", ""),
        path=unquote(target.path),
        query=tuple(parse_qsl(target.query, keep_blank_values=True)),
        headers=headers,
        body=body,
        target=head.target.decode("ascii"),
    )


async def _send(
    connection: h11.Connection, writer: asyncio.StreamWriter, request: Request, answer: Response
) -> bool:
    """Sends the reply; False if it was cut on purpose."""
    headers = [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        *answer.headers,
    ]
    head = h11.Response(status_code=answer.status, headers=headers)
    writer.write(connection.send(head) or b"")
    await writer.drain()
    if answer.pause:
        await asyncio.sleep(answer.pause)
    if request.method != "HEAD" and answer.body:
        part = answer.body if answer.cut_at is None else answer.body[: answer.cut_at]
        writer.write(connection.send(h11.Data(data=part)) or b"")
        await writer.drain()
    if answer.cut_at is not None:
        return False
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    return True
