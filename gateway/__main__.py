"""``python -m gateway`` is ``d2f``."""

from gateway.cli import main

main()
