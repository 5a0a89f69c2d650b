"""Rows that a table had before it was ours, and which marks they are of: looked for before the first row is written.

A row whose mark the library does not have yet is remembered, so that it is known when the mark comes.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Raw, Struct

from gateway.claimable import Claimable, Unbound
from gateway.creates import Creates
from gateway.douban.urls import subject_key
from gateway.feishu.bitable import MOST_LOOKED_UP, Bitable, Record
from gateway.feishu.columns import link_of, text_of
from gateway.feishu.compare import OWN_TIME
from gateway.feishu.fields import KEY, LINK
from gateway.feishu.values import media_of
from gateway.ledger import Ledger, Target
from gateway.library import MarkKey
from gateway.model import Medium, SubjectKey
from gateway.placing import Placing
from gateway.records import Found
from gateway.store import Store
from gateway.tables import Table

_LOOKED_AT = (KEY, "page", "kind", "title", "isbn", "year", "released", OWN_TIME)
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
_NO_ISBN = re.compile(r"[^0-9X]")
_TEN = 10
_MEDIA = {
    Medium.BOOK: ("书", "书籍", "读书", "books"),
    Medium.MOVIE: ("影片", "影视", "电视剧", "剧", "综艺", "movie", "movies", "films", "tv", "tv series"),
    Medium.MUSIC: ("专辑", "唱片", "album", "albums"),
    Medium.GAME: ("games",),
    Medium.DRAMA: ("话剧", "戏剧", "音乐剧", "drama", "theatre"),
}
"""What people call kinds, beside our own words."""

By = Literal["isbn", "title"]


class Likely(Struct, frozen=True):
    """A row that could be a mark's: the person says whether it is."""

    key: MarkKey
    record_id: str
    title: str
    """What the row says."""
    by: By
    """What it has in common with the mark; ``title``: title and year."""


class Stranger(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row that is no mark's yet, and all that it could be known by."""

    record_id: str
    subject_id: str = ""
    media: tuple[Medium, ...] = ()
    """By its kind; empty if that is not told in words that we know."""
    page: SubjectKey | None = None
    """The page in our own column of links."""
    pages: tuple[SubjectKey, ...] = ()
    """The pages in all columns of links."""
    isbn: str = ""
    title: str = ""
    year: str = ""
    written: bool = False
    """D2F says in it when it wrote it."""

    @property
    def is_told(self) -> bool:
        """Whether it says itself whose it is."""
        return bool(self.subject_id or self.pages)

    @property
    def is_nobodys(self) -> bool:
        """No mark that may come can be known by it."""
        return not (self.is_told or self.isbn or (self.title and self.year))


class Rows(Struct, frozen=True):
    """What is there."""

    number: int = 0
    sure: Found = []
    """By Subject ID, or by the address of the Douban page in any column of links."""
    likely: tuple[Likely, ...] = ()
    left: tuple[Stranger, ...] = ()
    """Neither; their marks may still come."""


class _Left(Struct, frozen=True):
    rows: tuple[Stranger, ...]
    likely: bool
    """The person takes likely rows for theirs."""


async def look(
    bitable: Bitable,
    table_id: str,
    names: dict[str, str],
    unbound: Callable[[], Sequence[Unbound]],
    taken: Collection[str],
) -> Rows:
    """Reads the whole table, 500 rows a call; what is ``unbound`` is asked for if there is a row that may be of it.

    ``names``: the present name of each of our columns. ``taken``: records that show other marks. Raises FeishuError.
    """
    links = [field.field_name for field in await bitable.fields(table_id) if field.type == LINK]
    columns = {key: names[key] for key in _LOOKED_AT if key in names}
    shown = list(dict.fromkeys([*columns.values(), *links]))
    rows = [_stranger(record, columns, links) async for record in bitable.records(table_id, shown)]
    free = [row for row in rows if row.record_id not in taken]
    sure, likely = _matched(free, unbound()) if free else ([], ())
    gone = {record_id for _, record_id in sure}
    left = (row for row in free if row.record_id not in gone and not row.is_nobodys)
    return Rows(len(rows), sure, likely, tuple(left))


def remember(store: Store, table: Table, rows: Rows, *, likely: bool) -> None:
    """The person agreed; with ``likely``, that rows of the same ISBN, or title and year, are theirs, too."""
    taken = {each.record_id for each in rows.likely} if likely else set[str]()
    left = tuple(row for row in rows.left if row.record_id not in taken)
    _keep(store, table, _Left(left, likely))


class Claims:
    """Rows that were there before, of marks that came since the person agreed."""

    def __init__(self, store: Store, ledger: Ledger, table: Table, target: Target | None = None) -> None:
        """``target``: the table with all classes whose marks are looked for; its own unless it is given."""
        self._target = target or table.target
        self._store = store
        self._ledger = ledger
        self._table = table

    @property
    def expected(self) -> Found:
        """Those that were there at that time."""
        left = self._left
        if not left:
            return []
        unbound = Claimable(self._ledger).all(self._target)
        on_the_way = {
            key for batch in Creates(self._ledger).left_open(self._table.key) for key in batch.marks
        }
        bound = self._ledger.bound(self._table.key)
        free = [row for row in left.rows if row.record_id not in bound]
        sure, likely = _matched(free, [each for each in unbound if each.key not in on_the_way])
        return [*sure, *((each.key, each.record_id) for each in likely if left.likely)]

    async def take_over(self, base: Bitable) -> None:
        """Those that are still there are ours from now on. Raises FeishuError."""
        while found := self.expected:  # more marks may come while Feishu is asked
            there: set[str] = set()
            for at in range(0, len(found), MOST_LOOKED_UP):
                ids = [record_id for _, record_id in found[at : at + MOST_LOOKED_UP]]
                there |= {
                    each.record_id for each in await base.cells(self._table.table_id, ids, purpose="rows")
                }
            gone = {record_id for _, record_id in found}
            with self._store.atomic():
                known = [pair for pair in found if pair[1] in there]
                Placing(self._ledger).stay([key for key, _ in known], self._table.classes)
                self._ledger.adopt(self._table.key, known, of_person=not self._table.own)
                if left := self._left:
                    rest = tuple(row for row in left.rows if row.record_id not in gone)
                    _keep(self._store, self._table, _Left(rest, left.likely))

    @property
    def _left(self) -> _Left | None:
        return self._store.setting(_name(self._table), _Left)


def is_any_left(store: Store, table: Table) -> bool:
    """Whether the table had rows of which the marks may still come."""
    return store.setting(_name(table), Raw) is not None


def _keep(store: Store, table: Table, left: _Left) -> None:
    store.set(_name(table), left if left.rows else None)


def _name(table: Table) -> str:
    return f"rows left {table.key}"


def _stranger(record: Record, columns: dict[str, str], links: Sequence[str]) -> Stranger:
    def text(key: str) -> str:
        return _text(record.fields.get(columns.get(key, "")))

    pages = [page for name in links if (page := subject_key(link_of(record.fields.get(name))))]
    year = _YEAR.search(text("year") or text("released"))
    return Stranger(
        record_id=record.record_id,
        subject_id=text(KEY),
        media=_media(text("kind")),
        page=subject_key(link_of(record.fields.get(columns.get("page", "")))),
        pages=tuple(dict.fromkeys(pages)),
        isbn=_NO_ISBN.sub("", text("isbn").upper()),
        written=bool(text(OWN_TIME)),
        title=text("title"),
        year=year[0] if year else "",
    )


def _media(kind: str) -> tuple[Medium, ...]:
    return tuple(media_of(kind) or (medium for medium, words in _MEDIA.items() if kind.lower() in words))


def _matched(rows: Sequence[Stranger], unbound: Sequence[Unbound]) -> tuple[Found, tuple[Likely, ...]]:
    sure = _sure(rows, unbound)
    taken, known = {record_id for _, record_id in sure}, {key for key, _ in sure}
    left = [row for row in rows if row.record_id not in taken and not row.is_told]
    return sure, tuple(_likely(left, [each for each in unbound if each.key not in known]))


def _sure(rows: Iterable[Stranger], unbound: Iterable[Unbound]) -> Found:
    """The surest first, each row for one mark only."""
    by_subject: dict[SubjectKey, MarkKey] = {}
    by_id: dict[str, list[MarkKey]] = {}
    removed: set[MarkKey] = set()
    for each in unbound:
        by_subject.setdefault(each.key.subject, each.key)
        by_id.setdefault(each.key.subject.id, []).append(each.key)
        if each.removed:
            removed.add(each.key)
    could_be = [(row, *_whose(row, by_subject, by_id)) for row in rows]
    found: dict[MarkKey, str] = {}
    for row, _, keys in sorted(could_be, key=lambda each: each[1]):
        may = (key for key in keys if key not in found and (row.written or key not in removed))
        if (key := next(may, None)) is not None:
            found[key] = row.record_id
    return list(found.items())


def _whose(
    row: Stranger, by_subject: dict[SubjectKey, MarkKey], by_id: dict[str, list[MarkKey]]
) -> tuple[int, list[MarkKey]]:
    """How little sure it is, and the marks that it could be of.

    Its id says whose it is; as that is unique in its medium only, a page of the same id or the kind tells which. If its
    page is another mark's, somebody typed over its id: it is what the page says, if no other row is surer to be that.
    Without an id it is that, too: a page of another column counts if it is the only one.
    """
    if row.subject_id:
        same = [page for page in row.pages if page.id == row.subject_id]
        if same:
            return 0, [by_subject[page] for page in same if page in by_subject]
        keys = [
            key for key in by_id.get(row.subject_id, []) if not row.media or key.subject.medium in row.media
        ]
        if row.page in by_subject:
            return 3, [by_subject[row.page], *keys]
        return (1 if row.media else 2), keys
    pages = (row.page,) if row.page else row.pages
    return 0, [by_subject[page] for page in pages if page in by_subject and len(pages) == 1]


def _likely(rows: Sequence[Stranger], unbound: Sequence[Unbound]) -> Iterator[Likely]:
    """A book by its ISBN, else anything by title and year; what could be two rows', or two marks', is nobody's."""
    rows_by: dict[tuple[By, str], list[Stranger]] = {}
    marks_by: dict[tuple[By, str], list[Unbound]] = {}
    for row in rows:
        for what in _known_by(row.isbn, row.title, row.year):
            rows_by.setdefault(what, []).append(row)
    for each in unbound:
        for what in _known_by(each.isbn, each.title, each.year):
            marks_by.setdefault(what, []).append(each)
    taken: set[str] = set()
    for each in unbound:
        for what in _known_by(each.isbn, each.title, each.year):
            matching = [row for row in rows_by.get(what, ()) if _may_be(row, each)]
            if len(matching) != 1 or matching[0].record_id in taken:
                continue
            (row,) = matching
            if sum(_may_be(row, other) for other in marks_by[what]) == 1:
                taken.add(row.record_id)
                yield Likely(each.key, row.record_id, row.title, what[0])
                break


def _may_be(row: Stranger, mark: Unbound) -> bool:
    """Nothing that the row says is against it: another kind, or the ISBN of another edition."""
    if row.media and mark.key.subject.medium not in row.media:
        return False
    return not row.isbn or not mark.isbn or _isbn_13(row.isbn) == _isbn_13(mark.isbn)


def _known_by(isbn: str | None, title: str | None, year: str | None) -> Iterator[tuple[By, str]]:
    if isbn:
        yield "isbn", _isbn_13(isbn)
    if title and year:
        yield "title", f"{title} {year}"


def _isbn_13(isbn: str) -> str:
    """One of ten digits, as books had before 2007, in the form of today."""
    if len(isbn) != _TEN or not isbn[:-1].isdecimal():
        return isbn
    digits = f"978{isbn[:-1]}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


def _text(value: Any) -> str:
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return text_of(value).strip()
