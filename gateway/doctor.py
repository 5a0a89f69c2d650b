"""``d2f doctor``: is all well with this installation? Mends file rights; all else it says, without any secret in it."""

import contextlib
import http.client
import platform
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

import msgspec
from msgspec import Struct

import gateway
from gateway.cipher import unfinished
from gateway.disk import narrow
from gateway.errors import UNDECODABLE, AlreadyRunning, D2FError, LibraryDamaged, PassphraseNeeded
from gateway.extension import extension_folder
from gateway.keys import ENCRYPTED, KEPT, NOT_ENCRYPTED
from gateway.keys.door import Door
from gateway.keys.keeper import Keeper, kept_by
from gateway.keys.ring import Ring
from gateway.lock import alone, runs_in
from gateway.model import now
from gateway.owner_sessions import at_its_place
from gateway.settings import Settings
from gateway.store import Store

Verdict = Literal["good", "note", "mended", "wrong"]
_SIGNS: dict[Verdict, str] = {"good": "✓", "note": "·", "mended": "+", "wrong": "✗"}
"""Those that hold something of the person."""
_SLACK = timedelta(minutes=10)
"""How far a clock may be behind: it was set right in between."""


class Finding(Struct, frozen=True):
    """One thing that was looked at; ``wrong`` needs the person."""

    verdict: Verdict
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{_SIGNS[self.verdict]} {self.zh}\n  {self.en}"


def examine(settings: Settings, passphrase: str | None = None) -> list[Finding]:
    """All that can be looked at from here. The passphrase is only needed to try the secrets of such a library."""
    return [
        *_versions(),
        *_folder(settings),
        *_rights(settings.data),
        *_unfinished(settings),
        *_library(settings, passphrase),
        *_port(_place(settings, passphrase)),
        *_extension(),
        *_proxies(),
    ]


def _versions() -> Iterator[Finding]:
    told = (
        f"D2F {gateway.__version__} · Python {platform.python_version()} · SQLite {sqlite3.sqlite_version} · "
        f"{platform.system()} {platform.release()} {platform.machine()}"
    )
    yield Finding("good", f"版本：{told}", f"Versions: {told}")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    if folder.is_dir():
        yield Finding("good", f"数据文件夹：{folder}", f"Data folder: {folder}")
    else:
        yield Finding(
            "note",
            f"数据文件夹 {folder} 还没有，第一次启动时会建",
            f"There is no data folder {folder} yet: the first start makes it",
        )


def _rights(folder: Path) -> Iterator[Finding]:
    if sys.platform == "win32":
        yield Finding(
            "note",
            "文件权限：和你的用户文件夹一样，别的用户读不了；D2F_DATA 指到别处的话，请自己确认",
            "File rights: those of your profile folder, which other users cannot read; if D2F_DATA names another "
            "place, see to it yourself",
        )
        return
    if not folder.is_dir():
        return
    wide = narrow(folder)
    for path, mended in wide.items():
        yield _narrowed(path, mended=mended)
    if not wide:
        yield Finding("good", "文件权限：只有你自己能读", "File rights: nobody but you can read them")


def _narrowed(path: Path, *, mended: bool) -> Finding:
    if not mended:
        return Finding(
            "wrong",
            f"别的用户能动 {path}，这里改不了。请用它的所有者运行：chmod go-rwx '{path}'",
            f"Other users have rights to {path}, and that cannot be changed from here. As its owner: chmod go-rwx '{path}'",
        )
    return Finding(
        "mended",
        f"别的用户原来能动 {path}，已改好。那期间它可能被读过：可以运行 `d2f keys rotate`",
        f"Other users had rights to {path}: mended. It may have been read meanwhile: consider `d2f keys rotate`",
    )


def _unfinished(settings: Settings) -> Iterator[Finding]:
    """A library that was being encrypted or decrypted lies there twice, once perhaps to be read by anybody."""
    left = unfinished(settings.library)
    with contextlib.suppress(AlreadyRunning):  # then it may be under way
        if left.exists():
            with alone(settings.data):
                left.unlink(missing_ok=True)
            yield Finding(
                "mended",
                f"{left.name} 是加密或解密中断后留下的副本，已删除；库没有变",
                f"{left.name} was left by an encryption, or decryption, that was cut short: deleted. The library is as it was",
            )


def _library(settings: Settings, passphrase: str | None) -> Iterator[Finding]:
    if not settings.library.exists():
        yield Finding(
            "note", "还没有库，第一次启动时会建", "There is no library yet: the first start makes it"
        )
        yield _clock(None)
        return
    try:
        with Door(settings.library, settings.key_file, passphrase).open() as store:
            _look_through(store, settings.library)
            size = f"{settings.library.stat().st_size / 2**20:.1f} MB"
            yield Finding("good", f"库文件完好（{size}）", f"The library is sound ({size})")
            whole = ENCRYPTED if store.is_encrypted else NOT_ENCRYPTED
            yield Finding("good" if store.is_encrypted else "note", whole.zh, whole.en)
            yield from _key(settings, store, passphrase)
            yield _clock(store)
    except PassphraseNeeded:
        yield Finding(
            "note",
            f"{ENCRYPTED.zh}；没有给出口令（D2F_PASSPHRASE），所以没有看里面",
            f"{ENCRYPTED.en}. No passphrase was given (D2F_PASSPHRASE), so it was not looked into",
        )
        yield _clock(None)
    except D2FError as error:
        yield _told(error)


def _look_through(store: Store, library: Path) -> None:
    """Even if the library is as it was left. Raises LibraryDamaged."""
    try:
        row = store.one("PRAGMA quick_check(1)")
        found = str(row[0]) if row else "?"
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise LibraryDamaged(file=str(library), why=found)


def _key(settings: Settings, store: Store, passphrase: str | None) -> Iterator[Finding]:
    kept = kept_by(store)
    if kept is None:
        yield Finding(
            "note",
            "密钥会在下次启动时生成或接管",
            "The key will be made, or taken over, at the next start",
        )
        return
    yield Finding("note" if kept == "file" else "good", KEPT[kept].zh, KEPT[kept].en)
    if kept == "passphrase" and passphrase is None:
        yield Finding(
            "note",
            "没有给出口令（D2F_PASSPHRASE），所以没有试着解开保存的内容",
            "No passphrase was given (D2F_PASSPHRASE), so the stored secrets were not tried",
        )
        return
    try:
        failing = Keeper(store, settings.key_file, passphrase).failing()
        if kept == "keyring":
            name = Ring().name
            yield Finding("good", f"钥匙串：{name}", f"The keyring: {name}")
    except D2FError as error:
        yield _told(error)
        return
    number = len(store.secrets())
    if failing:
        names = ", ".join(failing)
        yield Finding(
            "wrong",
            f"{number} 项保存的内容里有 {len(failing)} 项解不开（{names}）：请重新输入，或重新配对、重新登录",
            f"Of {number} stored secrets {len(failing)} do not open ({names}): enter them anew, or pair or log in again",
        )
    else:
        yield Finding("good", f"{number} 项加密保存的内容都能解开", f"All of {number} stored secrets open")


def _told(error: D2FError) -> Finding:
    return Finding("wrong", error.words.zh, error.words.en)


def _clock(store: Store | None) -> Finding:
    """Nothing that is here can be of tomorrow. How far ahead a clock is, nobody here can tell."""
    newest = datetime.fromtimestamp(Path(gateway.__file__).stat().st_mtime, UTC)
    row = store.one("SELECT max(received_at) FROM capture") if store else None
    if row and row[0]:
        newest = max(newest, datetime.fromisoformat(row[0]))
    at = now()
    shown, seen = at.isoformat(" ", "minutes"), newest.isoformat(" ", "minutes")
    if at < newest - _SLACK:
        return Finding(
            "wrong",
            f"时钟慢了：现在显示 {shown}，而这里已有 {seen} 的东西。请校准系统时间",
            f"The clock is behind: it shows {shown}, and there are things of {seen} here. Set the system's time",
        )
    return Finding("good", f"时钟：{shown}", f"The clock: {shown}")


class _Health(Struct, frozen=True):
    gateway: str


def _place(settings: Settings, passphrase: str | None) -> Settings:
    """Where the gateway is that runs, as far as the library opens."""
    if runs_in(settings.data):
        with (
            contextlib.suppress(D2FError),
            Door(settings.library, settings.key_file, passphrase).open() as store,
        ):
            return at_its_place(store, settings)
    return settings


def _port(settings: Settings) -> Iterator[Finding]:
    port, running = settings.port, runs_in(settings.data)
    hosts = ("127.0.0.1",) if settings.beyond else ("127.0.0.1", "::1")
    told = [told for told in (_answer(host, port) for host in hosts) if told is not None]
    answer = next((each for each in told if each == "another"), told[0] if told else None)
    if isinstance(answer, _Health) and running:
        yield Finding(
            "good",
            f"网关正在端口 {port} 上运行（{answer.gateway}）",
            f"The gateway runs on port {port} ({answer.gateway})",
        )
    elif answer is not None:
        yield Finding(
            "wrong",
            f"端口 {port} 被别的程序（或另一个数据文件夹的 D2F）占用。请关掉它，或设置 D2F_PORT",
            f"Port {port} is taken by another program (or a D2F with another data folder). Close it, or set D2F_PORT",
        )
    elif running:
        yield Finding(
            "wrong",
            f"网关在运行，但端口 {port} 上没有应答：它用的是别的 D2F_PORT 吗？",
            f"A gateway runs, but does not answer on port {port}: was it started with another D2F_PORT?",
        )
    else:
        yield Finding(
            "good",
            f"网关没有运行；端口 {port} 空着",
            f"The gateway does not run; port {port} is free",
        )


def _answer(host: str, port: int) -> "_Health | Literal['another'] | None":
    """Who is on the port; None if nobody is."""
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.connect()
    except OSError:
        return None
    try:
        connection.request(
            "GET", "/health", headers={"Host": f"127.0.0.1:{port}"}
        )  # the name that it has there
        return msgspec.json.decode(connection.getresponse().read(1000), type=_Health)
    except (OSError, http.client.HTTPException, *UNDECODABLE):
        return "another"
    finally:
        connection.close()


def _extension() -> Iterator[Finding]:
    folder = extension_folder()
    if (folder / "manifest.json").is_file():
        yield Finding("good", f"扩展：{folder}", f"The extension: {folder}")
    else:
        yield Finding(
            "wrong",
            f"扩展的文件夹 {folder} 不完整，请重新安装 D2F",
            f"The extension's folder {folder} is not whole: install D2F again",
        )


def _proxies() -> Iterator[Finding]:
    proxies = {
        kind: _without_password(address) for kind, address in sorted(getproxies().items()) if kind != "no"
    }
    if proxies:
        told = ", ".join(f"{kind} → {place}" for kind, place in proxies.items())
        yield Finding(
            "note",
            f"系统设了代理（{told}）；它不通时 D2F 会直接连飞书",
            f"A proxy is set ({told}); where it does not work, D2F goes to Feishu without it",
        )
    else:
        yield Finding("good", "没有设代理", "No proxy is set")


def _without_password(address: str) -> str:
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "?"
    return f"{parts.hostname or '?'}{port}"
