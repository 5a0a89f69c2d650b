"""What the owner may ask and change, as JSON under ``/api/v1``. Needs the owner's cookie."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.security.jwt import Token
from msgspec import Meta, Struct

from gateway import __version__
from gateway.audit import Act, Audit
from gateway.budget import Budget, Limits, Used
from gateway.carriers import Carrier, Carriers
from gateway.connection import FeishuSetting, Way
from gateway.dashboard.failures import FailureShown, failures
from gateway.dashboard.versions import IfMatch, agree, tagged
from gateway.devices import Devices
from gateway.edits import EditPolicy
from gateway.errors import BadInput, Issue, NoSuchThing
from gateway.feishu.proposal import Proposal
from gateway.intake import Intake, Result
from gateway.keys import Method
from gateway.keys.keeper import kept_by
from gateway.ledger import Policy
from gateway.library import Library
from gateway.model import Account
from gateway.runs import Run, Runs
from gateway.security import Owner, source_of
from gateway.settings import Settings
from gateway.shelves import Layout
from gateway.state import PushState
from gateway.store import Kept, Store
from gateway.sync import Sync


class PairingCode(Struct, frozen=True):
    """What to paste into the extension."""

    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"PairingCode(•••, {self.expires_at!r})"


class DeviceShown(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    version: str
    paired_at: datetime
    seen_at: datetime
    revoked_at: datetime | None


class FeishuInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the three ways into Feishu, and where the marks go."""

    way: Way = "app"
    app_id: Annotated[str, Meta(max_length=100)] = ""
    """Of a self-built app; not with a personal base token."""
    app_secret: Annotated[str, Meta(max_length=200)] = ""
    """Empty keeps the secret that is stored."""
    base_token: Annotated[str, Meta(max_length=1000)] = ""
    """The Bitable's personal base token (授权码). Empty keeps the one that is stored."""
    address: Annotated[str, Meta(max_length=2000)] = ""
    """Of a Bitable or of one of its tables; empty for a new one in the space of the person who logs in."""
    language: Annotated[str, Meta(pattern="^(zh|en)$")] = "zh"
    layout: Layout = Layout.ONE
    shelf: str = "all"
    """What a table that the address names takes: ``all`` or one kind."""
    columns: dict[str, str | None] | None = None
    """For a table that is the person's own: our field → the field id of its column, or null."""

    def __repr__(self) -> str:
        return f"FeishuInput({self.way!r}, {self.app_id!r}, •••)"

    @property
    def setting(self) -> FeishuSetting:
        """Raises BadInput. A Bitable that an app makes is the app's own: nobody would see it."""
        if self.way != "user" and not self.address.strip():
            raise BadInput(field="address")
        if self.way != "base" and not self.app_id.strip():
            raise BadInput(field="app_id")
        return FeishuSetting(
            way=self.way,
            app_id=self.app_id.strip(),
            address=self.address.strip(),
            language=self.language,
            layout=self.layout,
            shelf=self.shelf,
            columns=self.columns,
        )

    @property
    def secret(self) -> str | None:
        return (self.base_token if self.way == "base" else self.app_secret).strip() or None


class TableShown(Struct, frozen=True):
    """A table that was found or made."""

    shelf: str
    name: str
    url: str


class FeishuShown(Struct, frozen=True, kw_only=True):
    """The connection, without its secrets."""

    setting: FeishuSetting | None
    """What the person entered last."""
    in_use: bool
    """Whether that is what works; else an earlier one, if any, still is."""
    refused: Issue | None
    """Why it is not, as far as that is known."""


class Connected(Struct, frozen=True):
    """Where the marks go from now on."""

    tables: tuple[TableShown, ...]


class ColumnsAsked(Struct, frozen=True):
    """A table of the person's own, and which of its columns could take what."""

    table: str
    columns: list[Proposal]


class LimitsInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Calls to Feishu a month: those that the plan has, and those that covers may take of them."""

    month: Annotated[int, Meta(ge=100, le=10_000_000)]
    covers: Annotated[int, Meta(ge=0, le=10_000_000)]


class Leading(Struct, frozen=True):
    """Where to go on."""

    address: str


class CaptureShown(Struct, frozen=True, kw_only=True):
    """A kept capture."""

    id: str
    url: str
    trigger: str
    captured_at: datetime
    size: int
    readable: bool
    result: Result | None


class Overview(Struct, frozen=True, kw_only=True):
    """All that the dashboard shows, in one."""

    gateway: str = __version__
    account: Account | None
    """Whose marks this is about."""
    accounts: list[Account]
    """All whose marks are kept, the first one first."""
    met: list[Account]
    """Others who were logged in when a page was captured: whether to keep theirs, too, is the person's to say."""
    marks: dict[str, int]
    """How many, by medium."""
    push: PushState
    failures: list[FailureShown]
    """The newest ones."""
    runs: list[Run]
    """The newest ones."""
    removals: Policy
    edits: EditPolicy
    captures: list[CaptureShown]
    devices: list[DeviceShown]
    feishu: FeishuSetting | None
    """What the person entered last."""
    feishu_in_use: bool
    """Whether that is what works; else an earlier one, if any, still is."""
    feishu_refused: Issue | None
    """Why it is not, as far as that is known."""
    calls: Used
    """Calls to Feishu, this month."""
    limits: Limits
    vault: Method | None
    """How the key of the stored secrets is kept."""
    encrypted: bool
    """Whether the library is, as a whole."""


def overview(store: Store, library: Library, carrier: Carrier, budget: Budget) -> Overview:
    """The state of everything at this moment, for one account."""
    sync, account, accounts = carrier.sync, carrier.account, library.accounts
    others = [each.id for each in accounts.kept if each != account]
    return Overview(
        account=account,
        accounts=accounts.kept,
        met=accounts.met,
        marks=library.counts(account.id if account else ""),
        push=sync.state,
        failures=failures(sync).failures,
        runs=carrier.runs.recent(10),
        removals=sync.rows.removals,
        edits=sync.rows.edits.policy,
        captures=[_shown(kept) for kept in store.captures(others)],
        devices=[msgspec.convert(device, DeviceShown, from_attributes=True) for device in store.devices()],
        feishu=sync.connection.entered,
        feishu_in_use=sync.connection.is_settled,
        feishu_refused=sync.refused,
        calls=budget.used,
        limits=budget.limits,
        vault=kept_by(store),
        encrypted=store.is_encrypted,
    )


class OwnerController(Controller):
    """The owner's API."""

    path = "/api/v1"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/overview", summary="Everything at a glance", sync_to_thread=False)
    def overview(
        self,
        store: NamedDependency[Store],
        library: NamedDependency[Library],
        carrier: NamedDependency[Carrier],
        budget: NamedDependency[Budget],
    ) -> Overview:
        """Counts, captures, devices, what Feishu did not take."""
        return overview(store, library, carrier, budget)

    @post("/accounts/{account_id:str}/keep", summary="Keep another account's marks, too", status_code=200)
    async def keep_account(
        self,
        account_id: FromPath[str],
        carriers: NamedDependency[Carriers],
        intake: NamedDependency[Intake],
        library: NamedDependency[Library],
    ) -> list[Account]:
        """From now on; pages of theirs that were captured meanwhile are read. 404 for nobody who was met."""
        carriers.keep(account_id)
        intake.read_of(account_id)
        return library.accounts.kept

    @post(
        "/accounts/{account_id:str}/decline",
        summary="Leave another account alone",
        status_code=200,
        sync_to_thread=False,
    )
    def decline_account(self, account_id: FromPath[str], library: NamedDependency[Library]) -> list[Account]:
        """Nobody asks again. 404 for nobody who was met, or whose marks are kept."""
        library.accounts.answer(account_id, "declined")
        return library.accounts.met

    @get("/runs", summary="What each run did", sync_to_thread=False)
    def runs(self, runs: NamedDependency[Runs]) -> list[Run]:
        """The newest hundred, the newest first."""
        return runs.recent(100)

    @post("/pairing", summary="Open a pairing", sync_to_thread=False)
    def pair(
        self,
        request: Request[Owner, Token, Any],
        devices: NamedDependency[Devices],
        settings: NamedDependency[Settings],
    ) -> PairingCode:
        """A code for one browser, good for ten minutes; an older one is closed."""
        code = devices.start_pairing(settings.port, source_of(request))
        pairing = devices.pairing()
        assert pairing is not None
        return PairingCode(code, pairing.expires_at)

    @delete("/devices/{device_id:str}", summary="Revoke a browser", sync_to_thread=False)
    def revoke(
        self,
        request: Request[Owner, Token, Any],
        device_id: FromPath[str],
        devices: NamedDependency[Devices],
    ) -> None:
        """From now on nothing of that browser opens. 404 if it is not paired."""
        if not devices.revoke(device_id, source_of(request)):
            raise NoSuchThing

    @get("/feishu", summary="The connection", sync_to_thread=False)
    def feishu(self, sync: NamedDependency[Sync]) -> Response[FeishuShown]:
        """What was entered last, and whether it works. The ETag is of what works."""
        connection = sync.connection
        shown = FeishuShown(setting=connection.entered, in_use=connection.is_settled, refused=sync.refused)
        return tagged(shown, connection.kept)

    @put("/feishu", summary="Connect a Bitable")
    async def connect(
        self,
        request: Request[Owner, Token, Any],
        data: JSONBody[FeishuInput],
        sync: NamedDependency[Sync],
        audit: NamedDependency[Audit],
        if_match: IfMatch = None,
    ) -> Response[Connected]:
        """Checks all the way to the columns; any of ``errors.FeishuError`` says what to do."""
        async with sync.connection.changing:
            agree(if_match, sync.connection.kept)
            _note_secret(audit, request, data)
            tables = await sync.connect(data.setting, data.secret)
        shown = tuple(TableShown(table.shelf, table.name, table.url) for table in tables)
        return tagged(Connected(shown), sync.connection.kept)

    @delete("/feishu/entered", summary="Back to the connection that works", sync_to_thread=False)
    def forget_entered(self, sync: NamedDependency[Sync]) -> None:
        """Forgets what was entered since, if an earlier connection is in use."""
        sync.forget_entered()

    @post("/feishu/columns", summary="Which columns could take what", status_code=200)
    async def columns(
        self,
        request: Request[Owner, Token, Any],
        data: JSONBody[FeishuInput],
        sync: NamedDependency[Sync],
        audit: NamedDependency[Audit],
    ) -> ColumnsAsked:
        """For a table that the person has already: a proposal by name and type. Nothing is written."""
        _note_secret(audit, request, data)
        table, columns = await sync.ask(data.setting, data.secret)
        return ColumnsAsked(table, columns)

    @post("/feishu/login", summary="Begin a log-in to Feishu", status_code=200, sync_to_thread=False)
    def log_in(
        self,
        request: Request[Owner, Token, Any],
        data: JSONBody[FeishuInput],
        sync: NamedDependency[Sync],
        settings: NamedDependency[Settings],
        audit: NamedDependency[Audit],
    ) -> Leading:
        """Where the person says yes; from there they come back to ``settings.feishu_return``."""
        _note_secret(audit, request, data)
        return Leading(sync.connection.begin_login(data.setting, data.secret, settings.feishu_return))

    @get("/limits", summary="What the sync may cost in calls", sync_to_thread=False)
    def limits(self, budget: NamedDependency[Budget]) -> Response[Limits]:
        """Calls a month."""
        return tagged(budget.limits, budget.limits)

    @put("/limits", summary="Set what the sync may cost in calls", sync_to_thread=False)
    def limit(
        self,
        data: JSONBody[LimitsInput],
        sync: NamedDependency[Sync],
        budget: NamedDependency[Budget],
        if_match: IfMatch = None,
    ) -> Response[Limits]:
        """Calls a month."""
        agree(if_match, budget.limits)
        budget.limits = Limits(month=data.month, covers=data.covers)
        sync.wake()
        return tagged(budget.limits, budget.limits)

    @post(
        "/captures/{capture_id:uuid}/read",
        summary="Read a kept page again",
        status_code=200,
        sync_to_thread=False,
    )
    def read_again(self, capture_id: FromPath[UUID], intake: NamedDependency[Intake]) -> Result:
        """With the parser of today. 404 if the page is not kept any more."""
        result = intake.read_again(str(capture_id))
        if result is None:
            raise NoSuchThing
        return result


def _shown(kept: Kept) -> CaptureShown:
    return CaptureShown(
        id=kept.id,
        url=kept.url,
        trigger=kept.trigger,
        captured_at=kept.captured_at,
        size=kept.size,
        readable=kept.readable,
        result=msgspec.json.decode(kept.result, type=Result) if kept.result else None,
    )


def _note_secret(audit: Audit, request: Request[Owner, Token, Any], entered: FeishuInput) -> None:
    """Also one that is refused is kept, until another is entered."""
    if entered.secret is not None:
        audit.note(Act.FEISHU_SECRET, source_of(request), entered.app_id)
