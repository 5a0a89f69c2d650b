"""``d2f keys``, ``encrypt`` and ``decrypt``: how what is stored is protected, and the asking for a passphrase."""

import contextlib
import sys
from collections.abc import Generator

import click

from gateway.audit import COMMAND, Act, Audit
from gateway.cipher import is_encrypted
from gateway.errors import AlreadyRunning, KeysInUse, PassphraseNeeded
from gateway.keys import ENCRYPTED, KEPT, NOT_ENCRYPTED, Method
from gateway.keys.door import Door, seen_from_outside
from gateway.keys.passphrase import given
from gateway.lock import alone
from gateway.settings import Settings
from gateway.store import Store

_METHODS: tuple[Method, ...] = ("keyring", "passphrase", "file")


def asked(current: Settings) -> str | None:
    """The passphrase, if the library is protected by one. Raises PassphraseNeeded where nobody can be asked."""
    if seen_from_outside(current.library) != "passphrase":
        return None
    return told("D2F_PASSPHRASE", "口令 / passphrase", again=False)


def opened(current: Settings) -> Store:
    """The library, for a verb that needs no secret: only an encrypted one may ask for the passphrase. Raises StartError."""
    passphrase = asked(current) if is_encrypted(current.library) else None
    return Door(current.library, current.key_file, passphrase).open()


def told(name: str, prompt: str, *, again: bool) -> str:
    """What the environment gives, or the person types. Raises PassphraseNeeded where nobody can be asked."""
    if (found := given(name)) is not None:
        return found
    if not sys.stdin.isatty():
        raise PassphraseNeeded
    return click.prompt(
        prompt, hide_input=True, confirmation_prompt="再输一次 / again" if again else False, err=True
    )


@click.group(invoke_without_command=True)
@click.pass_context
def keys(ctx: click.Context) -> None:
    """Say how the key of the stored secrets is kept; rotate it, or keep it in another way."""
    if ctx.invoked_subcommand is None:
        _status(ctx.obj)


@keys.command()
@click.pass_obj
def rotate(current: Settings) -> None:
    """Make new keys and seal every secret anew. The gateway has to be ended first."""
    with _door(current) as door:
        door.rotate()
        _note(door, Act.KEYS_ROTATED)
    click.echo("换了新的密钥，保存的内容都已重新加密 / new keys: all secrets are sealed anew")
    _status(current)


@keys.command()
@click.argument("way", type=click.Choice(_METHODS))
@click.pass_obj
def method(current: Settings, way: Method) -> None:
    """Keep the key in the system's keyring, by a passphrase, or in a file. The gateway has to be ended first."""
    with _door(current) as door:
        new = (
            told("D2F_NEW_PASSPHRASE", "新口令 / new passphrase", again=True) if way == "passphrase" else None
        )
        door.change(way, new)
        _note(door, Act.KEYS_METHOD, way)
    _status(current)


@click.command()
@click.pass_obj
def encrypt(current: Settings) -> None:
    """Encrypt the whole library: marks, comments, kept pages. The gateway has to be ended first."""
    with _door(current) as door:
        if door.encrypt():
            _note(door, Act.ENCRYPTED)
            click.echo("整个库已加密 / the whole library is encrypted")
        else:
            click.echo("整个库本来就是加密的 / the whole library was encrypted already")
    _status(current)


@click.command()
@click.pass_obj
def decrypt(current: Settings) -> None:
    """Make the library a plain file again; secrets stay sealed. The gateway has to be ended first."""
    with _door(current) as door:
        if door.decrypt():
            _note(door, Act.DECRYPTED)
            click.echo("已解除整个库的加密 / the library is a plain file again")
        else:
            click.echo("库本来就没有整个加密 / the library was not encrypted as a whole")
    _status(current)


def _status(current: Settings) -> None:
    kept = seen_from_outside(current.library)
    if kept is None:
        click.echo("还没有密钥，第一次启动时会生成 / no key yet: the first start makes one")
    else:
        whole = ENCRYPTED if is_encrypted(current.library) else NOT_ENCRYPTED
        click.echo(f"{KEPT[kept].zh}\n{KEPT[kept].en}\n{whole.zh}\n{whole.en}")


def _note(door: Door, act: Act, about: str = "") -> None:
    with door.open() as store:
        Audit(store).note(act, COMMAND, about)


@contextlib.contextmanager
def _door(current: Settings) -> Generator[Door]:
    """Raises KeysInUse while a gateway runs: it has the key in its hands."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(alone(current.data))
        except AlreadyRunning:
            raise KeysInUse(folder=str(current.data)) from None
        yield Door(current.library, current.key_file, asked(current))
