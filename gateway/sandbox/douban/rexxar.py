"""The mobile JSON: ``m.douban.com/rexxar/api/v2/user/<id>/interests``, as the phone's own pages read it.

Keys, their order and their types are those of captured answers (films, series, books, music, one game). Not
captured anywhere, and therefore our best guess: stage dramas, games that were taken down, the bodies of 403 and 500.
"""

from msgspec import UNSET

from gateway.model import Kind, Medium, Status, Subject
from gateway.sandbox import words
from gateway.sandbox.douban.listing import titles
from gateway.sandbox.douban.sections import SECTIONS, STATIC
from gateway.sandbox.http import Request, Response, json
from gateway.sandbox.person import Entry, Person, Removed

STATUSES = {"mark": Status.WISH, "doing": Status.DOING, "done": Status.DONE}
REFERER = "https://m.douban.com/"
DEFAULT_COUNT = 20
MAX_COUNT = 50

_COLOURS = {
    "is_dark": True,
    "primary_color_light": "726253",
    "_base_color": [0.08045977011494253, 0.27619047619047615, 0.8235294117647058],
    "secondary_color": "f9f7f4",
    "_avg_color": [0.06439393939393939, 0.43137254901960786, 0.4],
    "primary_color_dark": "4c4137",
}
_SCREEN = (
    "rating controversy_reason pubdate pic honor_infos is_show vendor_icons year card_subtitle id genres title "
    "is_released actors color_scheme type has_linewatch vendor_desc cover_url sharing_url url release_date uri "
    "subtype directors album_no_interact article_intros null_rating_reason"
)
_SHAPES = {
    Kind.MOVIE: _SCREEN,
    Kind.TV: _SCREEN,
    Kind.BOOK: "rating controversy_reason pubdate pic honor_infos other_versions_count is_show vendor_icons "
    "card_subtitle book_subtitle id author is_released vendor_original_price color_scheme type cover_url "
    "min_sale_price press pages sharing_url url title uri subtype intro buy_more_uri null_rating_reason "
    "article_intros vendor_sale_price has_ebook",
    Kind.MUSIC: "rating genres controversy_reason pubdate title url pic singer is_playable uri is_released is_show "
    "cover_url article_intros subtype card_subtitle color_scheme type id null_rating_reason sharing_url",
    Kind.GAME: "rating genres controversy_reason title url release_date pic uri cover_url is_released card_subtitle "
    "is_show article_intros subtype cn_name color_scheme platforms type id null_rating_reason sharing_url",
    Kind.DRAMA: "rating genres controversy_reason title url pic uri cover_url is_released card_subtitle is_show "
    "article_intros subtype color_scheme type id null_rating_reason sharing_url",
}
"""The keys of a subject, in Douban's order."""


def interests(
    request: Request, viewer: Person | None, owner: Person, *, extra: int, bare_removed: bool
) -> Response:
    """One page. ``extra`` is by how much the total is wrong; ``bare_removed`` makes ``{}`` of removed marks."""
    if viewer is None or not request.headers.get("referer", "").startswith(REFERER):
        return refusal(request, 403, 1287, "need_permission")
    if request.param("ck", viewer.ck) != viewer.ck:
        return refusal(request, 403, 103, "invalid_ck")
    medium, status = request.param("type"), STATUSES.get(request.param("status"))
    chosen = [
        entry
        for entry in owner.marks
        if medium in {"", entry.key.medium} and status in {None, entry.mark.status}
    ]
    start = _number(request.param("start"), 0)
    count = min(_number(request.param("count"), DEFAULT_COUNT), MAX_COUNT)
    page = chosen[start : start + count]
    if any(entry.broken for entry in page):
        return refusal(request, 500, 500, "internal_error")
    shown = [entry for entry in page if viewer is owner or not entry.mark.private]
    envelope = {
        "count": len(shown),
        "start": start,
        "total": len(chosen) + extra,
        "filters": _filters(medium),
        "interests": [
            {} if bare_removed and entry.removed is Removed.UNKNOWN else _interest(entry) for entry in shown
        ],
    }
    return json(envelope)


def refusal(request: Request, status: int, code: int, message: str) -> Response:
    """The API's way of saying no."""
    asked = f"{request.method} {request.path.removeprefix('/rexxar/api')}"
    return json({"msg": message, "code": code, "request": asked, "localized_message": ""}, status)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise


def _filters(medium: str) -> list[dict[str, object]]:
    years: dict[str, object] = {
        "tags": [{"name": name, "key": name} for name in ("全部", "2026", "2025", "2020年代", "更早")],
        "type": "year",
        "title": "年代",
    }
    forms: dict[str, object] = {
        "tags": [
            {"name": name, "key": key} for name, key in (("全部", ""), ("电影", "movie"), ("电视", "tv"))
        ],
        "type": "subtype",
        "title": "形式",
    }
    return [years, forms] if medium == "movie" else [years]


def _interest(entry: Entry) -> dict[str, object]:
    mark, subject = entry.mark, _subject(entry)
    stars = [f"我的评分：{'★' * mark.rating}"] if mark.rating else []
    said = [mark.comment] if mark.comment else []
    target = f"/subject/{entry.key.id}/interest/{mark.mark_id}"
    shared = " ".join((*stars, *said, str(subject["sharing_url"]), "来自@豆瓣App"))
    return {
        "comment": mark.comment or "",
        "rating": {"count": 1, "max": 5, "star_count": mark.rating, "value": mark.rating} if mark.rating else None,
        "sharing_text": shared,
        "sharing_url": f"https://www.douban.com/doubanapp/dispatch?uri={target}",
        "tags": list(mark.tags or ()),
        "charts": [],
        "is_editable": False,
        "platforms": _platforms(entry.subject)[:1] if mark.status is Status.DONE else [],
        "vote_count": entry.useful,
        "create_time": f"{entry.made:%Y-%m-%d %H:%M:%S}",
        "status": next(name for name, status in STATUSES.items() if status is mark.status),
        "id": int(mark.mark_id or 0),
        "is_private": bool(mark.private),
        "subject": subject,
    }  # fmt: skip


def _subject(entry: Entry) -> dict[str, object]:
    kind = entry.subject.kind or Kind.MOVIE
    gone = entry.removed in {Removed.UNKNOWN, Removed.TITLE_ONLY}
    facts = _facts(entry, kind) | (_gone(entry, kind) if gone else {})
    return {key: facts[key] for key in _SHAPES[kind].split()}


def _facts(entry: Entry, kind: Kind) -> dict[str, object]:
    """All that is told of a subject of any kind."""
    subject, section = entry.subject, SECTIONS[entry.key.medium]
    number, score = entry.key.id, subject.score or 0
    cover = subject.cover or section.placeholder
    url, ebook = section.subject(number), kind is Kind.BOOK and int(number) % 3 == 0
    app = f"https://www.douban.com/doubanapp/dispatch/movie/{number}"
    honour = {
        "kind": str(section.medium),
        "uri": f"douban://douban.com/subject_collection/{section.medium}_top250",
        "rank": int(number) % 250 + 1,
        "title": "豆瓣Top250",
    }
    return {
        "actors": _named((subject.cast or ())[:10]),
        "album_no_interact": False,
        "article_intros": [],
        "author": list(subject.authors or ()),
        "book_subtitle": subject.subtitle or "",
        "buy_more_uri": "",
        "card_subtitle": _card(subject),
        "cn_name": subject.title or "",
        "color_scheme": _COLOURS,
        "controversy_reason": "",
        "cover_url": cover,
        "directors": _named(subject.directors or ()),
        "genres": list(subject.genres or ()),
        "has_ebook": ebook,
        "has_linewatch": entry.playable,
        "honor_infos": [honour] if score > 9 else [],
        "id": number,
        "intro": subject.intro or "",
        "is_playable": True,
        "is_released": True,
        "is_show": False,
        "min_sale_price": None,
        "null_rating_reason": "" if score else "暂无评分",
        "other_versions_count": int(number) % 60,
        "pages": [subject.pages] if subject.pages else [],
        "pic": {"large": cover.replace("/s_ratio", "/m_ratio").replace("/subject/s/", "/subject/l/"), "normal": cover},
        "platforms": _platforms(subject),
        "press": [subject.publisher] if subject.publisher else [],
        "pubdate": list(subject.released or ()),
        "rating": {
            "count": subject.votes or 0,
            "max": 10,
            "star_count": _short(round(score) / 2),
            "value": _short(score),
        },
        "release_date": _premiere(subject, kind),
        "sharing_url": app if section.medium is Medium.MOVIE else url,
        "singer": _named(subject.performers or ()),
        "subtype": str(kind),
        "title": titles(section, entry)[0] if kind is Kind.GAME else subject.title or "",
        "type": str(kind),
        "uri": f"douban://douban.com/{kind}/{number}",
        "url": url,
        "vendor_desc": "",
        "vendor_icons": [f"{STATIC}/f/frodo/8286b9b5240f/pics/vendors/logo.png"] if entry.playable or ebook else [],
        "vendor_original_price": "",
        "vendor_sale_price": "",
        "year": str(subject.year or ""),
    }  # fmt: skip


def _premiere(subject: Subject, kind: Kind) -> str | None:
    """Games have a day, films where it is one in China, series none."""
    days = [day for day in subject.released or () if kind is Kind.GAME or "(中国大陆" in day]
    return days[0].partition("(")[0] if days and kind is not Kind.TV else None


def _gone(entry: Entry, kind: Kind) -> dict[str, object]:
    """What differs where Douban took the subject down. Lists may still have its title; here nothing has."""
    picture = f"{STATIC}/f/frodo/568eb8fac54d39fe599b/pics/subject/{kind}_large.jpg"
    return {
        "card_subtitle": "",
        "color_scheme": None,
        "cover_url": picture,
        "is_released": False,
        "null_rating_reason": "",
        "pic": {"large": picture, "normal": picture.replace("_large.jpg", "_normal.png")},
        "sharing_url": "",
        "subtype": "",
        "title": SECTIONS[entry.key.medium].gone(kind),
        "year": "",
    }


def _card(subject: Subject) -> str:
    """The line under the title: what it holds, and in which order, is another thing for each kind."""
    year = str(subject.year or "")
    if subject.kind is Kind.BOOK:
        return _line(" ".join(subject.authors or ()), year, subject.publisher)
    if subject.kind is Kind.MUSIC:
        return _line(" / ".join(subject.performers or ()), year)
    if subject.kind is Kind.GAME:
        return (subject.brief or "").replace(" / ", "/")
    if subject.kind is Kind.DRAMA:
        return subject.brief or ""
    people = (subject.countries, subject.genres, subject.directors, (subject.cast or ())[:2])
    return _line(year, *(" ".join(names or ()) for names in people))


def _line(*parts: str | None | object) -> str:
    return " / ".join(str(part) for part in parts if part and part is not UNSET)


def _named(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def _platforms(subject: Subject) -> list[dict[str, str | int]]:
    return [
        {
            "abbreviation": words.PLATFORMS[name][1],
            "cn_name": name,
            "id": words.PLATFORMS[name][0],
            "name": name,
        }
        for name in subject.platforms or ()
    ]


def _short(number: float) -> float:
    """``7`` for 7.0, as the API spells it."""
    return int(number) if number == int(number) else number
