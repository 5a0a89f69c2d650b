"""What a large library costs at Feishu's true rates: ``just bench``. 10,000 rows and 200 covers, about two minutes.

The floor of the rows is what the very same calls take when a bare client sends them one after the other, as
Feishu wants writes to a table; the floor of the covers is Feishu's five uploads a second.
"""

import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from gateway import log
from gateway.app import Gateway
from gateway.connection import FeishuSetting
from gateway.events import Event, Pushed
from gateway.feishu.bitable import MOST_ROWS
from gateway.model import Account, Page, PageType, Reading, Verdict, now
from gateway.sandbox.douban import Douban
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.http import Drop, Request, Response, Server
from gateway.sandbox.person import Person, make_person
from gateway.server import running
from gateway.settings import Settings
from tests.support import APP_ID, APP_SECRET

ROWS, COVERS = 10_000, 200
WRITES = {"record.batch_create", "record.batch_update", "record.batch_delete", "media.upload_all"}
A_SECOND = 5
"""Uploads that Feishu takes."""


class Recorded(Struct, frozen=True):
    """What a simulated Feishu was asked, for the same to be asked of another one."""

    asked: list[tuple[str, str, dict[str, str], bytes]]
    calls: Counter[str]


class Elsewhere:
    """A simulated Feishu in a process of its own, as the real one is."""

    def __init__(self) -> None:
        here, there = multiprocessing.get_context("spawn").Pipe()
        self._pipe = here
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(there,), daemon=True
        )
        self._process.start()
        self.url, self.app_token = here.recv()

    def asked(self) -> Recorded:
        """So far."""
        self._pipe.send("asked")
        return Recorded(*self._pipe.recv())

    def close(self) -> None:
        self._pipe.send("end")
        self._process.join()


def _serve(pipe: Connection) -> None:
    asyncio.run(_feishu(pipe))


async def _feishu(pipe: Connection) -> None:
    world = Feishu()
    world.add_app(APP_ID, APP_SECRET)
    app_token = world.add_base("我的书影音", collaborators={APP_ID: "edit"})
    asked: list[tuple[str, str, dict[str, str], bytes]] = []

    async def handle(request: Request) -> Response | Drop:
        headers = {**request.headers, "host": request.host}
        asked.append((request.method, request.target, headers, request.body))
        return await world.handle(request)

    async with Server(handle) as server:
        pipe.send((server.url, app_token))
        while await asyncio.to_thread(pipe.recv) == "asked":
            pipe.send((asked, world.calls))


async def main() -> None:
    log.configure("error")
    person = make_person(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        feishu = Elsewhere()
        async with Server(Douban(person=person).handle) as douban:
            settings = Settings(port=0, data=Path(folder), feishu=feishu.url, pictures=douban.url)
            async with running(settings) as gateway:
                setting = FeishuSetting(
                    app_id=APP_ID, address=f"https://example.feishu.cn/base/{feishu.app_token}"
                )
                await gateway.carriers.first.sync.connect(setting, APP_SECRET)
                await gateway.carriers.first.sync.rest()
                before = len(feishu.asked().asked)
                gateway.library.merge(reading(person), "bench", now())
                rows = await rows_pushed(gateway)
                asked = feishu.asked().asked
                covers = await covers_put(gateway)
                written = feishu.asked().calls
                gateway.library.merge(reading(person), "again", now())
                await gateway.carriers.first.sync.connect(setting, None)
                await gateway.carriers.first.sync.rest()
                unchanged = feishu.asked().calls - written
        floor = await bare(asked, before)
    calls = feishu.asked().calls
    feishu.close()
    say(f"{ROWS:,} rows and {COVERS} covers at Feishu's rates: {calls.total()} calls")
    for name, number in calls.most_common():
        say(f"  {number:6} {name}")
    say(
        f"  rows    {rows:7.2f} s   {rows / floor:5.2f} × the same {len(asked) - before} calls, bare ({floor:.2f} s)"
    )
    creates = calls["record.batch_create"]
    say(f"  creates {creates:6}     {-(-ROWS // MOST_ROWS)} is the least")
    writes = sum(number for name, number in unchanged.items() if name in WRITES)
    say(f"  unchanged: {writes} writes and {unchanged.total() - writes} reads")
    pace = (COVERS - A_SECOND) / A_SECOND
    say(f"  covers  {covers:7.2f} s   {covers / pace:5.2f} × {A_SECOND} uploads a second ({pace:.2f} s)")


def reading(person: Person) -> Reading:
    """All marks at once; the first have a cover."""
    subjects = [entry.subject for entry in person.marks]
    with_cover = {subject.key for subject in subjects if subject.cover}
    with_cover = set(sorted(with_cover)[:COVERS])
    return Reading(
        page=Page(url="", type=PageType.LIST, verdict=Verdict.OK),
        account=Account(person.id),
        marks=tuple(entry.mark for entry in person.marks),
        subjects=tuple(
            subject if subject.key in with_cover else msgspec.structs.replace(subject, cover=None)
            for subject in subjects
        ),
    )


async def rows_pushed(gateway: Gateway) -> float:
    """Seconds until the last row is there."""
    begun = time.perf_counter()
    listening = gateway.events.listen()
    following: asyncio.Future[Event] = asyncio.ensure_future(anext(listening))
    await asyncio.sleep(0)  # so that it listens before anything happens
    gateway.carriers.first.sync.wake()
    while True:
        event = await following
        if isinstance(event, Pushed) and not event.pending:
            return time.perf_counter() - begun
        following = asyncio.ensure_future(anext(listening))


async def covers_put(gateway: Gateway) -> float:
    """Seconds until no cover waits."""
    begun = time.perf_counter()
    state = await gateway.carriers.first.sync.rest()
    assert state.covers.done == COVERS, state.covers
    return time.perf_counter() - begun


async def bare(asked: list[tuple[str, str, dict[str, str], bytes]], before: int) -> float:
    """Seconds for the calls from ``before`` on, sent to a Feishu that is the same in all."""
    feishu = Elsewhere()
    begun = 0.0
    async with httpx.AsyncClient(base_url=feishu.url) as client:
        for number, (method, target, headers, body) in enumerate(asked):
            if number == before:
                begun = time.perf_counter()
            reply = await client.request(method, target, headers=headers, content=body)
            assert reply.json()["code"] == 0, reply.text
    took = time.perf_counter() - begun
    feishu.close()
    return took


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
