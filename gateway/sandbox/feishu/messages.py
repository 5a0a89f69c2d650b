"""The call by which an app sends a message."""

import msgspec
from msgspec import Struct

from gateway.sandbox.feishu.call import Call
from gateway.sandbox.feishu.errors import Json, Refusal, violation
from gateway.sandbox.feishu.notices import Notice
from gateway.sandbox.feishu.rates import Rate

_MOST = {"text": 150 * 1024, "post": 30 * 1024, "interactive": 30 * 1024}
"""Bytes of the content."""
_TO_ONE = (Rate(5),)
_REMEMBERED = 3600
"""Seconds for which a ``uuid`` keeps a message from being sent twice."""


class _New(Struct):
    receive_id: str
    msg_type: str
    content: str
    """JSON, as a string."""
    uuid: str = ""


def send(call: Call) -> dict[str, Json]:
    """POST im/v1/messages. Raises Refusal 230001, 230006, 230020, 230025, 99992402."""
    world, mailbox, asked = call.world, call.world.mailbox, call.body(_New)
    app = world.app(call.caller.app_id)
    if not app.bot:
        raise Refusal(230006)
    if len(asked.uuid) > 50:
        raise violation("uuid", asked.uuid, "the max len is 50")
    if asked.receive_id not in mailbox.known.get(call.request.param("receive_id_type"), ()):
        raise Refusal(
            230001, msg="Your request contains an invalid request parameter, ext=invalid receive_id"
        )
    if len(asked.content.encode()) > _MOST.get(asked.msg_type, 0):
        raise Refusal(230025 if asked.msg_type in _MOST else 230001)
    try:
        content = msgspec.json.decode(asked.content)
    except msgspec.DecodeError:
        raise Refusal(230001) from None
    now = world.clock()
    earlier = mailbox.sent.get((app.id, asked.uuid)) if asked.uuid else None
    if earlier is not None and now - earlier[0] < _REMEMBERED:
        return earlier[1]
    if world.meter is not None:
        try:
            world.meter.count(asked.receive_id, "im.one", _TO_ONE)
        except Refusal:
            raise Refusal(230020) from None
    mailbox.received.append(Notice("app", asked.receive_id, asked.msg_type, content, now))
    stamp = str(call.stamp.now)
    sent: dict[str, Json] = {
        "message_id": world.ids.message(),
        "msg_type": asked.msg_type,
        "create_time": stamp,
        "update_time": stamp,
        "deleted": False,
        "updated": False,
        "chat_id": mailbox.chat,
        "sender": {"id": app.id, "id_type": "app_id", "sender_type": "app", "tenant_key": world.tenant},
        "body": {"content": asked.content},
    }
    if asked.uuid:
        mailbox.sent[app.id, asked.uuid] = (now, sent)
    return sent
