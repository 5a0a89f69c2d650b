"""Which page an address shows, and the address of a subject. Addresses only; nothing is opened.

Douban's addresses are older and steadier than its markup, so everything that an address can tell
(medium, status, owner, subject) is taken from there.
"""

import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from msgspec import Struct, structs

from gateway.model import Kind, Medium, PageType, Status, SubjectKey

__all__ = ["Address", "address", "subject_key", "subject_url"]

_STATUSES = {"wish": Status.WISH, "do": Status.DOING, "collect": Status.DONE}
_HOSTS = {
    "book.douban.com": Medium.BOOK,
    "movie.douban.com": Medium.MOVIE,
    "music.douban.com": Medium.MUSIC,
}
_KINDS = {"movie": Kind.MOVIE, "tv": Kind.TV}
_SUBJECT_PATHS = {
    Medium.GAME: "https://www.douban.com/game/{}/",
    Medium.DRAMA: "https://www.douban.com/location/drama/{}/",
}
_MEDIA = {medium.value: medium for medium in Medium} | {"tv": Medium.MOVIE}
_SHARED = re.compile(r"/(?:doubanapp/dispatch/([a-z]+)|([a-z]+)/subject)/([0-9]{1,20})/?", re.ASCII)
"""Addresses of the apps: ``www…/doubanapp/dispatch/movie/N``, ``m…/movie/subject/N/``."""


class Address(Struct, frozen=True, kw_only=True):
    """What an address on douban.com says of its page."""

    host: str
    path: str
    type: PageType = PageType.OTHER
    medium: Medium | None = None
    status: Status | None = None
    subject: SubjectKey | None = None
    owner: str | None = None
    """Of a list: the id or chosen name of its person; None for the addresses of one's own (``/mine``)."""
    start: int = 0
    mode: str | None = None
    """Of a list: ``grid`` or ``list``, if the address names one."""
    kind: Kind | None = None
    """Of a list: films alone or series alone (``type=``)."""
    narrowed: bool = False
    """Of a list: a tag, rating or type leaves rows out, so its places are not those of the whole list."""


def address(url: str) -> Address | None:
    """What the address says; None if it is not one of douban.com."""
    split = _split(url)
    if split is None:
        return None
    host = (split.hostname or "").rstrip(".")
    path = [unquote(part) for part in split.path.split("/") if part]
    here = Address(host=host, path="/" + "/".join(path), medium=_HOSTS.get(host))
    if (key := _own_page(host, path)) is not None:
        return Address(host=host, path=here.path, type=PageType.SUBJECT, medium=key.medium, subject=key)
    return _list(here, path, split.query)


def subject_url(key: SubjectKey) -> str:
    """The address of a subject's page."""
    return _SUBJECT_PATHS.get(key.medium, f"https://{key.medium}.douban.com/subject/{{}}/").format(key.id)


def subject_key(url: str) -> SubjectKey | None:
    """The subject that an address points to, however Douban writes it; None if to none."""
    split = _split(url)
    if split is None:
        return None
    host = (split.hostname or "").rstrip(".")
    path = [part for part in split.path.split("/") if part]
    if (key := _own_page(host, path[:3] if path[:1] == ["location"] else path[:2])) is not None:
        return key
    if (shared := _SHARED.match(split.path)) is None:
        return None
    medium = _MEDIA.get(shared[1] or shared[2])
    return SubjectKey(medium, shared[3]) if medium is not None else None


def _split(url: str) -> SplitResult | None:
    """The parts of an address of douban.com, http or https."""
    try:
        split = urlsplit(url.strip())
        host = (split.hostname or "").rstrip(".")
    except ValueError:
        return None
    if split.scheme not in {"http", "https"} or not (host == "douban.com" or host.endswith(".douban.com")):
        return None
    return split


def _own_page(host: str, path: list[str]) -> SubjectKey | None:
    match path:
        case ["subject", number] if host in _HOSTS:
            medium = _HOSTS[host]
        case ["game", number] if host == "www.douban.com":
            medium = Medium.GAME
        case ["location", "drama", number] if host == "www.douban.com":
            medium = Medium.DRAMA
        case _:
            return None
    return SubjectKey(medium, number) if re.fullmatch(r"[0-9]{1,20}", number) else None


def _list(here: Address, path: list[str], query: str) -> Address:
    try:
        asked = {name: values[-1] for name, values in parse_qs(query, max_num_fields=100).items()}
    except ValueError:
        asked = {}
    medium, owner, word = here.medium, None, None
    match path:
        case ["mine"] if here.host == "www.douban.com":
            return structs.replace(here, type=PageType.PROFILE)
        case ["mine", *_] if here.host == "m.douban.com":
            return structs.replace(here, type=PageType.PROFILE)
        case ["people", owner] if here.host == "www.douban.com":
            return structs.replace(here, type=PageType.PROFILE, owner=owner)
        case ["people", owner, word] if here.host in _HOSTS and word in _STATUSES:
            pass
        case ["mine"] if here.host in _HOSTS:
            word = asked.get("status")
        case ["people", owner, "games"] if here.host == "www.douban.com":
            medium, word = Medium.GAME, asked.get("action")
        case ["location", "people", owner, "drama", word] if here.host == "www.douban.com":
            medium = Medium.DRAMA
        case _:
            return here
    status = _STATUSES.get(word or "")
    narrowing = ("tag", ""), ("rating", "all"), ("filter", "all"), ("type", "all")
    return Address(
        host=here.host,
        path=here.path,
        type=PageType.LIST if status is not None else PageType.OTHER,
        medium=medium,
        status=status,
        owner=owner,
        start=int(start) if re.fullmatch(r"[0-9]{1,9}", start := asked.get("start", "")) else 0,
        mode=asked.get("mode"),
        kind=_KINDS.get(asked.get("type", "")) if medium is Medium.MOVIE else None,
        narrowed=any(asked.get(name, default) != default for name, default in narrowing),
    )
