"""The addresses of the simulated Feishu, personal base tokens, and the quota of the month."""

from typing import Any

import httpx
import pytest

from gateway.sandbox.http import Server
from tests.sandbox.feishu_client import APP, NODE, SECRET, TOKEN, UPLOAD, Client, calling

BASE_HOST = {"Host": "base-api.feishu.cn"}
CREDENTIALS = {"app_id": APP, "app_secret": SECRET}


@pytest.fixture
def personal(client: Client) -> Client:
    """A program that has the base's own token instead of an app's."""
    client.token = client.world.personal_token(client.base)
    client.world.share(client.base, APP, None)
    return client


async def test_a_personal_token_does_all_in_its_base_without_an_app(personal: Client) -> None:
    record = await personal.create(文本="x")
    assert await personal.texts() == ["x"]
    assert personal.world.base(personal.base).tables[personal.table].records[record].created_by == (
        personal.world.person
    )
    assert (await personal.upload()).json()["code"] == 0
    assert personal.world.quota.used == 0


@pytest.mark.parametrize("host", [{}, BASE_HOST])
async def test_a_personal_token_reaches_no_other_base(personal: Client, host: dict[str, str]) -> None:
    other = personal.world.add_base("别的")
    reply = await personal.http.get(
        f"/open-apis/bitable/v1/apps/{other}/tables", headers=personal.headers | host
    )
    assert (reply.status_code, reply.json()["code"]) == (400, 9499)
    assert (await personal.upload(parent_node=other)).json()["code"] == 9499


async def test_a_personal_token_that_is_none(personal: Client) -> None:
    old = personal.token
    personal.token = personal.world.personal_token(personal.base)
    assert await personal.code("GET", "tables") == 0
    personal.world.end_personal_token(personal.base)
    for token in (old, personal.token, "pt-made-up"):
        personal.token = token
        reply = await personal.call("GET", "tables")
        assert (reply.status_code, reply.json()["code"]) == (200, 1011)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/open-apis/bitable/v1/apps"),
        ("GET", NODE),
        ("POST", "/open-apis/im/v1/messages"),
        ("POST", f"{UPLOAD.removesuffix('all')}prepare"),
    ],
)
async def test_the_rest_is_not_there_for_a_personal_token(personal: Client, method: str, path: str) -> None:
    reply = await personal.call(method, path, {})
    assert (reply.status_code, reply.json()["code"]) == (404, 99991201)


async def test_an_app_has_no_business_at_the_address_for_personal_tokens(client: Client) -> None:
    reply = await client.http.get(client.url("tables"), headers=client.headers | BASE_HOST)
    assert reply.json()["code"] == 1011
    assert (await client.http.post(TOKEN, json=CREDENTIALS, headers=BASE_HOST)).json()["code"] == 99991201


async def test_a_personal_token_has_no_business_at_the_open_address(personal: Client) -> None:
    reply = await personal.http.get(
        personal.url("tables"), headers=personal.headers | {"Host": "open.feishu.cn"}
    )
    assert reply.json()["code"] == 99991671


async def test_a_personal_token_has_rates_of_its_own(client: Client) -> None:
    app = client.token
    assert [await client.code("GET", "tables") for _ in range(21)][-1] == 99991400
    client.token = client.world.personal_token(client.base)
    assert await client.code("GET", "tables") == 0
    client.token = app
    assert await client.code("GET", "tables") == 99991400


async def test_a_personal_token_sees_rows_under_advanced_permissions(personal: Client) -> None:
    personal.world.set_advanced(personal.base, on=True)
    await personal.create(文本="x")
    assert await personal.texts() == ["x"]


# China's Feishu, and Lark.


@pytest.mark.parametrize("brand", ["feishu", "lark"])
async def test_nothing_is_known_at_the_other_address(brand: Any) -> None:
    domains = {"feishu": "feishu.cn", "lark": "larksuite.com"}
    own = domains.pop(brand)
    other = domains.popitem()[1]
    async with calling(brand=brand) as client:

        async def code(host: str, method: str, path: str, body: Any = None) -> int:
            reply = await client.http.request(
                method, client.url(path), json=body, headers=client.headers | {"Host": host}
            )
            return reply.json()["code"]

        hook = client.world.add_bot()
        said = {"msg_type": "text", "content": {"text": "x"}}
        assert await code(f"open.{own}", "POST", TOKEN, CREDENTIALS) == 0
        assert await code(f"open.{other}", "POST", TOKEN, CREDENTIALS) == 10003
        assert await code(f"open.{own}", "GET", "tables") == 0
        assert await code(f"open.{other}", "GET", "tables") == 99991663
        assert await code(f"accounts.{own}", "GET", "tables") == 99991201
        assert (
            await code(
                f"open.{other}",
                "POST",
                "/open-apis/authen/v2/oauth/token",
                {
                    "grant_type": "refresh_token",
                    "client_id": APP,
                    "client_secret": SECRET,
                    "refresh_token": "x",
                },
            )
            == 20048
        )
        assert await code(f"open.{own}", "POST", hook, said) == 0
        assert await code(f"open.{other}", "POST", hook, said) == 19001
        client.token = client.world.personal_token(client.base)
        assert await code(f"base-api.{own}", "GET", "tables") == 0
        assert await code(f"base-api.{other}", "GET", "tables") == 1011


async def test_a_server_may_stand_for_one_address(client: Client) -> None:
    for host, code in (("open.feishu.cn", 0), ("open.larksuite.com", 10003)):
        async with (
            Server(client.world.at(host)) as server,
            httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False) as http,
        ):
            assert (await http.post(TOKEN, json=CREDENTIALS)).json()["code"] == code


async def test_links_lead_to_where_the_simulator_is(client: Client) -> None:
    """Whatever address of Feishu's it stands for."""
    async with (
        Server(client.world.at("open.feishu.cn")) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False) as http,
    ):
        reply = await http.post("/open-apis/bitable/v1/apps", json={}, headers=client.headers)
        address = reply.json()["data"]["app"]["url"]
        assert address.startswith(f"{server.url}/base/")
        assert (await http.get(address)).status_code == 200


# The month.


async def test_the_month_ends_with_its_quota_and_begins_anew(client: Client) -> None:
    client.world.quota.limit = 3
    assert [await client.code("GET", "tables") for _ in range(4)] == [0, 0, 0, 99991403]
    assert client.world.quota.used == 3
    assert (await client.log_in())["code"] == 0
    client.clock.now += 31 * 86_400
    await client.log_in()
    assert await client.code("GET", "tables") == 0
    assert client.world.quota.used == 1


async def test_all_apps_of_the_tenant_share_the_quota(client: Client) -> None:
    client.world.quota.limit = 2
    client.world.add_app("cli_b", SECRET)
    client.world.share(client.base, "cli_b", "edit")
    assert await client.code("GET", "tables") == 0
    await client.log_in("cli_b")
    assert [await client.code("GET", "tables") for _ in range(2)] == [0, 99991403]


async def test_a_refused_call_costs_one_too(client: Client) -> None:
    client.world.quota.limit = 1
    assert await client.code("POST", "{table}/records", {"fields": {"没有": 1}}) == 1254045
    assert await client.code("GET", "tables") == 99991403
