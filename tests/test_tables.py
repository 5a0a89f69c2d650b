"""Which table, and which of its rows: other Bitables, copies of them, and columns that the person changed."""

import sqlite3
from typing import Any

import pytest

from gateway.demo import check
from gateway.model import Medium, Status, Subject, SubjectKey
from gateway.sandbox.person import Person
from tests.support import APP_ID, Started, World
from tests.test_push import TABLE, fill, right


def edit_all(person: Person, comment: str) -> None:
    for entry in person.marks:
        if not entry.removed:
            person.edit(entry.key, comment=comment)


def move_to(started: Started, app_token: str) -> None:
    started.world.app_token = app_token
    assert started.connect().status == 200


def test_a_copied_bitable_is_another_one(stocked: Started) -> None:
    """Its tables have the ids of the first one's; what was pushed there was not pushed here."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    first = world.app_token
    copied = world.background.call(lambda: world.feishu.copy_base(first))
    edit_all(world.person, "改过了")
    fill(stocked)
    right(stocked)
    before = world.rows()
    move_to(stocked, copied)
    right(stocked)
    assert len(world.rows()) == len(world.person.marks)
    world.app_token = first
    assert world.rows() == before


def test_going_back_to_an_earlier_table_knows_its_columns(stocked: Started) -> None:
    """A column that was renamed there is not made a second time."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    first = world.app_token
    world.background.call(lambda: world.feishu.rename_field(first, TABLE, "我的备注", "短评"))
    second = world.background.call(lambda: world.feishu.add_base("另一个", collaborators={APP_ID: "edit"}))
    move_to(stocked, second)
    right(stocked)
    edit_all(world.person, "改过了")
    fill(stocked)
    right(stocked)
    move_to(stocked, first)
    assert stocked.settled().state == "idle"
    assert "我的备注" not in world.feishu.columns(first, TABLE)
    changed = [row for row in world.rows().values() if row.get("短评") == "改过了"]
    assert len(changed) == sum(not entry.removed for entry in world.person.marks)


@pytest.mark.parametrize("gone", [("分类",), ("豆瓣页面",), ("分类", "豆瓣页面")])
def test_one_record_shows_one_mark(world: World, gone: tuple[str, ...]) -> None:
    """A book and an album of the same number, a library that was lost, and columns that tell them apart no more."""
    for medium, title in ((Medium.BOOK, "同号的书"), (Medium.MUSIC, "同号的唱片")):
        subject = Subject(key=SubjectKey(medium, "1000000"), title=title)
        world.person.add(subject, Status.DONE, comment=f"关于{title}")
    first = world.start()
    fill(first)
    first.connect()
    right(first)
    for column in gone:
        world.background.call(lambda name=column: world.feishu.delete_field(world.app_token, TABLE, name))
    before = set(world.rows())
    first.stop()
    for file in world.folder.iterdir():
        file.unlink()
    again = world.start()
    fill(again)
    assert again.connect().status == 200
    assert again.settled().state == "idle"
    rows = world.rows()
    assert set(rows) == before
    comments = {row["标题"]: row.get("我的备注") for row in rows.values() if row["Subject ID"] == "1000000"}
    assert comments == {"同号的书": "关于同号的书", "同号的唱片": "关于同号的唱片"}


def test_a_row_that_the_person_copied_stays_theirs(stocked: Started) -> None:
    """A row with our number that links elsewhere is not ours, even where ours is gone."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    entry = next(e for e in world.person.marks if e.key.medium is Medium.MOVIE and not e.removed)
    other: dict[str, Any] = {
        "标题": "别的东西",
        "Subject ID": entry.key.id,
        "豆瓣页面": {"link": f"https://music.douban.com/subject/{entry.key.id}/", "text": "x"},
    }
    ours = next(key for key, row in world.rows().items() if row["Subject ID"] == entry.key.id)
    world.background.call(lambda: world.feishu.delete_record(world.app_token, TABLE, ours))
    own = world.background.call(lambda: world.feishu.add_record(world.app_token, TABLE, other))
    stocked.stop()
    for file in world.folder.iterdir():
        file.unlink()
    again = world.start()
    fill(again)
    assert again.connect().status == 200
    assert again.settled().state == "idle"
    rows = world.rows()
    assert rows.pop(own)["标题"] == "别的东西"
    assert check(world.person, rows) == []


def test_the_push_outlives_a_library_that_fails(started: Started) -> None:
    """The file fails under it, for reading too; when it works again, so does the push."""
    world, sync, store = started.world, started.gateway.carriers.first.sync, started.gateway.store
    fill(started)
    started.connect()
    right(started)
    world.background.call(lambda: store.do("UPDATE mark SET revision = revision + 1"))
    world.background.call(lambda: store.do("ALTER TABLE record RENAME TO elsewhere"))
    world.background.call(sync.wake)
    with pytest.raises(sqlite3.OperationalError):
        world.background.run(sync.rest())
    assert started.owner.call("GET", "/api/v1/overview").json()["code"] == "library_fault"
    world.background.call(lambda: store.do("ALTER TABLE elsewhere RENAME TO record"))
    before = world.feishu.calls["record.batch_update"]
    assert started.owner.call("POST", "/api/v1/push").status == 202
    right(started)
    assert world.feishu.calls["record.batch_update"] == before + 1
