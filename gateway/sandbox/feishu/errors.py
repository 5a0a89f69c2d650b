"""What Feishu says when it says no: the codes that are emitted here, their words and HTTP statuses.

Sources: Feishu's pages as of 2026-05 and replies that people recorded. Older pages print HTTP 200 for
nearly every code, newer ones 4xx and 5xx, and both are met live; hence two columns.
"""

from typing import TypeAlias

from msgspec import Struct

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


class Code(Struct, frozen=True):
    """One error code."""

    msg: str
    strict: int
    """HTTP status on the newer pages."""
    legacy: int = 200
    """HTTP status on the older pages, or as recorded."""
    data: bool = False
    """The body carries ``"data": {}``."""
    error: bool = True
    """The body carries an ``error`` object with the log id."""


CODES = {
    # Tokens and the API gateway. Statuses of 10003 and 999916xx as recorded 2026-09.
    10003: Code("invalid param", 400, data=True, error=False),
    10014: Code("app secret invalid", 400, error=False),
    9499: Code("Invalid parameter type in json", 400, 400),
    99991201: Code("resource not find", 404, 404, error=False),
    99991301: Code("request method doesn't match", 404, 404, error=False),
    99991400: Code("request trigger frequency limit", 429, 400, error=False),
    99991661: Code(
        "Missing access token for authorization. Please make a request with token attached.", 400, 400
    ),
    99991663: Code(
        "Invalid access token for authorization. Please make a request with token attached.", 400, 400
    ),
    99991668: Code(
        "Invalid access token for authorization. Please make a request with token attached.", 400, 400
    ),
    99991671: Code("Invalid token: must start with t-/u-", 400, 400),
    99991672: Code("Access denied. One of the following scopes is required", 400, 400),
    99992402: Code("field validation failed", 400, 400),
    # The document.
    91402: Code("NOTEXIST", 400, 400, data=True, error=False),
    91403: Code("Forbidden", 403, 200, data=True, error=False),
    131005: Code("not found", 400, 400),
    131006: Code("permission denied", 400, 400),
    # The request.
    1254000: Code("WrongRequestJson", 400),
    1254001: Code("WrongRequestBody", 400),
    1254011: Code("Page size must greater than 0.", 400, 400),
    1254012: Code("NotSupportFieldOrView", 400),
    1254013: Code("TableNameDuplicated", 400),
    1254014: Code("FieldNameDuplicated", 400),
    1254015: Code("Field types do not match.", 400),
    1254016: Code("InvalidSort", 400),
    1254018: Code("InvalidFilter", 400),
    1254019: Code("InvalidViewType", 400),
    1254020: Code("ViewNameDuplicated", 400),
    1254021: Code("EmptyViewName", 400),
    1254022: Code("InvalidViewName", 400),
    1254024: Code("InvalidFieldNames", 400),
    1254026: Code("EmptyOptionName", 400),
    1254028: Code("EmptyFieldName", 400, 400),
    1254029: Code("InvalidFieldName", 400, 400),
    1254030: Code("InvalidPageToken", 400),
    1254031: Code("InvalidAppName", 400),
    1254034: Code("The last table cannot be deleted.", 403, 403),
    1254037: Code("Invalid client token, make sure that it complies with the specification.", 400, 400),
    1254038: Code("Invalid name, make sure that it complies with the specification.", 400, 400),
    # What is not there.
    1254041: Code("TableIdNotFound", 404),
    1254042: Code("ViewIdNotFound", 404),
    1254043: Code("RecordIdNotFound", 404),
    1254044: Code("FieldIdNotFound", 404),
    1254045: Code("FieldNameNotFound", 404),
    1254046: Code("The Primary Field cannot be deleted.", 400),
    # Cells in the wrong shape. 1254068 and 1254069 are printed with 200 and 500 only; 400 by analogy.
    1254060: Code("TextFieldConvFail", 400),
    1254061: Code("NumberFieldConvFail", 400),
    1254062: Code("SingleSelectFieldConvFail", 400),
    1254063: Code("MultiSelectFieldConvFail", 400),
    1254064: Code("DatetimeFieldConvFail", 400),
    1254065: Code("CheckboxFieldConvFail", 400),
    1254066: Code("UserFieldConvFail", 400),
    1254067: Code("LinkFieldConvFail", 400),
    1254068: Code("URLFieldConvFail", 400),
    1254069: Code("AttachFieldConvFail", 400),
    1254072: Code("Failed to convert phone field, please make sure it is correct.", 400),
    # Properties of fields.
    1254080: Code("TextFieldPropertyError", 400, 400),
    1254081: Code("NumberFieldPropertyError", 400, 400),
    1254082: Code("SingleSelectFieldPropertyError", 400, 400),
    1254083: Code("MultiSelectFieldPropertyError", 400, 400),
    1254084: Code("DateFieldPropertyError", 400, 400),
    1254085: Code("CheckboxFieldPropertyError", 400, 400),
    1254086: Code("UserFieldPropertyError", 400, 400),
    1254087: Code("URLFieldPropertyError", 400, 400),
    1254088: Code("AttachFieldPropertyError", 400, 400),
    1254089: Code("LinkFieldPropertyError", 400, 400),
    1254091: Code("FormulaFieldPropertyError", 400, 400),
    1254093: Code("CreatedTimeFieldPropertyError", 400, 400),
    1254094: Code("ModifiedTimeFieldPropertyError", 400, 400),
    1254095: Code("CreatedUserFieldPropertyError", 400, 400),
    1254096: Code("ModifiedUserFieldPropertyError", 400, 400),
    # Limits.
    1254100: Code("TableExceedLimit", 400),
    1254101: Code("ViewExceedLimit", 400),
    1254103: Code("RecordExceedLimit", 400),
    1254104: Code("RecordAddOnceExceedLimit", 400),
    1254105: Code("ColumnExceedLimit", 400),
    1254130: Code("TooLargeCell", 400),
    # One at a time, and rights.
    1254291: Code("Write conflict", 400),
    1254302: Code("Permission denied.", 403, 403),
    1254303: Code("AttachPermNotAllow", 403),
    1254606: Code("DataNotChange", 400),
    1254607: Code("Data not ready, please try again later", 400, 400),
    1254608: Code("Same API requests are submitted repeatedly.", 403, 403),
    # Feishu's own troubles.
    1255001: Code("InternalError", 500),
    1255006: Code(
        "Client token conflict, please generate a new client token and try again.", 400, 400
    ),
    # Files.
    1061002: Code("params error.", 400, 400),
    1061004: Code("forbidden.", 403, 403),
    1061044: Code("parent node not exist.", 400, 400),
    1062008: Code("checksum param Invalid.", 400, 400),
    1062009: Code("the actual size is inconsistent with the parameter declaration size.", 400, 400),
}  # fmt: skip


class Refusal(Exception):
    """A call is refused. ``message`` goes to ``error.message``, ``more`` into the error object."""

    def __init__(
        self,
        code: int,
        message: str = "",
        *,
        msg: str = "",
        more: dict[str, Json] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{code} {msg or CODES[code].msg} {message}".strip())
        self.code = code
        self.msg = msg or CODES[code].msg
        self.message = message
        self.more = more or {}
        self.headers = headers

    def status(self, *, strict: bool) -> int:
        """The HTTP status, as the newer (strict) or the older pages print it."""
        known = CODES[self.code]
        return known.strict if strict else known.legacy

    def body(self, log_id: str) -> dict[str, Json]:
        """The reply, in the shape that people recorded."""
        known = CODES[self.code]
        body: dict[str, Json] = {"code": self.code, "msg": self.msg}
        if known.data:
            body["data"] = {}
        if known.error:
            help_at = f"https://open.feishu.cn/search?from=openapi&log_id={log_id}&code={self.code}"
            body["error"] = {
                **({"message": self.message} if self.message else {}),
                "log_id": log_id,
                "troubleshooter": f"排查建议查看(Troubleshooting suggestions): {help_at}",
                **self.more,
            }
        return body


def bad_parameter(where: str, right: str, code: int) -> Refusal:
    """The sentence that names the first bad field, as recorded."""
    return Refusal(
        code,
        f"Invalid request parameter: '{where}'. Correct format : {right}. Please check and modify accordingly.",
    )


def violation(field: str, value: str, description: str) -> Refusal:
    """99992402: the API gateway's own check of lengths and ranges."""
    found: Json = {"field": field, "value": value, "description": description}
    return Refusal(99992402, more={"field_violations": [found]})


def unknown_name(name: str) -> Refusal:
    """1254045, with the name in its message."""
    return bad_parameter(f"fields.{name}", "field_name not found", 1254045)
