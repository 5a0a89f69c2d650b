"""How often what may be asked in a minute: by anybody, before anything looks at it. Else: 429.

Counted by address, and apart for who is led here by another page: so that one uses up nobody's share but its own. No page
gets as far as the messages of extensions (``security``). What a paired browser sends is counted after it was opened (``devices``): it is
answered sealed, and no other program can use up that share.
"""

from functools import partial
from typing import Any

from litestar import Request
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig

from gateway.devices import Devices


async def _is_stranger(request: Request[Any, Any, Any]) -> bool:
    devices: Devices = request.app.state.devices
    return not devices.is_origin(request.headers.get("origin", ""))


def _limit(what: str, minute: int, **more: Any) -> DefineMiddleware:
    return RateLimitConfig(("minute", minute), identifier_for_request=partial(_who, what), **more).middleware


def _who(what: str, request: Request[Any, Any, Any]) -> str:
    is_led = request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return f"{what} {request.client.host if request.client else ''} {is_led}"


PAIRINGS = _limit("pair", 30)
"""Five that fail close the pairing; a person pastes one code, perhaps twice."""
LOG_INS = _limit("login", 30)
"""A person opens one link; a script that runs ``d2f sync`` logs in once each time."""
RENEWALS = _limit("renew", 300)
"""Each open tab asks once in 15 minutes, and all at once after the machine has slept."""
STRANGERS = _limit("stranger", 120, check_throttle_handler=_is_stranger)
"""Messages of browsers that are not paired. One that is not paired any more tries twice a minute."""
