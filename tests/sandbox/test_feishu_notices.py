"""Messages to the simulated Feishu: of custom bots, and of apps."""

import base64
import hmac
import json
from typing import Any

import pytest

from tests.sandbox.feishu_client import APP, SECRET, Client

MESSAGES = "/open-apis/im/v1/messages"
TEXT: dict[str, Any] = {"msg_type": "text", "content": {"text": "同步好了"}}
CARD: dict[str, Any] = {"msg_type": "interactive", "card": {"elements": []}}


def signed(secret: str, stamp: float) -> dict[str, str]:
    digest = hmac.new(f"{int(stamp)}\n{secret}".encode(), b"", "sha256").digest()
    return {"timestamp": str(int(stamp)), "sign": base64.b64encode(digest).decode()}


async def say(client: Client, hook: str, body: Any) -> int:
    reply = await client.http.post(hook, json=body)
    assert reply.status_code == 200
    return reply.json()["code"]


async def test_a_bot_takes_a_text_and_a_card(client: Client) -> None:
    hook = client.world.add_bot()
    reply = await client.http.post(hook, json=TEXT)
    assert reply.json() == {
        "StatusCode": 0,
        "StatusMessage": "success",
        "code": 0,
        "data": {},
        "msg": "success",
    }
    assert await say(client, hook, CARD) == 0
    arrived = client.world.mailbox.received
    assert [(each.by, each.kind, each.content) for each in arrived] == [
        ("bot", "text", TEXT["content"]),
        ("bot", "interactive", CARD["card"]),
    ]
    assert hook.endswith(arrived[0].to)


async def test_a_bot_with_a_secret_checks_signature_and_hour(client: Client) -> None:
    hook, now = client.world.add_bot(secret="s3cret"), client.clock.now
    assert await say(client, hook, TEXT | signed("s3cret", now)) == 0
    assert await say(client, hook, TEXT | signed("s3cret", now - 3600)) == 0
    for wrong in (
        {},
        signed("other", now),
        signed("s3cret", now - 3601),
        signed("s3cret", now) | {"timestamp": "x"},
    ):
        client.clock.now += 1
        assert await say(client, hook, TEXT | wrong) == 19021


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msg_type": "text"}, 19002),
        ({"msg_type": "text", "content": {}}, 19002),
        ({"msg_type": "other", "content": {"text": "x"}}, 19002),
        ({"msg_type": "interactive", "card": {}}, 19002),
        ({"msg_type": 1}, 9499),
        (TEXT | {"content": {"text": "x" * 20_480}}, 9499),
    ],
)
async def test_a_bot_refuses(client: Client, body: Any, code: int) -> None:
    reply = await client.http.post(client.world.add_bot(), json=body)
    assert reply.json()["code"] == code
    assert client.world.mailbox.received == []


async def test_a_bot_listens_for_its_keyword(client: Client) -> None:
    hook = client.world.add_bot(keyword="豆瓣")
    assert await say(client, hook, TEXT) == 19024
    assert await say(client, hook, {"msg_type": "text", "content": {"text": "豆瓣同步好了"}}) == 0


async def test_a_bot_that_is_gone(client: Client) -> None:
    assert await say(client, f"{client.world.add_bot()}x", TEXT) == 19001


async def test_a_bot_hears_five_a_second_and_a_hundred_a_minute(client: Client) -> None:
    hook = client.world.add_bot()
    assert [await say(client, hook, TEXT) for _ in range(6)] == [0] * 5 + [11232]
    client.clock.now += 1
    assert await say(client, hook, TEXT) == 0
    assert await say(client, client.world.add_bot(), TEXT) == 0


async def test_at_the_full_and_the_half_hour_everybody_speaks(client: Client) -> None:
    hook = client.world.add_bot()
    client.world.mailbox.crowded = True
    minute = 1_700_000_000 // 3600 * 3600
    for second, code in ((0, 11232), (59, 11232), (60, 0), (1800, 11232), (1860, 0)):
        client.clock.now = minute + second
        assert await say(client, hook, TEXT) == code


# Messages of apps.


def message(client: Client, **changes: Any) -> dict[str, Any]:
    content = json.dumps({"text": "同步好了"})
    return {"receive_id": client.world.person, "msg_type": "text", "content": content} | changes


@pytest.fixture
def speaking(client: Client) -> Client:
    client.world.add_app(APP, SECRET, scopes=("im:message:send_as_bot",))
    return client


async def test_an_app_writes_to_the_person(speaking: Client) -> None:
    told = await speaking.data("POST", MESSAGES, message(speaking), receive_id_type="open_id")
    assert (told["msg_type"], told["sender"]["id"], told["message_id"][:3]) == ("text", APP, "om_")
    assert json.loads(told["body"]["content"]) == {"text": "同步好了"}
    (arrived,) = speaking.world.mailbox.received
    assert (arrived.by, arrived.to, arrived.content) == ("app", speaking.world.person, {"text": "同步好了"})


async def test_a_uuid_keeps_a_message_from_coming_twice_for_an_hour(speaking: Client) -> None:
    body = message(speaking, uuid="one")
    first = await speaking.data("POST", MESSAGES, body, receive_id_type="open_id")
    assert await speaking.data("POST", MESSAGES, body, receive_id_type="open_id") == first
    speaking.clock.now += 3600
    assert await speaking.data("POST", MESSAGES, body, receive_id_type="open_id") != first
    assert len(speaking.world.mailbox.received) == 2


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"receive_id": "ou_other"}, "open_id", 230001),
        ({}, "chat_id", 230001),
        ({"content": "no json"}, "open_id", 230001),
        ({"msg_type": "other"}, "open_id", 230001),
        ({"content": json.dumps("x" * 150 * 1024)}, "open_id", 230025),
        ({"uuid": "x" * 51}, "open_id", 99992402),
    ],
)
async def test_a_wrong_message(speaking: Client, changes: dict[str, Any], kind: str, code: int) -> None:
    body = message(speaking, **changes)
    assert await speaking.code("POST", MESSAGES, body, receive_id_type=kind) == code
    assert speaking.world.mailbox.received == []


async def test_a_person_gets_five_messages_a_second(speaking: Client) -> None:
    codes = [
        await speaking.code("POST", MESSAGES, message(speaking), receive_id_type="open_id") for _ in range(6)
    ]
    assert codes == [0] * 5 + [230020]


async def test_an_app_needs_the_scope_and_a_bot(client: Client) -> None:
    assert await client.code("POST", MESSAGES, message(client), receive_id_type="open_id") == 99991672
    client.world.add_app(APP, SECRET, scopes=("im:message",))
    client.world.app(APP).bot = False
    assert await client.code("POST", MESSAGES, message(client), receive_id_type="open_id") == 230006
