"""The way into Feishu that the person chose: what they entered, its secrets in the vault, and a client made of both."""

import contextlib
from typing import Literal

import msgspec
from msgspec import Struct, structs

from gateway import errors
from gateway.feishu import address
from gateway.feishu.access import SCOPES, Access, AppToken, BaseToken, Login, UserToken, UserTokens
from gateway.feishu.bitable import Bitable
from gateway.feishu.client import Client
from gateway.feishu.wire import Counter, Wire
from gateway.settings import Settings
from gateway.shelves import Layout
from gateway.store import Store
from gateway.tables import Wanted
from gateway.vault import Vault

Way = Literal["base", "app", "user"]
"""The Bitable's own token, an app of one's own, one's own log-in."""

_BASE_TOKEN = "feishu base_token"  # noqa: S105  # the names that they are kept under
_APP_SECRET = "feishu app_secret"  # noqa: S105
_USER_TOKENS = "feishu user_tokens"
_LOGIN = "feishu login"

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


class _Begun(Struct, frozen=True):
    """A log-in that has begun, and what the person entered for it."""

    login: Login
    setting: FeishuSetting
    secret: str

    def __repr__(self) -> str:
        return f"_Begun({self.setting.app_id!r}, •••)"


class Finished(Struct, frozen=True):
    """A log-in that the person agreed to."""

    setting: FeishuSetting
    secret: str
    tokens: UserTokens

    def __repr__(self) -> str:
        return f"Finished({self.setting.app_id!r}, •••)"


class Connection:
    """Keeps what the person entered; makes the client that it describes."""

    def __init__(self, settings: Settings, store: Store, vault: Vault, count: Counter) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._count = count
        self._client: Client | None = None

    @property
    def setting(self) -> FeishuSetting | None:
        return self._store.setting("feishu", FeishuSetting)

    @property
    def entered(self) -> FeishuSetting | None:
        """What the person typed last, though a log-in may still have to make it good: nobody types it twice."""
        return self._store.setting("feishu entered", FeishuSetting) or self.setting

    @property
    def logged_in(self) -> bool:
        """Whether the person has logged in to Feishu itself."""
        return self._vault.get(_USER_TOKENS) is not None

    @property
    def broken_proxy(self) -> bool:
        return self._client is not None and self._client.wire.broken_proxy

    async def keep(self, setting: FeishuSetting, secret: str | None) -> FeishuSetting:
        """Remembers what was entered; without a ``secret`` the one that is kept stays."""
        with contextlib.suppress(errors.BadAddress, errors.NotATable):  # said when it is used
            told = address.parse(setting.address).domain if setting.address else None
            setting = structs.replace(setting, domain=told or setting.domain)
        before = self.setting
        self._store.set("feishu", setting)
        self._store.set("feishu entered", None)
        if before is not None and before.app_id != setting.app_id and setting.way != "base" and not secret:
            self._vault.set(_APP_SECRET, None)  # that of another app, which this one must not see
        if secret:
            self._vault.set(_BASE_TOKEN if setting.way == "base" else _APP_SECRET, secret.encode())
        await self.close()
        return setting

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def client(self) -> Client:
        """Raises FeishuUnset, BadAddress, WikiNeedsApp."""
        if self._client is None:
            setting = self.setting
            if setting is None:
                raise errors.FeishuUnset
            if setting.way == "base" and setting.address and address.parse(setting.address).wiki:
                raise errors.WikiNeedsApp
            self._client = self._make(setting)
        return self._client

    def _make(self, setting: FeishuSetting) -> Client:
        host = "base-api" if setting.way == "base" else "open"
        return Client(self._wire(f"https://{host}.{setting.domain}"), self._access(setting))

    async def other_domain(self, setting: FeishuSetting) -> FeishuSetting | None:
        """After the credentials were refused: the same at the other site, if they are good there.

        Raises WrongDomain if the Bitable's address is sure to be of the first one.
        """
        other = structs.replace(setting, domain=_OTHER_DOMAIN[setting.domain])
        place = address.parse(setting.address)
        client = self._make(other)
        try:
            await Bitable(client, place.token).app()
        except (errors.BadSecret, errors.BadBaseToken, errors.FeishuUnreachable, errors.FeishuFault):
            return None
        except errors.FeishuError:
            pass  # it knows the credentials, whatever else is the matter
        finally:
            await client.close()
        if place.domain is not None:
            raise errors.WrongDomain(app_site=other.domain, base_site=setting.domain)
        return other

    # --- the person's own log-in

    def begin_login(self, setting: FeishuSetting, secret: str | None, redirect: str) -> str:
        """The address where the person says yes. Nothing else changes until they did. Raises FeishuError."""
        secret = secret or self._secret(_APP_SECRET)
        place = address.parse(setting.address) if setting.address else None
        setting = structs.replace(setting, domain=place.domain or setting.domain if place else setting.domain)
        login = Login.begin(setting.app_id, redirect, wiki=place is not None and place.wiki)
        self._vault.set(_LOGIN, msgspec.json.encode(_Begun(login, setting, secret)))
        self._store.set("feishu entered", setting)
        return login.address(self._settings.feishu or f"https://accounts.{setting.domain}")

    async def finish_login(self, state: str, code: str) -> Finished:
        """What the log-in brought. Raises FeishuError; LoginEnded if it is not the one that was begun, or too late."""
        kept = self._vault.get(_LOGIN)
        begun = msgspec.json.decode(kept, type=_Begun) if kept else None
        self._vault.set(_LOGIN, None)
        if begun is None or not code or not begun.login.is_answered_by(state):
            raise errors.LoginEnded
        wire = self._wire(f"https://open.{begun.setting.domain}")
        try:
            return Finished(begun.setting, begun.secret, await begun.login.finish(wire, begun.secret, code))
        finally:
            await wire.close()

    async def log_in(self, finished: Finished) -> None:
        """From now on the person's own log-in is the way."""
        self._keep_tokens(finished.tokens)
        await self.keep(finished.setting, finished.secret)

    # --- what a client is made of

    def _wire(self, origin: str) -> Wire:
        return Wire(origin, via=self._settings.feishu, count=self._count)

    def _access(self, setting: FeishuSetting) -> Access:
        match setting.way:
            case "base":
                return BaseToken(self._secret(_BASE_TOKEN))
            case "app":
                return AppToken(setting.app_id, self._secret(_APP_SECRET))
            case "user":
                kept = self._vault.get(_USER_TOKENS)
                if kept is None:
                    raise errors.LoginEnded
                tokens = msgspec.json.decode(kept, type=UserTokens)
                return UserToken(setting.app_id, self._secret(_APP_SECRET), tokens, self._keep_tokens)

    def _keep_tokens(self, tokens: UserTokens) -> None:
        """On the disk before any of it is used: the refresh token that it replaces is good for nothing more."""
        self._store.durable(on=True)
        try:
            self._vault.set(_USER_TOKENS, msgspec.json.encode(tokens))
        finally:
            self._store.durable(on=False)

    def _secret(self, name: str) -> str:
        secret = self._vault.get(name)
        if secret is None:
            raise errors.FeishuUnset
        return secret.decode()
