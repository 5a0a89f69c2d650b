"""Our fields: for each shelf the columns of its table, with their names in both languages.

The columns of books (16), films (18) and series (19) that people know from earlier tools have their names.
"""

from typing import Any

from msgspec import Struct, structs

from gateway.errors import Words
from gateway.feishu import values
from gateway.feishu.bitable import NewField
from gateway.feishu.values import Cell
from gateway.model import Medium, Status

KEY = "subject_id"
"""The field that rows are known by."""
COVER = "cover"
"""The field that holds a picture; it is written after the rows."""

TEXT, NUMBER, SINGLE, MULTI, DATE, CHECKBOX, LINK, ATTACHMENT = 1, 2, 3, 4, 5, 7, 15, 17
_COLOURS = {Status.WISH: 5, Status.DOING: 4, Status.DONE: 0}
"""Of the select options, as one project's real table has them (想 5, 在 4, 过 0)."""
_DAY_FORMAT = {"date_formatter": "yyyy/MM/dd", "auto_fill": False}
_MEDIA = {
    "all": tuple(Medium),
    "book": (Medium.BOOK,),
    "movie": (Medium.MOVIE,),
    "tv": (Medium.MOVIE,),
    "documentary": (Medium.MOVIE,),
    "music": (Medium.MUSIC,),
    "game": (Medium.GAME,),
    "drama": (Medium.DRAMA,),
}
"""What the marks of each shelf are of."""


class Column(Struct, frozen=True):
    """A field of ours and how a Bitable shows it."""

    key: str
    names: Words
    type: int
    ui_type: str
    cell: Cell | None
    """None for what is written in another way."""
    property: dict[str, Any] | None = None

    def name(self, language: str) -> str:
        return self.names.en if language == "en" else self.names.zh


def columns_of(shelf: str) -> tuple[Column, ...]:
    """The columns of a shelf's table. The first is the primary one."""
    return _COLUMNS[shelf]


def new_fields(shelf: str, language: str) -> list[NewField]:
    """All columns, for a table of our own."""
    return [new_field(column, shelf, language) for column in columns_of(shelf)]


def new_field(column: Column, shelf: str, language: str) -> NewField:
    property_ = column.property
    if (options := options_of(column, shelf, language)) is not None:
        property_ = {"options": [{"name": name, "color": colour} for name, colour in options.items()]}
    return NewField(column.name(language), column.type, column.ui_type, property_)


def options_of(column: Column, shelf: str, language: str) -> dict[str, int] | None:
    """The options that a column of ours always has, each with its colour; None if it has none of that kind."""
    if column.key == "kind":
        return {values.kind_name(kind, language): number for number, kind in enumerate(values.KINDS)}
    if column.key == "status":
        return {
            values.status_name(medium, status, language): _COLOURS[status]
            for medium in _MEDIA[shelf]
            for status in Status
            if (medium, status) != (Medium.DRAMA, Status.DOING) or shelf == "all"  # Douban has none
        }
    return None


def _text(key: str, zh: str, en: str) -> Column:
    return Column(key, Words(zh, en), TEXT, "Text", values.text(key))


def _options(key: str, zh: str, en: str) -> Column:
    return Column(key, Words(zh, en), MULTI, "MultiSelect", values.options(key))


def _number(key: str, zh: str, en: str, form: str = "0") -> Column:
    return Column(key, Words(zh, en), NUMBER, "Number", values.number(key), {"formatter": form})


def _released(zh: str, en: str) -> Column:
    return Column("released", Words(zh, en), DATE, "DateTime", values.released, _DAY_FORMAT)


def _named(column: Column, zh: str, en: str) -> Column:
    return structs.replace(column, names=Words(zh, en))


_TITLE = _text("title", "标题", "Title")
_STATUS = Column("status", Words("我的状态", "My status"), SINGLE, "SingleSelect", values.status)
_STARS = {"formatter": "0", "min": 1, "max": 5, "rating": {"symbol": "star"}}
_RATING = Column("rating", Words("我的评分", "My rating"), NUMBER, "Rating", values.rating, _STARS)
_COMMENT = Column("comment", Words("我的备注", "My comment"), TEXT, "Text", values.comment)
_TAGS = Column("tags", Words("我的标签", "My tags"), MULTI, "MultiSelect", values.tags)
_MARKED = Column("marked_on", Words("标记日期", "Marked on"), DATE, "DateTime", values.marked_on, _DAY_FORMAT)
_PRIVATE = Column("private", Words("仅自己可见", "Private"), CHECKBOX, "Checkbox", values.private)
_SCORE = _number("score", "豆瓣评分", "Douban score", "0.0")
_COVER = Column(COVER, Words("封面图", "Cover"), ATTACHMENT, "Attachment", None)
_YEAR = _number("year", "年份", "Year")
_GENRES = _options("genres", "类型", "Genres")
_INTRO = _text("intro", "简介", "About")
_ORIGINAL = _text("original_title", "原名", "Original title")
_OTHERS = _text("other_titles", "又名", "Other titles")
_PAGE = Column("page", Words("豆瓣页面", "Douban page"), LINK, "Url", values.page)
_ID = Column(KEY, Words("Subject ID", "Subject ID"), TEXT, "Text", values.subject_id)
_WRITTEN = Column(
    "written_at",
    Words("D2F 写入时间", "Written by D2F"),
    DATE,
    "DateTime",
    values.written_at,
    {"date_formatter": "yyyy/MM/dd HH:mm", "auto_fill": False},
)
_PEOPLE = (
    _text("directors", "导演", "Directors"),
    _text("writers", "编剧", "Writers"),
    _text("cast", "主演", "Cast"),
)

_MINE = (_STATUS, _RATING, _COMMENT, _TAGS, _MARKED, _PRIVATE)
"""What the person decides."""
_LAST = (_PAGE, _ID, _WRITTEN)


def _screen(title: str, released: str, duration: str, *more: Column) -> tuple[Column, ...]:
    return (
        _named(_TITLE, title, "Title"),
        _COVER,
        *_MINE,
        _SCORE,
        _GENRES,
        *_PEOPLE,
        _text("countries", "制片地区", "Countries"),
        _text("languages", "语言", "Languages"),
        _released(released, "First shown"),
        _YEAR,
        _text("durations", duration, "Duration"),
        *more,
        _named(_INTRO, "剧情简介", "About"),
        _ORIGINAL,
        _OTHERS,
        _text("imdb", "IMDb", "IMDb"),
        *_LAST,
    )


_EPISODES = _number("episodes", "集数", "Episodes")
_SEASON = _number("season", "季数", "Season")
_SERIES = _screen("片名", "首播日期", "单集片长", _EPISODES, _SEASON)

_COLUMNS: dict[str, tuple[Column, ...]] = {
    "all": (
        _TITLE,
        _COVER,
        *_MINE,
        Column("kind", Words("分类", "Kind"), SINGLE, "SingleSelect", values.kind),
        _SCORE,
        Column("creators", Words("创作者", "Creators"), TEXT, "Text", values.creators),
        _YEAR,
        _GENRES,
        _ORIGINAL,
        _INTRO,
        *_LAST,
    ),
    "book": (
        _named(_TITLE, "书名", "Title"),
        _text("subtitle", "副标题", "Subtitle"),
        _COVER,
        *_MINE,
        _SCORE,
        _text("authors", "作者", "Authors"),
        _text("translators", "译者", "Translators"),
        _text("publisher", "出版社", "Publisher"),
        _text("released", "出版年份", "Published"),
        _named(_ORIGINAL, "原作名", "Original title"),
        _named(_INTRO, "内容简介", "About"),
        _text("pages", "页数", "Pages"),
        _text("price", "定价", "Price"),
        _text("binding", "装帧", "Binding"),
        _text("series", "丛书", "Series"),
        _text("imprint", "出品方", "Imprint"),
        _text("isbn", "ISBN", "ISBN"),
        *_LAST,
    ),
    "movie": _screen("电影名", "上映日期", "片长"),
    "tv": _SERIES,
    "documentary": _SERIES,
    "music": (
        _named(_TITLE, "专辑名", "Title"),
        _COVER,
        *_MINE,
        _SCORE,
        _text("performers", "表演者", "Performers"),
        _named(_GENRES, "流派", "Genres"),
        _released("发行日期", "Released"),
        _YEAR,
        _text("publisher", "出版者", "Label"),
        _text("album_type", "专辑类型", "Type"),
        _text("format", "介质", "Format"),
        _text("tracks", "曲目", "Tracks"),
        _named(_INTRO, "简介", "About"),
        _OTHERS,
        _text("barcode", "条形码", "Barcode"),
        *_LAST,
    ),
    "game": (
        _named(_TITLE, "游戏名", "Title"),
        _COVER,
        *_MINE,
        _SCORE,
        _GENRES,
        _options("platforms", "平台", "Platforms"),
        _text("developers", "开发商", "Developers"),
        _text("publisher", "发行商", "Publisher"),
        _released("发行日期", "Released"),
        _INTRO,
        _ORIGINAL,
        _OTHERS,
        *_LAST,
    ),
    "drama": (
        _named(_TITLE, "剧名", "Title"),
        _COVER,
        *_MINE,
        _SCORE,
        _GENRES,
        *_PEOPLE,
        _text("troupes", "演出团体", "Troupes"),
        _text("theatres", "演出剧院", "Theatres"),
        _released("演出日期", "First shown"),
        _text("languages", "语言", "Languages"),
        _INTRO,
        _ORIGINAL,
        _OTHERS,
        *_LAST,
    ),
}
