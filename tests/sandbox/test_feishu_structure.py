"""Documents, tables, columns and views of the simulated Feishu, and what a person does to them by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.sandbox.feishu import Feishu
from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import ROW, Client

FIELDS = "{table}/fields"
STARS: dict[str, Any] = {"formatter": "0", "min": 1, "max": 5}


def new(type_: int, ui_type: str | None = None, **more: Any) -> dict[str, Any]:
    return {"field_name": "新", "type": type_, **({"ui_type": ui_type} if ui_type else {}), **more}


async def columns(client: Client) -> dict[str, dict[str, Any]]:
    listed = await client.data("GET", FIELDS, page_size=100)
    return {column["field_name"]: column for column in listed["items"]}


# Documents and tables.


async def test_a_new_base_comes_with_a_table_of_blank_rows(client: Client) -> None:
    made = (
        await client.data("POST", "/open-apis/bitable/v1/apps", {"name": "新库", "time_zone": "Asia/Tokyo"})
    )["app"]
    client.base, client.table = made["app_token"], made["default_table_id"]
    assert made["url"].endswith(f"/base/{client.base}")
    told = (await client.data("GET", ""))["app"]
    assert (told["name"], told["time_zone"], told["is_advanced"]) == ("新库", "Asia/Tokyo", False)
    rows = await client.rows()
    assert 5 <= len(rows) <= 10
    assert all(row["fields"] == {} for row in rows)
    assert list(await columns(client)) == ["文本", "单选", "日期", "附件"]
    assert await client.code("DELETE", "{table}") == 1254034


async def test_tables_are_made_listed_renamed_and_deleted(client: Client) -> None:
    spec: dict[str, Any] = {
        "name": " 书 ",
        "default_view_name": "格",
        "fields": [new(1), new(15) | {"field_name": "页"}],
    }
    made = await client.data("POST", "tables", {"table": spec})
    client.table = made["table_id"]
    listed = await columns(client)
    assert [column["field_id"] for column in listed.values()] == made["field_id_list"]
    assert [column["is_primary"] for column in listed.values()] == [True, False]
    views = await client.data("GET", "{table}/views")
    assert [(view["view_id"], view["view_name"]) for view in views["items"]] == [
        (made["default_view_id"], "格")
    ]
    assert await client.data("PATCH", "{table}", {"name": "影"}) == {"name": "影"}
    tables = await client.data("GET", "tables")
    assert [table["name"] for table in tables["items"]] == ["数据表", "表", "影"]
    assert (tables["total"], tables["has_more"], tables["page_token"]) == (3, False, client.table)
    first = await client.data("GET", "tables", page_size=2)
    rest = await client.data("GET", "tables", page_size=2, page_token=first["page_token"])
    assert (first["has_more"], [table["name"] for table in rest["items"]]) == (True, ["影"])
    assert await client.data("DELETE", "{table}") == {}
    assert await client.code("GET", FIELDS) == 1254041


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"name": "表"}, 1254013),
        ({"name": ""}, 1254038),
        ({"name": "a/b"}, 1254038),
        ({"name": "x" * 101}, 1254038),
        ({"name": "x", "default_view_name": "格"}, 1254001),
        ({"name": "x", "fields": []}, 1254001),
        ({"name": "x", "fields": [new(1), new(2)]}, 1254014),
        ({"name": "x", "fields": [new(3)]}, 1254012),
        ({"name": "x", "fields": [new(1, "Email")]}, 1254012),
        ({"name": "x", "fields": [new(1), {"field_name": "y", "type": 17, "property": {"a": 1}}]}, 1254088),
    ],
)
async def test_a_table_that_cannot_be_is_not_made_at_all(
    client: Client, table: dict[str, Any], code: int
) -> None:
    assert await client.code("POST", "tables", {"table": table}) == code
    assert list(client.world.tables(client.base)) == ["数据表", "表"]


async def test_a_base_holds_100_tables_and_a_table_300_columns(client: Client) -> None:
    for number in range(98):
        client.world.add_table(client.base, str(number))
    assert await client.code("POST", "tables", {"table": {"name": "x"}}) == 1254100
    for number in range(292):
        client.world.add_field(client.base, "表", FieldSpec(str(number), 1))
    assert await client.code("POST", FIELDS, new(1)) == 1254105
    pages = [await client.data("GET", FIELDS, page_size=100)]
    while pages[-1]["has_more"]:
        pages.append(await client.data("GET", FIELDS, page_size=100, page_token=pages[-1]["page_token"]))
    assert [len(page["items"]) for page in pages] == [100, 100, 100]
    assert await client.code("GET", FIELDS, page_size=101) == 99992402


async def test_views(client: Client) -> None:
    made = (await client.data("POST", "{table}/views", {"view_name": "看板", "view_type": "kanban"}))["view"]
    assert (made["view_name"], made["view_type"]) == ("看板", "kanban")
    for name, kind, code in (
        ("看板", "grid", 1254020),
        (" ", "grid", 1254021),
        ("[x]", "grid", 1254022),
        ("x", "x", 1254019),
    ):
        assert await client.code("POST", "{table}/views", {"view_name": name, "view_type": kind}) == code
    assert await client.code("POST", "{table}/records/search", {"view_id": made["view_id"]}) == 0


# Columns.


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (new(1), None),
        (new(2), {"formatter": "0.0"}),
        (new(2, "Rating", property=STARS), {**STARS, "rating": {"symbol": "star"}}),
        (
            new(2, "Rating", property=STARS | {"rating": {"symbol": "heart"}}),
            {**STARS, "rating": {"symbol": "heart"}},
        ),
        (new(2, "Progress", property={"formatter": "0%"}), {"formatter": "0%", "range_customize": False}),
        (new(5), {"date_formatter": "yyyy/MM/dd", "auto_fill": False}),
        (new(7), None),
        (new(11), {"multiple": True}),
        (new(15, property=None), None),
        (new(17), None),
    ],
)
async def test_a_column_keeps_its_property(client: Client, body: dict[str, Any], kept: Any) -> None:
    made = (await client.data("POST", FIELDS, body))["field"]
    assert (made["property"], made["is_primary"]) == (kept, False)
    assert (await columns(client))["新"] == made


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (new(1) | {"field_name": "文本"}, 1254014),
        (new(1) | {"field_name": " "}, 1254028),
        (new(1) | {"field_name": "x" * 1001}, 1254029),
        (new(99), 1254012),
        (new(19), 1254012),
        (new(21), 1254092),
        (new(1, "Unheard"), 1254012),
        (new(1, "Rating"), 1254015),
        (new(1, property={"formatter": "0"}), 1254080),
        (new(2, property={"formatter": "0.00000"}), 1254081),
        (new(2, "Rating"), 1254081),
        (new(2, "Rating", property=STARS | {"min": 2}), 1254081),
        (new(2, "Rating", property=STARS | {"max": 11}), 1254081),
        (new(2, "Rating", property=STARS | {"rating": {"symbol": "moon"}}), 1254081),
        (new(3, property={"options": [{"name": ""}]}), 1254026),
        (new(3, property={"options": [{"name": "a", "color": 55}]}), 1254082),
        (new(4, property={"options": [{"name": "a"}, {"name": "a"}]}), 1254083),
        (new(5, property={"date_formatter": "yyyy"}), 1254084),
        (new(7, property={}), 1254085),
        (new(15, property={}), 1254087),
        (new(17, property={"a": 1}), 1254088),
        (new(18, property={"table_id": "tblNotThere"}), 1254089),
    ],
)
async def test_a_column_that_cannot_be(client: Client, body: dict[str, Any], code: int) -> None:
    before = await columns(client)
    assert await client.code("POST", FIELDS, body) == code
    assert await columns(client) == before


async def test_a_description_is_plain_in_the_list_and_whole_in_the_reply(client: Client) -> None:
    described = {"text": "说明", "disable_sync": True}
    made = (await client.data("POST", FIELDS, new(1, description=described)))["field"]
    assert made["description"] == described
    listed = await columns(client)
    assert (listed["新"]["description"], "description" in listed["文本"]) == ("说明", False)
    parts = await client.data("GET", FIELDS, text_field_as_array="True", page_size=100)
    assert parts["items"][-1]["description"] == [{"text": "说明", "type": "text"}]


async def test_a_column_is_overwritten_whole(client: Client) -> None:
    await client.create_all({"多选": ["a", "b"]}, {"多选": ["b"]}, {"多选": ["a"]})
    column = (await columns(client))["多选"]
    a, b = column["property"]["options"]
    path = f"{FIELDS}/{column['field_id']}"
    body = {
        "field_name": "多选",
        "type": 4,
        "property": {"options": [a | {"name": "A"}, {"name": "c", "id": b["id"][::-1]}]},
    }
    options = (await client.data("PUT", path, body))["field"]["property"]["options"]
    assert [(option["name"], option["color"]) for option in options] == [
        ("A", a["color"]),
        ("c", a["color"] + 1),
    ]
    assert options[0]["id"] == a["id"]
    assert options[1]["id"] not in {b["id"], b["id"][::-1]}
    assert [row["fields"] for row in await client.rows()] == [{"多选": ["A"]}, {}, {"多选": ["A"]}]
    assert await client.code("PUT", path, {"field_name": "多选"}) == 1254001
    assert (await client.data("PUT", path, {"field_name": "标签", "type": 4}))["field"]["property"] == {
        "options": []
    }
    assert await client.code("PUT", path, {"field_name": "标签", "type": 4}) == 1254606
    assert await client.code("PUT", path, {"field_name": "文本", "type": 4}) == 1254014


async def test_the_primary_column_stays_and_stays_fit(client: Client) -> None:
    primary = f"{FIELDS}/{(await columns(client))['文本']['field_id']}"
    assert await client.code("DELETE", primary) == 1254046
    assert await client.code("PUT", primary, {"field_name": "文本", "type": 3}) == 1254012
    assert await client.code("PUT", primary, {"field_name": "题", "type": 2}) == 0


async def test_a_deleted_column_takes_its_cells_along(client: Client) -> None:
    await client.create(**ROW)
    column = (await columns(client))["数字"]["field_id"]
    assert await client.data("DELETE", f"{FIELDS}/{column}") == {"deleted": True, "field_id": column}
    await client.data("POST", FIELDS, new(2) | {"field_name": "数字"})
    assert client.world.rows(client.base, "表").popitem()[1] == {k: v for k, v in ROW.items() if k != "数字"}


async def test_a_link_outlives_the_table_that_it_leads_to(client: Client) -> None:
    other = client.world.add_table(client.base, "那边")
    made = await client.data("POST", FIELDS, new(18, property={"table_id": other}))
    assert made["field"]["property"] == {"table_id": other, "table_name": "那边", "multiple": True}
    client.world.delete_table(client.base, other)
    assert (await columns(client))["新"]["property"]["table_name"] == ""


# By hand.


async def test_a_renamed_column_keeps_its_id_and_its_cells(client: Client) -> None:
    await client.create(文本="x")
    before = (await columns(client))["文本"]
    client.world.rename_field(client.base, "表", "文本", "题")
    assert (await columns(client))["题"] == before | {"field_name": "题"}
    assert (await client.rows())[0]["fields"] == {"题": [{"text": "x", "type": "text"}]}
    assert await client.code("POST", "{table}/records", {"fields": {"文本": "x"}}) == 1254045


@pytest.mark.parametrize(
    ("name", "type_", "ui_type", "cell", "after"),
    [
        ("数字", 1, None, 8.5, "8.5"),
        ("文本", 2, None, "8.5", 8.5),
        ("文本", 2, None, "八", None),
        ("文本", 2, "Rating", "4", 4),
        ("文本", 2, "Rating", "6", None),
        ("多选", 1, None, ["a", "b"], "a,b"),
        ("单选", 4, None, "a", ["a"]),
        ("链接", 1, None, {"link": "https://a", "text": "豆瓣"}, "豆瓣"),
        ("勾", 5, None, True, None),
    ],
)
async def test_a_column_of_another_type_keeps_what_fits(
    client: Client, name: str, type_: int, ui_type: str | None, cell: Any, after: Any
) -> None:
    record = await client.create(**{name: cell})
    before = (await columns(client))[name]
    client.world.retype_field(client.base, "表", name, type_, ui_type)
    column = (await columns(client))[name]
    assert (column["field_id"], column["type"]) == (before["field_id"], type_)
    assert client.world.rows(client.base, "表")[record].get(name) == after
    if type_ == 4:
        assert [option["name"] for option in column["property"]["options"]] == after


async def test_rows_changed_by_hand_are_what_a_program_reads(client: Client) -> None:
    record = client.world.add_record(client.base, "表", ROW)
    client.world.edit_record(client.base, "表", record, {"文本": "改了", "勾": None})
    assert [row["record_id"] for row in await client.rows()] == [record]
    assert await client.texts() == ["改了"]
    assert "勾" not in (await client.rows())[0]["fields"]
    client.world.delete_record(client.base, "表", record)
    assert await client.rows() == []
    client.world.delete_field(client.base, "表", "勾")
    assert "勾" not in await columns(client)


def no_base(world: Feishu, _: str) -> object:
    return world.tables("nothing")


def no_table(world: Feishu, base: str) -> object:
    return world.rows(base, "nothing")


def no_column(world: Feishu, base: str) -> object:
    return world.rename_field(base, "表", "nothing", "x")


@pytest.mark.parametrize(("ask", "code"), [(no_base, 91402), (no_table, 1254041), (no_column, 1254045)])
async def test_a_hand_reaches_only_what_is_there(
    client: Client, ask: Callable[[Feishu, str], object], code: int
) -> None:
    with pytest.raises(Refusal) as refused:
        ask(client.world, client.base)
    assert refused.value.code == code
