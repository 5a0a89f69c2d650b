"""A list page: whose rows they are is settled; what they say, which part of the list this is, what is odd."""

import re

from msgspec import UNSET, UnsetType, structs
from selectolax.lexbor import LexborHTMLParser

from gateway.douban.page import Judgement, heading
from gateway.douban.rows import MOST_ROWS, Row, has_leftovers, mark_of, rows_of, subject_of
from gateway.douban.text import line
from gateway.douban.urls import Address
from gateway.model import (
    Kind,
    ListPart,
    Mark,
    Medium,
    Page,
    Problem,
    Reading,
    Status,
    Subject,
    SubjectKey,
    Verdict,
)

__all__ = ["read"]

_KINDS = {
    Medium.BOOK: Kind.BOOK,
    Medium.MUSIC: Kind.MUSIC,
    Medium.GAME: Kind.GAME,
    Medium.DRAMA: Kind.DRAMA,
}
_START = re.compile(r"[?&]start=([0-9]{1,9})(?![0-9])", re.ASCII)
_PLACES = re.compile(r"([0-9]{1,9})\s*-\s*[0-9]{1,9}\s*/\s*([0-9]{1,9})", re.ASCII)
_PAGE_SIZE = 15


def read(url: str, here: Address, judged: Judgement) -> Reading:
    """Every mark of a list that was judged to be the person's own."""
    tree, account = judged.tree, judged.account
    assert tree is not None
    assert account is not None
    assert here.medium is not None
    assert here.status is not None
    kind = here.kind or _kind(tree, here.medium)
    marks: dict[str, Mark] = {}
    subjects: list[Subject] = []
    problems: list[Problem] = []
    rows = rows_of(tree, here.medium)
    if len(rows) > MOST_ROWS:
        refused = Page(url=url, type=here.type, verdict=Verdict.UNKNOWN, reason="too_large")
        return Reading(page=refused, account=account)
    for place, row in enumerate(rows, 1):
        if row.number is None:
            # A box with neither id nor anything of the person's is a template; else it is a mark that we lose.
            if row.shown:
                problems.append(Problem("row_without_id", f"row {place}"))
        elif row.is_mark and row.number not in marks:
            key = SubjectKey(here.medium, row.number)
            marks[row.number], odd = mark_of(row, key, account.id, here.status)
            subjects.append(subject_of(row, key, kind))
            problems += (Problem(code, f"row {place}, {key}") for code in odd)
    unseen = _unseen(rows, marks)
    for name in unseen:
        marks = {number: structs.replace(mark, **{name: UNSET}) for number, mark in marks.items()}
    part = _part(tree, here, here.medium, here.status, len(rows))
    reason = None if marks else _why_none(part, rows)
    return Reading(
        page=Page(
            url=url,
            type=here.type,
            verdict=Verdict.OK if reason is None else Verdict.UNKNOWN,
            reason=reason,
            part=None if here.narrowed else part,
        ),
        account=account,
        marks=tuple(marks.values()),
        subjects=tuple(subjects),
        problems=(
            *problems,
            *(Problem("fields_missing", f"{name}: {len(rows)} of {len(rows)} rows") for name in unseen),
            *_missing(rows, marks),
        ),
    )


def _kind(tree: LexborHTMLParser, medium: Medium) -> Kind | UnsetType:
    """Films and series share their lists; only a heading of series alone (在看的电视剧) is certain."""
    if medium is not Medium.MOVIE:
        return _KINDS[medium]
    title = heading(tree)
    return Kind.TV if title is not None and "的电视剧" in title[0] else UNSET


def _part(tree: LexborHTMLParser, here: Address, medium: Medium, status: Status, rows: int) -> ListPart:
    title = heading(tree)
    # `931-960 / 4292`: where the page itself says that it begins, it knows better than its address.
    places = _PLACES.search(line(tree.css_first(".subject-num")))
    total = title[1] if title is not None else int(places[2]) if places is not None else None
    start = max(int(places[1]) - 1, 0) if places is not None else here.start
    link = tree.css_first(".paginator .next a, link[rel='next']")
    found = _START.search((link.attributes.get("href") or "") if link is not None else "")
    following = int(found[1]) if found is not None else None
    return ListPart(
        medium=medium,
        status=status,
        start=start,
        next_start=following if following is not None and following > start else None,
        total_claimed=total,
        rows=rows,
        # An empty page in the middle is a pause that Douban asks for, a short one may hide rows: only to have
        # come as far as the list claims to go, with nothing said to follow, is the end.
        ended=following is None and total is not None and start + rows >= total,
    )


def _why_none(part: ListPart, rows: list[Row]) -> str | None:
    """An empty list and a place behind its end are fine; anything else without a mark is not believed."""
    if part.total_claimed is None:
        return "no_frame"
    left = part.total_claimed - part.start
    # Moderation hides rows that the total still counts, so the last page may be empty.
    if left <= 0 or (part.start > 0 and left < _PAGE_SIZE and not rows):
        return None
    return "no_rows"


def _unseen(rows: list[Row], marks: dict[str, Mark]) -> list[str]:
    """Fields that no row shows, on a page whose rows say something that was not understood.

    Not to rate or comment is common; to do it where nobody can read it is not.
    """
    shown = [row for row in rows if row.number in marks and row.shown and not row.deleted]
    if len(shown) <= 2:  # noqa: PLR2004  two rows prove nothing
        return []
    told = [marks[row.number] for row in shown if row.number is not None]
    empty = [name for name in ("rating", "tags", "comment") if not any(getattr(mark, name) for mark in told)]
    return empty if empty and any(map(has_leftovers, shown[:5])) else []


def _missing(rows: list[Row], marks: dict[str, Mark]) -> list[Problem]:
    """Fields that nearly every row has and most of these have not: the markup has changed."""
    whole = [row for row in rows if row.is_mark and row.number in marks and not row.deleted]
    if len(whole) <= 2:  # noqa: PLR2004  two rows prove nothing
        return []
    without = {
        "title": sum("title" not in row.cells for row in whole),
        "date": sum(not marks[row.number].marked_on for row in whole if row.number is not None),
        "brief": sum("brief" not in row.cells for row in whole),
    }
    return [
        Problem("fields_missing", f"{name}: {count} of {len(whole)} rows")
        for name, count in without.items()
        if count * 2 > len(whole)
    ]
