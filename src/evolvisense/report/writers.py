"""Reports as text: JSON, and a tidy table with one row for each face and frame."""

from __future__ import annotations

import csv
import io

from evolvisense.report.schema import Person, Report
from evolvisense.types.scores import EMOTIONS

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
    *EMOTIONS,
)


def to_json(report: Report, indent: int | None = None) -> str:
    """The whole report."""
    return report.model_dump_json(indent=indent)


def to_csv(report: Report) -> str:
    """One row for each face and frame, by frame and person; numbers as in the JSON.

    A frame in which nobody was found has one row with everything but its number and time empty.
    """
    rows = [row for person in report.people for row in _person_rows(person)]
    for number, time_s, faces in zip(
        report.frames.number, report.frames.time_s, report.frames.faces, strict=True
    ):
        if faces == 0:
            rows.append([int(number), round(float(time_s), 6), *[""] * (len(CSV_COLUMNS) - 2)])
    rows.sort(key=lambda row: (row[0], str(row[2])))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(rows)
    return text.getvalue()


def _person_rows(person: Person) -> list[list[object]]:
    columns = person.timeline.model_dump(mode="json")
    probabilities = columns.pop("probabilities")
    names = CSV_COLUMNS[4 : -len(EMOTIONS)]
    values = [columns[name] for name in names] + [probabilities[e] for e in EMOTIONS]
    return [
        [number, time_s, person.id, str(person.is_main).lower(), *rest]
        for number, time_s, *rest in zip(
            columns["frame_number"], columns["time_s"], *values, strict=True
        )
    ]
