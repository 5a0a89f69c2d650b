"""The kinds of columns, and what their properties may be.

Source: Feishu's field guide (2026-05) and recorded replies. Lookups (19) are made by hand only; stages (24) and
buttons (3001) are not simulated, and refused as the real one refuses them.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from gateway.sandbox.feishu.errors import Json, Refusal


class Kind(Struct, frozen=True):
    """One kind of column."""

    type: int
    ui_type: str
    property_code: int
    """The code of a wrong property."""
    primary: bool = False
    """May be the first column."""
    writable: bool = True
    offered: bool = True
    """A program may make one."""


KINDS = {
    kind.ui_type: kind
    for kind in (
        Kind(1, "Text", 1254080, primary=True),
        Kind(1, "Barcode", 1254080),
        Kind(1, "Email", 1254080),
        Kind(2, "Number", 1254081, primary=True),
        Kind(2, "Progress", 1254081, primary=True),
        Kind(2, "Currency", 1254081, primary=True),
        Kind(2, "Rating", 1254081, primary=True),
        Kind(3, "SingleSelect", 1254082),
        Kind(4, "MultiSelect", 1254083),
        Kind(5, "DateTime", 1254084, primary=True),
        Kind(7, "Checkbox", 1254085),
        Kind(11, "User", 1254086),
        Kind(13, "Phone", 1254080, primary=True),
        Kind(15, "Url", 1254087, primary=True),
        Kind(17, "Attachment", 1254088),
        Kind(18, "SingleLink", 1254089),
        Kind(19, "Lookup", 1254090, writable=False, offered=False),
        Kind(20, "Formula", 1254091, primary=True, writable=False),
        Kind(21, "DuplexLink", 1254092),
        Kind(22, "Location", 1254080, primary=True),
        Kind(23, "GroupChat", 1254086),
        Kind(1001, "CreatedTime", 1254093, writable=False),
        Kind(1002, "ModifiedTime", 1254094, writable=False),
        Kind(1003, "CreatedUser", 1254095, writable=False),
        Kind(1004, "ModifiedUser", 1254096, writable=False),
        Kind(1005, "AutoNumber", 1254081, writable=False),
    )
}

_FIRST_OF_TYPE = {kind.type: kind for kind in reversed(KINDS.values())}

_NUMBER = {
    "0", "0.0", "0.00", "0.000", "0.0000", "1,000", "1,000.00", "%", "0.00%", "¥", "¥0.00", "$", "$0.00"
}  # fmt: skip
_PROGRESS = {"0", "0.0", "0.00", "0%", "0.0%", "0.00%"}
_CURRENCY = {"0", "0.0", "0.00", "0.000", "0.0000"}
_SYMBOLS = {"star", "heart", "thumbsup", "fire", "smile", "lightning", "flower", "number"}
_DATES = {"yyyy/MM/dd", "yyyy/MM/dd HH:mm", "yyyy-MM-dd HH:mm", "MM-dd", "MM/dd/yyyy", "dd/MM/yyyy"}

SELECTS = frozenset({"SingleSelect", "MultiSelect"})
LINKS = frozenset({"SingleLink", "DuplexLink"})
NUMBERS = frozenset({"Number", "Progress", "Currency", "Rating"})
TEXTS = frozenset({"Text", "Barcode", "Email"})
_NO_PROPERTY = frozenset({"Url", "Checkbox"})
"""Refused with any property, even ``{}`` (reported by several clients of the real one)."""


def kind_of(type_: int, ui_type: str | None, *, by_hand: bool = False) -> Kind:
    """The kind of a request. Raises Refusal 1254012 (not offered), 1254015 (type and ui_type disagree)."""
    if type_ not in _FIRST_OF_TYPE or not (by_hand or _FIRST_OF_TYPE[type_].offered):
        raise Refusal(1254012)
    if ui_type is None:
        return _FIRST_OF_TYPE[type_]
    kind = KINDS.get(ui_type)
    if kind is None:
        raise Refusal(1254012)
    if kind.type != type_:
        raise Refusal(1254015)
    return kind


class _Symbol(Struct):
    symbol: str = "star"


class _RatingProperty(Struct):
    formatter: str
    min: int
    max: int
    rating: _Symbol = field(default_factory=_Symbol)


class _ProgressProperty(Struct):
    formatter: str
    range_customize: bool = False
    min: int | float | UnsetType = UNSET
    max: int | float | UnsetType = UNSET


class _CurrencyProperty(Struct):
    formatter: str
    currency_code: str


class _NumberProperty(Struct):
    formatter: str = "0.0"


class _DateProperty(Struct):
    date_formatter: str = "yyyy/MM/dd"
    auto_fill: bool = False


class _StampProperty(Struct):
    date_formatter: str = "yyyy/MM/dd"


class _ManyProperty(Struct):
    multiple: bool = True


class _LinkProperty(Struct):
    table_id: str
    multiple: bool = True


class _TwinProperty(Struct):
    table_id: str
    back_field_name: str = ""
    multiple: bool = True


_SHAPES: dict[str, type[Struct]] = {
    "Number": _NumberProperty,
    "Progress": _ProgressProperty,
    "Currency": _CurrencyProperty,
    "Rating": _RatingProperty,
    "DateTime": _DateProperty,
    "User": _ManyProperty,
    "GroupChat": _ManyProperty,
    "SingleLink": _LinkProperty,
    "DuplexLink": _TwinProperty,
    "CreatedTime": _StampProperty,
    "ModifiedTime": _StampProperty,
}

_DEFAULTS: dict[str, dict[str, Json]] = {
    "Barcode": {"allowed_edit_modes": {"manual": True, "scan": True}},
    "Location": {"location": {"input_type": "not_limit"}},
    "Formula": {"formatter": "", "formula_expression": ""},
    "AutoNumber": {"auto_serial": {"type": "auto_increment_number"}},
}


def property_of(kind: Kind, given: dict[str, Any] | None) -> dict[str, Json] | None:
    """The stored property of any kind but the two selects. Raises Refusal with the kind's property code."""
    if kind.ui_type in _NO_PROPERTY and given is not None:
        raise Refusal(kind.property_code)
    if kind.ui_type in _DEFAULTS:
        return {**_DEFAULTS[kind.ui_type], **(given or {})}
    shape = _SHAPES.get(kind.ui_type)
    if shape is None:
        if given:
            raise Refusal(kind.property_code)
        return None
    try:
        read = msgspec.convert(given or {}, shape)
    except msgspec.ValidationError as error:
        raise Refusal(kind.property_code, str(error)) from None
    if not _sensible(read):
        raise Refusal(kind.property_code)
    return msgspec.to_builtins(read)


def _sensible(read: Struct) -> bool:
    match read:
        case _RatingProperty():
            return (
                read.formatter == "0"
                and read.min in {0, 1}
                and 1 <= read.max <= 10
                and read.rating.symbol in _SYMBOLS
            )
        case _ProgressProperty():
            ranged = read.min is not UNSET and read.max is not UNSET
            return read.formatter in _PROGRESS and (ranged or not read.range_customize)
        case _CurrencyProperty():
            return read.formatter in _CURRENCY and len(read.currency_code) == 3
        case _NumberProperty():
            return read.formatter in _NUMBER
        case _DateProperty() | _StampProperty():
            return read.date_formatter in _DATES
        case _:
            return True
