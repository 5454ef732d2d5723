"""What the numbers were measured on, and the rows of the table."""

from __future__ import annotations

import datetime
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trials.proc import field

PACKAGES = ("evolvisense", "av", "numpy", "onnxruntime", "opencv-python-headless")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    target: str = ""


def machine() -> dict[str, Any]:
    """CPU, cores, memory, system, date, versions."""
    cpu = field(Path("/proc/cpuinfo"), "model name") or platform.processor()
    memory_kb = (field(Path("/proc/meminfo"), "MemTotal") or "0").split()[0]
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory_kb) / 2**20),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {name: version(name) for name in PACKAGES},
    }


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
