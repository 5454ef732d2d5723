"""A server whose clock jumps: python -m trials.jumping FILE serve ...

The seconds in FILE are added to what `time.time` says in the HTTP process, from the next call on.
The monotonic clock, the kernel's own clock and the worker processes are left alone: to set the
clock of the machine needs a right that a trial should not ask for.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

_true_time = time.time
_PATH = Path(sys.argv[1])


def jumping_time() -> float:
    """Unix seconds, off by what the file says."""
    try:
        return _true_time() + float(_PATH.read_text())
    except (OSError, ValueError):
        return _true_time()


if __name__ == "__main__":
    time.time = jumping_time
    from evolvisense.cli import main

    sys.argv = ["evolvisense", *sys.argv[2:]]
    main()
