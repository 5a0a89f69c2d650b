"""Secrets at rest open with their own key, under their own name, and nowhere else."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import DataFolderUnusable, KeyLost, LibraryDamaged, SecretUnreadable
from gateway.keys.wrap import DataKey, Wrap
from gateway.store import Store
from gateway.vault import Vault


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "d2f.db") as opened:
        yield opened


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "d2f.key"


def test_what_was_kept_comes_back(store: Store, key: Path) -> None:
    Vault(store, key).set("cookie", b"dbcl2=1:secret")
    assert Vault(store, key).get("cookie") == b"dbcl2=1:secret"
    Vault(store, key).set("cookie", None)
    assert Vault(store, key).get("cookie") is None


@given(names=st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True), secret=st.binary())
def test_a_secret_opens_under_its_own_name_in_its_own_library_only(names: list[str], secret: bytes) -> None:
    """A name says what it is and whose: ``douban session 1001``."""
    mine, other = DataKey.new("mine"), DataKey.new("mine")
    sealed = mine.seal(names[0], secret)
    assert mine.unseal(names[0], sealed) == secret
    for key, name in (
        (mine, names[1]),
        (other, names[0]),
        (msgspec.structs.replace(mine, library="another"), names[0]),
    ):
        with pytest.raises(InvalidTag):
            key.unseal(name, sealed)


@given(secret=st.binary(min_size=1), data=st.data())
def test_what_was_changed_or_cut_does_not_open(secret: bytes, data: st.DataObject) -> None:
    key = DataKey.new("mine")
    sealed = key.seal("cookie", secret)
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:place] + bytes([sealed[place] ^ data.draw(st.integers(1, 255))]) + sealed[place + 1 :]
    for wrong in (changed, sealed[:place], sealed + b"\0"):
        with pytest.raises(InvalidTag):
            key.unseal("cookie", wrong)


@given(secret=st.binary(max_size=100))
def test_the_same_secret_never_looks_the_same(secret: bytes) -> None:
    """A nonce is used once; all of the key's are."""
    key = DataKey.new("mine")
    sealed = [key.seal("cookie", secret) for _ in range(20)]
    assert len({each[:12] for each in sealed}) == len({each[12:] for each in sealed}) == 20


@given(
    change=st.sampled_from(
        [{"method": "file"}, {"number": "other"}, {"slot": "b"}, {"sealed": b""}, {"sealed": bytes(60)}]
    ),
    library=st.sampled_from(["mine", "another"]),
)
def test_a_wrap_opens_as_it_was_made_only(change: dict[str, Any], library: str) -> None:
    key, second = DataKey.new("mine"), bytes(range(32))
    wrap = Wrap(method="keyring", number=key.number, slot="a").around(key, second)
    assert wrap.open("mine", second) == key
    for wrapped, whose, by in (
        (msgspec.structs.replace(wrap, **change), library, second),
        (wrap, "another", second),
        (wrap, "mine", bytes(32)),
    ):
        with pytest.raises(InvalidTag):
            wrapped.open(whose, by)


def test_a_row_that_another_was_copied_over_is_told(store: Store, key: Path) -> None:
    vault = Vault(store, key)
    vault.set("douban session 1001", b"secret")
    store.set_secret("douban session 1002", store.secret("douban session 1001"))
    with pytest.raises(SecretUnreadable) as told:
        vault.get("douban session 1002")
    assert "douban session 1002" in told.value.words.zh
    assert vault.get("douban session 1001") == b"secret"


def test_a_row_of_another_library_is_told(store: Store, key: Path, tmp_path: Path) -> None:
    """Even with the key file of the one beside that of the other."""
    with Store(tmp_path / "other.db") as second:
        Vault(second, key).set("cookie", b"secret")
        Vault(store, key).set("cookie", b"mine")
        store.set_secret("cookie", second.secret("cookie"))
        with pytest.raises(SecretUnreadable):
            Vault(store, key).get("cookie")
        store.set("data key", second.setting("data key", Wrap))
        with pytest.raises(KeyLost):
            Vault(store, key)
        assert Vault(second, key).get("cookie") == b"secret"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights; the profile folder's apply")
def test_only_the_owner_reads_the_key_and_the_library(store: Store, key: Path, tmp_path: Path) -> None:
    Vault(store, key)
    for path in (key, tmp_path / "d2f.db"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_lost_key_is_told(store: Store, key: Path) -> None:
    Vault(store, key)
    key.unlink()
    with pytest.raises(KeyLost):
        Vault(store, key)
    assert not key.exists()


@pytest.mark.parametrize("content", [bytes(range(32)), b"short"], ids=["whole", "short"])
def test_another_key_is_told(store: Store, key: Path, content: bytes) -> None:
    Vault(store, key)
    key.write_bytes(content)
    with pytest.raises(KeyLost):
        Vault(store, key)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataFolderUnusable):
        Store(tmp_path / "file" / "d2f.db")


def test_a_library_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "d2f.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(LibraryDamaged):
        Store(tmp_path / "d2f.db")


def test_what_was_deleted_is_not_left_in_the_file(tmp_path: Path) -> None:
    """SQLite only marks it as free unless it is told otherwise."""
    path, said = tmp_path / "d2f.db", "a-comment-that-is-gone"
    with Store(path) as store:
        store.set("something", [said] * 50)
        store.set("another", ["stays"] * 50)
    assert said.encode() in path.read_bytes()
    with Store(path) as store:
        store.set("something", None)
    assert said.encode() not in b"".join(each.read_bytes() for each in tmp_path.iterdir())
