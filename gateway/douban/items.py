"""One interest of the mobile JSON: the person's mark and its subject, whatever of them is there.

The shapes are those of whole pages that people published; of stage dramas none is known. So any field may
be absent, ``null`` or of another type, and then it alone is lost: ``mend`` reads on without it.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from gateway.douban.text import LAYOUT, cover_of
from gateway.douban.titles import is_tombstone
from gateway.douban.urls import subject_key
from gateway.model import BEIJING, Kind, Mark, Medium, Status, Subject, SubjectKey

__all__ = ["Item", "Told", "mend", "tell"]

Told = tuple[Mark, Subject, tuple[str, ...]]
"""A mark, its subject, and the names of the fields that could not be read."""

_KINDS = {kind.value: (kind, Medium.MOVIE if kind is Kind.TV else Medium(kind.value)) for kind in Kind}
_SCREEN = frozenset((Kind.MOVIE.value, Kind.TV.value))
_STARS = {1.0: 1, 2.0: 2, 3.0: 3, 4.0: 4, 5.0: 5}
_BEST = 10.0
_APP = re.compile(r"douban://douban\.com/([a-z]+)/([0-9]{1,20})(?![0-9])", re.ASCII)
_SHARED = re.compile(r"/subject/([0-9]{1,20})/interest/", re.ASCII)
_YEAR = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)


_STATUSES = {"mark": Status.WISH, "doing": Status.DOING, "done": Status.DONE}
"""What is 想 on the pages is ``mark`` here."""


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


_NO_PICTURE = _Picture()
_NOBODY = Raw()
"""Actors are an array of ``{"name": …}``."""
_Texts = tuple[str, ...] | None


class _Subject(Struct, gc=False):
    """In the order of Douban's own pages: the decoder looks for the next field behind the last one."""

    id: str
    type: str
    rating: _Rating | None | UnsetType = UNSET
    pubdate: _Texts = None
    pic: _Picture | None = None
    year: str | int | None = None
    card_subtitle: str | None = None
    book_subtitle: str | None = None
    genres: _Texts = None
    title: str | None = None
    """Empty where nothing is left of the subject."""
    author: _Texts = None
    actors: Raw = _NOBODY
    singer: list[_Named] | None = None
    cover_url: str | None = None
    press: _Texts = None
    pages: _Texts = None
    release_date: str | None = None
    subtype: str | None = None
    directors: list[_Named] | None = None
    intro: str | None = None
    cn_name: str | None = None
    platforms: list[_Platform] | None = None
    translator: _Texts = None
    original_title: str | None = None
    aka: _Texts = None
    countries: _Texts = None
    languages: _Texts = None
    durations: _Texts = None
    episodes_count: int | None = None


class Item(Struct, gc=False):
    """An interest that is as it should be."""

    status: str
    subject: _Subject
    comment: str | None | UnsetType = UNSET
    rating: _Rating | None | UnsetType = UNSET
    tags: _Texts | UnsetType = UNSET
    create_time: datetime | None = None
    """Without a zone; it is UTC+8."""
    id: int | str = ""
    is_private: bool | None | UnsetType = UNSET


_FIELDS: dict[type[Struct], tuple[msgspec.structs.FieldInfo, ...]] = {
    shape: msgspec.structs.fields(shape) for shape in (Item, _Subject)
}


def _taking(form: object) -> frozenset[str]:
    """The fields that are lists of that."""
    names: set[str] = set()
    for field in (field for fields in _FIELDS.values() for field in fields):
        with suppress(msgspec.ValidationError):
            msgspec.convert([form], field.type)
            names.add(field.name)
    return frozenset(names)


_TEXTS, _PEOPLE = _taking(""), _taking({"name": ""}) | {"actors"}
_MOST_ELEMENTS = 500
"""Of a list that is not as it should be."""
_people = msgspec.json.Decoder(list[_Named] | None)
_SPACED = '[{"name": "', '"}, {"name": "'
_CLOSE = '[{"name":"', '"},{"name":"'
_Shape = TypeVar("_Shape", bound=Struct)


def tell(item: Item, account: str) -> Told | None:
    """What an interest says; None if it is not as it should be. Raises ValidationError for names that are none."""
    about = item.subject
    status, known = _STATUSES.get(item.status), _KINDS.get(about.type)
    if status is None or known is None or not (about.id.isdecimal() and about.id.isascii()):
        return None
    key = SubjectKey(known[1], about.id)
    rating = UNSET if item.rating is UNSET else _stars(item.rating)
    on: date | UnsetType = UNSET
    at: datetime | UnsetType = UNSET
    if (said := item.create_time) is not None:
        if said.tzinfo is not None:
            said = said.astimezone(BEIJING)
        on = said.date()
        at = datetime.combine(on, said.time(), BEIJING)
    mark = Mark(
        account=account,
        subject=key,
        status=status,
        rating=rating,
        comment=_written(item.comment) if item.comment else UNSET if item.comment is UNSET else None,
        tags=UNSET if item.tags is UNSET else item.tags or (),
        marked_on=on,
        marked_at=at,
        private=UNSET if item.is_private is None else item.is_private,
        mark_id=str(item.id) or UNSET,
    )
    return mark, _subject(key, known[0], about), ("rating",) if rating is UNSET is not item.rating else ()


def mend(thing: object, account: str, medium: Medium | None, status: Status | None) -> Told | None:
    """What an interest says that is not quite as it should be; None if it does not say of which subject.

    ``medium`` and ``status`` are those that the page was asked for.
    """
    facts, about = _dict(thing), _dict(_dict(thing).get("subject"))
    asked = next((said for said, each in _STATUSES.items() if each is status), None)
    said = str(facts.get("status")) if str(facts.get("status")) in _STATUSES else asked
    if said is None or (key := _key(facts, about, medium)) is None:
        return None
    kind, own = _KINDS.get(str(about.get("type")), (None, None))
    odd: list[str] = []
    right = {"id": key.id, "type": kind.value if kind is not None and own is key.medium else key.medium.value}
    subject = _fields(_Subject, about or {"title": ""}, right, odd)
    told = tell(_fields(Item, facts, {"status": said, "subject": subject}, odd), account)
    assert told is not None
    mark, shown, strange = told
    if kind is None and key.medium is Medium.MOVIE:  # a film or a series; nobody says which
        shown = msgspec.structs.replace(shown, kind=UNSET)
    return mark, shown, (*odd, *strange)


def _subject(key: SubjectKey, kind: Kind, told: _Subject) -> Subject:
    """``subtype`` knows better which of the two a film or series is; it is empty where the subject is gone."""
    if told.subtype != told.type and told.subtype in _SCREEN and told.type in _SCREEN:
        kind = _KINDS[told.subtype][0]
    title = (told.title or "").strip(LAYOUT)
    if told.title is not None and (not title or (title.startswith("未知") and is_tombstone(title))):
        return Subject(key=key, kind=kind, removed=True)
    released = told.pubdate or ((told.release_date,) if told.release_date else UNSET)
    score, votes = _score(told.rating)
    more = _more(told, title)
    shown = Subject(
        key=key,
        kind=kind,
        title=title or UNSET,
        year=_year(told.year, released),
        genres=told.genres or UNSET,
        directors=_names(told.directors),
        cast=_cast(told.actors),
        released=released,
        cover=_cover(told),
        score=score,
        votes=votes,
        brief=told.card_subtitle or UNSET,
    )
    return msgspec.structs.replace(shown, **more) if more else shown


def _more(told: _Subject, title: str) -> dict[str, Any]:
    """What only some media have: to pass all of it for each film would take as long as the rest."""
    more: dict[str, Any] = {}
    if told.author is not None or told.press is not None:
        more = {
            "authors": told.author or UNSET,
            "translators": told.translator or UNSET,
            "publisher": " / ".join(told.press or ()) or UNSET,
            "pages": told.pages[0] if told.pages else UNSET,
            "subtitle": told.book_subtitle or UNSET,
        }
    if told.singer:
        more["performers"] = _names(told.singer)
    if told.platforms:
        more["platforms"] = tuple(each.cn_name or each.name for each in told.platforms)
    if (first := told.cn_name) and title.startswith(first + " "):
        # Games write both titles as one, and the first one again.
        more |= {"title": first, "original_title": title[len(first) :].strip() or UNSET}
    if told.countries or told.durations or told.original_title or told.aka:
        more |= {
            "original_title": told.original_title or UNSET,
            "other_titles": told.aka or UNSET,
            "countries": told.countries or UNSET,
            "languages": told.languages or UNSET,
            "durations": told.durations or UNSET,
            "episodes": told.episodes_count or UNSET,
        }
    if told.intro:
        more["intro"] = _written(told.intro) or UNSET
    return more


def _names(people: list[_Named] | None) -> tuple[str, ...] | UnsetType:
    return tuple([each.name.strip() for each in people]) if people else UNSET


def _cast(raw: Raw) -> tuple[str, ...] | UnsetType:
    """The names in the array of actors: half of the strings of a page.

    They are decoded all at once and then split, in half of the time. The count of quotation marks shows
    whether there is anything else in the array; it is then decoded like any other.
    """
    if raw is _NOBODY:
        return UNSET
    text = str(raw, "utf-8")
    opening, between = _SPACED if text.startswith(_SPACED[0]) else _CLOSE
    names = text[len(opening) : -3].split(between)
    if (
        text.count('"') == 4 * len(names)
        and text.startswith(opening)
        and text.endswith('"}]')
        and "\\" not in text
        and ' "}' not in text
    ):
        return tuple(names)
    return _names(_people.decode(raw))


def _stars(rating: _Rating | None) -> int | None | UnsetType:
    """Stars of the person's own rating; None without one, UNSET for what is none (half a star)."""
    if rating is None:
        return None
    stars = rating.value * 5 / (rating.max or 5) if rating.value else rating.star_count
    return _STARS.get(stars, UNSET) if stars else None


def _score(rating: _Rating | None | UnsetType) -> tuple[float | None | UnsetType, int | None | UnsetType]:
    """The public score and the number of ratings; None while there are too few."""
    if rating is None:  # 暂无评分
        return None, None
    if rating is UNSET or rating.value is None:
        return UNSET, UNSET
    return rating.value if 0 < rating.value <= _BEST else None, rating.count or None


def _year(said: str | int | None, released: tuple[str, ...] | UnsetType) -> int | UnsetType:
    text = str(said or (released and released[0]) or "")
    if len(text) == 4 and text.isdecimal():  # noqa: PLR2004  as films have it
        return int(text) or UNSET
    found = _YEAR.search(text)
    return int(found[0]) if found is not None else UNSET


def _cover(told: _Subject) -> str | None | UnsetType:
    pic = told.pic or _NO_PICTURE
    source = pic.large or told.cover_url or pic.normal
    return cover_of(source) if source is not None else UNSET


def _written(text: str) -> str | None:
    """What a person wrote, with the line breaks that a page of the same text has."""
    text = text.strip(LAYOUT)
    return (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text) or None


def _dict(thing: object) -> dict[str, object]:
    return cast("dict[str, object]", thing) if isinstance(thing, dict) else {}


def _key(
    facts: Mapping[str, object], about: Mapping[str, object], medium: Medium | None
) -> SubjectKey | None:
    """The subject: its type and number, else any of its addresses, else the medium that was asked for."""
    number = str(about.get("id"))
    kind = _KINDS.get(str(about.get("type")))
    numbered = _ID.fullmatch(number) is not None
    if kind is not None and numbered:
        return SubjectKey(kind[1], number)
    for address in (str(about.get(name)) for name in ("url", "sharing_url", "uri")):
        if (key := subject_key(address)) is not None:
            return key
        if (app := _APP.match(address)) is not None and app[1] in _KINDS:
            return SubjectKey(_KINDS[app[1]][1], app[2])
    if medium is None:
        return None
    shared = _SHARED.search(str(facts.get("sharing_url")))
    return SubjectKey(medium, number) if numbered else SubjectKey(medium, shared[1]) if shared else None


def _fields(
    shape: type[_Shape], facts: Mapping[str, object], right: Mapping[str, object], odd: list[str]
) -> _Shape:
    """All fields that can be read, and those that are known already; ``odd`` gets the names of the others."""
    read: dict[str, Any] = dict(right)
    for name, kind in ((field.name, field.type) for field in _FIELDS[shape] if field.name in facts):
        if name in right:
            continue
        if name == "actors":
            parts, whole = _parts(name, facts[name])
            read[name] = Raw(msgspec.json.encode(parts))
            odd += () if whole else (name,)
            continue
        try:
            read[name] = msgspec.convert(facts[name], kind, strict=False)
        except msgspec.ValidationError:
            odd.append(name)
            if parts := _parts(name, facts[name])[0]:
                read[name] = msgspec.convert(parts, kind)
    return shape(**read)


def _parts(name: str, value: object) -> tuple[list[Any] | None, bool]:
    """Of a list what can be read, and whether that is all of it.

    People are ``{"name": …}`` for some media and bare names for others.
    """
    if value is None or not (name in _TEXTS or name in _PEOPLE):
        return None, value is None
    things = cast("list[object]", value) if isinstance(value, list) else [value]
    found: list[Any] = []
    for each in things[:_MOST_ELEMENTS]:
        facts = _dict(each)
        called = each if isinstance(each, str) else facts.get("name")
        if isinstance(called, str):
            named = {key: said for key in ("name", "cn_name") if isinstance(said := facts.get(key), str)}
            found.append(called if name in _TEXTS else named or {"name": called})
    return found or None, len(found) == len(things)
