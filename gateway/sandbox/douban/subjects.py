"""What a subject's page shows beside the subject itself: linked data, shares of stars, other people's voices."""

import re
import zlib

import msgspec
from msgspec import UNSET, Struct

from gateway.model import Kind, Medium, Status, Subject
from gateway.sandbox import words
from gateway.sandbox.douban.sections import Section
from gateway.sandbox.invent import native_name
from gateway.sandbox.person import Entry, Person

STARS = {1: "很差", 2: "较差", 3: "还行", 4: "推荐", 5: "力荐"}
RECENT = 30
"""Days for which a film or a record counts as 我最近看过."""
LATELY = {Medium.MOVIE, Medium.MUSIC}
LONG = 120
"""Characters of an intro above which the page folds it."""
_MANY = (
    "other_titles",
    "countries",
    "languages",
    "genres",
    "directors",
    "writers",
    "cast",
    "authors",
    "translators",
    "performers",
    "composers",
    "choreographers",
    "troupes",
    "theatres",
    "developers",
    "platforms",
    "tracks",
    "released",
    "durations",
)


class Voice(Struct, frozen=True):
    """Somebody else's short comment, which no parser may take for the person's own."""

    cid: str
    uid: str
    name: str
    stars: int
    word: str
    at: str
    useful: int
    text: str


def matter(
    section: Section, subject: Subject, entry: Entry | None, others: list[Subject], viewer: Person | None
) -> dict[str, object]:
    """All that the template of a subject needs. ``entry`` is the viewer's own mark, if there is one."""
    subject = _whole(subject)
    tv = subject.kind is Kind.TV
    minutes = re.match(r"\d+", subject.durations[0]) if subject.durations else None
    name = " ".join(part for part in (subject.title, _shown_original(subject)) if part)
    return {
        "subject": subject,
        "entry": entry,
        "mark": entry.mark if entry else None,
        "wording": _wording(section, entry, viewer) if entry and viewer else "",
        "offers": [
            (status, section.words[status])
            for status in (Status.WISH, Status.DOING, Status.DONE)
            if status in section.words
            and (status is not Status.DOING or section.medium is not Medium.MOVIE or tv)
        ],
        "name": name,
        "url": section.subject(subject.key.id),
        "picture": subject.cover or section.placeholder,
        "tv": tv,
        "minutes": int(minutes[0]) if minutes else 0,
        "site": f"https://www.example.org/{subject.key.id}" if int(subject.key.id) % 7 == 0 else "",
        "rateable": subject.score is not UNSET,
        "shares": _shares(subject.score or 7.0),
        "words_of_stars": STARS,
        "long_intro": len(subject.intro or "") > LONG,
        "linked": _linked(subject, name, tv=tv),
        "others": others,
        "voices": _voices(subject),
        "personage": personage,
        "summary": summary,
    }


def personage(name: str) -> int:
    """A number for a person, a press, a series: eight digits, always the same."""
    return 27_000_000 + zlib.crc32(name.encode()) % 10_000_000


def summary(text: str, length: int) -> str:
    """The beginning of an intro, on one line."""
    line = text.replace("\n", " ")
    return line if len(line) <= length else f"{line[:length]}..."


def _whole(subject: Subject) -> Subject:
    """The subject with empty tuples where it has nothing, so that templates can go through them."""
    return msgspec.structs.replace(subject, **{name: () for name in _MANY if getattr(subject, name) is UNSET})


def _shown_original(subject: Subject) -> str | None:
    """Films, series and games have the original title in the heading; books have a line for it."""
    return subject.original_title or None if subject.key.medium in {Medium.MOVIE, Medium.GAME} else None


def _wording(section: Section, entry: Entry, viewer: Person) -> str:
    """我看过这部电影, 我最近看过这部电视剧, 我最近在读这本书, 我想听这张唱片."""
    status, day = entry.mark.status, entry.mark.marked_on
    recent = bool(day) and (viewer.today - day).days < RECENT and section.medium in LATELY
    lately = status is Status.DOING or (status is Status.DONE and recent)
    kind = entry.subject.kind or Kind.MOVIE
    return f"我{'最近' if lately else ''}{section.words[status]}{section.thing(kind)}"


def _shares(score: float) -> list[tuple[int, str, int]]:
    """Stars, per cent and width of the bar in pixels, most stars first."""
    weights = [max(0.2, 10 - 2.2 * abs(score / 2 - stars) ** 2) for stars in range(5, 0, -1)]
    total, most = sum(weights), max(weights)
    return [
        (stars, f"{100 * weight / total:.1f}", round(64 * weight / most))
        for stars, weight in zip(range(5, 0, -1), weights, strict=True)
    ]


def _people(names: tuple[str, ...] | msgspec.UnsetType) -> list[dict[str, str]]:
    return [
        {
            "@type": "Person",
            "url": f"/celebrity/{1_000_000 + personage(name) % 1_000_000}/",
            "name": native_name(name),
        }
        for name in names or ()
    ]


def _linked(subject: Subject, name: str, *, tv: bool) -> dict[str, object]:
    """The JSON-LD of films, series and books."""
    if subject.key.medium is Medium.BOOK:
        url = f"https://book.douban.com/subject/{subject.key.id}/"
        return {
            "@context": "http://schema.org",
            "@type": "Book",
            "workExample": [],
            "name": subject.title,
            "author": [{"@type": "Person", "name": author} for author in subject.authors or ()],
            "url": url,
            "isbn": subject.isbn or "",
            "sameAs": url,
        }
    minutes = re.match(r"\d+", (subject.durations or ("0",))[0])
    length = int(minutes[0]) if minutes else 0
    linked: dict[str, object] = {
        "@context": "http://schema.org",
        "name": name,
        "url": f"/subject/{subject.key.id}/",
        "image": subject.cover or "",
        "director": _people(subject.directors),
        "author": _people(subject.writers),
        "actor": _people(subject.cast),
        "datePublished": (subject.released or ("",))[0].split("(")[0],
        "genre": list(subject.genres or ()),
        "duration": f"PT{length // 60}H{length % 60}M",
        "description": summary(subject.intro or "", 100),
        "@type": "TVSeries" if tv else "Movie",
    }
    if subject.score:
        linked["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingCount": str(subject.votes),
            "bestRating": "10",
            "worstRating": "2",
            "ratingValue": str(subject.score),
        }
    return linked


def _voices(subject: Subject) -> list[Voice]:
    seed = zlib.crc32(str(subject.key).encode())
    return [
        Voice(
            cid=str(1_000_000_000 + seed % 1_000_000_000 + turn),
            uid=str(60_000_000 + (seed >> turn) % 40_000_000),
            name=f"豆友{(seed >> turn) % 9000 + 1000}",
            stars=(seed >> turn) % 5 + 1,
            word=STARS[(seed >> turn) % 5 + 1],
            at=f"20{10 + turn * 3}-0{turn + 1}-1{turn} 2{turn % 4}:05:4{turn}",
            useful=(seed >> turn) % 900,
            text=words.SENTENCES[(seed >> turn) % len(words.SENTENCES)],
        )
        for turn in range(5)
    ]
