"""Text: what bytes say, what a node says, and the forms in which Douban writes dates, numbers and lists."""

import re
from codecs import utf_8_decode
from collections.abc import Iterator
from datetime import date

from selectolax.lexbor import LexborNode

__all__ = [
    "LAYOUT",
    "classes",
    "cover_of",
    "day",
    "html_of",
    "line",
    "many",
    "number",
    "one_line",
    "shortened",
    "tags_of",
    "why_unreadable",
    "written",
]

LAYOUT = " \t\r\n\f\v"
"""White space that templates put around a value. Not U+3000: people begin their comments with it."""

_LIMIT = 20 * 1024 * 1024
_PIECE = 32 * 1024
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|title|div|ul|li|h1|script)[\s>/]", re.IGNORECASE)
_GB = re.compile(rb"charset\s*=\s*[\"']?\s*(?:gb2312|gbk|gb18030)", re.IGNORECASE)
_ODD, _A_FEW = "\ufffd", 2
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_BETWEEN = re.compile(rb"[\s/]+")
"""What stands between two attributes."""
_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
_USUAL, _GIANT, _MOST_ATTRIBUTES = 256 * 1024, 16 * 1024, 1_000
"""Bytes of all but a few real pages; bytes of a tag that is looked at; attributes that are too many."""
_SAMPLE, _MANY_TAGS, _TOO_MANY_TAGS, _TOO_DEEP, _TOO_HEAVY = 512, 20_000, 500_000, 1_000, 20_000_000

_SILENT = frozenset(("script", "style", "select", "input", "textarea"))
_NOT_TEXT = frozenset(("pl", "playable", "more-actor", "more-attrs"))
"""Labels and vote counts, marks beside titles, the link that unfolds a long cast: never part of a value."""

_DAY = re.compile(r"(?<!\d)([12]\d{3})-(\d{1,2})-(\d{1,2})(?!\d)", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
_LABEL = re.compile(r"^\s*标签\s*[:：]")
_MORE = re.compile(r"(?:\.{3}|…)\s*[(（]?\s*(?:更多|全文|展开)[^\s)）]{0,2}\s*[)）]?$")


def why_unreadable(content: bytes) -> str | None:
    """The reason (of ``Page.reason``) not to parse these bytes at all; None if they may be parsed."""
    if not content or content.isspace():
        return "empty"
    if len(content) > _LIMIT:
        return "too_large"
    if content.startswith(b"\x1f\x8b") or not _MARKUP.search(content):
        return "not_html"
    if len(content) > _USUAL and _has_giant_tag(content):
        return "too_large"
    return _why_too_heavy(content) if _looks_heavy(content) else None


def html_of(content: bytes) -> tuple[bytes, int] | None:
    """The same page in UTF-8, whichever of its two encodings Douban used; None if it is in neither.

    With it comes the number of places where bytes were none of that encoding, a character cut in half as a
    rule, and U+FFFD stands now. Many of them, and the page is in another one.
    """
    body = content.removeprefix(b"\xef\xbb\xbf")
    if _is_utf8(body):
        return body, 0
    encoding = "gb18030" if _GB.search(content[:4096]) else "utf-8"
    text = body.decode(encoding, "replace")
    html = text.encode()
    odd = text.count(_ODD) - body.count(_ODD.encode(encoding))
    others = (len(html) - len(text)) // 2 - odd  # nearly all that is not ASCII has three bytes
    return (html, odd) if odd <= _A_FEW + others // 20 else None


def _is_utf8(content: bytes) -> bool:
    """Piece by piece: the text of a whole page would be a large block of memory, which is slow to get."""
    view, at = memoryview(content), 0
    try:
        while at < len(content):
            _, used = utf_8_decode(view[at : at + _PIECE], "strict", at + _PIECE >= len(content))
            at += used
    except UnicodeDecodeError:
        return False
    return True


def classes(node: LexborNode) -> list[str]:
    """The class tokens of an element."""
    return (node.attributes.get("class") or "").split()


def written(node: LexborNode | None) -> str:
    """What a person wrote there: line breaks kept, layout, labels and vote counts left out."""
    if node is None or (first := node.first_child) is None:
        return ""
    text = first.text_content if first.next is None else None
    text = "".join(_parts(first)) if text is None else text
    if "\r" in text:  # written as an entity; the mobile JSON has the same break as a plain one
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip(LAYOUT)


def shortened(node: LexborNode) -> tuple[str, bool]:
    """What a person wrote there, and whether it is only the beginning: a link to the whole text ends it."""
    text = written(node)
    if (cut := _MORE.search(text, max(0, len(text) - 20))) is not None and node.css_first("a") is not None:
        return text[: cut.start()].rstrip(LAYOUT), True
    return text, False


def line(node: LexborNode | None) -> str:
    """The text of a node as one line."""
    return one_line(written(node))


def one_line(text: str) -> str:
    """A text without the layout of its template; spaces inside a line are kept as they are."""
    text = text.replace("\xa0", " ").strip(LAYOUT)
    if "\n" not in text:
        return text
    return " ".join(filter(None, (part.strip(LAYOUT) for part in text.split("\n"))))


def many(text: str) -> tuple[str, ...]:
    """The values of a line. They are split at `` / ``: a bare ``/`` belongs to a value."""
    parts = (part.strip() for part in f"{text} ".split(" / "))
    return tuple(part for part in parts if part and not part.startswith("更多..."))


def tags_of(text: str) -> tuple[str, ...]:
    """The tags of ``标签: a b``."""
    return tuple(_LABEL.sub("", text).split())


def day(text: str) -> date | None:
    """The first ``YYYY-MM-DD``; None if there is none, or it is no day of the calendar."""
    if (found := _DAY.search(text)) is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def number(text: str) -> int | None:
    """The first whole number."""
    return int(found[0]) if (found := _NUMBER.search(text)) else None


def cover_of(picture: LexborNode | str) -> str | None:
    """The address of a cover; None if it is that of the picture that stands for none.

    A picture that is loaded once it is looked at has its address in another place.
    """
    if isinstance(picture, str):
        source = picture
    else:
        told = picture.attributes
        source = told.get("data-src") or told.get("data-original") or told.get("src") or ""
    if source.startswith("//"):
        source = f"https:{source}"
    none = "/f/" in source or "/cuphead/" in source or source.startswith("data:")
    return None if none else source or None


def _parts(first: LexborNode) -> Iterator[str]:
    stack = [first]
    broken = False
    while stack:
        node = stack.pop()
        if (following := node.next) is not None:
            stack.append(following)
        if node.is_text_node:
            text = node.text_content or ""
            # A template writes `<br>` and goes to a new, indented line: that is one break, not two.
            yield re.sub(r"^[ \t]*\n[ \t]*", "", text) if broken else text
            broken = False
        elif node.tag == "br":
            broken = True
            yield "\n"
        elif (child := node.first_child) is not None and _speaks(node):
            stack.append(child)


def _speaks(node: LexborNode) -> bool:
    return node.is_element_node and node.tag not in _SILENT and _NOT_TEXT.isdisjoint(classes(node))


def _looks_heavy(content: bytes) -> bool:
    """Whether a sample of the page has more tags than any page of Douban's; to count all of them is slow."""
    sample = sum(content.count(b"<", at, at + _SAMPLE) for at in range(0, len(content), _SAMPLE * 16))
    return sample * 16 > _MANY_TAGS


def _has_giant_tag(content: bytes) -> bool:
    """Whether one tag has more attributes than any of Douban's: the parser compares each with all before it."""
    at = content.find(b"<")
    while at >= 0:
        end = content.find(b">", at)
        end = len(content) if end < 0 else end
        if end - at > _GIANT and len(_BETWEEN.findall(_QUOTED.sub(b"", content[at:end]))) > _MOST_ATTRIBUTES:
            return True
        at = content.find(b"<", end)
    return False


def _why_too_heavy(content: bytes) -> str | None:
    """The reason not to parse a page with very many tags: no page nests like this, or there are too many.

    Time grows with tags times depth, that of the parser as that of a query, which looks at the parents of
    each match: 100,000 nested ``<div>`` take seconds, and so do 240,000 tags inside 950. A browser's own
    pages are at most 512 deep.
    """
    depth, weight = 0, 0
    for tag in _TAG.finditer(content):
        weight += depth
        if tag[2].lower() not in _VOID:
            depth = max(depth - 1, 0) if tag[1] else depth + 1
            if depth > _TOO_DEEP:
                return "no_frame"
        if weight > _TOO_HEAVY:
            return "too_large"
    return "too_large" if content.count(b"<") > _TOO_MANY_TAGS else None
