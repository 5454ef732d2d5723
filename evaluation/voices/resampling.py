"""Bootstrap over speakers: how often each one is drawn, and intervals of figures made with it.

Clips of one speaker are not independent; whole speakers are drawn with replacement (cluster
bootstrap: Davison & Hinkley 1997, 3.8; Field & Welsh 2007, J. R. Stat. Soc. B 69). A draw is a row
of weights, one for each speaker, so that a figure of all draws is arithmetic on a matrix. Row 0 is
the table itself, every speaker once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.metrics import PERCENTILES
from evaluation.scoring import Estimate
from evolvisense.types.arrays import F64, I64


def speaker_numbers(speakers: Sequence[str]) -> I64:
    """Number int64 (N,) of each clip's speaker, 0..S-1."""
    _, numbers = np.unique(np.array(speakers, dtype=np.str_), return_inverse=True)
    return numbers.astype(np.int64)


def speaker_draws(speakers: int, resamples: int, seed: int = 0) -> F64:
    """Weights float64 (1 + R, S): row 0 is ones, the others count a draw of S speakers each."""
    drawn = np.random.default_rng(seed).integers(speakers, size=(resamples, speakers))
    cells = drawn + np.arange(resamples)[:, None] * speakers
    counts = np.bincount(cells.ravel(), minlength=resamples * speakers)
    weights = np.ones((1 + resamples, speakers))
    weights[1:] = counts.reshape(resamples, speakers)
    return weights


def estimate(figures: F64, speakers: int) -> Estimate:
    """Figure (1 + R,) of the table and of its draws -> value and 95 % percentile interval.

    Draws that cannot say (NaN: one side of an AUC is missing) are left out. There is no interval,
    but NaN, where one speaker is all there is or no draw can say.
    """
    drawn = figures[1:][np.isfinite(figures[1:])]
    if speakers < 2 or not len(drawn):
        return Estimate(float(figures[0]), float("nan"), float("nan"))
    low, high = np.percentile(drawn, PERCENTILES)
    return Estimate(float(figures[0]), float(low), float(high))
