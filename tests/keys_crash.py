"""Kills whatever changes the keys at each line of it in turn, and holds every secret against what it was.

``python -m tests.keys_crash FOLDER CHANGE EVERY``: prints how often it killed and how often it went through.
"""

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import FrameType

import keyring

import gateway
from gateway import log
from gateway.errors import PassphraseWrong
from gateway.keys import Method
from gateway.keys.keeper import Keeper
from gateway.store import Store
from gateway.vault import Vault
from tests.old_vault import old_library
from tests.rings import Folder

SECRETS = {"feishu": b"an app's secret", "douban session 1001": b"a cookie", "device 00": bytes(range(64))}
OLD, NEW = "the old passphrase", "the new passphrase"
_HERE = Path(gateway.__file__).parent
_WATCHED = {str(path) for path in (_HERE / "keys").glob("*.py")} | {
    str(_HERE / "store.py"),
    str(_HERE / "vault.py"),
}
Work = Callable[[Path], object]


def keeper(store: Store, folder: Path, passphrase: str = OLD) -> Keeper:
    return Keeper(store, folder / "d2f.key", passphrase)


def begin(folder: Path) -> None:
    with Store(folder / "d2f.db") as store:
        Vault(store, folder / "d2f.key")
        keeper(store, folder).tidy()


def begin_with(method: Method) -> Work:
    def work(folder: Path) -> None:
        with Store(folder / "d2f.db") as store:
            keeper(store, folder).change(method, OLD)
            vault = Vault(store, folder / "d2f.key", OLD)
            for name, secret in SECRETS.items():
                vault.set(name, secret)

    return work


def rotate(folder: Path) -> None:
    with Store(folder / "d2f.db") as store:
        keeper(store, folder).rotate()


def change_to(method: Method) -> Work:
    def work(folder: Path) -> None:
        with Store(folder / "d2f.db") as store:
            keeper(store, folder).change(method, NEW)

    return work


CHANGES: dict[str, tuple[Work, Work]] = {
    "taken-over": (lambda folder: old_library(folder, SECRETS), begin),
    **{f"{method}-rotated": (begin_with(method), rotate) for method in ("keyring", "passphrase", "file")},
    **{
        f"{before}-to-{after}": (begin_with(before), change_to(after))
        for before in ("keyring", "passphrase", "file")
        for after in ("keyring", "passphrase", "file")
        if before != after or before == "passphrase"
    },
}
"""By name: how the library was, and what is done to it."""


def kept(folder: Path) -> dict[str, bytes | None]:
    """Every secret, as a gateway would open it whose owner knows what they typed last, and before."""
    with Store(folder / "d2f.db") as store:
        for passphrase in (OLD, NEW):
            try:
                vault = Vault(store, folder / "d2f.key", passphrase)
            except PassphraseWrong:
                continue
            keeper(store, folder).tidy()  # as at each start
            return {name: vault.get(name) for name, _ in store.secrets()}
    raise AssertionError("neither passphrase opens it")


def killed_at(line: int, work: Work, folder: Path, watched: Collection[str] = _WATCHED) -> bool:
    """Does the work in a process of its own that kills itself before the line of that number; False if it was done."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return True
        assert os.WEXITSTATUS(status) == 0
        return False
    left = line

    def watch(frame: FrameType, event: str, _argument: object) -> object:
        nonlocal left
        if frame.f_code.co_filename not in watched:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return watch

    status = 1
    try:
        sys.settrace(watch)  # pyright: ignore[reportArgumentType]  # its own type leaves out that None is allowed
        work(folder)
        status = 0
    finally:
        os._exit(status)


def main(base: Path, change: str, every: int) -> None:
    log.configure("error")
    before, work = CHANGES[change]
    whole = base / "whole"
    whole.mkdir()
    os.environ["D2F_TEST_RING"] = str(whole)
    keyring.set_keyring(Folder() if "keyring" in change else keyring.get_keyring())
    before(whole)
    for kills in itertools.count():
        folder = Path(shutil.copytree(whole, base / str(kills)))
        os.environ["D2F_TEST_RING"] = str(folder)
        killed = killed_at(1 + kills * every, work, folder)
        assert kept(folder) == SECRETS, kills
        if not killed:
            sys.stdout.write(f"{kills} {len(second_keys(folder))}\n")
            return
        if not change.endswith(
            "to-passphrase"
        ):  # what was begun can be done; there it may be another one by now
            work(folder)
            assert kept(folder) == SECRETS, kills


def second_keys(folder: Path) -> list[str]:
    """The files that hold one: the key file, the keyring's entries."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(("d2f.db", "d2f.lock"))]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
