"""Views of the simulated Feishu: made, changed, and what they let through."""

import json
from typing import Any

import pytest

from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import Client, calling

VIEWS = "{table}/views"


def column(client: Client, name: str) -> str:
    return str(client.world.columns(client.base, "表")[name]["field_id"])


async def make(client: Client, name: str = "五星", kind: str = "grid") -> str:
    made = await client.data("POST", VIEWS, {"view_name": name, "view_type": kind})
    return made["view"]["view_id"]


def condition(client: Client, name: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"field_id": column(client, name), "operator": operator, "value": json.dumps(values)}


def filtering(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"property": {"filter_info": {"conjunction": "and", "conditions": conditions}}}


@pytest.mark.parametrize("kind", ["grid", "kanban", "gallery", "gantt", "form"])
async def test_a_view_of_each_kind(client: Client, kind: str) -> None:
    view = await make(client, "新", kind)
    told = (await client.data("GET", f"{VIEWS}/{view}"))["view"]
    assert told == {
        "view_id": view,
        "view_name": "新",
        "view_type": kind,
        "property": {"filter_info": None, "hidden_fields": None, "hierarchy_config": None},
    }
    listed = (await client.data("GET", VIEWS))["items"]
    assert [item["view_name"] for item in listed] == ["表格视图", "新"]
    assert "property" not in listed[1]


async def test_a_view_lets_through_what_its_filter_says(client: Client) -> None:
    await client.create_all({"文本": "a", "评分": 5}, {"文本": "b", "评分": 4}, {"文本": "c"})
    view = await make(client)
    said = condition(client, "评分", "is", "5")
    told = (await client.data("PATCH", f"{VIEWS}/{view}", filtering(said)))["view"]["property"]
    kept = told["filter_info"]["conditions"][0]
    assert (kept | said, kept["field_type"], kept["condition_id"][:3]) == (kept, 2, "con")
    assert await client.texts(view_id=view) == ["a"]
    assert [
        item["fields"]["文本"]
        for item in (await client.data("GET", "{table}/records", view_id=view))["items"]
    ] == ["a"]
    # Where there is a filter or a sort, the view does not count.
    assert await client.texts(view_id=view, sort=[{"field_name": "文本", "desc": True}]) == ["c", "b", "a"]
    both = {"conjunction": "and", "conditions": [{"field_name": "文本", "operator": "is", "value": ["b"]}]}
    assert await client.texts(view_id=view, filter=both) == ["b"]
    cleared = await client.data("PATCH", f"{VIEWS}/{view}", {"property": {"filter_info": None}})
    assert cleared["view"]["property"]["filter_info"] is None
    assert await client.texts(view_id=view) == ["a", "b", "c"]


async def test_a_view_names_options_by_their_id_and_days_by_their_instant(client: Client) -> None:
    await client.create_all(
        {"文本": "a", "单选": "看过", "日期": 1674206443000}, {"文本": "b", "单选": "想看"}
    )
    options: Any = client.world.columns(client.base, "表")["单选"]["property"]
    seen = next(option["id"] for option in options["options"] if option["name"] == "看过")
    view = await make(client)
    for said in (
        condition(client, "单选", "is", seen),
        condition(client, "日期", "isGreater", "ExactDate", 1672502400000),
    ):
        await client.data("PATCH", f"{VIEWS}/{view}", filtering(said))
        assert await client.texts(view_id=view) == ["a"]
    by_name = filtering(condition(client, "单选", "is", "看过"))
    assert await client.code("PATCH", f"{VIEWS}/{view}", by_name) == 1254018


async def test_a_view_hides_columns(client: Client) -> None:
    view = await make(client)
    hidden = [column(client, "数字")]
    told = await client.data("PATCH", f"{VIEWS}/{view}", {"property": {"hidden_fields": hidden}})
    assert told["view"]["property"]["hidden_fields"] == hidden
    primary = {"property": {"hidden_fields": [column(client, "文本")]}}
    assert await client.code("PATCH", f"{VIEWS}/{view}", primary) == 1254012


async def test_a_view_that_cannot_be_stays_as_it_was(client: Client) -> None:
    view = await make(client)
    before = await client.data("GET", f"{VIEWS}/{view}")
    for body, code in (
        ({"view_name": "表格视图"}, 1254020),
        ({"view_name": " "}, 1254021),
        ({"view_name": "[x]"}, 1254022),
        (filtering({"field_id": "fldNotThere", "operator": "is", "value": '["5"]'}), 1254044),
        (filtering(condition(client, "评分", "likes", "5")), 1254018),
        (filtering(condition(client, "评分", "is", "5") | {"value": "5"}), 1254018),
        ({"view_name": "改了", "property": {"hidden_fields": ["fldNotThere"]}}, 1254044),
    ):
        assert await client.code("PATCH", f"{VIEWS}/{view}", body) == code
    assert await client.data("GET", f"{VIEWS}/{view}") == before
    renamed = await client.data("PATCH", f"{VIEWS}/{view}", {"view_name": "改了"})
    assert renamed["view"]["view_name"] == "改了"


async def test_the_last_view_stays(client: Client) -> None:
    view = await make(client)
    assert await client.data("DELETE", f"{VIEWS}/{view}") == {}
    assert await client.code("GET", f"{VIEWS}/{view}") == 1254042
    (last,) = (await client.data("GET", VIEWS))["items"]
    assert await client.code("DELETE", f"{VIEWS}/{last['view_id']}") == 1254023


async def test_a_table_has_200_views() -> None:
    async with calling(rates=False) as client:
        for number in range(199):
            client.world.add_view(client.base, "表", str(number))
        assert await client.code("POST", VIEWS, {"view_name": "x"}) == 1254101


async def test_a_view_whose_column_is_gone_says_so(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("临时", 2))
    view = await make(client)
    await client.data("PATCH", f"{VIEWS}/{view}", filtering(condition(client, "临时", "isEmpty")))
    client.world.delete_field(client.base, "表", "临时")
    assert await client.code("POST", "{table}/records/search", {"view_id": view}) == 1254044
