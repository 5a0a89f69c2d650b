"""Columns of the simulated Feishu that lead elsewhere or are worked out: two-way links, formulas, lookups."""

from typing import Any

import pytest

from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import Client

FIELDS = "{table}/fields"


async def linked(client: Client) -> tuple[str, dict[str, Any]]:
    """Another table, and a two-way link to it. Returns the other table's id and the column."""
    other = client.world.add_table(client.base, "作者")
    body = {"field_name": "作者", "type": 21, "property": {"table_id": other, "back_field_name": "作品"}}
    return other, (await client.data("POST", FIELDS, body))["field"]


async def test_a_two_way_link_brings_its_twin(client: Client) -> None:
    other, made = await linked(client)
    twin: Any = client.world.columns(client.base, "作者")["作品"]
    assert made["ui_type"] == "DuplexLink"
    assert made["property"] == {
        "table_id": other,
        "table_name": "作者",
        "multiple": True,
        "back_field_name": "作品",
        "back_field_id": twin["field_id"],
    }
    await client.data("DELETE", f"{FIELDS}/{made['field_id']}")
    assert "作品" not in client.world.columns(client.base, "作者")


async def test_both_sides_of_a_two_way_link_say_the_same(client: Client) -> None:
    other, _ = await linked(client)
    author = client.world.add_record(client.base, other, {"文本": "刘慈欣"})
    book, second = await client.create_all({"文本": "三体", "作者": [author]}, {"文本": "球状闪电"})
    there = client.world.rows(client.base, other)
    assert there[author]["作品"] == [book]
    client.world.edit_record(client.base, other, author, {"作品": [book, second]})
    assert (await client.rows())[1]["fields"]["作者"] == {"link_record_ids": [author]}
    legacy = (await client.data("GET", "{table}/records"))["items"][0]["fields"]["作者"]
    assert legacy == [
        {"record_ids": [author], "table_id": other, "text": "刘慈欣", "text_arr": ["刘慈欣"], "type": "text"}
    ]
    await client.data("DELETE", f"{{table}}/records/{second}")
    assert client.world.rows(client.base, other)[author]["作品"] == [book]
    client.world.delete_record(client.base, other, author)
    assert "作者" not in (await client.rows())[0]["fields"]


@pytest.mark.parametrize("value", ["rec", [{"id": "rec"}], ["recNotThere"]])
async def test_a_wrong_two_way_link(client: Client, value: Any) -> None:
    await linked(client)
    reply = await client.call("POST", "{table}/records", {"fields": {"作者": value}})
    assert (reply.status_code, reply.json()["code"]) == (400, 1254074)


async def test_a_two_way_link_whose_twin_cannot_be_is_not_made(client: Client) -> None:
    other = client.world.add_table(client.base, "作者")
    body = {"field_name": "作者", "type": 21, "property": {"table_id": other, "back_field_name": "文本"}}
    assert await client.code("POST", FIELDS, body) == 1254014
    assert "作者" not in client.world.columns(client.base, "表")


async def test_a_two_way_link_that_becomes_something_else_loses_its_twin(client: Client) -> None:
    other, made = await linked(client)
    path = f"{FIELDS}/{made['field_id']}"
    author = client.world.add_record(client.base, other, {"文本": "刘慈欣"})
    await client.create(文本="三体", 作者=[author])
    renamed = {"field_name": "写的人", "type": 21, "property": {"table_id": other, "back_field_name": "作品"}}
    kept = (await client.data("PUT", path, renamed))["field"]["property"]
    assert kept["back_field_id"] == made["property"]["back_field_id"]
    assert client.world.rows(client.base, other)[author]["作品"]
    await client.data("PUT", path, {"field_name": "写的人", "type": 1})
    assert "作品" not in client.world.columns(client.base, "作者")
    await client.data("PUT", path, renamed)
    assert "作品" in client.world.columns(client.base, "作者")
    client.world.retype_field(client.base, "表", "写的人", 1)
    assert "作品" not in client.world.columns(client.base, "作者")
    await client.create(文本="x", 写的人="y")


async def test_a_table_takes_the_twins_of_its_links_along(client: Client) -> None:
    other, _ = await linked(client)
    client.world.delete_table(client.base, other)
    assert "作者" not in client.world.columns(client.base, "表")


async def test_a_formula_and_a_lookup_are_read_in_their_own_shape(client: Client) -> None:
    world = client.world
    world.add_computed(client.base, "表", "双倍", "Formula", lambda row: 2 * int(str(row["数字"] or 0)))
    world.add_computed(client.base, "表", "题目", "Lookup", lambda row: [row["文本"]])
    record = await client.create(文本="x", 数字=4)
    cells = (await client.rows())[0]["fields"]
    assert cells["双倍"] == {"type": 2, "value": [8]}
    assert cells["题目"] == {"type": 1, "value": [{"text": "x", "type": "text"}]}
    legacy = (await client.data("GET", f"{{table}}/records/{record}"))["record"]["fields"]
    assert (legacy["双倍"], legacy["题目"]) == (8, ["x"])


async def test_what_is_worked_out_is_neither_written_nor_filtered(client: Client) -> None:
    client.world.add_computed(client.base, "表", "双倍", "Formula", lambda _: 1)
    assert await client.code("POST", "{table}/records", {"fields": {"双倍": 1}}) == 1254015
    condition = {"field_name": "双倍", "operator": "is", "value": ["1"]}
    asked = {"filter": {"conjunction": "and", "conditions": [condition]}}
    assert await client.code("POST", "{table}/records/search", asked) == 1254018


async def test_a_column_is_dragged_elsewhere_but_not_before_the_first(client: Client) -> None:
    client.world.move_field(client.base, "表", "链接", 0)
    assert list(client.world.columns(client.base, "表"))[:2] == ["文本", "链接"]
    client.world.rename_table(client.base, "表", "书")
    assert client.world.tables(client.base)["书"] == client.table


@pytest.mark.parametrize("type_", [24, 3001])
async def test_stages_and_buttons_cannot_be_made(client: Client, type_: int) -> None:
    assert await client.code("POST", FIELDS, {"field_name": "x", "type": type_}) == 1254012


async def test_a_column_that_a_person_made_keeps_its_place_in_new_rows(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("编号", 1005))
    ids = await client.create_all({"文本": "a"}, {"文本": "b"})
    assert [row["fields"]["编号"] for row in await client.rows()] == ["1", "2"]
    await client.data("DELETE", f"{{table}}/records/{ids[1]}")
    await client.create(文本="c")
    assert [row["fields"]["编号"] for row in await client.rows()] == ["1", "3"]
    assert await client.code("POST", "{table}/records", {"fields": {"编号": "9"}}) == 1254015
