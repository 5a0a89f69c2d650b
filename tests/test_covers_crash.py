"""kill -9 while covers are on their way, then start again: each row has its cover, and hardly one was uploaded twice."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sandbox.feishu.feishu import Stage
from tests.covers import covered, expected, shown
from tests.process import Killer, Process, captured, try_to
from tests.support import Background, World

MARKS = 130


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return captured(tmp_path_factory.mktemp("covers") / "data", MARKS, covers=True)


@pytest.fixture
def world(beside: Background, tmp_path: Path, library: Path) -> World:
    return World(beside, shutil.copytree(library, tmp_path / "data"), marks=MARKS, covers=True)


class Writes:
    """Tells when rows were written."""

    def __init__(self) -> None:
        self.one = threading.Event()

    async def __call__(self, call: str, stage: Stage) -> None:
        if (call, stage) == ("record.batch_update", "after"):
            self.one.set()


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
    killer.process = first = start()
    try_to(lambda: first.connect(world))
    assert killer.done.wait(60)
    writes = Writes()
    world.feishu.on_call = writes
    process = start()
    while shown(world) != expected(world):
        assert writes.one.wait(60)
        writes.one.clear()
    push = process.push_until(lambda push: not push["pending"] and not push["covers"]["waiting"])
    number = len(covered(world))
    assert push["covers"] == {"done": number, "waiting": 0, "failed": 0}
    assert shown(world) == expected(world)
    twice = call == "media.upload_all"
    assert number <= world.feishu.calls["media.upload_all"] <= number + twice, "but for the one under way"
