"""Reports as text: JSON, and a tidy table with one row for each face and frame."""

from __future__ import annotations

import csv
import io

from evolvisense.report.schema import Person, Report
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

CSV_COLUMNS = (
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
"""What every report has; one with facial actions goes on with a column for each of them."""


def to_json(report: Report, indent: int | None = None) -> str:
    """The whole report."""
    return report.model_dump_json(indent=indent)


def to_csv(report: Report) -> str:
    """One row for each face and frame, by frame and person; numbers as in the JSON.

    A frame in which nobody was found has one row with everything but its number and time empty.
    """
    actions = [list(p.timeline.actions) for p in report.people if p.timeline.actions]
    columns = [*CSV_COLUMNS, *(actions[0] if actions else [])]
    rows = [row for person in report.people for row in _person_rows(person, columns)]
    for number, time_s, faces in zip(
        report.frames.number, report.frames.time_s, report.frames.faces, strict=True
    ):
        if faces == 0:
            rows.append([int(number), round(float(time_s), 6), *[""] * (len(columns) - 2)])
    rows.sort(key=lambda row: (row[0], str(row[2])))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _person_rows(person: Person, columns: list[str]) -> list[list[object]]:
    timeline = person.timeline.model_dump(mode="json")
    known: dict[str, list[object]] = {
        **timeline,
        **timeline.pop("probabilities"),
        **(timeline.pop("actions") or {}),
        "person_id": [person.id] * person.frames,
        "is_main": [person.is_main] * person.frames,
    }
    values = [known[name] or [""] * person.frames for name in columns]
    return [[_cell(value) for value in row] for row in zip(*values, strict=True)]


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
