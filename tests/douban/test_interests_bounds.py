"""How much of a hostile page of the mobile JSON is worked on, and that the rest is said."""

import json
from typing import Any

import pytest

from gateway.douban.interests import read_interests
from gateway.model import Problem, Reading, Verdict
from tests.douban.pages import ME

URL = f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=movie&status=done&start=0&count=50"


def item(number: int, **subject: Any) -> dict[str, Any]:
    about = {"id": str(number), "type": "movie", "title": "海风", **subject}
    dated = {"status": "done", "create_time": "2024-03-05 10:11:12", "rating": None, "tags": ["甲"]}
    return {**dated, "id": number, "comment": "风", "subject": about}


def envelope(*items: object) -> Reading:
    page = {"count": 50, "start": 0, "total": len(items), "interests": items}
    reading = read_interests(URL, json.dumps(page).encode())
    assert reading.page.part is not None
    assert reading.page.part.rows == len(items)
    return reading


def broken(number: int) -> dict[str, Any]:
    return item(number, genres=7)


def test_broken_items_are_mended_up_to_a_number_and_the_others_counted() -> None:
    reading = envelope(*(broken(number) for number in range(1, 801)))
    assert reading.page.verdict is Verdict.OK
    assert [mark.subject.id for mark in reading.marks] == [str(number) for number in range(1, 501)]
    assert reading.problems[0] == Problem("rows_left", "300 broken rows after row 500")
    assert reading.problems[-1] == Problem("more_problems", "301 more")
    assert len(reading.problems) == 201


def test_items_that_are_as_they_should_be_are_read_behind_any_number_of_others() -> None:
    good = [item(number) for number in range(1001, 1101)]
    reading = envelope(good[0], *(broken(number) for number in range(1, 601)), *good[1:])
    assert len(reading.marks) == 600
    assert {str(number) for number in range(1001, 1101)} <= {mark.subject.id for mark in reading.marks}
    assert reading.problems[0] == Problem("rows_left", "100 broken rows after row 501")


@pytest.mark.parametrize("thing", [None, 1, "x", [], {}, {"subject": None}])
def test_rows_that_are_no_items_are_told_of_a_few_times_and_counted(thing: object) -> None:
    reading = envelope(item(1), *(thing for _ in range(700)))
    assert [mark.subject.id for mark in reading.marks] == ["1"]
    codes = [problem.code for problem in reading.problems]
    assert codes == ["rows_left"] + ["row_without_id"] * 199 + ["more_problems"]
    assert reading.problems[0].detail == "200 broken rows after row 501"
    assert reading.problems[-1].detail == "301 more"


def test_a_changed_shape_is_said_however_many_problems_there_are() -> None:
    """It is what flags the page: to cut it off with the rest would hide it."""
    undated = [item(number) | {"create_time": "neulich"} for number in range(1, 400)]
    reading = envelope(*undated)
    assert reading.problems[-1] == Problem("fields_missing", "date: 399 of 399 rows")
    assert len(reading.problems) == 202


@pytest.mark.parametrize(
    ("field", "elements", "read"),
    [
        ("genres", ["剧情", *[1] * 100_000, "爱情"], ("剧情",)),
        ("genres", [f"类{number}" for number in range(600)] + [None], tuple(f"类{n}" for n in range(500))),
        ("actors", [{"name": "甲"}, *[1] * 100_000], ("甲",)),
        ("actors", [1, 1, "乙", {"name": 2}, {"name": "甲"}], ("乙", "甲")),
        ("directors", [None] * 100_000 + [{"name": "甲"}], ()),
        ("platforms", [{"name": "PC", "cn_name": 3}, {"name": "NS", "cn_name": "任"}, 1], ("PC", "任")),
        ("tags", ["慢", *[{"name": 1}] * 100_000], ("慢",)),
    ],
)
def test_of_a_long_list_of_anything_only_the_beginning_is_looked_at(
    field: str, elements: list[object], read: tuple[str, ...]
) -> None:
    one = item(1) | {"tags": elements} if field == "tags" else item(1, **{field: elements})
    reading = envelope(one, item(2))
    (mark, _), (subject, _) = reading.marks, reading.subjects
    found = {
        "genres": subject.genres,
        "actors": subject.cast,
        "directors": subject.directors,
        "platforms": subject.platforms,
        "tags": mark.tags,
    }[field]
    assert (found or ()) == read
    assert reading.problems == (Problem("field_unreadable", f"row 1, movie:1, {field}"),)
