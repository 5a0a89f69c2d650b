"""A capture's way into the library: kept, read, merged, pushed. Each step can be done again."""

import sqlite3
from collections.abc import Callable
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct, structs

from gateway import douban
from gateway.errors import Issue
from gateway.events import Captured, Events
from gateway.library import Library
from gateway.log import get
from gateway.model import Capture, Outcome, Reading, Verdict
from gateway.reasons import PAGE_REASONS
from gateway.runs import Cause
from gateway.store import Store

_log = get("intake")


class Result(Struct, frozen=True, kw_only=True):
    """What became of a capture."""

    capture: str
    verdict: Verdict
    reason: Issue | None
    marks: int
    """Marks that the page showed."""
    new: int
    changed: int
    same: int
    problems: int
    """Rows or fields that could not be read."""
    doubt: Issue | None = None
    """The page was read, but looks as if Douban had changed its markup: worth another look, and an update."""


_result = msgspec.json.Decoder(Result)


class Intake:
    """Takes captures in. ``captured`` is told whose page was read, by which trigger, what it changed, and what it says."""

    def __init__(
        self,
        store: Store,
        library: Library,
        captured: Callable[[str | None, Cause, Outcome, Reading], None],
        events: Events,
    ) -> None:
        self._store = store
        self._library = library
        self._captured = captured
        self._events = events

    def take(
        self, capture: Capture, device: str, cause: Cause | None = None, owner: str | None = None
    ) -> Result:
        """Keeps the page, then reads it. The same capture again gets the same result.

        ``cause``: of the run that it belongs to, where its trigger does not tell; ``owner``: whose run that is, where
        the page does not tell.
        """
        if not self._store.keep(capture, device):
            kept = self._store.kept(capture.id)
            if kept and kept.device != device:  # ids are in the open: another's page must not be lost for one
                own = str(uuid5(UUID(capture.id), device))
                return self.take(structs.replace(capture, id=own), device, cause, owner)
            if kept and kept.result:
                return _result.decode(kept.result)
        return self.read(capture, cause, owner)

    def read(self, capture: Capture, cause: Cause | None = None, owner: str | None = None) -> Result:
        """Reads a kept page (again) and merges what it says into the library.

        A page that we stumble over is noted as such, and kept: nobody need send it again. Raises sqlite3.Error.
        """
        kept = [account.id for account in self._library.accounts.kept]
        reading = douban.read(capture.url, capture.content, accounts=kept, status=capture.status)
        if reading.page.reason == "other_account" and reading.account is not None:
            self._library.accounts.see(reading.account, "met")
        try:
            result, outcome = self._take_in(capture, reading)
        except sqlite3.Error:
            raise
        except Exception:  # noqa: BLE001  # a mistake of ours must not hold up the next page
            _log.exception("not taken in", capture=capture.id)
            result, outcome = self._take_in(capture, _unread(reading))
        _log.info(
            "captured", capture=capture.id, verdict=result.verdict, new=result.new, changed=result.changed
        )
        self._events.tell(Captured(capture.id, result.verdict, result.new, result.changed, result.same))
        told = reading.account.id if reading.account and reading.account.id in kept else owner
        self._captured(told, cause or capture.trigger.value, outcome, reading)
        return result

    def _take_in(self, capture: Capture, reading: Reading) -> tuple[Result, Outcome]:
        """All of it or nothing."""
        with self._store.atomic():
            outcome = self._merge(reading, capture)
            result = _sum_up(capture.id, reading, outcome)
            self._store.note_reading(capture.id, reading, msgspec.json.encode(result))
        return result, outcome

    def read_again(self, capture_id: str) -> Result | None:
        """Reads a kept page once more; None if the page is not kept any more."""
        capture = self._store.capture(capture_id)
        return self.read(capture) if capture else None

    def catch_up(self) -> int:
        """Reads what was kept but not read, because the gateway ended in between. Returns how many pages."""
        waiting = self._store.unread()
        for kept in waiting:
            try:
                self.read_again(kept.id)
            except Exception:  # noqa: BLE001  # it stays kept; the gateway must start all the same
                _log.exception("not read", capture=kept.id)
        return len(waiting)

    def read_of(self, account: str) -> int:
        """Reads what was captured of an account before its marks were kept. Returns how many pages."""
        waiting = [kept.id for kept in self._store.readable() if kept.account == account]
        for capture_id in waiting:
            self.read_again(capture_id)
        return len(waiting)

    def _merge(self, reading: Reading, capture: Capture) -> Outcome:
        if reading.page.verdict is Verdict.GONE:  # the subject is gone; its mark and its title stay
            known = self._library.known(subject.key for subject in reading.subjects)
            subjects = tuple(subject for subject in reading.subjects if subject.key in known)
            reading = Reading(page=reading.page, subjects=subjects)
        elif reading.page.verdict is not Verdict.OK:
            return Outcome()
        return self._library.merge(reading, capture.id, capture.captured_at)


def _unread(reading: Reading) -> Reading:
    page = msgspec.structs.replace(reading.page, verdict=Verdict.UNKNOWN, reason="internal")
    return Reading(page=page, account=reading.account)


def _sum_up(capture_id: str, reading: Reading, outcome: Outcome) -> Result:
    changed = any(problem.code == "fields_missing" for problem in reading.problems)
    return Result(
        capture=capture_id,
        verdict=reading.page.verdict,
        reason=_issue(reading.page.reason),
        marks=len(reading.marks),
        new=outcome.new,
        changed=outcome.changed,
        same=outcome.same,
        problems=len(reading.problems),
        doubt=_issue("markup_changed") if changed else None,
    )


def _issue(code: str | None) -> Issue | None:
    words = PAGE_REASONS.get(code) if code else None
    return Issue(code, words.zh, words.en) if code and words else None
