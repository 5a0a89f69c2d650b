"""Errors as a client sees them: RFC 9457 problem details, in both languages, without internals."""

from http import HTTPStatus

from msgspec import Struct

from gateway.errors import D2FError, Words

MEDIA_TYPE = "application/problem+json"


class Problem(Struct, frozen=True, kw_only=True):
    """``code`` is what a program may rely on, ``hint`` what a person should do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: Words


def problem(error: D2FError) -> Problem:
    """The problem details of one of our own errors."""
    words = error.outward
    return Problem(
        type=f"urn:d2f:error:{error.code}",
        title=error.title,
        status=error.status,
        code=error.code,
        detail=words.en,
        hint=words,
    )


def http_problem(status: int) -> Problem:
    """The problem details of an error that HTTP itself has a name for."""
    title = HTTPStatus(status).phrase
    words = Words(f"请求不对（{status}）。", f"The request is not right ({status} {title}).")
    if status == HTTPStatus.NOT_FOUND:
        words = Words("这里什么也没有（404）。", "There is nothing here (404).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        words = Words("出错了，请看网关的日志。", "Something went wrong; see the gateway's log.")
    return Problem(
        type="about:blank", title=title, status=status, code=f"http_{status}", detail=words.en, hint=words
    )
