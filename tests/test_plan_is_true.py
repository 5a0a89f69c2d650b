"""What the plan says is what the push then does: row by row, cell by cell, whatever the person did before."""

import re
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.library import MarkKey
from gateway.model import Status, now
from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.person import Entry
from tests.support import Started, World, background
from tests.test_plan import plan
from tests.test_push import fill
from tests.test_two_at_once import subject

MARKS = 14
NEVER_SHOWN = "D2F 写入时间"
SHANGHAI = ZoneInfo("Asia/Shanghai")
LAYOUT = "kinds"

numbers = st.integers(0, 10**6)
long_text = st.text("好看一般abc,<&", min_size=1, max_size=20).map(lambda text: "长" * 300 + text)
comments = st.none() | st.text("好看一般abc,，<&", min_size=1, max_size=30) | long_text
acts = st.one_of(
    st.tuples(st.just("edit"), numbers, comments),
    st.tuples(st.just("mark"), numbers, comments),
    st.tuples(st.just("open"), numbers, st.none()),
    st.tuples(st.just("remove"), numbers, st.none()),
    st.tuples(st.just("policy"), st.just(0), st.sampled_from(["keep", "delete", "ignore"])),
    st.tuples(st.just("edits"), st.just(0), st.sampled_from(["ours", "theirs"])),
    st.tuples(st.just("delete_row"), numbers, st.none()),
    st.tuples(st.just("edit_row"), numbers, st.sampled_from(["我的备注", "标题", "我的状态"])),
    st.tuples(st.just("rename"), numbers, st.sampled_from(["我的备注", "豆瓣页面"])),
    st.tuples(st.just("rename_option"), numbers, st.sampled_from(["看过", "想看", "读过"])),
    st.tuples(st.just("delete_column"), numbers, st.sampled_from(["Subject ID", "我的标签"])),
    st.tuples(st.just("restart"), st.just(0), st.none()),
)
Act = tuple[str, int, str | None]


class Person:
    """What they do while the push is paused."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._renamed = 0
        self.started = world.start()
        fill(self.started)
        assert self.started.connect(layout=LAYOUT).status == 200
        assert self.started.settled().state == "idle"
        self.pause(on=True)

    def pause(self, *, on: bool) -> None:
        assert self.started.owner.call("POST", f"/api/v1/push/{'pause' if on else 'resume'}").status == 202

    def do(self, act: Act) -> None:
        what, number, detail = act
        getattr(self, f"_{what}")(number, detail)

    def _edit(self, number: int, comment: str | None) -> None:
        entry = self._entry(number)
        self.world.person.edit(entry.key, status=Status.DONE, rating=number % 5 + 1, comment=comment)
        self._open(number, None)

    def _mark(self, number: int, comment: str | None) -> None:
        person = self.world.person
        if gone := list(person.unmarked.values()):
            entry = gone[number % len(gone)]
            self._show(person.add(entry.subject, Status.WISH, comment=comment))

    def _open(self, number: int, _detail: None) -> None:
        self._show(self._entry(number))

    def _show(self, entry: Entry) -> None:
        page = subject(entry)
        assert self.started.pair().capture(page, self.world.visitor.open(page).body)[0] == 200

    def _remove(self, number: int, _detail: None) -> None:
        """As a full check would find it."""
        if len(self.world.person.marks) < MARKS // 2:
            return
        entry = self._entry(number)
        self.world.person.remove(entry.key)
        key = MarkKey(self.world.person.id, entry.key)
        gateway = self.started.gateway
        self.world.background.call(lambda: gateway.library.remove([key], now(), None))
        self.world.background.call(gateway.carriers.first.sync.wake)

    def _policy(self, _number: int, word: str) -> None:
        assert self.started.owner.call("PUT", "/api/v1/removals", {"policy": word}).status == 200

    def _edits(self, _number: int, word: str) -> None:
        assert self.started.owner.call("PUT", "/api/v1/edits", {"policy": word}).status == 200

    def _delete_row(self, number: int, _detail: None) -> None:
        table, record = self._row(number)
        self._by_hand("delete_record", table, record)

    def _edit_row(self, number: int, column: str) -> None:
        table, record = self._row(number)
        if column in self.world.feishu.columns(self.world.app_token, table):
            value = "自己的" if column == "我的状态" else f"自己写的 {number}"
            self._by_hand("edit_record", table, record, {column: value})

    def _rename(self, number: int, column: str) -> None:
        table = self._table(number)
        if column in self.world.feishu.columns(self.world.app_token, table):
            self._renamed += 1
            self._by_hand("rename_field", table, column, f"第 {self._renamed} 名")

    def _rename_option(self, number: int, option: str) -> None:
        try:
            self._by_hand("rename_option", self._table(number), "我的状态", option, f"{option}了")
        except (Refusal, KeyError, StopIteration):
            return  # no such option there

    def _delete_column(self, number: int, column: str) -> None:
        table = self._table(number)
        if column in self.world.feishu.columns(self.world.app_token, table):
            self._by_hand("delete_field", table, column)

    def _restart(self, _number: int, _detail: None) -> None:
        self.started.stop()
        self.started = self.world.start()

    def _entry(self, number: int) -> Entry:
        whole = [entry for entry in self.world.person.marks if not entry.removed]
        return whole[number % len(whole)]

    def _table(self, number: int) -> str:
        names = [name for name in self.world.feishu.tables(self.world.app_token) if name.startswith("豆瓣")]
        return names[number % len(names)]

    def _row(self, number: int) -> tuple[str, str]:
        there = [(table, record) for table, rows in all_rows(self.started).items() for record in rows]
        return there[number % len(there)]

    def _by_hand(self, what: str, *how: Any) -> None:
        feishu = self.world.feishu
        self.world.background.call(lambda: getattr(feishu, what)(self.world.app_token, *how))


def all_rows(started: Started) -> dict[str, dict[str, dict[str, Any]]]:
    tables = started.world.background.call(lambda: started.gateway.carriers.first.sync.rows.tables)
    return {table.name: started.world.rows(table.name) for table in tables}


def all_titles(started: Started) -> dict[str, dict[str, str]]:
    """By table and record, what the library calls the subject."""
    sql = """SELECT record_id, ifnull(title, id) FROM record LEFT JOIN subject USING (medium, id)
        WHERE table_key = ? AND record_id IS NOT NULL"""
    gateway = started.gateway

    def read() -> dict[str, dict[str, str]]:
        tables = gateway.carriers.first.sync.rows.tables
        return {table.name: dict(gateway.store.rows(sql, [table.key])) for table in tables}

    return started.world.background.call(read)


def in_words(value: Any) -> str:
    """As the plan tells it."""
    match value:
        case None | False | "" | []:
            return ""
        case True:
            return "✓"
        case {"link": str(link)}:
            return link
        case [str(), *_]:
            return "、".join(sorted(msgspec.convert(value, list[str])))
        case int() if abs(value) > 10**9:
            return f"{datetime.fromtimestamp(value / 1000, UTC).astimezone(SHANGHAI):%Y-%m-%d}"
        case float() | int():
            return f"{value:.15g}"
        case _:
            return str(value)[:200]


def compare(started: Started, told: Any, before: dict[str, dict[str, Any]], titles: dict[str, str]) -> None:
    """One table. ``titles``: of its records, as it was before."""
    after = started.world.rows(told["name"])
    made, gone = after.keys() - before.keys(), before.keys() - after.keys()
    written = {
        record
        for record in after.keys() & before.keys()
        if after[record].get(NEVER_SHOWN) != before[record].get(NEVER_SHOWN)
    }
    says = (told["creates"], told["updates"], told["removals"])
    assert says == (len(made), len(written), len(gone)), told["name"]
    shown = Counter(
        (write["what"], tuple(sorted((name, *change) for name, change in write["cells"].items())))
        for write in told["writes"]
        if write["what"] != "again"  # that is what a check does
    )
    happened = Counter(
        ("create" if record in made else "update", changes(before.get(record, {}), after[record]))
        for record in {*made, *written}
    )
    assert shown == happened, told["name"]
    filled = sum(
        changes(before[record], after[record]) != () for record in after.keys() & before.keys() - written
    )
    assert filled <= told["fills"] + told["edited"], "a check may be due"
    titles_now = all_titles(started)
    assert Counter(each["title"] for each in told["going"]) == Counter(titles[record] for record in gone)
    for each in told["going"]:
        to = re.findall("搬到“(.+)”", each["why"]["zh"])
        assert all(each["title"] in titles_now[table].values() for table in to)
        assert bool(to) != ("标记取消" in each["why"]["zh"])
    compare_skips(told, before, after, titles | titles_now[told["name"]])


def compare_skips(
    told: Any, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], titles: dict[str, str]
) -> None:
    """What is said to be left alone is."""
    numbers = Counter(skip["what"] for skip in told["skips"])
    for what in ("failed", "theirs", "ignored", "deleted"):
        assert told[what] == numbers[what]
    for skip in told["skips"]:
        of = {record for record in {*before, *after} if titles.get(record) == skip["title"]}
        match skip["what"]:
            case "deleted":
                assert not of & after.keys() - before.keys()
            case "ignored":
                assert of <= before.keys() & after.keys()
                kept = [(before[record].items(), after[record].items()) for record in of]
                assert all(old <= new for old, new in kept), "but for cells of a column that was made again"
            case _:
                names = re.findall("“(.+?)”", skip["why"]["zh"])
                (record,) = of
                assert names
                assert all(after[record].get(name) == before[record].get(name) for name in names)


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    names = sorted({*before, *after} - {NEVER_SHOWN})
    told = ((name, before.get(name), after.get(name)) for name in names)
    return tuple((name, in_words(old), in_words(new)) for name, old, new in told if old != new)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
@given(rounds=st.lists(st.lists(acts, min_size=1, max_size=6), min_size=1, max_size=4))
@example(
    rounds=[
        [("open", number, None) for number in range(MARKS)],
        [("policy", 0, "delete"), ("remove", 3, None), ("edit", 2, "改过了"), ("delete_row", 1, None)],
        [("policy", 0, "keep"), ("remove", 1, None), ("rename_option", 2, "看过"), ("edit", 5, "长" * 300)],
        [("mark", 0, "又来了"), ("delete_column", 1, "Subject ID"), ("edit_row", 3, "我的备注")],
    ]
)
@example(
    rounds=[
        [("edits", 0, "theirs")],
        [("edit_row", number, column) for number in range(MARKS) for column in ("我的备注", "我的状态")],
        [("open", number, None) for number in range(MARKS)]
        + [("edit_row", number, "标题") for number in range(MARKS)]
        + [("edit", number, "在豆瓣改了") for number in range(MARKS)],
        [("policy", 0, "ignore"), ("remove", 1, None), ("remove", 2, None), ("edits", 0, "ours")],
    ]
)
@example(
    rounds=[
        [("policy", 0, "delete")]
        + [("delete_row", number, None) for number in range(5)]
        + [("remove", number, None) for number in range(5)]
        + [("open", number, None) for number in range(MARKS)]
    ]
)
@example(
    rounds=[
        [("open", 0, None), ("remove", 0, None)],
        [("open", 1, None), ("edits", 0, "theirs"), ("restart", 0, None)],
        [("delete_column", 1, "Subject ID"), ("remove", 201269, None)],
    ]
)
def test_the_plan_is_what_happens(rounds: list[list[Act]]) -> None:
    with tempfile.TemporaryDirectory() as folder, background() as beside:
        person = Person(World(beside, Path(folder) / "data", marks=MARKS))
        for each in rounds:
            for act in each:
                person.do(act)
            person.started.settled()
            told, before = plan(person.started)["tables"], all_rows(person.started)
            titles = all_titles(person.started)
            assert all_rows(person.started) == before
            person.pause(on=False)
            state = person.started.settled()
            assert (state.state, state.pending) == ("idle", 0)
            for table in told:
                compare(person.started, table, before[table["name"]], titles[table["name"]])
            assert all(
                table["creates"] == table["updates"] == table["removals"] == 0
                for table in plan(person.started)["tables"]
            )
            person.pause(on=True)
