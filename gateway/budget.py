"""Calls to Feishu are counted: a tenant on the free plan has 10,000 a month for all its apps, then none.

Rows come first. Covers keep within a budget of their own; near the end of the month's calls only rows go out.
"""

from msgspec import Struct

from gateway import errors
from gateway.errors import Issue
from gateway.model import BEIJING, now
from gateway.store import Store

_NEAR_END = 0.9


class Limits(Struct, frozen=True, kw_only=True):
    """What the person allows, in calls a month."""

    month: int = 10_000
    """The plan's own limit."""
    covers: int = 5_000


class Used(Struct, frozen=True):
    """Calls of this month, by what they were for."""

    rows: int = 0
    covers: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        return self.rows + self.covers + self.other


class Budget:
    """This month's calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, purpose: str) -> None:
        """One call was made for ``rows``, ``covers`` or ``other``."""
        self._store.do(
            "INSERT INTO call_count VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1",
            [_month(), purpose],
        )

    @property
    def used(self) -> Used:
        rows = self._store.rows("SELECT purpose, calls FROM call_count WHERE month = ?", [_month()])
        return Used(**dict(rows))

    @property
    def limits(self) -> Limits:
        return self._store.setting("limits", Limits) or Limits()

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._store.set("limits", limits)

    @property
    def has_room_for_covers(self) -> bool:
        """Whether a cover may cost calls now."""
        return self.left_for_covers > 0

    @property
    def left_for_covers(self) -> int:
        """How many calls covers may still take this month."""
        used, limits = self.used, self.limits
        return max(0, min(limits.covers - used.covers, int(limits.month * _NEAR_END) - used.total))

    def covers_rest(self, waiting: int) -> Issue | None:
        """Said when so many covers wait for the next month."""
        limits = self.limits
        if not waiting or not limits.covers or self.used.covers + 3 < limits.covers:
            return None
        return errors.CoversRest(limit=f"{limits.covers:,}", waiting=f"{waiting:,}").issue

    @property
    def warning(self) -> Issue | None:
        """Said before the calls run out, not after."""
        used, limits = self.used, self.limits
        if used.total < limits.month * _NEAR_END:
            return None
        return errors.QuotaNear(used=f"{used.total:,}", limit=f"{limits.month:,}").issue


def _month() -> str:
    return f"{now().astimezone(BEIJING):%Y-%m}"
