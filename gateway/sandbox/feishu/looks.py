"""How a cell looks on the page."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.sandbox.feishu.base import Base
from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.renders import File, person, shown_text

_LONGEST = 300
"""Characters of a text that go into the page: a cell may hold 100,000."""
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Pill(Struct, frozen=True):
    """One chosen option. ``hue`` is one of the eleven that the colours 0–54 come in."""

    name: str
    hue: int


class Shown(Struct, frozen=True):
    """A cell, ready to be looked at."""

    text: str = ""
    link: str = ""
    pills: tuple[Pill, ...] = ()
    stars: int = 0
    of: int = 0
    pictures: tuple[File, ...] = ()


def look_of(column: Field, cell: Json, base: Base) -> Shown:
    if cell is None:
        return Shown()
    match column.kind.ui_type:
        case "SingleSelect" | "MultiSelect":
            names = cell if isinstance(cell, list) else [cell]
            return Shown(pills=tuple(Pill(str(name), _hue(column, str(name))) for name in names))
        case "Rating" if isinstance(cell, int):
            return Shown(stars=cell, of=column.limit("max"))
        case "Number" if isinstance(cell, int | float):
            decimals = str((column.property or {}).get("formatter")).partition(".")[2].count("0")
            return Shown(f"{cell:.{decimals}f}")
        case "DateTime" | "CreatedTime" | "ModifiedTime" if isinstance(cell, int):
            return Shown(_day(cell, base.time_zone))
        case "Checkbox":
            return Shown("✓" if cell else "")
        case "Url" if isinstance(cell, dict):
            link = str(cell["link"])
            return Shown(_short(str(cell["text"])), link if link.startswith(("http://", "https://")) else "")
        case "Attachment" if isinstance(cell, list):
            files = [base.files[str(token)] for token in cell]
            pictures = tuple(file for file in files if file.type in _PICTURES)
            others = "、".join(file.name for file in files if file not in pictures)
            return Shown(_short(others), pictures=pictures)
        case "User" | "CreatedUser" | "ModifiedUser" if isinstance(cell, list):
            return Shown(_short("、".join(str(person(str(id_))["name"]) for id_ in cell)))
        case _:
            return Shown(_short(shown_text(column, cell)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _day(milliseconds: int, time_zone: str) -> str:
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(ZoneInfo(time_zone))
    except (OverflowError, ValueError, OSError):  # no such year
        return str(milliseconds)
    return f"{moment:%Y/%m/%d}"


def _hue(column: Field, name: str) -> int:
    option = column.options.get(name)
    return option.color % 11 if option else 0
