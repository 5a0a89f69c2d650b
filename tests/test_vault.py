"""Secrets at rest open with their own key, under their own name, and nowhere else."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from gateway.errors import DataFolderUnusable, KeyLost, LibraryDamaged
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


def test_a_secret_moved_to_another_name_does_not_open(store: Store, key: Path) -> None:
    vault = Vault(store, key)
    vault.set("cookie", b"secret")
    store.set_secret("feishu", store.secret("cookie"))
    with pytest.raises(InvalidTag):
        vault.get("feishu")


def test_the_same_secret_never_looks_the_same(store: Store, key: Path) -> None:
    vault = Vault(store, key)
    vault.set("one", b"secret")
    first = store.secret("one")
    vault.set("one", b"secret")
    assert first != store.secret("one")


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
