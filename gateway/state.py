"""What a person sees of a push: how far it is, how fast, what it waits for."""

import time
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from gateway.album import CoverCounts
from gateway.errors import Issue
from gateway.events import Waiting
from gateway.ledger import Counts
from gateway.tables import Table

State = Literal["unset", "idle", "busy", "waiting", "paused", "error"]


class TableState(Struct, frozen=True, kw_only=True):
    """How far one table is."""

    shelf: str
    name: str
    url: str
    pushed: int
    pending: int
    failed: int

    @classmethod
    def of(cls, table: Table, counts: Counts) -> "TableState":
        return cls(
            shelf=table.shelf,
            name=table.name,
            url=table.url,
            pushed=counts.pushed,
            pending=counts.pending,
            failed=counts.failed,
        )


class PushState(Struct, frozen=True, kw_only=True):
    """What a person sees of the push."""

    state: State
    pending: int = 0
    failed: int = 0
    pushed: int = 0
    deleted: int = 0
    checking: bool = False
    """A look through the tables was asked for, or is under way."""
    looked: int | None = None
    """Rows that it has seen so far."""
    pace: float | None = None
    """Rows a second, so far."""
    left: float | None = None
    """Seconds until all is written, at that pace."""
    wait: Waiting | None = None
    """What it waits for before it calls Feishu again."""
    table: str | None = None
    """Address of the first table."""
    tables: tuple[TableState, ...] = ()
    covers: CoverCounts = CoverCounts()
    problem: Issue | None = None
    notes: tuple[Issue, ...] = ()
    """What the person should know, though it keeps nothing from going on."""


class Pace:
    """How fast rows are written, since the push began."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._rows = 0

    def count(self, rows: int) -> None:
        self._rows += rows

    @property
    def rate(self) -> float | None:
        """Rows a second; None before there is anything to tell from."""
        return self._rows / max(time.monotonic() - self._began, 1e-9) if self._rows else None

    def left(self, pending: int) -> float | None:
        """Seconds for so many more; None before there is anything to tell from."""
        return pending / rate if pending and (rate := self.rate) else None


def total(each: Sequence[Counts]) -> Counts:
    """Of several tables, in one."""
    return Counts(*(sum(numbers) for numbers in zip(*map(structs.astuple, [Counts(), *each]), strict=True)))
