"""Whatever the bytes: a verdict, no exception, and never a mark that the whole page does not have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.douban import read
from gateway.model import UNSET, Reading, Status, Verdict
from tests.douban.pages import (
    ALBUM,
    ALBUM_INFO,
    BOOK,
    BOOK_INFO,
    BOOK_MARK,
    BOOKS_DONE,
    FILM_INFO,
    FILM_MARK,
    FILMS_DONE,
    LISTED,
    LISTED_DELETED,
    ME,
    MUSIC_DONE,
    book_list,
    film,
    film_list,
    page,
)

FILM = "https://movie.douban.com/subject/1000001/"
MARK = FILM_MARK.format(said="我看过这部电影", date="2024-03-05", stars="4", lines="<span>风</span>")
PAGES = [
    (FILMS_DONE, page(film_list(film() + LISTED + LISTED_DELETED.format("未知电影"), 9))),
    (BOOKS_DONE, page(book_list(BOOK))),
    (MUSIC_DONE, page(f"<h1>我听过的唱片(1)</h1>{ALBUM}")),
    (FILM, page(FILM_INFO.format(score="7.9", votes="12") + MARK)),
    ("https://book.douban.com/subject/2000001/", page(BOOK_INFO + BOOK_MARK)),
    ("https://music.douban.com/subject/3000001/", page(ALBUM_INFO)),
]
URLS = [url for url, _ in PAGES] + [
    "https://www.douban.com/",
    "https://sec.douban.com/c",
    f"https://www.douban.com/people/{ME}/games?action=collect",
    "https://example.org/",
]


def sound(reading: Reading) -> Reading:
    """No exception was caught on the way, and marks come with the verdict OK alone."""
    assert not [problem for problem in reading.problems if problem.code == "page_unreadable"]
    assert not reading.marks or reading.page.verdict is Verdict.OK
    assert (reading.page.reason is None) == (reading.page.verdict is Verdict.OK)
    for mark in reading.marks:
        assert mark.status in Status
        assert mark.rating is UNSET or mark.rating in {None, 1, 2, 3, 4, 5}
        assert mark.comment is UNSET or mark.comment is None or mark.comment.strip(" \t\r\n\f\v")
    return reading


@given(st.sampled_from(URLS), st.binary())
def test_any_bytes(url: str, content: bytes) -> None:
    sound(read(url, content))


@given(st.text(), st.text())
def test_any_text_at_any_address(url: str, text: str) -> None:
    sound(read(url, text.encode("utf-8", "surrogatepass")))


@given(st.sampled_from(PAGES), st.binary(max_size=40), st.integers(0, 10_000), st.integers(0, 200))
@settings(max_examples=300)
def test_damaged_pages(known: tuple[str, bytes], noise: bytes, at: int, gone: int) -> None:
    url, content = known
    at %= len(content)
    sound(read(url, content[:at] + noise + content[at + gone :]))


FRAGMENTS = st.sampled_from(
    ["<div class='item'>", "<li id='list7' class='item'>", "<ul class='grid-view'>", "</div>", "</li>", "<em>",
     "<span class='date'>2024-02-30</span>", "<span class='rating9-t rating4-t'>", "<a href='/subject/7/'>", "<!--",
     "<li class='title'>", "<p class='comment'>", "<span class='tags'>标签:", "<h1>我看过的影视(7)</h1>", "<script>",
     "<div id='info'>", "<span class='pl'>导演", "<br>", " / ", ":", "<h1>", "<span property='v:itemreviewed'>x",
     "<div id='interest_sect_level'><div class='a_stars'>", "<span class='mr10'>我看过", "<input id='n_rating' value='9'>",
     "未知电影", "...", "\x00", "😀", "&#0;", "&#xD800;", "<svg><title>", "<table><li>", "<template>", "<select><option>",
     "<div id='link-report'><p>", "<div id='mainpic'><img src='data:,' alt='x'>", "<a class='d_link' rel='7:N'>"]
)  # fmt: skip


@given(st.sampled_from(URLS), st.lists(FRAGMENTS, max_size=30))
@settings(max_examples=300)
def test_pieces_of_pages_in_any_order(url: str, pieces: list[str]) -> None:
    sound(read(url, page("".join(pieces))))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), min_size=1))
def test_a_comment_is_read_as_it_was_written(comment: str) -> None:
    """Escaped as a server does it; layout around it is not part of it."""
    escaped = comment.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    row = film(more=f'<li>\n <span class="comment">{escaped}</span> <span class="pl">(3 有用)</span></li>')
    (mark,) = sound(read(FILMS_DONE, page(film_list(row)))).marks
    assert mark.comment == (comment.strip(" \t\r\n\f\v") or None)
    (mark,) = sound(read(FILM, page(MARK.replace("<span>风</span>", f"<span>{escaped}</span>")))).marks
    assert mark.comment == (comment.strip(" \t\r\n\f\v") or None)


@pytest.mark.parametrize(("url", "content"), PAGES, ids=[url for url, _ in PAGES])
def test_a_page_cut_anywhere_has_no_marks(url: str, content: bytes) -> None:
    whole = sound(read(url, content))
    assert whole.page.verdict is Verdict.OK
    end = content.index(b"</body")
    for at in range(0, end, 7):
        assert sound(read(url, content[:at])).page.verdict is not Verdict.OK


NESTED = [
    "<div>",
    "<ul><li>",
    "<dl><dd>",
    "<b>",
    "<span class='comment'>",
    "<table><tr><td>",
    "<p><b>",
    "<a href='/subject/1/'>",
]


@pytest.mark.parametrize("opening", NESTED)
@pytest.mark.parametrize("closed", [True, False])
def test_nesting_that_no_page_has(opening: str, *, closed: bool) -> None:
    tags = [part.split()[0].strip("<>") for part in opening.split("<")[1:]]
    closing = "".join(f"</{tag}>" for tag in reversed(tags)) if closed else ""
    content = page(film_list(film() + opening * 100_000 + closing * 100_000))
    reading = sound(read(FILMS_DONE, content))
    assert (reading.page.verdict, reading.page.reason) == (Verdict.UNKNOWN, "no_frame")


def test_nesting_that_a_browser_would_allow() -> None:
    reading = sound(read(FILMS_DONE, page(f"{'<div>' * 500}{film_list(film())}{'</div>' * 500}")))
    assert len(reading.marks) == 1


def test_more_tags_than_are_worth_parsing() -> None:
    reading = sound(read(FILMS_DONE, page(film_list(film() + "<br>" * 600_000))))
    assert reading.page.reason == "too_large"


@pytest.mark.parametrize(
    "filling",
    [
        "字" * 1_700_000,
        " " * 5_000_000,
        "\n" * 5_000_000,
        "( " * 2_500_000,
        "/ " * 2_500_000,
        "<br>" * 100_000,
    ],
)
def test_megabytes_in_every_field(filling: str) -> None:
    """Bounded time: nothing here is quadratic."""
    row = film(
        title=f"<em>a{filling}b</em> / c{filling}", line=f'<span class="date">{filling}2024-03-05</span>'
    )
    row = row.replace("2023-10-01(", f"2023-10-01{filling}(")
    comment = f'<li><span class="comment">x{filling}y</span></li>'
    for body in (film_list(row), film_list(film(more=comment))):
        assert len(sound(read(FILMS_DONE, page(body))).marks) == 1
    info = FILM_INFO.format(score="7.9", votes="12").replace("语言:</span>", f"语言:</span> a{filling}b")
    mark = MARK.replace("<span>风</span>", f"<span>x{filling}y</span>")
    assert len(sound(read(FILM, page(info + mark))).marks) == 1
    sound(
        read(FILMS_DONE, page(f"<h1>我看过的影视(1){filling}</h1><script>_GLOBAL_NAV = {{{filling}</script>"))
    )


def test_five_thousand_rows() -> None:
    rows = "".join(film(str(number)) for number in range(1_000, 6_000))
    assert len(sound(read(FILMS_DONE, page(film_list(rows, 5_000)))).marks) == 5_000


def test_more_rows_than_any_list_has() -> None:
    content = page(film_list("<div class='item'><em>x</em></div>" * 20_000))
    reading = sound(read(FILMS_DONE, content))
    assert (reading.page.verdict, reading.page.reason) == (Verdict.UNKNOWN, "too_large")


def test_many_tags_deep_inside() -> None:
    """Each match of a query is compared with all that it stands in."""
    leaves = "<div>" * 900 + "<em></em>" * 100_000 + "</div>" * 900
    reading = sound(read(FILMS_DONE, page(film_list(f'<div class="item">{leaves}</div>'))))
    assert (reading.page.verdict, reading.page.reason) == (Verdict.UNKNOWN, "too_large")


def test_rows_nested_a_thousand_deep() -> None:
    rows = "<div class='item'><em>x</em><span class='date'>2024-01-01</span><a href='/subject/1/'>x</a>" * 900
    assert len(sound(read(FILMS_DONE, page(film_list(rows)))).marks) <= 1


@pytest.mark.parametrize("between", [" ", "/", '="x" '])
def test_a_tag_of_a_hundred_thousand_attributes(between: str) -> None:
    """The parser compares each attribute of a tag with all before it: this one takes it minutes."""
    tag = "<a " + between.join(f"a{number}" for number in range(100_000)) + ">x</a>"
    reading = read(FILMS_DONE, page(film_list(film(more=tag))))
    assert (reading.page.verdict, reading.page.reason) == (Verdict.UNKNOWN, "too_large")


def test_a_large_page_with_a_picture_in_it_is_read() -> None:
    picture = "<img src='data:image/png;base64," + "Zm9v/YmFy" * 60_000 + "'>"
    reading = read(FILMS_DONE, page(film_list(film(more=picture))))
    assert reading.page.verdict is Verdict.OK
