"""``d2f keys``: how the key of the stored secrets is kept, and the asking for a passphrase."""

import contextlib
import sys
from collections.abc import Generator

import click

from gateway.audit import COMMAND, Act, Audit
from gateway.errors import AlreadyRunning, KeysInUse, PassphraseNeeded
from gateway.keys import KEPT, Method
from gateway.keys.keeper import Keeper, seen_from_outside
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
    with _keeper(current) as (keeper, audit):
        keeper.rotate()
        audit.note(Act.KEYS_ROTATED, COMMAND)
    click.echo("换了新的密钥，保存的内容都已重新加密 / new keys: all secrets are sealed anew")
    _status(current)


@keys.command()
@click.argument("way", type=click.Choice(_METHODS))
@click.pass_obj
def method(current: Settings, way: Method) -> None:
    """Keep the key in the system's keyring, by a passphrase, or in a file. The gateway has to be ended first."""
    with _keeper(current) as (keeper, audit):
        keeper.change(
            way,
            told("D2F_NEW_PASSPHRASE", "新口令 / new passphrase", again=True)
            if way == "passphrase"
            else None,
        )
        audit.note(Act.KEYS_METHOD, COMMAND, way)
    _status(current)


def _status(current: Settings) -> None:
    kept = seen_from_outside(current.library)
    if kept is None:
        click.echo("还没有密钥，第一次启动时会生成 / no key yet: the first start makes one")
    else:
        click.echo(f"{KEPT[kept].zh}\n{KEPT[kept].en}")


@contextlib.contextmanager
def _keeper(current: Settings) -> Generator[tuple[Keeper, Audit]]:
    """Raises KeysInUse while a gateway runs: it has the key in its hands."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(alone(current.data))
        except AlreadyRunning:
            raise KeysInUse(folder=str(current.data)) from None
        passphrase = asked(current)
        store = stack.enter_context(Store(current.library))
        yield Keeper(store, current.key_file, passphrase), Audit(store)
