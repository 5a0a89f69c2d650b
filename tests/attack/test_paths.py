"""Ways out of the folder of static files, and out of every route that has an id in its path."""

from urllib.parse import quote

import pytest

from tests.attack.conftest import Attacks
from tests.attack.routes import OF_PATH, ROWS, at
from tests.attack.wire import Wire
from tests.support import Started

SECRET = "d2f.key"
UP = (
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%5c",
    "..\\",
    "%252e%252e%252f",
    "..;/",
    "....//",
    "%c0%ae%c0%ae/",
    "./../",
    "//",
    "%00../",
)
GOALS = (
    "pages.py",
    "templates/base.html",
    "static/../pages.py",
    "../app.py",
    "../../pyproject.toml",
    "etc/passwd",
    SECRET,
)
IDS = (
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a%00b",
    "%0d%0a",
    "%ff",
    "%F0%9F%98%80",
    "'%20OR%201=1--",
    "%22%3E%3Cscript%3E",
    "-1",
    "0",
    "1e400",
    "null",
    "x" * 5000,
    "%25s",
    "%7B%7B7*7%7D%7D",
    "$%7Bx%7D",
    "*",
    "movie",
    "None",
)


def test_static_files_end_at_their_folder(standing: Started, attacks: Attacks) -> None:
    folder = standing.world.folder
    absolute = (
        quote(str(folder / SECRET)),
        str(folder / SECRET),
        "/etc/passwd",
        "file:///etc/passwd",
        "C:%5CWindows%5Cwin.ini",
    )
    tries = [up * depth + goal for up in UP for depth in (1, 6) for goal in GOALS] + list(absolute)
    with Wire(standing.port) as wire:
        for each in tries:
            for prefix in ("/static/", "/static/dashboard.css/"):
                reply = wire.ask("GET", prefix + each, standing.owner.headers)
                attacks.held(reply.status in {400, 404, 405}, prefix + each, reply.status, reply.body[:80])


def test_no_folder_is_listed(standing: Started, attacks: Attacks) -> None:
    with Wire(standing.port) as wire:
        for path in (
            "/static/",
            "/static",
            "/static/.",
            "/static/./",
            "/static//",
            "/static/%2e",
            "/schema/.",
            "/schema/%2e%2e",
        ):
            reply = wire.ask("GET", path, standing.owner.headers)
            attacks.held(reply.status in {404, 405} or path.startswith("/schema"), path, reply.status)


WITH_ID = [name for name in ROWS if "{" in name and "file_path" not in name]


@pytest.mark.parametrize("name", WITH_ID)
def test_an_id_is_nothing_but_an_id(standing: Started, attacks: Attacks, name: str) -> None:
    method, _, path = name.partition(" ")
    with Wire(standing.port) as wire:
        for part in (part for part in OF_PATH if part in path):
            for each in IDS:
                target = at(path.replace(part, each))
                for kind in ("application/json", "text/html"):
                    headers = standing.owner.headers | {"Accept": kind, "Content-Type": "application/json"}
                    reply = wire.ask(method, target, headers, b'{"name":"x"}' if method == "POST" else b"")
                    fine = reply.status in {400, 404, 405} and b"<script>" not in reply.body.replace(
                        b"<script src", b""
                    )
                    attacks.held(fine, method, target[:100], reply.status, reply.body[:200])
