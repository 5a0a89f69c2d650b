"""A subject page: the public facts of one book, film, series or album, and the person's own mark."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import UNSET, UnsetType
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.douban.interest import Sentence, is_said, mark_of, sentence
from gateway.douban.page import Judgement
from gateway.douban.text import classes, cover_of, line, many, number, one_line, written
from gateway.douban.titles import is_tombstone
from gateway.model import Kind, Medium, Page, PageType, Problem, Reading, Subject, SubjectKey, Verdict

__all__ = ["read", "removed"]


def _one(text: str) -> str | None:
    return text or None


def _imdb(text: str) -> str | None:
    return found[0] if (found := re.search(r"tt[0-9]{5,12}", text)) is not None else None


_Field = tuple[str, Callable[[str], object]]
_LABELS: dict[Medium, dict[str, _Field]] = {
    Medium.MOVIE: {
        "导演": ("directors", many),
        "编剧": ("writers", many),
        "主演": ("cast", many),
        "类型": ("genres", many),
        "制片国家/地区": ("countries", many),
        "语言": ("languages", many),
        "上映日期": ("released", many),
        "首播": ("released", many),
        "片长": ("durations", many),
        "单集片长": ("durations", many),
        "季数": ("season", number),
        "集数": ("episodes", number),
        "又名": ("other_titles", many),
        "IMDb": ("imdb", _imdb),
        "IMDb链接": ("imdb", _imdb),
    },
    Medium.BOOK: {
        "作者": ("authors", many),
        "译者": ("translators", many),
        "出版社": ("publisher", _one),
        "副标题": ("subtitle", _one),
        "原作名": ("original_title", _one),
        "出版年": ("released", many),
        "页数": ("pages", _one),
        "定价": ("price", _one),
        "装帧": ("binding", _one),
        "丛书": ("series", _one),
        "出品方": ("imprint", _one),
        "ISBN": ("isbn", _one),
    },
    Medium.MUSIC: {
        "又名": ("other_titles", many),
        "表演者": ("performers", many),
        "流派": ("genres", many),
        "专辑类型": ("album_type", _one),
        "介质": ("format", _one),
        "发行时间": ("released", many),
        "出版者": ("publisher", _one),
        "唱片数": ("discs", _one),
        "条形码": ("barcode", _one),
    },
    Medium.GAME: {
        "类型": ("genres", many),
        "平台": ("platforms", many),
        "别名": ("other_titles", many),
        "开发商": ("developers", many),
        "发行商": ("publisher", _one),
        "发行日期": ("released", many),
    },
    Medium.DRAMA: {
        "类型": ("genres", many),
        "又名": ("other_titles", many),
        "版本": ("edition", _one),
        "导演": ("directors", many),
        "编剧": ("writers", many),
        "作曲": ("composers", many),
        "编舞": ("choreographers", many),
        "主演": ("cast", many),
        "语言": ("languages", many),
        "演出日期": ("released", many),
        "演出团体": ("troupes", many),
        "演出剧院": ("theatres", many),
    },
}
"""What stands beside each label, and how it is read. Labels are looked for in their own box alone: the same
class marks other people's names in the comments below."""

_KINDS = {
    Medium.BOOK: Kind.BOOK,
    Medium.MUSIC: Kind.MUSIC,
    Medium.GAME: Kind.GAME,
    Medium.DRAMA: Kind.DRAMA,
}
_OF_TERMS = frozenset((Medium.GAME, Medium.DRAMA))
"""Their labels are a list of terms; those of the others are lines of a box."""
_COVERS = "#mainpic img, .item-subject-info .pic img, .drama-info .pic img"
_EVERYTHING = "游戏"
"""The first of a game's genres, on each of them: it says nothing."""
_OF_SERIES = {"集数", "首播", "单集片长", "季数"}
_SHOW = "真人秀"
_TYPE = re.compile(r"\"@type\"\s*:\s*\"(Movie|TVSeries)\"")
_SUFFIX = " (豆瓣)"
_NUMBERED = re.compile(r"([0-9]{1,3})(?:\s*[.、．:：)）]\s*|\s+)(?=\S)")
"""``01. 恋``: what people put before each song of a list."""


def read(url: str, key: SubjectKey, judged: Judgement) -> Reading:
    """The subject, and the mark if the page was judged to be the person's own view of it."""
    tree = judged.tree
    assert tree is not None
    said = sentence(tree)
    found = subject_of(tree, key, said)
    mark = None
    if judged.verdict is Verdict.OK and judged.account is not None and said is not None:
        mark = mark_of(tree, said, key, judged.account.id)
    lost = [] if found.title is not UNSET or found.removed else ["title"]
    if said is None and is_said(tree):
        lost.append("mark")
    return Reading(
        page=Page(url=url, type=PageType.SUBJECT, verdict=judged.verdict, reason=judged.reason, subject=key),
        account=judged.account,
        marks=(mark,) if mark is not None else (),
        subjects=(found,),
        problems=tuple(Problem("fields_missing", name) for name in lost),
    )


def removed(key: SubjectKey) -> Subject:
    """A subject that Douban says it no longer has."""
    return Subject(key=key, kind=_KINDS.get(key.medium, UNSET), removed=True)


def subject_of(tree: LexborHTMLParser, key: SubjectKey, said: Sentence | None) -> Subject:
    """All public facts of the page; ``said`` is what it says of the person's mark."""
    labels: dict[str, str] = {}
    for label, value in _terms(tree) if key.medium in _OF_TERMS else _labels(tree.css_first("#info")):
        labels.setdefault(label, value)
    facts: dict[str, Any] = {}
    for label, (field, reader) in _LABELS[key.medium].items():
        if label in labels and (value := reader(labels[label])):
            facts.setdefault(field, value)
    if (season := _season(tree)) is not None:
        facts["season"] = season
    titles = _titles(tree, key.medium)
    gone = is_tombstone(titles.get("title", ""))
    facts |= {} if gone else titles
    facts |= _score(tree.css_first("#interest_sectl, .drama-info"))
    if (genres := facts.get("genres")) is not None and key.medium is Medium.GAME:
        facts["genres"] = tuple(genre for genre in genres if genre != _EVERYTHING)
    if key.medium is Medium.MUSIC and (tracks := _tracks(tree)):
        facts["tracks"] = tracks
    return Subject(
        key=key,
        kind=_KINDS.get(key.medium) or _kind(tree, labels, said.text if said is not None else ""),
        year=_year(tree, facts),
        cover=UNSET if gone else _cover(tree.css_first(_COVERS)),
        intro=_intro(tree),
        removed=gone,
        **facts,
    )


def _labels(box: LexborNode | None) -> Iterator[tuple[str, str]]:
    """The labels of the info block with their values.

    A value stands behind its label up to the next ``<br>``; or label and value share a ``<span>``; or (the
    performers of an album) the value is inside the label. The colon is inside the label or behind it.
    """
    label, value = "", ""
    for node in box.iter(include_text=True) if box is not None else ():
        if (name := _label_of(node)) is not None:
            if label:
                yield label, _value(value)
            label, _, value = name.text().replace("：", ":").partition(":")
            label = label.strip()
            value += _text_after(name) if node.mem_id != name.mem_id else ""
        elif node.tag == "br":
            if label:
                yield label, _value(value)
            label = value = ""
        elif node.tag != "select":
            value += _text(node)
    if label:
        yield label, _value(value)


def _terms(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """The labels of a game or a stage drama with their values: a list of terms, one ``<dt>`` and its ``<dd>``."""
    label, values = "", list[str]()
    for node in tree.css("dl.thing-attr > *, dl.game-attr > *, .drama-info .meta dl > *"):
        if node.tag == "dt":
            if label:
                yield label, " / ".join(values)
            label, values = line(node).rstrip(":： "), []
        elif text := one_line(" ".join(node.text().split("\n"))):
            values.append(" ".join(text.split()))
    if label:
        yield label, " / ".join(values)


def _tracks(tree: LexborHTMLParser) -> tuple[str, ...]:
    """The songs of an album: a list that Douban made of them, or the text that somebody typed."""
    songs = [line(node) for node in tree.css(".song-item .song-name-short, .track-items li")[:500]]
    if not songs:
        typed = tree.css_first(".track-list span.all") or tree.css_first(".track-list .indent, .track-list")
        lines = [text for part in written(typed).split("\n")[:500] if (text := part.strip())]
        songs = _without_numbers(lines)
    return tuple(song for song in songs if song)


def _without_numbers(lines: list[str]) -> list[str]:
    """The lines of a list that counts them, of each disc from 1 or on from there; else the lines as they are."""
    songs: list[str] = []
    before = 0
    for text in lines:
        if (found := _NUMBERED.match(text)) is None or int(found[1]) not in {1, before + 1}:
            return lines
        before = int(found[1])
        songs.append(text[found.end() :])
    return songs


def _text_after(node: LexborNode) -> str:
    text = ""
    while (following := node.next) is not None:
        text += _text(following)
        node = following
    return text


def _text(node: LexborNode) -> str:
    """All text but the link that unfolds a long cast."""
    text = node.text()
    return written(node) if "更多" in text else text


def _label_of(node: LexborNode) -> LexborNode | None:
    if node.tag != "span":
        return None
    if "pl" in classes(node):
        return node
    first = next(iter(node.iter()), None)
    return first if first is not None and first.tag == "span" and "pl" in classes(first) else None


def _value(text: str) -> str:
    return one_line(text).lstrip(":： ")


def _titles(tree: LexborHTMLParser, medium: Medium) -> dict[str, Any]:
    if medium is Medium.DRAMA:
        return _titles_of_drama(tree)
    if medium is Medium.GAME:  # as lists write it: 中文 原名, and nothing says where the one ends
        return {"title": whole} if (whole := line(tree.css_first("#content > h1, h1"))) else {}
    node = tree.css_first("h1 [property='v:itemreviewed']") or tree.css_first("h1 span:not(.year)")
    whole = line(node)
    if not whole:
        return {}
    if medium is Medium.MOVIE:
        return _split(whole, tree)
    subtitle = line(tree.css_first("[property='v:subtitle']")) if medium is Medium.BOOK else ""
    return {"title": whole} | ({"subtitle": subtitle} if subtitle else {})


def _titles_of_drama(tree: LexborHTMLParser) -> dict[str, Any]:
    """One name a language; the first is the one that lists have."""
    names = [name for node in tree.css(".drama-info h1 [itemprop='name']")[:20] if (name := line(node))]
    titles: dict[str, Any] = {"title": names[0]} if names else {}
    if len(names) > 1:
        titles["original_title"] = names[1]
    return titles | ({"other_titles": tuple(names[2:])} if len(names) > 2 else {})  # noqa: PLR2004  the first two


def _split(whole: str, tree: LexborHTMLParser) -> dict[str, Any]:
    """``中文 原名`` is one text with a space between.

    The window's title has the first part alone. Where that was cut away, the poster's name is the last part
    (of a later season it may be the name of the whole series, and then does not fit).
    """
    first = line(tree.css_first("title")).removesuffix(_SUFFIX).strip()
    if first and (whole == first or whole.startswith(first + " ")):
        return {"title": first, "original_title": whole.removeprefix(first).strip() or None}
    poster = tree.css_first("#mainpic img")
    last = one_line((poster.attributes.get("alt") or "") if poster is not None else "")
    if last and whole.endswith(" " + last):
        return {"title": whole.removesuffix(last).strip(), "original_title": last}
    return {"title": whole}


def _season(tree: LexborHTMLParser) -> int | None:
    chosen = tree.css_first("#info #season option[selected]")
    return number(line(chosen)) if chosen is not None else None


def _kind(tree: LexborHTMLParser, labels: Mapping[str, str], said: str) -> Kind | UnsetType:
    """Film or series. Some series (shows above all) have Douban's type of a film, so their labels count more.

    A reality show that was not in the cinemas is a series, whatever its type.
    """
    if not _OF_SERIES.isdisjoint(labels) or "电视剧" in said:
        return Kind.TV
    if "上映日期" not in labels and _SHOW in labels.get("类型", ""):
        return Kind.TV
    script = tree.css_first("script[type='application/ld+json']")
    if script is not None and (found := _TYPE.search(script.text())) is not None:
        return Kind.TV if found[1] == "TVSeries" else Kind.MOVIE
    return Kind.MOVIE if "电影" in said or "片长" in labels or "上映日期" in labels else UNSET


def _year(tree: LexborHTMLParser, facts: Mapping[str, Any]) -> int | UnsetType:
    released: tuple[str, ...] = facts.get("released", ())
    text = line(tree.css_first("h1 .year")) or (released[0] if released else "")
    found = re.search(r"(?<![0-9])[12][0-9]{3}(?![0-9])", text)
    return int(found[0]) if found is not None else UNSET


def _score(box: LexborNode | None) -> dict[str, Any]:
    """Score and number of ratings: empty while there are too few, absent where rating is switched off."""
    if (
        box is None
        or (node := box.css_first("[property='v:average'], [itemprop='ratingValue'], .rating_num")) is None
    ):
        return {}
    found = re.fullmatch(r"10(?:\.0)?|[0-9](?:\.[0-9])?", line(node))
    return {
        "score": float(found[0]) if found is not None else None,
        "votes": number(
            line(box.css_first("[property='v:votes'], [itemprop='ratingCount']")).replace(",", "")
        ),
    }


def _cover(node: LexborNode | None) -> str | None | UnsetType:
    return cover_of(node) if node is not None else UNSET


def _intro(tree: LexborHTMLParser) -> str | UnsetType:
    """The whole text: where the page shows a beginning, the rest is there, hidden."""
    box = tree.css_first("#link-report-intra, #link-report") or tree.css_first(".pure-text .abstract")
    if box is None:
        return UNSET
    part = box.css_first("span.all") or box.css_first("[property='v:summary']") or box.css_first(".intro")
    if part is None and not {"item-desc", "full", "abstract"}.isdisjoint(classes(box)):
        part = box  # games and stage dramas: the box is the text
    if part is None:
        return UNSET
    paragraphs = [written(p) for p in part.css("p")[:500]] or [written(part)]
    lines = (text.strip() for paragraph in paragraphs for text in paragraph.split("\n"))
    return "\n".join(text for text in lines if text) or UNSET
