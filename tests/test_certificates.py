"""Somebody on the way with a certificate that is not Feishu's, or Douban's: the tunnel ends there, and nothing is said in it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from gateway.douban.fetch import Fetcher
from gateway.douban.pictures import Pictures
from gateway.errors import PictureRefused
from gateway.feishu import wire
from gateway.feishu.access import AppToken
from gateway.feishu.wire import NotSent, Wire
from gateway.model import Medium, now
from gateway.sandbox.http import Drop, Request, Response, Server, json
from tests.douban.test_fetch import BROWSER, Clock, Rexxar, fresh
from tests.douban.test_pictures import ADDRESS, JPEG
from tests.support import APP_ID, APP_SECRET
from tests.test_proxy import use

FEISHU, NAMES = "feishu.invalid", ("localhost", "*.douban.com", "*.doubanio.com")
REFUSED = "refused"


class Between:
    """A proxy that leads every tunnel into a server of its own. It remembers what it could read."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.server = Server(self._answer, tls=context)
        self.asked: list[Request] = []
        self.passed = bytearray()
        self._films = Rexxar(Clock(), 1)
        self._open: set[asyncio.Task[None]] = set()

    async def _answer(self, request: Request) -> Response | Drop:
        self.asked.append(request)
        if request.host.endswith("doubanio.com"):
            return Response(200, JPEG, content_type="image/jpeg")
        if request.host.endswith("douban.com"):
            return await self._films.handle(request)
        return json({"code": 0, "tenant_access_token": "t-of-his-own", "expire": 7200})

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.passed += await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back, on = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            await asyncio.gather(self._pass(reader, on), self._pass(back, writer))
        finally:
            for each in (on, writer):
                each.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65536):
                self.passed += part
                writer.write(part)
            writer.write_eof()

    async def end(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


async def feishu(between: Between) -> str:
    """Loopback has no proxy: this is the direct way, and it is told why it is none."""
    told = await _token(Wire(f"https://localhost:{between.server.port}"))
    return REFUSED if "CERTIFICATE_VERIFY_FAILED" in told else told


async def feishu_by_proxy(_: Between) -> str:
    """Refused there, it tries without the proxy, where nobody is."""
    told = await _token(Wire(f"https://open.{FEISHU}"))
    return told if told.startswith("t-") else REFUSED


async def _token(one: Wire) -> str:
    try:
        return await AppToken(APP_ID, APP_SECRET).token(one)
    except NotSent as error:
        return error.facts["why"]
    finally:
        await one.close()


async def douban(_: Between) -> str:
    clock, frontier = Clock(), fresh()
    fetcher = Fetcher(BROWSER, now=now, sleep=clock.sleep)
    read = [each async for each in fetcher.walk(frontier)]
    await fetcher.close()
    if frontier.stopped == "unreachable":
        assert not read
        return REFUSED
    return str(frontier.stopped)


async def pictures(_: Between) -> str:
    one = Pictures()
    try:
        return (await one.fetch(ADDRESS, Medium.MOVIE)).name
    except PictureRefused as error:
        return REFUSED if error.facts == {"why": "ConnectError"} else str(error)
    finally:
        await one.close()


WAYS: dict[Callable[[Between], Awaitable[str]], str] = {
    feishu: "t-of-his-own",
    feishu_by_proxy: "t-of-his-own",
    douban: "None",
    pictures: "s33441122.jpg",
}
"""All that goes out, and what comes back from one whom we trust."""
AUTHORITY, STRANGER = trustme.CA(), trustme.CA()
CERTIFICATES: dict[str, Callable[[], trustme.LeafCert]] = {
    "of nobody known": lambda: STRANGER.issue_cert(*NAMES, f"*.{FEISHU}"),
    "for another name": lambda: AUTHORITY.issue_cert("evil.test", "douban.com.evil.test"),
    "of the day before": lambda: AUTHORITY.issue_cert(
        *NAMES, f"*.{FEISHU}", not_before=now() - timedelta(2), not_after=now() - timedelta(1)
    ),
}


@pytest.fixture
async def led(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[trustme.LeafCert], Awaitable[Between]]]:
    """Makes one who sits between, and has him for a proxy. The system trusts ``AUTHORITY`` alone."""
    trusted, kept = tmp_path / "authority.pem", vars(wire)["_trusted"]
    AUTHORITY.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    kept.cache_clear()
    async with contextlib.AsyncExitStack() as stack:

        async def lead(certificate: trustme.LeafCert) -> Between:
            between = Between(certificate)
            await stack.enter_async_context(between.server)
            proxy = await asyncio.start_server(between.lead, "127.0.0.1", 0)
            stack.push_async_callback(between.end)
            stack.callback(proxy.close)
            use(monkeypatch, f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
            return between

        yield lead
    kept.cache_clear()


@pytest.mark.parametrize("way", WAYS)
async def test_the_right_one_is_spoken_to(
    led: Callable[[trustme.LeafCert], Awaitable[Between]], way: Callable[[Between], Awaitable[str]]
) -> None:
    between = await led(AUTHORITY.issue_cert(*NAMES, f"*.{FEISHU}"))
    assert await way(between) == WAYS[way]
    assert between.asked


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("way", WAYS)
async def test_a_wrong_one_is_refused(
    led: Callable[[trustme.LeafCert], Awaitable[Between]],
    way: Callable[[Between], Awaitable[str]],
    certificate: str,
) -> None:
    between = await led(CERTIFICATES[certificate]())
    assert await way(between) == REFUSED
    assert between.asked == []
    assert not any(each in between.passed for each in (APP_SECRET.encode(), b"dbcl2", b"secret-token"))
    assert way is feishu or between.passed.startswith(b"CONNECT "), "nobody came"
