"""How long tests wait for what must happen, and how.

No test asserts a time. Each of them waits on an event, and these bounds only end a run that hangs:
they are far above what a machine needs whose cores are taken by other work.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 900.0
"""Waits, joins and client timeouts of tests; pytest's own limit per test is twice as long."""
PATIENCE_MS = PATIENCE_S * 1000
STEP_S = 0.01


def wait_until(is_true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return once the condition holds; fail after `patience_s` seconds."""
    deadline_s = time.monotonic() + patience_s
    while not is_true():
        assert time.monotonic() < deadline_s, f"not true after {patience_s} s"
        time.sleep(STEP_S)
