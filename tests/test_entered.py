"""What the person enters replaces what works only when it works itself."""

from typing import Any

import pytest

from gateway.sandbox.feishu import Fault
from tests.support import Started, World
from tests.test_push import faulty, refused, right
from tests.test_ways_in import base_token, edit_one, log_in


@pytest.fixture
def started(stocked: Started) -> Started:
    """Connected by an app, with all marks in their rows."""
    assert stocked.connect().status == 200
    right(stocked)
    return stocked


def overview(started: Started) -> Any:
    return started.owner.call("GET", "/api/v1/overview").json()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"app_secret": "wrong"}, "bad_secret"),
        ({"app_id": "cli_another", "app_secret": "wrong"}, "bad_secret"),
        ({"way": "base", "base_token": "pt-wrong"}, "bad_base_token"),
        ({"way": "user"}, "login_ended"),
        ({"address": "https://example.feishu.cn/base/bascnNowhere"}, "feishu_not_found"),
        ({"address": "https://example.org/nothing"}, "bad_address"),
    ],
)
def test_what_is_refused_leaves_what_works(started: Started, changes: dict[str, str], code: str) -> None:
    refused(started, code, **changes)
    assert started.settled().state == "idle"
    edit_one(started)
    right(started)
    now = overview(started)
    assert not now["feishu_in_use"]
    assert now["feishu_refused"]["code"] == code
    assert changes.items() - {("app_secret", "wrong"), ("base_token", "pt-wrong")} <= now["feishu"].items()


def test_after_a_restart_too(started: Started) -> None:
    refused(started, "bad_base_token", way="base", base_token="pt-wrong")
    started.stop()
    again = started.world.start()
    edit_one(again)
    right(again)
    assert not overview(again)["feishu_in_use"]


def test_back_to_what_works(started: Started) -> None:
    refused(started, "bad_secret", app_id="cli_another", app_secret="wrong")
    assert started.owner.call("DELETE", "/api/v1/feishu/entered").status == 204
    now = overview(started)
    assert now["feishu_in_use"]
    assert now["feishu_refused"] is None
    assert started.connect(app_secret="").status == 200


def test_nothing_is_forgotten_where_nothing_works(world: World) -> None:
    started = world.start()
    refused(started, "bad_base_token", way="base", base_token="pt-wrong")
    assert started.owner.call("DELETE", "/api/v1/feishu/entered").status == 204
    assert overview(started)["feishu"]["way"] == "base"


def test_to_ask_for_columns_changes_nothing(started: Started) -> None:
    world = started.world
    assert started.ask(world.table_url, way="base", base_token=base_token(world)).status == 200
    assert started.ask(world.table_url, way="base", base_token="pt-wrong").status == 401
    world.background.call(lambda: world.feishu.end_personal_token(world.app_token))
    edit_one(started)
    right(started)


def test_there_and_back_without_typing_again(started: Started) -> None:
    """Each way keeps its secret; the app's comes along with its App ID only."""
    token = base_token(started.world)
    assert started.connect(way="base", base_token=token, app_id="", app_secret="").status == 200
    assert started.connect(app_secret="").status == 200
    assert started.connect(way="base", app_id="", app_secret="").status == 200
    edit_one(started)
    right(started)
    refused(started, "feishu_unset", app_id="cli_another", app_secret="")


def test_a_trial_spends_the_log_ins_refresh_token(started: Started) -> None:
    """It is good once: what works goes on with the one that came for it."""
    world = started.world
    log_in(started)
    edit_one(started)
    right(started)
    world.ahead = 3 * 3600.0
    refused(started, "feishu_not_found", "https://example.feishu.cn/base/bascnNowhere", way="user")
    edit_one(started)
    right(started)


def test_a_connection_that_breaks_off(started: Started) -> None:
    """Feishu cannot be reached while the new one is tried."""
    faulty(started, *[Fault("app.get", "drop_before")] * 8)
    reply = started.connect(way="base", base_token=base_token(started.world))
    assert reply.status >= 400
    edit_one(started)
    right(started)
