"""A browser of few words for the tests of the simulated Douban: asks over a real socket, reads with selectolax."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from selectolax.lexbor import LexborHTMLParser

from gateway.sandbox.douban import Douban
from gateway.sandbox.http import Server
from gateway.sandbox.person import Person

Html = LexborHTMLParser


class Web:
    """Asks the simulator as one of its hosts."""

    def __init__(self, douban: Douban, client: httpx.AsyncClient) -> None:
        self.douban = douban
        self._client = client

    async def get(
        self, host: str, path: str, who: Person | None = None, **query: str | int
    ) -> httpx.Response:
        """One request; ``host`` without ``.douban.com``, ``who`` is logged in."""
        headers = {"Host": f"{host}.douban.com"}
        if who:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
        return await self._client.get(path, headers=headers, params=query)

    async def page(self, host: str, path: str, who: Person | None = None, **query: str | int) -> Html:
        """The same, as a tree."""
        response = await self.get(host, path, who, **query)
        assert response.status_code == 200, response.text[:200]
        return Html(response.text)


@asynccontextmanager
async def browsing(douban: Douban) -> AsyncIterator[Web]:
    """A simulated Douban that listens, and a way to ask it."""
    async with Server(douban.handle) as server, httpx.AsyncClient(base_url=server.url) as client:
        yield Web(douban, client)


def words(html: Html, selector: str) -> str:
    """The text of the one element, its white space folded."""
    (node,) = html.css(selector)
    return " ".join(node.text().split())
