"""A report as the tables of a batch, each an Arrow IPC stream (pyarrow)."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from evolvisense.batch.outcome import TableName
from evolvisense.batch.summary import Kind, summary_row
from evolvisense.expression.network import MODEL_ID
from evolvisense.jobs.records import Failure
from evolvisense.models.spec import spec
from evolvisense.report import Report
from evolvisense.report.parquet import face_schema, to_arrow
from evolvisense.report.table import voice_columns
from evolvisense.report.voice_parts import VoiceColumns

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
    voice = [
        (_field(name, _voice_type(pa, name), _voice_meaning(name)), values)
        for name, values in voice_columns(report).items()
    ]
    summary = [
        (_field(cell.name, getattr(pa, ARROW_TYPES[cell.kind])(), cell.meaning), [cell.value])
        for cell in summary_row(report, sha256)
    ]
    return {
        "frames": _stream(to_arrow(report)),
        "voice": _stream(_table(voice)),
        "summary": _stream(_table(summary)),
    }


def failure_tables(failure: Failure, sha256: str | None) -> dict[TableName, bytes]:
    """`failures`, of one row; without a hash where the file could not even be read."""
    text = importlib.import_module("pyarrow").string()
    row = [
        (_field("sha256", text, "Of the file's content; null where it cannot be read."), [sha256]),
        (_field("code", text, "As in docs/errors.md."), [failure.code]),
        (_field("detail", text, "The same in a sentence."), [failure.detail]),
    ]
    return {"failures": _stream(_table(row))}


def empty_frames() -> Any:  # noqa: ANN401 - a pyarrow.Schema
    """Columns that `frames` has at least, those of all blendshapes and action units among them."""
    known = spec(MODEL_ID).parameters
    return face_schema((*known["actions"], *known.get("action_units", ())))


def _field(name: str, kind: Any, meaning: str) -> Any:  # noqa: ANN401 - of pyarrow
    pa = importlib.import_module("pyarrow")
    return pa.field(name, kind, metadata={"description": meaning})


def _table(columns: Sequence[tuple[Any, Any]]) -> Any:  # noqa: ANN401 - a pyarrow.Table
    """Of fields with their values; NaN becomes null."""
    pa = importlib.import_module("pyarrow")
    arrays = [pa.array(values, field.type, from_pandas=True) for field, values in columns]
    return pa.Table.from_arrays(arrays, schema=pa.schema([field for field, _ in columns]))


def _voice_meaning(name: str) -> str:
    if name in VoiceColumns.model_fields:
        return VoiceColumns.model_fields[name].description or ""
    return "Whether the step lies in a stretch of speech."


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
