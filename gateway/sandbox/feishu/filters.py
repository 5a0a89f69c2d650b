"""The filter and the sort of a search.

Source: Feishu's guide to filters (2026-05). Not known, and therefore chosen: texts are compared with
their case, an empty cell ``isNot`` and ``doesNotContain`` anything, empty cells come last in any order.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType, field

from gateway.sandbox.feishu.errors import Json, Refusal, unknown_name, violation
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.kinds import NUMBERS
from gateway.sandbox.feishu.renders import shown_text
from gateway.sandbox.feishu.table import Record, cell_of

Test: TypeAlias = Callable[[Json], bool]
"""Of a stored cell."""

_DATES = frozenset({"DateTime", "CreatedTime", "ModifiedTime"})
_CHOICES = frozenset(
    {
        "SingleSelect",
        "MultiSelect",
        "User",
        "GroupChat",
        "SingleLink",
        "DuplexLink",
        "CreatedUser",
        "ModifiedUser",
    }
)
_NUMBER_LIKE = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


class Condition(Struct):
    """One condition. ``value`` must be there, empty for isEmpty and isNotEmpty."""

    field_name: str
    operator: str
    value: list[str] | UnsetType = UNSET


class Filter(Struct):
    """Conditions, and one level of children."""

    conjunction: str = ""
    conditions: list[Condition] = field(default_factory=list)
    children: list["Filter"] = field(default_factory=list)


class Sort(Struct):
    """One key of the order."""

    field_name: str
    desc: bool = False


class Sieve(Struct):
    """What conditions are read against."""

    columns: dict[str, Field]
    """By name."""
    zone: ZoneInfo
    now: float

    def keeps(self, asked: Filter) -> Callable[[Record], bool]:
        """Whether a row matches. Raises Refusal 1254018, 1254045, 99992402."""
        tests = [self._condition(condition) for condition in _limited(asked)]
        tests += [self._group(child) for child in asked.children]
        return _joined(asked.conjunction, tests)

    def ordered(self, records: Sequence[Record], keys: Sequence[Sort]) -> list[Record]:
        """The rows in order. Raises Refusal 1254045, 99992402."""
        if len(keys) > 100:
            raise violation("sort", str(len(keys)), "the max len is 100")
        rows = list(records)
        for key in reversed(keys):
            column = self._column(key.field_name)
            full = [row for row in rows if cell_of(row, column) is not None]
            empty = [row for row in rows if cell_of(row, column) is None]
            full.sort(key=_order(column), reverse=key.desc)
            rows = full + empty
        return rows

    def _column(self, name: str) -> Field:
        if name not in self.columns:
            raise unknown_name(name)
        return self.columns[name]

    def _group(self, group: Filter) -> Callable[[Record], bool]:
        if group.children:
            raise Refusal(1254018)
        return _joined(group.conjunction, [self._condition(condition) for condition in _limited(group)])

    def _condition(self, condition: Condition) -> Callable[[Record], bool]:
        column = self._column(condition.field_name)
        if condition.value is UNSET:
            raise violation("filter.conditions.value", "", "value is required")
        if len(condition.value) > 10:
            raise violation("filter.conditions.value", str(len(condition.value)), "the max len is 10")
        test = self._test(column, condition.operator, condition.value)
        return lambda record: test(cell_of(record, column))

    def _test(self, column: Field, operator: str, value: list[str]) -> Test:
        kind = column.kind.ui_type
        if kind in {"Formula", "Lookup"}:
            raise Refusal(1254018)
        if operator in {"isEmpty", "isNotEmpty"}:
            if value or kind == "Checkbox":
                raise Refusal(1254018)
            wanted = operator == "isEmpty"
            return lambda cell: (cell is None) == wanted
        if kind in _DATES:
            return self._date(operator, value)
        if kind in NUMBERS:
            return _number(operator, value)
        if kind in _CHOICES:
            return _choice(operator, value)
        if kind == "Checkbox":
            return _checkbox(operator, value)
        if kind == "Attachment":
            raise Refusal(1254018)
        return _text(column, operator, value)

    def _date(self, operator: str, value: list[str]) -> Test:
        start, end = self._days(operator, value)
        low, high = _milliseconds(start), _milliseconds(end)
        match operator:
            case "is":
                return lambda cell: isinstance(cell, int) and low <= cell < high
            case "isGreater":
                return lambda cell: isinstance(cell, int) and cell >= high
            case "isLess":
                return lambda cell: isinstance(cell, int) and cell < low
            case _:
                raise Refusal(1254018, "operator type is unsupported")

    def _days(self, operator: str, value: list[str]) -> tuple[datetime, datetime]:
        """First instant of the first day and of the day after the last, in the zone of the base."""
        today = datetime.combine(datetime.fromtimestamp(self.now, self.zone), time(), self.zone)
        match value:
            case ["ExactDate", stamp] if re.fullmatch(r"-?\d{1,13}", stamp):
                there = datetime.fromtimestamp(int(stamp) / 1000, self.zone)
                day = datetime.combine(there, time(), self.zone)
                return day, day + timedelta(days=1)
            case ["Today" | "Yesterday" | "Tomorrow" as word]:
                day = today + timedelta(days={"Yesterday": -1, "Today": 0, "Tomorrow": 1}[word])
                return day, day + timedelta(days=1)
            case [word] if operator == "is":
                return _span(word, today)
            case _:
                raise Refusal(1254018)


def _span(word: str, today: datetime) -> tuple[datetime, datetime]:
    """The named spans of days, today included in those that touch it. Weeks begin on Monday."""
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    next_first = (first + timedelta(days=32)).replace(day=1)
    tomorrow = today + timedelta(days=1)
    spans = {
        "CurrentWeek": (monday, monday + timedelta(days=7)),
        "LastWeek": (monday - timedelta(days=7), monday),
        "CurrentMonth": (first, next_first),
        "LastMonth": ((first - timedelta(days=1)).replace(day=1), first),
        "TheLastWeek": (tomorrow - timedelta(days=7), tomorrow),
        "TheNextWeek": (today, today + timedelta(days=7)),
        "TheLastMonth": (tomorrow - timedelta(days=30), tomorrow),
        "TheNextMonth": (today, today + timedelta(days=30)),
    }
    if word not in spans:
        raise Refusal(1254018)
    return spans[word]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _limited(group: Filter) -> list[Condition]:
    if len(group.conditions) > 50:
        raise violation("filter.conditions", str(len(group.conditions)), "the max len is 50")
    return group.conditions


def _joined(conjunction: str, tests: list[Callable[[Record], bool]]) -> Callable[[Record], bool]:
    if not tests:
        return lambda _: True
    if conjunction == "and":
        return lambda record: all(test(record) for test in tests)
    if conjunction == "or":
        return lambda record: any(test(record) for test in tests)
    raise Refusal(1254018)


def _one(value: list[str]) -> str:
    if len(value) != 1:
        raise Refusal(1254018)
    return value[0]


def _text(column: Field, operator: str, value: list[str]) -> Test:
    wanted = _one(value)
    match operator:
        case "is":
            return lambda cell: cell is not None and shown_text(column, cell) == wanted
        case "isNot":
            return lambda cell: shown_text(column, cell) != wanted
        case "contains":
            return lambda cell: wanted in shown_text(column, cell)
        case "doesNotContain":
            return lambda cell: wanted not in shown_text(column, cell)
        case _:
            raise Refusal(1254018)


def _number(operator: str, value: list[str]) -> Test:
    given = _one(value)
    if not _NUMBER_LIKE.fullmatch(given):
        raise Refusal(1254018)
    wanted = float(given)
    match operator:
        case "is":
            return lambda cell: cell == wanted
        case "isNot":
            return lambda cell: cell != wanted
        case "isGreater":
            return lambda cell: isinstance(cell, int | float) and cell > wanted
        case "isGreaterEqual":
            return lambda cell: isinstance(cell, int | float) and cell >= wanted
        case "isLess":
            return lambda cell: isinstance(cell, int | float) and cell < wanted
        case "isLessEqual":
            return lambda cell: isinstance(cell, int | float) and cell <= wanted
        case _:
            raise Refusal(1254018)


def _choice(operator: str, value: list[str]) -> Test:
    if operator in {"is", "isNot"}:
        wanted, same = {_one(value)}, operator == "is"
        return lambda cell: (_chosen(cell) == wanted) == same
    if operator in {"contains", "doesNotContain"} and value:
        any_of, there = set(value), operator == "contains"
        return lambda cell: bool(_chosen(cell) & any_of) == there
    raise Refusal(1254018)


def _chosen(cell: Json) -> set[str]:
    if isinstance(cell, list):
        return {str(item) for item in cell}
    return {cell} if isinstance(cell, str) else set()


def _checkbox(operator: str, value: list[str]) -> Test:
    if operator != "is" or value not in (["true"], ["false"]):
        raise Refusal(1254018)
    wanted = value == ["true"]
    return lambda cell: (cell is True) == wanted


def _order(column: Field) -> Callable[[Record], tuple[float, str]]:
    places = {name: place for place, name in enumerate(column.options)}

    def key(record: Record) -> tuple[float, str]:
        cell = cell_of(record, column)
        if isinstance(cell, int | float):
            return float(cell), ""
        if column.kind.ui_type == "SingleSelect":
            return float(places.get(str(cell), 0)), ""
        return 0.0, shown_text(column, cell)

    return key
