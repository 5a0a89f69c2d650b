"""The vocabulary: what a subject, a mark, a capture are. No I/O, nothing of ours imported.

A field that the page did not show is ``UNSET``; a field that the page shows to be empty is ``None``
(or an empty tuple). The difference decides what a merge may overwrite.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType, field

__all__ = [
    "BEIJING",
    "UNSET",
    "Account",
    "Capture",
    "Kind",
    "ListPart",
    "Mark",
    "Medium",
    "Outcome",
    "Page",
    "PageType",
    "Problem",
    "Reading",
    "Status",
    "Subject",
    "SubjectKey",
    "Trigger",
    "UnsetType",
    "Verdict",
    "now",
    "photo_id",
]

BEIJING = timezone(timedelta(hours=8), "UTC+8")
"""Douban writes all its dates in this zone, without saying so."""


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


_PHOTO = re.compile(r"/([ps]\d+)\.[^/]*$")
_NAME = re.compile(r"/([^/.?]+)[^/]*$")


def photo_id(address: str) -> str:
    """What stays the same when Douban serves a cover from another host or in another size.

    Those of stage dramas have no number, but a name of their own (``…/large/public/c47cafc5c5af6c2.jpg``).
    """
    path = address.partition("?")[0]
    found = _PHOTO.search(path) or _NAME.search(path)
    return found[1] if found else address


class Medium(StrEnum):
    """The part of Douban that a subject lives in. A subject id is unique within its medium."""

    BOOK = "book"
    MOVIE = "movie"
    MUSIC = "music"
    GAME = "game"
    DRAMA = "drama"


class Kind(StrEnum):
    """What a person calls the subject. Films and series share the medium ``movie``."""

    BOOK = "book"
    MOVIE = "movie"
    TV = "tv"
    MUSIC = "music"
    GAME = "game"
    DRAMA = "drama"


class Status(StrEnum):
    """想 / 在 / 过. The values are those of Douban's mobile JSON, but for ``wish`` (there ``mark``)."""

    WISH = "wish"
    DOING = "doing"
    DONE = "done"


class SubjectKey(Struct, frozen=True, order=True, gc=False):
    """What a subject is known by, everywhere: never its title, which Douban edits."""

    medium: Medium
    id: str

    def __str__(self) -> str:
        return f"{self.medium}:{self.id}"


class Subject(Struct, kw_only=True, frozen=True, gc=False):
    """A book, film, series, album, … as far as a page told of it."""

    key: SubjectKey
    kind: Kind | UnsetType = UNSET
    title: str | UnsetType = UNSET
    """The Chinese (first) title. UNSET where the page only knows 未知电影."""
    title_cut: bool = False
    """The title ends in ``...`` on the page (movie lists in list mode) and is only a beginning."""
    original_title: str | None | UnsetType = UNSET
    other_titles: tuple[str, ...] | UnsetType = UNSET
    year: int | None | UnsetType = UNSET
    countries: tuple[str, ...] | UnsetType = UNSET
    languages: tuple[str, ...] | UnsetType = UNSET
    genres: tuple[str, ...] | UnsetType = UNSET
    directors: tuple[str, ...] | UnsetType = UNSET
    writers: tuple[str, ...] | UnsetType = UNSET
    cast: tuple[str, ...] | UnsetType = UNSET
    authors: tuple[str, ...] | UnsetType = UNSET
    translators: tuple[str, ...] | UnsetType = UNSET
    performers: tuple[str, ...] | UnsetType = UNSET
    composers: tuple[str, ...] | UnsetType = UNSET
    choreographers: tuple[str, ...] | UnsetType = UNSET
    troupes: tuple[str, ...] | UnsetType = UNSET
    """Stage dramas: 演出团体."""
    theatres: tuple[str, ...] | UnsetType = UNSET
    """Stage dramas: 演出剧院."""
    developers: tuple[str, ...] | UnsetType = UNSET
    platforms: tuple[str, ...] | UnsetType = UNSET
    """Games: what they run on."""
    publisher: str | None | UnsetType = UNSET
    """Books: 出版社. Music: 出版者 (the label). Games: 发行商."""
    imprint: str | None | UnsetType = UNSET
    """Books: 出品方."""
    released: tuple[str, ...] | UnsetType = UNSET
    """Dates as Douban writes them, with places: ``2026-01-23(中国大陆)``, ``2009-5``, ``1999``."""
    subtitle: str | None | UnsetType = UNSET
    pages: str | None | UnsetType = UNSET
    price: str | None | UnsetType = UNSET
    binding: str | None | UnsetType = UNSET
    series: str | None | UnsetType = UNSET
    isbn: str | None | UnsetType = UNSET
    imdb: str | None | UnsetType = UNSET
    barcode: str | None | UnsetType = UNSET
    durations: tuple[str, ...] | UnsetType = UNSET
    episodes: int | None | UnsetType = UNSET
    season: int | None | UnsetType = UNSET
    album_type: str | None | UnsetType = UNSET
    format: str | None | UnsetType = UNSET
    """Music: 介质."""
    discs: str | None | UnsetType = UNSET
    tracks: tuple[str, ...] | UnsetType = UNSET
    """Titles of the tracks, in order."""
    edition: str | None | UnsetType = UNSET
    """Stage dramas: 版本."""
    cover: str | None | UnsetType = UNSET
    """Address of the cover. Its host changes all the time; the photo id in it is what counts."""
    score: float | None | UnsetType = UNSET
    """Douban's public score, 0–10, one decimal; None while it has none."""
    votes: int | None | UnsetType = UNSET
    intro: str | None | UnsetType = UNSET
    """What the work is about (subject pages)."""
    brief: str | UnsetType = UNSET
    """The unlabelled line under the title on lists, as it is: ``年 / 人 / 国家 / …`` without fixed places."""
    removed: bool = False
    """Douban no longer shows this subject (未知电影, 条目不存在). Its mark and known title stay."""


class Mark(Struct, kw_only=True, frozen=True, gc=False):
    """A person's mark on a subject."""

    account: str
    """The numeric Douban id of the person."""
    subject: SubjectKey
    status: Status
    rating: int | None | UnsetType = UNSET
    """1–5 stars; None without; never 0."""
    comment: str | None | UnsetType = UNSET
    """As written: line breaks and emoji kept, the vote count left out."""
    comment_cut: bool = False
    """The page shows only the beginning of the comment."""
    tags: tuple[str, ...] | UnsetType = UNSET
    marked_on: date | None | UnsetType = UNSET
    """The day (UTC+8) on which the mark reached its status."""
    marked_at: datetime | UnsetType = UNSET
    """The same with seconds, where Douban gives them (mobile JSON)."""
    private: bool | UnsetType = UNSET
    """仅自己可见; no HTML page is known to show it."""
    mark_id: str | UnsetType = UNSET
    """``data-cid`` or interest id: changes when a mark is deleted and made again."""


class Account(Struct, frozen=True):
    """A Douban account, known by its numeric id."""

    id: str
    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    """The name in ``/people/<slug>/`` where the person chose one."""


class Verdict(StrEnum):
    """Whether a page can be trusted to speak of the person's own marks."""

    OK = "ok"
    LOGIN = "login"
    """Captured logged out, or a log-in page."""
    BLOCKED = "blocked"
    """403, 418, captcha, proof of work: Douban asks for a pause."""
    GONE = "gone"
    """404, or a subject that Douban took down."""
    FOREIGN = "foreign"
    """A page of somebody else."""
    UNKNOWN = "unknown"
    """Markup that we cannot read (yet), or no page at all."""


class PageType(StrEnum):
    LIST = "list"
    SUBJECT = "subject"
    PROFILE = "profile"
    """A page that names the person who is logged in, and shows no marks to read."""
    OTHER = "other"


class ListPart(Struct, kw_only=True, frozen=True):
    """Which part of which list a list page shows. Counts are Douban's claims, not facts."""

    medium: Medium
    status: Status
    start: int
    next_start: int | None
    """Where the next page begins; None if the page names no next one."""
    total_claimed: int | None
    rows: int = 0
    """Rows that the page has, those that could not be read included."""
    ended: bool = False
    """The page proves that nothing follows: short pages and wrong totals do not."""


class Page(Struct, kw_only=True, frozen=True):
    """What the page is and whether it can be trusted."""

    url: str
    type: PageType
    verdict: Verdict
    reason: str | None = None
    """The code of the reason for any verdict but OK; the words are in ``reasons.PAGE_REASONS``."""
    part: ListPart | None = None
    subject: SubjectKey | None = None


class Problem(Struct, frozen=True):
    """One row or field that could not be read; it never sinks the page."""

    code: str
    detail: str
    """Where on the page, in few words; no markup."""


class Reading(Struct, kw_only=True, frozen=True):
    """All that was read from one page."""

    page: Page
    account: Account | None = None
    marks: tuple[Mark, ...] = ()
    subjects: tuple[Subject, ...] = ()
    problems: tuple[Problem, ...] = ()


class Trigger(StrEnum):
    """Who asked for the capture."""

    BUTTON = "button"
    AUTO = "auto"
    WALK = "walk"
    """The gateway itself, with the stored cookie: no device may say so."""
    ASKED = "asked"
    """An open browser that the schedule asked to read the lists."""


class Capture(Struct, kw_only=True, frozen=True):
    """A page as it was in the person's browser: kept before it is read."""

    id: str
    """The message id of the device (a UUID): the same id is the same capture."""
    url: str
    captured_at: datetime
    """When Douban answered with it, by the gateway's clock."""
    trigger: Trigger
    status: int | None = None
    """The HTTP status that the page came with, if that is known."""
    content: bytes
    """The page as it was sent. UTF-8 if the extension made it."""
    counter: int | None = None
    """Of the message that brought it: a browser's later messages have higher ones."""
    received_at: datetime = field(default_factory=now)

    def __repr__(self) -> str:
        return f"Capture({self.id!r}, {self.url!r}, •••)"


class Outcome(Struct, kw_only=True, frozen=True):
    """What a capture changed in the library."""

    new: int = 0
    changed: int = 0
    same: int = 0
    outdated: int = 0
    """Marks whose records no longer show all that is known: of the above, or because their subject changed."""
