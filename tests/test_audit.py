"""The safety record: every act that matters is in it, once, and a flood of failures pushes nothing out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from gateway.audit import ACTS, Act, Audit, browser_of
from gateway.errors import BadMessage
from gateway.store import Store
from gateway.visitor import Extension, call
from tests.support import APP_SECRET, Started, World, background
from tests.test_cli import d2f
from tests.test_owner_session import another

COOKIE = '{"cookies":[{"name":"dbcl2","value":"\\"1001:Token0fTheSession\\"","domain":".douban.com","path":"/","secure":true,"http_only":true}]}'


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    with background() as beside:
        yield World(beside, tmp_path / "data").start()


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    with Store(tmp_path / "d2f.db") as store:
        yield Audit(store)


def told(started: Started) -> list[tuple[Any, ...]]:
    """The newest first."""
    return [
        (entry["act"], entry["about"], entry["source"])
        for entry in started.owner.call("GET", "/api/v1/audit").json()
    ]


def test_what_devices_and_the_owner_do(started: Started) -> None:
    browser = started.pair()
    assert browser.send("/api/v1/session", COOKIE.encode())[0] == 200
    assert started.connect().status == 200
    path = f"/api/v1/devices/{browser.device}"
    assert started.owner.call("POST", f"{path}/name", {"name": "  家里的  Chrome "}).json() == {
        "name": "家里的 Chrome"
    }
    assert started.owner.call("DELETE", path).status == 204
    hook = "https://open.feishu.cn/open-apis/bot/v2/hook/11111111-1111-4111-8111-111111111111"
    assert started.owner.call("PUT", "/api/v1/notices", {"way": "bot", "webhook": hook}).status == 200
    forget = "/api/v1/douban/1001/login"
    assert [started.owner.call("DELETE", forget).status for _ in range(2)] == [204, 404]
    assert started.world.background.call(started.gateway.sessions.accounts) == []
    assert told(started) == [
        (Act.DOUBAN_FORGOTTEN, "1001", "d2f"),
        (Act.NOTICE_SECRET, "", "d2f"),
        (Act.DEVICE_REVOKED, "家里的 Chrome", "d2f"),
        (Act.DEVICE_RENAMED, "Demo → 家里的 Chrome", "d2f"),
        (Act.FEISHU_SECRET, "cli_a1b2c3d4e5f60708", "d2f"),
        (Act.DOUBAN_KEPT, "1001", "Demo"),
        (Act.PAIRED, "chrome-extension://simulatedsimulatedsimulatedsimula", "Demo"),
        (Act.PAIRING_OPENED, "", "d2f"),
        (Act.LOGGED_IN, "", "d2f"),
    ]
    record = d2f(started.world.folder, "audit").stdout + started.owner.call("GET", "/audit").body.decode()
    for secret in (APP_SECRET, "Token0fTheSession", hook, *started.owner.cookies.values()):
        assert secret not in record


def test_five_that_fail_close_the_pairing(started: Started) -> None:
    code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
    headers = {"Host": started.gateway.settings.device_host, "Origin": "moz-extension://x"}
    for _ in range(7):
        call(started.origin, "POST", "/api/v1/pair", headers=headers, body=b"x" * 100)
    entries = started.owner.call("GET", "/api/v1/audit").json()
    assert [(entry["act"], entry["times"], entry["source"]) for entry in entries[:2]] == [
        (Act.PAIRING_CLOSED, 1, "moz-extension://x"),
        (Act.PAIRING_FAILED, 5, "moz-extension://x"),
    ]
    with pytest.raises(BadMessage):
        Extension(code)


def test_a_name_that_is_none(started: Started) -> None:
    browser = started.pair()
    for name in ("", "   ", "x" * 81):
        assert (
            started.owner.call("POST", f"/api/v1/devices/{browser.device}/name", {"name": name}).status == 400
        )
    assert started.owner.call("POST", "/api/v1/devices/nobody/name", {"name": "x"}).status == 404
    assert (Act.DEVICE_RENAMED, "", "d2f") not in told(started)


def test_keys(tmp_path: Path) -> None:
    d2f(tmp_path, "pair")
    assert d2f(tmp_path, "keys", "rotate").returncode == 0
    assert d2f(tmp_path, "keys", "method", "passphrase", D2F_NEW_PASSPHRASE="eight or more").returncode == 0
    lines = d2f(tmp_path, "audit").stdout.splitlines()
    assert [line[21:] for line in lines] == [
        "换了保存密钥的方式 The keys are kept in another way · passphrase · d2f",
        "换了新的密钥 The keys were rotated · d2f",
        "生成了配对码 A pairing code was made · d2f",
    ]


def test_a_flood_pushes_nothing_else_out(audit: Audit) -> None:
    audit.note(Act.PAIRED, "Chrome", "chrome-extension://x")
    for number in range(1_300):
        audit.note(Act.LOG_IN_FAILED, f"browser {number}")
    entries = audit.newest(10_000)
    assert len(entries) == 1_001
    assert (entries[0].source, entries[999].source) == ("browser 1299", "browser 300")
    assert entries[-1].act is Act.PAIRED


def test_failures_within_the_hour_are_counted(audit: Audit) -> None:
    begun = datetime.now(UTC)
    for minutes in (0, 30, 85, 200):
        with time_machine.travel(begun + timedelta(minutes=minutes), tick=False):
            audit.note(Act.PASSPHRASE_FAILED, "Chrome")
            audit.note(Act.LOGGED_IN, "Chrome")
    failed = [entry for entry in audit.newest(10) if entry.act is Act.PASSPHRASE_FAILED]
    assert [(entry.times, entry.at - begun) for entry in failed] == [
        (1, timedelta(minutes=200)),
        (3, timedelta(minutes=85)),
    ]
    assert len(audit.newest(10)) == 6


def test_what_a_terminal_would_obey_is_left_out(audit: Audit) -> None:
    audit.note(Act.PAIRED, "\x1b[2Jevil\r\n", "\u202ex" + "y" * 200)
    assert (audit.newest(1)[0].source, audit.newest(1)[0].about) == ("[2Jevil", "x" + "y" * 78)


def test_every_act_has_words() -> None:
    assert ACTS.keys() == set(Act)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge · Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            "Safari · macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
            "Safari · iOS",
        ),
        ("<script>alert(1)</script>", "?"),
        ("", "?"),
        ("d2f", "d2f"),
    ],
)
def test_a_browser_as_a_person_calls_it(agent: str, name: str) -> None:
    assert browser_of(agent) == name


def test_the_dashboard_shows_it(started: Started) -> None:
    another(started)
    page = started.owner.call("GET", "/audit").body.decode()
    assert page.count("登录了控制台") == 2
    assert "登录了控制台" in started.owner.call("GET", "/").body.decode()


def test_a_secret_of_feishus_is_in_the_trail_whichever_form_it_comes_by(started: Started) -> None:
    """To ask which columns a table has keeps it, too."""
    body = {"way": "base", "base_token": "pt-a-secret", "address": "https://example.feishu.cn/base/x?table=y"}
    assert started.owner.call("POST", "/api/v1/feishu/columns", body).status >= 400
    kept = started.world.background.call(lambda: started.gateway.carriers.first.sync.connection.secrets)
    assert "base_token" in kept
    assert [act for act, *_ in told(started)].count(Act.FEISHU_SECRET) == 1
    del body["base_token"]
    assert started.owner.call("POST", "/api/v1/feishu/columns", body).status >= 400
    assert [act for act, *_ in told(started)].count(Act.FEISHU_SECRET) == 1
