"""The outcome of one file: its tables (Arrow IPC streams), or why there are none.

Packed, an outcome is one zip file.
"""

from __future__ import annotations

import importlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, get_args

from evolvisense.face.network import MODEL_ID
from evolvisense.models.registry import spec
from evolvisense.report import Report
from evolvisense.report.recording import Cell, Kind, recording_row
from evolvisense.report.statistics import person_columns, person_rows, quantity_names
from evolvisense.report.tables import face_schema, to_arrow, voice_columns
from evolvisense.report.voice_parts import VoiceColumns
from evolvisense.types.job import Failure

ARROW_TYPES: Mapping[Kind, str] = {
    "number": "float64",
    "integer": "int64",
    "boolean": "bool_",
    "text": "string",
}


def analysis_tables(report: Report, sha256: str) -> dict[TableName, bytes]:
    """`frames` (one row for each face and frame), `voice` (one for each step), `people` (one for
    each person) and `summary` (one).

    `sha256` is that of the file.
    """
    pa = importlib.import_module("pyarrow")
    voice = [
        (_field(name, _voice_type(pa, name), _voice_meaning(name)), values)
        for name, values in voice_columns(report).items()
    ]
    head = Cell("sha256", "text", sha256, "Of the file's content.")
    people = [[head, *row] for row in person_rows(report)]
    person = [head, *person_columns(quantity_names(report.people))]
    row = [head, *recording_row(report)]
    return {
        "frames": _stream(to_arrow(report)),
        "voice": _stream(_table(voice)),
        "people": _stream(_cells_table(person, people)),
        "summary": _stream(_cells_table(row, [row])),
    }


def _cells_table(columns: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> Any:  # noqa: ANN401
    """A pyarrow.Table of rows of cells."""
    pa = importlib.import_module("pyarrow")
    return _table(
        [
            (
                _field(column.name, getattr(pa, ARROW_TYPES[column.kind])(), column.meaning),
                [row[i].value for row in rows],
            )
            for i, column in enumerate(columns)
        ]
    )


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


TableName = Literal["frames", "voice", "people", "summary", "failures"]
TABLES: tuple[TableName, ...] = get_args(TableName)

HEAD = "outcome.json"
REPORT = "report.json"
STREAM_SUFFIX = ".arrow"
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    TypeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a zip file raises where bytes of it are others than were written."""


@dataclass(frozen=True)
class Outcome:
    """The end of one task."""

    key: str
    """Of the task."""
    name: str
    """Of the task's file; other files of the same content have the same outcome."""
    sha256: str
    tables: Mapping[TableName, bytes] = field(repr=False)
    """Arrow IPC streams without the column `file`; `failures` where the file failed, the others
    where it did not."""
    failure: Failure | None = None
    report_json: bytes | None = field(default=None, repr=False)
    seconds: float = 0.0
    """Wall time of the analysis."""
    media_s: float = 0.0
    """Length of the video."""
    provider: str = ""
    """Of ONNX Runtime, as in `CPUExecutionProvider`; "" where nothing was analysed."""
    host: str = ""
    """Name of the machine that did the work; "" where it has not begun."""

    def pack(self) -> bytes:
        """The outcome as a zip file; its members carry check sums."""
        head = {
            "key": self.key,
            "name": self.name,
            "sha256": self.sha256,
            "failure": None if self.failure is None else vars(self.failure),
            "seconds": self.seconds,
            "media_s": self.media_s,
            "provider": self.provider,
            "host": self.host,
            "tables": list(self.tables),
            "has_report": self.report_json is not None,
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr(HEAD, json.dumps(head))
            for name, stream in self.tables.items():
                # The columns of `people` are many, and each names itself: a tenth when deflated.
                packing = zipfile.ZIP_DEFLATED if name == "people" else zipfile.ZIP_STORED
                packed.writestr(name + STREAM_SUFFIX, stream, packing)
            if self.report_json is not None:
                packed.writestr(REPORT, self.report_json, zipfile.ZIP_DEFLATED)
        return file.getvalue()

    @classmethod
    def unpack(cls, content: bytes) -> Self:
        """The outcome of `pack`. Raises ValueError where the content is none."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                head = json.loads(packed.read(HEAD))
                return cls(
                    key=str(head["key"]),
                    name=str(head["name"]),
                    sha256=str(head["sha256"]),
                    tables={
                        name: packed.read(name + STREAM_SUFFIX)
                        for name in TABLES
                        if name in head["tables"]
                    },
                    failure=None if head["failure"] is None else Failure(**head["failure"]),
                    report_json=packed.read(REPORT) if head["has_report"] else None,
                    seconds=float(head["seconds"]),
                    media_s=float(head["media_s"]),
                    provider=str(head["provider"]),
                    host=str(head["host"]),
                )
        except DAMAGED as error:
            raise ValueError(f"this is no packed outcome: {error}") from error


class Head(NamedTuple):
    """What a packed outcome says of itself."""

    key: str
    failure: Failure | None
    has_report: bool

    @classmethod
    def of(cls, path: Path) -> Self:
        """Of a packed outcome, without reading its tables. Raises OSError or ValueError."""
        try:
            with zipfile.ZipFile(path) as packed:
                head = json.loads(packed.read(HEAD))
            failure = head["failure"]
            return cls(
                str(head["key"]),
                None if failure is None else Failure(**failure),
                bool(head["has_report"]),
            )
        except DAMAGED as error:
            raise ValueError(f"this is no packed outcome: {error}") from error


def table_streams(path: Path) -> Iterator[tuple[TableName, bytes]]:
    """The tables of a packed outcome one after the other.

    Each is read to its end, for only then its check sum is looked at. Raises OSError or ValueError.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            tables = json.loads(packed.read(HEAD))["tables"]
            for name in TABLES:
                if name in tables:
                    yield name, packed.read(name + STREAM_SUFFIX)
    except DAMAGED as error:
        raise ValueError(f"this is no packed outcome: {error}") from error
