"""Can this page be trusted to speak of the person's own marks? If not: why not.

The order of the tests is that of archives of thousands of real pages: what Douban shows *instead* of the
page comes first (it is served with status 200), then who is logged in, then whose list it is. A page that
is not recognised is never taken for an empty one.
"""

import re
from collections.abc import Collection

from msgspec import Struct, structs
from selectolax.lexbor import LexborHTMLParser

from gateway.douban.account import account_of, chosen_name, is_id, is_logged_in
from gateway.douban.statuses import is_fault, meaning
from gateway.douban.text import html_of, line, why_unreadable, written
from gateway.douban.urls import Address, address
from gateway.model import Account, PageType, Verdict

__all__ = ["Judgement", "heading", "judge"]

_TITLES = {
    "登录豆瓣": (Verdict.LOGIN, "login_page"),
    "豆瓣 - 登录跳转页": (Verdict.BLOCKED, "ip_refused"),
    "禁止访问": (Verdict.BLOCKED, "forbidden"),
    "页面不存在": (Verdict.GONE, "not_found"),
    "条目不存在": (Verdict.GONE, "subject_removed"),
}
_SENTENCES = (
    ("有异常请求", Verdict.BLOCKED, "ip_refused"),
    ("请输入验证码", Verdict.BLOCKED, "captcha"),
    ("访问过于频繁", Verdict.BLOCKED, "too_often"),
    ("像机器人", Verdict.BLOCKED, "robot"),
    ("error code: 004", Verdict.BLOCKED, "ip_refused"),
    ("error code: 008", Verdict.LOGIN, "login_page"),
    ("条目豆瓣不收录", Verdict.GONE, "subject_removed"),
    ("条目不存在", Verdict.GONE, "subject_removed"),
    ("条目正在等待审核", Verdict.GONE, "subject_hidden"),
    ("根据相关法律法规", Verdict.GONE, "subject_hidden"),
    ("条目暂时无法查看", Verdict.GONE, "subject_hidden"),
    ("页面不存在", Verdict.GONE, "not_found"),
    ("已被永久停用", Verdict.GONE, "account_closed"),
    ("已经主动注销", Verdict.GONE, "account_closed"),
    ("已被永久禁言", Verdict.GONE, "account_closed"),
    ("//sec.douban.com/", Verdict.BLOCKED, "ip_refused"),
)
"""Looked for only where the page that was asked for is not there: people write such words in comments."""
_SHORT = 64 * 1024
"""A page that stands in for another is 13 bytes to 20 KB long."""
_BRIEF = 1_000
"""Characters that it says at most, with Douban's own navigation. A diary that quotes it says more."""
_STATUS = re.compile(r"([345][0-9]{2}) [A-Z][A-Za-z' -]{1,40}", re.ASCII)
"""The title that a server gives to a page of its own: ``502 Bad Gateway``."""
_AWAY = "a[href*='//sec.douban.com/'], a[href*='//accounts.douban.com/']"

_FRAMES = {
    PageType.PROFILE: "#db-usr-profile, #profile, #user[value]",
    PageType.LIST: ".grid-view, .list-view, .interest-list, .game-list, .subject-num, #db-usr-profile, .paginator",
    PageType.SUBJECT: "#info, #mainpic, #interest_sectl, #interest_sect_level, .drama-info, .item-subject-info, "
    "[property='v:itemreviewed']",
}
_CONTROLS = ".opt-ln a, .item .gact a, .user-operation a"
_COUNT = re.compile(r"[(（]\s*([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})\s*[)）]\s*$", re.ASCII)
_DOING = re.compile(r"\s*(?:最近)?[想在看读听玩]")
_AVATAR_ID = re.compile(r"/icon/u[pl]?([0-9]{1,20})-", re.ASCII)


class Judgement(Struct, frozen=True, kw_only=True):
    """The verdict, and the parsed page where it may be read on."""

    verdict: Verdict
    reason: str | None = None
    account: Account | None = None
    """Who is logged in."""
    tree: LexborHTMLParser | None = None
    """Set if the page is the one that was asked for; its public facts may be read whatever the verdict."""
    mended: int = 0
    """Places where the bytes were no text, which U+FFFD took."""


def judge(here: Address, content: bytes, accounts: Collection[str] = ()) -> Judgement:
    """Decide on the page at an address. ``accounts`` are the ids of those whose marks are kept, if known."""
    unreadable = why_unreadable(content)
    if unreadable in {"empty", "too_large", "no_frame"}:
        return Judgement(verdict=Verdict.UNKNOWN, reason=unreadable)
    if (stand_in := _other_host(here)) is not None:
        return stand_in
    if unreadable is not None:
        # A refusal may be one bare line of text: `error code: 004`.
        said = _bare(content) if len(content) < _SHORT else None
        return said or Judgement(verdict=Verdict.UNKNOWN, reason=unreadable)
    html, mended = html_of(content) or (None, 0)
    if html is None:
        return Judgement(verdict=Verdict.UNKNOWN, reason="charset")
    tree = LexborHTMLParser(html)
    framed = _has_frame(here, tree)
    judged = _stand_in(here, tree, html, framed=framed) or _own(
        here, tree, accounts, whole=framed and _ended(html)
    )
    return structs.replace(judged, mended=mended) if mended else judged


def heading(tree: LexborHTMLParser) -> tuple[str, int] | None:
    """The heading of a list and the number in its brackets: ``我看过的影视(1157)``."""
    for node in tree.css("h1")[:5]:
        text = line(node)
        if (count := _COUNT.search(text)) is not None:
            return text, int(count[1].replace(",", ""))
    return None


def _other_host(here: Address) -> Judgement | None:
    if here.host == "accounts.douban.com":
        return Judgement(verdict=Verdict.LOGIN, reason="login_page")
    if here.host == "sec.douban.com":
        reason = {"/c": "proof_of_work", "/b": "ip_refused"}.get(here.path, "forbidden")
        return Judgement(verdict=Verdict.BLOCKED, reason=reason)
    return None


def _bare(content: bytes) -> Judgement | None:
    text = (html_of(content) or (b"", 0))[0]
    if is_fault(text):
        return Judgement(verdict=Verdict.UNKNOWN, reason="server_error")
    return _said(text.decode())


def _stand_in(here: Address, tree: LexborHTMLParser, html: bytes, *, framed: bool) -> Judgement | None:
    """What Douban shows instead of the page, if it does."""
    title = line(tree.css_first("title"))
    named = framed and here.type is PageType.PROFILE  # after the person, who may be called anything
    if not named and (known := _TITLES.get(title)) is not None:
        return Judgement(verdict=known[0], reason=known[1], account=account_of(here, tree))
    box = tree.css_first("div#exception") if b"exception" in html else None
    if box is not None:
        who = account_of(here, tree)
        hidden = (
            None
            if framed or here.type is not PageType.SUBJECT
            else Judgement(verdict=Verdict.GONE, reason="subject_hidden", account=who)
        )
        if (said := _said(written(box), who) or hidden) is not None:
            return said
    if framed or len(html) > _SHORT:
        return None
    if tree.css_first("form#sec [name='cha'], form#sec [name='tok'], form#sec #cha") is not None:
        return Judgement(verdict=Verdict.BLOCKED, reason="proof_of_work")
    if tree.css_first("img[alt='captcha'], [name='captcha-solution']") is not None:
        return Judgement(verdict=Verdict.BLOCKED, reason="captcha")
    if (sent := _sent_away(tree)) is not None:
        return sent
    if (status := _STATUS.fullmatch(title)) is not None and (meant := meaning(int(status[1]))) is not None:
        return Judgement(verdict=meant[0], reason=meant[1])
    return _told(here, tree)


def _sent_away(tree: LexborHTMLParser) -> Judgement | None:
    """Where a page without any navigation sends to: the body of a redirect."""
    link = tree.css_first(_AWAY) if is_logged_in(tree) is None else None
    there = address(link.attributes.get("href") or "") if link is not None else None
    return _other_host(there) if there is not None else None


def _told(here: Address, tree: LexborHTMLParser) -> Judgement | None:
    if tree.body is None:
        return None
    if here.type is not PageType.OTHER:
        return _said(tree.body.text(), account_of(here, tree))
    # Of these pages no frame is known, so only one that says little else is believed to say it.
    text = " ".join(written(tree.body).split())
    return _said(text, account_of(here, tree)) if len(text) < _BRIEF else None


def _has_frame(here: Address, tree: LexborHTMLParser) -> bool:
    if here.type is PageType.OTHER:
        return False
    if tree.css_first(_FRAMES[here.type]) is not None:
        return True
    return here.type is PageType.LIST and heading(tree) is not None


def _said(text: str, account: Account | None = None) -> Judgement | None:
    for sentence, verdict, reason in _SENTENCES:
        if sentence in text:
            return Judgement(verdict=verdict, reason=reason, account=account)
    return None


def _ended(html: bytes) -> bool:
    """Whether the page came to its end. In a page that was cut, the last row or comment is half a one."""
    if any(html.rfind(end, -_SHORT) >= 0 for end in (b"</html", b"</body")):
        return True
    tail = html[-_SHORT:].lower()
    return b"</html" in tail or b"</body" in tail


def _own(here: Address, tree: LexborHTMLParser, accounts: Collection[str], *, whole: bool) -> Judgement:
    if here.type is PageType.OTHER:
        return Judgement(verdict=Verdict.UNKNOWN, reason="no_marks_here", account=account_of(here, tree))
    verdict, reason, account = _whose(here, tree, accounts)
    if verdict is Verdict.OK and not whole:
        verdict, reason = Verdict.UNKNOWN, "no_frame"
    public = here.type is PageType.SUBJECT and reason in {"logged_out", "no_frame"}
    readable = whole and (verdict is Verdict.OK or public)
    return Judgement(verdict=verdict, reason=reason, account=account, tree=tree if readable else None)


def _whose(
    here: Address, tree: LexborHTMLParser, accounts: Collection[str]
) -> tuple[Verdict, str | None, Account | None]:
    if is_logged_in(tree) is False:
        return Verdict.LOGIN, "logged_out", None
    account = account_of(here, tree) or _account_of_own_list(here, tree)
    if account is None:
        return Verdict.UNKNOWN, "no_frame", None
    if accounts and account.id not in accounts:
        return Verdict.FOREIGN, "other_account", account
    if here.type in {PageType.LIST, PageType.PROFILE}:
        own = _is_own_list(here, tree, account)
        if own is None:
            return Verdict.UNKNOWN, "whose_unknown", account
        if not own:
            return Verdict.FOREIGN, "other_person", account
    if here.owner is not None and not is_id(here.owner):
        account = structs.replace(account, slug=here.owner)
    elif (slug := chosen_name(here, tree)) is not None:
        account = structs.replace(account, slug=slug)
    return Verdict.OK, None, account


def _is_own_list(here: Address, tree: LexborHTMLParser, account: Account) -> bool | None:
    """None if nothing on the page says whose it is."""
    if here.owner is None:
        return True
    if is_id(here.owner):
        return here.owner == account.id
    # A chosen name says nothing of the number; the picture of the list's person carries it.
    picture = tree.css_first("#db-usr-profile img[src*='/icon/u']")
    if picture is not None and (found := _AVATAR_ID.search(picture.attributes.get("src") or "")) is not None:
        return found[1] == account.id
    if _has_own_controls(tree):
        return True
    # The heading proves nothing, since anybody may call themselves 我 or as we do; but another name is another person.
    said = line(tree.css_first("h1"))
    names = ("我", account.name) if account.name else ("我",)
    ours = any(said.startswith(name) and _DOING.match(said, len(name)) for name in names)
    return None if ours or not said else False


def _account_of_own_list(here: Address, tree: LexborHTMLParser) -> Account | None:
    """The person of a list whose navigation was cut away or names nobody.

    Douban shows the control to delete a mark to its owner alone, so it proves a session and whose it is (that
    to change one may be the visitor's own, on somebody else's list); then the number in the address is that of the owner. Without both, nobody knows.
    """
    if here.type is not PageType.LIST or here.owner is None or not is_id(here.owner):
        return None
    return Account(here.owner) if _has_own_controls(tree) else None


def _has_own_controls(tree: LexborHTMLParser) -> bool:
    if tree.css_first("a.d_link") is not None:
        return True
    return any(line(link) == "删除" for link in tree.css(_CONTROLS))
