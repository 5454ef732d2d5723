"""Products in blocks of rows are the product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.voice import products
from evolvisense.voice.products import product, weighted_sums


@given(
    rows=st.integers(0, 40),
    inner=st.integers(1, 9),
    columns=st.integers(1, 9),
    most=st.integers(1, 400),
    seed=st.integers(0, 9),
)
def test_blocks_of_any_size(rows: int, inner: int, columns: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(rows, inner)), rng.normal(size=(inner, columns))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "MOST_MULTIPLICATIONS", most)
        np.testing.assert_allclose(product(left, right), left @ right, atol=1e-12)
    np.testing.assert_allclose(weighted_sums(left, right[:, 0]), left @ right[:, 0], atol=1e-12)
