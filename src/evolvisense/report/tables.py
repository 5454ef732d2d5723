"""The tidy tables of a report, as columns, CSV, JSON or Parquet.

Faces: one row for each face in each frame. Voice: one row for each step.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evolvisense.extras import import_for_format
from evolvisense.report.parts import FaceTimeline, Frames, Person, ReportData
from evolvisense.types.arrays import I64
from evolvisense.types.scores import EMOTIONS

MOTION_COLUMNS = (
    "eye_openness",
    "smile",
    "mouth_opening",
    "pitch_deg",
    "yaw_deg",
    "roll_deg",
    "eye_distance_px",
)
"""Empty where the engine reads expressions only."""

BASE_COLUMNS = (
    "frame_number",
    "time_s",
    "person_id",
    "is_main",
    "track_id",
    "left_px",
    "top_px",
    "right_px",
    "bottom_px",
    "score",
    "size_px",
    "sharpness",
    "brightness",
    "detected",
    *EMOTIONS,
    "uncertain",
    "speaking",
    *MOTION_COLUMNS,
)
"""What every table has; one with blendshapes and action units has a column for each of them."""

INTEGERS = frozenset({"frame_number", "person_id", "track_id"})
BOOLEANS = frozenset({"is_main", "detected"})
MARK = "mark"
"""Column of tables of a report that people have marked: the notes of the marks at that time."""

TEXTS = frozenset({"uncertain", "speaking", MARK})
"""What is in columns that hold no decimal numbers."""

OF_THE_PERSON = {"person_id": "id", "is_main": "is_main"}
"""Columns that repeat a field of the person."""


class Faces(Protocol):
    """What the table is made from; a report is one."""

    @property
    def frames(self) -> Frames:
        """The analysed frames."""
        ...

    @property
    def people(self) -> Sequence[Person]:
        """The people found in them."""
        ...


def face_table(report: Faces) -> Iterator[tuple[str, list[object]]]:
    """Name and values of each column, rows by frame and person; numbers as in the JSON.

    None where there is no value. A frame in which nobody was found has one row with its number and
    time alone. One column is in memory at a time.
    """
    nobody = np.flatnonzero(report.frames.faces == 0)
    order = _order(report, nobody)
    empty: dict[str, list[object]] = {
        "frame_number": report.frames.number[nobody].tolist(),
        "time_s": [round(float(time_s), 6) for time_s in report.frames.time_s[nobody]],
    }
    nothing: list[object] = [None] * len(nobody)
    for name in column_names(report):
        values = [value for person in report.people for value in _column(person, name)]
        values += empty.get(name, nothing)
        yield name, [values[i] for i in order]


def column_names(report: Faces) -> tuple[str, ...]:
    """The columns of the table of this report, in their order."""
    lines = [person.timeline for person in report.people]
    actions = next((line.actions for line in lines if line.actions), None)
    units = next((line.action_units for line in lines if line.action_units), None)
    return (*BASE_COLUMNS, *(actions or {}), *(units or {}))


def voice_columns(report: ReportData) -> dict[str, NDArray[np.float64 | np.bool_]]:
    """Columns over the steps of the voice, unrounded; no row where no voice was read.

    Start on the file's clock, probability of speech, whether it is in a stretch of speech, F0 (NaN
    where unvoiced), level.
    """
    voice = report.voice
    if voice is None:
        nothing = np.zeros(0)
        return {
            "time_s": nothing,
            "speech_probability": nothing,
            "is_speech": np.zeros(0, np.bool_),
            "f0_hz": nothing,
            "level_dbfs": nothing,
        }
    timeline = voice.timeline
    middle_s = timeline.time_s + timeline.step_s / 2
    is_speech = np.zeros(len(middle_s), np.bool_)
    for segment in voice.segments:
        is_speech |= (middle_s >= segment.start_s) & (middle_s < segment.end_s)
    return {
        "time_s": np.asarray(timeline.time_s, np.float64),
        "speech_probability": np.asarray(timeline.speech_probability, np.float64),
        "is_speech": is_speech,
        "f0_hz": np.asarray(timeline.f0_hz, np.float64),
        "level_dbfs": np.asarray(timeline.level_dbfs, np.float64),
    }


def _order(report: Faces, nobody: I64) -> list[int]:
    """Rows of all people, then of nobody, in the order of frames."""
    numbers = [p.timeline.frame_number for p in report.people] + [report.frames.number[nobody]]
    people = [np.full(p.frames, p.id) for p in report.people] + [np.zeros(len(nobody), np.int64)]
    return np.lexsort((np.concatenate(people), np.concatenate(numbers))).tolist()


def _column(person: Person, name: str) -> list[object]:
    """As the JSON has it, so that both round in the same way."""
    if name in OF_THE_PERSON:
        return [getattr(person, OF_THE_PERSON[name])] * person.frames
    field = name
    if name not in FaceTimeline.model_fields:
        units = person.timeline.action_units or {}
        field = (
            "probabilities" if name in EMOTIONS else "action_units" if name in units else "actions"
        )
    found: Any = person.timeline.model_dump(
        mode="json", include={field: True if field == name else {name}}
    )[field]
    values = found if field == name or found is None else found[name]
    return [None] * person.frames if values is None else values


TIMES = frozenset({"time_s"})


def to_parquet(report: ReportData, *, media_sha256: str | None = None) -> bytes:
    """The rows of `to_csv` with types, null where there is no value.

    Whole numbers are int64, `time_s` is float64, all other numbers are float32. Metadata of the
    file, UTF-8 under keys that begin with `evolvisense.`: schema_version, producer_version, limits,
    and as JSON media, options, models, warnings and withheld; media_sha256 where it is given.
    Raises FormatUnavailableError where pyarrow is not installed.
    """
    table = to_arrow(report).replace_schema_metadata(_metadata(report, media_sha256))
    file = io.BytesIO()
    _pyarrow("pyarrow.parquet").write_table(table, file, compression="zstd")
    return file.getvalue()


def to_arrow(report: ReportData) -> Any:  # noqa: ANN401 - pyarrow comes without types
    """The same rows as a `pyarrow.Table`, without metadata. Raises as `to_parquet`."""
    pa = _pyarrow("pyarrow")
    schema = _schema(pa, column_names(report))
    columns = [
        pa.array(values, type=field.type)
        for field, (_, values) in zip(schema, face_table(report), strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def face_schema(actions: Sequence[str]) -> Any:  # noqa: ANN401 - a pyarrow.Schema
    """Columns of `to_arrow` of a report with these facial actions. Raises as `to_parquet`."""
    return _schema(_pyarrow("pyarrow"), (*BASE_COLUMNS, *actions))


def require_pyarrow() -> None:
    """Raise FormatUnavailableError where `to_parquet` would."""
    _pyarrow("pyarrow.parquet")


def _pyarrow(module: str) -> Any:  # noqa: ANN401 - it comes without types
    return import_for_format(module, "parquet", "Parquet")


def _schema(pa: Any, names: Sequence[str]) -> Any:  # noqa: ANN401 - it comes without types
    return pa.schema([_field(pa, name) for name in names])


def _field(pa: Any, name: str) -> Any:  # noqa: ANN401 - it comes without types
    if name in INTEGERS:
        kind = pa.int64()
    elif name in BOOLEANS:
        kind = pa.bool_()
    elif name in TEXTS:
        kind = pa.string()
    else:
        kind = pa.float64() if name in TIMES else pa.float32()
    return pa.field(name, kind, metadata={"description": _description(name)})


def _description(name: str) -> str:
    for part, field in ((FaceTimeline, name), (Person, name.removeprefix("person_"))):
        if field in part.model_fields:
            return part.model_fields[field].description or ""
    return "0-1"


def _metadata(report: ReportData, media_sha256: str | None) -> dict[str, str]:
    content = report.model_dump(
        mode="json", include={"media", "options", "models", "warnings", "withheld"}
    )
    found = {
        "schema_version": report.schema_version,
        "producer_version": report.producer.version,
        "limits": report.limits,
        **{name: json.dumps(value, ensure_ascii=False) for name, value in content.items()},
    }
    if media_sha256 is not None:
        found["media_sha256"] = media_sha256
    return {f"evolvisense.{name}": value for name, value in found.items()}


def to_json(report: ReportData, indent: int | None = None) -> str:
    """The whole report."""
    return report.model_dump_json(indent=indent)


def marks_at(report: ReportData, times_s: NDArray[np.float64]) -> Iterator[str]:
    """What is marked at each of the times (N,), ascending, on the file's clock: the labels of all
    marks there, separated by "; ". A marked moment is at the last of the times before it.
    """
    found: list[list[str]] = [[] for _ in times_s]
    for mark in report.marks:
        first = max(int(np.searchsorted(times_s, mark.start_s, "right")) - 1, 0)
        at = times_s[first] if len(times_s) else 0.0
        rows = (times_s >= mark.start_s) & (times_s <= mark.end_s) | (times_s == at)
        for row in np.flatnonzero(rows).tolist():
            found[row].append(mark.label())
    return ("; ".join(labels) for labels in found)


def to_csv(report: ReportData) -> str:
    """One row for each face and frame, by frame and person; numbers as in the JSON.

    The first column is `source`, the file's name, where the report knows it (`media.source_name`).
    The last one is `mark`, the notes of the marks at that time, where there are marks. A frame in
    which nobody was found has one row with everything but its number and time empty.
    """
    columns = dict(face_table(report))
    if report.media.source_name is not None:
        rows = len(next(iter(columns.values())))
        columns = {"source": [report.media.source_name] * rows, **columns}
    if report.marks:
        times_s = np.array(columns["time_s"], np.float64)
        columns = {**columns, MARK: list[object](marks_at(report, times_s))}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*([_cell(v) for v in values] for values in columns.values()), strict=True))
    return text.getvalue()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
