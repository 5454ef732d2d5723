"""The table of a report as Parquet: typed columns, and where they come from as metadata."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Sequence
from typing import Any

from evolvisense.errors import FormatUnavailableError
from evolvisense.report.schema import FaceTimeline, Person, Report
from evolvisense.report.table import (
    BASE_COLUMNS,
    BOOLEANS,
    INTEGERS,
    TEXTS,
    column_names,
    face_table,
)

PIP_COMMAND = 'pip install "evolvisense[parquet]"'

TIMES = frozenset({"time_s"})


def to_parquet(report: Report, *, media_sha256: str | None = None) -> bytes:
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


def to_arrow(report: Report) -> Any:  # noqa: ANN401 - pyarrow comes without types
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
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise FormatUnavailableError(
            f"Parquet is written by pyarrow, which is not installed: {PIP_COMMAND}"
        ) from error


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


def _metadata(report: Report, media_sha256: str | None) -> dict[str, str]:
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
