"""A report as the tables of a batch, each an Arrow IPC stream (pyarrow)."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping
from typing import Any

from evolvisense.batch.outcome import TableName
from evolvisense.batch.summary import Kind, summary_row
from evolvisense.jobs.records import Failure
from evolvisense.report import Report
from evolvisense.report.parquet import to_arrow
from evolvisense.report.table import voice_columns

ARROW_TYPES: Mapping[Kind, str] = {
    "number": "float64",
    "integer": "int64",
    "boolean": "bool_",
    "text": "string",
}


def analysis_tables(report: Report, sha256: str) -> dict[TableName, bytes]:
    """`frames` (one row for each face and frame), `voice` (one for each step) and `summary` (one).

    `sha256` is that of the file.
    """
    pa = importlib.import_module("pyarrow")
    voice = {
        name: pa.array(values, _voice_type(pa, name), from_pandas=True)
        for name, values in voice_columns(report).items()
    }
    cells = summary_row(report, sha256)
    summary = {
        cell.name: pa.array([cell.value], getattr(pa, ARROW_TYPES[cell.kind])()) for cell in cells
    }
    return {
        "frames": _stream(to_arrow(report)),
        "voice": _stream(pa.table(voice)),
        "summary": _stream(pa.table(summary)),
    }


def failure_tables(failure: Failure, sha256: str | None) -> dict[TableName, bytes]:
    """`failures`, of one row; without a hash where the file could not even be read."""
    pa = importlib.import_module("pyarrow")
    row = {"sha256": sha256, "code": failure.code, "detail": failure.detail}
    return {"failures": _stream(pa.table({k: pa.array([v], pa.string()) for k, v in row.items()}))}


def _voice_type(pa: Any, name: str) -> Any:  # noqa: ANN401 - pyarrow comes without types
    if name == "is_speech":
        return pa.bool_()
    return pa.float64() if name == "time_s" else pa.float32()


def _stream(table: Any) -> bytes:  # noqa: ANN401 - a pyarrow.Table
    ipc = importlib.import_module("pyarrow.ipc")
    file = io.BytesIO()
    with ipc.new_stream(file, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as out:
        out.write_table(table)
    return file.getvalue()
