"""``d2f passphrase``, of the dashboard, and ``d2f audit``: the safety record."""

import click

from gateway.audit import ACTS, COMMAND, Act, Audit
from gateway.key_verbs import opened, told
from gateway.owner_sessions import end_all
from gateway.passphrase import Passphrase
from gateway.reach import demand_passphrase
from gateway.settings import Settings


@click.group(invoke_without_command=True)
@click.pass_context
def passphrase(ctx: click.Context) -> None:
    """Say whether the dashboard asks for a passphrase; set one, or remove it (also one that was forgotten).

    That of the keys is another one: `d2f keys method passphrase`.
    """
    if ctx.invoked_subcommand is None:
        with opened(ctx.obj) as store:
            is_set = Passphrase(store).is_set
        click.echo(
            "打开控制台要口令 / the dashboard asks for a passphrase"
            if is_set
            else "控制台没有口令 / the dashboard has no passphrase"
        )


@passphrase.command(name="set")
@click.pass_obj
def set_passphrase(current: Settings) -> None:
    """Set it, or another one. Everybody is logged out of the dashboard."""
    new = told("D2F_NEW_PASSPHRASE", "新口令 / new passphrase", again=True)
    with opened(current) as store:
        Passphrase(store).set(new)
        end_all(store)
        Audit(store).note(Act.PASSPHRASE_SET, COMMAND)
    click.echo("设置好了，控制台已在所有地方退出 / set; the dashboard is logged out of everywhere")


@passphrase.command()
@click.pass_obj
def remove(current: Settings) -> None:
    """From now on the log-in link is enough."""
    demand_passphrase(current, is_set=False)
    with opened(current) as store:
        kept = Passphrase(store)
        if kept.is_set:
            kept.remove()
            Audit(store).note(Act.PASSPHRASE_REMOVED, COMMAND)
    click.echo("控制台没有口令了 / the dashboard has no passphrase")


@click.command()
@click.option("--most", type=click.IntRange(min=1), default=100, show_default=True, help="How many entries.")
@click.pass_obj
def audit(current: Settings, *, most: int) -> None:
    """Print what was done that matters to safety, the newest first: when, what, to what, from where."""
    with opened(current) as store:
        entries = Audit(store).newest(most)
    for entry in entries:
        words = ACTS[entry.act]
        times = f" ×{entry.times}" if entry.times > 1 else ""
        about = f" · {entry.about}" if entry.about else ""
        when = entry.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        click.echo(f"{when}  {words.zh} {words.en}{times}{about} · {entry.source}")
