"""The keyring of a Linux desktop, the real one: ``gnome-keyring`` on a D-Bus of its own. Skipped where it is not installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("dbus-run-session", "gnome-keyring-daemon"))),
    reason="needs dbus-run-session and gnome-keyring-daemon",
)


def under_a_desktop(folder: Path, commands: str, *, unlocked: bool) -> subprocess.CompletedProcess[str]:
    """Runs shell commands, in which ``d2f`` is ours, as somebody who has just logged in, or not quite."""
    opening = "printf secret | gnome-keyring-daemon --unlock --components=secrets"
    daemon = opening if unlocked else "gnome-keyring-daemon --start --components=secrets"
    d2f = f'd2f() {{ "{sys.executable}" -m gateway "$@"; }}'
    changed = {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_DATA_HOME": str(folder / "share"),
        "D2F_DATA": str(folder / "data"),
        "D2F_PORT": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        "PYTHONIOENCODING": "utf-8",
    }
    folder.chmod(0o700)
    return subprocess.run(
        [
            "dbus-run-session",
            "--",
            "sh",
            "-c",
            f"{d2f}\n{daemon} >/dev/null 2>&1\n{commands}",
        ],  # whichever there is
        env=os.environ | changed,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_the_key_is_kept_and_found_again(tmp_path: Path) -> None:
    run = under_a_desktop(tmp_path, "d2f pair && d2f keys rotate && d2f pair && d2f doctor", unlocked=True)
    assert run.returncode == 0, run.stderr
    assert "The data key is kept by the system's keyring" in run.stdout
    assert "All of 1 stored secrets open" in run.stdout
    assert not (tmp_path / "data" / "d2f.key").exists()
    again = under_a_desktop(tmp_path, "d2f pair && d2f keys method file && d2f pair", unlocked=True)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "data" / "d2f.key").exists()


def test_a_locked_one_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    made = under_a_desktop(tmp_path, "d2f pair", unlocked=True)
    assert made.returncode == 0, made.stderr
    locked = under_a_desktop(tmp_path, "d2f pair", unlocked=False)
    assert locked.returncode == 1
    assert "keyring" in locked.stderr
    assert "钥匙串" in locked.stderr
    assert "Traceback" not in locked.stderr
    assert under_a_desktop(tmp_path, "d2f pair && d2f doctor", unlocked=True).returncode == 0


def test_without_a_desktop_the_key_file_does(tmp_path: Path) -> None:
    run = under_a_desktop(tmp_path, "d2f pair", unlocked=False)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "data" / "d2f.key").exists()
