"""The person's own mark on a subject page: the block with 我看过这部电影, stars, tags and comment."""

import re

from msgspec import UNSET
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.douban.text import classes, day, line, number, tags_of, written
from gateway.model import Mark, Status, SubjectKey

__all__ = ["mark_of", "wording"]

_WORDING = re.compile(r"(我)?(?:最近)?(?:(想|在)[看读听玩]|[看读听玩](过))")
_STATUSES = {"想": Status.WISH, "在": Status.DOING, "过": Status.DONE}
_SENTENCES = (
    "#interest_sect_level span.mr10, #interest_sect_level .a_stars > span, #interest_sect_level > h2, "
    ".collection-section .collection-result"
)
"""Films, books, albums; stage dramas; games."""
_SAYING = frozenset(("mr10", "collection-result"))
_TAGS = re.compile(r"标签\s*[:：]")
_NO_COMMENT = frozenset(("color_gray", "pl", "rate_stars"))
_CONTROLS = frozenset(("a", "br", "form", "input", "script", "style"))


def mark_of(tree: LexborHTMLParser, key: SubjectKey, account: str) -> Mark | None:
    """The mark; None if the person has not marked the subject.

    Films have the date inside the sentence, books and albums behind it; so it is looked for on that whole
    first line. Tags and comment follow on lines of their own, each of them only if there is one. Where that
    shape is not known for certain, what is not seen is not taken for empty.
    """
    if (found := _sentence(tree)) is None:
        return None
    sentence, status = found
    first, later, known = _lines(tree, sentence)
    stars = tree.css_first("#interest_sect_level input#n_rating, .collection-section input#n_rating")
    tags = next((text for node in later if _TAGS.match(text := line(node))), None)
    return Mark(
        account=account,
        subject=key,
        status=status,
        rating=_stars(stars.attributes.get("value") or "") if stars is not None else UNSET,
        comment=next((text for node in later if (text := _comment(node))), None if known else UNSET),
        tags=tags_of(tags) if tags is not None else () if known else UNSET,
        marked_on=day(first) or UNSET,
    )


def wording(tree: LexborHTMLParser) -> str:
    """The sentence that says what the person did, and with what: 我看过这部电视剧. Empty if there is none."""
    found = _sentence(tree)
    return line(found[0]) if found is not None else ""


def _sentence(tree: LexborHTMLParser) -> tuple[LexborNode, Status] | None:
    for node in tree.css(_SENTENCES)[:8]:
        said = _WORDING.match(line(node))
        if said is not None and (said[1] or not _SAYING.isdisjoint(classes(node))):
            return node, _STATUSES[said[2] or said[3]]
    return None


def _lines(tree: LexborHTMLParser, sentence: LexborNode) -> tuple[str, list[LexborNode], bool]:
    """The text of the sentence's line, the elements of the lines below, and whether the shape is a known one."""
    if "collection-result" in classes(sentence):
        section = tree.css_first(".collection-section")
        below = section.iter() if section is not None else ()
        box = sentence.parent
        return box.text() if box is not None else "", [node for node in below if not _is_frame(node)], False
    # A stage drama says the sentence in a heading of its own, and the rest as films do.
    start = tree.css_first("#interest_sect_level .a_stars span.mr10") if sentence.tag == "h2" else sentence
    first: list[str] = []
    node: LexborNode | None = start or sentence
    while node is not None and node.tag != "br":
        first.append(node.text())
        node = node.next
    later: list[LexborNode] = []
    while node is not None:
        if node.is_element_node:
            later.append(node)
        node = node.next
    return " ".join(first), later, start is not None


def _is_frame(node: LexborNode) -> bool:
    """Whether it is a part of a game's block that is always there: the stars, the buttons."""
    return any(name.startswith("collection-") for name in classes(node))


def _stars(value: str) -> int | None:
    stars = number(value)
    return stars if stars is not None and 1 <= stars <= 5 else None  # noqa: PLR2004  there are five stars


def _comment(node: LexborNode) -> str:
    """The text of an element below the first line, if it is neither stars, tags nor a control."""
    if node.tag in _CONTROLS or node.id == "rating" or _NO_COMMENT & set(classes(node)):
        return ""
    return written(node)
