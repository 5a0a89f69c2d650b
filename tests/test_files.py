"""What lies in the data folder is its owner's alone, and is never written through a link that leads elsewhere."""

import os
import stat
import sys
from pathlib import Path

import pytest

from gateway.errors import AlreadyRunning
from gateway.lock import alone
from tests.support import World

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a file has the rights of its folder there")
HELPERS = ("d2f.lock", "d2f.db-left")


def wide(folder: Path) -> dict[str, str]:
    """What others have any right to."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    return {name: oct(mode) for name, mode in modes.items() if mode & (stat.S_IRWXG | stat.S_IRWXO)}


def test_whatever_the_umask_is(world: World) -> None:
    before = os.umask(0)
    try:
        started = world.start()
        started.pair()
        assert wide(world.folder) == {}
        started.stop()
        assert {*HELPERS, "d2f.db", "d2f.key"} <= {path.name for path in world.folder.iterdir()}
        assert wide(world.folder) == {}
    finally:
        os.umask(before)


@pytest.mark.parametrize("name", HELPERS)
def test_what_an_earlier_version_left_open_is_mended(world: World, name: str) -> None:
    world.start().stop()
    (world.folder / name).chmod(0o644)
    world.start()
    assert wide(world.folder) == {}


@pytest.mark.parametrize("name", [*HELPERS, "d2f.key"])
@pytest.mark.parametrize("target", [None, b""], ids=["to nothing", "to a file"])
def test_no_link_is_followed(world: World, tmp_path: Path, name: str, target: bytes | None) -> None:
    other = tmp_path / "other"
    if target is not None:
        other.write_bytes(target)
    world.folder.mkdir()
    (world.folder / name).symlink_to(other)
    started = world.start()
    with pytest.raises(AlreadyRunning), alone(world.folder):
        pass
    started.stop()
    assert not (world.folder / name).is_symlink()
    assert (other.read_bytes() if other.exists() else None) == target
