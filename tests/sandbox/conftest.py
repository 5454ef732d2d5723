"""Sandboxes that are closed at the end of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evolvisense.sandbox import Limits, Sandbox

TARGETS = "tests.sandbox.targets"
LIMITS = Limits(memory_bytes=150_000_000, cpu_s=60.0, wall_s=120.0)

Open = Callable[..., Sandbox]


@pytest.fixture
def sandbox() -> Iterator[Open]:
    """Makes and starts a sandbox: function of targets, Limits, further arguments."""
    opened: list[Sandbox] = []

    def make(target: str = "serve", limits: Limits = LIMITS, **further: Any) -> Sandbox:
        made = Sandbox(f"{TARGETS}:{target}", limits, name="test", **further)
        opened.append(made)
        made.start()
        return made

    yield make
    for made in opened:
        made.close()
