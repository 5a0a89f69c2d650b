"""Runs the gateway: takes the data folder and the port, serves the app, ends in good order."""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from ipaddress import ip_address
from typing import Any

import msgspec
import uvicorn
from litestar.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.app import Gateway
from gateway.disk import narrow
from gateway.errors import BadSetting, NeedsLoginPassphrase, PortTaken
from gateway.keys.door import Door
from gateway.keys.keeper import Keeper
from gateway.line import Line
from gateway.lock import alone
from gateway.log import get
from gateway.owner_sessions import note_place
from gateway.reach import ByProxy, demand_locks, demand_passphrase
from gateway.settings import Settings
from gateway.wipe import begun, finish, tidy

_log = get("server")

_IPV6 = 6
_LAST_REQUESTS = 3
"""Seconds that open requests get when the gateway ends."""
_OTHER = {"127.0.0.1": "::1", "::1": "127.0.0.1"}
_TRIES = 20
_GOODBYE = 0.1
"""Seconds of them before their connections are asked to close."""


@contextlib.asynccontextmanager
async def running(settings: Settings, passphrase: str | None = None) -> AsyncGenerator[Gateway]:
    """A gateway that answers. Port 0 takes a free one; ``Gateway.settings`` says which. Raises StartError."""
    demand_locks(settings)
    if begun(settings.library):
        finish(settings.library)
    with alone(settings.data), _taken(settings) as taken:
        for path, mended in narrow(settings.data).items():
            _log.warning("others had rights to a file of ours", file=path.name, mended=mended)
        Door(settings.library, settings.key_file, passphrase).tidy()
        gateway = Gateway(msgspec.structs.replace(settings, port=taken[0].getsockname()[1]), passphrase)
        del passphrase  # it has opened all that it opens
        Keeper(gateway.store, settings.key_file).tidy()
        note_place(gateway.store, gateway.settings)
        try:
            demand_passphrase(settings, is_set=gateway.passphrase.is_set)
        except NeedsLoginPassphrase:
            gateway.store.close()
            raise
        server = _Server(
            uvicorn.Config(
                _behind(settings.behind_proxy, gateway.app()),
                ssl_certfile=settings.certificate if settings.beyond else None,
                ssl_keyfile=settings.key if settings.beyond else None,
                http=Line,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_LAST_REQUESTS,
                lifespan="on",
                ws="websockets-sansio",
                ws_max_size=1024,  # a client has nothing to say
                ws_per_message_deflate=False,  # the messages are short, and each window is memory
            )
        )
        serving = asyncio.create_task(server.serve(sockets=taken))
        try:
            await server.up.wait()
            yield gateway
        finally:
            gateway.events.close()
            server.over.set()
            await serving
            server.hang_up()
    if begun(settings.library):
        tidy(settings.library)


class _Server(uvicorn.Server):
    """Tells when it is up, and leaves the signals to whoever runs the loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up, self.over = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Sleeps until it is over. uvicorn's own looks ten times a second, which keeps a laptop awake for nothing."""
        await self.on_tick(0)
        await self.over.wait()
        if answering := self.server_state.tasks:  # who listens is told why it ends before uvicorn hangs up
            await asyncio.wait(answering, timeout=_GOODBYE)

    def hang_up(self) -> None:
        """On whoever came in while it ended, and was not told."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _behind(proxy: str | None, app: ASGIApp) -> Any:
    """Believes what a proxy says of who asks, and by which scheme, but that proxy alone."""
    if proxy is None:
        return app
    believing: Any = ProxyHeadersMiddleware(app, trusted_hosts=proxy)  # pyright: ignore[reportArgumentType]  # uvicorn's types of ASGI are its own
    return ByProxy(believing, proxy)


@contextlib.contextmanager
def _taken(settings: Settings) -> Generator[list[socket.socket]]:
    """The port, on both loopback addresses where it is on one: browsers take the dashboard's name for either.

    Whoever listened on the other would be handed the log-in link and the cookies.
    """
    host, port = settings.host, settings.port
    other_host = (
        None if settings.beyond else _OTHER.get(host)
    )  # beyond, it has a name that is no loopback name
    with contextlib.ExitStack() as stack:
        for _ in range(_TRIES):
            taken = stack.enter_context(_take_port(host, port))
            try:
                other = _take_port(other_host, taken.getsockname()[1]) if other_host else None
            except PortTaken:
                if port:
                    raise
                continue  # a free one of one address need not be free on the other
            except BadSetting:  # there is no such address here
                other = None
            yield [taken, stack.enter_context(other)] if other else [taken]
            return
        raise PortTaken(port=str(port))


def _take_port(host: str, port: int) -> socket.socket:
    """Binds at once, so that two gateways never share a port and a taken one is told plainly."""
    family = socket.AF_INET6 if ip_address(host).version == _IPV6 else socket.AF_INET
    try:
        taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
    except OSError as error:  # a machine without IPv6
        raise BadSetting(setting="D2F_HOST", why=str(error)) from error
    if sys.platform == "win32":
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRNOTAVAIL:  # no address of this machine
            raise BadSetting(setting="D2F_HOST", why=str(error)) from error
        raise PortTaken(port=str(port)) from error
    return taken
