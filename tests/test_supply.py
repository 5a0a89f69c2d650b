"""What is built in is what was looked at: every package by its hash, every script our own or by its hash."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.sandbox.http import Request, Response, Server
from tests.audit import IGNORED
from tests.support import Background

ROOT = Path(__file__).parent.parent
LOCK: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
UV = os.environ.get("UV") or shutil.which("uv")

VENDORED: dict[str, str] = {}
"""Script of somebody else's, by its path → its SHA-256. There is none: both sides are written without."""
_OF_OTHERS = re.compile(r"/\*!|@license|@preserve|sourceMappingURL|^[^\n]{500}", re.MULTILINE | re.IGNORECASE)
"""Signs of a script that was made elsewhere: a banner, a map, lines that no person wrote."""


def test_every_package_is_pinned_by_hash() -> None:
    fetched = [package for package in LOCK if package["source"] != {"editable": "."}]
    assert len(fetched) == len(LOCK) - 1 > 50
    for package in fetched:
        assert package["source"] == fetched[0]["source"], f"{package['name']} comes from elsewhere"
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert files, package["name"]
        for file in files:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]), file["url"]
            assert file["url"].startswith("https://"), file["url"]


def test_all_that_is_asked_for_is_in_the_lock() -> None:
    groups = PROJECT["dependency-groups"].values()
    asked = [
        *PROJECT["project"]["dependencies"],
        *(each for group in groups for each in group if isinstance(each, str)),
    ]
    names = {re.split(r"[\s\[<>=!~;]", each, maxsplit=1)[0].lower().replace("_", "-") for each in asked}
    assert names <= {package["name"] for package in LOCK}
    assert "litestar" in names


def scripts() -> Iterator[Path]:
    for folder in ("extension", "gateway/dashboard"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".js", ".mjs", ".css", ".wasm"}:
                yield path


def test_every_script_is_our_own_or_known_by_its_hash() -> None:
    assert len(list(scripts())) > 30
    of_others = {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in scripts()
        if path.suffix == ".wasm" or ".min." in path.name or _OF_OTHERS.search(path.read_text("utf-8"))
    }
    assert of_others == VENDORED


@pytest.mark.parametrize(
    "sign", ["/*! jQuery */", "//# sourceMappingURL=x.map", "x" * 600, "/** @license MIT */"]
)
def test_a_script_of_somebody_else_is_seen(sign: str) -> None:
    assert _OF_OTHERS.search(f"const a = 1;\n{sign}\n")


def test_every_exception_has_its_reason() -> None:
    assert all(len(reason) > 20 for reason in IGNORED.values())


def audit(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.audit", "--service-url", url],
        cwd=ROOT,
        env=os.environ | {"UV": UV or "uv", "UV_HTTP_RETRIES": "0"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.skipif(UV is None, reason="needs uv")
@pytest.mark.parametrize("weak", [False, True])
def test_the_audit_tells_what_is_known(beside: Background, *, weak: bool) -> None:
    asked: list[str] = []

    async def osv(request: Request) -> Response:
        if request.path.startswith("/v1/vulns/"):
            told: Any = {
                "id": "TEST-1",
                "modified": "2026-01-01T00:00:00Z",
                "summary": "made up",
                "affected": [{"package": {"name": "litestar", "ecosystem": "PyPI"}}],
            }
            return Response(200, msgspec.json.encode(told), (), "application/json")
        names = [each["package"]["name"] for each in msgspec.json.decode(request.body)["queries"]]
        asked.extend(names)
        found = {"vulns": [{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z"}]}
        results = [found if weak and name == "litestar" else {} for name in names]
        return Response(200, msgspec.json.encode({"results": results}), (), "application/json")

    run = audit(f"{beside.enter(Server(osv)).url}/")
    assert run.returncode == weak, run.stderr
    assert ("TEST-1" in run.stdout + run.stderr) == weak
    assert {"litestar", "cryptography", "uvicorn"} <= set(asked)


@pytest.mark.skipif(UV is None, reason="needs uv")
def test_an_audit_that_reaches_nobody_says_so() -> None:
    run = audit("http://127.0.0.1:1/")
    assert run.returncode == 2
    assert "NOTHING was checked" in run.stderr
