"""The plan names each row that would go, and each that would not be written, with its reason."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.due import MOST_SHOWN, foresee
from gateway.gone import Gone
from gateway.ledger import Ledger
from gateway.library import Library, MarkKey
from gateway.model import Kind, Mark, Medium, Status, Subject, SubjectKey
from gateway.store import Store
from gateway.tables import Table
from tests.support import World
from tests.test_cli import d2f
from tests.test_library import ME, NOON, reading
from tests.test_plan import plan
from tests.test_push import fill
from tests.walks import lend, walk

BOOKS = "豆瓣图书"


class Skipping:
    """The push is paused. Of ``titles``, the first one's row was edited, the second's deleted, the third's mark is gone."""

    def __init__(self, world: World, removals: str = "delete") -> None:
        marks = world.person.marks
        books = [entry for entry in marks if entry.key.medium is Medium.BOOK]
        shown = [entry for entry in books if not (entry.removed or entry.mark.private)]
        self.world = world
        self.titles = [str(entry.subject.title) for entry in shown]
        self.started = started = world.start()
        lend(started)
        fill(started)
        walk(started, "full")
        assert started.connect(layout="three").status == 200
        self._put("edits", "theirs")
        self._put("removals", removals)
        started.settled()
        records = {row["书名"]: record for record, row in world.rows(BOOKS).items()}
        self.record = records[self.titles[0]]
        self.edit(我的备注="我自己写的")
        world.background.call(
            lambda: world.feishu.delete_record(world.app_token, BOOKS, records[self.titles[1]])
        )
        assert started.owner.call("POST", "/api/v1/check").status == 202
        assert started.settled().deleted == 1
        assert started.owner.call("POST", "/api/v1/push/pause").status == 202
        world.person.remove(shown[2].key)
        assert walk(started, "full").removed == 1
        started.settled()

    def _put(self, what: str, policy: str) -> None:
        assert self.started.owner.call("PUT", f"/api/v1/{what}", {"policy": policy}).status == 200

    def edit(self, **cells: Any) -> None:
        """The person edits the first one's row."""
        world = self.world
        world.background.call(lambda: world.feishu.edit_record(world.app_token, BOOKS, self.record, cells))

    @property
    def planned(self) -> Any:
        """What is said of the table of books."""
        return next(table for table in plan(self.started)["tables"] if table["name"] == BOOKS)


def test_each_has_its_reason(world: World) -> None:
    skipping = Skipping(world)
    edited, deleted, gone, *_ = skipping.titles
    table = skipping.planned
    assert (table["removals"], [each["title"] for each in table["going"]]) == (1, [gone])
    assert "删掉这一行" in table["going"][0]["why"]["zh"]
    assert (table["theirs"], table["deleted"], table["ignored"], table["failed"]) == (1, 1, 0, 0)
    assert [(skip["what"], skip["title"]) for skip in table["skips"]] == [
        ("theirs", edited),
        ("deleted", deleted),
    ]
    assert "“我的备注”" in table["skips"][0]["why"]["en"]


def test_an_edit_that_no_check_has_seen_yet(world: World) -> None:
    """It is found by looking, and given back it is ours again."""
    skipping = Skipping(world)
    before = world.rows(BOOKS)[skipping.record]
    skipping.edit(书名="别的名字")
    (first, _) = skipping.planned["skips"]
    assert "“书名”" in first["why"]["zh"]
    skipping.edit(书名=before["书名"])
    (first, _) = skipping.planned["skips"]
    assert "“书名”" not in first["why"]["zh"]


def test_a_row_that_is_to_stay_as_it_was(world: World) -> None:
    skipping = Skipping(world, "ignore")
    table = skipping.planned
    assert (table["removals"], table["going"], table["ignored"]) == (0, [], 1)
    (skip,) = [skip for skip in table["skips"] if skip["what"] == "ignored"]
    assert skip["title"] == skipping.titles[2]
    assert "留着原样" in skip["why"]["zh"]


def test_kinds_without_a_table(world: World) -> None:
    """Also what was taken away is none of them."""
    skipping = Skipping(world)
    left_out = {each["kind"]: each["number"] for each in plan(skipping.started)["left_out"]}
    marks = [entry.key.medium.value for entry in world.person.marks]
    assert left_out == {
        medium: marks.count(medium) for medium in ("music", "game", "drama") if medium in marks
    }


def test_before_there_is_any_table(world: World) -> None:
    started = world.start()
    fill(started)
    assert plan(started) == {"tables": [], "left_out": []}


def test_the_command_line_tells_them(world: World) -> None:
    skipping = Skipping(world)
    edited, deleted, gone, *_ = skipping.titles
    told = d2f(world.folder, "sync", "--dry-run", D2F_PORT=str(skipping.started.port))
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()

    def after(line: str) -> str:
        return lines[lines.index(line) + 1]

    assert "移出 take out 1" in told.stdout
    assert "不写 skip 2" in told.stdout
    assert "豆瓣上的标记取消了" in after(f"  - {gone}")
    assert "you edited “我的备注”" in after(f"  = {edited}")
    assert "you deleted the row in Feishu" in after(f"  = {deleted}")
    assert "没有表收的标记：" in lines[-1]


@pytest.mark.parametrize("policy", ["delete", "ignore"])
def test_of_many_the_first_are_named(tmp_path: Path, policy: Any) -> None:
    """And all are counted."""
    many = MOST_SHOWN + 50
    store = Store(tmp_path / "d2f.db")
    library, ledger = Library(store), Ledger(store)
    table = Table(app_token="app", table_id="tbl", url="", name=BOOKS, time_zone="UTC", language="zh")
    ledger.aim([table.target])
    keys = [SubjectKey(Medium.BOOK, str(number)) for number in range(2 * many)]
    subjects = tuple(Subject(key=key, kind=Kind.BOOK, title=f"书 {key.id}") for key in keys)
    marks = [Mark(account=ME.id, subject=key, status=Status.DONE) for key in keys]
    library.merge(reading(*marks, subjects=subjects), "1", NOON)
    due = [(row.key, f"rec{row.key.subject.id}") for row in ledger.pending(table.target, 2 * many)]
    ledger.adopt(table.key, due)
    ledger.pushed(table.key, ledger.pending(table.target, 2 * many))
    of_ours = [MarkKey(ME.id, key) for key in keys]
    Gone(ledger).note(table.target, of_ours[:many])
    library.remove(of_ours[many:], NOON + timedelta(minutes=1), None)
    (found,) = foresee(store, ledger, [table], policy, lambda each: each.target, {}, {})
    store.close()
    assert (found.leaving, len(found.removals)) == ((many, MOST_SHOWN) if policy == "delete" else (0, 0))
    assert found.ignored == (many if policy == "ignore" else 0)
    assert (found.counts.deleted, len(found.skips)) == (many, MOST_SHOWN)
