"""``d2f wipe``: nothing of the person is left on this machine."""

from pathlib import Path

import click

from gateway.settings import Settings
from gateway.wipe import CONSENT, REMAINS, Left, finish, is_consent


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def wipe(current: Settings, *, yes: bool) -> None:
    """Delete all marks, secrets, keys and pairings on this machine. The gateway has to be ended first."""
    if not yes:
        click.echo(
            f"{current.data} 里的标记、密钥、登录和配对都会删除，无法恢复。飞书和豆瓣不受影响。\n"
            f"All marks, secrets, log-ins and pairings in {current.data} will be gone for good. Feishu and Douban stay as they are."
        )
        if not is_consent(click.prompt(f"输入 {CONSENT[0]} 继续 / type {CONSENT[1]} to go on")):
            raise click.Abort
    raise SystemExit(tell(current.data, finish(current.library)))


def tell(folder: Path, left: Left) -> int:
    """What came of it, on the terminal. Returns the exit status."""
    for name in left.files:
        click.echo(f"还在 / still there: {folder / name}", err=True)
    for name in left.entries:
        click.echo(f"钥匙串里还有，请手动删除 / still in the keyring, remove it by hand: {name}", err=True)
    if left.files:
        click.echo("没有清除完，请再运行一次 d2f wipe / not all is wiped: run d2f wipe once more", err=True)
        return 1
    click.echo("其余的都已清除 / all else is wiped" if left.entries else "已全部清除 / all is wiped")
    click.echo(f"{REMAINS.zh}\n{REMAINS.en}")
    return 1 if left.entries else 0
