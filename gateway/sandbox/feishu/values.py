"""What may be written into a cell. A value that is taken is given back as it is stored, None is empty.

Written and read shapes differ; the read shapes are in ``renders``. Wrong shapes are refused with the code
of the column's kind and the sentence that names the column. The sentences of texts, numbers, single
options, dates and links are recorded; the others are made after them.
"""

import json
import math
import re
from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.errors import Json, Refusal, bad_parameter
from gateway.sandbox.feishu.fields import Field

TEXT_LIMIT = 99_973
"""UTF-16 units of the JSON-escaped text, without its quotes (measured live by others, 2026-10)."""

_LONGEST_ESCAPE = 6
_PHONE = re.compile(r"\+?\d{0,64}")
_PLACE = re.compile(r"-?\d{1,3}(\.\d+)?,-?\d{1,2}(\.\d+)?")

T = TypeVar("T")


class Surroundings(Struct):
    """What a cell may point at."""

    files: Collection[str]
    """Tokens of the files that were uploaded for this base."""
    records: Callable[[str], Collection[str]]
    """The ids of the records of a table of this base."""


def stored(column: Field, value: Json, around: Surroundings) -> Json:
    """The value as it is stored. Raises Refusal 1254015, 1254060–1254074, 1254130, 1254303."""
    if not column.kind.writable:
        raise Refusal(1254015)
    if value is None:
        return None
    return _TAKE[column.kind.ui_type](column, value, around)


def _refused(column: Field, value: Json, code: int, kind: str, must: str) -> Refusal:
    where = f"fields.{column.name}.fieldValue.{_go(value)}.fieldName.{column.name}"
    return bad_parameter(where, f"the value of '{kind}' must be {must}", code)


def _go(value: Json) -> str:
    """A value as the recorded sentences print it: ``map[text:…]``, ``[a b]``."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go(item)}' for key, item in value.items())}]"
    if isinstance(value, list):
        return f"[{' '.join(_go(item) for item in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shaped(value: Json, shape: type[T], refusal: Refusal) -> T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        raise refusal from None


def _text(column: Field, value: Json, _: Surroundings) -> Json:
    if not isinstance(value, str):
        raise _refused(column, value, 1254060, "Multiline", "a string")
    if len(value) * _LONGEST_ESCAPE > TEXT_LIMIT and _written_length(value) > TEXT_LIMIT:
        raise Refusal(1254130)
    return value or None


def _written_length(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) // 2 - 2


def _number(column: Field, value: Json, _: Surroundings) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(column, value, 1254061, "Number", "a number")
    try:
        double = float(value)
    except OverflowError:
        raise _refused(column, value, 1254061, "Number", "a number") from None
    # Kept as a double; whole ones are printed without a point.
    return int(double) if double.is_integer() and abs(double) <= 2**53 else double


def _rating(column: Field, value: Json, around: Surroundings) -> Json:
    number = _number(column, value, around)
    low, high = column.limit("min"), column.limit("max")
    # What the real one does outside of the range is not known.
    if not isinstance(number, int | float) or not low <= number <= high or number != int(number):
        raise _refused(column, value, 1254061, "Rating", f"an integer from {low} to {high}")
    return int(number)


def _single(column: Field, value: Json, _: Surroundings) -> Json:
    if not isinstance(value, str):
        raise _refused(column, value, 1254062, "Single Option", "a string")
    return value or None


def _multiple(column: Field, value: Json, _: Surroundings) -> Json:
    refusal = _refused(column, value, 1254063, "Multiple Options", "an array of strings")
    names = _shaped(value, list[str], refusal)
    if len(names) > 1000 or "" in names:
        raise refusal
    return list(dict.fromkeys(names)) or None


def _date(column: Field, value: Json, _: Surroundings) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(column, value, 1254064, "Date", "a unix timestamp")
    return int(value)


def _checkbox(column: Field, value: Json, _: Surroundings) -> Json:
    if not isinstance(value, bool):
        raise _refused(column, value, 1254065, "Checkbox", "a boolean")
    return value


class _Holder(Struct):
    id: str


def _holders(column: Field, value: Json, _: Surroundings) -> Json:
    people = column.kind.ui_type == "User"
    refusal = _refused(column, value, 1254066, "User" if people else "Group", "an array of objects with id")
    ids = [holder.id for holder in _shaped(value, list[_Holder], refusal)]
    if len(ids) > (1000 if people else 10) or not all(
        id_.startswith("ou_" if people else "oc_") for id_ in ids
    ):
        raise refusal
    return list(ids) or None


def _phone(column: Field, value: Json, _: Surroundings) -> Json:
    if not isinstance(value, str) or not _PHONE.fullmatch(value):
        raise _refused(column, value, 1254072, "Phone", "a string of digits")
    return value or None


class _Link(Struct):
    link: str
    text: str = ""


def _url(column: Field, value: Json, _: Surroundings) -> Json:
    refusal = _refused(column, value, 1254068, "Link", "an object")
    link = _shaped(value, _Link, refusal)
    return {"link": link.link, "text": link.text or link.link}


class _File(Struct):
    file_token: str


def _attachment(column: Field, value: Json, around: Surroundings) -> Json:
    refusal = _refused(column, value, 1254069, "Attachment", "an array of objects with file_token")
    tokens = [file.file_token for file in _shaped(value, list[_File], refusal)]
    if len(tokens) > 100:
        raise refusal
    if not all(token in around.files for token in tokens):
        raise Refusal(1254303)
    return list(tokens) or None


def _linked(column: Field, value: Json, around: Surroundings) -> Json:
    """A wrong shape of a two-way link has a code of its own; its sentence is in its ``msg``."""
    twin = column.kind.ui_type == "DuplexLink"
    refusal = Refusal(1254074) if twin else _refused(column, value, 1254067, "Link", "an array of record ids")
    ids = _shaped(value, list[str], refusal)
    there = around.records(column.links_to())
    if len(ids) > 500 or not all(id_ in there for id_ in ids):
        raise refusal
    return list(dict.fromkeys(ids)) or None


def _place(column: Field, value: Json, _: Surroundings) -> Json:
    if not isinstance(value, str) or not _PLACE.fullmatch(value):
        raise _refused(column, value, 1254015, "Location", "longitude,latitude")
    return value


_TAKE: dict[str, Callable[[Field, Json, Surroundings], Json]] = {
    "Text": _text,
    "Barcode": _text,
    "Email": _text,
    "Number": _number,
    "Progress": _number,
    "Currency": _number,
    "Rating": _rating,
    "SingleSelect": _single,
    "MultiSelect": _multiple,
    "DateTime": _date,
    "Checkbox": _checkbox,
    "User": _holders,
    "GroupChat": _holders,
    "Phone": _phone,
    "Url": _url,
    "Attachment": _attachment,
    "SingleLink": _linked,
    "DuplexLink": _linked,
    "Location": _place,
}


def converted(column: Field, shown: str) -> Json:
    """What becomes of a cell when its column is turned into another kind: its text, where it fits."""
    match column.kind.ui_type:
        case "Text" | "Barcode" | "Email" | "SingleSelect":
            return shown or None
        case "MultiSelect":
            return list(dict.fromkeys(part for part in shown.split(",") if part)) or None
        case "Number" | "Progress" | "Currency" | "Rating":
            return _as_number(column, shown)
        case "Url":
            return {"link": shown, "text": shown} if shown else None
        case "Phone":
            return shown if _PHONE.fullmatch(shown) and shown else None
        case _:
            return None


def _as_number(column: Field, shown: str) -> Json:
    try:
        number = float(shown)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    if column.kind.ui_type == "Rating":
        low, high = column.limit("min"), column.limit("max")
        return round(number) if low <= number <= high else None
    return int(number) if number.is_integer() else number
