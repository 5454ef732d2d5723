"""Finished outcomes become Parquet: the same bytes whoever made them, in whatever order.

out/frames/part-00000.parquet ...    one row for each face and frame
out/voice/...                        one row for each step of the voice
out/people/...                       one row for each person
out/summary/...                      one row for each file
out/failures/...                     one row for each file that could not be analysed
out/json/NAME.json                   reports, where they are kept
"""

from __future__ import annotations

import hashlib
import importlib
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evolvisense.batch.outcome import (
    TABLES,
    Outcome,
    TableName,
    empty_frames,
    failure_tables,
    table_streams,
)
from evolvisense.batch.plan import Entry
from evolvisense.batch.staging import Staging, replace, storing
from evolvisense.types.job import Failure

FILE_COLUMN = "file"
ROWS_PER_GROUP = 128 * 1024
ROWS_PER_PART = 1024 * 1024
"""A part ends with the file that passes it."""


@dataclass(frozen=True)
class Dataset:
    """What was written."""

    parts: Mapping[str, Mapping[str, Any]]
    """Path of each Parquet file under `out` -> its sha256, bytes and rows."""
    providers: Mapping[str, int]
    """Files for each execution provider that they were analysed with."""
    hosts: Mapping[str, int]
    """Files for each machine that they were analysed on."""
    failures: Mapping[str, int]
    """Files for each code of a failure."""


def write_dataset(
    entries: Sequence[Entry],
    staging: Staging,
    metadata: Mapping[str, str],
    reports: Mapping[str, str],
) -> Dataset:
    """Write the tables of all entries, in their order, in place of what a run has written there.

    One outcome and one row group are in memory at a time. `metadata` is written into each Parquet
    file; `reports`: name of a file -> path under `out` of its report, for those that are wanted.
    Raises StorageError or StorageFullError; what was there stays then.
    """
    new = staging.incoming / "dataset"
    with storing():
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        tables = _Tables(new, _schemas(entries, staging), metadata)
        seen = _Seen()
        for entry in entries:
            outcome = _outcome_of(entry, staging)
            seen.add(outcome)
            tables.add(entry.file.name, outcome)
            if outcome.report_json is not None and entry.file.name in reports:
                path = new / reports[entry.file.name]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(outcome.report_json)
        tables.close()
        parts = {
            str(path.relative_to(new)): _facts(path) for path in sorted(new.rglob("*.parquet"))
        }
        replace(staging, new)
        shutil.rmtree(new)
    return Dataset(
        parts,
        dict(sorted(seen.providers.items())),
        dict(sorted(seen.hosts.items())),
        dict(sorted(seen.failures.items())),
    )


@dataclass
class _Seen:
    providers: Counter[str] = field(default_factory=Counter[str])
    hosts: Counter[str] = field(default_factory=Counter[str])
    failures: Counter[str] = field(default_factory=Counter[str])

    def add(self, outcome: Outcome) -> None:
        if outcome.host:
            self.hosts[outcome.host] += 1
        if outcome.failure is None:
            self.providers[outcome.provider] += 1
        else:
            self.failures[outcome.failure.code] += 1


class _Tables:
    """The writers of all tables."""

    def __init__(
        self, folder: Path, schemas: Mapping[TableName, Any], metadata: Mapping[str, str]
    ) -> None:
        pa = importlib.import_module("pyarrow")
        self._file_field = pa.field(FILE_COLUMN, pa.string(), metadata={"description": "Its name."})
        self._writers = {
            name: _Writer(
                folder / name, pa.schema([self._file_field, *schema], metadata=dict(metadata))
            )
            for name, schema in schemas.items()
        }

    def add(self, name: str, outcome: Outcome) -> None:
        """Add the rows of one file."""
        pa = importlib.import_module("pyarrow")
        for table_name, stream in outcome.tables.items():
            table = pa.ipc.open_stream(stream).read_all()
            names = pa.repeat(pa.scalar(name, pa.string()), len(table))
            self._writers[table_name].add(table.add_column(0, self._file_field, names))

    def close(self) -> None:
        """Write what is held, and the ends of the files."""
        for writer in self._writers.values():
            writer.close()


class _Writer:
    """Parts of one table; each has the rows of whole files. A table without rows has one part."""

    def __init__(self, folder: Path, schema: Any) -> None:  # noqa: ANN401 - pyarrow.Schema
        folder.mkdir()
        self._folder, self._schema = folder, schema
        self._held: list[Any] = []
        self._held_rows = self._part_rows = self._parts = 0
        self._part: Any = None
        self._open_part()

    def add(self, table: Any) -> None:  # noqa: ANN401 - pyarrow.Table
        if self._part is None:
            self._open_part()
        self._held.append(_fitted(table, self._schema))
        self._held_rows += len(table)
        self._part_rows += len(table)
        if self._held_rows >= ROWS_PER_GROUP:
            self._write_group()
        if self._part_rows >= ROWS_PER_PART:
            self.close()

    def close(self) -> None:
        if self._part is not None:
            self._write_group()
            self._part.close()
            self._part = None

    def _open_part(self) -> None:
        path = self._folder / f"part-{self._parts:05d}.parquet"
        parquet = importlib.import_module("pyarrow.parquet")
        self._part = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._parts += 1
        self._part_rows = 0

    def _write_group(self) -> None:
        if self._held_rows:
            table = importlib.import_module("pyarrow").concat_tables(self._held).combine_chunks()
            self._part.write_table(table, row_group_size=len(table))
        self._held, self._held_rows = [], 0


def _fitted(table: Any, schema: Any) -> Any:  # noqa: ANN401 - of pyarrow
    """The table with all columns of the schema; null where the file has none of them."""
    pa = importlib.import_module("pyarrow")
    columns = [
        table.column(column.name)
        if column.name in table.column_names
        else pa.nulls(len(table), column.type)
        for column in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _schemas(entries: Iterable[Entry], staging: Staging) -> dict[TableName, Any]:
    """Columns of each table: of all files together, in the order in which they first appear.

    `frames` has a column for each facial action even where no file has a face.
    """
    pa = importlib.import_module("pyarrow")
    found: dict[TableName, Any] = {
        name: pa.ipc.open_stream(stream).schema
        for name, stream in failure_tables(Failure("", ""), None).items()
    }
    least: Mapping[TableName, Any] = {"frames": empty_frames()}
    keys: set[str] = set()
    for entry in entries:
        if entry.key is None or entry.key in keys:
            continue
        keys.add(entry.key)
        with staging.whole(entry.key) as path:
            for name, stream in table_streams(path):
                schema = pa.ipc.open_stream(stream).schema
                known = found.get(name, least.get(name, schema))
                found[name] = pa.unify_schemas([known, schema])
    return {name: found[name] for name in TABLES if name in found}


def _outcome_of(entry: Entry, staging: Staging) -> Outcome:
    if entry.key is not None:
        return staging.load(entry.key)
    assert entry.failure is not None  # noqa: S101 - an entry has one or the other
    return Outcome(
        "", entry.file.name, "", failure_tables(entry.failure, None), failure=entry.failure
    )


def _facts(path: Path) -> dict[str, Any]:
    parquet = importlib.import_module("pyarrow.parquet")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    rows = parquet.read_metadata(path).num_rows
    return {"sha256": sha256, "bytes": path.stat().st_size, "rows": rows}
