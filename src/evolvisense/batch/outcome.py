"""What became of one file: its tables, or why there are none. Packed, it is one zip file."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Self, get_args

from evolvisense.jobs.records import Failure

TableName = Literal["frames", "voice", "summary", "failures"]
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
                packed.writestr(name + STREAM_SUFFIX, stream)
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
