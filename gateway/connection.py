"""The way into Feishu that the person chose: what they entered, its secrets in the vault, and a client made of both."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct, structs

from gateway import errors
from gateway.feishu import address
from gateway.feishu.access import SCOPES, Access, AppToken, BaseToken, Login, UserToken, UserTokens
from gateway.feishu.bitable import Bitable
from gateway.feishu.client import Client, Waits
from gateway.feishu.wire import Counter, Wire
from gateway.settings import Settings
from gateway.shelves import Layout
from gateway.store import Store, owned
from gateway.tables import Wanted
from gateway.vault import Vault

Way = Literal["base", "app", "user"]
"""The Bitable's own token, an app of one's own, one's own log-in."""


LOGIN_SCOPES = tuple(SCOPES.split())
"""What an app must have for the person's own log-in."""
_OTHER_DOMAIN = {"feishu.cn": "larksuite.com", "larksuite.com": "feishu.cn"}


class FeishuSetting(Struct, frozen=True, kw_only=True):
    """What the person entered, but for the secrets, which are in the vault."""

    way: Way = "app"
    app_id: str = ""
    address: str
    """Of a Bitable; empty for a new one."""
    language: str = "zh"
    layout: Layout = Layout.ONE
    shelf: str = "all"
    columns: dict[str, str | None] | None = None
    domain: str = "feishu.cn"
    """Whose API answers: ``feishu.cn`` or ``larksuite.com``."""

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            address=self.address,
            language=self.language,
            layout=self.layout,
            shelf=self.shelf,
            columns=self.columns,
        )


class Entry(Struct, frozen=True):
    """What the person entered, whole. The secrets of another way stay, for when they come back to it."""

    setting: FeishuSetting
    base_token: str = ""
    app_secret: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.setting!r}, •••)"


class _Begun(Struct, frozen=True):
    """A log-in that has begun, and what the person entered for it."""

    login: Login
    entry: Entry

    def __repr__(self) -> str:
        return f"_Begun({self.entry!r})"


class Connection:
    """Keeps what the person entered; makes the client that it describes.

    What is entered replaces what works only when it works itself.
    """

    def __init__(
        self, settings: Settings, store: Store, vault: Vault, count: Counter, waits: Waits, owner: str = ""
    ) -> None:
        self._owner = owner
        self._good, self._entered = owned("feishu", owner), owned("feishu entered", owner)
        # The names that an entry is kept under: the one that works, and a later one that did not yet.
        self._login = owned("feishu login", owner)
        self._settings = settings
        self._store = store
        self._vault = vault
        self._count = count
        self._waits = waits
        self._client: Client | None = None
        self.changing = asyncio.Lock()
        """Held by whoever looks at what works in order to change it."""

    @property
    def setting(self) -> FeishuSetting | None:
        """What works."""
        entry = self._kept(self._good)
        return entry.setting if entry else None

    @property
    def entered(self) -> FeishuSetting | None:
        """What the person typed last, though it may not work yet: nobody types it twice."""
        entry = self._last
        return entry.setting if entry else None

    @property
    def is_settled(self) -> bool:
        """Whether what the person typed last is what works."""
        return self._vault.get(self._entered) is None

    @property
    def kept(self) -> object:
        """What works, secrets and all, as it is sealed: another one whenever that is set anew."""
        return self._store.secret(self._good)

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that are there and need not be typed again, by the names of the API's fields."""
        entry = self._last
        return frozenset(name for name in ("base_token", "app_secret") if entry and getattr(entry, name))

    @property
    def logged_in(self) -> bool:
        """Whether the person has logged in to Feishu itself, by the app that they entered."""
        entered = self.entered
        return entered is not None and self._vault.get(self._tokens_of(entered.app_id)) is not None

    @property
    def broken_proxy(self) -> bool:
        return self._client is not None and self._client.wire.broken_proxy

    def enter(self, setting: FeishuSetting, secret: str | None) -> Entry:
        """Keeps what was typed, to be tried; without a ``secret`` the one that was typed before is meant."""
        entry = self._entry(setting, secret)
        self._keep(self._entered, entry)
        return entry

    def _entry(self, setting: FeishuSetting, secret: str | None) -> Entry:
        with contextlib.suppress(errors.BadAddress, errors.NotATable):  # said when it is used
            told = address.parse(setting.address).domain if setting.address else None
            setting = structs.replace(setting, domain=told or setting.domain)
        before = self._last or Entry(setting)
        if setting.way == "base":
            setting = structs.replace(setting, app_id=setting.app_id or before.setting.app_id)
            return structs.replace(before, setting=setting, base_token=secret or before.base_token)
        known = before.app_secret if before.setting.app_id == setting.app_id else ""
        return structs.replace(before, setting=setting, app_secret=secret or known)

    def settle(self, entry: Entry) -> None:
        """It works: from now on it is the one."""
        self._keep(self._good, entry)
        self._vault.set(self._entered, None)

    def forget_entered(self) -> None:
        """What works goes on, and what was entered later is not tried again."""
        if self._kept(self._good) is not None:
            self._vault.set(self._entered, None)

    def stop_waiting(self) -> None:
        """No call waits for its next try any more."""
        if self._client is not None:
            self._client.stop_waiting()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def client(self) -> Client:
        """By what works. Raises FeishuUnset, LoginEnded."""
        if self._client is None:
            entry = self._kept(self._good)
            if entry is None:
                raise errors.FeishuUnset
            self._client = self._make(entry)
        return self._client

    @contextlib.asynccontextmanager
    async def trying(self, entry: Entry) -> AsyncGenerator[Client]:
        """A client by what was entered, whether or not it works. Raises FeishuUnset, BadAddress, WikiNeedsApp, LoginEnded."""
        setting = entry.setting
        if setting.way == "base" and setting.address and address.parse(setting.address).wiki:
            raise errors.WikiNeedsApp
        await self.close()  # a log-in's tokens are good in one client at a time
        client = self._make(entry)
        try:
            yield client
        finally:
            await client.close()

    def _make(self, entry: Entry) -> Client:
        host = "base-api" if entry.setting.way == "base" else "open"
        return Client(self._wire(f"https://{host}.{entry.setting.domain}"), self._access(entry), self._waits)

    async def other_domain(self, entry: Entry) -> Entry | None:
        """After the credentials were refused: the same at the other site, if they are good there.

        Raises WrongDomain if the Bitable's address is sure to be of the first one.
        """
        setting = entry.setting
        other = structs.replace(setting, domain=_OTHER_DOMAIN[setting.domain])
        place = address.parse(setting.address)
        try:
            async with self.trying(Entry(other, entry.base_token, entry.app_secret)) as client:
                await Bitable(client, place.token).app()
        except (errors.BadSecret, errors.BadBaseToken, errors.FeishuUnreachable, errors.FeishuFault):
            return None
        except errors.FeishuError:
            pass  # it knows the credentials, whatever else is the matter
        if place.domain is not None:
            raise errors.WrongDomain(app_site=other.domain, base_site=setting.domain)
        return structs.replace(entry, setting=other)

    # --- the person's own log-in

    def begin_login(self, setting: FeishuSetting, secret: str | None, redirect: str) -> str:
        """The address where the person says yes. Nothing else changes until they did. Raises FeishuError."""
        place = address.parse(setting.address) if setting.address else None
        entry = self.enter(setting, secret)
        if not entry.app_secret:
            raise errors.FeishuUnset
        login = Login.begin(setting.app_id, redirect, wiki=place is not None and place.wiki)
        self._vault.set(self._login, msgspec.json.encode(_Begun(login, entry)))
        return login.address(self._settings.feishu or f"https://accounts.{entry.setting.domain}")

    def awaits(self, state: str) -> bool:
        """Whether a log-in with this ``state`` was begun here."""
        return self._begun is not None and self._begun.login.is_answered_by(state)

    async def finish_login(self, state: str, code: str) -> Entry:
        """What was entered, logged in now. Raises FeishuError; LoginEnded if it is not the log-in that was begun, or too late."""
        begun = self._begun
        if begun is None or not begun.login.is_answered_by(
            state
        ):  # anybody's page may lead here: it ends nothing
            raise errors.LoginEnded
        self._vault.set(self._login, None)
        if not code:
            raise errors.LoginEnded
        entry = begun.entry
        wire = self._wire(f"https://open.{entry.setting.domain}")
        try:
            tokens = await begun.login.finish(wire, entry.app_secret, code)
        finally:
            await wire.close()
        self._keep_tokens(entry.setting.app_id, tokens)
        self._keep(self._entered, entry)
        return entry

    # --- what a client is made of

    def _wire(self, origin: str) -> Wire:
        return Wire(origin, via=self._settings.feishu, count=self._count)

    def _access(self, entry: Entry) -> Access:
        app_id = entry.setting.app_id
        if not (entry.base_token if entry.setting.way == "base" else entry.app_secret):
            raise errors.FeishuUnset
        match entry.setting.way:
            case "base":
                return BaseToken(entry.base_token)
            case "app":
                return AppToken(app_id, entry.app_secret)
            case "user":
                kept = self._vault.get(self._tokens_of(app_id))
                if kept is None:
                    raise errors.LoginEnded
                tokens = msgspec.json.decode(kept, type=UserTokens)
                return UserToken(app_id, entry.app_secret, tokens, partial(self._keep_tokens, app_id))

    def _keep_tokens(self, app_id: str, tokens: UserTokens) -> None:
        """On the disk before any of it is used: the refresh token that it replaces is good for nothing more."""
        with self._store.durably():
            self._vault.set(self._tokens_of(app_id), msgspec.json.encode(tokens))

    @property
    def _begun(self) -> _Begun | None:
        kept = self._vault.get(self._login)
        return msgspec.json.decode(kept, type=_Begun) if kept else None

    @property
    def _last(self) -> Entry | None:
        return self._kept(self._entered) or self._kept(self._good)

    def _tokens_of(self, app_id: str) -> str:
        """The name that a log-in by this app is kept under: one that is only tried leaves the others alone."""
        return owned(f"feishu user_tokens {app_id}", self._owner)

    def _kept(self, name: str) -> Entry | None:
        kept = self._vault.get(name)
        return msgspec.json.decode(kept, type=Entry) if kept else None

    def _keep(self, name: str, entry: Entry) -> None:
        self._vault.set(name, msgspec.json.encode(entry))
