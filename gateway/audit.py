"""What was done that matters to safety: when, what, from where. Never a secret; names and addresses only."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from gateway.errors import Words
from gateway.model import now
from gateway.store import Store

_MOST = 1000
"""Entries that are kept of each act, the newest: however many tries fail, they do not push out who was paired."""
_TOGETHER = timedelta(hours=1)
"""Failures of one kind, from one place, within so long after each other are one entry with a number."""
_LONGEST = 80
COMMAND = "d2f"
"""The source of what the command line does."""


class Act(StrEnum):
    """What can be done."""

    LOGGED_IN = "logged_in"
    LOG_IN_FAILED = "log_in_failed"
    PASSPHRASE_FAILED = "passphrase_failed"  # noqa: S105  # a name of an act
    SESSION_REUSED = "session_reused"
    LOGGED_OUT = "logged_out"
    LOGGED_OUT_EVERYWHERE = "logged_out_everywhere"
    PASSPHRASE_SET = "passphrase_set"  # noqa: S105  # a name of an act
    PASSPHRASE_CHANGED = "passphrase_changed"  # noqa: S105  # a name of an act
    PASSPHRASE_REMOVED = "passphrase_removed"  # noqa: S105  # a name of an act
    PAIRING_OPENED = "pairing_opened"
    PAIRED = "paired"
    PAIRING_FAILED = "pairing_failed"
    PAIRING_CLOSED = "pairing_closed"
    DEVICE_RENAMED = "device_renamed"
    DEVICE_REVOKED = "device_revoked"
    DOUBAN_KEPT = "douban_kept"
    DOUBAN_FORGOTTEN = "douban_forgotten"
    FEISHU_SECRET = "feishu_secret"  # noqa: S105  # a name of an act
    NOTICE_SECRET = "notice_secret"  # noqa: S105  # the same
    KEYS_ROTATED = "keys_rotated"
    KEYS_METHOD = "keys_method"
    ENCRYPTED = "encrypted"
    DECRYPTED = "decrypted"
    WIPE_FAILED = "wipe_failed"


FAILURES = frozenset({Act.LOG_IN_FAILED, Act.PASSPHRASE_FAILED, Act.PAIRING_FAILED})
ALARMS = FAILURES | {Act.SESSION_REUSED, Act.PAIRING_CLOSED}
"""What somebody else may have done."""


ACTS = {
    Act.LOGGED_IN: Words("登录了控制台", "Logged in to the dashboard"),
    Act.LOG_IN_FAILED: Words("登录链接无效，没有登录", "A log-in link that was not good: not logged in"),
    Act.PASSPHRASE_FAILED: Words("口令不对", "A wrong passphrase"),
    Act.SESSION_REUSED: Words(
        "登录的 Cookie 被用了两次，已结束那次登录", "A cookie of a session came twice: the session was ended"
    ),
    Act.LOGGED_OUT: Words("退出了控制台", "Logged out"),
    Act.LOGGED_OUT_EVERYWHERE: Words("在所有地方退出了控制台", "Logged out everywhere"),
    Act.PASSPHRASE_SET: Words("设置了控制台的口令", "The dashboard's passphrase was set"),
    Act.PASSPHRASE_CHANGED: Words("更换了控制台的口令", "The dashboard's passphrase was changed"),
    Act.PASSPHRASE_REMOVED: Words("去掉了控制台的口令", "The dashboard's passphrase was removed"),
    Act.PAIRING_OPENED: Words("生成了配对码", "A pairing code was made"),
    Act.PAIRED: Words("配对了浏览器", "A browser was paired"),
    Act.PAIRING_FAILED: Words("配对码不对，没有配对", "A wrong pairing code: not paired"),
    Act.PAIRING_CLOSED: Words("连续输错，配对码已作废", "Too many wrong ones: the pairing was closed"),
    Act.DEVICE_RENAMED: Words("给浏览器改了名", "A browser was renamed"),
    Act.DEVICE_REVOKED: Words("撤销了浏览器的配对", "A browser was revoked"),
    Act.DOUBAN_KEPT: Words("收下了豆瓣登录", "A Douban log-in was stored"),
    Act.DOUBAN_FORGOTTEN: Words("忘掉了豆瓣登录", "A Douban log-in was forgotten"),
    Act.FEISHU_SECRET: Words("输入了飞书的密钥", "A secret of Feishu's was entered"),
    Act.NOTICE_SECRET: Words("输入了通知用的密钥", "A secret for notices was entered"),
    Act.KEYS_ROTATED: Words("换了新的密钥", "The keys were rotated"),
    Act.KEYS_METHOD: Words("换了保存密钥的方式", "The keys are kept in another way"),
    Act.ENCRYPTED: Words("给整个库加了密", "The whole library was encrypted"),
    Act.DECRYPTED: Words("解除了整个库的加密", "The library was decrypted"),
    Act.WIPE_FAILED: Words("想全部清除，没有清除成", "All was to be wiped, and was not"),
}
"""What each is called."""


class Entry(Struct, frozen=True, kw_only=True):
    """One act."""

    at: datetime
    """When; of several, the last time."""
    act: Act
    source: str
    """From where: a browser at the dashboard, a paired one by its name, or ``d2f`` for the command line."""
    about: str = ""
    """Whom or what it was done to."""
    times: int = 1


class Audit:
    """The trail, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, act: Act, source: str, about: str = "") -> None:
        """Adds an entry; a failure that comes again within the hour is counted in its earlier one."""
        at, about, source = now(), _plain(about), _plain(source)
        with self._store.atomic():
            if act in FAILURES and self._counted(act, source, about, at):
                return
            self._store.do(
                "INSERT INTO audit (at, act, source, about) VALUES (?, ?, ?, ?)",
                [at.isoformat(), act, source, about],
            )
            self._store.do(
                """DELETE FROM audit WHERE act = ? AND number <=
                    (SELECT number FROM audit WHERE act = ? ORDER BY number DESC LIMIT 1 OFFSET ?)""",
                [act, act, _MOST],
            )

    def _counted(self, act: Act, source: str, about: str, at: datetime) -> bool:
        sql = """UPDATE audit SET times = times + 1, at = ?, number = (SELECT max(number) + 1 FROM audit)
            WHERE number = (SELECT max(number) FROM audit WHERE act = ?)
            AND source = ? AND about = ? AND at BETWEEN ? AND ?"""
        since = (at - _TOGETHER).isoformat()
        return self._store.do(sql, [at.isoformat(), act, source, about, since, at.isoformat()]) == 1

    def newest(self, most: int) -> list[Entry]:
        """The newest first."""
        return list(self._entries(most))

    def _entries(self, most: int) -> Iterator[Entry]:
        sql = "SELECT at, act, source, about, times FROM audit ORDER BY number DESC LIMIT ?"
        for at, act, source, about, times in self._store.rows(sql, [most]):
            yield Entry(at=datetime.fromisoformat(at), act=Act(act), source=source, about=about, times=times)


def _plain(text: str) -> str:
    """Some of it comes from outside, and is printed in a terminal."""
    return "".join(each for each in text[:_LONGEST] if each.isprintable())


def browser_of(agent: str) -> str:
    """What a person would call the browser that sends this ``User-Agent``: "Chrome · Windows"."""
    if agent == COMMAND:
        return COMMAND
    browser = _first(
        agent, (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    )
    systems = (
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone|iPad", "iOS"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    return " · ".join(name for name in (browser, _first(agent, systems)) if name) or "?"


def _first(agent: str, known: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in known if re.search(sign, agent)), "")
