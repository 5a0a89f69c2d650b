"""kill -9 in the middle of a push of 1,000 marks, then start again: as many records as marks, each of them right."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import check, walk
from gateway.sandbox.feishu.feishu import Stage
from gateway.visitor import Extension, OwnerVisitor
from tests.support import APP_ID, APP_SECRET, Background, World, background

MARKS = 1000
CONNECT = {"app_id": APP_ID, "app_secret": APP_SECRET}


class Process:
    """``d2f`` as a process of its own."""

    def __init__(self, world: World) -> None:
        environment = os.environ | {
            "D2F_DATA": str(world.folder),
            "D2F_FEISHU": world.feishu_server.url,
            "D2F_PICTURES": world.douban_server.url,
            "D2F_UPLOADS": "0",
            "D2F_PORT": "0",
            "D2F_LOG": "error",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "--no-browser"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout
        link = next(line for line in self._process.stdout if "/login?key=" in line)
        self.owner = OwnerVisitor(link.rpartition(" ")[2].strip())

    def kill(self) -> None:
        """Ends it at once, with no chance to put anything in order."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def push_until_done(self) -> dict[str, Any]:
        """Asks until nothing is pending; returns the last state."""
        for _ in range(20_000):
            push = self.owner.call("GET", "/api/v1/overview").json()["push"]
            if push["state"] == "error" or (push["state"] == "idle" and not push["pending"]):
                return push
        raise AssertionError(f"still not done: {push}")  # pyright: ignore[reportPossiblyUnboundVariable]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds 1,000 captured marks and no Feishu yet."""
    folder = tmp_path_factory.mktemp("library") / "data"
    with background() as beside:
        world = World(beside, folder, marks=MARKS)
        started = world.start()
        beside.run(walk(world.person, world.visitor, started.pair()))
        assert started.marks() == MARKS
    return folder


@pytest.fixture
def world(beside: Background, tmp_path: Path, library: Path) -> World:
    shutil.copytree(library, tmp_path / "data")
    return World(beside, tmp_path / "data", marks=MARKS)


@pytest.fixture
def start(world: World) -> Iterator[Callable[[], Process]]:
    processes: list[Process] = []

    def begin() -> Process:
        processes.append(Process(world))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()


class Killer:
    """Kills a process when Feishu has reached a certain point of a certain call."""

    def __init__(self, world: World, call: str, stage: Stage, nth: int = 1) -> None:
        self.process: Process | None = None
        self.done = threading.Event()
        self._world, self._at, self._left = world, (call, stage), nth
        world.feishu.on_call = self

    async def __call__(self, call: str, stage: Stage) -> None:
        if self.process is not None and (call, stage) == self._at:
            self._left -= 1
            if self._left == 0:
                self._world.feishu.on_call = None
                self.process.kill()
                self.done.set()


PLACES: list[tuple[str, Stage]] = [
    ("table.create", "after"),
    ("field.list", "before"),
    ("record.search", "after"),
    ("record.batch_create", "before"),
    ("record.batch_create", "after"),
]


@pytest.mark.parametrize(("call", "stage"), PLACES, ids=str)
def test_killed_while_rows_are_made(
    world: World, start: Callable[[], Process], call: str, stage: Stage
) -> None:
    killer = Killer(world, call, stage)
    killer.process = start()
    try_to(lambda: connect(killer.process, world))
    assert killer.done.wait(60)
    again = start()
    if again.owner.call("GET", "/api/v1/overview").json()["push"]["state"] == "unset":
        connect(again, world)
    assert again.push_until_done()["pushed"] == MARKS
    assert check(world.person, world.rows()) == []


@pytest.mark.parametrize("stage", ["before", "after"])
def test_killed_while_rows_are_changed(world: World, start: Callable[[], Process], stage: Stage) -> None:
    process = start()
    connect(process, world)
    process.push_until_done()
    for entry in world.person.marks[:300]:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    killer = Killer(world, "record.batch_update", stage)
    killer.process = process
    extension = Extension(process.owner.call("POST", "/api/v1/pairing").json()["code"])
    try_to(lambda: world.background.run(walk(world.person, world.visitor, extension)))
    assert killer.done.wait(60)
    again = start()
    world.background.run(
        walk(
            world.person, world.visitor, Extension(again.owner.call("POST", "/api/v1/pairing").json()["code"])
        )
    )
    assert again.push_until_done()["pushed"] == MARKS
    assert check(world.person, world.rows()) == []


def test_killed_again_while_it_recovers(world: World, start: Callable[[], Process]) -> None:
    """The first kill leaves a create without an outcome; the second comes while that is being looked up."""
    first = Killer(world, "record.batch_create", "after")
    first.process = start()
    try_to(lambda: connect(first.process, world))
    assert first.done.wait(60)
    second = Killer(world, "record.search", "after")
    second.process = start()
    assert second.done.wait(60)
    assert start().push_until_done()["pushed"] == MARKS
    assert check(world.person, world.rows()) == []


def connect(process: Process | None, world: World) -> None:
    assert process
    reply = process.owner.call("PUT", "/api/v1/feishu", {**CONNECT, "address": world.address})
    assert reply.status == 200, reply.body


def try_to(work: Callable[[], object]) -> None:
    """The other end may be killed meanwhile."""
    try:
        work()
    except (OSError, HTTPException, AssertionError, ValueError):
        return
