"""Every kind, in every shape that the simulated Douban has: what is read is what the person marked.

The reader and the simulated pages were written from the same facts by different hands.
"""

from collections.abc import Iterator

import msgspec
import pytest
from msgspec import UNSET

from gateway import douban
from gateway.model import Mark, Medium, Reading, Status, Subject, Verdict
from gateway.sandbox.douban import Douban
from gateway.sandbox.http import Server
from gateway.sandbox.person import EVERYTHING, Entry, Person, make_person
from gateway.visitor import DoubanVisitor
from tests.support import Background, background

WORDS = {Status.WISH: "wish", Status.DOING: "do", Status.DONE: "collect"}
LISTS = [
    (medium, status)
    for medium in Medium
    for status in Status
    if (medium, status) != (Medium.DRAMA, Status.DOING)  # Douban has none
]


class Site:
    """The simulated Douban, and somebody who looks at it."""

    def __init__(self, beside: Background) -> None:
        self.person: Person = make_person(300, kinds=EVERYTHING)
        self.douban = Douban(person=self.person)
        server = beside.enter(Server(self.douban.handle))
        self.visitor = DoubanVisitor(server.url, self.person.cookies)

    def read(self, url: str) -> Reading:
        page = self.visitor.open(url)
        return douban.read(url, page.body, accounts=[self.person.id], status=page.status)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with background() as beside:
        yield Site(beside)


def list_of(who: str, medium: Medium, status: Status, start: int = 0, mode: str = "grid") -> str:
    word = WORDS[status]
    if medium is Medium.GAME:
        return f"https://www.douban.com/people/{who}/games?action={word}&start={start}"
    if medium is Medium.DRAMA:
        base = f"https://www.douban.com/location/people/{who}/drama/{word}"
        return f"{base}?sort=time&start={start}&filter=all&mode={mode}&tags_sort=count"
    return f"https://{medium}.douban.com/people/{who}/{word}?start={start}&sort=time&rating=all&mode={mode}"


def page_of(entry: Entry) -> str:
    match entry.key.medium:
        case Medium.GAME:
            return f"https://www.douban.com/game/{entry.key.id}/"
        case Medium.DRAMA:
            return f"https://www.douban.com/location/drama/{entry.key.id}/"
        case medium:
            return f"https://{medium}.douban.com/subject/{entry.key.id}/"


def whole(site: Site, medium: Medium, status: Status, mode: str = "grid") -> tuple[list[Mark], list[Subject]]:
    """A list to its end."""
    marks: list[Mark] = []
    subjects: list[Subject] = []
    start: int | None = 0
    while start is not None:
        reading = site.read(list_of(site.person.id, medium, status, start, mode))
        assert (reading.page.verdict, reading.problems) == (Verdict.OK, ()), reading.page
        marks += reading.marks
        subjects += reading.subjects
        assert reading.page.part
        start = reading.page.part.next_start
    assert reading.page.part  # pyright: ignore[reportPossiblyUnboundVariable]  # at least one page was read
    return marks, subjects


@pytest.mark.parametrize(("medium", "status"), LISTS)
def test_lists(site: Site, medium: Medium, status: Status) -> None:
    entries = site.person.of(medium, status)
    marks, subjects = whole(site, medium, status)
    assert [mark.subject for mark in marks] == [entry.key for entry in entries]
    for entry, mark, subject in zip(entries, marks, subjects, strict=True):
        same_mark(mark, entry)
        if entry.removed is None:
            assert title_of(subject) == title_of(entry.subject)
            assert subject.kind in {entry.subject.kind, UNSET}


@pytest.mark.parametrize("medium", Medium)
def test_subject_pages(site: Site, medium: Medium) -> None:
    entries = [entry for entry in site.person.marks if entry.key.medium is medium and not entry.removed][:20]
    assert len(entries) > 5
    for entry in entries:
        reading = site.read(page_of(entry))
        assert reading.page.verdict is Verdict.OK
        (mark,), (subject,) = reading.marks, reading.subjects
        same_mark(mark, entry, guessed=medium is Medium.GAME)
        assert title_of(subject) == title_of(entry.subject)
        same_facts(subject, entry.subject)


@pytest.mark.parametrize("medium", Medium)
def test_the_mobile_json(site: Site, medium: Medium) -> None:
    for status, word in ((Status.WISH, "mark"), (Status.DOING, "doing"), (Status.DONE, "done")):
        entries = site.person.of(medium, status)
        url = (
            f"https://m.douban.com/rexxar/api/v2/user/{site.person.id}/interests?type={medium}"
            f"&status={word}&start=0&count=50&ck={site.person.ck}&for_mobile=1"
        )
        page = site.visitor.open(url, f"https://m.douban.com/mine/{medium}")
        assert page.status == 200, page.body
        reading = douban.read(url, page.body, accounts=[site.person.id])
        assert (reading.page.verdict, reading.problems) == (Verdict.OK, ()), reading.page
        shown = entries[:50]
        assert [mark.subject for mark in reading.marks] == [entry.key for entry in shown]
        for entry, mark in zip(shown, reading.marks, strict=True):
            if entry.removed is None:
                assert mark.private == bool(entry.mark.private)
                assert (mark.rating, mark.tags) == (entry.mark.rating, entry.mark.tags)
                assert mark.marked_at == entry.made


def same_mark(mark: Mark, entry: Entry, *, guessed: bool = False) -> None:
    """``guessed``: the shape is not certain, so that what is not seen is not taken for empty."""
    wanted = entry.mark
    assert mark.status is wanted.status
    for name in ("rating", "comment", "tags"):
        told, true = getattr(mark, name), getattr(wanted, name)
        nothing = told is UNSET and (not true if guessed else entry.removed is not None)
        assert told == true or nothing, (entry.key, name, told, true)
    assert mark.marked_on in {wanted.marked_on, UNSET}
    assert (mark.marked_on is UNSET) == (wanted.marked_on is None)


def title_of(subject: Subject) -> object:
    """Pages of games have both titles in one line, and nothing that says where the one ends."""
    if subject.key.medium is Medium.GAME and subject.original_title:
        return f"{subject.title} {subject.original_title}"
    return subject.title


def same_facts(told: Subject, true: Subject) -> None:
    """Every fact that the page shows is the right one, and the page shows all but the empty ones."""
    quiet = {"brief", "title", "original_title", "title_cut"}
    for name in set(msgspec.structs.asdict(true)) - quiet:
        shown, wanted = getattr(told, name), getattr(true, name)
        assert shown == wanted or (shown is UNSET and not wanted), (true.key, name, shown, wanted)
