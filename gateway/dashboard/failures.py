"""Marks that Feishu did not take: what the owner sees of them, and one tried again, under ``/api/v1/failures``.

Needs the owner's cookie.
"""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from gateway.carriers import Carrier
from gateway.errors import BadInput, Issue
from gateway.feishu.values import page_of
from gateway.library import MarkKey
from gateway.model import Medium, SubjectKey
from gateway.state import PushState
from gateway.sync import Sync

PAGE = 50


class FailureShown(Struct, frozen=True, kw_only=True):
    """A mark that Feishu did not take."""

    key: MarkKey
    title: str | None
    issue: Issue
    """Feishu's reason."""
    page: str
    """The subject's, on Douban."""
    table: str
    """Address of the table that it is for."""


class FailuresShown(Struct, frozen=True):
    """Some of them, the newest marks first."""

    failures: list[FailureShown]
    next: str | None
    """The ``after`` of the ones that follow, if there are any."""


def failures(sync: Sync, after: str = "") -> FailuresShown:
    """Fifty. Raises BadInput for an ``after`` that is not ours."""
    place = after.split(":") if after else []
    if len(place) not in {0, 4}:
        raise BadInput(field="after")
    found = sync.failures(place, PAGE + 1)
    shown = [
        FailureShown(
            key=failure.key,
            title=failure.title,
            issue=failure.issue,
            page=page_of(failure.key.subject.medium, failure.key.subject.id),
            table=table.url,
        )
        for table, failure in found[:PAGE]
    ]
    return FailuresShown(shown, ":".join(found[PAGE - 1][1].place) if len(found) > PAGE else None)


class FailuresController(Controller):
    """Rows that Feishu did not take."""

    path = "/api/v1/failures"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/", summary="What Feishu did not take", sync_to_thread=False)
    def shown(self, request: Request[Any, Any, Any], sync: NamedDependency[Sync]) -> FailuresShown:
        """The newest first, fifty at a time. ``after`` is the ``next`` of the ones before."""
        return failures(sync, request.query_params.get("after", ""))

    @post(
        "/{medium:str}/{subject_id:str}/retry",
        summary="Try one row again",
        status_code=202,
        sync_to_thread=False,
    )
    def retry(
        self, medium: FromPath[Medium], subject_id: FromPath[str], carrier: NamedDependency[Carrier]
    ) -> PushState:
        """At once, and no other; ``POST /api/v1/push`` tries all. 404 for a mark that Feishu did not refuse."""
        account = carrier.account.id if carrier.account else ""
        carrier.sync.retry_mark(MarkKey(account, SubjectKey(medium, subject_id)))
        return carrier.sync.state
