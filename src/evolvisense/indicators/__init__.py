"""Behaviour and voice become scores.

`score`: indicators that carry their evidence, made from `features` (of voice and face), `gates`
(what counts), `reference` (compared with whom) and `baseline` (compared with oneself). `windows`:
over time windows of a long recording. `legacy`: the formula v1 that existing clients see.

`features` and `windows` are not imported here: they bring the networks, which a server process that
only shows reports does not load.
"""

from evolvisense.indicators.baseline import (
    MIN_DAYS,
    MIN_RECORDINGS,
    Baseline,
    changes,
    personal_norms,
)
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
    "changes",
    "dominant_frames",
    "load_reference",
    "personal_norms",
    "score_v1",
    "score_v2",
]
