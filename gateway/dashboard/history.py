"""A mark's past in plain words, in both languages."""

from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec import Struct

from gateway.catalogue import Past
from gateway.dashboard.words import say
from gateway.feishu.values import status_name
from gateway.model import Medium, Status


class Told(Struct, frozen=True):
    """One step of the past."""

    day: str
    """When the person did it, as far as Douban says; else when a page showed it."""
    line: str
    """What became of the mark."""
    comments: tuple[str, ...]
    """The comment before and after, where it was changed."""
    past: Past


def told(language: str, medium: Medium, past: Past) -> Told:
    """``想看 → 看过 · ★★★★☆``."""
    fields = past.fields
    lines = [_of_what(language, past)]
    lines += [
        words(language, medium, *fields[name], first=past.what == "new")
        for name, words in _FIELDS.items()
        if name in fields
    ]
    marked_on = fields.get("marked_on", (None, None))[1]
    day = marked_on if _is_day(marked_on) else f"{past.at.astimezone():%Y-%m-%d}"
    comments = tuple(text for text in fields.get("comment", ()) if isinstance(text, str) and text)
    return Told(day, " · ".join(line for line in lines if line), comments, past)


def stars(rating: int | None) -> str:
    """Of five."""
    return "★" * rating + "☆" * (5 - rating) if rating else ""


def _of_what(language: str, past: Past) -> str:
    """What is not in the fields."""
    if past.what == "changed":
        return ""
    return say(language, f"past_{past.what}")


def _status(language: str, medium: Medium, old: Any, new: Any, *, first: bool) -> str:
    del first
    return _step(*(status_name(medium, Status(each), language) if each else "" for each in (old, new)))


def _rating(language: str, _medium: Medium, old: Any, new: Any, *, first: bool) -> str:
    if new is None:
        return "" if first or old is None else say(language, "past_unrated", stars=stars(old))
    return _step(stars(old), stars(new))


def _comment(language: str, _medium: Medium, old: Any, new: Any, *, first: bool) -> str:
    if not old and not new:
        return ""
    if first or not old:
        return say(language, "past_comment")
    return say(language, "past_comment_changed" if new else "past_comment_gone")


def _tags(language: str, _medium: Medium, old: Any, new: Any, *, first: bool) -> str:
    del first
    comma = say(language, "comma")
    if not old and not new:
        return ""
    if not new:
        return say(language, "past_tags_gone", tags=comma.join(old))
    return say(language, "past_tags", tags=_step(comma.join(old or ()), comma.join(new)))


def _marked_on(language: str, _medium: Medium, old: Any, new: Any, *, first: bool) -> str:
    return "" if first or not (old and new) else say(language, "past_day", days=_step(old, new))


def _private(language: str, _medium: Medium, old: Any, new: Any, *, first: bool) -> str:
    if bool(old) == bool(new) or (first and not new):
        return ""
    return say(language, "past_private" if new else "past_public")


_FIELDS: dict[str, Callable[..., str]] = {
    "status": _status,
    "rating": _rating,
    "tags": _tags,
    "comment": _comment,
    "marked_on": _marked_on,
    "private": _private,
}
"""In the order in which they are told."""


def _step(old: str, new: str) -> str:
    return f"{old} → {new}" if old else new


def _is_day(text: Any) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except (TypeError, ValueError):
        return False
