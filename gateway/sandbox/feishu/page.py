"""The pages for people: the list of bases, and a table as its grid. No token is needed to look."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from msgspec import Struct

from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.fields import Field, Option
from gateway.sandbox.feishu.kinds import NUMBERS
from gateway.sandbox.feishu.renders import shown_text
from gateway.sandbox.feishu.table import Table, cell_of
from gateway.sandbox.feishu.world import Base, World
from gateway.sandbox.http import Request, Response, html

ROWS = 100
"""Rows a page."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_CSP = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")

_HUES = (6, 26, 44, 78, 140, 172, 200, 220, 264, 322, 216)
"""Of the eleven colours of options; the last one is grey."""
_SHADES = ((92, 26), (85, 24), (76, 20), (55, 100), (40, 100))
"""Lightness of ground and letters, for each eleven of the 55 colours."""

_SYMBOLS = {
    "star": "★",
    "heart": "♥",
    "thumbsup": "👍",
    "fire": "🔥",
    "smile": "☻",
    "lightning": "⚡",
    "flower": "✿",
}
_CURRENCIES = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "$", "TWD": "NT$"}
_WIDTHS = {
    "Text": 220,
    "SingleSelect": 120,
    "MultiSelect": 210,
    "DateTime": 130,
    "Number": 110,
    "Rating": 132,
    "Checkbox": 90,
    "Url": 240,
    "Attachment": 160,
}


class _Pill(Struct, frozen=True):
    name: str
    style: str


class _Shown(Struct, frozen=True):
    """A cell as it is drawn; ``kind`` picks how."""

    kind: str
    text: str = ""
    href: str = ""
    pills: tuple[_Pill, ...] = ()
    empty_marks: str = ""


class _Column(Struct, frozen=True):
    name: str
    ui_type: str
    word: str
    description: str
    width: int


def show(world: World, request: Request) -> Response:
    """GET ``/`` and ``/base/<app_token>?table=<table_id>&page=<n>``."""
    parts = request.path.strip("/").split("/")
    if parts == [""]:
        return _page("bases.html", bases=[(base, _row_count(base)) for base in world.bases.values()])
    base = world.bases.get(parts[1]) if len(parts) == 2 and parts[0] == "base" else None
    if base is None or not base.tables:
        return _page("missing.html", 404)
    table_id = request.param("table")
    table = base.tables.get(table_id) if table_id else next(iter(base.tables.values()))
    if table is None:
        return _page("missing.html", 404)
    number = request.param("page", "1")
    return _grid(base, table, int(number) if number.isdecimal() else 1)


def _page(template: str, status: int = 200, **values: object) -> Response:
    return html(_TEMPLATES.get_template(template).render(values), status, (_CSP,))


def _row_count(base: Base) -> int:
    return sum(len(table.records) for table in base.tables.values())


def _grid(base: Base, table: Table, number: int) -> Response:
    pages = max(1, -(-len(table.records) // ROWS))
    number = min(max(1, number), pages)
    start = (number - 1) * ROWS
    zone = ZoneInfo(base.time_zone)
    records = list(table.records.values())[start : start + ROWS]
    return _page(
        "grid.html",
        base=base,
        table=table,
        columns=[_head(column) for column in table.fields],
        rows=[
            (place, [_shown(column, cell_of(record, column), base, zone) for column in table.fields])
            for place, record in enumerate(records, start + 1)
        ],
        number=number,
        pages=pages,
        here=f"/base/{quote(base.token)}?table={quote(table.id)}",
    )


def _head(column: Field) -> _Column:
    kind = column.kind
    width = 260 if column.primary else _WIDTHS.get(kind.ui_type, 160)
    return _Column(column.name, kind.ui_type, kind.word, column.description, width)


def _shown(column: Field, cell: Json, base: Base, zone: ZoneInfo) -> _Shown:
    kind = column.kind.ui_type
    if cell is None:
        return _Shown("empty")
    match kind:
        case "SingleSelect" | "MultiSelect":
            names = cell if isinstance(cell, list) else [cell]
            return _Shown("pills", pills=tuple(_pill(column.options[str(name)]) for name in names))
        case "Rating" if isinstance(cell, int):
            return _rating(column, cell)
        case "DateTime" | "CreatedTime" | "ModifiedTime" if isinstance(cell, int):
            return _Shown("date", _date(column, cell, zone))
        case "Url" if isinstance(cell, dict):
            link = str(cell["link"])
            safe = urlsplit(link).scheme in {"http", "https"}
            return _Shown("link" if safe else "text", str(cell["text"]), link if safe else "")
        case "Checkbox":
            return _Shown("check", "✓" if cell else "")
        case "Attachment" if isinstance(cell, list):
            return _Shown("files", "、".join(base.files[str(token)].name for token in cell))
        case _ if kind in NUMBERS and isinstance(cell, int | float):
            return _Shown("number", _number(column, cell))
        case _:
            return _Shown("text", shown_text(column, cell))


def _pill(option: Option) -> _Pill:
    place, shade = option.color % len(_HUES), option.color // len(_HUES)
    ground, letters = _SHADES[shade]
    saturation = 10 if place == len(_HUES) - 1 else 78
    hue = _HUES[place]
    style = f"background:hsl({hue} {saturation}% {ground}%);color:hsl({hue} {saturation}% {letters}%)"
    return _Pill(option.name, style)


def _rating(column: Field, cell: int) -> _Shown:
    rating = (column.property or {}).get("rating")
    symbol = _SYMBOLS.get(str(rating["symbol"])) if isinstance(rating, dict) else None
    if symbol is None:
        return _Shown("number", str(cell))
    return _Shown("rating", symbol * cell, empty_marks=symbol * (column.limit("max") - cell))


def _date(column: Field, cell: int, zone: ZoneInfo) -> str:
    shape = str((column.property or {}).get("date_formatter", "yyyy/MM/dd"))
    for mark, code in (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M")):
        shape = shape.replace(mark, code)
    try:
        return datetime.fromtimestamp(cell / 1000, UTC).astimezone(zone).strftime(shape)
    except (ValueError, OverflowError, OSError):
        return str(cell)


def _number(column: Field, cell: float) -> str:
    told = column.property or {}
    shape = str(told.get("formatter", "0"))
    places = len(shape.rstrip("%").partition(".")[2])
    comma = "," if shape.startswith("1,000") else ""
    if shape.endswith("%"):
        return f"{cell * 100:.{places}f}%"
    sign = _CURRENCIES.get(str(told.get("currency_code")), shape[0] if shape[0] in "¥$" else "")
    return f"{sign}{cell:{comma}.{places}f}"
