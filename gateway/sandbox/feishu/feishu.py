"""The simulated Feishu: the world, reached over HTTP."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from typing import Literal

import msgspec
from msgspec import Struct, structs

from gateway.sandbox.feishu.access import Apps, Meter
from gateway.sandbox.feishu.call import Call, ClientTokens, TokenPolicy
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.faults import Fault, Faults
from gateway.sandbox.feishu.page import show
from gateway.sandbox.feishu.routes import NAMES, ROOT, TOKEN_CALL, Route, find, path_parts
from gateway.sandbox.feishu.world import World
from gateway.sandbox.http import Drop, Request, Response

__all__ = ["Fault", "Feishu"]

Stage = Literal["before", "after", "answered"]
OnCall = Callable[[str, Stage], Awaitable[None]]

_TOKEN_PATH = ["auth", "v3", "tenant_access_token", "internal"]


class _Credentials(Struct):
    app_id: str = ""
    app_secret: str = ""


class Feishu(World):
    """A whole Feishu with its apps, bases and tables. ``handle`` is the handler of an ``http.Server``."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        rates: bool = True,
        strict_status: bool = True,
        client_tokens: TokenPolicy = "replay",
        lag: int = 0,
        max_rows: int = 20_000,
        seed: int = 0,
    ) -> None:
        """``strict_status``: the HTTP statuses of the newer pages, or else those of the older ones.

        ``lag``: so many calls on a new base or table answer that it is not there (1254040, 1254041), and so
        many reads after a write with ``ignore_consistency_check`` see the rows of before.
        """
        super().__init__(clock=clock, seed=seed, max_rows=max_rows)
        self.rates = rates
        self.strict_status = strict_status
        self.lag = lag
        self.write_turns = 4
        """Turns of the event loop that a write takes; another one in that time is a conflict."""
        self.on_call: OnCall | None = None
        """Told of each call that is carried out: before (nothing is done yet), after (all is done, nothing
        is sent yet), answered (the reply is sent)."""
        self.calls: Counter[str] = Counter()
        """How often each call was made, refused ones included."""
        self._apps = Apps(clock, self.ids)
        self._meter = Meter(clock)
        self._faults = Faults()
        self._client_tokens = ClientTokens(client_tokens)
        self._busy: set[str] = set()
        self._hidden: dict[str, int] = {}

    def add_app(
        self,
        app_id: str,
        app_secret: str,
        *,
        scopes: Collection[str] = ("bitable:app",),
        published: bool = True,
    ) -> None:
        """Registers a self-built app, or changes it."""
        self._apps.add(app_id, app_secret, scopes, published=published)

    def revoke_tokens(self) -> None:
        """Ends all tokens now: 99991663 until a new one is fetched."""
        self._apps.revoke()

    def fail(self, fault: Fault) -> None:
        """Queues a fault. Raises ValueError for the name of a call that there is not."""
        if fault.call not in {*NAMES, "*"}:
            raise ValueError(fault.call)
        self._faults.add(fault)

    async def handle(self, request: Request) -> Response | Drop:
        """Answers one request: a call below ``/open-apis/``, or a page for people."""
        if not request.path.startswith(ROOT):
            return show(self, request)
        log_id = self.ids.log(self.clock())
        try:
            return await self._answer(request, log_id)
        except Refusal as refusal:
            return self._refused(refusal, log_id)

    async def _answer(self, request: Request, log_id: str) -> Response | Drop:
        parts = path_parts(request.target or request.path)
        if request.method == "POST" and parts == _TOKEN_PATH:
            name, work = TOKEN_CALL, self._give_token(request)
        elif found := find(request.method, parts):
            name, work = found[0].name, self._carry_out(found[0], found[1], request)
        elif self.strict_status:
            raise Refusal(99991201)
        else:
            # Recorded live; the pages know only the JSON.
            return Response(404, b"404 page not found", content_type="text/plain; charset=utf-8")
        self.calls[name] += 1
        fault = self._faults.take(name)
        if fault is not None and not fault.after:
            work.close()
            return fault.spoil(None)
        good = self._reply(await work, 200, log_id, sent=self._sender(name))
        await self._tell(name, "after")
        return good if fault is None else fault.spoil(good)

    async def _give_token(self, request: Request) -> dict[str, Json]:
        try:
            asked = msgspec.json.decode(request.body, type=_Credentials)
        except msgspec.DecodeError:
            raise Refusal(10003) from None
        await self._tell(TOKEN_CALL, "before")
        return {"code": 0, "msg": "ok", **self._apps.token(asked.app_id, asked.app_secret)}

    async def _carry_out(self, route: Route, path: dict[str, str], request: Request) -> dict[str, Json]:
        app = self._apps.admit(request.headers.get("authorization", ""), route.scopes)
        if self.rates:
            self._meter.count(app.id, route.name, route.rate)
        call = Call(route.name, self, app, request, path)
        self._open(call, route)
        with self._alone(call, route):
            await self._tell(route.name, "before")
            for _ in range(self.write_turns if route.lock else 0):
                await asyncio.sleep(0)
            data = self._done(call, route)
        return {"code": 0, "data": data, "msg": "success"}

    def _open(self, call: Call, route: Route) -> None:
        """Finds the base and the table, and checks the app's role there."""
        if "app_token" not in call.path:
            return
        base = self.base(call.path["app_token"])
        self._lag_behind(base.token, 1254040)
        if call.app.id not in base.roles:
            raise Refusal(91403)
        call.found_base = base
        if "table_id" in call.path:
            call.found_table = base.table(call.path["table_id"])
            self._lag_behind(call.found_table.id, 1254041)
        if route.writes and (base.roles[call.app.id] == "view" or not call.manages()):
            raise Refusal(1254302)

    def _lag_behind(self, id_: str, code: int) -> None:
        if self._hidden.get(id_, 0) > 0:
            self._hidden[id_] -= 1
            raise Refusal(code)

    @contextmanager
    def _alone(self, call: Call, route: Route) -> Generator[None]:
        if not route.lock:
            yield
            return
        key = call.app.id if route.lock == "app" else call.table.id
        if key in self._busy:
            raise Refusal(1061045 if route.lock == "app" else 1254291)
        self._busy.add(key)
        try:
            yield
        finally:
            self._busy.discard(key)

    def _done(self, call: Call, route: Route) -> dict[str, Json]:
        """Does the work at one go."""
        if route.creates:
            earlier = self._client_tokens.earlier(call)
            if earlier is not None:
                return earlier
        table, lagging = call.found_table, self.lag and call.flag("ignore_consistency_check")
        before = dict(table.records) if table and lagging else {}
        data = route.act(call)
        if table and lagging:
            table.before, table.stale_reads = before, self.lag
        if route.creates:
            self._client_tokens.remember(call, data)
        if self.lag:
            self._hide(route, data)
        return data

    def _hide(self, route: Route, data: dict[str, Json]) -> None:
        if route.name == "table.create":
            self._hidden[str(data["table_id"])] = self.lag
        if route.name == "app.create" and isinstance(data["app"], dict):
            self._hidden[str(data["app"]["app_token"])] = self.lag

    async def _tell(self, name: str, stage: Stage) -> None:
        if self.on_call is not None:
            await self.on_call(name, stage)

    def _sender(self, name: str) -> Callable[[], Awaitable[None]]:
        return lambda: self._tell(name, "answered")

    def _refused(self, refusal: Refusal, log_id: str) -> Response:
        reply = self._reply(refusal.body(log_id), refusal.status(strict=self.strict_status), log_id)
        return structs.replace(reply, headers=(*reply.headers, *refusal.headers))

    def _reply(
        self,
        body: dict[str, Json],
        status: int,
        log_id: str,
        sent: Callable[[], Awaitable[None]] | None = None,
    ) -> Response:
        # Recorded replies have their keys in the order of code points, and the header in this spelling.
        return Response(
            status,
            msgspec.json.encode(body, order="sorted"),
            (("X-Tt-Logid", log_id),),
            "application/json; charset=utf-8",
            sent=sent,
        )
