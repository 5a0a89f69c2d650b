"""Finds a Chromium that loads unpacked extensions, or gets one. Run as ``python -m tests.chromium``.

Branded Chrome and Edge no longer load extensions from the command line, so they are not asked for.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser")


def find() -> str | None:
    """The path of a Chromium: the one named by ``D2F_CHROMIUM``, the system's, or Playwright's own."""
    if named := os.environ.get("D2F_CHROMIUM"):
        return named if Path(named).exists() else None
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    path = _ask_playwright()
    return path if path and Path(path).exists() else None


def get() -> str | None:
    """Finds one, else installs one: Playwright's own build, else the system's package (Debian, as root).

    Playwright itself needs a library that the smallest Debian lacks.
    """
    if not _ask_playwright():
        _debian("libatomic1")
    if found := find():
        return found
    _run([sys.executable, "-m", "playwright", "install", "chromium"])
    if found := find():
        return found
    _debian("chromium", "fonts-noto-cjk")  # without the fonts every Chinese character is a box
    _debian("firefox-esr")  # apart, as not every such system has it; without it, its tests are skipped
    return find()


def _ask_playwright() -> str:
    """Where Playwright's own build is, or would be; nothing if Playwright does not run. In a process of its own,
    since only one of them may run in a process."""
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as it: print(it.chromium.executable_path)"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=False, text=True)
    return asked.stdout.strip()


def _debian(*packages: str) -> None:
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages])


def _run(command: list[str]) -> None:
    print("→", " ".join(command), flush=True)  # noqa: T201  # a tool for a person
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    found = get()
    if found is None:
        sys.exit(
            "No Chromium that the browser tests can use: none is installed, Playwright's cannot be downloaded, and there is\n"
            "no way to install the system's here. Install `chromium` by hand, or name one in D2F_CHROMIUM, and try again."
        )
    print(f"Chromium: {found}")  # noqa: T201  # a tool for a person
