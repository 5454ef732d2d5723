"""What to look at before the numbers of a batch are trusted: coverage, light, noise, outliers.

Pure functions on the rows of the table `summary`; `quality_page` shows what they find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolvisense.indicators.gates import GATES
from evolvisense.report.summary import WELL_READABLE
from evolvisense.thresholds import UncertaintyOptions

Row = Mapping[str, Any]
"""Of the table `summary`: values by column, None where missing."""


@dataclass(frozen=True)
class Check:
    """A limit for a column of the summary; the limits are those of the analysis itself."""

    column: str
    title: str
    unit: str
    limit: float
    is_least: bool
    """Whether values under the limit are flagged, or those over it."""
    flag: str
    """In a word or two, for a flagged file."""

    def fails(self, row: Row) -> bool:
        """Whether the file is flagged; not where the value is missing."""
        value = row.get(self.column)
        if value is None:
            return False
        return value < self.limit if self.is_least else value > self.limit


UNCERTAIN = UncertaintyOptions()

CHECKS = (
    Check(
        "face_share", "Frames with the face", "%", GATES.min_face_share, True, "face seldom seen"
    ),
    Check(
        "behaviour_certain_share",
        "Readable frames",
        "%",
        WELL_READABLE,
        True,
        "expression often unreadable",
    ),
    Check(
        "summary_eye_distance_px",
        "Between the eyes",
        "px",
        GATES.min_eye_distance_px,
        True,
        "small face",
    ),
    Check(
        "face_brightness_median",
        "Light on the face",
        "%",
        UNCERTAIN.min_brightness,
        True,
        "dark face",
    ),
    Check("face_sharpness_median", "Sharpness", "", UNCERTAIN.min_sharpness, True, "blurred face"),
    Check("sound_snr_db", "SNR", "dB", GATES.min_snr_db, True, "noisy sound"),
    Check(
        "sound_clipped_share",
        "Clipped speech",
        "%",
        GATES.max_clipped_share,
        False,
        "clipped sound",
    ),
)
COMPARED = {
    "duration_s": "duration",
    "summary_eye_distance_px": "face size",
    "face_brightness_median": "light",
    "face_sharpness_median": "sharpness",
    "sound_snr_db": "SNR",
    "voice_f0_median_hz": "F0",
    "voice_level_median_dbfs": "level",
    "share_neutral": "share of neutral",
    "behaviour_smile_mean": "smile",
}
"""Columns in which a file is compared with the others."""
LEAST_FILES = 8
"""Fewer say too little about what is usual (ours)."""
OUTLIER_Z = 3.5
"""Of the modified z-score (Iglewicz & Hoaglin 1993)."""


@dataclass(frozen=True)
class FileQuality:
    """What stands out in one file."""

    name: str
    row: Row
    flags: tuple[str, ...]
    """In words; empty where nothing stands out."""


def file_qualities(rows: Sequence[Row]) -> list[FileQuality]:
    """The files in their order, with what stands out.

    Args:
        rows: of the table `summary`, each with its `file`.
    """
    unusual: defaultdict[int, list[str]] = defaultdict(list)
    for column, title in COMPARED.items():
        values = np.array([_number(row.get(column)) for row in rows])
        for i, z in enumerate(outlier_scores(values).tolist()):
            if abs(z) > OUTLIER_Z:
                unusual[i].append(f"unusual {title} (z {z:+.1f})")
    return [
        FileQuality(str(row["file"]), row, (*_flags(row), *unusual[i]))
        for i, row in enumerate(rows)
    ]


def outlier_scores(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    """Modified z-scores (N,): 0.6745 (x - median) / MAD, NaN where a value is missing.

    All 0 with fewer than LEAST_FILES values, or where half of them are equal.

    >>> outlier_scores(np.array([1.0, 2, 2, 3, 3, 3, 4, 4, 30])).round(1).tolist()
    [-1.3, -0.7, -0.7, 0.0, 0.0, 0.0, 0.7, 0.7, 18.2]
    """
    known = values[np.isfinite(values)]
    if len(known) < LEAST_FILES:
        return np.where(np.isfinite(values), 0.0, np.nan)
    middle = np.median(known)
    spread = float(np.median(np.abs(known - middle)))
    if not spread:
        return np.where(np.isfinite(values), 0.0, np.nan)
    return 0.6745 * (values - middle) / spread


def duplicates(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Names of files of the same content, by name; only where there are several."""
    by_content: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_content[str(row["sha256"])].append(str(row["file"]))
    return sorted(tuple(sorted(names)) for names in by_content.values() if len(names) > 1)


def _flags(row: Row) -> Iterator[str]:
    if not row.get("people"):
        yield "no face" if row.get("width_px") else "sound only"
    elif row["people"] > 1:
        yield f"{row['people']} people"
    if reason := row.get("voice_absent_reason"):
        yield f"no voice ({reason})"
    elif row.get("sound_speakers") == "several":
        yield "several voices"
    yield from (check.flag for check in CHECKS if check.fails(row))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else np.nan
