"""Rows of the simulated Feishu: batches, their limits, the client_token, pages, order."""

from typing import Any
from uuid import UUID, uuid1, uuid4

import pytest

from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import BLANK, ROW, Client, calling

RECORDS = "{table}/records"
CREATE = f"{RECORDS}/batch_create"


# Batches.


@pytest.mark.parametrize(
    ("call", "most"), [("batch_create", 1000), ("batch_update", 1000), ("batch_delete", 500)]
)
async def test_a_batch_holds_so_much_and_no_more(client: Client, call: str, most: int) -> None:
    ids = await client.create_all(*[BLANK] * 999)
    ids += [await client.create(), await client.create()]
    bodies: dict[str, list[Any]] = {
        "batch_create": [{"fields": {}} for _ in ids],
        "batch_update": [{"record_id": id_, "fields": {"文本": "x"}} for id_ in ids],
        "batch_delete": ids,
    }
    path = f"{RECORDS}/{call}"
    assert await client.code("POST", path, {"records": []}) == 1254001
    assert await client.code("POST", path, {"records": bodies[call][: most + 1]}) == 1254104
    assert len(client.world.rows(client.base, "表")) == 1001
    assert len((await client.data("POST", path, {"records": bodies[call][:most]}))["records"]) == most
    left = {"batch_create": 2001, "batch_update": 1001, "batch_delete": 501}[call]
    assert len(client.world.rows(client.base, "表")) == left


async def test_rows_are_made_in_the_order_of_the_batch(client: Client) -> None:
    rows = [{"文本": str(number)} for number in range(50)]
    ids = await client.create_all(*rows)
    assert [(row["record_id"], row["fields"]["文本"][0]["text"]) for row in await client.rows()] == [
        (id_, row["文本"]) for id_, row in zip(ids, rows, strict=True)
    ]


async def test_a_table_is_full_at_some_point_and_a_batch_does_not_fill_it_in_part() -> None:
    async with calling(max_rows=12) as client:
        await client.create_all(*[BLANK] * 11)
        rows = {"records": [{"fields": {"单选": "x"}}] * 2}
        assert await client.code("POST", CREATE, rows) == 1254103
        assert (len(await client.rows()), await client.code("POST", RECORDS, {"fields": {}})) == (11, 0)
        assert await client.code("POST", RECORDS, {"fields": {}}) == 1254103


async def test_one_row_that_is_gone_keeps_a_batch_from_all(client: Client) -> None:
    ids = await client.create_all({"文本": "a"}, {"文本": "b"})
    client.world.delete_record(client.base, "表", ids[1])
    changes = [{"record_id": id_, "fields": {"文本": "x"}} for id_ in ids]
    assert await client.code("POST", f"{RECORDS}/batch_update", {"records": changes}) == 1254043
    assert await client.code("POST", f"{RECORDS}/batch_delete", {"records": ids}) == 1254043
    assert await client.texts() == ["a"]


async def test_an_update_changes_what_it_names(client: Client) -> None:
    record = await client.create(**ROW)
    body = {"fields": {"数字": 1, "单选": None}}
    assert (await client.data("PUT", f"{RECORDS}/{record}", body))["record"]["fields"] == {"数字": 1}
    kept = {name: value for name, value in ROW.items() if name != "单选"}
    assert client.world.rows(client.base, "表") == {record: {**kept, "数字": 1}}


async def test_a_row_is_deleted_once(client: Client) -> None:
    record = await client.create()
    path = f"{RECORDS}/{record}"
    assert await client.data("DELETE", path) == {"deleted": True, "record_id": record}
    assert await client.code("DELETE", path) == 1254043


async def test_batch_get_tells_what_is_absent(client: Client) -> None:
    record = await client.create(文本="x")
    path = f"{RECORDS}/batch_get"
    got = await client.data(
        "POST", path, {"record_ids": [record, "recGone", record], "with_shared_url": True}
    )
    assert [row["record_id"] for row in got["records"]] == [record]
    assert got["records"][0]["shared_url"].endswith(record)
    assert (got["absent_record_ids"], got["forbidden_record_ids"]) == (["recGone"], [])
    assert await client.code("POST", path, {"record_ids": ["recGone"] * 100}) == 0
    for ids in ([], ["recGone"] * 101):
        reply = (await client.call("POST", path, {"record_ids": ids})).json()
        assert (reply["code"], reply["error"]["field_violations"][0]["field"]) == (99992402, "record_ids")


async def test_options_are_made_as_they_are_named(client: Client) -> None:
    await client.create_all({"多选": ["b", "a"]}, {"多选": ["a", "c"]})
    options: Any = client.world.columns(client.base, "表")["多选"]["property"]
    assert [(option["name"], option["color"]) for option in options["options"]] == [
        ("b", 0),
        ("a", 1),
        ("c", 2),
    ]
    assert len({option["id"] for option in options["options"]}) == 3


# client_token.


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (RECORDS, {"fields": {"文本": "x"}}, {"fields": {"文本": "y"}}),
        (CREATE, {"records": [{"fields": BLANK}]}, {"records": [{"fields": BLANK}] * 2}),
        ("{table}/fields", {"field_name": "新", "type": 1}, {"field_name": "新", "type": 2}),
    ],
)
async def test_the_same_client_token_creates_once(client: Client, path: str, body: Any, other: Any) -> None:
    token = str(uuid4())
    first = await client.data("POST", path, body, client_token=token)
    before = (client.world.rows(client.base, "表"), list(client.world.columns(client.base, "表")))
    assert await client.data("POST", path, body, client_token=token) == first
    assert await client.code("POST", path, other, client_token=token) == 1255006
    client.world.client_tokens.policy = "recommit"
    reply = await client.call("POST", path, body, client_token=token)
    assert (reply.json()["code"], reply.status_code) == (1254608, 403)
    assert (client.world.rows(client.base, "表"), list(client.world.columns(client.base, "表"))) == before


async def test_a_refused_call_leaves_its_client_token_free(client: Client) -> None:
    token = str(uuid4())
    assert await client.code("POST", RECORDS, {"fields": {"数字": "x"}}, client_token=token) == 1254061
    assert await client.code("POST", RECORDS, {"fields": {"数字": 1}}, client_token=token) == 0


@pytest.mark.parametrize(
    "token",
    ["x", str(uuid1()), uuid4().hex, f"{{{uuid4()}}}", str(UUID(int=0))],
    ids=["word", "version 1", "no dashes", "braces", "nil"],
)
async def test_a_client_token_is_a_uuid_of_version_4(client: Client, token: str) -> None:
    assert await client.code("POST", RECORDS, {"fields": {}}, client_token=token) == 1254037
    assert await client.rows() == []


# Pages and order.


@pytest.mark.parametrize(("method", "path"), [("POST", f"{RECORDS}/search"), ("GET", RECORDS)])
async def test_pages_reach_every_row_once(client: Client, method: str, path: str) -> None:
    ids = await client.create_all(*[BLANK] * 45)
    found: list[str] = []
    params: dict[str, Any] = {}
    while page := await client.data(method, path, {}, **params):
        found += [item["record_id"] for item in page["items"]]
        assert page["total"] == 45
        if not page["has_more"]:
            break
        params["page_token"] = page["page_token"]
    assert ("page_token" in page, len(page["items"])) == (False, 5)
    assert found == ids


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"page_size": 500}, 0),
        ({"page_size": 501}, 99992402),
        ({"page_size": 0}, 1254011),
        ({"page_size": "x"}, 99992402),
        ({"page_token": "x"}, 1254030),
        ({"page_token": "%ff"}, 1254030),
    ],
)
async def test_wrong_pages(client: Client, params: dict[str, Any], code: int) -> None:
    assert await client.code("POST", f"{RECORDS}/search", {}, **params) == code
    assert await client.code("GET", RECORDS, **params) == code


async def test_columns_are_chosen_by_name(client: Client) -> None:
    await client.create(**ROW)
    assert list((await client.rows(field_names=["数字", "单选"]))[0]["fields"]) == ["单选", "数字"]
    assert await client.code("POST", f"{RECORDS}/search", {"field_names": ["没有"]}) == 1254045
    assert await client.code("POST", f"{RECORDS}/search", {"field_names": ["数字"] * 201}) == 99992402
    listed = await client.data("GET", RECORDS, field_names='["数字"]')
    assert listed["items"][0]["fields"] == {"数字": "8.5"}
    assert await client.code("GET", RECORDS, field_names="数字") == 1254024


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ([("数字", False)], "bacd"),
        ([("数字", True)], "cabd"),
        ([("单选", False), ("数字", True)], "acbd"),
        ([("文本", True)], "dcba"),
    ],
)
async def test_rows_are_sorted_and_empty_cells_come_last(
    client: Client, keys: list[tuple[str, bool]], order: str
) -> None:
    await client.create_all(
        {"文本": "a", "数字": 9, "单选": "一"},
        {"文本": "b", "数字": -1, "单选": "二"},
        {"文本": "c", "数字": 10, "单选": "二"},
        {"文本": "d"},
    )
    sort = [{"field_name": name, "desc": desc} for name, desc in keys]
    assert await client.texts(sort=sort) == list(order)
    legacy = "[{}]".format(",".join(f'"{name} {"DESC" if desc else "ASC"}"' for name, desc in keys))
    listed = await client.data("GET", RECORDS, sort=legacy)
    assert [item["fields"]["文本"] for item in listed["items"]] == list(order)


async def test_wrong_orders(client: Client) -> None:
    search = f"{RECORDS}/search"
    assert await client.code("POST", search, {"sort": [{"field_name": "没有"}]}) == 1254045
    assert await client.code("POST", search, {"sort": [{"field_name": "文本"}] * 101}) == 99992402
    assert await client.code("GET", RECORDS, sort='["文本 UP"]') == 1254016


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ('CurrentValue.[文本]="a"', ["a"]),
        ('CurrentValue.[文本]!="a"', ["b", "c"]),
        ("CurrentValue.[数字]>=2", ["b", "c"]),
        ("CurrentValue.[数字]<2", ["a"]),
        ('CurrentValue.[文本].contains("b")', ["b"]),
        ('OR(CurrentValue.[文本]="c",AND(CurrentValue.[数字]>1,CurrentValue.[数字]<=2))', ["b", "c"]),
        ('NOT(CurrentValue.[文本]="b")', ["a", "c"]),
        ('CurrentValue.[文本]="a"&&CurrentValue.[数字]=1', ["a"]),
        ('(CurrentValue.[文本]="a") || CurrentValue.[数字]>2', ["a", "c"]),
        ("CurrentValue.[勾]=TRUE", ["b"]),
    ],
)
async def test_the_old_list_takes_a_formula(client: Client, formula: str, found: list[str]) -> None:
    await client.create_all(
        {"文本": "a", "数字": 1}, {"文本": "b", "数字": 2, "勾": True}, {"文本": "c", "数字": 3}
    )
    listed = await client.data("GET", RECORDS, filter=formula)
    assert [item["fields"]["文本"] for item in listed["items"]] == found


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("x", 1254018),
        ("CurrentValue.[文本]", 1254018),
        ('CurrentValue.[文本]="a" and so on', 1254018),
        ("SUM(CurrentValue.[数字]=1)", 1254018),
        ('CurrentValue.[文本]>"a"', 1254018),
        ('CurrentValue.[没有]="a"', 1254045),
        (f'CurrentValue.[文本]="{"x" * 2000}"', 1254107),
    ],
)
async def test_a_formula_that_is_none(client: Client, formula: str, code: int) -> None:
    assert await client.code("GET", RECORDS, filter=formula) == code


async def test_an_order_may_not_be_too_long(client: Client) -> None:
    assert await client.code("GET", RECORDS, sort=f'["{"x" * 1000} ASC"]') == 1254108


async def test_dates_fill_themselves_if_the_column_says_so(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("记于", 5, None, {"auto_fill": True}))
    await client.create_all(BLANK, {"记于": 5})
    assert [row["fields"]["记于"] for row in await client.rows()] == [1_700_000_000_000, 5]
