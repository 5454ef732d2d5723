"""Readings become scores.

`v1`: the formula that existing clients see. `v2`: indicators that carry their evidence, made from
`evidence` (samples of voice and face), `gates` (what counts), `weights` (how much), `reference`
(compared with whom), `baseline` (compared with oneself) and `blocks` (how sure).
"""

from evolvisense.indicators.baseline import (
    MIN_DAYS,
    MIN_RECORDINGS,
    Baseline,
    changes,
    personal_norms,
)
from evolvisense.indicators.features import assemble, plan_blocks
from evolvisense.indicators.gates import GATES, LIFTED, Gates
from evolvisense.indicators.legacy import dominant_frames, score_v1
from evolvisense.indicators.reference import Norm, Reference, load_reference
from evolvisense.indicators.score import WEIGHTS, score_v2

__all__ = [
    "GATES",
    "LIFTED",
    "MIN_DAYS",
    "MIN_RECORDINGS",
    "WEIGHTS",
    "Baseline",
    "Gates",
    "Norm",
    "Reference",
    "assemble",
    "changes",
    "dominant_frames",
    "load_reference",
    "personal_norms",
    "plan_blocks",
    "score_v1",
    "score_v2",
]
