"""Feishu's error codes, in the terms of ``errors``. Source: the error tables of each endpoint's official page."""

import re
from collections.abc import Mapping

from msgspec import Struct

from gateway import errors


class Violation(Struct, frozen=True):
    """One missing permission: ``{"type": "action_scope_required", "subject": "bitable:app"}``."""

    subject: str = ""


class ErrorBody(Struct, frozen=True):
    """The ``error`` member of a reply. ``message`` is the useful sentence; ``msg`` only names the kind."""

    message: str = ""
    log_id: str = ""
    permission_violations: tuple[Violation, ...] = ()


TOKEN_CODES = frozenset({99991661, 99991663, 99991664, 99991665, 99991668, 99991671, 99991677})
"""The token is missing, invalid or expired: fetch a new one, once, and repeat."""

OTHER_BASE_CODE = 9499
"""What a personal base token gets for another Bitable than its own; else the request is malformed."""

NO_TABLE_CODE = 1254041
"""The Bitable is there, the table is not."""

_BY_CODE: Mapping[int, type[errors.FeishuError]] = (
    dict.fromkeys((99991400, 1254290, 1254112, 1061045, 11232, 11233, 230020), errors.FeishuBusy)
    | {19001: errors.BotUnknown, 19021: errors.BotUnsigned, 19022: errors.BotBarred, 19024: errors.BotKeyword}
    | {230001: errors.ReceiverUnknown, 230013: errors.ReceiverUnknown, 230006: errors.BotOff}
    | dict.fromkeys((1254291, 1254036, 1254609), errors.FeishuConflict)
    | dict.fromkeys(
        # 1254607 says "not ready", and means that an earlier call, or this very one, took too long
        (
            *(1254002, 1254200, 1254607, *range(1255001, 1255006), 1255040, 2200),
            *(1061001, 1061006, 20050, 20072),
        ),
        errors.FeishuFault,
    )
    | dict.fromkeys((1254608, 1255006), errors.TokenSpent)
    | dict.fromkeys((10003, 10014, 10015, 20002, 20048, 99991543), errors.BadSecret)
    | dict.fromkeys((99991662, 99991673, 20009, 20069), errors.AppNotPublished)
    | dict.fromkeys((99991676, 10012, 10013, *TOKEN_CODES), errors.TokenRefused)
    | dict.fromkeys((20003, 20004, 20024, 20026, 20037, 20064, 20065, 20073, 99991669), errors.LoginEnded)
    | dict.fromkeys((20010, 20074), errors.LoginRefused)
    | {20071: errors.RedirectUnknown, 1011: errors.BadBaseToken, 99991401: errors.AddressBarred}
    | dict.fromkeys((99991672, 99991679, 20027), errors.NoScope)
    | dict.fromkeys((91403, 131006), errors.NoAccess)
    | dict.fromkeys((1254302, 1254304, 1254305, 1254306), errors.ReadOnly)
    | dict.fromkeys((91402, 1254040, NO_TABLE_CODE, 131005), errors.NotFound)
    | dict.fromkeys((1061061, 1061101), errors.StorageFull)
    | {1061004: errors.ReadOnly}
    | {99991403: errors.QuotaUsedUp, 1254043: errors.NoSuchRecord, 1254104: errors.BatchTooLarge}
    | dict.fromkeys((1254103, 1254105, 1254100, 1254101), errors.TableFull)
    | dict.fromkeys((1254044, 1254045), errors.StaleColumns)
)

_DATA_ERROR = 1254002
_BAD_ROW = frozenset({*range(1254060, 1254075), 1254106, 1254130})
"""A value that its column does not take."""
_BAD_PICTURE = frozenset({1061002, 1061043, 1061109, 1061113, 1062009})
"""Too large, found unfit by Feishu's content check, or no picture to it."""


_REASON = re.compile(r"'fields\..*\.fieldName\.(.+?)'\. Correct format ?: (.+?)\.? Please check", re.DOTALL)
"""Which column it is, and what it takes."""


def explain(code: int, msg: str, body: ErrorBody, wait: float | None) -> errors.FeishuError:
    """The error for a reply whose code is not 0. ``wait``: seconds from ``x-ogw-ratelimit-reset``."""
    why, log_id = body.message or msg, body.log_id
    if code in _BAD_ROW:
        found = _REASON.search(why)
        why = f"“{found[1]}”: {found[2]}" if found else why
        return errors.BadRow(why=why, feishu_code=code, log_id=log_id)
    if code in _BAD_PICTURE:
        return errors.PictureNotTaken(why=f"{why} ({code})", feishu_code=code, log_id=log_id)
    if code == _DATA_ERROR and "size" in why:  # "changeset size exceed the limit"
        return errors.BatchTooLarge(feishu_code=code, log_id=log_id)
    kind = _BY_CODE.get(code)
    if kind is None:
        return errors.FeishuRefused(why=f"{why} ({code})", feishu_code=code, log_id=log_id)
    if kind is errors.FeishuBusy:
        return errors.FeishuBusy(wait=wait, feishu_code=code, log_id=log_id)
    if kind is errors.NoScope:
        scopes = " / ".join(item.subject for item in body.permission_violations) or "bitable:app"
        return errors.NoScope(scopes=scopes, feishu_code=code, log_id=log_id)
    return kind(feishu_code=code, log_id=log_id)
