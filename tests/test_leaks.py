"""No secret of Feishu's or of Douban's is to be read anywhere: not in the library's files, the logs, or what the gateway answers."""

import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], dict[str, bytes]]:
    """The secrets that were used, and all that was written while the gateway ran, by where."""
    folder = tmp_path_factory.mktemp("leaks")
    with (
        (folder / "log").open("wb") as told,
        subprocess.Popen(
            [sys.executable, "-m", "tests.leaks", str(folder)],  # our own
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
        ) as program,
    ):
        assert program.stdout is not None
        secrets = [line.strip() for line in takewhile(lambda line: line != b"end\n", program.stdout)]
        files = {path.name: path.read_bytes() for path in (folder / "data").iterdir()}
        program.communicate(b"\n")
    assert program.returncode == 0, (folder / "log").read_text("utf-8")[-2000:]
    return secrets, files | {name: (folder / name).read_bytes() for name in ("log", "replies")}


def test_the_search_finds_what_is_there(traces: tuple[list[bytes], dict[str, bytes]]) -> None:
    """There are secrets of each way, a library that is open, many logs and replies."""
    secrets, files = traces
    assert len(secrets) >= 11
    assert all(len(secret) > 12 for secret in secrets)
    assert {"d2f.db", "d2f.db-wal", "log", "replies"} <= files.keys()
    assert b"cli_a1b2c3d4e5f60708" in files["d2f.db"] + files["d2f.db-wal"]
    assert b"cli_a1b2c3d4e5f60708" in files["replies"]
    assert all(word in files["log"] for word in (b"refused", b"login_ended", b"bad_base_token"))


def test_no_secret_is_to_be_read(traces: tuple[list[bytes], dict[str, bytes]]) -> None:
    secrets, files = traces
    found = [(name, secret[:8]) for name, content in files.items() for secret in secrets if secret in content]
    assert found == []
