"""Templates into pages: what every page needs beside its own matter."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.sandbox.douban.listing import cut, titles
from gateway.sandbox.douban.sections import LETTERS, PATHS, SECTIONS, STATIC, Section
from gateway.sandbox.invent import native_name
from gateway.sandbox.person import Entry, Person, Removed

ACCOUNT_MENU = (
    ("https://www.douban.com/mine/", "个人主页", False),
    ("https://www.douban.com/mine/orders/", "我的订单", True),
    ("https://www.douban.com/mine/wallet/", "我的钱包", True),
    ("https://accounts.douban.com/passport/setting/", "账号管理", True),
)
GLOBAL_MENU = (
    ("main", "https://www.douban.com", "豆瓣"),
    ("book", "https://book.douban.com", "读书"),
    ("movie", "https://movie.douban.com", "电影"),
    ("music", "https://music.douban.com", "音乐"),
    ("podcast", "https://www.douban.com/podcast/", "播客"),
    ("location", "https://www.douban.com/location", "同城"),
    ("group", "https://www.douban.com/group", "小组"),
    ("read", "https://read.douban.com/?dcs=top-nav&dcm=douban", "阅读"),
    ("fm", "https://fm.douban.com/?from_=shire_top_nav", "FM"),
    ("time", "https://time.douban.com/?dt_time_source=douban-web_top_nav", "时间"),
    ("market", "https://market.douban.com/?utm_campaign=douban_top_nav", "豆品"),
)


def render(
    template: str, *, section: Section | None = None, viewer: Person | None = None, **more: object
) -> str:
    """A page as text. ``viewer`` is who is logged in; None for nobody."""
    code = section.code if section else "main"
    return _templates.get_template(template).render(
        **_GIVEN, section=section, viewer=viewer, code=code, **more
    )


def _cover(section: Section, entry: Entry) -> str:
    """The address of the cover; a placeholder where Douban took the subject down or has none."""
    if entry.removed in {Removed.UNKNOWN, Removed.TITLE_ONLY}:
        return section.placeholder
    return entry.subject.cover or section.placeholder


def _environment() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return templates


_templates = _environment()
_GIVEN: dict[str, object] = {
    "account_menu": ACCOUNT_MENU,
    "global_menu": GLOBAL_MENU,
    "sections": tuple(SECTIONS.values()),
    "static": STATIC,
    "paths": PATHS,
    "letters": LETTERS,
    "titles": titles,
    "cut": cut,
    "cover": _cover,
    "native_name": native_name,
}
