"""Where the browser extension lies: inside the installed package, or beside it in a checkout."""

from pathlib import Path


def extension_folder() -> Path:
    """The folder to load unpacked."""
    inside = Path(__file__).parent / "extension"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "extension"
