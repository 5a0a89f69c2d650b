"""All that the simulated Feishu knows: one tenant's apps, documents, messages, and the person who owns them."""

import time
from collections.abc import Callable, Collection
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.sandbox.feishu.access import App, Apps, PersonalTokens
from gateway.sandbox.feishu.base import Base, Role
from gateway.sandbox.feishu.errors import Refusal
from gateway.sandbox.feishu.hosts import Brand
from gateway.sandbox.feishu.ids import Ids
from gateway.sandbox.feishu.notices import Mailbox
from gateway.sandbox.feishu.oauth import Logins
from gateway.sandbox.feishu.rates import Meter, Quota
from gateway.sandbox.feishu.renders import person
from gateway.sandbox.feishu.upload import Uploads

Kind: TypeAlias = Literal["bitable", "docx", "sheet", "mindnote", "slides", "file"]
"""Of a document, as a wiki node names it."""


class Document(Struct, frozen=True):
    """A document that is no Bitable; nothing is in it."""

    token: str
    kind: Kind
    name: str


class Node(Struct, frozen=True):
    """A page of a wiki."""

    token: str
    obj_token: str
    kind: Kind


class World:
    """The tenant. What a person does in it is in ``hands``."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        max_rows: int = 20_000,
        rates: bool = True,
        brand: Brand = "feishu",
    ) -> None:
        self.clock = clock
        self.ids = Ids(seed)
        self.brand: Brand = brand
        """The tenant lives at feishu.cn or at larksuite.com; the other one knows none of its apps and tokens."""
        self.max_rows = max_rows
        """Rows of a table: 20,000 on the basic plan."""
        self.bases: dict[str, Base] = {}
        self.documents: dict[str, Document] = {}
        self.nodes: dict[str, Node] = {}
        self.person = self.ids.person()
        """The open_id of the person."""
        self.tenant = "simulated"
        self.meter = Meter(clock) if rates else None
        self.quota = Quota()
        self.apps = Apps(clock, self.ids)
        self.logins = Logins(self.apps, clock, self.ids)
        self.personal_tokens = PersonalTokens(self.ids)
        self.mailbox = Mailbox(clock, self.ids, self.meter)
        self.mailbox.known = {"open_id": {self.person}, "email": {str(person(self.person)["email"])}}
        self.uploads = Uploads(clock)
        self.lag_new = 0
        """So many calls do not find a new base (1254040) or table (1254041) yet."""
        self.copy_calls = 0
        """So many calls find a copied base still being copied."""

    @property
    def now(self) -> int:
        """Milliseconds."""
        return int(self.clock() * 1000)

    def base(self, app_token: str) -> Base:
        """The base of that token. Raises Refusal 91402; the token of a wiki node or of another document is none."""
        if app_token not in self.bases:
            raise Refusal(91402)
        return self.bases[app_token]

    def new_base(self, name: str, time_zone: str, roles: dict[str, Role]) -> Base:
        """An empty document."""
        base = Base(self.ids.app(), name, time_zone, self.ids, self.max_rows, roles)
        self.bases[base.token] = base
        return base

    def person_of(self, kind: str, id_: str) -> str | None:
        """The open_id behind a member_type and member_id; an app is its own."""
        if kind == "appid":
            return id_ if self.apps.get(id_) else None
        known = {"openid": "open_id", "email": "email"}.get(kind, "")
        return self.person if id_ in self.mailbox.known.get(known, ()) else None

    # The developer's console.

    def add_app(
        self,
        app_id: str,
        app_secret: str,
        *,
        scopes: Collection[str] = ("bitable:app", "wiki:wiki"),
        published: bool = True,
        redirects: Collection[str] = (),
    ) -> None:
        """Registers a self-built app, or changes it. ``redirects``: where a login may lead back to."""
        self.apps.put(App(app_id, app_secret, frozenset(scopes), published, redirects=frozenset(redirects)))

    def app(self, app_id: str) -> App:
        """The app of that id; its switches may be set. Raises Refusal 10003."""
        app = self.apps.get(app_id)
        if app is None:
            raise Refusal(10003)
        return app

    def revoke_tokens(self) -> None:
        """All tokens of apps end now."""
        self.apps.revoke()
