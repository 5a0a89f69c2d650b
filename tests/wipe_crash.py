"""Kills a wipe at each line of it in turn, and holds what is left against what it must not be.

``python -m tests.wipe_crash FOLDER METHOD``, of the keys, or ``"METHOD encrypted"``: prints how often it killed before anything was begun, and how often after.
"""

import itertools
import os
import shutil
import sys
from pathlib import Path

import keyring

import gateway
from gateway import log
from gateway.errors import WipeUnfinished
from gateway.wipe import Left, begun, finish
from tests.cipher_crash import door, held
from tests.keys_crash import SECRETS, begin_with, kept, killed_at
from tests.rings import Folder

_WATCHED = {str(Path(gateway.__file__).parent / "wipe.py")}


def work(folder: Path) -> None:
    finish(folder / "data" / "d2f.db")


def opens(data: Path) -> bool:
    try:
        door(data).open().close()
    except WipeUnfinished:
        return False
    return True


def has_key(folder: Path) -> bool:
    keys = ("d2f.key", "d2f.db.key")
    return any((folder / "data" / name).exists() for name in keys) or any((folder / "ring").iterdir())


def main(base: Path, method: str, every: int) -> None:
    log.configure("error")
    whole = base / "whole"
    for name in ("data", "ring"):
        (whole / name).mkdir(parents=True)
    os.environ["D2F_TEST_RING"] = str(whole / "ring")
    keyring.set_keyring(Folder())
    method, _, encrypted = method.partition(" ")
    begin_with(method)(whole / "data")  # pyright: ignore[reportArgumentType]  # one of the three, by the caller
    if encrypted:
        door(whole / "data").encrypt()
    before = after = 0
    for kills in itertools.count(1, every):
        folder = Path(shutil.copytree(whole, base / str(kills)))
        data = folder / "data"
        os.environ["D2F_TEST_RING"] = str(folder / "ring")
        killed = killed_at(kills, work, folder, _WATCHED)
        if killed and not begun(data / "d2f.db") and (data / "d2f.db").exists():
            assert held(data) if encrypted else kept(data) == SECRETS, kills
            before += 1
        elif killed:
            assert not data.exists() or not begun(data / "d2f.db") or not opens(data), kills
            assert (data / "d2f.db").exists() or not has_key(folder), kills  # the keys go first
            after += 1
        assert finish(data / "d2f.db") == Left([], []), kills
        assert not data.exists(), kills
        assert list((folder / "ring").iterdir()) == [], kills
        if not killed:
            sys.stdout.write(f"{before} {after}\n")
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
