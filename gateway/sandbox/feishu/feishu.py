"""The simulated Feishu as a whole: lets a call in, carries it out, and fails where it is told to."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.access import Caller
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.client_tokens import ClientTokens, TokenPolicy
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.faults import Fault, FaultKind, after, before
from gateway.sandbox.feishu.hands import Hands
from gateway.sandbox.feishu.hosts import Brand, Host, host_of
from gateway.sandbox.feishu.login_codes import LoginRefused
from gateway.sandbox.feishu.login_page import AUTHORIZE_PATH, authorize
from gateway.sandbox.feishu.page import show
from gateway.sandbox.feishu.rates import Rate
from gateway.sandbox.feishu.routes import TIER_4, Route, known, route_of
from gateway.sandbox.feishu.table import Table
from gateway.sandbox.http import Drop, Handler, Request, Response

__all__ = ["TOKEN_PATH", "Fault", "FaultKind", "Feishu", "Stage"]

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105  # a path
_FLAT = {
    TOKEN_PATH: "auth.token",
    "/open-apis/auth/v3/app_access_token/internal": "auth.app_token",
    "/open-apis/authen/v2/oauth/token": "login.token",
    "/oauth/v3/token": "login.token",
}
"""The last is where the official SDK (1.7.5) asks for a person's tokens, at the accounts' address; not on any page
that we know, and taken to be the same call."""
_HOOK = "/open-apis/bot/v2/hook/"
_TOKEN_RATES = (Rate(100, 60),)

Stage: TypeAlias = Literal["before", "after"]
"""Of a call: nothing is done yet; all is done but not answered."""


class _Credentials(Struct):
    app_id: str = ""
    app_secret: str = ""


class _Rows(Struct):
    records: list[msgspec.Raw] = []


class Feishu(Hands):
    """The tenant, and the door to it. ``handle`` answers requests."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        rates: bool = True,
        strict_status: bool = True,
        token_policy: TokenPolicy = "replay",  # noqa: S107  # no secret
        max_rows: int = 20_000,
        brand: Brand = "feishu",
    ) -> None:
        super().__init__(clock=clock, seed=seed, max_rows=max_rows, rates=rates, brand=brand)
        self.client_tokens = ClientTokens(token_policy)
        self._strict = strict_status
        self._busy: set[str] = set()
        self.faults: list[Fault] = []
        self.on_call: Callable[[str, Stage], Awaitable[None]] | None = None
        """Is told of every call before and after it is carried out."""
        self.late: list[Request] = []
        """Calls whose connection broke and that are still under way: a fault of kind ``late``."""
        self.lag = 0
        """So many reads after a write do not see it yet."""
        self.unready = 0.0
        """How often (0 to 1) a call on a document is refused with 1254607, by chance."""
        self.most_at_once: int | None = None
        """A write of more rows takes it too long: nothing is done, and no answer comes."""
        self.write_time = 0.002
        """Seconds that a write takes."""
        self.calls: Counter[str] = Counter()
        """Calls that came in, by name."""

    def at(self, host: str) -> Handler:
        """The same Feishu as it answers at one of its own addresses, such as ``base-api.feishu.cn``."""

        async def handle(request: Request) -> Response | Drop:
            return await self.handle(msgspec.structs.replace(request, host=host))

        return handle

    async def handle(self, request: Request) -> Response | Drop:
        """One request: of a program to the API, or of a person to the pages."""
        host = host_of(request.host)
        if request.path == AUTHORIZE_PATH and host.door != "base":
            return authorize(self, request, known=not self._strange(host))
        if not request.path.startswith("/open-apis/") and request.path not in _FLAT:
            return show(self, request)
        log_id = self.ids.log(self.clock())
        try:
            return await self._answer(request, host, log_id)
        except LoginRefused as refused:
            return _reply(msgspec.json.encode(refused.body), log_id, refused.status)
        except Refusal as refusal:
            content = msgspec.json.encode(refusal.body(log_id))
            return _reply(content, log_id, refusal.status(strict=self._strict), refusal.headers)

    async def _answer(self, request: Request, host: Host, log_id: str) -> Response | Drop:
        found = route_of(request.method, request.path)
        name = found[0].name if found else _name(request)
        self.calls[name] += 1
        fault = self._fault(name)
        await self._tell(name, "before")
        if self._is_too_much(request):
            return Drop()
        if fault is not None and fault.kind == "late":
            self.late.append(request)
            self.client_tokens.under_way.add(request.param("client_token"))
            return Drop()
        if (early := before(fault)) is not None:
            return early
        body: dict[str, Json]
        if found is None:
            body = self._flat(request, host, name)
        else:
            data = await self._carry_out(request, host, *found)
            if isinstance(data, Response):
                await self._tell(name, "after")
                told = (("X-Tt-Logid", log_id), *data.headers)
                return after(fault, msgspec.structs.replace(data, headers=told))
            body = {"code": 0, "msg": "success", "data": data}
        await self._tell(name, "after")
        # Recorded replies have their keys in order, down to the names of columns; refusals have not.
        return after(fault, _reply(msgspec.json.encode(body, order="sorted"), log_id))

    async def finish_late(self) -> None:
        """Carries out what is still under way."""
        late, self.late = self.late, []
        for request in late:
            self.client_tokens.under_way.discard(request.param("client_token"))
            if (found := route_of(request.method, request.path)) is not None:
                with contextlib.suppress(Refusal):  # nobody hears of it any more
                    await self._carry_out(request, host_of(request.host), *found)

    def _is_too_much(self, request: Request) -> bool:
        if self.most_at_once is None or b'"records"' not in request.body:
            return False
        return len(msgspec.json.decode(request.body, type=_Rows).records) > self.most_at_once

    def _strange(self, host: Host) -> bool:
        """The other Feishu's address: nothing of this one is known there."""
        return host.brand not in {None, self.brand}

    def _flat(self, request: Request, host: Host, name: str) -> dict[str, Json]:
        """The calls that answer without ``data``. Raises LoginRefused, Refusal."""
        door = "open" if request.path.startswith("/open-apis/") else "accounts"
        there = request.method == "POST" and host.door in {door, "any"}
        match name:
            case "auth.token" | "auth.app_token" if there:
                return self._token(request, host, app_token=name == "auth.app_token")
            case "login.token" if there:
                if self.meter is not None:
                    self.meter.count("", name, TIER_4)
                if self._strange(host):
                    raise LoginRefused(20048)
                return self.logins.token(request.body)
            case "bot.hook" if there:
                if self._strange(host):
                    raise Refusal(19001)
                return self.mailbox.hear(request.path.removeprefix(_HOOK), request.body)
            case _:
                elsewhere = request.method == "POST" or (name == "unknown" and not known(request.path))
                raise Refusal(99991201 if elsewhere else 99991301)

    def _token(self, request: Request, host: Host, *, app_token: bool) -> dict[str, Json]:
        """The flat reply. The official SDK sends no Content-Type here."""
        try:
            asked = msgspec.json.decode(request.body, type=_Credentials)
        except msgspec.MsgspecError:
            raise Refusal(10003) from None
        if self.meter is not None:
            self.meter.count(asked.app_id, "auth.token", _TOKEN_RATES)
        if self._strange(host):
            raise Refusal(10003)
        told = self.apps.token(asked.app_id, asked.app_secret)
        also = {"app_access_token": told["tenant_access_token"]} if app_token else {}
        return {"code": 0, "msg": "ok", **told, **also}

    def _admit(self, request: Request, host: Host, route: Route) -> Caller:
        """Who calls. Raises Refusal: 99991661, 99991671, those of each ``admit``, 99991201 (no call of this address).

        Without the word Bearer there is no token, ``u-`` and JWTs are tokens of persons (recorded).
        """
        word, _, value = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "bearer" or not value:
            raise Refusal(99991661)
        strange = self._strange(host)
        if host.door == "base" or (host.door == "any" and value.startswith("pt-")):
            if not route.personal:
                raise Refusal(99991201)
            return self.personal_tokens.admit("" if strange else value)
        if host.door == "accounts":
            raise Refusal(99991201)
        if value.startswith(("u-", "eyJ")):
            return self.logins.admit("" if strange else value, route.scopes)
        if not value.startswith("t-"):
            raise Refusal(99991671)
        return self.apps.admit("" if strange else value, route.scopes)

    async def _carry_out(
        self, request: Request, host: Host, route: Route, path: dict[str, str]
    ) -> dict[str, Json] | Response:
        caller = self._admit(request, host, route)
        if caller.app_id:
            self.quota.count(self.clock())
        if self.meter is not None:
            self.meter.count(caller.rated, route.name, route.rates)
        call = Call(route.name, self, caller, request, path)
        self._enter(call, route)
        if route.creates and (earlier := self.client_tokens.earlier(call)) is not None:
            return earlier
        if route.alone:
            with self._only_one(f"media of {caller.rated}", 1061045):
                await asyncio.sleep(self.write_time)
                return route.handle(call)
        if not route.writes:
            return route.handle(call)
        place = call.found_table.id if call.found_table else call.base.token
        with self._only_one(place, 1254291):
            await asyncio.sleep(self.write_time)
            self._remember_for_lag(call.found_table)
            data = route.handle(call)
        if route.creates and not isinstance(data, Response):
            self.client_tokens.remember(call, data)
        return data

    def _enter(self, call: Call, route: Route) -> None:
        """Finds the document and the table, and whether the caller may. Raises Refusal."""
        if "app_token" not in call.path:
            return
        token, caller = call.path["app_token"], call.caller
        if caller.base not in {"", token}:
            raise Refusal(9499, msg="Bad Request")
        base = self.base(token)
        if base.unseen:
            base.unseen -= 1
            raise Refusal(1254040)
        if base.copying:
            base.copying -= 1
            raise Refusal(1254036)
        role = base.roles.get(caller.id)
        if role is None:
            raise Refusal(91403)
        if route.writes and (role == "view" or (base.advanced and role != "full_access")):
            raise Refusal(1254302)
        if self.unready and self.ids.random.random() < self.unready:
            raise Refusal(1254607)
        call.found_base = base
        if "table_id" in call.path:
            call.found_table = base.table(call.path["table_id"])
            if call.found_table.unseen:
                call.found_table.unseen -= 1
                raise Refusal(1254041)

    @contextlib.contextmanager
    def _only_one(self, place: str, code: int) -> Generator[None]:
        """One writer at a time on a table, one upload at a time; one that comes in between is refused."""
        if place in self._busy:
            raise Refusal(code)
        self._busy.add(place)
        try:
            yield
        finally:
            self._busy.discard(place)

    def _remember_for_lag(self, table: Table | None) -> None:
        if table is not None and self.lag:
            table.before, table.stale_reads = dict(table.records), self.lag

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


def _name(request: Request) -> str:
    """Of a call that is no route."""
    if request.path.startswith(_HOOK):
        return "bot.hook"
    return _FLAT.get(request.path, "unknown")


def _reply(
    content: bytes, log_id: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    return Response(status, content, (("X-Tt-Logid", log_id), *headers), "application/json; charset=utf-8")
