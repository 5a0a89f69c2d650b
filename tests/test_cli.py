"""The verbs of ``d2f``, as a person runs them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import __version__
from gateway.owner_sessions import new_login_link
from gateway.sandbox.feishu import Fault
from gateway.sandbox.http import Request, Response, Server, html
from gateway.visitor import NoLogIn, OwnerVisitor
from tests.support import Started, World
from tests.test_accounts import keep, visit
from tests.test_push import faulty, fill, right
from tests.test_ways_in import edit_one


def d2f(folder: Path, *verbs: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"D2F_DATA": str(folder), "PYTHONIOENCODING": "utf-8"} | environment
    return subprocess.run(
        [sys.executable, "-m", "gateway", *verbs],
        env=os.environ | settings,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


def test_version_and_help(tmp_path: Path) -> None:
    assert __version__ in d2f(tmp_path, "--version").stdout
    told = d2f(tmp_path, "--help").stdout
    for verb in ("demo", "extension", "open", "pair", "sandbox"):
        assert verb in told


def test_extension_names_a_folder_that_can_be_loaded(tmp_path: Path) -> None:
    folder = Path(d2f(tmp_path, "extension").stdout.strip())
    assert (folder / "manifest.json").is_file()


def test_pair_prints_a_code(tmp_path: Path) -> None:
    assert d2f(tmp_path, "pair").stdout.startswith("d2f1-8377-")


def test_open_prints_a_link_that_logs_in(world: World) -> None:
    started = world.start()
    link = d2f(world.folder, "open", "--print", D2F_PORT=str(started.port)).stdout.strip()
    assert link.startswith(f"http://d2f.localhost:{started.port}/login?key=")
    assert OwnerVisitor(link).call("GET", "/api/v1/overview").status == 200


def test_open_without_a_gateway_says_so(tmp_path: Path) -> None:
    """A link to nowhere would be opened, and not work, and be spent."""
    run = d2f(tmp_path, "open", "--print", D2F_PORT="1")
    assert (run.returncode, run.stdout) == (1, "")
    assert "No gateway is running on port 1" in run.stderr
    assert "没有网关在运行" in run.stderr


def test_the_demo_checks_itself(tmp_path: Path) -> None:
    run = d2f(tmp_path, "demo", "--once", "--marks", "120")
    assert run.returncode == 0, run.stderr
    assert "120 marks, 0 wrong" in run.stdout
    assert list(tmp_path.iterdir()) == []  # it works in a folder of its own


def test_a_taken_port_is_told_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = d2f(tmp_path, "--no-browser", D2F_PORT=port)
    assert run.returncode == 1
    assert f"Port {port} is taken" in run.stderr
    assert "端口" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("verb", ["open", "sync"])
def test_another_program_on_the_port_is_handed_no_link(started: Started, verb: str) -> None:
    """A link logs in, and past the dashboard's passphrase where the terminal asks for one."""
    world, got = started.world, list[Request]()

    async def listen(request: Request) -> Response:
        got.append(request)
        return html("")

    started.stop()
    port = str(world.background.enter(Server(listen)).port)
    run = d2f(world.folder, verb, D2F_PORT=port)
    assert run.returncode == 1
    assert f"{port}" in run.stderr
    assert "Traceback" not in run.stderr
    assert (run.stdout, got) == ("", [])


@pytest.mark.parametrize("setting", [{"D2F_PORT": "abc"}, {"D2F_PORT": "99999999"}, {"D2F_LOG": "loud"}])
def test_a_setting_that_is_none_is_told_in_words(tmp_path: Path, setting: dict[str, str]) -> None:
    run = d2f(tmp_path, "--no-browser", **setting)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert next(iter(setting)) in run.stderr


def test_sync_and_its_dry_run(world: World) -> None:
    started = world.start()
    port = str(started.port)
    for how in ([], ["--dry-run"]):
        assert "还没有连接" in d2f(world.folder, "sync", *how, D2F_PORT=port).stdout
    fill(started)
    started.connect()
    right(started)
    world.share("view")
    edit_one(started)
    started.settled()
    told = d2f(world.folder, "sync", "--dry-run", D2F_PORT=port)
    assert told.returncode == 0, told.stderr
    assert "create 0 · 更新 update 1" in told.stdout
    assert "，改过了" in told.stdout
    refused = d2f(world.folder, "sync", D2F_PORT=port)
    assert refused.returncode == 1
    assert "只能查看" in refused.stderr
    assert "may look but not write" in refused.stderr
    world.share("edit")
    done = d2f(world.folder, "sync", D2F_PORT=port)
    assert (done.returncode, done.stderr) == (0, "")
    assert "更新 1 行" in done.stdout
    right(started)


def test_sync_that_is_not_let_in_says_why(world: World) -> None:
    """A script that asks for it all the time."""
    started = world.start()
    store, settings = started.gateway.store, started.gateway.settings

    def log_in_all_the_time() -> None:
        while True:
            OwnerVisitor(world.background.call(lambda: new_login_link(store, settings)))

    with pytest.raises(NoLogIn):
        log_in_all_the_time()
    run = d2f(world.folder, "sync", D2F_PORT=str(started.port))
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "太频繁了" in run.stderr
    assert "Too many tries" in run.stderr


def test_sync_does_not_wait_for_what_it_cannot_mend(world: World) -> None:
    """It says that the push is paused, or that Feishu cannot be reached, and ends."""
    started = world.start()
    port = str(started.port)
    fill(started)
    started.connect()
    right(started)
    faulty(started, Fault("*", "drop_before", times=10**6))
    edit_one(started)
    assert started.settled().state == "waiting"
    waits = d2f(world.folder, "sync", D2F_PORT=port)
    assert (waits.returncode, "飞书" in waits.stderr) == (1, True)
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    started.settled()
    paused = d2f(world.folder, "sync", D2F_PORT=port)
    assert (paused.returncode, "暂停" in paused.stderr) == (1, True)


def test_check(world: World) -> None:
    started = world.start()
    fill(started)
    started.connect()
    started.settled()
    port = str(started.port)
    first, second = list(world.rows())[:2]

    def act() -> None:
        world.feishu.edit_record(world.app_token, "豆瓣标记", first, {"标题": "别的名字"})
        world.feishu.delete_record(world.app_token, "豆瓣标记", second)

    world.background.call(act)
    assert "别的名字 → " in d2f(world.folder, "sync", "--dry-run", D2F_PORT=port).stdout
    told = d2f(world.folder, "sync", "--check", D2F_PORT=port)
    assert told.returncode == 0, told.stderr
    assert "1 rows edited by you, 1 deleted; 1 written again" in told.stdout


def test_check_after_the_person_mended_what_was_the_matter(world: World) -> None:
    """What was the matter before is not told as if it were so still."""
    started = world.start()
    fill(started)
    started.connect()
    right(started)
    world.share("view")
    edit_one(started)
    assert started.settled().state == "error"
    world.share("edit")
    checked = d2f(world.folder, "sync", "--check", D2F_PORT=str(started.port))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "0 rows edited by you" in checked.stdout
    right(started)


def test_sync_of_several_accounts(world: World) -> None:
    """Each in its turn; one that is not connected keeps the other from nothing."""
    started = world.start()
    fill(started)
    started.connect()
    right(started)
    other = world.add_stranger()
    visit(started, other)
    keep(started, other)
    told = d2f(world.folder, "sync", D2F_PORT=str(started.port))
    mine, theirs = told.stdout.split(f"{other.name}:")
    assert mine.startswith(f"{world.person.name}:")
    assert "0 rows made" in mine
    assert "no Bitable is connected" in theirs
    assert told.returncode == 0


def test_sync_needs_a_gateway(tmp_path: Path) -> None:
    run = d2f(tmp_path, "sync", D2F_PORT="1")
    assert run.returncode == 1
    assert "没有网关在运行" in run.stderr
