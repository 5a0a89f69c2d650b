"""Marks that Feishu did not take: what the owner sees of them, and one tried again, under ``/api/v1/failures``.

Needs the owner's cookie.
"""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from gateway.carriers import Carrier
from gateway.errors import Issue
from gateway.feishu.values import page_of
from gateway.library import MarkKey
from gateway.model import Medium, SubjectKey
from gateway.state import PushState
from gateway.sync import Sync


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


def failures(sync: Sync) -> list[FailureShown]:
    """The first fifty of each table."""
    return [
        FailureShown(
            key=failure.key,
            title=failure.title,
            issue=failure.issue,
            page=page_of(failure.key.subject.medium, failure.key.subject.id),
            table=table.url,
        )
        for table, failure in sync.failures()
    ]


class FailuresController(Controller):
    """Rows that Feishu did not take."""

    path = "/api/v1/failures"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

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
