"""Titles as lists write them: ``中文 / 原名``, aliases behind, cut with dots, or 未知电影."""

import re

from msgspec import UNSET, Struct, UnsetType
from selectolax.lexbor import LexborNode

from gateway.douban.text import line, many

__all__ = ["Titles", "is_tombstone", "titles_of_album", "titles_of_book", "titles_of_film"]

_TOMBSTONE = re.compile(
    r"未知(?:电影|电视剧|剧集|综艺|影视|图书|书籍|音乐|唱片|专辑|游戏|舞台剧|戏剧|演出|剧|条目|作品)"
)
_DOTS = "..."


class Titles(Struct, frozen=True):
    """The names of a subject. What a list does not show may exist all the same, so it is UNSET."""

    title: str | UnsetType = UNSET
    cut: bool = False
    original: str | UnsetType = UNSET
    others: tuple[str, ...] | UnsetType = UNSET
    subtitle: str | UnsetType = UNSET


def is_tombstone(title: str) -> bool:
    """Whether this stands where the title was, now that Douban has removed the subject."""
    return _TOMBSTONE.fullmatch(title) is not None


def titles_of_film(node: LexborNode) -> Titles:
    """Grid: ``<em>中文 / 原名</em> / 又名 / 又名``. List mode: the same without aliases, cut at some length."""
    em = _em(node)
    text = line(em if em is not None else node)
    first, slash, rest = text.partition(" / ")
    first = first.strip()
    if em is None and text.endswith(_DOTS):
        # Behind a slash it is the original title that was cut; half of one is worth nothing.
        return Titles(first) if slash else Titles(text.removesuffix(_DOTS).rstrip(" /"), cut=True)
    return Titles(first, original=rest.strip() or UNSET, others=_behind(node, em, text))


def titles_of_album(node: LexborNode) -> Titles:
    """``<em>名</em> / 又名``. A slash inside the name belongs to it (singles with two sides)."""
    em = _em(node)
    if em is None:
        return _plain(line(node))
    text = line(em)
    return Titles(text, others=_behind(node, em, text))


def titles_of_book(node: LexborNode) -> Titles:
    """``<a title="名">名 <span>: 副标题</span></a>``; list mode has the bare name."""
    whole, named = line(node), (node.attributes.get("title") or "").strip()
    span = next((child for child in node.iter() if child.tag == "span"), None)
    subtitle = line(span).lstrip(":： ")
    if named or subtitle:
        return Titles(named or whole.removesuffix(line(span)).strip(), subtitle=subtitle or UNSET)
    return _plain(whole)


def _plain(text: str) -> Titles:
    if text.endswith(_DOTS):
        return Titles(text.removesuffix(_DOTS).rstrip(), cut=True)
    return Titles(text)


def _em(node: LexborNode) -> LexborNode | None:
    if node.tag == "em":
        return node
    first = node.first_child
    while first is not None and first.tag != "em":
        first = first.next
    return first


def _behind(node: LexborNode, em: LexborNode | None, text: str) -> tuple[str, ...] | UnsetType:
    if em is None:
        return UNSET
    aliases = many(line(node).removeprefix(text).strip(" /"))
    return aliases or UNSET
