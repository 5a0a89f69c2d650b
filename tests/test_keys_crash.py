"""kill -9 at each line of a change of the keys: every secret opens, and the change can be made all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.keys_crash import CHANGES

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")


@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_line(tmp_path: Path, change: str) -> None:
    every = 149 if "passphrase" in change else 17  # each try computes it several times, at what a guess costs
    run = subprocess.run(
        [sys.executable, "-m", "tests.keys_crash", str(tmp_path), change, str(every)],  # our own
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    kills, left = map(int, run.stdout.split())
    assert kills * every > 200
    assert left == (0 if change.endswith("to-passphrase") or change == "passphrase-rotated" else 1)
