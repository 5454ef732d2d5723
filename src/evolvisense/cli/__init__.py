"""The command `evolvisense`: `analyze`, `serve`, `models`. No analysis here, only its edges."""

from __future__ import annotations

from evolvisense.cli.app import app


def main() -> None:
    """Run the command."""
    app()


__all__ = ["app", "main"]
