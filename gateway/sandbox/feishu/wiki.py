"""The call that says what is behind a wiki address."""

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal

_SPACE = "7000000000000000001"


def get_node(call: Call) -> dict[str, Json]:
    """GET wiki node. Raises Refusal 131002 (no token), 131005, 131006.

    Who may see a Bitable sees its node; the nodes of other documents are seen by everybody (chosen).
    """
    token = call.request.param("token")
    if not token:
        raise Refusal(131002)
    node = call.world.nodes.get(token)
    if node is None:
        raise Refusal(131005)
    base = call.world.bases.get(node.obj_token)
    document = call.world.documents.get(node.obj_token)
    if base is None and document is None:
        raise Refusal(131005)
    if base is not None and call.caller.id not in base.roles:
        raise Refusal(131006)
    made = str(int(call.world.clock()))
    told: dict[str, Json] = {
        "space_id": _SPACE,
        "node_token": token,
        "obj_token": node.obj_token,
        "obj_type": node.kind,
        "parent_node_token": "",
        "node_type": "origin",
        "origin_node_token": token,
        "origin_space_id": _SPACE,
        "has_child": False,
        "title": base.name if base is not None else document.name if document is not None else "",
        "obj_create_time": made,
        "obj_edit_time": made,
        "node_create_time": made,
        "creator": call.world.person,
        "owner": call.world.person,
        "node_creator": call.world.person,
    }
    return {"node": told}
