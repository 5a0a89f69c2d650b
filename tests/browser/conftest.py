"""A real Chromium with the real extension, on a simulated Douban that it takes for a public https site."""

import asyncio
import base64
import contextlib
import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Worker

from gateway.extension import extension_folder
from gateway.owner_sessions import new_login_link
from gateway.sandbox.http import Drop, Request, Response, Server, html
from tests import chromium
from tests.support import Background, Started, World

WAIT = 20_000
"""Milliseconds after which a page that never changes fails the test."""


class Site:
    """The simulated Douban over https, and pages of ours that stand in for some of its own."""

    def __init__(self, world: World, authority: trustme.CA) -> None:
        certificate = authority.issue_cert("*.douban.com", "douban.com")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.world = world
        self.instead: dict[str, str] = {}
        """Page by ``host/path``: served in place of the simulator's own."""
        self.hang = ""
        """A path that is never answered."""
        self.port = world.background.enter(Server(self._handle, tls=context)).port
        self.pin = _pin(certificate.cert_chain_pems[0].bytes())

    async def _handle(self, request: Request) -> Response | Drop:
        if request.path == self.hang:
            await asyncio.Event().wait()
        page = self.instead.get(f"{request.host.partition(':')[0]}{request.path}")
        return html(page) if page is not None else await self.world.douban.handle(request)


class Browser:
    """The person's browser."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self.page = context.pages[0]
        self.id = self._worker().url.split("/")[2]
        context.set_default_timeout(WAIT)

    def _worker(self) -> Worker:
        workers = self.context.service_workers
        return workers[0] if workers else self.context.wait_for_event("serviceworker")

    def log_in(self) -> None:
        """As the person, the way Douban's own cookies lie in a browser."""
        cookies = self.site.world.person.cookies
        for name, value in cookies.items():
            secret = name == "dbcl2"
            self.context.add_cookies(
                [
                    {
                        "name": name,
                        "value": value,
                        "domain": ".douban.com",
                        "path": "/",
                        "httpOnly": secret,
                        "secure": secret,
                    }
                ]
            )

    def extension_page(self, path: str) -> Page:
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self.id}/{path}")
        return page

    def pair(self, started: Started) -> None:
        """Pastes a code of the dashboard's into the options page."""
        code = started.owner.call("POST", "/api/v1/pairing").json()["code"]
        options = self.extension_page("options/options.html")
        options.fill("#code", code)
        options.click("#pair")
        options.wait_for_selector('#pair-result[data-tone="good"]')
        options.close()

    def open(self, url: str) -> None:
        self.page.bring_to_front()
        self.page.goto(url)

    def click_button(self) -> Page:
        """Clicks the extension's button. The popup is opened as a tab of its own, where a test can read it."""
        self.page.bring_to_front()
        tab = self.wake().evaluate("chrome.tabs.query({ active: true }).then(([tab]) => tab.id)")
        return self.extension_page(f"popup/popup.html?tab={tab}")

    def open_real_popup(self) -> None:
        """The popup as the toolbar opens it; Playwright cannot look into it."""
        self.page.bring_to_front()
        self.wake().evaluate("chrome.action.openPopup()")

    def wake(self) -> Worker:
        """The service worker, running: a stopped one wakes for a message from a page of its own."""
        page = self.extension_page("options/options.html")
        page.wait_for_selector("#checks li")
        page.close()
        self.page.bring_to_front()
        return self._worker()

    def auto_sync(self) -> None:
        """Turns the toggle on."""
        popup = self.extension_page("popup/popup.html")
        popup.check("#autosync")
        popup.close()

    def stop_worker(self) -> None:
        """What Chromium does to an idle service worker."""
        with contextlib.closing(self.extension_page("options/options.html")) as page:
            session = self.context.new_cdp_session(page)
            session.send("ServiceWorker.enable")
            session.send("ServiceWorker.stopAllWorkers")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def site(world: World, authority: trustme.CA) -> Site:
    return Site(world, authority)


@pytest.fixture
def started(world: World) -> Started:
    started = world.start()
    reply = started.connect()
    assert reply.status == 200, reply.body
    return started


@pytest.fixture(scope="session")
def one_chrome(playwright: Playwright) -> Iterator[Chromium]:
    browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def chrome(one_chrome: Chromium) -> Iterator[Chromium]:
    """A browser without the extension, for the dashboard alone. Each test has contexts of its own in it."""
    yield one_chrome
    for context in one_chrome.contexts:
        context.close()


def open_dashboard(chrome: Chromium, started: Started, language: str = "zh-CN") -> Page:
    """Opens the log-in link. What the page's policy refuses, and what its script throws, fails the test."""
    page = chrome.new_context(locale=language).new_page()

    def complain(message: ConsoleMessage) -> None:
        assert "Content Security Policy" not in message.text, message.text

    def fail(error: Exception) -> None:
        raise AssertionError(error)

    page.on("console", complain)
    page.on("pageerror", fail)
    gateway = started.gateway
    page.goto(started.world.background.call(lambda: new_login_link(gateway.store, gateway.settings)))
    return page


@pytest.fixture
def browser(playwright: Playwright, site: Site, tmp_path: Path, beside: Background) -> Iterator[Browser]:
    del beside
    with contextlib.closing(launch(playwright, site, tmp_path / "profile")) as context:
        yield Browser(context, site)


def launch(playwright: Playwright, site: Site, profile: Path, folder: Path | None = None) -> BrowserContext:
    """Starts Chromium with the extension. The same profile again is the same browser, started again."""
    path = chromium.find()
    assert path, "no Chromium: run `python -m tests.chromium`"
    folder = folder or extension_folder()
    return playwright.chromium.launch_persistent_context(
        profile,
        executable_path=path,
        headless=True,
        locale="en-US",
        args=[
            f"--disable-extensions-except={folder}",
            f"--load-extension={folder}",
            f"--host-resolver-rules=MAP *.douban.com 127.0.0.1:{site.port}, MAP *.doubanio.com ~NOTFOUND",
            f"--ignore-certificate-errors-spki-list={site.pin}",
            f"--ip-address-space-overrides=127.0.0.1:{site.port}=public",
            "--no-sandbox",
            "--disable-background-networking",
        ],
    )


def _pin(pem: bytes) -> str:
    """The SPKI hash by which Chromium is told to accept the certificate."""
    key = load_pem_x509_certificate(pem).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()
