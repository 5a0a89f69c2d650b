"""The mobile JSON of a person's marks: a page of ``rexxar`` or ``frodo`` interests, or a stored array of them.

Its address says whose marks they are, of which medium and status; the page itself says where it begins and
how many there are. It is decoded into typed items at once, which is several times faster than to build
dictionaries; only a page with an item that does not fit is gone through piece by piece.
"""

import json
import re
from collections.abc import Collection
from contextlib import suppress
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import UNSET, Struct

from gateway.douban.items import Item, Told, mend, tell
from gateway.douban.refusals import refusal
from gateway.douban.urls import Address, address
from gateway.model import (
    Account,
    ListPart,
    Mark,
    Medium,
    Page,
    PageType,
    Problem,
    Reading,
    Status,
    Subject,
    Verdict,
)

__all__ = ["is_interests", "read_interests"]

_HOSTS = frozenset(("m.douban.com", "frodo.douban.com"))
_PATH = re.compile(r"/(?:rexxar/)?api/v2/user/([A-Za-z0-9_.-]{1,60})/interests", re.ASCII)
_MEDIA = {medium.value: medium for medium in Medium} | {"tv": Medium.MOVIE}
_STATUSES = {"mark": Status.WISH, "doing": Status.DOING, "done": Status.DONE}
_NARROWING = frozenset(("tag", "year", "subtype", "genre", "rating", "keyword", "q"))
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)

_LIMIT = 20 * 1024 * 1024
_MOST_PARTS = 500_000
"""Objects and arrays. A mark has about thirty, most of them actors."""
_MOST_ROWS = 20_000
_MOST_MENDED = 500
"""Items that are read without what is wrong with them: ten whole pages, and a tenth of a second."""
_MOST_PROBLEMS = 200
_MOST_REPAIRED = 4 * 1024 * 1024
_PAGE_SIZE = 50
"""The most that is known to be given at once."""

_ESCAPES = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escaped backslashes and whole pairs of surrogates, so that a match with a group is a lone surrogate."""


class _Envelope(Struct, gc=False):
    interests: list[Item]
    start: int | None = None
    count: int | None = None
    total: int | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_item = msgspec.json.Decoder(Item)
_array = msgspec.json.Decoder(list[Item])


class _Asked(Struct, frozen=True):
    """What the address asks for."""

    owner: str
    medium: Medium | None
    status: Status | None
    start: int
    count: int
    narrowed: bool


class _Refused(Exception):
    """The page is not what was asked for."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


def read_interests(
    url: str, content: bytes, *, accounts: Collection[str] = (), status: int | None = None
) -> Reading:
    """Every mark of a page of interests. Never raises, whatever the bytes; bounded in time and memory.

    ``accounts`` are the numeric ids of those whose marks are kept, if known: interests of another person are
    foreign. ``status`` is the HTTP status that the page came with, if known. ``page.part`` is None where the
    address does not name one whole list, and for a stored array, which does not say what follows it.
    """
    try:
        return _read(url, content, accounts, status)
    except _Refused as refused:
        return _unread(url, refused.verdict, refused.reason)
    except Exception as fault:  # noqa: BLE001  a page is kept and can be read again; a crash would lose it
        unread = _unread(url, Verdict.UNKNOWN, "no_frame")
        return msgspec.structs.replace(unread, problems=(Problem("page_unreadable", type(fault).__name__),))


def is_interests(here: Address) -> bool:
    """Whether the address is that of a person's interests."""
    return here.host in _HOSTS and _PATH.fullmatch(here.path) is not None


def _unread(url: str, verdict: Verdict, reason: str) -> Reading:
    return Reading(page=Page(url=url, type=PageType.LIST, verdict=verdict, reason=reason))


def _read(url: str, content: bytes, accounts: Collection[str], http: int | None) -> Reading:
    if (asked := _asked(url)) is None:
        raise _Refused(*_why_other(url, content))
    if not asked.owner.isdecimal():  # a chosen name; whose it is, nothing in the JSON says
        raise _Refused(Verdict.UNKNOWN, "whose_unknown")
    if accounts and asked.owner not in accounts:
        raise _Refused(Verdict.FOREIGN, "other_person")
    if http is not None and http != 200:  # noqa: PLR2004  the only status with marks
        raise _Refused(*refusal(url, content, http))
    _weigh(content)
    body = content.removeprefix(b"\xef\xbb\xbf").strip()
    if body[:1] not in {b"{", b"["}:
        raise _Refused(*refusal(url, body))
    try:
        page = _envelope.decode(body) if body[:1] == b"{" else _Envelope(_array.decode(body))
        rows: list[Told | None] = [tell(item, asked.owner) for item in _few(page.interests)]
        if None in rows:
            raise msgspec.ValidationError
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        page, rows, seen = _piecemeal(body, asked, url)
        return _reading(url, asked, page, rows, seen)
    return _reading(url, asked, page, rows, len(rows))


def _reading(url: str, asked: _Asked, page: _Envelope, rows: list[Told | None], seen: int) -> Reading:
    """What the rows say. After so many of them, those that are broken were left as they are."""
    marks: list[Mark] = []
    known: dict[str, Mark] = {}
    subjects: list[Subject] = []
    problems: list[Problem] = []
    if left := rows[seen:].count(None):
        problems.append(Problem("rows_left", f"{left} broken rows after row {seen}"))
    for place, row in enumerate(rows, 1):
        if row is None and place > seen:
            continue
        if row is None:
            problems.append(Problem("row_without_id", f"row {place}"))
            continue
        mark, subject, odd = row
        earlier = known.setdefault(mark.subject.id, mark)
        if earlier is not mark and earlier.subject == mark.subject:
            continue  # pages overlap when marks are added in between
        marks.append(mark)
        subjects.append(subject)
        if asked.status is not None and mark.status is not asked.status:
            problems.append(Problem("status_mismatch", f"row {place}, {mark.subject}"))
        if odd:
            problems += (Problem("field_unreadable", f"row {place}, {mark.subject}, {name}") for name in odd)
    start = page.start if page.start is not None and page.start >= 0 else asked.start
    reason = None if marks else _why_none(page, start, asked, rows)
    return Reading(
        page=Page(
            url=url,
            type=PageType.LIST,
            verdict=Verdict.OK if reason is None else Verdict.UNKNOWN,
            reason=reason,
            part=_part(asked, page, start, len(rows)),
        ),
        account=Account(asked.owner),
        marks=tuple(marks),
        subjects=tuple(subjects),
        problems=(*_few_problems(problems), *_missing(marks, subjects)),
    )


def _few_problems(problems: list[Problem]) -> list[Problem]:
    """As many as anybody would read, and how many more there are."""
    more = len(problems) - _MOST_PROBLEMS
    return problems if more <= 0 else [*problems[:_MOST_PROBLEMS], Problem("more_problems", f"{more} more")]


def _part(asked: _Asked, page: _Envelope, start: int, rows: int) -> ListPart | None:
    """Which part of the list this is. Only the whole of what the list claims to have proves its end.

    Hidden rows count, so the next page begins a whole page later, however many rows this one has.
    """
    if asked.medium is None or asked.status is None or asked.narrowed or page.total is None:
        return None
    ended = start + rows >= page.total
    size = page.count if page.count is not None and page.count > 0 else asked.count
    return ListPart(
        medium=asked.medium,
        status=asked.status,
        start=start,
        next_start=None if ended else start + max(rows, min(size, _PAGE_SIZE)),
        total_claimed=page.total,
        rows=rows,
        ended=ended,
    )


def _why_none(page: _Envelope, start: int, asked: _Asked, rows: list[Told | None]) -> str | None:
    """An empty list and a place behind its end are fine; anything else without a mark is not believed."""
    if rows:
        return "no_rows"
    if page.total is None:
        return None
    left = page.total - start
    # Moderation hides rows that the total still counts, so the last page may be empty.
    return None if left <= 0 or (start > 0 and left < asked.count) else "no_rows"


def _missing(marks: list[Mark], subjects: list[Subject]) -> list[Problem]:
    """Fields that every mark has and most of these have not: the shape has changed."""
    if len(marks) <= 2:  # noqa: PLR2004  two rows prove nothing
        return []
    shown = [subject for subject in subjects if not subject.removed]
    without = {
        "title": (sum(subject.title is UNSET for subject in shown), len(shown)),
        "date": (sum(mark.marked_on is UNSET for mark in marks), len(marks)),
        "rating": (sum(mark.rating is UNSET for mark in marks), len(marks)),
    }
    return [
        Problem("fields_missing", f"{name}: {count} of {of} rows")
        for name, (count, of) in without.items()
        if count * 2 > of
    ]


def _asked(url: str) -> _Asked | None:
    """None if this is no address of interests."""
    here = address(url)
    if here is None or not is_interests(here) or (owner := _PATH.fullmatch(here.path)) is None:
        return None
    try:
        said = dict(parse_qsl(urlsplit(url.strip()).query, max_num_fields=100))
    except ValueError:
        said = {}
    return _Asked(
        owner=owner[1],
        medium=_MEDIA.get(said.get("type", "")),
        status=_STATUSES.get(said.get("status", "")),
        start=_number(said.get("start", "")),
        count=_number(said.get("count", "")) or _PAGE_SIZE,
        narrowed=not _NARROWING.isdisjoint(said) or said.get("type") == "tv",
    )


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0


def _why_other(url: str, content: bytes) -> tuple[Verdict, str]:
    """A page of Douban's that stands in for all others is known wherever it is."""
    if address(url) is None:
        return Verdict.UNKNOWN, "not_douban"
    instead = refusal(url, content)
    return instead if instead[0] is not Verdict.UNKNOWN else (Verdict.UNKNOWN, "no_marks_here")


def _weigh(content: bytes) -> None:
    if not content or content.isspace():
        raise _Refused(Verdict.UNKNOWN, "empty")
    if len(content) > _LIMIT:
        raise _Refused(Verdict.UNKNOWN, "too_large")


def _few(rows: list[Any]) -> list[Any]:
    if len(rows) > _MOST_ROWS:
        raise _Refused(Verdict.UNKNOWN, "too_large")
    return rows


def _piecemeal(body: bytes, asked: _Asked, url: str) -> tuple[_Envelope, list[Told | None], int]:
    """The same page, its items one by one, without what is wrong with them; and up to where that was done."""
    if body.count(b"[") + body.count(b"{") > _MOST_PARTS:
        raise _Refused(Verdict.UNKNOWN, "too_large")
    thing = _values(body)
    facts = cast("dict[str, object]", thing) if isinstance(thing, dict) else {"interests": thing}
    rows = facts.get("interests")
    if not isinstance(rows, list):
        if "subject" not in facts:
            raise _Refused(*refusal(url, body))
        rows = [facts]  # an interest by itself
    page = _Envelope([], *(_whole(facts.get(name)) for name in ("start", "count", "total")))
    things = _few(cast("list[Any]", rows))
    told = [_told(each, asked) for each in things]
    broken = [place for place, each in enumerate(told) if each is None]
    for place in broken[:_MOST_MENDED]:
        told[place] = mend(things[place], asked.owner, asked.medium, asked.status)
    return page, told, broken[_MOST_MENDED] if len(broken) > _MOST_MENDED else len(told)


def _told(thing: object, asked: _Asked) -> Told | None:
    """What an item says that is as it should be; None for any other."""
    if not isinstance(thing, dict) or "subject" not in thing:
        return None
    try:
        return tell(_item.decode(msgspec.json.encode(thing)), asked.owner)
    except msgspec.ValidationError:
        return None


def _values(body: bytes) -> object:
    """The JSON, also with what strict readers refuse: halves of an emoji that was cut, bare line breaks, NaN."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(body)
    if len(body) > _MOST_REPAIRED:
        raise _Refused(Verdict.UNKNOWN, "no_frame")
    text = _ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], body.decode("utf-8", "replace"))
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None, parse_int=_int)
    except (ValueError, RecursionError) as fault:
        raise _Refused(Verdict.UNKNOWN, "no_frame") from fault


def _int(digits: str) -> int | None:
    return int(digits) if len(digits) < 20 else None  # noqa: PLR2004  more than 64 bits is no number of Douban's


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 10**9 else None
