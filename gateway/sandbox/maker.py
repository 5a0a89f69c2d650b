"""The parts that all made-up subjects are put together from: titles, names, dates, scores. The same seed gives the same."""

import random
from typing import TypeVar

from gateway.model import Medium, SubjectKey
from gateway.sandbox import words

_T = TypeVar("_T")
_ORIGINAL = {"日本": 2, "韩国": 3}
"""The column of a title in the language of the place; English serves for the rest."""


class Maker:
    """Draws parts, and numbers that no other subject of the medium has."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._taken: set[SubjectKey] = set()
        self._books: list[str] = []

    def _title(self, place: str) -> tuple[str, str | None]:
        """The Chinese title, and the original one where the work comes from elsewhere."""
        pattern = self.chance.choice(words.PATTERNS)
        things = self.chance.sample(words.THINGS, 2)
        title = pattern[0].format(*(thing[0] for thing in things))
        if place.startswith("中国"):
            return title, None
        column = _ORIGINAL.get(place, 1)
        return title, pattern[column].format(*(thing[column] for thing in things))

    def _person(self, place: str) -> str:
        chance = self.chance
        if place.startswith("中国"):
            return chance.choice(words.SURNAMES) + chance.choice(words.GIVEN)
        if place in _ORIGINAL:
            return chance.choice(words.JAPANESE if place == "日本" else words.KOREAN)
        return f"{chance.choice(words.WESTERN_GIVEN)[0]}·{chance.choice(words.WESTERN_FAMILY)[0]}"

    def _premieres(self, place: str) -> tuple[str, ...]:
        chance = self.chance
        year = chance.randint(1958, 2026)
        first = f"{year}-{chance.randint(1, 11):02d}-{chance.randint(1, 28):02d}"
        if chance.random() < 0.2:
            return (str(year),)
        if chance.random() < 0.3:
            return (f"{first}(戛纳电影节)", f"{year}-12-{chance.randint(1, 28):02d}({place})")
        return (f"{first}({place}/网络)" if chance.random() < 0.1 else f"{first}({place})",)

    def _press_date(self, full: float = 0.3) -> str:
        chance = self.chance
        year, month, day = chance.randint(1980, 2026), chance.randint(1, 12), chance.randint(1, 28)
        roll = chance.random()
        if roll < full:
            return f"{year}-{month:02d}-{day:02d}"
        return f"{year}-{month}" if roll < 0.9 else str(year)

    def _intro(self) -> str | None:
        chance = self.chance
        if chance.random() < 0.1:
            return None
        count = chance.randint(1, 5)
        parts = chance.sample(words.INTRO_PARTS, count)
        return "\n".join(parts)

    def _score(self) -> float | None:
        return self._maybe(round(self.chance.uniform(3.5, 9.7), 1), 0.93)

    def _votes(self, score: float | None) -> int | None:
        return None if score is None else self.chance.randint(30, 400_000)

    def _picture(self, path: str) -> str:
        return f"https://img{self.chance.choice((1, 2, 3, 9))}.doubanio.com/{path}"

    def _maybe(self, value: _T, likely: float) -> _T | None:
        return value if self.chance.random() < likely else None

    def _key(self, medium: Medium, low: int, high: int) -> SubjectKey:
        """An id that is free in its medium; now and then a record has the number of a book, as on Douban."""
        while True:
            key = SubjectKey(medium, str(self.chance.randint(low, high)))
            if medium is Medium.MUSIC and self._books and self.chance.random() < 0.03:
                key = SubjectKey(medium, self.chance.choice(self._books))
            if key not in self._taken:
                self._taken.add(key)
                if medium is Medium.BOOK:
                    self._books.append(key.id)
                return key
