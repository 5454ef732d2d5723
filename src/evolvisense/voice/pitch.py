"""Pitch tracking (F0): engine `swift-f0` (MIT, weights in its package); pitch of two speakers."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from swift_f0 import SwiftF0

from evolvisense.types.arrays import F32, F64
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.voice import PitchContour, SpeakerCheck, SpectralFrames, SpeechSegment
from evolvisense.voice.measures import semitones

RATE_HZ = 16_000
F0_MIN_HZ = 60.0
F0_MAX_HZ = 500.0
"""Speaking voices; a creak below or a scream above is left unvoiced rather than guessed."""
VOICED_CONFIDENCE = 0.3
"""swift-f0 is calibrated for 0.5, on cleaner sound. Against Praat on 180 clips of three corpora, at
the level of `LoudnessNormalizer`, 0.3 finds 88-92 % of the voiced frames (0.5: 82-87 %); errors of
over two semitones stay at 1-2 %. On six compressed clips (CREMA-D): 59 % instead of 37 %."""
PUSH_SAMPLES = RATE_HZ * 8 // 100
"""Shorter pushes wait for each other: each call of the network repeats 21 frames of context."""


class SwiftF0Pitch:
    """F0 every 16 ms by SwiftF0 (Nieradzik 2025)."""

    def __init__(self) -> None:
        self.model = ModelIdentity("swift-f0", version("swift-f0"), "MIT")
        self._detector = SwiftF0(threads=1, spin=False)

    def start(self) -> SwiftF0Stream:
        """A stream at its beginning."""
        return SwiftF0Stream(self._detector)


class SwiftF0Stream:
    """One stream."""

    def __init__(self, detector: SwiftF0) -> None:
        self._stream = detector.stream(F0_MIN_HZ, F0_MAX_HZ)
        self._waiting: list[F32] = []
        self._held = 0

    def push(self, mono_16k: F32) -> PitchContour:
        """The pitch frames that these samples complete."""
        self._waiting.append(mono_16k)
        self._held += len(mono_16k)
        if self._held < PUSH_SAMPLES:
            return _contour(np.zeros(0), np.zeros(0), np.zeros(0))
        return self._drain()

    def flush(self) -> PitchContour:
        """The rest."""
        first = self._drain()
        rest = self._stream.flush()
        second = _contour(rest.timestamps, rest.pitch_hz, rest.confidence)
        return PitchContour(
            np.concatenate([first.pts_s, second.pts_s]),
            np.concatenate([first.f0_hz, second.f0_hz]),
            np.concatenate([first.confidence, second.confidence]),
        )

    def _drain(self) -> PitchContour:
        samples = np.concatenate(self._waiting) if self._waiting else np.zeros(0, np.float32)
        self._waiting, self._held = [], 0
        done = self._stream.push(samples, RATE_HZ)
        return _contour(done.timestamps, done.pitch_hz, done.confidence)


def _contour(timestamps: np.ndarray, pitch_hz: np.ndarray, confidence: np.ndarray) -> PitchContour:
    f0_hz = np.where(confidence >= VOICED_CONFIDENCE, pitch_hz, np.nan)
    return PitchContour(
        timestamps.astype(np.float64), f0_hz.astype(np.float32), confidence.astype(np.float32)
    )


MIN_SEGMENT_S = 0.6
"""Voiced seconds that a segment needs to have a pitch of its own."""
MIN_SEGMENTS = 4
MIN_APART_ST = 9.0
"""The mean voices of women and men lie 9.7 semitones apart (210 against 120 Hz)."""
MIN_GAP_ST = 3.0
"""Between the two groups no segment lies in a gap this wide."""
MIN_SHARE = 0.2
"""Of the voiced time, for the voice heard less."""
MIN_OVER_SD = 3.0
"""The groups lie this many of the wider one's standard deviations apart."""


def check_speakers(frames: SpectralFrames, segments: tuple[SpeechSegment, ...]) -> SpeakerCheck:
    """`several` where the median F0 of segments falls into two groups that lie far apart (ours).

    This is not speaker diarisation: only pitch is used. On speech of actors in up to eight
    emotions, joined from 8 clips, it says `several` of 52 % of the pairs of a woman and a man, of
    5 % of the pairs of one sex, and wrongly of 14 % of single speakers, who shout in one clip and
    mutter in the next. So `one` means "not heard to be several". `unknown`: under four segments
    with enough voice.
    """
    pitch_st, weight_s = _segment_pitch(frames, segments)
    if len(pitch_st) < MIN_SEGMENTS:
        return "unknown"
    order = np.argsort(pitch_st)
    return "several" if _falls_apart(pitch_st[order], weight_s[order]) else "one"


def _segment_pitch(frames: SpectralFrames, segments: tuple[SpeechSegment, ...]) -> tuple[F64, F64]:
    """Median F0 in semitones and voiced seconds (S,) of the segments with enough voice."""
    frame_s = float(frames.pts_s[1] - frames.pts_s[0]) if len(frames.pts_s) > 1 else 0.0
    found: list[tuple[float, float]] = []
    for segment in segments:
        first, last = np.searchsorted(frames.pts_s, [segment.start_s, segment.end_s])
        f0_hz = frames.f0_hz[first:last]
        f0_hz = f0_hz[np.isfinite(f0_hz)]
        if len(f0_hz) * frame_s >= MIN_SEGMENT_S:
            found.append((float(np.median(semitones(f0_hz))), len(f0_hz) * frame_s))
    table = np.array(found, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _falls_apart(pitch_st: F64, weight_s: F64) -> bool:
    """Whether the best cut of sorted pitches (S,) in two leaves two clear groups."""
    cuts = [_cut(pitch_st, weight_s, at) for at in range(1, len(pitch_st))]
    within, apart, widest, share, at = min(cuts)
    del within
    return (
        apart >= max(MIN_APART_ST, MIN_OVER_SD * widest)
        and share >= MIN_SHARE
        and bool(pitch_st[at] - pitch_st[at - 1] >= MIN_GAP_ST)
    )


def _cut(pitch_st: F64, weight_s: F64, at: int) -> tuple[float, float, float, float, int]:
    """Spread within two groups, distance, SD of the wider one, share of the smaller one, cut."""
    groups = ((pitch_st[:at], weight_s[:at]), (pitch_st[at:], weight_s[at:]))
    total = [float(w.sum()) for _, w in groups]
    mean = [float(np.average(p, weights=w)) for p, w in groups]
    squares = [float(w @ np.square(p - m)) for (p, w), m in zip(groups, mean, strict=True)]
    widest = max(np.sqrt(s / t) for s, t in zip(squares, total, strict=True))
    return sum(squares), mean[1] - mean[0], float(widest), min(total) / sum(total), at
