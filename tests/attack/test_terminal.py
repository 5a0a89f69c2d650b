"""Text of others in a terminal: no byte of theirs moves the cursor, sets a title or a colour, or begins a line of its own."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway import douban
from gateway.demo import walk
from gateway.model import Reading
from gateway.visitor import Extension
from tests.attack.conftest import Attacks
from tests.support import Started, World

ESCAPES = (
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\r\n2026-01-01 forged",
    "\x08\x08\x08",
    "a\u202eb\u2066",
    "\x00\x7f",
)


@pytest.fixture
def started(world: World) -> Started:
    for entry, escape in zip(world.person.marks, ESCAPES * 20, strict=False):
        entry.subject = msgspec.structs.replace(entry.subject, title=f"{entry.subject.title}{escape}")
        entry.mark = msgspec.structs.replace(entry.mark, comment=escape, tags=(escape,))
    return world.start()


def said(started: Started, *verb: str) -> str:
    """What ``d2f`` prints, as it is."""
    environment = os.environ | {
        "D2F_DATA": str(started.world.folder),
        "D2F_PORT": str(started.port),
        "D2F_FEISHU": started.world.feishu_server.url,
        "PYTHONIOENCODING": "utf-8",
    }
    run = subprocess.run(
        [sys.executable, "-m", "gateway", *verb],
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return (run.stdout + run.stderr).decode()


def test_what_the_command_line_prints(started: Started, attacks: Attacks) -> None:
    world = started.world
    for escape in ESCAPES:
        Extension(started.owner.call("POST", "/api/v1/pairing").json()["code"], name=f"name{escape}")
    assert started.connect().status == 200
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    world.background.run(walk(world.person, world.visitor, started.pair()))
    for verb in (("audit",), ("sync", "--dry-run"), ("doctor",), ("sync", "--no-such"), (ESCAPES[0],)):
        harmless(attacks, verb, said(started, *verb))


def harmless(attacks: Attacks, verb: tuple[str, ...], told: str) -> None:
    strange = sorted({each for each in told if not each.isprintable() and each not in "\n\r\t"})
    attacks.held(bool(told) and not strange, verb, strange, told[:200])
    attacks.held("\n2026-01-01 forged" not in told.replace("\r", ""), verb, "a line of theirs")


@pytest.mark.parametrize("medium", ["movie", "book"])
def test_what_is_told_of_a_saved_page(
    started: Started, attacks: Attacks, tmp_path: Path, medium: str
) -> None:
    """As words, and as JSON: there nothing is lost of it."""
    world, file = started.world, tmp_path / "page.html"
    url = f"https://{medium}.douban.com/people/{world.person.id}/collect"
    file.write_bytes(world.visitor.open(url).body)
    for page in (url, f"{url}?{ESCAPES[2]}", f"{url}?{ESCAPES[3]}"):
        harmless(attacks, ("parse", page), said(started, "parse", str(file), "--url", page))
        told = said(started, "parse", str(file), "--url", page, "--json")
        harmless(attacks, ("parse", "--json", page), told)
        attacks.held(
            msgspec.json.decode(told, type=Reading) == douban.read(page, file.read_bytes()), page, told[:200]
        )
        assert "\\u202e" in told, "nothing of theirs is there"


def test_what_is_told_of_pages_read_again(started: Started, attacks: Attacks) -> None:
    browser = started.pair()
    for escape in ESCAPES:
        status, _ = browser.capture(f"https://movie.douban.com/{escape}", b"<html><p>nothing</html>")
        assert status == 200
    store = started.gateway.store
    started.world.background.call(lambda: store.do("UPDATE capture SET result = NULL"))
    told = said(started, "reparse")
    assert told.count("https://movie.douban.com/") == len(ESCAPES)
    harmless(attacks, ("reparse",), told)
