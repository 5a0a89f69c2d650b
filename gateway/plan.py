"""What a push would do, in the shape in which a person is told. ``planning`` finds it."""

from typing import Literal

from msgspec import Struct

from gateway.adopt import Likely
from gateway.due import Removal, Skip
from gateway.errors import Issue, Words
from gateway.model import Kind

What = Literal["create", "update", "again"]


class Write(Struct, frozen=True, kw_only=True):
    """One row that would be made or changed."""

    title: str
    what: What
    """``again``: the person edited cells of it, which a check of the table writes as they were."""
    cells: dict[str, tuple[str, str]]
    """Column → (old, new), of those that would change."""


class Proposal(Likely, frozen=True, kw_only=True):
    """A row that could be a mark's, and what it would say then."""

    mark: str
    """The title of what is marked."""
    cells: dict[str, tuple[str, str]]
    """Column → (old, new), of those that would change."""


class TablePlan(Struct, frozen=True, kw_only=True):
    """What would become of one table.

    ``writes`` are the first of ``creates`` and ``updates``, then of ``edited``; ``going`` the first of ``removals``;
    ``skips`` the first of ``failed``, ``theirs``, ``ignored`` and ``deleted``. The numbers are of all.
    """

    name: str
    url: str
    accepted: bool
    """Without that nothing is written: the table had rows before."""
    creates: int
    updates: int
    removals: int
    """Rows that go: another table shows their mark, or the person took it away and wants its row gone."""
    fills: int = 0
    """Rows that are as they should be but for a column that is new, or was made again."""
    edited: int = 0
    """Rows with cells that the person edited, which a check writes as they were."""
    rows: int = 0
    """That were there before."""
    adopts: int = 0
    """Of these, rows of marks, which would be updated rather than made again."""
    proposals: int = 0
    """Rows that could be of marks: if the person says so, they are updated instead of others being made."""
    likely: tuple[Proposal, ...] = ()
    """The first of these."""
    failed: int
    """Marks that Feishu did not take."""
    theirs: int = 0
    """Rows with cells of ours that are the person's, or that change back each time."""
    ignored: int
    """Rows that stay as they are though their mark is gone from Douban."""
    deleted: int
    """Rows that the person deleted."""
    writes: tuple[Write, ...] = ()
    going: tuple[Removal, ...] = ()
    skips: tuple[Skip, ...] = ()
    problem: Issue | None = None
    """Why nothing of it can be written as the table is now."""


class LeftOut(Struct, frozen=True):
    """Marks of a kind that has no table in this layout."""

    kind: Kind
    names: Words
    number: int


class Plan(Struct, frozen=True):
    """What a push would do now."""

    tables: tuple[TablePlan, ...]
    left_out: tuple[LeftOut, ...]
