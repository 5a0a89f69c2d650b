"""One request to Feishu and its answer: the way there, with or without a proxy, and what came back.

The body decides, not the HTTP status: the same code comes with 200 on older endpoints and 4xx on newer ones.
"""

import math
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct

from gateway import errors
from gateway.feishu.codes import ErrorBody, explain
from gateway.log import get
from gateway.loopback import is_loopback

_log = get("feishu")

_TIMEOUT = httpx.Timeout(60, connect=10)
_TOO_LARGE = 413

Counter = Callable[[str], None]
"""Told of each request, by what it is for."""


class Answer(Struct, frozen=True):
    """A reply's body. Tokens are in it beside ``data``."""

    code: int
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    error: msgspec.Raw = msgspec.Raw(b"{}")
    error_description: str = ""
    tenant_access_token: str = ""
    expire: int = 0
    access_token: str = ""
    expires_in: int = 0
    refresh_token: str = ""
    refresh_token_expires_in: int = 0

    def __repr__(self) -> str:
        return f"Answer({self.code!r}, {self.msg!r}, •••)"


_answer = msgspec.json.Decoder(Answer)


class NotSent(errors.FeishuUnreachable):
    """No connection was made: Feishu surely did nothing."""


class Wire:
    """Requests to one origin of Feishu's, e.g. ``https://open.feishu.cn``.

    ``via``: another origin that answers in its place, the simulated Feishu; it is told whom it stands for.
    The system's proxy is used if there is one; if it does not work, it is gone without.
    """

    def __init__(self, origin: str, via: str | None = None, count: Counter = lambda _: None) -> None:
        self.origin = origin
        self._base = via or origin
        self._headers = {"Host": urlsplit(origin).netloc} if via else {}
        self._count = count
        self._direct = self._open(trust=False)
        self._proxied = self._through_proxy()
        self.broken_proxy = False
        """The system's proxy did not work, the way without it did."""

    async def close(self) -> None:
        await self._direct.aclose()
        if self._proxied is not None:
            await self._proxied.aclose()

    async def call(self, method: str, path: str, *, purpose: str = "other", **rest: Any) -> Answer:
        """One request. Raises FeishuError; NotSent if it surely was not sent."""
        self._count(purpose)
        if "json" in rest:
            rest["content"] = msgspec.json.encode(rest.pop("json"))
        if "content" in rest:
            rest["headers"] = {**rest.get("headers", {}), "Content-Type": "application/json; charset=utf-8"}
        reply = await self._send(method, path, **rest)
        log_id = str(reply.headers.get("X-Tt-Logid", ""))
        try:
            answer = _answer.decode(reply.content)
        except errors.UNDECODABLE as error:
            if reply.status_code == _TOO_LARGE:  # said by something on the way, in its own words
                raise errors.BatchTooLarge(feishu_code=_TOO_LARGE) from error
            raise errors.FeishuFault(feishu_code=reply.status_code, log_id=log_id) from error
        if answer.code != 0:
            problem = explain(
                answer.code, answer.msg or answer.error_description, _body(answer), _wait(reply)
            )
            problem.log_id = problem.log_id or log_id
            _log.info(
                "refused",
                call=f"{method} {path}",
                feishu_code=answer.code,
                msg=answer.msg,
                log_id=problem.log_id,
            )
            raise problem
        return answer

    async def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """By the way that worked last; if no connection can be made, by the other one."""
        if self._proxied is None:
            return await _request(self._direct, method, path, **rest)
        first, second = self._proxied, self._direct
        if self.broken_proxy:
            first, second = second, first
        try:
            return await _request(first, method, path, **rest)
        except NotSent as error:
            reply = await _request(second, method, path, **rest)
            self.broken_proxy = second is self._direct  # not sooner: perhaps there is no network at all
            _log.warning("other way taken", without_proxy=self.broken_proxy, why=error.facts.get("why"))
            return reply

    def _through_proxy(self) -> httpx.AsyncClient | None:
        """None if there is no proxy for this origin. Loopback never goes through one."""
        if is_loopback(urlsplit(self._base).hostname or ""):
            return None
        try:
            client = self._open(trust=True)
        except (ValueError, httpx.InvalidURL) as error:
            # `socks://…` is what some desktops set, and no scheme of any standard
            _log.warning("proxy not understood, going without", error=str(error))
            return None
        return client

    def _open(self, *, trust: bool) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._base, headers=self._headers, timeout=_TIMEOUT, trust_env=trust, verify=_trusted()
        )


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates to believe in: read once, as that takes as long as ten calls."""
    return httpx.create_ssl_context()


async def _request(client: httpx.AsyncClient, method: str, path: str, **rest: Any) -> httpx.Response:
    try:
        return await client.request(method, path, **rest)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise NotSent(why=_why(error)) from error
    except httpx.HTTPError as error:
        raise errors.FeishuUnreachable(why=_why(error)) from error


def _body(answer: Answer) -> ErrorBody:
    """The ``error`` member: an object, but a word in the replies of the log-in."""
    try:
        return msgspec.json.decode(answer.error, type=ErrorBody)
    except errors.UNDECODABLE:
        return ErrorBody()


def _why(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _wait(reply: httpx.Response) -> float | None:
    """Seconds that Feishu tells to wait; None if it says nothing that makes sense."""
    try:
        wait = float(reply.headers.get("x-ogw-ratelimit-reset", ""))
    except ValueError:
        return None
    return wait if math.isfinite(wait) and wait > 0 else None
