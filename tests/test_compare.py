"""A cell that shows what we wrote never looks edited, and one that says something else does."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feishu import columns
from gateway.feishu.bitable import Field
from gateway.feishu.columns import as_is
from gateway.feishu.compare import OWN_TIME, cells_of, digest, digests, in_words, plain, words
from gateway.feishu.fields import (
    ATTACHMENT,
    CHECKBOX,
    DATE,
    LINK,
    MULTI,
    NUMBER,
    SINGLE,
    TEXT,
    columns_of,
    new_fields,
)
from gateway.feishu.values import Shown
from gateway.model import Kind, Mark, Medium, Status, Subject, SubjectKey
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.renders import Setting, in_search
from gateway.sandbox.feishu.table import Stamp, cell_of
from gateway.sandbox.feishu.table import Table as Simulated
from gateway.sandbox.feishu.values import Surroundings

ZONE = ZoneInfo("Asia/Shanghai")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LISTS = st.lists(TEXTS.filter(bool), max_size=5).map(tuple)
SHELVES = ("all", "book", "movie", "tv", "music", "game", "drama")
TYPES = (TEXT, NUMBER, SINGLE, MULTI, DATE, CHECKBOX, LINK)


def simulated(shelf: str) -> Simulated:
    """A table of the shelf's columns, in the simulated Feishu."""
    table = Simulated("tbl", "表", Ids(1), 100)
    for new in new_fields(shelf, "zh"):
        table.add_field(FieldSpec(new.field_name, new.type, new.ui_type, new.property))
    return table


def read(table: Simulated) -> dict[str, Any]:
    """The only row, as search gives it."""
    setting = Setting("", "tbl", 1, {}, lambda _table, _record: "")
    (record,) = table.records.values()
    shown = {
        column.name: in_search(column, cell, setting)
        for column in table.fields
        if (cell := cell_of(record, column)) is not None
    }
    return msgspec.json.decode(msgspec.json.encode(shown))


def fields_of(table: Simulated) -> list[Field]:
    return msgspec.convert([column.listed() for column in table.fields], list[Field])


def bound_to(table: Simulated, shelf: str) -> columns.Bound:
    by_name = {column.name: column.id for column in table.fields}
    binding: columns.Binding = {column.key: by_name[column.names.zh] for column in columns_of(shelf)}
    return as_is(fields_of(table), shelf, "zh", known=binding, options={})[0]


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


SUBJECTS = st.builds(
    Subject,
    key=st.just(SubjectKey(Medium.MOVIE, "1292052")),
    kind=st.sampled_from([Kind.MOVIE, Kind.TV]),
    title=TEXTS,
    original_title=optional(TEXTS),
    other_titles=LISTS,
    year=optional(st.integers(-(2**60), 2**60)),
    score=optional(st.floats(0, 10)),
    genres=LISTS,
    platforms=LISTS,
    directors=LISTS,
    authors=LISTS,
    cast=LISTS,
    intro=optional(TEXTS),
    released=st.lists(st.dates().map(str), max_size=2).map(tuple),
    episodes=optional(st.integers(0, 10**9)),
    publisher=optional(TEXTS),
    isbn=optional(TEXTS),
)
MARKS = st.builds(
    Mark,
    account=st.just("1"),
    subject=st.just(SubjectKey(Medium.MOVIE, "1292052")),
    status=st.sampled_from(list(Status)),
    rating=optional(st.integers(1, 5)),
    comment=optional(TEXTS),
    comment_cut=st.booleans(),
    tags=LISTS,
    marked_on=optional(st.dates()),
    private=st.booleans(),
)


@given(
    mark=MARKS,
    subject=SUBJECTS,
    shelf=st.sampled_from(SHELVES),
    language=st.sampled_from(["zh", "en"]),
    removed=st.booleans(),
)
def test_what_was_written_is_read_as_it_is(
    *, mark: Mark, subject: Subject, shelf: str, language: str, removed: bool
) -> None:
    """Also a row that was made in the other language, or before its removal was told."""
    table = simulated(shelf)
    bound = bound_to(table, shelf)
    shown = Shown(mark, subject, ZONE, language, removed)
    cells = columns.cells(shown, shelf, bound, clear=False)
    table.create([table.plan(cells, Surroundings((), lambda _: ()))], Stamp("ou_1", 0))
    there, now = read(table), bound_to(table, shelf)
    for after in (
        shown,
        msgspec.structs.replace(shown, language="zh"),
        msgspec.structs.replace(shown, removed=True),
    ):
        assert [cell for cell in cells_of(after, shelf, now, there) if cell.there != cell.wanted] == []
    told = {cell.field: cell for cell in cells_of(shown, shelf, now, there)}
    kept = digests(cells, shelf, now, None)
    assert kept.pop(OWN_TIME) == digest(plain(there[now.names[OWN_TIME]], DATE))
    assert kept == {field: digest(told[field].there) for field in kept}


SAME: list[tuple[int, Any, Any]] = [
    (TEXT, "a", [{"text": "a", "type": "text"}]),
    (
        TEXT,
        "见 https://x.cn 吧",
        [
            {"text": "见 ", "type": "text"},
            {"text": "https://x.cn", "link": "https://x.cn", "type": "url"},
            {"text": " 吧", "type": "text"},
        ],
    ),
    (TEXT, " 行 \r\n二  ", [{"text": "行\n二", "type": "text"}]),
    (TEXT, "\x01甲\u200b", [{"text": "甲", "type": "text"}]),
    (TEXT, "  ", None),
    (TEXT, "e\u0301", [{"text": "é", "type": "text"}]),
    (NUMBER, 8, 8.0),
    (NUMBER, 8.7, 8.7),
    (DATE, 1551888000000, 1551888000000),
    (CHECKBOX, False, None),
    (MULTI, ["a", "b "], ["b", "a"]),
    (MULTI, [" "], None),
    (
        LINK,
        {"link": "https://x", "text": "https://x"},
        {"link": "https://x", "text": "https://x", "type": "url"},
    ),
    (LINK, {"link": "https://x", "text": "https://x"}, {"link": "https://x"}),
]
OTHER: list[tuple[int, Any, Any]] = [
    (TEXT, "a\nb", [{"text": "ab", "type": "text"}]),
    (TEXT, "a", None),
    (NUMBER, None, 0),
    (NUMBER, 8.7, 8.71),
    (NUMBER, 2020, 2021),
    (NUMBER, 1234567, 1234568),
    (DATE, 1551888000000, 1551888000000 + 86_400_000),
    (DATE, None, 0),
    (CHECKBOX, False, True),
    (MULTI, ["a"], ["a", "b"]),
    (SINGLE, "想看", "看过"),
    (LINK, {"link": "https://x", "text": "https://x"}, {"link": "https://x", "text": "豆瓣", "type": "url"}),
    (LINK, {"link": "https://x", "text": "豆瓣"}, {"link": "https://y", "text": "豆瓣", "type": "url"}),
]


@pytest.mark.parametrize(("kind", "written", "shown"), SAME)
def test_the_same(kind: int, written: Any, shown: Any) -> None:
    assert plain(written, kind) == plain(shown, kind)


@pytest.mark.parametrize(("kind", "written", "shown"), OTHER)
def test_something_else(kind: int, written: Any, shown: Any) -> None:
    before, after = plain(written, kind), plain(shown, kind)
    assert before != after
    assert words(before, kind, ZONE) != words(after, kind, ZONE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(JSON, st.sampled_from(TYPES))
def test_nothing_that_feishu_may_say_is_too_much(value: Any, kind: int) -> None:
    """A person may turn a column into anything; it is told in words all the same."""
    assert isinstance(words(plain(value, kind), kind, ZONE), str)
    assert isinstance(in_words(value, kind, ZONE), str)


PERSON, PLACE = 11, 22


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (PERSON, [{"id": "ou_1", "name": "小林"}, {"id": "ou_2", "name": "阿青"}], "小林、阿青"),
        (ATTACHMENT, [{"file_token": "f", "name": "票根.jpg"}], "票根.jpg"),
        (PLACE, {"location": "116,39", "name": "影院"}, "影院"),
        (TEXT, [{"text": "两", "type": "text"}, {"text": "段", "type": "text"}], "两段"),
        (MULTI, ["乙", "甲"], "乙、甲"),
        (NUMBER, 3.0, "3"),
        (CHECKBOX, True, "✓"),
        (CHECKBOX, False, ""),
        (TEXT, "长" * 2000, "长" * 2000),
        (LINK, {"link": "https://example.com/", "text": "看这里"}, "https://example.com/ · 看这里"),
        (DATE, 1_700_000_000_000, "2023-11-15 06:13"),
        (TEXT, [], ""),
    ],
)
def test_what_they_wrote_in_words(kind: int, value: Any, told: str) -> None:
    """Also where the column is none of ours, and as long as it is: it may be told before it goes."""
    assert in_words(value, kind, ZONE) == told
