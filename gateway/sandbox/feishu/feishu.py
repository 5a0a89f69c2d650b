"""The simulated Feishu as a whole: lets a call in, carries it out, and fails where it is told to."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.access import App, Apps, Meter, Rate, too_often
from gateway.sandbox.feishu.call import Call, ClientTokens, TokenPolicy
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.page import show
from gateway.sandbox.feishu.routes import Route, known, route_of
from gateway.sandbox.feishu.table import Table
from gateway.sandbox.feishu.world import World
from gateway.sandbox.http import Drop, Request, Response, html

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105  # a path
_TOKEN_RATE = Rate(100, 60)

FaultKind: TypeAlias = Literal[
    "drop_before",
    "drop_after",
    "html_502",
    "truncated",
    "slow",
    "rate_limited",
    "server_error",
    "conflict",
    "not_ready",
    "timed_out",
    "strange",
    "nonsense",
    "late",
]
_REFUSING = {"server_error": 1255001, "conflict": 1254291, "not_ready": 1254607, "strange": 1254000}
"""``strange``: a code that a call without a mistake never gets."""
Stage: TypeAlias = Literal["before", "after"]
"""Of a call: nothing is done yet; all is done but not answered."""


class Fault(Struct):
    """What goes wrong with the next calls of that name (``record.batch_create``; ``*`` for any)."""

    call: str
    kind: FaultKind
    times: int = 1
    seconds: float = 1.0
    """How long a slow reply takes."""


class _Credentials(Struct):
    app_id: str = ""
    app_secret: str = ""


class _Rows(Struct):
    records: list[msgspec.Raw] = []


class Feishu(World):
    """Apps, documents, and the door to them. ``handle`` answers requests."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        rates: bool = True,
        strict_status: bool = True,
        token_policy: TokenPolicy = "replay",  # noqa: S107  # no secret
        max_rows: int = 20_000,
    ) -> None:
        super().__init__(clock=clock, seed=seed, max_rows=max_rows)
        self._apps = Apps(clock, self.ids)
        self._meter = Meter(clock) if rates else None
        self.client_tokens = ClientTokens(token_policy)
        self._strict = strict_status
        self._writing: set[str] = set()
        self.faults: list[Fault] = []
        self.on_call: Callable[[str, Stage], Awaitable[None]] | None = None
        """Is told of every call before and after it is carried out."""
        self.late: list[Request] = []
        """Calls whose connection broke and that are still under way: a fault of kind ``late``."""
        self.lag = 0
        """So many reads after a write do not see it yet."""
        self.most_at_once: int | None = None
        """A write of more rows takes it too long: nothing is done, and no answer comes."""
        self.write_time = 0.002
        """Seconds that a write takes."""
        self.calls: Counter[str] = Counter()
        """Calls that came in, by name."""

    def add_app(
        self,
        app_id: str,
        app_secret: str,
        *,
        scopes: Collection[str] = ("bitable:app", "wiki:wiki"),
        published: bool = True,
    ) -> None:
        """Registers a self-built app, or changes it."""
        self._apps.add(app_id, app_secret, scopes, published=published)

    def revoke_tokens(self) -> None:
        """All tokens end now."""
        self._apps.revoke()

    async def handle(self, request: Request) -> Response | Drop:
        """One request: of a program to the API, or of a person to the pages."""
        if not request.path.startswith("/open-apis/"):
            return show(self, request)
        log_id = self.ids.log(self.clock())
        try:
            return await self._answer(request, log_id)
        except Refusal as refusal:
            content = msgspec.json.encode(refusal.body(log_id))
            return _reply(content, log_id, refusal.status(strict=self._strict), refusal.headers)

    async def _answer(self, request: Request, log_id: str) -> Response | Drop:
        found = route_of(request.method, request.path)
        name = found[0].name if found else "auth.token" if request.path == TOKEN_PATH else "unknown"
        self.calls[name] += 1
        fault = self._fault(name)
        await self._tell(name, "before")
        if self._is_too_much(request):
            return Drop()
        if fault is not None and fault.kind == "late":
            self.late.append(request)
            self.client_tokens.under_way.add(request.param("client_token"))
            return Drop()
        if isinstance(early := _before(fault), Response | Drop):
            return early
        body: dict[str, Json]
        if name == "auth.token":
            body = self._token(request)
        elif found is None:
            raise Refusal(99991301 if known(request.path) else 99991201)
        else:
            body = {"code": 0, "msg": "success", "data": await self._carry_out(request, *found)}
        await self._tell(name, "after")
        # Recorded replies have their keys in order, down to the names of columns; refusals have not.
        return _after(fault, _reply(msgspec.json.encode(body, order="sorted"), log_id))

    async def finish_late(self) -> None:
        """Carries out what is still under way."""
        late, self.late = self.late, []
        for request in late:
            self.client_tokens.under_way.discard(request.param("client_token"))
            if (found := route_of(request.method, request.path)) is not None:
                with contextlib.suppress(Refusal):  # nobody hears of it any more
                    await self._carry_out(request, *found)

    def _is_too_much(self, request: Request) -> bool:
        if self.most_at_once is None or b'"records"' not in request.body:
            return False
        return len(msgspec.json.decode(request.body, type=_Rows).records) > self.most_at_once

    def _token(self, request: Request) -> dict[str, Json]:
        """The flat reply. The official SDK sends no Content-Type here."""
        try:
            asked = msgspec.json.decode(request.body, type=_Credentials)
        except msgspec.MsgspecError:
            raise Refusal(10003) from None
        self._count(asked.app_id, "auth.token", _TOKEN_RATE)
        return {"code": 0, "msg": "ok", **self._apps.token(asked.app_id, asked.app_secret)}

    async def _carry_out(self, request: Request, route: Route, path: dict[str, str]) -> dict[str, Json]:
        app = self._apps.admit(request.headers.get("authorization", ""), route.scopes)
        self._count(app.id, route.name, route.rate)
        call = Call(route.name, self, app, request, path)
        self._enter(call, route, app)
        if route.creates and (earlier := self.client_tokens.earlier(call)) is not None:
            return earlier
        if not route.writes or call.found_base is None:
            return route.handle(call)
        data = await self._write(call, route)
        if route.creates:
            self.client_tokens.remember(call, data)
        return data

    def _enter(self, call: Call, route: Route, app: App) -> None:
        """Finds the document and the table, and whether the app may. Raises Refusal."""
        if "app_token" not in call.path:
            return
        base = self.base(call.path["app_token"])
        role = base.roles.get(app.id)
        if role is None:
            raise Refusal(91403)
        if route.writes and (role == "view" or (base.advanced and role != "full_access")):
            raise Refusal(1254302)
        call.found_base = base
        if "table_id" in call.path:
            call.found_table = base.table(call.path["table_id"])

    async def _write(self, call: Call, route: Route) -> dict[str, Json]:
        """One writer at a time on a table; one that comes in between gets 1254291."""
        place = call.found_table.id if call.found_table else call.base.token
        if place in self._writing:
            raise Refusal(1254291)
        self._writing.add(place)
        try:
            await asyncio.sleep(self.write_time)
            self._remember_for_lag(call.found_table)
            return route.handle(call)
        finally:
            self._writing.discard(place)

    def _remember_for_lag(self, table: Table | None) -> None:
        if table is not None and self.lag:
            table.before, table.stale_reads = dict(table.records), self.lag

    def _count(self, app_id: str, name: str, rate: Rate) -> None:
        if self._meter is not None:
            self._meter.count(app_id, name, rate)

    def _fault(self, name: str) -> Fault | None:
        fault = next((each for each in self.faults if each.call in {name, "*"}), None)
        if fault is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
        return fault

    async def _tell(self, name: str, stage: Stage) -> None:
        if self.on_call is not None:
            await self.on_call(name, stage)


def _before(fault: Fault | None) -> Response | Drop | None:
    """What goes wrong before anything is done. Raises Refusal."""
    match fault:
        case Fault(kind="drop_before"):
            return Drop()
        case Fault(kind="html_502"):
            return html(
                "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>",
                502,
            )
        case Fault(kind="rate_limited"):
            raise too_often(Rate(50), 1)
        case Fault(kind=kind) if kind in _REFUSING:
            raise Refusal(_REFUSING[kind])
        case _:
            return None


def _after(fault: Fault | None, reply: Response) -> Response | Drop:
    """What goes wrong on the way back, when all is done."""
    match fault:
        case Fault(kind="drop_after"):
            return Drop()
        case Fault(kind="timed_out"):
            raise Refusal(1254607)
        case Fault(kind="nonsense"):
            return msgspec.structs.replace(reply, body=b'{"code":0,"msg":"success","data":[]}')
        case Fault(kind="truncated"):
            return msgspec.structs.replace(reply, cut_at=len(reply.body) // 2)
        case Fault(kind="slow", seconds=seconds):
            return msgspec.structs.replace(reply, pause=seconds)
        case _:
            return reply


def _reply(
    content: bytes, log_id: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    return Response(status, content, (("X-Tt-Logid", log_id), *headers), "application/json; charset=utf-8")
