"""What Feishu says when it says no. The codes are in ``codes``."""

from typing import TypeAlias

from gateway.sandbox.feishu.codes import CODES

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


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
