"""How far the voice of a recording lies from all speech that the voice models were made with.

The models are used on languages, rooms, microphones and sounds that they never met. Nine statistics
of the voiced frames of speech are compared with those of seven corpora of speech (one Gaussian for
each, one covariance for all); the smallest Mahalanobis distance counts. It is given as a quantile:
the share of recordings of a corpus that was left out which lie closer to the others. So 0.5 is
usual for a corpus never met, and over 0.99 only one in a hundred recordings of speech lies
(`training/voice/novelty.py` makes the numbers).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from evolvisense.types.arrays import F64
from evolvisense.types.voice import SpectralFrames, SpeechSegment
from evolvisense.voice.measures import in_speaking_range, semitones
from evolvisense.voice.vad import inside

FILE = "novelty.json"
STATISTICS = (
    "f0_median_st",
    "f0_sd_st",
    "tilt_median_db",
    "tilt_sd_db",
    "hnr_median_db",
    "hnr_sd_db",
    "cpp_median_db",
    "level_sd_db",
    "voiced_share",
)
MIN_VOICED_FRAMES = 60
"""One second; less is compared with nothing."""


@dataclass(frozen=True)
class KnownSpeech:
    """What the corpora are like."""

    mean: F64
    """(C, 9), one row for each corpus, in the order of STATISTICS."""
    whitening: F64
    """(9, 9): differences times it have unit covariance within corpora."""
    distance: F64
    """(Q,) rising distances of recordings of corpora that were left out."""


def novelty(frames: SpectralFrames, segments: tuple[SpeechSegment, ...]) -> float | None:
    """Quantile 0-1 of a recording's distance to known speech; None with little voiced speech.

    Args:
        frames: The voice frame by frame.
        segments: Where speech is.

    Returns:
        0 is as close as any recording of a corpus left out of the comparison, 1 farther than all.
    """
    found = statistics_of(frames, segments)
    return None if found is None else quantile(found, known_speech())


def statistics_of(frames: SpectralFrames, segments: tuple[SpeechSegment, ...]) -> F64 | None:
    """STATISTICS (9,) over the voiced frames of speech; None under MIN_VOICED_FRAMES of them."""
    spoken = inside(frames.pts_s, segments)
    voiced = spoken & np.isfinite(frames.f0_hz)
    if not voiced.any():
        return None
    share = float(voiced.sum() / spoken.sum())
    voiced[voiced] = in_speaking_range(frames.f0_hz[voiced])
    if int(voiced.sum()) < MIN_VOICED_FRAMES:
        return None
    pitch, pitch_sd = _middle_and_width(semitones(frames.f0_hz[voiced]))
    tilt, tilt_sd = _middle_and_width(frames.tilt_db[voiced].astype(np.float64))
    hnr, hnr_sd = _middle_and_width(frames.hnr_db[voiced].astype(np.float64))
    cpp, _ = _middle_and_width(frames.cpp_db[voiced].astype(np.float64))
    _, level_sd = _middle_and_width(frames.level_db[voiced].astype(np.float64))
    return np.array([pitch, pitch_sd, tilt, tilt_sd, hnr, hnr_sd, cpp, level_sd, share])


def quantile(statistics: F64, known: KnownSpeech) -> float:
    """Quantile 0-1 of statistics (9,) among the distances of recordings that were left out."""
    closest = distances(statistics[None], known.mean, known.whitening)[0]
    below = int(np.count_nonzero(known.distance < closest))
    return below / len(known.distance)


def distances(statistics: F64, mean: F64, whitening: F64) -> F64:
    """Smallest Mahalanobis distance (R,) of statistics (R, 9) to corpora with means (C, 9)."""
    away = (statistics[:, None] - mean) @ whitening
    return np.sqrt(np.square(away).sum(axis=2).min(axis=1))


@cache
def known_speech() -> KnownSpeech:
    """The numbers that are shipped."""
    stored = json.loads(files("evolvisense.voice").joinpath(FILE).read_text("utf-8"))
    if tuple(stored["statistics"]) != STATISTICS:
        raise ValueError(f"{FILE} holds {stored['statistics']}, expected {STATISTICS}")
    return KnownSpeech(*(np.array(stored[name]) for name in ("mean", "whitening", "distance")))


def _middle_and_width(values: F64) -> tuple[float, float]:
    """Median and (P84 - P16) / 2."""
    low, middle, high = np.percentile(values, [16, 50, 84])
    return float(middle), float((high - low) / 2)
