"""``just torture``: kills the gateway at random instants, 200 times and more, and holds what is left against the truth.

The gateway is a process of its own; Douban and Feishu are simulated here, with faults of every passing kind. A
capture that was not acknowledged is sent again, as an extension does; one that was acknowledged never is: what
it said must be there in the end. Before that, what ``test_faults_machine`` tries is tried for longer. The last
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
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import stamina
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test
from msgspec import Struct, field
from sqlite_utils import Database

from gateway import log
from gateway.demo import check, check_covers
from gateway.feishu.fields import columns_of
from gateway.model import Kind, Medium, Status, now
from gateway.sandbox.douban.listing import GRID_SIZE
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.person import SCREEN_AND_SHELF, Entry, make_person
from gateway.schema import migrations
from gateway.shelves import SHELVES, Layout
from gateway.store import Store
from tests.process import CONNECT, GONE, Process
from tests.support import World, background
from tests.test_faults_machine import LONG, FaultsMachine
from tests.trouble import Browser, Weather

LONGEST_LIFE = 3.0
"""Seconds until a process is killed at the latest."""
LONGEST_CAPTURE = 0.08
"""Seconds that a browser needs to be paired and to send three pages."""
LONGEST_MIGRATION = 0.008
"""Seconds from a library's opening until a process is killed that migrates it."""
LONG_AGO = timedelta(minutes=11)
"""After which no create of before can still be under way."""
PLACES = (
    ("*", 60),
    ("record.batch_create", 4),
    ("record.batch_update", 4),
    ("record.search", 6),
    ("media.upload_all", 40),
    ("never", 1),
)
"""Calls of Feishu, and up to how many of their beginnings and ends to wait for before the kill."""
PATIENCE = 180.0
"""Seconds that the last gateway gets to bring everything home, in good weather."""
_READERS = (Kind.BOOK, Kind.MOVIE, Kind.TV)
_KINDS = {
    Layout.ONE: SCREEN_AND_SHELF,
    Layout.KINDS: SCREEN_AND_SHELF,
    Layout.THREE: _READERS,
    Layout.FOUR: _READERS,
}
"""Of the person's marks: those that the layout has a table for."""
_NAMES = {"book": "图书", "movie": "电影", "tv": "剧集", "documentary": "电影", "music": "音乐"}
"""What a table's rows are, where no column says it."""


class Tally(Struct):
    """What came out."""

    kills: int = 0
    marks: int = 0
    lost: int = 0
    doubled: int = 0
    hit: Counter[str] = field(default_factory=Counter[str])
    """What was going on when the gateway was killed."""
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        return f"kills={self.kills} marks={self.marks} lost={self.lost} doubled={self.doubled}"


class Round:
    """A person, a Douban, a Feishu with one layout, and gateways that are killed one after the other."""

    def __init__(self, world: World, layout: Layout, chance: random.Random, tally: Tally) -> None:
        self._world = world
        self._layout = layout
        self._chance = chance
        self._tally = tally
        self._browser = Browser(world)
        self._doing = ""
        number, kinds = len(world.person.marks), _KINDS[layout]
        self._person = world.person = world.douban.person = make_person(number, chance.getrandbits(32), kinds)
        self._strangers = [
            entry.subject for entry in make_person(number, chance.getrandbits(32), kinds).marks
        ]
        world.visitor = type(world.visitor)(world.douban_server.url, self._person.cookies)
        world.feishu.client_tokens.policy = chance.choice(("replay", "recommit"))

    def run(self, kills: int) -> None:
        """All of it: about a quarter of the kills are in the migration of an older library."""
        self._begin()
        self._migrate(kills // 4)
        self._weather = Weather(self._world, random.Random(self._chance.getrandbits(32)))
        for _ in range(kills - kills // 4):
            self._live()
        self._weather.clear()
        self._bring_home()
        self._hold_against_the_truth()

    def _kill(self, process: Process, doing: str) -> None:
        process.kill()
        self._tally.kills += 1
        self._tally.hit[doing] += 1

    # --- the library of an earlier version, and its migration

    def _begin(self) -> None:
        """Half of the person's pages are in the library, the others are on their way."""
        pages = [page for medium in Medium for status in Status for page in self._list(medium, status)]
        browser = Browser(self._world)
        self._browser = Browser(self._world)
        for at, page in enumerate(pages):
            (self._browser if at % 2 else browser).open(page)
        process = Process(self._world)
        browser.deliver(process)
        process.kill()

    def _migrate(self, kills: int) -> None:
        """Each time an older D2F's library is found by a new one that is killed at once: nothing may be missing."""
        folder = self._world.folder
        truth = _content(folder)
        older = _older(folder, folder.with_name("older"))
        for _ in range(kills):
            shutil.rmtree(folder)
            shutil.copytree(older, folder)
            process = Process(self._world)
            while not (folder / "d2f.db-wal").exists():
                time.sleep(0)
            time.sleep(self._chance.uniform(0, LONGEST_MIGRATION))
            self._kill(process, f"migration, {_steps(folder)} steps done")
            if _content(folder) != truth:
                self._tally.wrong.append("a killed migration lost something")
                self._tally.lost += 1

    # --- lives

    def _live(self) -> None:
        """One gateway, from its start to its end."""
        killing = threading.Event()
        process = Process(self._world)
        timer = threading.Timer(self._chance.uniform(0, LONGEST_LIFE), killing.set)
        killer = threading.Thread(target=self._kill_when, args=(process, killing))
        self._doing, self._weather.struck = "start", ""
        self._weather.strike(killing, *self._place())
        killer.start()
        try:
            if self._chance.random() < 0.8:
                process.push_until(bool)  # it is up; the others may be killed before that
            timer.start()
            while True:
                self._go_on(process, killing)
        except (*GONE, AssertionError):
            if not killing.is_set():
                raise
        finally:
            killing.set()
            killer.join()
            timer.cancel()
            self._weather.strike(None)
        self._look(self._world.folder)

    def _place(self) -> tuple[str, int]:
        """In which call to kill it, if that comes before its time is over."""
        call, most = self._chance.choice(PLACES)
        return call, self._chance.randint(1, most)

    def _kill_when(self, process: Process, killing: threading.Event) -> None:
        killing.wait()
        self._kill(process, self._weather.struck or self._doing)

    def _go_on(self, process: Process, killing: threading.Event | None = None) -> None:
        if process.push["table"] is None:
            self._doing = "connect"
            reply = process.owner.call(
                "PUT",
                "/api/v1/feishu",
                {**CONNECT, "address": self._world.address, "layout": self._layout},
            )
            assert reply.status == 200 or reply.status >= 500, reply.body  # the weather may be too bad
        for _ in range(3):
            self._act()
        self._doing = "capture"
        if killing and self._chance.random() < 0.1:
            threading.Timer(self._chance.uniform(0, LONGEST_CAPTURE), killing.set).start()
        self._browser.deliver(process)
        self._doing = "push"

    def _look(self, folder: Path) -> None:
        """What the kill left half done, told from a copy: the next gateway has to find it as it is."""
        with tempfile.TemporaryDirectory() as copy:
            for name in ("d2f.db", "d2f.db-wal"):
                if (folder / name).exists():
                    shutil.copy(folder / name, copy)
            with closing(sqlite3.connect(Path(copy) / "d2f.db")) as db:
                self._tally.hit["left: a capture not read"] += _number(db, "capture WHERE verdict IS NULL")
                self._tally.hit["left: a create without an outcome"] += bool(_number(db, "batch"))

    # --- the person

    def _act(self) -> None:
        """The person marks something, or changes a mark, and looks at a page that shows it."""
        chance, person = self._chance, self._person
        free = [subject for subject in self._strangers if not person.find(subject.key)]
        if free and chance.random() < 0.3:
            entry = person.add(chance.choice(free), rating=chance.randint(1, 5), comment=str(chance.random()))
        else:
            entry = chance.choice([entry for entry in person.marks if not entry.removed])
            moved = Status.DONE if chance.random() < 0.3 else None
            entry = person.edit(entry.key, status=moved, comment=f"改过 {chance.random()}")
        self._browser.open(self._page_of(entry))

    def _page_of(self, entry: Entry) -> str:
        """Its own page, unless that would move it to another table; else the page of the list that it is on."""
        moves = self._layout is not Layout.ONE and entry.key.medium is Medium.MOVIE
        if not moves and not entry.removed and self._chance.random() < 0.3:
            return SECTIONS[entry.key.medium].subject(entry.key.id)
        place = self._person.of(entry.key.medium, entry.mark.status).index(entry)
        return list(self._list(entry.key.medium, entry.mark.status))[place // GRID_SIZE]

    def _list(self, medium: Medium, status: Status) -> Iterator[str]:
        for start in range(0, len(self._person.of(medium, status)), GRID_SIZE):
            yield f"{SECTIONS[medium].list_of(self._person.address, status)}?start={start}"

    # --- the end

    def _bring_home(self) -> None:
        """Time goes by, the weather is good, and the last gateway brings everything to its place."""
        at = (now() - LONG_AGO).isoformat()
        with closing(sqlite3.connect(self._world.folder / "d2f.db", isolation_level=None)) as db:
            db.execute("UPDATE batch SET sent_at = min(sent_at, ?)", [at])
        process = Process(self._world)
        try:
            self._go_on(process)
            deadline = time.monotonic() + PATIENCE
            while not _is_home(push := process.push) and time.monotonic() < deadline:
                if push["state"] != "busy":
                    process.owner.call("POST", "/api/v1/push")
                time.sleep(0.1)
            if not _is_home(push):
                self._tally.wrong.append(f"the last gateway did not come to an end: {push}")
        finally:
            process.kill()

    def _hold_against_the_truth(self) -> None:
        tally, person = self._tally, self._person
        tally.marks += len(person.marks)
        rows = self._rows()
        for line in check(person, rows):
            tally.wrong.append(line)
            if line.endswith(" records"):
                tally.doubled += 1
            else:
                tally.lost += 1
        missing = check_covers(person, rows, self._world.feishu.bases[self._world.app_token].files)
        with Store(self._world.folder / "d2f.db") as store:
            missing += [f"{kept.url}: never read" for kept in store.unread()]
            for letter in self._browser.acknowledged:
                capture, kept = store.capture(str(letter.id)), store.kept(str(letter.id))
                if capture is None or capture.content != letter.page or kept is None or kept.result is None:
                    missing.append(f"{letter.url}: acknowledged, and not there as a whole")
        tally.wrong += missing
        tally.lost += len(missing)

    def _rows(self) -> dict[str, dict[str, Any]]:
        """The rows of all tables, with the names of columns that the one table has."""
        usual = {column.key: column.names.zh for column in columns_of("all")}
        rows: dict[str, dict[str, Any]] = {}
        for shelf in SHELVES[self._layout]:
            names = {each.names.zh: usual.get(each.key, each.names.zh) for each in columns_of(shelf.name)}
            for record_id, row in self._world.rows(shelf.titles.zh).items():
                cells = {names.get(name, name): cell for name, cell in row.items()}
                rows[f"{shelf.name} {record_id}"] = {"分类": _NAMES.get(shelf.name), **cells}
        return rows


def _is_home(push: dict[str, Any]) -> bool:
    return push["state"] == "idle" and not push["pending"] and not push["covers"]["waiting"]


def _number(db: sqlite3.Connection, what: str) -> int:
    """How many there are; none in a library that was killed before it had such a table."""
    try:
        return db.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def _content(folder: Path) -> list[tuple[Any, ...]]:
    """All that was ever captured, as the present version of D2F finds it."""
    with Store(folder / "d2f.db") as store:
        return [
            row
            for sql in (
                "SELECT account, medium, id, body, revision FROM mark",
                "SELECT medium, id, body, detailed FROM subject",
                "SELECT number, account, medium, id, what, fields FROM change",
                "SELECT id, url, content, verdict, result FROM capture",
                "SELECT account, medium, id FROM due",
            )
            for row in store.rows(sql)
        ]


def _older(folder: Path, older: Path) -> Path:
    """The same library as the first version of D2F kept it."""
    shutil.copytree(folder, older)
    (older / "d2f.db").unlink()
    with closing(sqlite3.connect(older / "d2f.db", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db, stop_before=migrations.pending(db)[1].name)
        connection.execute("ATTACH ? AS newer", [str(folder / "d2f.db")])
        for table in set(db.table_names()) - {"_sqlite_migrations"}:
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newer.{table}")
    return older


def _steps(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "d2f.db")) as db:
        return _number(db, "_sqlite_migrations")


def torture(kills: int, marks: int, seed: int, layouts: tuple[Layout, ...] = tuple(Layout)) -> Tally:
    """So many kills, spread over the layouts; each with a person of so many marks."""
    chance, tally = random.Random(seed), Tally()
    for at, layout in enumerate(layouts):
        with tempfile.TemporaryDirectory(prefix="d2f-torture-") as folder, background() as beside:
            world = World(beside, Path(folder) / "data", marks=marks, covers=True)
            share = (kills + at) // len(layouts)
            Round(world, layout, chance, tally).run(share)
    return tally


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--marks", type=int, default=150, help="of each layout's person, at the beginning")
    asked.add_argument("--seed", type=int, default=secrets.randbits(32))
    given = asked.parse_args()
    sys.stdout.write(f"seed={given.seed}\n")
    sys.stdout.flush()
    log.configure("error")
    with stamina.set_testing(True, attempts=8, cap=True):
        run_state_machine_as_test(seeded(given.seed)(FaultsMachine), settings=LONG)
    tally = torture(given.kills, given.marks, given.seed)
    for what, times in tally.hit.most_common():
        sys.stdout.write(f"{times:5} × {what}\n")
    for line in tally.wrong:
        sys.stdout.write(f"✗ {line}\n")
    sys.stdout.write(f"{tally}\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
