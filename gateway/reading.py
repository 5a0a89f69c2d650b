"""What the command line tells of readings: of a page that somebody saved, and of the kept ones read again."""

from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import UNSET, Struct

from gateway import douban
from gateway.intake import Intake, Result
from gateway.model import Mark, Reading, Subject, Verdict
from gateway.reasons import PAGE_REASONS
from gateway.store import Store

READ, NOT_READABLE, NOT_DOUBAN = 0, 1, 2
"""Exit codes of ``d2f parse``."""


def parse(url: str, content: bytes) -> tuple[Reading, int]:
    """What a saved page says, and the exit code. A subject's public facts are read logged out, too."""
    reading = douban.read(url, content)
    if reading.page.verdict is Verdict.OK or any(subject.title is not UNSET for subject in reading.subjects):
        return reading, READ
    return reading, NOT_DOUBAN if reading.page.reason == "not_douban" else NOT_READABLE


def as_json(reading: Reading) -> str:
    """``{"page", "account", "marks", "subjects", "problems"}``; what the page did not show is left out.

    What a terminal would obey is written as JSON's escapes: it was written by others.
    """
    told = msgspec.json.format(msgspec.json.encode(reading), indent=2).decode()
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in told)


def _escaped(character: str) -> str:
    """As JSON spells it: one or two units of UTF-16."""
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def as_text(reading: Reading) -> str:
    """The same for a person."""
    return "\n".join(_lines(reading))


def _lines(reading: Reading) -> Iterator[str]:
    page = reading.page
    whose = f" · {reading.account.id}" if reading.account else ""
    yield f"{page.type} · {page.verdict}{whose}"
    if page.reason and (words := PAGE_REASONS.get(page.reason)):
        yield from (words.zh, words.en)
    if part := page.part:
        following = "" if part.next_start is None else f", next at {part.next_start}"
        claimed = "?" if part.total_claimed is None else part.total_claimed
        end = ", the end" if part.ended else ""
        yield f"{part.medium} {part.status}: {part.rows} rows from {part.start} of {claimed}{following}{end}"
    marks = {mark.subject: mark for mark in reading.marks}
    for subject in reading.subjects:
        yield from _of_subject(subject, marks.pop(subject.key, None))
    for mark in marks.values():
        yield f"{mark.subject}\n  {_of_mark(mark)}"
    for problem in reading.problems:
        yield f"! {problem.code}: {_flat(problem.detail)}"


def _of_subject(subject: Subject, mark: Mark | None) -> Iterator[str]:
    title = _flat(subject.title) if isinstance(subject.title, str) else "—"
    yield f"{subject.key} {title}{' …' if subject.title_cut else ''}{' (removed)' if subject.removed else ''}"
    if mark:
        yield f"  {_of_mark(mark)}"


def _of_mark(mark: Mark) -> str:
    stars = "★" * mark.rating if isinstance(mark.rating, int) else ""
    day = mark.marked_on.isoformat() if isinstance(mark.marked_on, date) else ""
    tags = " ".join(f"#{tag}" for tag in mark.tags) if isinstance(mark.tags, tuple) else ""
    comment = mark.comment if isinstance(mark.comment, str) else ""
    return _flat(" · ".join(part for part in (mark.status, stars, day, tags, comment) if part))


def _flat(text: str) -> str:
    """Theirs begins no line."""
    return text.replace("\n", " ⏎ ")


class Reread(Struct, frozen=True, kw_only=True):
    """A kept page that was read again."""

    url: str
    before: Result | None
    now: Result

    @property
    def changed(self) -> bool:
        """The library knows more, or another verdict was reached, or other rows could not be read."""
        was = self.before
        return bool(self.now.new or self.now.changed) or (
            was is None
            or (was.verdict, was.marks, was.problems) != (self.now.verdict, self.now.marks, self.now.problems)
        )


def reparse(store: Store, intake: Intake) -> Iterator[Reread]:
    """Reads every kept page again with the parser of today, the oldest first."""
    for kept in store.readable():
        before = msgspec.json.decode(kept.result, type=Result) if kept.result else None
        if (now := intake.read_again(kept.id)) is not None:
            yield Reread(url=kept.url, before=before, now=now)
