"""What may be written into a cell of the simulated Feishu, and how it is read back."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import APP, ROW, Client, calling

RECORDS = "{table}/records"
PERSON, GROUP = f"ou_{'a' * 32}", f"oc_{'b' * 32}"
OTHER_COLUMNS = (
    FieldSpec("名", 1),
    FieldSpec("条码", 1, "Barcode"),
    FieldSpec("邮箱", 1, "Email"),
    FieldSpec("进度", 2, "Progress", {"formatter": "0%"}),
    FieldSpec("货币", 2, "Currency", {"formatter": "0.00", "currency_code": "CNY"}),
    FieldSpec("人员", 11),
    FieldSpec("群", 23),
    FieldSpec("电话", 13),
    FieldSpec("附件", 17),
    FieldSpec("地点", 22),
    FieldSpec("建于", 1001),
    FieldSpec("改于", 1002),
    FieldSpec("建者", 1003),
    FieldSpec("改者", 1004),
    FieldSpec("号", 1005),
)


async def add_other_columns(client: Client) -> str:
    """Turns to a table of the other kinds, with a link to the first. Returns a row of the first."""
    target = await client.create(文本="目标")
    link = FieldSpec("关联", 18, None, {"table_id": client.table})
    client.table = client.world.add_table(client.base, "别的", (*OTHER_COLUMNS, link))
    return target


# Read back.


async def test_a_row_is_echoed_as_written_and_read_in_two_other_shapes(client: Client) -> None:
    made = (await client.data("POST", RECORDS, {"fields": ROW}))["record"]
    assert made == {"fields": ROW, "id": made["id"], "record_id": made["id"]}
    searched = {
        **ROW,
        "文本": [{"text": ROW["文本"], "type": "text"}],
        "链接": {**ROW["链接"], "type": "url"},
    }
    assert await client.rows() == [{"fields": searched, "record_id": made["id"]}]
    got = await client.data("POST", f"{RECORDS}/batch_get", {"record_ids": [made["id"]]})
    assert got["records"] == [{"fields": searched, "record_id": made["id"]}]
    legacy = {"fields": {**ROW, "数字": "8.5", "评分": "4"}, "id": made["id"], "record_id": made["id"]}
    assert (await client.data("GET", RECORDS))["items"] == [legacy]
    assert (await client.data("GET", f"{RECORDS}/{made['id']}"))["record"] == legacy
    arrays = await client.data("GET", f"{RECORDS}/{made['id']}", text_field_as_array="True")
    assert arrays["record"]["fields"]["文本"] == searched["文本"]


async def test_the_other_kinds_of_columns(client: Client) -> None:
    target = await add_other_columns(client)
    file = (await client.upload()).json()["data"]["file_token"]
    row: dict[str, Any] = {
        "名": "一", "条码": "+$$3", "邮箱": "a@b.cn", "进度": 0.66, "货币": 3, "人员": [{"id": PERSON}],
        "群": [{"id": GROUP}], "电话": "+8613026162666", "附件": [{"file_token": file}],
        "地点": "116.397755,39.903179", "关联": [target],
    }  # fmt: skip
    await client.create(**row)
    read = (await client.rows())[0]["fields"]
    legacy = (await client.data("GET", RECORDS))["items"][0]["fields"]
    assert (read["条码"], legacy["条码"]) == ([{"text": "+$$3", "type": "text"}], "+$$3")
    assert read["邮箱"] == [{"link": "mailto:a@b.cn", "text": "a@b.cn", "type": "url"}]
    assert [(each["进度"], each["货币"]) for each in (read, legacy)] == [(0.66, 3), ("0.66", "3")]
    assert (read["关联"], legacy["关联"][0]["record_ids"], legacy["关联"][0]["text"]) == (
        {"link_record_ids": [target]},
        [target],
        "目标",
    )
    for each in (read, legacy):
        assert [person["id"] for person in each["人员"]] == [PERSON]
        assert set(each["人员"][0]) == {"id", "name", "en_name", "email", "avatar_url"}
        assert each["群"][0]["id"] == GROUP
        assert each["电话"] == "+8613026162666"
        assert each["地点"]["location"] == "116.397755,39.903179"
        (shown,) = each["附件"]
        assert (shown["file_token"], shown["name"], shown["size"]) == (file, "封面.jpg", 3)
        assert "bitablePerm" in shown["url"]
        assert (each["建于"], each["改于"], each["号"]) == (1_700_000_000_000, 1_700_000_000_000, "1")
        assert each["建者"] == each["改者"]


async def test_who_and_when_are_told_on_demand(client: Client) -> None:
    record = await client.create(文本="x")
    client.clock.now += 60
    client.world.edit_record(client.base, "表", record, {"文本": "y"})
    (row,) = await client.rows(automatic_fields=True)
    assert (row["created_time"], row["last_modified_time"]) == (1_700_000_000_000, 1_700_000_060_000)
    assert row["created_by"]["id"] != row["last_modified_by"]["id"] == client.world.person


@pytest.mark.parametrize("empty", [None, "absent"])
async def test_empty_cells_are_absent_and_null_clears(client: Client, empty: str | None) -> None:
    record = await client.create(**(ROW if empty is None else {}))
    if empty is None:
        await client.data("PUT", f"{RECORDS}/{record}", {"fields": dict.fromkeys(ROW)})
    assert (await client.rows())[0]["fields"] == {}
    assert (await client.data("GET", RECORDS))["items"][0]["fields"] == {}


@pytest.mark.parametrize(
    ("column", "written", "read"),
    [
        ("文本", "", None),
        ("单选", "", None),
        ("单选", " ", " "),
        ("多选", [], None),
        ("多选", ["b", "a", "b"], ["b", "a"]),
        ("勾", False, False),
        ("数字", 5.0, 5),
        ("数字", 0, 0),
        ("链接", {"link": "https://a"}, {"link": "https://a", "text": "https://a", "type": "url"}),
    ],
)
async def test_values_that_change_on_the_way(client: Client, column: str, written: Any, read: Any) -> None:
    await client.create(**{column: written})
    assert (await client.rows())[0]["fields"].get(column) == read


# Refused.


@pytest.mark.parametrize(
    ("column", "value", "code", "must"),
    [
        ("文本", ["x"], 1254060, "the value of 'Multiline' must be a string"),
        ("文本", 1, 1254060, "the value of 'Multiline' must be a string"),
        ("数字", "7", 1254061, "the value of 'Number' must be a number"),
        ("数字", "", 1254061, "the value of 'Number' must be a number"),
        ("数字", True, 1254061, "the value of 'Number' must be a number"),
        ("数字", 10**400, 1254061, "the value of 'Number' must be a number"),
        ("评分", 6, 1254061, "from 1 to 5"),
        ("评分", 0, 1254061, "from 1 to 5"),
        ("评分", 4.5, 1254061, "from 1 to 5"),
        ("单选", ["x"], 1254062, "the value of 'Single Option' must be a string"),
        ("多选", "x", 1254063, "must be an array of strings"),
        ("多选", [1], 1254063, "must be an array of strings"),
        ("多选", [str(number) for number in range(1001)], 1254063, "must be an array of strings"),
        ("日期", "2026-01-01", 1254064, "the value of 'Date' must be a unix timestamp"),
        ("勾", "true", 1254065, "must be a boolean"),
        ("链接", "https://x", 1254068, "the value of 'Link' must be an object"),
        ("没有这列", "x", 1254045, "field_name not found"),
    ],
)
async def test_a_wrong_value_is_refused_in_words_and_nothing_of_the_batch_is_done(
    client: Client, column: str, value: Any, code: int, must: str
) -> None:
    good, bad = {"单选": "好"}, {"单选": "好", column: value}
    rows = [{"fields": good}, {"fields": bad}]
    answer = (await client.call("POST", f"{RECORDS}/batch_create", {"records": rows})).json()
    assert answer["code"] == code
    assert must in answer["error"]["message"]
    assert f"'fields.{column}" in answer["error"]["message"]
    assert await client.rows() == []
    ids = await client.create_all({}, {})
    changes = [{"record_id": id_, "fields": row["fields"]} for id_, row in zip(ids, rows, strict=True)]
    assert await client.code("POST", f"{RECORDS}/batch_update", {"records": changes}) == code
    assert [row["fields"] for row in await client.rows()] == [{}, {}]
    assert client.world.columns(client.base, "表")["单选"]["property"] == {"options": []}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("人员", [{"id": GROUP}], 1254066),
        ("人员", PERSON, 1254066),
        ("群", [{"id": f"oc_{number}"} for number in range(11)], 1254066),
        ("电话", "12 34", 1254072),
        ("电话", "1" * 65, 1254072),
        ("附件", "token", 1254069),
        ("附件", [{"file_token": "A" * 27}] * 101, 1254069),
        ("附件", [{"file_token": "A" * 27}], 1254303),
        ("关联", ["recNotThere"], 1254067),
        ("关联", {"link_record_ids": []}, 1254067),
        ("地点", "somewhere", 1254015),
        ("建于", 1, 1254015),
        ("号", "1", 1254015),
    ],
)
async def test_wrong_values_of_the_other_kinds(client: Client, column: str, value: Any, code: int) -> None:
    await add_other_columns(client)
    assert await client.code("POST", RECORDS, {"fields": {column: value}}) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * 99_973, 0),
        ("a" * 99_974, 1254130),
        ("豆" * 99_973, 0),
        ("😀" * 49_986, 0),
        ("😀" * 49_987, 1254130),
        ('"' * 49_986, 0),
        ('"' * 49_987, 1254130),
        ("\n" * 49_987, 1254130),
        ("\x01" * 16_662, 0),
        ("\x01" * 16_663, 1254130),
    ],
    ids=lambda value: f"{len(value)}×{value[0]!r}" if isinstance(value, str) else value,
)
async def test_a_text_ends_where_its_escaped_form_is_too_long(client: Client, text: str, code: int) -> None:
    assert await client.code("POST", RECORDS, {"fields": {"文本": text}}) == code
    assert await client.texts() == ([] if code else [text])


async def test_a_file_of_another_base_is_not_taken(client: Client) -> None:
    other = client.world.add_base("别的库", collaborators={APP: "edit"})
    token = (await client.upload(parent_node=other)).json()["data"]["file_token"]
    client.world.add_field(client.base, "表", FieldSpec("附件", 17))
    assert await client.code("POST", RECORDS, {"fields": {"附件": [{"file_token": token}]}}) == 1254303


# Any value.


@pytest.fixture(scope="module")
def long_lived() -> Iterator[tuple[asyncio.Runner, Client]]:
    """One simulator for all examples."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield runner, runner.run(stack.enter_async_context(calling(rates=False)))
        finally:
            runner.run(stack.aclose())


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
links = st.fixed_dictionaries({"link": names, "text": names})
rows_of_any_values: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "文本": names,
        "数字": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
        "评分": st.integers(1, 5),
        "单选": names,
        "多选": st.lists(names, min_size=1, max_size=5, unique=True),
        "日期": st.integers(-(2**53), 2**53),
        "勾": st.booleans(),
        "链接": links,
    },
)


@settings(deadline=None, max_examples=60)
@given(row=rows_of_any_values)
def test_what_was_written_is_what_is_read(
    long_lived: tuple[asyncio.Runner, Client], row: dict[str, Any]
) -> None:
    runner, client = long_lived

    async def there_and_back() -> tuple[dict[str, Any], dict[str, Any], int]:
        record = await client.create(**row)
        got = await client.data("POST", f"{RECORDS}/batch_get", {"record_ids": [record]})
        legacy = await client.data("GET", f"{RECORDS}/{record}")
        page = await client.http.get(f"/base/{client.base}")
        await client.data("DELETE", f"{RECORDS}/{record}")
        return got["records"][0]["fields"], legacy["record"]["fields"], page.status_code

    read, legacy, status = runner.run(there_and_back())
    expected = dict(row)
    if "文本" in row:
        expected["文本"] = [{"text": row["文本"], "type": "text"}]
    if "链接" in row:
        expected["链接"] = {**row["链接"], "type": "url"}
    assert read == expected
    assert status == 200
    assert legacy.keys() == row.keys()
    if "数字" in row:
        assert math.isclose(float(legacy["数字"]), row["数字"], rel_tol=0)
