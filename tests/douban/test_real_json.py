"""The mobile JSON that other people published, with values that were read off the files by eye.

The files are beside the project, not in it; where they are absent, these tests say so. What people wrote
is not repeated here: of comments the length is enough.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.douban.interests import read_interests
from gateway.model import UNSET, Kind, ListPart, Mark, Medium, Reading, Status, Subject, SubjectKey, Verdict

FIXTURES = Path(__file__).parents[3] / "shared/fixtures/douban/json"
ME = "150000001"
pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the captured JSON is not beside the project")


def content(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def read(name: str, medium: str = "movie") -> Reading:
    url = f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type={medium}&status=done&start=0&count=50"
    reading = read_interests(url, content(name), accounts=[ME])
    assert (reading.page.verdict, reading.problems) == (Verdict.OK, ())
    assert len(reading.marks) == len(reading.subjects)
    assert {mark.status for mark in reading.marks} == {Status.DONE}
    assert {mark.private for mark in reading.marks} == {False}
    assert all(mark.marked_on for mark in reading.marks)
    return reading


@pytest.mark.parametrize(
    ("name", "medium", "counts", "last"),
    [
        ("lizheming.movie", "movie", (40, 18, 15, 3, 1, 9), "1292328"),
        ("Katou-Kouseki+douban.movie", "movie", (40, 22, 0, 19, 2, 15), "24883272"),
        ("Linon419+doumark-action.movie", "movie", (40, 40, 2, 0, 20, 22), "26765449"),
        ("caiwx86+douban.movie", "movie", (40, 35, 0, 0, 0, 17), "1291583"),
        ("lizheming.book", "book", (21, 20, 3, 6, 0, 0), "3082293"),
        ("Linon419+doumark-action.book", "book", (22, 21, 6, 0, 0, 0), "2297697"),
        ("Linon419+doumark-action.music", "music", (14, 14, 1, 0, 0, 0), "3580199"),
    ],
)
def test_how_many_there_are_of_each(name: str, medium: str, counts: tuple[int, ...], last: str) -> None:
    """Marks, and of them: rated, with a comment, with tags, of removed subjects, of series."""
    reading = read(f"interests/{name}.sample.json", medium)
    assert counts == (
        len(reading.marks),
        sum(mark.rating is not None for mark in reading.marks),
        sum(mark.comment is not None for mark in reading.marks),
        sum(mark.tags != () for mark in reading.marks),
        sum(subject.removed for subject in reading.subjects),
        sum(subject.kind is Kind.TV for subject in reading.subjects),
    )
    assert reading.marks[-1].subject == SubjectKey(Medium(medium), last)
    assert all((subject.title is UNSET) == subject.removed for subject in reading.subjects)
    assert all(isinstance(subject.cover, str) != subject.removed for subject in reading.subjects)


def test_a_film_and_its_mark() -> None:
    reading = read("interests/lizheming.movie.sample.json")
    mark, subject = reading.marks[39], reading.subjects[39]
    assert (mark.rating, mark.tags, mark.mark_id) == (5, (), "240762708")
    assert mark.marked_at == datetime(2010, 4, 15, 9, 45, 17, tzinfo=UTC)
    assert mark.marked_on == date(2010, 4, 15)
    assert isinstance(mark.comment, str)
    assert (len(mark.comment), mark.comment.count("\n"), "\r" in mark.comment) == (70, 2, False)
    assert isinstance(subject.cast, tuple)
    assert (len(subject.cast), subject.cast[:2]) == (9, ("张国荣", "林青霞"))
    assert subject == Subject(
        key=SubjectKey(Medium.MOVIE, "1292328"),
        kind=Kind.MOVIE,
        title="东邪西毒",
        year=1994,
        genres=("剧情", "动作", "爱情"),
        directors=("王家卫",),
        cast=subject.cast,
        released=("1994-09-17(中国大陆)",),
        cover="https://img9.doubanio.com/view/photo/m_ratio_poster/public/p1982176012.jpg",
        score=8.6,
        votes=540049,
        brief="1994 / 中国香港 中国台湾 / 剧情 动作 爱情 / 王家卫 / 张国荣 林青霞",
    )


def test_a_removed_film_keeps_what_the_person_said() -> None:
    reading = read("interests/lizheming.movie.sample.json")
    key = SubjectKey(Medium.MOVIE, "1309046")
    assert reading.subjects[35] == Subject(key=key, kind=Kind.MOVIE, removed=True)
    assert reading.marks[35] == Mark(
        account=ME,
        subject=key,
        status=Status.DONE,
        rating=5,
        comment=None,
        tags=(),
        marked_on=date(2012, 11, 29),
        marked_at=datetime(2012, 11, 28, 17, 23, 53, tzinfo=UTC),
        private=False,
        mark_id="609242518",
    )


def test_series() -> None:
    reading = read("interests/Linon419+doumark-action.movie.sample.json")
    mark, subject = reading.marks[0], reading.subjects[0]
    assert (subject.kind, subject.title, subject.year, subject.score) == (
        Kind.TV,
        "齐木楠雄的灾难",
        2016,
        9.4,
    )
    assert isinstance(subject.directors, tuple)
    assert (len(subject.directors), subject.directors[12], subject.released) == (
        13,
        "宫田亮",
        ("2016-07-11(日本)",),
    )
    assert (mark.rating, mark.marked_at) == (5, datetime(2024, 3, 6, 13, 21, 56, tzinfo=UTC))
    gone = read("interests/Katou-Kouseki+douban.movie.sample.json")
    assert (gone.marks[4].rating, gone.subjects[4].removed, gone.subjects[4].kind) == (3, True, Kind.TV)
    assert isinstance(gone.subjects[0].cast, tuple)
    assert (len(gone.subjects[0].cast), gone.subjects[0].released) == (60, ("2023-06-02(美国/中国大陆)",))


def test_books() -> None:
    reading = read("interests/Linon419+doumark-action.book.sample.json", "book")
    subject = reading.subjects[1]
    assert (subject.title, subject.authors, subject.publisher) == (
        "爱你就像爱生命",
        ("王小波", "李银河"),
        "上海锦绣文章出版社",
    )
    assert (subject.pages, subject.released, subject.year, subject.votes) == (
        "222",
        ("2008-5",),
        2008,
        114659,
    )
    assert isinstance(subject.intro, str)
    assert (len(subject.intro), len(reading.marks[1].comment or "")) == (79, 5)
    assert reading.subjects[0].subtitle == "一首印度的诗"
    older = read("interests/lizheming.book.sample.json", "book")
    assert (older.subjects[14].year, older.subjects[14].released) == (1995, ("August 1995",))
    assert (older.subjects[14].score, older.subjects[14].votes) == (None, None)
    assert older.subjects[11].authors == ("（美）理查德·耶茨", "Richard Yates")


def test_an_album_and_a_game() -> None:
    album = read("interests/Linon419+doumark-action.music.sample.json", "music").subjects[13]
    assert (album.title, album.performers, album.genres) == ("加州旅馆", ("老鹰乐队 (Eagles)",), ("摇滚",))
    assert (album.released, album.year, album.score, album.brief) == (UNSET, UNSET, 9.8, "老鹰乐队 (Eagles)")
    game = read("interests/newness33.game.json", "game").subjects[0]
    assert (game.key, game.kind) == (SubjectKey(Medium.GAME, "26411799"), Kind.GAME)
    assert (game.title, game.original_title) == ("艾迪芬奇的记忆", "What Remains of Edith Finch")
    assert isinstance(game.platforms, tuple)
    assert (len(game.platforms), game.platforms[4], game.platforms[6]) == (9, "PS4", "Nintendo Switch")
    assert (game.released, game.year, game.genres, game.score) == (("2017-04-25",), 2017, ("冒险",), 9.5)


def test_a_whole_reply() -> None:
    """Asked for with `count=1&start=1`: one of 880."""
    url = (
        f"https://frodo.douban.com/api/v2/user/{ME}/interests?type=movie&status=done&start=1&count=1&apiKey=x"
    )
    reading = read_interests(url, content("frodo/user-interests-movie.2026-01.full-envelope.json"))
    assert reading.page.part == ListPart(
        medium=Medium.MOVIE, status=Status.DONE, start=1, next_start=2, total_claimed=880, rows=1
    )
    (mark,), (subject,) = reading.marks, reading.subjects
    assert (mark.subject.id, mark.rating, mark.mark_id) == ("35712804", 4, "4496137804")
    assert mark.marked_at == datetime(2026, 1, 28, 11, 51, 19, tzinfo=UTC)
    assert (subject.title, subject.score, subject.directors) == ("首尔之春", 8.8, ("金性洙",))


def test_a_subject_with_all_its_details() -> None:
    """Not an interest, and known so; inside of one its details are read."""
    body = content("other/frodo-movie-subject.libitum.json")
    url = f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=movie&status=done"
    assert read_interests(url, body).page.verdict is Verdict.UNKNOWN
    thing: dict[str, Any] = {"id": 1, "status": "done", "subject": json.loads(body)}
    (subject,) = read_interests(url, json.dumps([thing]).encode()).subjects
    assert (subject.title, subject.original_title, subject.year) == ("源代码", "Source Code", 2011)
    assert subject.other_titles == ("启动原始码(台)", "危机解密(港)")
    assert (subject.countries, subject.languages, subject.durations) == (
        ("美国", "加拿大"),
        ("英语",),
        ("93分钟",),
    )
    assert isinstance(subject.cast, tuple)
    assert (len(subject.cast), subject.cast[0], subject.cast[7]) == (9, "杰克·吉伦哈尔", "乔·柯布登")
    assert subject.episodes is UNSET
    assert isinstance(subject.intro, str)
    assert subject.intro.count("\n") == 1


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.rglob("*.json")) if FIXTURES.is_dir() else [], ids=lambda path: path.stem
)
def test_cut_anywhere_it_has_no_marks(path: Path) -> None:
    url = f"https://m.douban.com/rexxar/api/v2/user/{ME}/interests?type=movie&status=done"
    whole = path.read_bytes().rstrip()
    for end in range(0, len(whole) - 1, 1024):
        cut = read_interests(url, whole[:end])
        assert (cut.page.verdict, cut.marks, cut.problems) == (Verdict.UNKNOWN, (), ())
