"""Known weaknesses of all that we depend on, by the lock file: ``just audit``.

uv asks the advisories of OSV. Exits 0 if nothing is known, 1 if something is, 2 if nobody could be asked: then nothing was
checked, and that is said. An exception is a line in ``IGNORED``, with its reason.
"""

import os
import subprocess
import sys

IGNORED: dict[str, str] = {}
"""Advisory → why it does not concern us, and until when."""
_UNREACHED = ("error sending request", "Request failed", "dns error", "timed out")


def main(*options: str) -> int:
    ignored = [f"--ignore={each}" for each in IGNORED]
    run = subprocess.run(
        [
            os.environ.get("UV", "uv"),
            "audit",
            "--frozen",
            "--preview-features",
            "audit-command",
            *ignored,
            *options,
        ],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if run.returncode and any(sign in run.stderr for sign in _UNREACHED):
        sys.stderr.write(
            "The advisories could not be reached (no network?): NOTHING was checked. Try again later.\n"
        )
        return 2
    sys.stdout.write(run.stdout)
    sys.stderr.write(run.stderr)
    return 1 if run.returncode else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
