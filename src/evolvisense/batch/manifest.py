"""manifest.json: what a data set was made from, with what, and where."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evolvisense.atomic_file import atomic_write
from evolvisense.batch.dataset import Dataset
from evolvisense.batch.inputs import printable
from evolvisense.batch.plan import Entry, deciding_versions
from evolvisense.batch.staging import FILES, MANIFEST, storing
from evolvisense.batch.stores import sha256_of, without_secrets
from evolvisense.errors import FileUnreadableError
from evolvisense.options import AnalysisOptions
from evolvisense.report import LIMITS_NOTICE, SCHEMA_VERSION
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.job import Failure

CPU_FACTS = Path("/proc/cpuinfo")


def table_metadata(options: AnalysisOptions, models: Sequence[ModelIdentity]) -> dict[str, str]:
    """What each Parquet file says of itself: nothing that differs between two runs."""
    return {
        "evolvisense.schema_version": SCHEMA_VERSION,
        "evolvisense.producer_version": version("evolvisense"),
        "evolvisense.limits": LIMITS_NOTICE,
        "evolvisense.options": json.dumps(asdict(options)),
        "evolvisense.versions": json.dumps(deciding_versions()),
        "evolvisense.models": json.dumps([asdict(model) for model in models]),
    }


@dataclass(frozen=True)
class Contents:
    """All that decides what is in a data set."""

    entries: Sequence[Entry]
    failures: Mapping[str, Failure]
    """By name of the file."""
    reports: Mapping[str, str]
    """Name of a file -> path of its report under `out`, where reports are kept."""
    options: AnalysisOptions
    models: Sequence[ModelIdentity]

    @property
    def lines(self) -> str:
        """Of the list of files: one JSON object for each."""
        return "".join(self._line(entry) for entry in self.entries)

    @property
    def sha256(self) -> str:
        """Equal for the same list of files with the same ends, options, models and versions."""
        metadata = table_metadata(self.options, self.models)
        return hashlib.sha256((json.dumps(metadata) + self.lines).encode()).hexdigest()

    def _line(self, entry: Entry) -> str:
        file = entry.file
        failure = self.failures.get(file.name)
        facts = {
            "file": file.name,
            "uri": printable(without_secrets(file.uri)),
            "size_bytes": file.size_bytes,
            "sha256": entry.sha256,
            "key": entry.key,
            "failure": None if failure is None else failure.code,
            "report": self.reports.get(file.name),
        }
        return json.dumps(facts, ensure_ascii=False) + "\n"


def is_current(out: Path, contents: Contents) -> bool:
    """Whether the data set of these contents is there already, and whole."""
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        parts: dict[str, dict[str, Any]] = manifest["parts"]
        return (
            manifest["content"] == contents.sha256
            and (out / FILES).read_text("utf-8") == contents.lines
            and all((out / path).is_file() for path in contents.reports.values())
            and all(sha256_of(str(out / path)) == facts["sha256"] for path, facts in parts.items())
        )
    except (OSError, ValueError, KeyError, TypeError, FileUnreadableError):
        return False


def write_manifest(out: Path, contents: Contents, dataset: Dataset, *, engine: str) -> None:
    """Write it, and the list of the files. Raises StorageError or StorageFullError."""
    manifest = {
        "manifest_version": 1,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": contents.sha256,
        "limits": LIMITS_NOTICE,
        "options": asdict(contents.options),
        "models": [asdict(model) for model in contents.models],
        "engine": engine,
        "providers": dataset.providers,
        "hosts": dataset.hosts,
        "files": {
            "list": FILES,
            "named": len(contents.entries),
            "failures": dataset.failures,
        },
        "parts": dataset.parts,
        "versions": _versions(),
        "machine": _machine(),
    }
    with storing():
        _write(out / FILES, contents.lines)
        _write(out / MANIFEST, json.dumps(manifest, indent=2) + "\n")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), **deciding_versions()}
    with suppress(PackageNotFoundError):  # an extra
        found["ray"] = version("ray")
    return found


def _machine() -> dict[str, Any]:
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "command": sys.argv[0].rsplit("/", 1)[-1],
    }


def _processor() -> str | None:
    """Its model as the kernel calls it; None where that is not told."""
    for line in CPU_FACTS.read_text("utf-8").splitlines() if CPU_FACTS.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return None


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text.encode())
