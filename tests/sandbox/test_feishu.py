"""Who may call the simulated Feishu, how often, and what its replies look like on the wire."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.sandbox.feishu import Feishu
from tests.sandbox.feishu_client import APP, NODE, SECRET, TOKEN, Client, calling

RECORDS = "{table}/records"


# Tokens.


async def test_the_token_reply_is_flat_and_renewed_in_the_last_half_hour_only(client: Client) -> None:
    first = await client.log_in()
    assert list(first) == ["code", "expire", "msg", "tenant_access_token"]
    assert (first["code"], first["msg"], first["expire"]) == (0, "ok", 7200)
    client.clock.now += 5400
    again = await client.log_in()
    assert (again["tenant_access_token"], again["expire"]) == (first["tenant_access_token"], 1800)
    client.clock.now += 1
    renewed = await client.log_in()
    assert (renewed["tenant_access_token"] != first["tenant_access_token"], renewed["expire"]) == (True, 7200)
    client.token = first["tenant_access_token"]
    assert await client.code("GET", "tables") == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"app_id":"cli_a","app_secret":"wrong"}', 10014),
        (b'{"app_id":"cli_other","app_secret":"secret"}', 10003),
        (b'{"app_id":"cli_a"}', 10003),
        (b'{"app_secret":"secret"}', 10003),
        (b"no json", 10003),
    ],
)
async def test_wrong_credentials(client: Client, body: bytes, code: int) -> None:
    reply = await client.http.post(TOKEN, content=body)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert "tenant_access_token" not in reply.json()


async def test_a_token_ends_after_two_hours_or_when_it_is_revoked(client: Client) -> None:
    client.clock.now += 7199
    assert await client.code("GET", "tables") == 0
    client.clock.now += 1
    assert await client.code("GET", "tables") == 99991663
    await client.log_in()
    assert await client.code("GET", "tables") == 0
    client.world.revoke_tokens()
    assert await client.code("GET", "tables") == 99991663


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, 99991661),
        ({"Authorization": "t-without-its-word"}, 99991661),
        ({"Authorization": "Bearer t-made-up"}, 99991663),
        ({"Authorization": "Bearer u-of-a-user"}, 99991668),
        ({"Authorization": "Bearer something"}, 99991671),
    ],
)
async def test_wrong_tokens(client: Client, header: dict[str, str], code: int) -> None:
    reply = await client.http.get(client.url("tables"), headers=header)
    assert (reply.status_code, reply.json()["code"]) == (400, code)


# Rights.


def taken_out(world: Feishu, base: str) -> None:
    world.share(base, APP, None)


def view_only(world: Feishu, base: str) -> None:
    world.share(base, APP, "view")


def advanced(world: Feishu, base: str) -> None:
    world.set_advanced(base, on=True)


def no_scope(world: Feishu, _: str) -> None:
    world.add_app(APP, SECRET, scopes=())


def read_scope(world: Feishu, _: str) -> None:
    world.add_app(APP, SECRET, scopes=("bitable:app:readonly",))


def unpublished(world: Feishu, _: str) -> None:
    world.add_app(APP, SECRET, published=False)


@pytest.mark.parametrize(
    ("change", "read", "write", "status"),
    [
        (taken_out, 91403, 91403, 403),
        (view_only, 0, 1254302, 403),
        (advanced, 0, 1254302, 403),
        (read_scope, 0, 99991672, 400),
        (no_scope, 99991672, 99991672, 400),
        (unpublished, 99991672, 99991672, 400),
    ],
)
async def test_rights(
    client: Client, change: Callable[[Feishu, str], None], read: int, write: int, status: int
) -> None:
    change(client.world, client.base)
    assert await client.code("POST", f"{RECORDS}/search", {}) == read
    reply = await client.call("POST", RECORDS, {"fields": {}})
    assert (reply.json()["code"], reply.status_code) == (write, status)


async def test_a_missing_scope_is_named(client: Client) -> None:
    no_scope(client.world, client.base)
    error = (await client.call("GET", "tables")).json()["error"]
    assert error["permission_violations"] == [
        {"type": "action_scope_required", "subject": scope}
        for scope in ("base:table:read", "bitable:app", "bitable:app:readonly")
    ]
    assert APP in error["helps"][0]["url"]


async def test_advanced_permissions_are_an_empty_success_until_the_app_manages(client: Client) -> None:
    record = await client.create(文本="x")
    advanced(client.world, client.base)
    assert (await client.data("GET", ""))["app"]["is_advanced"] is True
    assert await client.data("POST", f"{RECORDS}/search", {}) == {"has_more": False, "items": [], "total": 0}
    got = await client.data("POST", f"{RECORDS}/batch_get", {"record_ids": [record]})
    assert (got["records"], got["forbidden_record_ids"]) == ([], [record])
    client.world.share(client.base, APP, "full_access")
    assert await client.texts() == ["x"]


# What is not there.


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "status"),
    [
        ("GET", "/open-apis/bitable/v1/nothing", None, 99991201, 404),
        ("PATCH", RECORDS, {}, 99991301, 404),
        ("GET", f"/open-apis/bitable/v1/apps/{'A' * 27}/tables", None, 91402, 400),
        ("GET", "tables/tblNotThere/fields", None, 1254041, 404),
        ("POST", f"{RECORDS}/search", {"view_id": "vewNotThere"}, 1254042, 404),
        ("PUT", f"{RECORDS}/recNotThere", {"fields": {}}, 1254043, 404),
        ("DELETE", f"{RECORDS}/recNotThere", None, 1254043, 404),
        ("GET", f"{RECORDS}/recNotThere", None, 1254043, 404),
        ("DELETE", "{table}/fields/fldNotThere", None, 1254044, 404),
        ("POST", RECORDS, {"fields": {"没有这列": 1}}, 1254045, 404),
        ("GET", f"{NODE}?token=nothing", None, 131005, 400),
    ],
)
async def test_what_is_not_there(
    client: Client, method: str, path: str, body: Any, code: int, status: int
) -> None:
    reply = await client.http.request(method, client.url(path), json=body, headers=client.headers)
    assert (reply.json()["code"], reply.status_code) == (code, status)


async def test_a_wiki_node_leads_to_its_base_and_is_none_itself(client: Client) -> None:
    node = client.world.add_wiki_node(client.base)
    found = (await client.data("GET", NODE, token=node))["node"]
    assert (found["obj_type"], found["obj_token"], found["title"]) == ("bitable", client.base, "库")
    assert await client.code("GET", f"/open-apis/bitable/v1/apps/{node}/tables") == 91402
    taken_out(client.world, client.base)
    assert await client.code("GET", NODE, token=node) == 131006


# The wire.


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no json", 1254000),
        (b"{}", 1254001),
        (b'{"fields":[]}', 9499),
        (b'{"fields":{"\xe6\x96\x87\xe6\x9c\xac":"\\ud800"}}', 1254000),
    ],
)
async def test_bodies_that_are_none(client: Client, content: bytes, code: int) -> None:
    reply = await client.http.post(client.url(RECORDS), content=content, headers=client.headers)
    assert reply.json()["code"] == code


async def test_every_reply_has_a_log_id_and_an_error_says_what_is_wrong(client: Client) -> None:
    reply = await client.call("POST", RECORDS, {"fields": {"日期": "2026-01-01"}})
    answer, log_id = reply.json(), reply.headers["x-tt-logid"]
    assert list(answer) == ["code", "msg", "error"]
    assert (answer["code"], answer["msg"]) == (1254064, "DatetimeFieldConvFail")
    assert answer["error"] == {
        "message": "Invalid request parameter: 'fields.日期.fieldValue.2026-01-01.fieldName.日期'. Correct format : "
        "the value of 'Date' must be a unix timestamp. Please check and modify accordingly.",
        "log_id": log_id,
        "troubleshooter": "排查建议查看(Troubleshooting suggestions): "
        f"https://open.feishu.cn/search?from=openapi&log_id={log_id}&code=1254064",
    }
    good = await client.call("GET", "tables")
    assert (good.json()["code"], good.json()["msg"]) == (0, "success")
    for each in (reply, good):
        assert b"X-Tt-Logid" in {name for name, _ in each.headers.raw}
    assert good.headers["x-tt-logid"] != log_id


async def test_keys_come_in_the_order_of_code_points(client: Client) -> None:
    await client.create(链接={"text": "b", "link": "https://a"}, 文本="x", 数字=1)
    text = (await client.call("POST", f"{RECORDS}/search", {"automatic_fields": True})).text

    def ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert keys == sorted(keys)
        return dict(pairs)

    fields = json.loads(text, object_pairs_hook=ordered)["data"]["items"][0]["fields"]
    assert list(fields) == ["数字", "文本", "链接"]


@pytest.mark.parametrize(("strict", "status", "limited"), [(True, 400, 429), (False, 200, 400)])
async def test_the_same_code_comes_with_either_status(*, strict: bool, status: int, limited: int) -> None:
    async with calling(strict_status=strict) as client:
        reply = await client.call("POST", RECORDS, {"fields": {"数字": "x"}})
        assert (reply.json()["code"], reply.status_code) == (1254061, status)
        statuses = {(await client.call("GET", "tables")).status_code for _ in range(21)}
        assert statuses == {200, limited}


# Rates and writers.


@pytest.mark.parametrize(
    ("method", "path", "calls", "seconds"),
    [
        ("GET", "tables", 20, 1),
        ("POST", "tables", 10, 1),
        ("POST", f"{RECORDS}/search", 20, 1),
        ("POST", f"{RECORDS}/batch_create", 50, 1),
        ("POST", "/open-apis/bitable/v1/apps", 20, 60),
        ("GET", NODE, 100, 60),
        ("POST", "/open-apis/drive/v1/medias/upload_all", 5, 1),
    ],
)
async def test_each_call_has_its_rate(
    client: Client, method: str, path: str, calls: int, seconds: int
) -> None:
    codes = [await client.code(method, path, {}) for _ in range(calls)]
    assert 99991400 not in codes
    reply = await client.call(method, path, {})
    wait = reply.headers["x-ogw-ratelimit-reset"]
    assert (reply.status_code, reply.json()) == (
        429,
        {**reply.json(), "code": 99991400, "msg": "request trigger frequency limit"},
    )
    assert (reply.headers["x-ogw-ratelimit-limit"], "retry-after" in reply.headers) == (str(calls), False)
    assert 1 <= int(wait) <= seconds
    assert await client.code("GET", "") == 0  # another call, another bucket
    client.clock.now += int(wait)
    assert await client.code(method, path, {}) != 99991400


async def test_idle_time_is_not_saved_up(client: Client) -> None:
    client.clock.now += 60
    assert await client.code("GET", "tables") == 0
    client.clock.now += 60
    codes = [await client.code("GET", "tables") for _ in range(21)]
    assert codes == [0] * 20 + [99991400]


async def test_without_rates_there_is_no_limit() -> None:
    async with calling(rates=False) as client:
        assert {await client.code("GET", "tables") for _ in range(50)} == {0}


async def test_one_writer_a_table(client: Client) -> None:
    """Each write waits until all have come in."""
    there, come = 0, asyncio.Event()

    async def gather(name: str, stage: str) -> None:
        nonlocal there
        if (name, stage) == ("record.create", "before"):
            there += 1
            if there == 3:
                come.set()
            await come.wait()

    client.world.on_call = gather
    other = client.world.add_table(client.base, "另一张")
    calls = [
        client.code("POST", path, {"fields": {"文本": "x"}})
        for path in (RECORDS, RECORDS, f"tables/{other}/records")
    ]
    assert sorted(await asyncio.gather(*calls)) == [0, 0, 1254291]
    assert await client.texts() == ["x"]
    assert await client.code("POST", RECORDS, {"fields": {}}) == 0
