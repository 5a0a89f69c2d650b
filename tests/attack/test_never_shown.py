"""What is in the vault stays there: no page, no answer and no event that the owner can have holds a secret, or a hash of one."""

import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

import gateway
from gateway.owner_sessions import new_login_link
from gateway.sandbox.feishu import Fault
from gateway.visitor import OwnerVisitor
from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS, SOCKET, at
from tests.attack.wire import Wire
from tests.sockets import Socket
from tests.support import APP_ID, APP_SECRET, Started, World
from tests.test_keys import spelled
from tests.test_live import Stream
from tests.test_notices import bot
from tests.test_ways_in import base_token, log_in
from tests.walks import AGENT, lend, walk

SHORTEST = 12
"""Characters: Douban's token of forms has four, which are found in any text."""
NO_SECRET = re.compile(
    rf"{re.escape(AGENT)}|\d{{4}}-\d\d-\d\dT|^\.douban\.com$|^zh-CN|^cli_|^https://example\."
)
"""What is kept with the secrets, and shown: names, times, the Bitable."""
KEPT = {"device", "douban", "feishu", "jwt", "notices", "pairing"}
"""How the names in the vault begin."""
READS = [name for name in ROWS if name.partition(" ")[0] in {"GET", "HEAD"} and name != "GET /api/v1/events"]
STATIC = [path.name for path in (Path(gateway.__file__).parent / "dashboard" / "static").iterdir()]


@pytest.fixture
def started(world: World) -> Started:
    """All secrets that there can be, after walks and pushes that went well and that failed."""
    started = world.start()
    lend(started)
    assert walk(started, "full").state == "ended"
    assert started.connect(way="base", base_token=base_token(world)).status == 200
    assert started.connect().status == 200
    log_in(started)
    assert bot(started, "the-secret-of-a-bot").status == 200
    fault = Fault("*", "refused", 99, code=99991663, message="Invalid access token")
    world.background.call(lambda: world.feishu.faults.append(fault))
    assert started.owner.call("POST", "/api/v1/check").status == 202
    started.settled()
    assert started.owner.call("POST", "/api/v1/pairing").status == 201
    return started


def texts(value: Any) -> set[str]:
    """All that are in it."""
    if isinstance(value, dict | list):
        inside = cast("Iterable[Any]", value.values() if isinstance(value, dict) else value)
        return set[str]().union(*map(texts, inside))
    return {value} if isinstance(value, str) else set()


def secrets(started: Started, other: OwnerVisitor) -> dict[bytes, str]:
    """Whatever the vault holds, and every hash, in each way that it could be written; and where it is from."""
    store, vault = started.gateway.store, started.gateway.vault

    def read() -> dict[str, bytes]:
        return {name: vault.get(name) or b"" for name, _ in store.secrets()}

    found: dict[bytes, str] = {}
    for name, secret in started.world.background.call(read).items():
        found |= dict.fromkeys(spelled(secret), name)
        try:
            inside = texts(msgspec.json.decode(secret))
        except (msgspec.DecodeError, UnicodeDecodeError):
            inside = set[str]()
        found |= {each.encode(): name for each in inside if not NO_SECRET.search(each)}
    hashes = "SELECT hash FROM owner_refresh UNION SELECT hash FROM login_link"
    rows = started.world.background.call(lambda: list(store.rows(hashes)))
    found |= {str(each).encode(): "a hash" for (each,) in rows}
    found |= {each.encode(): "another session" for name, each in other.cookies.items() if name != "d2f-csrf"}
    told: Any = started.world.background.call(lambda: started.world.feishu.apps.token(APP_ID, APP_SECRET))
    found[told["tenant_access_token"].encode()] = "the app's token"
    return {secret: name for secret, name in found.items() if len(secret) >= SHORTEST}


def replies(started: Started) -> dict[str, bytes]:
    """All that the owner can read."""
    mark = started.owner.call("GET", "/api/v1/marks").json()["marks"][0]["subject"]
    read: dict[str, bytes] = {}
    with Wire(started.port) as wire:
        for name in READS:
            method, _, path = name.partition(" ")
            own = path.replace("{medium:str}", mark["medium"]).replace("{subject_id:str}", mark["id"])
            files = (
                [path.replace("{file_path:path}", each) for each in STATIC] if "{file_path" in path else []
            )
            for target in {at(path), at(own), *files}:
                for kind in ("application/json", "text/html"):
                    for language in ("zh", "en"):
                        headers = started.owner.headers | {"Accept": kind, "Accept-Language": language}
                        reply = wire.ask(method, target, headers)
                        read[f"{name} {target} {kind} {language}"] = (
                            msgspec.json.encode(reply.headers) + reply.body
                        )
    with closing(Stream(started)) as stream:
        read["GET /api/v1/events"] = msgspec.json.encode([stream.event(), stream.event()])
    with Socket(started) as socket:
        read[f"{SOCKET} /api/v1/events/socket"] = msgspec.json.encode([socket.event(), socket.event()])
    return read


def test_no_secret_is_shown_to_its_owner(started: Started, attacks: Attacks) -> None:
    gateway = started.gateway
    other = OwnerVisitor(
        started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))
    )
    unseen = secrets(started, other)
    assert {name.partition(" ")[0] for name in unseen.values()} == KEPT | {"a", "another", "the"}
    assert {APP_SECRET.encode(), started.world.person.dbcl2.encode()} <= unseen.keys()
    read = replies(started)
    assert sum(b"cli_" in each for each in read.values()) > 3, "nothing of Feishu was read"
    for where, content in read.items():
        attacks.held(not (found := {unseen[each] for each in unseen if each in content}), where, found)
