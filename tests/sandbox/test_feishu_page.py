"""The simulated Feishu as a person sees it."""

from typing import Any

import httpx
import pytest

from gateway.sandbox.feishu.fields import FieldSpec
from tests.sandbox.feishu_client import BLANK, ROW, Client


async def look(client: Client, **query: Any) -> httpx.Response:
    return await client.http.get(f"/base/{client.base}", params=query)


async def test_the_list_leads_to_every_table(client: Client) -> None:
    await client.create()
    home = await client.http.get("/")
    for name, table in client.world.tables(client.base).items():
        address = f"/base/{client.base}?table={table}"
        assert f'<a href="{address}"><span>{name}</span>' in home.text
        assert f"<title>{name} · 库</title>" in (await client.http.get(address)).text


async def test_a_row_shows_all_its_cells(client: Client) -> None:
    await client.create(**ROW)
    page = (await look(client, table=client.table)).text
    assert "三体 &amp; &#34;more&#34; 😀" in page
    for shown in (">8.5<", "★★★★<i>★</i>", ">看过<", ">科幻<", ">A<", ">2023/01/20<", ">✓<", ">豆瓣</a>"):
        assert shown in page
    assert f'href="{ROW["链接"]["link"]}"' in page


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("文本", "<script>alert(1)</script>", "&lt;script&gt;"),
        ("单选", "<script>", "&lt;script&gt;"),
        ("链接", {"link": "javascript:alert(1)", "text": "点我"}, ">点我</span>"),
        ("链接", {"link": 'https://x/"onclick="', "text": "x"}, "https://x/&#34;onclick=&#34;"),
        ("日期", 10**15, ">1000000000000000<"),
    ],
)
async def test_a_cell_cannot_do_harm(client: Client, column: str, value: Any, shown: str) -> None:
    await client.create(**{column: value})
    reply = await look(client)
    assert shown in reply.text
    assert "<script" not in reply.text
    assert 'href="javascript' not in reply.text
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_long_text_is_cut_for_the_page(client: Client) -> None:
    await client.create(文本="长" * 50_000)
    page = (await look(client)).text
    assert "长" * 300 + "…" in page
    assert "长" * 301 not in page


async def test_files_and_people_are_shown_by_name(client: Client) -> None:
    for spec in (FieldSpec("附件", 17), FieldSpec("建者", 1003)):
        client.world.add_field(client.base, "表", spec)
    token = (await client.upload()).json()["data"]["file_token"]
    await client.create(附件=[{"file_token": token}])
    page = (await look(client)).text
    assert ">封面.jpg<" in page
    assert ">用户" in page


async def test_a_hundred_rows_a_page(client: Client) -> None:
    await client.create_all(*[{"文本": f"第{number}行"} for number in range(1, 202)])
    for number, rows, missing in (
        (1, ("第1行", "第100行"), "第101行"),
        (3, ("第201行",), "第200行"),
        (9, ("第201行",), "第200行"),
    ):
        page = (await look(client, table=client.table, page=number)).text
        assert all(f">{row}<" in page for row in rows)
        assert f">{missing}<" not in page
        assert "201 行" in page
        assert ("上一页" in page, "下一页" in page) == (number > 1, number == 1)


async def test_an_address_without_a_table_shows_the_one_that_has_something_in_it(client: Client) -> None:
    await client.create_all({"文本": "x"}, BLANK)
    assert "<title>表 · 库</title>" in (await look(client)).text
    node = client.world.add_wiki_node(client.base)
    assert "<title>表 · 库</title>" in (await client.http.get(f"/wiki/{node}")).text


@pytest.mark.parametrize("path", ["/base/nothing", "/wiki/nothing", "/other", "/base/a/b"])
async def test_other_addresses_are_not_there(client: Client, path: str) -> None:
    assert (await client.http.get(path)).status_code == 404


async def test_a_feishu_without_anything(client: Client) -> None:
    for table in client.world.tables(client.base):
        client.world.delete_table(client.base, table)
    assert (await look(client)).status_code == 404
    client.world.bases.clear()
    assert "还没有多维表格" in (await client.http.get("/")).text
