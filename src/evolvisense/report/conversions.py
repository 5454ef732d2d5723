"""The table of faces under the column names of OpenFace 2 and py-feat, and where names correspond.

`CORRESPONDENCES` is the one table: the converters compute from it, docs/column-names.md prints it.
A column of theirs that has no entry is written empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evolvisense.report.egemaps import F0 as F0_PREFIX
from evolvisense.report.egemaps import MEANINGS as EGEMAPS_NAMES
from evolvisense.report.notebook import require_pandas
from evolvisense.report.parts import ReportData
from evolvisense.report.statistics import AU_PRESENT, OPEN_EYES
from evolvisense.report.tables import face_table
from evolvisense.report.words import clock_of
from evolvisense.types.arrays import F64

Tool = Literal["OpenFace 2", "py-feat", "OpenWillis", "eGeMAPS"]
Agreement = Literal["same", "near"]
"""`same`: the same quantity, after the conversion that is named; `near`: closely related, so that
values may be compared within a study and not pooled across tools."""

Columns = Mapping[str, F64]
"""Numeric columns of the table of faces, NaN where empty."""
Convert = Callable[[Columns], F64]

FULL_INTENSITY = 5.0
"""The end of the FACS scale of intensities (E)."""


@dataclass(frozen=True)
class Correspondence:
    """A column of another tool and what fills it."""

    tool: Tool
    theirs: str
    ours: str
    """Our column, or several with commas between them; a column of the codebook."""
    agreement: Agreement
    how: str
    """The conversion, and where the two differ."""
    convert: Convert | None = None
    """None where only the names correspond."""


def openface_angles(pitch_deg: F64, yaw_deg: F64, roll_deg: F64) -> tuple[F64, F64, F64]:
    """The head rotation as OpenFace 2 gives it.

    Ours is read as Rz Ry Rx, up, to the image's right and clockwise positive. OpenFace's camera
    has x to the right, y down, z forward, and its rotation is Rx Ry Rz.

    Args:
        pitch_deg: (N,).
        yaw_deg: (N,).
        roll_deg: (N,).

    Returns:
        `pose_Rx`, `pose_Ry`, `pose_Rz`, each (N,), radians; with one angle only they are
        -pitch, -yaw and roll.

    Example:
        >>> angles = openface_angles(np.array([10.0]), np.array([0.0]), np.array([0.0]))
        >>> [round(float(np.degrees(angle[0])), 6) + 0.0 for angle in angles]
        [-10.0, 0.0, 0.0]
    """
    about_x, about_y, about_z = np.radians([-pitch_deg, yaw_deg, -roll_deg])
    sin_x, sin_y, sin_z = np.sin(about_x), np.sin(about_y), np.sin(about_z)
    cos_x, cos_y, cos_z = np.cos(about_x), np.cos(about_y), np.cos(about_z)
    # Entries of Rz Ry Rx; changing the signs of y and z turns our camera into OpenFace's.
    r00, r01 = cos_z * cos_y, -(cos_z * sin_y * sin_x - sin_z * cos_x)
    r02 = -(cos_z * sin_y * cos_x + sin_z * sin_x)
    r12, r22 = sin_z * sin_y * cos_x - cos_z * sin_x, cos_y * cos_x
    return np.arctan2(-r12, r22), np.arcsin(np.clip(r02, -1, 1)), np.arctan2(-r01, r00)


OPENFACE_INTENSITIES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
OPENFACE_COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *(f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"),
    *("gaze_angle_x", "gaze_angle_y"),
    *(f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"),
    *(f"AU{number:02d}_r" for number in OPENFACE_INTENSITIES),
    *(f"AU{number:02d}_c" for number in sorted({*OPENFACE_INTENSITIES, 28})),
)
"""As FeatureExtraction of OpenFace 2.2 writes them, without landmarks and shape parameters."""
OPENFACE_DECIMALS = {"timestamp": 3, "confidence": 2, "pose": 3, "_r": 2, "_c": 1}
"""As it writes them, by the beginning or end of the name; no others have decimals."""

FEAT_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)
FEAT_COLUMNS = (
    "frame",
    *("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore"),
    *(f"{axis}_{i}" for axis in "xy" for i in range(68)),
    *("Pitch", "Roll", "Yaw"),
    *(f"AU{number:02d}" for number in FEAT_UNITS),
    *("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    *("input", "approx_time"),
)
"""Those of a Fex frame of py-feat's Detector."""

UNITS_OF_OURS = tuple(
    f"AU{number:02d}" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 20, 23, 24, 25, 26)
)
"""Action units that our network reads (a test holds them to its spec)."""


def _column(name: str) -> Convert:
    return lambda columns: columns[name]


def _unit(name: str, scale: float = 1.0) -> Convert:
    return lambda columns: columns[name] * scale


def _present(name: str) -> Convert:
    def convert(columns: Columns) -> F64:
        values = columns[name]
        return np.where(np.isnan(values), np.nan, (values >= AU_PRESENT).astype(float))

    return convert


def _angle(index: int) -> Convert:
    return lambda columns: openface_angles(
        columns["pitch_deg"], columns["yaw_deg"], columns["roll_deg"]
    )[index]


def _openface() -> list[Correspondence]:
    tool: Tool = "OpenFace 2"
    angles = "pitch_deg, yaw_deg, roll_deg"
    found = [
        Correspondence(tool, "frame", "frame_number", "same", "1-based", _column("frame_number")),
        Correspondence(
            tool,
            "face_id",
            "person_id",
            "near",
            "0-based; ours stays with a person who leaves and comes back; 0 without a face",
            lambda c: np.nan_to_num(c["person_id"] - 1, nan=0.0),
        ),
        Correspondence(
            tool,
            "timestamp",
            "time_s",
            "same",
            "from the beginning of the recording",
            _column("time_s"),
        ),
        Correspondence(
            tool,
            "confidence",
            "score",
            "near",
            "how sure the network is that there is a face; 0 without one",
            lambda c: np.nan_to_num(c["score"], nan=0.0),
        ),
        Correspondence(
            tool,
            "success",
            "person_id",
            "near",
            "1 with a face, 0 without; whether its expression can be read is `uncertain`",
            lambda c: np.isfinite(c["person_id"]).astype(float),
        ),
    ]
    how = "radians; the same rotation in OpenFace's axes and order, with one angle only"
    for index, (axis, alone) in enumerate((("x", "-pitch"), ("y", "-yaw"), ("z", "roll"))):
        found.append(
            Correspondence(tool, f"pose_R{axis}", angles, "same", f"{how} {alone}", _angle(index))
        )
    for name in UNITS_OF_OURS:
        how = "intensity 0-5 by another network and other training faces"
        found.append(Correspondence(tool, f"{name}_r", name, "near", how, _unit(name)))
    for name in UNITS_OF_OURS:
        how = f"1 from an intensity of {AU_PRESENT:g} on; OpenFace has classifiers of its own"
        found.append(Correspondence(tool, f"{name}_c", name, "near", how, _present(name)))
    closed = f"1 where eye_openness is under {OPEN_EYES:g}"
    found += [
        Correspondence(
            tool, "AU45_r", "eye_openness", "near", "5 (1 - eye_openness)", _closure(FULL_INTENSITY)
        ),
        Correspondence(tool, "AU45_c", "eye_openness", "near", closed, _closed),
    ]
    return [entry for entry in found if entry.theirs in OPENFACE_COLUMNS]


def _closure(scale: float) -> Convert:
    return lambda columns: scale * (1 - columns["eye_openness"])


def _closed(columns: Columns) -> F64:
    openness = columns["eye_openness"]
    return np.where(np.isnan(openness), np.nan, (openness < OPEN_EYES).astype(float))


FEAT_EMOTIONS = {
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprise": "surprise",
    "neutral": "neutral",
}


def _feat() -> list[Correspondence]:
    tool: Tool = "py-feat"
    found = [
        Correspondence(
            tool, "frame", "frame_number", "same", "0-based", lambda c: c["frame_number"] - 1
        ),
        Correspondence(tool, "FaceRectX", "left_px", "same", "pixels", _column("left_px")),
        Correspondence(tool, "FaceRectY", "top_px", "same", "pixels", _column("top_px")),
        Correspondence(
            tool,
            "FaceRectWidth",
            "left_px, right_px",
            "same",
            "right_px - left_px",
            lambda c: c["right_px"] - c["left_px"],
        ),
        Correspondence(
            tool,
            "FaceRectHeight",
            "top_px, bottom_px",
            "same",
            "bottom_px - top_px",
            lambda c: c["bottom_px"] - c["top_px"],
        ),
        Correspondence(
            tool, "FaceScore", "score", "near", "0-1, by another network", _column("score")
        ),
    ]
    for theirs, ours in (("Pitch", "pitch_deg"), ("Roll", "roll_deg"), ("Yaw", "yaw_deg")):
        how = (
            "degrees with our signs; unit and signs of py-feat depend on its version and pose model"
        )
        found.append(Correspondence(tool, theirs, ours, "near", how, _column(ours)))
    for name in UNITS_OF_OURS:
        how = "intensity / 5, 0-1; py-feat has the probability that the unit is present"
        convert = _unit(name, 1 / FULL_INTENSITY)
        found.append(Correspondence(tool, name, name, "near", how, convert))
    found.append(
        Correspondence(tool, "AU43", "eye_openness", "near", "1 - eye_openness", _closure(1.0))
    )
    for theirs, ours in FEAT_EMOTIONS.items():
        how = "probability 0-1, by another network"
        found.append(Correspondence(tool, theirs, ours, "near", how, _column(ours)))
    return [entry for entry in found if entry.theirs in FEAT_COLUMNS]


def _openwillis() -> list[Correspondence]:
    tool: Tool = "OpenWillis"
    named = {
        "happiness": "happy",
        "sadness": "sad",
        "angry": "angry",
        "fear": "fear",
        "disgust": "disgust",
        "surprise": "surprise",
        "neutral": "neutral",
    }
    found = [
        Correspondence(tool, theirs, ours, "near", "framewise probability, there by DeepFace")
        for theirs, ours in named.items()
    ]
    voice: tuple[tuple[str, str, Agreement, str], ...] = (
        ("f0", "f0_hz", "same", "framewise, Hz; there by Praat"),
        ("jitter", "voice_jitter_pct", "same", "local jitter; there a share, ours percent"),
        ("shimmer", "voice_shimmer_pct", "same", "local shimmer; there a share, ours percent"),
        ("hnr_mean", "voice_hnr_db", "near", "dB; there over all frames, here over voiced ones"),
        ("cpp_mean", "voice_cpp_db", "near", "dB; there smoothed or not by version"),
        ("pause_rate", "voice_pauses_per_min", "near", "1/min; pauses of 0.2 s and more here"),
    )
    return found + [Correspondence(tool, *entry) for entry in voice]


def _egemaps() -> list[Correspondence]:
    tool: Tool = "eGeMAPS"
    pitch = "semitones above 27.5 Hz; another pitch tracker, steps of 32 ms"
    runs = "runs of voiced steps of 32 ms; shorter gaps are not seen"
    found: list[tuple[str, str, Agreement, str]] = []
    for name in EGEMAPS_NAMES:
        if name.startswith(F0_PREFIX):
            found.append((name, "f0_hz", "same", pitch))
        elif "oicedSegment" in name:
            found.append((name, "f0_hz", "near", runs))
    others: tuple[tuple[str, str, Agreement, str], ...] = (
        ("equivalentSoundLevel_dBp", "level_dbfs", "same", "mean power of all steps, in dB"),
        (
            "jitterLocal_sma3nz_amean",
            "voice_jitter_pct",
            "near",
            "percent / 100; over whole voiced stretches, there the mean of frames",
        ),
        (
            "HNRdBACF_sma3nz_amean",
            "voice_hnr_db",
            "near",
            "by autocorrelation of the windowed frame (Boersma 1993), at most 40 dB",
        ),
    )
    return [Correspondence(tool, *entry) for entry in (*found, *others)]


CORRESPONDENCES: tuple[Correspondence, ...] = (
    *_openface(),
    *_feat(),
    *_openwillis(),
    *_egemaps(),
)
"""Every column of another tool that one of ours corresponds to."""


def to_openface_csv(report: ReportData) -> str:
    """The table of faces as a CSV with OPENFACE_COLUMNS, numbers with OpenFace's decimals.

    A row for each face and frame; a frame without a face has one row with success 0. What is not
    known is empty, where OpenFace would write 0.
    """
    table = _table(report)
    found = _converted("OpenFace 2", table)
    texts = [_texts(name, found.get(name), len(table["frame_number"])) for name in OPENFACE_COLUMNS]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(OPENFACE_COLUMNS)
    writer.writerows(zip(*texts, strict=True))
    return out.getvalue()


def to_feat(report: ReportData) -> Any:  # noqa: ANN401 - pandas is optional
    """The table of faces as a pandas DataFrame with FEAT_COLUMNS, for `feat.Fex(table)`.

    NaN where a value is not known, for instance for all landmarks. Raises FormatUnavailableError
    without pandas.
    """
    pd = require_pandas()
    table = _table(report)
    found = _converted("py-feat", table)
    nothing = np.full(len(table["frame_number"]), np.nan)
    columns: dict[str, Any] = {name: found.get(name, nothing) for name in FEAT_COLUMNS}
    columns["frame"] = columns["frame"].astype(np.int64)
    columns["input"] = [report.media.source_name or ""] * len(nothing)
    columns["approx_time"] = [f"{int(s) // 60:02d}:{int(s) % 60:02d}" for s in table["time_s"]]
    return pd.DataFrame(columns)


def _table(report: ReportData) -> Columns:
    """The numbers of the table of faces; times from the beginning of the recording."""
    clock = clock_of(report)
    found = {
        name: np.array([np.nan if v is None else v for v in values], np.float64)
        for name, values in face_table(report)
        if not any(isinstance(value, str) for value in values)
    }
    rows = len(found["frame_number"])
    units = {name: np.full(rows, np.nan) for name in UNITS_OF_OURS}
    return {**units, **found, "time_s": clock.of(found["time_s"])}


def _converted(tool: Tool, table: Columns) -> dict[str, F64]:
    return {
        entry.theirs: entry.convert(table)
        for entry in CORRESPONDENCES
        if entry.tool == tool and entry.convert is not None
    }


def _texts(name: str, values: F64 | None, rows: int) -> Sequence[str]:
    if values is None:
        return [""] * rows
    decimals = next(
        (n for key, n in OPENFACE_DECIMALS.items() if name.startswith(key) or name.endswith(key)), 0
    )
    return ["" if np.isnan(value) else f"{value:.{decimals}f}" for value in values]
