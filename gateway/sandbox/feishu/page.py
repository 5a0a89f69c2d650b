"""The documents as a person sees them: a list of them, and a table as a grid."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.renders import shown_text
from gateway.sandbox.feishu.table import Table, cell_of
from gateway.sandbox.feishu.world import World

ROWS = 100
"""On one page."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Pill(Struct, frozen=True):
    """One chosen option. ``hue`` is one of the eleven that the colours 0–54 come in."""

    name: str
    hue: int


class Shown(Struct, frozen=True):
    """A cell, ready to be looked at."""

    kind: str
    text: str = ""
    link: str = ""
    pills: tuple[Pill, ...] = ()
    stars: int = 0
    of: int = 0


def home_page(world: World) -> str:
    """All documents."""
    return _TEMPLATES.get_template("home.html").render(bases=list(world.bases.values()))


def table_page(world: World, app_token: str, table_id: str, number: int) -> str:
    """One table of a document; without a known id the first one that has rows with something in them."""
    base = world.bases[app_token]
    table = base.tables.get(table_id) or next(iter(sorted(base.tables.values(), key=_emptiness)))
    pages = max(1, -(-len(table.records) // ROWS))
    number = min(max(1, number), pages)
    records = list(table.records.values())[(number - 1) * ROWS : number * ROWS]
    zone = ZoneInfo(base.time_zone)
    rows = [[_shown(column, cell_of(record, column), zone) for column in table.fields] for record in records]
    return _TEMPLATES.get_template("table.html").render(
        base=base, table=table, rows=rows, start=(number - 1) * ROWS, page=number, pages=pages
    )


def _emptiness(table: Table) -> int:
    return -sum(1 for record in table.records.values() if record.cells)


def _shown(column: Field, cell: Json, zone: ZoneInfo) -> Shown:
    kind = column.kind.ui_type
    if cell is None:
        return Shown("empty")
    match kind:
        case "SingleSelect" | "MultiSelect":
            names = cell if isinstance(cell, list) else [cell]
            return Shown("pills", pills=tuple(Pill(str(name), _hue(column, str(name))) for name in names))
        case "Rating" if isinstance(cell, int | float):
            return Shown("stars", stars=int(cell), of=column.limit("max"))
        case "Number" if isinstance(cell, int | float):
            formatter = str((column.property or {}).get("formatter", "0"))
            return Shown("number", f"{cell:.{len(formatter.partition('.')[2])}f}")
        case "DateTime" | "CreatedTime" | "ModifiedTime" if isinstance(cell, int | float):
            at = datetime.fromtimestamp(cell / 1000, UTC).astimezone(zone)
            return Shown("date", f"{at:%Y/%m/%d}")
        case "Checkbox":
            return Shown("check", "✓" if cell else "")
        case "Url" if isinstance(cell, dict):
            link = str(cell.get("link", ""))
            return Shown(
                "link", shown_text(column, cell), link if link.startswith(("http://", "https://")) else ""
            )
        case _:
            return Shown("text", shown_text(column, cell))


def _hue(column: Field, name: str) -> int:
    option = column.options.get(name)
    return option.color % 11 if option else 0
