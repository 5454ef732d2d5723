"""Analysis frames (16 ms) and period marks of a stream that arrives in blocks.

    samples    |--0.1 s--|=======================|--0.1 s--|        kept; older ones are dropped
    F0 frames             . . V V V . . . V V V V V              . unvoiced, V voiced, known so far
                          ^-------------^ ^-------^
                          measured now    waits: the voiced run may go on in the next block

A frame is measured once the samples on both sides are there. Frames are handed on up to the last
unvoiced one, so that a voiced run is never cut and its periods are marked in one go; a run over 8 s
is cut. Block sizes change nothing: tests/voice/test_reading.py,
`test_block_size_never_changes_the_reading`.
"""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64
from evolvisense.types.voice import PitchContour, SpectralFrames
from evolvisense.voice.frames import (
    cepstral_peak_prominence_db,
    harmonics_to_noise_db,
    intensity_db,
    power_spectra,
    spectral_tilt_db,
)
from evolvisense.voice.perturbation import PeriodMarks, period_marks

LONGEST_VOICE_S = 8.0
"""A voiced run that lasts longer is cut here, so that memory stays bounded."""
SLACK_S = 0.1
"""Samples kept around the waiting frames: MARGIN_S, and two periods of 50 Hz."""


class FrameTracks:
    """Measures frames as soon as their pitch and the samples around them are known.

    Block sizes change nothing as long as unvoiced frames come often enough: voiced runs are only
    handed on as a whole, so periods are never lost.
    """

    def __init__(self, rate_hz: int, start_s: float) -> None:
        self._rate_hz = rate_hz
        self._start_s = start_s
        self._slack = round(SLACK_S * rate_hz)
        self._samples = np.zeros(self._slack, np.float32)
        self._first = -self._slack
        """Number of the sample that `_samples` begins with."""
        self._pending: list[PitchContour] = []
        self._tracks: list[tuple[F64, F32, F32, F32, F32, F32]] = []
        self._marks: list[PeriodMarks] = []

    def push(self, mono: F32, contour: PitchContour) -> None:
        """Take the next samples (N,) and the pitch frames that became known."""
        self._samples = np.concatenate([self._samples, mono])
        if len(contour.pts_s):
            self._pending.append(contour)
        self._advance(is_last=False)

    def finish(self, contour: PitchContour) -> tuple[SpectralFrames, PeriodMarks]:
        """Everything, with the last pitch frames; times on the file's clock."""
        self.push(np.zeros(self._slack, np.float32), contour)
        self._advance(is_last=True)
        nothing = np.zeros(0, np.float32)
        parts = self._tracks or [(np.zeros(0), nothing, nothing, nothing, nothing, nothing)]
        pts_s, f0_hz, level_db, tilt_db, hnr_db, cpp_db = (
            np.concatenate(track) for track in zip(*parts, strict=True)
        )
        frames = SpectralFrames(
            (self._start_s + pts_s).astype(np.float64), f0_hz, level_db, tilt_db, hnr_db, cpp_db
        )
        marks = PeriodMarks(
            self._start_s + np.concatenate([np.zeros(0), *(m.pts_s for m in self._marks)]),
            np.concatenate([np.zeros(0), *(m.amplitude for m in self._marks)]),
        )
        return frames, marks

    def _advance(self, *, is_last: bool) -> None:
        if not self._pending:
            return
        pts_s = np.concatenate([c.pts_s for c in self._pending])
        f0_hz = np.concatenate([c.f0_hz for c in self._pending])
        confidence = np.concatenate([c.confidence for c in self._pending])
        ready = self._ready(pts_s, f0_hz, is_last=is_last)
        if not ready:
            return
        self._measure(pts_s[:ready], f0_hz[:ready])
        rest = PitchContour(pts_s[ready:], f0_hz[ready:], confidence[ready:])
        self._pending = [rest] if len(rest.pts_s) else []
        # Later frames are not known yet; none of them lies before the last one measured.
        self._forget(round(float(pts_s[ready - 1]) * self._rate_hz))

    def _ready(self, pts_s: F64, f0_hz: F32, *, is_last: bool) -> int:
        if is_last:
            return len(pts_s)
        known_s = (self._first + len(self._samples) - self._slack) / self._rate_hz
        seen = int(np.searchsorted(pts_s, known_s, side="right"))
        unvoiced = np.flatnonzero(np.isnan(f0_hz[:seen]))
        if len(unvoiced):
            return int(unvoiced[-1]) + 1
        return seen if seen and pts_s[seen - 1] - pts_s[0] >= LONGEST_VOICE_S else 0

    def _measure(self, pts_s: F64, f0_hz: F32) -> None:
        rate_hz, samples = self._rate_hz, self._samples
        middles = np.rint(pts_s * rate_hz).astype(np.int64) - self._first
        level_db = intensity_db(samples, rate_hz, middles)
        voiced = np.isfinite(f0_hz)
        spectra = power_spectra(samples, rate_hz, middles[voiced])
        tilt_db, hnr_db, cpp_db = (np.full(len(pts_s), np.nan, np.float32) for _ in range(3))
        if voiced.any():
            tilt_db[voiced] = spectral_tilt_db(spectra, rate_hz)
            hnr_db[voiced] = harmonics_to_noise_db(spectra, rate_hz, f0_hz[voiced])
            cpp_db[voiced] = cepstral_peak_prominence_db(spectra, rate_hz)
        self._tracks.append((pts_s, f0_hz, level_db, tilt_db, hnr_db, cpp_db))
        offset_s = self._first / rate_hz
        marks = period_marks(samples, rate_hz, pts_s - offset_s, f0_hz)
        self._marks.append(PeriodMarks(marks.pts_s + offset_s, marks.amplitude))

    def _forget(self, needed: int) -> None:
        """Drop samples that no frame from sample `needed` on looks at."""
        drop = min(max(0, needed - self._slack - self._first), len(self._samples))
        self._samples = self._samples[drop:].copy()
        self._first += drop
