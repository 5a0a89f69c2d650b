"""kill -9 while rows of removed marks are deleted: afterwards they are gone, and no other row is."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.library import Library, MarkKey
from gateway.model import now
from gateway.sandbox.feishu.feishu import Stage
from gateway.store import Store
from tests.process import Killer, Process, captured
from tests.support import Background, World

MARKS = 300


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return captured(tmp_path_factory.mktemp("library") / "data", MARKS)


@pytest.fixture
def world(beside: Background, tmp_path: Path, library: Path) -> World:
    return World(beside, shutil.copytree(library, tmp_path / "data"), marks=MARKS)


@pytest.mark.parametrize("call", ["record.batch_get", "record.batch_delete"])
@pytest.mark.parametrize("stage", ["before", "after"])
def test_killed_while_rows_go(world: World, start: Callable[[], Process], call: str, stage: Stage) -> None:
    process = start()
    process.connect(world)
    process.push_until_done()
    assert process.owner.call("PUT", "/api/v1/removals", {"policy": "delete"}).status == 200
    process.kill()
    before = world.rows()
    gone = [entry.key for entry in world.person.marks if not entry.removed][:150]
    with Store(world.settings.library) as store:
        keys = [MarkKey(world.person.id, key) for key in gone]
        assert Library(store).remove(keys, now(), None) == len(gone)
    killer = Killer(world, call, stage)
    killer.process = start()
    assert killer.done.wait(60)
    start().push_until(lambda _push: len(world.rows()) == len(before) - len(gone))
    after = world.rows()
    ids = {(key.medium.value, key.id) for key in gone}
    left = {record for record, row in before.items() if (medium_of(row), row["Subject ID"]) not in ids}
    assert set(after) == left
    assert all(after[record] == before[record] for record in left)


def medium_of(row: dict[str, object]) -> str:
    page = str(row["豆瓣页面"])
    return next(
        (medium for medium in ("book", "movie", "music") if f"//{medium}.douban" in page),
        "drama" if "/drama/" in page else "game",
    )
