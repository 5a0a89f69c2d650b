"""What becomes of what is known when a page tells something new. Pure functions."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from gateway.model import Mark, Subject, photo_id

_MARK_FIELDS = ("status", "rating", "comment", "tags", "marked_on", "private")
"""What a person decides. Any difference here is an edit."""

_QUIET = frozenset({"score", "votes", "brief", "title_cut"})
"""What changes by itself all the time: kept up to date, never a reason to write a record."""

_LIST_MAY_OVERWRITE = frozenset({"score", "votes", "brief", "cover", "removed"})
"""What a list may overwrite once a subject page was read; the rest it may only fill in."""

Changes = dict[str, tuple[Any, Any]]


def merge_marks(old: Mark | None, new: Mark) -> tuple[Mark, Changes]:
    """The mark to keep, and what the person changed: field → (old, new). No changes: an empty dict."""
    if old is None:
        shown = {name: getattr(new, name) for name in _MARK_FIELDS}
        return new, {name: (None, value) for name, value in shown.items() if value is not UNSET}
    if _known_whole(old, new):
        new = msgspec.structs.replace(new, comment=UNSET, comment_cut=False)
    changes: Changes = {}
    for name in _MARK_FIELDS:
        was, now = getattr(old, name), getattr(new, name)
        if now is not UNSET and now != was:
            changes[name] = (None if was is UNSET else was, now)
    kept = {name: value for name, value in _told(new) if value != getattr(old, name)}
    return msgspec.structs.replace(old, **kept) if kept else old, changes


def fill_in(old: Mark, older: Mark) -> tuple[Mark, Changes]:
    """What an earlier page shows of a mark that no later one did; that it was edited since, nobody can say.

    Only of the same status: a comment on what was wished for is not one on what was seen.
    """
    if older.status is not old.status:
        return old, {}
    gaps = [name for name in (*_MARK_FIELDS, "marked_at", "mark_id") if getattr(old, name) is UNSET]
    found = {name: value for name in gaps if (value := getattr(older, name)) is not UNSET}
    if "comment" in found:
        found["comment_cut"] = older.comment_cut
    changes: Changes = {name: (None, value) for name, value in found.items() if name in _MARK_FIELDS}
    return msgspec.structs.replace(old, **found), changes


def merge_subjects(
    old: Subject | None, new: Subject, *, weaker: bool = False, older: bool = False
) -> tuple[Subject, bool]:
    """The subject to keep, and whether a record that shows it is out of date.

    A ``weaker`` page (a list, after a subject page) fills in what is missing and overwrites a few fields; an
    ``older`` one only fills in.
    """
    if old is None:
        return new, True
    updates: dict[str, Any] = {}
    for name, value in _told(new):
        was = getattr(old, name)
        if value == was or name == "key":
            continue
        if was is not UNSET and (older or (weaker and name not in _LIST_MAY_OVERWRITE)):
            continue
        if name in {"title", "title_cut"} and _worse_title(old, new):
            continue
        if name == "cover" and was is not UNSET and (value is None or photo_id(value) == photo_id(was)):
            continue  # the host alone changed, or a page shows none: a cover that is known stays
        updates[name] = value
    if not updates:
        return old, False
    return msgspec.structs.replace(old, **updates), bool(updates.keys() - _QUIET)


def _known_whole(old: Mark, new: Mark) -> bool:
    """Whether the new comment is only the beginning of the one that is known."""
    known, told = old.comment, new.comment
    return bool(new.comment_cut and not old.comment_cut and known and told and known.startswith(told))


def _worse_title(old: Subject, new: Subject) -> bool:
    """No title at all, only the beginning of one that is known whole, or both known ones in one line."""
    if old.original_title and new.title == f"{old.title} {old.original_title}":
        return True
    return new.title is UNSET or (new.title_cut and old.title is not UNSET and not old.title_cut)


def _told(struct: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """What the page said of it."""
    for name in struct.__struct_fields__:
        if (value := getattr(struct, name)) is not UNSET:
            yield name, value
