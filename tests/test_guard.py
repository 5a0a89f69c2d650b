"""Nothing answers without a credential, under another name, or to another origin."""

import base64
import re
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from gateway.app import Gateway
from gateway.model import now
from gateway.owner_sessions import new_login_link
from gateway.security import Guard
from gateway.settings import Settings
from gateway.visitor import OwnerVisitor, Reply, call
from tests.support import Background, Started, World, background

OPEN = {"/health"}
"""What answers anybody; ``/login`` and the device routes carry their credential with them."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with background() as beside:
        yield World(beside, tmp_path_factory.mktemp("data")).start()


def ask(started: Started, method: str, path: str, host: str | None = None, **headers: str) -> Reply:
    settings = started.gateway.settings
    named = {"Host": host or settings.dashboard_host} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    return call(started.origin, method, path, headers=named)


def routes(folder: Path) -> list[tuple[str, str]]:
    """Every method and path that the app has, whatever is added to it later."""
    gateway = Gateway(Settings(port=1, data=folder))
    guard = gateway.app()
    assert isinstance(guard, Guard)
    app = guard.app
    assert isinstance(app, Litestar)
    found = [
        (method, route.path.replace("{device_id:str}", "x").replace("{capture_id:uuid}", "0" * 32))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method in {"GET", "POST", "PUT", "DELETE", "PATCH"}
    ]
    gateway.store.close()
    return found


def test_no_route_answers_without_a_credential(started: Started, tmp_path: Path) -> None:
    own = started.gateway.settings.dashboard.rstrip("/")
    tried = 0
    for method, path in routes(tmp_path):
        for host in (started.gateway.settings.device_host, started.gateway.settings.dashboard_host):
            reply = ask(started, method, path.replace("{file_path:path}", "dashboard.css"), host, Origin=own)
            expected = {200} if path in OPEN else {307, 400, 401, 403, 413, 421}
            assert reply.status in expected, (method, path, host, reply)
            tried += 1
    assert tried > 20


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}"])
@pytest.mark.parametrize("path", ["/", "/anything"])
def test_a_person_who_types_another_of_our_names_is_led_to_the_dashboard(
    started: Started, host: str, path: str
) -> None:
    named = host.format(port=started.gateway.settings.port)
    reply = ask(started, "GET", path, named, Accept="text/html,*/*")
    assert (reply.status, reply.headers["location"]) == (307, started.gateway.settings.dashboard)


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "localhost:{port}",
        "127.0.0.1",
        "d2f.localhost",
        "x.d2f.localhost:{port}",
        "d2f.localhost.evil.test:{port}",
        "",
    ],
)
def test_another_name_is_misdirected(started: Started, host: str) -> None:
    for path in ("/health", "/", "/api/v1/overview", "/nowhere"):
        reply = ask(started, "GET", path, host.format(port=started.gateway.settings.port) or "-")
        assert (reply.status, reply.json()["code"]) == (421, "wrong_host")


@pytest.mark.parametrize(
    "origin", ["https://movie.douban.com", "http://127.0.0.1:{port}", "null", "chrome-extension://abc", None]
)
def test_the_owners_cookie_is_no_use_to_another_origin(started: Started, origin: str | None) -> None:
    headers = {"Cookie": started.owner.cookie}
    if origin:
        headers["Origin"] = origin.format(port=started.gateway.settings.port)
    reply = ask(started, "POST", "/api/v1/pairing", **headers)
    assert (reply.status, reply.json()["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize(
    ("site", "mode", "dest", "status"),
    [
        ("none", "cors", "empty", 403),  # an extension of another program's
        ("same-site", "no-cors", "image", 403),
        ("cross-site", "cors", "empty", 403),
        ("none", "navigate", "document", 200),  # a person who types the address
        ("same-origin", "cors", "empty", 403),  # an extension of another program's, in Firefox
        ("same-origin", "no-cors", "image", 403),
    ],
)
def test_who_asks_is_told_by_the_browser(
    started: Started, site: str, mode: str, dest: str, status: int
) -> None:
    headers = {"Cookie": started.owner.cookie, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    headers["Sec-Fetch-Dest"] = dest
    reply = ask(started, "GET", "/api/v1/overview", started.gateway.settings.dashboard_host, **headers)
    assert reply.status == status


def test_a_script_of_our_own_page_proves_that_it_is(started: Started) -> None:
    """By the token that the page was told; no other cookie's, and no cookie's that is not there."""
    own = started.owner.headers | {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    token = own["X-CSRFToken"]
    without = {name: value for name, value in own.items() if name != "Cookie"}
    for path in ("/", "/api/v1/overview"):
        assert call(started.origin, "GET", path, headers=own).status == 200
        for bad in (
            own | {"X-CSRFToken": ""},
            own | {"X-CSRFToken": token[:-1]},
            without | {"Cookie": started.owner.cookie, "X-CSRFToken": ""},
            without | {"Cookie": f"{started.owner.cookie}; d2f-csrf=", "X-CSRFToken": ""},
            without | {"Cookie": f"{started.owner.cookie}; xd2f-csrf={token}"},
        ):
            assert call(started.origin, "GET", path, headers=bad).status == 403, bad


def test_a_log_in_link_works_once_and_not_for_long(started: Started) -> None:
    store, settings = started.gateway.store, started.gateway.settings
    paths = [
        started.world.background.call(lambda: new_login_link(store, settings)).removeprefix(
            settings.dashboard.rstrip("/")
        )
        for _ in range(2)
    ]
    assert ask(started, "GET", paths[0]).status == 303
    assert ask(started, "GET", paths[0]).status == 403
    ends = started.world.background.call(lambda: store.one("SELECT expires_at FROM login_link"))
    assert ends
    assert timedelta(minutes=9) < datetime.fromisoformat(ends[0]) - now() < timedelta(minutes=11)
    past = (now() - timedelta(seconds=1)).isoformat()
    started.world.background.call(lambda: store.do("UPDATE login_link SET expires_at = ?", [past]))
    assert ask(started, "GET", paths[1]).status == 403
    for link in ("/login?key=guess", "/login"):
        assert ask(started, "GET", link).status in {400, 403}


def test_an_access_token_is_good_for_a_quarter_of_an_hour(started: Started) -> None:
    body = started.owner.cookie.split(".")[1]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert timedelta(minutes=5) < timedelta(seconds=claims["exp"] - time.time()) <= timedelta(minutes=15)


def test_two_names_are_none(started: Started) -> None:
    settings = started.gateway.settings
    with socket.create_connection(("127.0.0.1", started.port)) as connection:
        hosts = f"Host: {settings.device_host}\r\nHost: evil.test\r\n"
        connection.sendall(f"GET /health HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    assert reply.split(b" ", 2)[1] in {b"400", b"421"}


def test_another_origin_may_not_even_look(started: Started) -> None:
    settings = started.gateway.settings
    headers = {"Host": settings.dashboard_host, "Cookie": started.owner.cookie, "Origin": "http://evil.test"}
    reply = call(started.origin, "GET", "/api/v1/overview", headers=headers)
    assert (reply.status, reply.json()["code"]) == (403, "wrong_origin")


def test_a_forged_cookie_is_not_believed(started: Started) -> None:
    head, body, signature = started.owner.cookie.removeprefix("d2f=").split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    for forged in (f"{head}.{body}.{signature[::-1]}", f"{none}.{body}.", f"{head}.{body}", "x"):
        assert ask(started, "GET", "/api/v1/overview", Cookie=f"d2f={forged}").status == 401


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH", "CONNECT"])
def test_other_methods_are_refused(started: Started, method: str) -> None:
    assert ask(started, method, "/api/v1/overview").status in {400, 405}


def test_a_packed_body_is_refused(started: Started) -> None:
    assert (
        ask(
            started, "POST", "/api/v1/captures", started.gateway.settings.device_host, Content_Encoding="gzip"
        ).status
        == 415
    )


def test_a_session_that_was_logged_out_of_is_good_for_nothing(started: Started) -> None:
    """Not in another browser either, that has a copy of the cookie."""
    settings = started.gateway.settings
    link = started.world.background.call(lambda: new_login_link(started.gateway.store, settings))
    other = OwnerVisitor(link)
    assert other.call("GET", "/api/v1/overview").status == 200
    assert other.call("POST", "/logout").status == 200
    assert other.call("GET", "/api/v1/overview").status == 401
    assert started.owner.call("GET", "/api/v1/overview").status == 200


@pytest.mark.parametrize("body", ["[" * 50_000, '{"app_id":' * 5_000, '{"app_id":"\udcff"}'])
def test_what_is_no_json_is_bad_input(started: Started, body: str) -> None:
    headers = started.owner.headers | {"Content-Type": "application/json"}
    content = body.encode("utf-8", "surrogateescape")
    reply = call(started.origin, "PUT", "/api/v1/feishu", headers=headers, body=content)
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")


def test_an_address_that_is_none_does_not_hide_the_dashboard(started: Started) -> None:
    started.pair().capture("https://[::1", b"<html></html>")
    assert started.owner.call("GET", "/").status == 200


def test_no_page_may_frame_or_sniff(started: Started) -> None:
    reply = started.owner.call("GET", "/")
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert not [name for name in reply.headers if name.startswith("access-control-")]


def test_a_person_without_a_session_reads_a_page_in_both_languages(started: Started) -> None:
    for language, words in (("zh-CN,zh;q=0.9", "打开控制台"), ("en-GB", "open the dashboard")):
        reply = ask(started, "GET", "/", Accept="text/html", Accept_Language=language)
        assert reply.status == 401
        assert words in reply.body.decode()


def test_a_page_that_is_none_leads_back(started: Started) -> None:
    reply = started.owner.call("GET", "/plan")
    assert (reply.status, reply.json()["hint"]["zh"]) == (404, "这里什么也没有（404）。")
    page = ask(started, "GET", "/plan", **started.owner.headers, Accept="text/html", Accept_Language="en")
    assert "There is nothing here (404)." in page.body.decode()
    assert '<a class="button" href="/">Back to the dashboard</a>' in page.body.decode()


def test_an_error_is_told_without_its_inside(started: Started) -> None:
    reply = started.owner.call("PUT", "/api/v1/feishu", {"app_id": 7})
    assert (reply.status, reply.json()["code"]) == (400, "bad_input")
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert started.owner.call("GET", "/api/v1/nowhere").json()["code"] == "http_404"


def test_secrets_are_in_no_file(beside: Background, tmp_path: Path) -> None:
    """The cookie and the Feishu secret go in; a grep over everything that was written does not find them."""
    world = World(beside, tmp_path / "data")
    started = world.start()
    cookie = '{"cookies":[{"name":"dbcl2","value":"\\"1001:Token0fTheSession\\"","domain":".douban.com","path":"/",'
    assert started.pair().send(
        "/api/v1/session", f'{cookie}"secure":true,"http_only":true}}]}}'.encode()
    ) == (
        200,
        {"account": "1001"},
    )
    assert started.connect().status == 200
    started.settled()
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    assert {"d2f.db", "d2f.key"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        for secret in (b"Token0fTheSession", b"s3cret-of-the-simulated-app"):
            assert secret not in content, path


@pytest.mark.parametrize(
    "path", ["/", "/health", "/nowhere", "/static/dashboard.js", "/login?key=x", "/api/v1/overview"]
)
def test_no_page_tells_another_where_its_reader_was(started: Started, path: str) -> None:
    for headers in ({}, started.owner.headers):
        reply = call(
            started.origin, "GET", path, headers={"Host": started.gateway.settings.dashboard_host} | headers
        )
        assert reply.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("earlier", ["the demo", "before a wipe"])
def test_a_browser_that_had_a_page_of_another_gateway_open(world: World, earlier: str) -> None:
    """A browser sends its cookies to every port of ``d2f.localhost``, and keeps them when a library is wiped."""
    before = World(world.background, world.folder.with_name("before") / "data", marks=5).start()
    port = before.port if earlier == "before a wipe" else 0
    before.owner.call("GET", "/")
    old = before.owner.cookies["d2f-csrf"]
    before.stop()
    now = world.start(port)
    link = urlsplit(world.background.call(lambda: new_login_link(now.gateway.store, now.gateway.settings)))
    browser = {"d2f-csrf": old}

    def ask(method: str, target: str, **headers: str) -> Reply:
        headers |= {"Host": link.netloc, "Cookie": "; ".join(f"{k}={v}" for k, v in browser.items())}
        reply = call(f"http://127.0.0.1:{link.port}", method, target, headers=headers)
        said = re.findall(r"^(d2f[\w-]*)=([^;]*)", reply.headers.get("set-cookie", ""), re.MULTILINE)
        browser.update(said)
        return reply

    assert ask("GET", f"{link.path}?{link.query}").status == 303
    token = re.search(r'data-csrf="([^"]+)"', ask("GET", "/").body.decode())
    assert token
    own = {"Origin": f"http://{link.netloc}", "X-CSRFToken": token[1]}
    assert ask("POST", "/api/v1/pairing", **own).status == 201
