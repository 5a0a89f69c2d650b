"""Which marks go into which table: the layouts that a person chooses from.

A subject belongs to a class: its kind, and for films and series whether it is a documentary. A shelf is the
classes that one table shows.
"""

from enum import StrEnum

from msgspec import Struct

from gateway.errors import Words
from gateway.model import Kind, Medium, Subject

DOCUMENTARY = "纪录片"
"""The genre that makes one."""
_SUFFIX = " documentary"

SQL_CLASS = f"""CASE WHEN medium <> '{Medium.MOVIE}' THEN medium
    ELSE ifnull(body ->> '$.kind', '{Kind.MOVIE}')
    || CASE WHEN body ->> '$.genres' LIKE '%"{DOCUMENTARY}"%' THEN '{_SUFFIX}' ELSE '' END END"""
"""The class of a row of the table ``subject``, as ``class_of`` has it."""
CLASS = "ifnull(mark.placed, subject.class)"
"""The class that the subject of a mark counts as, where ``mark`` and ``subject`` are joined."""


class Shelf(Struct, frozen=True):
    """What one table shows."""

    name: str
    titles: Words
    """The table's name."""
    classes: tuple[str, ...]


class Layout(StrEnum):
    """How the library is divided into tables."""

    ONE = "one"
    KINDS = "kinds"
    THREE = "three"
    FOUR = "four"


def class_of(medium: Medium, subject: Subject) -> str:
    """The class of a subject. Lists do not tell films from series: what is not known to be one is a film."""
    if medium is not Medium.MOVIE:
        return medium
    kind = subject.kind if isinstance(subject.kind, Kind) else Kind.MOVIE
    return kind + (_SUFFIX if subject.genres and DOCUMENTARY in subject.genres else "")


def told(subject: Subject) -> tuple[str, bool]:
    """The class of a subject, and whether a page said so."""
    return class_of(subject.key.medium, subject), isinstance(subject.kind, Kind)


def kind_of(name: str) -> Kind:
    """The kind of the subjects of a class."""
    return Kind(name.removesuffix(_SUFFIX))


_FILM, _SERIES = Kind.MOVIE.value, Kind.TV.value
_FILM_DOCUMENTARY, _SERIES_DOCUMENTARY = _FILM + _SUFFIX, _SERIES + _SUFFIX
_CLASSES = (*(kind.value for kind in Kind), _FILM_DOCUMENTARY, _SERIES_DOCUMENTARY)

_SCREEN = frozenset({_FILM, _SERIES, _FILM_DOCUMENTARY, _SERIES_DOCUMENTARY})

_BOOKS = Shelf("book", Words("豆瓣图书", "Douban books"), ("book",))
_FILMS, _SERIES_NAME = Words("豆瓣电影", "Douban films"), Words("豆瓣剧集", "Douban series")

SHELVES: dict[Layout, tuple[Shelf, ...]] = {
    Layout.ONE: (Shelf("all", Words("豆瓣标记", "Douban marks"), _CLASSES),),
    Layout.KINDS: (
        _BOOKS,
        Shelf("movie", _FILMS, (_FILM, _FILM_DOCUMENTARY)),
        Shelf("tv", _SERIES_NAME, (_SERIES, _SERIES_DOCUMENTARY)),
        Shelf("music", Words("豆瓣音乐", "Douban music"), ("music",)),
        Shelf("game", Words("豆瓣游戏", "Douban games"), ("game",)),
        Shelf("drama", Words("豆瓣舞台剧", "Douban stage"), ("drama",)),
    ),
    Layout.THREE: (
        _BOOKS,
        Shelf("movie", _FILMS, (_FILM,)),
        Shelf(
            "tv",
            Words("豆瓣剧集与纪录片", "Douban series and documentaries"),
            (_SERIES, _FILM_DOCUMENTARY, _SERIES_DOCUMENTARY),
        ),
    ),
    Layout.FOUR: (
        _BOOKS,
        Shelf("movie", _FILMS, (_FILM,)),
        Shelf("tv", _SERIES_NAME, (_SERIES,)),
        Shelf(
            "documentary",
            Words("豆瓣纪录片", "Douban documentaries"),
            (_FILM_DOCUMENTARY, _SERIES_DOCUMENTARY),
        ),
    ),
}
"""The tables of each layout. Three and four are for readers and viewers: they leave the other kinds in the library."""


def may_become(one: str, other: str) -> bool:
    """Whether a subject of one class may turn out to be of the other: lists take all that is on a screen for films."""
    return one == other or {one, other} <= _SCREEN
