"""The documents as a person sees them: a list of them, and a table by one of its views. No token is needed to look."""

from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from gateway.sandbox.feishu.base import Base
from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.looks import Shown, look_of
from gateway.sandbox.feishu.table import Record, Table, cell_of
from gateway.sandbox.feishu.view_calls import visible
from gateway.sandbox.feishu.views import View
from gateway.sandbox.feishu.world import World
from gateway.sandbox.http import Request, Response, html

ROWS = 100
"""On one page."""
_LATEST = 20
"""Messages."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_CSP = (
    "Content-Security-Policy",
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'",
)


class Line(Struct, frozen=True):
    """A row, ready to be looked at."""

    number: int
    cells: list[Shown]

    @property
    def pictures(self) -> list[str]:
        """Of the whole row: the tokens of its files."""
        return [file.token for cell in self.cells for file in cell.pictures]


class Pile(Struct, frozen=True):
    """The rows of a kanban that share an option; "" is for those without one."""

    name: str
    hue: int
    count: int
    """On all pages."""
    lines: list[Line]


def show(world: World, request: Request) -> Response:
    """GET ``/``, ``/base/<app_token>?table=&view=&page=``, the same below ``/wiki/<node_token>``, ``/file/<token>``."""
    parts = request.path.strip("/").split("/")
    if parts == [""]:
        latest = world.mailbox.received[: -_LATEST - 1 : -1]
        return _page("home.html", bases=list(world.bases.values()), messages=latest, quota=world.quota)
    if len(parts) == 2 and parts[0] == "file":
        return _file(world, parts[1])
    base = _named(world, *parts) if len(parts) == 2 else None
    if base is None or not base.tables:
        return _nothing()
    table = base.tables.get(request.param("table")) or max(base.tables.values(), key=_filled)
    views = table.views.all
    view = next((view for view in views if view.id == request.param("view")), views[0])
    number = request.param("page", "1")
    return _by_view(world, base, table, view, int(number) if number.isdecimal() else 1)


def _file(world: World, token: str) -> Response:
    """A file, for the page and by its temporary address; a browser that sees markup in it does not run it."""
    file = next((base.files[token] for base in world.bases.values() if token in base.files), None)
    if file is None:
        return _nothing()
    return Response(200, file.content, (_CSP, ("X-Content-Type-Options", "nosniff")), file.type)


def _nothing() -> Response:
    return html('<!doctype html><meta charset="utf-8"><title>404</title><p>没有这个页面。', 404, (_CSP,))


def _named(world: World, kind: str, token: str) -> Base | None:
    if kind == "wiki":
        node = world.nodes.get(token)
        token = node.obj_token if node else ""
    return world.bases.get(token)


def _filled(table: Table) -> int:
    return sum(1 for record in table.records.values() if record.cells)


def _by_view(world: World, base: Base, table: Table, view: View, number: int) -> Response:
    records = _records(world, base, table, view)
    columns = [column for column in table.fields if column.id not in (view.hidden or ())]
    pages = max(1, -(-len(records) // ROWS))
    number = min(max(1, number), pages)
    start = (number - 1) * ROWS
    lines = [
        Line(place + 1, [look_of(column, cell_of(records[place], column), base) for column in columns])
        for place in range(start, min(start + ROWS, len(records)))
    ]
    by = next((column for column in columns if column.kind.ui_type == "SingleSelect"), None)
    return _page(
        "table.html",
        base=base,
        table=table,
        view=view,
        columns=columns,
        lines=lines,
        piles=_piles(lines, columns.index(by), by, records) if view.type == "kanban" and by else [],
        rows=len(records),
        page=number,
        pages=pages,
    )


def _records(world: World, base: Base, table: Table, view: View) -> list[Record]:
    """What the view lets through; all, if a column that it asks about is gone."""
    records = list(table.records.values())
    try:
        return visible(view, table, records, ZoneInfo(base.time_zone), world.clock())
    except Refusal:
        return records


def _piles(lines: list[Line], place: int, by: Field, records: list[Record]) -> list[Pile]:
    """By the first single select, which is what a new kanban of Feishu's is grouped by."""
    counts = Counter(str(cell_of(record, by) or "") for record in records)
    hues = {option.name: option.color % 11 for option in by.options.values()}
    piles = {
        name: Pile(name, hues.get(name, 9), counts[name], []) for name in (*hues, "") if name or counts[""]
    }
    for line in lines:
        pills = line.cells[place].pills
        piles[pills[0].name if pills else ""].lines.append(line)
    return list(piles.values())


def _page(template: str, **values: object) -> Response:
    return html(_TEMPLATES.get_template(template).render(values), 200, (_CSP,))
