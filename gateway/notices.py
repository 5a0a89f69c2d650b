"""A message in Feishu when a sync brought something, or needs the person; else quiet.

News are gathered until no more come, and told once an hour at most; what needs the person is told at once, and
the same not again on the same day. What was told, and what is being told, is remembered in the store: a restart
tells nothing twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from msgspec import Struct, field, structs

from gateway import errors
from gateway.carriers import Carriers
from gateway.connection import Connection
from gateway.errors import Issue
from gateway.events import Event, Events
from gateway.feishu import cards, messages
from gateway.feishu.cards import Card, News
from gateway.feishu.wire import Wire
from gateway.log import get
from gateway.model import now
from gateway.settings import Settings
from gateway.state import PushState
from gateway.store import Store, owned
from gateway.vault import Vault

_log = get("notices")

_QUIET = timedelta(minutes=2)
"""Without anything new: then it was all."""
_BETWEEN_NEWS = timedelta(hours=1)
_BETWEEN_NEEDS = timedelta(days=1)
_AFTER_TROUBLE = timedelta(minutes=10)
_LOOK = timedelta(minutes=10)
"""To sleep at most: that a browser was asked in vain is told by the clock alone."""
_SAME = messages.KNOWN - timedelta(minutes=10)
"""How long a message that failed is tried again as it was; a try takes its time, hence the margin."""
_CROWDED = frozenset({0, 30})
"""Minutes at which everybody's bots speak, and Feishu refuses many."""
_TITLES = 5
_WEBHOOK, _SIGN = "notices webhook", "notices sign"  # the names that they are kept under

NoticeWay = Literal["off", "bot", "app"]


class NoticeSetting(Struct, frozen=True, kw_only=True):
    """By a custom bot, whose webhook and secret are in the vault, or by the app."""

    way: NoticeWay = "off"
    language: str = "zh"
    receiver_kind: str = "email"
    """For the app: one of ``messages.RECEIVERS``."""
    receiver: str = ""


class _Told(Struct, frozen=True, kw_only=True):
    """What was told already."""

    change: int = 0
    """The number of the last change of the library."""
    news_at: datetime | None = None
    needs: dict[str, datetime] = field(default_factory=dict)
    """When each need was told last, by its code and whose it is."""


class _Message(Struct, frozen=True, kw_only=True):
    """A message that is due. Until it has arrived it is tried again as it was: an answer may have been lost."""

    setting: NoticeSetting
    shown: Card
    need: str = ""
    """The code of what needs the person, and whose it is; empty for news."""
    change: int = 0
    """Of news: the last change that they tell of."""
    once: UUID = field(default_factory=uuid4)
    begun_at: datetime


class Notices:
    """``clock`` is what tells the time; tests have their own."""

    def __init__(
        self, settings: Settings, store: Store, vault: Vault, carriers: Carriers, events: Events
    ) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._carriers = carriers
        self._events = events
        self._changed = asyncio.Event()
        self._one = asyncio.Lock()
        self._not_before: datetime | None = None
        self._problem: Issue | None = None
        self.clock: Callable[[], datetime] = now

    @property
    def setting(self) -> NoticeSetting:
        return self._store.setting("notices", NoticeSetting) or NoticeSetting()

    @property
    def kept(self) -> object:
        """The setting, and its secrets as they are sealed: another one whenever any of it is set anew."""
        return self.setting, self._store.secret(_WEBHOOK), self._store.secret(_SIGN)

    @property
    def has_webhook(self) -> bool:
        return self._vault.get(_WEBHOOK) is not None

    @property
    def has_sign(self) -> bool:
        return self._vault.get(_SIGN) is not None

    @property
    def by_app(self) -> bool:
        """Whether there is an app that could send: the other ways into Feishu have no say in messages."""
        return self._app is not None

    @property
    def _app(self) -> Connection | None:
        connections = (carrier.sync.connection for carrier in self._carriers.all)
        return next((each for each in connections if each.setting and each.setting.way == "app"), None)

    @property
    def problem(self) -> Issue | None:
        """Why none can go out, or why the last one did not."""
        return errors.NeedsOwnApp().issue if self._lacks_app else self._problem

    @property
    def _lacks_app(self) -> bool:
        return self.setting.way == "app" and not self.by_app

    def set(self, setting: NoticeSetting, webhook: str, sign: str) -> None:
        """From now on. Raises BadWebhook, BadInput.

        An empty ``webhook`` keeps the one that is kept, an empty ``sign`` the secret of that one.
        """
        if webhook or (setting.way == "bot" and not self.has_webhook):
            messages.hook_of(webhook)
        if setting.way == "app" and not (setting.receiver and setting.receiver_kind in messages.RECEIVERS):
            raise errors.BadInput(field="receiver")
        if webhook:
            self._vault.set(_WEBHOOK, webhook.strip().encode())
        if webhook or sign:
            self._vault.set(_SIGN, sign.strip().encode() or None)
        if self.setting.way == "off":  # what was before is no news
            self._store.set("notices told", structs.replace(self._told, change=self._last_change()))
        self._store.set("notices", setting)
        self._problem, self._not_before = None, None
        self._changed.set()

    async def test(self) -> None:
        """Sends a message now. Raises FeishuError, BadInput if notices are off."""
        setting = self.setting
        if setting.way == "off":
            raise errors.BadInput(field="way")
        if self._lacks_app:
            raise errors.NeedsOwnApp
        message = _Message(setting=setting, shown=cards.of_test(setting.language), begun_at=self.clock())
        try:
            await self._send(message)
        except errors.FeishuError as error:
            self._problem = error.issue
            raise
        self._problem = None

    async def run(self) -> None:
        """Until it is cancelled, or the gateway ends."""
        listening = self._events.listen()
        following: asyncio.Future[Event] = asyncio.ensure_future(anext(listening))
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            while True:
                try:
                    pause = await self.consider()
                except Exception:  # noqa: BLE001  # whatever it is, the next event is considered again
                    _log.exception("unforeseen")
                    pause = None
                waiting = {following, changed}
                look = _LOOK.total_seconds()
                timeout = look if pause is None else min(pause, look)
                await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                if changed.done():
                    self._changed.clear()
                    changed = asyncio.ensure_future(self._changed.wait())
                if following.done():
                    following.result()
                    following = asyncio.ensure_future(anext(listening))
        except StopAsyncIteration:
            return
        finally:
            following.cancel()
            changed.cancel()

    async def consider(self) -> float | None:
        """Sends what is due. Returns after how many seconds something may be, if nothing happens; None for never."""
        async with self._one:
            return await self._consider()

    async def _consider(self) -> float | None:
        if self.setting.way == "off" or self._lacks_app:
            return None
        found = self._next()
        if found is None:
            return None
        due, message = found
        at, due = self.clock(), max(due, self._not_before or due)
        if due > at:
            return (due - at).total_seconds()
        if at.minute in _CROWDED:
            return 60.0 - at.second
        return await self._tell(message)

    def _next(self) -> tuple[datetime, _Message] | None:
        """The message that is to go out next, and from when on it may."""
        setting, at = self.setting, self.clock()
        told, begun = self._told, self._begun
        needs: list[tuple[datetime, _Message]] = []
        for carrier in self._carriers.all:
            for need in carrier.needs:
                name = owned(need.code, carrier.owner)
                if begun is not None and begun.need == name:
                    return at, begun
                due = told.needs.get(name, at - _BETWEEN_NEEDS) + _BETWEEN_NEEDS
                shown = cards.of_need(need, self._settings.dashboard, setting.language)
                needs.append((due, _Message(setting=setting, shown=shown, need=name, begun_at=at)))
        if needs:
            return min(needs, key=lambda need: need[0])
        if begun is not None and begun.change > told.change:
            return at, begun
        states = [carrier.sync.of_rows for carrier in self._carriers.all]
        connected = [state for state in states if state.state != "unset"]
        if connected and all(state.state == "idle" and not state.pending for state in connected):
            return self._news(setting, connected)
        return None

    async def _tell(self, message: _Message) -> float:
        """Returns after how many seconds to consider again."""
        self._store.set("notice begun", message)  # before it is sent: a restart must know it
        try:
            await self._send(message)
        except errors.FeishuError as error:
            self._problem = error.issue
            self._not_before = self.clock() + _AFTER_TROUBLE
            _log.info("notice not sent", error=error.code)
            return _AFTER_TROUBLE.total_seconds()
        self._problem, self._not_before = None, None
        self._arrived(message)
        return 0.0

    def _arrived(self, message: _Message) -> None:
        told, at = self._told, self.clock()
        if message.need:
            told = structs.replace(told, needs=told.needs | {message.need: at})
        else:
            told = structs.replace(told, change=max(told.change, message.change), news_at=at)
        with self._store.atomic():
            self._store.set("notices told", told)
            self._store.set("notice begun", None)

    async def _send(self, message: _Message) -> None:
        setting = message.setting
        if setting.way == "app":
            if (app := self._app) is None:
                raise errors.NeedsOwnApp
            client = app.client()
            await messages.by_app(
                client, setting.receiver_kind, setting.receiver, message.shown, message.once
            )
            return
        hook = messages.hook_of((self._vault.get(_WEBHOOK) or b"").decode())
        secret = (self._vault.get(_SIGN) or b"").decode()
        wire = Wire(hook.origin, via=self._settings.feishu)
        try:
            await messages.by_bot(
                wire, hook, secret, message.shown, now()
            )  # the signature is Feishu's time, not a test's
        finally:
            await wire.close()

    @property
    def _begun(self) -> _Message | None:
        """The message that was tried and may have arrived, while Feishu would know it again."""
        begun = self._store.setting("notice begun", _Message)
        if begun is None or begun.setting != self.setting or self.clock() - begun.begun_at >= _SAME:
            return None
        return begun

    @property
    def _told(self) -> _Told:
        return self._store.setting("notices told", _Told) or _Told()

    def _last_change(self) -> int:
        row = self._store.one("SELECT ifnull(max(number), 0) FROM change")
        return row[0] if row else 0

    def _news(self, setting: NoticeSetting, states: Sequence[PushState]) -> tuple[datetime, _Message] | None:
        """What changed in the library since the last news, and when it may be told."""
        told = self._told
        sql = """SELECT max(number), max(at), count(DISTINCT CASE what WHEN 'new' THEN account || medium || id END),
            count(DISTINCT account || medium || id) FROM change WHERE number > ? AND what <> 'earlier'"""
        row = self._store.one(sql, [told.change])
        if row is None or row[0] is None:
            return None
        last, at, new, marks = row[0], datetime.fromisoformat(row[1]), row[2], row[3]
        titles = self._store.rows(
            """SELECT DISTINCT subject.title FROM change JOIN subject USING (medium, id)
            WHERE number > ? AND what <> 'earlier' AND subject.title IS NOT NULL ORDER BY number DESC LIMIT ?""",
            [told.change, _TITLES],
        )
        news = News(
            new=new,
            changed=marks - new,
            titles=tuple(title for (title,) in titles),
            failed=sum(state.failed for state in states),
            table=states[0].table,
        )
        due = max(at + _QUIET, (told.news_at or at - _BETWEEN_NEWS) + _BETWEEN_NEWS)
        shown = cards.of_news(news, setting.language)
        return due, _Message(setting=setting, shown=shown, change=last, begun_at=self.clock())
