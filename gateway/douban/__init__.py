"""Douban: bytes of a page → marks and subjects, or a named reason why not. Pure functions, no I/O.

Read in this order: ``urls`` (which page is this), ``page`` (can it be trusted) and ``account`` (whose it is),
``lists`` and ``subject`` (what it says), ``text`` (how Douban writes things).
"""

import contextlib
import ctypes
import sys
from collections.abc import Collection

from msgspec import structs

from gateway.douban import lists, subject
from gateway.douban.interests import is_interests, read_interests
from gateway.douban.page import Judgement, judge
from gateway.douban.statuses import meaning
from gateway.douban.urls import Address, address
from gateway.model import Page, PageType, Problem, Reading, Verdict

__all__ = ["read"]


_KEPT = 4 * 1024 * 1024
_TOP_PAD = -2
"""Of glibc's ``mallopt``."""


def _keep_freed_memory() -> None:
    """So many bytes of it. glibc gives it back at once, and a page's tree, of a megabyte or two, takes it anew.

    That was up to half of the time of reading a page. Other systems keep some by themselves.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_TOP_PAD, _KEPT)


_keep_freed_memory()


def read(url: str, content: bytes, *, accounts: Collection[str] = (), status: int | None = None) -> Reading:
    """Everything that one page says. Never raises, whatever the bytes; bounded in time and memory.

    ``accounts`` are the numeric ids of those whose marks are kept, if known: a page of another logged-in account
    is foreign. Marks come only with the verdict OK. Public facts of a subject come also from a subject page
    that was opened logged out. ``page.part`` is None for a list that a filter narrows: it is no part of the
    whole list. ``status`` is the HTTP status that the page came with, and ``url`` the address that it came
    from in the end, where they are known.
    """
    here = address(url)
    if here is None:
        return Reading(page=Page(url=url, type=PageType.OTHER, verdict=Verdict.UNKNOWN, reason="not_douban"))
    if is_interests(here):
        return read_interests(url, content, accounts=accounts, status=status)
    try:
        return _refused(_read(url, here, content, accounts), here, status)
    except Exception as fault:  # noqa: BLE001  a page is kept and can be read again; a crash would lose it
        return Reading(
            page=Page(url=url, type=here.type, verdict=Verdict.UNKNOWN, reason="no_frame"),
            problems=(Problem("page_unreadable", type(fault).__name__),),
        )


def _read(url: str, here: Address, content: bytes, accounts: Collection[str]) -> Reading:
    judged = judge(here, content, accounts)
    reading = _told(url, here, judged)
    if not judged.mended:
        return reading
    told = Problem("bytes_unreadable", f"places: {judged.mended}")
    return structs.replace(reading, problems=(*reading.problems, told))


def _told(url: str, here: Address, judged: Judgement) -> Reading:
    if judged.tree is not None and here.type is PageType.LIST:
        return lists.read(url, here, judged)
    if judged.tree is not None and here.subject is not None:
        return subject.read(url, here.subject, judged)
    return _unread(url, here, judged)


def _refused(reading: Reading, here: Address, status: int | None) -> Reading:
    """With the status in mind, where the page does not say itself what is the matter."""
    meant = meaning(status) if status is not None else None
    if meant is None or reading.page.verdict not in {Verdict.OK, Verdict.UNKNOWN}:
        return reading
    verdict, reason = meant
    if status == 204 and here.subject is not None:  # noqa: PLR2004  what Douban answers for some it hides
        verdict, reason = Verdict.GONE, "subject_hidden"
    elif status == 403 and here.path == "/mine" and reading.page.reason == "empty":  # noqa: PLR2004  to nobody
        verdict, reason = Verdict.LOGIN, "login_page"
    page = structs.replace(reading.page, verdict=verdict, reason=reason)
    return Reading(page=page, account=reading.account)


def _unread(url: str, here: Address, judged: Judgement) -> Reading:
    gone = here.subject is not None and judged.reason == "subject_removed"
    return Reading(
        page=Page(
            url=url,
            type=here.type,
            verdict=judged.verdict,
            reason=judged.reason,
            subject=here.subject,
        ),
        account=judged.account,
        subjects=(subject.removed(here.subject),) if gone and here.subject is not None else (),
    )
