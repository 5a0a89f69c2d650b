"""A table that the person has already: they choose which of its columns take what."""

from typing import Any

import pytest

from gateway.demo import check
from gateway.feishu.fields import columns_of
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import Started, World
from tests.test_push import TABLE, fill, refused

OWN = "我的清单"
SPECS = (
    FieldSpec("名称", 1),
    FieldSpec("评分", 2, "Rating", {"formatter": "0", "min": 1, "max": 5}),
    FieldSpec("短评", 1),
    FieldSpec(
        "状态", 3, "SingleSelect", {"options": [{"name": "吃灰", "color": 9}, {"name": "读过", "color": 7}]}
    ),
    FieldSpec("日期", 1),
    FieldSpec("心情", 1),
)
NAMES = ["名称", "评分", "短评", "状态", "日期", "心情"]


class Theirs:
    """A table of the person's own with one row in it."""

    def __init__(self, started: Started) -> None:
        self.started = started
        self.world = world = started.world
        self.id = world.background.call(lambda: world.feishu.add_table(world.app_token, OWN, SPECS))
        self.address = f"{world.address}?table={self.id}"
        self.row = {"名称": "旧的一行", "心情": "好", "状态": "吃灰"}
        self.record = world.background.call(lambda: world.feishu.add_record(world.app_token, OWN, self.row))

    def ask(self, **changes: Any) -> dict[str, Any]:
        """What is proposed for each field."""
        reply = self.started.ask(self.address, **changes)
        assert reply.status == 200, reply.json()
        assert reply.json()["table"] == OWN
        return {column["key"]: column for column in reply.json()["columns"]}

    def field(self, name: str) -> str:
        return self.world.feishu.table(self.world.app_token, OWN).named(name).id

    def columns(self) -> list[str]:
        return list(self.world.feishu.columns(self.world.app_token, OWN))

    def options(self, name: str) -> list[str]:
        return list(self.world.feishu.table(self.world.app_token, OWN).named(name).options)


@pytest.fixture
def theirs(world: World) -> Theirs:
    return Theirs(world.start())


def test_a_proposal_by_name_and_type(theirs: Theirs) -> None:
    asked = theirs.ask()
    chosen = {key: column["chosen"] for key, column in asked.items() if column["chosen"]}
    assert chosen == {
        "title": theirs.field("名称"),
        "rating": theirs.field("评分"),
        "comment": theirs.field("短评"),
        "status": theirs.field("状态"),
    }
    wrong = asked["marked_on"]["wrong"]
    assert "日期" in wrong["zh"]
    assert "文本" in wrong["zh"]
    assert wrong["zh"] != wrong["en"]
    assert [each["name"] for each in asked["title"]["fitting"]] == ["名称", "短评", "日期", "心情"]
    assert asked["subject_id"]["needed"] is True
    assert theirs.columns() == NAMES


def test_nothing_is_written_before_it_is_chosen(theirs: Theirs) -> None:
    refused(theirs.started, "columns_unchosen", theirs.address)
    fill(theirs.started)
    assert theirs.world.rows(OWN) == {theirs.record: theirs.row}
    assert theirs.columns() == NAMES


def test_what_is_not_chosen_is_not_written(theirs: Theirs) -> None:
    started, world = theirs.started, theirs.world
    fill(started)
    columns = {"title": theirs.field("短评"), "comment": theirs.field("心情"), "rating": None}
    assert started.connect(theirs.address, columns=columns).status == 200
    assert started.settled().state == "idle"
    rows = world.rows(OWN)
    assert rows.pop(theirs.record) == theirs.row
    assert len(rows) == len(world.person.marks)
    assert {name for row in rows.values() for name in row} == {"短评", "心情", "Subject ID"}
    assert theirs.columns() == [*NAMES, "Subject ID"]


def test_chosen_columns_and_new_ones(theirs: Theirs) -> None:
    started, world = theirs.started, theirs.world
    fill(started)
    columns = dict.fromkeys((column.key for column in columns_of("all")), "new")
    columns |= {
        "title": theirs.field("名称"),
        "status": theirs.field("状态"),
        "comment": theirs.field("短评"),
    }
    assert started.connect(theirs.address, columns=columns).status == 200
    assert started.settled().state == "idle"
    rows = world.rows(OWN)
    assert rows.pop(theirs.record) == theirs.row
    renamed = {"名称": "标题", "短评": "我的备注", "状态": "我的状态"}
    as_ours = {
        record: {renamed.get(name, name): value for name, value in row.items()}
        for record, row in rows.items()
    }
    assert check(world.person, as_ours) == []
    assert TABLE not in world.feishu.tables(world.app_token)


def test_options_are_added_beside_theirs(theirs: Theirs) -> None:
    """The update of a column is a full overwrite: what is left out of it is lost."""
    started, world = theirs.started, theirs.world
    fill(started)
    columns = {"title": theirs.field("名称"), "status": theirs.field("状态")}
    assert started.connect(theirs.address, columns=columns).status == 200
    started.settled()
    after = theirs.options("状态")
    assert after[:2] == ["吃灰", "读过"]
    assert {"想读", "在看", "听过"} <= set(after)
    assert world.rows(OWN)[theirs.record]["状态"] == "吃灰"


def test_an_option_that_the_person_renames_goes_on_working(theirs: Theirs) -> None:
    started, world = theirs.started, theirs.world
    fill(started)
    columns = {"title": theirs.field("名称"), "status": theirs.field("状态")}
    started.connect(theirs.address, columns=columns)
    started.settled()
    world.background.call(lambda: world.feishu.rename_option(world.app_token, OWN, "状态", "读过", "看完了"))
    for entry in world.person.marks:
        if not entry.removed:
            world.person.edit(entry.key, comment="改过了")
    fill(started)
    assert started.settled().state == "idle"
    names = {row.get("状态") for row in world.rows(OWN).values()}
    assert "看完了" in names
    assert "读过" not in names
    assert "读过" not in theirs.options("状态")


def test_a_column_of_another_type_is_refused_with_the_way_out(theirs: Theirs) -> None:
    columns = {"title": theirs.field("名称"), "marked_on": theirs.field("日期")}
    refused(theirs.started, "wrong_column_type", theirs.address, columns=columns)


def test_one_column_takes_one_field(theirs: Theirs) -> None:
    columns = {"title": theirs.field("名称"), "comment": theirs.field("名称")}
    reply = theirs.started.connect(theirs.address, columns=columns)
    assert (reply.status, reply.json()["code"]) == (400, "bad_input")
    for nonsense in ({"title": "fldNOPE"}, {"nokey": theirs.field("名称")}):
        assert theirs.started.connect(theirs.address, columns=nonsense).json()["code"] == "bad_input"


def test_the_table_that_they_chose_is_not_taken_for_ours(theirs: Theirs) -> None:
    started, world = theirs.started, theirs.world
    started.connect(theirs.address, columns={"title": theirs.field("名称")})
    started.settled()
    fill(started)
    assert started.connect(world.address).status == 200
    assert started.settled().state == "idle"
    assert TABLE in world.feishu.tables(world.app_token)


def test_a_score_is_no_rating(theirs: Theirs) -> None:
    """Both are numbers to Feishu; a column of five stars takes no 8.7."""
    asked = theirs.ask()
    assert theirs.field("评分") not in {each["field_id"] for each in asked["score"]["fitting"]}
    columns = {"title": theirs.field("名称"), "score": theirs.field("评分")}
    refused(theirs.started, "wrong_column_type", theirs.address, columns=columns)


def test_a_table_for_books_alone(theirs: Theirs) -> None:
    started, world = theirs.started, theirs.world
    fill(started)
    asked = theirs.ask(shelf="book")
    assert "authors" in asked
    assert "creators" not in asked
    columns = {"title": theirs.field("名称")}
    assert started.connect(theirs.address, shelf="book", columns=columns).status == 200
    started.settled()
    books = [entry for entry in world.person.marks if entry.key.medium == "book"]
    assert len(world.rows(OWN)) == len(books) + 1
    reply = started.connect(theirs.address, shelf="nonsense", columns=columns)
    assert (reply.status, reply.json()["code"]) == (400, "bad_input")
