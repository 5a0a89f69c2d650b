"""What a very large library costs in time and in memory: ``just bench``. 100,000 marks that no table shows yet."""

import http.client
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import msgspec

from gateway import log
from gateway.app import Gateway
from gateway.model import Account, Page, PageType, Reading, Verdict, now
from gateway.sandbox.person import Person, make_person
from tests.bench import say
from tests.process import Process
from tests.support import World, background

MARKS = 100_000
_STARTS, _PLANS = 5, 5


def main() -> None:
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder, background() as beside:
        world = World(beside, Path(folder) / "empty", marks=1)
        say("a gateway with an empty library")
        started(world)
        world.settings = msgspec.structs.replace(world.settings, data=Path(folder) / "large")
        world.folder = world.settings.data
        fill(world)
        say(f"a library of {MARKS:,} marks, {world.settings.library.stat().st_size / 2**20:.0f} MB")
        planned(world)
        started(world)


def fill(world: World) -> None:
    """The marks come in like pages of a walk."""
    gateway = Gateway(msgspec.structs.replace(world.settings, port=1))
    for at, reading in enumerate(readings(make_person(MARKS))):
        gateway.library.merge(reading, str(at), now())
    gateway.store.close()


def readings(person: Person) -> Iterator[Reading]:
    entries = iter(person.marks)
    while some := list(islice(entries, 1000)):
        yield Reading(
            page=Page(url="", type=PageType.LIST, verdict=Verdict.OK),
            account=Account(person.id),
            marks=tuple(entry.mark for entry in some),
            subjects=tuple(entry.subject for entry in some),
        )


def started(world: World) -> None:
    """From the start of the process to its first answer, after an end in good order and after a kill; then at rest."""
    for end in ("closed", "killed"):
        times: list[float] = []
        resident = 0.0
        for _ in range(_STARTS):
            begun = time.perf_counter()
            process = Process(world)
            answered(process)
            times.append(time.perf_counter() - begun)
            resident = memory(process, "VmRSS")
            if end == "closed":
                process.end()
            else:
                process.kill()
        say(
            f"  start → first answer, {end} before   {statistics.median(times):6.2f} s   then {resident:4.0f} MB resident"
        )


def answered(process: Process) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", process.port)) as line:
        line.request("GET", "/health")
        assert line.getresponse().status == 200


def planned(world: World) -> None:
    """All marks are to be created, and nothing is written."""
    process = Process(world)
    assert process.owner.call("POST", "/api/v1/push/pause").status == 202
    process.connect(world)
    times: list[float] = []
    for _ in range(_PLANS):
        begun = time.perf_counter()
        reply = process.owner.call("GET", "/api/v1/plan")
        times.append(time.perf_counter() - begun)
        creates = reply.json()["tables"][0]["creates"]
        assert creates > MARKS * 0.9, creates
    say(f"  plan                                 {statistics.median(times):6.2f} s")
    say(f"  resident at most                     {memory(process, 'VmHWM'):6.0f} MB")
    process.end()


def memory(process: Process, what: str) -> float:
    """In MB, as Linux tells it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
