"""One model of the account: what is changed in it shows on the list, on the subject's page and in the JSON alike."""

import asyncio
import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import Medium, Status
from gateway.sandbox.douban import Douban
from gateway.sandbox.douban.sections import PATHS, SECTIONS
from gateway.sandbox.http import Request, Response
from gateway.sandbox.person import EVERYTHING, Person, make_person

from .douban_web import Html

TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]) | st.sampled_from(" \n<>&\"'"),
    max_size=60,
).map(str.strip)
TAGS = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8), max_size=4
).map(tuple)
ROW = {
    Medium.BOOK: "li.subject-item",
    Medium.GAME: "div.common-item",
    Medium.MOVIE: "div.item",
    Medium.MUSIC: "div.item",
    Medium.DRAMA: "div.item",
}


def ask(douban: Douban, host: str, path: str, query: dict[str, str]) -> str:
    """What the person gets, as text."""
    cookie = "; ".join(f"{name}={value}" for name, value in douban.person.cookies.items())
    headers = {"cookie": cookie, "referer": "https://m.douban.com/mine/"}
    request = Request("GET", host, path, tuple(query.items()), headers, b"")
    answer = asyncio.run(douban.handle(request))
    assert isinstance(answer, Response)
    assert answer.status == 200
    return answer.body.decode()


def interest(douban: Douban, person: Person, medium: Medium, status: Status) -> dict[str, Any]:
    word = "mark" if status is Status.WISH else str(status)
    query = {"type": str(medium), "status": word, "count": "1"}
    answer = ask(douban, "m.douban.com", f"/rexxar/api/v2/user/{person.id}/interests", query)
    return json.loads(answer)["interests"][0]


def texts(html: Html) -> list[str]:
    """The text of each element, as a reader would copy it."""
    return [node.text().replace("\r\n", "\n").strip() for node in html.css("*")]


@pytest.mark.parametrize("medium", list(Medium))
@settings(max_examples=20, deadline=None)
@given(data=st.data(), rating=st.none() | st.integers(1, 5), comment=TEXT, tags=TAGS)
def test_an_edit_shows_everywhere(
    medium: Medium, data: st.DataObject, rating: int | None, comment: str, tags: tuple[str, ...]
) -> None:
    person = make_person(80, kinds=EVERYTHING)
    person.today = date(2026, 11, 21)
    douban, section = Douban(person=person), SECTIONS[medium]
    entry = data.draw(st.sampled_from([e for e in person.marks if e.key.medium is medium and not e.removed]))
    status = data.draw(st.sampled_from([s for s in section.words if s is not entry.mark.status]))
    entry.useful = 0
    person.edit(entry.key, status=status, rating=rating, comment=comment or None, tags=tags)

    path = section.lists.format(person.id, PATHS[status]).partition("?")[0]
    page = ask(douban, section.host, path, {"action": PATHS[status]})
    row = Html(page).css_first(ROW[medium])  # another status makes it the first
    assert row is not None
    listed = Html(row.html or "")
    own = Html(ask(douban, section.host, section.subjects.format(entry.key.id), {}))
    told = interest(douban, person, medium, status)

    assert f"/{entry.key.id}/" in (row.html or "")
    for shown in (listed, own):
        assert not comment or comment in texts(shown)
        assert not tags or any(text.removeprefix("标签:").split() == list(tags) for text in texts(shown))
        assert any("2026-11-21" in text for text in texts(shown))
    stars = re.findall(r"rating([1-5])-t|allstar([1-5])0", row.html or "")
    assert ["".join(found) for found in stars] == ([str(rating)] if rating else [])
    assert own.css("input#n_rating")[0].attributes["value"] == str(rating or "")
    assert (told["comment"], tuple(told["tags"]), told["subject"]["id"]) == (comment, tags, entry.key.id)
    assert (told["rating"] or {"value": None})["value"] == rating
    assert told["create_time"].startswith("2026-11-21 ")


@pytest.mark.parametrize("medium", list(Medium))
def test_a_mark_that_is_removed_is_gone_everywhere(medium: Medium) -> None:
    person = make_person(80, kinds=EVERYTHING)
    douban, section = Douban(person=person), SECTIONS[medium]
    entry = next(e for e in person.of(medium, Status.DONE) if not e.removed)
    person.remove(entry.key)
    path = section.lists.format(person.id, PATHS[Status.DONE]).partition("?")[0]
    assert f"/{entry.key.id}/" not in ask(douban, section.host, path, {"action": "collect"})
    page = Html(ask(douban, section.host, section.subjects.format(entry.key.id), {}))
    assert not page.css("span.mr10, span.collection-result")
    assert page.css(".nav-user-account")
    assert interest(douban, person, medium, Status.DONE)["subject"]["id"] != entry.key.id
