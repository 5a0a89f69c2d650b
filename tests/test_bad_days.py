"""A full disk, a read-only folder, a damaged library, a clock that jumps, a machine that slept: told, nothing lost, goes on."""

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from msgspec import structs

from gateway.errors import DataFolderUnusable, KeyLost, LibraryDamaged
from gateway.owner_sessions import new_login_link
from gateway.sandbox.feishu.feishu import Fault, Stage
from gateway.visitor import Extension, OwnerVisitor
from tests.process import Process
from tests.support import Started, World
from tests.test_push import faulty, fill, right
from tests.test_settle import push, wait_for_feishu
from tests.test_two_at_once import films, subject

# --- no room


@contextlib.contextmanager
def full(started: Started) -> Generator[None]:
    """The library cannot grow, as on a full disk; then it can again."""
    (pages,) = pragma(started, "page_count")
    pragma(started, f"max_page_count = {pages}")
    try:
        yield
    finally:
        pragma(started, "max_page_count = 1000000")


def pragma(started: Started, what: str) -> tuple[Any, ...]:
    found = started.world.background.call(lambda: started.gateway.store.one(f"PRAGMA {what}"))
    assert found
    return found


def refused(answer: tuple[int, Any]) -> None:
    """What an extension is told: it keeps the page, and sends it again."""
    status, body = answer
    assert (status, body["code"]) == (500, "library_fault")
    assert "磁盘" in body["hint"]["zh"]
    assert "disk" in body["hint"]["en"]


def test_a_capture_that_finds_no_room_is_refused_and_taken_later(started: Started) -> None:
    world, browser, message = started.world, started.pair(), uuid4()
    page = world.visitor.open(films(world)).body
    with full(started):
        refused(browser.capture(films(world), page, message=message))
        assert started.marks() == 0
        assert started.owner.call("GET", "/").status == 200
        assert started.captures() == []
    status, answer = browser.capture(films(world), page, message=message)
    assert (status, answer["verdict"]) == (200, "ok")
    assert answer["new"] == started.marks() > 0


@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_push_that_finds_no_room_makes_no_row_twice(stocked: Started, stage: Stage) -> None:
    world = stocked.world
    filling = contextlib.ExitStack()

    async def fills_up(call: str, at: Stage) -> None:
        if (call, at) == ("record.batch_create", stage):
            world.feishu.on_call = None
            store = stocked.gateway.store
            pages = store.one("PRAGMA page_count")
            assert pages
            store.one(f"PRAGMA max_page_count = {pages[0]}")
            filling.callback(pragma, stocked, "max_page_count = 1000000")

    world.feishu.on_call = fills_up
    assert stocked.connect().status == 200
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "library_fault")
    filling.close()
    push(stocked)
    right(stocked)
    assert len(world.rows()) == len(world.person.marks)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets one limit the files of another process")
def test_a_disk_without_room_under_a_real_gateway(world: World, start: Callable[[], Process]) -> None:
    """No restart is needed: as soon as there is room the same page is taken."""
    process, message = start(), uuid4()
    browser = process.pair()
    page = world.visitor.open(films(world)).body
    with process.no_room(world.folder):
        refused(browser.capture(films(world), page, message=message))
        assert process.owner.call("GET", "/").status == 200
    assert browser.capture(films(world), page, message=message)[1]["verdict"] == "ok"


# --- read-only


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0,
    reason="nothing is read-only for root, nor in this way on Windows",
)
@pytest.mark.parametrize("name", ["", "d2f.db", "d2f.key"])
def test_what_must_not_be_written_is_told(world: World, name: str) -> None:
    world.start().stop()
    path = world.folder / name
    mode = path.stat().st_mode
    path.chmod(0o500 if path.is_dir() else 0o000)
    try:
        with pytest.raises(DataFolderUnusable) as told:
            world.start()
        assert str(world.folder) in str(told.value)
    finally:
        path.chmod(mode)
    world.start()


# --- damaged


def halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut(file: Path) -> None:
    os.truncate(file, 100)


def overwrite_header(file: Path) -> None:
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def zero_a_page(table: str) -> Callable[[Path], None]:
    def zero(file: Path) -> None:
        with closing(sqlite3.connect(file)) as db:
            (size,) = db.execute("PRAGMA page_size").fetchone()
            (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
        content = file.read_bytes()
        file.write_bytes(content[: size * (root - 1)] + b"\0" * size + content[size * root :])

    return zero


DAMAGES = {
    "halved": halve,
    "cut": cut,
    "header": overwrite_header,
    **{table: zero_a_page(table) for table in ("mark", "secret", "_sqlite_migrations", "change_of")},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_library_is_told_and_not_touched(stocked: Started, damage: Callable[[Path], None]) -> None:
    world = stocked.world
    stocked.stop()
    file = world.settings.library
    damage(file)
    damaged = file.read_bytes()
    with pytest.raises(LibraryDamaged) as told:
        world.start()
    assert str(file) in told.value.words.zh
    assert str(file) in told.value.words.en
    assert file.read_bytes() == damaged


@pytest.mark.parametrize("killed", [True, False])
def test_an_emptied_library_is_told_and_its_log_kept(stocked: Started, *, killed: bool) -> None:
    """SQLite would take the file for a new one, and drop the log, where all that was captured last still is."""
    world = stocked.world
    left = shutil.copytree(world.folder, world.folder.with_name("left"))  # as a kill leaves it
    stocked.stop()
    if killed:
        world.settings = structs.replace(world.settings, data=left)
    file = world.settings.library
    os.truncate(file, 0)
    before = {each.name: each.read_bytes() for each in file.parent.glob("d2f.db*")}
    assert ("d2f.db-wal" in before) is killed
    with pytest.raises(LibraryDamaged):
        world.start()
    assert {each.name: each.read_bytes() for each in file.parent.glob("d2f.db*")} == before


def test_a_library_that_is_as_it_was_left_is_not_looked_through_again(started: Started) -> None:
    """Only who hides what they did to it can tell."""
    started.stop()
    file = started.world.settings.library
    left = file.stat()
    zero_a_page("change_of")(file)
    os.utime(file, ns=(left.st_atime_ns, left.st_mtime_ns))
    started.world.start().stop()
    os.utime(file)
    with pytest.raises(LibraryDamaged):
        started.world.start()


def test_after_a_damaged_library_a_new_one_finds_the_rows_again(
    stocked: Started, start: Callable[[], Process]
) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    stocked.stop()
    zero_a_page("mark")(world.settings.library)
    status, said = start().ended()
    assert status == 1
    assert "已损坏" in said
    assert "is damaged" in said
    assert "Traceback" not in said
    rows = set(world.rows())
    for file in world.folder.glob("d2f.db*"):
        file.rename(file.with_suffix(".away"))
    afresh = world.start()
    fill(afresh)
    afresh.connect()
    right(afresh)
    assert set(world.rows()) == rows


def test_a_key_that_was_never_written_to_its_end_is_made_again(world: World) -> None:
    """The very first start ended in the middle of it: nothing is sealed yet."""
    world.folder.mkdir(parents=True)
    (world.folder / "d2f.key").write_bytes(b"")
    started = world.start()
    started.stop()
    (world.folder / "d2f.key").write_bytes(b"")
    with pytest.raises(KeyLost):
        world.start()


# --- clocks


@contextlib.contextmanager
def jumped(world: World, days: int) -> Generator[None]:
    """This machine's clock is wrong by so much; Feishu's is not."""
    world.ahead -= timedelta(days=days).total_seconds()
    try:
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
            yield
    finally:
        world.ahead += timedelta(days=days).total_seconds()


def edit(started: Started, browser: Extension, comment: str, message: UUID | None = None) -> None:
    """The newest mark gets another comment, and its page is captured."""
    world = started.world
    entry = next(entry for entry in world.person.marks if not entry.removed)
    world.person.edit(entry.key, comment=comment)
    status, answer = browser.capture(subject(entry), world.visitor.open(subject(entry)).body, message=message)
    assert (status, answer["verdict"]) == (200, "ok")


@pytest.mark.parametrize("days", [-1, 31])
def test_captures_and_pushes_go_on_when_the_clock_jumps_and_jumps_back(started: Started, days: int) -> None:
    world, browser = started.world, started.pair()
    fill(started)
    started.connect()
    right(started)
    rows = set(world.rows())
    edit(started, browser, "先")
    right(started)
    with jumped(world, days):
        edit(started, browser, "跳了")
        right(started)
    edit(started, browser, "又跳回来")
    right(started)
    assert set(world.rows()) == rows


@pytest.mark.parametrize("days", [-1, 31])
def test_a_gateway_starts_under_a_clock_that_is_wrong(stocked: Started, days: int) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    marks = stocked.marks()
    stocked.stop()
    with jumped(world, days):
        again = world.start()
        assert again.marks() == marks
        edit(again, again.pair(), "改过了")
        right(again)
        again.stop()
    last = world.start()
    edit(last, last.pair(), "又改了")
    right(last)


def test_a_log_in_goes_on_though_the_clock_was_set_back(started: Started) -> None:
    with jumped(started.world, -1):
        assert started.owner.call("GET", "/api/v1/overview").status == 200


def test_a_log_in_that_the_clock_ended_is_told_and_made_again(started: Started) -> None:
    world = started.world
    with jumped(world, 31):
        reply = started.owner.call("GET", "/api/v1/overview")
        assert (reply.status, reply.json()["code"]) == (401, "not_logged_in")
        link = world.background.call(lambda: new_login_link(started.gateway.store, started.gateway.settings))
        assert OwnerVisitor(link).call("GET", "/api/v1/overview").status == 200


def test_a_create_without_an_outcome_does_not_wait_for_a_clock_that_was_ahead(stocked: Started) -> None:
    """It waits ten minutes for the rows that may yet come, and not a month and ten minutes."""
    world = stocked.world
    faulty(stocked, Fault("record.batch_create", "late"))
    with jumped(world, 31):
        link = world.background.call(lambda: new_login_link(stocked.gateway.store, stocked.gateway.settings))
        stocked.owner = OwnerVisitor(link)
        assert stocked.connect().status == 200
        for _ in range(2):
            wait_for_feishu(stocked)
            push(stocked)
        wait_for_feishu(stocked)
    push(stocked)
    wait_for_feishu(stocked)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        push(stocked)
        right(stocked)
    assert len(world.rows()) == len(world.person.marks)


def test_a_machine_that_slept_goes_on_with_a_new_token(stocked: Started) -> None:
    """The clock that counts seconds stood still, Feishu's did not: the token is long over."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    before = world.feishu.calls["auth.token"]
    world.ahead += timedelta(hours=9).total_seconds()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=9), tick=True):
        world.ahead -= timedelta(hours=9).total_seconds()
        edit(stocked, stocked.pair(), "醒了")
        right(stocked)
    assert world.feishu.calls["auth.token"] == before + 1
