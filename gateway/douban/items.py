"""One interest of the mobile JSON: the person's mark and its subject, whatever of them is there.

The shapes are those of whole pages that people published; of stage dramas none is known. So any field may
be absent, ``null`` or of another type, and then it alone is lost: ``mend`` reads on without it.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.douban.text import LAYOUT
from gateway.douban.titles import is_tombstone
from gateway.douban.urls import subject_key
from gateway.model import BEIJING, Kind, Mark, Medium, Status, Subject, SubjectKey

__all__ = ["Item", "Told", "mend", "tell"]

Told = tuple[Mark, Subject, list[str]]
"""A mark, its subject, and the names of the fields that could not be read."""

_MEDIA = {kind: Medium.MOVIE if kind is Kind.TV else Medium(kind.value) for kind in Kind}
_KINDS = {kind.value: kind for kind in Kind}
_STARS = {1.0: 1, 2.0: 2, 3.0: 3, 4.0: 4, 5.0: 5}
_BEST = 10.0
_APP = re.compile(r"douban://douban\.com/([a-z]+)/([0-9]{1,20})(?![0-9])", re.ASCII)
_SHARED = re.compile(r"/subject/([0-9]{1,20})/interest/", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_YEAR = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])", re.ASCII)
_PLACEHOLDER = re.compile(r"/(?:f|cuphead)/|^data:")


class _Said(StrEnum):
    """What is 想 on the pages is ``mark`` here."""

    WISH = "mark"
    DOING = "doing"
    DONE = "done"


_SAID = {said.value: said for said in _Said}
_STATUSES = {said: Status[said.name] for said in _Said}


class _Rating(Struct, gc=False):
    """``value`` is out of ``max``: 5 for the person's own, 10 for the public one. ``star_count`` is out of 5."""

    value: float | None = None
    max: float | None = None
    star_count: float | None = None
    count: int | None = None


class _Named(Struct, gc=False):
    name: str


class _Platform(Struct, gc=False):
    name: str
    cn_name: str | None = None


class _Picture(Struct, gc=False):
    large: str | None = None
    normal: str | None = None


_Names = list[_Named] | None
_Texts = tuple[str, ...] | None


class _Subject(Struct, gc=False):
    id: Annotated[str, Meta(pattern="^[0-9]{1,20}$")]
    type: Kind
    subtype: str | None = None
    title: str | None = None
    """Empty where nothing is left of the subject."""
    cn_name: str | None = None
    original_title: str | None = None
    aka: _Texts = None
    book_subtitle: str | None = None
    year: str | int | None = None
    pubdate: _Texts = None
    release_date: str | None = None
    card_subtitle: str | None = None
    rating: _Rating | None = None
    pic: _Picture | None = None
    cover_url: str | None = None
    genres: _Texts = None
    countries: _Texts = None
    languages: _Texts = None
    durations: _Texts = None
    episodes_count: int | None = None
    directors: _Names = None
    actors: _Names = None
    singer: _Names = None
    author: _Texts = None
    translator: _Texts = None
    press: _Texts = None
    pages: _Texts = None
    platforms: list[_Platform] | None = None
    intro: str | None = None


class Item(Struct, gc=False):
    """An interest that is as it should be."""

    status: _Said
    subject: _Subject
    id: int | str = ""
    create_time: datetime | None = None
    rating: _Rating | None | UnsetType = UNSET
    comment: str | None | UnsetType = UNSET
    tags: _Texts | UnsetType = UNSET
    is_private: bool | None | UnsetType = UNSET


_FIELDS = {shape: msgspec.structs.fields(shape) for shape in (Item, _Subject)}
_Shape = TypeVar("_Shape", bound=Struct)
_name = attrgetter("name")


def tell(item: Item, account: str) -> Told:
    """What an interest says."""
    subject = item.subject
    key = SubjectKey(_MEDIA[subject.type], subject.id)
    rating = UNSET if item.rating is UNSET else _stars(item.rating)
    on: date | UnsetType = UNSET
    at: datetime | UnsetType = UNSET
    if (said := item.create_time) is not None:
        at = said.replace(tzinfo=BEIJING) if said.tzinfo is None else said.astimezone(BEIJING)
        on = at.date()
    mark = Mark(
        account=account,
        subject=key,
        status=_STATUSES[item.status],
        rating=rating,
        comment=_written(item.comment) if item.comment else UNSET if item.comment is UNSET else None,
        tags=_texts(item.tags) if item.tags else UNSET if item.tags is UNSET else (),
        marked_on=on,
        marked_at=at,
        private=UNSET if item.is_private is None else item.is_private,
        mark_id=str(item.id) or UNSET,
    )
    return mark, _about(key, subject), ["rating"] if rating is UNSET and item.rating is not UNSET else []


def mend(thing: object, account: str, medium: Medium | None, status: Status | None) -> Told | None:
    """What an interest says that is not quite as it should be; None if it does not say of which subject.

    ``medium`` and ``status`` are those that the page was asked for.
    """
    facts, told = _dict(thing), _dict(_dict(thing).get("subject"))
    said = _SAID.get(str(facts.get("status"))) or (_Said[status.name] if status is not None else None)
    if said is None or (key := _key(facts, told, medium)) is None:
        return None
    kind = _KINDS.get(str(told.get("type")))
    fits = kind is not None and _MEDIA[kind] is key.medium
    odd: list[str] = []
    right: dict[str, object] = {"id": key.id, "type": kind if fits else Kind(key.medium.value)}
    subject = _fields(_Subject, told or {"title": ""}, right, odd)
    item = _fields(Item, facts, {"status": said, "subject": subject}, odd)
    mark, shown, strange = tell(item, account)
    if not fits and key.medium is Medium.MOVIE:  # a film or a series; nobody says which
        shown = msgspec.structs.replace(shown, kind=UNSET)
    return mark, shown, odd + strange


def _about(key: SubjectKey, told: _Subject) -> Subject:
    title = told.title
    gone = title is not None and (not title or (title.startswith("未知") and is_tombstone(title)))
    if gone:
        return Subject(key=key, kind=_kind(told), removed=True)
    first, original = _titles(told)
    released = _texts(told.pubdate) or ((told.release_date,) if told.release_date else UNSET)
    score, votes = _score(told.rating)
    return Subject(
        key=key,
        kind=_kind(told),
        title=first,
        original_title=original,
        other_titles=_texts(told.aka),
        subtitle=told.book_subtitle or UNSET,
        year=_year(told.year, released),
        countries=_texts(told.countries),
        languages=_texts(told.languages),
        genres=_texts(told.genres),
        directors=_names(told.directors),
        cast=_names(told.actors),
        authors=_texts(told.author),
        translators=_texts(told.translator),
        performers=_names(told.singer),
        platforms=tuple(each.cn_name or each.name for each in told.platforms) if told.platforms else UNSET,
        publisher=" / ".join(told.press) if told.press else UNSET,
        released=released,
        pages=told.pages[0] if told.pages else UNSET,
        durations=_texts(told.durations),
        episodes=told.episodes_count or UNSET,
        cover=_cover(told),
        score=score,
        votes=votes,
        intro=_written(told.intro) or UNSET if told.intro else UNSET,
        brief=told.card_subtitle or UNSET,
    )


def _kind(told: _Subject) -> Kind:
    if told.type is Kind.MOVIE or told.type is Kind.TV:
        return Kind.TV if told.subtype == "tv" else Kind.MOVIE if told.subtype == "movie" else told.type
    return told.type


def _titles(told: _Subject) -> tuple[str | UnsetType, str | UnsetType]:
    """The first title and the original one. Games write both as one, and the first one again."""
    title, first = (told.title or "").strip(LAYOUT), told.cn_name
    if first and title.startswith(first + " "):
        return first, title[len(first) :].strip() or UNSET
    return title or UNSET, told.original_title or UNSET


def _stars(rating: _Rating | None) -> int | None | UnsetType:
    """Stars of the person's own rating; None without one, UNSET for what is none (half a star)."""
    if rating is None:
        return None
    stars = rating.value * 5 / (rating.max or 5) if rating.value else rating.star_count
    return _STARS.get(stars, UNSET) if stars else None


def _score(rating: _Rating | None) -> tuple[float | None | UnsetType, int | None | UnsetType]:
    """The public score and the number of ratings; None while there are too few."""
    if rating is None or rating.value is None:
        return UNSET, UNSET
    return rating.value if 0 < rating.value <= _BEST else None, rating.count or None


def _year(said: str | int | None, released: tuple[str, ...] | UnsetType) -> int | UnsetType:
    found = _YEAR.search(str(said)) if said else _YEAR.search(released[0]) if released else None
    return int(found[0]) if found is not None else UNSET


def _cover(told: _Subject) -> str | None | UnsetType:
    pic = told.pic
    source = (
        (pic.large if pic is not None else None)
        or told.cover_url
        or (pic.normal if pic is not None else None)
    )
    if source is None:
        return UNSET
    return None if not source or _PLACEHOLDER.search(source) else source


def _written(text: str) -> str | None:
    """What a person wrote, with the line breaks that a page of the same text has."""
    text = text.strip(LAYOUT)
    return (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text) or None


def _texts(values: _Texts) -> tuple[str, ...] | UnsetType:
    return tuple(filter(None, values)) or UNSET if values else UNSET


def _names(values: _Names) -> tuple[str, ...] | UnsetType:
    return tuple(filter(None, map(_name, values))) or UNSET if values else UNSET


def _dict(thing: object) -> dict[str, object]:
    return cast("dict[str, object]", thing) if isinstance(thing, dict) else {}


def _key(facts: Mapping[str, object], told: Mapping[str, object], medium: Medium | None) -> SubjectKey | None:
    """The subject: its type and number, else any of its addresses, else the medium that was asked for."""
    number = str(told.get("id"))
    kind = _KINDS.get(str(told.get("type")))
    numbered = _ID.fullmatch(number) is not None
    if kind is not None and numbered:
        return SubjectKey(_MEDIA[kind], number)
    for address in (str(told.get(name)) for name in ("url", "sharing_url", "uri")):
        if (key := subject_key(address)) is not None:
            return key
        if (app := _APP.match(address)) is not None and app[1] in _KINDS:
            return SubjectKey(_MEDIA[_KINDS[app[1]]], app[2])
    if medium is None:
        return None
    shared = _SHARED.search(str(facts.get("sharing_url")))
    return SubjectKey(medium, number) if numbered else SubjectKey(medium, shared[1]) if shared else None


def _fields(
    shape: type[_Shape], facts: Mapping[str, object], right: dict[str, Any], odd: list[str]
) -> _Shape:
    """All fields that can be read, and those that are known already; ``odd`` gets the names of the others."""
    read = dict(right)
    for field in _FIELDS[shape]:
        if field.name in facts and field.name not in read:
            try:
                read[field.name] = msgspec.convert(facts[field.name], field.type, strict=False)
            except msgspec.ValidationError:
                odd.append(field.name)
                if parts := _parts(facts[field.name], field.type):
                    read[field.name] = parts
    return shape(**read)


def _parts(value: object, kind: Any) -> Any:
    """Of a list what can be read: people are ``{"name": …}`` for some media and bare names for others."""
    found: list[Any] = []
    for each in cast("list[object]", value) if isinstance(value, list) else [value]:
        for form in (each, {"name": each}, _dict(each).get("name")):
            with suppress(msgspec.ValidationError):
                found += msgspec.convert([form], kind, strict=False)
                break
    return msgspec.convert(found, kind, from_attributes=True) if found else None
