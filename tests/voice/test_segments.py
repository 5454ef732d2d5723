"""Stretches of a mask."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.voice.vad import widened


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 8))
def test_widened_is_true_near_what_is_true(values: list[bool], steps: int) -> None:
    found = widened(np.array(values, np.bool_), steps) if values else np.zeros(0, np.bool_)
    expected = [any(values[max(0, i - steps) : i + steps + 1]) for i in range(len(values))]
    assert found.tolist() == expected
