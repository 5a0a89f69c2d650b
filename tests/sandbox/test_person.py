from collections import Counter
from datetime import date

import pytest
from msgspec import UNSET

from gateway.model import Kind, Medium, Status, Subject, SubjectKey
from gateway.sandbox.person import EVERYTHING, FIRST_DAY, TODAY, Entry, Person, Removed, make_person


@pytest.fixture(scope="module")
def thousand() -> Person:
    return make_person()


@pytest.fixture
def person() -> Person:
    return make_person(60)


def first(person: Person, status: Status) -> Entry:
    return next(e for e in person.marks[10:] if e.mark.status is status and not e.removed)


def test_the_same_seed_is_the_same_person() -> None:
    assert make_person(120, seed=3) == make_person(120, seed=3)
    assert make_person(5, seed=3).id != make_person(5, seed=4).id


def test_it_has_as_many_marks_as_asked_for() -> None:
    assert [len(make_person(count).marks) for count in (0, 1, 37)] == [0, 1, 37]


def test_each_subject_is_marked_once(thousand: Person) -> None:
    assert len({e.key for e in thousand.marks}) == 1000
    assert len({e.mark.mark_id for e in thousand.marks}) == 1000


def test_a_number_can_be_a_book_and_a_record(thousand: Person) -> None:
    books = {e.key.id for e in thousand.marks if e.key.medium is Medium.BOOK}
    assert books & {e.key.id for e in thousand.marks if e.key.medium is Medium.MUSIC}


def test_every_medium_has_every_status(thousand: Person) -> None:
    lists = Counter((e.key.medium, e.mark.status) for e in thousand.marks)
    assert set(lists) == {(m, s) for m in (Medium.BOOK, Medium.MOVIE, Medium.MUSIC) for s in Status}


def test_there_can_be_marks_of_every_kind() -> None:
    person = make_person(kinds=EVERYTHING)
    assert make_person(kinds=EVERYTHING) == person
    lists = {(e.subject.kind, e.mark.status) for e in person.marks}
    without_doing = {Kind.MOVIE, Kind.DRAMA}
    assert lists == {(k, s) for k in Kind for s in Status if s is not Status.DOING or k not in without_doing}
    games = [e for e in person.marks if e.subject.kind is Kind.GAME]
    assert {e.removed for e in games} >= {None, Removed.UNKNOWN}


@pytest.mark.parametrize("kind", list(Kind))
def test_there_can_be_marks_of_one_kind(kind: Kind) -> None:
    assert {e.subject.kind for e in make_person(30, kinds=(kind,)).marks} == {kind}


def test_there_is_no_watching_of_films(thousand: Person) -> None:
    watching = thousand.of(Medium.MOVIE, Status.DOING)
    assert watching
    assert {e.subject.kind for e in watching} == {Kind.TV}


def test_douban_knows_when_each_mark_was_made(thousand: Person) -> None:
    made = [e.made for e in thousand.marks]
    assert made == sorted(made, reverse=True)
    assert all(e.made == e.mark.marked_at for e in thousand.marks if e.mark.marked_at is not UNSET)
    assert any(e.mark.marked_on is None for e in thousand.marks)


def test_nothing_is_on_every_mark(thousand: Person) -> None:
    marks = [e.mark for e in thousand.marks]
    for has in ("rating", "comment", "tags", "private", "marked_on"):
        assert {bool(getattr(mark, has)) for mark in marks} == {True, False}, has


def test_comments_hold_what_people_type(thousand: Person) -> None:
    comments = [e.mark.comment for e in thousand.marks if e.mark.comment]
    for piece in (
        "\n\n",
        "🎬",
        '"',
        "<b>",
        "&amp;",
        "https://movie.douban.com/subject/",
        "<script>",
        "(3 有用)",
    ):
        assert any(piece in comment for comment in comments), piece
    assert max(len(comment) for comment in comments) > 400
    assert all(comment == comment.strip() for comment in comments)


def test_dates_run_from_2006_to_today_newest_first(thousand: Person) -> None:
    moments = [e.mark.marked_at for e in thousand.marks if e.mark.marked_at is not UNSET]
    assert moments == sorted(moments, reverse=True)
    assert moments[-1].year == 2006
    assert moments[-1].date() >= FIRST_DAY
    assert moments[0].date() < TODAY
    assert Counter(moment.date() for moment in moments).most_common(1)[0][1] > 4


def test_the_day_and_the_moment_of_a_mark_agree(thousand: Person) -> None:
    for entry in thousand.marks:
        moment = entry.mark.marked_at
        assert entry.mark.marked_on == (moment.date() if moment is not UNSET else None)


def test_a_hundred_marks_hold_each_shape_of_a_removed_subject() -> None:
    assert {e.removed for e in make_person(100).marks} == {None, *Removed}


def test_a_removed_subject_is_what_douban_still_knows(thousand: Person) -> None:
    for entry in thousand.marks:
        if entry.removed is Removed.UNKNOWN:
            assert entry.subject.title is UNSET
        if entry.removed is Removed.TITLE_ONLY:
            assert entry.subject.title
            assert (entry.mark.rating, entry.mark.comment, entry.mark.tags) == (None, None, ())
        assert entry.subject.removed == (entry.removed in {Removed.UNKNOWN, Removed.TITLE_ONLY})


def test_another_status_moves_the_mark_to_the_front(person: Person) -> None:
    entry = first(person, Status.WISH)
    rest = [e.key for e in person.marks if e is not entry]
    person.edit(entry.key, status=Status.DONE, rating=4)
    assert [e.key for e in person.marks] == [entry.key, *rest]
    assert (entry.mark.status, entry.mark.rating, entry.mark.marked_on) == (Status.DONE, 4, TODAY)


def test_another_rating_leaves_it_where_it_is(person: Person) -> None:
    entry = first(person, Status.DONE)
    order, day = [e.key for e in person.marks], entry.mark.marked_on
    person.edit(entry.key, status=Status.DONE, rating=None, comment="又看了一遍", tags=("重看",))
    assert [e.key for e in person.marks] == order
    assert (entry.mark.rating, entry.mark.comment, entry.mark.tags) == (None, "又看了一遍", ("重看",))
    assert entry.mark.marked_on == day


def test_what_an_edit_does_not_name_stays(person: Person) -> None:
    entry = next(e for e in person.marks if e.mark.comment)
    before = entry.mark.comment
    person.edit(entry.key, rating=1)
    assert entry.mark.comment == before


def test_two_edits_of_one_day_are_in_order(person: Person) -> None:
    one, two = (e.key for e in person.of(Medium.BOOK, Status.WISH)[:2])
    earlier = person.edit(one, status=Status.DONE).mark.marked_at
    later = person.edit(two, status=Status.DONE).mark.marked_at
    assert earlier is not UNSET
    assert later is not UNSET
    assert earlier < later


def test_a_new_mark_is_the_newest(person: Person) -> None:
    person.today = date(2026, 12, 24)
    subject = Subject(key=SubjectKey(Medium.BOOK, "99999999"), kind=Kind.BOOK, title="新书")
    entry = person.add(subject, Status.WISH, comment="想读", private=True)
    assert person.marks[0] is entry
    assert entry.mark.marked_on == date(2026, 12, 24)
    assert [e.mark.mark_id for e in person.marks].count(entry.mark.mark_id) == 1
    with pytest.raises(ValueError, match="book:99999999"):
        person.add(subject)


def test_a_removed_mark_leaves_the_subject(person: Person) -> None:
    entry = person.marks[3]
    person.remove(entry.key)
    assert person.find(entry.key) is None
    assert person.unmarked[entry.key] is entry
    again = person.add(entry.subject)
    assert again.mark.mark_id != entry.mark.mark_id
    assert entry.key not in person.unmarked


def test_a_subject_that_is_not_marked_cannot_be_edited(person: Person) -> None:
    stranger = SubjectKey(Medium.MOVIE, "1")
    with pytest.raises(KeyError, match="movie:1"):
        person.edit(stranger, rating=5)
    with pytest.raises(KeyError, match="movie:1"):
        person.remove(stranger)
