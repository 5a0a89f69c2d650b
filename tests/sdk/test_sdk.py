"""Feishu's own SDK against the simulated Feishu: it is content with every reply, and reads what our client reads."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest

from gateway.feishu.access import AppToken
from gateway.feishu.bitable import Bitable
from gateway.feishu.client import Client
from gateway.feishu.wire import Wire
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.feishu.routes import ROUTES
from gateway.sandbox.http import Server
from tests.support import APP_ID, APP_SECRET, background

pytestmark = pytest.mark.xdist_group("sdk")  # it takes seconds to start: once, not once for each worker

BACK = "http://127.0.0.1:8377/login"

UNKNOWN = {
    "AppTableFieldProperty.back_field_id": "in the replies of Feishu's field guide",
    "AppTableRecord.id": "in every recorded reply to a write, beside record_id",
    "AppTableView.view_public_level": "in the reply of Feishu's page on the list of views",
    "Error.message": "in recorded replies: the only sentence that says what is wrong",
}
"""Keys that we send and the SDK's models do not have, each with its source."""
UNSENT = {
    "App": {"revision": "a copy does not tell it"},
    "AppFieldPropertyAutoSerial": {"options": "of numbers in a format of one's own, which are not simulated"},
    "AppTableField": {"is_hidden": "not in recorded replies"},
    "AppTableFieldForList": {"is_hidden": "not in recorded replies"},
    "AppTableFieldProperty": {"filter_info": "of lookups", "type": "of formulas; neither is simulated"},
    "AppTableRecord": {"record_url": "of a call that is not simulated"},
    "CreateMessageResponseBody": dict.fromkeys(
        ["mentions", "parent_id", "root_id", "thread_id", "upper_message_id"], "of answers and mentions"
    )
    | dict.fromkeys(
        ["message_app_link", "message_position", "thread_message_position"], "on no page we know"
    ),
    "DisplayAppV2": {"time_zone": "a change does not tell it"},
    "Error": {"details": "never met in a recorded reply"},
    "ErrorPermissionViolation": {"description": "the same"},
    "Member": {"avatar": "told when asked for", "external_label": "the same"},
    "Node": {"url": "on no page we know"},
    "Sender": dict.fromkeys(["open_bot_id", "sender_i18n_names", "sender_name"], "on no page we know"),
}
"""Keys that the SDK's models have and we never send, each with its reason."""


class Run(msgspec.Struct):
    """What the SDK made of a simulated Feishu, and what our client read in it afterwards."""

    calls: dict[str, Any]
    unknown: list[str]
    unsent: dict[str, list[str]]
    read: dict[str, Any]
    refused: dict[str, int]
    served: dict[str, int] = {}
    ours: dict[str, Any] = {}


async def read_ours(url: str, base: str, table: str) -> dict[str, Any]:
    client = Client(Wire(url), AppToken(APP_ID, APP_SECRET))
    there = Bitable(client, base)
    try:
        app, fields = await there.app(), await there.fields(table)
        names = [field.field_name for field in fields]
        return {
            "base": base,
            "table": table,
            "app": {"name": app.name, "time_zone": app.time_zone, "is_advanced": app.is_advanced},
            "tables": {each.table_id: each.name for each in await there.tables()},
            "fields": [[f.field_id, f.field_name, f.type, f.ui_type, f.is_primary] for f in fields],
            "records": {each.record_id: each.fields async for each in there.records(table, names)},
        }
    finally:
        await client.close()


def agree(url: str) -> str:
    """The person's click on the page. Returns the code."""
    asked = {"client_id": APP_ID, "response_type": "code", "redirect_uri": BACK, "scope": "offline_access"}
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        connection.request("POST", f"/open-apis/authen/v1/authorize?{urlencode(asked)}", b"decision=approve")
        back = connection.getresponse().headers["Location"]
    return dict(parse_qsl(urlsplit(back).query))["code"]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with background() as beside:
        world = Feishu()
        scopes = ("bitable:app", "wiki:wiki", "im:message")
        world.add_app(APP_ID, APP_SECRET, scopes=scopes, redirects=(BACK,))
        world.add_app("cli_scopeless", APP_SECRET, scopes=())
        node = world.add_wiki_node(world.add_base("库", collaborators={APP_ID: "view"}))
        server = beside.enter(Server(world.handle))
        code = agree(server.url)
        words = [server.url, APP_ID, APP_SECRET, code, BACK, node, world.person]
        done = subprocess.run(
            [sys.executable, "-m", "tests.sdk.drive", *words], capture_output=True, check=False, text=True
        )
        assert done.returncode == 0, done.stderr
        told = msgspec.json.decode(done.stdout, type=Run)
        told.served = dict(world.calls)
        told.ours = beside.run(read_ours(server.url, told.read["base"], told.read["table"]))
        yield told


def test_the_sdk_drives_every_call_and_is_content(run: Run) -> None:
    assert {route.name for route in ROUTES} | {"auth.token", "auth.app_token", "login.token"} == set(
        run.served
    )
    assert len(run.calls) >= len(ROUTES)
    for call, told in run.calls.items():
        assert told == {"code": 0, "log_id": True}, call


def test_the_sdk_knows_every_key_that_we_send(run: Run) -> None:
    assert run.unknown == sorted(UNKNOWN)


def test_what_the_sdk_knows_and_we_never_send_has_its_reason(run: Run) -> None:
    assert run.unsent == {model: sorted(keys) for model, keys in UNSENT.items()}


def test_the_sdk_is_told_what_is_wrong(run: Run) -> None:
    assert run.refused == {
        "cell": 1254064,
        "parameter": 99992402,
        "not there": 91402,
        "scope": 99991672,
        "credentials": 10003,
    }


@pytest.mark.parametrize("part", ["app", "tables", "fields", "records"])
def test_the_sdk_reads_what_our_client_reads(run: Run, part: str) -> None:
    assert run.read[part]
    assert run.read[part] == run.ours[part]
    assert run.read["absent"] is True
