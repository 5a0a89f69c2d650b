"""Makes up books, films, series, albums, games and stage dramas as Douban would know them."""

from gateway.model import Kind, Medium, Subject
from gateway.sandbox import words
from gateway.sandbox.maker import Maker

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


class Inventor(Maker):
    """Makes subjects with ids of their own. ``Inventor(random.Random(1)).book()``."""

    def any(self, kind: Kind) -> Subject:
        """A subject of that kind."""
        make = {
            Kind.BOOK: self.book,
            Kind.MOVIE: self.film,
            Kind.TV: self.series,
            Kind.MUSIC: self.album,
            Kind.GAME: self.game,
            Kind.DRAMA: self.drama,
        }
        return make[kind]()

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
            tracks=words.TRACKS,
            discs=self._maybe(str(chance.randint(1, 3)), 0.7),
            barcode=self._maybe(_ean(f"{chance.randrange(10**12):012d}"), 0.6),
            cover=self._picture(f"view/subject/m/public/s{chance.randint(10**6, 34_000_000)}.jpg"),
            score=(score := self._score()),
            votes=self._votes(score),
            intro=self._intro(),
            brief=" / ".join(part for part in line if part),
        )

    def game(self) -> Subject:
        """A game, for one platform or many."""
        chance = self.chance
        place = chance.choice(("中国大陆", "美国", "日本", "法国", "瑞典", "韩国"))
        title, original = self._title(place)
        others = (f"{title}重制版", f"{title}(港)") if chance.random() < 0.3 else ()
        genres = tuple(chance.sample(words.PLAY, chance.randint(1, 3)))
        platforms = tuple(chance.sample(tuple(words.PLATFORMS), chance.randint(1, 6)))
        developers = tuple(chance.sample(words.STUDIOS, 2 if chance.random() < 0.15 else 1))
        released = (self._press_date(full=0.9),)
        return Subject(
            key=self._key(Medium.GAME, 10_730_000, 37_600_000),
            kind=Kind.GAME,
            title=title,
            original_title=original,
            other_titles=others,
            genres=genres,
            platforms=platforms,
            developers=developers,
            publisher=self._maybe(chance.choice(words.STUDIOS), 0.8),
            released=released,
            year=int(released[0][:4]),
            cover=self._picture(f"lpic/s{chance.randint(10**6, 34_000_000)}.jpg"),
            score=(score := self._score()),
            votes=self._votes(score),
            intro=self._intro(),
            brief=" / ".join((*others, *platforms, *genres, *developers, *released)),
        )

    def drama(self) -> Subject:
        """A stage drama: a play, a musical, a dance."""
        chance = self.chance
        place = chance.choice(("中国大陆", "中国台湾", "英国", "日本", "法国"))
        title, original = self._title(place)
        genre = chance.choice(("话剧", "音乐剧", "舞剧", "戏曲", "相声剧"))
        directors, writers = (self._person(place),), (self._person(place),)
        cast = tuple(dict.fromkeys(self._person(place) for _ in range(chance.randint(1, 5))))
        composers = (self._person(place),) if genre == "音乐剧" else ()
        choreographers = (self._person(place),) if genre in {"音乐剧", "舞剧"} else ()
        released = (self._press_date(full=0.7),)
        troupes = (chance.choice(words.TROUPES),)
        theatres = tuple(chance.sample(words.THEATRES, chance.randint(0, 2)))
        line = (
            genre, *directors, *writers, *composers, *choreographers, *cast, *released, *troupes, *theatres
        )  # fmt: skip
        return Subject(
            key=self._key(Medium.DRAMA, 10_750_000, 36_900_000),
            kind=Kind.DRAMA,
            title=title,
            original_title=original,
            other_titles=(f"{title}之夜",) if chance.random() < 0.3 else (),
            genres=(genre,),
            edition=self._maybe(f"{released[0][:4]}年版", 0.3),
            directors=directors,
            writers=writers,
            composers=composers,
            choreographers=choreographers,
            cast=cast,
            languages=(words.LANGUAGES[place],),
            released=released,
            year=int(released[0][:4]),
            troupes=troupes,
            theatres=theatres,
            cover=self._picture(
                f"pview/drama_subject_poster/median/public/{chance.randrange(16**15):015x}.jpg"
            ),
            score=(score := self._score()),
            votes=self._votes(score),
            intro=self._intro(),
            brief=" / ".join(line),
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
