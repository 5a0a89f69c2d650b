"""Beyond loopback: what it asks for before it listens there, and whom it answers then."""

import contextlib
import http.client
import os
import re
import socket
import ssl
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
import trustme

from gateway.app import Gateway
from gateway.errors import BadCertificate, BadSetting, D2FError, NeedsLoginPassphrase, NeedsName, NeedsTls
from gateway.owner_sessions import new_login_link
from gateway.passphrase import Passphrase
from gateway.server import running
from gateway.settings import Settings, load
from gateway.store import Store
from gateway.visitor import Extension, Reply
from tests.support import Background, World
from tests.test_cli import d2f

NAME, PASSPHRASE = "d2f.example.org", "open sesame, please"
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


class Locked:
    """A gateway beyond loopback, as a client sees it that knows the certificate and the passphrase."""

    def __init__(self, beside: Background, settings: Settings, trusted: ssl.SSLContext | None) -> None:
        set_passphrase(settings)
        self._beside = beside
        self.gateway: Gateway = beside.enter(running(settings))
        self.settings = self.gateway.settings
        self._trusted = trusted

    def link(self) -> str:
        return self._beside.call(lambda: new_login_link(self.gateway.store, self.settings))

    @contextlib.contextmanager
    def line(self, source: str = "127.0.0.1") -> Generator[socket.socket]:
        with contextlib.closing(
            socket.create_connection(("127.0.0.1", self.settings.port), 30, (source, 0))
        ) as plain:
            if self._trusted is None:
                yield plain
            else:
                with self._trusted.wrap_socket(plain, server_hostname=NAME) as sealed:
                    yield sealed

    def ask(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: str = "", **how: str
    ) -> Reply:
        with self.line(**how) as line:
            asks = http.client.HTTPConnection(NAME, self.settings.port)
            asks.sock = line
            given = {"Host": self.settings.dashboard_host} | (headers or {})
            asks.request(method, target, body or None, given)
            reply = asks.getresponse()
            told: dict[str, str] = {}
            for name, value in reply.getheaders():
                told[name.lower()] = f"{told[name.lower()]}\n{value}" if name.lower() in told else value
            return Reply(reply.status, told, reply.read())

    def log_in(self, **more: str) -> tuple[dict[str, str], list[str]]:
        """By link and passphrase; returns the cookies, and all ``Set-Cookie`` on the way."""
        cookies: dict[str, str] = {}
        said: list[str] = []

        def step(method: str, target: str, body: str = "") -> Reply:
            sent = {"Origin": self.settings.dashboard.rstrip("/"), **more}
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
            if body:
                sent["Content-Type"] = "application/x-www-form-urlencoded"
            reply = self.ask(method, target, sent, body)
            for line in reply.headers.get("set-cookie", "").splitlines():
                said.append(line)
                name, _, value = line.partition(";")[0].partition("=")
                cookies[name] = value
            return reply

        assert step("GET", "/" + self.link().removeprefix(self.settings.dashboard)).status == 303
        form = step("GET", "/login/passphrase")
        token = re.search(r'name="_csrf_token" value="([^"]+)"', form.body.decode())
        assert token
        sent = urlencode({"passphrase": PASSPHRASE, "_csrf_token": token[1]})
        assert step("POST", "/login/passphrase", sent).status == 303
        return cookies, said


def set_passphrase(settings: Settings) -> None:
    with Store(settings.library) as store:
        Passphrase(store).set(PASSPHRASE)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> tuple[Path, Path]:
    issued = authority.issue_cert(NAME)
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    chain.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    return chain, key


@pytest.fixture
def secured(world: World, certificate: tuple[Path, Path]) -> Settings:
    """All but the passphrase."""
    return msgspec.structs.replace(world.settings, name=NAME, certificate=certificate[0], key=certificate[1])


@pytest.fixture
def proxied(world: World) -> Locked:
    return Locked(
        world.background, msgspec.structs.replace(world.settings, name=NAME, behind_proxy="127.0.0.1"), None
    )


@pytest.fixture
def by_tls(world: World, secured: Settings, authority: trustme.CA) -> Locked:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    return Locked(world.background, secured, trusted)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": None, "certificate": None, "key": None, "host": "0.0.0.0"}, NeedsTls),  # it must not
        ({"certificate": None, "key": None}, NeedsTls),
        ({"key": None}, NeedsTls),
        ({"certificate": None}, NeedsTls),
        ({"name": None, "host": "0.0.0.0"}, NeedsName),  # the same
        ({"name": None, "host": "::"}, NeedsName),
        ({"name": None, "certificate": None, "key": None, "behind_proxy": "127.0.0.1"}, NeedsName),
        ({"certificate": Path("nowhere.pem")}, BadCertificate),
        ({}, NeedsLoginPassphrase),
    ],
)
def test_it_does_not_listen_with_a_lock_missing(
    world: World, secured: Settings, changes: dict[str, object], error: type[D2FError]
) -> None:
    settings = msgspec.structs.replace(secured, **changes)
    with pytest.raises(error):
        world.background.enter(running(settings))


def test_a_key_of_another_certificate_is_told(
    world: World, secured: Settings, authority: trustme.CA, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    authority.issue_cert(NAME).private_key_pem.write_to_path(other)
    with pytest.raises(BadCertificate):
        world.background.enter(running(msgspec.structs.replace(secured, key=other)))


def test_the_command_line_says_what_is_missing(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    chain, key = map(str, certificate)
    folder = tmp_path / "data"
    far = ["--no-browser", "--host", "0.0.0.0"]  # it must not
    told = d2f(folder, *far)
    assert (told.returncode, "--behind-proxy" in told.stderr, "没有启动" in told.stderr) == (1, True, True)
    told = d2f(folder, *far, "--certificate", chain, "--key", key)
    assert (told.returncode, "--name" in told.stderr) == (1, True)
    told = d2f(folder, *far, "--certificate", chain, "--key", key, "--name", NAME, D2F_PORT="0")
    assert (told.returncode, "d2f passphrase set" in told.stderr) == (1, True)
    told = d2f(folder, "passphrase", "remove", D2F_NAME=NAME)
    assert (told.returncode, "must have a passphrase" in told.stderr) == (1, True)
    told = d2f(folder, "sync", D2F_NAME=NAME, D2F_PORT="8443")
    assert (told.returncode, f"https://{NAME}:8443/" in told.stderr) == (1, True)


@pytest.mark.parametrize(
    "given",
    [
        {"D2F_HOST": "localhost"},
        {"D2F_HOST": "1.2.3"},
        {"D2F_NAME": "*.example.org"},
        {"D2F_BEHIND_PROXY": "*"},
        {"D2F_FEISHU": "http://feishu.example.org"},
        {"D2F_DOUBAN": "http://192.168.1.7:8000"},
    ],
)
def test_what_is_no_address_or_name_is_told(given: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as refused:
        load(given)
    assert refused.value.facts["setting"] == next(iter(given))


def test_an_address_of_another_machine_is_told(world: World) -> None:
    with pytest.raises(BadSetting):
        world.background.enter(
            running(
                msgspec.structs.replace(
                    world.settings,
                    host="127.0.0.1" if os.name == "nt" else "192.0.2.1",
                    name=NAME,
                    behind_proxy="127.0.0.1",
                )
            )
        )


def test_by_tls_a_person_logs_in_and_every_cookie_is_for_tls_alone(by_tls: Locked) -> None:
    cookies, said = by_tls.log_in()
    assert by_tls.settings.dashboard == f"https://{NAME}:{by_tls.settings.port}/"
    assert {"d2f", "d2f-refresh", "d2f-csrf", "d2f-ticket"} <= cookies.keys()
    assert all(line.endswith("; Secure") for line in said)
    cookie = {"Cookie": f"d2f={cookies['d2f']}"}
    assert by_tls.ask("GET", "/api/v1/overview", cookie).status == 200
    assert by_tls.ask("GET", "/api/v1/overview").status == 401


def test_by_tls_it_answers_to_its_name_only(by_tls: Locked) -> None:
    port = by_tls.settings.port
    for host in (
        NAME,
        f"127.0.0.1:{port}",
        f"d2f.localhost:{port}",
        f"x.{NAME}:{port}",
        f"{NAME}.evil.test:{port}",
    ):
        assert by_tls.ask("GET", "/api/v1/overview", {"Host": host}).status == 421, host
    for origin in (f"http://{NAME}:{port}", f"https://{NAME}", "https://evil.test", "null"):
        assert by_tls.ask("POST", "/logout", {"Origin": origin}).status == 403, origin


def test_a_socket_is_opened_by_a_page_of_its_own_only(by_tls: Locked) -> None:
    cookies, _ = by_tls.log_in()
    own = by_tls.settings.dashboard.rstrip("/")

    def opened(origin: str) -> int:
        upgrade = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Origin": origin,
            "Cookie": f"d2f={cookies['d2f']}",
        }
        with by_tls.line() as line:
            head = "".join(
                f"{name}: {value}\r\n"
                for name, value in ({"Host": by_tls.settings.dashboard_host} | upgrade).items()
            )
            line.sendall(f"GET /api/v1/events/socket HTTP/1.1\r\n{head}\r\n".encode())
            return int(line.recv(4096).split()[1])

    assert opened(own) == 101
    assert opened(own.replace("https", "http")) == 403


def test_who_does_not_know_the_certificate_is_not_talked_to(by_tls: Locked) -> None:
    with (
        pytest.raises(ssl.SSLCertVerificationError),
        contextlib.closing(socket.create_connection(("127.0.0.1", by_tls.settings.port), 30)) as plain,
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname=NAME)


def test_without_tls_nothing_is_said(by_tls: Locked) -> None:
    with contextlib.closing(socket.create_connection(("127.0.0.1", by_tls.settings.port), 30)) as plain:
        plain.sendall(f"GET /health HTTP/1.1\r\nHost: {by_tls.settings.dashboard_host}\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            assert b"HTTP/" not in plain.recv(4096)


def test_the_passphrase_cannot_be_taken_away(by_tls: Locked) -> None:
    cookies, _ = by_tls.log_in()
    page = by_tls.ask("GET", "/", {"Cookie": f"d2f={cookies['d2f']}"})
    token = re.search(r'data-csrf="([^"]+)"', page.body.decode())
    csrf = re.search(r"d2f-csrf=([^;]+)", page.headers["set-cookie"])
    assert token
    assert csrf
    sent = {
        "Cookie": f"d2f={cookies['d2f']}; d2f-csrf={csrf[1]}",
        "X-CSRFToken": token[1],
        "Origin": by_tls.settings.dashboard.rstrip("/"),
        "Content-Type": "application/json",
    }
    wanted = msgspec.json.encode({"passphrase": "", "current": PASSPHRASE}).decode()
    reply = by_tls.ask("POST", "/api/v1/passphrase", sent, wanted)
    assert (reply.status, reply.json()["code"]) == (403, "needs_login_passphrase")


def test_if_the_passphrase_went_away_nobody_logs_in(by_tls: Locked, world: World) -> None:
    world.background.call(by_tls.gateway.passphrase.remove)
    reply = by_tls.ask("GET", "/" + by_tls.link().removeprefix(by_tls.settings.dashboard))
    assert (reply.status, reply.json()["code"]) == (403, "needs_login_passphrase")


def test_by_a_proxy_a_person_logs_in(proxied: Locked) -> None:
    assert proxied.settings.dashboard == f"https://{NAME}/"
    cookies, said = proxied.log_in(**FORWARDED)
    assert all(line.endswith("; Secure") for line in said)
    cookie = {"Cookie": f"d2f={cookies['d2f']}", **FORWARDED}
    entries = proxied.ask("GET", "/api/v1/audit", cookie).json()
    assert "192.0.2.7" in entries[0]["source"]  # who asked the proxy, not the proxy


@pytest.mark.parametrize("told", [{}, {"X-Forwarded-Proto": "http"}])
def test_a_proxy_that_was_not_asked_by_https_is_told(proxied: Locked, told: dict[str, str]) -> None:
    reply = proxied.ask("GET", "/api/v1/overview", told)
    assert (reply.status, reply.json()["code"]) == (403, "not_by_tls")


@pytest.mark.skipif(os.name == "nt", reason="127.0.0.5 is no source there")
def test_who_does_not_come_by_the_proxy_is_not_believed(proxied: Locked) -> None:
    reply = proxied.ask("GET", "/health", FORWARDED, source="127.0.0.5")
    assert (reply.status, reply.json()["code"]) == (403, "not_by_proxy")


def test_a_tunnel_to_the_machine_of_the_proxy_carries_an_extension(proxied: Locked, world: World) -> None:
    """Its messages are sealed, and need no TLS."""
    devices, port = proxied.gateway.devices, proxied.settings.port
    code = world.background.call(lambda: devices.start_pairing(port, "a test"))
    assert Extension(code).send("/api/v1/state", b"{}")[0] == 200


def test_on_loopback_nothing_is_asked_for(world: World) -> None:
    started = world.start()
    assert not started.gateway.settings.beyond
    assert started.gateway.settings.dashboard.startswith("http://d2f.localhost:")
    link = world.background.call(lambda: new_login_link(started.gateway.store, started.gateway.settings))
    assert "login?key=" in link


def test_a_ticket_is_no_way_round_the_passphrase(proxied: Locked, world: World) -> None:
    """It was taken away by ``d2f passphrase remove`` between link and form: then the form would let everybody in."""
    cookies: dict[str, str] = {}

    def step(method: str, target: str, body: str = "") -> Reply:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        given = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        given |= {"Origin": proxied.settings.dashboard.rstrip("/")} | FORWARDED | form
        reply = proxied.ask(method, target, given, body)
        cookies.update(re.findall(r"^(d2f[\w-]*)=([^;]*)", reply.headers.get("set-cookie", ""), re.MULTILINE))
        return reply

    assert step("GET", "/" + proxied.link().removeprefix(proxied.settings.dashboard)).status == 303
    assert step("GET", "/login/passphrase").status == 200
    world.background.call(proxied.gateway.passphrase.remove)
    form = urlencode({"_csrf_token": cookies["d2f-csrf"], "passphrase": "x"})
    assert step("POST", "/login/passphrase", form).status == 403
    assert "d2f" not in cookies


def test_a_certificate_says_that_tls_is_wanted(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """Without a name it would be served without: that must not happen in silence."""
    for name, path in zip(("--certificate", "--key"), certificate, strict=True):
        told = d2f(tmp_path / "data", "--no-browser", name, str(path), D2F_PORT="0")
        assert (told.returncode, "没有启动" in told.stderr) == (1, True)


def test_a_proxy_of_this_machine_that_was_told_localhost(proxied: Locked) -> None:
    """It asks at [::1] first: there it must find nobody, and go on to the address that it is known by."""
    with pytest.raises(OSError, match=r"refused|assign|support|unreachable"):
        socket.create_connection(("::1", proxied.settings.port), 5)
    assert proxied.ask("GET", "/health", FORWARDED).status == 200
