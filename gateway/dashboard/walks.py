"""What the owner may ask and change of walks over the lists, and of their schedule, as JSON. Needs the owner's cookie."""

from datetime import datetime

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct, structs

from gateway.asked import AskedShown
from gateway.coverage import Coverage
from gateway.dashboard.versions import IfMatch, agree, tagged, version
from gateway.errors import Issue
from gateway.journey import WalkKind, WalkShown
from gateway.model import Medium, Status
from gateway.removals import Question
from gateway.schedule import Schedule, Scheduler
from gateway.walk import Walks


class WalkInput(Struct, frozen=True, forbid_unknown_fields=True):
    """From the newest mark to what is known, or to the end of every list."""

    kind: WalkKind = "sync"


class CoverageShown(Struct, frozen=True, kw_only=True):
    """How far one list is known, and what the last walk to its end proves."""

    medium: Medium
    status: Status
    known: Coverage
    hidden: int
    gap: str | None
    """``changed`` or ``skipped``: why that walk does not tell what is gone."""

    @classmethod
    def of(cls, known: Coverage) -> "CoverageShown":
        return cls(medium=known.medium, status=known.status, known=known, hidden=known.hidden, gap=known.gap)


class QuestionShown(Question, frozen=True, kw_only=True):
    """What waits for the person's word. Who answers sends ``version`` as If-Match: it is these marks that they saw."""

    version: str


class WalksShown(Struct, frozen=True, kw_only=True):
    """The walk that is under way or the last one, and what is known by all of them."""

    walk: WalkShown | None
    lists: list[CoverageShown]
    removals: list[QuestionShown]
    """Marks that seem to be gone, more than a few at once: nothing happens to them before the person says so."""

    @classmethod
    def of(cls, walks: Walks) -> "WalksShown":
        lists = [CoverageShown.of(each) for each in walks.coverage]
        questions = [
            QuestionShown(**structs.asdict(each), version=version(each.marks)) for each in walks.questions
        ]
        return cls(walk=walks.shown, lists=lists, removals=questions)


class Removed(Struct, frozen=True):
    """How many marks are taken for removed."""

    removed: int


class ScheduleShown(Struct, frozen=True, kw_only=True):
    """The schedule, and when it comes next."""

    schedule: Schedule
    next: datetime | None
    problem: Issue | None
    """What keeps it from working, and what to do."""
    asked: AskedShown | None
    """What an open browser was asked for last, and how it fared."""

    @classmethod
    def of(cls, scheduler: Scheduler) -> "ScheduleShown":
        asked = scheduler.asked.shown(scheduler.clock())
        return cls(schedule=scheduler.schedule, next=scheduler.next, problem=scheduler.problem, asked=asked)


class WalksController(Controller):
    """Walks."""

    path = "/api/v1/walks"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/", summary="How far the lists are known", sync_to_thread=False)
    def show(self, walks: NamedDependency[Walks]) -> WalksShown:
        """The walk, each list, and what waits for the person's word."""
        return WalksShown.of(walks)

    @post("/", summary="Walk over all lists", status_code=202, sync_to_thread=False)
    def start(self, data: JSONBody[WalkInput], walks: NamedDependency[Walks]) -> WalksShown:
        """A sync, or a full check. 409 while one is under way, or without a log-in of the account."""
        walks.start(data.kind)
        return WalksShown.of(walks)

    @delete("/", summary="Cancel the walk", status_code=200, sync_to_thread=False)
    def cancel(self, walks: NamedDependency[Walks]) -> WalksShown:
        """What it took in stays. 404 if none is under way."""
        walks.cancel()
        return WalksShown.of(walks)

    @post("/pause", summary="Pause the walk", status_code=202, sync_to_thread=False)
    def pause(self, walks: NamedDependency[Walks]) -> WalksShown:
        """After the page under way, until it is let go on. 404 if none is under way."""
        walks.pause()
        return WalksShown.of(walks)

    @post("/resume", summary="Let a walk go on", status_code=202, sync_to_thread=False)
    def resume(self, walks: NamedDependency[Walks]) -> WalksShown:
        """One that stopped, was paused, or waits for the network. 404 if none is under way."""
        walks.resume()
        return WalksShown.of(walks)

    @post("/removals/{medium:str}/accept", summary="They are gone", status_code=200, sync_to_thread=False)
    def accept(
        self, medium: FromPath[Medium], walks: NamedDependency[Walks], if_match: IfMatch = None
    ) -> Removed:
        """The marks of ``removals`` are taken for removed. 404 if nothing was asked of that medium."""
        _agree(if_match, walks, medium)
        return Removed(walks.accept(medium))

    @post(
        "/removals/{medium:str}/decline", summary="They are not gone", status_code=200, sync_to_thread=False
    )
    def decline(
        self, medium: FromPath[Medium], walks: NamedDependency[Walks], if_match: IfMatch = None
    ) -> Removed:
        """Nobody asks again until they were seen once more. 404 if nothing was asked of that medium."""
        _agree(if_match, walks, medium)
        walks.decline(medium)
        return Removed(0)


def _agree(seen: str | None, walks: Walks, medium: Medium) -> None:
    """Raises ChangedMeanwhile if other marks are asked about than those that were seen."""
    for question in walks.questions:
        if question.medium is medium:
            agree(seen, question.marks)


class ScheduleController(Controller):
    """The schedule of walks."""

    path = "/api/v1/schedule"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/", summary="When walks begin by themselves", sync_to_thread=False)
    def show(self, scheduler: NamedDependency[Scheduler]) -> Response[ScheduleShown]:
        """The schedule, and when it comes next."""
        return tagged(ScheduleShown.of(scheduler), scheduler.schedule)

    @put("/", summary="Set when walks begin by themselves", sync_to_thread=False)
    def change(
        self, data: JSONBody[Schedule], scheduler: NamedDependency[Scheduler], if_match: IfMatch = None
    ) -> Response[ScheduleShown]:
        """Off, hourly, daily, or on some days of the week."""
        agree(if_match, scheduler.schedule)
        scheduler.set(data)
        return tagged(ScheduleShown.of(scheduler), scheduler.schedule)

    @post("/asked", summary="Have a browser read now", status_code=202, sync_to_thread=False)
    def ask(self, scheduler: NamedDependency[Scheduler]) -> ScheduleShown:
        """One that is open begins within five minutes. 404 unless it is browsers that the schedule asks."""
        scheduler.ask()
        return ScheduleShown.of(scheduler)

    @delete("/asked", summary="No browser need read any more", status_code=200, sync_to_thread=False)
    def cancel(self, scheduler: NamedDependency[Scheduler]) -> ScheduleShown:
        """One that reads stops before its next page; what it took in stays. 404 if none is asked."""
        scheduler.asked.cancel(scheduler.clock())
        return ScheduleShown.of(scheduler)
