"""What the main path costs: ``just bench``. Numbers of one run on one machine; read the ratios."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

from gateway import douban, log
from gateway.app import Gateway
from gateway.model import Capture, Trigger, now
from gateway.settings import Settings
from tests.support import World, background

ROUNDS = 300


def main() -> None:
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder, background() as beside:
        world = World(beside, Path(folder) / "served", marks=200)
        started = world.start()
        browser = started.pair()
        url = f"https://movie.douban.com/people/{world.person.address}/collect?mode=list&sort=time"
        page = world.visitor.open(url).body
        marks = len(douban.read(url, page).marks)
        alone = Gateway(Settings(port=1, data=Path(folder) / "alone"))
        start, numbers = now(), count()

        def capture() -> Capture:
            at = start + timedelta(milliseconds=next(numbers))
            return Capture(id=str(uuid4()), url=url, captured_at=at, trigger=Trigger.BUTTON, content=page)

        say(f"a list page of {marks} marks, {len(page) / 1024:.0f} KB; median of {ROUNDS} rounds")
        read = measure(lambda: douban.read(url, page))
        taken = measure(lambda: alone.intake.take(capture(), "bench"))
        posted = measure(lambda: browser.capture(url, page))
        alone.store.close()
        say(f"  read                            {read:6.2f} ms")
        say(f"  keep, read, merge (no HTTP)     {taken:6.2f} ms   {taken / read:4.1f} × read")
        say(
            f"  the same, sealed, over HTTP     {posted:6.2f} ms   {posted / taken:4.1f} × without HTTP (client included)"
        )


def measure(work: Callable[[], object]) -> float:
    """The median, in milliseconds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
