"""The login of a person: the page, the code, the tokens, and what may be done with them."""

import base64
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gateway.sandbox.feishu import Fault
from gateway.sandbox.feishu.login_codes import WRONG
from tests.sandbox.feishu_client import APP, SECRET, Client

PAGE = "/open-apis/authen/v1/authorize"
TOKEN = "/open-apis/authen/v2/oauth/token"
BACK = "http://127.0.0.1:8377/login"
VERIFIER = "a-verifier-of-forty-three-characters-or-more"
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASK = {
    "client_id": APP,
    "response_type": "code",
    "redirect_uri": BACK,
    "scope": "bitable:app offline_access",
    "state": "s t/1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
GIVE = {"grant_type": "authorization_code", "client_id": APP, "client_secret": SECRET, "redirect_uri": BACK}


@pytest.fixture(autouse=True)
def whitelisted(client: Client) -> None:
    client.world.add_app(APP, SECRET, redirects=(BACK, f"{BACK}?a=b"))


async def decide(client: Client, decision: str = "approve", **ask: str) -> dict[str, str]:
    """What the person's click leads back with."""
    reply = await client.http.post(PAGE, params=ASK | ask, data={"decision": decision})
    assert reply.status_code == 302, reply.text
    assert reply.headers["location"].startswith((ASK | ask)["redirect_uri"])
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))


async def exchange(client: Client, **changes: str) -> httpx.Response:
    """A new code for tokens; an empty change leaves a parameter out."""
    given = GIVE | {"code_verifier": VERIFIER} | changes
    if "code" not in given:
        given["code"] = (await decide(client))["code"]
    return await client.http.post(TOKEN, json={key: value for key, value in given.items() if value})


async def refresh(client: Client, token: str, **changes: str) -> httpx.Response:
    given = {"grant_type": "refresh_token", "client_id": APP, "client_secret": SECRET, "refresh_token": token}
    return await client.http.post(TOKEN, json=given | changes)


async def test_the_page_says_who_asks_for_what(client: Client) -> None:
    page = await client.http.get(PAGE, params=ASK)
    assert (page.status_code, APP in page.text) == (200, True)
    for shown in ("<li>bitable:app</li>", "<li>offline_access</li>", 'value="approve"', 'value="deny"'):
        assert shown in page.text


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"client_id": "cli_other"}, "20048"),
        ({"response_type": "token"}, "20001"),
        ({"redirect_uri": f"{BACK}/"}, "20029"),
        ({"scope": "drive:drive"}, "20027"),
        ({"scope": "bitable:app bitable:app"}, "20027"),
        ({"code_challenge_method": "S512"}, "20001"),
    ],
)
async def test_a_wrong_page_leads_nowhere(client: Client, wrong: dict[str, str], shown: str) -> None:
    for method in ("GET", "POST"):
        page = await client.http.request(method, PAGE, params=ASK | wrong)
        assert (page.status_code, shown in page.text, "location" in page.headers) == (400, True, False)


async def test_the_click_leads_back_with_the_state(client: Client) -> None:
    agreed = await decide(client)
    assert (set(agreed), agreed["state"]) == ({"code", "state"}, ASK["state"])
    assert await decide(client, "deny") == {"error": "access_denied", "state": ASK["state"]}
    assert set(await decide(client, redirect_uri=f"{BACK}?a=b", state="")) == {"a", "code"}


async def test_a_code_becomes_tokens_of_a_real_length(client: Client) -> None:
    reply = await exchange(client)
    told = reply.json()
    access, token = told.pop("access_token"), told.pop("refresh_token")
    assert told == {
        "code": 0,
        "expires_in": 7200,
        "refresh_token_expires_in": 604800,
        "scope": "auth:user.id:read bitable:app offline_access",
        "token_type": "Bearer",
    }
    assert all(1000 < len(each) < 2000 and each.startswith("eyJ") for each in (access, token))
    assert access != token


async def test_without_offline_access_there_is_no_refresh_token(client: Client) -> None:
    code = (await decide(client, scope="bitable:app"))["code"]
    told = (await exchange(client, code=code)).json()
    assert (told["code"], "refresh_token" in told) == (0, False)


@pytest.mark.parametrize(
    ("wrong", "code", "error"),
    [
        ({"grant_type": ""}, 20001, "invalid_request"),
        ({"client_secret": ""}, 20001, "invalid_request"),
        ({"grant_type": "password"}, 20036, "unsupported_grant_type"),
        ({"client_id": "cli_other"}, 20048, "invalid_client"),
        ({"client_secret": "wrong"}, 20002, "invalid_client"),
        ({"code": "made-up"}, 20003, "invalid_grant"),
        ({"redirect_uri": f"{BACK}/"}, 20071, "invalid_grant"),
        ({"code_verifier": "another"}, 20049, "invalid_grant"),
        ({"code_verifier": ""}, 20049, "invalid_grant"),
        ({"scope": "bitable:app bitable:app"}, 20067, "invalid_scope"),
        ({"scope": "drive:drive"}, 20068, "invalid_scope"),
    ],
)
async def test_a_wrong_exchange(client: Client, wrong: dict[str, str], code: int, error: str) -> None:
    reply = await exchange(client, **wrong)
    told = reply.json()
    assert (reply.status_code, told["code"], told["error"]) == (400, code, error)
    assert set(told) == {"code", "error", "error_description"}


async def test_a_body_that_is_no_json(client: Client) -> None:
    assert (await client.http.post(TOKEN, data=GIVE)).json()["code"] == 20063


async def test_a_code_is_good_for_once_and_for_five_minutes(client: Client) -> None:
    code = (await decide(client))["code"]
    client.clock.now += 299
    assert (await exchange(client, code=code)).json()["code"] == 0
    assert (await exchange(client, code=code)).json()["code"] == 20065
    late = (await decide(client))["code"]
    client.clock.now += 300
    assert (await exchange(client, code=late)).json()["code"] == 20004


async def test_a_code_belongs_to_its_app(client: Client) -> None:
    client.world.add_app("cli_b", SECRET)
    assert (await exchange(client, client_id="cli_b")).json()["code"] == 20024


async def test_a_plain_challenge_is_its_own_verifier(client: Client) -> None:
    code = (await decide(client, code_challenge="plain-one", code_challenge_method="plain"))["code"]
    assert (await exchange(client, code=code, code_verifier="plain-one")).json()["code"] == 0


async def test_a_refresh_token_is_good_for_once_and_the_access_token_lives_on(client: Client) -> None:
    first = (await exchange(client)).json()
    second = (await refresh(client, first["refresh_token"])).json()
    assert (second["code"], second["refresh_token"] != first["refresh_token"]) == (0, True)
    assert (await refresh(client, first["refresh_token"])).json()["code"] == 20073
    client.token = first["access_token"]
    assert await client.code("GET", "tables") == 0
    assert (await refresh(client, second["refresh_token"])).json()["code"] == 0


async def test_refresh_tokens_that_are_none(client: Client) -> None:
    client.world.add_app("cli_b", SECRET)
    token = (await exchange(client)).json()["refresh_token"]
    assert (await refresh(client, "made-up")).json()["code"] == 20026
    assert (await refresh(client, token, client_id="cli_b")).json()["code"] == 20024
    client.world.app(APP).refreshes = False
    assert (await refresh(client, token)).json()["code"] == 20074
    client.world.app(APP).refreshes = True
    client.clock.now += 604_800
    assert (await refresh(client, token)).json()["code"] == 20037


async def test_after_a_year_the_person_has_to_agree_again(client: Client) -> None:
    told = (await exchange(client)).json()
    for _ in range(60):
        client.clock.now += 6 * 86_400
        told = (await refresh(client, told["refresh_token"])).json()
    assert told["refresh_token_expires_in"] == 5 * 86_400
    client.clock.now += 5 * 86_400
    assert (await refresh(client, told["refresh_token"])).json()["code"] == 20037


async def test_a_person_may_take_it_back(client: Client) -> None:
    told = (await exchange(client)).json()
    client.world.revoke_logins()
    assert (await refresh(client, told["refresh_token"])).json()["code"] == 20064
    client.token = told["access_token"]
    assert await client.code("GET", "tables") == 99991668


async def test_with_their_token_a_person_is_themselves(client: Client) -> None:
    """They own the base, whatever the app may do in it."""
    client.world.share(client.base, APP, None)
    client.world.set_advanced(client.base, on=True)
    client.token = (await exchange(client)).json()["access_token"]
    record = await client.create(文本="x")
    read = (await client.rows(automatic_fields=True))[0]
    assert (read["record_id"], read["created_by"]["id"]) == (record, client.world.person)
    made = (await client.data("POST", "/open-apis/bitable/v1/apps", {"name": "我的"}))["app"]
    assert client.world.base(made["app_token"]).roles == {client.world.person: "full_access"}
    client.clock.now += 7200
    assert await client.code("GET", "tables") == 99991677


async def test_a_scope_that_was_not_granted_is_named(client: Client) -> None:
    client.token = (await exchange(client)).json()["access_token"]
    node = client.world.add_wiki_node(client.base)
    answer = (await client.call("GET", "/open-apis/wiki/v2/spaces/get_node", token=node)).json()
    assert answer["code"] == 99991679
    assert {"type": "action_privilege_required", "subject": "wiki:wiki"} in answer["error"][
        "permission_violations"
    ]
    code = (await decide(client, scope="wiki:wiki"))["code"]
    told = (await exchange(client, code=code)).json()
    assert set(told["scope"].split()) >= {"wiki:wiki", "bitable:app"}  # what was granted before stays
    client.token = told["access_token"]
    assert await client.code("GET", "/open-apis/wiki/v2/spaces/get_node", token=node) == 0


async def test_an_app_that_is_not_in_use(client: Client) -> None:
    token = (await exchange(client)).json()["access_token"]
    code = (await decide(client))["code"]
    client.world.app(APP).enabled = False
    assert (await exchange(client, code=code)).json()["code"] == 20069
    assert await client.code("GET", "tables") == 99991662
    client.token = token
    assert await client.code("GET", "tables") == 99991662
    assert (await client.http.get(PAGE, params=ASK)).status_code == 400


async def test_a_refresh_whose_reply_is_lost_was_still_used(client: Client) -> None:
    token = (await exchange(client)).json()["refresh_token"]
    client.world.faults.append(Fault("login.token", "drop_after"))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await refresh(client, token)
    assert (await refresh(client, token)).json()["code"] == 20073


@pytest.mark.parametrize("code", sorted(WRONG))
async def test_any_code_of_the_login_can_be_had(client: Client, code: int) -> None:
    client.world.faults.append(Fault("login.token", "refused", code=code))
    told = (await exchange(client)).json()
    assert (told["code"], set(told)) == (code, {"code", "error", "error_description"})
    assert (await exchange(client)).json()["code"] == 0
