"""Kills whatever encrypts, decrypts or changes the keys of a whole library at each line of it in turn.

``python -m tests.cipher_crash FOLDER CHANGE EVERY``: prints how often it killed.
"""

import itertools
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

import keyring

import gateway
from gateway import log
from gateway.cipher import is_encrypted, unfinished
from gateway.errors import PassphraseWrong
from gateway.keys.door import Door, library_key
from gateway.keys.passphrase import Cost
from gateway.store import Store
from gateway.vault import Vault
from tests.keys_crash import NEW, OLD, SECRETS, Work, begin_with, killed_at
from tests.rings import Folder

_HERE = Path(gateway.__file__).parent
_WATCHED = {str(path) for path in (_HERE / "keys").glob("*.py")} | {
    str(_HERE / f"{name}.py") for name in ("cipher", "disk", "store")
}
CHANGES = (
    "file encrypt",
    "keyring encrypt",
    "passphrase encrypt",
    "file decrypt",
    "keyring decrypt",
    "file rotate",
    "keyring rotate",
    "passphrase rotate",
    "file keyring",
    "keyring passphrase",
    "passphrase passphrase",
    "passphrase file",
)
"""How the keys are kept, and what is done; a method's name for a change to that."""


def door(folder: Path, passphrase: str = OLD) -> Door:
    return Door(folder / "d2f.db", folder / "d2f.key", passphrase)


def work(change: str) -> Work:
    def work(folder: Path) -> object:
        if change in {"encrypt", "decrypt", "rotate"}:
            return getattr(door(folder), change)()
        return door(folder).change(change, NEW)  # pyright: ignore[reportArgumentType]  # one of the three

    return work


def begin(folder: Path, method: str, change: str) -> None:
    begin_with(method)(folder)  # pyright: ignore[reportArgumentType]  # one of the three
    with Store(folder / "d2f.db") as store:
        for number in range(50):
            store.do("INSERT INTO mark (account, medium, id, body, revision, seen_at) VALUES (?, ?, ?, ?, 1, '')",
                     ["1001", "book", str(number), f'{{"comment": "{"好书 " * number}"}}'])  # fmt: skip
    if change != "encrypt":
        door(folder).encrypt()


def rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Of each table; those that hold keys and what is sealed may change."""
    tables = [
        name for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    return {
        name: list(store.rows(f"SELECT * FROM {name}"))
        for name in tables
        if name not in {"setting", "secret"}
    }


def held(folder: Path) -> tuple[str, dict[str, list[tuple[Any, ...]]]]:
    """All rows, as whoever starts finds them that knows what they typed last, and before; and which of these it was."""
    for passphrase in (OLD, NEW):
        try:
            with door(folder, passphrase).open() as store:  # beside a gateway, as it was left
                before = rows(store)
            door(folder, passphrase).tidy()
            with door(folder, passphrase).open() as store:
                vault = Vault(store, folder / "d2f.key", passphrase)
                assert {name: vault.get(name) for name, _ in store.secrets()} == SECRETS
                assert rows(store) == before
        except PassphraseWrong:
            continue
        return passphrase, before
    raise AssertionError("neither passphrase opens it")


def second_keys(folder: Path) -> int:
    """How many there are, in the key file and in the keyring."""
    file = folder / "d2f.key"
    return (file.read_text().count('":"') if file.exists() else 0) + len(list(folder.glob("d2f *")))


def cheap() -> Cost:
    """Next to nothing a guess."""
    return Cost(secrets.token_bytes(16), memory=32, passes=1)


def main(base: Path, method: str, change: str, every: int) -> None:
    log.configure("error")
    Cost.new = cheap  # pyright: ignore[reportAttributeAccessIssue]  # else guesses are nine tenths of what this takes
    whole = base / "whole"
    whole.mkdir()
    os.environ["D2F_TEST_RING"] = str(whole)
    keyring.set_keyring(Folder())
    begin(whole, method, change)
    _, before = held(whole)
    for kills in itertools.count():
        folder = Path(shutil.copytree(whole, base / str(kills)))
        os.environ["D2F_TEST_RING"] = str(folder)
        killed = killed_at(1 + kills * every, work(change), folder, _WATCHED)
        passphrase, now = held(folder)
        assert now == before, kills
        encrypted = is_encrypted(folder / "d2f.db")
        assert library_key(folder / "d2f.db").exists() == encrypted, kills
        assert not unfinished(folder / "d2f.db").exists(), kills
        if not killed:
            assert encrypted == (change != "decrypt")
            kept = method if change in {"encrypt", "decrypt", "rotate"} else change
            assert second_keys(folder) == (0 if kept == "passphrase" else 1 + encrypted), kills
            sys.stdout.write(f"{kills}\n")
            return
        if passphrase == OLD:  # what was begun can be done
            work(change)(folder)
            assert held(folder)[1] == before, kills
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2].split(), every=int(sys.argv[3]))
