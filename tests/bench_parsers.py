"""Our reading of pages against lxml, parsel and Beautiful Soup, which get the same out of them: ``just bench``.

All say the same before any is timed. The others share one extraction, written for their strong sides: one
pass, compiled selectors, text split once. They stop at the marks and the subject, while ours also judges
the page (login, block, account, whole list). Numbers of one run on one machine; read the ratios.
"""

import asyncio
import gc
import importlib
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import bs4
import parsel

from gateway import douban
from gateway.douban.interests import read_interests
from gateway.model import UNSET, Medium, Reading, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.http import Request, Response
from gateway.sandbox.person import Entry, Person, make_person

FIXTURES = Path(__file__).parents[2] / "shared/fixtures/douban"
HTML: Any = importlib.import_module("lxml.html")  # it has no types
SELECTORS: Any = importlib.import_module("lxml.cssselect")
ROUNDS = 60
PAGES = 10_000
LISTS = {
    "title": ".title a",
    "brief": ".intro",
    "cover": ".pic img",
    "rating": "span[class*='rating']",
    "date": ".date",
    "tags": ".tags",
    "comment": ".comment",
}
LABELS = {
    "导演": "directors", "编剧": "writers", "主演": "cast", "类型": "genres", "制片国家/地区": "countries",
    "语言": "languages", "上映日期": "released", "首播": "released", "片长": "durations", "单集片长": "durations",
    "又名": "other_titles",
}  # fmt: skip


class Tool(Protocol):
    """How one library finds and tells."""

    def parse(self, page: bytes) -> Any: ...
    def all(self, node: Any, css: str) -> Iterable[Any]: ...
    def text(self, node: Any) -> str: ...
    def attr(self, node: Any, name: str) -> str: ...
    def lines(self, node: Any) -> list[str]: ...


class Lxml:
    def parse(self, page: bytes) -> Any:
        return HTML.document_fromstring(page, parser=HTML.HTMLParser(encoding="utf-8"))

    def all(self, node: Any, css: str) -> Iterable[Any]:
        return _css(css)(node)

    def text(self, node: Any) -> str:
        return "".join(node.itertext())

    def attr(self, node: Any, name: str) -> str:
        return node.get(name) or ""

    def lines(self, node: Any) -> list[str]:
        for br in node.iter("br"):
            br.tail = "\n" + (br.tail or "").lstrip()
        return self.text(node).split("\n")


class Parsel:
    def parse(self, page: bytes) -> Any:
        return parsel.Selector(body=page, encoding="utf-8")

    def all(self, node: Any, css: str) -> Iterable[Any]:
        return node.css(css)

    def text(self, node: Any) -> str:
        return "".join(node.xpath(".//text()").getall())

    def attr(self, node: Any, name: str) -> str:
        return node.attrib.get(name, "")

    def lines(self, node: Any) -> list[str]:
        return Lxml().lines(node.root)


class Soup:
    def parse(self, page: bytes) -> Any:
        return bs4.BeautifulSoup(page, "lxml", from_encoding="utf-8")

    def all(self, node: Any, css: str) -> Iterable[Any]:
        return node.select(css)

    def text(self, node: Any) -> str:
        return node.get_text()

    def attr(self, node: Any, name: str) -> str:
        value = node.get(name) or ""
        return value if isinstance(value, str) else " ".join(value)

    def lines(self, node: Any) -> list[str]:
        for br in node.find_all("br"):
            br.replace_with("\n")
        return self.text(node).split("\n")


@cache
def _css(css: str) -> Any:
    return SELECTORS.CSSSelector(css, translator="html")


def rows(tool: Tool, page: bytes) -> list[tuple[Any, ...]]:
    """The marks of a list of films, in grid or list mode."""
    tree = tool.parse(page)
    found: list[tuple[Any, ...]] = []
    for row in tool.all(tree, "div.grid-view > div.item, ul.list-view > li.item"):
        cell = {name: next(iter(tool.all(row, css)), None) for name, css in LISTS.items()}
        number = re.search(r"/subject/(\d+)", tool.attr(cell["title"], "href"))
        said = {name: clean(tool.text(node)) if node is not None else "" for name, node in cell.items()}
        date = re.search(r"\d{4}-\d\d-\d\d", said["date"])
        stars = re.search(
            r"rating(\d)-t", tool.attr(cell["rating"], "class") if cell["rating"] is not None else ""
        )
        title, _, rest = said["title"].partition(" / ")
        cid = tool.attr(row, "data-cid") or next(
            (tool.attr(n, "data-cid") for n in tool.all(row, "[data-cid]")), ""
        )
        found.append(
            (
                number and number[1],
                title.removesuffix("...").rstrip(),
                "" if rest.endswith("...") else rest,
                said["brief"],
                tool.attr(cell["cover"], "src") if cell["cover"] is not None else "",
                int(stars[1]) if stars else None,
                date and date[0],
                tuple(said["tags"].removeprefix("标签:").split()),
                tool.text(cell["comment"]).strip() if cell["comment"] is not None else "",
                cid,
            )
        )
    return found


def rows_of(reading: Reading) -> list[tuple[Any, ...]]:
    """The same from our reading. Where list mode cuts a title it may only be a beginning."""
    return [
        (
            mark.subject.id,
            subject.title,
            " / ".join(
                (
                    *((subject.original_title,) if subject.original_title else ()),
                    *(subject.other_titles or ()),
                )
            ),
            subject.brief or "",
            subject.cover or "",
            mark.rating or None,
            mark.marked_on.isoformat() if mark.marked_on else None,
            mark.tags or (),
            mark.comment or "",
            mark.mark_id,
        )
        for mark, subject in zip(reading.marks, reading.subjects, strict=True)
    ]


def subject(tool: Tool, page: bytes) -> dict[str, Any]:
    """The facts of a film's page, and the mark on it."""
    tree = tool.parse(page)

    def first(css: str) -> str:
        return next((tool.text(node) for node in tool.all(tree, css)), "")

    facts: dict[str, Any] = dict.fromkeys(LABELS.values(), ())
    for line in tool.lines(next(iter(tool.all(tree, "#info")))):
        label, _, value = line.partition(":")
        if (name := LABELS.get(label.strip())) is not None:
            facts[name] = tuple(part.strip() for part in f"{value} ".split(" / ") if part.strip())
        elif label.strip() == "IMDb":
            facts["imdb"] = value.strip()
    mark = tool.lines(next(iter(tool.all(tree, "#interest_sect_level"))))
    tags = next((line for line in mark if line.strip().startswith("标签:")), "")
    stars = next((tool.attr(node, "value") for node in tool.all(tree, "#n_rating")), "")
    return facts | {
        "title": clean(first("title")).removesuffix(" (豆瓣)"),
        "year": int(first("h1 .year").strip("()")),
        "score": float(first("[property='v:average']") or 0),
        "votes": int(first("[property='v:votes']") or 0),
        "cover": next(tool.attr(node, "src") for node in tool.all(tree, "#mainpic img")),
        "intro": clean(first("#link-report-intra span.all") or first("[property='v:summary']")),
        "rating": int(stars) if stars else None,
        "date": first("#interest_sect_level .collection_date"),
        "tags": tuple(tags.strip().removeprefix("标签:").split()),
    }


def subject_of(reading: Reading) -> dict[str, Any]:
    (told,) = reading.subjects
    mark = reading.marks[0] if reading.marks else None
    facts: dict[str, Any] = {name: getattr(told, name) or () for name in LABELS.values()}
    return facts | {
        "imdb": told.imdb,
        "title": told.title,
        "year": told.year,
        "score": told.score or 0,
        "votes": told.votes or 0,
        "cover": told.cover,
        "intro": clean(told.intro or ""),
        "rating": (mark.rating or None) if mark else None,
        "date": mark.marked_on.isoformat() if mark and mark.marked_on else "",
        "tags": (mark.tags or ()) if mark else (),
    }


def clean(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    person = make_person(600)
    person.marks = [entry for entry in person.marks if entry.removed is None and plain(entry)]
    say(f"medians of {ROUNDS} rounds, in ms; how many times as long the others take")
    say(f"{'':38}{'ours':>8}{'lxml':>8}{'×':>6}{'parsel':>8}{'×':>6}{'bs4':>8}{'×':>6}")
    for mode in ("list", "grid"):
        url = f"https://movie.douban.com/people/{person.address}/collect?mode={mode}"
        html = page(person, url)
        reading = douban.read(url, html)
        compare(f"{len(reading.marks)} films in {mode} mode", url, html, rows, rows_of)
    film = person.of(Medium.MOVIE, Status.DONE)[0].key
    url = f"https://movie.douban.com/subject/{film.id}/"
    compare("a film's own page", url, page(person, url), subject, subject_of)
    for path in sorted((FIXTURES / "subject_anon/movie").glob("*1*.html"))[:3] if FIXTURES.is_dir() else ():
        number = re.findall(r"\d{6,}", path.stem)[0]
        real = f"https://movie.douban.com/subject/{number}/"
        compare(f"real: film {number}", real, path.read_bytes(), subject, subject_of)
    marks(person)
    memory(url, page(person, url), person)


def compare(
    name: str,
    url: str,
    html: bytes,
    others: Callable[[Tool, bytes], Any],
    project: Callable[[Reading], Any],
) -> None:
    ours = project(douban.read(url, html))
    tools: tuple[Tool, ...] = (Lxml(), Parsel(), Soup())
    for tool in tools:
        theirs = others(tool, html)
        if not same(ours, theirs):
            raise SystemExit(f"{name}: {type(tool).__name__} reads something else\n{ours}\n{theirs}")
    works = [lambda: douban.read(url, html), *(lambda tool=tool: others(tool, html) for tool in tools)]
    mine, *times = measure(*works)
    line = "".join(f"{each:8.2f}{each / mine:6.1f}" for each in times)
    say(f"{name + f', {len(html) / 1024:.0f} KB':38}{mine:8.2f}{line}")


def same(ours: Any, theirs: Any) -> bool:
    """Equal, but that white space inside texts is put in order, and that an absent fact may be an empty one."""
    return bool(normal(ours) == normal(theirs))


def normal(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case {**facts}:
            return {str(name): normal(each) for name, each in facts.items() if each}
        case [*values]:
            return [normal(each) for each in values]
        case _:
            return value or None


def marks(person: Person) -> None:
    """The JSON of 50 marks, against the standard library's dictionaries alone."""
    url = f"https://m.douban.com/rexxar/api/v2/user/{person.id}/interests?type=movie&status=done&start=0&count=50"
    entries = person.of(Medium.MOVIE, Status.DONE)[:50]
    pages = {"50 marks": [interest(entry) for entry in entries]}
    for path in sorted((FIXTURES / "json/interests").glob("*.json")) if FIXTURES.is_dir() else ():
        items = json.loads(path.read_bytes())
        pages[f"real: {path.name.removesuffix('.json').removesuffix('.sample')}"] = (
            (items * 50)[:50] if len(items) > 9 else items
        )
    say(f"\n{'':38}{'ours':>8}{'json.loads':>12}{'×':>6}")
    for name, items in pages.items():
        body = json.dumps(
            {"count": 50, "start": 0, "total": 500, "interests": items}, ensure_ascii=False
        ).encode()
        mine, alone = measure(lambda body=body: read_interests(url, body), lambda body=body: json.loads(body))
        say(f"{name + f', {len(body) / 1024:.0f} KB':38}{mine:8.2f}{alone:12.2f}{alone / mine:6.1f}")


def interest(entry: Entry) -> dict[str, Any]:
    """A mark in the shape of the mobile JSON, with what is not read of it."""
    told, mark = entry.subject, entry.mark
    kind = "tv" if told.kind == "tv" else "movie"
    rating = mark.rating and {"count": 1, "max": 5, "star_count": mark.rating, "value": mark.rating}
    return {
        "comment": mark.comment or "", "rating": rating, "sharing_text": f"我的评分 https://movie.douban.com/subject/{told.key.id}/",
        "sharing_url": f"https://www.douban.com/doubanapp/dispatch?uri=/subject/{told.key.id}/interest/{mark.mark_id}",
        "tags": mark.tags or [], "charts": [], "platforms": [], "vote_count": entry.useful,
        "create_time": f"{mark.marked_on} 20:15:16" if mark.marked_on else None, "status": "done",
        "id": int(mark.mark_id or 0), "is_private": bool(mark.private),
        "subject": {
            "rating": {"count": told.votes or 0, "max": 10, "star_count": 4.0, "value": told.score or 0},
            "controversy_reason": "", "pubdate": told.released or [], "is_show": False, "year": str(told.year or ""),
            "pic": {"large": told.cover or "", "normal": told.cover or ""}, "honor_infos": [], "vendor_icons": [told.cover] * 2,
            "color_scheme": {"is_dark": True, "primary_color_light": "7f6b50", "_base_color": [0.09, 0.36, 0.5]},
            "card_subtitle": told.brief or "", "id": told.key.id, "genres": told.genres or [], "title": told.title,
            "is_released": True, "actors": [{"name": name} for name in told.cast or ()], "type": kind, "subtype": kind,
            "directors": [{"name": name} for name in told.directors or ()], "cover_url": told.cover or "",
            "url": f"https://movie.douban.com/subject/{told.key.id}/", "uri": f"douban://douban.com/{kind}/{told.key.id}",
            "sharing_url": f"https://www.douban.com/doubanapp/dispatch/movie/{told.key.id}", "release_date": None,
            "album_no_interact": False, "article_intros": [], "null_rating_reason": "", "has_linewatch": True,
        },
    }  # fmt: skip


def memory(url: str, html: bytes, person: Person) -> None:
    """What remains of pages that were read."""
    api = f"https://m.douban.com/rexxar/api/v2/user/{person.id}/interests?type=movie&status=done&start=0&count=50"
    body = json.dumps([interest(entry) for entry in person.of(Medium.MOVIE, Status.DONE)[:50]]).encode()
    for _ in range(500):
        douban.read(url, html)
        read_interests(api, body)
    gc.collect()
    before = resident()
    for _ in range(PAGES // 2):
        douban.read(url, html)
        read_interests(api, body)
    gc.collect()
    after = resident()
    say(f"\nmemory: {after - before:+.2f} MB resident over {PAGES} pages read, of {after:.0f} MB")


def resident() -> float:
    """MB of this process; 0 where the system does not say."""
    status = Path("/proc/self/statm")
    return int(status.read_text("ascii").split()[1]) * 4096 / 1024 / 1024 if status.exists() else 0.0


def page(person: Person, url: str) -> bytes:
    """A page of the simulated Douban, as its person sees it."""
    host, _, path = url.removeprefix("https://").partition("/")
    plain_path, _, query = path.partition("?")
    asked = tuple(
        (name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)
    )
    cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    request = Request("GET", host, f"/{plain_path}", asked, {"cookie": cookie}, b"", f"/{path}")
    answer = asyncio.run(Douban(person=person).handle(request))
    assert isinstance(answer, Response)
    return answer.body


def plain(entry: Entry) -> bool:
    """Not one of the odd comments, at which simple extractions differ in what they call white space."""
    return entry.useful == 0 and entry.subject.title is not UNSET


def measure(*works: Callable[[], object]) -> list[float]:
    """The median of each in milliseconds, one after the other within each round."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            begun = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) * 1000 for taken in times]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
