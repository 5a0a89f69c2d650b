"""What each run of the sync did, from what began it until the push rests: kept, and shown on the dashboard."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct, structs

from gateway import errors
from gateway.errors import Issue, Words
from gateway.model import Outcome, now
from gateway.store import Store

Cause = Literal[
    "button",
    "auto",
    "walk",
    "asked",
    "full",
    "schedule",
    "scheduled_full",
    "connect",
    "retry",
    "start",
    "check",
    "restore",
]
"""What began a run: the extension's button or auto-sync, a walk to what is known or a full check, by the person or by
the schedule, an open browser that was asked for one, a new connection, the person who wants it tried again, a gateway that found something left to do, a look
through the tables, rows that are put back."""

_SAME_RUN = timedelta(minutes=2)
"""A run goes on if the same cause comes again this soon: who turns pages sees one run, not one for each page."""
_KEPT = 1000
_MOST_NOTES = 1000
_READ = {"button", "auto", "walk", "asked", "full", "schedule", "scheduled_full"}
"""Causes that come by turns: a browser turns pages while the lists are walked."""


class Run(Struct, frozen=True, kw_only=True):
    """One run. Counts are of marks, but for ``pages`` (read) and ``calls`` (to Feishu)."""

    id: int
    cause: Cause
    began: datetime
    ended: datetime | None = None
    pages: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    """Marks that the person took away on Douban."""
    created: int = 0
    """Rows."""
    updated: int = 0
    removed: int = 0
    """Rows that were taken out of a table."""
    failed: int = 0
    edited: int = 0
    """Rows in which the person had changed cells of ours."""
    deleted: int = 0
    """Rows that the person had deleted."""
    calls: int = 0
    problem: Issue | None = None
    """Why it ended before all was done."""
    notes: tuple[Words, ...] = ()
    """What the person should know of it, such as what they had written into a row that moved."""


class Runs:
    """Of one account (``owner``; empty for the first one). ``calls`` counts the calls to Feishu that were made for it."""

    def __init__(self, store: Store, calls: Callable[[], int], owner: str = "") -> None:
        self._store = store
        self._calls = calls
        self._owner = owner
        self._calls_before = 0
        self._current: Run | None = None
        self._next: Run | None = None
        """One that was asked for and begins when the current one is over."""
        for run in self._read(
            "SELECT body FROM run WHERE owner = ? AND ended IS NULL"
        ):  # the gateway was ended in the middle of it
            self._keep(structs.replace(run, ended=now(), problem=errors.Interrupted().issue))

    @property
    def current(self) -> Run | None:
        """The run that is under way."""
        return self._current

    def recent(self, limit: int = 20) -> list[Run]:
        """The newest first."""
        return self._read("SELECT body FROM run WHERE owner = ? ORDER BY id DESC LIMIT ?", limit)

    def begin(self, cause: Cause, problem: Issue | None = None) -> None:
        """Something is to be done. It belongs to the run that is under way, if there is one.

        A check is a run of its own; ``problem``: what was the matter with the one before.
        """
        if self._current is not None and (cause != "check" or self._current.cause == cause):
            return
        if cause == "check" and self._next is not None:
            self.go_on(problem)
            return
        self._end(problem)
        at = now()
        begun = [run for run in self.recent(3) if self._next is None or run.id != self._next.id]
        last = next((run for run in begun if run.cause == cause or run.cause not in _READ), None)
        joins = last is not None and last.cause == cause != "check" and not last.problem
        if last and joins and at - (last.ended or at) < _SAME_RUN:
            self._set_out(structs.replace(last, ended=None))
        else:
            self._set_out(self._new(cause))

    def ask(self, cause: Literal["retry", "check"]) -> Run:
        """The run in which it will be done, as it is now: the one that is under way, or else one of its own.

        A check is none for anything else; it begins when the tables are looked through, not before.
        """
        if self._current is not None and (self._current.cause == "check") == (cause == "check"):
            return self._current
        if self._current is None and cause == "retry":
            self.begin(cause)
            assert self._current is not None
            return self._current
        if self._next is None:
            self._next = self._new(cause)
            self._keep(self._next)
        return self._next

    def go_on(self, problem: Issue | None = None) -> None:
        """The current run is over; if one was asked for that waited for it, that one begins."""
        if self._next is not None:
            self._end(problem)
            self._set_out(structs.replace(self._next, began=now()))
            self._next = None

    def read(self, cause: Cause, outcome: Outcome) -> None:
        """A page was read."""
        self.begin(cause)
        self.add({"pages": 1, "new": outcome.new, "changed": outcome.changed, "same": outcome.same})

    def add(self, more: Mapping[str, int], notes: tuple[Words, ...] = ()) -> None:
        """So many ``more`` of each count; what is done without a run began when the gateway did."""
        self.begin("start")
        run = self._current
        assert run is not None
        counts = {name: getattr(run, name) + number for name, number in more.items()}
        self._current = structs.replace(
            run, **counts, notes=tuple(dict.fromkeys(run.notes + notes))[:_MOST_NOTES]
        )
        self._keep(self._current)

    def end(self, problem: Issue | None = None) -> None:
        """The push rests: what did not begin by now will not."""
        if self._next is not None:
            self._store.do("DELETE FROM run WHERE id = ?", [self._next.id])
            self._next = None
        self._end(problem)

    def _new(self, cause: Cause) -> Run:
        number = self._store.one("SELECT ifnull(max(id), 0) + 1 FROM run")
        run = Run(id=number[0] if number else 1, cause=cause, began=now())
        self._store.do("DELETE FROM run WHERE id <= ?", [run.id - _KEPT])
        return run

    def _set_out(self, run: Run) -> None:
        self._current, self._calls_before = run, self._calls() - run.calls
        self._keep(run)

    def _end(self, problem: Issue | None) -> None:
        if self._current is None:
            return
        calls = self._calls() - self._calls_before
        self._keep(structs.replace(self._current, ended=now(), calls=calls, problem=problem))
        self._current = None

    def _keep(self, run: Run) -> None:
        self._store.do(
            "INSERT OR REPLACE INTO run (id, ended, body, owner) VALUES (?, ?, ?, ?)",
            [
                run.id,
                run.ended.isoformat() if run.ended else None,
                msgspec.json.encode(run).decode(),
                self._owner,
            ],
        )

    def _read(self, sql: str, *values: object) -> list[Run]:
        return [
            msgspec.json.decode(body, type=Run) for (body,) in self._store.rows(sql, [self._owner, *values])
        ]
