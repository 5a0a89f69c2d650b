"""The marks of the library and what became of each, as JSON under ``/api/v1/marks`` and as pages under ``/marks``.

Needs the owner's cookie.
"""

from typing import Any

from litestar import Controller, MediaType, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from msgspec import Struct

from gateway.carriers import Carrier
from gateway.catalogue import Catalogue, MarkShown, MarksShown, Past
from gateway.dashboard.failures import failures
from gateway.dashboard.history import stars, told
from gateway.dashboard.pages import language_of, page_words
from gateway.errors import BadInput
from gateway.feishu.values import kind_name, page_of, status_name
from gateway.library import Library
from gateway.model import Medium, SubjectKey

_LONGEST = 100
"""Signs of a query."""


class MarkTold(Struct, frozen=True):
    """A mark and all that became of it, the newest first."""

    mark: MarkShown
    history: list[Past]


def _asked(request: Request[Any, Any, Any]) -> tuple[str, str]:
    """``query`` (which is a name of Litestar's own) and ``after``. Raises BadInput."""
    query, after = (str(request.query_params.get(name, "")) for name in ("query", "after"))
    if len(query) > _LONGEST:
        raise BadInput(field="query")
    return query, after


def _search(catalogue: Catalogue, carrier: Carrier, query: str, after: str) -> MarksShown:
    """Raises BadInput."""
    return catalogue.search(_account(carrier), query, after, _tables(carrier))


def _mark(catalogue: Catalogue, carrier: Carrier, key: SubjectKey) -> MarkTold:
    """Raises NoSuchThing."""
    account = _account(carrier)
    return MarkTold(catalogue.mark(account, key, _tables(carrier)), catalogue.history(account, key))


def _account(carrier: Carrier) -> str:
    """Whose marks are looked through; empty, which is nobody's, before the first page came."""
    return carrier.account.id if carrier.account else ""


def _tables(carrier: Carrier) -> dict[str, str]:
    return {table.key: table.url for table in carrier.sync.rows.tables}


class MarksController(Controller):
    """Marks."""

    path = "/api/v1/marks"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/", summary="Look through the marks", sync_to_thread=False)
    def search(
        self,
        request: Request[Any, Any, Any],
        catalogue: NamedDependency[Catalogue],
        carrier: NamedDependency[Carrier],
    ) -> MarksShown:
        """The newest first, thirty at a time; of a ``query`` all words must be in title, tags or comment.

        ``after`` is the ``next`` of the ones before.
        """
        return _search(catalogue, carrier, *_asked(request))

    @get("/{medium:str}/{subject_id:str}", summary="A mark and its history", sync_to_thread=False)
    def show(
        self,
        medium: FromPath[Medium],
        subject_id: FromPath[str],
        catalogue: NamedDependency[Catalogue],
        carrier: NamedDependency[Carrier],
    ) -> MarkTold:
        """404 for a mark that the library does not have."""
        return _mark(catalogue, carrier, SubjectKey(medium, subject_id))


class MarkPagesController(Controller):
    """The same for a person's eyes. Links and a plain form: they work without a script."""

    path = "/marks"
    include_in_schema = False
    media_type = MediaType.HTML

    @get("/", sync_to_thread=False)
    def search(
        self,
        request: Request[Any, Any, Any],
        catalogue: NamedDependency[Catalogue],
        library: NamedDependency[Library],
        carrier: NamedDependency[Carrier],
    ) -> Template:
        """The marks, and a box to search them."""
        language = language_of(request)
        query, after = _asked(request)
        found = _search(catalogue, carrier, query, after)
        held = sum(library.counts(_account(carrier)).values())
        context = {"found": found, "query": query, "after": after, "held": held}
        return Template("marks.html", context=_words(language, carrier) | context)

    @get("/{medium:str}/{subject_id:str}", sync_to_thread=False)
    def show(
        self,
        request: Request[Any, Any, Any],
        medium: FromPath[Medium],
        subject_id: FromPath[str],
        catalogue: NamedDependency[Catalogue],
        carrier: NamedDependency[Carrier],
    ) -> Template:
        """One mark and its history."""
        language = language_of(request)
        found = _mark(catalogue, carrier, SubjectKey(medium, subject_id))
        context = {"mark": found.mark, "history": [told(language, medium, past) for past in found.history]}
        return Template("mark.html", context=_words(language, carrier) | context)


@get("/failures", include_in_schema=False, media_type=MediaType.HTML, sync_to_thread=False)
def failed(request: Request[Any, Any, Any], carrier: NamedDependency[Carrier]) -> Template:
    """All that Feishu did not take."""
    after = request.query_params.get("after", "")
    context = {
        "found": failures(carrier.sync, after),
        "after": after,
        "number": carrier.sync.of_rows.failed,
    }
    return Template("failed.html", context=_words(language_of(request), carrier) | context)


def _words(language: str, carrier: Carrier) -> dict[str, Any]:
    return {
        **page_words(language, carrier.owner),
        "stars": stars,
        "kind_name": kind_name,
        "status_name": status_name,
        "page_of": page_of,
    }
