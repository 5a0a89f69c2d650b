"""What a person does in Feishu between two syncs, and in the middle of one: told plainly, nothing lost, nothing twice."""

import pytest

from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import APP_ID, Started, World
from tests.test_push import TABLE, faulty, fill, right
from tests.test_two_at_once import subject
from tests.test_ways_in import edit_one


@pytest.fixture
def started(stocked: Started) -> Started:
    assert stocked.connect().status == 200
    right(stocked)
    return stocked


def edit_all(started: Started, comment: str = "改过了") -> None:
    person = started.world.person
    for entry in person.marks:
        if not entry.removed:
            person.edit(entry.key, comment=comment)
    fill(started)


def again(started: Started) -> None:
    """The person presses the button."""
    assert started.owner.call("POST", "/api/v1/push").status == 202


def told(started: Started, code: str) -> str:
    """What the person reads, in both languages."""
    state = started.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", code)
    assert state.problem is not None
    zh, en = state.problem.zh, state.problem.en
    assert zh != en
    assert "{" not in zh + en
    return f"{zh}\n{en}"


RETYPED = [
    ("我的备注", (2, "Number"), (1, "Text"), "数字", "文本"),
    ("我的状态", (1, "Text"), (3, "SingleSelect"), "文本", "单选"),
    ("豆瓣评分", (20, "Formula"), (2, "Number"), "公式", "数字"),
    ("封面图", (1, "Text"), (17, "Attachment"), "文本", "附件"),
    ("Subject ID", (2, "Number"), (1, "Text"), "数字", "文本"),
    ("标记日期", (1, "Text"), (5, "DateTime"), "文本", "日期"),
]


@pytest.mark.parametrize(("column", "other", "ours", "has", "wants"), RETYPED)
def test_a_column_that_was_given_another_type(
    started: Started, column: str, other: tuple[int, str], ours: tuple[int, str], has: str, wants: str
) -> None:
    """What Feishu emptied is written again when the type is right again, and nothing else is touched."""
    world = started.world
    before = world.rows()

    def retype(kind: tuple[int, str]) -> None:
        world.background.call(lambda: world.feishu.retype_field(world.app_token, TABLE, column, *kind))

    retype(other)
    edit_one(started)
    words = told(started, "wrong_column_type")
    assert all(word in words for word in (column, has, wants))
    assert set(world.rows()) == set(before)
    retype(ours)
    again(started)
    right(started)
    assert set(world.rows()) == set(before)
    assert sum(before[record] != row for record, row in world.rows().items()) == 1


def test_what_the_person_wrote_into_other_columns_stays_when_one_is_filled_in(started: Started) -> None:
    world = started.world
    record = next(iter(world.rows()))
    world.background.call(
        lambda: world.feishu.edit_record(world.app_token, TABLE, record, {"标题": "我改的"})
    )
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "Subject ID"))
    entry = next(e for e in world.person.marks if e.key.id not in world.rows()[record]["豆瓣页面"]["link"])
    world.person.edit(entry.key, comment="改过了")
    fill(started)
    assert started.settled().state == "idle"
    row = world.rows()[record]
    assert (row["标题"], row["Subject ID"]) == ("我改的", row["豆瓣页面"]["link"].split("/")[-2])


def test_only_the_table_with_the_column_rests(world: World) -> None:
    started = world.start()
    fill(started)
    assert started.connect(layout="kinds").status == 200
    assert started.settled().state == "idle"
    world.background.call(lambda: world.feishu.retype_field(world.app_token, "豆瓣图书", "我的备注", 2))
    edit_all(started, "又改过了")
    assert "我的备注" in told(started, "wrong_column_type")
    for table in ("豆瓣电影", "豆瓣音乐"):
        comments = [row.get("我的备注") for row in world.rows(table).values()]
        assert "又改过了" in comments
    assert {row.get("我的备注") for row in world.rows("豆瓣图书").values()} == {None}
    world.background.call(lambda: world.feishu.retype_field(world.app_token, "豆瓣图书", "我的备注", 1))
    again(started)
    assert started.settled().state == "idle"
    assert {row.get("我的备注") for row in world.rows("豆瓣图书").values()} == {"又改过了"}


def test_a_key_column_that_was_deleted(started: Started) -> None:
    """It is made again and filled in: without it a new library would not find its rows."""
    world = started.world
    records = set(world.rows())
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "Subject ID"))
    edit_one(started)
    right(started)
    assert set(world.rows()) == records


def test_a_key_column_that_was_deleted_before_the_person_connects_again(started: Started) -> None:
    world = started.world
    records = set(world.rows())
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "Subject ID"))
    assert started.connect().status == 200
    right(started)
    assert set(world.rows()) == records
    assert set(world.feishu.tables(world.app_token)) == {"数据表", TABLE}


def test_another_column_with_the_name_of_one_of_ours(started: Started) -> None:
    """The person deleted our key column and made one of theirs in its place."""
    world = started.world
    records = set(world.rows())
    world.background.call(lambda: world.feishu.delete_field(world.app_token, TABLE, "Subject ID"))
    world.background.call(lambda: world.feishu.add_field(world.app_token, TABLE, FieldSpec("Subject ID", 2)))
    edit_one(started)
    assert "Subject ID" in told(started, "column_name_taken")
    world.background.call(lambda: world.feishu.rename_field(world.app_token, TABLE, "Subject ID", "编号"))
    again(started)
    right(started)
    assert set(world.rows()) == records
    assert not any("编号" in row for row in world.rows().values())


def test_columns_of_theirs_between_ours_and_names_that_are_swapped(started: Started) -> None:
    world, base = started.world, started.world.app_token

    def act() -> None:
        feishu = world.feishu
        feishu.add_computed(base, TABLE, "几个字", "Formula", lambda row: len(str(row.get("标题"))))
        feishu.add_computed(base, TABLE, "查到的", "Lookup", lambda row: row.get("标题"))
        feishu.add_field(base, TABLE, FieldSpec("何时建的", 1001))
        for name, place in (("几个字", 1), ("查到的", 2), ("何时建的", 3), ("Subject ID", 4)):
            feishu.move_field(base, TABLE, name, place)
        for name, new in (("简介", "x"), ("我的备注", "简介"), ("x", "我的备注")):
            feishu.rename_field(base, TABLE, name, new)

    intros = {record: row.get("简介") for record, row in world.rows().items()}
    world.background.call(act)
    edit_all(started)
    assert started.settled().state == "idle"
    rows = world.rows()
    assert {row.get("简介") for row in rows.values()} >= {"改过了"}
    assert {record: row.get("我的备注") for record, row in rows.items()} == intros
    assert all(row["几个字"] for row in rows.values())


def test_options_that_were_renamed_and_deleted(started: Started) -> None:
    world, base = started.world, started.world.app_token
    there = world.feishu.table(base, TABLE)

    def act() -> None:
        world.feishu.rename_option(base, TABLE, "我的状态", "看过", "看完了")
        status = there.named("我的状态")
        kept = [option for option in status.options.values() if option.name != "想看"]
        options = [{"id": each.id, "name": each.name, "color": each.color} for each in kept]
        there.put_field(status, FieldSpec("我的状态", 3, "SingleSelect", {"options": options}))

    world.background.call(act)
    edit_all(started)
    assert started.settled().state == "idle"
    names = [row.get("我的状态") for row in world.rows().values()]
    assert "看完了" in names
    assert "看过" not in names
    assert "想看" in names


# The table, or all of the Bitable.


def test_our_table_that_was_deleted(started: Started) -> None:
    world = started.world
    world.background.call(lambda: world.feishu.delete_table(world.app_token, TABLE))
    edit_one(started)
    assert TABLE in told(started, "table_gone")
    assert started.connect().status == 200
    right(started)


def test_the_persons_table_that_was_deleted(world: World) -> None:
    """Nobody makes it anew: it was theirs."""
    started = world.start()
    fill(started)
    specs = (FieldSpec("名称", 1),)
    table = world.background.call(lambda: world.feishu.add_table(world.app_token, "清单", specs))
    field = world.feishu.table(world.app_token, "清单").named("名称").id
    assert started.connect(f"{world.address}?table={table}", columns={"title": field}).status == 200
    assert started.settled().state == "idle"
    world.background.call(lambda: world.feishu.delete_table(world.app_token, "清单"))
    edit_one(started)
    words = told(started, "table_gone")
    assert "清单" in words
    assert "换个地址" in words


def test_a_bitable_that_was_deleted(started: Started) -> None:
    """To connect again would not help: the words ask for another address."""
    world = started.world
    world.background.call(lambda: world.feishu.delete_base(world.app_token))
    edit_one(started)
    told(started, "feishu_not_found")
    world.app_token = world.background.call(
        lambda: world.feishu.add_base("又一个", collaborators={APP_ID: "edit"})
    )
    assert started.connect().status == 200
    right(started)


def test_a_bitable_that_was_copied(started: Started) -> None:
    """The copy's rows are taken over, the first one's are left as they were."""
    world, first = started.world, started.world.app_token
    before = world.rows()
    world.app_token = world.background.call(lambda: world.feishu.copy_base(first))
    world.background.call(lambda: world.feishu.share(world.app_token, APP_ID, "edit"))
    assert started.connect().status == 200
    right(started)
    edit_one(started)
    right(started)
    assert set(world.rows()) == set(before)
    assert world.background.call(lambda: world.feishu.rows(first, TABLE)) == before


def test_another_column_chosen_later_is_filled_in(world: World) -> None:
    started = world.start()
    fill(started)
    specs = (FieldSpec("名称", 1), FieldSpec("短评", 1), FieldSpec("笔记", 1))
    table = world.background.call(lambda: world.feishu.add_table(world.app_token, "清单", specs))
    address = f"{world.address}?table={table}"
    ids = {
        spec.field_name: world.feishu.table(world.app_token, "清单").named(spec.field_name).id
        for spec in specs
    }
    assert started.connect(address, columns={"title": ids["名称"], "comment": ids["短评"]}).status == 200
    assert started.settled().state == "idle"
    before = world.rows("清单")
    assert started.connect(address, columns={"title": ids["名称"], "comment": ids["笔记"]}).status == 200
    assert started.settled().state == "idle"
    after = world.rows("清单")
    assert {record: row.get("笔记") for record, row in after.items()} == {
        record: row.get("短评") for record, row in before.items()
    }
    assert any(row.get("笔记") for row in after.values())


def test_names_that_are_swapped_before_a_create_is_sent_again(world: World) -> None:
    """The very same bytes name the columns as they were: what they put into the wrong ones is put right."""
    started = world.start()
    fill(started)
    faulty(started, Fault("record.batch_create", "drop_before", times=2))
    assert started.connect().status == 200
    assert started.settled().state == "waiting"

    def swap() -> None:
        for name, new in (("简介", "x"), ("我的备注", "简介"), ("x", "我的备注")):
            world.feishu.rename_field(world.app_token, TABLE, name, new)

    world.background.call(swap)
    again(started)
    assert started.settled().state == "idle"
    comments = {entry.mark.comment for entry in world.person.marks}
    assert {row.get("简介") for row in world.rows().values()} == comments


@pytest.mark.parametrize("told_by", ["an edit", "a check"])
def test_of_two_rows_of_a_mark_ours_was_taken_away(started: Started, told_by: str) -> None:
    """By the person, who had copied it, or by another gateway: the other one is the mark's from now on."""
    world = started.world
    entry = next(entry for entry in world.person.marks if not entry.removed)
    ((ours, row),) = [each for each in world.rows().items() if each[1]["豆瓣页面"]["link"] == subject(entry)]
    cells = {name: row[name] for name in ("标题", "Subject ID", "豆瓣页面")}
    copy = world.background.call(lambda: world.feishu.add_record(world.app_token, TABLE, cells))
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, ours))
    if told_by == "a check":
        assert started.owner.call("POST", "/api/v1/check").status == 202
    else:
        world.person.edit(entry.key, comment="再看一遍")
        fill(started)
    right(started)
    assert copy in world.rows()
    assert started.settled().deleted == 0
