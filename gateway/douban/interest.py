"""The person's own mark on a subject page: the block with 我看过这部电影, stars, tags and comment."""

import re

from msgspec import UNSET, Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.douban.text import classes, day, line, number, shortened, tags_of
from gateway.model import Mark, Status, SubjectKey

__all__ = ["Sentence", "is_said", "mark_of", "sentence"]

_WORDING = re.compile(r"(我)?\s*(?:最近|正|已经?)?\s*(?:(想|在)\s*[看读听玩]|[看读听玩]\s*(过))")
_STATUSES = {"想": Status.WISH, "在": Status.DOING, "过": Status.DONE}
_SENTENCES = (
    "#interest_sect_level span.mr10, #interest_sect_level .a_stars > span, #interest_sect_level > h2, "
    ".collection-section .collection-result"
)
"""Films, books, albums; stage dramas; games."""
_SAYING = frozenset(("mr10", "collection-result"))
_TAGS = re.compile(r"标签\s*[:：]")
_STARS_LABEL = "我的评价:"
_NO_COMMENT = frozenset(("color_gray", "pl", "rate_stars"))
_CONTROLS = frozenset(("a", "br", "form", "input", "script", "style"))


class Sentence(Struct, frozen=True):
    """What says what the person did, and with what: 我看过这部电视剧."""

    node: LexborNode
    status: Status
    text: str


def mark_of(tree: LexborHTMLParser, said: Sentence, key: SubjectKey, account: str) -> Mark:
    """The mark that a sentence of the page begins.

    Films have the date inside the sentence, books and albums behind it; so it is looked for on that whole
    first line. Tags and comment follow on lines of their own, each of them only if there is one. Where that
    shape is not known for certain, what is not seen is not taken for empty.
    """
    first, later, known = _lines(tree, said.node)
    stars = tree.css_first("#interest_sect_level input#n_rating, .collection-section input#n_rating")
    tags = next((text for node in later if _TAGS.match(text := line(node))), None)
    rest = (node for node in later if tags is None or line(node) != tags)
    comment, cut = next((told for node in rest if (told := _comment(node))[0]), ("", False))
    return Mark(
        account=account,
        subject=key,
        status=said.status,
        rating=_stars(stars.attributes.get("value") or "") if stars is not None else UNSET,
        comment=comment or (None if known else UNSET),
        comment_cut=cut,
        tags=tags_of(tags) if tags is not None else () if known else UNSET,
        marked_on=day(first) or UNSET,
    )


def sentence(tree: LexborHTMLParser) -> Sentence | None:
    """None if the person has not marked the subject."""
    for node in tree.css(_SENTENCES)[:8]:
        said = _WORDING.match(text := line(node))
        if said is not None and (said[1] or not _SAYING.isdisjoint(classes(node))):
            return Sentence(node, _STATUSES[said[2] or said[3]], text)
    return None


def is_said(tree: LexborHTMLParser) -> bool:
    """Whether something stands where the sentence does, understood or not."""
    return any(
        line(node)
        for node in tree.css("#interest_sect_level span.mr10, .collection-section .collection-result")
    )


def _lines(tree: LexborHTMLParser, sentence: LexborNode) -> tuple[str, list[LexborNode], bool]:
    """The text of the sentence's line, the elements of the lines below, and whether that is all there is."""
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
    known = start is not None and node is not None
    while node is not None:
        if node.is_element_node:
            later.append(node)
        elif node.is_text_node and (words := (node.text_content or "").strip()) and words != _STARS_LABEL:
            known = False  # a bare text is nobody knows what
        node = node.next
    return " ".join(first), later, known


def _is_frame(node: LexborNode) -> bool:
    """Whether it is a part of a game's block that is always there: the stars, the buttons."""
    return any(name.startswith("collection-") for name in classes(node))


def _stars(value: str) -> int | None:
    stars = number(value)
    return stars if stars is not None and 1 <= stars <= 5 else None  # noqa: PLR2004  there are five stars


def _comment(node: LexborNode) -> tuple[str, bool]:
    """The text of an element below the first line, if it is neither stars, tags nor a control."""
    if node.tag in _CONTROLS or node.id == "rating" or _NO_COMMENT & set(classes(node)):
        return "", False
    return shortened(node)
