"""kill -9 while covers are on their way, then start again: each row has its cover, and hardly one was uploaded twice."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import walk
from gateway.sandbox.feishu.feishu import Stage
from tests.covers import covered, expected, shown
from tests.support import Background, World, background
from tests.test_crash import Killer, Process, connect, try_to

MARKS = 130


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds captured marks and no Feishu yet."""
    folder = tmp_path_factory.mktemp("covers") / "data"
    with background() as beside:
        world = World(beside, folder, marks=MARKS, covers=True)
        started = world.start()
        beside.run(walk(world.person, world.visitor, started.pair()))
    return folder


@pytest.fixture
def world(beside: Background, tmp_path: Path, library: Path) -> World:
    shutil.copytree(library, tmp_path / "data")
    return World(beside, tmp_path / "data", marks=MARKS, covers=True)


@pytest.fixture
def start(world: World) -> Iterator[Callable[[], Process]]:
    processes: list[Process] = []

    def begin() -> Process:
        processes.append(Process(world))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()


class Writes:
    """Tells when rows were written."""

    def __init__(self) -> None:
        self.one = threading.Event()

    async def __call__(self, call: str, stage: Stage) -> None:
        if (call, stage) == ("record.batch_update", "after"):
            self.one.set()


def all_covered(process: Process) -> dict[str, Any]:
    """Asks until no cover waits."""
    for _ in range(20_000):
        push = process.owner.call("GET", "/api/v1/overview").json()["push"]
        if not push["pending"] and not push["covers"]["waiting"]:
            return push
    raise AssertionError(f"still not done: {push}")  # pyright: ignore[reportPossiblyUnboundVariable]


PLACES: list[tuple[str, Stage, int]] = [
    ("record.batch_get", "after", 1),
    ("media.upload_all", "before", 1),
    ("media.upload_all", "after", 60),
    ("record.batch_get", "after", 2),
    ("record.batch_update", "before", 1),
    ("record.batch_update", "after", 1),
    ("media.upload_all", "after", 110),
]


@pytest.mark.parametrize(("call", "stage", "nth"), PLACES, ids=str)
def test_killed_while_covers_are_put(
    world: World, start: Callable[[], Process], call: str, stage: Stage, nth: int
) -> None:
    killer = Killer(world, call, stage, nth)
    killer.process = start()
    try_to(lambda: connect(killer.process, world))
    assert killer.done.wait(60)
    writes = Writes()
    world.feishu.on_call = writes
    process = start()
    while shown(world) != expected(world):
        assert writes.one.wait(60)
        writes.one.clear()
    push = all_covered(process)
    number = len(covered(world))
    assert push["covers"] == {"done": number, "waiting": 0, "failed": 0}
    assert shown(world) == expected(world)
    twice = call == "media.upload_all"
    assert number <= world.feishu.calls["media.upload_all"] <= number + twice, "but for the one under way"
