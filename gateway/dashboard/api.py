"""What the owner may ask and change, as JSON under ``/api/v1``. Needs the owner's cookie."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta, Struct

from gateway import __version__
from gateway.devices import Devices
from gateway.errors import NoSuchThing
from gateway.events import Events
from gateway.intake import Intake, Result
from gateway.ledger import Failure, Ledger
from gateway.library import Library
from gateway.model import Account
from gateway.settings import Settings
from gateway.store import Kept, Store
from gateway.sync import FeishuSetting, PushState, Sync


class PairingCode(Struct, frozen=True):
    """What to paste into the extension."""

    code: str
    expires_at: datetime


class DeviceShown(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    version: str
    paired_at: datetime
    seen_at: datetime
    revoked_at: datetime | None


class FeishuInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A self-built app's credentials and the address of a Bitable."""

    app_id: Annotated[str, Meta(min_length=1, max_length=100)]
    app_secret: Annotated[str, Meta(max_length=200)] = ""
    """Empty keeps the secret that is stored."""
    address: Annotated[str, Meta(min_length=1, max_length=2000)]
    language: Annotated[str, Meta(pattern="^(zh|en)$")] = "zh"

    def __repr__(self) -> str:
        return f"FeishuInput({self.app_id!r}, •••)"


class TableShown(Struct, frozen=True):
    """The table that was found or made."""

    name: str
    url: str


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
    marks: dict[str, int]
    """How many, by medium."""
    push: PushState
    failures: list[Failure]
    captures: list[CaptureShown]
    devices: list[DeviceShown]
    feishu: FeishuSetting | None


def overview(store: Store, library: Library, ledger: Ledger, sync: Sync) -> Overview:
    """The state of everything at this moment."""
    table = sync.table
    return Overview(
        account=library.account,
        marks=library.counts(),
        push=sync.state,
        failures=ledger.failures(table.key) if table else [],
        captures=[_shown(kept) for kept in store.captures()],
        devices=[msgspec.convert(device, DeviceShown, from_attributes=True) for device in store.devices()],
        feishu=sync.setting,
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
        ledger: NamedDependency[Ledger],
        sync: NamedDependency[Sync],
    ) -> Overview:
        """Counts, captures, devices, what Feishu did not take."""
        return overview(store, library, ledger, sync)

    @post("/pairing", summary="Open a pairing", sync_to_thread=False)
    def pair(self, devices: NamedDependency[Devices], settings: NamedDependency[Settings]) -> PairingCode:
        """A code for one browser, good for ten minutes; an older one is closed."""
        code = devices.start_pairing(settings.port)
        pairing = devices.pairing()
        assert pairing is not None
        return PairingCode(code, pairing.expires_at)

    @delete("/devices/{device_id:str}", summary="Revoke a browser", sync_to_thread=False)
    def revoke(self, device_id: FromPath[str], devices: NamedDependency[Devices]) -> None:
        """From now on nothing of that browser opens. 404 if it is not paired."""
        if not devices.revoke(device_id):
            raise NoSuchThing

    @put("/feishu", summary="Connect a Bitable")
    async def connect(self, data: JSONBody[FeishuInput], sync: NamedDependency[Sync]) -> TableShown:
        """Checks all the way to the columns; any of ``errors.FeishuError`` says what to do."""
        setting = FeishuSetting(
            app_id=data.app_id.strip(), address=data.address.strip(), language=data.language
        )
        table = await sync.connect(setting, data.app_secret.strip() or None)
        return TableShown(table.name, table.url)

    @post("/push", summary="Push now", status_code=202, sync_to_thread=False)
    def push(self, sync: NamedDependency[Sync]) -> PushState:
        """Tries again at once, also what Feishu did not take."""
        sync.retry()
        return sync.state

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

    @get("/events", summary="Progress as it happens", sync_to_thread=False)
    def events(self, events: NamedDependency[Events]) -> ServerSentEvent:
        """Server-sent events; each is an ``events.Event`` as JSON."""
        return ServerSentEvent(_stream(events))


async def _stream(events: Events) -> AsyncIterator[ServerSentEventMessage]:
    async for event in events.listen():
        yield ServerSentEventMessage(data=msgspec.json.encode(event).decode())


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
