"""The command `evolvisense`: options in `app`, a module for what each does. No analysis here."""

from __future__ import annotations

import io
import os
import sys

# As in sandbox/process.py; NumPy reads it when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from evolvisense.extras import require_extra

require_extra("cli", "The command", "typer", "rich")

from evolvisense.cli.app import app


def main() -> None:
    """Run the command; what a terminal cannot show of a file's name is written as a code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


__all__ = ["app", "main"]
