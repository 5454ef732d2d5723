"""manifest.json: what a data set was made from, with what, and where."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evolvisense.batch.dataset import JSON_FOLDER, Dataset
from evolvisense.batch.plan import Entry
from evolvisense.batch.staging import storing
from evolvisense.report import LIMITS_NOTICE, SCHEMA_VERSION
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.options import AnalysisOptions

MANIFEST = "manifest.json"
FILES = "files.jsonl"
PACKAGES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "pyarrow", "ray")


def table_metadata(options: AnalysisOptions, models: Sequence[ModelIdentity]) -> dict[str, str]:
    """What each Parquet file says of itself: nothing that differs between two runs."""
    return {
        "evolvisense.schema_version": SCHEMA_VERSION,
        "evolvisense.producer_version": version("evolvisense"),
        "evolvisense.limits": LIMITS_NOTICE,
        "evolvisense.options": json.dumps(asdict(options)),
        "evolvisense.models": json.dumps([asdict(model) for model in models]),
    }


def content_of(
    entries: Iterable[Entry], metadata: Mapping[str, str], failed: Mapping[str, str]
) -> str:
    """sha256 of all that decides what is in the data set.

    `failed`: key -> code of the outcomes that are failures.
    """
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for entry in entries:
        code = entry.failure.code if entry.failure else failed.get(entry.key or "")
        digest.update(json.dumps([entry.file.name, entry.key, code]).encode())
    return digest.hexdigest()


def is_current(out: Path, content: str, *, keep_json: bool) -> bool:
    """Whether the data set of this content is there already."""
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        parts: dict[str, dict[str, Any]] = manifest["parts"]
        return (
            manifest["content"] == content
            and (not keep_json or (out / JSON_FOLDER).is_dir())
            and all((out / path).stat().st_size == facts["bytes"] for path, facts in parts.items())
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_manifest(
    out: Path,
    entries: Sequence[Entry],
    dataset: Dataset,
    *,
    content: str,
    options: AnalysisOptions,
    models: Sequence[ModelIdentity],
    engine: str,
) -> None:
    """Write it, and the list of the files. Raises StorageError or StorageFullError."""
    manifest = {
        "manifest_version": 1,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": content,
        "limits": LIMITS_NOTICE,
        "options": asdict(options),
        "models": [asdict(model) for model in models],
        "engine": engine,
        "providers": dataset.providers,
        "files": {
            "list": FILES,
            "named": len(entries),
            "failures": dataset.failures,
        },
        "parts": dataset.parts,
        "versions": _versions(),
        "machine": _machine(),
    }
    with storing():
        _write(out / FILES, "".join(_line(entry) for entry in entries))
        _write(out / MANIFEST, json.dumps(manifest, indent=2) + "\n")


def _line(entry: Entry) -> str:
    file = entry.file
    facts = {
        "file": file.name,
        "uri": file.uri,
        "size_bytes": file.size_bytes,
        "sha256": entry.sha256,
        "key": entry.key,
    }
    return json.dumps(facts, ensure_ascii=False) + "\n"


def _versions() -> dict[str, str]:
    found = {"evolvisense": version("evolvisense"), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # an extra, or another build of the same thing
    return found


def _machine() -> dict[str, Any]:
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "command": sys.argv[0].rsplit("/", 1)[-1],
    }


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
