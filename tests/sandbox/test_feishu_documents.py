"""Whole documents of the simulated Feishu: made, changed, copied, shared, and found in a wiki."""

from typing import Any

import pytest

from gateway.sandbox.feishu import Feishu
from tests.sandbox.feishu_client import APP, NODE, SECRET, Client

APPS = "/open-apis/bitable/v1/apps"
TABLES = "tables"


async def test_a_base_is_renamed_and_its_permissions_switched(client: Client) -> None:
    told = await client.data("PUT", "", {"name": "新名字"})
    assert told == {"app": {"app_token": client.base, "name": "新名字", "is_advanced": False}}
    assert (await client.data("PUT", "", {"is_advanced": True}))["app"]["is_advanced"] is True
    assert await client.code("PUT", "", {"name": "不"}) == 1254302  # no manager
    client.world.set_advanced(client.base, on=False)
    assert await client.code("PUT", "", {"name": "x" * 256}) == 1254031


async def test_a_copy_is_the_caller_s_own(client: Client) -> None:
    await client.create(文本="x")
    made = (await client.data("POST", "copy", {"name": "副本", "time_zone": "Asia/Tokyo"}))["app"]
    assert (made["name"], made["time_zone"], made["url"].endswith(made["app_token"])) == (
        "副本",
        "Asia/Tokyo",
        True,
    )
    original, client.base = client.base, made["app_token"]
    assert await client.texts() == ["x"]
    await client.create(文本="y")
    assert len(client.world.rows(original, "表")) == 1
    client.world.share(original, APP, "view")  # whoever may look may copy
    client.base = original
    empty = (await client.data("POST", "copy", {"without_content": True}))["app"]
    client.base = empty["app_token"]
    assert (empty["name"], await client.rows()) == ("库", [])


async def test_a_copy_takes_its_time(client: Client) -> None:
    client.world.copy_calls = 2
    client.base = (await client.data("POST", "copy", {}))["app"]["app_token"]
    assert [await client.code("GET", TABLES) for _ in range(3)] == [1254036, 1254036, 0]


async def test_a_new_base_is_its_maker_s_alone_until_it_is_shared(client: Client) -> None:
    """An app that makes a base for a person has to share it with them."""
    world = client.world
    client.base = (await client.data("POST", APPS, {"name": "新库"}))["app"]["app_token"]
    assert world.base(client.base).roles == {APP: "full_access"}
    path = f"/open-apis/drive/v1/permissions/{client.base}/members"
    whom = {"member_type": "openid", "member_id": world.person, "perm": "full_access"}
    told = await client.data("POST", path, whom, type="bitable")
    assert told["member"] == whom | {"perm_type": "container", "type": "user"}
    assert world.base(client.base).roles[world.person] == "full_access"
    listed = await client.data("GET", path, type="bitable")
    assert {item["member_id"]: item["perm"] for item in listed["items"]} == world.base(client.base).roles


@pytest.mark.parametrize(
    ("body", "kind", "code", "status"),
    [
        ({"member_id": "ou_other"}, "bitable", 1063001, 400),
        ({"member_type": "openchat"}, "bitable", 1063001, 400),
        ({}, "docx", 1063001, 400),
        ({"perm": "all"}, "bitable", 9499, 400),
    ],
)
async def test_a_wrong_member(
    client: Client, body: dict[str, Any], kind: str, code: int, status: int
) -> None:
    client.world.share(client.base, APP, "full_access")
    whom = {"member_type": "openid", "member_id": client.world.person, "perm": "view"}
    path = f"/open-apis/drive/v1/permissions/{client.base}/members"
    reply = await client.call("POST", path, whom | body, type=kind)
    assert (reply.json()["code"], reply.status_code) == (code, status)


async def test_only_a_manager_shares(client: Client) -> None:
    path = f"/open-apis/drive/v1/permissions/{client.base}/members"
    assert await client.code("GET", path, type="bitable") == 1063004
    assert await client.code("GET", path.replace(client.base, "x"), type="bitable") == 1063005


async def test_tables_are_made_and_deleted_by_the_batch_or_not_at_all(client: Client) -> None:
    made = await client.data("POST", f"{TABLES}/batch_create", {"tables": [{"name": "一"}, {"name": "二"}]})
    assert [client.world.tables(client.base)[name] for name in ("一", "二")] == made["table_ids"]
    for names, code in (
        (["三", "一"], 1254013),
        (["三", "三"], 1254013),
        (["三", "a/b"], 1254038),
        ([], 1254001),
    ):
        body = {"tables": [{"name": name} for name in names]}
        assert await client.code("POST", f"{TABLES}/batch_create", body) == code
    body = {"tables": [{"name": str(number)} for number in range(97)]}
    assert await client.code("POST", f"{TABLES}/batch_create", body) == 1254100
    assert set(client.world.tables(client.base)) == {"数据表", "表", "一", "二"}
    every = [*client.world.tables(client.base).values()]
    for ids, code in (
        ([made["table_ids"][0], "tblNotThere"], 1254041),
        (every, 1254034),
        ([], 1254001),
        (["x"] * 51, 1254041),
    ):
        assert await client.code("POST", f"{TABLES}/batch_delete", {"table_ids": ids}) == code
    many = [f"tbl{number}" for number in range(51)]
    assert await client.code("POST", f"{TABLES}/batch_delete", {"table_ids": many}) == 99992402
    assert await client.data("POST", f"{TABLES}/batch_delete", made) == {}
    assert set(client.world.tables(client.base)) == {"数据表", "表"}


# Wiki nodes and other documents.


@pytest.mark.parametrize("kind", ["docx", "sheet"])
async def test_a_wiki_node_may_hold_something_else(client: Client, kind: Any) -> None:
    document = client.world.add_document(kind, "读书笔记")
    node = client.world.add_wiki_node(document)
    found = (await client.data("GET", NODE, token=node))["node"]
    assert (found["obj_type"], found["obj_token"], found["title"]) == (kind, document, "读书笔记")
    assert await client.code("GET", f"{APPS}/{document}/tables") == 91402


async def test_wiki_nodes_that_lead_nowhere(client: Client) -> None:
    assert await client.code("GET", NODE) == 131002
    node = client.world.add_wiki_node(client.base)
    client.world.delete_base(client.base)
    assert await client.code("GET", NODE, token=node) == 131005
    assert await client.code("GET", TABLES) == 91402


# What comes late.


async def test_a_new_table_or_base_may_not_be_found_at_once(client: Client) -> None:
    client.world.lag_new = 2
    client.table = (await client.data("POST", TABLES, {"table": {"name": "新"}}))["table_id"]
    assert [await client.code("GET", "{table}/fields") for _ in range(3)] == [1254041, 1254041, 0]
    client.base = (await client.data("POST", APPS, {"name": "新"}))["app"]["app_token"]
    assert [await client.code("GET", TABLES) for _ in range(3)] == [1254040, 1254040, 0]


async def test_now_and_then_a_base_is_not_ready(client: Client) -> None:
    client.world.unready = 0.5
    codes = [await client.code("GET", TABLES) for _ in range(20)]
    assert set(codes) == {0, 1254607}


async def test_an_app_that_an_administrator_ended(client: Client) -> None:
    client.world.app(APP).enabled = False
    assert await client.code("GET", TABLES) == 99991662
    client.world.add_app(APP, SECRET)
    assert await client.code("GET", TABLES) == 0


def test_an_app_stays_the_same_person_when_it_changes() -> None:
    world = Feishu()
    world.add_app(APP, SECRET)
    who = world.app(APP).open_id
    world.add_app(APP, "another", scopes=())
    assert world.app(APP).open_id == who
