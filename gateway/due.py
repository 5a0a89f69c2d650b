"""What is due in each table, what would go from it and what would not be written: found as a push finds it, then undone."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct, structs

from gateway.adopt import Claims
from gateway.errors import Issue, Words
from gateway.leaving import Leaving
from gateway.ledger import DUE, Counts, Ledger, Policy, Row, Target, mark_key
from gateway.library import MarkKey
from gateway.placing import Placing
from gateway.records import Found
from gateway.shelves import CLASS
from gateway.store import Store
from gateway.tables import Table

MOST_SHOWN = 200
"""Of what would be written, go or be skipped, that is told row by row; of more, the number."""

GONE = Words(
    "豆瓣上的标记取消了，按你的选择删掉这一行",
    "the mark was taken away on Douban, and you want the rows of such marks deleted",
)
IGNORED = Words(
    "豆瓣上的标记取消了，按你的选择留着原样",
    "the mark was taken away on Douban, and you want the rows of such marks left as they are",
)
_GOES = """EXISTS (SELECT 1 FROM stray WHERE (stray.table_key, stray.account, stray.medium, stray.id)
            = (record.table_key, record.account, record.medium, record.id))"""
DELETED = Words("你在飞书删了这一行", "you deleted the row in Feishu")


class Removal(Struct, frozen=True):
    """A row that would go."""

    title: str
    why: Words


class Skip(Struct, frozen=True, kw_only=True):
    """A row that would not be written, or not all of it."""

    title: str
    what: Literal["failed", "theirs", "ignored", "deleted"]
    """Feishu did not take it; cells of it are the person's; its mark is gone from Douban and the row stays as it is;
    the person deleted it."""
    why: Words


class Due(Struct, frozen=True, kw_only=True):
    """Of one table."""

    table: Table
    counts: Counts
    wanted: frozenset[MarkKey]
    """Marks that have no row here yet."""
    rows: Sequence[Row]
    """The first that a push would write."""
    removals: Mapping[str, Removal]
    """By record, the first ``leaving``."""
    leaving: int
    skips: Sequence[Skip]
    """The first ``failed`` ones that are not tried again, then of ``ignored``, then of those that the person deleted."""
    failed: int
    ignored: int
    written: int
    """Rows that show their marks as they are."""
    policy: Policy
    claimed: frozenset[MarkKey]
    """Marks of rows that were there before the table was ours: found when it was read, just now or long ago."""
    adopts: int
    """How many of these rows would be written."""
    likely: Sequence[Row]
    """The first marks whose row may be there, as if it were theirs."""


def foresee(
    store: Store,
    ledger: Ledger,
    tables: Sequence[Table],
    policy: Policy,
    claimable: Callable[[Table], Target],
    found: Mapping[str, Found],
    likely: Mapping[str, Found],
) -> list[Due]:
    """What is due in each of an account's tables, by what becomes of removed marks.

    ``claimable``: a table with the classes of all marks that its rows may be of; ``found``: rows of marks in tables that
    were read, by table; ``likely``: those that may be.
    """
    leaving, claimed = Leaving(ledger), dict[str, frozenset[MarkKey]]()
    with ledger.rehearsal():
        for table in tables:
            known = [
                *Claims(store, ledger, table, claimable(table)).expected,
                *found.get(table.key, ()),
            ]
            claimed[table.key] = frozenset(key for key, _ in known)
            Placing(ledger).stay(claimed[table.key], table.classes)
            ledger.adopt(table.key, known, of_person=not table.own)
        for table in tables:
            leaving.sort(table.target, policy)
        dues = [_due(store, ledger, table, tables, policy, claimed[table.key]) for table in tables]
        return [
            structs.replace(due, likely=_if_theirs(ledger, due.table, likely.get(due.table.key, ())))
            for due in dues
        ]


def _if_theirs(ledger: Ledger, table: Table, likely: Iterable[tuple[MarkKey, str]]) -> list[Row]:
    found = list(itertools.islice(likely, MOST_SHOWN))
    ledger.adopt(table.key, found, of_person=not table.own)
    return ledger.bound_by(table.target, [record_id for _, record_id in found])


def _due(
    store: Store,
    ledger: Ledger,
    table: Table,
    tables: Sequence[Table],
    policy: Policy,
    claimed: frozenset[MarkKey],
) -> Due:
    names = {
        each: other.name for other in tables if other.accepted or not table.accepted for each in other.classes
    }
    removals, leaving = _leaving(store, table, names, policy)
    failed, all_failed = _failed(store, table)
    ignored, all_ignored = _ignored(store, table) if policy == "ignore" else ([], 0)
    counts = ledger.counts(table.target)
    bound = f"SELECT due.account, due.medium, due.id {DUE} AND record.record_id IS NOT NULL"
    return Due(
        table=table,
        counts=counts,
        wanted=frozenset(ledger.wanted(table.target)),
        rows=ledger.pending(table.target, MOST_SHOWN),
        removals=removals,
        leaving=leaving,
        skips=(failed + ignored + _deleted(store, table))[:MOST_SHOWN],
        failed=all_failed,
        ignored=all_ignored,
        written=counts.pushed,
        policy=policy,
        claimed=claimed,
        likely=(),
        adopts=len(claimed & {mark_key(*mark) for mark in store.rows(bound, ledger.asked(table.target))}),
    )


def _leaving(
    store: Store, table: Table, names: Mapping[str, str], policy: Policy
) -> tuple[dict[str, Removal], int]:
    """Rows that go once all that is due is written, and how many. ``names``: which table takes each class."""
    elsewhere = f"{CLASS} NOT IN (SELECT value FROM json_each(:classes))"
    sql = f"""WITH leaving AS (
            SELECT account, medium, id, record_id FROM stray JOIN subject USING (medium, id)
                JOIN mark USING (account, medium, id) JOIN record USING (table_key, account, medium, id)
                WHERE table_key = :table AND record_id IS NOT NULL AND adopted = 0 AND (mark.removed_at IS NOT NULL OR {elsewhere})
            UNION SELECT account, medium, id, record_id FROM due JOIN subject USING (medium, id)
                JOIN mark USING (account, medium, id) JOIN record USING (account, medium, id) WHERE table_key = :table AND record_id IS NOT NULL AND deleted = 0
                AND adopted = 0 AND {elsewhere}
                AND {CLASS} IN (SELECT value FROM json_each(:accepted))
            UNION SELECT account, medium, id, record_id FROM surplus WHERE table_key = :table)
        SELECT record_id, ifnull(subject.title, id), {CLASS}, mark.removed_at IS NOT NULL, count(*) OVER ()
        FROM leaving JOIN subject USING (medium, id) JOIN mark USING (account, medium, id) LIMIT :limit"""
    values: dict[str, object] = {
        "table": table.key,
        "classes": msgspec.json.encode(table.classes).decode(),
        "accepted": msgspec.json.encode([*names]).decode(),
        "limit": MOST_SHOWN,
    }
    rows = list(store.rows(sql, values))
    told = {
        record_id: Removal(title, GONE if removed and policy == "delete" else moves(names.get(shelf)))
        for record_id, title, shelf, removed, _ in rows
    }
    return told, rows[0][-1] if rows else 0


def moves(name: str | None = None) -> Words:
    """Why a row goes whose mark another table shows, or will."""
    if name is None:  # the layout is another one since the row was left behind
        return Words("这张表不再收它", "this table does not take it any more")
    return Words(f"搬到“{name}”", f"moves to “{name}”")


def _failed(store: Store, table: Table) -> tuple[list[Skip], int]:
    sql = f"""SELECT ifnull(title, id), failure, count(*) OVER () FROM record LEFT JOIN subject USING (medium, id)
        WHERE table_key = :table AND failure IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM due
            WHERE (due.account, due.medium, due.id) = (record.account, record.medium, record.id))
        AND NOT {_GOES} LIMIT :limit"""
    rows = list(store.rows(sql, {"table": table.key, "limit": MOST_SHOWN}))
    issues = [(title, msgspec.json.decode(failure, type=Issue)) for title, failure, _ in rows]
    told = [Skip(title=title, what="failed", why=Words(issue.zh, issue.en)) for title, issue in issues]
    return told, rows[0][-1] if rows else 0


def _ignored(store: Store, table: Table) -> tuple[list[Skip], int]:
    sql = f"""SELECT ifnull(title, id), count(*) OVER () FROM record JOIN mark USING (account, medium, id)
        LEFT JOIN subject USING (medium, id)
        WHERE table_key = :table AND record_id IS NOT NULL AND deleted = 0 AND removed_at IS NOT NULL
        AND failure IS NULL AND NOT {_GOES} LIMIT :limit"""
    rows = list(store.rows(sql, {"table": table.key, "limit": MOST_SHOWN}))
    told = [Skip(title=title, what="ignored", why=IGNORED) for title, _ in rows]
    return told, rows[0][-1] if rows else 0


def _deleted(store: Store, table: Table) -> list[Skip]:
    sql = """SELECT ifnull(title, id) FROM record LEFT JOIN subject USING (medium, id)
        WHERE table_key = :table AND deleted = 1 LIMIT :limit"""
    rows = store.rows(sql, {"table": table.key, "limit": MOST_SHOWN})
    return [Skip(title=title, what="deleted", why=DELETED) for (title,) in rows]
