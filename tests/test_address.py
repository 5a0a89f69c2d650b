"""What people paste: whole addresses of every kind, and what is none."""

import pytest

from gateway.errors import BadAddress, NotATable
from gateway.feishu.address import Address, parse

TOKEN, TABLE = "WsDK4FrUMp48Y3tT3QDgAL47D1q", "tblitUZfKRjnBSP2"


@pytest.mark.parametrize(
    ("text", "site", "domain"),
    [
        (f"https://example.feishu.cn/base/{TOKEN}", "https://example.feishu.cn", "feishu.cn"),
        (f"  https://example.feishu.cn/base/{TOKEN}/\n", "https://example.feishu.cn", "feishu.cn"),
        (f"https://feishu.cn/base/{TOKEN}#x", "https://feishu.cn", "feishu.cn"),
        (f"https://x.larksuite.com/base/{TOKEN}?from=a", "https://x.larksuite.com", "larksuite.com"),
        (f"https://x.sg.larksuite.com/base/{TOKEN}", "https://x.sg.larksuite.com", "larksuite.com"),
        (f"https://x.larkoffice.com/base/{TOKEN}", "https://x.larkoffice.com", None),
        (f"https://bitable.example.com/base/{TOKEN}", "https://bitable.example.com", None),
        (f"https://feishu.cn.example.com/base/{TOKEN}", "https://feishu.cn.example.com", None),
        (f"http://127.0.0.1:9000/base/{TOKEN}", "http://127.0.0.1:9000", None),
        (f"example.feishu.cn/base/{TOKEN}", "https://example.feishu.cn", "feishu.cn"),
        (
            f"【我的书影音】https://example.feishu.cn/base/{TOKEN}，点开看",
            "https://example.feishu.cn",
            "feishu.cn",
        ),
        (f"HTTPS://example.feishu.cn/base/{TOKEN}", "https://example.feishu.cn", "feishu.cn"),
    ],
)
def test_where_it_is(text: str, site: str, domain: str | None) -> None:
    found = parse(text)
    assert found == Address(site, False, TOKEN, None)
    assert found.domain == domain


@pytest.mark.parametrize(
    ("query", "table"),
    [
        ("", None),
        (f"?table={TABLE}", TABLE),
        (f"?table={TABLE}&view=vewAbCdEf1", TABLE),
        (f"?view=vewAbCdEf1&table={TABLE}#top", TABLE),
        ("?view=vewAbCdEf1", None),
        ("?table=", None),
    ],
)
@pytest.mark.parametrize("kind", ["base", "wiki"])
def test_which_table(kind: str, query: str, table: str | None) -> None:
    found = parse(f"https://example.feishu.cn/{kind}/{TOKEN}{query}")
    assert (found.wiki, found.token, found.table_id) == (kind == "wiki", TOKEN, table)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (f"base/{TOKEN}?table=blkAbCdEf", "dashboard"),
        (f"base/{TOKEN}?table=ldxAbCdEf", "document"),
        (f"wiki/{TOKEN}?table=wkfAbCdEf", "workflow"),
        (f"docx/{TOKEN}", "document"),
        (f"sheets/{TOKEN}?sheet=a", "spreadsheet"),
        (f"share/base/form/{TOKEN}", "shared page"),
        (f"record/{TOKEN}", "shared record"),
        (f"drive/folder/{TOKEN}", "drive"),
    ],
)
def test_what_is_no_table_is_told_apart(path: str, what: str) -> None:
    with pytest.raises(NotATable) as refused:
        parse(f"https://example.feishu.cn/{path}")
    assert what in refused.value.words.en
    assert what in refused.value.words.zh


@pytest.mark.parametrize(
    "text",
    ["", "不是地址", TOKEN, "javascript:alert(1)", "https://", "https://[x/base/", "ftp://a.b/base/x", "https://example.feishu.cn/",
     "https://example.feishu.cn/base/short", f"https://example.feishu.cn/x/base/{TOKEN}", "https://example.feishu.cn/messenger"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text)
