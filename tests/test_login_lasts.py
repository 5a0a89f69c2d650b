"""The person's own log-in: what it gave is used for as long as it lives, and what replaces it is kept first."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest

from gateway.errors import FeishuFault, FeishuUnreachable, LoginEnded
from gateway.feishu.access import UserToken, UserTokens
from gateway.feishu.wire import Wire
from gateway.model import now
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.http import Drop, Request, Response, Server, json
from tests.support import Started, World
from tests.test_push import fill, right
from tests.test_ways_in import begin, edit_one, follow, say


class Renewals:
    """Answers calls for new tokens: with what was prepared, then with good ones."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: list[Response | Drop] = []
        self.life = 7200

    async def handle(self, request: Request) -> Response | Drop:
        self.asked.append(msgspec.json.decode(request.body)["refresh_token"])
        if self.answers:
            return self.answers.pop(0)
        number = len(self.asked)
        body = {"access_token": f"u-{number}", "expires_in": self.life, "refresh_token": f"r-{number}"}
        return json({"code": 0, **body})


def spent() -> Response:
    return json({"code": 20073, "error": "invalid_grant", "error_description": "used before"}, 400)


@pytest.fixture
def renewals() -> Renewals:
    return Renewals()


@pytest.fixture
async def wire(renewals: Renewals) -> AsyncIterator[Wire]:
    async with Server(renewals.handle) as server:
        wire = Wire(server.url)
        yield wire
        await wire.close()


def user(minutes: float, kept: list[UserTokens], refresh: str = "r-0") -> UserToken:
    tokens = UserTokens("u-0", now() + timedelta(minutes=minutes), refresh)
    return UserToken("cli", "secret", tokens, kept.append)


@pytest.mark.parametrize("answer", [Drop(), spent(), json({"code": 20050}, 500), Response(502, b"<html>")])
async def test_a_token_that_lives_is_used_though_it_cannot_be_renewed(
    wire: Wire, renewals: Renewals, answer: Response | Drop
) -> None:
    renewals.answers = [answer]
    login = user(5, [])
    assert [await login.token(wire) for _ in range(3)] == ["u-0"] * 3
    assert renewals.asked == ["r-0"]


async def test_without_a_refresh_token_it_lasts_to_its_end(wire: Wire, renewals: Renewals) -> None:
    assert await user(5, [], refresh="").token(wire) == "u-0"
    with pytest.raises(LoginEnded):
        await user(-1, [], refresh="").token(wire)
    assert renewals.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Drop(), FeishuUnreachable), (spent(), LoginEnded), (Response(502, b""), FeishuFault)],
)
async def test_a_token_that_is_over_must_be_renewed(
    wire: Wire, renewals: Renewals, answer: Response | Drop, error: type[Exception]
) -> None:
    renewals.answers = [answer]
    login = user(-1, [])
    with pytest.raises(error):
        await login.token(wire)


async def test_a_token_that_was_refused_is_not_used_again(wire: Wire, renewals: Renewals) -> None:
    renewals.answers = [spent()]
    login = user(60, [])
    assert await login.token(wire) == "u-0"
    login.forget()
    with pytest.raises(LoginEnded):
        await login.token(wire)


async def test_no_room_to_keep_the_new_tokens(wire: Wire, renewals: Renewals) -> None:
    """The old refresh token is good for nothing more: the new ones are not forgotten, and not used unkept."""
    kept: list[UserTokens] = []

    def keep(tokens: UserTokens) -> None:
        nonlocal room
        room, had = True, room
        if not had:
            raise OSError("no room")
        kept.append(tokens)

    room = False
    login = UserToken("cli", "secret", UserTokens("u-0", now(), "r-0"), keep)
    with pytest.raises(OSError, match="no room"):
        await login.token(wire)
    assert await login.token(wire) == "u-1"
    assert [(each.access, each.refresh) for each in kept] == [("u-1", "r-1")]
    assert renewals.asked == ["r-0"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("login.token", "drop_before", times=9),
        Fault("login.token", "drop_after", times=9),
        Fault("login.token", "html_502", times=9),
        Fault("login.token", "refused", times=9, code=20073),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_push_goes_on_while_the_log_in_lives(world: World, fault: Fault) -> None:
    """Feishu gives a token of five minutes, which is at once to be renewed, and cannot be."""
    world.feishu.logins.access_life = 300
    started = world.start()
    fill(started)
    address = say(begin(started), "approve")
    world.feishu.on_call = faulty_from_the_second(started, fault)
    assert follow(started, address).status == 200
    right(started)
    edit_one(started)
    right(started)
    assert world.feishu.calls["login.token"] == 3  # for the code, to try the connection, to use it


def faulty_from_the_second(started: Started, fault: Fault) -> Callable[[str, Stage], Awaitable[None]]:
    """The code is taken for tokens; the tokens cannot be renewed."""

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("login.token", "after") and fault not in started.world.feishu.faults:
            started.world.feishu.faults.append(fault)

    return note
