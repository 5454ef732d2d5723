"""Progress of an analysis and the request to stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["opening", "analysing", "scoring", "overlay", "done"]


@dataclass(frozen=True)
class Progress:
    """Where an analysis stands."""

    stage: Stage
    done_s: float
    """Media time analysed so far."""
    total_s: float | None
    """Media time to analyse; None while it is not known."""
    faces: int
    """Faces read so far."""


ProgressListener = Callable[[Progress], None]
CancelCheck = Callable[[], bool]
"""Asked between frames; True stops the work with CancelledError."""
