"""Another program on the port: it gets ciphertext, and nothing that it can make up, or has overheard, is believed."""

import asyncio

from gateway.model import Medium
from gateway.sandbox.http import Request, Response, Server
from gateway.visitor import call
from tests.attack.conftest import Attacks
from tests.browser.conftest import Browser
from tests.browser.test_main_path import done, popup_text
from tests.support import World

LIES = {
    "unsealed": "Another program answers on port {}",
    "a problem": "What answers on port {} does not know this browser",  # so would ours, if all was wiped there
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
        self._true, self._host = f"http://127.0.0.1:{true_port}", f"127.0.0.1:{true_port}"

    async def handle(self, request: Request) -> Response:
        self.got.append(request)
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
