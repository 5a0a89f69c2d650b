"""Who is logged in, and as whom they know themselves: what a page says of the account that asked for it.

From the global navigation alone, and on the phone from the page of one's own: all other ids on a page are
other people's.
"""

import re
from collections.abc import Iterator

from msgspec import UNSET
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.douban.text import line
from gateway.douban.urls import Address
from gateway.model import Account, PageType

__all__ = ["account_of", "chosen_name", "is_id", "is_logged_in"]

_NAV_OBJECT = re.compile(r"_GLOBAL_NAV\s{0,9}=\s{0,9}\{([^}]{0,2000})")
_NAV_IDS = (
    re.compile(r"\bUSER_ID\s*:\s*[\"']?([0-9]{1,20})\b", re.ASCII),
    re.compile(r"\bUPLOAD_AUTH_TOKEN\s*:\s*[\"']([0-9]{1,20}):", re.ASCII),
)
_LINK_ID = re.compile(r"\"uid\"\s*:\s*\"?([0-9]{1,20})\b", re.ASCII)
_PIWIK_ID = re.compile(r"\[\s*[\"']setUserId[\"']\s*,\s*[\"']([0-9]{1,20})[\"']", re.ASCII)
_LONGEST_ID = 20
_FRONT = "#db-usr-profile .pic a[href*='/people/'], .profile .basic-info > a[href*='/people/']"
_PERSON = re.compile(r"/people/([^/?#]{1,100})")


def is_logged_in(tree: LexborHTMLParser) -> bool | None:
    """None if the page shows no sign of either: its navigation was cut away."""
    scope = tree.css_first("#db-global-nav") or tree
    if scope.css_first(".nav-user-account, a[href*='/accounts/logout']") is not None:
        return True
    if scope.css_first(".nav-login") is not None or tree.css_first(".a_show_login") is not None:
        return False
    return None


def account_of(here: Address, tree: LexborHTMLParser) -> Account | None:
    """Who is logged in, from the global navigation alone: all other ids on a page are other people's."""
    user = tree.css_first("#user") if _is_phone_page(here) else None
    if user is not None:
        number, name = user.attributes.get("value") or "", (user.attributes.get("data-name") or "").strip()
        known = is_id(number) and len(number) <= _LONGEST_ID and number.strip("0")
        return Account(id=number, name=name or UNSET) if known else None
    said, counted = _ids_in_scripts(tree)
    number = said or _id_in_links(tree) or counted
    if number is None or not number.strip("0"):
        return None
    name = re.sub(r"的[账帐]号$", "", line(tree.css_first(".nav-user-account .bn-more span")))
    return Account(id=number, name=name or UNSET)


def _is_phone_page(here: Address) -> bool:
    """Whether it is the phone's page of one's own, which has no navigation and names its person instead."""
    return here.host == "m.douban.com" and here.type is PageType.PROFILE


def chosen_name(here: Address, tree: LexborHTMLParser) -> str | None:
    """The name in the addresses of the person whose front page this is, if they chose one."""
    if here.type is not PageType.PROFILE or (link := tree.css_first(_FRONT)) is None:
        return None
    found = _PERSON.search(link.attributes.get("href") or "")
    return found[1] if found is not None and not is_id(found[1]) else None


def _ids_in_scripts(tree: LexborHTMLParser) -> tuple[str | None, str | None]:
    """The id in the navigation's script, and the one in the statistics' at the end of the page."""
    counted = None
    for script in _scripts(tree):
        text = script.text()
        if (found := _NAV_OBJECT.match(text, text.find("_GLOBAL_NAV"))) is not None:
            ids = [number[1] for pattern in _NAV_IDS if (number := pattern.search(found[1])) is not None]
            if ids:
                return ids[0], None
        elif (found := _PIWIK_ID.search(text)) is not None:
            counted = found[1]
    return None, counted


def _scripts(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """The inline scripts, the one beside the navigation first."""
    if (beside := tree.css_first("#db-global-nav ~ script:not([src])")) is not None:
        yield beside
    yield from tree.css("script:not([src])")


def _id_in_links(tree: LexborHTMLParser) -> str | None:
    link = tree.css_first("#db-global-nav a[data-moreurl-dict*='uid']")
    found = _LINK_ID.search((link.attributes.get("data-moreurl-dict") or "") if link is not None else "")
    return found[1] if found is not None else None


def is_id(owner: str) -> bool:
    return owner.isascii() and owner.isdigit()
