"""``d2f doctor`` and ``d2f keys``, as a person runs them: what they find, mend and change, and what they never show."""

import base64
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gateway.doctor import examine
from gateway.errors import PortTaken
from gateway.keys.keeper import Keeper, kept_by
from gateway.model import now
from gateway.server import running
from gateway.store import Store
from gateway.vault import Vault
from tests.process import Process
from tests.support import IPV6, Started, World
from tests.test_cli import d2f
from tests.test_keys import spelled

PASSPHRASE = "correct horse 电池"
ROOT = Path(__file__).parent.parent
FREE = {"D2F_PORT": "1"}
"""Nobody listens there."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a library and a secret."""
    made = tmp_path / "data"
    with Store(made / "d2f.db") as store:
        Vault(store, made / "d2f.key").set("something", b"an app's secret")
    return made


def wrong(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.startswith("✗")]


def test_before_the_first_start_there_is_nothing_to_do_and_nothing_is_made(tmp_path: Path) -> None:
    run = d2f(tmp_path / "data", "doctor", **FREE)
    assert (run.returncode, wrong(run.stdout), run.stderr) == (0, [], "")
    assert not (tmp_path / "data").exists()
    assert "还没有密钥" in d2f(tmp_path / "data", "keys").stdout


def test_all_is_well(folder: Path) -> None:
    run = d2f(folder, "doctor", **FREE)
    assert (run.returncode, wrong(run.stdout), run.stderr) == (0, [], "")
    for words in (
        "库文件完好",
        "d2f.key",
        "All of 1 stored secrets open",
        "port 1 is free",
        "manifest",
        str(folder),
    ):
        assert (words in run.stdout) == (words != "manifest"), words


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights; the profile folder's apply")
def test_wide_rights_are_mended(folder: Path) -> None:
    (folder / "d2f.key").chmod(0o644)
    (folder / "d2f.db").chmod(0o664)
    folder.chmod(0o777)
    told = d2f(folder, "doctor", **FREE)
    assert told.returncode == 0
    assert len(re.findall("^\\+ ", told.stdout, re.MULTILINE)) == 3
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / "d2f.key", folder / "d2f.db")] == [
        0o755,
        0o600,
        0o600,
    ]
    assert ": mended" not in d2f(folder, "doctor", **FREE).stdout


def lose_the_key(folder: Path) -> None:
    (folder / "d2f.key").unlink()


def break_the_library(folder: Path) -> None:
    (folder / "d2f.db").write_bytes(b"no library at all" * 100)


def change_a_secret(folder: Path) -> None:
    with Store(folder / "d2f.db") as store:
        store.set_secret("douban session 1", store.secret("something"))


def set_the_clock_back(folder: Path) -> None:
    """As it looks when pages of tomorrow are here."""
    with Store(folder / "d2f.db") as store:
        tomorrow = (now() + timedelta(days=1)).isoformat()
        store.do(
            "INSERT INTO capture (id, device, url, trigger, captured_at, received_at, size) VALUES ('1', '', '', '', ?, ?, 0)",
            [tomorrow, tomorrow],
        )


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lose_the_key, "is missing or does not fit"),
        (break_the_library, "is damaged"),
        (change_a_secret, "1 do not open (douban session 1)"),
        (set_the_clock_back, "The clock is behind"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, harm: Callable[[Path], None], words: str) -> None:
    harm(folder)
    run = d2f(folder, "doctor", **FREE)
    assert run.returncode == 1
    assert len(wrong(run.stdout)) == 1
    assert words in run.stdout
    assert "Traceback" not in run.stderr


def test_another_program_on_the_port_is_told(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = d2f(folder, "doctor", D2F_PORT=str(taken.getsockname()[1]))
    assert run.returncode == 1
    assert "is taken by another program" in run.stdout


def test_a_proxy_is_told_without_its_password(folder: Path) -> None:
    run = d2f(folder, "doctor", **FREE, all_proxy="socks5://me:hunter2@127.0.0.1:7890", http_proxy="http://[")
    assert run.returncode == 0
    assert "all → 127.0.0.1:7890" in run.stdout
    assert "http → ?" in run.stdout
    assert "hunter2" not in run.stdout + run.stderr


def test_under_a_gateway_that_runs(world: World) -> None:
    started = world.start()
    port = str(started.port)
    run = d2f(world.folder, "doctor", D2F_PORT=port)
    assert (run.returncode, wrong(run.stdout)) == (0, [])
    assert f"The gateway runs on port {port}" in run.stdout
    other = d2f(world.folder / "another", "doctor", D2F_PORT=port)
    assert other.returncode == 1
    assert "另一个数据文件夹" in other.stdout
    run = d2f(world.folder, "doctor", **FREE)  # it was started with another port than this shell has
    assert (run.returncode, f"The gateway runs on port {port}" in run.stdout) == (0, True)


def test_keys_are_not_changed_under_a_gateway_that_runs(world: World) -> None:
    world.start()
    before = (world.folder / "d2f.key").read_bytes()
    for verbs in (["rotate"], ["method", "passphrase"], ["method", "file"]):
        run = d2f(world.folder, "keys", *verbs, D2F_NEW_PASSPHRASE=PASSPHRASE)
        assert run.returncode == 1
        assert "A gateway runs on the data folder" in run.stderr
        assert "网关正在运行" in run.stderr
    assert (world.folder / "d2f.key").read_bytes() == before
    assert d2f(world.folder, "keys").returncode == 0


def test_after_a_rotation_everything_goes_on(stocked: Started) -> None:
    """The browser is paired still, Feishu connected still."""
    world = stocked.world
    assert stocked.connect().status == 200
    stocked.settled()
    stocked.stop()
    assert d2f(world.folder, "keys", "rotate").returncode == 0
    again = world.start()
    assert again.settled().state == "idle"
    assert again.owner.call("GET", "/api/v1/overview").json()["vault"] == "file"
    page = again.owner.call("GET", "/").body.decode()
    assert 'id="vault" class="note"' in page
    assert "d2f keys method keyring" in page


def test_a_passphrase_all_the_way(world: World, folder: Path) -> None:
    made = d2f(folder, "keys", "method", "passphrase", D2F_NEW_PASSPHRASE=PASSPHRASE)
    assert made.returncode == 0
    assert "口令" in made.stdout
    for environment, words in (
        ({}, "there is no terminal"),
        ({"D2F_PASSPHRASE": "nonsense"}, "passphrase is wrong"),
    ):
        for verbs in (["pair"], ["--no-browser"], ["keys", "rotate"], ["keys", "method", "file"]):
            run = d2f(folder, *verbs, D2F_PORT="0", **environment)
            assert run.returncode == 1
            assert words in run.stderr
            assert "Traceback" not in run.stderr
    tried = d2f(folder, "doctor", **FREE, D2F_PASSPHRASE="nonsense")
    assert tried.returncode == 1
    assert "passphrase is wrong" in tried.stdout
    assert "were not tried" in d2f(folder, "doctor", **FREE).stdout
    told = d2f(folder, "doctor", **FREE, D2F_PASSPHRASE=PASSPHRASE)
    assert "All of 1 stored secrets open" in told.stdout
    assert d2f(folder, "keys", "rotate", D2F_PASSPHRASE=PASSPHRASE).returncode == 0
    process = Process(world, folder, D2F_PASSPHRASE=PASSPHRASE)
    try:
        shown = process.owner.call("GET", "/api/v1/overview")
        assert shown.status == 200, shown.body
        assert shown.json()["vault"] == "passphrase"
    finally:
        process.kill()


def test_a_passphrase_by_a_file_descriptor(folder: Path, tmp_path: Path) -> None:
    assert d2f(folder, "keys", "method", "passphrase", D2F_NEW_PASSPHRASE=PASSPHRASE).returncode == 0
    if sys.platform == "win32":
        return
    secret = tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n", "utf-8")
    handle = os.open(secret, os.O_RDONLY)
    run = subprocess.run(
        [sys.executable, "-m", "gateway", "pair"],
        env=os.environ | {"D2F_DATA": str(folder), "D2F_PASSPHRASE_FD": str(handle)},
        pass_fds=[handle],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(handle)
    assert run.stdout.startswith("d2f1-")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals on Windows")
def test_a_passphrase_is_asked_for_on_the_terminal_and_not_shown(folder: Path) -> None:
    made = on_a_terminal(
        folder, ["keys", "method", "passphrase"], [PASSPHRASE, "other than that", PASSPHRASE, PASSPHRASE]
    )
    assert "the two entered values do not match" in made.lower()
    with Store(folder / "d2f.db") as store:
        assert kept_by(store) == "passphrase"
    told = on_a_terminal(folder, ["pair"], [PASSPHRASE])
    assert "d2f1-8377-" in told
    assert "The passphrase is wrong" in on_a_terminal(folder, ["pair"], ["nonsense"])
    assert PASSPHRASE not in made + told


def on_a_terminal(folder: Path, verbs: list[str], typed: list[str]) -> str:
    """What a person sees who types a line at each question."""
    import pty  # noqa: PLC0415  # not on Windows

    child, terminal = pty.fork()
    if child == 0:
        os.environ["D2F_DATA"] = str(folder)
        os.execv(sys.executable, [sys.executable, "-m", "gateway", *verbs])
    seen, answered = b"", 0
    while True:
        try:
            said = os.read(terminal, 4096)
        except OSError:  # how a terminal tells that nobody has it any more
            break
        if not said:
            break
        seen += said
        asked = len(re.findall(r"(?:passphrase|again): ", seen.decode(errors="ignore")))
        for line in typed[answered:asked]:
            os.write(terminal, f"{line}\n".encode())
            answered += 1
    os.close(terminal)
    os.waitpid(child, 0)
    return seen.decode()


def test_no_verb_shows_a_key(folder: Path) -> None:
    """Neither one of the two keys nor the passphrase, however they are spelled."""
    said, there = "", set[bytes]()

    def note(passphrase: str | None = None) -> None:
        with Store(folder / "d2f.db") as store:
            there.add(Keeper(store, folder / "d2f.key", passphrase).open().key)
        if (folder / "d2f.key").exists():
            for word in re.findall(r"[\w+/]{43}=", (folder / "d2f.key").read_text()):
                there.add(base64.b64decode(word))

    def say(*verbs: str, **environment: str) -> None:
        nonlocal said
        run = d2f(folder, *verbs, **FREE, D2F_LOG="debug", **environment)
        said += run.stdout + run.stderr

    note()
    say("keys")
    say("doctor")
    say("keys", "rotate")
    note()
    say("keys", "method", "keyring")
    say("keys", "method", "passphrase", D2F_NEW_PASSPHRASE=PASSPHRASE)
    say("keys", "rotate", D2F_PASSPHRASE=PASSPHRASE)
    note(PASSPHRASE)
    say("doctor", D2F_PASSPHRASE=PASSPHRASE)
    say("doctor", D2F_PASSPHRASE="another one")
    say("keys", "rotate", D2F_PASSPHRASE="another one")
    assert said.count("口令") > 3
    assert len(there) == 5
    unseen = {PASSPHRASE.encode(), b"another one", b"an app's secret"}
    unseen |= {word for key in there for word in spelled(key)}
    assert [word for word in unseen if word in said.encode()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="rights are the folder's there")
@pytest.mark.parametrize("name", ["d2f.key", "d2f.db"])
def test_a_file_that_others_can_read_is_not_used_in_silence(world: World, name: str) -> None:
    """Copied back from a backup with the usual rights: the next start mends them, and says so."""
    world.start().stop()
    (world.folder / name).chmod(0o644)
    process = Process(world, D2F_LOG="warning")
    assert process.owner
    assert "others had rights" in process.end()
    assert (world.folder / name).stat().st_mode & 0o077 == 0


@IPV6
def test_the_doctor_knows_who_keeps_the_gateway_from_its_port(world: World) -> None:
    """It does not start where another program is on [::1] alone."""
    with socket.socket(socket.AF_INET6) as other:
        other.bind(("::1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken):
            world.background.enter(running(msgspec.structs.replace(world.settings, port=port)))
        told = {finding.verdict for finding in examine(msgspec.structs.replace(world.settings, port=port))}
    assert "wrong" in told


def test_the_doctor_knows_where_the_gateway_runs(world: World) -> None:
    """As ``d2f open`` does: it was started with a port of its own."""
    started = world.start()
    port = started.port + 1 if started.port < 65535 else started.port - 1
    settings = msgspec.structs.replace(world.settings, port=port)
    said = [finding.en for finding in examine(settings)]
    assert any(f"runs on port {started.port}" in each for each in said)


def test_what_a_conversion_left_goes(folder: Path, world: World) -> None:
    """It was cut short: a copy of all of it may lie there in the clear. Under a gateway it may be under way."""
    left = folder / "d2f.db-new"
    left.write_bytes((folder / "d2f.db").read_bytes())
    run = d2f(folder, "doctor", **FREE)
    assert (run.returncode, "d2f.db-new was left" in run.stdout, left.exists()) == (0, True, False)
    assert "d2f.db-new" not in d2f(folder, "doctor", **FREE).stdout
    started = world.start()
    under_way = started.gateway.settings.data / "d2f.db-new"
    under_way.write_bytes(b"")
    assert "d2f.db-new" not in d2f(under_way.parent, "doctor").stdout
    assert under_way.exists()
