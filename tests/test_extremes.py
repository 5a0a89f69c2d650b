"""Many rows, large cells, odd texts and odd addresses."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.person import Entry
from tests.support import Background, Started, World
from tests.test_push import TABLE, fill, refused, right
from tests.test_ways_in import edit_one


@pytest.mark.parametrize(("marks", "creates"), [(999, 1), (1000, 1), (1001, 2), (2001, 3)])
def test_at_the_border_of_a_batch(beside: Background, tmp_path: Path, marks: int, creates: int) -> None:
    world = World(beside, tmp_path / "data", marks=marks)
    started = world.start()
    fill(started)
    assert started.connect().status == 200
    right(started)
    assert len(world.rows()) == marks
    assert world.feishu.calls["record.batch_create"] == creates


def marked(started: Started) -> Entry:
    return next(entry for entry in started.world.person.marks if not entry.removed)


ODD = (
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽",
    "\\ud83d \\u0000 \\n",
    "\"引号\" 'x' <b>&amp;</b>",
    "𠮷野家 ﷽ Z͑ͫ̓ͪ",
    "\u202eltr\u200b\ufeff",
    "=1+1",
    "{title}",
    "'; DROP TABLE mark; --",
)


@pytest.mark.parametrize("text", ODD)
def test_odd_texts(started: Started, text: str) -> None:
    world = started.world
    world.person.edit(marked(started).key, comment=f"甲{text}乙", tags=(text.replace(" ", "_"), "普通"))
    fill(started)
    assert started.connect().status == 200
    right(started)


@pytest.mark.parametrize("comment", ["长" * 60_000, "😀" * 60_000, '"' * 60_000, "a" * 95_000])
def test_a_comment_of_any_length(started: Started, comment: str) -> None:
    """What no cell can hold is cut, and one can see it; the other rows are not held up."""
    world = started.world
    entry = marked(started)
    world.person.edit(entry.key, comment=comment)
    fill(started)
    assert started.connect().status == 200
    state = started.settled()
    assert (state.state, state.failed) == ("idle", 0)
    row = next(row for row in world.rows().values() if row["豆瓣页面"]["link"].endswith(f"/{entry.key.id}/"))
    if len(comment) == 60_000 and comment[0] == "长":
        assert row["我的备注"] == comment
    else:
        assert row["我的备注"].endswith("…（已截断）")
        assert comment.startswith(row["我的备注"].removesuffix("…（已截断）"))
    assert len(world.rows()) == len(world.person.marks)


def test_many_tags_and_a_long_title(started: Started) -> None:
    world = started.world
    entry = marked(started)
    entry.subject = msgspec.structs.replace(entry.subject, title="很长的标题" * 200)
    world.person.edit(entry.key, tags=tuple(f"标签{number}" for number in range(70)))
    fill(started)
    assert started.connect().status == 200
    right(started)


def test_a_hundred_large_rows_are_split_by_their_size(beside: Background, tmp_path: Path) -> None:
    world = World(beside, tmp_path / "data", marks=120)
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="长" * 60_000)
    started = world.start()
    fill(started)
    assert started.connect().status == 200
    right(started)
    assert world.feishu.calls["record.batch_create"] > 1


# Addresses.


@pytest.mark.parametrize("layout", ["one", "kinds", "three", "four"])
@pytest.mark.parametrize(
    "site", ["https://example.feishu.cn", "https://wiki.example.com", "https://x.larkoffice.com"]
)
def test_a_wiki_address_with_every_layout(started: Started, site: str, layout: str) -> None:
    world = started.world
    node = world.background.call(lambda: world.feishu.add_wiki_node(world.app_token))
    fill(started)
    assert started.connect(f"{site}/wiki/{node}?view=vewAbc", layout=layout).status == 200
    state = started.settled()
    assert state.state == "idle"
    tables = world.feishu.tables(world.app_token)
    assert {table.url for table in state.tables} == {
        f"{site}/wiki/{node}?table={tables[table.name]}" for table in state.tables
    }
    assert started.connect(f"{site}/wiki/{node}", layout=layout).status == 200
    assert world.feishu.tables(world.app_token) == tables


def test_a_table_of_theirs_in_a_wiki(started: Started) -> None:
    world = started.world
    node = world.background.call(lambda: world.feishu.add_wiki_node(world.app_token))
    table = world.background.call(
        lambda: world.feishu.add_table(world.app_token, "清单", (FieldSpec("名称", 1),))
    )
    field = world.feishu.table(world.app_token, "清单").named("名称").id
    fill(started)
    address = f"https://example.feishu.cn/wiki/{node}?table={table}&view=vew1"
    assert started.ask(address).json()["table"] == "清单"
    assert started.connect(address, columns={"title": field}).status == 200
    assert started.settled().state == "idle"
    assert len(world.rows("清单")) == len(world.person.marks)


@pytest.mark.parametrize(
    ("kind", "what"), [("docx", "document"), ("sheet", "spreadsheet"), ("mindnote", "mind map")]
)
def test_a_wiki_node_that_is_no_bitable(started: Started, kind: Any, what: str) -> None:
    world = started.world
    document = world.background.call(lambda: world.feishu.add_document(kind, "笔记"))
    node = world.background.call(lambda: world.feishu.add_wiki_node(document))
    address = f"https://example.feishu.cn/wiki/{node}"
    refused(started, "not_a_table", address)
    assert what in started.connect(address).json()["hint"]["en"]


def test_a_wiki_node_that_moved(started: Started) -> None:
    """The Bitable is the same: it is written as before. The old address is told to be wrong, the new one finds all."""
    world = started.world
    node = world.background.call(lambda: world.feishu.add_wiki_node(world.app_token))
    fill(started)
    assert started.connect(f"https://example.feishu.cn/wiki/{node}").status == 200
    right(started)
    world.background.call(lambda: world.feishu.nodes.pop(node))
    edit_one(started)
    right(started)
    refused(started, "feishu_not_found", f"https://example.feishu.cn/wiki/{node}")
    moved = world.background.call(lambda: world.feishu.add_wiki_node(world.app_token))
    assert started.connect(f"https://example.feishu.cn/wiki/{moved}").status == 200
    edit_one(started)
    right(started)
    assert set(world.feishu.tables(world.app_token)) == {"数据表", TABLE}
