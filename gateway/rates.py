"""How often what may be asked: by anybody, before anything looks at it.

Counted by address, and apart for extensions, so that a page of the web, which cannot have their origin, uses up
nobody's share but its own. What a paired browser sends is counted after it was opened (``devices``): it is
answered sealed, and no other program can use up that share.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Request
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig

from gateway.devices import ORIGINS, PAIR_PATH, Devices
from gateway.security import DEVICE_PATHS, LOGIN, RENEWAL

_PAIRINGS = 30
"""A minute. Five that fail close the pairing; a person pastes one code, perhaps twice."""
_LOG_INS = 30
"""A minute. A person opens one link; a script that runs ``d2f sync`` logs in once each time."""
_RENEWALS = 300
"""A minute. Each open tab asks once in 15 minutes, and all at once after the machine has slept."""
_STRANGERS = 120
"""A minute. A browser that is not paired any more tries twice."""


def limits(devices: Devices) -> list[DefineMiddleware]:
    """Raises Litestar's TooManyRequestsException, a 429."""
    log_in = {LOGIN, f"{LOGIN}/passphrase"}

    def is_stranger(request: Request[Any, Any, Any]) -> bool:
        asks = request.url.path in DEVICE_PATHS - {PAIR_PATH}
        return asks and not devices.is_origin(request.headers.get("origin", ""))

    return [
        _limit("pair", _PAIRINGS, lambda request: request.url.path == PAIR_PATH),
        _limit("login", _LOG_INS, lambda request: request.url.path in log_in),
        _limit("renew", _RENEWALS, lambda request: request.url.path == RENEWAL),
        _limit("stranger", _STRANGERS, is_stranger),
    ]


def _limit(what: str, minute: int, counts: Callable[[Request[Any, Any, Any]], bool]) -> DefineMiddleware:
    async def is_counted(
        request: Request[Any, Any, Any],
    ) -> bool:  # what is not async, Litestar calls in a thread
        return counts(request)

    config = RateLimitConfig(
        ("minute", minute),
        identifier_for_request=partial(_who, what),
        check_throttle_handler=is_counted,
    )
    return config.middleware


def _who(what: str, request: Request[Any, Any, Any]) -> str:
    is_extension = request.headers.get("origin", "").startswith(ORIGINS)
    return f"{what} {request.client.host if request.client else ''} {is_extension}"
