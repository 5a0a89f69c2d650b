"""A browser's part without a browser: opens Douban's pages, is paired, sends captures, acts as the owner.

For the demo and the tests. Speaks to loopback only, over real sockets, and uses the same messages as the
extension.
"""

import base64
import contextlib
import http.client
import re
import secrets
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from gateway import seal
from gateway.audit import COMMAND
from gateway.model import Trigger
from gateway.seal import Head, Keys

_ORIGIN = "chrome-extension://simulatedsimulatedsimulatedsimula"


class Reply(Struct, frozen=True):
    """An HTTP reply."""

    status: int
    headers: dict[str, str]
    """Names in lower case; what came more than once is a line each."""
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def call(
    origin: str, method: str, target: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
) -> Reply:
    """One request to an address on loopback, with any Host one likes. Raises OSError, HTTPException."""
    address = urlsplit(origin)
    with contextlib.closing(
        http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    ) as line:
        line.request(method, target, body, headers or {})
        reply = line.getresponse()
        names: dict[str, str] = {}
        for name, value in reply.getheaders():
            key = name.lower()
            names[key] = f"{names[key]}\n{value}" if key in names else value
        return Reply(reply.status, names, reply.read())


class DoubanVisitor:
    """Opens pages of the simulated Douban under their real names, with a log-in."""

    def __init__(self, origin: str, cookies: dict[str, str]) -> None:
        self._origin = origin
        self._cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def open(self, url: str, referer: str = "") -> Reply:
        """The page of a ``https://….douban.com/…`` address."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        headers = {"Host": parts.netloc, "Cookie": self._cookies} | ({"Referer": referer} if referer else {})
        return call(self._origin, "GET", target, headers=headers)


class Extension:
    """A paired browser, as far as the gateway can tell."""

    def __init__(self, code: str, *, name: str = "Demo", origin: str = _ORIGIN) -> None:
        """Pairs with the gateway that made the code. Raises BadMessage if the answer is not its own."""
        port, psk = seal.parse_pairing_code(code)
        self._gateway, self.origin = f"http://127.0.0.1:{port}", origin
        keys, path, random = Keys.for_pairing(psk), "/api/v1/pair", secrets.token_bytes(32)
        head = Head(seal.pairing_key_id(psk), uuid4(), 0)
        hello = msgspec.json.encode(
            {"name": name, "version": "0", "random": base64.b64encode(random).decode()}
        )
        reply = self.post(path, seal.seal(head, keys.requests, f"POST {path}", hello))
        answer = msgspec.json.decode(seal.unseal(reply.body, keys.answers, f"{reply.status} {path}"))
        self.device = answer["device"]
        self.keys = Keys.for_device(psk, random, base64.b64decode(answer["random"]))

    def post(self, path: str, frame: bytes) -> Reply:
        """Sends a frame as it is."""
        headers = {"Origin": self.origin, "Content-Type": "application/octet-stream"}
        return call(self._gateway, "POST", path, headers=headers, body=frame)

    def frame(
        self, path: str, plaintext: bytes, message: UUID | None = None, counter: int | None = None
    ) -> bytes:
        """A sealed message of this device."""
        head = Head(bytes.fromhex(self.device), message or uuid4(), counter or time.time_ns())
        return seal.seal(head, self.keys.requests, f"POST {path}", plaintext)

    def send(self, path: str, plaintext: bytes, message: UUID | None = None) -> tuple[int, Any]:
        """A sealed message; returns the status and what the sealed answer holds. Raises BadMessage."""
        frame = self.frame(path, plaintext, message)
        reply = self.post(path, frame)
        if not reply.body.startswith(frame[:41]):
            return reply.status, reply.json()
        return reply.status, msgspec.json.decode(
            seal.unseal(reply.body, self.keys.answers, f"{reply.status} {path}")
        )

    def capture(
        self,
        url: str,
        page: bytes,
        *,
        trigger: Trigger = Trigger.BUTTON,
        age: float = 0,
        status: int | None = None,
        message: UUID | None = None,
    ) -> tuple[int, Any]:
        """Sends a page."""
        head = msgspec.json.encode({"url": url, "age": age, "status": status, "trigger": trigger})
        return self.send("/api/v1/captures", head + b"\n" + page, message)


class NoLogIn(Exception):
    """The link was not taken."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class OwnerVisitor:
    """The owner at the dashboard."""

    def __init__(self, login_link: str) -> None:
        """Logs in. Raises NoLogIn."""
        link = urlsplit(login_link)
        self._host, self._gateway = link.netloc, f"http://127.0.0.1:{link.port}"
        self.cookies: dict[str, str] = {}
        reply = self._ask("GET", f"{link.path}?{link.query}", {"Accept": "application/json"})
        if "d2f" not in self.cookies:
            raise NoLogIn(reply)

    @property
    def cookie(self) -> str:
        """The one that proves who it is, for as long as it is good."""
        return f"d2f={self.cookies['d2f']}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the dashboard's own carries."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Host": self._host, "Origin": f"http://{self._host}", "User-Agent": COMMAND, "Cookie": cookies}
        return own | {"X-CSRFToken": self.cookies.get("d2f-csrf", "")}

    def call(self, method: str, target: str, body: object = None) -> Reply:
        """A request of the dashboard's own; if the session has to be renewed for it, it is."""
        sent = {} if body is None else {"Content-Type": "application/json"}
        content = None if body is None else msgspec.json.encode(body)
        reply = self._ask(method, target, sent, content)
        if (
            reply.status == HTTPStatus.UNAUTHORIZED
            and self._ask("POST", "/renew", {}).status == HTTPStatus.OK
        ):
            reply = self._ask(method, target, sent, content)
        return reply

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
        reply = call(self._gateway, method, target, headers=self.headers | headers, body=body)
        self.keep(reply)
        return reply

    def keep(self, reply: Reply) -> None:
        """The cookies that came with it."""
        self.cookies |= dict(
            re.findall(r"^(d2f[\w-]*)=([^;]*)", reply.headers.get("set-cookie", ""), re.MULTILINE)
        )
