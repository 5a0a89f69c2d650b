"""What is due is always what a look through the whole library would find, whatever happened in whatever order."""

import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.errors import BadRow
from gateway.gone import Gone
from gateway.ledger import Ledger, Row, Target
from gateway.library import Library, MarkKey
from gateway.model import Kind, Mark, Medium, Status, Subject, SubjectKey
from gateway.shelves import SHELVES, Layout
from gateway.store import Store
from tests.test_library import ME, NOON, reading

BOOKS, FILMS, SERIES = (Target(f"app/{shelf.name}", shelf.classes) for shelf in SHELVES[Layout.KINDS][:3])
MEDIA = st.sampled_from([Medium.BOOK, Medium.MOVIE])
IDS = st.sampled_from("123")


class Due(RuleBasedStateMachine):
    """The model: the revision of each mark, the one that its record shows, and which records are no more."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name) / "d2f.db")
        self.library, self.ledger = Library(self.store), Ledger(self.store)
        self.targets = [BOOKS, FILMS, SERIES]
        self.ledger.aim(self.targets)
        self.minutes = 0
        self.kinds: dict[SubjectKey, Kind] = {}
        self.rows: dict[MarkKey, int] = {}
        self.shown: dict[tuple[str, MarkKey], int] = {}
        self.failed: dict[tuple[str, MarkKey], int] = {}
        self.deleted: set[tuple[str, MarkKey]] = set()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def target(self, key: MarkKey) -> Target:
        kind = self.kinds[key.subject]
        return BOOKS if kind is Kind.BOOK else SERIES if kind is Kind.TV else FILMS

    def expected(self, target: Target) -> set[MarkKey]:
        def is_due(key: MarkKey, revision: int) -> bool:
            at = (target.key, key)
            return (
                self.target(key) == target
                and key not in {gone for _, gone in self.deleted}
                and revision > max(self.shown.get(at, 0), self.failed.get(at, 0))
            )

        return {key for key, revision in self.rows.items() if is_due(key, revision)}

    @rule(medium=MEDIA, subject=IDS, rating=st.integers(1, 5), series=st.booleans())
    def marked(self, medium: Medium, subject: str, rating: int, series: bool) -> None:  # noqa: FBT001  # drawn
        self.minutes += 1
        key = SubjectKey(medium, subject)
        kind = Kind.BOOK if medium is Medium.BOOK else Kind.TV if series else Kind.MOVIE
        mark = Mark(account=ME.id, subject=key, status=Status.DONE, rating=rating)
        page = reading(mark, subjects=(Subject(key=key, kind=kind, title=f"{kind}{subject}"),))
        outcome = self.library.merge(page, f"{self.minutes}", NOON + timedelta(minutes=self.minutes))
        self.kinds[key] = kind
        self.rows[MarkKey(ME.id, key)] = self.rows.get(MarkKey(ME.id, key), 0) + outcome.outdated

    def next(self, data: st.DataObject) -> tuple[Target, Row] | None:
        target = data.draw(st.sampled_from(self.targets))
        rows = self.ledger.pending(target, 10)
        return (target, data.draw(st.sampled_from(rows))) if rows else None

    @rule(data=st.data())
    def pushed(self, data: st.DataObject) -> None:
        if found := self.next(data):
            target, row = found
            self.ledger.pushed(target.key, [msgspec.structs.replace(row, record_id=row.record_id or "rec")])
            self.shown[target.key, row.key] = row.revision
            self.failed.pop((target.key, row.key), None)

    @rule(data=st.data())
    def pushed_as_it_was(self, data: st.DataObject) -> None:
        """It changed while it was under way."""
        if found := self.next(data):
            target, row = found
            self.marked(
                row.key.subject.medium, row.key.subject.id, (int(str(row.mark.rating)) % 5) + 1, False
            )
            if self.target(row.key) == target:
                self.ledger.pushed(
                    target.key, [msgspec.structs.replace(row, record_id=row.record_id or "rec")]
                )
                self.shown[target.key, row.key] = row.revision
                self.failed.pop((target.key, row.key), None)

    @rule(data=st.data())
    def refused(self, data: st.DataObject) -> None:
        if found := self.next(data):
            target, row = found
            self.ledger.failed(target.key, row.key, row.revision, BadRow(why="x").issue)
            self.failed[target.key, row.key] = row.revision

    @precondition(lambda self: self.shown)
    @rule(data=st.data())
    def deleted_by_the_person(self, data: st.DataObject) -> None:
        table, key = data.draw(st.sampled_from(sorted(self.shown)))
        Gone(self.ledger).note(next(each for each in self.targets if each.key == table), [key])
        self.deleted.add((table, key))
        self.failed.pop((table, key), None)

    @rule(data=st.data())
    def retried(self, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(self.targets))
        self.ledger.retry(target, self.ledger.refused(target))
        self.failed = {at: revision for at, revision in self.failed.items() if at[0] != target.key}

    @rule()
    def aimed(self) -> None:
        self.ledger.aim(self.targets)

    @invariant()
    def the_same(self) -> None:
        for target in self.targets:
            expected = self.expected(target)
            assert {row.key for row in self.ledger.pending(target, 10)} == expected
            assert self.ledger.counts(target).pending == len(expected)


TestDue = Due.TestCase
TestDue.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
