"""The filter of the old list of rows: ``AND(CurrentValue.[书名]="三体",CurrentValue.[评分]>=4)``.

Source: the page of that call (2026-05). Of the functions, AND, OR, NOT and ``.contains("…")`` are simulated; anything
else is 1254018.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from gateway.sandbox.feishu.errors import Json, Refusal, unknown_name
from gateway.sandbox.feishu.fields import Field
from gateway.sandbox.feishu.renders import shown_text
from gateway.sandbox.feishu.table import Record, cell_of

Test: TypeAlias = Callable[[Record], bool]

_TOKEN = re.compile(
    r"\s*(?:CurrentValue\.\[(?P<name>[^\]]+)\]|(?P<word>AND|OR|NOT|TRUE|FALSE)|\"(?P<text>[^\"]*)\""
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>\.contains\(|&&|\|\||!=|>=|<=|[=<>(),]))",
    re.IGNORECASE,
)

_ORDER: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def holds(formula: str, columns: Sequence[Field]) -> Test:
    """Whether a row matches. Raises Refusal 1254018, 1254045."""
    reader = _Reader(formula, columns)
    test = reader.either()
    reader.take("end")
    return test


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, formula: str, columns: Sequence[Field]) -> None:
        self._columns = {column.name: column for column in columns}
        self._tokens = [*_tokens(formula), ("end", "")]

    def take(self, *kinds: str) -> str:
        kind, value = self._tokens.pop(0)
        if kind not in kinds:
            raise Refusal(1254018)
        return value

    def _next(self) -> str:
        return self._tokens[0][0]

    def either(self) -> Test:
        """Comparisons, joined by && and ||; both bind alike, from the left."""
        test = self._one()
        while self._next() in {"&&", "||"}:
            test = _joined(self._tokens.pop(0)[0], [test, self._one()])
        return test

    def _one(self) -> Test:
        match self._next():
            case "word":
                return self._function(self.take("word").upper())
            case "(":
                self.take("(")
                test = self.either()
                self.take(")")
                return test
            case _:
                return self._comparison()

    def _function(self, name: str) -> Test:
        self.take("(")
        tests = [self.either()]
        while self._next() == ",":
            self.take(",")
            tests.append(self.either())
        self.take(")")
        if name == "NOT" and len(tests) == 1:
            return lambda record: not tests[0](record)
        return _joined(name, tests)

    def _comparison(self) -> Test:
        name = self.take("name")
        if name not in self._columns:
            raise unknown_name(name)
        column = self._columns[name]
        sign = self._next()
        self.take("=", "!=", ".contains(", *_ORDER)
        kind = self._next()
        value = self.take("text", "number", "word")
        if sign == ".contains(":
            self.take(")")
            return lambda record: value in shown_text(column, cell_of(record, column))
        return _compared(column, sign, value, is_text=kind == "text")


def _tokens(formula: str) -> Iterator[tuple[str, str]]:
    place = 0
    formula = formula.rstrip()
    while place < len(formula):
        found = _TOKEN.match(formula, place)
        if found is None or found.lastgroup is None:
            raise Refusal(1254018)
        value = found[found.lastgroup]
        yield (value if found.lastgroup == "sign" else found.lastgroup), value
        place = found.end()


def _joined(how: str, tests: Sequence[Test]) -> Test:
    match how:
        case "AND" | "&&":
            return lambda record: all(test(record) for test in tests)
        case "OR" | "||":
            return lambda record: any(test(record) for test in tests)
        case _:
            raise Refusal(1254018)


def _compared(column: Field, sign: str, value: str, *, is_text: bool) -> Test:
    def text(record: Record) -> str:
        return shown_text(column, cell_of(record, column))

    def number(record: Record) -> Json:
        return cell_of(record, column)

    if sign in {"=", "!="}:
        wanted = value if is_text else value.lower()
        return lambda record: (text(record) == wanted) == (sign == "=")
    limit = _number(value)
    compare = _ORDER[sign]
    return lambda record: isinstance(cell := number(record), int | float) and compare(cell, limit)


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise Refusal(1254018) from None
