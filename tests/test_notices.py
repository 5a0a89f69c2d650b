"""Messages in Feishu: when a sync brought something, when it needs the person, and else none."""

import asyncio
import threading
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.demo import walk
from gateway.feishu.cards import card
from gateway.feishu.values import page_of
from gateway.journey import WalkKind, WalkShown
from gateway.library import MarkKey
from gateway.model import Medium, Status, now
from gateway.sandbox.feishu.feishu import Fault, FaultKind, Stage
from gateway.sandbox.feishu.notices import Notice
from tests.support import APP_ID, APP_SECRET, Started, World
from tests.test_accounts import ask, connect, keep, settled, visit
from tests.test_ways_in import log_in
from tests.walks import LOGIN, Gate, lend, rested


class Clock:
    """It stands still, before anything is captured, until it is moved."""

    def __init__(self) -> None:
        self.now = now()
        self.move(hours=-3)

    def move(self, hours: int) -> None:
        self.now = (now() + timedelta(hours=hours)).replace(minute=2, second=0, microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def started(world: World, clock: Clock) -> Started:
    started = world.start()
    started.gateway.notices.clock = clock
    return started


def fill(started: Started) -> None:
    started.world.background.run(walk(started.world.person, started.world.visitor, started.pair()))


def put(started: Started, **setting: Any) -> Any:
    return started.owner.call("PUT", "/api/v1/notices", setting)


def bot(started: Started, secret: str = "", **setting: Any) -> Any:
    """A custom bot, and notices by it."""
    path = started.world.background.call(lambda: started.world.feishu.add_bot(secret))
    return put(started, way="bot", webhook=f"https://open.feishu.cn{path}", sign=secret, **setting)


def consider(started: Started) -> float | None:
    return started.world.background.run(started.gateway.notices.consider())


def received(started: Started) -> list[Notice]:
    return started.world.feishu.mailbox.received


def edit(started: Started) -> None:
    """One mark changes, and is pushed."""
    entry = next(entry for entry in started.world.person.marks if not entry.removed)
    started.world.person.edit(entry.key, comment=f"改过了 {len(entry.mark.comment or '')}")
    fill(started)
    started.settled()


def test_one_summary_of_all_that_came(started: Started, clock: Clock) -> None:
    world = started.world
    assert bot(started, "s3cret").status == 200
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    (notice,) = received(started)
    assert (notice.by, notice.kind) == ("bot", "interactive")
    assert f"新增 {len(world.person.marks)} 个标记，更新 0 个" in notice.said
    assert notice.content["elements"][-1]["actions"][0]["url"] == world.table_url
    clock.now += timedelta(days=2)
    assert consider(started) is None
    assert len(received(started)) == 1, "quiet when nothing is new"


def test_news_once_an_hour_at_most(started: Started, clock: Clock) -> None:
    bot(started)
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    edit(started)
    clock.now += timedelta(minutes=20)
    assert consider(started) == 40 * 60
    assert len(received(started)) == 1
    clock.now += timedelta(minutes=40)
    consider(started)
    assert "新增 0 个标记，更新 1 个" in received(started)[1].said


def test_what_a_page_that_came_late_tells_of_long_ago_is_no_news(started: Started, clock: Clock) -> None:
    world = started.world
    bot(started)
    entry = next(entry for entry in world.person.of(Medium.MOVIE, Status.DONE) if not entry.removed)
    early = world.visitor.open(url := page_of(entry.key.medium, entry.key.id)).body
    world.person.edit(entry.key, comment="改过了")
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    key = MarkKey(world.person.id, entry.key)
    assert started.pair().capture(url, early, age=3600)[0] == 200
    assert len(world.background.call(lambda: started.gateway.library.history(key))) == 2
    clock.now += timedelta(hours=2)
    consider(started)
    assert len(received(started)) == 1


def test_it_waits_until_no_more_comes(started: Started, clock: Clock) -> None:
    bot(started)
    fill(started)
    started.connect()
    started.settled()
    begun = now()
    clock.now = begun
    pause = consider(started)
    assert pause is not None
    assert 60 < pause <= 120
    assert received(started) == []


@pytest.mark.parametrize("minute", [0, 30])
def test_never_at_the_full_or_the_half_hour(started: Started, clock: Clock, minute: int) -> None:
    bot(started)
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    clock.now = clock.now.replace(minute=minute, second=12)
    assert consider(started) == 48
    assert received(started) == []
    clock.now += timedelta(seconds=48)
    consider(started)
    assert len(received(started)) == 1


def test_what_needs_the_person_is_told_at_once_and_once_a_day(started: Started, clock: Clock) -> None:
    world = started.world
    bot(started)
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    world.share(None)
    edit(started)
    consider(started)
    assert [notice.content["header"]["template"] for notice in received(started)] == ["green", "red"]
    assert "添加文档应用" in received(started)[1].said
    clock.now += timedelta(hours=23)
    consider(started)
    assert len(received(started)) == 2
    clock.now += timedelta(hours=1)
    consider(started)
    assert len(received(started)) == 3


def test_a_restart_tells_nothing_twice(started: Started, clock: Clock) -> None:
    bot(started)
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    started.stop()
    again = started.world.start()
    again.gateway.notices.clock = clock
    again.settled()
    consider(again)
    assert len(received(started)) == 1


def test_what_was_before_is_no_news(started: Started, clock: Clock) -> None:
    fill(started)
    started.connect()
    started.settled()
    bot(started)
    clock.move(hours=3)
    assert consider(started) is None
    assert received(started) == []


def test_in_english(started: Started, clock: Clock) -> None:
    bot(started, language="en")
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    assert f"{len(started.world.person.marks)} new marks, 0 changed" in received(started)[0].said


def test_by_the_app_to_a_person(started: Started, clock: Clock) -> None:
    world = started.world
    scopes = ("bitable:app", "im:message")
    world.background.call(lambda: world.feishu.add_app(APP_ID, APP_SECRET, scopes=scopes))
    (email,) = world.feishu.mailbox.known["email"]
    assert put(started, way="app", receiver=email).status == 200
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    world.feishu.faults.append(Fault("message.create", "drop_after"))
    consider(started)
    (notice,) = received(started)
    assert (notice.by, notice.to) == ("app", email)
    assert "新增" in notice.said


# The answer to a message of the app is lost: it arrived, and nobody here knows.


def app(started: Started) -> None:
    """Notices by the app; when the clock moves, the first news of them are due.

    The running gateway considers them, too: a fault is set before the clock moves.
    """
    world = started.world
    scopes = ("bitable:app", "im:message")
    world.background.call(lambda: world.feishu.add_app(APP_ID, APP_SECRET, scopes=scopes))
    (email,) = world.feishu.mailbox.known["email"]
    assert put(started, way="app", receiver=email).status == 200
    fill(started)
    started.connect()
    started.settled()


def lose(started: Started, kind: FaultKind = "drop_after") -> None:
    """What is done to three calls: then the client gives up."""
    fault = Fault("message.create", kind, times=3)
    started.world.background.call(lambda: started.world.feishu.faults.append(fault))


def restart(started: Started, clock: Clock) -> Started:
    started.stop()
    again = started.world.start()
    again.gateway.notices.clock = clock
    again.settled()
    return again


def trouble(started: Started) -> str | None:
    problem = started.owner.call("GET", "/api/v1/notices").json()["problem"]
    return problem and problem["code"]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_message_whose_answer_was_lost_arrives_once(
    started: Started, clock: Clock, restarts: object
) -> None:
    app(started)
    lose(started)
    clock.move(hours=3)
    consider(started)
    assert len(received(started)) == 1
    assert trouble(started) == "feishu_unreachable"
    now_on = restart(started, clock) if restarts else started
    clock.now += timedelta(minutes=10)
    consider(now_on)
    assert trouble(now_on) is None
    clock.now += timedelta(days=1)
    assert consider(now_on) is None
    assert len(received(started)) == 1


def test_a_gateway_that_ends_while_it_sends(started: Started, clock: Clock) -> None:
    """It is cut off between the arrival and the answer."""
    app(started)
    arrived = threading.Event()

    async def hold(call: str, stage: Stage) -> None:
        if (call, stage) == ("message.create", "after"):
            arrived.set()
            await asyncio.Event().wait()

    started.world.feishu.on_call = hold
    clock.move(hours=3)
    (email,) = started.world.feishu.mailbox.known["email"]
    put(started, way="app", receiver=email)  # saved once more: the clock is looked at again
    assert arrived.wait(60)
    started.world.feishu.on_call = None
    again = restart(started, clock)
    consider(again)
    clock.now += timedelta(days=1)
    assert consider(again) is None, "it is known to have been told"
    assert len(received(started)) == 1


def test_what_came_in_between_is_told_after_it(started: Started, clock: Clock) -> None:
    app(started)
    lose(started)
    clock.move(hours=3)
    consider(started)
    edit(started)
    clock.now += timedelta(minutes=10)
    consider(started)
    assert len(received(started)) == 1
    clock.now += timedelta(hours=1)
    consider(started)
    first, second = received(started)
    assert f"新增 {len(started.world.person.marks)} 个标记，更新 0 个" in first.said
    assert "新增 0 个标记，更新 1 个" in second.said


def test_a_need_that_is_gone_is_not_told_again(started: Started, clock: Clock) -> None:
    world = started.world
    app(started)
    clock.move(hours=3)
    consider(started)
    world.share(None)
    lose(started)
    edit(started)
    consider(started)
    assert trouble(started) == "feishu_unreachable"
    world.share("edit")
    started.connect()
    started.settled()
    clock.move(hours=4)
    consider(started)
    assert [notice.content["header"]["template"] for notice in received(started)] == ["green", "red", "green"]


def test_after_an_hour_it_is_another_message(started: Started, clock: Clock) -> None:
    """Feishu would not know it again: what is told is what is so by then."""
    app(started)
    lose(started, "drop_before")
    clock.move(hours=3)
    consider(started)
    edit(started)
    clock.now += timedelta(hours=1)
    consider(started)
    (notice,) = received(started)
    assert f"新增 {len(started.world.person.marks)} 个标记" in notice.said
    clock.now += timedelta(days=1)
    assert consider(started) is None


@pytest.mark.parametrize("way", ["base", "user"])
def test_no_message_of_the_app_without_it(started: Started, clock: Clock, way: str) -> None:
    """The connection is another one by now: its token is not for messages."""
    world = started.world
    asked: list[tuple[str, Stage]] = []

    async def note(call: str, stage: Stage) -> None:
        asked.append((call, stage))

    app(started)
    if way == "user":
        log_in(started)
        scopes = ("bitable:app", "im:message")  # the log-in asked for others
        world.background.call(lambda: world.feishu.add_app(APP_ID, APP_SECRET, scopes=scopes))
    else:
        token = world.background.call(lambda: world.feishu.personal_token(world.app_token))
        assert started.connect(way=way, base_token=token).status == 200
    world.feishu.on_call = note
    clock.move(hours=3)
    consider(started)
    shown = started.owner.call("GET", "/api/v1/notices").json()
    assert (shown["by_app"], shown["problem"]["code"]) == (False, "needs_own_app")
    assert tried(started).json()["code"] == "needs_own_app"
    assert not [call for call, _ in asked if call == "message.create"]
    started.connect()
    started.settled()
    consider(started)
    assert len(received(started)) == 1
    assert trouble(started) is None


def test_it_goes_out_by_itself(started: Started, clock: Clock) -> None:
    """The running gateway considers it when something happened."""
    arrived = threading.Event()
    clock.move(hours=3)

    async def note(call: str, stage: Stage) -> None:
        if (call, stage) == ("bot.hook", "after"):
            arrived.set()

    started.world.feishu.on_call = note
    bot(started)
    fill(started)
    started.connect()
    assert arrived.wait(60)
    assert len(received(started)) == 1


def test_trouble_is_told_and_tried_again(started: Started, clock: Clock) -> None:
    world = started.world
    bot(started)
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    world.background.call(lambda: world.feishu.faults.append(Fault("bot.hook", "html_502")))
    assert consider(started) == 600
    assert started.owner.call("GET", "/api/v1/notices").json()["problem"]["code"] == "feishu_fault"
    assert consider(started) == 600, "not at once"
    clock.now += timedelta(minutes=10)
    consider(started)
    assert len(received(started)) == 1
    assert started.owner.call("GET", "/api/v1/notices").json()["problem"] is None


# A try, and what can be wrong with it.


def tried(started: Started) -> Any:
    return started.owner.call("POST", "/api/v1/notices/test")


def test_a_try(started: Started) -> None:
    assert bot(started, "s3cret").json()["has_webhook"]
    assert tried(started).status == 200
    assert received(started)[0].said == "D2F · 通知可以用了。"
    assert put(started, way="bot", language="en").status == 200, "the webhook that is stored stays"
    assert tried(started).status == 200
    assert "Notices work." in received(started)[1].said


@pytest.mark.parametrize(
    ("hook", "entered", "code"),
    [
        ({}, {"webhook": "https://open.feishu.cn/open-apis/bot/v2/hook/00000000-0000-0000"}, "bot_unknown"),
        ({"secret": "s3cret"}, {}, "bot_unsigned"),
        ({"secret": "s3cret"}, {"sign": "other"}, "bot_unsigned"),
        ({"keyword": "读书会"}, {}, "bot_keyword"),
    ],
)
def test_a_bot_that_refuses(
    started: Started, hook: dict[str, str], entered: dict[str, str], code: str
) -> None:
    world = started.world
    path = world.background.call(lambda: world.feishu.add_bot(**hook))
    put(started, **({"way": "bot", "webhook": f"https://open.feishu.cn{path}"} | entered))
    problem = tried(started).json()
    assert problem["code"] == code
    assert problem["hint"]["zh"] != problem["hint"]["en"]
    assert received(started) == []


@pytest.mark.parametrize(
    ("scopes", "is_bot", "receiver", "code"),
    [
        (("bitable:app",), True, None, "no_scope"),
        (("bitable:app", "im:message"), True, "nobody@example.com", "receiver_unknown"),
        (("bitable:app", "im:message"), False, None, "bot_off"),
    ],
)
def test_an_app_that_is_refused(
    started: Started, scopes: tuple[str, ...], is_bot: object, receiver: str | None, code: str
) -> None:
    world = started.world
    started.connect()

    def set_up() -> None:
        world.feishu.add_app(APP_ID, APP_SECRET, scopes=scopes)
        world.feishu.app(APP_ID).bot = is_bot is True

    world.background.call(set_up)
    (email,) = world.feishu.mailbox.known["email"]
    put(started, way="app", receiver=receiver or email)
    assert tried(started).json()["code"] == code


@pytest.mark.parametrize(
    "setting",
    [
        {"way": "bot"},
        {"way": "bot", "webhook": "https://example.org/open-apis/bot/v2/hook/aaaaaaaa-bbbb"},
        {"way": "bot", "webhook": "http://open.feishu.cn/open-apis/bot/v2/hook/aaaaaaaa-bbbb"},
        {"way": "bot", "webhook": "https://open.feishu.cn/open-apis/bot/v2/hook/../../auth/v3/token"},
        {"way": "app"},
        {"way": "app", "receiver": "a@b.c", "receiver_kind": "phone"},
        {"way": "pigeon"},
    ],
)
def test_what_cannot_be_a_setting(started: Started, setting: dict[str, str]) -> None:
    assert put(started, **setting).status == 400
    assert started.owner.call("GET", "/api/v1/notices").json()["setting"]["way"] == "off"
    assert tried(started).status == 400


def test_a_secret_that_came_later(started: Started) -> None:
    """The webhook stays; with a new one the secret of the old one goes."""
    world = started.world
    paths = [world.background.call(lambda: world.feishu.add_bot("s3cret")) for _ in range(2)]
    hooks = [f"https://open.feishu.cn{path}" for path in paths]
    assert not put(started, way="bot", webhook=hooks[0]).json()["has_sign"]
    assert tried(started).json()["code"] == "bot_unsigned"
    assert put(started, way="bot", sign="s3cret").json()["has_sign"]
    assert tried(started).status == 200
    assert put(started, way="bot").json()["has_sign"]
    assert not put(started, way="bot", webhook=hooks[1]).json()["has_sign"]
    assert tried(started).json()["code"] == "bot_unsigned"


def test_what_is_wrong_with_a_webhook_is_said(started: Started) -> None:
    problem = put(started, way="bot", webhook="https://open.feishu.cn/app/cli_1").json()
    assert problem["code"] == "bad_webhook"
    assert "Webhook 地址" in problem["hint"]["zh"]


def test_secrets_are_sealed_and_never_shown(started: Started) -> None:
    world = started.world
    path = world.background.call(lambda: world.feishu.add_bot("s3cret-of-the-bot"))
    reply = put(started, way="bot", webhook=f"https://open.feishu.cn{path}", sign="s3cret-of-the-bot")
    hook = path.rpartition("/")[2]
    overview = started.owner.call("GET", "/api/v1/overview")
    files = b"".join(file.read_bytes() for file in world.folder.iterdir())
    for body in (reply.body, overview.body, files):
        assert hook.encode() not in body
        assert b"s3cret-of-the-bot" not in body


def test_a_card_stays_below_what_a_bot_takes() -> None:
    shown = card("D2F", ["长" * 100_000] * 5, colour="red")
    assert len(str(shown).encode()) < 20 * 1024


# What walks over the lists need.


def reds(started: Started) -> list[str]:
    """What was said to need the person."""
    return [each.said for each in received(started) if each.content["header"]["template"] == "red"]


def quiet(world: World, clock: Clock, **setting: Any) -> Started:
    """All that there was has been told."""
    started = world.start()
    started.gateway.notices.clock = clock
    assert bot(started, **setting).status == 200
    fill(started)
    started.connect()
    started.settled()
    clock.move(hours=3)
    consider(started)
    assert len(received(started)) == 1
    return started


def by_schedule(started: Started, kind: WalkKind = "sync") -> WalkShown:
    walks = started.gateway.carriers.first.walks
    assert started.world.background.call(lambda: walks.begin_by_schedule(kind))
    return rested(started)


def test_a_walk_that_stopped_is_told_once_a_day_until_it_goes_on(world: World, clock: Clock) -> None:
    gate = Gate(world)
    started = quiet(world, clock)
    lend(started)
    gate.act = lambda _asked: LOGIN
    assert by_schedule(started).state == "stopped"
    for _ in range(3):
        consider(started)
    assert len(reds(started)) == 1
    assert "豆瓣说这个登录已经失效" in reds(started)[0]
    clock.now += timedelta(hours=24)
    consider(started)
    assert len(reds(started)) == 2
    gate.act = lambda _asked: None
    lend(started)
    assert rested(started).state == "ended"
    clock.now += timedelta(hours=24)
    consider(started)
    assert len(reds(started)) == 2


def test_it_goes_out_when_the_walk_stops(world: World, clock: Clock) -> None:
    """By itself."""
    gate = Gate(world)
    started = quiet(world, clock)
    lend(started)
    arrived = threading.Event()

    async def note(call: str, stage: Stage) -> None:
        if (call, stage) == ("bot.hook", "after"):
            arrived.set()

    world.feishu.on_call = note
    gate.act = lambda _asked: LOGIN
    assert by_schedule(started).state == "stopped"
    assert arrived.wait(60)


def test_a_schedule_without_a_log_in_is_told(world: World, clock: Clock) -> None:
    started = quiet(world, clock)
    scheduler = started.gateway.carriers.first.scheduler
    scheduler.clock = clock
    assert started.owner.call("PUT", "/api/v1/schedule", {"rhythm": "hourly"}).status == 200
    clock.now += timedelta(hours=2)
    world.background.call(scheduler.consider)
    consider(started)
    assert len(reds(started)) == 1
    assert "还没有可用的豆瓣登录" in reds(started)[0]


def test_marks_that_seem_to_be_gone_are_asked_about_in_feishu(world: World, clock: Clock) -> None:
    Gate(world)
    started = quiet(world, clock, language="en")
    lend(started)
    assert by_schedule(started, "full").state == "ended"
    films = [each for each in world.person.of(Medium.MOVIE, Status.DONE) if not each.mark.private]
    for entry in films[-6:]:
        world.person.remove(entry.key)
    assert by_schedule(started, "full").state == "ended"
    started.settled()
    consider(started)
    consider(started)
    assert len(reds(started)) == 1
    assert "6 of your marks are no longer on Douban" in reds(started)[0]
    assert started.owner.call("POST", "/api/v1/walks/removals/movie/decline").status == 200
    clock.now += timedelta(days=2)
    consider(started)
    assert len(reds(started)) == 1


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"state": "stopped", "reason": "captcha"}, "豆瓣要你停一停"),
        ({"state": "stopped", "reason": "by_person"}, None),
        ({"state": "stopped", "reason": "tab_closed"}, None),
        ({"state": "ended"}, None),
        ({"state": "reading"}, "还没有浏览器读完"),
        (None, "还没有浏览器读完"),
    ],
)
def test_a_browser_that_was_asked_in_vain(
    world: World, clock: Clock, report: dict[str, str] | None, said: str | None
) -> None:
    """One that stopped, fell silent, or never came; what the person did, or will come right, is not told."""
    started = quiet(world, clock)
    browser = lend(started)
    scheduler = started.gateway.carriers.first.scheduler
    scheduler.clock = clock
    schedule = {"rhythm": "hourly", "way": "browser"}
    assert started.owner.call("PUT", "/api/v1/schedule", schedule).status == 200
    clock.now += timedelta(hours=2)
    world.background.call(scheduler.consider)
    asked = browser.send("/api/v1/state", b"{}")[1]["walk"]
    consider(started)
    assert reds(started) == []
    if report is not None:
        browser.send("/api/v1/state", msgspec.json.encode({"walk": {"id": asked["id"]} | report}))
    if report is None or report["state"] == "reading":
        for _ in range(23):
            clock.now += timedelta(hours=1)
            world.background.call(scheduler.consider)
        consider(started)
        assert reds(started) == [], "a night is not long"
        clock.now += timedelta(hours=2)
    consider(started)
    problem = started.owner.call("GET", "/api/v1/schedule").json()["problem"]
    assert [said in each for each in reds(started) if said] == ([True] if said else [])
    assert len(reds(started)) == (said is not None)
    assert (problem is None) == (said is None)


def test_what_one_account_needs_does_not_keep_back_what_another_does(started: Started, clock: Clock) -> None:
    world = started.world
    del clock
    assert bot(started).status == 200
    fill(started)
    started.connect()
    started.settled()
    other = world.add_stranger()
    visit(started, other)
    carriers = [started.gateway.carriers.first, keep(started, other)]
    assert connect(started, other).status == 200
    world.share(None)
    for carrier in carriers:
        assert ask(started, "POST", "/api/v1/check", carrier.owner).status == 202
        assert settled(started, carrier).state == "error"
    for _ in carriers:
        consider(started)
    assert len(received(started)) == len(carriers)
