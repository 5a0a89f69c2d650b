"""Rows that a table had before D2F came: taken over once, and nobody else's."""

from typing import Any

import msgspec
import pytest

from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.sandbox.feishu.fields import FieldSpec
from tests.support import Started, World
from tests.test_cli import d2f
from tests.test_plan import OWN, SPECS, agree, connect, page_of, plan
from tests.test_push import TABLE, fill, right
from tests.test_removals import policy, row_of
from tests.test_whose_row import unmarked


def books(world: World) -> list[Any]:
    return [entry for entry in world.person.marks if entry.key.medium is Medium.BOOK and not entry.removed]


def link(entry: Any) -> dict[str, str]:
    return {"link": page_of(entry), "text": "豆瓣"}


def test_who_connects_before_anything_was_read(started: Started) -> None:
    """The person agreed when the library was empty; the rows are known when their marks come."""
    world = started.world
    first, second, *_ = books(world)
    made = connect(
        started,
        first={"书名": "旧名", "链接": link(first), "心情": "好"},
        second={"书名": "又一本", "链接": link(second)},
        theirs={"书名": "日记本"},
    )
    agree(started)
    fill(started)
    assert started.settled().state == "idle"
    rows = world.rows(OWN)
    assert len(rows) == len(books(world)) + 1
    assert rows[made["first"]]["Subject ID"] == first.key.id
    assert rows[made["first"]]["心情"] == "好"
    assert rows[made["second"]]["Subject ID"] == second.key.id
    assert rows[made["theirs"]] == {"书名": "日记本"}


def test_a_row_that_they_deleted_before_its_mark_came_is_made_anew(started: Started) -> None:
    """It was not ours yet when it went."""
    world = started.world
    first, *_ = books(world)
    made = connect(started, first={"书名": "旧名", "链接": link(first)}, theirs={"书名": "日记本"})
    agree(started)
    world.background.call(lambda: world.feishu.delete_record(world.app_token, OWN, made["first"]))
    fill(started)
    state = started.settled()
    assert (state.state, state.deleted) == ("idle", 0)
    assert len(world.rows(OWN)) == len(books(world)) + 1


def test_a_new_library_connected_before_it_reads(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The library was lost, and the person sets Feishu up first: nothing is there twice, over a restart."""
    first = world.start()
    fill(first)
    first.connect()
    right(first)
    records = set(world.rows())
    first.stop()
    world.settings = msgspec.structs.replace(world.settings, data=tmp_path_factory.mktemp("another"))
    second = world.start()
    second.connect()
    second.settled()
    second.stop()
    third = world.start()
    fill(third)
    right(third)
    assert set(world.rows()) == records


def test_another_shelf_asks_still(stocked: Started) -> None:
    """To enter the table once more, for something else, is no yes."""
    world = stocked.world
    connect(stocked, theirs={"书名": "日记本"})
    named = world.feishu.table(world.app_token, OWN).named
    address = f"{world.address}?table={world.feishu.tables(world.app_token)[OWN]}"
    columns = {"title": named("书名").id}
    assert stocked.connect(address, accept=False, shelf="music", columns=columns).status == 200
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "plan_unaccepted")
    assert len(world.rows(OWN)) == 1


def test_a_row_is_its_ids_not_that_of_any_page_it_names(started: Started) -> None:
    """A film's row that links to the book it was made from is not the book's."""
    world = started.world
    film = next(each for each in world.person.marks if each.key.medium is Medium.MOVIE and not each.removed)
    book, *_ = books(world)
    fill(started)
    table = world.background.call(
        lambda: world.feishu.add_table(
            world.app_token, OWN, (FieldSpec("标题", 1), FieldSpec("Subject ID", 1), FieldSpec("原著", 15))
        )
    )
    row: dict[str, Any] = {"标题": "一部电影", "Subject ID": film.key.id, "原著": link(book)}
    record = world.background.call(lambda: world.feishu.add_record(world.app_token, OWN, row))
    named = world.feishu.table(world.app_token, OWN).named
    columns = {"title": named("标题").id, "subject_id": named("Subject ID").id}
    address = f"{world.address}?table={table}"
    assert started.connect(address, columns=columns).status == 200
    assert started.settled().state == "idle"
    rows = world.rows(OWN)
    assert rows[record]["Subject ID"] == film.key.id
    assert rows[record]["标题"] == film.subject.title
    assert len(rows) == len(world.person.marks)


def test_what_could_be_two_marks_is_neither(started: Started) -> None:
    """Two editions, one title and one year."""
    world = started.world
    for number in ("1000001", "1000002"):
        key = SubjectKey(Medium.BOOK, number)
        told = Subject(key=key, kind=Kind.BOOK, title="同名书", released=("2001-1",))
        world.person.add(told, Status.DONE)
    fill(started)
    browser = started.pair()
    for number in ("1000001", "1000002"):
        url = f"https://book.douban.com/subject/{number}/"
        assert browser.capture(url, world.visitor.open(url).body)[0] == 200
    connect(started, row={"书名": "同名书", "年份": "2001"})
    assert plan(started)["tables"][0]["likely"] == []


def test_an_isbn_however_it_is_spelled(stocked: Started) -> None:
    world = stocked.world
    book = next(each for each in books(world) if each.subject.isbn)
    browser = stocked.pair()
    assert browser.capture(page_of(book), world.visitor.open(page_of(book)).body)[0] == 200
    isbn = book.subject.isbn
    connect(stocked, row={"书名": "另一个版本", "ISBN": f"ISBN {isbn[:3]}-{isbn[3]}-{isbn[4:]} "})
    assert [each["by"] for each in plan(stocked)["tables"][0]["likely"]] == ["isbn"]


def shown_on_its_page(started: Started) -> Any:
    """A book with all that its row could be known by."""
    world = started.world
    book = next(each for each in books(world) if each.subject.isbn and each.subject.released)
    browser = started.pair()
    assert browser.capture(page_of(book), world.visitor.open(page_of(book)).body)[0] == 200
    return book


def isbn_10(isbn: str) -> str:
    digits = isbn[3:12]
    check = -sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
    return digits + ("X" if check == 10 else str(check))


def test_an_isbn_of_before_2007(stocked: Started) -> None:
    assert isbn_10("9787020002207") == "702000220X", "as it is printed in that book"
    book = shown_on_its_page(stocked)
    connect(stocked, row={"书名": "别的", "ISBN": isbn_10(book.subject.isbn)})
    assert [each["by"] for each in plan(stocked)["tables"][0]["likely"]] == ["isbn"]


def test_a_row_of_another_isbn_is_not_likely_ours(stocked: Started) -> None:
    book = shown_on_its_page(stocked)
    row = {"书名": book.subject.title, "年份": book.subject.released[0][:4]}
    connect(stocked, row=row | {"ISBN": "9787000000002"})
    assert plan(stocked)["tables"][0]["likely"] == []


def test_a_book_is_not_likely_a_film(started: Started) -> None:
    world = started.world
    key = SubjectKey(Medium.MOVIE, "1999001")
    world.person.add(Subject(key=key, kind=Kind.TV, title="围城", released=("1990",)), Status.DONE)
    fill(started)
    url = "https://movie.douban.com/subject/1999001/"
    assert started.pair().capture(url, world.visitor.open(url).body)[0] == 200
    specs = (FieldSpec("标题", 1), FieldSpec("分类", 3), FieldSpec("年份", 2))
    shelf, rows = "藏书", [{"标题": "围城", "分类": kind, "年份": 1990} for kind in ("书籍", "电视剧")]
    table = world.background.call(lambda: world.feishu.add_table(world.app_token, shelf, specs))
    made = [
        world.background.call(lambda row=row: world.feishu.add_record(world.app_token, shelf, row))
        for row in rows
    ]
    named = world.feishu.table(world.app_token, shelf).named
    columns = {
        "title": named("标题").id,
        "year": named("年份").id,
        "kind": named("分类").id,
        "comment": "new",
    }
    reply = started.connect(f"{world.address}?table={table}", accept=False, columns=columns)
    assert reply.status == 200, reply.json()
    (likely,) = plan(started)["tables"][0]["likely"]
    assert (likely["record_id"], likely["by"]) == (made[1], "title")


def test_what_a_likely_row_would_say_is_told(stocked: Started) -> None:
    """Cell by cell, before the person agrees: what they typed is written over. What they filled in beside stays."""
    book = shown_on_its_page(stocked)
    made = connect(stocked, row={"书名": "我手写的那一行", "ISBN": book.subject.isbn, "心情": "好"})
    (table,) = plan(stocked)["tables"]
    (likely,) = table["likely"]
    assert (likely["title"], likely["mark"]) == ("我手写的那一行", book.subject.title)
    assert likely["cells"]["书名"] == ["我手写的那一行", book.subject.title]
    assert (table["proposals"], "心情" in likely["cells"]) == (1, False)
    told = d2f(stocked.world.folder, "sync", "--dry-run", D2F_PORT=str(stocked.port)).stdout
    assert f"? 我手写的那一行 = {book.subject.title} (书号相同 · same ISBN)" in told
    assert f"书名: 我手写的那一行 → {book.subject.title}" in told
    agree(stocked, likely=True)
    row = stocked.world.rows(OWN)[made["row"]]
    after = {name: new for name, (_, new) in likely["cells"].items() if name in ("书名", "我的评分", "状态")}
    assert {name: row.get(name) for name in after} == after
    assert row["心情"] == "好"


def test_a_row_of_another_edition_is_not_likely_ours(stocked: Started) -> None:
    """It says whose it is: of a book that the person has not marked."""
    world = stocked.world
    book = next(each for each in books(world) if each.subject.isbn and each.subject.released)
    browser = stocked.pair()
    assert browser.capture(page_of(book), world.visitor.open(page_of(book)).body)[0] == 200
    row = {
        "书名": book.subject.title,
        "年份": book.subject.released[0][:4],
        "链接": {"link": "https://book.douban.com/subject/999999999/", "text": "豆瓣"},
    }
    connect(stocked, row=row)
    assert plan(stocked)["tables"][0]["likely"] == []


def test_rows_that_are_there_twice(stocked: Started) -> None:
    """One of them is taken over, the other stays as it is."""
    world = stocked.world
    first, *_ = books(world)
    row = {"书名": "旧名", "链接": link(first)}
    made = connect(stocked, one=row, other=row)
    assert plan(stocked)["tables"][0]["adopts"] == 1
    agree(stocked)
    rows = world.rows(OWN)
    assert len(rows) == len(books(world)) + 1
    assert [rows[record].get("Subject ID") for record in made.values()].count(None) == 1


def test_many_rows_of_theirs(stocked: Started) -> None:
    """Each is read once for the plan, and once when the person agreed, by the five hundred."""
    world = stocked.world
    number = 10_000
    table = world.background.call(lambda: world.feishu.add_table(world.app_token, OWN, SPECS))
    blank = [{"书名": f"书 {each}"} for each in range(number)]
    world.background.call(lambda: [world.feishu.add_record(world.app_token, OWN, row) for row in blank])
    named = world.feishu.table(world.app_token, OWN).named
    columns = {"title": named("书名").id}
    address = f"{world.address}?table={table}"
    assert stocked.connect(address, accept=False, shelf="book", columns=columns).status == 200
    stocked.settled()
    before = world.feishu.calls.copy()
    (told,) = plan(stocked)["tables"]
    assert (told["rows"], told["adopts"]) == (number, 0)
    assert (world.feishu.calls - before)["record.search"] == number / 500
    agree(stocked)
    looked = 2  # for rows of another gateway, before and after the few that are made
    assert (world.feishu.calls - before)["record.search"] == 2 * number / 500 + looked
    assert len(world.rows(OWN)) == number + len(books(world))
    assert TABLE not in world.feishu.tables(world.app_token)


def test_what_they_wrote_where_douban_has_nothing_stays(started: Started) -> None:
    """Until Douban has something there, and then takes it away again; a check leaves it alone, too."""
    world = started.world
    silent = next(entry for entry in books(world) if not entry.mark.comment)

    def make() -> tuple[str, str]:
        table = world.feishu.add_table(world.app_token, OWN, (*SPECS, FieldSpec("短评", 1)))
        written: dict[str, Any] = {"书名": "旧名", "链接": link(silent), "短评": "我自己写的"}
        return table, world.feishu.add_record(world.app_token, OWN, written)

    table, row = world.background.call(make)
    named = world.feishu.table(world.app_token, OWN).named
    columns = {"title": named("书名").id, "comment": named("短评").id}
    fill(started)
    assert (
        started.connect(f"{world.address}?table={table}", accept=False, shelf="book", columns=columns).status
        == 200
    )
    (write,) = [each for each in plan(started)["tables"][0]["writes"] if each["what"] == "update"]
    assert "短评" not in write["cells"]
    agree(started)
    assert world.rows(OWN)[row]["短评"] == "我自己写的"
    assert world.rows(OWN)[row]["书名"] == silent.subject.title
    assert started.owner.call("POST", "/api/v1/check").status == 202
    assert started.settled().state == "idle"
    assert world.rows(OWN)[row]["短评"] == "我自己写的"
    said(started, silent, "读完了")
    assert world.rows(OWN)[row]["短评"] == "读完了"
    said(started, silent, None)
    assert "短评" not in world.rows(OWN)[row]


def said(started: Started, entry: Any, comment: str | None) -> None:
    """The person writes a comment on Douban, or takes it away, and looks at the page."""
    started.world.person.edit(entry.key, comment=comment)
    url = page_of(entry)
    assert started.pair().capture(url, started.world.visitor.open(url).body)[0] == 200
    assert started.settled().state == "idle"


def told(row: dict[str, Any] | None) -> str | None:
    return row["我的状态"] if row else None


@pytest.mark.parametrize("known", ["before", "since"])
@pytest.mark.parametrize("word", ["keep", "delete", "ignore"])
def test_a_row_of_a_mark_that_is_gone(two: tuple[Started, Started], word: str, known: str) -> None:
    """The other machine made the rows; this one knows that the mark was taken away. A row typed by hand stays."""
    first, second = two
    world = first.world
    for each in two:
        fill(each)
    first.connect()
    right(first)
    entry, other = [each for each in world.person.marks if each.mark.comment and not each.removed][:2]
    ((record, row),) = row_of(first, entry)
    typed: dict[str, Any] = {"标题": "手打", "Subject ID": other.key.id, "豆瓣页面": link(other)}
    by_hand = world.background.call(lambda: world.feishu.add_record(world.app_token, TABLE, typed))
    ((others, _),) = [each for each in row_of(first, other) if each[0] != by_hand]
    policy(second, word)
    if known == "before":
        unmarked(second, entry, other)
    second.connect(accept=False)
    if known == "since":
        unmarked(second, entry, other)
    (told_of,) = plan(second)["tables"]
    says = {each["title"]: each["cells"] for each in told_of["writes"] if "我的状态" in each["cells"]}
    assert told_of["creates"] == 0
    assert (told_of["removals"], told_of["ignored"]) == (2 * (word == "delete"), 2 * (word == "ignore"))
    shown = {"keep": "已取消", "delete": None, "ignore": row["我的状态"]}[word]
    assert len(says) == (2 if word == "keep" else 0)
    agree(second)
    rows = world.rows()
    assert told(rows.get(record)) == shown
    assert (others in rows) == (word != "delete")
    assert rows[by_hand] == typed
