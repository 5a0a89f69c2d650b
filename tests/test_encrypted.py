"""The whole library in cipher, and plain again: no row is lost, nothing is to be read, and what goes wrong is told."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import keyring
import pytest

from gateway import cipher, errors
from gateway.cipher import convert, is_encrypted, unfinished
from gateway.keys import ENCRYPTED, Method
from gateway.keys.door import Door, entries_of, library_key
from gateway.keys.keeper import kept_by
from gateway.keys.passphrase import Cost
from gateway.store import Store
from gateway.vault import Vault
from gateway.wipe import Left, finish
from tests.cipher_crash import CHANGES, cheap
from tests.older import content, older
from tests.rings import Memory
from tests.support import APP_ID, World
from tests.test_cli import d2f
from tests.test_push import fill, right
from tests.test_wipe import left_of

ROOT = Path(__file__).parent.parent
OLD, NEW, WRONG = "correct horse 电池", "another horse 电池", "wrong horse 电池"
METHODS: tuple[Method, ...] = ("keyring", "passphrase", "file")
SECRET = b"an app's secret"
KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    """A guess at a passphrase costs next to nothing here."""
    monkeypatch.setattr(Cost, "new", cheap)


@pytest.fixture
def ring() -> Iterator[Memory]:
    """A keyring of this machine, for the time of the test."""
    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A library with marks and a secret, its key in a file."""
    made = Path(shutil.copytree(filled, tmp_path / "data"))
    with Store(made / "d2f.db") as store:
        Vault(store, made / "d2f.key").set("something", SECRET)
    return made


def door(folder: Path, passphrase: str | None = None) -> Door:
    return Door(folder / "d2f.db", folder / "d2f.key", passphrase)


def rows(folder: Path, passphrase: str | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """All of it."""
    with door(folder, passphrase).open() as store:
        names = [
            name
            for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        return {name: list(store.rows(f"SELECT * FROM {name}")) for name in names}


def secret(folder: Path, passphrase: str | None = None) -> bytes | None:
    with door(folder, passphrase).open() as store:
        return Vault(store, folder / "d2f.key", passphrase).get("something")


def theirs(world: World) -> list[str]:
    """What anybody would know a person's library by."""
    marks = world.person.marks
    comment = next(entry.mark.comment for entry in marks if entry.mark.comment) or ""
    titles = [entry.subject.title for entry in marks[:20] if entry.subject.title]
    return [
        comment.splitlines()[0],
        world.person.name,
        "/people/",
        "CREATE TABLE",
        "chrome-extension",
        *titles,
    ]


# --- nothing lost, nothing to be read


def test_nothing_is_to_be_read_and_no_row_is_lost(world: World, filled: Path) -> None:
    folder = Path(shutil.copytree(filled, world.folder))
    words, before = theirs(world), rows(folder)
    assert {word for _, word in left_of(folder, words)} == set(words)
    assert len(before["mark"]) == 60
    assert door(folder).encrypt()
    assert left_of(folder, words) == []
    assert not door(folder).encrypt()
    assert rows(folder) == before
    assert door(folder).decrypt()
    assert not door(folder).decrypt()
    assert rows(folder) == before
    assert {word for _, word in left_of(folder, words)} == set(words)
    assert not library_key(folder / "d2f.db").exists()


def test_a_gateway_works_as_ever(world: World) -> None:
    door(world.folder).encrypt()
    started = world.start()
    assert started.owner.call("GET", "/api/v1/overview").json()["encrypted"] is True
    fill(started)
    started.connect()
    right(started)
    words = [*theirs(world), APP_ID, world.app_token]
    assert (world.folder / "d2f.db-wal").stat().st_size
    assert left_of(world.folder, words) == []  # while it is open, too
    started.stop()
    again = world.start()
    assert again.marks() == 60
    right(again)
    page = again.owner.call("GET", "/").body.decode()
    assert ENCRYPTED.zh in page or ENCRYPTED.en in page
    again.stop()
    assert left_of(world.folder, words) == []
    door(world.folder).decrypt()
    plain = world.start()
    assert plain.marks() == 60
    assert plain.owner.call("GET", "/api/v1/overview").json()["encrypted"] is False


def test_an_older_library_is_brought_up_to_date_in_cipher(filled: Path, tmp_path: Path) -> None:
    folder = older(filled, tmp_path / "older")
    library = folder / "d2f.db"
    convert(library, None, KEY)
    with Store(library, KEY) as store:
        assert store.one("SELECT count(*) FROM audit") is not None  # the newest table
    assert is_encrypted(library)
    convert(library, KEY, None)
    assert content(folder) == content(filled)
    assert len(content(folder)) > 60


# --- keys


@pytest.mark.parametrize("after", METHODS)
@pytest.mark.parametrize("before", METHODS)
def test_both_keys_are_kept_in_each_way(folder: Path, ring: Memory, before: Method, after: Method) -> None:
    marks = rows(folder)["mark"]
    door(folder).change(before, OLD)
    door(folder, OLD).encrypt()
    places(folder, ring, before)
    door(folder, OLD).change(after, NEW)
    places(folder, ring, after)
    with door(folder, NEW).open() as store:
        assert kept_by(store) == after
    assert (secret(folder, NEW), rows(folder, NEW)["mark"]) == (SECRET, marks)
    door(folder, NEW).decrypt()
    assert len(ring.kept) == (after == "keyring")
    assert (secret(folder, NEW), rows(folder)["mark"]) == (SECRET, marks)


def places(folder: Path, ring: Memory, method: Method) -> None:
    """Two second keys where they belong, and none elsewhere."""
    file = folder / "d2f.key"
    in_file = file.read_text("utf-8").count('":') if file.exists() else 0
    assert (len(ring.kept), in_file) == (2 * (method == "keyring"), 2 * (method == "file"))
    assert {name for _, name in ring.kept} <= set(entries_of(folder / "d2f.db") or [])
    if sys.platform != "win32":
        assert library_key(folder / "d2f.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("method", METHODS)
def test_rotated_keys_open_what_the_old_ones_no_longer_do(folder: Path, ring: Memory, method: Method) -> None:
    door(folder).change(method, OLD)
    door(folder, OLD).encrypt()
    before = rows(folder, OLD)
    old = Path(shutil.copytree(folder, folder.with_name("old")))
    entries = dict(ring.kept)
    door(folder, OLD).rotate()
    places(folder, ring, method)
    assert secret(folder, OLD) == SECRET
    after = rows(folder, OLD)
    assert {name for name, each in after.items() if each != before[name]} == {"setting", "secret"}
    now, ring.kept = ring.kept, entries
    assert rows(old, OLD) == before
    shutil.copy(library_key(folder / "d2f.db"), old)
    ring.kept |= now
    shutil.copy(folder / "d2f.key", old) if method == "file" else None
    with pytest.raises((errors.LibraryKeyLost, errors.StartError)):
        rows(old, OLD)


def test_a_wrong_passphrase_changes_nothing(folder: Path) -> None:
    door(folder).change("passphrase", OLD)
    for refused in (door(folder, WRONG).encrypt, door(folder).encrypt):
        with pytest.raises((errors.PassphraseWrong, errors.PassphraseNeeded)):
            refused()
    assert not is_encrypted(folder / "d2f.db")
    assert not library_key(folder / "d2f.db").exists()
    door(folder, OLD).encrypt()
    before = rows(folder, OLD)
    for act in ("decrypt", "rotate", "open"):
        with pytest.raises(errors.PassphraseWrong):
            getattr(door(folder, WRONG), act)()
        with pytest.raises(errors.PassphraseNeeded):
            getattr(door(folder), act)()
    with pytest.raises(errors.PassphraseTooShort):
        door(folder, OLD).change("passphrase", "short")
    assert rows(folder, OLD) == before


def test_a_missing_key_is_told_and_nothing_touched(folder: Path) -> None:
    door(folder).encrypt()
    key, library = library_key(folder / "d2f.db"), folder / "d2f.db"
    content, before = key.read_bytes(), library.read_bytes()
    for broken in (None, b"", b"{}", b"\xff nonsense"):
        key.unlink()
        if broken is not None:
            key.write_bytes(broken)
        with pytest.raises(errors.LibraryKeyLost) as told:
            door(folder).open()
        assert str(key) in told.value.words.zh
        key.write_bytes(content)
    (folder / "d2f.key").rename(folder / "away")
    with pytest.raises(errors.KeyLost):
        door(folder).open()
    (folder / "away").rename(folder / "d2f.key")
    assert library.read_bytes() == before
    assert secret(folder) == SECRET


def test_the_key_of_another_library_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """That one may come back, out of a backup."""
    door(folder).encrypt()
    away = (folder / "d2f.db").rename(tmp_path / "away.db")
    (folder / "d2f.db-left").unlink()
    key = library_key(folder / "d2f.db").read_bytes()
    door(folder).tidy()
    with door(folder).open() as store:
        Vault(store, folder / "d2f.key")
    door(folder).tidy()
    with pytest.raises(errors.DataFolderUnusable, match="move it away"):
        door(folder).encrypt()
    assert library_key(folder / "d2f.db").read_bytes() == key
    for file in folder.glob("d2f.db-*"):
        file.unlink()
    away.replace(folder / "d2f.db")
    assert secret(folder) == SECRET


def test_a_plain_backup_put_in_its_place_does_not_cost_the_key(world: World, filled: Path) -> None:
    shutil.copytree(filled, world.folder)
    backup = world.settings.library.read_bytes()
    door(world.folder).encrypt()
    encrypted = world.settings.library.read_bytes()
    world.settings.library.write_bytes(backup)
    world.start().stop()
    with pytest.raises(errors.DataFolderUnusable, match="move it away"):
        door(world.folder).encrypt()
    assert not door(world.folder).decrypt()
    world.settings.library.write_bytes(encrypted)
    started = world.start()
    assert started.owner.call("GET", "/api/v1/overview").json()["encrypted"] is True
    assert started.marks() == 60


# --- what goes wrong


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door(folder).encrypt()
    plain = Path(shutil.copytree(folder, folder.with_name("plain")))
    door(plain).decrypt()
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    for act in (door(folder).open, door(folder).decrypt, door(folder).rotate, door(plain).encrypt):
        with pytest.raises(errors.CipherMissing) as told:
            act()
        assert "--extra encryption" in told.value.words.en
    assert not library_key(plain / "d2f.db").exists()
    assert secret(plain) == SECRET
    monkeypatch.undo()
    assert secret(folder) == SECRET


def test_too_little_room_is_told_before_anything_is_touched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("d2f.*")}
    full = shutil.disk_usage(folder)._replace(free=2**20)

    def usage(_path: Path) -> object:
        return full

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with pytest.raises(errors.NoRoom, match="1 MB"):
        door(folder).encrypt()
    assert {path.name: path.read_bytes() for path in folder.glob("d2f.*") if path.name in before} == before
    assert not library_key(folder / "d2f.db").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize("act", ["encrypt", "decrypt", "rotate"])
def test_a_disk_that_fills_up_meanwhile_loses_nothing(folder: Path, act: str) -> None:
    import resource  # noqa: PLC0415  # not on Windows

    if act != "encrypt":
        door(folder).encrypt()
    before = rows(folder)
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    half = (folder / "d2f.db").stat().st_size // 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (half, was[1]))
    try:
        with pytest.raises((errors.DataFolderUnusable, sqlite3.Error)):
            getattr(door(folder), act)()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
    assert is_encrypted(folder / "d2f.db") is (act != "encrypt")
    assert library_key(folder / "d2f.db").exists() is (act != "encrypt")
    assert not unfinished(folder / "d2f.db").exists()
    assert rows(folder)["mark"] == before["mark"]
    assert secret(folder) == SECRET


def test_another_process_that_has_it_open_is_waited_for_and_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other's locks within one process: SQLCipher is another SQLite."""
    monkeypatch.setattr(cipher, "_PATIENCE", 0)
    opens = "import sys, pathlib, gateway.store as s\nwith s.Store(pathlib.Path(sys.argv[1])) as store:\n print(flush=True); input(); store.set('written', 1)"
    with subprocess.Popen(
        [sys.executable, "-c", opens, str(folder / "d2f.db")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(errors.DataFolderUnusable, match="locked"):
            door(folder).encrypt()
        other.communicate(b"\n")
    assert other.returncode == 0
    assert not library_key(folder / "d2f.db").exists()
    assert door(folder).encrypt()
    with door(folder).open() as store:
        assert store.setting("written", int) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no open file")
def test_who_waited_while_it_was_converted_does_not_write_into_the_old_file(folder: Path) -> None:
    """It has the file open that nobody will ever see again."""
    library = folder / "d2f.db"
    opens = """import sys, pathlib, gateway.store as store
sys.addaudithook(lambda event, _: event == "sqlite3.connect/handle" and print(flush=True))
store.Store(pathlib.Path(sys.argv[1]))"""
    converted = Path(shutil.copy(library, unfinished(library)))
    with closing(sqlite3.connect(library, isolation_level=None)) as holding:
        for step in ("locking_mode = EXCLUSIVE", "journal_mode = DELETE"):
            holding.execute(f"PRAGMA {step}").fetchall()
        holding.execute("BEGIN EXCLUSIVE")
        with subprocess.Popen(
            [sys.executable, "-c", opens, str(library)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as late:
            assert late.stdout is not None
            late.stdout.readline()
            converted.replace(library)
            holding.close()
            _, said = late.communicate()
    assert "another process has just replaced the library" in said
    assert secret(folder) == SECRET


def test_a_damaged_page_is_told_and_not_touched(folder: Path) -> None:
    door(folder).encrypt()
    door(folder).open().close()
    library = folder / "d2f.db"
    damaged = bytearray(library.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    library.write_bytes(damaged)
    with pytest.raises(errors.LibraryDamaged):
        door(folder).open()
    with pytest.raises(errors.LibraryDamaged):
        door(folder).decrypt()
    assert library.read_bytes() == damaged
    assert library_key(library).exists()


def test_faults_are_told_as_of_a_plain_library(tmp_path: Path) -> None:
    with Store(tmp_path / "d2f.db", KEY) as store:
        store.set("one", 1)
        acts: list[Callable[[str], object]] = [
            store.one,
            store.do,
            lambda sql: list(store.rows(sql)),
            lambda sql: store.do_many(sql, [()]),
        ]
        for act in acts:
            with pytest.raises(sqlite3.OperationalError) as told:
                act("SELECT nonsense")
            assert told.value.sqlite_errorcode == sqlite3.SQLITE_ERROR
        with pytest.raises(sqlite3.IntegrityError), store.atomic():  # noqa: PT012  # the first is undone with the second
            store.do("INSERT INTO setting VALUES ('two', '2')")
            store.do("INSERT INTO setting VALUES ('one', '2')")
        assert [name for (name,) in store.rows("SELECT name FROM setting")] == ["one"]
        with pytest.raises(sqlite3.OperationalError), store.atomic():
            store.do("ROLLBACK")
        assert store.one("PRAGMA temp_store") == (2,)


def test_what_a_kill_left_is_cleared_away_at_the_next_start(world: World) -> None:
    door(world.folder).encrypt()
    unfinished(world.settings.library).write_bytes(b"half of a library")
    started = world.start()
    assert not unfinished(world.settings.library).exists()
    started.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_line(tmp_path: Path, change: str) -> None:
    every = 251
    run = subprocess.run(
        [sys.executable, "-m", "tests.cipher_crash", str(tmp_path), change, str(every)],  # our own
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert int(run.stdout) * every > 500


# --- the verbs


def test_the_verbs(folder: Path) -> None:
    told = [
        (verb, run.returncode, run.stdout + run.stderr)
        for verb in (
            "encrypt",
            "encrypt",
            "keys",
            "doctor",
            "audit",
            "keys rotate",
            "decrypt",
            "decrypt",
            "doctor",
        )
        for run in [d2f(folder, *verb.split(), D2F_PORT="1")]
    ]
    for (verb, status, said), words in zip(
        told,
        [
            "the whole library is encrypted",
            "encrypted already",
            "The whole library is encrypted",
            "The whole library is encrypted",
            "The whole library was encrypted · d2f",
            "new keys",
            "a plain file again",
            "was not encrypted as a whole",
            "Marks and pages are not encrypted",
        ],
        strict=True,
    ):
        assert (status, words in said) == (0, True), (verb, said)
    acts = d2f(folder, "audit").stdout
    assert [line.count("·") for line in acts.splitlines()[:3]] == [1, 1, 1]
    assert "The library was decrypted" in acts.splitlines()[0]


def test_a_running_gateway_is_not_encrypted_from_beside(world: World) -> None:
    world.start()
    for verb in ("encrypt", "decrypt"):
        run = d2f(world.folder, verb)
        assert (run.returncode, "End it first" in run.stderr) == (1, True)
    assert not is_encrypted(world.settings.library)


def test_with_a_passphrase_it_is_asked_for_once_and_only_where_it_must_be(folder: Path) -> None:
    door(folder).change("passphrase", OLD)
    assert d2f(folder, "audit").returncode == 0
    assert d2f(folder, "encrypt", D2F_PASSPHRASE=OLD).returncode == 0
    without = d2f(folder, "audit")
    assert (without.returncode, "D2F_PASSPHRASE" in without.stderr) == (1, True)
    assert "was encrypted" in d2f(folder, "audit", D2F_PASSPHRASE=OLD).stdout
    assert d2f(folder, "pair", D2F_PASSPHRASE=OLD).stdout.startswith("d2f1-")
    looked = d2f(folder, "doctor", D2F_PORT="1")
    assert (looked.returncode, "not looked into" in looked.stdout) == (0, True)
    looked = d2f(folder, "doctor", D2F_PORT="1", D2F_PASSPHRASE=OLD)
    assert (looked.returncode, "stored secrets open" in looked.stdout) == (0, True), looked.stdout
    assert d2f(folder, "doctor", D2F_PORT="1", D2F_PASSPHRASE=WRONG).returncode == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_wipe_leaves_nothing(folder: Path, ring: Memory, method: Method) -> None:
    door(folder).change(method, OLD)
    door(folder, OLD).encrypt()
    assert entries_of(folder / "d2f.db")
    assert finish(folder / "d2f.db") == Left([], [])
    assert not folder.exists()
    assert ring.kept == {}


def test_a_wipe_on_the_dashboard_leaves_nothing(world: World) -> None:
    door(world.folder).encrypt()
    started = world.start()
    assert started.owner.call("POST", "/api/v1/wipe", {"word": "WIPE"}).json() == {"files": [], "entries": []}
    started.stop()
    assert not world.folder.exists()


def test_a_wipe_takes_the_keys_first(folder: Path) -> None:
    """As if it ended there: nothing opens, and the next wipe goes on."""
    door(folder).encrypt()
    (folder / "d2f.wiping").touch()
    with pytest.raises(errors.WipeUnfinished):
        door(folder).open()
    library_key(folder / "d2f.db").unlink()
    with pytest.raises(errors.WipeUnfinished):
        door(folder).open()
    finish(folder / "d2f.db")
    assert not folder.exists()


@pytest.mark.parametrize(
    "change", ["DELETE FROM mark WHERE id = (SELECT min(id) FROM mark)", "UPDATE subject SET detailed = 7"]
)
def test_a_copy_that_is_not_the_same_does_not_take_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Whatever went wrong on the way: the library stays as it was."""
    before, export = rows(folder), cipher._export  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # where it may go wrong

    def goes_wrong(db: sqlite3.Connection, fresh: Path, key: bytes | None) -> None:
        export(db, fresh, key)
        with closing(cipher.connect(fresh, key)) as copy:
            assert copy.execute(change).rowcount >= 1
            copy.commit()

    monkeypatch.setattr(cipher, "_export", goes_wrong)
    with pytest.raises(errors.LibraryDamaged):
        door(folder).encrypt()
    assert not is_encrypted(folder / "d2f.db")
    assert not unfinished(folder / "d2f.db").exists()
    assert rows(folder) == before


def test_who_forgot_the_passphrase_begins_anew_without_it(tmp_path: Path) -> None:
    """They threw the encrypted library away: there is nothing left that it would open."""
    folder = tmp_path / "data"
    with Store(folder / "d2f.db") as store:
        Vault(store, folder / "d2f.key").set("something", b"secret")
    Door(folder / "d2f.db", folder / "d2f.key").change("passphrase", "correct horse 电池")
    Door(folder / "d2f.db", folder / "d2f.key", "correct horse 电池").encrypt()
    (folder / "d2f.db").unlink()
    begun = d2f(folder, "pair", D2F_PORT="1")
    assert (begun.returncode, "口令" in begun.stderr) == (0, False)
