"""The calls by which a document is shared, such as one that an app made: until then nobody else sees it."""

from msgspec import Struct

from gateway.sandbox.feishu.base import Base, Role
from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal
from gateway.sandbox.feishu.renders import person


class _Member(Struct):
    member_type: str
    member_id: str
    perm: Role
    type: str = "user"


def add_member(call: Call) -> dict[str, Json]:
    """POST permissions/…/members. Raises Refusal 1063001 (whom?), 1063004, 1063005."""
    base = _shared(call)
    asked = call.body(_Member)
    whom = call.world.person_of(asked.member_type, asked.member_id)
    if whom is None:
        raise Refusal(1063001)
    base.roles[whom] = asked.perm
    member: dict[str, Json] = {
        "member_type": asked.member_type,
        "member_id": asked.member_id,
        "perm": asked.perm,
        "perm_type": "container",
        "type": asked.type,
    }
    return {"member": member}


def list_members(call: Call) -> dict[str, Json]:
    """GET permissions/…/members. Apps are members too."""
    base = _shared(call)
    items: list[Json] = []
    for id_, role in base.roles.items():
        app = call.world.apps.get(id_)
        items.append(
            {
                "member_type": "appid" if app else "openid",
                "member_id": id_,
                "perm": role,
                "perm_type": "container",
                "type": "user",
                "name": id_ if app else person(id_)["name"],
            }
        )
    return {"items": items}


def _shared(call: Call) -> Base:
    """The document, which the caller manages."""
    if call.request.param("type") != "bitable":
        raise Refusal(1063001)
    base = call.world.bases.get(call.path["token"])
    if base is None:
        raise Refusal(1063005)
    if base.roles.get(call.caller.id) != "full_access":
        raise Refusal(1063004)
    return base
