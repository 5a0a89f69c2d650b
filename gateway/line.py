"""One connection: how long a client may take to say what it wants, and how much it may say before it is looked at.

uvicorn's own protocol waits for ever for the end of a request that has begun, or has not even begun, and takes as many headers
as are sent. So who opens connections and says nothing (or a byte now and then) would hold all there are.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 10.0
"""Seconds from the first byte of a request, or from the beginning of a connection, to the end of its headers."""
BODY = 30.0
"""Seconds from there to the end of its body: the largest page, 10 MB, takes a fraction of one on loopback."""
_MOST_HEADERS = 100
_MOST_BYTES = 64 * 1024
"""Of address and headers together. Browsers send 2 KB; 64 KB is what h11 and nginx have room for."""
_MOST_UNHEARD = 128 * 1024 * 1024
"""Of a body that goes on after its answer. Who would send a large page reads the answer then; who sends for ever is let go."""
_TOO_LARGE = b"431 Request Header Fields Too Large"
_BAD = b"400 Bad Request"
_NO_LENGTH = b"411 Length Required"
_REFUSAL = b"HTTP/1.1 %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Line(HttpToolsProtocol):
    """uvicorn's, with an end to its patience."""

    _deadline: asyncio.TimerHandle | None = None
    _refused = False
    _in_head = True
    _headers_read = 0
    _bytes_read = 0
    """Of what may be the head of a request: a name without an end never comes out of the parser."""
    _unheard = 0
    """Bytes of a body that came after its answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # uvicorn's own narrowing
        super().connection_made(transport)
        self._wait(HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._bytes_read += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and self._bytes_read > _MOST_BYTES:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:  # the next request on a connection that was kept
            self._wait(HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers_read += 1
        if self._headers_read <= _MOST_HEADERS:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._refused:  # what was sent behind it is not looked at
            return
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if self._headers_read > _MOST_HEADERS or size > _MOST_BYTES:
            self._refuse(_TOO_LARGE)
            return
        told = dict(self.headers)
        if (
            b"transfer-encoding" in told
        ):  # browsers say how long; around chunks, a trailer or an extension needs no end
            self._refuse(_NO_LENGTH)
            return
        if told.get(b"upgrade", b"").lower() == b"websocket" and b"content-length" in told:
            self._refuse(_BAD)  # the WebSocket of uvicorn would give it neither an answer nor an end
            return
        self._in_head, self._headers_read, self._bytes_read, self._unheard = False, 0, 0, 0
        self._wait(BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        super().on_body(body)
        self._unheard += len(body) if self.cycle.response_complete else 0
        if self._unheard > _MOST_UNHEARD:
            self.transport.close()

    def on_message_complete(self) -> None:
        if self._refused:
            return
        self._stop_waiting()
        self._in_head = True
        super().on_message_complete()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()

    def _refuse(self, status: bytes) -> None:
        if not self._refused:
            self._refused = True
            self._stop_waiting()
            self.transport.write(_REFUSAL % status)
            self.transport.close()
