"""What the tables must show after all that was done to a gateway: held against the person's own marks."""

from collections import Counter
from typing import Any

from gateway.demo import check, check_covers
from gateway.feishu.fields import columns_of
from gateway.ledger import Policy
from gateway.model import SubjectKey
from gateway.sandbox.person import Person
from gateway.shelves import SHELVES, Layout
from tests.support import World
from tests.test_two_at_once import subject

Rows = dict[str, dict[str, Any]]
_NAMES = {"book": "图书", "movie": "电影", "tv": "剧集", "documentary": "电影", "music": "音乐"}
"""What a table's rows are, where no column says it."""
_GONE = "已取消"


def rows_of(world: World, layout: Layout) -> Rows:
    """The rows of all tables, with the names of columns that the one table has."""
    usual = {column.key: column.names.zh for column in columns_of("all")}
    rows: Rows = {}
    for shelf in SHELVES[layout]:
        names = {each.names.zh: usual.get(each.key, each.names.zh) for each in columns_of(shelf.name)}
        for record_id, row in world.rows(shelf.titles.zh).items():
            cells = {names.get(name, name): cell for name, cell in row.items()}
            rows[f"{shelf.name} {record_id}"] = {"分类": _NAMES.get(shelf.name), **cells}
    return rows


def wrong_marks(world: World, person: Person, rows: Rows) -> list[str]:
    """Of the marks that the person has: each must have one record, which shows it as it is, cover and all."""
    gone = {subject(entry) for entry in person.unmarked.values()}
    shown = {record: row for record, row in rows.items() if page_of(row) not in gone}
    undated = {subject(entry) for entry in person.marks if entry.mark.marked_on is None}
    for row in shown.values():
        if page_of(row) in undated:
            row.pop("标记日期", None)  # a walk knows days that no page shows
    missing = check_covers(person, shown, world.feishu.bases[world.app_token].files)
    return check(person, shown) + missing


def wrong_removals(
    person: Person, before: Rows, rows: Rows, removed: set[SubjectKey], policy: Policy
) -> list[str]:
    """Of the marks that the person took away: ``before`` those that are ``removed`` were all known to be gone.

    The row of one that is known to be gone is what the policy makes of it; of the others it is as it was.
    """
    wrong: list[str] = []
    had, has = (Counter(map(page_of, each.values())) for each in (before, rows))
    states = {page_of(row): row.get("我的状态") for row in rows.values()}
    for key, entry in person.unmarked.items():
        page, known = subject(entry), key in removed
        if had[page] > 1 or has[page] > 1:
            wrong.append(f"{page}: {max(had[page], has[page])} records")
        elif known and policy == "delete" and has[page]:
            wrong.append(f"{page}: removed, and not deleted")
        elif not (known and policy == "delete") and had[page] and not has[page]:
            wrong.append(f"{page}: no record any more")
        elif has[page] and (states[page] == _GONE) is not (known and policy == "keep"):
            wrong.append(f"{page}: removed, {policy}, and its row says {states[page]}")
    return wrong


def page_of(row: dict[str, Any]) -> str | None:
    """Of the subject that a row is about."""
    return row.get("豆瓣页面", {}).get("link")
