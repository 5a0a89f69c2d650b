"""The mobile JSON: its shape beside captured answers, and what it tells of the marks."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.model import UNSET, Medium, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.person import EVERYTHING, Person, Removed, make_person

from .douban_web import Web, browsing

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "douban" / "json"
captured = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the captured answers of ../shared are not here")
Shapes = dict[str, set[str]]


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    me, other = make_person(700, kinds=EVERYTHING), make_person(40, seed=3)
    async with browsing(Douban(person=me, others=[other])) as web:
        yield web


async def ask(web: Web, who: Person | None = None, **query: str | int) -> Any:
    """One page of the person's own marks, as the phone asks for it."""
    me = who or web.douban.person
    path = f"/rexxar/api/v2/user/{web.douban.person.id}/interests"
    cookies = "; ".join(f"{name}={value}" for name, value in me.cookies.items())
    answer = await web.ask(
        "m.douban.com", path, query | {"ck": me.ck, "for_mobile": 1}, Cookie=cookies, Referer="https://m.douban.com/mine/"
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.json()


async def everything(web: Web, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    while len(items) < (page := await ask(web, None, start=len(items), count=50, **query))["total"]:
        items += page["interests"]
    return items


def shapes(value: object, path: str = "", into: Shapes | None = None) -> Shapes:
    """The JSON types at every path. A whole number may stand for one with a point."""
    found: Shapes = defaultdict(set) if into is None else into
    name = type(value).__name__
    found[path].add("float" if name == "int" else name)
    if isinstance(value, dict):
        for key, each in cast("dict[str, object]", value).items():
            shapes(each, f"{path}.{key}", found)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            shapes(each, f"{path}[]", found)
    return found


def real(kind: str) -> list[dict[str, Any]]:
    items = [item for path in FIXTURES.glob("interests/*.json") for item in json.loads(path.read_text())]
    (envelope,) = FIXTURES.glob("frodo/*.full-envelope.json")
    items += json.loads(envelope.read_text())["interests"]
    return [item for item in items if item["subject"]["type"] == kind]


@captured
@pytest.mark.parametrize("kind", ["movie", "tv", "book", "music", "game"])
async def test_items_have_the_keys_and_types_of_captured_ones(web: Web, kind: str) -> None:
    web.douban.wrong_counts = False
    ours = shapes(
        [
            i
            for i in await everything(web, type="movie" if kind == "tv" else kind)
            if i["subject"]["type"] == kind
        ]
    )
    theirs = shapes(real(kind))
    assert set(theirs) - set(ours) == set()
    assert {path: types - ours[path] for path, types in theirs.items() if types - ours[path]} == {}
    seldom = {"[].is_editable", "[].tags[]", "[].platforms[]", "[].subject.pubdate[]"}  # not in every capture
    assert {path for path in set(ours) - set(theirs) if path not in seldom} == set()


@captured
@pytest.mark.parametrize("kind", ["movie", "book", "music", "game"])
async def test_keys_come_in_the_order_of_captured_ones(web: Web, kind: str) -> None:
    ours = next(i for i in await everything(web, type=kind) if i["subject"]["type"] == kind)
    as_served = [i for i in real(kind) if list(i) != sorted(i) and "未知" not in i["subject"]["title"]]
    assert as_served
    for theirs in as_served:  # the rest went through a tool that sorts
        for mine, other in ((ours, theirs), (ours["subject"], theirs["subject"])):
            assert [key for key in mine if key in other] == [key for key in other if key in mine]


@captured
async def test_the_envelope_is_the_captured_one(web: Web) -> None:
    (path,) = FIXTURES.glob("frodo/*.full-envelope.json")
    theirs, ours = json.loads(path.read_text()), await ask(web, type="movie", status="done", count=1)
    assert list(ours) == list(theirs)
    assert shapes(ours["filters"]) == shapes(theirs["filters"])


@pytest.mark.parametrize("medium", list(Medium))
@pytest.mark.parametrize(
    ("word", "status"), [("mark", Status.WISH), ("doing", Status.DOING), ("done", Status.DONE)]
)
async def test_pages_of_fifty_tell_each_mark(web: Web, medium: Medium, word: str, status: Status) -> None:
    entries = web.douban.person.of(medium, status)
    items = await everything(web, type=medium, status=word)
    assert [(item["subject"]["id"], str(item["id"])) for item in items] == [
        (e.key.id, e.mark.mark_id) for e in entries
    ]
    for entry, item in zip(entries, items, strict=True):
        mark = entry.mark
        assert item["comment"] == (mark.comment or "")
        assert (item["rating"] or {"value": None})["value"] == mark.rating
        assert (tuple(item["tags"]), item["is_private"], item["status"]) == (mark.tags, mark.private, word)
        assert item["vote_count"] == entry.useful
        if mark.marked_at is not UNSET:
            assert item["create_time"] == mark.marked_at.strftime("%Y-%m-%d %H:%M:%S")


async def test_one_item_tells_the_total(web: Web) -> None:
    assert (await ask(web, count=1))["total"] == len(web.douban.person.marks)
    web.douban.wrong_counts = True
    assert (await ask(web, count=1))["total"] == len(web.douban.person.marks) + 20


async def test_past_the_end_there_is_nothing(web: Web) -> None:
    page = await ask(web, type="book", status="doing", start=5000, count=50)
    assert page["interests"] == []


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"Cookie": True}, {}),
        ({"Referer": "https://m.douban.com/mine/book"}, {}),
        ({"Cookie": True, "Referer": "https://book.douban.com/"}, {}),
        ({"Cookie": True, "Referer": "https://m.douban.com/mine/book"}, {"ck": "zzzz"}),
    ],
)
async def test_without_cookie_referer_or_token_it_is_403(
    web: Web, headers: dict[str, str | bool], query: dict[str, str | int]
) -> None:
    me = web.douban.person
    cookies = "; ".join(f"{name}={value}" for name, value in me.cookies.items())
    sent = {name: cookies if value is True else str(value) for name, value in headers.items()}
    answer = await web.ask("m.douban.com", f"/rexxar/api/v2/user/{me.id}/interests", query, **sent)
    assert answer.status_code == 403
    assert "interests" not in answer.json()


async def test_a_broken_mark_spoils_its_page_and_no_other(web: Web) -> None:
    me = web.douban.person
    me.of(Medium.BOOK, Status.DONE)[7].broken = True
    cookies = "; ".join(f"{name}={value}" for name, value in me.cookies.items())
    path, answers = f"/rexxar/api/v2/user/{me.id}/interests", list[int]()
    for start in range(6, 9):
        query: dict[str, str | int] = {"type": "book", "status": "done", "start": start, "count": 1}
        answer = await web.ask(
            "m.douban.com", path, query, Cookie=cookies, Referer="https://m.douban.com/mine/book"
        )
        answers.append(answer.status_code)
    assert answers == [200, 500, 200]
    answer = await web.ask(
        "m.douban.com",
        path,
        {"type": "book", "status": "done"},
        Cookie=cookies,
        Referer="https://m.douban.com/mine/book",
    )
    assert answer.status_code == 500


async def test_removed_subjects(web: Web) -> None:
    me = web.douban.person
    gone = {e.key.id: e for e in me.marks if e.removed in {Removed.UNKNOWN, Removed.TITLE_ONLY}}
    items = [item for item in await everything(web) if item["subject"]["id"] in gone]
    assert {item["subject"]["title"] for item in items} == {"未知电影", "未知电视剧", "未知游戏"}
    for item in items:
        subject = item["subject"]
        assert (subject["card_subtitle"], subject["sharing_url"], subject["rating"]["value"]) == ("", "", 0)
        assert subject["color_scheme"] is None
        assert "/f/frodo/" in subject["cover_url"]
    web.douban.bare_removed = True
    bare = [item for item in await everything(web) if item == {}]
    assert len(bare) == sum(e.removed is Removed.UNKNOWN for e in gone.values())


async def test_others_see_no_private_mark(web: Web) -> None:
    private = [e for e in web.douban.person.marks[:50] if e.mark.private]
    page = await ask(web, web.douban.others[0], count=50)
    assert private
    assert len(page["interests"]) == 50 - len(private)
    assert not any(item["is_private"] for item in page["interests"])


async def test_the_phones_own_page_names_the_account(web: Web) -> None:
    me = web.douban.person
    html = await web.page("m", "/mine/", me)
    (user,) = html.css("#user")
    assert (user.attributes["value"], user.attributes["data-name"]) == (me.id, me.name)
    answer = await web.get("m", "/mine/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://accounts.douban.com/passport/login")
