"""HTTP's statuses: what one means where the page that came with it does not say so itself."""

import re

from gateway.model import Verdict

__all__ = ["Refusal", "is_fault", "meaning"]

Refusal = tuple[Verdict, str]
"""A verdict other than OK, and the code of its reason."""

_MEANINGS: dict[int, Refusal] = {
    204: (Verdict.UNKNOWN, "empty"),
    205: (Verdict.UNKNOWN, "empty"),
    401: (Verdict.LOGIN, "login_page"),
    403: (Verdict.BLOCKED, "forbidden"),
    404: (Verdict.GONE, "not_found"),
    408: (Verdict.UNKNOWN, "server_error"),
    410: (Verdict.GONE, "not_found"),
    418: (Verdict.BLOCKED, "forbidden"),
    429: (Verdict.BLOCKED, "too_often"),
    451: (Verdict.GONE, "withheld"),
}
_NOT_MODIFIED = 304
"""The page that a browser has is the page: it comes from its cache."""
_FAULT = re.compile(
    rb"\b(?:internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out)\b",
    re.IGNORECASE,
)


def meaning(status: int) -> Refusal | None:
    """Why a page with that status is not the one that was asked for; None if it may well be."""
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status in range(300, 400) and status != _NOT_MODIFIED:
        return Verdict.LOGIN, "login_page"  # Douban sends away those who are not, or no longer, logged in
    if status in range(400, 500):
        return Verdict.UNKNOWN, "request_refused"
    return (Verdict.UNKNOWN, "server_error") if status in range(500, 600) else None


def is_fault(said: bytes) -> bool:
    """Whether a short answer is a server's own words for its failure."""
    return _FAULT.search(said) is not None
