"""What can go wrong on the way: faults for the next matching call, each once or several times."""

from typing import Literal

from msgspec import Struct, structs

from gateway.sandbox.feishu.access import Rate, too_often
from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.http import Drop, Response, html

Kind = Literal[
    "drop_before",  # the connection ends, nothing was done
    "drop_after",  # the connection ends, all was done
    "html_502",  # a proxy answers in Feishu's place
    "truncated",  # all was done, half of the reply comes
    "slow",  # all was done, the reply's body comes late
    "rate_limited",  # 99991400
    "server_error",  # 1255001, or the code given
    "conflict",  # 1254291
]

_AFTER = frozenset({"drop_after", "truncated", "slow"})


class Fault(Struct, frozen=True):
    """A fault of the next matching calls."""

    call: str
    """The name of a call of ``routes``, or ``*``."""
    kind: Kind
    times: int = 1
    code: int = 1255001
    """Of a server_error."""
    seconds: float = 1.0
    """The wait that rate_limited tells, or how late a slow body comes."""
    done: bool = False
    """html_502 and server_error: the work was done all the same."""

    @property
    def after(self) -> bool:
        """The work is done before the fault shows."""
        return self.done or self.kind in _AFTER

    def spoil(self, good: Response | None) -> Response | Drop:
        """What is sent instead of the good reply. Raises Refusal where Feishu itself refuses."""
        match self.kind:
            case "drop_before" | "drop_after":
                return Drop()
            case "html_502":
                return html("<html><head><title>502 Bad Gateway</title></head></html>", 502)
            case "rate_limited":
                raise too_often(Rate(50), self.seconds)
            case "conflict":
                raise Refusal(1254291)
            case "server_error":
                raise Refusal(self.code)
            case "truncated":
                assert good is not None
                return structs.replace(good, cut_at=len(good.body) // 2)
            case "slow":
                assert good is not None
                return structs.replace(good, pause=self.seconds)


class Faults:
    """The faults still to come, in their order."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queues a fault behind the others."""
        self._waiting.append(fault)

    def take(self, call: str) -> Fault | None:
        """The fault of this call, used up by one."""
        for place, fault in enumerate(self._waiting):
            if fault.call in {call, "*"}:
                if fault.times > 1:
                    self._waiting[place] = structs.replace(fault, times=fault.times - 1)
                else:
                    del self._waiting[place]
                return fault
        return None
