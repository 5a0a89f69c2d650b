"""What a secret is called, and what it looks like: neither comes through the logger, wherever in a line it stands."""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway import log

VALUE = "Zq7wX9kRtB3mN5vC8pLd"
NAMES = (
    "app_secret",
    "authorization",
    "base_token",
    "ck",
    "code",
    "Cookie",
    "dbcl2",
    "key",
    "login_link",
    "passphrase",
    "Password",
    "psk",
    "refresh_token",
    "sign",
    "verifier",
    "webhook",
)
TEXTS = (
    "t-g1044{}",
    "u-{}",
    "ur-{}",
    "a-{}",
    "pt-{}",
    "d2f1-8377-{}-abcd",
    "Bearer {}",
    'dbcl2="1001:{}"; bid=x',
    "bid=x; ck={}",
    "https://open.feishu.cn/open-apis/bot/v2/hook/{}",
    "http://d2f.localhost:8377/login?key={}",
    "http://127.0.0.1:8377/feishu/callback?code={}&x=1",
    "/feishu/callback?x=1&state={}",
    "Cookie: {}",
    "{{'app_secret': '{}'}}",
    '{{"refresh_token": "{}"}}',
    "passphrase={}",
    "password: {}",
    "code_verifier=b'{}'",
    'Cookie: dbcl2="1001:{}"; ck=x',
    'Set-Cookie: dbcl2="1001:{}"; path=/; domain=.douban.com',
    "Cookie: bid=x; unheard_of={}",
    "{{'dbcl2': '\"1001:{}\"'}}",
    "{{'headers': {{'Cookie': 'bid=x; dbcl2=\"1001:{}\"; ck=x'}}}}",
    '{{"dbcl2": "\\"1001:{}\\""}}',
    '"{{\\"dbcl2\\": \\"\\\\\\"1001:{}\\\\\\"\\"}}"',
    '{{"name":"dbcl2","value":"\\"1001:{}\\""}}',
    '{{"value":"\\"1001:{}\\"","name":"dbcl2"}}',
    "[(b'cookie', b'dbcl2=\"1001:{}\"; ck=x')]",
    "Authorization: Basic {}",
    "{{'Proxy-Authorization': 'Basic {}'}}",
    "passphrase: correct horse {}",
    "D2F_PASSPHRASE=correct horse {}",
    "{{'passphrase': 'correct horse {}'}}",
    'token="begun {}',
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{}.x",
)
HARMLESS = {
    "feishu_code": 99991663,
    "why": "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)",
    "error": "database or disk is full",
    "path": "/api/v1/feishu",
    "file": "/home/somebody/.local/share/d2f/d2f.key",
    "several": ["movie", 7, None, True, {"at": 1.5}],
    "call": "POST /open-apis/bitable/v1/apps/bascnCMII2ORbQ/tables/tblsRc9GRRXKqhvW/records/batch_create",
    "log_id": "20261122031333A1B2C3D4E5F6",
}


class Terminal(io.StringIO):
    """Where lines come out in colour."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that the logger writes, for a program or for a person."""
    with contextlib.redirect_stderr(request.param()) as told:
        log.configure("debug")
        yield told
    log.configure("error")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_hides_its_value(written: io.StringIO, name: str) -> None:
    log.get("test").info("came", **{name: VALUE}, inside={"deep": [{name: VALUE}, ({name: VALUE},)]})
    log.get("test").info("came", **{name: [VALUE]}, inside={name: {"x": VALUE}})
    assert "came" in written.getvalue()
    assert VALUE not in written.getvalue()


WRAPS: tuple[Callable[[str], Any], ...] = (
    str,
    lambda text: [text],
    lambda text: (1, (text,)),
    lambda text: {"x": {"y": text}},
    lambda text: {text: 1},
    lambda text: {text},
    lambda text: text.encode(),
    lambda text: {"x": [bytearray(text.encode())]},
    ValueError,
    lambda text: {"error": OSError(1, text)},
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_is_known_by_its_look(written: io.StringIO, text: str) -> None:
    secret = text.format(VALUE)
    logger = log.get("test")
    logger.warning(secret)
    for wrap in WRAPS:
        logger.info("came", what=wrap(secret))
    assert written.getvalue().count("came") == len(WRAPS)
    assert VALUE not in written.getvalue()


@pytest.mark.parametrize("text", TEXTS)
def test_an_exception_tells_no_secret(written: io.StringIO, text: str) -> None:
    secret = text.format(VALUE)
    try:
        raise ValueError(secret) from OSError(secret)  # noqa: TRY301  # the line of a traceback that names it
    except ValueError as error:
        log.get("test").exception("unforeseen")
        log.get("test").error("unforeseen", exc_info=error)
    assert written.getvalue().count("ValueError") >= 2
    assert VALUE not in written.getvalue()


def test_what_is_no_secret_is_told(written: io.StringIO) -> None:
    log.get("test").info("a plain word: not-a-token-at-all, content-type", **HARMLESS)
    told = written.getvalue()
    assert "•" not in told
    assert "CERTIFICATE_VERIFY_FAILED" in told
    assert "content-type" in told


def test_a_short_one_is_one_too(written: io.StringIO) -> None:
    """Douban's token of forms has four letters."""
    log.get("test").info('Cookie: bid=x; ck=Zx9q; dbcl2="1001:Zx9q"', sent={"body": "id=1&ck=Zx9q"})
    assert written.getvalue()
    assert "Zx9q" not in written.getvalue()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["", "asyncio", "keyring", "uvicorn.error", "a.library.to.come"])
def test_what_libraries_say_goes_the_same_way(written: io.StringIO, name: str, text: str) -> None:
    secret, logger = text.format(VALUE), logging.getLogger(name)
    logger.warning("came %s", secret)
    logger.error("came", exc_info=ValueError(secret))
    logger.error("came %s %s", secret)  # noqa: PLE1206  # a line that cannot be put together
    assert written.getvalue().count("came") == 2
    assert ("ValueError" in written.getvalue(), VALUE in written.getvalue()) == (True, False)


def test_nothing_is_written_twice(written: io.StringIO) -> None:
    """However often it is set up; and what libraries say of their everyday is nobody's concern."""
    with contextlib.redirect_stderr(written):
        log.configure("debug")
    logging.getLogger("httpx").info("everyday")
    logging.getLogger("asyncio").warning("came")
    assert (written.getvalue().count("came"), "everyday" in written.getvalue()) == (1, False)


LONG = (
    "token",
    'token="',
    "token='token=\"",
    'token="\n',
    "token\\",
    "'token', ",
    "Cookie: ",
    "passphrase ",
    '"value":"',
    'value=\\"',
    " key=",
    "eyJ.",
)
"""A text that may begin a secret, again and again: to look from each of them to the end would take hours."""


@pytest.mark.parametrize("text", LONG)
def test_a_long_text_is_looked_through_once(written: io.StringIO, text: str) -> None:
    log.get("test").warning("said", text=text * (1_000_000 // len(text)))
    assert "said" in written.getvalue()
