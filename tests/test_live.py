"""Progress as it happens: the same by both ways, for the owner's dashboard alone, whatever a client does."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import stamina

from gateway.events import Pushed
from gateway.owner_sessions import new_login_link
from gateway.sandbox.feishu.faults import Fault
from gateway.visitor import OwnerVisitor
from tests.sockets import Socket
from tests.support import Started, World, background
from tests.test_cli import d2f


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        started = World(beside, tmp_path / "data").start()
        assert started.connect().status == 200
        started.settled()
        yield started


def tell(started: Started, number: int) -> None:
    events = started.gateway.events
    started.world.background.call(lambda: events.tell(Pushed("idle", number, 0, 0)))


def listeners(started: Started) -> int:
    """How many listen, but for the gateway's own part that does."""
    events = started.gateway.events
    return started.world.background.call(lambda: len(events._listeners)) - 1  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # what is left behind is what is tested


def until_left(started: Started) -> None:
    """Waits until nobody listens any more."""
    while listeners(started):
        started.world.background.run(_turn())


async def _turn() -> None:
    return None


class Stream:
    """Server-sent events."""

    def __init__(self, started: Started, cookie: str | None = None) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", started.port, timeout=60)
        headers = {"Host": started.gateway.settings.dashboard_host, "Cookie": cookie or started.owner.cookie}
        self._line.request("GET", "/api/v1/events", headers=headers)
        self._reply = self._line.getresponse()
        assert self._reply.status == 200

    def close(self) -> None:
        self._line.close()

    def event(self) -> Any:
        while line := self._reply.readline():
            if line.startswith(b"data: "):
                return msgspec.json.decode(line.removeprefix(b"data: "))
        return None


def test_the_present_comes_first_and_both_ways_say_the_same(started: Started) -> None:
    with Socket(started) as socket, closing(Stream(started)) as stream:
        assert socket.status == 101
        present = [socket.event(), socket.event()]
        assert [stream.event(), stream.event()] == present
        assert [event["type"] for event in present] == ["pushed", "covered"]
        assert present[0]["state"] == "idle"
        tell(started, 4321)
        assert socket.event() == stream.event() == {**present[0], "pushed": 4321}
    until_left(started)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Origin": "http://evil.test"}, 403, "wrong_origin"),
        ({"Origin": None}, 403, "wrong_origin"),
        ({"Origin": "null"}, 403, "wrong_origin"),
        ({"Origin": "http://127.0.0.1:{port}"}, 403, "wrong_origin"),
        ({"Origin": "http://d2f.localhost:{port}.evil.test"}, 403, "wrong_origin"),
        ({"Origin": "chrome-extension://abcdefghijklmnopabcdefghijklmnop"}, 403, "wrong_origin"),
        ({"Host": "evil.test"}, 421, "wrong_host"),
        ({"Host": "127.0.0.1:{port}"}, 421, "wrong_host"),
        ({"Host": "d2f.localhost"}, 421, "wrong_host"),
    ],
)
def test_other_pages_open_none(started: Started, changes: dict[str, Any], status: int, code: str) -> None:
    named: dict[str, Any] = {
        name: value and value.format(port=started.port) for name, value in changes.items()
    }
    with Socket(started, **named) as socket:
        assert (socket.status, socket.body()["code"]) == (status, code)
        assert socket.headers["content-type"] == "application/problem+json"
    assert listeners(started) == 0


def test_without_the_owners_session_there_is_none(started: Started) -> None:
    settings = started.gateway.settings
    left = OwnerVisitor(
        started.world.background.call(lambda: new_login_link(started.gateway.store, settings))
    )
    assert left.call("POST", "/logout").status == 200
    head, body, signature = started.owner.cookie.split(".")
    for cookie in (None, "", "d2f=", left.cookie, f"{head}.{body}.{signature[::-1]}", f"{head}.{body}."):
        with Socket(started, Cookie=cookie) as socket:
            assert socket.status == 403, cookie
    assert listeners(started) == 0


def test_logging_out_ends_what_that_session_hears_and_no_other(started: Started) -> None:
    settings = started.gateway.settings
    other = OwnerVisitor(
        started.world.background.call(lambda: new_login_link(started.gateway.store, settings))
    )
    with (
        Socket(started) as stays,
        Socket(started, Cookie=other.cookie) as socket,
        closing(Stream(started, other.cookie)) as stream,
    ):
        for heard in (stays, socket, stream):
            assert [heard.event()["type"] for _ in range(2)] == ["pushed", "covered"]
        assert other.call("POST", "/logout").status == 200
        assert socket.until_closed() == 4401
        assert stream.event() is None
        tell(started, 7)
        assert stays.event()["pushed"] == 7


def test_the_end_of_the_gateway_is_told(started: Started) -> None:
    with Socket(started) as socket, closing(Stream(started)) as stream:
        assert socket.event()["type"] == stream.event()["type"] == "pushed"
        started.stop()
        assert socket.until_closed() == 1001
        assert stream.event()["type"] == "covered"
        assert stream.event() is None


def test_there_is_nothing_to_say_to_it(started: Started) -> None:
    for opcode, payload, code in (
        (1, b"hello", 1003),
        (2, b"\0", 1003),
        (1, b"x" * 2_000, 1009),
        (2, bytes(50_000_000), 1009),
        (1, b"\xff", 1007),
        (3, b"", 1002),
    ):
        with Socket(started) as socket:
            socket.event()
            socket.say(opcode, payload)
            assert socket.until_closed() == code, (opcode, len(payload))
    until_left(started)
    with Socket(started) as socket:  # one that leaves without a word
        socket.event()
    until_left(started)


def test_who_never_reads_holds_nobody_up(started: Started) -> None:
    """What waits for them is bounded; the others hear everything; and the gateway ends all the same."""
    events = started.gateway.events
    with Socket(started, room=4096) as deaf, Socket(started) as socket:
        deaf.event()
        socket.event()
        socket.event()
        for number in range(20_000):
            tell(started, number)
            assert socket.event()["pushed"] == number
        waiting = started.world.background.call(lambda: [queue.qsize() for queue in events._listeners])  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # what it keeps is what is tested
        assert max(waiting) <= 1000
        assert started.owner.call("GET", "/api/v1/overview").status == 200
        started.stop()
        assert socket.until_closed() == 1001


def test_many_listeners(started: Started) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(Socket(started)) for _ in range(200)]
        for socket in sockets:
            assert [socket.event()["type"] for _ in range(2)] == ["pushed", "covered"]
        tell(started, 99)
        assert {socket.event()["pushed"] for socket in sockets} == {99}
        assert started.owner.call("GET", "/api/v1/overview").status == 200
    until_left(started)


def test_what_it_waits_for_is_told_and_a_pause_does_not_wait(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feishu asks for 50 s. Whoever comes meanwhile is told, too; the person pauses, and resumes later."""
    world, gateway = started.world, started.gateway
    stamina.set_testing(False)
    monkeypatch.setattr(world.feishu, "faults", [Fault("record.batch_create", "rate_limited", seconds=50)])
    try:
        with Socket(started) as socket:
            url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"
            started.pair().capture(url, world.visitor.open(url).body)
            while (event := socket.event())["type"] != "waiting":
                pass
            assert event == {"type": "waiting", "seconds": 50, "code": "feishu_busy", "owner": ""}
            with closing(Stream(started)) as late:
                told = [late.event() for _ in range(3)]
                assert told[0]["state"] == "busy"
                assert (told[2]["type"], told[2]["code"]) == ("waiting", "feishu_busy")
                assert 0 < told[2]["seconds"] <= 50
            push = started.owner.call("GET", "/api/v1/overview").json()["push"]
            assert push["wait"]["code"] == "feishu_busy"
            page = started.owner.call("GET", "/").body.decode()
            assert "飞书请我们等" in page
            before = world.feishu.calls["record.batch_create"]
            assert started.owner.call("POST", "/api/v1/push/pause").status == 202
            assert started.settled().state == "paused"
            tried = world.feishu.calls["record.batch_create"]
            assert tried == before, "a wait that came to its end would have tried again"
            assert gateway.carriers.first.sync.wait is None
            assert world.rows() == {}
            assert started.owner.call("POST", "/api/v1/push/resume").status == 202
            assert started.settled().state == "idle"
            assert len(world.rows()) == started.marks() > 0
    finally:
        stamina.set_testing(True, attempts=8, cap=True)


def test_pace_and_time_left_are_told(started: Started) -> None:
    world = started.world
    with Socket(started) as socket:
        url = f"https://book.douban.com/people/{world.person.address}/collect?mode=grid"
        started.pair().capture(url, world.visitor.open(url).body)
        told = [socket.event()]
        while told[-1]["type"] != "pushed" or told[-1]["state"] != "busy":
            told.append(socket.event())
        assert told[-1]["pace"] > 0
        assert told[-1]["left"] is None  # all are written


def test_who_was_logged_out_by_the_command_line_hears_nothing_more(started: Started) -> None:
    """``d2f passphrase set`` is another process, and no event of this one."""
    with Socket(started) as heard:
        assert heard.status == 101
        folder = started.gateway.settings.data
        run = d2f(folder, "passphrase", "set", D2F_NEW_PASSPHRASE="correct horse 电池")
        assert run.returncode == 0, run.stderr
        assert started.owner.call("GET", "/api/v1/overview").status == 401
        tell(started, 4711)
        said, code = heard.until_closed_with()
        assert code == 4401
        assert not [event for event in said if event.get("pushed") == 4711]
