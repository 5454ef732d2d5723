"""Functionals of the voice under their eGeMAPS names (Eyben et al. 2016), where definitions agree.

Computed here from the steps of the voice, not by openSMILE, whose licence does not fit. Steps are
32 ms, with the mean F0 of what is voiced in them, where eGeMAPS has 10 ms and a moving average over
three of them. `CORRESPONDENCES` in `conversions` says for each name how far the two agree; names
that are not listed have no counterpart here: loudness (ours is a level, not auditory), slopes of
contours, shimmer in dB, alpha ratio (ours is a median), formants, spectral slopes, flux and MFCCs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evolvisense.report.parts import ReportData
from evolvisense.report.recording import Cell
from evolvisense.report.tables import voice_columns
from evolvisense.types.arrays import F64, Bools

BASE_HZ = 27.5
F0 = "F0semitoneFrom27.5Hz_sma3nz"
MEANINGS: Mapping[str, str] = {
    f"{F0}_amean": "Mean F0 of voiced steps, semitones above 27.5 Hz.",
    f"{F0}_stddevNorm": "Standard deviation of the same over its mean.",
    f"{F0}_percentile20.0": "20th percentile of the same, semitones.",
    f"{F0}_percentile50.0": "Median of the same, semitones.",
    f"{F0}_percentile80.0": "80th percentile of the same, semitones.",
    f"{F0}_pctlrange0-2": "80th minus 20th percentile, semitones.",
    "VoicedSegmentsPerSec": "Runs of voiced steps per second of the sound.",
    "MeanVoicedSegmentLengthSec": "Mean length of the runs of voiced steps, seconds.",
    "StddevVoicedSegmentLengthSec": "Standard deviation of the same.",
    "MeanUnvoicedSegmentLength": "Mean length of the runs of unvoiced steps, seconds.",
    "StddevUnvoicedSegmentLength": "Standard deviation of the same.",
    "equivalentSoundLevel_dBp": "Level of the mean power of all steps, dB of full scale.",
    "jitterLocal_sma3nz_amean": "Local jitter as a share of the mean period.",
    "HNRdBACF_sma3nz_amean": "Mean harmonics-to-noise ratio of voiced frames, dB.",
}
"""Name -> what the column holds."""


def egemaps_row(report: ReportData) -> list[Cell]:
    """The functionals of a recording; None where the voice does not say.

    Every report has the same columns.
    """
    voice = report.voice
    values: dict[str, float | None] = dict.fromkeys(MEANINGS)
    if voice is not None and len(voice.timeline.time_s):
        columns = voice_columns(report)
        values |= f0_functionals(np.asarray(columns["f0_hz"], np.float64))
        values |= voicing_functionals(np.isfinite(columns["f0_hz"]), voice.timeline.step_s)
        level_dbfs = np.asarray(columns["level_dbfs"], np.float64)
        values["equivalentSoundLevel_dBp"] = equivalent_level_db(level_dbfs)
        phonation = voice.measures.phonation
        if phonation.jitter_pct is not None:
            values["jitterLocal_sma3nz_amean"] = phonation.jitter_pct / 100
        values["HNRdBACF_sma3nz_amean"] = phonation.hnr_db
    return [
        Cell(name, "number", value if value is None else round(value, 6), MEANINGS[name])
        for name, value in values.items()
    ]


def f0_functionals(f0_hz: F64) -> dict[str, float | None]:
    """Functionals of F0 (N,), NaN where unvoiced; None without a voiced step.

    Example:
        >>> found = f0_functionals(np.array([55.0, np.nan, 110.0]))
        >>> found["F0semitoneFrom27.5Hz_sma3nz_amean"]
        18.0
    """
    voiced_hz = f0_hz[np.isfinite(f0_hz)]
    if not len(voiced_hz):
        return {name: None for name in MEANINGS if name.startswith(F0)}
    semitones = 12 * np.log2(voiced_hz / BASE_HZ)
    low, middle, high = (float(p) for p in np.percentile(semitones, (20, 50, 80)))
    mean = float(semitones.mean())
    return {
        f"{F0}_amean": mean,
        f"{F0}_stddevNorm": float(semitones.std()) / mean if mean else None,
        f"{F0}_percentile20.0": low,
        f"{F0}_percentile50.0": middle,
        f"{F0}_percentile80.0": high,
        f"{F0}_pctlrange0-2": high - low,
    }


def voicing_functionals(voiced: Bools, step_s: float) -> dict[str, float | None]:
    """Functionals of runs of voiced and unvoiced steps (N,), N > 0.

    Example:
        >>> steps = np.array([True, True, False, True])
        >>> voicing_functionals(steps, 0.5)["MeanVoicedSegmentLengthSec"]
        0.75
    """
    edges = np.flatnonzero(voiced[1:] != voiced[:-1]) + 1
    bounds = np.concatenate([[0], edges, [len(voiced)]]).astype(np.float64)
    lengths_s: F64 = np.diff(bounds) * step_s
    starts_voiced = bool(voiced[0])
    voiced_s = lengths_s[0 if starts_voiced else 1 :: 2]
    unvoiced_s = lengths_s[1 if starts_voiced else 0 :: 2]
    return {
        "VoicedSegmentsPerSec": len(voiced_s) / (len(voiced) * step_s),
        "MeanVoicedSegmentLengthSec": _mean(voiced_s),
        "StddevVoicedSegmentLengthSec": _sd(voiced_s),
        "MeanUnvoicedSegmentLength": _mean(unvoiced_s),
        "StddevUnvoicedSegmentLength": _sd(unvoiced_s),
    }


def equivalent_level_db(level_dbfs: F64) -> float | None:
    """Level of the mean power of steps (N,); None without steps.

    Example:
        >>> round(equivalent_level_db(np.array([-20.0, -20.0])), 6)
        -20.0
    """
    if not len(level_dbfs):
        return None
    return float(10 * np.log10(np.mean(10 ** (level_dbfs / 10))))


def _mean(lengths_s: F64) -> float | None:
    return float(lengths_s.mean()) if len(lengths_s) else None


def _sd(lengths_s: F64) -> float | None:
    return float(lengths_s.std()) if len(lengths_s) else None
