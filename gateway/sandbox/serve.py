"""The simulators as programs of their own, for other people's clients. One line of JSON says how to use them."""

import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

from gateway.sandbox.certificate import self_signed
from gateway.sandbox.douban import Douban
from gateway.sandbox.feishu import Feishu
from gateway.sandbox.http import Server
from gateway.sandbox.person import EVERYTHING, make_person

APP_ID, APP_SECRET = "cli_d2fsandbox", "sandbox-secret-not-a-secret"  # the simulator's own


async def douban(port: int, marks: int, stop: asyncio.Event, *, tls: bool = False) -> int:
    """Serves until stopped. Prints ``{"url", "account", "cookie"}``, with ``tls`` the file to trust as ``cert`` too.

    The person has marks of every kind.
    """
    person = make_person(marks, kinds=EVERYTHING)
    with tempfile.TemporaryDirectory(prefix="d2f-sandbox-") as folder:
        context, trusted = self_signed(Path(folder)) if tls else (None, None)
        async with Server(Douban(person=person).handle, port, context) as server:
            cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
            facts = {"url": server.url, "account": person.id, "cookie": cookie}
            _say(facts | ({"cert": str(trusted)} if trusted else {}))
            await stop.wait()
    return 0


async def feishu(port: int, stop: asyncio.Event) -> int:
    """Serves until stopped. Prints ``{"url", "app_id", "app_secret", "app_token", "personal_base_token"}``.

    The app has every scope that a call of the simulator asks for, and may write in that one Bitable.
    """
    world = Feishu()
    world.add_app(APP_ID, APP_SECRET, scopes=("bitable:app", "wiki:wiki", "im:message"))
    app_token = world.add_base("我的书影音", collaborators={APP_ID: "edit"})
    async with Server(world.handle, port) as server:
        _say(
            {
                "url": server.url,
                "app_id": APP_ID,
                "app_secret": APP_SECRET,
                "app_token": app_token,
                "personal_base_token": world.personal_token(app_token),
            }
        )
        await stop.wait()
    return 0


def _say(facts: dict[str, str]) -> None:
    sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
    sys.stdout.flush()
