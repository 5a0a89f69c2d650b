"""Covers from Douban's image hosts, which show them to Douban's own pages only: hence the Referer.

No cookie is ever sent, and nothing but ``*.doubanio.com`` is asked.
"""

import asyncio
import re
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from msgspec import Struct

from gateway.errors import PictureRefused
from gateway.model import Medium, photo_id

__all__ = ["MOST_BYTES", "Picture", "Pictures"]

MOST_BYTES = 20 * 1024 * 1024
"""Feishu takes no larger picture in one piece."""
_PATIENCE = 60.0
"""Seconds for a whole picture."""
_TIMEOUT = httpx.Timeout(30, connect=10)
_ADDRESS = re.compile(r"(?:https?:)?//([a-z0-9-]+\.doubanio\.com)(/[^\s#]*)")
_OWN_HOST = frozenset({Medium.BOOK, Medium.MOVIE, Medium.MUSIC})
_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
_KINDS = (
    (re.compile(rb"\xff\xd8\xff"), "jpg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
)
"""How each begins: a refusal says ``image/jpeg`` as well."""


class Picture(Struct, frozen=True):
    """A cover as Douban sent it. The name ends as its kind of picture does."""

    name: str
    content: bytes


class Pictures:
    """Fetches covers. ``via``: another origin that answers in the place of the image hosts, the simulated Douban."""

    def __init__(self, via: str | None = None) -> None:
        self._via = via
        self._http: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def fetch(self, address: str, medium: Medium) -> Picture:
        """The cover of a subject of that medium. Raises PictureRefused."""
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise PictureRefused(why="no address of Douban's")
        host, target = found[1], found[2]
        referer = f"https://{medium if medium in _OWN_HOST else 'www'}.douban.com/"
        try:
            async with asyncio.timeout(_PATIENCE):
                content = await self._get(f"{self._via or f'https://{host}'}{target}", host, referer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise PictureRefused(why=type(error).__name__) from error
        ending = next((ending for start, ending in _KINDS if start.match(content)), None)
        if ending is None:
            raise PictureRefused(why="no picture")
        return Picture(f"{photo_id(address)}.{ending}", content)

    async def _get(self, url: str, host: str, referer: str) -> bytes:
        content = bytearray()
        headers = {"Referer": referer} | ({"Host": host} if self._via else {})
        self._http = self._http or _open(through_proxy=self._via is None)
        async with self._http.stream("GET", url, headers=headers) as reply:
            if not reply.is_success:
                raise PictureRefused(why=f"HTTP {reply.status_code}")
            async for part in reply.aiter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise PictureRefused(why="> 20 MB")
        return bytes(content)


def _open(*, through_proxy: bool) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=_TIMEOUT,
        trust_env=through_proxy,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"User-Agent": _USER_AGENT, "Accept": "image/webp,image/png,image/*;q=0.8"},
    )
