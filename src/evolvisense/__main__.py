"""`evolvisense` and `python -m evolvisense`: the command, or the extra that it needs."""

from __future__ import annotations

import sys

from evolvisense.errors import ExtraMissingError


def main() -> None:
    """Run the command; leaves with status 2 and one sentence where an extra is missing."""
    try:
        from evolvisense.cli import main as run  # noqa: PLC0415 - the extra [cli]

        run()
    except ExtraMissingError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
