"""Whatever the person does on Douban and in Feishu, and whatever fails meanwhile: at rest the table is what it should be.

What it should be is a plain dict. A row that the person deleted stays deleted, a column too.
"""

import contextlib
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gateway.library import MarkKey
from gateway.model import Status, now
from gateway.sandbox.feishu.feishu import Fault, FaultKind
from gateway.sandbox.person import Entry
from tests.support import World, background
from tests.test_push import PASSING, TABLE, fill
from tests.test_two_at_once import subject

MARKS = 12
KINDS: list[FaultKind] = [*PASSING, "late", "strange"]
CALLS = [
    "record.batch_create",
    "record.batch_update",
    "record.batch_delete",
    "record.batch_get",
    "record.search",
    "field.list",
]
COLUMNS = {"comment": "我的备注", "rating": "我的评分", "tags": "我的标签"}
"""Those of ours that the person renames and deletes."""
LONG_AGO = timedelta(hours=1)
MOST_TRIES = 12

numbers = st.integers(0, 10**6)
comments = st.none() | st.text("好看一般abc,，<&", min_size=1, max_size=30)
ratings = st.none() | st.integers(1, 5)
tags = st.lists(st.sampled_from(["科幻", "重看", "二〇二六", "a&b"]), max_size=3, unique=True).map(tuple)


class FaultsMachine(RuleBasedStateMachine):
    """The model is ``rows``: by the subject's page the cells that its row has, or None for a row that was deleted.

    And ``gone``: the pages of marks that were taken away, whose rows fare by ``policy``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory())) / "data"
        self.world = World(self._stack.enter_context(background()), folder, marks=MARKS)
        strangers = self.world.add_stranger().marks
        known = self.world.person.find
        self._free = [each.subject for each in strangers if not (each.removed or known(each.key))]
        self._renamed = 0
        self.columns: dict[str, str] = dict(COLUMNS)
        self.rows: dict[str, dict[str, Any] | None] = {}
        self.gone: set[str] = set()
        self.policy = "keep"
        self._touched: set[str] = set()
        self._start()
        fill(self.started)
        assert self.started.connect().status == 200
        for entry in self.world.person.marks:
            self._note(entry)
        self.at_rest()

    def teardown(self) -> None:
        try:
            self.at_rest()
        finally:
            self._stack.close()

    def _start(self) -> None:
        self.started = self.world.start()
        self.browser = self.started.pair()

    @initialize(policy=st.sampled_from(["keep", "delete", "ignore"]))
    def chooses(self, policy: str) -> None:
        self.policy = policy
        assert self.started.owner.call("PUT", "/api/v1/removals", {"policy": policy}).status == 200

    # --- on Douban

    @rule(number=numbers, comment=comments, rating=ratings, tags=tags, waits=st.booleans())
    def marks(
        self, number: int, comment: str | None, rating: int | None, tags: tuple[str, ...], *, waits: bool
    ) -> None:
        person = self.world.person
        free = [*self._free, *(entry.subject for entry in person.unmarked.values())]
        chosen = free[number % len(free)]
        if person.find(chosen.key) is None:
            self._see(person.add(chosen, Status.DONE, rating=rating, comment=comment, tags=tags))
        if waits:
            self.started.settled()

    @rule(number=numbers, comment=comments, rating=ratings, tags=tags, done=st.booleans())
    def edits(
        self, number: int, comment: str | None, rating: int | None, tags: tuple[str, ...], *, done: bool
    ) -> None:
        entry = self._entry(number)
        rated = rating if done or entry.mark.status is Status.DONE else None
        status = Status.DONE if done else None
        self._see(self.world.person.edit(entry.key, status=status, rating=rated, comment=comment, tags=tags))

    @precondition(lambda self: len(self.world.person.marks) > MARKS // 2)
    @rule(number=numbers)
    def unmarks(self, number: int) -> None:
        """What was captured once is not forgotten: the row stays."""
        entry = self._entry(number)
        self.world.person.remove(entry.key)
        self._open(entry)

    @precondition(lambda self: len(self.world.person.marks) > MARKS // 2)
    @rule(number=numbers)
    def takes_away(self, number: int) -> None:
        """A full check proves it. What has no row yet gets none."""
        self.at_rest()
        entry = self._entry(number)
        self.world.person.remove(entry.key)
        self.gone.add(subject(entry))
        first, library = self.started.gateway.carriers.first, self.started.gateway.library
        key = MarkKey(self.world.person.id, entry.key)
        self.world.background.call(lambda: library.remove([key], now(), None))
        self.world.background.call(first.sync.wake)

    # --- in Feishu

    @rule(number=numbers)
    def edits_a_cell(self, number: int) -> None:
        """Ours are ours: a check writes it again. (Twice the same would be taken for an automation.)"""
        page = subject(self._entry(number))
        for record_id, row in self.world.rows().items():
            if row["豆瓣页面"]["link"] == page and page not in self._touched:
                self._touched.add(page)
                self._by_hand("edit_record", record_id, {self.columns["comment"]: "我自己写的"})
                assert self.started.owner.call("POST", "/api/v1/check").status == 202

    @rule()
    def checks(self) -> None:
        assert self.started.owner.call("POST", "/api/v1/check").status == 202

    @rule(number=numbers)
    def deletes_a_row(self, number: int) -> None:
        self.at_rest()
        page = subject(self._entry(number))
        for record_id, row in self.world.rows().items():
            if row["豆瓣页面"]["link"] == page:
                self._by_hand("delete_record", record_id)
                self.rows[page] = None

    @rule(column=st.sampled_from(sorted(COLUMNS)))
    def renames_a_column(self, column: str) -> None:
        if column in self.columns:
            self._renamed += 1
            self._by_hand("rename_field", self.columns[column], f"第 {self._renamed} 名")
            self.columns[column] = f"第 {self._renamed} 名"

    @rule(column=st.sampled_from(["rating", "tags"]))
    def deletes_a_column(self, column: str) -> None:
        if column in self.columns:
            self._by_hand("delete_field", self.columns.pop(column))

    # --- what fails, and how it ends

    @rule(call=st.sampled_from(CALLS), kind=st.sampled_from(KINDS), times=st.integers(1, 4))
    def fails(self, call: str, kind: FaultKind, times: int) -> None:
        fault = Fault(call, kind, times, seconds=0.01)
        self.world.background.call(lambda: self.world.feishu.faults.append(fault))

    @rule(kind=st.sampled_from(KINDS), number=numbers)
    def fails_while_a_mark_is_pushed(self, kind: FaultKind, number: int) -> None:
        self.fails("record.batch_create", kind, 1)
        self.marks(number, None, None, (), waits=True)

    @rule(rows=st.sampled_from([1, 3]))
    def gets_few_done_at_a_time(self, rows: int) -> None:
        self.world.feishu.most_at_once = rows

    @rule(lag=st.integers(0, 2))
    def lags(self, lag: int) -> None:
        self.world.feishu.lag = lag

    @rule()
    def restarts(self) -> None:
        self.started.stop()
        self._start()

    @rule()
    def at_rest(self) -> None:
        """All is well again for long enough: then the table is what it should be."""
        self._bring_home()
        there = self.world.rows()
        shown = {row["豆瓣页面"]["link"]: row for row in there.values()}
        taken_out = self.gone if self.policy == "delete" else set[str]()
        assert Counter(row["豆瓣页面"]["link"] for row in there.values()) == Counter(
            page for page, cells in self.rows.items() if cells is not None and page not in taken_out
        )
        left_alone = self.gone if self.policy == "ignore" else taken_out
        for page, cells in self.rows.items():
            if cells is not None and page not in left_alone:
                right = {name: cells[column] for column, name in self.columns.items()}
                assert {name: shown[page].get(name) for name in right} == right, page

    def _bring_home(self) -> None:
        feishu, gateway = self.world.feishu, self.started.gateway
        self.world.background.call(feishu.faults.clear)
        feishu.lag, feishu.most_at_once = 0, None
        self.world.background.run(feishu.finish_late())
        for _ in range(MOST_TRIES):
            at = (now() - LONG_AGO).isoformat()
            self.world.background.call(lambda at=at: gateway.store.do("UPDATE batch SET sent_at = ?", [at]))
            self.world.background.call(gateway.carriers.first.sync.retry)
            state = self.started.settled()
            if state.state == "idle" and not (state.pending or state.failed or state.checking):
                return
        raise AssertionError(state)  # pyright: ignore[reportPossiblyUnboundVariable]

    # --- hands

    def _entry(self, number: int) -> Entry:
        whole = [entry for entry in self.world.person.marks if not entry.removed]
        return whole[number % len(whole)]

    def _see(self, entry: Entry) -> None:
        self._open(entry)
        self._note(entry)

    def _open(self, entry: Entry) -> None:
        """The page is captured."""
        page = subject(entry)
        status, answer = self.browser.capture(page, self.world.visitor.open(page).body)
        assert (status, answer["verdict"]) == (200, "ok")

    def _note(self, entry: Entry) -> None:
        page, mark = subject(entry), entry.mark
        self.gone.discard(page)
        if self.rows.get(page, {}) is not None:
            tags = list(mark.tags) if mark.tags else None
            self.rows[page] = {"comment": mark.comment, "rating": mark.rating, "tags": tags}

    def _by_hand(self, what: str, *how: object) -> None:
        feishu = self.world.feishu
        self.world.background.call(lambda: getattr(feishu, what)(self.world.app_token, TABLE, *how))


SHORT = settings(
    max_examples=8,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    print_blob=True,
)
LONG = settings(SHORT, max_examples=30, stateful_step_count=30)
"""For ``just torture``."""

FaultsMachine.TestCase.settings = SHORT
TestFaults = FaultsMachine.TestCase
