"""Logs: structlog, one line an event, a correlation id a request, no secrets ever."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, cast

import structlog
from stamina.instrumentation import set_on_retry_hooks

_NAMES = r"cookie|secret|token|passphrase|password|authorization|verifier|webhook|psk|dbcl2"
_SECRET_KEYS = re.compile(rf"{_NAMES}|^ck$|^sign$|link$|key$|code$", re.IGNORECASE)
_HARMLESS = frozenset({"feishu_code"})
_VALUE = r"[\w\"%:.+/=-]"
_SECRET_TEXT = re.compile(
    rf"((?<![A-Za-z0-9-])(?:t|u|ur|a|pt|d2f1)-|Bearer |/hook/|[?&;\s](?:code|key|sign|state|ticket)=){_VALUE}{{8,}}"
    rf"|((?:{_NAMES}|\bck)[\w-]{{0,64}}[\"']?\s*[:=]\s*b?[\"']?)(?!•)[^\s,;&}}\"']+"
    r"|(\beyJ)[\w-]+\.[\w.-]+",
    re.IGNORECASE,
)
"""What such values are written like: those of Feishu, our own codes and links, ``name=value``, ``"name": "value"``, JWTs."""


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
    return _SECRET_TEXT.sub(lambda found: f"{found[1] or found[2] or found[3]}•••", text)


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
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its part of the house."""
    return structlog.get_logger(part=name)
