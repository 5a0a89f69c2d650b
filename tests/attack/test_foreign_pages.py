"""A real browser in which the owner is logged in, and pages of other origins that try every route: nothing is read or changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from gateway.owner_sessions import new_login_link
from gateway.sandbox.http import Request, Response, Server, html
from tests import chromium
from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS, at
from tests.support import Started, World

DRIVE_BY = (Path(__file__).parent / "drive_by.js").read_text("utf-8")
PATHS = sorted({at(name.partition(" ")[2]) for name in ROWS})
AT_ITS_NUMBER = sorted(
    {path for path in PATHS if path in {"/", "/api/v1/overview", "/feishu/callback"}}
    | {name.partition(" ")[2] for name, row in ROWS.items() if row.door == "device"}
)
"""Paths that are tried at 127.0.0.1, too."""
WAYS = {"fetch", "img", "script", "link", "frame", "form", "EventSource", "WebSocket"}
"""Of trying one address, in ``drive_by.js``."""
TURNS = 20_000
"""Of the browser's, after which a frame that shows nothing counts as one that something was let into."""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
CARELESS = {"image": (PNG, "image/png"), "script": (b";", "text/javascript"), "style": (b"", "text/css")}
"""What a server answers that lets everybody do everything, by what the browser wants it for."""


@pytest.fixture
def started(world: World) -> Started:
    started = world.start()
    started.pair()
    return started


@pytest.fixture
def evil(world: World) -> int:
    """The port of a program of somebody else's, with an empty page."""

    async def answer(_: Request) -> Response:
        return html("<!doctype html><title>evil</title><body></body>")

    return world.background.enter(Server(answer)).port


@pytest.fixture
def context(playwright: Playwright, started: Started) -> Iterator[BrowserContext]:
    """The owner is logged in; ``evil.test`` is a name that leads to this machine."""
    browser = playwright.chromium.launch(
        executable_path=chromium.find(), args=["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"]
    )
    context = browser.new_context()
    gateway = started.gateway
    link = started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))
    page = context.new_page()
    page.goto(link)
    assert page.locator("header").count(), "not logged in"
    page.close()
    yield context
    browser.close()


def kept(started: Started) -> dict[str, list[Any]]:
    """All that the library holds, the audit trail included."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"

    def read() -> dict[str, list[Any]]:
        rows = started.gateway.store.rows
        return {name: list(rows(f"SELECT * FROM [{name}]")) for (name,) in rows(tables)}

    return started.world.background.call(read)


def drive_by(page: Page, started: Started, attacks: Attacks) -> None:
    before = kept(started)
    settings = started.gateway.settings
    targets = [f"http://{settings.dashboard_host}{path}" for path in PATHS]
    targets += [f"http://{settings.device_host}{path}" for path in AT_ITS_NUMBER]
    told = page.evaluate(DRIVE_BY, targets)
    assert told["tried"].keys() == WAYS
    assert all(told["tried"][way] >= len(targets) for way in WAYS - {"EventSource", "WebSocket"})
    attacks.cases += sum(told["tried"].values()) - len(told["through"])
    for each in told["through"]:
        attacks.held(False, page.url, each)
    attacks.held(not (framed := frames(page)), page.url, "framed", framed[:5])
    attacks.held(kept(started) == before, page.url, "changed something")


def frames(page: Page) -> list[str]:
    """What was let into a frame, once each of them shows something: on a busy machine some are still on their way."""
    for _ in range(TURNS):
        if all(frame.url for frame in page.frames[1:]):
            break
        page.evaluate("new Promise((done) => setTimeout(done))")
    return [frame.url for frame in page.frames[1:] if not frame.url.startswith(("chrome-error:", "about:"))]


def test_the_script_gets_through_where_it_may(context: BrowserContext, started: Started, evil: int) -> None:
    """To a server that lets everybody; and from our own page, as far as that may. So what is held elsewhere, is held by us."""
    posted: list[Request] = []

    async def careless(request: Request) -> Response:
        if request.method == "POST" and request.headers.get("sec-fetch-dest") == "iframe":
            posted.append(request)
        body, kind = CARELESS.get(request.headers.get("sec-fetch-dest", ""), (b"<p>yours", "text/html"))
        if request.headers.get("accept") == "text/event-stream":
            body, kind = b"data: yours\n\n", "text/event-stream"
        headers = {
            "Access-Control-Allow-Origin": request.headers.get("origin", "*"),
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": "*, PUT, DELETE",
            "Access-Control-Allow-Headers": "Content-Type",
        }
        return Response(200, body, tuple(headers.items()), kind)

    port = started.world.background.enter(Server(careless)).port
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{evil}/")
    open_to_all = f"http://127.0.0.1:{port}/"
    told = page.evaluate(DRIVE_BY, [open_to_all])
    assert sorted(told["tried"]) == sorted(WAYS - {"EventSource", "WebSocket"})
    assert {each.partition(" ")[0] for each in told["through"]} == {"fetch", "img", "script", "link"}
    methods = ("", '"method":"POST"', '"method":"PUT"', '"method":"DELETE"')
    assert all(any(method in each for each in told["through"]) for method in methods), told["through"]
    assert frames(page) == [open_to_all, open_to_all]
    assert len(posted) == 1
    told = page.evaluate(DRIVE_BY, [f"{open_to_all}events"])
    assert "EventSource" in {each.partition(" ")[0] for each in told["through"]}
    page.goto(started.gateway.settings.dashboard)
    ours = [f"{started.gateway.settings.dashboard}api/v1/{name}" for name in ("events", "events/socket")]
    told = page.evaluate(DRIVE_BY, ours)
    assert {each.partition(" ")[0] for each in told["through"]} >= {"fetch", "WebSocket"}


@pytest.mark.parametrize("host", ["127.0.0.1", "d2f.localhost"])
def test_a_page_of_another_origin(
    context: BrowserContext, started: Started, evil: int, attacks: Attacks, host: str
) -> None:
    """The last one is of the same site: cookies, strict as they are, come along."""
    page = context.new_page()
    page.goto(f"http://{host}:{evil}/")
    drive_by(page, started, attacks)


def test_a_name_that_leads_here(context: BrowserContext, started: Started, attacks: Attacks) -> None:
    """DNS rebinding: for the browser it is the same origin as the page's own, so that it may read everything."""
    page = context.new_page()
    for name in ("evil.test", "d2f.localhost.evil.test"):
        for path in PATHS:
            if path != "/api/v1/events/socket":
                reply = page.request.get(
                    f"http://127.0.0.1:{started.port}{path}",
                    headers={"Host": f"{name}:{started.port}"},
                    max_redirects=0,
                )
                attacks.held(reply.status == 421, name, path, reply.status)
        told = page.goto(f"http://{name}:{started.port}/")
        attacks.held(told is not None and told.status == 421, name, told)
        before = kept(started)
        script = """paths => Promise.all(paths.flatMap(path => ["GET", "POST", "PUT", "DELETE"].map(method =>
            fetch(path, { method, body: method === "GET" ? null : "{}" }).then(reply => [method, path, reply.status]))))"""
        for method, path, status in page.evaluate(script, PATHS):
            attacks.held(status == 421, name, method, path, status)
        attacks.held(kept(started) == before, name, "changed something")
