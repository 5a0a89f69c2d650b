"""Calls to Feishu's open API with an app's own credentials: token, one writer at a time, retries.

The body decides, not the HTTP status: the same code comes with 200 on older endpoints and 4xx on newer ones.
"""

import asyncio
import time
from collections import Counter
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import stamina
from msgspec import Struct

from gateway import errors
from gateway.feishu.codes import TOKEN_CODES, ErrorBody, explain
from gateway.log import get

_log = get("feishu")

_MARGIN = 10 * 60
"""Seconds before its end at which a token is renewed. Feishu gives a new one in the last 30 minutes only."""
_LONGEST_WAIT = 60.0
_ATTEMPTS = 8
_TOO_LARGE = 413
_FAILURES = 3
"""Tries that may end without an answer before the whole push waits, which it does far longer."""


T = TypeVar("T")


class _Envelope(Struct, frozen=True):
    code: int
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    error: ErrorBody = ErrorBody()
    tenant_access_token: str = ""
    expire: int = 0


_envelope = msgspec.json.Decoder(_Envelope)


class Credentials(Struct, frozen=True):
    """A self-built app's App ID and App Secret."""

    app_id: str
    app_secret: str

    def __repr__(self) -> str:
        return f"Credentials({self.app_id!r}, •••)"


class Client:
    """One Feishu app on one domain (``https://open.feishu.cn`` or ``https://open.larksuite.com``)."""

    def __init__(self, origin: str, credentials: Credentials) -> None:
        self._http = _http(origin)
        self._credentials = credentials
        self._token = ""
        self._token_ends = 0.0
        self._writing = asyncio.Lock()
        self.calls: Counter[str] = Counter()
        """Calls made, by method and last part of the path."""

    async def close(self) -> None:
        await self._http.aclose()

    async def read(self, method: str, path: str, shape: type[T], **rest: Any) -> T:
        """A call that changes nothing. Returns the ``data`` member. Raises FeishuError."""
        return await self._persist(method, path, shape, unsure=True, **rest)

    async def write(self, method: str, path: str, shape: type[T], *, repeatable: bool, **rest: Any) -> T:
        """A call that changes something; one at a time, since a second writer gets 1254291.

        Not ``repeatable`` (a create): it is repeated only if Feishu surely did nothing. After a time-out, a
        broken connection, an error of Feishu's own or a reply that makes no sense it raises FeishuUnreachable
        or FeishuFault, and the caller must look before it writes again.
        """
        async with self._writing:
            return await self._persist(method, path, shape, unsure=repeatable, **rest)

    async def _persist(self, method: str, path: str, shape: type[T], *, unsure: bool, **rest: Any) -> T:
        """Repeats what can be repeated: always after a refusal to wait for, and when ``unsure`` is harmless."""
        failures = 0

        def again(error: Exception) -> bool | float:
            nonlocal failures
            match error:
                case errors.FeishuBusy(wait=float(wait)):
                    return min(wait, _LONGEST_WAIT)
                case errors.FeishuBusy() | errors.FeishuConflict():
                    return True
                case errors.FeishuFault() | errors.FeishuUnreachable():
                    failures += 1
                    return failures < _FAILURES and (unsure or isinstance(error, _NotSent))
                case _:
                    return False

        async for attempt in stamina.retry_context(
            on=again, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=30.0
        ):
            with attempt:
                return _decode(await self._with_token(method, path, **rest), shape)
        raise AssertionError  # retry_context either returns or raises

    async def _with_token(self, method: str, path: str, **rest: Any) -> _Envelope:
        for last in (False, True):
            token = await self._fresh_token()
            try:
                return await self._call(method, path, headers={"Authorization": f"Bearer {token}"}, **rest)
            except errors.TokenRefused as error:
                if last or error.feishu_code not in TOKEN_CODES:
                    raise
                self._token = ""
        raise AssertionError  # the second round either returns or raises

    async def _fresh_token(self) -> str:
        if not self._token or time.monotonic() >= self._token_ends:
            body = {"app_id": self._credentials.app_id, "app_secret": self._credentials.app_secret}
            answer = await self._call("POST", "/open-apis/auth/v3/tenant_access_token/internal", json=body)
            self._token = answer.tenant_access_token
            self._token_ends = time.monotonic() + answer.expire - _MARGIN
        return self._token

    async def _call(self, method: str, path: str, **rest: Any) -> _Envelope:
        """One request. Raises FeishuError."""
        self.calls[f"{method} {path.rpartition('/')[2]}"] += 1
        if "json" in rest:
            rest["content"] = msgspec.json.encode(rest.pop("json"))
        if "content" in rest:
            rest["headers"] = {**rest.get("headers", {}), "Content-Type": "application/json; charset=utf-8"}
        try:
            reply = await self._http.request(method, path, **rest)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _NotSent(why=_why(error)) from error
        except httpx.HTTPError as error:
            raise errors.FeishuUnreachable(why=_why(error)) from error
        try:
            answer = _envelope.decode(reply.content)
        except errors.UNDECODABLE as error:
            if reply.status_code == _TOO_LARGE:  # said by something on the way, in its own words
                raise errors.BatchTooLarge(feishu_code=_TOO_LARGE) from error
            raise errors.FeishuFault(feishu_code=reply.status_code, log_id=_log_id(reply)) from error
        if answer.code != 0:
            problem = explain(answer.code, answer.msg, answer.error, _wait(reply))
            problem.log_id = problem.log_id or _log_id(reply)
            _log.info(
                "refused",
                call=f"{method} {path}",
                feishu_code=answer.code,
                msg=answer.msg,
                log_id=problem.log_id,
            )
            raise problem
        return answer


def _http(origin: str) -> httpx.AsyncClient:
    """A connection by the system's proxy, if it has one that can be understood; loopback never goes through it."""
    timeout = httpx.Timeout(60, connect=10)
    if urlsplit(origin).hostname != "127.0.0.1":
        try:
            return httpx.AsyncClient(base_url=origin, timeout=timeout)
        except (
            ValueError,
            httpx.InvalidURL,
        ) as error:  # `socks://…` is what some desktops set, and no scheme of any standard
            _log.warning("proxy not understood, going without", error=str(error))
    return httpx.AsyncClient(base_url=origin, timeout=timeout, trust_env=False)


class _NotSent(errors.FeishuUnreachable):
    """No connection was made: Feishu surely did nothing."""


def _decode(answer: _Envelope, shape: type[T]) -> T:
    """Raises FeishuFault for a reply that is not in its documented shape: who knows what was done."""
    try:
        return msgspec.json.decode(answer.data, type=shape)
    except errors.UNDECODABLE as error:
        raise errors.FeishuFault from error


def _why(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _log_id(reply: httpx.Response) -> str:
    return str(reply.headers.get("x-tt-logid", ""))


def _wait(reply: httpx.Response) -> float | None:
    try:
        return float(reply.headers["x-ogw-ratelimit-reset"])
    except (KeyError, ValueError):
        return None
