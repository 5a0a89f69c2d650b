"""``d2f demo``: a made-up person's marks go from a simulated Douban into a simulated Feishu, through the real gateway."""

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from datetime import time as midnight
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from gateway import log
from gateway.app import Gateway
from gateway.keys.keeper import Keeper
from gateway.model import UNSET, Medium, Status, photo_id
from gateway.owner_sessions import new_login_link
from gateway.sandbox.douban import Douban
from gateway.sandbox.douban.pictures import cover
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.feishu.renders import File
from gateway.sandbox.http import Server
from gateway.sandbox.person import EVERYTHING, Entry, Person, Removed, make_person
from gateway.sandbox.serve import APP_ID, APP_SECRET
from gateway.server import running
from gateway.settings import Settings
from gateway.store import Store
from gateway.visitor import DoubanVisitor, Extension, OwnerVisitor

TABLE = "豆瓣标记"
_STATUSES = {
    Medium.BOOK: {Status.WISH: "想读", Status.DOING: "在读", Status.DONE: "读过"},
    Medium.MOVIE: {Status.WISH: "想看", Status.DOING: "在看", Status.DONE: "看过"},
    Medium.MUSIC: {Status.WISH: "想听", Status.DOING: "在听", Status.DONE: "听过"},
    Medium.GAME: {Status.WISH: "想玩", Status.DOING: "在玩", Status.DONE: "玩过"},
    Medium.DRAMA: {Status.WISH: "想看", Status.DONE: "看过"},
}
_KINDS = {
    Medium.BOOK: {"图书"},
    Medium.MOVIE: {"电影", "剧集"},
    Medium.MUSIC: {"音乐"},
    Medium.GAME: {"游戏"},
    Medium.DRAMA: {"舞台剧"},
}
"""Lists of films and series do not say which of both a row is."""
_NEXT = re.compile(r'<link rel="next" href="([^"]+)"')
_SUBJECT_PAGES = 12
"""How many subjects the visitor opens, after the lists."""


async def demo(marks: int, stop: asyncio.Event, *, once: bool) -> int:
    """Runs the demo until ``stop`` is set or, with ``once``, until all is checked.

    Returns 1 if a record is missing or wrong, 130 if it was stopped before that was known.
    """
    log.configure("error")
    person, world = make_person(marks, kinds=EVERYTHING), Feishu(rates=False)  # nobody waits in a demo
    world.add_app(APP_ID, APP_SECRET)
    app_token = world.add_base("我的书影音", collaborators={APP_ID: "edit"})
    with tempfile.TemporaryDirectory(prefix="d2f-demo-") as folder:
        async with Server(Douban(person=person).handle) as douban, Server(world.handle) as feishu:
            settings = Settings(
                port=0,
                data=Path(folder),
                feishu=feishu.url,
                douban=douban.url,
                pictures=douban.url,
                uploads=0,
            )
            with Store(settings.library) as store:  # a demo leaves nothing in the system's keyring
                Keeper(store, settings.key_file).open(with_ring=False)
            async with running(settings) as gateway:
                bitable = f"{feishu.url}/base/{app_token}"
                _say(
                    "模拟的豆瓣、飞书和网关都在本机运行 · a simulated Douban and Feishu, and the real gateway, on this machine"
                )
                _say(f"  {person.name}：{len(person.marks):,} 个标记 · {len(person.marks):,} marks")
                started = time.perf_counter()
                extension = await asyncio.to_thread(
                    _set_up, new_login_link(gateway.store, gateway.settings), bitable
                )
                watching = asyncio.create_task(_watch(gateway))
                working = asyncio.create_task(
                    _sync(gateway, person, DoubanVisitor(douban.url, person.cookies), extension)
                )
                if not await _first(working, stop):
                    return 130
                pages = working.result()
                watching.cancel()
                seconds = time.perf_counter() - started
                rows = world.rows(app_token, TABLE)
                wrong = check(person, rows) + check_covers(person, rows, world.bases[app_token].files)
                _summary(gateway, world, pages, seconds, wrong, len(person.marks))
                if not once:
                    _say(f"控制台 · dashboard       {new_login_link(gateway.store, gateway.settings)}")
                    _say(f"多维表格 · the Bitable   {gateway.carriers.first.sync.state.table}")
                    _say("按 Ctrl-C 结束 · Ctrl-C ends it")
                    await stop.wait()
    return 1 if wrong else 0


def check(person: Person, rows: dict[str, dict[str, Any]]) -> list[str]:
    """Holds every mark against the table's rows. Returns what is wrong, a line each."""
    pages = [
        row.get("豆瓣页面", {}).get("link") for row in rows.values()
    ]  # the same id may be a book and an album
    by_page = dict(zip(pages, rows.values(), strict=True))
    wrong = [f"{subject}: {number} records" for subject, number in Counter(pages).items() if number > 1]
    for entry in person.marks:
        row = by_page.pop(_page(entry), None)
        if row is None:
            wrong.append(f"{entry.key}: no record")
            continue
        for column, value in _expected(entry).items():
            if row.get(column) != value:
                wrong.append(f"{entry.key}: {column} is {row.get(column)!r}, not {value!r}")
        if row.get("分类") not in _KINDS[entry.key.medium]:
            wrong.append(f"{entry.key}: 分类 is {row.get('分类')!r}")
    return wrong + [f"{subject}: a record without a mark" for subject in by_page]


def check_covers(person: Person, rows: dict[str, dict[str, Any]], files: Mapping[str, File]) -> list[str]:
    """Holds the picture of every row against the one that Douban has of its subject."""
    wrong: list[str] = []
    by_page = {row.get("豆瓣页面", {}).get("link"): row for row in rows.values()}
    for entry in person.marks:
        there: list[str] = by_page.get(_page(entry), {}).get("封面图") or []
        pictures = [files[token].content for token in there]
        if pictures != _pictures(entry):
            wrong.append(f"{entry.key}: {len(pictures)} covers, or another one")
    return wrong


def _pictures(entry: Entry) -> list[bytes]:
    """Where Douban took a subject down, it shows a placeholder, which is no cover."""
    address = entry.subject.cover
    if not isinstance(address, str) or entry.removed in {Removed.UNKNOWN, Removed.TITLE_ONLY}:
        return []
    return [cover(photo_id(address))]


def _page(entry: Entry) -> str:
    return SECTIONS[entry.key.medium].subject(entry.key.id)


def _expected(entry: Entry) -> dict[str, Any]:
    """What a record must show, written down from the mark alone."""
    mark = entry.mark
    day = mark.marked_on
    zone = ZoneInfo("Asia/Shanghai")
    return {
        "Subject ID": entry.key.id,
        "标题": _title(entry),
        "我的状态": _STATUSES[entry.key.medium][mark.status],
        "我的评分": mark.rating,
        "我的备注": mark.comment,
        "我的标签": list(mark.tags) if mark.tags else None,
        "标记日期": int(datetime.combine(day, midnight(), zone).timestamp() * 1000) if day else None,
    }


def _title(entry: Entry) -> str | None:
    """As lists have it: the one of a game is in both languages."""
    subject = entry.subject
    if subject.title is UNSET:
        return None
    both = entry.key.medium is Medium.GAME and subject.original_title
    return f"{subject.title} {subject.original_title}" if both else subject.title


def _set_up(login_link: str, bitable: str) -> Extension:
    """What a person does once: log in, enter Feishu, pair the browser."""
    owner = OwnerVisitor(login_link)
    reply = owner.call(
        "PUT", "/api/v1/feishu", {"app_id": APP_ID, "app_secret": APP_SECRET, "address": bitable}
    )
    assert reply.status == 200, reply.body.decode()  # noqa: PLR2004  # OK
    return Extension(owner.call("POST", "/api/v1/pairing").json()["code"])


async def _sync(gateway: Gateway, person: Person, visitor: DoubanVisitor, extension: Extension) -> int:
    """All there is, into the table. Returns the number of pages."""
    pages = await walk(person, visitor, extension)
    await gateway.carriers.first.sync.rest()
    return pages


async def _first(work: asyncio.Task[int], stop: asyncio.Event) -> bool:
    """Waits for the work; False if the person stopped it."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    return work.done() or not work.cancel()


async def walk(person: Person, visitor: DoubanVisitor, extension: Extension) -> int:
    """Opens every list to its end, then a few subjects. Returns the number of pages."""
    pages = 0
    for medium, statuses in _STATUSES.items():
        for status in statuses:
            url: str | None = SECTIONS[medium].list_of(person.address, status)
            while url:
                page = await asyncio.to_thread(_capture, visitor, extension, url)
                pages += 1
                following = _NEXT.search(page)
                url = urljoin(url, following[1].replace("&amp;", "&")) if following else None
    for entry in [entry for entry in person.marks if entry.removed is None][:_SUBJECT_PAGES]:
        await asyncio.to_thread(_capture, visitor, extension, _page(entry))
        pages += 1
    return pages


def _capture(visitor: DoubanVisitor, extension: Extension, url: str) -> str:
    page = visitor.open(url).body
    status, answer = extension.capture(url, page)
    assert status == 200 and answer["verdict"] == "ok", (url, status, answer)  # noqa: PLR2004, PT018  # OK
    return page.decode()


async def _watch(gateway: Gateway) -> None:
    """Shows how far things are, on one line where there is a terminal."""
    async for _ in gateway.events.listen():
        if sys.stderr.isatty():
            marks, now = _held(gateway), gateway.carriers.first.sync.state
            sys.stderr.write(
                f"\r  库 library {marks:,} · 飞书 Feishu {now.pushed:,} · 待写 to go {now.pending:,}"
                f" · 封面 covers {now.covers.done:,}   "
            )
            sys.stderr.flush()


def _held(gateway: Gateway) -> int:
    account = gateway.library.accounts.first
    return sum(gateway.library.counts(account.id).values()) if account else 0


def _summary(
    gateway: Gateway, world: Feishu, pages: int, seconds: float, wrong: list[str], marks: int
) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    now = gateway.carriers.first.sync.state
    _say(
        f"  {pages} 页 → {_held(gateway):,} 个标记 → {now.pushed:,} 行、"
        f"{now.covers.done:,} 张封面，{seconds:.1f} 秒"
    )
    _say(
        f"  {pages} pages → {marks:,} marks → {now.pushed:,} records, {now.covers.done:,} covers in {seconds:.1f} s, "
        f"{world.calls.total()} calls to Feishu"
    )
    for line in wrong[:20]:
        _say(f"  ✗ {line}")
    _say(
        f"  {'✗' if wrong else '✓'} 核对：{marks:,} 个标记，{len(wrong)} 处不符 · checked: {marks:,} marks, {len(wrong)} wrong"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
