"""A browser of few words for the tests of the simulated Douban: asks over a real socket, reads with selectolax."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.model import Medium, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.http import Server
from gateway.sandbox.person import Person

Html = LexborHTMLParser
ROWS = {
    "movie": "div.grid-view > div.item",
    "book": "ul.interest-list > li.subject-item",
    "music": "div.item",
}
PATHS = {Status.DONE: "collect", Status.WISH: "wish", Status.DOING: "do"}


class Web:
    """Asks the simulator as one of its hosts."""

    def __init__(self, douban: Douban, client: httpx.AsyncClient) -> None:
        self.douban = douban
        self._client = client

    async def get(
        self, host: str, path: str, who: Person | None = None, **query: str | int
    ) -> httpx.Response:
        """One request; ``host`` without ``.douban.com``, ``who`` is logged in."""
        cookies = "; ".join(f"{name}={value}" for name, value in who.cookies.items()) if who else ""
        return await self.ask(f"{host}.douban.com", path, query, Cookie=cookies)

    async def ask(
        self, host: str, path: str, query: dict[str, str | int] | None = None, **headers: str
    ) -> httpx.Response:
        """One request to a whole host name."""
        return await self._client.get(path, headers={"Host": host, **headers}, params=query or None)

    async def post(self, host: str, path: str, form: dict[str, str]) -> httpx.Response:
        """One form, from nobody."""
        return await self._client.post(path, headers={"Host": f"{host}.douban.com"}, data=form)

    async def page(self, host: str, path: str, who: Person | None = None, **query: str | int) -> Html:
        """The same, as a tree."""
        response = await self.get(host, path, who, **query)
        assert response.status_code == 200, response.text[:200]
        return Html(response.text)


@asynccontextmanager
async def browsing(douban: Douban) -> AsyncGenerator[Web]:
    """A simulated Douban that listens, and a way to ask it."""
    async with Server(douban.handle) as server, httpx.AsyncClient(base_url=server.url) as client:
        yield Web(douban, client)


def one(html: Html | LexborNode, selector: str) -> LexborNode:
    """The first such element, which has to be there."""
    node = html.css_first(selector)
    assert node is not None, selector
    return node


def words(html: Html, selector: str) -> str:
    """The text of the one element of its kind, its white space folded."""
    (node,) = html.css(selector)
    return " ".join(node.text().split())


def ids(html: Html, selector: str) -> list[str]:
    found = [re.search(r"/subject/(\d+)/", row.html or "") for row in html.css(selector)]
    return [match[1] for match in found if match]


async def walk(web: Web, host: str, path: str, who: Person | None = None, **query: str) -> list[list[str]]:
    """The ids of all pages, by the links to the next one; ends with the page that has no such link."""
    pages: list[list[str]] = []
    rows = "ul.list-view > li.item" if query.get("mode") == "list" else ROWS[host]
    for _ in range(100):
        html = await web.page(host, path, who, **query)
        pages.append(ids(html, rows))
        link = html.css_first("link[rel=next]")
        if link is None:
            return pages
        path, query = (link.attributes["href"] or "").removeprefix(f"https://{host}.douban.com"), {}
    pytest.fail("the links never end")


def truth(person: Person, medium: str, status: Status) -> list[str]:
    return [e.key.id for e in person.of(Medium(medium), status)]
