"""The command `evolvisense`: options in `app`, a module for what each does. No analysis here."""

from __future__ import annotations

import os

# As in jobs/sandbox/environment.py; NumPy reads it when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from evolvisense.cli.app import app


def main() -> None:
    """Run the command."""
    app()


__all__ = ["app", "main"]
