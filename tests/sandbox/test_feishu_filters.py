"""The filter of a search on the simulated Feishu."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import Client

SHANGHAI = ZoneInfo(
    "Asia/Shanghai"
)  # the base's; there the clock of the tests shows Wednesday 2023-11-15, 06:13


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


ROWS: tuple[dict[str, Any], ...] = (
    {"文本": "a", "数字": 1, "单选": "看过", "多选": ["科幻"], "勾": True, "日期": at("2023-11-15T00:00")},
    {
        "文本": "ab",
        "数字": 2.5,
        "单选": "想看",
        "多选": ["科幻", "经典"],
        "勾": False,
        "日期": at("2023-11-14T23:59:59"),
    },
    {"文本": "b", "数字": -3, "多选": ["喜剧"], "日期": at("2023-11-13T00:00")},
    {"文本": "c", "链接": {"link": "https://x", "text": "豆瓣"}, "日期": at("2023-10-31T12:00")},
)


def where(name: str, operator: str, *value: str) -> dict[str, Any]:
    return {"field_name": name, "operator": operator, "value": [*value]}


def both(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"conjunction": "and", "conditions": [*conditions], **more}


def either(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"conjunction": "or", "conditions": [*conditions], **more}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (where("文本", "is", "a"), "a"),
        (where("文本", "isNot", "a"), "ab b c"),
        (where("文本", "contains", "b"), "ab b"),
        (where("文本", "doesNotContain", "b"), "a c"),
        (where("文本", "isNotEmpty"), "a ab b c"),
        (where("链接", "is", "豆瓣"), "c"),
        (where("链接", "contains", "https"), ""),
        (where("数字", "is", "2.50"), "ab"),
        (where("数字", "isNot", "1"), "ab b c"),
        (where("数字", "isGreater", "1"), "ab"),
        (where("数字", "isGreaterEqual", "1.0"), "a ab"),
        (where("数字", "isLess", "1"), "b"),
        (where("数字", "isLessEqual", "1"), "a b"),
        (where("数字", "isEmpty"), "c"),
        (where("单选", "is", "看过"), "a"),
        (where("单选", "isNot", "看过"), "ab b c"),
        (where("单选", "contains", "看过", "想看"), "a ab"),
        (where("单选", "isEmpty"), "b c"),
        (where("多选", "is", "科幻"), "a"),
        (where("多选", "contains", "经典", "喜剧"), "ab b"),
        (where("多选", "doesNotContain", "科幻"), "b c"),
        (where("勾", "is", "true"), "a"),
        (where("勾", "is", "false"), "ab b c"),
        (where("日期", "is", "ExactDate", str(at("2023-11-15T23:00"))), "a"),
        (where("日期", "isLess", "ExactDate", str(at("2023-11-14T12:00"))), "b c"),
        (where("日期", "isGreater", "ExactDate", str(at("2023-11-13T12:00"))), "a ab"),
        (where("日期", "isGreater", "ExactDate", str(at("2023-10-31T00:00"))), "a ab b"),
        (where("日期", "isGreater", "Yesterday"), "a"),
        (where("日期", "isLess", "Today"), "ab b c"),
    ],
)
async def test_conditions(client: Client, condition: dict[str, Any], found: str) -> None:
    await client.create_all(*ROWS)
    assert await client.texts(filter=both(condition)) == found.split()


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        ("Today", "2023-11-15", "2023-11-15"),
        ("Yesterday", "2023-11-14", "2023-11-14"),
        ("Tomorrow", "2023-11-16", "2023-11-16"),
        ("CurrentWeek", "2023-11-13", "2023-11-19"),
        ("LastWeek", "2023-11-06", "2023-11-12"),
        ("CurrentMonth", "2023-11-01", "2023-11-30"),
        ("LastMonth", "2023-10-01", "2023-10-31"),
        ("TheLastWeek", "2023-11-09", "2023-11-15"),
        ("TheNextWeek", "2023-11-15", "2023-11-21"),
        ("TheLastMonth", "2023-10-17", "2023-11-15"),
        ("TheNextMonth", "2023-11-15", "2023-12-14"),
    ],
)
async def test_days_begin_at_midnight_in_the_zone_of_the_base(
    client: Client, word: str, first: str, last: str
) -> None:
    start, end = at(f"{first}T00:00:00"), at(f"{last}T23:59:59") + 999
    days = {"before": start - 1, "first": start, "last": end, "after": end + 1}
    await client.create_all(*[{"文本": name, "日期": moment} for name, moment in days.items()])
    assert await client.texts(filter=both(where("日期", "is", word))) == ["first", "last"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "a ab b c"),
        (both(where("文本", "contains", "a"), where("数字", "isGreater", "1")), "ab"),
        (either(where("文本", "is", "a"), where("文本", "is", "c")), "a c"),
        (
            both(
                children=[
                    either(where("文本", "is", "a"), where("文本", "is", "b")),
                    both(where("数字", "isLess", "0")),
                ]
            ),
            "b",
        ),
        (
            either(
                where("文本", "is", "c"), children=[both(where("文本", "is", "a"), where("勾", "is", "true"))]
            ),
            "a c",
        ),
        (either(*[where("文本", "is", "a")] * 50), "a"),
    ],
)
async def test_conjunctions(client: Client, asked: dict[str, Any], found: str) -> None:
    await client.create_all(*ROWS)
    page = await client.data("POST", "{table}/records/search", {"filter": asked})
    assert [row["fields"]["文本"][0]["text"] for row in page["items"]] == found.split()
    assert page["total"] == len(found.split())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (both(where("没有", "is", "a")), 1254045),
        (both({"field_name": "文本", "operator": "isEmpty"}), 99992402),
        (both(where("单选", "contains", *"abcdefghijk")), 99992402),
        (both(*[where("文本", "is", "a")] * 51), 99992402),
        ({"conjunction": "xor", "conditions": [where("文本", "is", "a")]}, 1254018),
        (both(children=[both(children=[both(where("文本", "is", "a"))])]), 1254018),
        (both(where("文本", "isEmpty", "a")), 1254018),
        (both(where("文本", "is", "a", "b")), 1254018),
        (both(where("文本", "like", "a")), 1254018),
        (both(where("文本", "isGreater", "a")), 1254018),
        (both(where("数字", "is", "one")), 1254018),
        (both(where("数字", "contains", "1")), 1254018),
        (both(where("单选", "is", "a", "b")), 1254018),
        (both(where("勾", "isEmpty")), 1254018),
        (both(where("勾", "is", "yes")), 1254018),
        (both(where("日期", "isGreaterEqual", "Today")), 1254018),
        (both(where("日期", "isNot", "Today")), 1254018),
        (both(where("日期", "isLess", "CurrentWeek")), 1254018),
        (both(where("日期", "is", "NextYear")), 1254018),
        (both(where("日期", "is", "1700000000000")), 1254018),
        (both(where("附件", "is", "a")), 1254018),
        (both(where("公式", "is", "a")), 1254018),
    ],
)
async def test_wrong_filters(client: Client, asked: dict[str, Any], code: int) -> None:
    for spec in (FieldSpec("附件", 17), FieldSpec("公式", 20)):
        client.world.add_field(client.base, "表", spec)
    assert await client.code("POST", "{table}/records/search", {"filter": asked}) == code
