"""The simulated Douban: who is asking, which page they get, and the ways in which Douban misbehaves."""

import random
import re
from collections import Counter
from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from gateway.model import Kind, Medium, Status, Subject, SubjectKey, photo_id
from gateway.sandbox.douban import challenge
from gateway.sandbox.douban.listing import Listing, asked_for, censored
from gateway.sandbox.douban.pages import render
from gateway.sandbox.douban.pictures import TEAPOT, picture
from gateway.sandbox.douban.rexxar import interests, refusal
from gateway.sandbox.douban.sections import BY_HOST, MAIN, PATHS, SECTIONS, Section
from gateway.sandbox.douban.subjects import matter
from gateway.sandbox.http import Drop, Request, Response, html, redirect
from gateway.sandbox.invent import Inventor
from gateway.sandbox.person import Entry, Person, Removed

LOGIN = "https://accounts.douban.com/passport/login"
TOO_MANY = 20
"""By how much ``wrong_counts`` claims too much: more than a page, so that the last link leads past the end."""
Blocked = Literal["403", "418", "429", "ip", "captcha", "robot"]
_STATUSES = {path: status for status, path in PATHS.items()}
_PEOPLE = re.compile(r"/people/([^/]+)/?")
_LIST = re.compile(r"/people/([^/]+)/(collect|wish|do)/?")
_SUBJECT = re.compile(r"/subject/(\d+)/?")
_GAMES = re.compile(r"/people/([^/]+)/games/?")
_GAME = re.compile(r"/game/(\d+)/?")
_DRAMAS = re.compile(r"/location/people/([^/]+)/drama/(collect|wish)/?")
_DRAMA_FRONT = re.compile(r"/location/people/([^/]+)/drama/?")
_DRAMA = re.compile(r"/location/drama/(\d+)/?")
_INTERESTS = re.compile(r"/rexxar/api/v2/user/([^/]+)/interests")


class Douban(Struct, kw_only=True):
    """Answers as book., movie., music., www., m., accounts. and sec.douban.com, by the Host header.

    The fields are switches that can be turned at any time. ``Douban(person=make_person())``. What belongs
    to single marks (taken down, broken, private) is in ``person``.
    """

    person: Person
    others: list[Person] = []
    """More accounts: they can be looked at, and log in with their own cookie."""

    # Lists that do not tell the truth.
    short_pages: bool = False
    """Some rows are hidden, in the middle of lists, and still counted. ``censored`` tells which."""
    wrong_counts: bool = False
    """Headings, page numbers and the totals of the mobile JSON claim more than there is."""
    hollow_every: int | None = None
    """Every so many list pages one comes without its rows (a soft throttle); asked again, it has them."""
    busy: bool = False
    """Before each list page but the first, the person marks something new there: rows move to later pages."""
    bare_removed: bool = False
    """The mobile JSON shows a removed mark as ``{}`` (seen since 2025), not as 未知电影."""

    before_2023: bool = False
    """Classes as they were: rows of grids are ``item``, a game has ``dl.game-attr``."""

    # Refusals.
    challenge_after: int | None = None
    """After so many requests every page is a redirect to the proof of work, until it is solved."""
    blocked: Blocked | None = None
    blocked_after: int = 0
    """``blocked`` holds after so many requests."""
    logged_out: bool = False
    """The session has ended: own lists redirect to the log-in, other pages come as for nobody."""
    session_ends_after: int | None = None
    """``logged_out`` after so many requests."""
    quiet: bool = False
    """With an ended session own lists do not redirect: they come as nobody sees them."""
    empty: bool = False
    """Pages come with status 200 and no byte."""
    cut_at: int | None = None
    """Pages come with status 200 and end after so many bytes."""

    odd_pictures: dict[str, Response | Drop] = {}
    """By the id of a photo: what is answered instead of it."""

    pages: int = 0
    """Requests answered so far."""
    pictures: Counter[str] = field(default_factory=Counter)
    """Pictures asked for so far, by the id of the photo."""
    lists: int = 0
    """List pages answered so far."""
    _inventor: Inventor = field(default_factory=lambda: Inventor(random.Random(7)))

    async def handle(self, request: Request) -> Response | Drop:
        """Answers one request."""
        self.pages += 1
        host = request.host.partition(":")[0].lower()
        if host.endswith(".doubanio.com"):
            return self._picture(request)
        here = f"https://{host}{request.target or request.path}"
        if host == "sec.douban.com":
            answer, solved = challenge.door(request)
            self.pages = 0 if solved else self.pages
            return answer
        if host == "accounts.douban.com":
            return html(render("login.html"))
        answer = self._refusal(here) or self._page(request, host)
        if self.cut_at is None or answer.status != 200:
            return answer
        return msgspec.structs.replace(answer, body=answer.body[: self.cut_at])

    def _picture(self, request: Request) -> Response | Drop:
        photo = photo_id(request.path)
        self.pictures[photo] += 1
        return self.odd_pictures.get(photo) or picture(request)

    @property
    def ended(self) -> bool:
        """The session has ended."""
        return self.logged_out or (
            self.session_ends_after is not None and self.pages > self.session_ends_after
        )

    def _refusal(self, here: str) -> Response | None:
        if self.empty:
            return html("")
        if self.blocked is not None and self.pages > self.blocked_after:
            return _blocked(self.blocked, here)
        if self.challenge_after is not None and self.pages > self.challenge_after:
            return redirect(f"https://sec.douban.com/c?r={quote(here, safe='')}")
        return None

    def _page(self, request: Request, host: str) -> Response:
        viewer = None if self.ended else self._logged_in(request)
        path = request.path
        if host == "m.douban.com":
            return self._mobile(request, viewer)
        section = BY_HOST.get(host)
        if section is None and host != MAIN:
            return _missing(None, viewer)
        if path in {"", "/"}:
            return html(render("home.html", section=section, viewer=viewer))
        if path.rstrip("/") == "/mine":
            return self._mine(request, section, viewer)
        return self._marks(request, section, viewer) or _missing(section, viewer)

    def _marks(self, request: Request, section: Section | None, viewer: Person | None) -> Response | None:
        """The pages where marks live; None if the address is none of them."""
        path = request.path
        if (found := _PEOPLE.fullmatch(path)) and (owner := self._account(found[1])):
            return _front(section, viewer, owner)
        if section is not None:
            if found := _LIST.fullmatch(path):
                return self._list(request, section, viewer, found[1], _STATUSES[found[2]])
            found = _SUBJECT.fullmatch(path)
            return self._subject(section, viewer, found[1]) if found else None
        if found := _GAMES.fullmatch(path):
            status = _STATUSES.get(request.param("action"), Status.DONE)
            return self._list(request, SECTIONS[Medium.GAME], viewer, found[1], status)
        if found := _DRAMAS.fullmatch(path):
            return self._list(request, SECTIONS[Medium.DRAMA], viewer, found[1], _STATUSES[found[2]])
        if (found := _DRAMA_FRONT.fullmatch(path)) and (owner := self._account(found[1])):
            return _front(SECTIONS[Medium.DRAMA], viewer, owner)
        for pattern, medium in ((_GAME, Medium.GAME), (_DRAMA, Medium.DRAMA)):
            if found := pattern.fullmatch(path):
                return self._subject(SECTIONS[medium], viewer, found[1])
        return None

    def _mobile(self, request: Request, viewer: Person | None) -> Response:
        if request.path.rstrip("/") == "/mine":
            return (
                html(render("mobile_mine.html", viewer=viewer))
                if viewer
                else redirect(f"{LOGIN}?source=main")
            )
        found = _INTERESTS.fullmatch(request.path)
        owner = self._account(found[1]) if found else None
        if owner is None:
            return refusal(request, 404, 1001, "not_found") if found else _missing(None, viewer)
        extra = TOO_MANY if self.wrong_counts else 0
        return interests(request, viewer, owner, extra=extra, bare_removed=self.bare_removed)

    def _logged_in(self, request: Request) -> Person | None:
        """Whose session cookie this is."""
        pairs = (pair.partition("=") for pair in request.headers.get("cookie", "").split(";"))
        cookies = {name.strip(): value.strip() for name, _, value in pairs}
        session = cookies.get("dbcl2", "").strip('"')
        return next(
            (p for p in (self.person, *self.others) if session and p.dbcl2.strip('"') == session), None
        )

    def _account(self, who: str) -> Person | None:
        return next((p for p in (self.person, *self.others) if who and who in {p.id, p.slug}), None)

    def _mine(self, request: Request, section: Section | None, viewer: Person | None) -> Response:
        """To the viewer's own pages. The main site answers nobody with 403, the sections with the log-in."""
        if section is None:
            if viewer is None:
                return html("", 403)
            return redirect(f"https://www.douban.com/people/{viewer.address}/")
        if viewer is None:
            return redirect(f"{LOGIN}?source={section.medium}")
        status = request.param("status")
        return redirect(
            section.list_of(viewer.address, _STATUSES[status])
            if status in _STATUSES
            else section.front(viewer.address)
        )

    def _list(
        self, request: Request, section: Section, viewer: Person | None, who: str, status: Status
    ) -> Response:
        owner = self._account(who)
        if owner is None:
            return _missing(section, viewer)
        if self.ended and not self.quiet and "dbcl2" in request.headers.get("cookie", ""):
            return redirect(f"{LOGIN}?source={section.code}&redir={quote(section.url + request.path)}")
        listing = asked_for(request, owner, section, status, who)
        self.lists += 1
        if self.busy and listing.start:
            self._mark_something(owner, section.medium, status)
        listing.extra = TOO_MANY if self.wrong_counts else 0
        own = viewer is owner
        hollow = self.hollow_every is not None and self.lists % self.hollow_every == 0
        rows = [] if hollow else [entry for entry in listing.slice if self._shows(entry, own=own)]
        return html(
            render(
                _list_template(section, listing),
                section=section,
                viewer=viewer,
                owner=owner,
                own=own,
                listing=listing,
                heading=listing.heading(own=own),
                rows=rows,
                before_2023=self.before_2023,
                tags=Counter(t for e in listing.all for t in e.mark.tags or ()).most_common(12),
                counts={each: len(owner.of(section.medium, each)) for each in Status},
            )
        )

    def _mark_something(self, owner: Person, medium: Medium, status: Status) -> None:
        kind = Kind.TV if medium is Medium.MOVIE else Kind(medium)
        subject = self._inventor.any(kind)
        while owner.find(subject.key):
            subject = self._inventor.any(kind)
        owner.add(subject, status)

    def _shows(self, entry: Entry, *, own: bool) -> bool:
        """Whether a row is on the page; it is counted in any case."""
        if self.short_pages and censored(entry):
            return False
        return own or not entry.mark.private

    def _subject(self, section: Section, viewer: Person | None, number: str) -> Response:
        key = SubjectKey(section.medium, number)
        entries = [e for p in (self.person, *self.others) if (e := p.find(key) or p.unmarked.get(key))]
        if not entries or any(e.removed is Removed.UNKNOWN for e in entries):
            return html(render("gone.html", section=section, viewer=viewer, words="条目不存在"), 404)
        if any(e.removed for e in entries):
            return html(render("hidden.html", section=section, viewer=viewer))
        mine = viewer.find(key) if viewer else None
        subject = (mine or entries[0]).subject
        content = matter(section, subject, mine, self._alike(subject), viewer)
        content["before_2023"] = self.before_2023
        return html(render(f"subject_{section.medium}.html", section=section, viewer=viewer, **content))

    def _alike(self, subject: Subject) -> list[Subject]:
        """Up to ten others of the same medium."""
        others = (
            e.subject for e in self.person.marks if not e.removed and e.key.medium is subject.key.medium
        )
        return [other for other in others if other.key != subject.key][:10]


def _blocked(why: Blocked, here: str) -> Response:
    if why == "403":
        return html("error code: 004", 403)
    if why == "418":
        return TEAPOT
    if why == "429":
        return html("", 429)
    return html(render("refused.html", why=why, back=here))


def _list_template(section: Section, listing: Listing) -> str:
    if not listing.grid:
        return "list_plain.html"
    own_shape = section.medium in {Medium.BOOK, Medium.GAME}
    return f"list_{section.medium}.html" if own_shape else "list_grid.html"


def _front(section: Section | None, viewer: Person | None, owner: Person) -> Response:
    """A person's front page, of all Douban or of one section."""
    parts = SECTIONS.values()
    counts = {part.medium: {s: len(owner.of(part.medium, s)) for s in Status} for part in parts}
    latest = {part.medium: owner.of(part.medium, Status.DONE)[:5] for part in parts}
    return html(
        render(
            "overview.html" if section else "profile.html",
            section=section,
            viewer=viewer,
            owner=owner,
            own=viewer is owner,
            counts=counts,
            latest=latest,
        )
    )


def _missing(section: Section | None, viewer: Person | None) -> Response:
    return html(render("gone.html", section=section, viewer=viewer, words="页面不存在"), 404)
