"""From the address that a person pasted to the tables that show the library."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import stamina
from msgspec import Struct, field

from gateway import errors
from gateway.errors import Words
from gateway.feishu import address, bitable, columns, proposal, views
from gateway.feishu.bitable import Bitable, Field
from gateway.feishu.client import Client
from gateway.feishu.columns import Binding, Bound, Options
from gateway.feishu.fields import columns_of, new_fields
from gateway.ledger import Target
from gateway.shelves import SHELVES, Layout, Shelf

NEW = "new"
"""Chosen for a field in place of a column: make one."""
_DEFAULT_ZONE = "Asia/Shanghai"
_BASE_NAME = Words("我的书影音", "My books, films and music")


class Table(Struct, frozen=True, kw_only=True):
    """A table that shows a shelf of the library, and which of its columns are ours."""

    app_token: str
    table_id: str
    url: str
    name: str
    time_zone: str
    language: str
    shelf: str = "all"
    classes: tuple[str, ...] = SHELVES[Layout.ONE][0].classes
    binding: Binding = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    own: bool = True
    """D2F made it; else the person chose it and its columns."""
    accepted: bool = True
    """The person said yes to writing into it; a table that had rows before asks for that."""
    scanned: bool = False
    """Its rows were looked through once, so that rows of ours that it had already are known."""
    owner: str = ""
    """The account whose marks it shows; empty for the first one."""
    gaps: frozenset[str] = frozenset()
    """Fields that rows may lack though they were written: their column is another one now, or of another type for a while."""

    @property
    def key(self) -> str:
        """What the table is known by. Its id alone is unique in its Bitable only."""
        return f"{self.app_token}/{self.table_id}"

    @property
    def target(self) -> Target:
        return Target(self.key, self.classes)


class Wanted(Struct, frozen=True, kw_only=True):
    """Where the person wants their marks."""

    address: str
    """Empty for a new Bitable."""
    language: str = "zh"
    layout: Layout = Layout.ONE
    shelf: str = "all"
    """What a table that the address names takes; a table of ours knows."""
    columns: Binding | None = None
    """Which of its columns take what; None if that was not asked yet."""
    owner: str = ""
    """The account whose marks they are; empty for the first one."""


Remembered = Callable[[str], Table | None]
"""The table as it was when it was last ours, by its key."""


async def find(client: Client, wanted: Wanted, remembered: Remembered) -> tuple[Table, ...]:
    """The tables, ready to be written. Makes those of ours that are missing. Raises FeishuError."""
    base, app_token, url, there = await _open(client, wanted)
    app = await base.app()
    zone = _zone(app.time_zone)

    def table(table_id: str, shelf: Shelf) -> Table:
        known = remembered(f"{app_token}/{table_id}")
        fresh = Table(
            app_token=app_token,
            table_id=table_id,
            url=f"{url}?table={table_id}",
            name=there[table_id],
            time_zone=zone,
            language=wanted.language,
            shelf=shelf.name,
            classes=shelf.classes,
            owner=wanted.owner,
        )
        if known is None or known.shelf != shelf.name:
            return fresh
        return msgspec.structs.replace(
            fresh,
            binding=known.binding,
            options=known.options,
            scanned=known.scanned,
            accepted=known.accepted,
            own=known.own,
            gaps=known.gaps,
        )

    def is_others(table_id: str) -> bool:
        known = remembered(f"{app_token}/{table_id}")
        return known is not None and known.owner != wanted.owner

    if (given := _given(wanted)) is not None:
        if given not in there:
            raise errors.NotFound
        if is_others(given):
            raise errors.TableOfOther(table=there[given])
        found = [await _theirs(base, table(given, _shelf(wanted.shelf)), wanted)]
    else:
        others = {table_id for table_id in there if is_others(table_id)}
        found = [await _ours(base, there, others, shelf, table, wanted) for shelf in SHELVES[wanted.layout]]
    if app.is_advanced:
        await probe(base, found[0])
    return tuple([await _asking(base, each, remembered) for each in found])


async def _asking(base: Bitable, table: Table, remembered: Remembered) -> Table:
    """A table that is new to us and has rows is not written before the person saw what would be."""
    known = remembered(table.key)
    if table.scanned or (known is not None and known.shelf == table.shelf):
        return table
    return msgspec.structs.replace(table, accepted=await base.is_empty(table.table_id))


async def ask(client: Client, wanted: Wanted) -> tuple[str, list[proposal.Proposal]]:
    """The name of the table that the address names, and which of its columns could take what. Raises FeishuError."""
    base, _, _, there = await _open(client, wanted)
    given = _given(wanted)
    if given is None or given not in there:
        raise errors.NotFound
    shelf = _shelf(wanted.shelf)
    return there[given], proposal.propose(await base.fields(given), shelf.name)


async def _open(client: Client, wanted: Wanted) -> tuple[Bitable, str, str, dict[str, str]]:
    """The Bitable, its token, its page, and the names of its tables."""
    if not wanted.address:
        name = _BASE_NAME.en if wanted.language == "en" else _BASE_NAME.zh
        app_token, url = await bitable.create_base(client, name, _DEFAULT_ZONE)
    else:
        place = address.parse(wanted.address)
        app_token = await _app_token(client, place)
        url = f"{place.site}/{'wiki' if place.wiki else 'base'}/{place.token}"
    base = Bitable(client, app_token)
    return base, app_token, url, {table.table_id: table.name for table in await base.tables()}


async def _app_token(client: Client, place: address.Address) -> str:
    if not place.wiki:
        return place.token
    kind, token = await bitable.resolve_wiki(client, place.token)
    if kind != "bitable":
        raise errors.NotATable(what=address.thing(kind))
    return token


def _given(wanted: Wanted) -> str | None:
    return address.parse(wanted.address).table_id if wanted.address else None


def _shelf(name: str) -> Shelf:
    """Raises BadInput."""
    for shelf in (*SHELVES[Layout.ONE], *SHELVES[Layout.KINDS]):
        if shelf.name == name:
            return shelf
    raise errors.BadInput(field="shelf")


async def _theirs(base: Bitable, table: Table, wanted: Wanted) -> Table:
    """A table that the person chose. What they did not choose of it is not written."""
    known, before = table.binding, table.binding
    if wanted.columns is not None:
        chosen = dict.fromkeys((column.key for column in columns_of(table.shelf)), None) | wanted.columns
        known = {key: column for key, column in chosen.items() if column != NEW}
        fields = {field.field_id for field in await base.fields(table.table_id)}
        if not {column for column in known.values() if column} <= fields or not chosen.keys() <= {
            column.key for column in columns_of(table.shelf)
        }:
            raise errors.BadInput(field="columns")
        columns_chosen = [column for column in known.values() if column is not None]
        if len(columns_chosen) > len(set(columns_chosen)):
            raise errors.BadInput(field="columns")  # one column cannot take two fields
    elif not known and not proposal.is_ours(
        await base.fields(table.table_id), table.shelf
    ):  # nobody was asked
        raise errors.ColumnsUnchosen
    own = table.own if wanted.columns is None else False
    return _with_gaps(await _bound(base, msgspec.structs.replace(table, binding=known, own=own)), before)


async def _ours(
    base: Bitable,
    there: dict[str, str],
    others: set[str],
    shelf: Shelf,
    table: Callable[[str, Shelf], Table],
    wanted: Wanted,
) -> Table:
    """The table that we made for a shelf, or a new one: never one that is not ours, whatever its name.

    ``others``: the tables of other accounts.
    """
    mine = {table_id: name for table_id, name in there.items() if table_id not in others}
    titles = (shelf.titles.zh, shelf.titles.en)
    for table_id in mine:  # the one that we remember, whatever the person calls it now
        known = table(table_id, shelf)
        if known.own and known.binding and _is_there(known, await base.fields(table_id)):
            return await _bound(base, known)
    for table_id in [each for each, name in mine.items() if name.partition(" (D2F")[0] in titles]:
        if proposal.is_ours(await base.fields(table_id), shelf.name):
            return await _bound(base, table(table_id, shelf))
    title = shelf.titles.en if wanted.language == "en" else shelf.titles.zh
    names = (title, f"{title} (D2F)", *(f"{title} (D2F {number})" for number in range(2, len(there) + 2)))
    name = next(name for name in names if name not in there.values())
    table_id = await base.create_table(name, new_fields(shelf.name, wanted.language))
    there[table_id] = name
    made = await _once_there(base, msgspec.structs.replace(table(table_id, shelf), scanned=True))
    await views.make(base, made.table_id, made.binding, ZoneInfo(made.time_zone), wanted.language)
    return made


def _is_there(known: Table, there: Sequence[Field]) -> bool:
    """Whether most of our columns are in the table: the person may have deleted any of them, also the key."""
    ours = {column for column in known.binding.values() if column}
    return 2 * len(ours & {field.field_id for field in there}) > len(ours)


async def _once_there(base: Bitable, table: Table) -> Table:
    """What was just made is not everywhere at once: Feishu asks to wait a few seconds and look again."""
    async for attempt in stamina.retry_context(
        on=(errors.NotFound, errors.StaleColumns), attempts=6, wait_initial=0.5, wait_max=4.0, timeout=None
    ):
        with attempt:
            return await _bound(base, table)
    raise AssertionError  # retry_context either returns or raises


async def _bound(base: Bitable, table: Table) -> Table:
    return (await bind(base, table))[0]


async def bind(base: Bitable, table: Table) -> tuple[Table, Bound]:
    """With its columns looked up. Raises FeishuError."""
    found = await columns.bind(
        base, table.table_id, table.shelf, table.language, known=table.binding, options=table.options
    )
    now = msgspec.structs.replace(table, binding=found.binding, options=found.options)
    return _with_gaps(now, table.binding), found


def _with_gaps(table: Table, before: Binding) -> Table:
    """What the rows that were written lack in columns that are others than before."""
    gaps = {key for key, column in table.binding.items() if before and column and before.get(key) != column}
    return msgspec.structs.replace(table, gaps=table.gaps | gaps)


async def probe(base: Bitable, table: Table) -> None:
    """Advanced permissions give an app without the right to manage an empty table, and no error.

    So a row is written, looked for and taken away again. Raises NeedsManage.
    """
    made = await base.create_blank(table.table_id)
    try:
        if not await base.exists(table.table_id, made):
            raise errors.NeedsManage
    finally:
        await base.delete_records(table.table_id, [made])


def _zone(name: str | None) -> str:
    """The Bitable's time zone if this system knows it."""
    try:
        return ZoneInfo(name or _DEFAULT_ZONE).key
    except (ZoneInfoNotFoundError, ValueError):
        return _DEFAULT_ZONE
