"""A recording cut into blocks of time and resampled, so that every score carries an interval."""

from __future__ import annotations

import numpy as np

from evolvisense.types.indicators import Blocks

BLOCK_S = 5.0
"""Neighbouring moments of speech resemble each other; blocks of five seconds nearly do not (ours),
so they are drawn whole (Kunsch 1989)."""
SHORTEST_BLOCK_S = BLOCK_S / 2
"""A rest shorter than this joins the last block."""
RESAMPLES = 200
"""Enough for the 5th and the 95th percentile to within about two percentiles (ours)."""


def plan_blocks(start_s: float, duration_s: float, *, seed: int = 0) -> Blocks:
    """Blocks of a recording from `start_s` on the file's clock, and RESAMPLES draws of them.

    The same arguments give the same draws on every machine.
    """
    count = max(int(duration_s // BLOCK_S), 1)
    if duration_s - count * BLOCK_S >= SHORTEST_BLOCK_S:
        count += 1
    edges_s = start_s + np.minimum(np.arange(count + 1) * BLOCK_S, duration_s)
    edges_s[-1] = start_s + duration_s
    draws = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))
    return Blocks(edges_s=edges_s.astype(np.float64), draws=draws.astype(np.int64))
