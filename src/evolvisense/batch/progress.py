"""Where a batch stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class BatchProgress:
    """Counts of files; `elapsed_s` since the first one was taken."""

    files: int
    """All files of the run."""
    finished: int
    """Done, in this run or before."""
    reused: int
    """Of those: done before, or of the same content as another."""
    failed: int
    """Of those finished: could not be analysed."""
    bytes: int
    """Size of all files."""
    finished_bytes: int
    analysed_bytes: int
    """Of the files that were analysed in this run."""
    media_s: float
    """Length of the videos that were analysed in this run."""
    elapsed_s: float

    @property
    def files_per_min(self) -> float | None:
        """Files analysed a minute; None while none is."""
        if not (self.analysed_bytes or self.media_s) or self.elapsed_s <= 0:
            return None
        return 60 * (self.finished - self.reused) / self.elapsed_s

    @property
    def remaining_s(self) -> float | None:
        """Expected by the bytes that are left and the rate so far; None while there is no rate."""
        if not self.analysed_bytes or self.elapsed_s <= 0:
            return None
        return (self.bytes - self.finished_bytes) * self.elapsed_s / self.analysed_bytes


BatchListener = Callable[[BatchProgress], None]
