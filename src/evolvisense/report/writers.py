"""Reports as text: JSON, and a tidy table with one row for each face and frame."""

from __future__ import annotations

import csv
import io

from evolvisense.report.schema import Report
from evolvisense.report.table import face_table


def to_json(report: Report, indent: int | None = None) -> str:
    """The whole report."""
    return report.model_dump_json(indent=indent)


def to_csv(report: Report) -> str:
    """One row for each face and frame, by frame and person; numbers as in the JSON.

    The first column is `source`, the file's name, where the report knows it (`media.source_name`).
    A frame in which nobody was found has one row with everything but its number and time empty.
    """
    columns = dict(face_table(report))
    if report.media.source_name is not None:
        rows = len(next(iter(columns.values())))
        columns = {"source": [report.media.source_name] * rows, **columns}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*([_cell(v) for v in values] for values in columns.values()), strict=True))
    return text.getvalue()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
