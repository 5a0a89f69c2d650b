import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.douban.urls import address, subject_key, subject_url
from gateway.model import Kind, Medium, PageType, Status, SubjectKey


@pytest.mark.parametrize(
    ("url", "medium", "status", "owner"),
    [
        ("https://movie.douban.com/people/7654321/collect", Medium.MOVIE, Status.DONE, "7654321"),
        ("http://book.douban.com/people/qing.wa/wish/", Medium.BOOK, Status.WISH, "qing.wa"),
        ("https://MUSIC.douban.com//people/qing/do?x=1#a", Medium.MUSIC, Status.DOING, "qing"),
        ("https://movie.douban.com/mine?status=wish", Medium.MOVIE, Status.WISH, None),
        ("https://www.douban.com/people/qing/games?action=do", Medium.GAME, Status.DOING, "qing"),
        (
            "https://www.douban.com/location/people/7654321/drama/collect",
            Medium.DRAMA,
            Status.DONE,
            "7654321",
        ),
        ("https://book.douban.com/people/%E9%9D%92/collect", Medium.BOOK, Status.DONE, "青"),
    ],
)
def test_lists(url: str, medium: Medium, status: Status, owner: str | None) -> None:
    here = address(url)
    assert here is not None
    assert (here.type, here.medium, here.status, here.owner) == (PageType.LIST, medium, status, owner)
    assert (here.start, here.narrowed) == (0, False)


def test_what_the_query_of_a_list_says() -> None:
    query = "mode=list&rating=all&start=30&filter=all&sort=time&type=tv"
    here = address(f"https://movie.douban.com/people/x/collect?{query}")
    assert here is not None
    assert (here.start, here.mode, here.kind, here.narrowed) == (30, "list", Kind.TV, True)
    whole = address(f"https://movie.douban.com/people/x/collect?{query.replace('type=tv', 'type=all')}")
    assert whole is not None
    assert (whole.kind, whole.narrowed) == (None, False)
    for narrowing in ("tag=%E6%97%85%E8%A1%8C", "rating=5", "filter=playable"):
        narrowed = address(f"https://book.douban.com/people/x/collect?{narrowing}")
        assert narrowed is not None
        assert narrowed.narrowed, narrowing


@pytest.mark.parametrize("start", ["", "-5", "x", "²", "9" * 5000])
def test_a_place_that_is_none_is_the_first(start: str) -> None:
    here = address(f"https://movie.douban.com/people/x/collect?start={start}")
    assert here is not None
    assert here.start == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://www.douban.com/",
        "https://movie.douban.com/people/7654321/collect/extra",
        "https://movie.douban.com/people/7654321/all",
        "https://movie.douban.com/mine",
        "https://movie.douban.com/mine?status=all",
        "https://movie.douban.com/subject/1000001/comments",
        "https://movie.douban.com/subject/abc/",
        "https://m.douban.com/movie/subject/1000001/",
        "https://m.douban.com/movie/",
        "https://www.douban.com/doubanapp/dispatch/movie/1000001",
        "https://www.douban.com/location/people/7654321/drama/",
        "https://book.douban.com/game/10734307/",
    ],
)
def test_pages_of_douban_that_are_neither(url: str) -> None:
    here = address(url)
    assert here is not None
    assert here.type is PageType.OTHER


@pytest.mark.parametrize(
    "url",
    [
        "https://douban.com.evil.example/people/1/collect",
        "https://evildouban.com/",
        "https://movie.douban.com@evil.example/people/1/collect",
        "ftp://movie.douban.com/people/1/collect",
        "movie.douban.com/people/1/collect",
        "file:///home/x/page.html",
        "http://[::1/",
        "javascript:alert(1)",
        "",
    ],
)
def test_not_douban(url: str) -> None:
    assert address(url) is None
    assert subject_key(url) is None


def test_a_simulated_douban_on_a_port_is_douban() -> None:
    here = address("http://movie.douban.com:8443/people/1/collect")
    assert here is not None
    assert here.type is PageType.LIST


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://movie.douban.com/subject/1292052/", SubjectKey(Medium.MOVIE, "1292052")),
        ("http://movie.douban.com/subject/1292052?from=x", SubjectKey(Medium.MOVIE, "1292052")),
        ("https://book.douban.com/subject/1089243/comments/", SubjectKey(Medium.BOOK, "1089243")),
        ("https://www.douban.com/game/10734307/", SubjectKey(Medium.GAME, "10734307")),
        ("https://www.douban.com/location/drama/20270776/", SubjectKey(Medium.DRAMA, "20270776")),
        ("https://www.douban.com/doubanapp/dispatch/movie/1292052", SubjectKey(Medium.MOVIE, "1292052")),
        ("https://www.douban.com/doubanapp/dispatch/tv/35597581", SubjectKey(Medium.MOVIE, "35597581")),
        ("https://m.douban.com/book/subject/1089243/", SubjectKey(Medium.BOOK, "1089243")),
        ("https://www.douban.com/people/1292052/", None),
        ("https://www.douban.com/doubanapp/dispatch/person/1", None),
        ("https://movie.douban.com/celebrity/1045150/", None),
    ],
)
def test_subject_of_an_address(url: str, key: SubjectKey | None) -> None:
    assert subject_key(url) == key


@given(st.sampled_from(Medium), st.from_regex(r"[1-9][0-9]{0,11}", fullmatch=True))
def test_the_address_of_a_subject_leads_back_to_it(medium: Medium, number: str) -> None:
    key = SubjectKey(medium, number)
    here = address(subject_url(key))
    assert here is not None
    assert here.subject == subject_key(subject_url(key)) == key
    assert here.type is PageType.SUBJECT


@given(st.text() | st.from_regex(r"https?://[a-z]+\.douban\.com/.*"))
def test_any_text_is_an_address_or_none(url: str) -> None:
    here, key = address(url), subject_key(url)
    assert key is None or here is not None
