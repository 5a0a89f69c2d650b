"""The documents as a person sees them: a list of them, and a table as a grid. No token is needed to look."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from gateway.sandbox.feishu.errors import Json
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.renders import person, shown_text
from gateway.sandbox.feishu.table import Table, cell_of
from gateway.sandbox.feishu.world import Base, World
from gateway.sandbox.http import Request, Response, html

ROWS = 100
"""On one page."""

_LONGEST = 300
"""Characters of a text that go into the page: a cell may hold 100,000."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_CSP = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")


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


def show(world: World, request: Request) -> Response:
    """GET ``/``, ``/base/<app_token>?table=<table_id>&page=<n>`` and the same below ``/wiki/<node_token>``."""
    parts = request.path.strip("/").split("/")
    if parts == [""]:
        return _page("home.html", bases=list(world.bases.values()))
    if len(parts) == 2 and parts[0] == "file":
        return _file(world, parts[1])
    base = _named(world, *parts) if len(parts) == 2 else None
    if base is None or not base.tables:
        return _nothing()
    table = base.tables.get(request.param("table")) or max(base.tables.values(), key=_filled)
    number = request.param("page", "1")
    return _grid(base, table, int(number) if number.isdecimal() else 1)


def _file(world: World, token: str) -> Response:
    """A file, for the page and by its temporary address; a browser that sees markup in it does not run it."""
    file = next((base.files[token] for base in world.bases.values() if token in base.files), None)
    if file is None:
        return _nothing()
    return Response(200, file.content, (_CSP, ("X-Content-Type-Options", "nosniff")), file.type)


def _nothing() -> Response:
    return html('<!doctype html><meta charset="utf-8"><title>404</title><p>没有这个页面。', 404, (_CSP,))


def _named(world: World, kind: str, token: str) -> Base | None:
    return world.bases.get(_behind(world, token) if kind == "wiki" else token)


def _behind(world: World, node: str) -> str:
    found = world.nodes.get(node)
    return found.obj_token if found else ""


def _filled(table: Table) -> int:
    return sum(1 for record in table.records.values() if record.cells)


def _grid(base: Base, table: Table, number: int) -> Response:
    pages = max(1, -(-len(table.records) // ROWS))
    number = min(max(1, number), pages)
    start = (number - 1) * ROWS
    records = list(table.records.values())[start : start + ROWS]
    rows = [[_shown(column, cell_of(record, column), base) for column in table.fields] for record in records]
    return _page("table.html", base=base, table=table, rows=rows, start=start, page=number, pages=pages)


def _page(template: str, **values: object) -> Response:
    return html(_TEMPLATES.get_template(template).render(values), 200, (_CSP,))


def _shown(column: Field, cell: Json, base: Base) -> Shown:
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
            return Shown(_short("、".join(base.files[str(token)].name for token in cell)))
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
