"""Another extension, which the person let go to the dashboard's name: Firefox lends it the cookies, and its good name."""

from pathlib import Path

import msgspec
import pytest

from gateway.owner_sessions import new_login_link
from tests.firefox.conftest import Browser
from tests.support import Started

pytestmark = pytest.mark.xdist_group("firefox")  # one Firefox, not one for each worker

_ID = "other@example.org"
_ASK = """(base, paths) => Promise.all(paths.map((path) => fetch(base + path, { credentials: "include" })
    .then((reply) => reply.status, (error) => String(error)).then((told) => [path, told])))"""


def other_page(fox: Browser, folder: Path) -> str:
    """A page of its own; returns the tab."""
    folder.mkdir()
    manifest = {
        "manifest_version": 2,
        "name": "other",
        "version": "1",
        "permissions": ["http://d2f.localhost/*"],
        "browser_specific_settings": {"gecko": {"id": _ID}},
    }
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    (folder / "page.html").write_text("<!doctype html><title>page</title>", "utf-8")
    fox.firefox("webExtension.install", extensionData={"type": "path", "path": str(folder)})
    host = fox.firefox.inside("(id) => WebExtensionPolicy.getByID(id).mozExtensionHostname", _ID)
    return fox.firefox.new_tab(f"moz-extension://{host}/page.html")


def test_it_reads_nothing(fox: Browser, started: Started, tmp_path: Path) -> None:
    """Firefox says ``same-origin`` of what it asks, and sends no Origin with a GET."""
    gateway = started.gateway
    fox.open(started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings)))
    paths = [
        "/",
        "/marks",
        "/audit",
        *(f"/api/v1/{name}" for name in ("overview", "marks", "audit", "events")),
    ]
    tab = other_page(fox, tmp_path / "other")
    try:
        told = fox.firefox.run(tab, _ASK, gateway.settings.dashboard.rstrip("/"), paths)
    finally:
        fox.firefox("webExtension.uninstall", extension=_ID)
    assert told == [[path, 403] for path in paths]
