"""What can go wrong with a call that is right: on the way there, at Feishu's, and on the way back."""

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.feishu.login_codes import WRONG, LoginRefused
from gateway.sandbox.feishu.rates import too_often
from gateway.sandbox.http import Drop, Response, html

FaultKind: TypeAlias = Literal[
    "drop_before",
    "drop_after",
    "html_502",
    "html_502_after",
    "truncated",
    "slow",
    "rate_limited",
    "server_error",
    "conflict",
    "not_ready",
    "timed_out",
    "refused",
    "refused_after",
    "strange",
    "nonsense",
    "late",
]
"""Each happens before anything is done, but for those with ``after``, ``truncated``, ``slow``, ``timed_out`` and
``nonsense``: they happen when all is done. ``late``: the connection breaks, and the call is carried out when
``finish_late`` is called."""

_REFUSING = {"server_error": 1255001, "conflict": 1254291, "not_ready": 1254607, "strange": 1254000}
"""``strange``: a code that a call without a mistake never gets."""
_BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"


class Fault(Struct):
    """What goes wrong with the next calls of that name (``record.batch_create``; ``*`` for any)."""

    call: str
    kind: FaultKind
    times: int = 1
    seconds: float = 1.0
    """How long a slow reply takes, or what a rate-limited one tells to wait."""
    code: int = 0
    """What ``refused`` and ``refused_after`` refuse with."""
    message: str = ""
    """The sentence in ``error.message``."""


def refusal(code: int, message: str) -> Refusal | LoginRefused:
    """By the code: the token call of a person's login refuses in a shape of its own."""
    return LoginRefused(code) if code in WRONG else Refusal(code, message)


def before(fault: Fault | None) -> Response | Drop | None:
    """What goes wrong before anything is done. Raises LoginRefused, Refusal."""
    match fault:
        case Fault(kind="drop_before"):
            return Drop()
        case Fault(kind="html_502"):
            return html(_BAD_GATEWAY, 502)
        case Fault(kind="rate_limited", seconds=seconds):
            raise too_often(50, seconds)
        case Fault(kind="refused", code=code, message=message):
            raise refusal(code, message)
        case Fault(kind=kind, message=message) if kind in _REFUSING:
            raise Refusal(_REFUSING[kind], message)
        case _:
            return None


def after(fault: Fault | None, reply: Response) -> Response | Drop:
    """What goes wrong on the way back, when all is done. Raises LoginRefused, Refusal."""
    match fault:
        case Fault(kind="drop_after"):
            return Drop()
        case Fault(kind="html_502_after"):
            return html(_BAD_GATEWAY, 502)
        case Fault(kind="timed_out"):
            raise Refusal(1254607)
        case Fault(kind="refused_after", code=code, message=message):
            raise refusal(code, message)
        case Fault(kind="nonsense"):
            return msgspec.structs.replace(reply, body=b'{"code":0,"msg":"success","data":[]}')
        case Fault(kind="truncated"):
            return msgspec.structs.replace(reply, cut_at=len(reply.body) // 2)
        case Fault(kind="slow", seconds=seconds):
            return msgspec.structs.replace(reply, pause=seconds)
        case _:
            return reply
