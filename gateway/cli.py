"""The verbs of ``d2f``."""

import asyncio
import contextlib
import io
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway import __version__, log, settings
from gateway.audit import COMMAND
from gateway.devices import Devices
from gateway.errors import D2FError, NotRunning, OnDashboardOnly, WipeUnfinished
from gateway.extension import extension_folder
from gateway.key_verbs import asked, decrypt, encrypt, keys, opened
from gateway.keys import KEPT
from gateway.keys.door import Door
from gateway.keys.keeper import kept_by
from gateway.keys.passphrase import given
from gateway.lock import runs_in
from gateway.owner_sessions import at_its_place, new_login_link
from gateway.safety_verbs import audit, passphrase
from gateway.settings import Settings
from gateway.store import Store
from gateway.vault import Vault
from gateway.wipe import begun
from gateway.wipe_verb import tell, wipe

if TYPE_CHECKING:
    from gateway.app import Gateway


_FILE = click.Path(path_type=Path)


class _Verbs(click.Group):
    """Says our own errors in words, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except D2FError as error:
            raise click.ClickException(f"{error.words.zh}\n{error.words.en}") from error


@click.group(cls=_Verbs, invoke_without_command=True)
@click.version_option(__version__, prog_name="d2f")
@click.option("--no-browser", is_flag=True, help="Do not open the dashboard in the browser.")
@click.option("--host", help="The address to listen on; beyond loopback it needs the next ones.")
@click.option("--name", help="The host name that it is reached by then.")
@click.option("--certificate", type=_FILE, help="Of that name, as PEM, with its chain.")
@click.option("--key", type=_FILE, help="The certificate's key, as PEM.")
@click.option("--behind-proxy", metavar="ADDRESS", help="Instead of a certificate: the proxy that has it.")
@click.pass_context
def main(ctx: click.Context, *, no_browser: bool, **given: object) -> None:
    """豆瓣 → 飞书. Without a verb: start the gateway and open its dashboard."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that knows no Chinese shows what it can
            stream.reconfigure(errors="replace")
    current = settings.load(given=given)
    log.configure(current.log)
    ctx.obj = current
    if ctx.invoked_subcommand is None:
        passphrase = asked(current)  # before the loop runs: Ctrl-C ends the question
        sys.exit(_run(lambda stop: _serve(current, passphrase, stop, browser=not no_browser)))


@main.command(name="open")
@click.option("--print", "only_print", is_flag=True, help="Print the link, do not open it.")
@click.pass_obj
def open_dashboard(current: Settings, *, only_print: bool) -> None:
    """Open the dashboard of the running gateway (a link that works once)."""
    with _running(current) as (store, here):
        link = new_login_link(store, here)
    click.echo(link)
    if not only_print:
        webbrowser.open(link)


@main.command()
@click.pass_obj
def pair(current: Settings) -> None:
    """Make a pairing code for the extension."""
    passphrase = asked(current)
    with Door(current.library, current.key_file, passphrase).open() as store:
        here = at_its_place(store, current) if runs_in(current.data) else current
        vault = Vault(store, current.key_file, passphrase)
        click.echo(Devices(store, vault).start_pairing(here.port, COMMAND))


@main.command()
def extension() -> None:
    """Say where the browser extension lies, to load it unpacked."""
    click.echo(extension_folder())


@main.command()
@click.argument("file", type=click.File("rb"))
@click.option("--url", required=True, help="The address that the page was saved from.")
@click.option("--json", "wants_json", is_flag=True, help="All of it, as JSON.")
def parse(file: BinaryIO, url: str, *, wants_json: bool) -> None:
    """Say what a saved Douban page holds. Exits 0 if it was read, 1 if not (it says why), 2 for no Douban page."""
    from gateway import reading, telling  # noqa: PLC0415  # other verbs need no parser

    told, status = reading.parse(url, file.read())
    click.echo(reading.as_json(told) if wants_json else telling.plain(reading.as_text(told)))
    sys.exit(status)


@main.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be written.")
@click.option(
    "--check", is_flag=True, help="Also look through the tables for what was edited or deleted there."
)
@click.pass_obj
def sync(current: Settings, *, dry_run: bool, check: bool) -> None:
    """Write what is due to Feishu now, by the running gateway."""
    from gateway import telling  # noqa: PLC0415  # the same

    if current.beyond:
        raise OnDashboardOnly(dashboard=current.dashboard)
    with _running(current) as (store, here):
        if here.beyond:
            raise OnDashboardOnly(dashboard=here.dashboard)
        owner = telling.Owner(new_login_link(store, here, asks=False))
    for told in owner.each(owner.plan if dry_run else owner.check if check else owner.push):
        click.echo(telling.plain(told))


@main.command()
@click.pass_obj
def reparse(current: Settings) -> None:
    """Read all kept pages again, after an update of D2F, and say what changed."""
    from gateway import reading, telling  # noqa: PLC0415  # the same
    from gateway.app import Gateway  # noqa: PLC0415  # the same

    gateway = Gateway(current, asked(current))
    pages = list(reading.reparse(gateway.store, gateway.intake))
    for carrier in gateway.carriers.all:
        carrier.runs.end()
    gateway.store.close()
    for page in pages:
        if page.changed:
            was = page.before.verdict if page.before else "—"
            click.echo(
                f"{telling.line(page.url)}\n  {was} → {page.now.verdict} · {page.now.marks} 个标记 marks · 新 new {page.now.new} · 变 changed {page.now.changed}"
            )
    changed = sum(page.changed for page in pages)
    click.echo(
        f"读了 {len(pages)} 页，{changed} 页有变化 · {len(pages)} pages read, {changed} say something new"
    )


@main.command()
@click.option("--once", is_flag=True, help="Check every record at the end, and stop.")
@click.option(
    "--marks",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many marks the simulated person has.",
)
def demo(*, once: bool, marks: int) -> None:
    """Try it all with a simulated Douban and a simulated Feishu: no account, nothing leaves this machine."""
    from gateway.demo import demo as run_demo  # noqa: PLC0415  # the simulators are for this verb alone

    failed = _run(lambda stop: run_demo(marks, stop, once=once))
    sys.exit(failed)


@main.group()
def sandbox() -> None:
    """Run one of the simulators alone."""


@sandbox.command()
@click.option("--port", default=0, help="Where to listen; 0 takes a free port.")
@click.option("--tls", is_flag=True, help="Serve HTTPS, with a certificate made for this run.")
@click.option("--marks", default=1000, show_default=True, help="How many marks the person has.")
def douban(port: int, marks: int, *, tls: bool) -> None:
    """The simulated Douban; it answers by the Host header. Prints one line of JSON."""
    from gateway.sandbox import serve  # noqa: PLC0415  # the simulators are for these verbs alone

    _run(lambda stop: serve.douban(port, marks, stop, tls=tls))


@sandbox.command()
@click.option("--port", default=0, help="Where to listen; 0 takes a free port.")
def feishu(port: int) -> None:
    """The simulated Feishu. Prints one line of JSON."""
    from gateway.sandbox import serve  # noqa: PLC0415  # the simulators are for these verbs alone

    _run(lambda stop: serve.feishu(port, stop))


main.add_command(keys)
main.add_command(encrypt)
main.add_command(decrypt)
main.add_command(passphrase)
main.add_command(audit)
main.add_command(wipe)


@main.command()
@click.pass_obj
def doctor(current: Settings) -> None:
    """Look whether all is well here; mend file rights. Exits 1 if something needs doing."""
    from gateway.doctor import examine  # noqa: PLC0415  # the same

    findings = examine(current, given("D2F_PASSPHRASE"))
    for finding in findings:
        click.echo(str(finding))
    sys.exit(any(finding.verdict == "wrong" for finding in findings))


@contextlib.contextmanager
def _running(current: Settings) -> Generator[tuple[Store, Settings]]:
    """The library of the gateway that runs, and its settings, as far as they say where it is. Raises NotRunning.

    No other program may be handed a link: not one that has the port of these settings, if the gateway has another.
    """
    if not runs_in(current.data):
        raise NotRunning(port=str(current.port))
    with opened(current) as store:
        here = at_its_place(store, current)
        try:
            socket.create_connection((here.local, here.port), timeout=2).close()
        except OSError:
            raise NotRunning(port=str(here.port)) from None
        yield store, here


async def _serve(current: Settings, passphrase: str | None, stop: asyncio.Event, *, browser: bool) -> int:
    from gateway.server import running  # noqa: PLC0415  # half a second of imports that other verbs need not wait for

    async with running(current, passphrase) as gateway:
        link = new_login_link(gateway.store, gateway.settings)
        click.echo(f"D2F {__version__} · {gateway.settings.dashboard}")
        click.echo(f"打开控制台 / open the dashboard: {link}")
        click.echo(f"扩展 / extension: {extension_folder()}")
        if kept_by(gateway.store) == "file":
            click.echo(f"{KEPT['file'].zh} / {KEPT['file'].en}")
        click.echo("按 Ctrl-C 结束 / Ctrl-C ends it")
        if browser:
            await asyncio.to_thread(webbrowser.open, link)
        await _until(stop, gateway)
    if gateway.left is not None:
        return tell(current.data, gateway.left)
    if begun(current.library):
        raise WipeUnfinished(folder=str(current.data))
    return 0


async def _until(stop: asyncio.Event, gateway: "Gateway") -> None:
    """Waits until the person stops it, or has wiped it on the dashboard."""
    ends = [asyncio.ensure_future(each) for each in (stop.wait(), gateway.wiped())]
    _, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


def _run(work: Callable[[asyncio.Event], Coroutine[Any, Any, int]]) -> int:
    """Runs until the work is done or the person stops it, in good order."""

    async def until_stopped() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, stop.set)
            except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
                signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stop.set))
        return await work(stop)

    runner = _uvloop_factory()
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=runner) as current:
        return current.run(until_stopped())
    return 130


def _uvloop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop where there is one; the standard loop elsewhere."""
    try:
        import uvloop  # noqa: PLC0415  # not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop
