"""What goes wrong on the way to the simulated Feishu and back; files."""

import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.sandbox.feishu import Fault, Feishu
from gateway.sandbox.feishu.codes import CODES
from tests.sandbox.feishu_client import APP, Client

RECORDS = "{table}/records"
BODY: dict[str, Any] = {"fields": {"文本": "x"}}


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1), ("truncated", 1)])
async def test_a_connection_that_breaks(client: Client, kind: Any, made: int) -> None:
    client.world.faults.append(Fault("record.create", kind))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await client.call("POST", RECORDS, BODY)
    assert await client.texts() == ["x"] * made
    assert client.world.faults == []


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limited", 429, 99991400),
        ("server_error", 500, 1255001),
        ("conflict", 400, 1254291),
        ("not_ready", 400, 1254607),
    ],
)
async def test_a_refusal_without_a_reason(client: Client, kind: Any, status: int, code: int) -> None:
    client.world.faults.append(Fault("record.create", kind, times=2))
    for _ in range(2):
        reply = await client.call("POST", RECORDS, BODY)
        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert ("x-ogw-ratelimit-reset" in reply.headers) == (kind == "rate_limited")
    assert await client.rows() == []
    assert await client.code("POST", RECORDS, BODY) == 0


@pytest.mark.parametrize("code", sorted(set(CODES) - {0}))
async def test_any_code_can_be_had(client: Client, code: int) -> None:
    """Before anything is done, and after."""
    client.world.faults += [
        Fault("record.create", "refused", code=code, message="why"),
        Fault("record.create", "refused_after", code=code),
    ]
    for made in (0, 1):
        reply = await client.call("POST", RECORDS, BODY)
        assert (reply.json()["code"], reply.status_code) == (code, CODES[code].strict)
        assert len(client.world.rows(client.base, "表")) == made


async def test_a_rate_limit_may_say_fractions(client: Client) -> None:
    client.world.faults.append(Fault("record.create", "rate_limited", seconds=0.25))
    reply = await client.call("POST", RECORDS, BODY)
    assert reply.headers["x-ogw-ratelimit-reset"] == "0.25"


async def test_a_page_of_a_proxy_when_all_is_done(client: Client) -> None:
    client.world.faults.append(Fault("record.create", "html_502_after"))
    assert (await client.call("POST", RECORDS, BODY)).status_code == 502
    assert await client.texts() == ["x"]


async def test_a_page_of_a_proxy(client: Client) -> None:
    client.world.faults.append(Fault("*", "html_502"))
    reply = await client.call("POST", RECORDS, BODY)
    assert (reply.status_code, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "<title>502" in reply.text
    assert await client.rows() == []


async def test_a_slow_reply_comes_when_all_is_done(client: Client) -> None:
    client.world.faults.append(Fault("record.create", "slow", seconds=3600))
    async with client.http.stream("POST", client.url(RECORDS), json=BODY, headers=client.headers) as reply:
        assert reply.status_code == 200
        assert len(client.world.rows(client.base, "表")) == 1


async def test_a_fault_waits_for_its_call(client: Client) -> None:
    client.world.faults += [Fault("record.create", "conflict"), Fault("auth.token", "html_502")]
    assert await client.code("GET", "tables") == 0
    assert await client.code("POST", RECORDS, BODY) == 1254291
    assert [fault.call for fault in client.world.faults] == ["auth.token"]


async def test_reads_may_lag_behind_a_write(client: Client) -> None:
    client.world.lag = 2
    record = await client.create(文本="x")
    assert [await client.texts() for _ in range(3)] == [[], [], ["x"]]
    await client.data("PUT", f"{RECORDS}/{record}", {"fields": {"文本": "y"}})
    got = await client.data("POST", f"{RECORDS}/batch_get", {"record_ids": [record]})
    assert got["records"][0]["fields"]["文本"][0]["text"] == "x"
    assert (await client.data("GET", RECORDS))["items"][0]["fields"] == {"文本": "x"}
    assert await client.texts() == ["y"]


async def test_calls_are_told_and_counted(client: Client) -> None:
    told: list[tuple[str, str, int]] = []

    async def listen(name: str, stage: str) -> None:
        told.append((name, stage, len(client.world.rows(client.base, "表"))))

    client.world.on_call = listen
    await client.create(文本="x")
    await client.code("POST", RECORDS, {"fields": {"文本": 1}})
    await client.code("GET", "/open-apis/nothing")
    assert told == [
        ("record.create", "before", 0),
        ("record.create", "after", 1),
        ("record.create", "before", 1),
        ("unknown", "before", 1),
    ]
    assert client.world.calls == {"auth.token": 1, "record.create": 2, "unknown": 1}


# Files.


@pytest.mark.parametrize("name", ["封面.jpg", None])
@pytest.mark.parametrize("kind", ["bitable_image", "bitable_file"])
async def test_a_file_is_taken_with_and_without_a_name(client: Client, name: str | None, kind: str) -> None:
    reply = await client.upload(name=name, parent_type=kind, checksum=str(zlib.adler32(b"abc")), extra="")
    assert reply.json()["code"] == 0
    assert len(reply.json()["data"]["file_token"]) == 27


async def test_a_file_may_hold_anything_up_to_20_mib(client: Client) -> None:
    content = b"\r\n--\r\n" + bytes(20 * 1024 * 1024 - 6)
    assert (await client.upload(content=content)).json()["code"] == 0
    reply = await client.upload(content=content + b"x")
    assert (reply.status_code, reply.json()["code"]) == (400, 1061002)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"parent_type": "explorer"}, 1061002),
        ({"file_name": ""}, 1061002),
        ({"file_name": "x" * 251}, 1061002),
        ({"size": "x"}, 1061002),
        ({"size": "4"}, 1062009),
        ({"checksum": "1"}, 1062008),
        ({"parent_node": "nothing"}, 1061044),
    ],
)
async def test_wrong_files(client: Client, said: dict[str, Any], code: int) -> None:
    assert (await client.upload(**said)).json()["code"] == code


async def test_a_body_that_holds_no_file(client: Client) -> None:
    assert await client.code("POST", "/open-apis/drive/v1/medias/upload_all", {}) == 1061002


def taken_out(world: Feishu, base: str) -> None:
    world.share(base, APP, None)


def view_only(world: Feishu, base: str) -> None:
    world.share(base, APP, "view")


@pytest.mark.parametrize("change", [taken_out, view_only])
async def test_a_file_needs_the_right_to_edit(client: Client, change: Callable[[Feishu, str], None]) -> None:
    change(client.world, client.base)
    reply = await client.upload()
    assert (reply.status_code, reply.json()["code"]) == (403, 1061004)
