"""What the image hosts are asked, and what is taken for a picture."""

from collections.abc import AsyncIterator

import pytest

from gateway.douban.pictures import MOST_BYTES, Picture, Pictures
from gateway.errors import PictureRefused
from gateway.model import Medium
from gateway.sandbox.http import Drop, Request, Response, Server

ADDRESS = "https://img9.doubanio.com/view/subject/m/public/s33441122.jpg"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


class Host:
    """An image host that answers whatever it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Response | Drop = Response(200, JPEG, content_type="image/jpeg")
        self.asked: list[Request] = []

    async def handle(self, request: Request) -> Response | Drop:
        self.asked.append(request)
        return self.answer


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def pictures(host: Host) -> AsyncIterator[Pictures]:
    async with Server(host.handle) as server:
        pictures = Pictures(server.url)
        yield pictures
        await pictures.close()


@pytest.mark.parametrize(
    ("medium", "page"),
    [
        (Medium.BOOK, "https://book.douban.com/"),
        (Medium.MOVIE, "https://movie.douban.com/"),
        (Medium.MUSIC, "https://music.douban.com/"),
        (Medium.GAME, "https://www.douban.com/"),
        (Medium.DRAMA, "https://www.douban.com/"),
    ],
)
async def test_asks_as_a_page_of_douban_does(
    host: Host, pictures: Pictures, medium: Medium, page: str
) -> None:
    assert await pictures.fetch(ADDRESS, medium) == Picture("s33441122.jpg", JPEG)
    (asked,) = host.asked
    assert (asked.host, asked.path) == ("img9.doubanio.com", "/view/subject/m/public/s33441122.jpg")
    assert asked.headers["referer"] == page
    assert asked.headers["user-agent"].startswith("Mozilla/5.0 ")


async def test_no_cookie_is_ever_sent(host: Host, pictures: Pictures) -> None:
    host.answer = Response(200, JPEG, (("Set-Cookie", "bid=abc; Domain=doubanio.com; Path=/"),))
    for _ in range(2):
        await pictures.fetch(ADDRESS, Medium.BOOK)
    assert [request.headers.get("cookie") for request in host.asked] == [None, None]


async def test_what_the_address_asks_for_is_asked_for(host: Host, pictures: Pictures) -> None:
    await pictures.fetch(
        "http://qnmob3.doubanio.com/view/subject/m/public/s1.jpg?imageView2/2/q/80/format/jpg", Medium.BOOK
    )
    assert host.asked[0].target == "/view/subject/m/public/s1.jpg?imageView2/2/q/80/format/jpg"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.douban.com/view/subject/m/public/s1.jpg",
        "https://doubanio.com.example.org/view/s1.jpg",
        "https://example.org/?.doubanio.com/s1.jpg",
        "https://img1.doubanio.com@127.0.0.1/s1.jpg",
        "https://127.0.0.1/s1.jpg",
        "file:///etc/passwd",
        "ftp://img1.doubanio.com/s1.jpg",
        "/view/subject/m/public/s1.jpg",
        "https://[::1/s1.jpg",
        "",
    ],
)
async def test_nobody_else_is_asked(host: Host, pictures: Pictures, address: str) -> None:
    with pytest.raises(PictureRefused):
        await pictures.fetch(address, Medium.BOOK)
    assert host.asked == []


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (JPEG, "jpg"),
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"GIF89a....", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
    ],
)
async def test_a_picture_is_named_as_what_it_is(
    host: Host, pictures: Pictures, content: bytes, ending: str
) -> None:
    host.answer = Response(200, content, content_type="image/jpeg")
    assert (await pictures.fetch(ADDRESS, Medium.BOOK)).name == f"s33441122.{ending}"


@pytest.mark.parametrize(
    "answer",
    [
        Response(418, JPEG, content_type="image/jpeg"),
        Response(302, JPEG, (("Location", ADDRESS),)),
        Response(200, b"", content_type="image/jpeg"),
        Response(200, b"<svg onload=alert(1)>", content_type="image/jpeg"),
        Response(200, b"RIFF\x10\0\0\0WAVEfmt ", content_type="image/webp"),
        Response(200, JPEG, cut_at=20),
        Drop(),
    ],
    ids=["418", "redirect", "empty", "svg", "sound", "cut", "drop"],
)
async def test_what_is_no_picture_is_refused(host: Host, pictures: Pictures, answer: Response | Drop) -> None:
    host.answer = answer
    with pytest.raises(PictureRefused) as refused:
        await pictures.fetch(ADDRESS, Medium.BOOK)
    assert "{" not in refused.value.words.zh + refused.value.words.en
    assert len(host.asked) == 1, "not followed, not repeated"


async def test_the_largest_picture(host: Host, pictures: Pictures) -> None:
    host.answer = Response(200, JPEG + bytes(MOST_BYTES - len(JPEG)))
    assert len((await pictures.fetch(ADDRESS, Medium.BOOK)).content) == MOST_BYTES
    host.answer = Response(200, JPEG + bytes(MOST_BYTES - len(JPEG) + 1))
    with pytest.raises(PictureRefused):
        await pictures.fetch(ADDRESS, Medium.BOOK)
