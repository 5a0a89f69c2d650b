"""Two at once: captures of one page, a capture in the middle of a push, gateways on one table and on one data folder."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.errors import AlreadyRunning
from gateway.model import Medium, Status, Subject
from gateway.records import FEW
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.feishu.faults import Fault
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.person import Entry
from tests.process import Process
from tests.support import Background, Started, World, two_of
from tests.test_push import TABLE, faulty, fill, right


def films(world: World) -> str:
    return SECTIONS[Medium.MOVIE].list_of(world.person.address, Status.DONE)


@pytest.mark.parametrize("same_message", [True, False])
def test_one_page_captured_by_many_at_the_same_moment(world: World, *, same_message: bool) -> None:
    started = world.start()
    started.connect()
    page, message = world.visitor.open(films(world)).body, uuid4()
    browsers = [started.pair() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit(
                browsers[0 if same_message else at % 4].capture,
                films(world),
                page,
                message=message if same_message else None,
            )
            for at in range(16)
        ]
    answers = [future.result()[1] for future in sent]
    marks = answers[0]["marks"]
    assert marks > 0
    assert sorted(answer["new"] for answer in answers) == (
        [marks] * 16 if same_message else [0] * 15 + [marks]
    )
    assert started.marks() == marks
    assert len(started.captures()) == (1 if same_message else 16)
    assert started.settled().pushed == len(world.rows()) == marks


@pytest.mark.parametrize("stage", ["before", "after"])
@pytest.mark.parametrize("call", ["record.batch_create", "record.batch_update"])
def test_a_capture_in_the_middle_of_a_push(world: World, call: str, stage: Stage) -> None:
    """The mark that is under way is changed: what the row shows in the end is the newest."""
    started = world.start()
    fill(started)
    browser = started.pair()
    entry = next(entry for entry in world.person.marks if not entry.removed)
    if call == "record.batch_update":
        started.connect()
        right(started)
        change(world, entry, "第一次")
        world.feishu.on_call = during = During(call, stage, lambda: capture("第二次"))
        browser.capture(subject(entry), world.visitor.open(subject(entry)).body)
    else:
        world.feishu.on_call = during = During(call, stage, lambda: capture("第二次"))
        started.connect()

    def capture(comment: str) -> object:
        change(world, entry, comment)
        return browser.capture(subject(entry), world.visitor.open(subject(entry)).body)

    right(started)
    assert during.times == 1


class During:
    """Does something in the middle of the first call of that name."""

    def __init__(self, call: str, stage: Stage, act: Callable[[], object]) -> None:
        self.times, self.over = 0, asyncio.Event()
        self._at, self._act = (call, stage), act

    async def __call__(self, call: str, stage: Stage) -> None:
        if (call, stage) == self._at and not self.times:
            self.times += 1
            await asyncio.to_thread(self._act)
            self.over.set()


def change(world: World, entry: Entry, comment: str) -> None:
    world.background.call(lambda: world.person.edit(entry.key, comment=comment))


def subject(entry: Entry) -> str:
    return SECTIONS[entry.key.medium].subject(entry.key.id)


# --- two gateways on one table


def test_a_second_gateway_takes_the_rows_of_the_first_for_its_own(two: tuple[Started, Started]) -> None:
    """Whichever of them a change is captured by: it is the same record."""
    world = two[0].world
    for started in two:
        fill(started)
        started.connect()
        assert started.settled().state == "idle"
    before = set(world.rows())
    for started, comment in zip(two, ("在家", "在公司"), strict=True):
        for entry in world.person.marks:
            if not entry.removed:
                world.person.edit(entry.key, comment=comment)
        fill(started)
        right(started)
    assert set(world.rows()) == before


def test_what_one_of_two_gateways_captures_is_one_record(two: tuple[Started, Started]) -> None:
    """Each was there before the mark; only one of them hears of it, and then it is asked for by the other."""
    world = two[0].world
    for started in two:
        fill(started)
        started.connect()
        assert started.settled().state == "idle"
    world.person.add(stranger(world), Status.DONE)
    fill(two[1])
    right(two[1])
    two[0].connect()
    right(two[0])


def stranger(world: World) -> Subject:
    """A subject that the person has not marked."""
    marks = world.add_stranger().marks
    return next(entry.subject for entry in marks if not world.person.find(entry.subject.key))


def test_what_both_gateways_capture_is_one_record(two: tuple[Started, Started]) -> None:
    """Both were there before the mark, and both hear of it."""
    world = two[0].world
    for started in two:
        fill(started)
        started.connect()
        assert started.settled().state == "idle"
    world.person.add(stranger(world), Status.DONE)
    for started in two:
        fill(started)
        right(started)


def test_many_marks_that_both_gateways_capture_are_one_record_each(two: tuple[Started, Started]) -> None:
    """More than are looked up by filter; what the second has of the newest mark is newer."""
    world = two[0].world
    for started in two:
        started.connect()
        pause(started, on=True)
        fill(started)
    for started in two:
        pause(started, on=False)
        right(started)
        world.person.edit(world.person.marks[0].key, comment="改过了")
        fill(two[1])
    assert len(world.rows()) == len(world.person.marks) > FEW
    assert world.feishu.calls["record.batch_create"] == 1


def pause(started: Started, *, on: bool) -> None:
    started.world.background.call(lambda: started.gateway.carriers.first.sync.pause(on=on))
    assert started.settled().state == ("paused" if on else "idle")


@pytest.mark.parametrize("marks", [30, FEW + 10])
@pytest.mark.parametrize("in_turn", [True, False])
def test_what_two_gateways_make_at_the_same_moment_is_one_record_each(
    beside: Background, tmp_path: Path, marks: int, *, in_turn: bool
) -> None:
    """Both connect to one empty table, and each has looked and seen no row before either of them makes one."""
    world = World(beside, tmp_path / "data", marks=marks)
    first, second = two_of(world)
    for started in (first, second):
        fill(started)
    world.feishu.on_call = together = Together(in_turn=in_turn)
    assert first.connect().status == 200
    beside.run(together.first.wait())
    assert second.connect().status == 200
    if in_turn:
        right(first)
        beside.call(together.go.set)
    for started in (first, second):
        assert started.settled().state == "idle"
    right(first)
    assert together.begun >= 2
    assert world.feishu.calls["record.batch_delete"] == 1
    for comment, started in (("在家", first), ("在公司", second)):
        change(world, next(entry for entry in world.person.marks if not entry.removed), comment)
        fill(started)
        right(started)


def test_a_row_that_goes_meanwhile_hides_none_that_comes(stocked: Started) -> None:
    """There are as many rows in the end as ours alone would be, and one of them is another gateway's."""
    world = stocked.world
    assert len(world.person.marks) > FEW
    twice, gone = [entry for entry in world.person.marks if not entry.removed][:2]

    def make() -> None:
        cells: dict[str, Any] = {
            "标题": "别处写的",
            "Subject ID": twice.key.id,
            "豆瓣页面": {"link": subject(twice)},
        }
        world.feishu.add_record(world.app_token, TABLE, cells)

    def delete() -> None:
        rows = world.feishu.rows(world.app_token, TABLE)
        (record,) = (each for each, row in rows.items() if row["Subject ID"] == gone.key.id)
        world.feishu.delete_record(world.app_token, TABLE, record)

    async def meanwhile(call: str, stage: Stage) -> None:
        if call == "record.batch_create":
            (make if stage == "before" else delete)()

    world.feishu.on_call = meanwhile
    assert stocked.connect().status == 200
    assert stocked.settled().state == "idle"
    shown = Counter(row["Subject ID"] for row in world.rows().values())
    assert shown[twice.key.id] == 1
    assert shown.total() == len(world.person.marks) - 1


def test_of_two_rows_that_others_made_the_older_one_stays(stocked: Started) -> None:
    """Whatever order the table shows them in: the gateway that made the newer one takes it away, too."""
    world = stocked.world
    twice = next(entry for entry in world.person.marks if not entry.removed)
    made = list[str]()

    async def others(call: str, stage: Stage) -> None:
        if (call, stage) == ("record.batch_create", "before") and not made:
            cells: dict[str, Any] = {"Subject ID": twice.key.id, "豆瓣页面": {"link": subject(twice)}}
            made.extend(world.feishu.add_record(world.app_token, TABLE, cells) for _ in range(2))
            table = world.feishu.table(world.app_token, TABLE)
            made.sort(key=lambda each: (table.records[each].created, each))
            table.records = dict(sorted(table.records.items(), key=lambda each: each[0] == made[0]))

    world.feishu.on_call = others
    assert stocked.connect().status == 200
    assert stocked.settled().state == "idle"
    change(world, twice, "还是它")
    fill(stocked)
    assert stocked.settled().state == "idle"
    assert [world.rows()[each].get("我的备注") for each in made] == ["还是它", None]


def both_about_to_create(
    beside: Background, tmp_path: Path, marks: int, *faults: Fault
) -> tuple[Started, "Together"]:
    """Both saw an empty table. The first has made its rows; the second makes its own when it may ``go``."""
    world = World(beside, tmp_path / "data", marks=marks)
    first, second = two_of(world)
    for started in (first, second):
        fill(started)
    world.feishu.on_call = together = Together(in_turn=True)
    assert first.connect().status == 200
    beside.run(together.first.wait())
    faulty(second, *faults)
    assert second.connect().status == 200
    right(first)
    return second, together


@pytest.mark.parametrize("call", ["record.search", "record.batch_delete"])
@pytest.mark.parametrize("marks", [30, FEW + 10])
def test_a_gateway_that_ends_between_its_create_and_its_second_look_leaves_no_row_twice(
    beside: Background, tmp_path: Path, marks: int, call: str
) -> None:
    """Or between that look and taking its own rows away; then it says what the person typed into them meanwhile."""
    second, together = both_about_to_create(beside, tmp_path, marks)
    world = second.world
    theirs = set(world.rows())
    world.feishu.on_call = ending = During(call, "before", second.stop)
    world.feishu.faults.append(Fault(call, "drop_before"))
    beside.call(together.go.set)
    beside.run(ending.over.wait())
    world.feishu.on_call = None
    twice = sorted(world.rows().keys() - theirs)
    assert len(twice) == len(theirs)
    beside.call(lambda: world.feishu.add_field(world.app_token, TABLE, FieldSpec("心得", 1)))
    beside.call(lambda: world.feishu.edit_record(world.app_token, TABLE, twice[0], {"心得": "想再读一遍"}))
    again = world.start()
    assert again.settled().state == "idle"
    right(again)
    assert set(world.rows()) == theirs
    assert "心得: 想再读一遍" in str(again.owner.call("GET", "/api/v1/overview").json()["runs"])


@pytest.mark.parametrize("marks", [30, FEW + 10])
def test_a_create_without_an_answer_while_another_gateway_made_the_same_rows(
    beside: Background, tmp_path: Path, marks: int
) -> None:
    """Two rows of each mark are found: to take the first for one's own would leave the second to nobody."""
    second, together = both_about_to_create(
        beside, tmp_path, marks, Fault("record.batch_create", "drop_after")
    )
    world = second.world
    theirs = set(world.rows())
    beside.call(together.go.set)
    right(second)
    assert set(world.rows()) == theirs


@pytest.mark.parametrize("lag", [1, 2])
@pytest.mark.parametrize("marks", [30, FEW + 10])
def test_rows_that_are_not_to_be_seen_yet_are_looked_at_later(
    beside: Background, tmp_path: Path, marks: int, lag: int
) -> None:
    """As many as the other gateway made: neither their number nor a look without them says that there are no others."""
    second, together = both_about_to_create(beside, tmp_path, marks)
    world = second.world
    theirs = set(world.rows())
    world.feishu.lag = lag
    beside.call(together.go.set)
    assert second.settled().state == "idle"
    beside.call(second.gateway.carriers.first.sync.wake)  # as it does each minute
    right(second)
    assert set(world.rows()) == theirs


def test_what_the_other_gateway_wrote_is_not_taken_for_the_persons(
    beside: Background, tmp_path: Path
) -> None:
    """Cells that the person edits are theirs; but the row that came first says what the other machine knew."""
    world = World(beside, tmp_path / "data", marks=30)
    first, second = two_of(world)
    for started, comment in ((first, "在家"), (second, "在公司")):
        change(world, next(entry for entry in world.person.marks if not entry.removed), comment)
        fill(started)
        assert started.owner.call("PUT", "/api/v1/edits", {"policy": "theirs"}).status == 200
    world.feishu.on_call = together = Together(in_turn=True)
    assert first.connect().status == 200
    beside.run(together.first.wait())
    assert second.connect().status == 200
    assert first.settled().state == "idle"
    beside.call(together.go.set)
    right(second)
    assert world.feishu.calls["record.batch_delete"] == 1


class Together:
    """The first create waits for the second one. Then they go ``in_turn``, or both are done before either is answered."""

    def __init__(self, *, in_turn: bool) -> None:
        self.begun = self._done = 0
        self.first, self._second, self._both, self.go = (asyncio.Event() for _ in range(4))
        self._in_turn = in_turn

    async def __call__(self, call: str, stage: Stage) -> None:
        if call != "record.batch_create":
            return
        if stage == "before":
            self.begun += 1
            if self.begun == 1:
                self.first.set()
                await self._second.wait()
            elif self.begun == 2:
                self._second.set()
                if self._in_turn:
                    await self.go.wait()
        elif not self._in_turn:
            self._done += 1
            if self._done == 2:
                self._both.set()
            await self._both.wait()


# --- two gateways on one data folder


def test_a_second_gateway_on_one_data_folder_says_so_and_ends(
    world: World, start: Callable[[], Process]
) -> None:
    first = start()
    first.connect(world)
    status, said = start().ended()
    assert status == 1
    assert str(world.folder) in said
    assert "正被另一个 D2F 使用" in said
    assert "Another D2F is using the data folder" in said
    assert "Traceback" not in said
    assert first.push["state"] == "idle"


def test_the_folder_is_free_again_when_the_gateway_was_killed(start: Callable[[], Process]) -> None:
    first = start()
    assert first.push["state"] == "unset"
    first.kill()
    assert start().push["state"] == "unset"


def test_the_folder_is_free_again_when_the_gateway_has_ended(world: World) -> None:
    first = world.start()
    with pytest.raises(AlreadyRunning):
        world.start()
    first.stop()
    assert world.start().marks() == 0


def test_verbs_that_speak_to_a_running_gateway_still_do(world: World, start: Callable[[], Process]) -> None:
    running = start()
    assert running.push["state"] == "unset"
    for verb in (["open", "--print"], ["pair"], ["reparse"]):
        done = verb_of(world, running, *verb)
        assert (done.returncode, done.stderr) == (0, ""), verb
        assert done.stdout


def verb_of(world: World, running: Process, *verb: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "D2F_DATA": str(world.folder),
        "D2F_PORT": str(running.port),
        "D2F_LOG": "error",
    }
    return subprocess.run(
        [sys.executable, "-m", "gateway", *verb],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_many_may_open_a_library_that_is_not_there_yet(tmp_path: Path) -> None:
    """The tables are made once, by whoever comes first."""
    opening = "import sys; from pathlib import Path; from gateway.store import Store; sys.stdin.read(1); Store(Path(sys.argv[1])).close()"
    there = [
        subprocess.Popen(
            [sys.executable, "-c", opening, str(tmp_path / "data" / "d2f.db")],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for one in there:
        assert one.stdin
        one.stdin.write(".")
        one.stdin.flush()
    assert [one.communicate(timeout=60)[1] for one in there] == [""] * 4
