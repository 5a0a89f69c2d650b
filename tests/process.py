"""``d2f`` as a process of its own that can be killed, against the simulators of the test's process."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.demo import walk
from gateway.sandbox.feishu.feishu import Stage
from gateway.visitor import Extension, NoLogIn, OwnerVisitor
from tests.support import APP_ID, APP_SECRET, World, background

GONE = (OSError, HTTPException, ValueError, NoLogIn)
"""What a visitor meets whose gateway is killed meanwhile: no connection, none any more, half an answer."""
CONNECT = {"app_id": APP_ID, "app_secret": APP_SECRET}
_OPENS = "opens its library"
_SILENCE = 180.0
"""Seconds of it after which nothing more will be told: a cover whose row is not to be seen is looked for once more after
two minutes."""
_TELLING = f"""import runpy, sys
sys.addaudithook(lambda event, about: event == "sqlite3.connect" and str(about[0]).endswith("d2f.db")
    and print({_OPENS!r}, flush=True))
runpy.run_module("gateway", run_name="__main__")"""
"""The same program, which also says so when it is about to open its library."""


class Process:
    """It starts at once, and is up when its owner is asked for."""

    def __init__(self, world: World, folder: Path | None = None, *verb: str, **changes: str) -> None:
        """Without a ``verb`` it is the gateway."""
        environment = os.environ | {
            "D2F_DATA": str(folder or world.folder),
            "D2F_FEISHU": world.feishu_server.url,
            "D2F_DOUBAN": world.settings.douban or "",
            "D2F_PICTURES": world.douban_server.url,
            "D2F_UPLOADS": "0",
            "D2F_PORT": "0",
            "D2F_LOG": "error",
            **changes,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TELLING, *(verb or ["--no-browser"])],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    @cached_property
    def _link(self) -> str:
        """What it says when it is up. Raises ConnectionError if it ended before that."""
        return self._said("/login?key=").rpartition(" ")[2].strip()

    def opens(self) -> None:
        """Waits until it is about to open its library. Raises ConnectionError if it ended before that."""
        self._said(_OPENS)

    def _said(self, word: str) -> str:
        assert self._process.stdout
        line = next((line for line in self._process.stdout if word in line), None)
        if line is None:
            assert self._process.stderr
            raise ConnectionError(f"it ended before that: {self._process.stderr.read()}")
        return line

    @cached_property
    def owner(self) -> OwnerVisitor:
        """Logged in. Raises ConnectionError."""
        return OwnerVisitor(self._link)

    @property
    def port(self) -> int | None:
        return urlsplit(self._link).port

    def kill(self) -> None:
        """Ends it at once, with no chance to put anything in order."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> str:
        """Lets it end in good order. Returns what it said of that."""
        self._process.terminate()
        return self.ended()[1]

    def ended(self) -> tuple[int, str]:
        """Waits until it ends by itself. Returns its exit status and what it said of that."""
        _, said = self._process.communicate(timeout=60)
        return self._process.returncode, said

    @contextlib.contextmanager
    def no_room(self, folder: Path) -> Generator[None]:
        """No file of that folder can grow in its hands, as on a full disk; then they can again. Linux only."""
        import resource  # noqa: PLC0415  # not on Windows

        largest = max(file.stat().st_size for file in folder.iterdir())
        was = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, was)

    def connect(self, world: World, **changes: object) -> None:
        """Enters Feishu, as a person does once."""
        asked = {**CONNECT, "address": world.address, **changes}
        reply = self.owner.call("PUT", "/api/v1/feishu", asked)
        assert reply.status == 200, reply.body

    def pair(self) -> Extension:
        return Extension(self.owner.call("POST", "/api/v1/pairing").json()["code"])

    @cached_property
    def browser(self) -> Extension:
        """Paired once: a gateway lets nobody pair all the time."""
        return self.pair()

    @property
    def push(self) -> dict[str, Any]:
        """The state of the push."""
        return self.owner.call("GET", "/api/v1/overview").json()["push"]

    def moments(self) -> Iterator[None]:
        """Now, and whenever something has happened: at most so many that it would be for ever. Raises one of ``GONE``."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=_SILENCE)) as line:
            line.request("GET", "/api/v1/events", headers=self.owner.headers)
            told = line.getresponse()
            assert told.status == 200
            yield
            for _ in range(20_000):
                if not (said := told.readline()):
                    raise ConnectionError("it ended")
                if said.startswith(b"data:"):
                    yield

    def push_until(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until it is done; returns the last state."""
        for _ in self.moments():
            if done(push := self.push):
                return push
        raise AssertionError(f"still not done: {push}")  # pyright: ignore[reportPossiblyUnboundVariable]

    def push_until_done(self) -> dict[str, Any]:
        """Asks until nothing is pending; returns the last state."""
        return self.push_until(
            lambda push: push["state"] == "error" or (push["state"] == "idle" and not push["pending"])
        )


class Killer:
    """Kills a process when Feishu has reached a certain point of a certain call."""

    def __init__(self, world: World, call: str, stage: Stage, nth: int = 1) -> None:
        self.process: Process | None = None
        self.done = threading.Event()
        self._world, self._at, self._left = world, (call, stage), nth
        world.feishu.on_call = self

    async def __call__(self, call: str, stage: Stage) -> None:
        if self.process is not None and (call, stage) == self._at:
            self._left -= 1
            if self._left == 0:
                self._world.feishu.on_call = None
                self.process.kill()
                self.done.set()


def captured(folder: Path, marks: int, *, covers: bool = False) -> Path:
    """A data folder that holds so many captured marks and no Feishu yet."""
    with background() as beside:
        world = World(beside, folder, marks=marks, covers=covers)
        started = world.start()
        beside.run(walk(world.person, world.visitor, started.pair()))
        assert started.marks() == marks
    return folder


def try_to(work: Callable[[], object]) -> None:
    """The other end may be killed meanwhile."""
    try:
        work()
    except (*GONE, AssertionError):
        return
