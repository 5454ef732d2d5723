"""Readings become scores. `v1`: the formula that existing clients see."""

from evolvisense.scoring.v1 import dominant_frames, score_v1

__all__ = ["dominant_frames", "score_v1"]
