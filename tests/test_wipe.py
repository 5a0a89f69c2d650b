"""Wiping: nothing of the person is left, whatever happens in the middle, and the browsers hear of it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keyring
import msgspec
import pytest

from gateway.demo import walk
from gateway.errors import WipeInUse, WipeUnfinished
from gateway.keys.door import Door
from gateway.keys.keeper import Keeper
from gateway.store import Store, wipe_marker
from gateway.vault import Vault
from gateway.wipe import Left, finish
from tests.process import Process
from tests.rings import Memory
from tests.support import APP_SECRET, Started, World
from tests.test_cli import d2f

ROOT = Path(__file__).parent.parent
DBCL2 = "1001:a-secret-of-douban"
SIGN = "s1gn-0f-the-b0t"


def session(value: str) -> bytes:
    cookie = {"name": "dbcl2", "domain": ".douban.com", "path": "/", "secure": True, "http_only": True}
    return msgspec.json.encode({"cookies": [cookie | {"value": value}]})


def fill_all(world: World, process: Process) -> tuple[Any, list[str]]:
    """A person's whole use of it: paired, logged in, captured, pushed with covers, notices. Returns a browser, and what is theirs."""
    browser = process.pair()
    path = world.background.call(lambda: world.feishu.add_bot(SIGN))
    webhook = f"https://open.feishu.cn{path}"
    asked = {"way": "bot", "webhook": webhook, "sign": SIGN}
    assert process.owner.call("PUT", "/api/v1/notices", asked).status == 200
    assert browser.send("/api/v1/session", session(f'"{DBCL2}"'))[0] == 200
    process.connect(world)
    world.background.run(walk(world.person, world.visitor, browser))
    assert process.push_until_done()["state"] == "idle"
    process.push_until(lambda push: push["covers"]["done"] and not push["covers"]["waiting"])
    mark = next(entry for entry in world.person.marks if entry.mark.comment)
    comment = (mark.mark.comment or "").splitlines()[0]
    return browser, [DBCL2, APP_SECRET, SIGN, webhook, comment, world.person.name, world.app_token]


def left_of(folder: Path, told: list[str]) -> list[tuple[str, str]]:
    """Whatever is theirs, in any file below."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [(path.name, word) for path in files for word in told if word.encode() in path.read_bytes()]


def all_by_process(world: World, tmp_path: Path) -> Process:
    ring = tmp_path / "ring"
    ring.mkdir()
    return Process(
        world, PYTHON_KEYRING_BACKEND="tests.rings.Folder", D2F_TEST_RING=str(ring), D2F_LOG="warning"
    )


def test_after_a_wipe_on_the_dashboard_nothing_is_left(world: World, tmp_path: Path) -> None:
    world.covers = True
    process = all_by_process(world, tmp_path)
    browser, told = fill_all(world, process)
    assert {word for _, word in left_of(tmp_path, told)} == {
        told[4],
        told[5],
        told[6],
    }  # marks are not sealed
    assert len(list((tmp_path / "ring").iterdir())) == 1
    reply = process.owner.call("POST", "/api/v1/wipe", {"word": "WIPE"})
    assert (reply.status, reply.json()) == (200, {"files": [], "entries": []})
    assert {path.name for path in world.folder.iterdir()} == {"d2f.lock", "d2f.wiping"}
    assert process.owner.call("GET", "/api/v1/overview").json()["code"] == "wiped"
    status, answer = browser.send("/api/v1/state", b"{}")
    assert (status, answer["code"]) == (401, "wiped")
    status, said = process.ended()
    assert status == 0
    assert not world.folder.exists()
    assert list((tmp_path / "ring").iterdir()) == []
    assert list(tmp_path.rglob("*")) == [tmp_path / "ring"]
    assert [word for word in told if word in said] == []


def test_after_a_wipe_on_the_command_line_nothing_is_left(world: World, tmp_path: Path) -> None:
    process = all_by_process(world, tmp_path)
    _, told = fill_all(world, process)
    environment = {"PYTHON_KEYRING_BACKEND": "tests.rings.Folder", "D2F_TEST_RING": str(tmp_path / "ring")}
    refused = d2f(world.folder, "wipe", "--yes", **environment)
    assert (refused.returncode, "A gateway runs" in refused.stderr) == (1, True)
    assert process.push["state"] == "idle"  # it has lost nothing
    process.kill()  # with all that it leaves lying about
    done = d2f(world.folder, "wipe", "--yes", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Feishu" in done.stdout
    assert "豆瓣" in done.stdout
    assert list(tmp_path.rglob("*")) == [tmp_path / "ring"]
    assert left_of(tmp_path, told) == []


@pytest.mark.parametrize(("typed", "gone"), [("yes", False), ("wipe", True), ("清除", True)])
def test_it_asks_for_a_word(tmp_path: Path, typed: str, *, gone: bool) -> None:
    folder = tmp_path / "data"
    assert d2f(folder, "pair").returncode == 0
    run = subprocess.run(
        [sys.executable, "-m", "gateway", "wipe"],
        env=os.environ | {"D2F_DATA": str(folder), "PYTHONIOENCODING": "utf-8"},
        input=f"{typed}\n",
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )
    assert (run.returncode == 0, not folder.exists()) == (gone, gone), run.stderr


def test_the_dashboard_asks_for_it_too(world: World) -> None:
    started = world.start()
    reply = started.owner.call("POST", "/api/v1/wipe", {"word": "yes"})
    assert (reply.status, reply.json()["code"]) == (400, "bad_input")
    assert started.pair().send("/api/v1/state", b"{}")[0] == 200


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    with Store(tmp_path / "d2f.db") as store:
        Vault(store, tmp_path / "d2f.key")
    (tmp_path / "d2f notes.txt").write_text("the person's own")
    assert finish(tmp_path / "d2f.db") == Left([], [])
    assert [path.name for path in tmp_path.iterdir()] == ["d2f notes.txt"]


def test_an_entry_that_the_keyring_does_not_give_up_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, before = Memory(), keyring.get_keyring()
    keyring.set_keyring(ring)
    try:
        with Store(tmp_path / "data" / "d2f.db") as store:
            Vault(store, tmp_path / "data" / "d2f.key")
        ((service, name),) = ring.kept
        monkeypatch.setattr(ring, "trouble", _out_of_order)
        left = finish(tmp_path / "data" / "d2f.db")
        assert f"{service} / {name}" in left.entries
        assert not (tmp_path / "data").exists()
    finally:
        keyring.set_keyring(before)


def _out_of_order(_asked: str) -> None:
    raise RuntimeError


def test_a_wipe_that_ended_too_soon_is_told_and_the_next_start_ends_it(world: World) -> None:
    library = world.folder / "d2f.db"
    with Store(library) as store:
        Vault(store, world.folder / "d2f.key").set("a secret", b"of before")
        before = store.setting("library id", str)
    wipe_marker(library).touch()
    with pytest.raises(WipeUnfinished):
        Store(library)
    told = d2f(world.folder, "pair")
    assert (told.returncode, "d2f wipe" in told.stderr) == (1, True)
    started = world.start()
    after = world.background.call(lambda: started.gateway.store.setting("library id", str))
    assert after not in {None, before}
    assert world.background.call(lambda: started.gateway.vault.get("a secret")) is None


def test_a_gateway_that_runs_is_not_wiped_from_beside(world: World) -> None:
    world.start()
    with pytest.raises(WipeInUse):
        finish(world.folder / "d2f.db")


def test_all_parts_rest_after_a_wipe(world: World) -> None:
    """What was under way ends; nothing writes the folder anew."""
    started = world.start()
    started.connect()
    browser = started.pair()
    filling = asyncio.run_coroutine_threadsafe(
        walk(world.person, world.visitor, browser), world.background.loop
    )
    started.wait_for_marks(10)
    assert started.owner.call("POST", "/api/v1/wipe", {"word": "清除"}).status == 200
    with pytest.raises((AssertionError, ValueError)):
        filling.result(60)
    started.stop()
    assert not world.folder.exists()


def test_a_revoked_browser_is_told_so_that_it_believes_it(world: World) -> None:
    started = world.start()
    browser, other = started.pair(), started.pair()
    assert started.owner.call("DELETE", f"/api/v1/devices/{browser.device}").status == 204
    frame = browser.frame("/api/v1/state", b"{}")
    reply = browser.post("/api/v1/state", frame)
    assert (reply.status, reply.headers["content-type"]) == (401, "application/octet-stream")
    assert browser.send("/api/v1/captures", b"{}")[1]["code"] == "unknown_device"
    assert other.send("/api/v1/state", b"{}")[0] == 200
    _nothing_opens(started, browser.device)


def _nothing_opens(started: Started, device: str) -> None:
    """What is kept of it seals a goodbye, and opens no message."""
    kept = started.world.background.call(lambda: started.gateway.vault.get(f"device {device}"))
    assert kept is not None
    assert len(kept) == 32


@pytest.mark.skipif(sys.platform == "win32", reason="kills by fork")
@pytest.mark.parametrize("method", ["keyring", "passphrase", "file", "keyring encrypted", "file encrypted"])
def test_killed_at_any_line_it_can_be_ended_and_the_keys_go_first(tmp_path: Path, method: str) -> None:
    every = 7 if method == "passphrase" else 3  # each try computes it, at what a guess costs
    run = subprocess.run(
        [sys.executable, "-m", "tests.wipe_crash", str(tmp_path), method, str(every)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    before, after = map(int, run.stdout.split())
    assert before * every > 5
    assert after * every > 50


def test_a_keeper_of_a_wiped_folder_finds_no_key(tmp_path: Path) -> None:
    """A copy of the library that was made before opens nothing by what is left here."""
    with Store(tmp_path / "d2f.db") as store:
        Vault(store, tmp_path / "d2f.key").set("a secret", b"of theirs")
    copy = (tmp_path / "d2f.db").read_bytes()
    finish(tmp_path / "d2f.db")
    tmp_path.mkdir()
    (tmp_path / "d2f.db").write_bytes(copy)
    with Store(tmp_path / "d2f.db") as store, pytest.raises(Exception, match="key") as refused:
        Keeper(store, tmp_path / "d2f.key").open()
    assert getattr(refused.value, "code", "") == "key_lost"


def test_a_wipe_finds_the_keys_of_a_library_that_was_thrown_away(tmp_path: Path) -> None:
    """The person deleted ``d2f.db``; ``d2f.db.key`` beside it still names what is in the keyring."""
    before, ring, folder = keyring.get_keyring(), Memory(), tmp_path / "data"
    keyring.set_keyring(ring)
    try:
        with Store(folder / "d2f.db") as store:
            Vault(store, folder / "d2f.key").set("something", b"secret")
        door = Door(folder / "d2f.db", folder / "d2f.key")
        door.change("keyring")
        door.encrypt()
        assert len(ring.kept) == 2
        (folder / "d2f.db").unlink()
        assert finish(folder / "d2f.db") == Left([], [])
        assert not ring.kept
    finally:
        keyring.set_keyring(before)
