"""When walks begin by themselves: each due time once, a missed one once, never two at a time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.http import Drop
from gateway.schedule import Schedule, Scheduler, next_due
from tests.support import Background, Started, World
from tests.walks import LOGIN, Asked, Gate, lend, rested, resume, shown, walk

ZONES = [
    ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAILY = Schedule(rhythm="daily", at="04:00")

times = st.times().map(lambda at: f"{at:%H:%M}")
moments = st.integers(0, 8 * 366 * 24 * 3600).map(
    lambda seconds: NOON - timedelta(days=1000, seconds=-seconds)
)
zones = st.sampled_from(ZONES)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any that has a next time."""
    rhythm = draw(st.sampled_from(("hourly", "daily", "weekly")))
    days = draw(st.sets(st.integers(0, 6), min_size=1)) if rhythm == "weekly" else ()
    return Schedule(rhythm=rhythm, at=draw(times), days=tuple(days))


def gap_after(local: datetime) -> timedelta:
    """How far the day's clock jumps: a time that it leaves out comes later by so much."""
    day = datetime.combine(local.date(), time(0), local.tzinfo)
    offsets = [(day + timedelta(hours=hour)).utcoffset() or timedelta() for hour in range(25)]
    return max(offsets) - min(offsets)


@given(schedules(), moments, zones)
def test_the_next_one_is_later_and_soon(schedule: Schedule, after: datetime, zone: ZoneInfo) -> None:
    due = next_due(schedule, after, zone)
    assert due is not None
    longest = {"hourly": timedelta(hours=1), "daily": timedelta(days=1, hours=2)}
    assert after < due <= after + longest.get(schedule.rhythm, timedelta(days=7, hours=2))


@given(schedules(), moments, zones)
def test_it_is_at_the_time_that_was_set(schedule: Schedule, after: datetime, zone: ZoneInfo) -> None:
    due = next_due(schedule, after, zone)
    assert due is not None
    local, clock = due.astimezone(zone), time.fromisoformat(schedule.at)
    assert (local.second, local.microsecond, local.minute) == (0, 0, clock.minute)
    if schedule.rhythm != "hourly":
        wanted = datetime.combine(local.date(), clock)
        assert local.replace(tzinfo=None) - wanted in {timedelta(0), gap_after(local)}
    if schedule.rhythm == "weekly":
        assert local.weekday() in schedule.days


@given(schedules(), moments, zones, st.integers(1, 10_000))
def test_none_lies_between(schedule: Schedule, after: datetime, zone: ZoneInfo, minutes: int) -> None:
    """Whoever asks at any later moment before it is told the same one."""
    due = next_due(schedule, after, zone)
    assert due is not None
    later = min(after + timedelta(minutes=minutes), due - timedelta(microseconds=1))
    assert next_due(schedule, later, zone) == due


@given(moments, zones, times)
def test_each_day_has_one(after: datetime, zone: ZoneInfo, at: str) -> None:
    days: set[date] = set()
    for _ in range(8):
        due = next_due(Schedule(rhythm="daily", at=at), after, zone)
        assert due is not None
        days.add(due.astimezone(zone).date())
        after = due
    assert len(days) == 8
    assert max(days) - min(days) == timedelta(days=7)


def test_the_machines_own_zone() -> None:
    due = next_due(DAILY, NOON)
    assert due is not None
    assert due.astimezone().time() == time(4)


@pytest.mark.parametrize("schedule", [Schedule(), Schedule(rhythm="weekly", at="10:00")])
def test_never(schedule: Schedule) -> None:
    assert next_due(schedule, NOON) is None


def test_summer_time() -> None:
    zone, at = ZoneInfo("Europe/Berlin"), Schedule(rhythm="daily", at="02:30")
    spring = next_due(at, datetime(2026, 3, 28, 12, tzinfo=UTC), zone)
    assert spring == datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "02:30 is not there: 03:30"
    autumn = next_due(at, datetime(2026, 10, 24, 12, tzinfo=UTC), zone)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert autumn == first, "the first of both"
    assert next_due(at, first, zone) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


@pytest.fixture
def started(world: World, gate: Gate, clock: Clock) -> Started:
    del gate
    return begin(world, clock)


def begin(world: World, clock: Clock) -> Started:
    started = world.start()
    scheduler = started.gateway.carriers.first.scheduler
    scheduler.clock, scheduler.zone = clock, ZoneInfo("UTC")
    lend(started)
    return started


def consider(started: Started) -> float | None:
    """As the schedule does by itself; what it begins, ends."""
    pause = started.world.background.call(started.gateway.carriers.first.scheduler.consider)
    if started.gateway.carriers.first.walks.shown is not None:
        rested(started)
    return pause


def put(started: Started, **schedule: object) -> None:
    reply = started.owner.call("PUT", "/api/v1/schedule", schedule)
    assert reply.status == 200, reply.body


def problem(started: Started) -> str | None:
    told = started.owner.call("GET", "/api/v1/schedule").json()["problem"]
    return told and told["code"]


def walks(started: Started) -> int:
    """How many walks there were."""
    sql = "SELECT count(*) FROM capture WHERE url LIKE '%type=book&status=mark&start=0&%'"
    row = started.world.background.call(lambda: started.gateway.store.one(sql))
    assert row
    return row[0]


def test_it_walks_when_it_is_due(started: Started, clock: Clock) -> None:
    put(started, rhythm="daily", at="13:00")
    told = started.owner.call("GET", "/api/v1/schedule").json()
    assert datetime.fromisoformat(told["next"]) == NOON + timedelta(hours=1)
    assert consider(started) == 60, "it looks up once a minute, should the machine sleep"
    clock.now += timedelta(minutes=59, seconds=30)
    assert consider(started) == 30
    assert walks(started) == 0
    clock.now += timedelta(seconds=30)
    consider(started)
    assert walks(started) == 1
    walk = shown(started)["walk"]
    assert (walk["by"], walk["kind"], walk["state"]) == ("schedule", "sync", "ended")
    assert consider(started) == 60
    assert walks(started) == 1


def test_missed_ones_are_caught_up_once(world: World, started: Started, clock: Clock) -> None:
    put(started, rhythm="hourly", at="00:15")
    started.stop()
    clock.now += timedelta(days=3)
    started = begin(world, clock)
    for _ in range(5):
        consider(started)
    assert walks(started) == 1
    clock.now += timedelta(minutes=16)
    consider(started)
    assert walks(started) == 2


def test_a_clock_that_was_ahead_does_not_hold_it_up(started: Started, clock: Clock) -> None:
    put(started, rhythm="hourly", at="00:15")
    clock.now += timedelta(days=400)
    consider(started)
    assert walks(started) == 1
    clock.now = NOON
    assert consider(started) == 60
    assert walks(started) == 1
    clock.now += timedelta(minutes=15)
    consider(started)
    assert walks(started) == 2


def test_a_new_schedule_catches_nothing_up(started: Started, clock: Clock) -> None:
    put(started, rhythm="off")
    clock.now += timedelta(days=30)
    assert consider(started) is None
    put(started, rhythm="daily", at="11:00")
    consider(started)
    assert walks(started) == 0


def test_never_two_at_a_time(started: Started, gate: Gate, clock: Clock) -> None:
    """It is due while the person's own walk is under way: that one will do."""
    put(started, rhythm="hourly", at="00:15")
    due: list[float | None] = []

    def act(asked: Asked) -> None:
        if asked == ("movie", "done", 0):
            clock.now += timedelta(hours=1)
            due.append(started.gateway.carriers.first.scheduler.consider())

    gate.act = act
    assert started.owner.call("POST", "/api/v1/walks", {"kind": "full"}).status == 202
    assert rested(started).kind == "full"
    assert due == [0.0, 0.0]
    assert walks(started) == 2, "its first page and its last look"
    assert gate.asked.count("/mine/") == 1
    assert shown(started)["walk"]["by"] == "person"


def test_a_full_check_waits_until_a_sync_is_over(started: Started, gate: Gate, clock: Clock) -> None:
    """A week is long: it is not given up because something else was under way."""
    put(started, rhythm="weekly", days=[0, 1, 2, 3, 4, 5, 6], at="00:15", kind="full")
    due: list[float | None] = []

    def act(asked: Asked) -> None:
        if asked == ("movie", "done", 0) and not due:
            clock.now += timedelta(days=1)
            due.append(started.gateway.carriers.first.scheduler.consider())

    gate.act = act
    assert started.owner.call("POST", "/api/v1/walks", {"kind": "sync"}).status == 202
    assert rested(started).kind == "sync"
    assert due == [60.0]
    assert consider(started) == 0
    walk = shown(started)["walk"]
    assert (walk["kind"], walk["by"], walk["state"]) == ("full", "schedule", "ended")


def test_a_stop_is_the_persons_to_clear(world: World, started: Started, gate: Gate, clock: Clock) -> None:
    put(started, rhythm="hourly", at="00:15")
    world.douban.blocked = "403"
    for _ in range(3):
        clock.now += timedelta(hours=1)
        consider(started)
    assert (len(gate.requests), shown(started)["walk"]["state"]) == (1, "stopped")


def test_a_walk_that_waits_for_the_network_will_do(started: Started, gate: Gate, clock: Clock) -> None:
    put(started, rhythm="hourly", at="00:15")
    gate.act = lambda _asked: Drop()
    clock.now += timedelta(hours=1)
    for _ in range(3):
        consider(started)
        clock.now += timedelta(hours=1)
    assert (len(gate.requests), shown(started)["walk"]["stop"]["code"]) == (1, "unreachable")
    gate.act = lambda _asked: None
    assert resume(started).state == "ended"
    assert walks(started) == 1


def test_a_walk_that_the_person_paused_is_why_it_does_not_work(
    started: Started, gate: Gate, clock: Clock
) -> None:
    put(started, rhythm="daily", at="04:00")
    pause = started.gateway.carriers.first.walks.pause
    gate.act = lambda asked: pause() if asked == ("movie", "done", 0) else None
    clock.now += timedelta(days=1)
    consider(started)
    needs = started.world.background.call(lambda: started.gateway.carriers.first.needs)
    assert (problem(started), needs) == ("paused", []), "it is no news to who paused it"
    assert resume(started).state == "ended"
    assert problem(started) is None


def test_without_a_log_in_it_says_so(world: World, clock: Clock) -> None:
    started = world.start()
    started.gateway.carriers.first.scheduler.clock = clock
    put(started, rhythm="hourly", at="00:15")
    clock.now += timedelta(hours=1)
    consider(started)
    assert problem(started) == "no_douban_login"


def test_one_that_was_missed_for_want_of_a_log_in_is_caught_up_once(
    world: World, gate: Gate, clock: Clock
) -> None:
    started = world.start()
    scheduler = started.gateway.carriers.first.scheduler
    scheduler.clock, scheduler.zone = clock, ZoneInfo("UTC")
    put(started, rhythm="daily", at="04:00")
    for _ in range(3):
        clock.now += timedelta(days=1)
        assert consider(started) == 60
    assert gate.requests == []
    lend(started)
    consider(started)
    assert (walks(started), problem(started)) == (1, None)
    clock.now += timedelta(hours=2)
    consider(started)
    assert walks(started) == 1
    clock.now += timedelta(days=1)
    consider(started)
    assert walks(started) == 2


def test_it_begins_as_soon_as_the_log_in_comes(world: World, gate: Gate, clock: Clock) -> None:
    """By itself: nobody has to look at a schedule that waits."""
    started = world.start()
    scheduler = started.gateway.carriers.first.scheduler
    scheduler.clock, scheduler.zone = clock, ZoneInfo("UTC")
    put(started, rhythm="daily", at="04:00")
    clock.now += timedelta(days=1)
    consider(started)
    lend(started)
    started.wait_for_marks(len(world.person.marks))
    assert rested(started).by == "schedule"
    assert gate.requests


def test_a_log_in_that_ended_is_not_the_end_of_the_schedule(
    started: Started, gate: Gate, clock: Clock
) -> None:
    put(started, rhythm="daily", at="04:00")
    gate.act = lambda _asked: LOGIN
    for _ in range(3):
        clock.now += timedelta(days=1)
        consider(started)
        assert problem(started) == "login_page"
    assert len(gate.requests) == 1, "a log-in that ended is not tried again"
    gate.act = lambda _asked: None
    lend(started)
    assert rested(started).state == "ended"
    consider(started)
    assert (walks(started), problem(started)) == (2, None), "it went on where it was, and that was all"
    clock.now += timedelta(days=1)
    consider(started)
    assert walks(started) == 3


def test_what_keeps_the_schedule_from_working_is_told(world: World, started: Started, clock: Clock) -> None:
    world.douban.blocked = "403"
    assert walk(started, "sync").state == "stopped"
    assert problem(started) is None, "there is no schedule"
    put(started, rhythm="daily", at="04:00")
    clock.now += timedelta(days=1)
    consider(started)
    assert problem(started) == "ip_refused"
    due = started.owner.call("GET", "/api/v1/schedule").json()["next"]
    assert datetime.fromisoformat(due) > clock.now
    put(started, rhythm="daily", at="04:00", way="browser")
    assert problem(started) is None, "a browser can be asked all the same"


def test_the_open_browser_is_asked(world: World, started: Started, gate: Gate, clock: Clock) -> None:
    browser = started.pair()
    assert browser.send("/api/v1/state", b"{}")[1]["walk"] is None
    put(started, rhythm="daily", at="13:00", way="browser", kind="full")
    clock.now += timedelta(hours=2)
    consider(started)
    asked = browser.send("/api/v1/state", b"{}")[1]["walk"]
    assert asked["kind"] == "full"
    assert browser.send("/api/v1/state", b"{}")[1]["walk"] == asked, "the same until another is due"
    clock.now += timedelta(days=1)
    consider(started)
    assert browser.send("/api/v1/state", b"{}")[1]["walk"]["id"] != asked["id"]
    put(started, rhythm="off")
    assert browser.send("/api/v1/state", b"{}")[1]["walk"] is None
    assert gate.requests == []
    del world


@pytest.mark.parametrize(
    "wrong",
    [
        {"rhythm": "yearly"},
        {"at": "24:00"},
        {"at": "4:00"},
        {"days": [7]},
        {"way": "?"},
        {"kind": "?"},
        {"x": 1},
    ],
)
def test_what_is_no_schedule(started: Started, wrong: dict[str, object]) -> None:
    reply = started.owner.call("PUT", "/api/v1/schedule", wrong)
    assert (reply.status, reply.json()["code"]) == (400, "bad_input")
    assert started.owner.call("GET", "/api/v1/schedule").json()["schedule"]["rhythm"] == "off"


def test_it_runs_by_itself(beside: Background, world: World, gate: Gate) -> None:
    """One that was missed while the gateway was not running is caught up when it starts."""
    started = world.start()
    lend(started)
    put(started, rhythm="daily", at="04:00")
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    beside.call(lambda: started.gateway.store.set("schedule last", long_ago))
    started.stop()
    started = world.start()
    scheduler: Scheduler = started.gateway.carriers.first.scheduler
    assert beside.call(lambda: scheduler.next) is not None
    started.wait_for_marks(60)
    assert rested(started).by == "schedule"
    assert gate.requests
    assert msgspec.json.decode(started.owner.call("GET", "/api/v1/schedule").body)["problem"] is None
