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
    {path for path in PATHS if path in {"/", "/api/v1/overview"}}
    | {name.partition(" ")[2] for name, row in ROWS.items() if row.door == "device"}
)
"""Paths that are tried at 127.0.0.1, too."""
WAYS = 14
"""Of trying one address, in ``drive_by.js``."""


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
    names = ("setting", "secret", "device", "mark", "capture", "owner_session")

    def read() -> dict[str, list[Any]]:
        return {name: list(started.gateway.store.rows(f"SELECT * FROM [{name}]")) for name in names}

    return started.world.background.call(read)


def drive_by(page: Page, started: Started, attacks: Attacks) -> None:
    before = kept(started)
    settings = started.gateway.settings
    targets = [f"http://{settings.dashboard_host}{path}" for path in PATHS]
    targets += [f"http://{settings.device_host}{path}" for path in AT_ITS_NUMBER]
    through = page.evaluate(DRIVE_BY, targets)
    attacks.cases += WAYS * len(targets) - len(through)
    for each in through:
        attacks.held(False, page.url, each)
    framed = [frame.url for frame in page.frames[1:] if not frame.url.startswith(("chrome-error:", "about:"))]
    attacks.held(not framed, page.url, "framed", framed[:5])
    attacks.held(kept(started) == before, page.url, "changed something")


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
