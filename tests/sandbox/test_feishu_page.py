"""The simulated Feishu as a person sees it."""

import re
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
    assert f'<img src="/file/{token}" alt="封面.jpg"' in page
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


# Views.


def view(client: Client, name: str, kind: str) -> str:
    return client.world.add_view(client.base, "表", name, kind)


async def test_a_view_shows_what_it_lets_through_and_hides_columns(client: Client) -> None:
    await client.create_all({"文本": "五星的", "评分": 5, "数字": 1.5}, {"文本": "三星的", "评分": 3})
    there, columns = view(client, "五星", "grid"), client.world.columns(client.base, "表")
    five = {"field_id": columns["评分"]["field_id"], "operator": "is", "value": '["5"]'}
    shown = {
        "filter_info": {"conditions": [five], "conjunction": "and"},
        "hidden_fields": [columns["数字"]["field_id"]],
    }
    await client.data("PATCH", f"{{table}}/views/{there}", {"property": shown})
    page = (await look(client, table=client.table, view=there)).text
    assert ("五星的" in page, "三星的" in page, "1.5" in page, "1 行" in page) == (True, False, False, True)
    assert "三星的" in (await look(client, table=client.table)).text
    client.world.delete_field(client.base, "表", "评分")
    assert "三星的" in (await look(client, table=client.table, view=there)).text


async def test_a_gallery_shows_covers(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("封面", 17))
    record = await client.create(文本="三体", 评分=4)
    (token,) = client.world.attach(client.base, "表", record, "封面", {"三体.png": b"\x89PNG"})
    page = (await look(client, table=client.table, view=view(client, "封面墙", "gallery"))).text
    assert f'<div class="cover"><img src="/file/{token}" alt=""></div>' in page
    assert ("<h3>三体</h3>" in page, "★★★★<i>★</i>" in page, "<table>" in page) == (True, True, False)
    picture = await client.http.get(f"/file/{token}")
    assert (picture.content, picture.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert (await client.http.get("/file/nothing")).status_code == 404


async def test_a_kanban_has_a_pile_for_each_option(client: Client) -> None:
    await client.create_all(
        *[{"文本": "x", "单选": "看过"}] * 101, {"文本": "y", "单选": "想看"}, {"文本": "z"}
    )
    page = (await look(client, table=client.table, view=view(client, "按状态", "kanban"))).text
    for name, count in (("看过", 101), ("想看", 1), ("没有分组", 1)):
        assert re.search(f">{name}</span> <small>{count}</small>", page)


async def test_what_was_uploaded_is_never_run(client: Client) -> None:
    client.world.add_field(client.base, "表", FieldSpec("封面", 17))
    record = await client.create()
    (token,) = client.world.attach(
        client.base, "表", record, "封面", {"x.html": b"<script>alert(1)</script>"}
    )
    reply = await client.http.get(f"/file/{token}")
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "<img" not in (await look(client)).text


async def test_messages_are_shown(client: Client) -> None:
    card = {
        "header": {"title": {"tag": "plain_text", "content": "同步<b>好了"}},
        "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": "新增 12 条"}}],
    }
    await client.http.post(client.world.add_bot(), json={"msg_type": "interactive", "card": card})
    home = (await client.http.get("/")).text
    assert "同步&lt;b&gt;好了 · 新增 12 条" in home


async def test_the_calls_of_the_month_are_shown(client: Client) -> None:
    assert "这个月的调用" not in (await client.http.get("/")).text
    client.world.quota.limit = 10_000
    await client.data("GET", "tables")
    assert "这个月的调用：1 / 10,000" in (await client.http.get("/")).text
