"""What a large library costs at Feishu's true rates: ``just bench``. 5,000 rows and 500 covers, about two minutes.

The floor of the rows is what the very same calls take when a bare client sends them one after the other, as
Feishu wants writes to a table; the floor of the covers is Feishu's five uploads a second.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import msgspec

from gateway import log
from gateway.app import Gateway
from gateway.connection import FeishuSetting
from gateway.events import Event, Pushed
from gateway.model import Account, Page, PageType, Reading, Verdict, now
from gateway.sandbox.douban import Douban
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.http import Drop, Request, Response, Server
from gateway.sandbox.person import Person, make_person
from gateway.server import running
from gateway.settings import Settings
from tests.support import APP_ID, APP_SECRET

ROWS, COVERS = 5000, 500
A_SECOND = 5
"""Uploads that Feishu takes."""


class Recorded:
    """A simulated Feishu that remembers what it was asked, for the same to be asked of another one."""

    def __init__(self) -> None:
        self.world = Feishu()
        self.world.add_app(APP_ID, APP_SECRET)
        self.app_token = self.world.add_base("我的书影音", collaborators={APP_ID: "edit"})
        self.asked: list[Request] = []

    async def handle(self, request: Request) -> Response | Drop:
        self.asked.append(request)
        return await self.world.handle(request)


async def main() -> None:
    log.configure("error")
    person = make_person(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        feishu = Recorded()
        async with Server(Douban(person=person).handle) as douban, Server(feishu.handle) as server:
            settings = Settings(port=0, data=Path(folder), feishu=server.url, pictures=douban.url)
            async with running(settings) as gateway:
                setting = FeishuSetting(
                    app_id=APP_ID, address=f"https://example.feishu.cn/base/{feishu.app_token}"
                )
                await gateway.sync.connect(setting, APP_SECRET)
                await gateway.sync.rest()
                before = len(feishu.asked)
                gateway.library.merge(reading(person), "bench", now())
                rows = await rows_pushed(gateway)
                asked = list(feishu.asked)
                covers = await covers_put(gateway)
        floor = await bare(asked, before)
    calls = Counter(feishu.world.calls)
    say(f"{ROWS:,} rows and {COVERS} covers at Feishu's rates: {calls.total()} calls")
    for name, number in calls.most_common():
        say(f"  {number:6} {name}")
    say(
        f"  rows    {rows:7.2f} s   {rows / floor:5.2f} × the same {len(asked) - before} calls, bare ({floor:.2f} s)"
    )
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
    gateway.sync.wake()
    while True:
        event = await following
        if isinstance(event, Pushed) and not event.pending:
            return time.perf_counter() - begun
        following = asyncio.ensure_future(anext(listening))


async def covers_put(gateway: Gateway) -> float:
    """Seconds until no cover waits."""
    begun = time.perf_counter()
    state = await gateway.sync.rest()
    assert state.covers.done == COVERS, state.covers
    return time.perf_counter() - begun


async def bare(asked: list[Request], before: int) -> float:
    """Seconds for the calls from ``before`` on, sent to a Feishu that is the same in all."""
    feishu = Recorded()
    begun = 0.0
    async with Server(feishu.handle) as server, httpx.AsyncClient(base_url=server.url) as client:
        for number, request in enumerate(asked):
            if number == before:
                begun = time.perf_counter()
            headers = {**request.headers, "host": request.host}
            reply = await client.request(
                request.method, request.target, headers=headers, content=request.body
            )
            assert reply.json()["code"] == 0, reply.text
    return time.perf_counter() - begun


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
