"""What came instead of the mobile JSON, and what that means: to log in, to stop, or that Douban fails.

It comes as an error's own JSON (``{"code", "msg", "localized_message"}``), as a page made for people, as a bare
line of text, or as nothing but an HTTP status.
"""

import re

import msgspec
from msgspec import Struct

from gateway.douban.page import judge
from gateway.douban.urls import address
from gateway.model import Verdict

__all__ = ["REFUSALS", "Refusal", "refusal"]

Refusal = tuple[Verdict, str]
"""A verdict other than OK, and the code of its reason."""

_WORDS = (
    ("rate_limit", (Verdict.BLOCKED, "too_often")),
    ("captcha", (Verdict.BLOCKED, "captcha")),
    ("login", (Verdict.LOGIN, "login_page")),
    ("登录", (Verdict.LOGIN, "login_page")),
    ("验证码", (Verdict.BLOCKED, "captcha")),
    ("频繁", (Verdict.BLOCKED, "too_often")),
    ("异常请求", (Verdict.BLOCKED, "ip_refused")),
)
"""``search_access_rate_limit``, ``subject_ip_rate_limit``, ``need_login``, …"""
REFUSALS: dict[int | None, Refusal] = {
    401: (Verdict.LOGIN, "login_page"),
    403: (Verdict.BLOCKED, "forbidden"),
    404: (Verdict.GONE, "not_found"),
    418: (Verdict.BLOCKED, "forbidden"),
    429: (Verdict.BLOCKED, "too_often"),
    1080: (Verdict.BLOCKED, "too_often"),
}
"""Of an error's JSON and of HTTP: the API writes the one into the other."""
_REDIRECTS, _FAULTS = range(300, 400), range(500, 600)
_FAULT = re.compile(
    rb"\b(?:internal server error|bad gateway|service unavailable|gateway time-?out)\b", re.IGNORECASE
)
_SHORT = 64 * 1024


class _Error(Struct):
    code: int | None = None
    msg: str | None = None
    localized_message: str | None = None


_error = msgspec.json.Decoder(_Error, strict=False)


def refusal(url: str, body: bytes, http: int | None = None) -> Refusal:
    """Why there are no marks in what came from that address, with that HTTP status if it is known.

    Never OK. UNKNOWN with ``server_error`` may pass by itself; all others will not.
    """
    error = _said(body) if len(body) < _SHORT else None
    if error is not None:
        text = f"{error.msg} {error.localized_message}"
        for word, meaning in _WORDS:
            if word in text:
                return meaning
        if error.code in REFUSALS:
            return REFUSALS[error.code]
    elif (here := address(url)) is not None:
        judged = judge(here, body, None)
        if judged.verdict not in {Verdict.OK, Verdict.UNKNOWN} and judged.reason not in {None, "logged_out"}:
            return judged.verdict, judged.reason or "no_frame"
    if http in REFUSALS:
        return REFUSALS[http]
    if http in _REDIRECTS:
        return Verdict.LOGIN, "login_page"
    if http in _FAULTS or (error and error.code in _FAULTS) or _FAULT.search(body[:_SHORT]):
        return Verdict.UNKNOWN, "server_error"
    return Verdict.UNKNOWN, "request_refused" if error is not None else "no_frame"


def _said(body: bytes) -> _Error | None:
    try:
        error = _error.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return error if error.code is not None or error.msg is not None else None
