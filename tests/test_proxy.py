"""The way to Feishu where a system proxy is on, off, or broken, as Clash and the like leave it."""

import socket
import sys
from collections.abc import AsyncIterator

import pytest

from gateway import errors
from gateway.feishu.access import AppToken
from gateway.feishu.client import Client
from gateway.feishu.wire import NotSent, Wire
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.http import Drop, Request, Response, Server, html
from tests.support import APP_ID, APP_SECRET

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="0.0.0.0 leads nowhere on Windows")


class Proxy:
    """A proxy as httpx speaks to one for plain HTTP: the whole address is asked for."""

    def __init__(self, feishu: Feishu) -> None:
        self.feishu = feishu
        self.asked: list[str] = []

    async def handle(self, request: Request) -> Response | Drop:
        self.asked.append(request.target)
        return await self.feishu.handle(request)


@pytest.fixture
def feishu() -> Feishu:
    feishu = Feishu(rates=False)
    feishu.add_app(APP_ID, APP_SECRET)
    return feishu


@pytest.fixture
async def origin(feishu: Feishu) -> AsyncIterator[str]:
    """Feishu at an address of this machine that no rule calls loopback."""
    async with Server(feishu.handle) as server:
        yield f"http://0.0.0.0:{server.port}"


@pytest.fixture
async def proxy(feishu: Feishu) -> AsyncIterator[tuple[Proxy, Server]]:
    proxy = Proxy(feishu)
    async with Server(proxy.handle) as server:
        yield proxy, server


@pytest.fixture
def closed() -> str:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """As the system's settings say it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for spelled in (name, name.upper()):
            monkeypatch.delenv(spelled, raising=False)
    if address:
        monkeypatch.setenv("all_proxy", address)


async def token(wire: Wire) -> str:
    try:
        return await AppToken(APP_ID, APP_SECRET).token(wire)
    finally:
        await wire.close()


async def test_on(origin: str, proxy: tuple[Proxy, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, proxy[1].url)
    wire = Wire(origin)
    assert (await token(wire)).startswith("t-")
    assert proxy[0].asked == [f"{origin}/open-apis/auth/v3/tenant_access_token/internal"]
    assert not wire.broken_proxy


async def test_off(origin: str, proxy: tuple[Proxy, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "")
    assert (await token(Wire(origin))).startswith("t-")
    assert proxy[0].asked == []


async def test_broken(origin: str, closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is still there, the program behind it is not."""
    use(monkeypatch, closed)
    wire = Wire(origin)
    assert (await token(wire)).startswith("t-")
    assert wire.broken_proxy


async def test_broken_for_a_while(origin: str, feishu: Feishu, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way that worked last is tried first, and left when it does not work any more."""
    proxy = Proxy(feishu)
    listening = Server(proxy.handle)
    await listening.start()
    use(monkeypatch, listening.url)
    wire = Wire(origin)
    client = Client(wire, AppToken(APP_ID, APP_SECRET))
    await AppToken(APP_ID, APP_SECRET).token(wire)
    assert len(proxy.asked) == 1
    await listening.stop()
    await AppToken(APP_ID, APP_SECRET).token(wire)
    assert wire.broken_proxy
    again = Server(proxy.handle, listening.port)
    await again.start()
    await AppToken(APP_ID, APP_SECRET).token(wire)
    assert len(proxy.asked) == 1  # the direct way works
    await client.close()
    await again.stop()


async def test_the_proxy_is_taken_again_when_there_is_no_other_way(
    feishu: Feishu, proxy: tuple[Proxy, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = Server(feishu.handle)
    await direct.start()
    await proxy[1].stop()
    use(monkeypatch, proxy[1].url)
    wire = Wire(f"http://0.0.0.0:{direct.port}")
    await AppToken(APP_ID, APP_SECRET).token(wire)
    assert wire.broken_proxy
    await direct.stop()
    await proxy[1].start()
    assert (await token(wire)).startswith("t-")
    assert not wire.broken_proxy


@pytest.mark.parametrize("address", ["socks://127.0.0.1:1080", "nonsense://x", "http://[::1", "http://"])
async def test_no_proxy_of_any_kind(origin: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, address)
    assert (await token(Wire(origin))).startswith("t-")


async def test_no_network_is_not_a_broken_proxy(closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, closed)
    wire = Wire("http://feishu.invalid")
    with pytest.raises(NotSent):
        await token(wire)
    assert not wire.broken_proxy


async def test_a_proxy_that_answers_for_itself(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is no answer of Feishu's; whether the request went on, nobody knows."""

    async def handle(_request: Request) -> Response | Drop:
        return html("<h1>502 Bad Gateway</h1>", 502)

    async with Server(handle) as server:
        use(monkeypatch, server.url)
        with pytest.raises(errors.FeishuFault):
            await token(Wire(origin))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3", "d2f.localhost", "[::1]"])
async def test_loopback_never_goes_through_it(
    host: str, proxy: tuple[Proxy, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, proxy[1].url)
    wire = Wire(f"http://{host}:9")
    with pytest.raises(NotSent):
        await token(wire)
    assert proxy[0].asked == []
