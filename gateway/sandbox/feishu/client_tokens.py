"""The client_token of calls that create: the same call twice is carried out once."""

from hashlib import sha256
from typing import Literal
from uuid import UUID

from msgspec import Struct

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal


class _Answered(Struct, frozen=True):
    asked: bytes
    data: dict[str, Json]


TokenPolicy = Literal["replay", "recommit"]


class ClientTokens:
    """Creating calls that carried a client_token, for ever.

    Whether the real one gives its first reply again or 1254608 is not known: ``replay`` or ``recommit``.
    """

    def __init__(self, policy: TokenPolicy) -> None:
        self.policy: TokenPolicy = policy
        self.under_way: set[str] = set()
        """Tokens of calls that are not done yet."""
        self._answered: dict[tuple[str, str], _Answered] = {}

    def earlier(self, call: Call) -> dict[str, Json] | None:
        """The first reply to the same call. Raises Refusal 1254037, 1254608, 1255006."""
        token = call.request.param("client_token")
        if not token:
            return None
        if not _is_uuid4(token):
            raise Refusal(1254037)
        if token in self.under_way:
            raise Refusal(1254608)
        answered = self._answered.get((call.caller.id, token))
        if answered is None:
            return None
        if answered.asked != _asked(call):
            raise Refusal(1255006)
        if self.policy == "recommit":
            raise Refusal(1254608)
        return answered.data

    def remember(self, call: Call, data: dict[str, Json]) -> None:
        """The call was carried out."""
        token = call.request.param("client_token")
        if token:
            self._answered[call.caller.id, token] = _Answered(_asked(call), data)


def _asked(call: Call) -> bytes:
    return sha256(f"{call.request.method} {call.request.path}\n".encode() + call.request.body).digest()


def _is_uuid4(token: str) -> bool:
    try:
        uuid = UUID(token)
    except ValueError:
        return False
    return uuid.version == 4 and str(uuid) == token.lower()
