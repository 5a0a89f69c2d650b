"""The rows of a list page: how each kind is built, and what one says of its mark and its subject.

Each medium has its own table of selectors: one set for all reads games as "0 % rated" without a word.
A field is taken from its row, never as parallel lists over the page, and a row may lack any field.
"""

import re
from collections.abc import Callable

from msgspec import UNSET, Struct, UnsetType
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.douban.text import classes, cover_of, day, line, one_line, shortened, tags_of, written
from gateway.douban.titles import Titles, is_tombstone, titles_of_album, titles_of_book, titles_of_film
from gateway.model import Kind, Mark, Medium, Status, Subject, SubjectKey

__all__ = ["MOST_ROWS", "Row", "has_leftovers", "mark_of", "rows_of", "subject_of"]

MOST_ROWS = 10_000
"""No list of Douban's shows more than 30 at once."""


class Shape(Struct, frozen=True):
    """How one kind of row is built."""

    row: str
    """CSS of the row."""
    queries: dict[str, str]
    """For each field the CSS of the rows, and of the field in a row. Of a field the first match counts; of
    the comment the last one that is not the line with date and rating."""
    titles: Callable[[LexborNode], Titles]
    list_mode: bool = False
    """List mode leaves comments out, and keeps tags and intro in a block of its own."""


def _shape(
    row: str, titles: Callable[[LexborNode], Titles], fields: dict[str, str], *, list_mode: bool = False
) -> Shape:
    inside = {name: css.replace(", ", f", {row} ") for name, css in fields.items()}
    return Shape(row, {name: f"{row}, {row} {css}" for name, css in inside.items()}, titles, list_mode)


_GRID = {
    "title": "li.title a, em",
    "cover": ".pic img",
    "brief": "li.intro",
    "rating": "span[class*='rating'][class*='-t']",
    "date": "span.date",
    "tags": "span.tags",
    "comment": "span.comment, .opt-ln",
    "cid": "[data-cid]",
    "rel": "[rel*=':']",
}
_LIST = {
    "title": ".title a",
    "brief": ".intro",
    "rating": "span[class*='rating'][class*='-t']",
    "date": ".date",
    "tags": ".tags",
    "comment": ".comment",
    "cid": "[data-cid]",
    "rel": "[rel*=':']",
    "deleted": ".deleted",
}
_BOOKS = _GRID | {"title": "h2 a", "brief": "div.pub", "comment": "p.comment"}
# The comment of an album is all of a `<li>` without a class; the line with date and rating is another.
_ALBUMS = _GRID | {"comment": "span.comment, li:not([class]), li[class=''], .opt-ln"}
# That of a game is all of a `<div>` without a class, before the buttons. The stars of one's own view say their
# number on a link, those that others see have it in their class.
_GAMES = _GRID | {
    "title": ".title a",
    "brief": ".desc",
    "stars": "a[data-rating]",
    "rating": ".rating-star",
    "comment": "div:not([class]), div[class=''], .user-operation",
}

_SHAPES: dict[Medium, tuple[Shape, ...]] = {
    Medium.MOVIE: (
        _shape("div.item", titles_of_film, _GRID),
        _shape("li.item", titles_of_film, _LIST, list_mode=True),
    ),
    Medium.BOOK: (
        _shape("li.subject-item", titles_of_book, _BOOKS),
        _shape("li.item", titles_of_book, _LIST, list_mode=True),
    ),
    Medium.MUSIC: (
        _shape("div.item", titles_of_album, _ALBUMS),
        _shape("li.item", titles_of_album, _LIST, list_mode=True),
    ),
    Medium.GAME: (_shape("div.common-item", titles_of_album, _GAMES),),
    Medium.DRAMA: (
        _shape("div.item", titles_of_album, _ALBUMS),
        _shape("li.item", titles_of_album, _LIST, list_mode=True),
    ),
}

_OWN = {"date", "rating", "stars", "tags"}
"""The line that a mark has even without a comment."""
_BUTTONS = frozenset(("opt-ln", "gact", "user-operation"))
_FURNITURE = _BUTTONS | {
    "pic",
    "title",
    "intro",
    "pub",
    "desc",
    "playable",
    "pl",
    "state",
    "cart-actions",
    "ft",
}
"""What is on rows beside the fields."""
_QUIET_TAGS = frozenset(("h2", "script", "style", "form", "button", "input", "template"))


_REL = re.compile(r"\s*([0-9]{1,20}):([PFN])\s*", re.ASCII)
_REL_STATUS = {"P": Status.DONE, "F": Status.WISH, "N": Status.DOING}
_WORD = re.compile(r"(?:(想)|(在))?[看读听玩](过)?")
_RATING = re.compile(r"(?:^|\s)(?:rating([1-5])-t|allstar([1-5])0)(?:\s|$)")
_UNRATED = re.compile(r"(?:^|\s)(?:rating0?-t|allstar(?:N\w*|0*))(?:\s|$)|^\s*rating-star\s*$")
_LINK = re.compile(r"/(?:subject|game|drama)/([0-9]{1,20})(?![0-9])", re.ASCII)
_THING = re.compile(r"/thing/([0-9]{1,20})/interest", re.ASCII)
"""What a game's buttons call; it is all that is left of the id of a removed game."""
_ROW_ID = re.compile(r"list([0-9]{1,20})", re.ASCII)
_RELEASE = re.compile(r"([12][0-9]{3})(?:-[0-9]{1,2}){0,2}(?:\(.*\))?", re.ASCII)


class Row(Struct):
    """One row, with the first match of each of its fields."""

    node: LexborNode
    shape: Shape
    cells: dict[str, LexborNode] = {}
    comments: list[LexborNode] = []
    """Where a comment may be, in their order, up to the buttons."""
    has_buttons: bool = False
    number: str | None = None
    """The id of the subject; None if the row does not say."""
    deleted: bool = False
    """Marked as one whose subject Douban has taken down (list mode)."""
    shown: bool = True
    """It has the person's own line. Of a removed subject that may be lost, and then nothing is known."""
    is_mark: bool = True
    """Not every box with a link to a subject is a mark: one without a date must show it otherwise."""


def rows_of(tree: LexborHTMLParser, medium: Medium) -> list[Row]:
    """The rows of the page, of whichever kind, each with its fields; at most ``MOST_ROWS + 1``."""
    found = [row for shape in _SHAPES[medium] for row in _gather(tree, shape)][: MOST_ROWS + 1]
    for row in found:
        row.number = _number(row)
        row.deleted = "deleted" in row.cells
        row.shown = _is_shown(row)
        if "date" not in row.cells:
            signed = row.deleted or "rel" in row.cells or _cid(row) is not None
            row.is_mark = signed or row.node.css_first(".opt-ln, .gact, .user-operation") is not None
    return found


def subject_of(row: Row, key: SubjectKey, kind: Kind | UnsetType) -> Subject:
    """What the row tells of its subject."""
    cells = row.cells
    # The title of a removed game is no link any more.
    name = cells.get("title") or row.node.css_first(".title")
    titles = row.shape.titles(name) if name is not None else Titles()
    gone = titles.title is not UNSET and is_tombstone(titles.title)
    removed = gone or row.deleted
    brief = _brief(row)
    return Subject(
        key=key,
        kind=kind,
        title=UNSET if gone else titles.title or UNSET,
        title_cut=titles.cut,
        original_title=titles.original,
        other_titles=titles.others,
        subtitle=titles.subtitle,
        year=_year(brief) if key.medium is Medium.MOVIE else UNSET,
        cover=UNSET if removed else _cover(row),
        brief=brief or UNSET,
        removed=removed,
    )


def mark_of(row: Row, key: SubjectKey, account: str, status: Status) -> tuple[Mark, list[str]]:
    """The mark, and the codes of what is odd about it. ``status`` is that of the list's address."""
    cells = row.cells
    odd: list[str] = []
    when = cells["date"].text().strip() if "date" in cells else ""
    # What the row says of itself is better evidence than the address that it was asked for under.
    sign = _sign(row, when)
    if sign is not None and sign is not status:
        odd.append("status_mismatch")
    shown = row.shown
    comment, cut = _comment(row)
    shows_tags = "tags" in cells or (shown and (not row.shape.list_mode or "brief" in cells))
    if when and day(when) is None:
        odd.append("field_unreadable")
    mark = Mark(
        account=account,
        subject=key,
        status=sign or status,
        rating=_rating(row) if shown else UNSET,
        comment=comment,
        comment_cut=cut,
        tags=tags_of(cells["tags"].text() if "tags" in cells else "") if shows_tags else UNSET,
        marked_on=day(when) or UNSET,
        mark_id=_cid(row) or UNSET,
    )
    return mark, odd


def has_leftovers(row: Row) -> bool:
    """Whether the row says something that no field of ours has taken: then what seems empty may not be."""
    taken = {node.mem_id for node in (*row.cells.values(), *row.comments)}
    stack = [row.node.first_child]
    while stack:
        if (node := stack.pop()) is None:
            continue
        stack.append(node.next)
        if node.is_text_node:
            if (node.text_content or "").strip(" \t\r\n\xa0·"):
                return True
        elif node.is_element_node and node.mem_id not in taken and node.tag not in _QUIET_TAGS:
            names = classes(node)
            if _FURNITURE.isdisjoint(names):
                if node.first_child is None and any("rating" in name or "star" in name for name in names):
                    return True
                stack.append(node.first_child)
    return False


def _gather(tree: LexborHTMLParser, shape: Shape) -> list[Row]:
    """Rows and fields: one query a field over the page, far quicker than one a field and row.

    Each answer holds the rows and what is in them, in the order of the page: a match belongs to the row
    before it, and the query lets none through that is in no row.
    """
    nested = {node.mem_id for node in tree.css(f"{shape.row} {shape.row}")}
    rows: list[Row] = []
    holders: dict[int, Row] = {}
    for node in tree.css(shape.row):
        if node.mem_id not in nested:
            rows.append(Row(node, shape))
        holders[node.mem_id] = rows[-1]
    if not rows:
        return []
    for name, query in shape.queries.items():
        row = rows[0]
        for node in tree.css(query):
            if (found := holders.get(node.mem_id)) is not None:
                row = found
            elif name == "comment":
                # The comment stands before the buttons; what is behind them belongs to them.
                if not row.has_buttons:
                    row.has_buttons = not _BUTTONS.isdisjoint(classes(node))
                    row.comments += () if row.has_buttons else (node,)
            else:
                row.cells.setdefault(name, node)
    return rows


def _is_shown(row: Row) -> bool:
    own = row.cells.keys() & _OWN
    if own == {"date"} and row.deleted:
        return bool(row.cells["date"].text().strip())
    return bool(own) or any(map(written, row.comments))


def _number(row: Row) -> str | None:
    """The id of the subject: the row's own, that of its title's link, of any link, of its button to delete.

    Any link but one in the comment, which may hold the address of another subject.
    """
    if (own := _ROW_ID.fullmatch(row.node.id or "")) is not None:
        return own[1]
    title = row.cells.get("title")
    if title is not None and (found := _LINK.search(title.attributes.get("href") or "")) is not None:
        return found[1]
    if (found := _linked(row, ".pic a[href]")) is not None:
        return found
    buttons = row.node.css_first(".user-operation")
    if buttons is not None and (found := _THING.search(buttons.html or "")) is not None:
        return found[1]
    rel = row.cells.get("rel")
    if rel is not None and (found := _REL.fullmatch(rel.attributes.get("rel") or "")) is not None:
        return found[1]
    return _linked(row, "a[href*='/subject/']:not(.comment a)")


def _linked(row: Row, css: str) -> str | None:
    link = row.node.css_first(css)
    found = _LINK.search(link.attributes.get("href") or "") if link is not None else None
    return found[1] if found is not None else None


def _cid(row: Row) -> str | None:
    """Films have it on the row, books on the comment, list mode on the hidden block."""
    return row.cells.get("cid", row.node).attributes.get("data-cid")


def _sign(row: Row, when: str) -> Status | None:
    """The row's own word: ``rel="N:P"`` on its button to delete, or ``读过`` beside the date."""
    if (rel := row.cells.get("rel")) is not None:
        found = _REL.fullmatch(rel.attributes.get("rel") or "")
        if found is not None and found[1] == row.number:
            return _REL_STATUS[found[2]]
    if (word := _WORD.search(when)) is None:
        return None
    wish, doing, done = word.groups()
    return Status.WISH if wish else Status.DOING if doing else Status.DONE if done else None


def _rating(row: Row) -> int | None | UnsetType:
    if (stars := row.cells.get("stars")) is not None:
        given = stars.attributes.get("data-rating")
        if given in {"1", "2", "3", "4", "5"}:
            return int(given)
    if (node := row.cells.get("rating")) is None:
        return None
    name = node.attributes.get("class") or ""
    if (found := _RATING.search(name)) is not None:
        return int(found[1] or found[2])
    return None if _UNRATED.search(name) is not None else UNSET


def _comment(row: Row) -> tuple[str | None | UnsetType, bool]:
    """The comment, and whether it is only the beginning of one."""
    for node in reversed(row.comments):
        if not _is_frame(node, row):
            text, cut = shortened(node)
            if text:
                return text, cut
    return None if row.shown and not row.shape.list_mode else UNSET, False


def _is_frame(node: LexborNode, row: Row) -> bool:
    """Whether date, rating and tags are in there, or the buttons: what has no class may be anything."""
    if node.attributes.get("class"):
        return False
    inside = {cell.mem_id for name in _OWN if (cell := row.cells.get(name)) is not None}
    return any(each.mem_id in inside or not _BUTTONS.isdisjoint(classes(each)) for each in node.traverse())


def _cover(row: Row) -> str | None | UnsetType:
    """A row with nothing but a title may be of a removed subject: that it shows no cover says nothing."""
    cover = cover_of(row.cells["cover"]) if "cover" in row.cells else UNSET
    return UNSET if cover is None and not row.shown else cover


def _brief(row: Row) -> str:
    """The line under the title. That of a game is the first text of a box with all the rest in it."""
    if (cell := row.cells.get("brief")) is None:
        return ""
    if "desc" not in classes(cell):
        return line(cell)
    texts = (node.text_content or "" for node in cell.iter(include_text=True) if node.is_text_node)
    return next((text for each in texts if (text := one_line(each))), "")


def _year(brief: str) -> int | UnsetType:
    """The year of the first release: the intro of a film begins with its dates; nothing else has a place."""
    years: list[int] = []
    for part in brief.split(" / ", 12):
        if (release := _RELEASE.fullmatch(part)) is None:
            break
        years.append(int(release[1]))
    return min(years, default=UNSET)
