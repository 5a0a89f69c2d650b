"""Marks and subjects: what a page may overwrite, and that nothing is forgotten."""

import contextlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from gateway.ledger import Ledger, Target
from gateway.library import Library, MarkKey
from gateway.merge import MARK_FIELDS, merge_marks
from gateway.model import (
    Account,
    Kind,
    Mark,
    Medium,
    Outcome,
    Page,
    PageType,
    Reading,
    Status,
    Subject,
    SubjectKey,
    Verdict,
    now,
    photo_id,
)
from gateway.shelves import SHELVES, Layout
from gateway.store import Store

ME = Account("1001", name="阿梅")
KEY = SubjectKey(Medium.MOVIE, "1292052")
MARK = Mark(
    account=ME.id,
    subject=KEY,
    status=Status.DONE,
    rating=4,
    comment="第一行\n第二行 😀",
    tags=("剧情", "重看"),
    marked_on=date(2021, 5, 6),
    mark_id="77",
)
SUBJECT = Subject(
    key=KEY,
    kind=Kind.MOVIE,
    title="远山",
    original_title="Far Hills",
    score=8.1,
    votes=10,
    cover="https://img1.doubanio.com/view/photo/s_ratio_poster/public/p100.jpg",
)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "d2f.db") as opened:
        yield opened


TARGET = Target("t", SHELVES[Layout.ONE][0].classes)


@pytest.fixture
def library(store: Store) -> Library:
    return Library(store)


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


def reading(
    *marks: Mark, subjects: tuple[Subject, ...] = (SUBJECT,), type_: PageType = PageType.LIST
) -> Reading:
    page = Page(url="https://movie.douban.com/", type=type_, verdict=Verdict.OK)
    return Reading(page=page, account=ME, marks=marks, subjects=subjects)


def take(library: Library, *marks: Mark, minutes: int = 0, **rest: object) -> Outcome:
    return library.merge(reading(*marks, **rest), f"capture {minutes}", NOON + timedelta(minutes=minutes))  # type: ignore[arg-type]


def title_in(ledger: Ledger) -> object:
    return ledger.pending(TARGET, 10)[0].subject.title


def test_new_then_same_then_changed(library: Library) -> None:
    assert take(library, MARK) == Outcome(new=1, outdated=1)
    assert take(library, MARK, minutes=1) == Outcome(same=1)
    assert take(library, msgspec.structs.replace(MARK, rating=5), minutes=2) == Outcome(changed=1, outdated=1)
    history = library.history(MarkKey(ME.id, KEY))
    assert [change.what for change in history] == ["new", "changed"]
    assert history[1].fields == {"rating": (4, 5)}
    assert history[0].fields["comment"] == (None, MARK.comment)


def test_what_a_page_does_not_show_stays(library: Library, ledger: Ledger) -> None:
    take(library, MARK)
    bare = Mark(account=ME.id, subject=KEY, status=Status.DONE)
    assert take(library, bare, minutes=1) == Outcome(same=1)
    assert ledger.pending(TARGET, 10)[0].mark == MARK


def test_what_a_page_shows_to_be_empty_is_emptied(library: Library, ledger: Ledger) -> None:
    take(library, MARK)
    emptied = msgspec.structs.replace(MARK, rating=None, comment=None, tags=())
    assert take(library, emptied, minutes=1) == Outcome(changed=1, outdated=1)
    assert ledger.pending(TARGET, 10)[0].mark == emptied


def test_the_beginning_of_a_comment_never_replaces_the_whole(library: Library, ledger: Ledger) -> None:
    whole = msgspec.structs.replace(MARK, comment="风很大，人很小。")
    take(library, whole)
    cut = msgspec.structs.replace(MARK, comment="风很大", comment_cut=True)
    assert take(library, cut, minutes=1) == Outcome(same=1)
    assert ledger.pending(TARGET, 10)[0].mark == whole
    other = msgspec.structs.replace(cut, comment="雨很大")
    assert take(library, other, minutes=2) == Outcome(changed=1, outdated=1)
    assert take(library, whole, minutes=3) == Outcome(changed=1, outdated=1)
    assert ledger.pending(TARGET, 10)[0].mark == whole


def test_a_page_that_waited_does_not_undo_a_later_one(library: Library, ledger: Ledger) -> None:
    take(library, MARK, minutes=0)
    take(library, msgspec.structs.replace(MARK, rating=5), minutes=10)
    assert take(library, msgspec.structs.replace(MARK, rating=1), minutes=5) == Outcome(same=1)
    assert ledger.pending(TARGET, 10)[0].mark.rating == 5


def test_a_mark_made_again_is_no_edit(library: Library) -> None:
    take(library, MARK)
    assert take(library, msgspec.structs.replace(MARK, mark_id="78"), minutes=1) == Outcome(same=1)


@pytest.mark.parametrize(
    "noise",
    [
        {"score": 8.2, "votes": 11},
        {"cover": "https://img9.doubanio.com/view/photo/m_ratio_poster/public/p100.webp"},
        {"brief": "2021-01-01(中国大陆) / 某人"},
    ],
)
def test_what_changes_by_itself_is_no_reason_to_write(
    library: Library, ledger: Ledger, noise: dict[str, object]
) -> None:
    take(library, MARK)
    ledger.pushed("t", [msgspec.structs.replace(ledger.pending(TARGET, 1)[0], record_id="rec1")])
    take(library, MARK, minutes=1, subjects=(msgspec.structs.replace(SUBJECT, **noise),))
    assert ledger.pending(TARGET, 10) == []


def test_a_new_cover_or_title_is_a_reason_to_write(library: Library, ledger: Ledger) -> None:
    take(library, MARK)
    for number, change in enumerate(
        ({"title": "远山 第一季"}, {"cover": "https://img1.doubanio.com/x/p101.jpg"})
    ):
        ledger.pushed("t", [msgspec.structs.replace(ledger.pending(TARGET, 1)[0], record_id="rec1")])
        take(library, MARK, minutes=number + 1, subjects=(msgspec.structs.replace(SUBJECT, **change),))
        assert len(ledger.pending(TARGET, 10)) == 1


def test_a_removed_subject_keeps_its_known_title(library: Library, ledger: Ledger) -> None:
    take(library, MARK)
    take(library, MARK, minutes=1, subjects=(Subject(key=KEY, removed=True),))
    row = ledger.pending(TARGET, 10)[0]
    assert (row.subject.title, row.subject.removed) == ("远山", True)


def test_the_beginning_of_a_title_never_replaces_the_whole(library: Library, ledger: Ledger) -> None:
    cut = msgspec.structs.replace(SUBJECT, title="远", title_cut=True)
    take(library, MARK, subjects=(cut,))
    take(library, MARK, minutes=1)
    assert title_in(ledger) == "远山"
    take(library, MARK, minutes=2, subjects=(cut,))
    assert title_in(ledger) == "远山"


def test_a_list_fills_in_but_does_not_overrule_a_subject_page(library: Library, ledger: Ledger) -> None:
    page = msgspec.structs.replace(SUBJECT, directors=("周明",), original_title="Far Hills")
    take(library, MARK, subjects=(page,), type_=PageType.SUBJECT)
    other = Subject(key=KEY, title="远山 别名", original_title="Other", year=2020, score=9.0)
    take(library, MARK, minutes=1, subjects=(other,))
    kept = ledger.pending(TARGET, 10)[0].subject
    assert (kept.title, kept.original_title, kept.directors) == ("远山", "Far Hills", ("周明",))
    assert (kept.year, kept.score) == (2020, 9.0)


def test_the_first_account_is_the_librarys(library: Library) -> None:
    assert library.accounts.first is None
    take(library, MARK)
    assert library.accounts.first == ME


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("pictured") / "d2f.db") as store:
        yield store


@given(
    address=st.text("ps/.?é1", min_size=1)
    | st.from_regex(r"\Ahttps?://[a-z0-9.]+(/[a-z0-9]+){0,3}/[ps]?[0-9a-f]+[.]jpg([?]x=/.)?\Z")
)
def test_the_library_tells_photos_as_the_program_does(pictured: Store, address: str) -> None:
    subject = ["movie", "1", 0, msgspec.json.encode({"cover": address}).decode(), ""]
    pictured.do(
        "INSERT OR REPLACE INTO subject (medium, id, detailed, body, seen_at) VALUES (?, ?, ?, ?, ?)", subject
    )
    assert pictured.one("SELECT address, photo FROM photo") == (address, photo_id(address))


def test_photo_id_is_what_hosts_and_sizes_share() -> None:
    one = "https://img1.doubanio.com/view/photo/s_ratio_poster/public/p2934829882.webp"
    two = "https://qnmob3.doubanio.com/view/photo/l_ratio_poster/public/p2934829882.jpg"
    assert photo_id(one) == photo_id(two) == "p2934829882"
    asked = "https://qnmob3.doubanio.com/view/subject/m/public/s33441122.jpg?imageView2/2/q/80/format/jpg"
    assert photo_id(asked) == "s33441122"
    small = "https://img2.doubanio.com/pview/drama_subject_poster/small/public/d41e5fa21b07c3e.jpg"
    large = "https://img9.doubanio.com/pview/drama_subject_poster/large/public/d41e5fa21b07c3e.jpg"
    assert photo_id(small) == photo_id(large) == "d41e5fa21b07c3e"
    assert photo_id("https://img1.doubanio.com") == "img1"


def as_json(mark: Mark) -> dict[str, Any]:
    return msgspec.json.decode(msgspec.json.encode(mark))


class Undone(Exception):  # no fault
    """The library is to be as it was."""


maybe = st.one_of(st.just(UNSET), st.none(), st.integers(1, 5))


@given(st.lists(maybe, min_size=1, max_size=8))
def test_the_last_thing_shown_wins(ratings: list[object]) -> None:
    """Whatever the order of pages, what is kept is what was last shown, and each real change is told once."""
    kept: Mark | None = None
    told = 0
    for rating in ratings:
        new = Mark(account=ME.id, subject=KEY, status=Status.DONE, rating=rating)  # type: ignore[arg-type]
        kept, changes = merge_marks(kept, new)
        told += "rating" in changes
    shown = [rating for rating in ratings if rating is not UNSET]
    assert kept is not None
    assert kept.rating == (shown[-1] if shown else UNSET)
    assert told == sum(a != b for a, b in zip([UNSET, *shown], shown, strict=False))


def test_a_clock_that_was_ahead_does_not_stop_later_edits(library: Library) -> None:
    """A page was "seen" tomorrow; then the clock was set right."""
    ahead = datetime.now(UTC) + timedelta(days=1)
    library.merge(reading(MARK), "c1", ahead)
    edited = msgspec.structs.replace(MARK, rating=2)
    assert library.merge(reading(edited), "c2", datetime.now(UTC)).changed == 1


def test_a_page_that_waited_only_fills_in_what_is_not_known_of_a_subject(
    library: Library, ledger: Ledger
) -> None:
    take(library, MARK)
    old = msgspec.structs.replace(SUBJECT, title="远山（旧名）", score=5.0, year=1999)
    assert take(library, MARK, minutes=-60, subjects=(old,)).outdated == 1
    shown = ledger.pending(TARGET, 10)[0].subject
    assert (shown.title, shown.score, shown.year) == ("远山", 8.1, 1999)


def test_both_titles_in_one_line_are_the_titles_that_are_known(library: Library, ledger: Ledger) -> None:
    """Lists of games write 中文 原名; the mobile JSON tells them apart. Neither is an edit of the other."""
    apart = msgspec.structs.replace(SUBJECT, title="远山", original_title="Far Hills")
    take(library, MARK, subjects=(apart,))
    joined = Subject(key=KEY, title="远山 Far Hills")
    assert take(library, MARK, minutes=1, subjects=(joined,)).outdated == 0
    assert title_in(ledger) == "远山"


def test_an_earlier_page_fills_in_what_no_later_one_showed(library: Library, ledger: Ledger) -> None:
    bare = Mark(account=ME.id, subject=KEY, status=MARK.status, rating=2)
    take(library, bare, minutes=5)
    assert take(library, MARK, minutes=1) == Outcome(changed=1, outdated=1)
    kept = ledger.pending(TARGET, 10)[0].mark
    assert (kept.rating, kept.comment, kept.tags) == (2, MARK.comment, MARK.tags)
    assert take(library, MARK, minutes=2) == Outcome(same=1)
    wished = msgspec.structs.replace(MARK, status=Status.WISH, rating=None)
    assert take(library, wished, minutes=3) == Outcome(same=1)
    assert ledger.pending(TARGET, 10)[0].mark == kept


def test_what_an_earlier_page_said_is_in_the_history_at_its_time(library: Library, ledger: Ledger) -> None:
    """It came late: the mark is as the later pages showed it."""
    take(library, MARK, minutes=10)
    wished = msgspec.structs.replace(MARK, status=Status.WISH, rating=None, comment="想看")
    assert take(library, wished, minutes=1) == Outcome(same=1)
    assert take(library, msgspec.structs.replace(MARK, rating=1), minutes=5) == Outcome(same=1)
    assert ledger.pending(TARGET, 10)[0].mark == MARK
    told = [(change.at, change.what, change.fields) for change in library.history(MarkKey(ME.id, KEY))]
    assert [(at - NOON, what) for at, what, _ in told] == [
        (timedelta(minutes=1), "new"),
        (timedelta(minutes=5), "changed"),
        (timedelta(minutes=10), "changed"),
    ]
    steps = [fields for *_, fields in told]
    assert (steps[0]["status"], steps[0]["comment"]) == ((None, "wish"), (None, "想看"))
    assert steps[1:] == [
        {"status": ("wish", "done"), "comment": ("想看", MARK.comment), "rating": (None, 1)},
        {"rating": (1, 4)},
    ]


def test_what_was_seen_before_and_after_an_earlier_page_is_told_again(library: Library) -> None:
    take(library, MARK)
    take(library, MARK, minutes=10)
    take(library, msgspec.structs.replace(MARK, rating=1), minutes=5)
    history = library.history(MarkKey(ME.id, KEY))
    assert [(change.at - NOON, change.fields) for change in history[1:]] == [
        (timedelta(minutes=5), {"rating": (4, 1)}),
        (timedelta(minutes=10), {"rating": (1, 4)}),
    ]
    assert [change.capture for change in history] == ["capture 0", "capture 5", None]


def test_an_earlier_page_that_tells_nothing_else_adds_nothing(library: Library) -> None:
    take(library, MARK, minutes=10)
    take(library, msgspec.structs.replace(MARK, rating=5), minutes=20)
    take(library, MARK, minutes=15)
    take(library, MARK, minutes=5)
    other = msgspec.structs.replace(MARK, rating=1)
    take(library, other, minutes=12)
    once = library.history(MarkKey(ME.id, KEY))
    take(library, other, minutes=12)
    take(library, msgspec.structs.replace(other, comment="第一", comment_cut=True), minutes=16)
    assert library.history(MarkKey(ME.id, KEY)) == once
    assert len(once) == 3


def told_of(name: str, *values: object) -> st.SearchStrategy[dict[str, object]]:
    """What a page may show of a field, or not."""
    return st.sampled_from([{}, *({name: value} for value in values)])


pages = st.tuples(
    st.sampled_from(Status),
    told_of("rating", None, 2, 5),
    told_of("tags", (), ("剧情",)),
    told_of("private", True, False),
    told_of("marked_on", None, date(2021, 5, 6), date(2024, 1, 2)),
    told_of("mark_id", "77", "78"),
    st.sampled_from(
        [
            {},
            {"comment": None},
            {"comment": "风很大，人很小。"},
            {"comment": "雨很大，人很小。"},
            {"comment": "风很大", "comment_cut": True},
            {"comment": "雪很大", "comment_cut": True},
        ]
    ),
).map(
    lambda told: Mark(
        account=ME.id, subject=KEY, status=told[0], **{k: v for each in told[1:] for k, v in each.items()}
    )
)


@given(shown=st.lists(pages, min_size=1, max_size=6), order=st.randoms(use_true_random=False))
def test_in_whatever_order_pages_come_the_mark_is_the_same_and_nothing_is_missing(
    pictured: Store, shown: list[Mark], order: random.Random
) -> None:
    kept: list[Mark] = []
    arrivals = list(enumerate(shown))
    for come in (arrivals, order.sample(arrivals, len(arrivals))):
        with contextlib.suppress(Undone), pictured.atomic():
            library = Library(pictured)
            for minutes, page in [*come, *come]:
                take(library, page, minutes=minutes)
            history = library.history(MarkKey(ME.id, KEY))
            assert [change.at for change in history] == sorted(change.at for change in history)
            kept.append(Ledger(pictured).pending(TARGET, 10)[0].mark)
            present = as_json(kept[-1])
            for name in MARK_FIELDS:
                told = [change.fields[name][1] for change in history if name in change.fields]
                last = told[-1] if told else present.get(name)
                # the history has the beginning of a comment that was whole only on a page that came later
                assert last == present.get(name) or str(present[name]).startswith(str(last)), name
                for page in shown:
                    if (value := as_json(page).get(name, UNSET)) is UNSET:
                        continue
                    known = [*told, present.get(name)]
                    assert value in known or (page.comment_cut and str(known).count(value)), (name, value)
            raise Undone
    assert kept[0] == kept[1]


def test_a_cover_that_is_known_stays(library: Library, ledger: Ledger) -> None:
    known = msgspec.structs.replace(SUBJECT, cover="https://img1.doubanio.com/p77.webp")
    take(library, MARK, subjects=(known,))
    take(library, MARK, subjects=(msgspec.structs.replace(SUBJECT, cover=None),), minutes=1)
    assert ledger.pending(TARGET, 10)[0].subject.cover == known.cover


def test_a_subject_that_changes_is_out_of_date_for_each_account_that_marked_it(
    library: Library, ledger: Ledger, store: Store
) -> None:
    """The page of one shows its own mark alone."""
    take(library, MARK)
    theirs = msgspec.structs.replace(MARK, account="2002")
    read = msgspec.structs.replace(reading(theirs), account=Account("2002"))
    library.merge(read, "theirs", NOON)
    second = Ledger(store, "2002")
    for each in (ledger, second):
        each.pushed(
            TARGET.key, [msgspec.structs.replace(row, record_id="rec") for row in each.pending(TARGET, 10)]
        )
        assert each.pending(TARGET, 10) == []
    changed = msgspec.structs.replace(SUBJECT, title="更远的山")
    assert take(library, MARK, minutes=1, subjects=(changed,)) == Outcome(same=1, outdated=2)
    for each in (ledger, second):
        assert title_in(each) == "更远的山"


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(seconds=1)])
def test_the_history_ends_with_what_is_though_a_clock_was_ahead(library: Library, ahead: timedelta) -> None:
    """A page that is taken for the newest, since ages are no more exact, is the newest there, too."""
    at = now()
    for number, moment in ((5, at + ahead), (3, at), (2, at + timedelta(seconds=5))):
        library.merge(reading(msgspec.structs.replace(MARK, rating=number)), "page", moment)
    told = [change.fields["rating"] for change in library.history(MarkKey(ME.id, KEY))]
    assert told == [(None, 5), (5, 3), (3, 2)]
