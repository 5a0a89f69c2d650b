"""When to push, and where to: the one writer of the gateway.

A push starts when something woke it: a capture, a changed setting, the start of the gateway. If Feishu cannot
be reached it is tried again, ever more slowly; if the person must act it rests until they did.
"""

import asyncio
import contextlib
import sqlite3
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from gateway import errors
from gateway.errors import Issue
from gateway.events import Events, Pushed, Waiting
from gateway.feishu import address, bitable, columns
from gateway.feishu.client import Client, Credentials
from gateway.ledger import Counts, Ledger
from gateway.log import get
from gateway.push import Push, Table
from gateway.settings import Settings
from gateway.store import Store
from gateway.vault import Vault

_log = get("sync")

_SECRET = "feishu app_secret"  # noqa: S105  # the name that it is kept under
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
_PASSING = (
    errors.FeishuUnreachable,
    errors.FeishuBusy,
    errors.FeishuConflict,
    errors.FeishuFault,
    errors.StaleColumns,
    errors.TokenSpent,
)
_IDLE = 60.0
"""Seconds after which to look for work that nobody told of: another process read pages again."""
_DEFAULT_ZONE = "Asia/Shanghai"
_TABLE_NAMES = {"zh": "豆瓣标记", "en": "Douban marks"}

State = Literal["unset", "idle", "busy", "waiting", "error"]


class PushState(Struct, frozen=True, kw_only=True):
    """What a person sees of the push."""

    state: State
    pending: int = 0
    failed: int = 0
    pushed: int = 0
    deleted: int = 0
    table: str | None = None
    """Address of the table."""
    problem: Issue | None = None


class FeishuSetting(Struct, frozen=True, kw_only=True):
    """What the person entered, but for the secret, which is in the vault."""

    app_id: str
    address: str
    language: str = "zh"


class Sync:
    """Keeps a table up to date with the library."""

    def __init__(
        self, settings: Settings, store: Store, vault: Vault, ledger: Ledger, events: Events
    ) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._ledger = ledger
        self._events = events
        self._wake = asyncio.Event()
        self._resting = asyncio.Event()
        self._at_work = asyncio.Lock()
        self._client: Client | None = None
        self._state: State = "idle"
        self._problem: Issue | None = None
        self._rows = bitable.MOST_ROWS
        """At a time; fewer after Feishu did not get so many done."""

    # --- what others ask

    @property
    def setting(self) -> FeishuSetting | None:
        return self._store.setting("feishu", FeishuSetting)

    @property
    def table(self) -> Table | None:
        return self._store.setting("table", Table)

    @property
    def state(self) -> PushState:
        """The state of the push, with the counts of this moment."""
        table = self.table
        if table is None:
            return PushState(state="error" if self._problem else "unset", problem=self._problem)
        counts = self._ledger.counts(table.key)
        return PushState(
            state=self._state,
            pending=counts.pending,
            failed=counts.failed,
            pushed=counts.pushed,
            deleted=counts.deleted,
            table=table.url,
            problem=self._problem,
        )

    def counts_of(self, capture: str) -> Counts:
        """How far the marks that a capture changed have come."""
        table = self.table
        return self._ledger.counts_of(table.key if table else "", capture)

    def wake(self) -> None:
        """Something is to be pushed, or may work now that did not before."""
        self._resting.clear()
        self._wake.set()

    async def rest(self) -> PushState:
        """Waits until all is pushed, or the push waits for Feishu or for the person."""
        await self._resting.wait()
        return self.state

    def retry(self) -> None:
        """Tries again what Feishu did not take."""
        if table := self.table:
            self._ledger.retry_failures(table.key)
        self.wake()

    async def connect(self, setting: FeishuSetting, secret: str | None) -> Table:
        """Checks what the person entered, all the way to the columns, and keeps it.

        The input is kept in any case, so that nobody types it twice. Raises FeishuError with what to do.
        """
        async with self._at_work:
            self._store.set("feishu", setting)
            if secret:
                self._vault.set(_SECRET, secret.encode())
            await self._forget_client()
            try:
                table = await self._find_table(setting)
            except errors.FeishuError as error:
                self._rest_on(error)
                raise
            self._keep(table)
            self._problem, self._state = None, "idle"
        self.wake()
        return table

    # --- the work

    async def run(self) -> None:
        """Works until it is cancelled."""
        self.wake()
        pause: float | None = None
        while True:
            if not self._wake.is_set():
                self._resting.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause or (_IDLE if self._state == "idle" else None))
            self._wake.clear()
            again = await self._push_once()
            if again is None:
                pause = None
            else:
                pause = min(pause * 2, _LONGEST_PAUSE) if pause else _FIRST_PAUSE
                self._events.tell(Waiting(pause, again.code))

    async def close(self) -> None:
        await self._forget_client()

    async def _push_once(self) -> errors.D2FError | None:
        """Pushes all there is. Returns the error to try again after, if there is one.

        The worker outlives whatever happens here: a full disk, and a mistake of ours, which it says.
        """
        async with self._at_work:
            try:
                return await self._try()
            except sqlite3.Error as error:
                fault: errors.D2FError = errors.LibraryFault(why=str(error))
                _log.error("library fault", error=str(error))
            except Exception:  # noqa: BLE001  # whatever it is
                fault = errors.D2FError()
                _log.exception("unforeseen")
            self._state, self._problem = "error", fault.issue
            return fault

    async def _try(self) -> errors.FeishuError | None:
        table = self.table
        if table is None or not self._has_work(table):
            return None
        self._state = "busy"
        try:
            await self._push(table)
        except _PASSING as error:
            self._state, self._problem = "waiting", error.issue
            _log.info("push waits", error=error.code, log_id=error.log_id)
            return error
        except errors.FeishuError as error:
            self._rest_on(error)
        else:
            self._state, self._problem = "idle", None
        self._tell()
        return None

    def _has_work(self, table: Table) -> bool:
        return self._ledger.counts(table.key).pending > 0 or bool(self._ledger.open_batches(table.table_id))

    async def _push(self, table: Table) -> None:
        push = Push(bitable.Bitable(self._feishu(), table.app_token), self._ledger, table, self._rows)
        try:
            prepared = await push.prepare()
            if prepared != table:
                self._keep(prepared)
            while await push.step():
                self._tell()
        finally:
            self._rows = push.rows
        self._rows = min(self._rows * 2, bitable.MOST_ROWS)  # all went through: dare more the next time

    def _rest_on(self, error: errors.FeishuError) -> None:
        self._state, self._problem = "error", error.issue
        _log.warning("push rests", error=error.code, feishu_code=error.feishu_code, log_id=error.log_id)

    def _tell(self) -> None:
        now = self.state
        self._events.tell(Pushed(now.state, now.pushed, now.pending, now.failed))

    # --- finding the table

    def _keep(self, table: Table) -> None:
        """Remembers the table, and beside it each one that ever was it: the person may come back to it."""
        self._store.set("table", table)
        self._store.set(f"table {table.key}", table)

    async def _find_table(self, setting: FeishuSetting) -> Table:
        place = address.parse(setting.address)
        client = self._feishu()
        app_token = await _app_token(client, place)
        base = bitable.Bitable(client, app_token)
        app = await base.app()
        tables = {table.table_id: table.name for table in await base.tables()}
        table_id = place.table_id or _own_table(tables)
        if table_id is None:
            name = _TABLE_NAMES[setting.language]
            table_id = await base.create_table(name, columns.new_fields(setting.language))
            tables[table_id] = name
        if table_id not in tables:
            raise errors.NotFound
        known = self._store.setting(f"table {app_token}/{table_id}", Table)
        table = Table(
            app_token=app_token,
            table_id=table_id,
            url=f"{place.site}/{'wiki' if place.wiki else 'base'}/{place.token}?table={table_id}",
            name=tables[table_id],
            time_zone=_zone(app.time_zone),
            language=setting.language,
            binding=known.binding if known else {},
        )
        binding, _ = await columns.bind(base, table_id, table.binding, setting.language)
        return msgspec.structs.replace(table, binding=binding)

    def _feishu(self) -> Client:
        if self._client is None:
            setting, secret = self.setting, self._vault.get(_SECRET)
            if setting is None or secret is None:
                raise errors.FeishuUnset
            origin = self._settings.feishu or address.parse(setting.address).api
            self._client = Client(origin, Credentials(setting.app_id, secret.decode()))
        return self._client

    async def _forget_client(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


async def _app_token(client: Client, place: address.Address) -> str:
    if not place.wiki:
        return place.token
    kind, token = await bitable.resolve_wiki(client, place.token)
    if kind != "bitable":
        raise errors.NotATable(what=kind)
    return token


def _own_table(tables: dict[str, str]) -> str | None:
    """The table that we made in this Bitable before, by its name."""
    return next((table_id for table_id, name in tables.items() if name in _TABLE_NAMES.values()), None)


def _zone(name: str | None) -> str:
    """The Bitable's time zone if this system knows it."""
    try:
        return ZoneInfo(name or _DEFAULT_ZONE).key
    except (ZoneInfoNotFoundError, ValueError):
        return _DEFAULT_ZONE
