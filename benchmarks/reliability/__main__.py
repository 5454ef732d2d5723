"""python -m benchmarks.reliability [--quick] [NAME ...]: run trials, write docs/reliability.md.

Each trial keeps its rows in benchmarks/.work/reliability/results, so that one alone can be run
again: the page is written from all that are there. Nothing else should be running on the machine.
`--quick` tries everything in small numbers, apart from those results, and writes no page.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import asdict
from importlib import import_module
from types import ModuleType

from benchmarks.machine import machine
from benchmarks.reliability.page import PAGE, table, written
from trials.paths import WORK
from trials.rows import Row

NAMES = (
    "fuzz",
    "kill_worker",
    "kill_server",
    "disk_full",
    "clock_jump",
    "load",
    "slow_upload",
    "soak",
    "latency",
    "clients",
)
MEASURED = ("load", "soak", "latency")
FOLDER = WORK / "reliability"
RESULTS = FOLDER / "results"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="small numbers, no page")
    options = parser.parse_args()
    names: list[str] = options.names or list(NAMES)
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    held = True
    for name in names:
        print(f"\n## {name}", flush=True)
        rows = _run(name, quick=options.quick)
        print(table(rows), flush=True)
        held &= all(row.held for row in rows)
    if not options.quick:
        PAGE.write_text(written(RESULTS, NAMES))
        print(f"\nwritten: {PAGE}")
    sys.exit(0 if held else 1)


def _trial(name: str) -> ModuleType:
    """The trial that tests run too in small, or the one that only measures."""
    package = "benchmarks.reliability" if name in MEASURED else "trials"
    return import_module(f"{package}.{name}")


def _run(name: str, *, quick: bool) -> list[Row]:
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    facts, began_s = machine(), time.monotonic()
    rows: list[Row] = _trial(name).run(quick)
    result = {
        "name": name,
        "command": f"python -m benchmarks.reliability {name}",
        "machine": facts,
        "seconds": round(time.monotonic() - began_s),
        "rows": [asdict(row) for row in rows],
    }
    folder = FOLDER / "quick" if quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    return rows


if __name__ == "__main__":
    main()
