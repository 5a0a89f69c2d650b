"""What the owner may ask and change of the push, as JSON under ``/api/v1``. Needs the owner's cookie."""

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct, structs

from gateway.dashboard.versions import IfMatch, agree, tagged
from gateway.edits import EditPolicy
from gateway.ledger import Policy
from gateway.plan import Plan
from gateway.runs import Run
from gateway.state import PushState
from gateway.sync import Sync


class PushAsked(PushState, frozen=True, kw_only=True):
    """How the push is, now that something was asked of it."""

    run: Run
    """In which that is done: what it did before was not for this. It may be none of the runs when it could not begin."""


class PlanAccepted(Struct, frozen=True, forbid_unknown_fields=True):
    """The person agrees to what a push would write."""

    likely: bool = False
    """Rows that have only ISBN, or title and year, in common with a mark are taken for its row, too."""


class RemovalsInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy for marks that the person took away on Douban."""

    policy: Policy


class EditsInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy for cells of ours that the person edited in Feishu."""

    policy: EditPolicy


class Restored(Struct, frozen=True):
    """How many rows are to be made again."""

    rows: int


class PushController(Controller):
    """What goes to Feishu, and what becomes of what the person did there or on Douban."""

    path = "/api/v1"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/plan", summary="What a push would write")
    async def plan(self, sync: NamedDependency[Sync]) -> Plan:
        """Read from the library and from Feishu; nothing is written. Any of ``errors.FeishuError``."""
        return await sync.plan()

    @post("/plan/accept", summary="Agree to the plan", status_code=202)
    async def accept(self, data: JSONBody[PlanAccepted], sync: NamedDependency[Sync]) -> PushState:
        """From now on tables that had rows before are written, too. Any of ``errors.FeishuError``."""
        await sync.accept(likely=data.likely)
        return sync.state

    @get("/removals", summary="What becomes of rows whose mark is gone", sync_to_thread=False)
    def removals(self, sync: NamedDependency[Sync]) -> Response[RemovalsInput]:
        """The policy."""
        return tagged(RemovalsInput(sync.rows.removals), sync.rows.removals)

    @put("/removals", summary="Set what becomes of rows whose mark is gone", sync_to_thread=False)
    def set_removals(
        self, data: JSONBody[RemovalsInput], sync: NamedDependency[Sync], if_match: IfMatch = None
    ) -> Response[RemovalsInput]:
        """From the next removal on."""
        agree(if_match, sync.rows.removals)
        sync.rows.removals = data.policy
        return tagged(data, sync.rows.removals)

    @get("/edits", summary="Whose an edited cell is", sync_to_thread=False)
    def edits(self, sync: NamedDependency[Sync]) -> Response[EditsInput]:
        """The policy."""
        return tagged(EditsInput(sync.rows.edits.policy), sync.rows.edits.policy)

    @put("/edits", summary="Set whose an edited cell is", sync_to_thread=False)
    def set_edits(
        self, data: JSONBody[EditsInput], sync: NamedDependency[Sync], if_match: IfMatch = None
    ) -> Response[EditsInput]:
        """With ``theirs`` the tables are looked through at once; with ``ours`` the next check writes the cells again."""
        agree(if_match, sync.rows.edits.policy)
        sync.set_edits(data.policy)
        return tagged(data, sync.rows.edits.policy)

    @post("/check", summary="Look through the tables", status_code=202, sync_to_thread=False)
    def check(self, sync: NamedDependency[Sync]) -> PushAsked:
        """Finds cells of ours that the person edited and rows that they deleted; one call for 500 rows."""
        run = sync.check()
        return PushAsked(**structs.asdict(sync.state), run=run)

    @post("/deleted/restore", summary="Make deleted rows again", status_code=202)
    async def restore(self, sync: NamedDependency[Sync]) -> Restored:
        """All rows that the person deleted in Feishu. One that they put back themselves is not made twice."""
        return Restored(await sync.restore())

    @post("/push/pause", summary="Stop writing", status_code=202, sync_to_thread=False)
    def pause(self, sync: NamedDependency[Sync]) -> PushState:
        """Before the next batch, until it is resumed; captures are kept and read all the same."""
        sync.pause(on=True)
        return sync.state

    @post("/push/resume", summary="Go on writing", status_code=202, sync_to_thread=False)
    def resume(self, sync: NamedDependency[Sync]) -> PushState:
        """From where it stopped."""
        sync.pause(on=False)
        return sync.state

    @post("/push", summary="Push now", status_code=202, sync_to_thread=False)
    def push(self, sync: NamedDependency[Sync]) -> PushAsked:
        """Tries again at once, also what Feishu did not take."""
        run = sync.retry()
        return PushAsked(**structs.asdict(sync.state), run=run)
