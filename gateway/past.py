"""A mark's past: what each page said of it, in the order of the pages' times, however late one came. Pure functions."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from gateway.merge import MARK_FIELDS, merge_late
from gateway.model import Mark

_TOLD_BY_A_PAGE = {"new", "changed", "earlier"}


class Step(Struct, frozen=True, kw_only=True):
    """One change, as it is kept."""

    at: str
    what: str
    """As in ``library.MarkChange``, or ``earlier``: of a page that came late, and changed nothing of the mark as it is."""
    fields: dict[str, tuple[Any, Any]]
    """Field → (old, new), as JSON has them."""
    capture: str | None = None


def in_order(steps: Iterable[Step]) -> list[Step]:
    """The oldest first, each from what was so before it; ``steps`` in the order in which they came."""
    state: dict[str, Any] = {}
    told: list[Step] = []
    for step in sorted(steps, key=lambda step: step.at):
        fields = {
            name: (state.get(name), new)
            for name, (_, new) in step.fields.items()
            if name not in state or state[name] != new
        }
        state |= {name: new for name, (_, new) in fields.items()}
        if step.what not in _TOLD_BY_A_PAGE:
            told.append(structs.replace(step, fields=fields))
        elif fields:
            told.append(structs.replace(step, fields=fields, what="changed" if told else "new"))
    return told


def completed(mark: Mark, steps: Iterable[Step]) -> Mark:
    """With the latest whole comment that is known to begin like the one that was cut."""
    beginning = mark.comment if mark.comment_cut else None
    comments = (step.fields.get("comment", (None, None))[1] for step in reversed(in_order(steps)))
    whole = next((each for each in comments if beginning and each and each.startswith(beginning)), beginning)
    return mark if whole == beginning else structs.replace(mark, comment=whole, comment_cut=False)


def late(
    old: Mark, page: Mark, at: str, shown_at: Mapping[str, str], steps: Iterable[Step]
) -> tuple[Mark, list[Step]]:
    """The mark to keep, and what the past gains, when a page of ``at`` came after later ones.

    ``shown_at``: when a page showed last what is known, field by field.
    """
    kept = merge_late(old, page, at, shown_at)
    said, present = _decided(page), _decided(kept)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for step in in_order(steps):
        for name, (_, new) in step.fields.items():
            if step.at <= at:
                before[name] = new
            else:
                after.setdefault(name, new)
    known = after | before  # what is known first was so before, as far as anybody can tell
    is_news = {name: name not in known or known[name] != value for name, value in said.items()}
    is_first = not before and any(is_news.values())
    told = {name: (before.get(name), value) for name, value in said.items() if is_first or is_news[name]}
    what = "changed" if present != _decided(old) else "earlier"
    found = [Step(at=at, what=what, fields=told)] if told else []
    again: dict[str, dict[str, tuple[Any, Any]]] = {}
    for name, (_, value) in told.items():
        if name not in after and present[name] != value:  # a later page had shown it to be as it was
            again.setdefault(shown_at[name], {})[name] = (value, present[name])
    return kept, found + [Step(at=then, what="earlier", fields=fields) for then, fields in again.items()]


def _decided(mark: Mark) -> dict[str, Any]:
    """What the person decided, as JSON has it."""
    told = msgspec.json.decode(msgspec.json.encode(mark))
    return {name: told[name] for name in MARK_FIELDS if name in told}
