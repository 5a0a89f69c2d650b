"""Finds a Chromium that loads unpacked extensions, or gets one. Run as ``python -m tests.chromium``.

Branded Chrome and Edge no longer load extensions from the command line, so they are not asked for.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser")


def find() -> str | None:
    """The path of a Chromium: the one named by ``D2F_CHROMIUM``, the system's, or Playwright's own."""
    if named := os.environ.get("D2F_CHROMIUM"):
        return named if Path(named).exists() else None
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def get() -> str | None:
    """Finds one, else installs one: Playwright's own build, else the system's package (Debian, as root)."""
    return find() or _playwrights() or _debians()


def _playwrights() -> str | None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if _run(command):
        return find()
    return None


def _debians() -> str | None:
    if not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    fonts = ["fonts-noto-cjk"]  # without them every Chinese character is a box
    if _run(["apt-get", "update", "-qq"]) and _run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", *fonts]
    ):
        return find()
    return None


def _run(command: list[str]) -> bool:
    print("→", " ".join(command), flush=True)  # noqa: T201  # a tool for a person
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL).returncode == 0


if __name__ == "__main__":
    found = get()
    if found is None:
        sys.exit(
            "No Chromium that the browser tests can use: none is installed, Playwright's cannot be downloaded, and there is\n"
            "no way to install the system's here. Install `chromium` by hand, or name one in D2F_CHROMIUM, and try again."
        )
    print(f"Chromium: {found}")  # noqa: T201  # a tool for a person
