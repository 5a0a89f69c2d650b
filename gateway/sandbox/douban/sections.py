"""The parts of Douban: where their lists and subjects live, and the words that each has for its things."""

from msgspec import Struct

from gateway.model import Kind, Medium, Status

MAIN = "www.douban.com"
STATIC = "https://img3.doubanio.com"
PATHS = {Status.DONE: "collect", Status.WISH: "wish", Status.DOING: "do"}
LETTERS = {Status.DONE: "P", Status.WISH: "F", Status.DOING: "N"}
"""The status on the delete link: ``rel="<id>:P"``."""


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
    category: int = 0
    """Douban's number of the section, in searches and recommendations."""
    search: str = ""
    pages: tuple[tuple[str, str], ...] = ()
    """The menu: path and words."""
    host: str = MAIN
    subjects: str = "/subject/{}/"
    """Where a subject's page is."""
    home: str = "/people/{}/"
    """Where a person's front page is."""
    lists: str = "/people/{}/{}"
    """Where a list is: the person, and the word of ``PATHS``."""

    @property
    def code(self) -> str:
        """What the section is called in its own addresses; games and stage dramas are parts of the main site."""
        return "main" if self.host == MAIN else str(self.medium)

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    def subject(self, number: str) -> str:
        """The address of a subject's page."""
        return self.url + self.subjects.format(number)

    def front(self, who: str) -> str:
        """The address of a person's front page in this section."""
        return self.url + self.home.format(who)

    def list_of(self, who: str, status: Status) -> str:
        """The address of a person's list."""
        return self.url + self.lists.format(who, PATHS[status])

    def thing(self, kind: Kind) -> str:
        """这部电影, 这部电视剧, 这本书, 这张唱片."""
        return "这部电视剧" if kind is Kind.TV else self.this

    def gone(self, kind: Kind) -> str:
        """未知电影, 未知电视剧."""
        return "未知电视剧" if kind is Kind.TV else self.unknown


SECTIONS = {
    section.medium: section
    for section in (
        Section(
            medium=Medium.MOVIE,
            host="movie.douban.com",
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
            host="book.douban.com",
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
            host="music.douban.com",
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
        Section(
            medium=Medium.GAME,
            name="豆瓣游戏",
            noun="游戏",
            words={Status.DONE: "玩过", Status.WISH: "想玩", Status.DOING: "在玩"},
            unit="个",
            this="这部游戏",
            review="游戏评论",
            unknown="未知游戏",
            placeholder=f"{STATIC}/cuphead/ilmen-static/pics/game-default-large.png",
            subjects="/game/{}/",
            home="/people/{}/games",
            lists="/people/{}/games?action={}",
        ),
        Section(
            medium=Medium.DRAMA,
            name="豆瓣舞台剧",
            noun="舞台剧",
            words={Status.DONE: "看过", Status.WISH: "想看"},
            unit="部",
            this="这部舞台剧",
            review="剧评",
            unknown="未知舞台剧",
            placeholder=f"{STATIC}/f/loc/31b0e7a4c5/pics/drama/drama_default_medium.png",
            subjects="/location/drama/{}/",
            home="/location/people/{}/drama/",
            lists="/location/people/{}/drama/{}",
        ),
    )
}
BY_HOST = {section.host: section for section in SECTIONS.values() if section.host != MAIN}
"""The three sections with a host of their own."""
