"""What a trial found."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    """What was tried."""
    often: str
    """How often."""
    seen: str
    """What happened."""
    lost: str = NOTHING
    """What was lost by it."""
    held: bool = True
    """Whether all is as it is wanted."""


def listed(counts: Iterable[tuple[str, int]], total: int) -> str:
    """Counts with their shares, the largest first."""
    ordered = sorted(counts, key=lambda pair: -pair[1])
    return ", ".join(f"{name} {number} ({number / total:.1%})" for name, number in ordered)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def p50_p95(values: Sequence[float]) -> str:
    """Median and 95th percentile of seconds."""
    return f"p50 {statistics.median(values):.2f} s, p95 {quantile(values, 0.95):.2f} s"


def lost_of(names: Sequence[str]) -> str:
    """What to say in the column `lost`."""
    if not names:
        return NOTHING
    return f"{len(names)}: {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
