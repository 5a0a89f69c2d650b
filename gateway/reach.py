"""How far the gateway can be reached: this machine alone, unless it is locked well enough for more.

Beyond loopback it takes a host name, which is the only one that it answers to; TLS, its own or a proxy's; and a passphrase.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.errors import (
    BadCertificate,
    NeedsLoginPassphrase,
    NeedsName,
    NeedsTls,
    NotByProxy,
)
from gateway.problems import MEDIA_TYPE, problem
from gateway.settings import Settings

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send


def demand_locks(settings: Settings) -> None:
    """What can be told before anything is opened. Raises NeedsTls, NeedsName, BadCertificate."""
    if not settings.beyond and settings.certificate is None and settings.key is None:
        return
    has_own = settings.certificate is not None and settings.key is not None
    if not has_own and settings.behind_proxy is None:
        raise NeedsTls(address=settings.host)
    if settings.name is None:
        raise NeedsName(address=settings.host)
    if settings.certificate is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.certificate, settings.key, _no_password
        )
    except OSError as error:  # ssl.SSLError is one
        raise BadCertificate(file=str(settings.certificate), why=error.strerror or str(error)) from error


def demand_passphrase(settings: Settings, *, is_set: bool) -> None:
    """Whoever knows the way to the dashboard must know one thing more. Raises NeedsLoginPassphrase."""
    if settings.beyond and not is_set:
        raise NeedsLoginPassphrase


def _no_password() -> bytes:
    """A key that is sealed itself must not make OpenSSL ask for a password on the terminal."""
    return b""


class ByProxy:
    """Around everything, before headers of a proxy are believed: who does not come by the proxy gets no answer."""

    def __init__(self, app: ASGIApp, proxy: str) -> None:
        self.app = app
        self._proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client: Any = scope.get("client")
        if scope["type"] == "lifespan" or (client and client[0] == self._proxy):  # pyright: ignore[reportUnnecessaryComparison]  # Litestar's Scope leaves it out
            await self.app(scope, receive, send)
            return
        answer: Any = send
        if scope["type"] == "websocket":
            await answer({"type": "websocket.close"})
            return
        body = msgspec.json.encode(problem(NotByProxy(proxy=self._proxy)))
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await answer({"type": "http.response.start", "status": NotByProxy.status, "headers": headers})
        await answer({"type": "http.response.body", "body": body, "more_body": False})
