"""The simulated Douban: who is asking, which page they get, and the ways in which Douban misbehaves."""

import re
from collections import Counter
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from gateway.model import Status, Subject, SubjectKey
from gateway.sandbox.douban.listing import Listing, asked_for, censored
from gateway.sandbox.douban.pages import render
from gateway.sandbox.douban.sections import PATHS, SECTIONS, Section
from gateway.sandbox.douban.subjects import matter
from gateway.sandbox.http import Drop, Request, Response, html, redirect
from gateway.sandbox.person import Entry, Person, Removed

LOGIN = "https://accounts.douban.com/passport/login"
TOO_MANY = 20
"""By how much ``wrong_counts`` claims too much: more than a page, so that the last link leads past the end."""
Blocked = Literal["403", "ip", "captcha", "robot"]
_LIST = re.compile(r"/people/([^/]+)/(collect|wish|do)/?")
_PEOPLE = re.compile(r"/people/([^/]+)/?")
_SUBJECT = re.compile(r"/subject/(\d+)/?")
_STATUSES = {path: status for status, path in PATHS.items()}


class Douban(Struct, kw_only=True):
    """Answers as book., movie., music., www., accounts. and sec.douban.com, by the Host header.

    The fields are switches that can be turned at any time. ``Douban(person=make_person())``.
    """

    person: Person
    others: list[Person] = []
    """More accounts: they can be looked at, and log in with their own cookie."""
    short_pages: bool = False
    """Some rows are hidden, in the middle of lists, and still counted. ``censored`` tells which."""
    wrong_counts: bool = False
    """Headings and page numbers claim more than there is."""
    challenge_after: int | None = None
    """After so many requests every page is a redirect to the proof of work."""
    blocked: Blocked | None = None
    logged_out: bool = False
    """The session has ended: own lists redirect to the log-in, other pages come as for nobody."""
    empty: bool = False
    """Pages come with status 200 and no byte."""
    pages: int = 0
    """Requests answered so far."""

    async def handle(self, request: Request) -> Response | Drop:
        """Answers one request."""
        self.pages += 1
        host = request.host.partition(":")[0].lower()
        if host.endswith(".doubanio.com"):
            return _picture(request)
        here = f"https://{host}{request.target or request.path}"
        if host == "sec.douban.com":
            return html(render("challenge.html", back=request.param("r", "https://www.douban.com/")))
        if host == "accounts.douban.com":
            return html(render("login.html"))
        return self._refusal(here) or self._page(request, host)

    def _refusal(self, here: str) -> Response | None:
        if self.empty:
            return html("")
        if self.blocked == "403":
            return html("error code: 004", 403)
        if self.blocked is not None:
            return html(render("refused.html", why=self.blocked, back=here))
        if self.challenge_after is not None and self.pages > self.challenge_after:
            return redirect(f"https://sec.douban.com/c?r={quote(here, safe='')}")
        return None

    def _page(self, request: Request, host: str) -> Response:
        viewer = None if self.logged_out else self._logged_in(request)
        section = SECTIONS.get(host)
        path = request.path
        if section is None and host != "www.douban.com":
            return _missing(None, viewer)
        if path in {"", "/"}:
            return html(render("home.html", section=section, viewer=viewer))
        if path.rstrip("/") == "/mine":
            return self._mine(request, section, viewer)
        if section and (found := _LIST.fullmatch(path)):
            return self._list(request, section, viewer, found[1], _STATUSES[found[2]])
        if section and (found := _SUBJECT.fullmatch(path)):
            return self._subject(section, viewer, SubjectKey(section.medium, found[1]))
        if (found := _PEOPLE.fullmatch(path)) and (owner := self._account(found[1])):
            return _front(section, viewer, owner)
        return _missing(section, viewer)

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
        path = status if status in _STATUSES else ""
        return redirect(f"{section.url}/people/{viewer.address}/{path}")

    def _list(
        self, request: Request, section: Section, viewer: Person | None, who: str, status: Status
    ) -> Response:
        owner = self._account(who)
        if owner is None:
            return _missing(section, viewer)
        if self.logged_out and "dbcl2" in request.headers.get("cookie", ""):
            return redirect(f"{LOGIN}?source={section.medium}&redir={quote(section.url + request.path)}")
        listing = asked_for(request, owner, section, status, who)
        listing.extra = TOO_MANY if self.wrong_counts else 0
        own = viewer is owner
        template = _list_template(section, listing)
        return html(
            render(
                template,
                section=section,
                viewer=viewer,
                owner=owner,
                own=own,
                listing=listing,
                heading=listing.heading(own=own),
                rows=[entry for entry in listing.slice if self._shows(entry, own=own)],
                tags=Counter(t for e in listing.all for t in e.mark.tags or ()).most_common(12),
            )
        )

    def _shows(self, entry: Entry, *, own: bool) -> bool:
        """Whether a row is on the page; it is counted in any case."""
        if self.short_pages and censored(entry):
            return False
        return own or not entry.mark.private

    def _subject(self, section: Section, viewer: Person | None, key: SubjectKey) -> Response:
        entries = [e for p in (self.person, *self.others) if (e := p.find(key) or p.unmarked.get(key))]
        if not entries or any(e.removed is Removed.UNKNOWN for e in entries):
            return html(render("gone.html", section=section, viewer=viewer, words="条目不存在"), 404)
        if any(e.removed for e in entries):
            return html(render("hidden.html", section=section, viewer=viewer))
        mine = viewer.find(key) if viewer else None
        subject = (mine or entries[0]).subject
        content = matter(section, subject, mine, self._alike(subject), viewer)
        return html(render(f"subject_{section.medium}.html", section=section, viewer=viewer, **content))

    def _alike(self, subject: Subject) -> list[Subject]:
        """Up to ten others of the same medium."""
        others = (
            e.subject for e in self.person.marks if not e.removed and e.key.medium is subject.key.medium
        )
        return [other for other in others if other.key != subject.key][:10]


def _list_template(section: Section, listing: Listing) -> str:
    if not listing.grid:
        return "list_plain.html"
    return "list_book.html" if section.medium == "book" else "list_grid.html"


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


def _picture(request: Request) -> Response:
    """Pictures are refused to other sites; to Douban's own pages this one simply has none."""
    if ".douban.com/" in request.headers.get("referer", ""):
        return Response(404)
    return Response(418, b"I'm a teapot\n", content_type="image/jpeg")
