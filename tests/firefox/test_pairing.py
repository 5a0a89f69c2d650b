"""Pairing, as it goes in Firefox."""

from pathlib import Path

import pytest

from gateway.owner_sessions import new_login_link
from gateway.sandbox.http import Request, Response, Server
from tests.browser.test_pairing import HAND, code_of, devices
from tests.firefox.conftest import Browser
from tests.support import Started, World

pytestmark = pytest.mark.xdist_group("firefox")  # one Firefox, not one for each worker


def begin(fox: Browser, started: Started, path: str, button: str) -> str:
    """The person, logged in to the dashboard, chooses pairing; returns the tab that opens, once it is asked for a code."""
    gateway = started.gateway
    fox.open(started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings)))
    chosen = fox.click_button() if path == "popup" else fox.extension_page("options/options.html")
    fox.firefox.forget()
    fox.firefox.click(chosen, button)
    tab = fox.firefox.opened(gateway.settings.dashboard)
    fox.firefox.until(tab, "document.querySelector('#hand').checkVisibility()")
    return tab


def paired(fox: Browser) -> bool:
    return fox.ask("overview")["pairing"] is not None


def test_a_pasted_code(fox: Browser, started: Started) -> None:
    assert "Paired" in fox.paste(code_of(started))
    (name,) = devices(started)
    assert name.startswith("Firefox · ")
    assert paired(fox)


@pytest.mark.parametrize(("path", "button"), [("popup", "#pair"), ("options", "#pair-open")])
def test_one_click_there_and_one_on_the_dashboard(
    fox: Browser, started: Started, path: str, button: str
) -> None:
    tab = begin(fox, started, path, button)
    fox.firefox.click(tab, "#hand", "document.querySelector('#handover').textContent.includes('Paired')")
    assert [name.split()[0] for name in devices(started)] == ["Firefox"]
    assert paired(fox)


def test_a_code_of_another_gateway_is_refused(fox: Browser, started: Started, tmp_path: Path) -> None:
    """Made for the same port, as one of a gateway that ran there before."""
    other = World(started.world.background, tmp_path / "other").start()
    code = other.world.background.call(lambda: other.gateway.devices.start_pairing(started.port, "a test"))
    assert "did not accept this code" in fox.paste(code)
    assert (paired(fox), devices(started), devices(other)) == (False, [], [])


def test_a_code_for_another_port_is_not_taken(fox: Browser, world: World, started: Started) -> None:
    got: list[Request] = []

    async def pretend(request: Request) -> Response:
        got.append(request)
        return Response(200, b"", (), "application/octet-stream")

    elsewhere = world.background.enter(Server(pretend)).port
    code = world.background.call(lambda: started.gateway.devices.start_pairing(elsewhere, "a test"))
    tab = begin(fox, started, "popup", "#pair")
    fox.firefox.run(tab, HAND, code)
    fox.firefox.click(tab, "h1", "document.title === 'unpaired'")
    assert got == []
    assert (paired(fox), devices(started)) == (False, [])
