"""Logs: structlog, one line an event, a correlation id a request, no secrets ever."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from stamina.instrumentation import set_on_retry_hooks

_SECRET_KEYS = re.compile(r"cookie|secret|token|password|authorization|psk|key$|code$", re.IGNORECASE)
_HARMLESS = frozenset({"code", "feishu_code", "key"})
_SECRET_TEXT = re.compile(r"(dbcl2=|Bearer |/hook/|t-|u-|pt-|d2f1-)[\w\"%:.+/=-]{8,}")


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name not in _HARMLESS and _SECRET_KEYS.search(name):
            event[name] = "•••"
        elif isinstance(value, str):
            event[name] = _SECRET_TEXT.sub(r"\1•••", value)
    return event


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
