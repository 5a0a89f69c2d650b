"""kill -9 in the middle of a push of 1,000 marks, then start again: as many records as marks, each of them right."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.demo import check, walk
from gateway.sandbox.feishu.feishu import Stage
from tests.process import Killer, Process, captured, try_to
from tests.support import Background, World

MARKS = 1000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return captured(tmp_path_factory.mktemp("library") / "data", MARKS)


@pytest.fixture
def world(beside: Background, tmp_path: Path, library: Path) -> World:
    return World(beside, shutil.copytree(library, tmp_path / "data"), marks=MARKS)


PLACES: list[tuple[str, Stage]] = [
    ("table.create", "after"),
    ("field.list", "before"),
    ("record.batch_create", "before"),
    ("record.batch_create", "after"),
]


@pytest.mark.parametrize(("call", "stage"), PLACES, ids=str)
def test_killed_while_rows_are_made(
    world: World, start: Callable[[], Process], call: str, stage: Stage
) -> None:
    killer = Killer(world, call, stage)
    killer.process = process = start()
    try_to(lambda: process.connect(world))
    assert killer.done.wait(60)
    again = start()
    if again.push["state"] == "unset":
        again.connect(world)
    assert again.push_until_done()["pushed"] == MARKS
    assert check(world.person, world.rows()) == []


@pytest.mark.parametrize("stage", ["before", "after"])
def test_killed_while_rows_are_changed(world: World, start: Callable[[], Process], stage: Stage) -> None:
    process = start()
    process.connect(world)
    process.push_until_done()
    for entry in world.person.marks[:300]:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    killer = Killer(world, "record.batch_update", stage)
    killer.process = process
    extension = process.pair()
    try_to(lambda: world.background.run(walk(world.person, world.visitor, extension)))
    assert killer.done.wait(60)
    again = start()
    world.background.run(walk(world.person, world.visitor, again.pair()))
    assert again.push_until_done()["pushed"] == MARKS
    assert check(world.person, world.rows()) == []


def test_killed_again_while_it_recovers(world: World, start: Callable[[], Process]) -> None:
    """The first kill leaves a create without an outcome; the second comes while that is being looked up."""
    first = Killer(world, "record.batch_create", "after")
    first.process = process = start()
    try_to(lambda: process.connect(world))
    assert first.done.wait(60)
    second = Killer(world, "record.search", "after")
    second.process = start()
    assert second.done.wait(60)
    assert start().push_until_done()["pushed"] == MARKS
    assert check(world.person, world.rows()) == []
