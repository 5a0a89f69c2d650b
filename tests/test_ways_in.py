"""The three ways into Feishu, from what the person enters to right rows; what is the matter is said in words."""

import asyncio
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

from gateway.errors import FeishuBusy
from gateway.feishu.access import UserToken, UserTokens
from gateway.feishu.wire import Wire
from gateway.model import now
from gateway.sandbox.feishu import Fault
from gateway.sandbox.http import Request, Response, Server, json
from gateway.sandbox.person import Entry
from gateway.visitor import Reply, call
from tests.support import APP_ID, APP_SECRET, Started, World
from tests.test_push import TABLE, faulty, fill, refused, right

SCOPES = ("bitable:app", "wiki:wiki:readonly")


def base_token(world: World) -> str:
    return world.background.call(lambda: world.feishu.personal_token(world.app_token))


def edit_one(started: Started) -> Entry:
    world = started.world
    entry = next(entry for entry in world.person.marks if not entry.removed)
    world.person.edit(entry.key, comment=f"{entry.mark.comment}，改过了")
    fill(started)
    return entry


# The Bitable's own token.


def test_a_personal_base_token(stocked: Started) -> None:
    """No app at all."""
    reply = stocked.connect(way="base", base_token=base_token(stocked.world), app_id="", app_secret="")
    assert reply.status == 200, reply.json()
    right(stocked)
    assert "auth.token" not in stocked.world.feishu.calls


def test_a_personal_base_token_that_is_none(started: Started) -> None:
    refused(started, "bad_base_token", way="base", base_token="pt-nonsense")
    refused(started, "bad_base_token", way="base", base_token="")  # the one that is kept


def test_the_token_of_another_bitable(started: Started) -> None:
    world = started.world
    other = world.background.call(lambda: world.feishu.add_base("另一个"))
    token = world.background.call(lambda: world.feishu.personal_token(other))
    refused(started, "other_base", way="base", base_token=token)


def test_a_personal_base_token_that_is_switched_off(stocked: Started) -> None:
    world = stocked.world
    stocked.connect(way="base", base_token=base_token(world))
    right(stocked)
    world.background.call(lambda: world.feishu.end_personal_token(world.app_token))
    edit_one(stocked)
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "bad_base_token")
    assert stocked.connect(way="base", base_token=base_token(world)).status == 200
    right(stocked)


def test_a_wiki_needs_an_app(started: Started) -> None:
    world = started.world
    node = world.background.call(lambda: world.feishu.add_wiki_node(world.app_token))
    address = f"https://example.feishu.cn/wiki/{node}"
    refused(started, "wiki_needs_app", address, way="base", base_token=base_token(world))


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"way": "base", "address": ""}, "address"),
        ({"way": "app", "address": ""}, "address"),
        ({"way": "app", "app_id": " "}, "app_id"),
        ({"way": "no"}, "way"),
    ],
)
def test_what_each_way_needs(started: Started, entered: dict[str, str], field: str) -> None:
    body = {"app_id": APP_ID, "address": started.world.address, **entered}
    reply = started.owner.call("PUT", "/api/v1/feishu", body)
    assert (reply.status, reply.json()["code"]) == (400, "bad_input")
    assert field in reply.json()["hint"]["en"]


# The person's own log-in.


def way_back(started: Started) -> str:
    return f"http://127.0.0.1:{started.port}/feishu/callback"


def begin(started: Started, address: str | None = None) -> str:
    """The address of Feishu's page, with our way back entered in the app's settings."""
    world = started.world
    world.background.call(
        lambda: world.feishu.add_app(APP_ID, APP_SECRET, scopes=SCOPES, redirects=[way_back(started)])
    )
    entered = started.entered(address, {"way": "user"})
    reply = started.owner.call("POST", "/api/v1/feishu/login", entered)
    assert reply.status == 200, reply.json()
    return str(reply.json()["address"])


def say(address: str, decision: str) -> str:
    """Presses a button of Feishu's page; returns where it leads."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    body = urlencode({"decision": decision}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert call(origin, "GET", f"{parts.path}?{parts.query}").status == 200
    reply = call(origin, "POST", f"{parts.path}?{parts.query}", headers=headers, body=body)
    assert reply.status in {302, 303}
    return reply.headers["location"]


def follow(started: Started, address: str) -> Reply:
    """As the browser does: to 127.0.0.1, without the owner's cookie."""
    parts = urlsplit(address)
    assert address.startswith(way_back(started))
    headers = {"Host": parts.netloc, "Accept": "text/html"}
    return call(f"http://127.0.0.1:{started.port}", "GET", f"{parts.path}?{parts.query}", headers=headers)


def log_in(started: Started, address: str | None = None) -> None:
    reply = follow(started, say(begin(started, address), "approve"))
    assert reply.status == 200, reply.body.decode()


def test_the_persons_own_log_in(started: Started) -> None:
    """The app is not added to the Bitable: it is the person who writes."""
    started.world.share(None)
    fill(started)
    log_in(started)
    right(started)


def test_a_new_bitable(stocked: Started) -> None:
    world = stocked.world
    log_in(stocked, "")
    state = stocked.settled()
    assert state.state == "idle"
    made = next(token for token in world.feishu.bases if token != world.app_token)
    assert len(world.background.call(lambda: world.feishu.rows(made, TABLE))) == len(world.person.marks)
    blank = world.background.call(lambda: world.feishu.rows(made, "数据表"))
    assert blank
    assert not any(blank.values())
    setting = stocked.owner.call("GET", "/api/v1/overview").json()["feishu"]
    assert made in setting["address"]
    edit_one(stocked)
    assert stocked.settled().state == "idle"
    assert stocked.connect(setting["address"], way="user").status == 200
    assert len([token for token in world.feishu.bases if token != world.app_token]) == 1


def test_no_is_no(started: Started) -> None:
    reply = follow(started, say(begin(started), "deny"))
    assert "没有登录" in reply.body.decode()
    refused(started, "login_ended", way="user")


def test_an_answer_that_nobody_asked_for(started: Started) -> None:
    """Somebody else's code, sent to the way back: it is not taken, and ends nothing."""
    leads = say(begin(started), "approve")
    code = parse_qs(urlsplit(leads).query)["code"][0]
    forged = f"{way_back(started)}?{urlencode({'code': code, 'state': 'x' * 32})}"
    assert follow(started, forged).status == 401
    assert follow(started, leads).status == 200


def test_an_answer_is_taken_once(started: Started) -> None:
    leads = say(begin(started), "approve")
    assert follow(started, leads).status == 200
    assert follow(started, leads).status == 401
    fill(started)
    right(started)


def test_the_access_token_ends_and_is_renewed(stocked: Started) -> None:
    world = stocked.world
    log_in(stocked)
    right(stocked)
    for hours in (3, 6, 9):
        world.ahead = hours * 3600.0
        edit_one(stocked)
        right(stocked)
    assert world.feishu.calls["login.token"] == 4


def test_a_refresh_token_is_stored_before_anything_is_done_with_it(stocked: Started) -> None:
    """The gateway ends right after the refresh; the next one can go on."""
    world = stocked.world
    log_in(stocked)
    right(stocked)
    world.ahead = 3 * 3600.0
    refreshed = world.feishu.calls["login.token"]
    kept: list[bytes | None] = []

    async def note(name: str, stage: str) -> None:
        if stage == "before" and world.feishu.calls["login.token"] > refreshed and name != "login.token":
            kept.append(stocked.gateway.vault.get(f"feishu user_tokens {APP_ID}"))

    before = world.background.call(lambda: stocked.gateway.vault.get(f"feishu user_tokens {APP_ID}"))
    world.feishu.on_call = note
    edit_one(stocked)
    right(stocked)
    assert kept
    assert kept[0] not in {None, before}
    world.feishu.on_call = None
    stocked.stop()
    again = world.start()
    edit_one(again)
    right(again)


def test_a_refresh_whose_answer_is_lost_asks_for_a_new_log_in(stocked: Started) -> None:
    """The token was good once. Nothing but the person can mend that; they are told, and nothing is lost."""
    world = stocked.world
    log_in(stocked)
    right(stocked)
    world.ahead = 3 * 3600.0
    faulty(stocked, Fault("login.token", "drop_after"))
    edit_one(stocked)
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "login_ended")
    log_in(stocked)
    right(stocked)


def test_a_log_in_that_the_person_takes_back(stocked: Started) -> None:
    world = stocked.world
    log_in(stocked)
    right(stocked)
    world.background.call(world.feishu.revoke_logins)
    edit_one(stocked)
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "login_ended")


def test_the_page_needs_our_address_in_the_apps_settings(started: Started) -> None:
    address = begin(started)
    world = started.world
    world.background.call(lambda: world.feishu.add_app(APP_ID, APP_SECRET, scopes=SCOPES))
    parts = urlsplit(address)
    reply = call(f"{parts.scheme}://{parts.netloc}", "GET", f"{parts.path}?{parts.query}")
    assert reply.status == 400


# What the check finds out.


def test_an_app_that_is_not_published(started: Started) -> None:
    world = started.world
    world.background.call(lambda: world.feishu.add_app(APP_ID, APP_SECRET, published=False))
    reply = started.connect()
    assert (reply.status, reply.json()["code"]) == (403, "no_scope")
    assert "发布" in reply.json()["hint"]["zh"]
    assert "publish" in reply.json()["hint"]["en"]


def test_an_app_that_is_switched_off(started: Started) -> None:
    started.world.feishu.app(APP_ID).enabled = False
    refused(started, "app_not_published")


def test_the_wrong_site(started: Started) -> None:
    world = started.world
    address = world.address.replace("feishu.cn", "larksuite.com")
    reply = started.connect(address)
    assert (reply.status, reply.json()["code"]) == (400, "wrong_domain")
    assert "larksuite.com" in reply.json()["hint"]["zh"]
    refused(started, "bad_secret", address, app_secret="wrong")


def test_advanced_permissions_hide_the_rows(stocked: Started) -> None:
    """The app may edit: what it writes is taken, what it reads is empty, and no error says so."""
    world = stocked.world
    stocked.connect()
    right(stocked)
    world.background.call(lambda: world.feishu.set_advanced(world.app_token, on=True))
    before = len(world.rows())
    reply = stocked.connect()
    assert reply.json()["code"] in {"needs_manage", "read_only"}
    assert "可管理" in reply.json()["hint"]["zh"]
    assert len(world.rows()) == before
    world.background.call(lambda: world.feishu.share(world.app_token, APP_ID, "full_access"))
    assert stocked.connect().status == 200
    assert len(world.rows()) == before


def test_the_months_calls_are_used_up(started: Started) -> None:
    started.world.feishu.quota.limit = 5
    fill(started)
    reply = started.connect()
    assert (reply.status, reply.json()["code"]) == (403, "quota_used_up")


def test_it_is_said_before_the_calls_are_used_up(stocked: Started) -> None:
    assert stocked.owner.call("PUT", "/api/v1/limits", {"month": 100, "covers": 10}).status == 200
    stocked.connect()
    assert "quota_near" not in {note.code for note in stocked.settled().notes}
    used = stocked.owner.call("GET", "/api/v1/overview").json()["calls"]
    spent = sum(used.values())
    assert spent == stocked.world.feishu.calls.total()
    stocked.world.background.call(lambda: [stocked.gateway.budget.count("other") for _ in range(90 - spent)])
    assert "quota_near" in {note.code for note in stocked.settled().notes}


# The way there.


def through(started: Started, monkeypatch: pytest.MonkeyPatch, proxy: str) -> Any:
    """A connection as if Feishu were not on this machine."""
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("all_proxy", "")
    monkeypatch.setenv("no_proxy", "")
    return started.connect()


def test_loopback_never_goes_through_a_proxy(stocked: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    assert through(stocked, monkeypatch, "http://127.0.0.1:9").status == 200
    right(stocked)
    assert stocked.settled().notes == ()


@pytest.mark.parametrize("way", ["app", "base"])
def test_a_domain_of_ones_own(world: World, way: str) -> None:
    """It does not say whose it is: the credentials do."""
    world.feishu.brand = "lark"
    started = world.start()
    fill(started)
    address = f"https://bitable.example.com/base/{world.app_token}"
    refused(started, "bad_secret", address, app_secret="wrong")
    assert started.connect(address, way=way, base_token=base_token(world)).status == 200
    right(started)
    assert started.settled().table == f"{address}?table={world.table_url.partition('=')[2]}"


def test_lark_has_hosts_of_its_own(world: World) -> None:
    """The same app and Bitable on the other site, asked for at its own address."""
    world.feishu.brand = "lark"
    started = world.start()
    fill(started)
    refused(started, "wrong_domain")
    assert started.connect(world.address.replace("feishu.cn", "larksuite.com")).status == 200
    right(started)


# What must not happen.


def test_a_log_in_that_begins_during_a_push_does_not_disturb_it(stocked: Started) -> None:
    """Nothing changes until the person said yes."""
    world = stocked.world
    began: list[str] = []

    async def note(name: str, stage: str) -> None:
        if name == "record.batch_create" and stage == "before" and not began:
            began.append(await asyncio.to_thread(begin, stocked))

    world.feishu.on_call = note
    stocked.connect()
    right(stocked)
    assert began
    world.feishu.on_call = None
    edit_one(stocked)
    right(stocked)
    setting = world.background.call(lambda: stocked.gateway.carriers.first.sync.connection.setting)
    assert setting is not None
    assert setting.way == "app"
    assert follow(stocked, say(began[0], "approve")).status == 200
    assert stocked.owner.call("GET", "/api/v1/overview").json()["feishu"]["way"] == "user"
    edit_one(stocked)
    right(stocked)


async def test_a_refresh_token_is_used_once_whoever_asks() -> None:
    asked: list[str] = []

    async def handle(request: Request) -> Response:
        asked.append(msgspec.json.decode(request.body)["refresh_token"])
        await asyncio.sleep(0)
        return json({"code": 0, "access_token": "u-2", "expires_in": 7200, "refresh_token": "r-2"})

    async with Server(handle) as server:
        wire = Wire(server.url)
        old = UserTokens("u-1", now(), "r-1")
        user = UserToken("cli", "secret", old, lambda _: None)
        assert await asyncio.gather(*(user.token(wire) for _ in range(5))) == ["u-2"] * 5
        await wire.close()
    assert asked == ["r-1"]


def test_the_secret_of_one_app_is_not_sent_with_another(started: Started) -> None:
    started.connect()
    refused(started, "feishu_unset", app_id="cli_another", app_secret="")


@pytest.mark.parametrize(
    ("told", "wait"), [("2.5", 2.5), ("nan", None), ("inf", None), ("-5", None), ("0", None), ("x", None)]
)
async def test_a_wait_that_makes_no_sense_is_none(told: str, wait: float | None) -> None:
    async def handle(_request: Request) -> Response:
        return json({"code": 99991400, "msg": "busy"}, 429, (("x-ogw-ratelimit-reset", told),))

    async with Server(handle) as server:
        wire = Wire(server.url)
        with pytest.raises(FeishuBusy) as busy:
            await wire.call("GET", "/open-apis/x")
        await wire.close()
    assert busy.value.wait == wait


def test_no_secret_is_written_into_a_log() -> None:
    """In a process of its own: a logger keeps what it was first told."""
    program = """
from gateway import log
log.configure("info")
log.get("feishu").info("refused", call="POST /open-apis/bot/v2/hook/eb1167b3-77aa", msg="Bearer t-g1044qeGEDXTB6NDJOGV4JQC")
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True
    ).stderr.decode()  # our own
    assert "refused" in said
    assert "/hook/•••" in said
    assert "eb1167b3" not in said
    assert "1044qe" not in said
