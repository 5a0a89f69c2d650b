"""``d2f sandbox douban``: one line of JSON, then pages by the Host header over HTTP and HTTPS."""

import json
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest


@contextmanager
def sandbox(*options: str) -> Generator[dict[str, str]]:
    """The verb as a program of its own; gives what it prints."""
    command = [sys.executable, "-m", "gateway", "sandbox", "douban", "--marks", "90", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield json.loads(program.stdout.readline())
        finally:
            program.terminate()
    if sys.platform != "win32":
        assert program.returncode == 0


@pytest.mark.parametrize("tls", [False, True])
def test_other_peoples_clients_can_use_it(tls: bool) -> None:  # noqa: FBT001  # parametrized
    with sandbox(*["--tls"] * tls) as facts:
        assert set(facts) == {"url", "account", "cookie"} | ({"cert"} if tls else set())
        trust = ssl.create_default_context(cafile=facts["cert"]) if tls else True
        with httpx.Client(base_url=facts["url"], verify=trust) as client:
            for host, path in (
                ("movie", "/people/{}/collect"),
                ("www", "/people/{}/games"),
                ("www", "/location/people/{}/drama/collect"),
            ):
                headers = {"Host": f"{host}.douban.com", "Cookie": facts["cookie"]}
                asked = path.format(facts["account"])
                page = client.get(asked, headers=headers)
                assert "nav-user-account" in page.text
                head = client.head(asked, headers=headers)
                assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(page.content)))
    if tls:
        assert not Path(facts["cert"]).exists()
