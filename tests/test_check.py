"""What the person did to cells and rows of ours in Feishu is found by a look through the table."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.demo import walk as walk_lists
from gateway.model import Account, Capture, Medium, Page, PageType, Subject, Trigger, Verdict, now
from gateway.model import Reading as Told
from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.feishu import Stage
from tests.process import Killer, Process, captured, try_to
from tests.support import Background, Started, World
from tests.test_plan import plan, writes
from tests.test_push import TABLE, faulty, fill
from tests.test_removals import row_of
from tests.test_runs import runs
from tests.walks import lend, walk

OURS = {
    "标题": ["别的名字", None],
    "我的状态": ["想读", "弃了", None],
    "我的评分": [1, 5, None],
    "我的备注": ["我自己写的", "第一行\n第二行", None],
    "我的标签": [["我的"], ["我的", "别的"], None],
    "标记日期": [946656000000, 946656000000 + 3_600_000, None],
    "仅自己可见": [True],
    "分类": ["音乐", "别的", None],
    "豆瓣评分": [1.2, None],
    "创作者": ["佚名", None],
    "年份": [1900, 0, None],
    "类型": [["我的类型"], None],
    "原名": ["Another", None],
    "简介": ["我自己写的简介", None],
    "豆瓣页面": [{"link": "https://example.com/", "text": "别处"}, None],
    "Subject ID": ["000", None],
}
"""Each of our columns, and what a person may make of its cell. (The cover is never ours to take back.)"""


@pytest.fixture
def started(stocked: Started, world: World) -> Started:
    """All is known, also what lists do not tell."""
    lend(stocked)
    walk(stocked, "full")
    assert stocked.connect().status == 200
    assert stocked.settled().state == "idle"
    assert len(world.rows()) == len(world.person.marks)
    return stocked


def checked(started: Started) -> Any:
    """Looks through the tables; returns the run."""
    assert started.owner.call("POST", "/api/v1/check").status == 202
    assert started.settled().state == "idle"
    run = runs(started)[0]
    assert (run["cause"], run["problem"]) == ("check", None)
    return run


def policy(started: Started, word: str) -> None:
    assert started.owner.call("PUT", "/api/v1/edits", {"policy": word}).status == 200
    assert started.settled().state == "idle"


def edit(started: Started, record: str, **cells: Any) -> None:
    world = started.world
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, cells))


def without_time(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """All cells but that of when we wrote."""
    return {
        record: {name: cell for name, cell in row.items() if name != "D2F 写入时间"}
        for record, row in rows.items()
    }


def test_the_columns_are_all_of_ours(started: Started) -> None:
    columns = started.world.feishu.columns(started.world.app_token, TABLE)
    assert set(columns) == {*OURS, "封面图", "D2F 写入时间"}


EDITS = [(column, value) for column, values in OURS.items() for value in values]


def edit_each(started: Started) -> dict[str, tuple[str, Any]]:
    """Each edit in a row of its own: the record, its column, what it says from now on."""
    rows = started.world.rows()
    done: dict[str, tuple[str, Any]] = {}
    for column, value in EDITS:
        record = next(each for each, row in rows.items() if each not in done and row.get(column) != value)
        edit(started, record, **{column: value})
        done[record] = (column, value)
    return done


def test_every_edit_is_written_again(started: Started) -> None:
    """Each in a row of its own, and nothing but these cells."""
    world = started.world
    before = world.rows()
    done = edit_each(started)
    edited = world.rows()
    (table,) = plan(started)["tables"]
    assert table["edited"] == len(done)
    assert {tuple(write["cells"]) for write in table["writes"]} == {(column,) for column in OURS}
    run = checked(started)
    assert (run["edited"], run["updated"]) == (len(done), len(done))
    assert world.rows() == before, "not even the time of writing was written"
    assert edited != before
    again = writes(world)
    assert checked(started)["edited"] == 0
    assert writes(world) == again
    assert plan(started)["tables"][0]["updates"] == 0


def test_every_edit_stays(started: Started) -> None:
    """Through checks, and when its mark changes on Douban; switched back, all is ours again."""
    world = started.world
    policy(started, "theirs")
    before = world.rows()
    done = edit_each(started)
    edited = world.rows()
    run = checked(started)
    assert (run["edited"], run["updated"]) == (len(done), 0)
    assert world.rows() == edited
    assert checked(started)["edited"] == 0
    assert plan(started)["tables"][0]["updates"] == 0
    change_all(started)
    after = world.rows()
    assert {record: after[record].get(column) for record, (column, _) in done.items()} == {
        record: value for record, (_, value) in done.items()
    }
    changed = {record for record, row in after.items() if row.get("我的备注") == "在豆瓣改了"}
    assert changed == {
        record
        for record, row in before.items()
        if row["豆瓣页面"]["link"] in editable(started) and done.get(record, ("",))[0] != "我的备注"
    }
    policy(started, "ours")
    assert world.rows() == after, "the switch alone writes nothing"
    checked(started)
    expected = {
        record: row | ({"我的备注": "在豆瓣改了"} if row["豆瓣页面"]["link"] in editable(started) else {})
        for record, row in before.items()
    }
    assert without_time(world.rows()) == without_time(expected)


def editable(started: Started) -> set[str]:
    return {
        f"https://{entry.key.medium.value}.douban.com/subject/{entry.key.id}/"
        if entry.key.medium.value in {"book", "movie", "music"}
        else f"https://www.douban.com/{'game' if entry.key.medium.value == 'game' else 'location/drama'}/{entry.key.id}/"
        for entry in started.world.person.marks
        if not entry.removed
    }


def change_all(started: Started, comment: str = "在豆瓣改了") -> None:
    for entry in started.world.person.marks:
        if not entry.removed:
            started.world.person.edit(entry.key, comment=comment)
    fill(started)
    assert started.settled().state == "idle"


# An unchanged table.


def calls(started: Started) -> dict[str, int]:
    """What a check asks of Feishu."""
    feishu = started.world.feishu
    before = feishu.calls.copy()
    checked(started)
    return dict(feishu.calls - before)


def test_an_unchanged_table_costs_one_look(started: Started) -> None:
    assert calls(started) == {"field.list": 1, "record.search": 1}


def test_pages_of_five_hundred(beside: Background, tmp_path: Path) -> None:
    marks = 1100
    world = World(beside, captured(tmp_path / "data", marks), marks=marks)
    started = world.start()
    assert started.connect().status == 200
    started.settled()
    assert calls(started) == {"field.list": 1, "record.search": 3}


@pytest.fixture
def long(beside: Background, tmp_path: Path) -> Started:
    """A table of four pages."""
    world = World(beside, captured(tmp_path / "data", 1600), marks=1600)
    started = world.start()
    assert started.connect().status == 200
    started.settled()
    return started


def captured_at_the_second_page(long: Started) -> list[str]:
    """A mark changes, and is captured, when the second page of the table is read. Returns the calls since, as they come."""
    world, calls, browser = long.world, list[str](), long.pair()
    entry = next(each for each in world.person.marks if not each.removed and not each.mark.private)
    path = {Medium.MOVIE: "movie", Medium.BOOK: "book", Medium.MUSIC: "music"}[entry.key.medium]
    url = f"https://{path}.douban.com/subject/{entry.key.id}/"
    world.person.edit(entry.key, comment="刚刚改的")
    page = world.visitor.open(url).body

    async def note(name: str, stage: Stage) -> None:
        if stage != "before":
            return
        calls.append(name)
        if calls.count("record.search") == 2 and name == "record.search":
            capture = Capture(
                id="00000000-0000-4000-8000-000000000001",
                url=url,
                captured_at=now(),
                trigger=Trigger.AUTO,
                content=page,
            )
            long.gateway.intake.take(capture, browser.device)

    world.feishu.on_call = note
    return calls


def went_first(long: Started, calls: list[str]) -> None:
    """After one page of the table, not after all; and no page was read twice."""
    long.world.feishu.on_call = None
    pages = [at for at, name in enumerate(calls) if name == "record.search"]
    assert len(pages) == 4
    assert pages[1] < calls.index("record.batch_update") < pages[2]
    assert "刚刚改的" in {row.get("我的备注") for row in long.world.rows().values()}


def test_what_is_captured_meanwhile_goes_first(long: Started) -> None:
    calls = captured_at_the_second_page(long)
    assert checked(long)["edited"] == 0
    went_first(long, calls)


def test_what_is_captured_while_the_plan_is_read_goes_first(long: Started) -> None:
    calls = captured_at_the_second_page(long)
    (table,) = plan(long)["tables"]
    assert long.settled().state == "idle"
    went_first(long, calls)
    assert (table["edited"], table["theirs"], table["writes"]) == (0, 0, [])


def test_it_ends_though_the_plan_is_asked_for_all_the_time(long: Started) -> None:
    assert long.owner.call("POST", "/api/v1/push/pause").status == 202
    assert long.owner.call("POST", "/api/v1/check").status == 202
    assert long.owner.call("POST", "/api/v1/push/resume").status == 202
    for _ in range(12):
        plan(long)
        if not long.owner.call("GET", "/api/v1/overview").json()["push"]["checking"]:
            break
    else:
        raise AssertionError("it begins anew each time")
    assert runs(long)[0]["problem"] is None


def test_how_far_it_is_is_told(long: Started) -> None:
    sync, told = long.gateway.carriers.first.sync, list[int | None]()

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("record.search", "before"):
            told.append(sync.progress.looked)

    long.world.feishu.on_call = note
    checked(long)
    assert told == [0, 500, 1000, 1500]
    assert long.world.background.call(lambda: sync.progress).looked is None


def test_it_begins_anew_where_feishu_knows_its_place_no_more(long: Started) -> None:
    """After a pause of hours, say."""
    world, sync = long.world, long.gateway.carriers.first.sync
    pages = 0

    async def note(name: str, stage: Stage) -> None:
        nonlocal pages
        pages += (name, stage) == ("record.search", "after")
        if pages == 2:
            world.feishu.on_call = None
            sync.pause(on=True)

    world.feishu.on_call = note
    assert long.owner.call("POST", "/api/v1/check").status == 202
    assert long.settled().state == "paused"
    faulty(long, Fault("record.search", "refused", code=1254030))
    assert long.owner.call("POST", "/api/v1/push/resume").status == 202
    state = long.settled()
    assert (state.state, state.checking, state.looked) == ("idle", False, None)


def test_a_row_that_goes_while_its_cells_are_mended_is_deleted(started: Started) -> None:
    world = started.world
    record = next(iter(world.rows()))
    edit(started, record, 标题="别的")

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("record.search", "after"):
            world.feishu.on_call = None
            world.feishu.delete_record(world.app_token, TABLE, record)

    world.feishu.on_call = note
    assert started.owner.call("POST", "/api/v1/check").status == 202
    state = started.settled()
    assert (state.state, state.deleted, record in world.rows()) == ("idle", 1, False)


def test_an_edit_of_a_mark_that_changes_meanwhile(long: Started) -> None:
    """What a check found on a page is settled before the mark is written: neither is taken for the other."""
    world = long.world
    long.owner.call("PUT", "/api/v1/edits", {"policy": "theirs"})
    long.settled()
    entry = next(each for each in world.person.marks if each.mark.comment and not each.mark.private)
    ((record, _),) = row_of(long, entry)
    edit(long, record, 我的备注="我自己写的", 标题="我起的名字")
    checked(long)
    world.person.edit(entry.key, comment="豆瓣上又改了", rating=1)

    async def note(name: str, stage: Stage) -> None:
        if (name, stage) == ("record.search", "after"):
            world.feishu.on_call = None
            long.gateway.carriers.first.sync.wake()

    world.feishu.on_call = note
    checked(long)
    fill(long)
    assert long.settled().state == "idle"
    row = world.rows()[record]
    assert (row["我的备注"], row["标题"], row["我的评分"]) == ("我自己写的", "我起的名字", 1)


def test_names_that_they_changed_are_no_edits(started: Started) -> None:
    """Columns, and options, those too that Feishu made of what we wrote."""
    world, base = started.world, started.world.app_token

    def rename() -> None:
        feishu, there = world.feishu, world.feishu.table(base, TABLE)
        for name, new in (("简介", "x"), ("我的备注", "简介"), ("x", "我的备注")):
            feishu.rename_field(base, TABLE, name, new)
        for column in ("我的标签", "类型", "分类", "我的状态"):
            for option in list(there.named(column).options):
                feishu.rename_option(base, TABLE, column, option, f"{option}!")

    world.background.call(rename)
    before = world.rows()
    assert calls(started) == {"field.list": 1, "record.search": 1}
    assert plan(started)["tables"][0]["writes"] == []
    change_all(started)
    changed = world.rows()
    names = ("我的标签", "类型", "分类", "我的状态")
    assert {record: [row.get(name) for name in names] for record, row in changed.items()} == {
        record: [row.get(name) for name in names] for record, row in before.items()
    }


def test_a_score_that_went_on_is_no_edit(started: Started) -> None:
    """The library follows it, rows do not; what the person makes of it is seen all the same."""
    library, person = started.gateway.library, started.world.person
    entry = next(entry for entry in person.marks if entry.subject.score and not entry.removed)
    other = msgspec.structs.replace(Subject(key=entry.key), score=1.1)
    page = Page(url="", type=PageType.LIST, verdict=Verdict.OK)
    told = Told(page=page, account=Account(person.id), subjects=(other,))
    started.world.background.call(lambda: library.merge(told, "", now()))
    assert checked(started)["edited"] == 0
    ((record, _),) = row_of(started, entry)
    edit(started, record, 豆瓣评分=9.9)
    assert checked(started)["edited"] == 1
    assert row_of(started, entry)[0][1]["豆瓣评分"] == 1.1
    assert checked(started)["edited"] == 0


# Never a ping-pong.


def automate(started: Started, change: Callable[[Any], Any]) -> None:
    """An automation of the person's changes each comment as soon as it is written."""
    world = started.world

    async def act(call: str, stage: str) -> None:
        if (call, stage) == ("record.batch_update", "after"):
            for record, row in world.feishu.rows(world.app_token, TABLE).items():
                world.feishu.edit_record(
                    world.app_token, TABLE, record, {"我的备注": change(row.get("我的备注"))}
                )

    world.feishu.on_call = act


def test_an_automation_has_the_last_word(started: Started) -> None:
    world = started.world
    automate(started, lambda _: "自动化写的")
    record = next(iter(world.rows()))
    edit(started, record, 我的备注="自动化写的")
    assert checked(started)["updated"] == 1  # now all of them are changed
    rows = len(world.rows())
    assert checked(started)["updated"] == rows - 1, "the first one was written again in vain"
    last = checked(started)
    assert (last["updated"], last["edited"]) == (0, rows - 1)
    assert all("我的备注" in note["zh"] for note in last["notes"])
    before = writes(world)
    assert checked(started)["edited"] == 0
    (table,) = plan(started)["tables"]
    assert (table["updates"], table["edited"], table["theirs"]) == (0, 0, rows)
    assert all("写回去又变了" in skip["why"]["zh"] for skip in table["skips"])
    assert writes(world) == before
    change_all(started)
    assert checked(started)["updated"] > 0, "the mark changed: it is tried again"


def test_an_automation_that_says_something_else_each_time(started: Started) -> None:
    world = started.world
    count = itertools.count()
    automate(started, lambda _: f"第 {next(count)} 次")
    edit(started, next(iter(world.rows())), 我的备注="开始")
    for _ in range(6):
        checked(started)
    before = writes(world)
    assert checked(started)["updated"] == 0
    assert writes(world) == before


def test_an_edit_that_was_mended_may_come_again(started: Started) -> None:
    """Between two edits the cell was right: that is no ping-pong."""
    record = next(record for record, row in started.world.rows().items() if row.get("我的备注"))
    for _ in range(3):
        edit(started, record, 我的备注="我自己写的")
        assert checked(started)["updated"] == 1
        assert checked(started)["updated"] == 0


# Theirs.


def test_an_edit_right_before_the_mark_changes(started: Started) -> None:
    """No check came in between: the row is looked at before it is written."""
    world = started.world
    policy(started, "theirs")
    entry = next(entry for entry in world.person.marks if not entry.removed)
    ((record, before),) = row_of(started, entry)
    edit(started, record, 我的评分=None, 我的标签=["我的"])
    world.person.edit(entry.key, comment="在豆瓣改了", rating=3 if entry.mark.rating != 3 else 4)
    fill(started)
    assert started.settled().state == "idle"
    ((_, after),) = row_of(started, entry)
    expected = before | {"我的备注": "在豆瓣改了", "我的标签": ["我的"]}
    expected.pop("我的评分", None)
    assert without_time({record: after}) == without_time({record: expected})
    edit(started, record, 我的标签=before.get("我的标签"))
    checked(started)
    world.person.edit(entry.key, tags=("新的",))
    fill(started)
    assert started.settled().state == "idle"
    assert row_of(started, entry)[0][1]["我的标签"] == ["新的"], "given back, it is ours again"


def test_a_write_of_unknown_outcome_is_not_taken_for_an_edit(started: Started) -> None:
    world = started.world
    policy(started, "theirs")
    faulty(started, Fault("record.batch_update", "drop_after", times=1000))
    change_all_in_vain(started)
    world.background.call(world.feishu.faults.clear)
    change_all(started, "又改了")
    assert checked(started)["edited"] == 0
    comments = [row.get("我的备注") for row in world.rows().values()]
    assert comments.count("又改了") == sum(not entry.removed for entry in world.person.marks)


def change_all_in_vain(started: Started) -> None:
    for entry in started.world.person.marks:
        if not entry.removed:
            started.world.person.edit(entry.key, comment="没有回音")
    fill(started)
    assert started.settled().state == "waiting"


# Rows.


def delete(started: Started, *records: str) -> None:
    world = started.world

    def act() -> None:
        for record in records:
            world.feishu.delete_record(world.app_token, TABLE, record)

    world.background.call(act)


def restore(started: Started) -> int:
    reply = started.owner.call("POST", "/api/v1/deleted/restore")
    assert reply.status == 202
    assert started.settled().state == "idle"
    return reply.json()["rows"]


def test_a_deleted_row_stays_deleted_until_they_ask(started: Started) -> None:
    world = started.world
    before = world.rows()
    gone = list(before)[:3]
    delete(started, *gone)
    assert checked(started)["deleted"] == 3
    assert checked(started)["deleted"] == 0
    change_all(started)
    assert started.settled().deleted == 3
    assert set(world.rows()) == before.keys() - set(gone)
    assert restore(started) == 3
    assert started.settled().deleted == 0
    rows = world.rows()
    assert len(rows) == len(before)
    assert {row["豆瓣页面"]["link"] for row in rows.values()} == {
        row["豆瓣页面"]["link"] for row in before.values()
    }
    assert checked(started)["edited"] == 0
    assert restore(started) == 0


def test_a_row_that_they_put_back_themselves(started: Started) -> None:
    """From Feishu's own bin it has the id that it had; a copy has another one, and takes its place."""
    world = started.world
    table = world.feishu.table(world.app_token, TABLE)
    first, second = list(world.rows())[:2]
    kept = table.records[first]
    cells = {name: cell for name, cell in world.rows()[second].items() if name != "封面图"}
    delete(started, first, second)
    assert checked(started)["deleted"] == 2
    world.background.call(lambda: table.records.update({first: kept}))
    world.background.call(lambda: world.feishu.add_record(world.app_token, TABLE, cells))
    checked(started)
    assert started.settled().deleted == 0
    change_all(started)
    assert started.settled().deleted == restore(started) == 0
    links = [row["豆瓣页面"]["link"] for row in world.rows().values()]
    assert len(links) == len(set(links)) == len(world.person.marks)


def test_rows_that_are_hidden_are_not_gone(started: Started) -> None:
    """Advanced permissions: an empty table, and no error."""
    world = started.world
    rows = len(world.rows())
    world.background.call(lambda: world.feishu.set_advanced(world.app_token, on=True))
    assert started.owner.call("POST", "/api/v1/check").status == 202
    state = started.settled()
    assert (state.state, state.problem and state.problem.code, state.deleted) == ("error", "needs_manage", 0)
    world.share("full_access")
    assert started.owner.call("POST", "/api/v1/push").status == 202
    state = started.settled()
    assert (state.state, state.checking, state.pushed) == ("idle", False, rows)


# When.


def test_after_a_full_check_of_the_lists(started: Started) -> None:
    edit(started, next(iter(started.world.rows())), 我的评分=None, 我的备注="我自己写的")
    walk(started, "sync")
    started.settled()
    assert runs(started)[0]["cause"] != "check"
    walk(started, "full")
    run = runs(started)[0]
    assert (run["cause"], run["edited"]) == ("check", 1)
    assert started.owner.call("GET", "/api/v1/overview").json()["calls"]["rows"] > 0


def test_it_obeys_the_pause(started: Started) -> None:
    record = next(record for record, row in started.world.rows().items() if row.get("我的备注"))
    edit(started, record, 我的备注=None)
    edited = started.world.rows()
    assert started.owner.call("POST", "/api/v1/push/pause").status == 202
    assert started.owner.call("POST", "/api/v1/check").status == 202
    state = started.settled()
    assert (state.state, state.checking) == ("paused", True)
    assert started.world.rows() == edited
    assert started.owner.call("POST", "/api/v1/push/resume").status == 202
    assert started.settled().checking is False
    assert runs(started)[0]["edited"] == 1


@pytest.mark.parametrize("word", ["", "mine", None])
def test_a_policy_that_is_none(started: Started, word: Any) -> None:
    assert started.owner.call("PUT", "/api/v1/edits", {"policy": word}).status == 400


@pytest.mark.parametrize(
    ("call", "stage"),
    [("record.search", "after"), ("record.batch_update", "before"), ("record.batch_update", "after")],
)
def test_killed_in_the_middle(world: World, start: Callable[[], Process], call: str, stage: Stage) -> None:
    """It begins anew; and what was written again once is not taken for a ping-pong."""
    process = start()
    process.connect(world)
    world.background.run(walk_lists(world.person, world.visitor, process.pair()))
    process.push_until_done()
    before = world.rows()
    records = [record for record, row in before.items() if row.get("我的备注")]

    def scribble() -> None:
        for record in records:
            world.feishu.edit_record(world.app_token, TABLE, record, {"我的备注": "我自己写的"})

    world.background.call(scribble)
    killer = Killer(world, call, stage)
    killer.process = process
    try_to(lambda: process.owner.call("POST", "/api/v1/check"))
    assert killer.done.wait(60)
    again = start()
    assert not again.push_until(lambda push: not push["checking"])["problem"]
    assert world.rows() == before
