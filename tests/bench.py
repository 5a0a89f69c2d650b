"""What the main path costs: ``just bench``. Numbers of one run on one machine; read the ratios."""

import re
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway import douban, log
from gateway.app import Gateway
from gateway.model import Trigger
from gateway.reception import CaptureHead
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.feishu.feishu import Stage
from gateway.visitor import Extension
from tests.process import Process
from tests.support import World, background
from tests.test_two_at_once import subject

ROUNDS, MARKS = 300, 60
BLOCK = 20
"""Rounds of one kind at a stretch: two processes in turn would find the processor's caches cold each time."""
PATH = "/api/v1/captures"


def main() -> None:
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder, background() as beside:
        page(World(beside, Path(folder) / "data", marks=200))
        record(World(beside, Path(folder) / "pushed", marks=200))


def page(world: World) -> None:
    """The gateway is a process of its own; without HTTP the same frames are opened, taken in and answered here."""
    url = f"https://movie.douban.com/people/{world.person.address}/collect?mode=list&sort=time"
    content = world.visitor.open(url).body
    process = Process(world)
    browser = process.pair()
    copy = shutil.copytree(world.folder, world.folder.with_name("alone"))
    alone = Gateway(msgspec.structs.replace(world.settings, port=1, data=copy))
    read: list[float] = []
    taken: list[float] = []
    posted: list[float] = []
    with socket.create_connection(("127.0.0.1", process.port)) as line:
        for _ in range(ROUNDS // BLOCK):  # by turns, so that the machine's bad moments are all three's
            frames = [sealed(browser, url, content) for _ in range(2 * BLOCK)]
            read += [timed(lambda: douban.read(url, content)) for _ in range(BLOCK)]
            taken += [timed(lambda each=each: take(alone, each, browser.origin)) for each in frames[:BLOCK]]
            posted += [timed(lambda each=each: post(line, each, browser.origin)) for each in frames[BLOCK:]]
    process.kill()
    alone.store.close()
    marks = len(douban.read(url, content).marks)
    middle = [statistics.median(each) for each in (read, taken, posted)]
    say(f"a list page of {marks} marks, {len(content) / 1024:.0f} KB; median of {ROUNDS} rounds")
    say(f"  read                               {middle[0]:7.2f} ms")
    say(f"  opened, kept, read, merged, sealed {middle[1]:7.2f} ms   {middle[1] / middle[0]:4.1f} × read")
    say(
        f"  post → answered, over HTTP         {middle[2]:7.2f} ms   {middle[1] / middle[2]:4.0%} of it without HTTP"
    )


def sealed(browser: Extension, url: str, content: bytes) -> bytes:
    head = CaptureHead(url=url, age=0, trigger=Trigger.BUTTON)
    return browser.frame(PATH, msgspec.json.encode(head) + b"\n" + content)


def take(gateway: Gateway, frame: bytes, origin: str) -> None:
    message = gateway.devices.open(gateway.devices.sender(frame, origin), frame, PATH)
    message.answer(200, gateway.reception.take_in(message))


def post(line: socket.socket, frame: bytes, origin: str) -> None:
    """By the socket itself: what a client of Python's takes to read headers is none of the gateway's time."""
    host, port = line.getpeername()
    head = f"POST {PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {origin}\r\nContent-Length: {len(frame)}\r\n\r\n"
    line.sendall(head.encode() + frame)
    reply = b""
    while not (told := re.search(rb"content-length: (\d+)\r\n.*?\r\n\r\n", reply, re.DOTALL)):
        reply += line.recv(65536)
    while len(reply) < told.end() + int(told[1]):
        reply += line.recv(65536)
    assert reply.startswith(b"HTTP/1.1 200 ")


def record(world: World) -> None:
    """From the post of a subject's page to the moment when the simulated Feishu has the row."""
    process = Process(world)
    process.connect(world)
    browser = process.pair()
    for medium, status in {(entry.key.medium, entry.mark.status) for entry in world.person.marks}:
        url = SECTIONS[medium].list_of(world.person.address, status)
        browser.capture(url, world.visitor.open(url).body)
    process.push_until_done()
    world.feishu.on_call = written = Written()
    strangers = [entry.subject for entry in world.add_stranger().marks if not entry.removed]
    new = [each for each in strangers if world.person.find(each.key) is None]
    whole = [entry for entry in world.person.marks if not entry.removed]
    times: list[float] = []
    for each in range(MARKS):
        entry = world.person.add(new.pop()) if new and each % 2 else whole[each]
        world.person.edit(entry.key, comment=f"第 {each} 次")
        content = world.visitor.open(subject(entry)).body
        written.once.clear()
        begun = time.perf_counter()
        browser.capture(subject(entry), content)
        assert written.once.wait(60)
        times.append(time.perf_counter() - begun)
        process.push_until_done()
    process.kill()
    p95 = statistics.quantiles(times, n=20)[-1]
    say(f"mark → record, {MARKS} marks one by one")
    say(f"  p50 {statistics.median(times) * 1000:.0f} ms   p95 {p95 * 1000:.0f} ms")


class Written:
    """Tells when a row was written."""

    def __init__(self) -> None:
        self.once = threading.Event()

    async def __call__(self, call: str, stage: Stage) -> None:
        if call in {"record.batch_create", "record.batch_update"} and stage == "after":
            self.once.set()


def timed(work: Callable[[], object]) -> float:
    """In milliseconds."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
