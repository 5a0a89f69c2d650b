"""The simulated Feishu says what the real one is known to say. Source of each truth: Feishu's pages, recorded replies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.feishu import Fault, Feishu
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.http import Server

APP, SECRET = "cli_a", "secret"
COLUMNS: tuple[tuple[str, int, str | None, dict[str, Any] | None], ...] = (
    ("文本", 1, None, None),
    ("数字", 2, "Number", {"formatter": "0.0"}),
    ("评分", 2, "Rating", {"formatter": "0", "min": 1, "max": 5}),
    ("单选", 3, None, None),
    ("多选", 4, None, None),
    ("日期", 5, None, None),
    ("勾", 7, None, None),
    ("链接", 15, None, None),
)
LINK = {"link": "https://movie.douban.com/subject/1/", "text": "豆瓣"}
ROW: dict[str, Any] = {
    "文本": '三体 & "more" 😀',
    "数字": 8.5,
    "评分": 4,
    "单选": "看过",
    "多选": ["科幻", "A"],
    "日期": 1674206443000,
    "勾": True,
    "链接": LINK,
}


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Client:
    """A program that calls the simulator over a real socket."""

    def __init__(self, world: Feishu, base: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self.world, self.base, self.http, self.clock = world, base, http, clock
        self.table = ""
        self.token = ""

    async def log_in(self, app: str = APP, secret: str = SECRET) -> dict[str, Any]:
        reply = await self.http.post(
            "/open-apis/auth/v3/tenant_access_token/internal",
            content=f'{{"app_id":"{app}","app_secret":"{secret}"}}',
        )
        answer = reply.json()
        self.token = answer.get("tenant_access_token", "")
        return answer

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        path = path.replace("{table}", f"tables/{self.table}")
        url = path if path.startswith("/") else f"/open-apis/bitable/v1/apps/{self.base}/{path}".rstrip("/")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return await self.http.request(method, url, json=body, params=params, headers=headers)

    async def code(self, method: str, path: str, body: Any = None, **params: Any) -> int:
        return (await self.call(method, path, body, **params)).json()["code"]

    async def data(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = (await self.call(method, path, body, **params)).json()
        assert answer["code"] == 0, answer
        return answer["data"]

    async def rows(self, **body: Any) -> list[dict[str, Any]]:
        return (await self.data("POST", "{table}/records/search", body, page_size=500))["items"]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    clock = Clock()
    world = Feishu(clock=clock)
    world.add_app(APP, SECRET)
    base = world.add_base("库", collaborators={APP: "edit"})
    async with (
        Server(world.handle) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
    ):
        made = Client(world, base, http, clock)
        made.table = world.add_table(base, "表", tuple(FieldSpec(*column) for column in COLUMNS))
        await made.log_in()
        yield made


# Who may call.


async def test_the_token_reply_is_flat_and_renewed_in_the_last_half_hour_only(client: Client) -> None:
    first = await client.log_in()
    assert set(first) == {"code", "msg", "tenant_access_token", "expire"}
    assert (first["code"], first["msg"], first["expire"]) == (0, "ok", 7200)
    client.clock.now += 5400
    again = await client.log_in()
    assert (again["tenant_access_token"], again["expire"]) == (first["tenant_access_token"], 1800)
    client.clock.now += 1
    assert (await client.log_in())["tenant_access_token"] != first["tenant_access_token"]


async def test_wrong_credentials(client: Client) -> None:
    assert (await client.log_in(secret="wrong"))["code"] == 10014
    assert (await client.log_in(app="cli_unknown"))["code"] == 10003


async def test_tokens_end_and_can_be_revoked(client: Client) -> None:
    client.clock.now += 7200
    assert await client.code("GET", "tables") == 99991663
    await client.log_in()
    assert await client.code("GET", "tables") == 0
    client.world.revoke_tokens()
    assert await client.code("GET", "tables") == 99991663
    client.token = ""
    assert await client.code("GET", "tables") == 99991661


def taken_out(world: Feishu, base: str) -> None:
    world.share(base, APP, None)


def view_only(world: Feishu, base: str) -> None:
    world.share(base, APP, "view")


def advanced(world: Feishu, base: str) -> None:
    world.set_advanced(base, on=True)


def no_scope(world: Feishu, _: str) -> None:
    world.add_app(APP, SECRET, scopes=())


def unpublished(world: Feishu, _: str) -> None:
    world.add_app(APP, SECRET, published=False)


@pytest.mark.parametrize(
    ("change", "method", "path", "code", "status"),
    [
        (taken_out, "GET", "tables", 91403, 403),
        (view_only, "POST", "{table}/records", 1254302, 403),
        (advanced, "POST", "{table}/records", 1254302, 403),
        (no_scope, "GET", "tables", 99991672, 400),
        (unpublished, "GET", "tables", 99991672, 400),
    ],
)
async def test_rights(
    client: Client, change: Callable[[Feishu, str], None], method: str, path: str, code: int, status: int
) -> None:
    change(client.world, client.base)
    reply = await client.call(method, path, {"fields": {}})
    assert (reply.json()["code"], reply.status_code) == (code, status)
    if code == 99991672:
        assert reply.json()["error"]["permission_violations"][0]["type"] == "action_scope_required"


async def test_advanced_permissions_are_an_empty_success(client: Client) -> None:
    await client.data("POST", "{table}/records", {"fields": ROW})
    client.world.set_advanced(client.base, on=True)
    assert await client.rows() == []


async def test_what_is_not_there(client: Client) -> None:
    unknown = await client.call("GET", "/open-apis/bitable/v1/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, 99991201)
    assert await client.code("GET", f"/open-apis/bitable/v1/apps/{'A' * 27}/tables") == 91402
    assert await client.code("GET", "tables/tblNotThere/fields") == 1254041
    assert await client.code("PUT", "{table}/records/recNotThere1", {"fields": {}}) == 1254043
    assert await client.code("DELETE", "{table}/fields/fldNotThere") == 1254044
    assert await client.code("GET", "/open-apis/wiki/v2/spaces/get_node", token="nothing") in {
        131005,
        99991672,
    }


# Envelope, rates, one writer.


async def test_every_error_has_its_envelope_and_its_log_id(client: Client) -> None:
    reply = await client.call("POST", "{table}/records", {"fields": {"日期": "2026-01-01"}})
    answer = reply.json()
    assert (answer["code"], answer["msg"]) == (1254064, "DatetimeFieldConvFail")
    assert "must be a unix timestamp" in answer["error"]["message"]
    assert "日期" in answer["error"]["message"]
    raw = {name for name, _ in reply.headers.raw}
    assert b"X-Tt-Logid" in raw
    assert answer["error"]["log_id"] == reply.headers["x-tt-logid"]


@pytest.mark.parametrize(("strict", "status"), [(True, 400), (False, 200)])
async def test_the_same_code_comes_with_either_status(*, strict: bool, status: int) -> None:
    world = Feishu(strict_status=strict)
    world.add_app(APP, SECRET)
    base = world.add_base("库", collaborators={APP: "edit"})
    async with (
        Server(world.handle) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
    ):
        client = Client(world, base, http, Clock())
        client.table = world.add_table(base, "表", (FieldSpec("文本", 1), FieldSpec("数字", 2)))
        await client.log_in()
        assert (await client.call("POST", "{table}/records", {"fields": {"数字": "x"}})).status_code == status


async def test_each_call_has_its_rate(client: Client) -> None:
    codes = [(await client.call("GET", "tables")).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
    reply = await client.call("GET", "tables")
    assert reply.json()["code"] == 99991400
    assert reply.headers["x-ogw-ratelimit-limit"] == "20"
    assert int(reply.headers["x-ogw-ratelimit-reset"]) >= 1
    assert "retry-after" not in reply.headers
    client.clock.now += int(reply.headers["x-ogw-ratelimit-reset"])
    assert await client.code("GET", "tables") == 0


async def test_one_writer_a_table(client: Client) -> None:
    client.world.write_time = 0.01
    body = {"records": [{"fields": {"文本": "x"}}]}
    codes = await asyncio.gather(
        *(client.code("POST", "{table}/records/batch_create", body) for _ in range(2))
    )
    assert sorted(codes) == [0, 1254291]
    assert len(await client.rows()) == 1


# Values.


async def test_what_is_written_is_echoed_and_read_in_two_other_shapes(client: Client) -> None:
    made = (await client.data("POST", "{table}/records", {"fields": ROW}))["record"]
    assert made["fields"] == ROW
    assert made["id"] == made["record_id"]
    read = (await client.rows())[0]["fields"]
    assert read["文本"] == [{"text": ROW["文本"], "type": "text"}]
    assert read["链接"] == {**LINK, "type": "url"}
    assert {name: read[name] for name in ("数字", "评分", "单选", "多选", "日期", "勾")} == {
        name: ROW[name] for name in ("数字", "评分", "单选", "多选", "日期", "勾")
    }
    legacy = (await client.data("GET", "{table}/records"))["items"][0]["fields"]
    assert (legacy["文本"], legacy["数字"], legacy["评分"]) == (ROW["文本"], "8.5", "4")


async def test_empty_cells_are_absent_and_null_clears(client: Client) -> None:
    record = (await client.data("POST", "{table}/records", {"fields": ROW}))["record"]["record_id"]
    await client.data("PUT", f"{{table}}/records/{record}", {"fields": dict.fromkeys(ROW)})
    assert (await client.rows())[0]["fields"] == {}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("文本", ["x"], 1254060),
        ("数字", "7", 1254061),
        ("数字", "", 1254061),
        ("单选", ["x"], 1254062),
        ("多选", "x", 1254063),
        ("日期", "2026-01-01", 1254064),
        ("勾", "yes", 1254065),
        ("链接", "https://x", 1254068),
        ("评分", 6, 1254061),
        ("没有这列", "x", 1254045),
        ("文本", "a" * 99_974, 1254130),
        ("文本", "😀" * 50_000, 1254130),
        ("文本", '"' * 50_000, 1254130),
    ],
)
async def test_a_wrong_value_is_refused_and_nothing_of_the_batch_is_made(
    client: Client, column: str, value: Any, code: int
) -> None:
    rows = [{"fields": {"文本": "good"}}, {"fields": {column: value}}]
    assert await client.code("POST", "{table}/records/batch_create", {"records": rows}) == code
    assert await client.rows() == []


async def test_the_longest_text(client: Client) -> None:
    for text in ("a" * 99_973, "😀" * 49_986):
        assert await client.code("POST", "{table}/records", {"fields": {"文本": text}}) == 0


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_any_text_comes_back_as_it_went(text: str) -> None:
    world = Feishu()
    base = world.add_base("库")
    world.add_table(base, "表")
    record = world.add_record(base, "表", {"文本": text})
    assert world.rows(base, "表")[record] == {"文本": text}


async def test_options_are_made_as_they_are_named(client: Client) -> None:
    await client.data("POST", "{table}/records", {"fields": {"多选": ["b", "a", "b"]}})
    assert (await client.rows())[0]["fields"]["多选"] == ["b", "a"]
    options: Any = client.world.columns(client.base, "表")["多选"]["property"]
    assert [option["name"] for option in options["options"]] == ["b", "a"]


# Columns and tables.


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"field_name": "文本", "type": 1}, 1254014),
        ({"field_name": "新", "type": 99}, 1254012),
        ({"field_name": "新", "type": 15, "property": {}}, 1254087),
        ({"field_name": "新", "type": 7, "property": {}}, 1254085),
        ({"field_name": " ", "type": 1}, 1254028),
        (
            {
                "field_name": "新",
                "type": 2,
                "ui_type": "Rating",
                "property": {"formatter": "0", "min": 1, "max": 5},
            },
            0,
        ),
    ],
)
async def test_columns(client: Client, body: dict[str, Any], code: int) -> None:
    assert await client.code("POST", "{table}/fields", body) == code


async def test_a_column_is_overwritten_whole(client: Client) -> None:
    await client.data("POST", "{table}/records", {"fields": {"单选": "旧"}})
    fields = (await client.data("GET", "{table}/fields"))["items"]
    column = next(field for field in fields if field["field_name"] == "单选")
    body = {"field_name": "单选", "type": 3, "property": {"options": [{"name": "新"}]}}
    await client.data("PUT", f"{{table}}/fields/{column['field_id']}", body)
    assert (await client.rows())[0]["fields"] == {}
    primary = next(field["field_id"] for field in fields if field["is_primary"])
    assert await client.code("DELETE", f"{{table}}/fields/{primary}") == 1254046


async def test_a_new_base_comes_with_blank_rows(client: Client) -> None:
    tables = (await client.data("GET", "tables"))["items"]
    assert [table["name"] for table in tables] == ["数据表", "表"]
    client.table = tables[0]["table_id"]
    rows = await client.rows()
    assert 5 <= len(rows) <= 10
    assert all(row["fields"] == {} for row in rows)


# Batches, pages, tokens.


@pytest.mark.parametrize(
    ("call", "one", "most"),
    [
        ("batch_create", {"fields": {}}, 1000),
        ("batch_update", {"record_id": "recX", "fields": {}}, 1000),
        ("batch_delete", "recX", 500),
    ],
)
async def test_batches_end_somewhere(client: Client, call: str, one: Any, most: int) -> None:
    assert await client.code("POST", f"{{table}}/records/{call}", {"records": [one] * (most + 1)}) == 1254104


async def test_pages_reach_every_row_once(client: Client) -> None:
    rows = [{"fields": {"文本": str(number)}} for number in range(1000)]
    await client.data("POST", "{table}/records/batch_create", {"records": rows})
    found: list[str] = []
    params: dict[str, Any] = {"page_size": 300}
    while True:
        page = await client.data("POST", "{table}/records/search", {"field_names": ["文本"]}, **params)
        found += [item["fields"]["文本"][0]["text"] for item in page["items"]]
        assert page["total"] == 1000
        if not page["has_more"]:
            break
        params["page_token"] = page["page_token"]
    assert "page_token" not in page
    assert found == [str(number) for number in range(1000)]
    assert await client.code("POST", "{table}/records/search", {}, page_size=501) != 0


async def test_filters(client: Client) -> None:
    rows = [
        {"fields": {"文本": str(number), "单选": "偶" if number % 2 == 0 else "奇"}} for number in range(6)
    ]
    await client.data("POST", "{table}/records/batch_create", {"records": rows})

    async def found(where: dict[str, Any]) -> list[str]:
        return [row["fields"]["文本"][0]["text"] for row in await client.rows(filter=where)]

    two = [{"field_name": "文本", "operator": "is", "value": [value]} for value in ("1", "4")]
    assert await found({"conjunction": "or", "conditions": two}) == ["1", "4"]
    even = {"field_name": "单选", "operator": "is", "value": ["偶"]}
    assert await found({"conjunction": "and", "conditions": [even]}) == ["0", "2", "4"]
    nested = {
        "conjunction": "and",
        "conditions": [even],
        "children": [{"conjunction": "or", "conditions": two}],
    }
    assert await found(nested) == ["4"]
    many = {"conjunction": "or", "conditions": two * 26}
    assert await client.code("POST", "{table}/records/search", {"filter": many}) != 0


async def test_client_tokens(client: Client) -> None:
    body = {"records": [{"fields": {"文本": "x"}}]}
    path, token = "{table}/records/batch_create", str(uuid4())
    first = await client.data("POST", path, body, client_token=token)
    assert await client.data("POST", path, body, client_token=token) == first
    assert await client.code("POST", path, {"records": []}, client_token=token) == 1255006
    assert await client.code("POST", path, body, client_token="not-a-uuid") == 1254037
    client.world.client_tokens.policy = "recommit"
    assert await client.code("POST", path, body, client_token=token) == 1254608
    assert len(await client.rows()) == 1


async def test_reads_may_lag_behind_a_write(client: Client) -> None:
    client.world.lag = 1
    await client.data("POST", "{table}/records", {"fields": {"文本": "x"}})
    assert [len(await client.rows()) for _ in range(2)] == [0, 1]


# What goes wrong on the way.


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("drop_before", 0),
        ("drop_after", 1),
        ("truncated", 1),
        ("html_502", 0),
        ("server_error", 0),
        ("conflict", 0),
        ("rate_limited", 0),
    ],
)
async def test_faults_happen_before_or_after_the_work(client: Client, kind: Any, made: int) -> None:
    client.world.faults.append(Fault("record.create", kind))
    try:
        reply = await client.call("POST", "{table}/records", {"fields": {"文本": "x"}})
    except httpx.HTTPError:
        assert kind in {"drop_before", "drop_after", "truncated"}
    else:
        assert reply.status_code >= 400
    assert len(await client.rows()) == made
    assert client.world.faults == []


async def test_files_with_and_without_a_name(client: Client) -> None:
    data = {"file_name": "封面.jpg", "parent_type": "bitable_image", "parent_node": client.base, "size": "3"}
    for file in (("封面.jpg", b"abc", "image/jpeg"), (None, b"abc")):
        headers = {"Authorization": f"Bearer {client.token}"}
        reply = await client.http.post(
            "/open-apis/drive/v1/medias/upload_all", data=data, files={"file": file}, headers=headers
        )
        assert reply.json()["code"] == 0, reply.text
        assert len(reply.json()["data"]["file_token"]) == 27


async def test_a_wiki_node_leads_to_its_base(client: Client) -> None:
    node = client.world.add_wiki_node(client.base)
    found = await client.data("GET", "/open-apis/wiki/v2/spaces/get_node", token=node)
    assert (found["node"]["obj_type"], found["node"]["obj_token"]) == ("bitable", client.base)


# What a person sees.


async def test_a_person_sees_the_table(client: Client) -> None:
    await client.data("POST", "{table}/records", {"fields": {**ROW, "文本": "<script>alert(1)</script>"}})
    page = (await client.http.get(f"/base/{client.base}", params={"table": client.table})).text
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    for text in ("看过", "科幻", "★★★★", "2023/01/20", "豆瓣"):
        assert text in page
    home = (await client.http.get("/")).text
    assert client.table in home
