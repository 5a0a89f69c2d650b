"""Covers: each fetched once, uploaded once, after the rows, and only into cells that are free for it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.album import TRIES
from gateway.demo import walk
from gateway.feishu.fields import columns_of
from gateway.model import Medium, Status, now
from gateway.sandbox.douban.pictures import TEAPOT, cover
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.feishu.feishu import Fault, FaultKind, Stage
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.http import Drop, Response
from gateway.sandbox.person import Entry
from gateway.state import PushState
from tests.covers import COLUMN, TABLE, covered, expected, page, photo, row_of, shown
from tests.process import captured
from tests.support import APP_ID, APP_SECRET, Background, Started, World

OTHER = "https://img9.doubanio.com/view/photo/s_ratio_poster/public/p7700011.jpg"


MARKS = 24


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return captured(tmp_path_factory.mktemp("filled") / "data", MARKS, covers=True)


@pytest.fixture
def world(beside: Background, tmp_path: Path) -> World:
    return World(beside, tmp_path / "data", marks=MARKS, covers=True)


def fill(stocked: Started) -> None:
    stocked.world.background.run(walk(stocked.world.person, stocked.world.visitor, stocked.pair()))


def connected(stocked: Started, **changes: Any) -> PushState:
    assert stocked.connect(**changes).status == 200
    return stocked.settled()


def again(stocked: Started) -> PushState:
    """Wakes the push, and waits for its rest."""
    assert stocked.owner.call("POST", "/api/v1/push").status == 202
    return stocked.settled()


def change_cover(stocked: Started, entry: Entry, address: str = OTHER) -> None:
    entry.subject = msgspec.structs.replace(entry.subject, cover=address)
    fill(stocked)


def by_hand(stocked: Started, record: str, cells: dict[str, Any]) -> None:
    world = stocked.world
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, cells))


def own_picture(stocked: Started) -> list[str]:
    """What the person puts into a cell."""
    world = stocked.world
    base = world.feishu.bases[world.app_token]
    return [world.background.call(lambda: base.keep_file("我拍的.png", b"\x89PNG mine"))]


def cell(tokens: list[str]) -> dict[str, Any]:
    return {COLUMN: [{"file_token": token} for token in tokens]}


def allow(stocked: Started, covers: int, month: int = 10_000) -> None:
    """Sets how many calls covers may take."""
    assert stocked.owner.call("PUT", "/api/v1/limits", {"month": month, "covers": covers}).status == 200


def another_day(stocked: Started) -> None:
    """Sets back when pictures were tried last."""
    store, then = stocked.gateway.store, (now() - timedelta(hours=21)).isoformat()
    stocked.world.background.call(lambda: store.do("UPDATE picture SET tried_at = ?", [then]))


def test_every_row_has_the_cover_of_its_subject(stocked: Started) -> None:
    world = stocked.world
    state = connected(stocked)
    number = len(covered(world))
    assert number > 15
    assert shown(world) == expected(world)
    assert (state.state, state.covers.done, state.covers.waiting, state.covers.failed) == (
        "idle",
        number,
        0,
        0,
    )
    assert world.feishu.calls["media.upload_all"] == number, "uploaded once, never two at a time"
    assert set(world.douban.pictures.values()) == {1}, "fetched once"
    push = stocked.owner.call("GET", "/api/v1/overview").json()["push"]
    assert push["covers"] == {"done": number, "waiting": 0, "failed": 0}


def test_what_is_done_costs_no_call(stocked: Started) -> None:
    world = stocked.world
    connected(stocked)
    before = world.feishu.calls.copy()
    again(stocked)
    stocked.stop()
    restarted = world.start()
    restarted.settled()
    assert world.feishu.calls == before


def test_rows_first_and_the_newest_marks_first(beside: Background, tmp_path: Path) -> None:
    """More than are looked at in one go."""
    world = World(beside, tmp_path / "data", marks=130, covers=True)
    stocked = world.start()
    fill(stocked)
    order: list[str] = []

    async def note(call: str, stage: Stage) -> None:
        if stage == "after":
            order.append(call)

    world.feishu.on_call = note
    connected(stocked)
    assert order.index("media.upload_all") > order.index("record.batch_create")
    names = [file.name.partition(".")[0] for file in world.feishu.bases[world.app_token].files.values()]
    assert names == [photo(entry) for entry in covered(world)]
    assert order.count("record.batch_update") == 2, "many cells in one call"


def test_a_capture_in_between_is_pushed_before_the_next_cover(stocked: Started) -> None:
    world = stocked.world
    order: list[str] = []
    browser = stocked.pair()
    entry = next(e for e in world.person.marks if e.key.medium == "movie" and not e.removed)
    url = f"https://movie.douban.com/subject/{entry.key.id}/"

    async def interrupt(call: str, stage: Stage) -> None:
        if stage == "before":
            order.append(call)
        if stage == "after" and order.count("media.upload_all") == 3 and call == "media.upload_all":
            world.person.edit(entry.key, comment="刚刚改的")
            body = (await asyncio.to_thread(world.visitor.open, url)).body
            assert (await asyncio.to_thread(browser.capture, url, body))[1]["changed"] == 1

    world.feishu.on_call = interrupt
    connected(stocked)
    third = [place for place, call in enumerate(order) if call == "media.upload_all"][2]
    following = order[third + 1 :]
    assert following.index("record.batch_update") < following.index("media.upload_all")
    assert world.rows()[row_of(world, entry)]["我的备注"] == "刚刚改的"
    assert shown(world) == expected(world)
    assert order.count("media.upload_all") == len(covered(world))
    assert set(world.douban.pictures.values()) == {1}


def test_a_cover_that_hangs_holds_up_no_row(stocked: Started) -> None:
    world = stocked.world
    browser = stocked.pair()
    entry = next(e for e in world.person.marks if e.key.medium == "movie" and not e.removed)
    url = f"https://movie.douban.com/subject/{entry.key.id}/"
    pushed = asyncio.Event()
    order: list[str] = []

    async def hang(call: str, stage: Stage) -> None:
        order.append(f"{call} {stage}")
        if order[-1] == "media.upload_all before" and order.count(order[-1]) == 1:
            world.person.edit(entry.key, comment="刚刚改的")
            body = (await asyncio.to_thread(world.visitor.open, url)).body
            await asyncio.to_thread(browser.capture, url, body)
            await pushed.wait()
        if order[-1] == "record.batch_update after":
            pushed.set()

    world.feishu.on_call = hang
    connected(stocked)
    assert order.index("record.batch_update after") < order.index("media.upload_all after")
    assert shown(world) == expected(world)


# What the person does.


def test_a_picture_of_the_persons_own_stays(stocked: Started) -> None:
    """There before the first cover; put there while covers are on their way."""
    world = stocked.world
    allow(stocked, 0)
    connected(stocked)
    first, second, *_ = covered(world)
    mine = own_picture(stocked)
    by_hand(stocked, row_of(world, first), cell(mine))
    late = row_of(world, second)
    looks = 0

    async def meanwhile(call: str, stage: Stage) -> None:
        nonlocal looks
        looks += (call, stage) == ("record.batch_get", "after")
        if (call, stage, looks) == ("record.batch_get", "after", 1):
            world.feishu.edit_record(world.app_token, TABLE, late, cell(mine))

    world.feishu.on_call = meanwhile
    allow(stocked, 5_000)
    state = stocked.settled()
    rows = world.rows()
    assert rows[row_of(world, first)][COLUMN] == rows[late][COLUMN] == mine
    assert state.covers.done == len(covered(world))
    assert world.douban.pictures[photo(first)] == 0, "what is not needed is not fetched"
    assert len(shown(world)) == len(covered(world))
    change_cover(stocked, first)
    stocked.settled()
    assert world.rows()[row_of(world, first)][COLUMN] == mine


def test_a_picture_beside_ours_makes_the_cell_theirs(stocked: Started) -> None:
    world = stocked.world
    connected(stocked)
    entry = covered(world)[0]
    record = row_of(world, entry)
    both = world.rows()[record][COLUMN] + own_picture(stocked)
    by_hand(stocked, record, cell(both))
    change_cover(stocked, entry)
    stocked.settled()
    assert world.rows()[record][COLUMN] == both


def test_a_changed_cover_takes_the_place_of_ours(stocked: Started) -> None:
    world = stocked.world
    connected(stocked)
    entry = covered(world)[0]
    before = world.feishu.calls["media.upload_all"]
    change_cover(stocked, entry)
    assert stocked.settled().covers.waiting == 0
    assert shown(world) == expected(world)
    assert world.feishu.calls["media.upload_all"] == before + 1
    change_cover(stocked, entry, OTHER.replace("img9", "img1").replace("s_ratio", "l_ratio"))
    stocked.settled()
    assert world.feishu.calls["media.upload_all"] == before + 1, "the same photo from another host"


def test_a_cover_that_was_written_but_not_noted_is_ours(stocked: Started) -> None:
    """As after a crash between the two: it is not written again, and a later one takes its place."""
    world = stocked.world
    connected(stocked)
    store = stocked.gateway.store
    world.background.call(lambda: store.do("DELETE FROM cover"))
    writes = world.feishu.calls["record.batch_update"]
    again(stocked)
    assert world.feishu.calls["record.batch_update"] == writes
    change_cover(stocked, covered(world)[0])
    stocked.settled()
    assert shown(world) == expected(world)


def test_a_cover_that_the_person_took_out_stays_out(stocked: Started) -> None:
    world = stocked.world
    connected(stocked)
    entry = covered(world)[0]
    record = row_of(world, entry)
    by_hand(stocked, record, {COLUMN: None})
    again(stocked)
    fill(stocked)
    stocked.settled()
    assert not world.rows()[record].get(COLUMN)


def test_a_row_that_the_person_deleted_is_left(stocked: Started) -> None:
    world = stocked.world
    allow(stocked, 0)
    connected(stocked)
    entry = covered(world)[0]
    gone = row_of(world, entry)
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, gone))
    allow(stocked, 5_000)
    stocked.settled()
    assert gone not in world.rows()
    assert len(shown(world)) == len(covered(world)) - 1
    assert world.douban.pictures[photo(entry)] == 0


def test_a_renamed_column_goes_on_and_a_deleted_one_costs_nothing(stocked: Started) -> None:
    world = stocked.world
    connected(stocked)
    world.background.call(lambda: world.feishu.rename_field(world.app_token, TABLE, COLUMN, "海报"))
    first, second, *_ = covered(world)
    change_cover(stocked, first)
    stocked.settled()
    token = world.rows()[row_of(world, first)]["海报"][0]
    assert world.feishu.bases[world.app_token].files[token].content == cover("p7700011")
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "海报"))
    before = world.feishu.calls["media.upload_all"]
    change_cover(stocked, second, OTHER.replace("p77", "p78"))
    assert stocked.settled().state == "idle"
    assert world.feishu.calls["media.upload_all"] == before


def test_a_table_without_a_column_for_covers_gets_none(stocked: Started) -> None:
    world = stocked.world
    specs = (FieldSpec("标题", 1), FieldSpec("图", 17))
    table_id = world.background.call(lambda: world.feishu.add_table(world.app_token, "我的表", specs))
    chosen = dict.fromkeys((column.key for column in columns_of("all")), "new") | {"cover": None}
    state = connected(stocked, address=f"{world.address}?table={table_id}", columns=chosen)
    assert (state.covers.waiting, world.feishu.calls["media.upload_all"]) == (0, 0)
    assert not any(row.get("图") for row in world.rows("我的表").values())


def test_each_table_of_a_layout_has_its_covers(stocked: Started) -> None:
    world = stocked.world
    connected(stocked, layout="kinds")
    found: dict[str, list[bytes]] = {}
    for name in world.feishu.tables(world.app_token):
        found |= shown(world, name)
    assert found == expected(world)


def test_one_table_that_cannot_be_written_keeps_no_other_from_its_covers(stocked: Started) -> None:
    world = stocked.world
    assert stocked.owner.call("POST", "/api/v1/push/pause").status == 202
    connected(stocked, layout="kinds")
    world.background.call(lambda: world.feishu.retype_field(world.app_token, "豆瓣图书", "我的备注", 2))
    assert stocked.owner.call("POST", "/api/v1/push/resume").status == 202
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "wrong_column_type")
    found: dict[str, list[bytes]] = {}
    for name in world.feishu.tables(world.app_token):
        found |= shown(world, name)
    books = {page(entry) for entry in world.person.marks if entry.key.medium is Medium.BOOK}
    assert found == {url: covers for url, covers in expected(world).items() if url not in books}
    assert found


# What Douban and Feishu refuse.


@pytest.mark.parametrize(
    "answer",
    [
        Response(403),
        Response(404, b"<html>not here</html>"),
        TEAPOT,
        Response(200, b"\xff\xd8\xff" + bytes(20 * 1024 * 1024), content_type="image/jpeg"),
        Response(200, b"<html>please log in</html>", content_type="image/jpeg"),
        Response(302, headers=(("Location", "https://img1.doubanio.com/view/subject/s/public/s1.jpg"),)),
        Response(200, b"\x89PNG\r\n\x1a\n....", cut_at=5),
        Drop(),
    ],
    ids=["403", "404", "418", "too large", "no picture", "elsewhere", "cut", "drop"],
)
def test_a_picture_that_douban_refuses_is_tried_another_day(
    stocked: Started, answer: Response | Drop
) -> None:
    world = stocked.world
    entry = covered(world)[0]
    world.douban.odd_pictures[photo(entry)] = answer
    state = connected(stocked)
    others = len(covered(world)) - 1
    assert (state.state, state.covers.done, state.covers.failed) == ("idle", others, 1)
    again(stocked)
    assert world.douban.pictures[photo(entry)] == 1, "not on the same day"
    another_day(stocked)
    again(stocked)
    assert world.douban.pictures[photo(entry)] == 2
    del world.douban.odd_pictures[photo(entry)]
    another_day(stocked)
    assert again(stocked).covers.failed == 0
    assert shown(world) == expected(world)


def test_a_picture_is_given_up_until_there_is_another_one(stocked: Started) -> None:
    world = stocked.world
    entry = covered(world)[0]
    world.douban.odd_pictures[photo(entry)] = TEAPOT
    connected(stocked)
    for _ in range(TRIES + 2):
        another_day(stocked)
        again(stocked)
    assert world.douban.pictures[photo(entry)] == TRIES
    change_cover(stocked, entry)
    assert stocked.settled().covers.failed == 0
    assert shown(world) == expected(world)


def test_douban_that_refuses_everything_is_left_in_peace(stocked: Started) -> None:
    world = stocked.world
    world.douban.odd_pictures.update({photo(entry): TEAPOT for entry in covered(world)})
    state = connected(stocked)
    assert (state.state, state.covers.done) == ("idle", 0)
    stocked.world.background.call(stocked.gateway.carriers.first.sync.wake)
    stocked.settled()
    assert world.douban.pictures.total() <= 10, "those refused, and at most those on their way"


@pytest.mark.parametrize("code", [1061002, 1061043, 1061109, 1061113])
def test_a_picture_that_feishu_refuses_is_noted(stocked: Started, code: int) -> None:
    world = stocked.world
    first = covered(world)[0]
    world.feishu.faults.append(Fault("media.upload_all", "refused", code=code))
    state = connected(stocked)
    assert (state.state, state.covers.failed, state.covers.done) == ("idle", 1, len(covered(world)) - 1)
    assert not world.rows()[row_of(world, first)].get(COLUMN)
    another_day(stocked)
    assert again(stocked).covers.failed == 0
    assert shown(world) == expected(world)


@pytest.mark.parametrize("code", [1061061, 99991403])
def test_what_the_person_must_do_holds_up_no_row(stocked: Started, code: int) -> None:
    world = stocked.world
    world.feishu.faults.append(Fault("media.upload_all", "refused", code=code))
    state = connected(stocked)
    assert (state.state, state.covers.done) == ("idle", 0)
    assert state.pushed == len(world.person.marks)
    assert {note.code for note in state.notes} == {"storage_full" if code == 1061061 else "quota_used_up"}
    before = world.feishu.calls["media.upload_all"]
    world.background.call(stocked.gateway.carriers.first.sync.wake)
    stocked.settled()
    assert world.feishu.calls["media.upload_all"] == before, "not again and again"
    assert again(stocked).notes == ()
    assert shown(world) == expected(world)


def test_an_app_that_may_not_upload(stocked: Started) -> None:
    world = stocked.world
    scopes = ("base:app:read", "base:table:read", "base:table:create", "base:field:read", "base:field:create")
    rest = ("base:field:update", "base:record:retrieve", "base:record:read", "base:record:create")
    more = ("base:record:update", "base:view:read", "base:view:write_only")
    world.feishu.add_app(APP_ID, APP_SECRET, scopes=scopes + rest + more)
    state = connected(stocked)
    assert (state.state, state.pushed, state.covers.done) == ("idle", len(world.person.marks), 0)
    assert [note.code for note in state.notes] == ["no_scope"]


PASSING: list[FaultKind] = [
    "drop_before", "drop_after", "html_502", "html_502_after", "truncated", "rate_limited", "server_error",
    "conflict", "not_ready", "timed_out", "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("call", ["media.upload_all", "record.batch_get", "record.batch_update"])
def test_every_fault_alone(stocked: Started, call: str, kind: FaultKind) -> None:
    world = stocked.world
    world.feishu.faults.append(Fault(call, kind, seconds=0.01))
    assert connected(stocked).state == "idle"
    assert not world.feishu.faults
    assert shown(world) == expected(world)


def test_feishu_that_fails_for_long_gets_its_covers_later(stocked: Started) -> None:
    world = stocked.world
    world.feishu.faults.append(Fault("media.upload_all", "html_502", times=3))
    state = connected(stocked)
    assert (state.state, state.covers.done, [note.code for note in state.notes]) == (
        "idle",
        0,
        ["feishu_fault"],
    )
    assert again(stocked).notes == ()
    assert shown(world) == expected(world)


def test_a_row_at_fault_does_not_hold_up_the_others(stocked: Started) -> None:
    """A picture that Feishu threw away before it was shown is uploaded again another day."""
    world = stocked.world
    first = covered(world)[0]

    async def throw_away(call: str, stage: Stage) -> None:
        files = world.feishu.bases[world.app_token].files
        if (call, stage) == ("record.batch_get", "after") and len(files) > 1:
            world.feishu.on_call = None
            del files[next(iter(files))]

    world.feishu.on_call = throw_away
    state = connected(stocked)
    assert (state.covers.done, state.covers.failed) == (len(covered(world)) - 1, 1)
    assert not world.rows()[row_of(world, first)].get(COLUMN)
    another_day(stocked)
    again(stocked)
    assert shown(world) == expected(world)


@pytest.mark.parametrize("allowed", [0, 2, 5, 20])
def test_covers_keep_within_their_budget(stocked: Started, allowed: int) -> None:
    world = stocked.world
    allow(stocked, allowed)
    state = connected(stocked)
    used = world.background.call(lambda: stocked.gateway.budget.used)
    assert used.covers == (allowed if allowed > 3 else 0), "nothing is looked at in vain"
    assert len(shown(world)) == max(0, allowed - 3), "a look, an upload each, a look, a write"
    assert state.covers.waiting == len(covered(world)) - len(shown(world))
    assert [note.code for note in state.notes] == (["covers_rest"] if allowed else [])
    assert state.pushed == len(world.person.marks)
    calls = world.feishu.calls.total()
    world.background.call(stocked.gateway.carriers.first.sync.wake)
    stocked.settled()
    assert world.feishu.calls.total() == calls


def test_near_the_end_of_the_month_only_rows_go_out(stocked: Started) -> None:
    world = stocked.world
    allow(stocked, 90, month=100)

    def call_others() -> None:
        for _ in range(50):
            stocked.gateway.budget.count("other")

    world.background.call(call_others)
    state = connected(stocked)
    assert world.background.call(lambda: stocked.gateway.budget.used).total <= 90
    assert 0 < len(shown(world)) < len(covered(world))
    assert state.pushed == len(world.person.marks)


def test_a_new_row_that_is_not_seen_yet_keeps_its_place(stocked: Started) -> None:
    """A copy of the table lags behind; what is not there at a first look may be at the next."""
    world = stocked.world

    async def lag(call: str, stage: Stage) -> None:
        if (call, stage) == ("record.batch_create", "before"):
            world.feishu.lag = 1

    world.feishu.on_call = lag
    connected(stocked)
    world.feishu.on_call, world.feishu.lag = None, 0
    again(stocked)
    assert shown(world) == expected(world)


def test_a_page_without_news_in_between_is_a_run_that_ends(stocked: Started) -> None:
    """Covers take long; a run does not go on for as long as they do."""
    world = stocked.world
    url = SECTIONS[Medium.MOVIE].list_of(world.person.address, Status.DONE)
    browser = stocked.pair()
    told: list[Any] = []

    async def interrupt(call: str, stage: Stage) -> None:
        if (call, stage) == ("media.upload_all", "before") and not told:
            body = (await asyncio.to_thread(world.visitor.open, url)).body
            assert (await asyncio.to_thread(browser.capture, url, body))[1]["changed"] == 0
            told.append((await asyncio.to_thread(stocked.owner.call, "GET", "/api/v1/runs")).json()[0])

    world.feishu.on_call = interrupt
    connected(stocked)
    (run,) = told
    assert run["cause"] == "button"
    assert run["ended"] is not None
