"""Blocks of time and their resamples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.indicators.features import BLOCK_S, RESAMPLES, SHORTEST_BLOCK_S, plan_blocks


@pytest.mark.parametrize(
    ("duration_s", "edges_s"),
    [
        (0.0, [2, 2]),
        (3.0, [2, 5]),
        (5.0, [2, 7]),
        (7.49, [2, 9.49]),
        (7.5, [2, 7, 9.5]),
        (12.4, [2, 7, 14.4]),
        (15.0, [2, 7, 12, 17]),
    ],
)
def test_a_short_rest_joins_the_last_block(duration_s: float, edges_s: list[float]) -> None:
    assert plan_blocks(2.0, duration_s).edges_s == pytest.approx(edges_s)


def test_resamples_are_the_same_every_time_and_differ_by_seed() -> None:
    first, again = plan_blocks(0.0, 60.0), plan_blocks(0.0, 60.0)
    assert np.array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, plan_blocks(0.0, 60.0, seed=1).draws)
    # A change of numpy's generator would change every interval that was ever written down.
    assert first.draws[0, :6].tolist() == [10, 7, 6, 3, 3, 0]


@given(st.floats(-1e4, 1e4), st.floats(0, 4000))
def test_blocks_cover_the_recording(start_s: float, duration_s: float) -> None:
    blocks = plan_blocks(start_s, duration_s)
    lengths = np.diff(blocks.edges_s)
    assert blocks.edges_s[0] == start_s
    assert blocks.edges_s[-1] == start_s + duration_s
    assert blocks.draws.shape == (RESAMPLES, len(blocks))
    assert blocks.draws.min() >= 0
    assert blocks.draws.max() < len(blocks)
    if len(blocks) > 1:
        assert lengths.min() >= SHORTEST_BLOCK_S - 1e-6
        assert lengths.max() < BLOCK_S + SHORTEST_BLOCK_S + 1e-6
