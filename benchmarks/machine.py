"""What the numbers were measured on, and the rows of the table."""

from __future__ import annotations

import datetime
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("evolvisense", "av", "numpy", "onnxruntime", "opencv-python-headless")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    target: str = ""


def machine() -> dict[str, Any]:
    """CPU, cores, memory, system, date, versions."""
    cpu = _field(Path("/proc/cpuinfo"), "model name") or platform.processor()
    memory_kb = (_field(Path("/proc/meminfo"), "MemTotal") or "0").split()[0]
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory_kb) / 2**20),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {name: version(name) for name in PACKAGES},
    }


def status_mb(pid: int | str, field: str) -> float:
    """A memory figure of a process in MB (2**20): VmRSS now, VmHWM its peak."""
    return int((_field(Path(f"/proc/{pid}/status"), field) or "0").split()[0]) / 1024


def process_tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def markdown(facts: dict[str, Any], rows: list[Row]) -> str:
    """The table for the README."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    lines = [
        f"Measured {facts['date']} on {facts['cores']} cores of {facts['cpu']}, "
        f"{facts['memory_gb']} GB, {facts['system']}; {versions}.",
        "",
        "| measure | result | target |",
        "|---|---|---|",
    ]
    return "\n".join(lines + [f"| {row.what} | {row.value} | {row.target} |" for row in rows])


def _field(path: Path, name: str) -> str | None:
    """The first `name: value` of a file of /proc."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    found = (line.split(":", 1) for line in lines if ":" in line)
    return next((value.strip() for key, value in found if key.strip() == name), None)
