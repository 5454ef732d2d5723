"""Write docs/codebook.md and docs/codebook.csv from the code: `python -m docs.codebook`.

Every column of every table: faces by frame, voice by step, one row for each recording.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import wave
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import evolvisense
from evolvisense.batch.summary import summary_row
from evolvisense.report.parts import FaceTimeline, Part, Person
from evolvisense.report.tables import BASE_COLUMNS, BOOLEANS, INTEGERS, OF_THE_PERSON, TEXTS
from evolvisense.report.voice_parts import VoiceColumns
from evolvisense.types.scores import EMOTIONS

DOCS = Path(__file__).parent
HEAD = ("level", "column", "type", "unit", "range", "meaning", "missing when")
VALIDATION = (
    "Validation figures stand in the model cards (`src/evolvisense/models/specs/*.md`) and in "
    "[voice.md](voice.md), each with its set and the command that reproduces it."
)
INTRODUCTION = f"""# Codebook

Every column of every table that EvolviSense writes, with its unit and when it is missing. Missing
is empty in CSV and null in Parquet, never zero. The same list as a table:
[codebook.csv](codebook.csv).
{VALIDATION}
Written by `make docs` from the code.
"""
LEVELS = {
    "frame": "One row for each face and frame: `--csv`, `--parquet`, `report.frames()`.",
    "step": "One row for each step of the sound: `report.voice_frames()`.",
    "recording": "One row for each file: the features of `evolvisense batch`, `feature_table()`.",
}
UNITS = (
    ("_px_median", "px"),
    ("_px", "px"),
    ("_deg_s", "deg/s"),
    ("_deg", "deg"),
    ("_per_min", "1/min"),
    ("_hz", "Hz"),
    ("_st", "semitones"),
    ("_dbfs", "dBFS"),
    ("_db", "dB"),
    ("_pct", "%"),
    ("_log_s", "ln s"),
    ("_s", "s"),
)
"""By the end of a name; the first that fits."""
SHARES = ("share", "score", "probability", "brightness", "openness", "smile", "smile_mean")
NO_FACE = "no face was found in the frame"
NO_ACTIONS = "no face, or an engine that reads expressions only"


class Row(NamedTuple):
    """One column of a table."""

    level: str
    column: str
    kind: str
    unit: str
    range: str
    meaning: str
    missing: str


def rows() -> Iterator[Row]:
    """Every column, in the order of the tables."""
    yield from _frame_rows()
    yield from _step_rows()
    yield from _recording_rows()


def page_text() -> str:
    """The page as it is stored."""
    found = list(rows())
    parts = [INTRODUCTION]
    for level, what in LEVELS.items():
        parts.append(f"\n## By {level}\n\n{what}\n\n| {' | '.join(HEAD[1:])} |\n|{'---|' * 6}\n")
        parts += [
            f"| `{row.column}` | {' | '.join(row[2:])} |\n" for row in found if row.level == level
        ]
    return "".join(parts)


def csv_text() -> str:
    """The table as it is stored."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(rows())
    return out.getvalue()


def _frame_rows() -> Iterator[Row]:
    for name in BASE_COLUMNS:
        if name in EMOTIONS:
            meaning = f"Probability of the expression {name}; the seven sum to 1."
            yield Row("frame", name, "number", "", "0-1", meaning, f"withheld, or {NO_FACE}")
            continue
        kind = "integer" if name in INTEGERS else "boolean" if name in BOOLEANS else "number"
        kind = "text" if name in TEXTS else kind
        source = OF_THE_PERSON.get(name)
        model, field = (FaceTimeline, name) if source is None else (Person, source)
        meaning = _says(model, field)
        nullable = model.model_fields[field].default is None or "None" in str(
            model.model_fields[field].annotation
        )
        missing = "never" if name in ("frame_number", "time_s") else NO_FACE
        missing = NO_ACTIONS if nullable else missing
        yield Row(
            "frame",
            name,
            kind,
            _unit(name),
            _range(name),
            meaning,
            NO_ACTIONS if nullable else missing,
        )
    spec = json.loads(
        (files("evolvisense.models.specs") / "face.json").read_text(encoding="utf-8")
    )["parameters"]
    for name in spec["actions"]:
        meaning = f"Blendshape {name} of ARKit and MediaPipe."
        yield Row("frame", name, "number", "", "0-1", meaning, NO_ACTIONS)
    for name in spec["action_units"]:
        meaning = f"Intensity of the FACS action unit {name}."
        yield Row("frame", name, "number", "", "0-5", meaning, NO_ACTIONS)


def _step_rows() -> Iterator[Row]:
    for name in ("time_s", "speech_probability", "is_speech", "f0_hz", "level_dbfs"):
        meaning = (
            "Whether the step is in a segment of speech."
            if name == "is_speech"
            else _says(VoiceColumns, name)
        )
        kind = "boolean" if name == "is_speech" else "number"
        missing = "unvoiced" if name == "f0_hz" else "never"
        yield Row("step", name, kind, _unit(name), _range(name), meaning, missing)


def _recording_rows() -> Iterator[Row]:
    for cell in summary_row(_silent_report(), "0" * 64):
        missing = "it cannot be measured; a column `..._missing` or `..._absent_reason` says why"
        if cell.kind == "text":
            missing = "there is nothing to say"
        yield Row(
            "recording",
            cell.name,
            cell.kind,
            _unit(cell.name),
            _range(cell.name),
            cell.meaning.replace("|", "/"),
            missing,
        )


def _silent_report() -> evolvisense.Report:
    """A report has the same columns whatever was in the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "silence.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(16_000)
            sound.writeframes(bytes(2 * 16_000))
        return evolvisense.analyze(path)


def _says(model: type[Part], field: str) -> str:
    return (model.model_fields[field].description or "").replace("|", "/")


def _unit(name: str) -> str:
    return next((unit for end, unit in UNITS if name.endswith(end)), "")


def _range(name: str) -> str:
    if name.endswith("_label"):
        return ""
    names = ("expression_", "share_", "voice_emotion_", "summary_expression", "summary_voice_")
    if name.startswith(names) or name.endswith(SHARES):
        return "0-100" if name.endswith("_score") else "0-1"
    return ""


def main() -> None:
    """Write both."""
    (DOCS / "codebook.md").write_text(page_text(), encoding="utf-8")
    (DOCS / "codebook.csv").write_text(csv_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
