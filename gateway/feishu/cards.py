"""The cards that a person gets as messages: of news, of what needs them, and to try it."""

from typing import Any

from msgspec import Struct

from gateway.errors import Issue, Words

_LONGEST = 1000
"""Characters of a line: a card of a dozen stays far below the 20 KB that a bot takes."""

Card = dict[str, Any]


class News(Struct, frozen=True, kw_only=True):
    """What a sync brought. ``failed``: rows that Feishu did not take; ``table``: an address."""

    new: int
    changed: int
    titles: tuple[str, ...]
    """The latest few."""
    failed: int
    table: str | None


def of_news(news: News, language: str) -> Card:
    """Green; orange if Feishu did not take all."""
    lines = [
        Words(
            f"新增 {news.new} 个标记，更新 {news.changed} 个", f"{news.new} new marks, {news.changed} changed"
        )
    ]
    if news.titles:
        more = news.new + news.changed > len(news.titles)
        names = "、".join(title[:60] for title in news.titles)
        lines.append(Words(names + (" 等" if more else ""), names + (" …" if more else "")))
    if news.failed:
        lines.append(
            Words(
                f"飞书不接受其中 {news.failed} 行，原因见控制台",
                f"Feishu did not take {news.failed} rows; the dashboard says why",
            )
        )
    title = Words("D2F：豆瓣标记已同步到飞书", "D2F: your marks are in Feishu")
    link = (_in(language, Words("打开多维表格", "Open the Bitable")), news.table) if news.table else None
    colour = "orange" if news.failed else "green"
    return card(_in(language, title), [_in(language, line) for line in lines], colour=colour, link=link)


def of_need(need: Issue, dashboard: str, language: str) -> Card:
    """Red. It may be read on a phone, where the dashboard cannot be opened."""
    title = Words("D2F 需要你处理", "D2F needs you")
    where = Words(
        f"控制台（运行 D2F 的电脑上）：{dashboard}", f"Dashboard (on the computer that runs D2F): {dashboard}"
    )
    lines = [_in(language, Words(need.zh, need.en)), _in(language, where)]
    return card(_in(language, title), lines, colour="red")


def of_test(language: str) -> Card:
    """Blue."""
    return card("D2F", [_in(language, Words("通知可以用了。", "Notices work."))], colour="blue")


def card(title: str, lines: list[str], *, colour: str, link: tuple[str, str] | None = None) -> Card:
    """Plain lines, whatever signs are in them, and a button that leads to an address: its words, the address."""
    elements: list[Card] = [
        {"tag": "div", "text": {"tag": "plain_text", "content": _cut(line)}} for line in lines
    ]
    if link is not None:
        words, url = link
        button = {
            "tag": "button",
            "text": {"tag": "plain_text", "content": words},
            "type": "primary",
            "url": url,
        }
        elements.append({"tag": "action", "actions": [button]})
    head = {"title": {"tag": "plain_text", "content": title}, "template": colour}
    return {"header": head, "elements": elements}


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _in(language: str, words: Words) -> str:
    return words.en if language == "en" else words.zh
