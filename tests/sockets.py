"""A WebSocket as any program could open one: every header, and every byte, as a test wants them."""

import base64
import contextlib
import os
import socket
import struct
from typing import Any, Self

import msgspec

from tests.support import Started

PATH = "/api/v1/events/socket"


class Socket:
    """``status`` is what the handshake was answered with; 101 is a WebSocket."""

    def __init__(self, started: Started, *, room: int | None = None, **changes: str | None) -> None:
        """``changes``: headers other than the dashboard's own ones; None leaves one out. ``room``: bytes of the buffer."""
        settings = started.gateway.settings
        headers = {
            "Host": settings.dashboard_host,
            "Origin": settings.dashboard.rstrip("/"),
            "Cookie": started.owner.cookie,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        } | changes
        self._socket = socket.socket()
        if room is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._socket.settimeout(60)
        self._socket.connect(("127.0.0.1", started.port))
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        self._socket.sendall("\r\n".join([f"GET {PATH} HTTP/1.1", *lines, "", ""]).encode())
        self._stream = self._socket.makefile("rb")
        self.status = int(self._stream.readline().split()[1])
        self.headers = dict(iter(self._header, ("", "")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def _header(self) -> tuple[str, str]:
        name, _, value = self._stream.readline().decode().partition(":")
        return name.strip().lower(), value.strip()

    def body(self) -> Any:
        """Of an answer that is no WebSocket."""
        return msgspec.json.decode(self._stream.read(int(self.headers["content-length"])))

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        head, length = self._stream.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._stream.read(2))
        return head & 15, self._stream.read(length)

    def event(self) -> Any:
        """The next event."""
        while (found := self.frame())[0] == 9:  # a ping
            pass
        opcode, payload = found
        assert opcode == 1, (opcode, payload)
        return msgspec.json.decode(payload)

    def until_closed(self) -> int:
        """Reads on; returns the code that it is closed with."""
        return self.until_closed_with()[1]

    def until_closed_with(self) -> tuple[list[Any], int]:
        """The events until then, too."""
        events: list[Any] = []
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                return events, int.from_bytes(payload[:2], "big")
            if opcode == 1:
                events.append(msgspec.json.decode(payload))

    def say(self, opcode: int, payload: bytes) -> None:
        """A masked frame, as clients send them."""
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 127]) + struct.pack("!Q", length)
        with contextlib.suppress(ConnectionError):  # it may be closed before all of it is sent
            self._socket.sendall(bytes([0x80 | opcode]) + size + bytes(4) + payload)
