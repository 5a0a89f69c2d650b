"""The person's own mark on a subject page: the block with 我看过这部电影, stars, tags and comment."""

import re

from msgspec import UNSET
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.douban.text import classes, day, line, number, tags_of, written
from gateway.model import Mark, Status, SubjectKey

__all__ = ["mark_of", "wording"]

_WORDING = re.compile(r"(我)?(?:最近)?(?:(想|在)[看读听玩]|[看读听玩](过))")
_STATUSES = {"想": Status.WISH, "在": Status.DOING, "过": Status.DONE}
_CONTROLS = frozenset(("a", "br", "form", "input", "script", "style"))


def mark_of(tree: LexborHTMLParser, key: SubjectKey, account: str) -> Mark | None:
    """The mark; None if the person has not marked the subject.

    Films have the date inside the sentence, books and albums behind it; so it is looked for on that whole
    first line. Tags and comment follow on lines of their own, each of them only if there is one.
    """
    if (found := _sentence(tree)) is None:
        return None
    sentence, status = found
    first, later = _lines(sentence)
    stars = tree.css_first("#interest_sect_level input#n_rating")
    tags = next((text for node in later if (text := line(node)).startswith("标签")), "")
    return Mark(
        account=account,
        subject=key,
        status=status,
        rating=_stars(stars.attributes.get("value") or "") if stars is not None else UNSET,
        comment=next((text for node in later if (text := _comment(node))), None),
        tags=tags_of(tags),
        marked_on=day(first) or UNSET,
    )


def wording(tree: LexborHTMLParser) -> str:
    """The sentence that says what the person did, and with what: 我看过这部电视剧. Empty if there is none."""
    found = _sentence(tree)
    return line(found[0]) if found is not None else ""


def _sentence(tree: LexborHTMLParser) -> tuple[LexborNode, Status] | None:
    if (block := tree.css_first("#interest_sect_level")) is None:
        return None
    for node in block.css("span.mr10, .a_stars > span")[:5]:
        said = _WORDING.match(line(node))
        if said is not None and (said[1] or "mr10" in classes(node)):
            return node, _STATUSES[said[2] or said[3]]
    return None


def _lines(sentence: LexborNode) -> tuple[str, list[LexborNode]]:
    """The text of the sentence's line, and the elements of the lines below."""
    first: list[str] = []
    node: LexborNode | None = sentence
    while node is not None and node.tag != "br":
        first.append(node.text())
        node = node.next
    later: list[LexborNode] = []
    while node is not None:
        if node.is_element_node:
            later.append(node)
        node = node.next
    return " ".join(first), later


def _stars(value: str) -> int | None:
    stars = number(value)
    return stars if stars is not None and 1 <= stars <= 5 else None  # noqa: PLR2004  there are five stars


def _comment(node: LexborNode) -> str:
    """The text of an element below the first line, if it is neither stars, tags nor a control."""
    if node.tag in _CONTROLS or node.id == "rating" or {"color_gray", "pl"} & set(classes(node)):
        return ""
    return written(node)
