"""The real extension in a real Firefox: what differs there from Chromium, and the main path."""

import os
import shutil
from pathlib import Path


def find() -> str | None:
    """The path of a Firefox: the one named by ``D2F_FIREFOX``, or Debian's."""
    if named := os.environ.get("D2F_FIREFOX"):
        return named if Path(named).exists() else None
    return shutil.which("firefox-esr")
