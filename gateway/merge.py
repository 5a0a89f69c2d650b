"""What becomes of what is known when a page tells something new. Pure functions."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from gateway.model import Mark, Subject, photo_id

MARK_FIELDS = ("status", "rating", "comment", "tags", "marked_on", "private")
"""What a person decides. Any difference here is an edit."""

MARK_SHOWN = (*MARK_FIELDS, "marked_at", "mark_id")
"""What a page may show of a mark, or not."""

_QUIET = frozenset({"score", "votes", "brief", "title_cut"})
"""What changes by itself all the time: kept up to date, never a reason to write a record."""

_LIST_MAY_OVERWRITE = frozenset({"score", "votes", "brief", "cover", "removed"})
"""What a list may overwrite once a subject page was read; the rest it may only fill in."""

Changes = dict[str, tuple[Any, Any]]


def merge_marks(old: Mark | None, new: Mark) -> tuple[Mark, Changes]:
    """The mark to keep, and what the person changed: field → (old, new). No changes: an empty dict."""
    if old is None:
        return new, {
            name: (None, getattr(new, name)) for name in MARK_FIELDS if getattr(new, name) is not UNSET
        }
    if _known_whole(old, new):
        new = msgspec.structs.replace(new, comment=UNSET, comment_cut=False)
    kept = {name: value for name, value in _told(new) if value != getattr(old, name)}
    if new.comment is UNSET:  # how much of it is known is as it was
        kept.pop("comment_cut", None)
    merged = msgspec.structs.replace(old, **kept) if kept else old
    return merged, changes_of(old, merged) if kept else {}


def merge_late(old: Mark, late: Mark, at: str, shown_at: Mapping[str, str]) -> Mark:
    """The mark to keep when a page of ``at`` came after later ones: of each field, what was shown last.

    ``shown_at``: when that was, of each field that is known. So it is the same in whatever order pages come.
    """
    found = {
        name: value
        for name in MARK_SHOWN
        if (value := getattr(late, name)) is not UNSET and shown_at.get(name, "") < at
    }
    if "comment" in found:
        found["comment_cut"] = late.comment_cut
    elif _known_whole(late, old):
        found |= {"comment": late.comment, "comment_cut": False}
    return msgspec.structs.replace(old, **found)


def changes_of(old: Mark, kept: Mark) -> Changes:
    """What became of what the person decides: field → (old, new)."""
    changed = [name for name in MARK_FIELDS if getattr(old, name) != getattr(kept, name)]
    return {
        name: (None if getattr(old, name) is UNSET else getattr(old, name), getattr(kept, name))
        for name in changed
    }


def shown(mark: Mark) -> list[str]:
    """The fields that a page showed of a mark."""
    return [name for name in MARK_SHOWN if getattr(mark, name) is not UNSET]


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


def is_other_beginning(old: Mark | None, new: Mark) -> bool:
    """Whether the new comment is only the beginning of one, but not of the one that is known."""
    cut = old is not None and new.comment_cut and new.comment != old.comment
    return bool(cut) and not _known_whole(old, new)


def _known_whole(old: Mark | None, new: Mark) -> bool:
    """Whether the new comment is only the beginning of the one that is known."""
    known, told = old and old.comment, new.comment
    return bool(old and new.comment_cut and not old.comment_cut and known and told and known.startswith(told))


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
