"""What is the owner's alone: the link, the ticket after it, the way back from Feishu, the dashboard's own name."""

import contextlib
import re
import socket
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from playwright.sync_api import Playwright

from gateway.errors import PortTaken
from gateway.owner_sessions import new_login_link
from gateway.visitor import OwnerVisitor, call
from tests import chromium
from tests.attack.conftest import Attacks
from tests.support import IPV6, Started, World
from tests.test_cli import d2f
from tests.test_passphrase import PHRASE, Visitor, link, put
from tests.test_ways_in import begin, follow, say

LED = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@contextlib.contextmanager
def another(host: str, port: int = 0) -> Generator[int]:
    """Another program of this machine, which listens there. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen()
        yield taken.getsockname()[1]


def new_link(started: Started) -> str:
    gateway = started.gateway
    return started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings))


@IPV6
def test_nobody_else_answers_to_the_dashboards_name(world: World, attacks: Attacks) -> None:
    """Browsers take it for [::1] as well as for 127.0.0.1, and ask there first: the link and the cookies would go there."""
    with another("::1") as port:
        with pytest.raises(PortTaken):
            world.start(port)
        attacks.held(True, "was there first")
    started = world.start()
    for host in ("::1", "127.0.0.1"):
        with contextlib.suppress(OSError), another(host, started.port):
            attacks.held(False, "came later, to", host)
            continue
        attacks.held(True, host)


@IPV6
def test_the_gateway_answers_at_both_addresses(world: World, playwright: Playwright) -> None:
    """In a real browser, that asks at [::1] first."""
    started = world.start()
    for host in ("127.0.0.1", "[::1]"):
        named = {"Host": started.gateway.settings.dashboard_host}
        assert call(f"http://{host}:{started.port}", "GET", "/health", headers=named).status == 200
    with contextlib.closing(
        playwright.chromium.launch(executable_path=str(chromium.find()), args=["--no-sandbox"])
    ) as browser:
        page = browser.new_page()
        page.goto(new_link(started))
        assert page.locator("main").get_attribute("data-csrf")


@pytest.mark.parametrize("verb", [("open", "--print"), ("sync", "--dry-run"), ("pair",)])
def test_a_link_is_for_the_gateway_that_runs_here(
    world: World, attacks: Attacks, verb: tuple[str, ...]
) -> None:
    """Though the environment names another port than the gateway was started with: anybody may listen there."""
    started = world.start()
    with another("127.0.0.1") as port:
        run = d2f(world.folder, *verb, D2F_PORT=str(port))
    told = run.stdout + run.stderr
    attacks.held(str(port) not in told, "a link, or a code, to", port)
    if "login?key=" in told:
        assert urlsplit(told.strip()).port == started.port
    if verb == ("pair",):
        assert told.startswith(f"d2f1-{started.port}-"), told


def test_a_ticket_is_no_link_by_another_name(world: World, attacks: Attacks) -> None:
    """Who does not know the passphrase would get another ten minutes, and another ten."""
    started = world.start()
    assert put(started, PHRASE).status == 200
    visitor = Visitor(started, link(started))
    ticket = visitor.cookies["d2f-ticket"]
    begun = datetime.now(UTC)
    with time_machine.travel(begun + timedelta(minutes=9), tick=True):
        for name in (ticket, f"ticket {ticket}", f"ticket+{ticket}"):
            attacks.held(visitor.ask("GET", f"/login?key={quote(name)}").status == 403, name)


def test_who_was_about_to_get_in_does_not(world: World, attacks: Attacks) -> None:
    """A link that was read over the person's shoulder, a ticket of before: none of them outlives what ends all sessions."""
    started = world.start()
    stolen = link(started)
    assert started.owner.call("POST", "/logout/everywhere").status == 200
    attacks.held(not Visitor(started, stolen).is_in, "a link, after all were logged out")
    started.owner = OwnerVisitor(new_link(started))
    assert put(started, PHRASE).status == 200
    visitor = Visitor(started, link(started))
    assert put(started, f"{PHRASE} 2", PHRASE).status == 200
    attacks.held(visitor.ask("GET", "/login/passphrase").status == 401, "a ticket, after another passphrase")


def test_a_page_of_another_site_does_not_end_a_log_in_to_feishu(world: World, attacks: Attacks) -> None:
    """The way back from Feishu asks for no session: a page shows it as a picture, or leads a window there."""
    started = world.start()
    leads = say(begin(started), "approve")
    own = {"Host": started.gateway.settings.device_host, "Sec-Fetch-Site": "cross-site"}
    for way in (LED, {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}):
        for asked in ("state=x&code=y", "error=access_denied", "state=x", ""):
            reply = call(started.origin, "GET", f"/feishu/callback?{asked}", headers=own | way)
            expected = {403} if way is not LED else {200, 401}  # 200: it says that they said no
            attacks.held(reply.status in expected, asked, reply.status)
    attacks.held(follow(started, leads).status == 200, "the log-in was ended")


@pytest.mark.parametrize(("path", "most"), [("/login?key=x", 31), ("/renew", 301)])
def test_a_page_of_another_site_uses_up_nobodys_share(
    world: World, attacks: Attacks, path: str, most: int
) -> None:
    """It leads a window that it opened there, again and again."""
    started = world.start()
    assert started.owner.cookies
    named = {"Host": started.gateway.settings.dashboard_host, "Sec-Fetch-Site": "cross-site"}
    for _ in range(most):
        reply = call(started.origin, "GET", path, headers=LED | named)
        attacks.held(reply.status in {401, 403, 429}, path, reply.status)
    assert reply.status == 429  # pyright: ignore[reportPossiblyUnboundVariable]
    attacks.held(started.owner.call("POST", "/renew").status == 200, "no renewal")
    attacks.held("d2f" in OwnerVisitor(new_link(started)).cookies, "no log-in")


@pytest.mark.parametrize("path", ["/login?key=anything", "/renew?to=/"])
def test_a_page_of_the_web_does_not_take_the_token_from_pages_of_ours(world: World, path: str) -> None:
    """It leads the person here, without cookies, which are strict. A form that is being filled in stays as it is."""
    started = world.start()
    owner = started.owner
    token = re.search(r'data-csrf="([^"]+)"', owner.call("GET", "/").body.decode())
    assert token
    led = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    led |= {"Host": started.gateway.settings.dashboard_host, "Accept": "text/html"}
    said = call(started.origin, "GET", path, headers=led).headers.get("set-cookie", "")
    cookies = owner.cookies | dict(re.findall(r"^(d2f[\w-]*)=([^;]+);", said, re.MULTILINE))
    asks = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    asks |= owner.headers | {"X-CSRFToken": token[1]}
    asks["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert call(started.origin, "GET", "/", headers=asks).status == 200
