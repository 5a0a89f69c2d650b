"""An edit against a newer one is refused, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.visitor import Reply, call
from tests.support import APP_ID, APP_SECRET, Started, World, background

SCHEDULE: dict[str, Any] = {"at": "21:30", "days": [], "kind": "sync", "way": "cookie"}
EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "limits": ({"month": 9000, "covers": 10}, {"month": 8000, "covers": 20}),
    "removals": ({"policy": "delete"}, {"policy": "ignore"}),
    "edits": ({"policy": "ours"}, {"policy": "theirs"}),
    "schedule": ({**SCHEDULE, "rhythm": "daily"}, {**SCHEDULE, "rhythm": "hourly"}),
    "notices": (
        {
            "way": "bot",
            "webhook": "https://open.feishu.cn/open-apis/bot/v2/hook/11111111-1111-4111-8111-111111111111",
        },
        {
            "way": "bot",
            "webhook": "https://open.feishu.cn/open-apis/bot/v2/hook/22222222-2222-4222-8222-222222222222",
        },
    ),
    "feishu": ({"language": "zh"}, {"language": "en"}),
}
"""What can be changed, with two edits of it."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        started = World(beside, tmp_path / "data").start()
        assert started.connect().status == 200
        yield started


def ask(started: Started, method: str, name: str, seen: str | None = None, body: Any = None) -> Reply:
    headers = started.owner.headers | {"Content-Type": "application/json"}
    headers |= {"If-Match": seen} if seen is not None else {}
    content = msgspec.json.encode(body) if body is not None else None
    return call(started.origin, method, f"/api/v1/{name}", headers=headers, body=content)


def entered(started: Started, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    if name != "feishu":
        return changes
    return {"app_id": APP_ID, "app_secret": APP_SECRET, "address": started.world.address, **changes}


@pytest.mark.parametrize("name", EDITS)
def test_the_second_of_two_edits_is_refused(started: Started, name: str) -> None:
    mine, theirs = (entered(started, name, each) for each in EDITS[name])
    seen = ask(started, "GET", name).headers["etag"]
    assert ask(started, "GET", name).headers["etag"] == seen
    first = ask(started, "PUT", name, seen, theirs)
    assert first.status == 200, first.body
    now = ask(started, "GET", name)
    assert first.headers["etag"] == now.headers["etag"] != seen
    refused = ask(started, "PUT", name, seen, mine)
    assert (refused.status, refused.json()["code"]) == (412, "changed_meanwhile")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "另一个标签页" in refused.json()["hint"]["zh"]
    assert "another tab" in refused.json()["hint"]["en"]
    after = ask(started, "GET", name)
    assert (after.body, after.headers["etag"]) == (now.body, now.headers["etag"])
    assert ask(started, "PUT", name, now.headers["etag"], mine).status == 200


def test_every_setting_that_can_be_put_has_a_version(started: Started) -> None:
    paths: dict[str, Any] = started.owner.call("GET", "/schema").json()["paths"]
    put = {path.removeprefix("/api/v1/") for path, methods in paths.items() if "put" in methods}
    assert put == set(EDITS)
    page = started.owner.call("GET", "/").body.decode()
    for name in put:
        assert ask(started, "GET", name).headers["etag"].strip('"') in page, name


def test_what_is_no_version_matches_nothing(started: Started) -> None:
    seen = ask(started, "GET", "limits").headers["etag"]
    body = {"month": 5000, "covers": 5}
    for stale in ('"x"', f"W/{seen}", "", seen.strip('"')):
        assert ask(started, "PUT", "limits", stale, body).status == 412, stale
    assert ask(started, "PUT", "limits", f'"x", {seen}', body).status == 200
    assert ask(started, "PUT", "limits", "*", body).status == 200
    assert ask(started, "PUT", "limits", None, body).status == 200


def test_a_try_that_failed_is_no_newer_edit(started: Started) -> None:
    seen = ask(started, "GET", "feishu").headers["etag"]
    wrong = entered(started, "feishu", {"app_secret": "wrong"})
    assert ask(started, "PUT", "feishu", seen, wrong).status == 401
    assert ask(started, "PUT", "feishu", seen, entered(started, "feishu", {})).status == 200
