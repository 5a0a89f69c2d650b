"""A wipe that fails, or leaves something behind: it is told as that, and can be tried again until nothing is left."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import keyring
import pytest

from gateway.audit import ACTS, Act
from gateway.errors import WipeInUse
from gateway.security import (
    COOKIE,
    CSRF_COOKIE,
    LANGUAGE_COOKIE,
    LOGIN,
    REFRESH_COOKIE,
    RENEWAL,
    TICKET_COOKIE,
)
from gateway.store import wipe_marker
from gateway.visitor import Reply, call
from gateway.wipe import Left, finish
from gateway.wipe_verb import tell
from tests.process import Process
from tests.rings import Memory
from tests.support import Started, World
from tests.test_cli import d2f
from tests.test_wipe import DBCL2, session

WORD = {"word": "WIPE"}
HELD = ("d2f.db-held", "d2f.key-held")
"""No file, so that it cannot be deleted as one: what a program that has it open does on Windows."""


@pytest.fixture
def ring() -> Iterator[Memory]:
    """The system's own, for as long as a test lasts."""
    before, ring = keyring.get_keyring(), Memory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def wipe(started: Started) -> Reply:
    return started.owner.call("POST", "/api/v1/wipe", WORD)


def hold(folder: Path) -> None:
    for name in HELD:
        (folder / name).mkdir()


def let_go(folder: Path) -> None:
    for name in HELD:
        (folder / name).rmdir()


def all_gone(started: Started) -> None:
    """The gateway knows that nobody is left to tell; it ends, and leaves nothing."""
    started.world.background.run(started.gateway.wiped())
    started.stop()
    assert not started.world.folder.exists()


def test_what_cannot_begin_has_changed_nothing(started: Started) -> None:
    browser, folder = started.pair(), started.world.folder
    assert browser.send("/api/v1/session", session(f'"{DBCL2}"'))[0] == 200
    wipe_marker(folder / "d2f.db").mkdir()
    reply = wipe(started)
    assert (reply.status, reply.json()["code"]) == (500, "wipe_not_begun")
    assert "set-cookie" not in reply.headers
    assert started.owner.call("GET", "/api/v1/audit").json()[0]["act"] == Act.WIPE_FAILED
    assert browser.send("/api/v1/state", b"{}")[0] == 200
    with pytest.raises(WipeInUse):
        finish(folder / "d2f.db")
    wipe_marker(folder / "d2f.db").rmdir()
    assert wipe(started).json() == {"files": [], "entries": []}
    assert browser.send("/api/v1/state", b"{}")[1]["code"] == "wiped"
    all_gone(started)


def test_a_beginning_that_cannot_be_taken_back_is_gone_on_with(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails as the marker is written, and for good: that nothing has happened would be untrue at the next start."""
    marker = wipe_marker(started.world.folder / "d2f.db")
    sync, unlink, fails = os.fsync, Path.unlink, True

    def fail_to_sync(file: int) -> None:
        if fails and marker.exists():
            raise OSError(errno.EIO, "Input/output error")
        sync(file)

    def fail_to_unlink(path: Path, *, missing_ok: bool = False) -> None:
        if fails and path == marker:
            raise OSError(errno.EROFS, "Read-only file system")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(os, "fsync", fail_to_sync)
    monkeypatch.setattr(Path, "unlink", fail_to_unlink)
    assert wipe(started).json()["code"] == "wipe_half_done"
    fails = False
    assert wipe(started).json() == {"files": [], "entries": []}


def test_while_files_are_left_nobody_is_told_that_it_is_done(started: Started) -> None:
    browser, folder = started.pair(), started.world.folder
    hold(folder)
    reply = wipe(started)
    assert (reply.status, sorted(reply.json()["files"])) == (200, sorted(HELD))
    assert "set-cookie" not in reply.headers
    assert {path.name for path in folder.iterdir()} == {*HELD, "d2f.lock", "d2f.wiping"}
    sealed = browser.post("/api/v1/state", browser.frame("/api/v1/state", b"{}"))
    assert (sealed.status, sealed.headers["content-type"]) == (500, "application/octet-stream")
    assert browser.send("/api/v1/captures", b"{}")[1]["code"] == "wipe_half_done"
    assert started.owner.call("GET", "/api/v1/overview").json()["code"] == "wipe_half_done"
    assert sorted(wipe(started).json()["files"]) == sorted(HELD)
    let_go(folder)
    assert wipe(started).json() == {"files": [], "entries": []}
    assert wipe(started).json()["code"] == "wiped"
    assert browser.send("/api/v1/state", b"{}")[1]["code"] == "wiped"
    all_gone(started)


@pytest.mark.parametrize("name", ["Cookie", "X-CSRFToken"])
def test_only_who_asked_tries_again(started: Started, name: str) -> None:
    """The library that knows of sessions is closed; another's cookie was not looked at."""
    hold(started.world.folder)
    assert wipe(started).json()["files"]
    headers = started.owner.headers | {name: "d2f=another" if name == "Cookie" else "another"}
    let_go(started.world.folder)
    reply = call(started.origin, "POST", "/api/v1/wipe", headers=headers, body=b'{"word":"WIPE"}')
    assert (reply.status, reply.json()["code"]) == (500, "wipe_half_done")
    assert wipe(started).json()["files"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there a folder stays where it is while it is used")
def test_a_folder_that_is_gone_in_the_middle(world: World, ring: Memory) -> None:
    """On a drive that was pulled out, then put back."""
    started = world.start()
    browser, away = started.pair(), world.folder.with_name("away")

    def pull(_asked: str) -> None:
        if world.folder.exists():
            world.folder.rename(away)

    ring.trouble = pull
    reply = wipe(started)
    assert (reply.status, reply.json()["code"]) == (500, "wipe_half_done")
    assert (started.gateway.left, (away / "d2f.db").exists()) == (None, True)
    assert browser.send("/api/v1/state", b"{}")[1]["code"] == "wipe_half_done"
    ring.trouble = str
    away.rename(world.folder)
    assert wipe(started).json() == {"files": [], "entries": []}
    assert browser.send("/api/v1/state", b"{}")[1]["code"] == "wiped"
    all_gone(started)


def test_an_entry_that_stays_is_told_and_opens_nothing(world: World, ring: Memory) -> None:
    started = world.start()
    browser = started.pair()
    ring.trouble = _refuse
    reply = wipe(started)
    assert reply.json()["files"] == []
    assert {f"{service} / {name}" for service, name in ring.kept} <= set(reply.json()["entries"])
    assert browser.send("/api/v1/state", b"{}")[1]["code"] == "wiped"
    assert started.gateway.left == Left([], reply.json()["entries"])
    all_gone(started)


def _refuse(_asked: str) -> None:
    raise RuntimeError


@pytest.mark.parametrize(
    ("left", "status", "told"),
    [
        (Left([], []), 0, "all is wiped"),
        (Left(["d2f.db-wal"], ["d2f / x 1"]), 1, "not all is wiped"),
        (Left([], ["d2f / x 1"]), 1, "all else is wiped"),
    ],
)
def test_the_terminal_names_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left: Left, status: int, told: str
) -> None:
    assert tell(tmp_path, left) == status
    said = "".join(capsys.readouterr())
    assert [word in said for word in (told, *left.files, *left.entries)] == [True] * len(
        [told, *left.files, *left.entries]
    )
    assert ("已全部清除" in said) == (status == 0)


def test_a_gateway_that_ends_before_it_is_done_says_so(start: Callable[[], Process], world: World) -> None:
    process = start()
    process.pair()
    hold(world.folder)
    assert process.owner.call("POST", "/api/v1/wipe", WORD).json()["files"]
    said = process.end()
    assert all(str(world.folder / name) in said for name in HELD)
    status, _ = process.ended()
    assert status == 1
    refused = d2f(world.folder, "wipe", "--yes")
    assert (refused.returncode, all(name in refused.stderr for name in HELD)) == (1, True)
    assert "已全部清除" not in refused.stdout
    let_go(world.folder)
    done = d2f(world.folder, "wipe", "--yes")
    assert (done.returncode, world.folder.exists()) == (0, False)


@pytest.mark.skipif(sys.platform == "win32", reason="not everybody may make links there")
def test_a_wipe_on_the_command_line_that_cannot_begin(tmp_path: Path) -> None:
    assert d2f(tmp_path, "pair").returncode == 0
    wipe_marker(tmp_path / "d2f.db").symlink_to(tmp_path / "nowhere")
    refused = d2f(tmp_path, "wipe", "--yes")
    assert (refused.returncode, "File exists" in refused.stderr) == (1, True)
    told = d2f(tmp_path, "audit").stdout
    assert (ACTS[Act.WIPE_FAILED].en in told, "A pairing code was made" in told) == (True, True)
    wipe_marker(tmp_path / "d2f.db").unlink()
    assert d2f(tmp_path, "wipe", "--yes").returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process that runs")
def test_a_full_disk(start: Callable[[], Process], world: World) -> None:
    import resource  # noqa: PLC0415  # not on Windows

    process = start()
    browser = process.pair()
    assert process.owner.call("GET", "/api/v1/overview").status == 200
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    reply = process.owner.call("POST", "/api/v1/wipe", WORD)
    assert (reply.status, reply.json()["code"]) == (500, "wipe_not_begun")
    assert not wipe_marker(world.folder / "d2f.db").exists()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert browser.send("/api/v1/state", b"{}")[0] == 200
    assert process.owner.call("POST", "/api/v1/wipe", WORD).json() == {"files": [], "entries": []}
    assert browser.send("/api/v1/state", b"{}")[1]["code"] == "wiped"
    status, said = process.ended()
    assert (status, world.folder.exists()) == (0, False)
    assert str(world.folder) in said  # why the first try failed, on the terminal only


@pytest.mark.parametrize("tries", [1, 2])
def test_what_is_wiped_leaves_no_cookie(started: Started, tries: int) -> None:
    if tries == 2:
        hold(started.world.folder)
        assert wipe(started).json()["files"]
        let_go(started.world.folder)
    lines = wipe(started).headers["set-cookie"].splitlines()
    taken = {cookie.key: cookie for line in lines for cookie in SimpleCookie(line).values()}
    paths = {
        COOKIE: "/",
        REFRESH_COOKIE: RENEWAL,
        CSRF_COOKIE: "/",
        LANGUAGE_COOKIE: "/",
        TICKET_COOKIE: LOGIN,
    }
    assert {name: cookie["path"] for name, cookie in taken.items()} == paths
    assert {(cookie.value, cookie["max-age"]) for cookie in taken.values()} == {("", "0")}
