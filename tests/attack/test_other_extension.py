"""Another extension, which the person let go to the dashboard's name: the browser lends it the owner's cookies."""

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Playwright

from gateway.owner_sessions import new_login_link
from tests.attack.conftest import Attacks
from tests.browser.conftest import Browser, Site, launch
from tests.support import Started

READS = (
    "/",
    "/marks",
    "/audit",
    *(f"/api/v1/{name}" for name in ("overview", "marks", "audit", "events", "schema")),
)
WRITES = ("/api/v1/pairing", "/api/v1/push", "/api/v1/wipe", "/logout", "/logout/everywhere", "/renew")
TRIES = (
    [["GET", path] for path in READS] + [["POST", path] for path in WRITES] + [["listen", "/api/v1/events"]]
)
TRIES.append(["listen", "/api/v1/events/socket"])
ASK = """async ([base, tries]) => {
    const listen = (address) => new Promise((resolve) => {
        const socket = address.endsWith("socket");
        const source = socket ? new WebSocket(address.replace("http", "ws")) : new EventSource(address, { withCredentials: true });
        source.onopen = () => resolve(200);
        source.onmessage = () => resolve(200);
        source.onerror = () => { source.close(); resolve(403); };
    });
    const ask = (how, address) => how === "listen" ? listen(address)
        : fetch(address, { method: how, credentials: "include" }).then((reply) => reply.status);
    return Promise.all(tries.map(async ([how, path]) => [how, path, await ask(how, base + path)]));
}"""


def make(folder: Path, **more: Any) -> Path:
    """The extension. It has a page, ``page.html``."""
    folder.mkdir()
    manifest = {"name": "other", "version": "1", **more}
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    (folder / "page.html").write_text("<!doctype html><title>page</title>", "utf-8")
    (folder / "worker.js").write_text("", "utf-8")
    return folder


def link(started: Started) -> str:
    gateway = started.gateway
    return started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))


def test_it_reads_and_does_nothing(
    playwright: Playwright, site: Site, started: Started, tmp_path: Path, attacks: Attacks
) -> None:
    """Chromium says ``none`` of where it asks from."""
    hosts = ["http://d2f.localhost/*", "http://127.0.0.1/*"]
    worker = {"service_worker": "worker.js"}
    folder = make(tmp_path / "other", manifest_version=3, host_permissions=hosts, background=worker)
    with closing(launch(playwright, site, tmp_path / "profile", folder)) as context:
        other = Browser(context, site)
        other.open(link(started))
        assert other.page.locator("main").get_attribute("data-csrf")
        page = other.extension_page("page.html")
        own = started.gateway.settings.dashboard.rstrip("/")
        for base in (own, started.origin):
            for how, path, status in page.evaluate(ASK, [base, TRIES]):
                attacks.held(status in {403, 421}, base, how, path, status)
        other.page.reload()  # whose session goes on
        assert other.page.locator("main").get_attribute("data-csrf")
