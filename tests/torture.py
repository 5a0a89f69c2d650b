"""``just torture``: kills the gateway at random instants, 200 times and more, and holds what is left against the truth.

The gateway is a process of its own; Douban and Feishu are simulated here, with faults of every passing kind. A
capture that was not acknowledged is sent again, as an extension does; one that was acknowledged never is: what
it said must be there in the end. After that, what ``test_faults_machine`` tries is tried for longer. The last
line is ``kills=… marks=… lost=… doubled=…``.
"""

import argparse
import random
import secrets
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import stamina
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test
from msgspec import Struct, field

from gateway import log
from gateway.ledger import Policy
from gateway.model import Kind, Medium, Status, SubjectKey, now
from gateway.sandbox.douban.listing import GRID_SIZE
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.person import SCREEN_AND_SHELF, Entry, make_person
from gateway.shelves import Layout
from gateway.store import Store
from tests.older import content, number, older
from tests.process import CONNECT, GONE, Process
from tests.support import World, background
from tests.test_faults_machine import LONG, FaultsMachine
from tests.test_two_at_once import subject
from tests.trouble import Browser, Weather
from tests.truth import Rows, page_of, rows_of, wrong_marks, wrong_removals
from tests.walks import session

LONGEST_LIFE = 3.0
"""Seconds until a process is killed at the latest."""
LONGEST_CAPTURE = 0.08
"""Seconds that a browser needs to be paired and to send three pages."""
LONGEST_MIGRATION = 0.03
"""Seconds from a library's opening until a process is killed that migrates it."""
LONGEST_ROTATION = 0.1
"""Seconds from a library's opening until a process is killed that makes new keys for it."""
LONG_AGO = timedelta(minutes=11)
"""After which no create of before can still be under way."""
PLACES = (
    ("*", 60),
    ("record.batch_create", 4),
    ("record.batch_update", 4),
    ("record.batch_delete", 4),
    ("record.search", 6),
    ("media.upload_all", 40),
    ("never", 1),
)
"""Calls of Feishu, and up to how many of their beginnings and ends to wait for before the kill."""
POLICIES: tuple[Policy, ...] = get_args(Policy)
_READERS = (Kind.BOOK, Kind.MOVIE, Kind.TV)
_KINDS = {
    Layout.ONE: SCREEN_AND_SHELF,
    Layout.KINDS: SCREEN_AND_SHELF,
    Layout.THREE: _READERS,
    Layout.FOUR: _READERS,
}
"""Of the person's marks: those that the layout has a table for."""


class Tally(Struct):
    """What came out."""

    kills: int = 0
    marks: int = 0
    lost: int = 0
    doubled: int = 0
    hit: Counter[str] = field(default_factory=Counter[str])
    """What was going on when the gateway was killed."""
    wrong: list[str] = field(default_factory=list[str])

    def note(self, wrong: list[str]) -> None:
        """Each of these is something lost, or something doubled."""
        doubled = sum(" records" in line for line in wrong)
        self.wrong += wrong
        self.doubled += doubled
        self.lost += len(wrong) - doubled

    def __str__(self) -> str:
        return f"kills={self.kills} marks={self.marks} lost={self.lost} doubled={self.doubled}"


class Machine(Struct, frozen=True):
    """A gateway's data folder, and the browser beside it."""

    folder: Path
    browser: Browser


class Round:
    """A person, a Douban, a Feishu with one layout, and gateways that are killed one after the other."""

    def __init__(
        self, world: World, layout: Layout, policy: Policy, chance: random.Random, tally: Tally
    ) -> None:
        self._world = world
        self._layout = layout
        self._policy: Policy = policy
        self._chance = chance
        self._tally = tally
        self._doing = ""
        marks, kinds = len(world.person.marks), _KINDS[layout]
        self._person = world.person = world.douban.person = make_person(marks, chance.getrandbits(32), kinds)
        self._strangers = [entry.subject for entry in make_person(marks, chance.getrandbits(32), kinds).marks]
        world.visitor = type(world.visitor)(world.douban_server.url, self._person.cookies)
        self._browser = Browser(world)
        self._others: Machine | None = None
        world.feishu.client_tokens.policy = chance.choice(("replay", "recommit"))

    def run(self, kills: int, *, with_rows: bool) -> None:
        """All of it: about a quarter of the kills are in the migration of an older library."""
        if with_rows:
            self._fill_tables()
        self._begin()
        self._migrate(kills // 4)
        self._weather = Weather(self._world, random.Random(self._chance.getrandbits(32)))
        for _ in range(kills - kills // 4):
            if self._chance.random() < 0.1:
                self._rotate()
            else:
                self._live()
        self._weather.clear()
        self._end()

    def _kill(self, process: Process, doing: str) -> None:
        process.kill()
        self._tally.kills += 1
        self._tally.hit[doing] += 1

    # --- before

    def _pages(self) -> list[str]:
        """All pages of the person's lists."""
        return [page for medium in Medium for status in Status for page in self._list(medium, status)]

    def _fill_tables(self) -> None:
        """Another machine of the person's made the tables and has written them: ours has to see the plan accepted.

        It goes on with it, now and then, and the browser there shows what ours shows. Which films are series, one of
        them may know and the other may not.
        """
        there = Machine(self._world.folder.with_name("elsewhere"), Browser(self._world))
        for page in self._pages():
            there.browser.open(page)
        process = Process(self._world, there.folder)
        there.browser.deliver(process)
        self._connect(process)
        process.push_until_done()
        process.kill()
        self._others = there

    def _begin(self) -> None:
        """Half of the person's pages are in the library, the others are on their way."""
        browser = Browser(self._world)
        for at, page in enumerate(self._pages()):
            (self._browser if at % 2 else browser).open(page)
        process = Process(self._world)
        browser.deliver(process)
        process.kill()

    def _migrate(self, kills: int) -> None:
        """Each time an older D2F's library is found by a new one that is killed at once: nothing may be missing."""
        folder = self._world.folder
        truth = content(folder)
        before = older(folder, folder.with_name("older"))
        for _ in range(kills):
            shutil.rmtree(folder)
            shutil.copytree(before, folder)
            process = Process(self._world)
            process.opens()
            threading.Event().wait(self._chance.uniform(0, LONGEST_MIGRATION))  # any instant
            self._kill(process, f"migration, {number(folder, '_sqlite_migrations')} steps done")
            if content(folder) != truth:
                self._note(["a killed migration lost something"])

    def _rotate(self) -> None:
        """New keys are made, and it is killed in between: whatever is connected must go on working."""
        process = Process(self._world, None, "keys", "rotate")
        process.opens()
        threading.Event().wait(self._chance.uniform(0, LONGEST_ROTATION))  # any instant
        self._kill(process, "key rotation")

    # --- lives

    def _live(self) -> None:
        """One gateway, from its start to its end."""
        killing = threading.Event()
        process = Process(self._world)
        timer = threading.Timer(self._chance.uniform(0, LONGEST_LIFE), killing.set)
        killer = threading.Thread(target=self._kill_when, args=(process, killing))
        self._doing, self._weather.struck = "start", ""
        other = self._other() if self._chance.random() < 0.4 else None
        self._weather.strike(killing, *self._place())
        killer.start()
        try:
            if self._chance.random() < 0.8:
                assert process.owner  # it is up; the others may be killed before that
            timer.start()
            while True:
                self._go_on(process, killing)
                if other and self._others:
                    self._others.browser.deliver(other)
        except (*GONE, AssertionError):
            if not killing.is_set():
                raise
        finally:
            killing.set()
            killer.join()
            timer.cancel()
            self._weather.strike(None)
            if other:
                self._kill(other, "the other machine")
        self._look(self._world.folder)

    def _other(self) -> Process | None:
        """The gateway of the other machine, at work on the same tables."""
        if self._others is None:
            return None
        process = Process(self._world, self._others.folder)
        assert process.owner
        return process

    def _open(self, page: str) -> None:
        """The person looks at it, on each of their machines."""
        self._browser.open(page)
        if self._others:
            self._others.browser.open(page)

    def _place(self) -> tuple[str, int]:
        """In which call to kill it, if that comes before its time is over."""
        call, most = self._chance.choice(PLACES)
        return call, self._chance.randint(1, most)

    def _kill_when(self, process: Process, killing: threading.Event) -> None:
        killing.wait()
        self._kill(process, self._weather.struck or self._doing)

    def _go_on(self, process: Process, killing: threading.Event | None = None) -> None:
        push = process.push
        if push["table"] is None:
            self._doing = "connect"
            self._connect(process)
        elif _asks(push):
            self._doing = "accept"
            self._accept(process)
        for _ in range(3):
            self._act()
        if killing and self._chance.random() < 0.05:
            self._doing = "walk"
            self._walk(process)
        self._doing = "capture"
        if killing and self._chance.random() < 0.1:
            threading.Timer(self._chance.uniform(0, LONGEST_CAPTURE), killing.set).start()
        self._browser.deliver(process)
        self._doing = "push"

    def _connect(self, process: Process) -> None:
        asked = {**CONNECT, "address": self._world.address, "layout": self._layout}
        for path, body in (("feishu", asked), ("removals", {"policy": self._policy})):
            reply = process.owner.call("PUT", f"/api/v1/{path}", body)
            assert reply.status == 200 or reply.status >= 500, reply.body  # the weather may be too bad

    def _accept(self, process: Process) -> None:
        """The person agrees to the plan."""
        reply = process.owner.call("POST", "/api/v1/plan/accept", {})
        assert reply.status == 202 or reply.status >= 500, reply.body

    def _walk(self, process: Process) -> None:
        """The person asks for a full check, or one is under way; and says of what it found gone that it is."""
        status, _ = process.browser.send("/api/v1/session", session(self._person))
        assert status == 200
        reply = process.owner.call("POST", "/api/v1/walks", {"kind": "full"})
        assert reply.status in {202, 409}, reply.body
        self._agree(process)

    def _agree(self, process: Process) -> None:
        for asked in process.owner.call("GET", "/api/v1/walks").json()["removals"]:
            reply = process.owner.call("POST", f"/api/v1/walks/removals/{asked['medium']}/accept")
            assert reply.status == 200, reply.body

    def _look(self, folder: Path) -> None:
        """What the kill left half done, told from a copy: the next gateway has to find it as it is."""
        with tempfile.TemporaryDirectory() as copy:
            for name in ("d2f.db", "d2f.db-wal"):
                if (folder / name).exists():
                    shutil.copy(folder / name, copy)
            left = self._tally.hit
            left["left: a capture not read"] += number(Path(copy), "capture WHERE verdict IS NULL")
            left["left: a create without an outcome"] += bool(number(Path(copy), "batch"))
            left["left: a row in the wrong table"] += bool(number(Path(copy), "stray"))

    # --- the person

    def _act(self) -> None:
        """The person marks something, changes a mark or takes it away, and looks at a page that shows it."""
        chance, person = self._chance, self._person
        if chance.random() < 0.1:
            entry = self._any()
            person.remove(entry.key)
            self._open(SECTIONS[entry.key.medium].list_of(person.address, entry.mark.status))
            return
        free = [each for each in self._strangers if not person.find(each.key)]
        free += [entry.subject for entry in person.unmarked.values() if not entry.removed]
        if free and chance.random() < 0.3:
            entry = person.add(chance.choice(free), rating=chance.randint(1, 5), comment=str(chance.random()))
        else:
            moved = Status.DONE if chance.random() < 0.3 else None
            entry = person.edit(self._any().key, status=moved, comment=f"改过 {chance.random()}")
        self._open(self._page_of(entry))

    def _any(self) -> Entry:
        return self._chance.choice([entry for entry in self._person.marks if not entry.removed])

    def _page_of(self, entry: Entry) -> str:
        """Its own page, which may move it to another table, or the page of the list that it is on."""
        if not entry.removed and self._chance.random() < 0.3:
            return subject(entry)
        place = self._person.of(entry.key.medium, entry.mark.status).index(entry)
        return list(self._list(entry.key.medium, entry.mark.status))[place // GRID_SIZE]

    def _list(self, medium: Medium, status: Status) -> Iterator[str]:
        for start in range(0, len(self._person.of(medium, status)), GRID_SIZE):
            yield f"{SECTIONS[medium].list_of(self._person.address, status)}?start={start}"

    # --- the end

    def _end(self) -> None:
        """Time goes by, the weather is good: the last gateway brings everything home, then walks to every list's end."""
        person = self._person
        self._tally.marks += len(person.marks)
        machines = [Machine(self._world.folder, self._browser), *([self._others] if self._others else [])]
        for machine in machines:
            _long_ago(machine.folder)
        processes = [Process(self._world, machine.folder) for machine in machines]
        try:
            self._go_on(processes[0])
            for machine, process in zip(machines, processes, strict=True):
                machine.browser.deliver(process)
                self._bring_home(process)
            before = rows_of(self._world, self._layout)
            self._note(wrong_marks(self._world, person, before), before)
            unproven: set[str] = set()
            for process in processes:
                unproven |= self._walk_to_the_end(process)
                self._bring_home(process)
        finally:
            for process in processes:
                process.kill()
        removed, still = self._removed(machines)
        after = rows_of(self._world, self._layout)
        self._note(wrong_marks(self._world, person, after), after)
        self._note(wrong_removals(person, before, after, removed, self._policy), {**before, **after})
        self._note([f"{key}: not marked any more" for key in removed if person.find(key)])
        self._note([f"{key}: gone, and not seen to be" for key in still if key.medium not in unproven])
        for machine in machines:
            self._hold_captures(machine)

    def _bring_home(self, process: Process) -> None:
        """Until all rows and covers are there. What rests after an earlier fault is asked for again."""
        process.owner.call("POST", "/api/v1/push")
        for _ in process.moments():
            push = process.push
            if push["state"] == "idle" and not push["pending"] and not push["covers"]["waiting"]:
                return
            if _asks(push):
                self._accept(process)
            elif push["state"] in {"waiting", "error"}:
                process.owner.call("POST", "/api/v1/push")

    def _walk_to_the_end(self, process: Process) -> set[str]:
        """The one that is under way, and one after that. Returns the media of which it does not prove what is gone."""
        self._walk(process)
        self._walked(process)
        self._walk(process)
        unproven: dict[str, str] = self._walked(process)["unproven"]
        self._agree(process)
        return set(unproven)

    def _walked(self, process: Process) -> dict[str, Any]:
        for _ in process.moments():
            walk: dict[str, Any] = process.owner.call("GET", "/api/v1/walks").json()["walk"]
            if walk["state"] != "walking":
                assert walk["state"] in {"ended", "cancelled"}, walk
                return walk
        raise AssertionError("it walks for ever")

    def _removed(self, machines: Sequence[Machine]) -> tuple[set[SubjectKey], set[SubjectKey]]:
        """Marks that a library takes for removed, and those that ours does not though the person has them no more.

        What becomes of a row is said by the machine that knows: another one need not have seen what it saw.
        """
        removed, known = set[SubjectKey](), dict[SubjectKey, bool]()
        for machine in reversed(machines):
            with Store(machine.folder / "d2f.db") as store:
                rows = list(store.rows("SELECT medium, id, removed_at IS NOT NULL FROM mark"))
            known = {SubjectKey(Medium(medium), each): bool(gone) for medium, each, gone in rows}
            removed |= {key for key, gone in known.items() if gone}
        private = {entry.key.medium for entry in self._person.marks if entry.mark.private is True}
        return removed, {
            key
            for key, entry in self._person.unmarked.items()
            if known.get(key) is False
            and (
                entry.mark.private is not True or key.medium in private
            )  # else nothing shows that private ones are told
        }

    def _note(self, wrong: list[str], rows: Rows | None = None) -> None:
        """With the round it was in, and with the rows that show it."""
        told: list[str] = []
        for line in wrong:
            page = line.partition(": ")[0]
            shown = [
                f"{name} ({row.get('我的状态')})"
                for name, row in (rows or {}).items()
                if page_of(row) == page
            ]
            told.append(f"{self._layout}/{self._policy}: {line}{''.join(f'; {each}' for each in shown)}")
        self._tally.note(told)

    def _hold_captures(self, machine: Machine) -> None:
        """What was acknowledged must be there as a whole, and read."""
        with Store(machine.folder / "d2f.db") as store:
            missing = [f"{kept.url}: never read" for kept in store.unread()]
            for letter in machine.browser.acknowledged:
                capture, kept = store.capture(str(letter.id)), store.kept(str(letter.id))
                if capture is None or capture.content != letter.page or kept is None or kept.result is None:
                    missing.append(f"{letter.url}: acknowledged, and not there as a whole")
        self._note(missing)


def _long_ago(folder: Path) -> None:
    """No create of this library can still be under way, and Douban may be asked as much as a day allows."""
    with closing(sqlite3.connect(folder / "d2f.db", isolation_level=None)) as db:
        db.execute("UPDATE batch SET sent_at = min(sent_at, ?)", [(now() - LONG_AGO).isoformat()])
        db.execute("UPDATE setting SET value = json_set(value, '$.frontier.requests', 0) WHERE name = 'walk'")


def _asks(push: dict[str, Any]) -> bool:
    """Whether the plan is to be agreed to."""
    return push["problem"] is not None and push["problem"]["code"] == "plan_unaccepted"


def torture(kills: int, marks: int, seed: int, layouts: tuple[Layout, ...] = tuple(Layout)) -> Tally:
    """So many kills, spread over the layouts; each with a person of so many marks."""
    chance, tally = random.Random(seed), Tally()
    first = chance.randrange(len(POLICIES))
    for at, layout in enumerate(layouts):
        with tempfile.TemporaryDirectory(prefix="d2f-torture-") as folder, background() as beside:
            world = World(beside, Path(folder) / "data", marks=marks, covers=True)
            share = (kills + at) // len(layouts)
            one = Round(world, layout, POLICIES[(first + at) % len(POLICIES)], chance, tally)
            before = len(tally.wrong)
            one.run(share, with_rows=(at + first) % 2 == 0)
            if len(tally.wrong) > before:
                kept = shutil.copytree(folder, tempfile.mkdtemp(prefix="d2f-wrong-"), dirs_exist_ok=True)
                tally.wrong.append(f"{layout}: its libraries are in {kept}")
    return tally


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--marks", type=int, default=150, help="of each layout's person, at the beginning")
    asked.add_argument("--seed", type=int, default=secrets.randbits(32))
    given = asked.parse_args()
    say(f"seed={given.seed}")
    log.configure("error")
    tally = torture(given.kills, given.marks, given.seed)
    for what, times in tally.hit.most_common():
        say(f"{times:5} × {what}")
    for line in tally.wrong:
        say(f"✗ {line}")
    say(f"{LONG.max_examples} lives of {LONG.stateful_step_count} steps, each with faults")
    try:
        with stamina.set_testing(True, attempts=8, cap=True):
            run_state_machine_as_test(seeded(given.seed)(FaultsMachine), settings=LONG)
    finally:
        say(str(tally))
    return 1 if tally.wrong else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
