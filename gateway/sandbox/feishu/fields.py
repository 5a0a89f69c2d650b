"""A column: its name, its kind, its options, and what a request may ask of it."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Self

import msgspec
from msgspec import Struct, field

from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.kinds import LINKS, SELECTS, Kind, kind_of, property_of

COLORS = 55
MAX_NAME = 1000


class Option(Struct):
    """One choice of a select column."""

    id: str
    name: str
    color: int
    """0–54."""


class Description(Struct):
    """As it is sent when a column is made or changed."""

    text: str = ""
    disable_sync: bool = True


class FieldSpec(Struct):
    """What a call, or the person, asks of a column."""

    field_name: str
    type: int
    ui_type: str | None = None
    property: dict[str, Any] | None = None
    description: Description | None = None

    def name(self) -> str:
        """The name without the blanks around it. Raises Refusal 1254028, 1254029."""
        name = self.field_name.strip()
        if not name:
            raise Refusal(1254028)
        if len(name) > MAX_NAME:
            raise Refusal(1254029)
        return name


class _OptionSpec(Struct):
    name: str = ""
    id: str = ""
    color: int | None = None


class _SelectProperty(Struct):
    options: list[_OptionSpec] = field(default_factory=list)


class Field(Struct):
    """A column. Cells of a select hold names of options."""

    id: str
    name: str
    kind: Kind
    primary: bool = False
    property: dict[str, Json] | None = None
    """Of any kind but the selects, whose property is made of ``options``."""
    options: dict[str, Option] = field(default_factory=dict)
    """By name, in their order."""
    description: str = ""
    back: str = ""
    """Of a two-way link: the id of its twin."""
    compute: Callable[[Any], Json] | None = None
    """Of a formula or lookup: its value in a row (a ``Record``)."""

    @classmethod
    def made(cls, spec: FieldSpec, ids: Ids, *, primary: bool = False, by_hand: bool = False) -> Self:
        """A new column. Raises Refusal: 1254012, 1254015, 1254026, 1254028, 1254029, 1254080–1254096."""
        kind = kind_of(spec.type, spec.ui_type, by_hand=by_hand)
        if primary and not kind.primary:
            raise Refusal(1254012)
        made = cls(ids.field(), spec.name(), kind, primary)
        made.shape(spec, kind, ids)
        return made

    def shape(self, spec: FieldSpec, kind: Kind, ids: Ids) -> None:
        """Takes over kind, property and description, whole: what is not sent is gone."""
        if kind.ui_type in SELECTS:
            options, shaped = _options(spec.property, kind, self.options.values(), ids), None
        else:
            options, shaped = {}, property_of(kind, spec.property)
        self.kind, self.options, self.property = kind, options, shaped
        self.description = spec.description.text if spec.description else ""

    def choose(self, names: Iterable[str], ids: Ids) -> None:
        """Makes the options that are not there yet; each takes the colour after the one before."""
        for name in names:
            if name not in self.options:
                self.options[name] = Option(ids.option(), name, _next_color(self.options))

    def listed(self) -> dict[str, Json]:
        """The column as the list of columns and a changed one show it, but for the description."""
        shown: Json = self.property
        if self.kind.ui_type in SELECTS:
            shown = {"options": [msgspec.to_builtins(option) for option in self.options.values()]}
        return {
            "field_id": self.id,
            "field_name": self.name,
            "is_primary": self.primary,
            "property": shown,
            "type": self.kind.type,
            "ui_type": self.kind.ui_type,
        }

    def links_to(self) -> str:
        """Of a link: the table where its rows are."""
        return str((self.property or {}).get("table_id")) if self.kind.ui_type in LINKS else ""

    def limit(self, name: str) -> int:
        """A number of the property: ``min`` or ``max`` of a rating."""
        value = (self.property or {}).get(name)
        return value if isinstance(value, int) else 0


def _next_color(before: dict[str, Option]) -> int:
    return (next(reversed(before.values())).color + 1) % COLORS if before else 0


def _options(
    given: dict[str, Any] | None, kind: Kind, known: Collection[Option], ids: Ids
) -> dict[str, Option]:
    """The options of a request. An id that is known is kept, any other is replaced by a new one."""
    try:
        specs = msgspec.convert(given or {}, _SelectProperty).options
    except msgspec.ValidationError as error:
        raise Refusal(kind.property_code, str(error)) from None
    kept = {option.id for option in known}
    options: dict[str, Option] = {}
    for spec in specs:
        if not spec.name:
            raise Refusal(1254026)
        color = _next_color(options) if spec.color is None else spec.color
        if spec.name in options or not 0 <= color < COLORS:
            raise Refusal(kind.property_code)
        options[spec.name] = Option(spec.id if spec.id in kept else ids.option(), spec.name, color)
    return options
