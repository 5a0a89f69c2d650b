"""A message in Feishu when a sync brought something, or needs the person; else quiet.

News are gathered until no more come, and told once an hour at most; what needs the person is told at once, and
the same not again on the same day. What was told is remembered in the store: a restart tells nothing twice.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from msgspec import Struct, field, structs

from gateway import errors
from gateway.errors import Issue, Words
from gateway.events import Event, Events
from gateway.feishu import messages
from gateway.feishu.messages import Card
from gateway.feishu.wire import Wire
from gateway.log import get
from gateway.model import now
from gateway.settings import Settings
from gateway.store import Store
from gateway.sync import PushState, Sync
from gateway.vault import Vault

_log = get("notices")

_QUIET = timedelta(minutes=2)
"""Without anything new: then it was all."""
_BETWEEN_NEWS = timedelta(hours=1)
_BETWEEN_NEEDS = timedelta(days=1)
_AFTER_TROUBLE = timedelta(minutes=10)
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
    """When each need was told last, by its code."""


class _News(Struct, frozen=True):
    """What changed in the library since the last news."""

    last: int
    at: datetime
    new: int
    changed: int
    titles: tuple[str, ...]


class Notices:
    """``clock`` is what tells the time; tests have their own."""

    def __init__(self, settings: Settings, store: Store, vault: Vault, sync: Sync, events: Events) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._sync = sync
        self._events = events
        self._changed = asyncio.Event()
        self._one = asyncio.Lock()
        self._not_before: datetime | None = None
        self.clock: Callable[[], datetime] = now
        self.problem: Issue | None = None
        """Why the last message did not go out."""

    @property
    def setting(self) -> NoticeSetting:
        return self._store.setting("notices", NoticeSetting) or NoticeSetting()

    @property
    def has_webhook(self) -> bool:
        return self._vault.get(_WEBHOOK) is not None

    def set(self, setting: NoticeSetting, webhook: str, sign: str | None) -> None:
        """From now on. An empty ``webhook`` keeps the one that is kept, with its secret. Raises BadInput."""
        if setting.way == "bot" and not webhook and not self.has_webhook:
            raise errors.BadInput(field="webhook")
        if webhook:
            if messages.hook_of(webhook) is None:
                raise errors.BadInput(field="webhook")
            self._vault.set(_WEBHOOK, webhook.strip().encode())
            self._vault.set(_SIGN, sign.strip().encode() if sign else None)
        if setting.way == "app" and not (setting.receiver and setting.receiver_kind in messages.RECEIVERS):
            raise errors.BadInput(field="receiver")
        if self.setting.way == "off":  # what was before is no news
            self._store.set("notices told", structs.replace(self._told, change=self._last_change()))
        self._store.set("notices", setting)
        self.problem, self._not_before = None, None
        self._changed.set()

    async def test(self) -> None:
        """Sends a message now. Raises FeishuError, BadInput if notices are off."""
        setting = self.setting
        if setting.way == "off":
            raise errors.BadInput(field="way")
        words = Words("通知可以用了。", "Notices work.")
        try:
            await self._send(setting, messages.card("D2F", [_in(setting, words)], colour="blue"))
        except errors.FeishuError as error:
            self.problem = error.issue
            raise
        self.problem = None

    async def run(self) -> None:
        """Until it is cancelled, or nothing more happens."""
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
                await asyncio.wait(waiting, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
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
        setting = self.setting
        if setting.way == "off":
            return None
        at, state, told = self.clock(), self._sync.state, self._told
        if state.state == "error" and state.problem is not None:
            need = state.problem
            due = told.needs.get(need.code, at - _BETWEEN_NEEDS) + _BETWEEN_NEEDS
            after = structs.replace(told, needs=told.needs | {need.code: at})
            shown = _need(setting, need, self._settings.dashboard)
        elif state.state == "idle" and not state.pending and (news := self._news(told.change)):
            due = max(news.at + _QUIET, (told.news_at or news.at - _BETWEEN_NEWS) + _BETWEEN_NEWS)
            after = structs.replace(told, change=news.last, news_at=at)
            shown = _tell(setting, news, state)
        else:
            return None
        due = max(due, self._not_before or due)
        if due > at:
            return (due - at).total_seconds()
        if at.minute in _CROWDED:
            return 60.0 - at.second
        return await self._tell(setting, shown, after)

    async def _tell(self, setting: NoticeSetting, shown: Card, after: _Told) -> float | None:
        try:
            await self._send(setting, shown)
        except (errors.FeishuError, errors.BadInput) as error:
            self.problem = error.issue
            self._not_before = self.clock() + _AFTER_TROUBLE
            _log.info("notice not sent", error=error.code)
            return _AFTER_TROUBLE.total_seconds()
        self.problem, self._not_before = None, None
        self._store.set("notices told", after)
        return 0.0

    async def _send(self, setting: NoticeSetting, shown: Card) -> None:
        if setting.way == "app":
            client = self._sync.connection.client()
            await messages.by_app(client, setting.receiver_kind, setting.receiver, shown, uuid4())
            return
        hook = messages.hook_of((self._vault.get(_WEBHOOK) or b"").decode())
        if hook is None:
            raise errors.BadInput(field="webhook")
        secret = (self._vault.get(_SIGN) or b"").decode()
        wire = Wire(hook.origin, via=self._settings.feishu)
        try:
            await messages.by_bot(
                wire, hook, secret, shown, now()
            )  # the signature is Feishu's time, not a test's
        finally:
            await wire.close()

    @property
    def _told(self) -> _Told:
        return self._store.setting("notices told", _Told) or _Told()

    def _last_change(self) -> int:
        row = self._store.one("SELECT ifnull(max(number), 0) FROM change")
        return row[0] if row else 0

    def _news(self, after: int) -> _News | None:
        sql = """SELECT max(number), max(at), count(DISTINCT CASE what WHEN 'new' THEN account || medium || id END),
            count(DISTINCT account || medium || id) FROM change WHERE number > ?"""
        row = self._store.one(sql, [after])
        if row is None or row[0] is None:
            return None
        last, at, new, marks = row
        titles = self._store.rows(
            """SELECT DISTINCT subject.title FROM change JOIN subject USING (medium, id)
            WHERE number > ? AND subject.title IS NOT NULL ORDER BY number DESC LIMIT ?""",
            [after, _TITLES],
        )
        return _News(last, datetime.fromisoformat(at), new, marks - new, tuple(title for (title,) in titles))


def _need(setting: NoticeSetting, need: Issue, dashboard: str) -> Card:
    title = Words("D2F 需要你处理", "D2F needs you")
    where = Words(
        f"控制台（运行 D2F 的电脑上）：{dashboard}", f"Dashboard (on the computer that runs D2F): {dashboard}"
    )
    return messages.card(
        _in(setting, title), [_in(setting, Words(need.zh, need.en)), _in(setting, where)], colour="red"
    )


def _tell(setting: NoticeSetting, news: _News, state: PushState) -> Card:
    lines = [
        Words(
            f"新增 {news.new} 个标记，更新 {news.changed} 个", f"{news.new} new marks, {news.changed} changed"
        )
    ]
    if news.titles:
        more = news.new + news.changed > len(news.titles)
        names = "、".join(title[:60] for title in news.titles)
        lines.append(Words(names + (" 等" if more else ""), names + (" …" if more else "")))
    if state.failed:
        lines.append(
            Words(
                f"飞书不接受其中 {state.failed} 行，原因见控制台",
                f"Feishu did not take {state.failed} rows; the dashboard says why",
            )
        )
    title = Words("D2F：豆瓣标记已同步到飞书", "D2F: your marks are in Feishu")
    link = (_in(setting, Words("打开多维表格", "Open the Bitable")), state.table) if state.table else None
    colour = "orange" if state.failed else "green"
    return messages.card(
        _in(setting, title), [_in(setting, line) for line in lines], colour=colour, link=link
    )


def _in(setting: NoticeSetting, words: Words) -> str:
    return words.en if setting.language == "en" else words.zh
