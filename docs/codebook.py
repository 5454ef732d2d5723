"""Write docs/codebook.md and docs/codebook.csv from the code: `python -m docs.codebook`.

Every column of every table: faces by frame, voice by step, people, recordings.
"""

from __future__ import annotations

import csv
import io
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import evolvisense
from evolvisense.face.network import MODEL_ID
from evolvisense.models.registry import spec
from evolvisense.report.egemaps import MEANINGS as MEANINGS_OF_EGEMAPS
from evolvisense.report.parts import FaceTimeline, Part, Person
from evolvisense.report.recording import recording_row
from evolvisense.report.statistics import (
    ACTION_UNIT,
    ACTIVE,
    AU_PRESENT,
    CONDITIONS,
    HEAD_TURNED_DEG,
    MEANINGS,
    MOTION,
    OPEN_EYES,
    STATISTICS,
    Condition,
    Statistic,
    column_name,
    person_columns,
)
from evolvisense.report.tables import BASE_COLUMNS, BOOLEANS, INTEGERS, OF_THE_PERSON, TEXTS
from evolvisense.report.validation import figure_of
from evolvisense.report.voice_parts import VoiceColumns
from evolvisense.types.behaviour import SMILE
from evolvisense.types.scores import EMOTIONS

DOCS = Path(__file__).parent
HEAD = ("level", "column", "type", "unit", "range", "meaning", "missing when", "validation")
VALIDATION = (
    "`validation` says how well the column was measured, against what; empty: it was not measured. "
    "The figures are those of the model cards (`src/evolvisense/models/specs/*.md`) and of "
    "[voice.md](voice.md), with the command that reproduces them."
)
INTRODUCTION = f"""# Codebook

Every column of every table that EvolviSense writes, with its unit and when it is missing. Missing
is empty in CSV and null in Parquet, never zero. The same list as a table:
[codebook.csv](codebook.csv).
{VALIDATION}
Written by `make docs` from the code.
"""
LEVELS = {
    "frame": "One row for each face and frame: `--csv`, `--parquet`, `report.frames()`, "
    '`report.to_pandas("frame")`.',
    "step": "One row for each step of the sound: `report.voice_frames()`.",
    "person": 'One row for each person of a file: `report.to_pandas("person")`, the table `people` '
    "of `evolvisense batch`, `person_table()`.",
    "recording": 'One row for each file: `report.to_pandas("recording")`, the table `summary` of '
    "`evolvisense batch`, `feature_table()`. `to_pandas` adds the statistics of the main person "
    "under their names of the level person, and functionals of the voice (below).",
    "recording, eGeMAPS": 'One row for each file: more columns of `report.to_pandas("recording")`. '
    "How far they agree with eGeMAPS: [column names](column-names.md#egemaps).",
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
NO_READABLE = "no such frame has a value"
UNMEASURABLE = ("blinks", "blinks_per_min", "head_speed_deg_s", "speaking_share")
QUANTITY_KINDS = {
    ", ".join(f"`{emotion}`" for emotion in EMOTIONS): "frames in which it is the most probable "
    "expression, as the shares of `report.summary`",
    "`pitch_deg`, `yaw_deg`, `roll_deg`": f"absolute values of {HEAD_TURNED_DEG:g} and more",
    "`eye_openness`": f"values of {OPEN_EYES:g} and more: the eyes are open",
    "`smile`": f"values of {SMILE:g} and more, as all smiles of the report",
    "the 52 blendshapes": f"values of {ACTIVE:g} and more",
    "the action units": f"intensities of {AU_PRESENT:g} (A, trace) and more",
}
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
    validation: str = ""


def rows() -> Iterator[Row]:
    """Every column, in the order of the tables."""
    for found in (
        _frame_rows(),
        _step_rows(),
        _person_rows(),
        _recording_rows(),
        _egemaps_rows(),
    ):
        for row in found:
            figure = figure_of(row.column)
            yield row if figure is None else row._replace(validation=figure.text)


def page_text() -> str:
    """The page as it is stored."""
    found = list(rows())
    hidden = {column_name(*parts) for parts in statistic_columns()}
    parts = [INTRODUCTION]
    for level, what in LEVELS.items():
        parts.append(f"\n## By {level}\n\n{what}\n\n| {' | '.join(HEAD[1:])} |\n|{'---|' * 7}\n")
        parts += [
            f"| `{row.column}` | {' | '.join(row[2:])} |\n"
            for row in found
            if row.level == level and not (level == "person" and row.column in hidden)
        ]
        if level == "person":
            parts.append(_statistics_text())
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
    parameters = spec(MODEL_ID).parameters
    for name in parameters["actions"]:
        meaning = f"Blendshape {name} of ARKit and MediaPipe."
        yield Row("frame", name, "number", "", "0-1", meaning, NO_ACTIONS)
    for name in parameters["action_units"]:
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
    for cell in recording_row(_silent_report()):
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


def _person_rows() -> Iterator[Row]:
    columns = person_columns(quantities())
    for cell in columns[: -_statistics_count()]:
        missing = "it cannot be measured" if cell.name in UNMEASURABLE else "never"
        missing = "there is nothing to say" if cell.kind == "text" else missing
        meaning = cell.meaning.replace("|", "/")
        yield Row("person", cell.name, cell.kind, _unit(cell.name), "", meaning, missing)
    for cell, (name, statistic, _) in zip(
        columns[-_statistics_count() :], statistic_columns(), strict=True
    ):
        yield Row(
            "person",
            cell.name,
            cell.kind,
            _unit(name) if statistic != "time_share" else "",
            "0-1" if statistic == "time_share" else _range_of(name) if statistic != "sd" else "",
            cell.meaning,
            NO_READABLE,
        )


def quantities() -> tuple[str, ...]:
    """Columns of our own network whose statistics are taken."""
    found = spec(MODEL_ID).parameters
    return (*EMOTIONS, *MOTION, *found["actions"], *found["action_units"])


def statistic_columns() -> Iterator[tuple[str, Statistic, Condition]]:
    """Quantity, statistic and condition of the columns, in their order."""
    for name in quantities():
        for condition in CONDITIONS:
            for statistic in STATISTICS:
                yield name, statistic, condition


def _statistics_count() -> int:
    return len(quantities()) * len(CONDITIONS) * len(STATISTICS)


def _range_of(name: str) -> str:
    if name.endswith("_deg"):
        return ""
    return "0-5" if ACTION_UNIT.fullmatch(name) else "0-1"


def _statistics_text() -> str:
    """The many columns of statistics, by the parts of their names."""
    lines = [
        "\nThen `QUANTITY_STATISTIC` over the readable frames, `QUANTITY_STATISTIC_speaking` over "
        "those in which the person speaks, and `QUANTITY_STATISTIC_silent` over those in which the "
        "person is silent; each is in the CSV. Missing where no such frame has a value.\n\n"
        "| STATISTIC | is |\n|---|---|\n"
    ]
    for statistic, meaning in MEANINGS.items():
        lines.append(f"| `{statistic}` | {meaning} |\n")
    lines.append("\n| QUANTITY | time share counts |\n|---|---|\n")
    for names, what in QUANTITY_KINDS.items():
        lines.append(f"| {names} | {what} |\n")
    return "".join(lines)


def _egemaps_rows() -> Iterator[Row]:
    for name, meaning in MEANINGS_OF_EGEMAPS.items():
        unit = "dB" if "dB" in name else "s" if name.endswith(("Length", "LengthSec")) else ""
        if name.endswith("PerSec"):
            unit = "1/s"
        elif "semitone" in name and not name.endswith("Norm"):
            unit = "semitones"
        missing = "no voice was read, or nothing is voiced"
        yield Row("recording, eGeMAPS", name, "number", unit, "", meaning, missing)


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
