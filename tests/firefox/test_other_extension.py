"""Another extension, which the person let go to the dashboard's name: Firefox lends it the cookies, and its good name."""

from pathlib import Path

import pytest

from tests.attack.test_other_extension import ASK, TRIES, link, make
from tests.firefox.conftest import Browser
from tests.support import Started

pytestmark = pytest.mark.xdist_group("firefox")  # one Firefox, not one for each worker

_ID = "other@example.org"


def test_it_reads_and_does_nothing(fox: Browser, started: Started, tmp_path: Path) -> None:
    """Firefox says ``same-origin`` of what it asks, and sends no Origin with a GET."""
    fox.open(link(started))
    own = {"gecko": {"id": _ID}}
    allowed = ["http://d2f.localhost/*", "http://127.0.0.1/*"]
    folder = make(tmp_path / "other", manifest_version=2, permissions=allowed, browser_specific_settings=own)
    fox.firefox("webExtension.install", extensionData={"type": "path", "path": str(folder)})
    try:
        host = fox.firefox.inside("(id) => WebExtensionPolicy.getByID(id).mozExtensionHostname", _ID)
        tab = fox.firefox.new_tab(f"moz-extension://{host}/page.html")
        for base in (started.gateway.settings.dashboard.rstrip("/"), started.origin):
            told = fox.firefox.run(tab, ASK, [base, TRIES])
            assert [each for each in told if each[2] not in {403, 421}] == []
            assert len(told) == len(TRIES)
    finally:
        fox.firefox("webExtension.uninstall", extension=_ID)
