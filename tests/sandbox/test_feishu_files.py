"""Files of the simulated Feishu: in parts, read back, and in cells."""

import asyncio
import zlib
from typing import Any

import httpx
import pytest

from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.fields import FieldSpec
from gateway.sandbox.feishu.rates import Rate
from tests.sandbox.feishu_client import APP, UPLOAD, Client

MEDIAS = UPLOAD.removesuffix("/upload_all")
BLOCK = 4 * 1024 * 1024
CONTENT = bytes(range(256)) * (BLOCK // 256) + b"the rest"


async def prepare(client: Client, size: int = len(CONTENT), **changes: Any) -> Any:
    body = {"file_name": "封面.png", "parent_type": "bitable_image", "parent_node": client.base, "size": size}
    return (await client.call("POST", f"{MEDIAS}/upload_prepare", body | changes)).json()


async def part(client: Client, upload: str, seq: int, content: bytes, **said: str) -> int:
    data = {"upload_id": upload, "seq": str(seq), "size": str(len(content)), **said}
    reply = await client.http.post(
        f"{MEDIAS}/upload_part", data=data, files={"file": ("x", content)}, headers=client.headers
    )
    return reply.json()["code"]


async def test_a_file_comes_in_parts(client: Client) -> None:
    begun = (await prepare(client))["data"]
    assert (begun["block_size"], begun["block_num"]) == (BLOCK, 2)
    upload = begun["upload_id"]
    end: dict[str, Any] = {"upload_id": upload, "block_num": 2}
    assert await part(client, upload, 1, CONTENT[BLOCK:], checksum=str(zlib.adler32(CONTENT[BLOCK:]))) == 0
    assert await client.code("POST", f"{MEDIAS}/upload_finish", end) == 1062010
    assert await part(client, upload, 0, CONTENT[:BLOCK]) == 0
    assert await client.code("POST", f"{MEDIAS}/upload_finish", end | {"block_num": 1}) == 1062011
    token = (await client.data("POST", f"{MEDIAS}/upload_finish", end))["file_token"]
    file = await client.call("GET", f"{MEDIAS}/{token}/download")
    assert (file.content, file.headers["content-type"]) == (CONTENT, "image/png")
    assert "%E5%B0%81%E9%9D%A2.png" in file.headers["content-disposition"]
    assert await client.code("POST", f"{MEDIAS}/upload_finish", end) == 1061021


async def test_parts_that_do_not_fit(client: Client) -> None:
    upload = (await prepare(client))["data"]["upload_id"]
    assert await part(client, upload, 0, b"short") == 1062009
    assert await part(client, upload, 2, b"x") == 1062011
    assert await part(client, upload, 0, b"x", checksum="1") == 1062008
    assert await part(client, "made-up", 0, b"x") == 1061021
    client.clock.now += 7199
    await client.log_in()
    client.clock.now += 86_400 - 7199
    await client.log_in()
    assert await part(client, upload, 1, CONTENT[BLOCK:]) == 1061021


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"size": 0}, 1061002), ({"parent_type": "explorer"}, 1061002), ({"parent_node": "x"}, 1061044)],
)
async def test_wrong_beginnings(client: Client, changes: dict[str, Any], code: int) -> None:
    assert (await prepare(client, **changes))["code"] == code


async def test_a_cell_leads_to_its_file(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("封面", 17))
    token = (await client.upload(content=b"abc")).json()["data"]["file_token"]
    await client.create(封面=[{"file_token": token}])
    (cell,) = (await client.rows())[0]["fields"]["封面"]
    assert (cell["name"], cell["size"], cell["type"]) == ("封面.jpg", 3, "image/jpeg")
    assert (await client.http.get(cell["url"], headers=client.headers)).content == b"abc"
    told = (await client.http.get(cell["tmp_url"], headers=client.headers)).json()["data"]
    address = told["tmp_download_urls"][0]["tmp_download_url"]
    assert (await client.http.get(address)).content == b"abc"  # anybody may, for a while


async def test_advanced_permissions_want_to_know_the_table(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("封面", 17))
    token = (await client.upload(content=b"abc")).json()["data"]["file_token"]
    await client.create(封面=[{"file_token": token}])
    (cell,) = (await client.rows())[0]["fields"]["封面"]
    client.world.set_advanced(client.base, on=True)
    reply = await client.call("GET", f"{MEDIAS}/{token}/download")
    assert (reply.status_code, reply.json()["code"]) == (403, 1061004)
    assert (await client.http.get(cell["url"], headers=client.headers)).content == b"abc"


async def test_files_that_are_not_there_or_not_ours(client: Client) -> None:
    token = (await client.upload()).json()["data"]["file_token"]
    assert await client.code("GET", f"{MEDIAS}/nothing/download") == 1061003
    assert await client.code("GET", f"{MEDIAS}/batch_get_tmp_download_url") == 1061002
    six = ",".join([token] * 6)
    assert await client.code("GET", f"{MEDIAS}/batch_get_tmp_download_url", file_tokens=six) == 1061002
    client.world.share(client.base, APP, None)
    assert await client.code("GET", f"{MEDIAS}/{token}/download") == 1061004


async def test_one_upload_at_a_time(client: Client) -> None:
    client.world.write_time = 0.05
    replies = await asyncio.gather(client.upload(), client.upload())
    assert sorted(reply.json()["code"] for reply in replies) == [0, 1061045]
    assert (await client.upload()).json()["code"] == 0


async def test_ten_thousand_uploads_a_day(client: Client) -> None:
    meter = client.world.meter
    assert meter is not None
    day = Rate(10_000, 86_400)
    for _ in range(9_999):
        meter.count(APP, "media.upload_all", (day,))
    assert [(await client.upload()).json()["code"] for _ in range(2)] == [0, 99991400]


async def test_what_a_person_attached_is_a_file_like_any_other(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("封面", 17))
    record = await client.create()
    (token,) = client.world.attach(client.base, "表", record, "封面", {"我的.png": b"mine"})
    (cell,) = (await client.rows())[0]["fields"]["封面"]
    assert (cell["file_token"], cell["name"]) == (token, "我的.png")
    assert (
        await client.code("PUT", f"{{table}}/records/{record}", {"fields": {"封面": [{"file_token": token}]}})
        == 0
    )


async def test_a_table_holds_20_000_attachments(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("封面", 17))
    token = (await client.upload()).json()["data"]["file_token"]
    full = {"封面": [{"file_token": token}] * 100}
    await client.create_all(*[full] * 200)
    assert (
        await client.code("POST", "{table}/records", {"fields": {"封面": [{"file_token": token}]}}) == 1254106
    )
    assert await client.code("POST", "{table}/records", {"fields": {}}) == 0


async def test_a_file_without_a_reply_may_be_uploaded_again(client: Client) -> None:
    client.world.faults.append(Fault("media.upload_all", "drop_after"))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await client.upload()
    assert (await client.upload()).json()["code"] == 0
    assert len(client.world.base(client.base).files) == 2
