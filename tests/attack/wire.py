"""Requests as any program could send them: every header, or none, as a case wants it, over a connection that is kept."""

import contextlib
import http.client
import socket
from typing import Self

from gateway.visitor import Reply


class Wire:
    """One keep-alive connection to the gateway."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        """Sends just these headers, and the length of the body. Of a stream of events only the head is read."""
        self._line.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self._line.putheader(name, value)
        if body or method in {"POST", "PUT", "PATCH"}:
            self._line.putheader("Content-Length", str(len(body)))
        self._line.endheaders(body or None)
        reply = self._line.getresponse()
        told: dict[str, str] = {}
        for name, value in reply.getheaders():
            told[name.lower()] = f"{told.get(name.lower(), '')}\n{value}".strip()
        streams = (
            told.get("content-type", "").startswith("text/event-stream")
            or reply.status == http.client.SWITCHING_PROTOCOLS
        )
        content = b"" if streams else reply.read()
        if streams or method == "CONNECT":  # what comes after that is no HTTP any more
            self._line.close()
        return Reply(reply.status, told, content)


def raw(port: int, sent: bytes, *, end: bool = True) -> bytes:
    """Sends bytes as they are; returns all that is answered until the gateway closes the connection.

    ``end``: says that nothing more comes.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        with contextlib.suppress(OSError):  # it may be closed before all of it is sent
            connection.sendall(sent)
            if end:
                connection.shutdown(socket.SHUT_WR)
        return until_closed(connection)


def until_closed(connection: socket.socket) -> bytes:
    told = b""
    with contextlib.suppress(ConnectionError):
        while more := connection.recv(65536):
            told += more
    return told


def statuses(answer: bytes) -> list[int]:
    """Of all responses in the bytes of a connection."""
    return [int(part.split(b" ", 1)[0]) for part in answer.split(b"HTTP/1.1 ")[1:]]
