"""docs/reliability.md, out of the results of all trials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trials.paths import ROOT
from trials.rows import Row

PAGE = ROOT / "docs" / "reliability.md"
HEAD = """# Reliability

What was done to a running server, how often, and what was lost. Written by
`python -m benchmarks.reliability`; the trials are in `trials/` and `benchmarks/reliability/`,
smaller versions of them run with the tests (`tests/reliability/`). Each trial starts
`evolvisense serve` in a process of its own, with two workers and the default settings unless a
line says otherwise. Damaged files come from a generator with a fixed seed and can be made again
by their number.
"""
TITLES = {
    "fuzz": "Damaged files",
    "kill_worker": "kill -9 of a worker",
    "kill_server": "kill -9 of the server",
    "disk_full": "Full disk",
    "clock_jump": "Clock jumps",
    "load": "200 clients at once",
    "slow_upload": "Slow clients",
    "soak": "Soak",
    "latency": "Latency",
    "clients": "Clients",
}


def written(results: Path, names: Sequence[str]) -> str:
    """The page; trials without a result are named as such."""
    parts = [HEAD]
    for name in names:
        path = results / f"{name}.json"
        found = json.loads(path.read_text()) if path.is_file() else None
        body = "Not run yet." if found is None else f"{_line(found)}\n\n{table(_rows(found))}"
        parts.append(f"## {TITLES[name]}\n\n{body}\n")
    return "\n".join(parts)


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| what was tried | how often | what happened | lost |", "|---|---|---|---|"]
    for row in rows:
        mark = "" if row.held else "**NOT HELD**: "
        cells = (row.what, row.often, mark + row.seen, row.lost)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def _rows(found: dict[str, Any]) -> list[Row]:
    return [Row(**row) for row in found["rows"]]


def _line(found: dict[str, Any]) -> str:
    """When, on what, by which command."""
    facts = found["machine"]
    versions = facts["versions"]
    return (
        f"`{found['command']}`, {facts['date']}, {found['seconds']} s, on {facts['cores']} cores "
        f"of {facts['cpu']}, {facts['memory_gb']} GB, {facts['system']}; "
        f"load before: {facts['load_before']}; "
        f"evolvisense {versions['evolvisense']}, av {versions['av']}."
    )
