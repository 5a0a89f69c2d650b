"""What a push would write is shown before it does; a table that had rows before is not written before the person agrees."""

from typing import Any

import msgspec
import pytest

from gateway.model import Medium
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import Started, World
from tests.test_cli import d2f
from tests.test_push import TABLE, fill, right
from tests.test_ways_in import edit_one

OWN = "我的书单"
SPECS = (
    FieldSpec("书名", 1),
    FieldSpec("ISBN", 1),
    FieldSpec("年份", 1),
    FieldSpec("链接", 15),
    FieldSpec("心情", 1),
)


def plan(stocked: Started) -> Any:
    reply = stocked.owner.call("GET", "/api/v1/plan")
    assert reply.status == 200, reply.json()
    return reply.json()


def agree(stocked: Started, **how: bool) -> None:
    assert stocked.owner.call("POST", "/api/v1/plan/accept", how).status == 202
    assert stocked.settled().state == "idle"


def writes(world: World) -> int:
    return sum(
        number
        for call, number in world.feishu.calls.items()
        if call.startswith("record.") and call.endswith(("create", "update", "delete"))
    )


def page_of(entry: Any) -> str:
    return f"https://{entry.key.medium.value}.douban.com/subject/{entry.key.id}/"


def test_an_edit_cell_by_cell(stocked: Started) -> None:
    """Of a row that is there only what would change is told, as it was and as it would be."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    (table,) = plan(stocked)["tables"]
    assert (table["creates"], table["updates"], table["writes"]) == (0, 0, [])
    entry = next(entry for entry in world.person.marks if not entry.removed)
    comment = entry.mark.comment
    world.share("view")
    edit_one(stocked)
    stocked.settled()
    before = writes(world)
    (table,) = plan(stocked)["tables"]
    assert (table["creates"], table["updates"]) == (0, 1)
    (write,) = table["writes"]
    assert (write["what"], write["title"]) == ("update", entry.subject.title)
    assert write["cells"] == {"我的备注": [comment or "", f"{comment}，改过了"]}
    assert writes(world) == before


def test_what_they_changed_in_a_cell_of_ours_is_shown(stocked: Started) -> None:
    world = stocked.world
    stocked.connect()
    right(stocked)
    entry = next(entry for entry in world.person.marks if not entry.removed)
    ((record, _),) = [row for row in world.rows().items() if row[1]["豆瓣页面"]["link"] == page_of(entry)]
    theirs = {"我的备注": "我自己写的"}
    world.background.call(lambda: world.feishu.edit_record(world.app_token, TABLE, record, theirs))
    world.share("view")
    edit_one(stocked)
    (table,) = plan(stocked)["tables"]
    assert table["writes"][0]["cells"]["我的备注"][0] == "我自己写的"


@pytest.fixture
def books(stocked: Started) -> list[Any]:
    marks = stocked.world.person.marks
    return [entry for entry in marks if entry.key.medium is Medium.BOOK and not entry.removed]


def read(stocked: Started, *entries: Any) -> None:
    """The pages of these subjects, which tell ISBN and year."""
    browser = stocked.pair()
    for entry in entries:
        assert browser.capture(page_of(entry), stocked.world.visitor.open(page_of(entry)).body)[0] == 200


def connect(stocked: Started, **rows: dict[str, Any]) -> dict[str, str]:
    """A table of the person's own with these rows; returns their records."""
    world = stocked.world
    table = world.background.call(lambda: world.feishu.add_table(world.app_token, OWN, SPECS))

    def add() -> dict[str, str]:
        return {name: world.feishu.add_record(world.app_token, OWN, row) for name, row in rows.items()}

    made = world.background.call(add)
    named = world.feishu.table(world.app_token, OWN).named
    columns = {
        "title": named("书名").id,
        "isbn": named("ISBN").id,
        "released": named("年份").id,
        "comment": "new",
    }
    address = f"{world.address}?table={table}"
    reply = stocked.connect(address, accept=False, shelf="book", columns=columns)
    assert reply.status == 200, reply.json()
    return made


def test_a_table_with_rows_asks_first(stocked: Started, books: list[Any]) -> None:
    """One row says whose it is by its link, one by its ISBN, one by title and year; the person's own is nobody's."""
    world = stocked.world
    by_link, by_isbn, by_title = books[:3]
    read(stocked, *books[:3])
    made = connect(
        stocked,
        link={
            "书名": "旧名",
            "链接": {"link": f"{page_of(by_link)}?from=mine", "text": "豆瓣"},
            "心情": "好",
        },
        isbn={"书名": "另一个版本", "ISBN": by_isbn.subject.isbn},
        title={"书名": by_title.subject.title, "年份": f"{by_title.subject.released[0][:4]}年"},
        theirs={"书名": "日记本", "心情": "坏"},
    )
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "plan_unaccepted")
    (table,) = plan(stocked)["tables"]
    assert (table["accepted"], table["rows"], table["adopts"]) == (False, 4, 1)
    assert table["creates"] == len(books) - 1
    likely = {(each["record_id"], each["by"]) for each in table["likely"]}
    assert likely == {(made["isbn"], "isbn"), (made["title"], "title")}
    assert len(world.rows(OWN)) == len(made), "nothing was written"
    agree(stocked, likely=True)
    rows = world.rows(OWN)
    assert len(rows) == len(books) + 1
    for entry, name in ((by_link, "link"), (by_isbn, "isbn"), (by_title, "title")):
        assert rows[made[name]]["Subject ID"] == entry.key.id
    assert rows[made["link"]]["心情"] == "好"
    assert rows[made["theirs"]] == {"书名": "日记本", "心情": "坏"}


def test_likely_rows_are_left_alone_unless_they_agree(stocked: Started, books: list[Any]) -> None:
    read(stocked, books[0])
    row = {"书名": "另一个版本", "ISBN": books[0].subject.isbn}
    made = connect(stocked, isbn=row)
    agree(stocked)
    rows = stocked.world.rows(OWN)
    assert rows[made["isbn"]] == row
    assert len(rows) == len(books) + 1


def test_a_restart_asks_still(stocked: Started) -> None:
    connect(stocked, theirs={"书名": "日记本"})
    stocked.stop()
    again = stocked.world.start()
    state = again.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "plan_unaccepted")
    assert len(stocked.world.rows(OWN)) == 1


def test_our_own_table_found_by_a_new_library(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The library was lost: the rows are known again, once the person agreed."""
    first = world.start()
    fill(first)
    first.connect()
    right(first)
    first.stop()
    world.settings = msgspec.structs.replace(world.settings, data=tmp_path_factory.mktemp("another"))
    second = world.start()
    fill(second)
    second.connect(accept=False)
    second.settled()
    (table,) = plan(second)["tables"]
    assert (table["accepted"], table["creates"]) == (False, 0)
    assert table["adopts"] == len(world.person.marks)
    told = d2f(world.settings.data, "sync", "--dry-run", D2F_PORT=str(second.port)).stdout
    assert "内容不变，只记下写入的时间 · as it is, but for the time of writing" in told
    agree(second)
    right(second)
