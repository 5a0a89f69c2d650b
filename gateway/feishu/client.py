"""Calls to Feishu's open API that keep at it: a token, one writer at a time, waits as told, retries."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import msgspec
import stamina

from gateway import errors
from gateway.feishu.access import Access, BaseToken
from gateway.feishu.codes import OTHER_BASE_CODE, TOKEN_CODES
from gateway.feishu.wire import Answer, NotSent, Wire

_LONGEST_WAIT = 60.0
_ATTEMPTS = 8
_FAILURES = 3
"""Tries that may end without an answer before the whole push waits, which it does far longer."""
_JITTER = 1.0
"""Seconds that a wait of our own choice may be longer by, so that two do not try at the same time for ever."""
_WORTH_TELLING = 2.0
"""Seconds; shorter waits are over before anybody has read of them."""

Waits = Callable[[float, errors.FeishuError], None]
"""Told of a wait before the next try: its seconds, and why. 0 when it is over."""

T = TypeVar("T")


class Client:
    """One way into Feishu."""

    def __init__(self, wire: Wire, access: Access, waits: Waits = lambda _seconds, _error: None) -> None:
        self.wire = wire
        self._access = access
        self._waits = waits
        self._writing = asyncio.Lock()
        self._hurry = asyncio.Event()

    async def close(self) -> None:
        await self.wire.close()

    def stop_waiting(self) -> None:
        """Calls that wait for their next try end with the error that they wait after. Nothing is under way then."""
        self._hurry.set()
        self._hurry.clear()

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

        def again(error: errors.FeishuError) -> bool | float:
            nonlocal failures
            match error:
                case errors.FeishuBusy(wait=float(wait)):
                    return min(wait, _LONGEST_WAIT)
                case errors.FeishuBusy() | errors.FeishuConflict():
                    return True
                case errors.FeishuFault() | errors.FeishuUnreachable():
                    failures += 1
                    return failures < _FAILURES and (unsure or isinstance(error, NotSent))
                case _:
                    return False

        verdict: bool | float = False
        why = errors.FeishuError()
        attempts = aiter(
            stamina.retry_context(
                on=lambda _: verdict, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=30.0
            )
        )
        attempt = await anext(attempts)
        while True:
            with attempt:
                verdict = False
                try:
                    return _decode(await self._with_token(method, path, **rest), shape)
                except errors.FeishuError as error:
                    verdict, why = again(error), error
                    raise
            pause = verdict if isinstance(verdict, float) else attempt.next_wait + _JITTER
            told = pause >= _WORTH_TELLING and verdict is not False and attempt.num < _ATTEMPTS
            attempt = await self._rest(attempts, pause if told else 0.0, why)

    async def _rest(
        self, attempts: AsyncIterator[stamina.Attempt], pause: float, why: errors.FeishuError
    ) -> stamina.Attempt:
        """The next try, when it is time for it. Raises ``why`` if there is none, or nobody is to wait any more.

        ``pause``: seconds to tell of, if any.
        """
        coming = asyncio.ensure_future(anext(attempts))
        hurry = asyncio.ensure_future(self._hurry.wait())
        if pause:
            self._waits(pause, why)
        try:
            await asyncio.wait({coming, hurry}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            raise why
        finally:
            coming.cancel()
            hurry.cancel()
            if pause:
                self._waits(0.0, why)

    async def _with_token(self, method: str, path: str, **rest: Any) -> Answer:
        """Raises FeishuError. A token that is refused is replaced once."""
        for last in (False, True):
            token = await self._access.token(self.wire)
            try:
                return await self.wire.call(
                    method, path, headers={"Authorization": f"Bearer {token}"}, **rest
                )
            except errors.FeishuError as error:
                if isinstance(self._access, BaseToken) and error.feishu_code == OTHER_BASE_CODE:
                    raise errors.OtherBase(feishu_code=OTHER_BASE_CODE, log_id=error.log_id) from error
                if last or error.feishu_code not in TOKEN_CODES or not self._access.forget():
                    raise
        raise AssertionError  # the second round either returns or raises


def _decode(answer: Answer, shape: type[T]) -> T:
    """Raises FeishuFault for a reply that is not in its documented shape: who knows what was done."""
    try:
        return msgspec.json.decode(answer.data, type=shape)
    except errors.UNDECODABLE as error:
        raise errors.FeishuFault from error
