"""Damaged pages, by the hundred thousand: `just fuzz [seconds]`.

An input is one byte that chooses an address, and a page. It starts from the pages of the simulated Douban
and, where they are, the real ones. A finding is any exception (also one that a reader caught for itself), a
page that takes ten seconds, and a result that is not the same after a way through JSON.
"""

import asyncio
import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from gateway.model import Medium, Reading, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.http import Request, Response
from gateway.sandbox.person import Person, make_person

FIXTURES = Path(__file__).parents[2] / "shared/fixtures/douban"
ME = "150000001"
ADDRESSES = (
    f"https://movie.douban.com/people/{ME}/collect",
    f"https://book.douban.com/people/{ME}/wish?mode=list",
    f"https://music.douban.com/people/{ME}/do",
    f"https://www.douban.com/people/{ME}/games?action=collect",
    f"https://www.douban.com/location/people/{ME}/drama/collect",
    "https://movie.douban.com/subject/1000001/",
    "https://book.douban.com/subject/1000001/",
    "https://music.douban.com/subject/1000001/",
    "https://www.douban.com/game/1000001/",
    "https://www.douban.com/location/drama/1000001/",
    f"https://www.douban.com/people/{ME}/",
    "https://sec.douban.com/c",
    f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=movie&status=done&start=0&count=50",
    f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=book&status=mark",
    f"https://frodo.douban.com/api/v2/user/{ME}/interests",
)
JSON_ADDRESSES = range(12, 15)
ORDER = ("movie", "book", "music", "game", "drama")
MOST = 40_000
"""Bytes of a page; a real one is a little larger, and much slower to damage everywhere."""


def main() -> None:
    """Runs for the seconds that the command line says."""
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed here: it needs CPython 3.11 on Linux (uv sync --group fuzz)")
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with atheris.instrument_imports(include=["gateway.douban"]):
        readers: Any = importlib.import_module("gateway.douban")
        interests: Any = importlib.import_module("gateway.douban.interests")

    def one(data: bytes) -> None:
        url = ADDRESSES[data[0] % len(ADDRESSES)] if data else ADDRESSES[0]
        check(readers.read(url, data[1:]))
        check(interests.read_interests(url, data[1:]))

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            (Path(folder) / f"{number:03}").write_bytes(seed)
        options = [f"-max_total_time={seconds}", f"-max_len={MOST}", "-timeout=10", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, folder], one)
        atheris.Fuzz()


def check(reading: Reading) -> None:
    """Raises AssertionError for a result that is not sound."""
    caught = [problem for problem in reading.problems if problem.code == "page_unreadable"]
    assert not caught, caught
    assert (reading.page.reason is None) == (reading.page.verdict.value == "ok"), reading.page
    again = msgspec.json.decode(msgspec.json.encode(reading), type=Reading)
    assert again == reading, reading


def seeds() -> list[bytes]:
    """Whole pages with the byte of their address in front, and small ones that change quickly."""
    person = make_person(40)
    found = asyncio.run(_simulated(person))
    mark = {
        "id": 7, "status": "done", "create_time": "2024-03-05 10:11:12", "comment": "风\r\n大", "tags": ["a"],
        "rating": {"count": 1, "max": 5, "star_count": 4, "value": 4}, "is_private": True,
        "sharing_url": "https://www.douban.com/doubanapp/dispatch?uri=/subject/1000001/interest/7",
        "subject": {
            "id": "1000001", "type": "tv", "subtype": "tv", "title": "灯塔之下", "year": "2021",
            "url": "https://movie.douban.com/subject/1000001/", "uri": "douban://douban.com/tv/1000001",
            "pubdate": ["2021-07-15(法国)"], "genres": ["剧情"], "directors": [{"name": "甲"}],
            "actors": [{"name": "乙"}, {"name": "丙"}], "card_subtitle": "2021 / 法国", "author": ["丁"],
            "press": ["某社"], "pages": ["1"], "platforms": [{"name": "PC", "cn_name": "电脑"}],
            "rating": {"count": 9, "max": 10, "star_count": 3.5, "value": 7.1},
            "pic": {"large": "https://img1.doubanio.com/l.jpg", "normal": "https://img1.doubanio.com/m.jpg"},
        },
    }  # fmt: skip
    page = {"count": 50, "start": 0, "total": 2, "interests": [mark, {}]}
    refused = {"msg": "invalid_request_996", "code": 996, "request": "GET /v2/x"}
    for thing in (page, [mark], mark, refused):
        for ascii_only in (True, False):
            body = json.dumps(thing, ensure_ascii=ascii_only).encode()
            found += (bytes([place]) + body for place in JSON_ADDRESSES)
    for path in sorted(FIXTURES.rglob("*.*")) if FIXTURES.is_dir() else ():
        places = JSON_ADDRESSES if path.suffix == ".json" else _places(path.as_posix())
        found += (bytes([place]) + path.read_bytes()[:MOST] for place in places)
    return found


def _places(path: str) -> tuple[int, ...]:
    """The list and the subject page of the medium that is in the name of a real page."""
    return next(((place, place + 5) for place, medium in enumerate(ORDER) if medium in path), (10,))


async def _simulated(person: Person) -> list[bytes]:
    douban = Douban(person=person)
    cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    found: list[bytes] = []
    for place, address in enumerate(ADDRESSES[:11]):
        host, _, path = address.removeprefix("https://").partition("/")
        path = path.replace(ME, person.address)
        if "subject" in path:
            medium = Medium(host.partition(".")[0])
            marks = [mark for status in Status for mark in person.of(medium, status)]
            path = f"subject/{marks[0].key.id}/"
        request = Request("GET", host, "/" + path.partition("?")[0], (), {"cookie": cookie}, b"", "/" + path)
        answer = await douban.handle(request)
        if isinstance(answer, Response):
            found.append(bytes([place]) + answer.body)
    return found


if __name__ == "__main__":
    main()
