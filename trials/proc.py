"""Figures of Linux's /proc."""

from __future__ import annotations

from pathlib import Path


def status_mb(pid: int | str, name: str) -> float:
    """A memory figure of a process in MB (2**20): VmRSS now, VmHWM its peak."""
    return int((field(Path(f"/proc/{pid}/status"), name) or "0").split()[0]) / 1024


def process_tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def field(path: Path, name: str) -> str | None:
    """The first `name: value` of a file of /proc."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    found = (line.split(":", 1) for line in lines if ":" in line)
    return next((value.strip() for key, value in found if key.strip() == name), None)
