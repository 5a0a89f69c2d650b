"""Douban: bytes of a page → marks and subjects, or a named reason why not. Pure functions, no I/O.

Read in this order: ``urls`` (which page is this), ``page`` (can it be trusted), ``lists`` and ``subject``
(what it says), ``text`` (how Douban writes things).
"""

from msgspec import structs

from gateway.douban import lists, subject
from gateway.douban.interests import is_interests, read_interests
from gateway.douban.page import Judgement, judge
from gateway.douban.refusals import REFUSALS
from gateway.douban.urls import Address, address
from gateway.model import Page, PageType, Problem, Reading, Verdict

__all__ = ["read"]


def read(url: str, content: bytes, *, account: str | None = None, status: int | None = None) -> Reading:
    """Everything that one page says. Never raises, whatever the bytes; bounded in time and memory.

    ``account`` is the numeric id that the library belongs to, if known: a page of another logged-in account
    is foreign. Marks come only with the verdict OK. Public facts of a subject come also from a subject page
    that was opened logged out. ``page.part`` is None for a list that a filter narrows: it is no part of the
    whole list. ``status`` is the HTTP status that the page came with, and ``url`` the address that it came
    from in the end, where they are known.
    """
    here = address(url)
    if here is None:
        return Reading(page=Page(url=url, type=PageType.OTHER, verdict=Verdict.UNKNOWN, reason="not_douban"))
    if is_interests(here):
        return read_interests(url, content, account=account, status=status)
    try:
        return _refused(_read(url, here, content, account), status)
    except Exception as fault:  # noqa: BLE001  a page is kept and can be read again; a crash would lose it
        return Reading(
            page=Page(url=url, type=here.type, verdict=Verdict.UNKNOWN, reason="no_frame"),
            problems=(Problem("page_unreadable", type(fault).__name__),),
        )


def _read(url: str, here: Address, content: bytes, account: str | None) -> Reading:
    judged = judge(here, content, account)
    if judged.tree is not None and here.type is PageType.LIST:
        return lists.read(url, here, judged)
    if judged.tree is not None and here.subject is not None:
        return subject.read(url, here.subject, judged)
    return _unread(url, here, judged)


def _refused(reading: Reading, status: int | None) -> Reading:
    """With the status in mind, where the page does not say itself what is the matter."""
    page = reading.page
    if (
        status is None
        or (meant := REFUSALS.get(status)) is None
        or page.verdict not in {Verdict.OK, Verdict.UNKNOWN}
    ):
        return reading
    return Reading(page=structs.replace(page, verdict=meant[0], reason=meant[1]), account=reading.account)


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
