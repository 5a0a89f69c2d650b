"""Makes up books, films, series and albums as Douban would know them. The same seed gives the same ones."""

import random
from typing import TypeVar

from gateway.model import Kind, Medium, Subject, SubjectKey
from gateway.sandbox import words

_T = TypeVar("_T")

_ORIGINAL = {"日本": 2, "韩国": 3}
"""The column of a title in the language of the place; English serves for the rest."""
_SEASON = {"日本": "シーズン", "韩国": "시즌"}
_SHORT = {"美国": "美", "英国": "英", "法国": "法", "日本": "日", "韩国": "韩"}
"""How books name the land of an author: ``[英] 艾琳·马洛``."""
_FOREIGN = {
    f"{given}·{family}": f"{given_native} {family_native}"
    for given, given_native in words.WESTERN_GIVEN
    for family, family_native in words.WESTERN_FAMILY
}


def native_name(name: str) -> str:
    """``艾琳·马洛`` → ``艾琳·马洛 Erin Marlow``; others as they are."""
    native = _FOREIGN.get(name)
    return f"{name} {native}" if native else name


def _ean(digits: str) -> str:
    """Twelve digits and their check digit: an ISBN or a bar code."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


class Inventor:
    """Makes subjects with ids of their own. ``Inventor(random.Random(1)).book()``."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._taken: set[SubjectKey] = set()
        self._books: list[str] = []

    def book(self) -> Subject:
        """A book; about four in ten are translations."""
        chance = self.chance
        place = chance.choice(words.PLACES) if chance.random() < 0.4 else "中国大陆"
        title, original = self._title(place)
        author = self._person(place)
        translators = (self._person("中国大陆"),) if original else ()
        released = self._press_date()
        publisher = self._maybe(chance.choice(words.PRESSES), 0.96)
        price = self._maybe(chance.choice(("39.80元", "CNY 68.00", "28.00", "NT$ 350", "USD 26.00")), 0.93)
        shown = f"[{_SHORT.get(place, place)}] {author}" if original else author
        line = (shown, " ".join(translators), publisher, released, price)
        return Subject(
            key=self._key(Medium.BOOK, 1_000_000, 36_900_000),
            kind=Kind.BOOK,
            title=title,
            original_title=original,
            subtitle=self._maybe("关于记忆与地方的十二次散步", 0.2),
            authors=(shown,),
            translators=translators,
            publisher=publisher,
            released=(released,),
            year=int(released[:4]),
            pages=self._maybe(str(chance.randint(96, 720)), 0.93),
            price=price,
            binding=self._maybe(chance.choice(("平装", "精装", "Paperback")), 0.91),
            series=self._maybe(chance.choice(words.SERIES), 0.3),
            isbn=_ean(f"9787{chance.randrange(10**8):08d}"),
            cover=self._picture(f"view/subject/s/public/s{chance.randint(10**6, 34_000_000)}.jpg"),
            score=(score := self._score()),
            votes=self._votes(score),
            intro=self._intro(),
            brief=" / ".join(part for part in line if part),
        )

    def film(self) -> Subject:
        """A film; one in ten is a documentary."""
        chance = self.chance
        place = chance.choice(words.PLACES)
        title, original = self._title(place)
        documentary = chance.random() < 0.1
        genres = (
            ("纪录片", "历史") if documentary else tuple(chance.sample(words.GENRES, chance.randint(1, 3)))
        )
        minutes = chance.randint(70, 180)
        durations = [f"{minutes}分钟"]
        if chance.random() < 0.15:
            durations.append(f"{minutes + 12}分钟(导演剪辑版)")
        return self._screen(
            kind=Kind.MOVIE,
            place=place,
            title=title,
            original=original,
            genres=genres,
            durations=tuple(durations),
        )

    def series(self) -> Subject:
        """A television series, with or without a season in its title."""
        chance = self.chance
        place = chance.choice(words.PLACES)
        title, original = self._title(place)
        season = chance.randint(1, 5) if place != "中国大陆" else None
        if season:
            title = f"{title} {words.ORDINALS[season - 1]}"
            original = original and f"{original} {_SEASON.get(place, 'Season ')}{season}"
        return self._screen(
            kind=Kind.TV,
            place=place,
            title=title,
            original=original,
            genres=tuple(chance.sample(words.GENRES, chance.randint(1, 3))),
            durations=(f"{chance.choice((24, 45, 60))}分钟",),
            season=season,
        )

    def album(self) -> Subject:
        """A record: an album, a single, an EP."""
        chance = self.chance
        place = chance.choice(("中国大陆", "中国台湾", "美国", "英国", "日本", "韩国"))
        chinese, original = self._title(place)
        title, other = (original, (chinese,)) if original else (chinese, ())
        performers = tuple(self._person(place) for _ in range(2 if chance.random() < 0.1 else 1))
        released = self._press_date(full=0.8)
        kind = chance.choice(("专辑", "EP", "单曲", "选集"))
        form = self._maybe(chance.choice(("CD", "黑胶", "数字(Digital)", "Audio CD")), 0.98)
        style = chance.choice(words.STYLES)
        line = (" / ".join(performers), released, kind, form, style)
        return Subject(
            key=self._key(Medium.MUSIC, 1_394_000, 36_900_000),
            kind=Kind.MUSIC,
            title=title,
            other_titles=other,
            performers=performers,
            genres=(style,),
            album_type=kind,
            format=form,
            released=(released,),
            year=int(released[:4]),
            publisher=chance.choice(words.LABELS),
            discs=self._maybe(str(chance.randint(1, 3)), 0.7),
            barcode=self._maybe(_ean(f"{chance.randrange(10**12):012d}"), 0.6),
            cover=self._picture(f"view/subject/m/public/s{chance.randint(10**6, 34_000_000)}.jpg"),
            score=(score := self._score()),
            votes=self._votes(score),
            intro=self._intro(),
            brief=" / ".join(part for part in line if part),
        )

    def _screen(
        self,
        *,
        kind: Kind,
        place: str,
        title: str,
        original: str | None,
        genres: tuple[str, ...],
        durations: tuple[str, ...],
        season: int | None = None,
    ) -> Subject:
        chance = self.chance
        released = self._premieres(place)
        people = [self._person(place) for _ in range(chance.randint(3, 14))]
        cast = tuple(dict.fromkeys(people))
        writers = tuple(dict.fromkeys(self._person(place) for _ in range(chance.randint(1, 2))))
        directors = (self._person(place),)
        languages = (words.LANGUAGES[place],) + (("英语",) if chance.random() < 0.1 else ())
        base = title.rsplit(" 第", 1)[0]
        line = (
            *released,
            *cast[:10],
            place,
            *directors,
            *durations,
            base,
            *genres,
            *(native_name(name) for name in writers),
            *languages,
        )
        others = (f"{base}(港)", f"再见{base}(台)") if chance.random() < 0.35 else ()
        return Subject(
            key=self._key(Medium.MOVIE, 1_290_000, 37_600_000),
            kind=kind,
            title=title,
            original_title=original,
            other_titles=others,
            year=int(released[-1][:4]),
            countries=(place,),
            languages=languages,
            genres=genres,
            directors=directors,
            writers=writers,
            cast=cast,
            released=released,
            durations=durations,
            episodes=chance.choice((6, 8, 10, 12, 24, 40)) if kind is Kind.TV else None,
            season=season,
            imdb=self._maybe(f"tt{chance.randint(100_000, 35_000_000):07d}", 0.9),
            cover=self._picture(
                f"view/photo/s_ratio_poster/public/p{chance.randint(10**8, 2_940_000_000)}.jpg"
            ),
            score=(score := self._score()),
            votes=self._votes(score),
            intro=self._intro(),
            brief=" / ".join(line),
        )

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
