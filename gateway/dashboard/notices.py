"""What the owner may ask and change of notices, as JSON under ``/api/v1/notices``. Needs the owner's cookie."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.security.jwt import Token
from msgspec import Meta, Struct

from gateway.audit import Act, Audit
from gateway.dashboard.versions import IfMatch, agree, tagged
from gateway.errors import Issue
from gateway.notices import Notices, NoticeSetting, NoticeWay
from gateway.security import Owner, source_of


class NoticesInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to tell of news, and of what needs the person."""

    way: NoticeWay
    webhook: Annotated[str, Meta(max_length=300)] = ""
    """Of a custom bot. Empty keeps the one that is stored."""
    sign: Annotated[str, Meta(max_length=200)] = ""
    """The bot's secret, if it checks signatures. Empty keeps the one that is stored, unless there is a new webhook."""
    receiver_kind: Annotated[str, Meta(pattern="^(open_id|user_id|union_id|email|chat_id)$")] = "email"
    receiver: Annotated[str, Meta(max_length=200)] = ""
    """For a message of the app: to whom."""
    language: Annotated[str, Meta(pattern="^(zh|en)$")] = "zh"

    def __repr__(self) -> str:
        return f"NoticesInput({self.way!r}, •••)"


class NoticesShown(Struct, frozen=True, kw_only=True):
    """The setting, without its secrets."""

    setting: NoticeSetting
    has_webhook: bool
    has_sign: bool
    by_app: bool
    """The connection is by an app of one's own, which alone can send messages."""
    problem: Issue | None
    """Why none can go out, or why the last one did not."""

    @classmethod
    def of(cls, notices: Notices) -> "NoticesShown":
        return cls(
            setting=notices.setting,
            has_webhook=notices.has_webhook,
            has_sign=notices.has_sign,
            by_app=notices.by_app,
            problem=notices.problem,
        )


class NoticesController(Controller):
    """Notices."""

    path = "/api/v1/notices"
    tags = ["owner"]  # noqa: RUF012  # Litestar's own way to set this

    @get("/", summary="How notices go out", sync_to_thread=False)
    def show(self, notices: NamedDependency[Notices]) -> Response[NoticesShown]:
        """The setting, and whether it works."""
        return tagged(NoticesShown.of(notices), notices.kept)

    @put("/", summary="Set how notices go out", sync_to_thread=False)
    def change(
        self,
        request: Request[Owner, Token, Any],
        data: JSONBody[NoticesInput],
        notices: NamedDependency[Notices],
        audit: NamedDependency[Audit],
        if_match: IfMatch = None,
    ) -> Response[NoticesShown]:
        """Off, by a custom bot, or by the app."""
        agree(if_match, notices.kept)
        setting = NoticeSetting(
            way=data.way,
            language=data.language,
            receiver_kind=data.receiver_kind,
            receiver=data.receiver.strip(),
        )
        notices.set(setting, data.webhook, data.sign)
        if data.webhook or data.sign:
            audit.note(Act.NOTICE_SECRET, source_of(request))
        return tagged(NoticesShown.of(notices), notices.kept)

    @post("/test", summary="Send a notice now", status_code=200)
    async def test(self, notices: NamedDependency[Notices]) -> NoticesShown:
        """Any of ``errors.FeishuError`` says what to do."""
        await notices.test()
        return NoticesShown.of(notices)
