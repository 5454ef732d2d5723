"""Matrix products of the size of speech frames, in one thread.

OpenBLAS shares larger products among threads, and each thread then spins for tens of milliseconds:
of ten seconds of audio that took 150 ms of a core that FFmpeg needs at the same time. It keeps to
the calling thread where rows x columns x inner length is at most 2^18 (its interface/gemm.c), so
larger products are computed in blocks of rows.
"""

from __future__ import annotations

from typing import TypeVar, cast

import numpy as np

from evolvisense.types.arrays import F32, F64

MOST_MULTIPLICATIONS = 2**18

Matrix = TypeVar("Matrix", F32, F64)


def product(left: Matrix, right: Matrix) -> Matrix:
    """The product (N, M) of matrices (N, K) and (K, M).

    Example:
        >>> import numpy as np
        >>> product(np.ones((2, 3)), np.ones((3, 1))).tolist()
        [[3.0], [3.0]]
    """
    rows = max(1, MOST_MULTIPLICATIONS // max(right.size, 1))
    if len(left) <= rows:
        return left @ right
    blocks = [left[at : at + rows] @ right for at in range(0, len(left), rows)]
    return cast("Matrix", np.concatenate(blocks))


def weighted_sums(rows: Matrix, weights: Matrix) -> Matrix:
    """Sum (N,) of each row of (N, K), weighted by (K,); without BLAS.

    Example:
        >>> import numpy as np
        >>> weighted_sums(np.ones((2, 3)), np.array([1.0, 2.0, 3.0])).tolist()
        [6.0, 6.0]
    """
    return np.einsum("nk,k->n", rows, weights)
