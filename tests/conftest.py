"""Fixtures that many tests share."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stamina

from gateway import log
from tests.process import Process, captured
from tests.support import Background, Started, World, background, two_of

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
"""No test touches the keyring of whoever runs it; those that need one bring it along."""
ATTACKS = "attacks"
"""What a test says how many attacks it tried by."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: much of a test is waiting for a browser or for a server to end."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright keeps an event loop running in the main thread, where no other can then run."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of tests are objects that stay: to look through them again and again is a tenth of all the time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many attacks were tried, and got through: what a test says of itself comes with the report of its end."""
    reports = [each for some in terminalreporter.stats.values() for each in some]
    told = [
        count
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, count in report.user_properties
        if name == ATTACKS
    ]
    if told:
        cases, through = (sum(each) for each in zip(*told, strict=True))
        terminalreporter.write_line(f"attacks: {cases} cases, {through} got through")


@pytest.fixture(scope="session", autouse=True)
def _no_waiting() -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    """Calls are repeated as often as ever, but at once."""
    log.configure("error")
    stamina.set_testing(True, attempts=8, cap=True)


@pytest.fixture
def beside() -> Iterator[Background]:
    """A thread with an event loop, for everything that runs beside a test."""
    with background() as one:
        yield one


@pytest.fixture
def world(beside: Background, tmp_path: Path) -> World:
    """A person with 60 marks, Douban, Feishu."""
    return World(beside, tmp_path / "data")


@pytest.fixture
def two(world: World) -> tuple[Started, Started]:
    """Two machines of the person, on one table."""
    return two_of(world)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with all marks of a world's person, to be copied."""
    return captured(tmp_path_factory.mktemp("filled") / "data", 60, covers=True)


@pytest.fixture
def started(world: World) -> Started:
    """A gateway that knows of nobody yet."""
    return world.start()


@pytest.fixture
def stocked(world: World, filled: Path) -> Started:
    """A gateway that holds all of the person's marks, as after a walk through every list, and no Feishu yet."""
    shutil.copytree(filled, world.folder)
    return world.start()


@pytest.fixture
def start(world: World) -> Iterator[Callable[[], Process]]:
    """Starts ``d2f`` as a process of its own; those that are left are killed in the end."""
    processes: list[Process] = []

    def begin() -> Process:
        processes.append(Process(world))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
