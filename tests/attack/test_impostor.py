"""Another program on the port: it gets ciphertext, and nothing that it can make up, or has overheard, is believed."""

import asyncio
import contextlib
import json
from base64 import b64encode
from collections.abc import Generator

import pytest
from playwright.sync_api import expect

from gateway.devices import PAIR_PATH
from gateway.model import Medium
from gateway.sandbox.http import Drop, Request, Response, Server
from gateway.seal import Head, Keys, pairing_code, seal
from gateway.visitor import call
from tests.attack.conftest import Attacks
from tests.browser.conftest import WAIT, Browser
from tests.browser.test_main_path import done, popup_text
from tests.support import World

expect.set_options(timeout=WAIT)

LIES = {
    "unsealed": "Another program answers on port {}",
    "a problem": "Another program may answer on port {}",  # so would ours, if all was wiped there
    "what was asked": "Another program answers on port {}",
    "its head, then junk": "Another program answers on port {}",
    "the answer to another message": "Another program answers on port {}",
    "a redirect": "Another program answers on port {}",
}
"""What it may say, and what the popup says then."""


class Impostor:
    """Answers in each way it can. It may ask the true gateway, elsewhere, with what it overheard."""

    def __init__(self, true_port: int) -> None:
        self.lie, self.got, self.overheard = "unsealed", list[Request](), b""
        self.psk = b""
        """Of a pairing code of its own."""
        self.port = true_port
        self._true, self._host = f"http://127.0.0.1:{true_port}", f"127.0.0.1:{true_port}"

    async def handle(self, request: Request) -> Response | Drop:
        self.got.append(request)
        if self.lie == "silence" and request.path.startswith("/api/"):
            return Drop()
        if request.path == PAIR_PATH:
            head, keys = Head.of(request.body), Keys.for_pairing(self.psk)
            welcome = json.dumps(
                {"device": "0" * 32, "random": b64encode(bytes(32)).decode(), "gateway": "0"}
            )
            answer = seal(head, keys.answers, f"200 {PAIR_PATH}", welcome.encode())
            return Response(200, answer, (), "application/octet-stream")
        if not self.overheard and request.path == "/api/v1/captures":
            headers = {"Host": self._host, "Origin": request.headers["origin"]}
            true = await asyncio.to_thread(
                call, self._true, "POST", request.path, headers=headers, body=request.body
            )
            self.overheard = true.body
        return self._answer(request)

    def _answer(self, request: Request) -> Response:
        sealed = "application/octet-stream"
        match self.lie:
            case "unsealed":
                return Response(200, b'{"verdict":"ok","marks":99}', (), "application/json")
            case "a problem":
                return Response(401, b'{"code":"unknown","status":401}', (), "application/problem+json")
            case "what was asked":
                return Response(200, request.body, (), sealed)
            case "its head, then junk":
                return Response(200, request.body[:41] + bytes(200), (), sealed)
            case "a redirect":
                return Response(307, b"", (("Location", "http://evil.test/"),), "text/plain")
            case _:
                return Response(200, request.body[:41] + self.overheard[41:], (), sealed)


def test_nothing_of_an_impostor_is_believed(browser: Browser, world: World, attacks: Attacks) -> None:
    started = world.start()
    browser.log_in()
    browser.pair(started)
    port = started.port
    started.stop()
    again = world.start()
    impostor = Impostor(again.port)
    world.background.enter(Server(impostor.handle, port=port))
    browser.open(done(world, Medium.MUSIC))
    for lie, words in LIES.items():
        impostor.lie = lie
        popup = browser.click_button()
        told = popup_text(popup)
        attacks.held(told.index("program") < told.index("pair") if lie == "a problem" else True, told)
        attacks.held("Kept, waiting to be sent" in told, lie, told)
        attacks.held(words.format(port) in told and "only ciphertext" in told, lie, told)
        attacks.held(not popup.locator("#pair").is_visible(), "it asks to pair with", lie)
        popup.close()
    assert len(impostor.overheard) > 41
    secrets = (
        b"douban",
        b"dbcl2",
        world.person.name.encode(),
        world.person.cookies["dbcl2"].strip('"').encode(),
    )
    for request in impostor.got:
        attacks.held(not any(each in request.body for each in secrets), "in the clear", request.path)
        attacks.held(
            "cookie" not in {str(name).lower() for name in request.headers}, "a cookie", request.path
        )


@contextlib.contextmanager
def in_its_place(world: World, browser: Browser) -> Generator[Impostor]:
    """Of the gateway that the browser is paired with, and that answers again afterwards."""
    started = world.start()
    browser.log_in()
    browser.pair(started)
    port = started.port
    started.stop()
    impostor, stack = Impostor(port), contextlib.AsyncExitStack()
    world.background.run(stack.enter_async_context(Server(impostor.handle, port=port)))
    try:
        yield impostor
    finally:
        world.background.run(stack.aclose())
        world.start(port)


@pytest.mark.parametrize("lie", ["unsealed", "a problem"])
def test_nobody_is_led_to_pair_with_an_impostor(
    browser: Browser, world: World, attacks: Attacks, lie: str
) -> None:
    """Its page could hand over a code of its own, and would be sent the log-in to Douban then."""
    with in_its_place(world, browser) as impostor:
        impostor.lie = lie
        options = browser.extension_page("options/options.html")
        expect(options.locator("#doubt")).to_contain_text("d2f pair")
        expect(options.locator("#pair-open")).to_be_hidden()
        for paired in (True, False):
            with browser.context.expect_page() as opened:
                options.evaluate("chrome.runtime.sendMessage({ what: 'openPairing' })")
            attacks.held(opened.value.url == options.url, "paired", paired, opened.value.url)
            if paired:
                options.click("#unpair")
                expect(options.locator("#paired")).to_be_hidden()
                expect(options.locator("#doubt")).to_be_visible()
        expect(options.locator("#pair-open")).to_be_hidden()


def test_nobody_is_led_to_the_page_of_who_answers_no_message(
    browser: Browser, world: World, attacks: Attacks
) -> None:
    """It gives no reason to doubt, and has a page."""
    with in_its_place(world, browser) as impostor:
        impostor.lie = "silence"
        options = browser.extension_page("options/options.html")
        with browser.context.expect_page() as opened:
            options.evaluate("chrome.runtime.sendMessage({ what: 'openPairing' })")
        attacks.held(opened.value.url == options.url, opened.value.url)


def test_who_pairs_with_an_impostor_sends_nothing_unasked(
    browser: Browser, world: World, attacks: Attacks
) -> None:
    """By a code that its page shows. One of `d2f pair` is the same to the browser: only the person can tell."""
    with in_its_place(world, browser) as impostor:
        options = browser.extension_page("options/options.html")
        expect(options.locator("#doubt")).to_be_visible()
        impostor.psk, known = bytes(20), len(impostor.got)
        options.fill("#code", pairing_code(int(impostor.port), impostor.psk))
        options.click("#pair")
        expect(options.locator("#pair-result")).to_contain_text("confirm")
        browser.open(done(world, Medium.MUSIC))
        told = popup_text(browser.click_button())
        attacks.held("Nothing is sent" in told or "Confirm it" in told, told)
        sent = {request.path for request in impostor.got[known:]} - {"/health", PAIR_PATH}
        attacks.held(sent == set(), "sent", sent)
        options.click("#trust")
        expect(options.locator("#trust")).to_be_hidden()
        assert "/api/v1/session" in {request.path for request in impostor.got[known:]}


def test_who_meets_their_own_gateway_again_has_no_doubt(browser: Browser, world: World) -> None:
    with in_its_place(world, browser):
        options = browser.extension_page("options/options.html")
        expect(options.locator("#pair-open")).to_be_hidden()
    options.click("#check")
    expect(options.locator("#pair-open")).to_be_visible()
    expect(options.locator("#doubt")).to_be_hidden()
