"""The data key: where it is kept, how that is changed, and what is told when it cannot be had."""

import base64
import gc
import os
import re
import shutil
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringLocked as Locked

from gateway import errors
from gateway.app import Gateway
from gateway.keys import Method
from gateway.keys.keeper import Keeper, kept_by
from gateway.keys.keyfile import KeyFile
from gateway.keys.passphrase import Cost, given
from gateway.keys.ring import Ring
from gateway.keys.second import SecondKeys
from gateway.keys.wrap import DataKey, Wrap
from gateway.settings import Settings
from gateway.store import Store
from gateway.vault import Vault
from tests.old_vault import old_library
from tests.rings import Forgetful, Memory, Plain

PASSPHRASE, WRONG = "correct horse 电池", "correct horse 电厂"
METHODS: tuple[Method, ...] = ("keyring", "passphrase", "file")
SECRETS = {"feishu": b"an app's secret", "douban session 1001": b"a cookie"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "d2f.db") as opened:
        yield opened


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "d2f.key"


@pytest.fixture
def use() -> Iterator[Callable[[KeyringBackend], KeyringBackend]]:
    """Makes a keyring the system's own for the time of the test."""
    before = keyring.get_keyring()

    def use(ring: KeyringBackend) -> KeyringBackend:
        keyring.set_keyring(ring)
        return ring

    yield use
    keyring.set_keyring(before)


@pytest.fixture
def ring(use: Callable[[KeyringBackend], KeyringBackend]) -> Memory:
    memory = Memory()
    use(memory)
    return memory


def fill(store: Store, key_file: Path) -> Vault:
    vault = Vault(store, key_file)
    for name, secret in SECRETS.items():
        vault.set(name, secret)
    return vault


def kept(store: Store, key_file: Path, passphrase: str | None = None) -> dict[str, bytes | None]:
    vault = Vault(store, key_file, passphrase)
    return {name: vault.get(name) for name, _ in store.secrets()}


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def spelled(key: bytes) -> set[bytes]:
    """The ways in which a key could be written down."""
    return {key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key)}


# --- the first start


def test_the_keyring_comes_first(store: Store, key_file: Path, ring: Memory) -> None:
    fill(store, key_file)
    assert kept_by(store) == "keyring"
    assert not key_file.exists()
    assert [service for service, _ in ring.kept] == ["d2f"]
    assert kept(store, key_file) == SECRETS


def test_two_libraries_of_one_person_have_keys_of_their_own(tmp_path: Path, ring: Memory) -> None:
    with Store(tmp_path / "one.db") as one, Store(tmp_path / "two.db") as two:
        fill(one, tmp_path / "one.key")
        fill(two, tmp_path / "two.key")
        assert len(ring.kept) == 2
        assert kept(one, tmp_path / "one.key") == kept(two, tmp_path / "two.key") == SECRETS


def raising(error: BaseException) -> Callable[[str], object]:
    def trouble(_asked: str) -> object:
        raise error

    return trouble


@pytest.mark.parametrize(
    "bad",
    [
        fail.Keyring(),
        null.Keyring(),
        Plain(),
        Forgetful(),
        Memory(raising(Locked())),
        Memory(raising(OSError())),
    ],
    ids=["none", "null", "plain", "forgetful", "locked", "broken"],
)
def test_a_keyring_that_is_none_leaves_the_key_file(
    store: Store, key_file: Path, use: Callable[[KeyringBackend], KeyringBackend], bad: KeyringBackend
) -> None:
    use(bad)
    fill(store, key_file)
    assert kept_by(store) == "file"
    assert kept(store, key_file) == SECRETS


def test_a_chain_of_keyrings_never_falls_back_to_a_plain_one(
    use: Callable[[KeyringBackend], KeyringBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``keyring`` makes one where several are installed."""
    locked, plain = Memory(raising(NotImplementedError())), Plain()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [locked, plain])
    use(chainer.ChainerBackend())
    with pytest.raises(errors.KeyringGone):
        Ring().keep("a", bytes(32))
    assert plain.kept == {}


# --- a keyring in trouble, later


TROUBLES: dict[str, tuple[Callable[[str], object], type[errors.StartError]]] = {
    "locked": (raising(Locked()), errors.KeyringLocked),
    "gone": (raising(OSError()), errors.KeyringGone),
    "refuses": (raising(NotImplementedError()), errors.KeyringGone),
}


@pytest.mark.parametrize(("trouble", "told"), TROUBLES.values(), ids=TROUBLES)
def test_a_keyring_that_cannot_be_asked_is_told(
    store: Store,
    key_file: Path,
    ring: Memory,
    trouble: Callable[[str], object],
    told: type[errors.StartError],
) -> None:
    fill(store, key_file)
    ring.trouble = trouble
    with pytest.raises(told):
        Vault(store, key_file)
    ring.trouble = str
    assert kept(store, key_file) == SECRETS


def test_a_keyring_that_never_answers_blocks_nobody(use: Callable[[KeyringBackend], KeyringBackend]) -> None:
    never = threading.Event()
    use(Memory(lambda _: never.wait()))
    with pytest.raises(errors.KeyringSilent):
        Ring(patience=0.01).fetch("a")
    never.set()


def test_a_key_that_is_no_longer_in_the_keyring_is_told(store: Store, key_file: Path, ring: Memory) -> None:
    fill(store, key_file)
    for entry in ("not base64!", base64.b64encode(bytes(32)).decode(), ""):
        ring.kept = dict.fromkeys(ring.kept, entry)
        with pytest.raises(errors.KeyNotInKeyring):
            Vault(store, key_file)
    ring.kept.clear()
    with pytest.raises(errors.KeyNotInKeyring):
        Vault(store, key_file)
    assert ring.kept == {}


# --- a passphrase


def test_a_passphrase_opens_and_no_other_does(store: Store, key_file: Path) -> None:
    fill(store, key_file)
    Keeper(store, key_file).change("passphrase", PASSPHRASE)
    assert not key_file.exists()
    assert kept(store, key_file, PASSPHRASE) == SECRETS
    before = everything(key_file.parent)
    with pytest.raises(errors.PassphraseWrong):
        Vault(store, key_file, WRONG)
    with pytest.raises(errors.PassphraseWrong):
        Keeper(store, key_file, "nonsense").rotate()
    with pytest.raises(errors.PassphraseNeeded):
        Vault(store, key_file)
    assert everything(key_file.parent) == before


def test_how_a_letter_was_composed_does_not_matter() -> None:
    cost = Cost.new()
    assert cost.key("caf\u00e9 au lait") == cost.key("cafe\u0301 au lait")
    assert cost.key("caf\u00e9 au lait") != Cost.new().key("caf\u00e9 au lait")


def test_a_short_passphrase_changes_nothing(store: Store, key_file: Path) -> None:
    fill(store, key_file)
    with pytest.raises(errors.PassphraseTooShort):
        Keeper(store, key_file).change("passphrase", "1234567")
    with pytest.raises(errors.PassphraseNeeded):
        Keeper(store, key_file).change("passphrase")
    assert kept_by(store) == "file"
    assert kept(store, key_file) == SECRETS


def test_the_passphrase_is_taken_out_of_the_environment(tmp_path: Path) -> None:
    environment = {"D2F_PASSPHRASE": PASSPHRASE}
    assert given("D2F_PASSPHRASE", environment) == PASSPHRASE
    assert environment == {}
    assert given("D2F_PASSPHRASE", environment) is None
    told = tmp_path / "told"
    told.write_text(f"{PASSPHRASE}\r\nand more", "utf-8")
    number = os.open(told, os.O_RDONLY)
    assert given("D2F_PASSPHRASE", {"D2F_PASSPHRASE_FD": str(number)}) == PASSPHRASE
    for wrong in ("none", "-1", "99999"):
        with pytest.raises(errors.BadSetting):
            given("D2F_PASSPHRASE", {"D2F_PASSPHRASE_FD": wrong})


# --- changes


@pytest.mark.parametrize("after", METHODS)
@pytest.mark.parametrize("before", METHODS)
def test_each_way_leads_to_each(
    store: Store, key_file: Path, ring: Memory, before: Method, after: Method
) -> None:
    fill(store, key_file)
    Keeper(store, key_file).change(before, PASSPHRASE)
    Keeper(store, key_file, PASSPHRASE).change(after, "another passphrase")
    assert kept_by(store) == after
    assert kept(store, key_file, "another passphrase") == SECRETS
    assert key_file.exists() == (after == "file")
    assert len(ring.kept) == (after == "keyring")


@pytest.mark.parametrize("method", METHODS)
def test_rotated_keys_are_all_new(store: Store, key_file: Path, ring: Memory, method: Method) -> None:
    fill(store, key_file)
    keeper = Keeper(store, key_file)
    keeper.change(method, PASSPHRASE)
    before, sealed = keeper.open(), dict(store.secrets())
    old_file = key_file.read_bytes() if key_file.exists() else b""
    old_ring = dict(ring.kept)
    times = store.rows("SELECT name, at FROM secret ORDER BY name")
    was = list(times)
    keeper.rotate()
    after = keeper.open()
    assert after.library == before.library
    assert (after.key, after.number) != (before.key, before.number)
    assert kept(store, key_file, PASSPHRASE) == SECRETS
    assert all(dict(store.secrets())[name] != each for name, each in sealed.items())
    assert list(store.rows("SELECT name, at FROM secret ORDER BY name")) == was
    # The second keys of before open nothing of now.
    if method == "file":
        key_file.write_bytes(old_file)
        with pytest.raises(errors.KeyLost):
            Vault(store, key_file)
    if method == "keyring":
        ring.kept = old_ring
        with pytest.raises(errors.KeyNotInKeyring):
            Vault(store, key_file)


def test_a_new_key_that_does_not_come_back_is_not_used(
    store: Store, key_file: Path, use: Callable[[KeyringBackend], KeyringBackend]
) -> None:
    fill(store, key_file)
    use(Forgetful())
    with pytest.raises(errors.KeyNotKept):
        Keeper(store, key_file).change("keyring")
    use(fail.Keyring())
    with pytest.raises(errors.KeyringGone):
        Keeper(store, key_file).change("keyring")
    assert kept(store, key_file) == SECRETS


def test_a_secret_that_does_not_open_stops_a_rotation(store: Store, key_file: Path) -> None:
    fill(store, key_file)
    store.set_secret("feishu", store.secret("douban session 1001"))
    keeper = Keeper(store, key_file)
    assert keeper.failing() == ["feishu"]
    before = everything(key_file.parent)
    with pytest.raises(errors.SecretUnreadable):
        keeper.rotate()
    assert everything(key_file.parent).count(b'"number"') == before.count(b'"number"')
    Vault(store, key_file).set("feishu", SECRETS["feishu"])
    keeper.rotate()
    assert kept(store, key_file) == SECRETS


def test_who_opened_the_vault_before_a_rotation_writes_nothing_more(tmp_path: Path, key_file: Path) -> None:
    """It would be sealed with a key that is gone."""
    with Store(tmp_path / "d2f.db") as store, Store(tmp_path / "d2f.db") as second:
        late = fill(store, key_file)
        Keeper(second, key_file).rotate()
        with pytest.raises(errors.KeysChanged):
            late.set("feishu", b"lost")
        with pytest.raises(errors.SecretUnreadable):
            late.get("feishu")
        assert kept(store, key_file) == SECRETS


@pytest.mark.parametrize("change", ["rotate", "passphrase", "file"])
def test_who_looks_while_keys_are_changed_takes_none_away(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """As `d2f doctor` or `d2f pair` in another terminal, at the worst instant: the new second key is not in force yet."""
    with Store(tmp_path / "d2f.db") as store:
        fill(store, key_file)
        keeper = Keeper(store, key_file)
        if change == "file":
            keeper.change("passphrase", PASSPHRASE)
        before = PASSPHRASE if change == "file" else None
        store_one = SecondKeys.wrap
        looks: list[list[str]] = []

        def and_look(*given: Any) -> Wrap:
            made = store_one(*given)
            with Store(tmp_path / "d2f.db") as other:
                looks.append(Keeper(other, key_file, before).failing())
            return made

        monkeypatch.setattr(SecondKeys, "wrap", and_look)
        if change == "rotate":
            keeper.rotate()
        else:
            keeper.change("passphrase" if change == "passphrase" else "file", PASSPHRASE)
        assert looks == [[]]
        assert kept(store, key_file, PASSPHRASE) == SECRETS


@pytest.mark.parametrize("change", ["rotate", "change"])
def test_who_looks_just_when_they_have_changed_looks_again(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """What was in force a moment ago opens nothing any more, and nothing is wrong with that."""
    with Store(tmp_path / "d2f.db") as store, Store(tmp_path / "d2f.db") as other:
        fill(store, key_file)
        open_one = SecondKeys.open
        changes = 1

        def after_a_change(*given: Any) -> DataKey:
            nonlocal changes
            if changes:
                changes -= 1
                keeper = Keeper(store, key_file)
                keeper.rotate() if change == "rotate" else keeper.change("file")
            return open_one(*given)

        monkeypatch.setattr(SecondKeys, "open", after_a_change)
        assert Keeper(other, key_file).failing() == []
        assert not changes


# --- the first version's


def test_an_old_library_is_taken_over(tmp_path: Path, key_file: Path) -> None:
    bare = old_library(tmp_path, SECRETS)
    with Store(tmp_path / "d2f.db") as store:
        assert kept(store, key_file) == SECRETS
        Keeper(store, key_file).tidy()
        assert kept(store, key_file) == SECRETS
        assert Vault(store, key_file).get("vault check") is None
        assert Keeper(store, key_file).open().key != bare  # it lay bare, in backups perhaps
    assert not spelled(bare) & {found for found in spelled(bare) if found in everything(tmp_path)}


def test_an_old_library_goes_to_the_keyring(tmp_path: Path, key_file: Path, ring: Memory) -> None:
    old_library(tmp_path, SECRETS)
    with Store(tmp_path / "d2f.db") as store:
        assert kept(store, key_file) == SECRETS
        Keeper(store, key_file).tidy()
    assert not key_file.exists()
    assert len(ring.kept) == 1


@pytest.mark.parametrize("content", [None, b"", b"short", bytes(32), b'{"bare": 1}' * 4])
def test_an_old_library_without_its_key_is_told(
    tmp_path: Path, key_file: Path, content: bytes | None
) -> None:
    old_library(tmp_path, SECRETS)
    key_file.unlink()
    if content is not None:
        key_file.write_bytes(content)
    with Store(tmp_path / "d2f.db") as store:
        before = store.secrets()
        with pytest.raises(errors.KeyLost):
            Vault(store, key_file)
        assert store.secrets() == before


def test_a_new_library_beside_an_old_key_file_leaves_the_old_keys_alone(
    tmp_path: Path, key_file: Path
) -> None:
    """The old one may come back, out of a backup."""
    old_library(tmp_path, SECRETS)
    (tmp_path / "d2f.db").rename(tmp_path / "away.db")
    with Store(tmp_path / "d2f.db") as store:
        fill(store, key_file)
        Keeper(store, key_file).change("passphrase", PASSPHRASE)
    with Store(tmp_path / "away.db") as store:
        assert kept(store, key_file) == SECRETS


# --- what is to be seen


@pytest.mark.parametrize("method", METHODS)
def test_no_copy_holds_a_secret_in_the_clear(
    store: Store, key_file: Path, tmp_path: Path, ring: Memory, method: Method
) -> None:
    """The library, copied in each way that there is, opens nothing by itself, and neither does the key file."""
    fill(store, key_file)
    keeper = Keeper(store, key_file)
    keeper.change(method, PASSPHRASE)
    keeper.rotate()
    copies = tmp_path / "copies"
    copies.mkdir()
    with (
        closing(sqlite3.connect(tmp_path / "d2f.db")) as db,
        closing(sqlite3.connect(copies / "backup.db")) as to,
    ):
        db.backup(to)
        db.execute("VACUUM INTO ?", [str(copies / "vacuumed.db")])
        (copies / "dump.sql").write_text("\n".join(db.iterdump()))
    for file in tmp_path.glob("d2f.db*"):
        shutil.copy(file, copies)
    data_key = keeper.open().key
    library = everything(copies)
    assert b"douban session 1001" in library
    second = re.findall(
        r"[\w+/]{43}=", " ".join(ring.kept.values()) + (key_file.read_text() if key_file.exists() else "")
    )
    assert len(second) == (method != "passphrase")
    unseen = {PASSPHRASE.encode(), *SECRETS.values(), *spelled(data_key)}
    unseen |= {word for each in second for word in spelled(base64.b64decode(each))}
    assert [word for word in unseen if word in library] == []
    if key_file.exists():
        assert [
            word for word in (*SECRETS.values(), *spelled(data_key)) if word in key_file.read_bytes()
        ] == []
    ring.kept.clear()
    with Store(copies / "backup.db") as copy, pytest.raises(errors.StartError):
        Vault(copy, copies / "d2f.key")


def test_no_error_tells_a_secret(
    store: Store,
    key_file: Path,
    use: Callable[[KeyringBackend], KeyringBackend],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nor does a keyring that says too much: what it raises is not carried on."""
    asked: list[str] = []

    def says_too_much(what: str) -> None:
        asked.append(what)
        raise OSError(what)

    vault = fill(store, key_file)
    key = Keeper(store, key_file).open()
    use(Memory(says_too_much))
    told: list[str] = []
    works: list[Callable[[], object]] = [
        lambda: Keeper(store, key_file).change("keyring"),
        lambda: Keeper(store, key_file).change("passphrase", "short"),
        lambda: vault.get("feishu"),
        lambda: Vault(store, key_file, WRONG),
    ]
    store.set_secret("feishu", store.secret("douban session 1001"))
    Keeper(store, key_file).open()
    for number, work in enumerate(works):
        if number == len(works) - 1:
            Keeper(store, key_file).change("passphrase", PASSPHRASE)
        with pytest.raises(errors.D2FError) as error:
            work()
        told += [repr(error.value), *traceback.format_exception(error.value)]
    told += [
        repr(key),
        repr(DataKey.new("x")),
        repr(Keeper(store, key_file, PASSPHRASE)),
        repr(vault),
        *capfd.readouterr(),
    ]
    second = asked[0].rpartition(" ")[2]
    assert len(second) == 44
    everywhere = "\n".join(told).encode()
    unseen = {
        second.encode(),
        b"wrong passphrase",
        b"short\n",
        PASSPHRASE.encode(),
        *SECRETS.values(),
        *spelled(key.key),
    }
    assert [word for word in unseen if word in everywhere] == []
    assert repr(key.key).encode() not in everywhere


def test_what_is_open_does_not_keep_the_passphrase(tmp_path: Path) -> None:
    settings = Settings(port=1, data=tmp_path / "data")
    with Store(settings.library) as store:
        Keeper(store, settings.key_file).change("passphrase", PASSPHRASE)
    gateway = Gateway(settings, PASSPHRASE)
    gateway.app()
    held = texts_in(gateway)
    gateway.store.close()
    assert str(settings.library) in held, "not looked deep enough"
    assert PASSPHRASE not in held


def texts_in(whole: object) -> set[str]:
    """Every text that is to be reached from there, but for the code itself."""
    seen: dict[int, object] = {}
    ahead: list[object] = [whole]
    while ahead:
        each = ahead.pop()
        if id(each) not in seen and not isinstance(each, (type, ModuleType)):
            seen[id(each)] = each
            code = isinstance(each, FunctionType)
            ahead += [each.__closure__, each.__defaults__] if code else gc.get_referents(each)
    return {each for each in seen.values() if isinstance(each, str)} | {
        str(each) for each in seen.values() if isinstance(each, Path)
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights; the profile folder's apply")
def test_the_key_file_is_for_its_owner_alone_whatever_lay_there(key_file: Path) -> None:
    key_file.write_bytes(b"")
    key_file.chmod(0o644)
    fresh = key_file.with_suffix(".key.new")
    fresh.write_bytes(b"left by a start that ended")
    fresh.chmod(0o666)
    file = KeyFile(key_file)
    file.keep("one", bytes(32))
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert not fresh.exists()
    file.drop("two")
    assert file.fetch("one") == bytes(32)
    file.drop("one")
    assert not key_file.exists()
