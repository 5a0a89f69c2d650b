"""One call: who makes it, on what, with which parameters; and the checks that all calls share."""

import base64
import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.access import Caller
from gateway.sandbox.feishu.base import Base
from gateway.sandbox.feishu.errors import Json, Refusal, violation
from gateway.sandbox.feishu.hands import Hands
from gateway.sandbox.feishu.renders import Setting
from gateway.sandbox.feishu.table import Stamp, Table
from gateway.sandbox.http import Request

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

_AT = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>.+?)`")


class Call(Struct):
    """A call that was let in."""

    name: str
    world: Hands
    caller: Caller
    request: Request
    path: dict[str, str]
    """The parameters in the path, decoded."""
    found_base: Base | None = None
    found_table: Table | None = None

    @property
    def base(self) -> Base:
        assert self.found_base is not None
        return self.found_base

    @property
    def table(self) -> Table:
        assert self.found_table is not None
        return self.found_table

    @property
    def origin(self) -> str:
        """Where replies say that documents and files are: here, whatever Feishu's own address would be."""
        return f"http://{self.request.headers['host']}"

    @property
    def setting(self) -> Setting:
        """What rendering of this table's rows needs."""
        return Setting(self.origin, self.table.id, self.base.revision, self.base.files, self.base.title)

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.caller.open_id, self.world.now)

    def manages(self) -> bool:
        """The caller sees and may change the rows, advanced permissions or not."""
        return not self.base.advanced or self.base.roles.get(self.caller.id) == "full_access"

    def flag(self, name: str) -> bool:
        """A boolean of the query: ``true`` and ``True`` are both met."""
        return self.request.param(name).lower() == "true"

    def body(self, shape: type[S]) -> S:
        """The JSON body, whatever its Content-Type. Raises Refusal 1254000, 1254001, 9499."""
        try:
            raw = msgspec.json.decode(self.request.body or b"{}")
        except msgspec.DecodeError:
            raise Refusal(1254000) from None
        try:
            return msgspec.convert(raw, shape)
        except msgspec.ValidationError as error:
            raise _misshapen(str(error)) from None

    def page_size(self, most: int) -> int:
        """20 if none is given. Raises Refusal 1254011, 99992402.

        What a search does with more than its maximum is not known; refusing finds mistakes.
        """
        given = self.request.param("page_size") or "20"
        if not re.fullmatch(r"-?\d+", given):
            raise violation("page_size", given, "page_size must be an integer")
        if int(given) <= 0:
            raise Refusal(1254011)
        if int(given) > most:
            raise violation("page_size", given, f"the max value is {most}")
        return int(given)

    def slice_by_id(self, ids: Sequence[str], items: Sequence[Json], most: int) -> dict[str, Json]:
        """A page of a list whose page_token is the last id, given back even with the last page (recorded)."""
        size, after = self.page_size(most), self.request.param("page_token")
        if after and after not in ids:
            raise Refusal(1254030)
        start = ids.index(after) + 1 if after else 0
        page_ids = ids[start : start + size]
        return {
            "has_more": start + size < len(ids),
            "items": [*items[start : start + size]],
            "page_token": page_ids[-1] if page_ids else "",
            "total": len(ids),
        }

    def slice_rows(self, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, Json]]:
        """A page of rows and its envelope; the last page has no page_token (recorded)."""
        size, start = self.page_size(500), _position(self.request.param("page_token"))
        more = start + size < len(rows)
        envelope: dict[str, Json] = {"has_more": more, "total": len(rows)}
        if more:
            envelope["page_token"] = base64.urlsafe_b64encode(f"row:{start + size}".encode()).decode()
        return rows[start : start + size], envelope


def _position(page_token: str) -> int:
    if not page_token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(page_token).decode("ascii").partition(":")
    except ValueError:
        raise Refusal(1254030) from None
    if word != "row" or not number.isdigit():
        raise Refusal(1254030)
    return int(number)


def _misshapen(problem: str) -> Refusal:
    """A missing parameter is 1254001 as the pages say; a wrong type is 9499 as recorded."""
    at = _AT.search(problem)
    path = at["path"] if at else ""
    missing = _MISSING.match(problem)
    if missing:
        name = ".".join(part for part in (path, missing["name"]) if part)
        return Refusal(1254001, f"Missing required parameter: '{name}'. Please check and modify accordingly.")
    last = path.rsplit(".", 1)[-1].partition("[")[0]
    return Refusal(
        9499, msg=f"Invalid parameter type in json: {last}. {problem}. Please check and modify accordingly."
    )
