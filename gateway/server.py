"""Runs the gateway: takes the data folder and the port, serves the app, ends in good order."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator, Generator

import msgspec
import uvicorn

from gateway.app import Gateway
from gateway.errors import PortTaken
from gateway.line import Line
from gateway.lock import alone
from gateway.settings import Settings

_LAST_REQUESTS = 3
"""Seconds that open requests get when the gateway ends."""


@contextlib.asynccontextmanager
async def running(settings: Settings, passphrase: str | None = None) -> AsyncGenerator[Gateway]:
    """A gateway that answers. Port 0 takes a free one; ``Gateway.settings`` says which. Raises StartError."""
    with alone(settings.data), _take_port(settings.port) as taken:
        gateway = Gateway(msgspec.structs.replace(settings, port=taken.getsockname()[1]), passphrase)
        server = _Server(
            uvicorn.Config(
                gateway.app(),
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
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            await server.up.wait()
            yield gateway
        finally:
            gateway.events.close()
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """Tells when it is up, and leaves the signals to whoever runs the loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _take_port(port: int) -> socket.socket:
    """Binds at once, so that two gateways never share a port and a taken one is told plainly."""
    taken = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # else asyncio leaves Nagle on
    if sys.platform == "win32":
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError as error:
        taken.close()
        raise PortTaken(port=str(port)) from error
    return taken
