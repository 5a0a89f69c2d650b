"""What came instead of the mobile JSON, and what that means: to log in, to stop, or that Douban fails.

It comes as an error's own JSON (``{"code", "msg", "localized_message"}``), as a page made for people, as a bare
line of text, or as nothing but an HTTP status.
"""

import msgspec
from msgspec import Struct

from gateway.douban.page import judge
from gateway.douban.statuses import Refusal, is_fault, meaning
from gateway.douban.urls import address
from gateway.model import Verdict

__all__ = ["Refusal", "refusal"]

_WORDS = (
    ("rate_limit", (Verdict.BLOCKED, "too_often")),
    ("captcha", (Verdict.BLOCKED, "captcha")),
    ("login", (Verdict.LOGIN, "login_page")),
    ("need_permission", (Verdict.LOGIN, "login_page")),
    ("invalid_ck", (Verdict.LOGIN, "login_page")),
    ("登录", (Verdict.LOGIN, "login_page")),
    ("验证码", (Verdict.BLOCKED, "captcha")),
    ("频繁", (Verdict.BLOCKED, "too_often")),
    ("异常请求", (Verdict.BLOCKED, "ip_refused")),
)
"""``search_access_rate_limit``, ``subject_ip_rate_limit``, ``need_login``, … Their own lists need no other permission."""
_RATE_LIMIT = 1080
_UNSAID = Verdict.UNKNOWN, "request_refused"
"""An error that says no more than that it is one."""
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
        for word, refused in _WORDS:
            if word in text:
                return refused
        if error.code == _RATE_LIMIT:
            return Verdict.BLOCKED, "too_often"
        # The API writes HTTP's statuses also into its JSON.
        meant = meaning(error.code) if error.code is not None else None
        if meant is not None and meant != _UNSAID:
            return meant
    elif (here := address(url)) is not None:
        judged = judge(here, body)
        if judged.verdict not in {Verdict.OK, Verdict.UNKNOWN} and judged.reason not in {None, "logged_out"}:
            return judged.verdict, judged.reason or "no_frame"
    if http is not None and (meant := meaning(http)) is not None:
        return meant
    if is_fault(body[:_SHORT]):
        return Verdict.UNKNOWN, "server_error"
    return _UNSAID if error is not None else (Verdict.UNKNOWN, "no_frame")


def _said(body: bytes) -> _Error | None:
    try:
        error = _error.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return error if error.code is not None or error.msg is not None else None
