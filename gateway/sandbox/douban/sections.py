"""The parts of Douban: their hosts, and the words that each has for its things."""

from msgspec import Struct

from gateway.model import Kind, Medium, Status


class Section(Struct, frozen=True):
    """One part of the site."""

    medium: Medium
    name: str
    """豆瓣电影."""
    noun: str
    """What lists hold: 我看过的 **影视**."""
    words: dict[Status, str]
    """看过, 想看, 在看."""
    unit: str
    this: str
    """What a mark is on: 我看过 **这部电影**."""
    review: str
    unknown: str
    """The title of a subject that Douban took down."""
    placeholder: str
    """The picture of a subject that has none. No true cover lies under ``/cuphead/`` or ``/f/``."""
    category: int
    """Douban's number of the section, in searches and recommendations."""
    search: str
    pages: tuple[tuple[str, str], ...]
    """The menu: path and words."""

    @property
    def host(self) -> str:
        return f"{self.medium}.douban.com"

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    def thing(self, kind: Kind) -> str:
        """这部电影, 这部电视剧, 这本书, 这张唱片."""
        return "这部电视剧" if kind is Kind.TV else self.this

    def gone(self, kind: Kind) -> str:
        """未知电影, 未知电视剧."""
        return "未知电视剧" if kind is Kind.TV else self.unknown


STATIC = "https://img3.doubanio.com"
PATHS = {Status.DONE: "collect", Status.WISH: "wish", Status.DOING: "do"}
LETTERS = {Status.DONE: "P", Status.WISH: "F", Status.DOING: "N"}
"""The status on the delete link: ``rel="<id>:P"``."""

SECTIONS = {
    section.host: section
    for section in (
        Section(
            medium=Medium.MOVIE,
            name="豆瓣电影",
            noun="影视",
            words={Status.DONE: "看过", Status.WISH: "想看", Status.DOING: "在看"},
            unit="部",
            this="这部电影",
            review="影评",
            unknown="未知电影",
            placeholder=f"{STATIC}/cuphead/movie-static/pics/movie_default_large.png",
            category=1002,
            search="搜索电影、电视剧、综艺、影人",
            pages=(
                ("/cinema/nowplaying/", "影讯&购票"),
                ("/explore", "选电影"),
                ("/tv/", "电视剧"),
                ("/chart", "排行榜"),
                ("/review/best/", "影评"),
            ),
        ),
        Section(
            medium=Medium.BOOK,
            name="豆瓣读书",
            noun="书",
            words={Status.DONE: "读过", Status.WISH: "想读", Status.DOING: "在读"},
            unit="本",
            this="这本书",
            review="书评",
            unknown="未知图书",
            placeholder=f"{STATIC}/f/vendors/31b0e7a4c5/pics/book-default-lpic.gif",
            category=1001,
            search="书名、作者、ISBN",
            pages=(
                ("/cart/", "购书单"),
                ("/tag/", "分类浏览"),
                ("/chart", "排行榜"),
                ("/review/best/", "书评"),
            ),
        ),
        Section(
            medium=Medium.MUSIC,
            name="豆瓣音乐",
            noun="音乐",
            words={Status.DONE: "听过", Status.WISH: "想听", Status.DOING: "在听"},
            unit="张",
            this="这张唱片",
            review="乐评",
            unknown="未知音乐",
            placeholder=f"{STATIC}/cuphead/music-static/pics/music_default_medium.png",
            category=1003,
            search="唱片名、表演者、条码、ISRC",
            pages=(
                ("/artists/", "音乐人"),
                ("/chart", "排行榜"),
                ("/tag/", "分类浏览"),
                ("/review/latest/", "乐评"),
            ),
        ),
    )
}
"""By host."""
