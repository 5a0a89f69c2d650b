"""How one mark looks in the cells of a record: each function gives a cell in Feishu's write shape."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType

from gateway.errors import Words
from gateway.model import Kind, Mark, Medium, Status, Subject, now

TEXT_BUDGET = 90_000
"""Longest text of a cell, in UTF-16 units of its JSON spelling: Feishu refuses 100,000 of them (1254130)."""
_CUT = "…（已截断）"
_MOST_OPTIONS = 1000
"""Options of one cell."""

KINDS = {
    Kind.BOOK: Words("图书", "Book"),
    Kind.MOVIE: Words("电影", "Film"),
    Kind.TV: Words("剧集", "Series"),
    Kind.MUSIC: Words("音乐", "Music"),
    Kind.GAME: Words("游戏", "Game"),
    Kind.DRAMA: Words("舞台剧", "Stage"),
}
_VERBS = {Medium.BOOK: "读", Medium.MOVIE: "看", Medium.MUSIC: "听", Medium.GAME: "玩", Medium.DRAMA: "看"}
_STATUSES_EN = {Status.WISH: "Wish", Status.DOING: "Doing", Status.DONE: "Done"}
_PAGES = {
    Medium.BOOK: "https://book.douban.com/subject/{}/",
    Medium.MOVIE: "https://movie.douban.com/subject/{}/",
    Medium.MUSIC: "https://music.douban.com/subject/{}/",
    Medium.GAME: "https://www.douban.com/game/{}/",
    Medium.DRAMA: "https://www.douban.com/location/drama/{}/",
}
_DAY = re.compile(r"([12][0-9]{3})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])", re.ASCII)


class Shown(Struct, frozen=True):
    """What one record shows."""

    mark: Mark
    subject: Subject
    zone: ZoneInfo
    """The Bitable's own time zone: a day is its midnight there."""
    language: str
    """``zh`` or ``en``: the language of the option names."""
    removed: bool = False
    """The person took the mark away on Douban."""


Cell = Callable[[Shown], Any]
"""The value in Feishu's write shape; None for an empty cell, UNSET to leave the cell alone."""


def kind_name(kind: Kind, language: str) -> str:
    return KINDS[kind].en if language == "en" else KINDS[kind].zh


def media_of(kind: str) -> set[Medium] | None:
    """The media whose records may have this in the kind column; None for a name that is not of our giving."""
    kinds = [each for each, names in KINDS.items() if kind in {names.zh, names.en}]
    return {Medium.MOVIE if each is Kind.TV else Medium(each) for each in kinds} or None


_REMOVED = Words("已取消", "Removed")


def status_name(medium: Medium, status: Status, language: str) -> str:
    """想读, 在看, 听过, …; in English without the verb."""
    if language == "en":
        return _STATUSES_EN[status]
    verb = _VERBS[medium]
    return {Status.WISH: f"想{verb}", Status.DOING: f"在{verb}", Status.DONE: f"{verb}过"}[status]


def page_of(medium: Medium, subject_id: str) -> str:
    """The address of a subject's page on Douban."""
    return _PAGES[medium].format(subject_id)


def fit(text: str) -> str:
    """The text, cut with a visible mark if no cell could hold it."""
    if len(text) * 6 <= TEXT_BUDGET or _spelled(text) <= TEXT_BUDGET:  # even were each character escaped
        return text
    ends, room = range(TEXT_BUDGET), TEXT_BUDGET - len(_CUT)
    return text[: bisect_right(ends, room, key=lambda end: _spelled(text[:end])) - 1] + _CUT


def _spelled(text: str) -> int:
    """UTF-16 units of the text in JSON."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-16-le")) // 2 - 2


# --- cells of the mark


def status(shown: Shown) -> str:
    if shown.removed:  # an option that Feishu makes when it is written first: most tables never need it
        return _REMOVED.en if shown.language == "en" else _REMOVED.zh
    return status_name(shown.mark.subject.medium, shown.mark.status, shown.language)


def rating(shown: Shown) -> object:
    return _plain(shown.mark.rating)


def comment(shown: Shown) -> str | None:
    text = _text(shown.mark.comment)
    return f"{text}…" if text and shown.mark.comment_cut else text


def tags(shown: Shown) -> list[str] | None:
    return _options(shown.mark.tags)


def marked_on(shown: Shown) -> int | None:
    """Milliseconds of the day's midnight in the Bitable's zone."""
    day = shown.mark.marked_on
    return _midnight(day, shown.zone) if day is not UNSET and day is not None else None


def private(shown: Shown) -> bool | UnsetType:
    return shown.mark.private


def page(shown: Shown) -> dict[str, str]:
    address = page_of(shown.mark.subject.medium, shown.mark.subject.id)
    return {"link": address, "text": address}


def subject_id(shown: Shown) -> str:
    return shown.mark.subject.id


def written_at(_shown: Shown) -> int:
    """Milliseconds of this moment."""
    return int(now().timestamp() * 1000)


# --- cells of the subject


def kind(shown: Shown) -> str:
    known = shown.subject.kind
    return kind_name(known if isinstance(known, Kind) else Kind(shown.mark.subject.medium), shown.language)


def text(field: str) -> Cell:
    """A text of the subject, or a list as Douban writes lists."""
    return lambda shown: _text(getattr(shown.subject, field))


def number(field: str) -> Cell:
    """A number of the subject."""
    return lambda shown: _plain(getattr(shown.subject, field))


def options(field: str) -> Cell:
    """A list of the subject as the options of a cell."""
    return lambda shown: _options(getattr(shown.subject, field))


def released(shown: Shown) -> int | None:
    """The first day of all that are given to the day; of a year or a month alone there is no day to show."""
    days = [day for each in shown.subject.released or () if (day := _day(each)) is not None]
    return _midnight(min(days), shown.zone) if days else None


def creators(shown: Shown) -> str | None:
    """Who made it: the first of these that is known."""
    told = shown.subject
    people = (told.authors, told.directors, told.performers, told.developers, told.troupes)
    return next((_text(each) for each in people if each), None)


def _text(value: object) -> str | None:
    if isinstance(value, tuple):
        value = " / ".join(str(each) for each in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # a tuple of texts
    return fit(value) if isinstance(value, str) and value else None


def _options(values: tuple[str, ...] | UnsetType) -> list[str] | None:
    return list(dict.fromkeys(values))[:_MOST_OPTIONS] if values else None


def _plain(value: object) -> object:
    return None if value is UNSET else value


def _day(text: str) -> date | None:
    """The day of ``2026-01-23(中国大陆)``."""
    if (found := _DAY.match(text)) is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)
