"""The marks and subjects that were ever captured, and every change of them. Nothing is forgotten."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from gateway import past
from gateway.accounts import Accounts
from gateway.merge import changes_of, is_other_beginning, merge_marks, merge_subjects, shown
from gateway.model import Mark, Medium, Outcome, PageType, Reading, Subject, SubjectKey, now
from gateway.past import Step
from gateway.shelves import told
from gateway.store import Store

_mark = msgspec.json.Decoder(Mark)
_subject = msgspec.json.Decoder(Subject)
_times = msgspec.json.Decoder(dict[str, str])
_changes = msgspec.json.Decoder(dict[str, tuple[Any, Any]])

# Of what is as it was only that it was seen: on a page that shows what is known, that is all there is to write.
_SUBJECTS_SEEN = """UPDATE subject SET seen_at = ?
    WHERE (medium, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"""
_UNPLACE = """UPDATE mark SET placed = NULL WHERE (medium, id) = (?, ?) AND placed IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM record WHERE adopted = 1 AND record_id IS NOT NULL
        AND (record.account, record.medium, record.id) = (mark.account, mark.medium, mark.id))"""
"""Douban told what a subject is: where its rows were put until then matters no more, but for a row that somebody typed."""
_MARKS_SEEN = """UPDATE mark SET seen_at = ?
    WHERE (account, medium, id) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))"""
_REMEMBER = "INSERT INTO change (account, medium, id, at, capture, what, fields) VALUES (?, ?, ?, ?, ?, ?, ?)"
MOMENT = timedelta(seconds=2)


class MarkKey(Struct, frozen=True, order=True):
    """A mark: whose, on what."""

    account: str
    subject: SubjectKey


class MarkChange(Struct, frozen=True, kw_only=True):
    """One change of one mark, as the history remembers it."""

    key: MarkKey
    at: datetime
    what: str
    """``new``, ``changed``, ``removed`` or ``returned``."""
    fields: dict[str, tuple[Any, Any]]
    """Field → (old, new)."""
    capture: str | None = None
    """The capture, or the walk, that told of it."""


class Library:
    """Marks and subjects in the store's file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.accounts = Accounts(store)

    def merge(self, reading: Reading, capture_id: str, captured_at: datetime) -> Outcome:
        """Takes in what a page says; all of it or, if the disk fails, nothing."""
        with self._store.atomic():
            if reading.account is not None:
                self.accounts.see(reading.account)
            at = captured_at.astimezone(UTC).isoformat(timespec="microseconds")  # so that texts sort as times
            outdated = self._merge_subjects(reading, at)
            return self._merge_marks(reading.marks, capture_id, at, outdated)

    def known(self, keys: Iterable[SubjectKey]) -> set[SubjectKey]:
        """Those of these subjects that the library has."""
        return set(self._known_subjects(list(keys)))

    def _merge_subjects(self, reading: Reading, at: str) -> set[SubjectKey]:
        """Returns the subjects whose records are out of date."""
        detailed = reading.page.type is PageType.SUBJECT
        known = self._known_subjects([subject.key for subject in reading.subjects])
        outdated: set[SubjectKey] = set()
        writes: list[list[object]] = []
        seen: list[tuple[str, ...]] = []
        unplaced: list[tuple[str, ...]] = []
        for new in reading.subjects:
            old, was_detailed, seen_at = known.get(new.key, (None, False, ""))
            older = _is_older(at, seen_at)
            kept, changed = merge_subjects(old, new, weaker=was_detailed and not detailed, older=older)
            if changed:
                outdated.add(new.key)
            if kept is old and was_detailed >= detailed:
                if not older:
                    seen.append((new.key.medium, new.key.id))
                continue
            if old is not None and told(old) != told(kept):
                unplaced.append((new.key.medium, new.key.id))
            writes.append(
                [new.key.medium, new.key.id, was_detailed or detailed, _json(kept), seen_at if older else at]
            )
        if writes:
            self._store.do_many(
                "INSERT OR REPLACE INTO subject (medium, id, detailed, body, seen_at) VALUES (?, ?, ?, ?, ?)",
                writes,
            )
            self._store.do_many(_UNPLACE, unplaced)
        if seen:
            self._store.do(_SUBJECTS_SEEN, [at, _json(seen)])
        return outdated

    def _merge_marks(
        self, marks: Iterable[Mark], capture_id: str, at: str, outdated: set[SubjectKey]
    ) -> Outcome:
        keys = [MarkKey(mark.account, mark.subject) for mark in marks]
        known = self._known_marks(keys)
        new = changed = same = stales = 0
        writes: list[list[object]] = []
        seen: list[tuple[str, ...]] = []
        history: list[list[object]] = []
        followed: set[MarkKey] = set()
        late: list[tuple[MarkKey, Mark, _Known]] = []
        for mark, key in zip(marks, keys, strict=True):
            was = known.pop(key, None)
            if was is not None and _is_older(at, was.seen_at):
                late.append((key, mark, was))
                continue
            old, row = was.mark if was else None, [key.account, key.subject.medium, key.subject.id]
            # One that waited longer than a walk that proved the mark to be gone does not bring it back.
            gone = was is not None and _is_older(at, was.removed_at)
            back = was is not None and bool(was.removed_at) and not gone
            whole = past.completed(mark, self._steps(key)) if is_other_beginning(old, mark) else mark
            kept, changes = merge_marks(old, whole)
            apart = was.apart_from(mark) if was else {}
            edited = bool(changes) or back
            new, changed, same = new + (old is None), changed + bool(old and edited), same + (not edited)
            stale = edited or key.subject in outdated
            stales += stale
            if kept is old and not stale and was is not None and apart == was.apart:
                seen.append((key.account, key.subject.medium, key.subject.id))
                continue
            writes.append(
                [
                    *row,
                    _json(kept),
                    (was.revision if was else 0) + stale,
                    at,
                    was.removed_at if was and gone else None,
                    _json(apart),
                ]
            )
            followed.add(key)
            if edited:
                what = "returned" if back else "changed" if old else "new"
                history.append([*row, self._after_all(was, row, at), capture_id, what, _json(changes)])
        if writes:
            self._store.do_many(
                """INSERT INTO mark (account, medium, id, body, revision, seen_at, removed_at, apart)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body, apart = excluded.apart,
                    revision = excluded.revision, seen_at = excluded.seen_at, removed_at = excluded.removed_at""",
                writes,
            )
        if history:
            self._store.do_many(_REMEMBER, history)
        if seen:
            self._store.do(_MARKS_SEEN, [at, _json(seen)])
        filled = [key for key, mark, was in late if self._merge_late(key, mark, was, capture_id, at)]
        changed, same, stales = changed + len(filled), same + len(late) - len(filled), stales + len(filled)
        followed.update(filled)
        stales += self._outdate(outdated, followed)
        return Outcome(new=new, changed=changed, same=same, outdated=stales)

    def _after_all(self, was: "_Known | None", row: list[str], at: str) -> str:
        """When it is told to have been: a page that is taken for the newest though the clock was ahead comes last, too."""
        if was is None:
            return at
        sql = "SELECT max(at) FROM change WHERE account = ? AND medium = ? AND id = ?"
        (last,) = self._store.one(sql, row) or (None,)
        return max(at, last or "")

    def _merge_late(self, key: MarkKey, late: Mark, was: "_Known", capture_id: str, at: str) -> bool:
        """Takes in what a page says that comes after later ones. Returns whether the mark is another by it."""
        row = [key.account, key.subject.medium, key.subject.id]
        steps = self._steps(key)
        whole = past.completed(late, steps)
        kept, found = past.late(was.mark, whole, at, was.shown_at, steps)
        edited, apart = bool(changes_of(was.mark, kept)), was.apart_also(late, at)
        if kept != was.mark or apart != was.apart:
            sql = "UPDATE mark SET body = ?, revision = ?, apart = ? WHERE account = ? AND medium = ? AND id = ?"
            self._store.do(sql, [_json(kept), was.revision + edited, _json(apart), *row])
        for step in found:
            told_by = capture_id if step.at == at else None
            self._store.do(_REMEMBER, [*row, step.at, told_by, step.what, _json(step.fields)])
        return edited

    def _outdate(self, subjects: set[SubjectKey], followed: set[MarkKey]) -> int:
        """The subject changed though the page said nothing of the mark: its record must follow. Returns how many.

        ``followed``: marks whose record does already; those of other accounts on the same subject do not.
        """
        sql = "UPDATE mark SET revision = revision + 1 WHERE account = ? AND medium = ? AND id = ?"
        kept = [account.id for account in self.accounts.kept] if subjects else []
        keys = {MarkKey(account, subject) for account in kept for subject in subjects} - followed
        return sum(self._store.do(sql, [key.account, key.subject.medium, key.subject.id]) for key in keys)

    def _known_subjects(self, keys: list[SubjectKey]) -> dict[SubjectKey, tuple[Subject, bool, str]]:
        sql = "SELECT medium, id, body, detailed, seen_at FROM subject WHERE (medium, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
        rows = self._store.rows(sql, [_json([(key.medium, key.id) for key in keys])])
        return {
            SubjectKey(Medium(medium), subject_id): (_subject.decode(body), bool(detailed), seen_at)
            for medium, subject_id, body, detailed, seen_at in rows
        }

    def _known_marks(self, keys: list[MarkKey]) -> dict[MarkKey, "_Known"]:
        sql = """SELECT account, medium, id, body, revision, seen_at, ifnull(removed_at, ''), apart FROM mark
            WHERE (account, medium, id) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))"""
        wanted = [(key.account, key.subject.medium, key.subject.id) for key in keys]
        rows = self._store.rows(sql, [_json(wanted)])
        return {
            MarkKey(account, SubjectKey(Medium(medium), subject_id)): _Known(
                _mark.decode(body), revision, seen_at, removed_at, _times.decode(apart)
            )
            for account, medium, subject_id, body, revision, seen_at, removed_at, apart in rows
        }

    def remove(self, keys: Iterable[MarkKey], at: datetime, capture_id: str | None) -> int:
        """The person took these marks away: as of ``at`` Douban had them no more. Returns how many.

        They stay in the library with all their history. A mark that a page showed after ``at`` is left alone.
        """
        when = at.astimezone(UTC).isoformat(timespec="microseconds")
        removed = 0
        with self._store.atomic():
            for key in keys:
                mark = [key.account, key.subject.medium, key.subject.id]
                gone = self._store.do(
                    """UPDATE mark SET removed_at = ?, revision = revision + 1
                    WHERE account = ? AND medium = ? AND id = ? AND removed_at IS NULL AND seen_at < ?""",
                    [when, *mark, when],
                )
                if gone:
                    self._store.do(
                        _REMEMBER,
                        [*mark, when, capture_id, "removed", "{}"],
                    )
                removed += gone
        return removed

    def counts(self, account: str) -> dict[str, int]:
        """How many marks of an account the library holds, by medium."""
        sql = "SELECT medium, count(*) FROM mark WHERE account = ? GROUP BY medium ORDER BY count(*) DESC"
        return dict(self._store.rows(sql, [account]))

    def history(self, key: MarkKey) -> list[MarkChange]:
        """All that is known of one mark's past, the oldest first."""
        return [
            MarkChange(
                key=key,
                at=datetime.fromisoformat(step.at),
                what=step.what,
                fields=step.fields,
                capture=step.capture,
            )
            for step in past.in_order(self._steps(key))
        ]

    def _steps(self, key: MarkKey) -> list[Step]:
        """In the order in which they came."""
        sql = "SELECT at, what, fields, capture FROM change WHERE account = ? AND medium = ? AND id = ? ORDER BY number"
        return [
            Step(at=at, what=what, fields=_changes.decode(fields), capture=capture)
            for at, what, fields, capture in self._store.rows(
                sql, [key.account, key.subject.medium, key.subject.id]
            )
        ]


class _Known(Struct, frozen=True):
    """A mark as it is kept."""

    mark: Mark
    revision: int
    seen_at: str
    """The time of the last page that showed it."""
    removed_at: str
    """Since when it is gone; empty if it is not."""
    apart: dict[str, str]
    """Of the fields that this page did not show: when a page showed them last."""

    @property
    def shown_at(self) -> dict[str, str]:
        """When a page showed last what is known."""
        return {name: self.apart.get(name, self.seen_at) for name in shown(self.mark)}

    def apart_from(self, page: Mark) -> dict[str, str]:
        """``apart`` after a later page."""
        told = shown(page)
        return {name: at for name, at in self.shown_at.items() if name not in told}

    def apart_also(self, page: Mark, at: str) -> dict[str, str]:
        """``apart`` after an earlier page."""
        times = self.shown_at
        return self.apart | {name: at for name in shown(page) if times.get(name, "") < at}


def _is_older(at: str, seen_at: str) -> bool:
    """Whether a page is older than what is known; ages are no more exact than a moment.

    What was "seen" in the future tells of a clock that was wrong, not of a page.
    """
    if not seen_at or seen_at > now().isoformat():
        return False
    return datetime.fromisoformat(seen_at) - datetime.fromisoformat(at) > MOMENT


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
