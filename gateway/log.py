"""Logs: structlog, one line an event, a correlation id a request, no secrets ever."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, cast

import structlog
from stamina.instrumentation import set_on_retry_hooks

_NAMES = r"cookie|secret|token|passphrase|password|authorization|verifier|webhook|psk|dbcl2"
_SECRET_KEYS = re.compile(rf"{_NAMES}|^ck$|^sign$|^value$|link$|key$|code$", re.IGNORECASE)
_HANDLER = "d2f"
_HARMLESS = frozenset({"feishu_code"})
_VALUE = r"[\w\"%:.+/=-]"
_NAMED = rf"(?:{_NAMES}|\bck)[\w-]{{0,64}}"
_QUOTE = r"\\{0,8}[\"']"
"""Also of JSON within JSON."""
_QUOTED = r"(?:.{0,4096}?(?<!\\)\2|.*)"
"""The rest of what is quoted, up to the same quote that it began with; if there is none near, up to the end of the line."""
_LINES = r"(?:cookie|authorization|passphrase|password)"
_SECRET_TEXTS = tuple(
    re.compile(text, re.IGNORECASE)
    for text in (
        # of {"name": "dbcl2", "value": …}, whatever the name is
        rf"(\bvalue(?:{_QUOTE})?\s{{0,20}}[:=]\s{{0,20}}b?({_QUOTE})){_QUOTED}",
        # in quotes after a name, with a colon, an equals sign, or as the other half of a pair
        rf"({_NAMED}(?:(?:{_QUOTE})?\s{{0,20}}[:=]|{_QUOTE}\s{{0,20}},)\s{{0,20}}b?({_QUOTE})){_QUOTED}",
        # headers, and what has blanks in it: to the end of the line
        rf"((?:(?<![a-z_]){_LINES}\s{{0,20}}:|{_LINES}\s{{0,20}}=) ?).+",
        # without quotes: the next word
        rf"({_NAMED}(?:{_QUOTE})?\s{{0,20}}[:=]\s{{0,20}}b?(?:{_QUOTE})?)(?!•)[^\s,;&}}\"']+",
        # by what it looks like: Feishu's, our own codes and links, JWTs
        rf"((?<![A-Za-z0-9-])(?:t|u|ur|a|pt|d2f1)-|Bearer |/hook/|[?&;\s](?:code|key|sign|state|ticket)=){_VALUE}{{8,}}",
        r"(\beyJ)[\w-]+\.[\w.-]+",
    )
)
"""What such values are written like; one after the other, as what one hides another need not look at. The first group stays.

Whatever is repeated is bounded, so that a long text is looked through once, and not from each of its letters on.
"""


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _clean(name, value)
    return event


def _clean(name: str, value: Any) -> Any:
    if name not in _HARMLESS and _SECRET_KEYS.search(name):
        return "•••"
    match value:
        case None | bool() | int() | float():
            return value
        case bytes() | bytearray() | memoryview():
            return "•••"
        case dict():
            inside = cast("dict[object, Any]", value)
            return {_text(str(key)): _clean(str(key), each) for key, each in inside.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean("", each) for each in cast("Iterable[Any]", value)]
        case _:
            return _text(value if isinstance(value, str) else repr(value))


def _text(text: str) -> str:
    for secret in _SECRET_TEXTS:
        text = secret.sub(r"\1•••", text)
    return text


def configure(level: str) -> None:
    """Sets up structlog on standard error. ``level`` is debug, info, warning or error."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    colours = sys.stderr.isatty()
    renderer = (
        structlog.dev.ConsoleRenderer(colors=colours)
        if colours
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    set_on_retry_hooks([])  # the client says itself what was refused
    begins: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ends: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, _redact, renderer]
    _take_others(begins, ends, max(number, logging.WARNING))
    structlog.configure(
        processors=[*begins, *ends],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _take_others(
    begins: list[structlog.typing.Processor], ends: list[structlog.typing.Processor], level: int
) -> None:
    """What libraries say goes the same way. Left alone, logging writes it to standard error as it is."""
    handler = logging.StreamHandler(sys.stderr)
    handler.name = _HANDLER
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*begins, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ends],
        )
    )
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if each.name == _HANDLER]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = False  # else a line that cannot be put together is shown with all its parts


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its part of the house."""
    return structlog.get_logger(part=name)
