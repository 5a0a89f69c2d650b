import re
from datetime import date

import pytest

from gateway.douban import read
from gateway.model import (
    UNSET,
    Kind,
    ListPart,
    Mark,
    Medium,
    PageType,
    Problem,
    Reading,
    Status,
    Subject,
    SubjectKey,
    Verdict,
)
from tests.douban.pages import (
    ALBUM,
    BOOK,
    BOOKS_DONE,
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


def films(rows: str, total: int = 3) -> Reading:
    reading = read(FILMS_DONE, page(film_list(rows, total)))
    assert reading.page.verdict is Verdict.OK, reading.page.reason
    return reading


def one(rows: str) -> tuple[Mark, Subject]:
    reading = films(rows)
    assert len(reading.marks) == len(reading.subjects) == 1
    assert reading.marks[0].subject == reading.subjects[0].key
    return reading.marks[0], reading.subjects[0]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems]


def test_a_film_in_the_grid() -> None:
    tags = '<span class="rating4-t"></span><span class="date">2024-03-05</span><span class="tags">标签: 海 慢</span>'
    comment = (
        '<li><span class="comment">风很大，\n人很小 😀 &amp;lt;</span> <span class="pl">(12 有用)</span></li>'
    )
    title = "<em>海风 / Sea Wind</em> / 海边的风 / Wind(台)"
    mark, subject = one(film(title=title, line=tags, more=comment))
    key = SubjectKey(Medium.MOVIE, "1000001")
    assert mark == Mark(
        account=ME,
        subject=key,
        status=Status.DONE,
        rating=4,
        comment="风很大，\n人很小 😀 &lt;",
        tags=("海", "慢"),
        marked_on=date(2024, 3, 5),
        mark_id="901000001",
    )
    assert subject == Subject(
        key=key,
        title="海风",
        original_title="Sea Wind",
        other_titles=("海边的风", "Wind(台)"),
        year=2023,
        cover="https://img1.doubanio.com/view/photo/s_ratio_poster/public/p1000001.jpg",
        brief="2023-10-01(中国大陆) / 2024-01-02 / 某人 / 中国大陆 / 剧情",
    )


def test_what_the_grid_does_not_show_is_none() -> None:
    mark, subject = one(film(title="<em>无名</em>", line='<span class="date">2024-03-05</span>'))
    assert (mark.rating, mark.comment, mark.tags) == (None, None, ())
    assert (subject.title, subject.original_title, subject.other_titles) == ("无名", UNSET, UNSET)


def test_old_and_new_class_names() -> None:
    for row in (
        '<div class="item" >',
        '<div class="item comment-item">',
        "<div class='comment-item  item last'>",
    ):
        mark, _ = one(film().replace('<div class="item comment-item" data-cid="901000001">', row))
        assert (mark.rating, mark.mark_id) == (4, UNSET)


@pytest.mark.parametrize(
    ("brief", "year"),
    [
        ("2023 / 某人", 2023),
        ("2026-08-28(中国大陆) / 1994-09-10(某电影节) / 某人", 1994),
        ("某人 / 2023-10-01 / 剧情", UNSET),
        ("2023-10-01(美国/中国大陆) / 2024-01-01 21:00", 2023),
        ("20231001 / 某人", UNSET),
        ("", UNSET),
    ],
)
def test_the_year_is_read_from_leading_dates_alone(brief: str, year: object) -> None:
    row = film().replace("2023-10-01(中国大陆) / 2024-01-02 / 某人 / 中国大陆 / 剧情", brief)
    assert one(row)[1].year == year


def test_line_breaks_in_comments() -> None:
    texts = {
        "a<br>b": "a\nb",
        "a<br/>\n        b": "a\nb",
        "a\n\nb": "a\n\nb",
        "\n   a  b \n  ": "a  b",
        "　　缩进": "　　缩进",
        "": None,
    }
    for written, expected in texts.items():
        mark, _ = one(film(more=f'<li><span class="comment">{written}</span></li>'))
        assert mark.comment == expected


def test_a_book() -> None:
    reading = read(BOOKS_DONE, page(book_list(BOOK)))
    key = SubjectKey(Medium.BOOK, "2000001")
    assert reading.marks == (
        Mark(
            account=ME,
            subject=key,
            status=Status.DONE,
            rating=5,
            comment="第一行\n第二行 <b> 见 https://movie.douban.com/subject/9999999/",
            tags=("旅行", "日本"),
            marked_on=date(2022, 10, 24),
            mark_id="3300001",
        ),
    )
    assert reading.subjects == (
        Subject(
            key=key,
            kind=Kind.BOOK,
            title="山的那边",
            subtitle="一个人的旅行",
            cover="https://img1.doubanio.com/view/subject/s/public/s2000001.jpg",
            brief="[日] 某作者 / 某译者 / 某出版社 / 2019-8-1 / 45.00元",
        ),
    )
    assert reading.problems == ()
    assert reading.page.part == ListPart(
        medium=Medium.BOOK, status=Status.DONE, start=0, next_start=15, total_claimed=20, rows=1
    )


def test_a_book_without_anything_of_its_own() -> None:
    row = BOOK.replace(BOOK[BOOK.index("<p class") : BOOK.index("</p>") + 4], "")
    row = row.replace('<span class="rating5-t"></span>', "").replace(
        '<span class="tags">标签: 旅行 日本</span>', ""
    )
    (mark,) = read(BOOKS_DONE, page(book_list(row))).marks
    assert (mark.rating, mark.comment, mark.tags, mark.mark_id) == (None, None, (), UNSET)


def test_a_link_in_a_comment_does_not_name_the_subject() -> None:
    linked = BOOK.replace("第一行", '<a href="https://movie.douban.com/subject/9999999/">第一行</a>')
    bare = linked.replace('href="https://book.douban.com/subject/2000001/"', "")
    assert [mark.subject.id for mark in read(BOOKS_DONE, page(book_list(linked))).marks] == ["2000001"]
    reading = read(BOOKS_DONE, page(book_list(bare)))
    assert (reading.marks, codes(reading)) == ((), ["row_without_id"])
    assert reading.page.reason == "no_rows"


def test_an_album_whose_comment_has_no_class() -> None:
    reading = read(MUSIC_DONE, page(f'<h1>我听过的唱片(1)</h1><div class="grid-view">{ALBUM}</div>'))
    (mark,), (subject,) = reading.marks, reading.subjects
    assert mark.comment == "循环了一整天 & 一夜"
    assert (mark.rating, mark.tags, mark.marked_on) == (3, ("甲", "乙"), date(2024, 1, 2))
    assert (subject.kind, subject.title, subject.other_titles) == (Kind.MUSIC, "晴 / 雨", ("Rain or Shine",))
    assert (subject.original_title, subject.year) == (UNSET, UNSET)


@pytest.mark.parametrize("bare", ["<li>", '<li class="">'])
def test_an_album_without_comment(bare: str) -> None:
    start, end = ALBUM.index("<li>\n      循环"), ALBUM.index('<li class="clearfix')
    without = (ALBUM[:start] + ALBUM[end:]).replace("<li>", bare)
    (mark,) = read(MUSIC_DONE, page(f"<h1>我听过的唱片(1)</h1>{without}")).marks
    assert (mark.comment, mark.rating, mark.marked_on) == (None, 3, date(2024, 1, 2))


def test_list_mode_leaves_comments_out() -> None:
    mark, subject = one(LISTED)
    assert mark == Mark(
        account=ME,
        subject=SubjectKey(Medium.MOVIE, "4000001"),
        status=Status.DONE,
        rating=2,
        comment=UNSET,
        tags=("慢", "静"),
        marked_on=date(2023, 7, 8),
        mark_id="5500001",
    )
    assert (subject.title, subject.title_cut) == ("一个很长的名字", False)
    assert subject.original_title is UNSET, "half a title is worth nothing"
    assert subject.brief == "2020-01-01(日本) / 某人  / 日本"
    assert subject.cover is UNSET


def test_list_mode_may_have_a_comment_and_no_rating() -> None:
    row = LISTED.replace('<span class="rating2-t"></span>&nbsp;&nbsp;', "")
    row = row.replace('<div class="clearfix', '<div class="comment">\n 还不错 \n</div><div class="clearfix')
    mark, _ = one(row.replace('<span class="tags">标签: 慢 静</span>', ""))
    assert (mark.rating, mark.comment, mark.tags, mark.marked_on) == (None, "还不错", (), date(2023, 7, 8))


def test_a_title_that_list_mode_cuts() -> None:
    _, subject = one(LISTED.replace("一个很长的名字 / A Very Long Origi...", "一个很长很长的..."))
    assert (subject.title, subject.title_cut) == ("一个很长很长的", True)


def test_list_mode_of_books_and_albums() -> None:
    for url, host in ((BOOKS_DONE, "book"), (MUSIC_DONE, "music")):
        row = LISTED.replace("movie.douban.com", f"{host}.douban.com").replace("A Very Long Origi...", "副题")
        (subject,) = read(url, page(f"<h1>我的(1)</h1><ul class=list-view>{row}</ul>")).subjects
        assert (subject.title, subject.key.medium) == ("一个很长的名字 / 副题", Medium(host))


@pytest.mark.parametrize("name", ["未知电影", "未知电视剧"])
def test_a_deleted_row_keeps_its_mark_and_gives_no_title(name: str) -> None:
    reading = films(LISTED_DELETED.format(name))
    key = SubjectKey(Medium.MOVIE, "4000002")
    assert reading.marks == (Mark(account=ME, subject=key, status=Status.DONE),)
    assert reading.subjects == (Subject(key=key, removed=True),)
    assert reading.problems == ()


def test_a_deleted_row_may_still_have_its_title() -> None:
    _, subject = one(LISTED_DELETED.format("海风"))
    assert (subject.title, subject.removed) == ("海风", True)


def test_a_removed_film_of_the_grid_keeps_what_the_person_wrote() -> None:
    poster = "https://img1.doubanio.com/view/photo/s_ratio_poster/public/p1000001.jpg"
    row = film(title="<em>未知电影</em>", more='<li><span class="comment">还记得</span></li>')
    mark, subject = one(
        row.replace(poster, "https://img1.doubanio.com/cuphead/movie-static/pics/default.png")
    )
    assert (mark.rating, mark.comment, mark.tags) == (4, "还记得", ())
    assert (subject.title, subject.cover, subject.removed) == (UNSET, UNSET, True)


def test_a_film_with_a_name_like_a_removed_one() -> None:
    _, subject = one(film(title="<em>未知死亡 / Nobody Knows</em>"))
    assert (subject.title, subject.removed) == ("未知死亡", False)


def test_no_poster_is_none() -> None:
    poster = "https://img1.doubanio.com/view/photo/s_ratio_poster/public/p1000001.jpg"
    _, subject = one(
        film().replace(poster, "https://img1.doubanio.com/f/movie/1/pics/movie_default_small.png")
    )
    assert subject.cover is None


def test_a_row_with_nothing_but_a_title() -> None:
    row = film().replace('<span class="rating4-t"></span> <span class="date">2024-03-05</span>', "")
    reading = films(row)
    (mark,) = reading.marks
    assert (mark.rating, mark.comment, mark.tags, mark.marked_on) == (UNSET, UNSET, UNSET, UNSET)
    assert codes(reading) == []  # it may be undated, or removed: in either case all that is there was read


def test_an_undated_row_with_a_comment_shows_that_it_has_no_rating() -> None:
    comment = '<li><span class="comment">再看一遍</span></li>'
    row = film(more=comment).replace(
        '<span class="rating4-t"></span> <span class="date">2024-03-05</span>', ""
    )
    (mark,) = films(row).marks
    assert (mark.rating, mark.comment, mark.tags) == (None, "再看一遍", ())


def test_rows_that_are_none() -> None:
    templates = '<div class="item item-tags"><label>标签</label></div>'
    aside = '<div class="item"><a href="https://movie.douban.com/subject/5/">大家都在看</a></div>'
    assert [mark.subject.id for mark in films(templates + film() + aside).marks] == ["1000001"]


def test_a_row_with_a_date_but_no_id_is_reported() -> None:
    lost = film().replace("/subject/1000001/", "/").replace('rel="1000001:P"', "")
    reading = films(lost + film("1000002"))
    assert [mark.subject.id for mark in reading.marks] == ["1000002"]
    assert reading.problems == (Problem("row_without_id", "row 1"),)


def test_the_button_to_delete_names_the_subject_where_no_link_does() -> None:
    assert one(film().replace("/subject/1000001/", "/"))[0].subject.id == "1000001"


@pytest.mark.parametrize(("letter", "status"), [("P", Status.DONE), ("F", Status.WISH), ("N", Status.DOING)])
def test_the_rows_own_status_counts(letter: str, status: Status) -> None:
    reading = films(film().replace("1000001:P", f"1000001:{letter}"))
    assert reading.marks[0].status is status
    assert codes(reading) == ([] if status is Status.DONE else ["status_mismatch"])


def test_books_say_their_status_beside_the_date() -> None:
    reading = read(BOOKS_DONE, page(book_list(BOOK.replace("读过</span>", "在读</span>"))))
    assert reading.marks[0].status is Status.DOING
    assert codes(reading) == ["status_mismatch"]


def test_the_first_of_two_equal_rows_counts() -> None:
    again = film().replace("2024-03-05", "2020-01-01")
    assert [mark.marked_on for mark in films(film() + again).marks] == [date(2024, 3, 5)]


def test_rows_within_rows_are_one() -> None:
    inner = film("1000002")
    outer = film(more=f"<li>{inner}</li>")
    assert [mark.subject.id for mark in films(outer).marks] == ["1000001"]


def test_series_are_known_by_address_or_heading() -> None:
    body = film_list(film())
    for address, expected in (("type=tv", Kind.TV), ("type=movie", Kind.MOVIE), ("type=all", UNSET)):
        reading = read(f"{FILMS_DONE}&{address}", page(body))
        assert [subject.kind for subject in reading.subjects] == [expected]
        assert (reading.page.part is None) == (address != "type=all"), (
            "a narrowed list is no part of the whole"
        )
    (subject,) = read(FILMS_DONE, page(body.replace("的影视(", "的电视剧("))).subjects
    assert subject.kind is Kind.TV


def part(tail: str, *, url: str = FILMS_DONE, total: int = 99) -> ListPart:
    reading = read(url, page(film_list(film(), total, tail)))
    assert reading.page.type is PageType.LIST
    assert reading.page.part is not None
    return reading.page.part


def test_which_part_of_the_list() -> None:
    link = f'<div class="paginator"><span class="next"><a href="/people/{ME}/collect?start=30&mode=grid">x</a></span></div>'
    assert part(link) == ListPart(
        medium=Medium.MOVIE, status=Status.DONE, start=0, next_start=30, total_claimed=99, rows=1
    )
    assert part("").next_start is None
    assert part(link, url=f"https://movie.douban.com/people/{ME}/collect?start=30").next_start is None
    places = '<span class="subject-num">\n 31-45&nbsp;/&nbsp;98</span>'
    assert part(places).start == 30
    assert part(places, total=97).total_claimed == 97


@pytest.mark.parametrize(
    ("total", "start", "tail", "ended"),
    [
        (1, 0, "", True),
        (3, 0, "", False),  # two rows are missing, hidden or not yet there
        (46, 45, "", True),
        (1, 0, '<link rel="next" href="?start=15">', False),
    ],
)
def test_the_end_of_a_list_must_be_proved(total: int, start: int, tail: str, ended: bool) -> None:  # noqa: FBT001  # a case
    here = part(tail, url=f"https://movie.douban.com/people/{ME}/collect?start={start}", total=total)
    assert (here.rows, here.ended) == (1, ended)


def test_a_list_that_is_empty() -> None:
    assert films("", total=0).marks == ()
    behind = f"https://movie.douban.com/people/{ME}/collect?start=30"
    assert read(behind, page(film_list("", 30))).page.verdict is Verdict.OK
    moderated = read(behind, page(film_list("", 35)))
    assert (moderated.page.verdict, moderated.marks) == (Verdict.OK, ())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (film_list("", 35), "no_rows"),
        (film_list('<section class="card"><b>海风</b></section>', 35), "no_rows"),
        ('<div class="grid-view"></div>', "no_frame"),
    ],
)
def test_an_empty_page_is_not_believed(body: str, reason: str) -> None:
    reading = read(FILMS_DONE, page(body))
    assert (reading.page.verdict, reading.page.reason) == (Verdict.UNKNOWN, reason)


def test_a_field_that_most_rows_lack_is_reported() -> None:
    rows = "".join(film(str(number)).replace('class="date"', 'class="when"') for number in range(10, 16))
    reading = films(rows)
    assert [mark.rating for mark in reading.marks] == [4] * 6
    told = {problem.detail for problem in reading.problems if problem.code == "fields_missing"}
    assert told == {f"{name}: 6 of 6 rows" for name in ("date", "tags", "comment")}
    assert {mark.marked_on for mark in reading.marks} == {UNSET}, "a date that is not found is not erased"
    dated = "".join(film(str(number)) for number in range(20, 26))
    assert "date" not in str(films(rows + dated).problems)


def test_a_removed_game_keeps_its_mark_and_its_own_number() -> None:
    """Nothing of it is a link but what the comment holds; its number is left in the button to delete."""
    row = """<div class="common-item"><div class="pic"><img src="https://img1.doubanio.com/cuphead/game.png"></div>
    <div class="content"><div class="title">未知游戏</div><div class="desc"><div class="rating-info">
    <span class="rating-star allstar40"></span><span class="date">2025-07-19</span></div></div>
    <div>见 <a href="https://movie.douban.com/subject/11611021/">这里</a></div>
    <div class="user-operation"><a data-url="/j/ilmen/thing/37364867/interest">删除</a></div></div></div>"""
    body = f'<h1>我玩过的游戏(1)</h1><div class="game-list">{row}</div>'
    reading = read(f"https://www.douban.com/people/{ME}/games?action=collect", page(body))
    (mark,), (subject,) = reading.marks, reading.subjects
    assert (mark.subject.id, mark.rating) == ("37364867", 4)
    assert (subject.removed, subject.title) == (True, UNSET)


def album(rows: str) -> Mark:
    (mark,) = read(MUSIC_DONE, page(f"<h1>我听过的唱片(1)</h1>{rows}")).marks
    return mark


def test_a_wrapper_round_date_and_rating_is_no_comment() -> None:
    """Without a class of its own, an element may hold anything."""
    start, end = ALBUM.index("<li>\n      循环"), ALBUM.index('<li class="clearfix')
    for wrapped in (ALBUM, ALBUM[:start] + ALBUM[end:]):
        inside = wrapped.replace("<li><span class=", "<li><div><span class=").replace(
            "甲 乙</span></li>", "甲 乙</span></div></li>"
        )
        assert inside != wrapped
        assert album(inside) == album(wrapped)


GAME = """<div class="common-item"><div class="pic"><img src="https://img1.doubanio.com/lpic/s1.jpg"></div>
<div class="content"><div class="title"><a href="https://www.douban.com/game/7000001/">某游戏 Some Game</a></div>
<div class="desc">PC / 2023-03-24<div class="rating-info">{stars}<span class="date">2025-07-19</span></div></div>
<div>通关了</div>{buttons}</div></div>"""
BUTTONS = '<div class="user-operation"><a data-url="/j/ilmen/thing/7000001/interest">删除</a></div>'


def game(stars: str, buttons: str = BUTTONS) -> Mark:
    body = f'<h1>我玩过的游戏(1)</h1><div class="game-list">{GAME.format(stars=stars, buttons=buttons)}</div>'
    (mark,) = read(f"https://www.douban.com/people/{ME}/games?action=collect", page(body)).marks
    return mark


@pytest.mark.parametrize(
    ("stars", "rating"),
    [
        ('<span class="rating-star allstar40"></span>', 4),
        ('<span class="rating-star allstarNone0"></span>', None),
        ('<a data-rating="2"></a>', 2),
        ('<span class="rating-star allstarNone0"></span><a data-rating="5"></a>', 5),
        ('<a data-rating=""></a><span class="rating-star allstar30"></span>', 3),
        ('<a data-rating="0"></a>', None),
        ("", None),
    ],
)
def test_the_stars_of_a_game(stars: str, rating: int | None) -> None:
    assert game(stars).rating == rating


def test_buttons_in_a_box_without_a_class_are_no_comment() -> None:
    assert game("", f"<div>{BUTTONS}</div>").comment == "通关了"


@pytest.mark.parametrize(
    ("end", "comment", "cut"),
    [
        ('……<a href="/review/1/">(更多)</a>', "很长的开头…", True),
        ('... <a href="/review/1/">全文</a>', "很长的开头", True),
        ("...(更多)", "很长的开头...(更多)", False),
        ('<a href="/review/1/">更多</a>', "很长的开头更多", False),
        ("……", "很长的开头……", False),
    ],
)
def test_a_comment_of_which_the_page_shows_the_beginning(end: str, comment: str, *, cut: bool) -> None:
    row = film(more=f'<li><span class="comment">很长的开头{end} <span class="pl">(2 有用)</span></span></li>')
    mark, _ = one(row)
    assert (mark.comment, mark.comment_cut) == (comment, cut)


def test_what_stands_behind_the_buttons_is_no_comment() -> None:
    behind = '<div>写短评</div><div class="user-operation"><a>收起</a></div>'
    assert game("", f"{BUTTONS}{behind}").comment == "通关了"
    nested = '<div class="user-operation"><a data-rating="4">修改</a><div><a>删除</a></div></div>'
    assert (game("", nested).comment, game("", nested).rating) == ("通关了", 4)
    assert album(ALBUM.replace("</ul>", "<li>想推荐</li></ul>")).comment == "循环了一整天 & 一夜"


def test_empty_boxes_behind_a_comment_do_not_hide_it() -> None:
    assert album(ALBUM.replace('<li class="clearfix', '<li></li><li class="clearfix')).comment is not None
    for empty in ("<div></div>", '<div><span class="pl">(3 有用)</span></div>'):
        assert game("", empty + BUTTONS).comment == "通关了"


def test_the_line_of_a_game_behind_a_remark_of_the_template() -> None:
    body = GAME.format(stars="", buttons=BUTTONS).replace(
        '<div class="desc">', '<div class="desc"><!-- x -->\n'
    )
    page_ = page(f'<h1>我玩过的游戏(1)</h1><div class="game-list">{body}</div>')
    (subject,) = read(f"https://www.douban.com/people/{ME}/games?action=collect", page_).subjects
    assert subject.brief == "PC / 2023-03-24"


@pytest.mark.parametrize(
    ("line", "empty"),
    [
        ('<span class="stars r4"></span><span class="date">2024-03-05</span>', {"rating", "tags", "comment"}),
        ('<span class="rating4-t"></span><span class="date">2024-03-05</span><span class="labels">标签: 风</span>', {"tags", "comment"}),
        ('<span class="rating4-t"></span><span class="date">2024-03-05</span> 风很大', {"tags", "comment"}),
        ('<span class="date">2024-03-05</span>', set[str]()),
    ],
)  # fmt: skip
def test_what_no_row_shows_where_something_was_not_understood(line: str, empty: set[str]) -> None:
    """Otherwise a change of the markup would empty what is known, without a word."""
    reading = films("".join(film(str(number), line=line) for number in range(1000, 1005)), 5)
    unset = {name for name in ("rating", "tags", "comment") if getattr(reading.marks[0], name) is UNSET}
    assert unset == empty
    assert codes(reading) == ["fields_missing"] * len(empty)


def test_stars_in_a_class_that_nobody_knows_are_not_taken_for_none() -> None:
    mark, _ = one(film(line='<span class="rating45-t"></span><span class="date">2024-03-05</span>'))
    assert mark.rating is UNSET
    mark, _ = one(film(line='<span class="rating0-t"></span><span class="date">2024-03-05</span>'))
    assert mark.rating is None


@pytest.mark.parametrize("day", ["2020-13-41", "2020年5月6日"])
def test_a_date_that_is_none_is_reported(day: str) -> None:
    reading = films(film(line=f'<span class="date">{day}</span>'))
    assert (reading.marks[0].marked_on, codes(reading)) == (UNSET, ["field_unreadable"])


def test_a_cover_that_is_loaded_later() -> None:
    row = film()
    found = re.search(r'src="[^"]+"', row)
    assert found is not None
    image = found[0]
    for name in ("data-src", "data-original"):
        lazy = f'src="https://img1.doubanio.com/f/movie/spacer.gif" {name}="//img2.doubanio.com/p77.webp"'
        assert one(row.replace(image, lazy))[1].cover == "https://img2.doubanio.com/p77.webp"


def test_a_row_with_nothing_but_a_title_says_nothing_of_the_cover() -> None:
    row = '<div class="item"><div class="pic"><img src="https://img1.doubanio.com/cuphead/x.png"></div><li class="title"><a href="https://movie.douban.com/subject/9/"><em>某片</em></a></li><li class="opt-ln"><a class="d_link" rel="9:P">删除</a></li></div>'
    mark, subject = one(row)
    assert (mark.rating, mark.comment, subject.cover) == (UNSET, UNSET, UNSET)


def test_line_breaks_as_entities() -> None:
    mark, _ = one(film(more='<li><span class="comment">一&#13;&#10;二&#13;三</span></li>'))
    assert mark.comment == "一\n二\n三"


def test_a_total_in_thousands() -> None:
    assert part("", total=0).total_claimed == 0
    reading = read(FILMS_DONE, page(film_list(film()).replace("(3)", "(1,157)")))
    assert reading.page.part is not None
    assert reading.page.part.total_claimed == 1157
