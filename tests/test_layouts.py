"""How the library is divided into tables: each mark in the one that it belongs to, with the columns of its kind."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.plan import Plan
from gateway.sandbox.douban.listing import GRID_SIZE
from gateway.sandbox.douban.sections import SECTIONS
from gateway.sandbox.feishu.feishu import Stage
from gateway.sandbox.person import EVERYTHING, Entry, make_person
from gateway.shelves import DOCUMENTARY, SHELVES, Layout
from tests.support import Started, World
from tests.test_push import fill

BOOKS = """Subject ID, 我的标签, 我的状态, 书名, 副标题, 豆瓣评分, 作者, 我的备注, 内容简介, 封面图, 我的评分, 原作名, 译者,
出版年份, 出版社, 标记日期"""
FILMS = """Subject ID, 我的标签, 我的状态, 类型, 电影名, 封面图, 豆瓣评分, 我的备注, 片长, 上映日期, 剧情简介, 主演, 导演,
编剧, 制片地区, 语言, 我的评分, 标记日期"""
SERIES = """Subject ID, 我的标签, 我的状态, 类型, 片名, 封面图, 豆瓣评分, 我的备注, 单集片长, 集数, 首播日期, 剧情简介,
主演, 导演, 编剧, 制片地区, 语言, 我的评分, 标记日期"""
TYPES = {
    "我的状态": 3,
    "我的评分": 2,
    "豆瓣评分": 2,
    "我的标签": 4,
    "类型": 4,
    "标记日期": 5,
    "封面图": 17,
    "豆瓣页面": 15,
}
TABLES = {
    Layout.KINDS: ["豆瓣图书", "豆瓣电影", "豆瓣剧集", "豆瓣音乐", "豆瓣游戏", "豆瓣舞台剧"],
    Layout.THREE: ["豆瓣图书", "豆瓣电影", "豆瓣剧集与纪录片"],
    Layout.FOUR: ["豆瓣图书", "豆瓣电影", "豆瓣剧集", "豆瓣纪录片"],
    Layout.ONE: ["豆瓣标记"],
}


@pytest.fixture
def started(world: World) -> Started:
    """A gateway whose library knows films from series and which are documentaries: every subject was opened."""
    person = make_person(80, kinds=EVERYTHING)
    number = 30_000_000
    for kind in (Kind.MOVIE, Kind.TV):
        for genres in ((DOCUMENTARY,), ("剧情",)):
            number += 1
            key = SubjectKey(Medium.MOVIE, str(number))
            told = Subject(
                key=key, kind=kind, title=f"片{number}", genres=genres, released=("2020-03-05(中国大陆)",)
            )
            person.add(told, Status.DONE, rating=4)
    world.person = world.douban.person = person
    started = world.start()
    fill(started)
    browser = started.pair()
    for entry in person.marks:
        if not entry.removed:
            url = f"https://{host(entry)}/"
            assert browser.capture(url, world.visitor.open(url).body)[0] == 200
    return started


def host(entry: Entry) -> str:
    match entry.key.medium:
        case Medium.GAME:
            return f"www.douban.com/game/{entry.key.id}"
        case Medium.DRAMA:
            return f"www.douban.com/location/drama/{entry.key.id}"
        case medium:
            return f"{medium}.douban.com/subject/{entry.key.id}"


def belongs(entry: Entry, layout: Layout) -> str | None:
    """The table of a mark, written down from the issue's words alone."""
    told = entry.subject
    if entry.key.medium is not Medium.MOVIE:
        names = {"book": "豆瓣图书", "music": "豆瓣音乐", "game": "豆瓣游戏", "drama": "豆瓣舞台剧"}
        name: str | None = names[entry.key.medium]
        return name if layout is Layout.KINDS or entry.key.medium is Medium.BOOK else None
    series = told.kind is Kind.TV and not entry.removed
    documentary = bool(told.genres) and DOCUMENTARY in (told.genres or ()) and not entry.removed
    match layout:
        case Layout.THREE:
            return "豆瓣剧集与纪录片" if series or documentary else "豆瓣电影"
        case Layout.FOUR if documentary:
            return "豆瓣纪录片"
        case _:
            return "豆瓣剧集" if series else "豆瓣电影"


@pytest.mark.parametrize("layout", [Layout.KINDS, Layout.THREE, Layout.FOUR])
def test_each_mark_is_in_its_table(started: Started, layout: Layout) -> None:
    world = started.world
    reply = started.connect(layout=layout)
    assert reply.status == 200, reply.json()
    assert [table["name"] for table in reply.json()["tables"]] == TABLES[layout]
    assert started.settled().state == "idle"
    there = {name: set(ids(world.rows(name).values())) for name in TABLES[layout]}
    for entry in world.person.marks:
        found = [name for name, pages in there.items() if f"https://{host(entry)}/" in pages]
        assert found == ([right] if (right := belongs(entry, layout)) else []), entry
    assert sum(map(len, there.values())) == sum(bool(belongs(entry, layout)) for entry in world.person.marks)


def ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["豆瓣页面"]["link"] for row in rows]


def test_what_another_machine_took_for_a_film_is_not_there_twice(started: Started) -> None:
    """Tables without rows are written before the person agrees to the plan for the one that has some."""
    world = started.world
    ours, world.settings = (
        world.settings,
        structs.replace(world.settings, data=world.folder.with_name("other")),
    )
    other = world.start()
    browser = other.pair()
    for status in Status:
        for start in range(0, len(world.person.of(Medium.MOVIE, status)), GRID_SIZE):
            page = f"{SECTIONS[Medium.MOVIE].list_of(world.person.address, status)}?start={start}"
            assert browser.capture(page, world.visitor.open(page).body)[0] == 200
    assert other.connect(layout=Layout.FOUR).status == 200
    assert other.settled().state == "idle"
    other.stop()
    films = len(world.rows("豆瓣电影"))
    assert not world.rows("豆瓣纪录片"), "a list of covers does not tell"
    world.settings = ours
    assert started.connect(layout=Layout.FOUR, accept=False).status == 200
    assert started.settled().state == "error"
    assert len(world.rows("豆瓣电影")) == films
    assert world.rows("豆瓣纪录片")
    plan = started.owner.call("GET", "/api/v1/plan").json()
    told = next(table for table in plan["tables"] if table["name"] == "豆瓣电影")
    assert told["removals"] == len(told["going"]) > 0
    assert started.owner.call("POST", "/api/v1/plan/accept", {}).status == 202
    assert started.settled().state == "idle"
    assert len(world.rows("豆瓣电影")) == films + told["creates"] - told["removals"]
    for entry in world.person.marks:
        found = [
            name
            for name in TABLES[Layout.FOUR]
            if f"https://{host(entry)}/" in ids(world.rows(name).values())
        ]
        assert found == ([right] if (right := belongs(entry, Layout.FOUR)) else []), entry
    assert sum(len(world.rows(name)) for name in TABLES[Layout.FOUR]) == sum(
        bool(belongs(entry, Layout.FOUR)) for entry in world.person.marks
    )


@pytest.mark.parametrize("layout", list(Layout))
def test_connecting_again_makes_nothing_new(started: Started, layout: Layout) -> None:
    world = started.world
    started.connect(layout=layout)
    started.settled()
    tables, rows = world.feishu.tables(world.app_token), {name: world.rows(name) for name in TABLES[layout]}
    assert started.connect(layout=layout).status == 200
    assert started.settled().state == "idle"
    assert world.feishu.tables(world.app_token) == tables
    assert {name: world.rows(name) for name in TABLES[layout]} == rows


def test_from_one_layout_to_another_and_back(started: Started) -> None:
    """The tables of the first stay as they are; back there, only what changed is written."""
    world = started.world
    started.connect(layout=Layout.ONE)
    started.settled()
    first = world.rows("豆瓣标记")
    started.connect(layout=Layout.FOUR)
    started.settled()
    assert world.rows("豆瓣标记") == first
    writes = world.feishu.calls["record.batch_create"]
    started.connect(layout=Layout.ONE)
    assert started.settled().state == "idle"
    assert world.feishu.calls["record.batch_create"] == writes
    assert world.rows("豆瓣标记") == first


@pytest.mark.parametrize(("table", "floor"), [("豆瓣图书", BOOKS), ("豆瓣电影", FILMS), ("豆瓣剧集", SERIES)])
def test_the_columns_that_people_know(started: Started, table: str, floor: str) -> None:
    world = started.world
    started.connect(layout=Layout.KINDS)
    there = world.feishu.columns(world.app_token, table)
    wanted = {name.strip() for name in floor.split(",")}
    assert len(wanted) == {"豆瓣图书": 16, "豆瓣电影": 18, "豆瓣剧集": 19}[table]
    assert wanted <= there.keys()
    for name, number in TYPES.items():
        if name in there:
            assert there[name]["type"] == number, name
    assert next(iter(there)) in {"书名", "电影名", "片名"}
    colours = {each["name"]: each["color"] for each in there["我的状态"]["property"]["options"]}  # type: ignore[index,call-overload]
    verb = "读" if table == "豆瓣图书" else "看"
    assert colours == {f"想{verb}": 5, f"在{verb}": 4, f"{verb}过": 0}


def test_a_films_row_shows_its_page(started: Started) -> None:
    world = started.world
    started.connect(layout=Layout.KINDS)
    started.settled()
    rows = {row["豆瓣页面"]["link"]: row for row in world.rows("豆瓣电影").values()}
    shown = [
        (entry.subject, rows[f"https://{host(entry)}/"])
        for entry in world.person.marks
        if belongs(entry, Layout.KINDS) == "豆瓣电影" and not entry.removed
    ]
    assert len(shown) > 3
    zone = ZoneInfo("Asia/Shanghai")
    for told, row in shown:
        assert row["电影名"] == told.title
        for column, values in (
            ("导演", told.directors),
            ("主演", told.cast),
            ("制片地区", told.countries),
            ("语言", told.languages),
            ("片长", told.durations),
        ):
            assert row.get(column) == (" / ".join(values) if values else None)
        assert row.get("类型") == (list(told.genres) if told.genres else None)
        days = sorted(day[:10] for day in told.released or () if day[4:5] == "-" and day[7:8] == "-")
        first = datetime.fromtimestamp(row["上映日期"] / 1000, zone) if row.get("上映日期") else None
        assert (f"{first:%F %T}" if first else None) == (f"{days[0]} 00:00:00" if days else None)


def test_names_in_english(started: Started) -> None:
    world = started.world
    started.connect(layout=Layout.KINDS, language="en")
    assert started.settled().state == "idle"
    tables = world.feishu.tables(world.app_token)
    assert {
        "Douban books",
        "Douban films",
        "Douban series",
        "Douban music",
        "Douban games",
        "Douban stage",
    } <= set(tables)
    for name in tables:
        if name.startswith("Douban"):
            assert all(column.isascii() for column in world.feishu.columns(world.app_token, name))
    statuses = {row["My status"] for row in world.rows("Douban books").values()}
    assert statuses <= {"Wish", "Doing", "Done"}


def test_views_are_made_once(started: Started) -> None:
    world = started.world
    started.connect(layout=Layout.THREE)
    started.settled()

    def views() -> list[tuple[str, str]]:
        return [(view.type, view.name) for view in world.feishu.table(world.app_token, "豆瓣图书").views.all]

    before = views()
    assert {kind for kind, _ in before} == {"grid", "kanban", "gallery"}
    assert len(before) == 5
    world.background.call(world.feishu.table(world.app_token, "豆瓣图书").views.all.pop)
    assert started.connect(layout=Layout.THREE).status == 200
    started.settled()
    assert views() == before[:-1]  # what the person took away stays away


def test_a_table_of_that_name_that_is_not_ours(started: Started) -> None:
    """Somebody's own 豆瓣图书: ours gets another name, theirs is not touched."""
    world = started.world
    world.background.call(lambda: world.feishu.add_table(world.app_token, "豆瓣图书"))
    theirs = world.background.call(
        lambda: world.feishu.add_record(world.app_token, "豆瓣图书", {"文本": "我自己的"})
    )
    columns = world.feishu.columns(world.app_token, "豆瓣图书")
    started.connect(layout=Layout.THREE)
    assert started.settled().state == "idle"
    assert world.rows("豆瓣图书")[theirs] == {"文本": "我自己的"}
    assert world.feishu.columns(world.app_token, "豆瓣图书") == columns
    assert len(world.rows("豆瓣图书 (D2F)")) == sum(e.key.medium is Medium.BOOK for e in world.person.marks)
    assert started.connect(layout=Layout.THREE).status == 200
    assert "豆瓣图书 (D2F) (D2F)" not in world.feishu.tables(world.app_token)


def test_one_table_that_is_gone_does_not_hold_up_the_others(started: Started) -> None:
    world = started.world
    started.connect(layout=Layout.KINDS)
    started.settled()
    world.background.call(lambda: world.feishu.delete_table(world.app_token, "豆瓣图书"))
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    fill(started)
    state = started.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "table_gone")
    comments = [row.get("我的备注") for row in world.rows("豆瓣舞台剧").values()]
    assert "改过了" in comments
    assert started.connect(layout=Layout.KINDS).status == 200
    assert started.settled().state == "idle"
    assert len(world.rows("豆瓣图书")) == sum(entry.key.medium is Medium.BOOK for entry in world.person.marks)


def test_the_layouts_have_a_place_for_each_class_once() -> None:
    for layout, shelves in SHELVES.items():
        classes = [each for shelf in shelves for each in shelf.classes]
        assert len(classes) == len(set(classes)), layout
    assert set(SHELVES[Layout.ONE][0].classes) == {
        c for shelf in SHELVES[Layout.KINDS] for c in shelf.classes
    }


def test_a_table_of_ours_that_was_renamed_is_still_ours(started: Started) -> None:
    world = started.world
    started.connect()
    started.settled()
    world.background.call(lambda: world.feishu.rename_table(world.app_token, "豆瓣标记", "我的片单"))
    world.background.call(
        lambda: world.feishu.rename_field(world.app_token, "我的片单", "Subject ID", "编号")
    )
    tables, rows = set(world.feishu.tables(world.app_token)), world.rows("我的片单")
    assert started.connect().status == 200
    assert started.settled().state == "idle"
    assert set(world.feishu.tables(world.app_token)) == tables
    assert world.rows("我的片单") == rows


def test_a_plan_that_is_asked_for_in_the_middle_of_a_push_waits_for_one_batch(started: Started) -> None:
    world, sync = started.world, started.gateway.carriers.first.sync
    asked: list[asyncio.Task[Plan]] = []

    async def ask(call: str, stage: Stage) -> None:
        if call == "record.batch_create" and stage == "before" and not asked:
            asked.append(asyncio.create_task(sync.plan()))
            await asyncio.sleep(0)

    world.feishu.on_call = ask
    assert started.connect(layout=Layout.KINDS).status == 200
    assert started.settled().state == "idle"

    async def plan() -> Plan:
        return await asked[0]

    left = [table.creates for table in world.background.run(plan()).tables]
    assert 0 in left
    assert sum(left) > 0
    assert world.background.call(lambda: sync.runs.recent(1))[0].created == sum(
        len(world.rows(name)) for name in TABLES[Layout.KINDS]
    )
