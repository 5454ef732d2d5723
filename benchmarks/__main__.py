"""python -m benchmarks [--rounds N] [NAME ...]: measure, print one table.

Also written: benchmarks/.work/results.json. Nothing else should be running on the machine.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from typing import Any

from benchmarks.machine import Row, machine, markdown
from trials.paths import WORK

NAMES = ("end_to_end", "face_network", "voice", "memory", "startup", "live", "cost")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=5, help="of end_to_end and startup")
    options = parser.parse_args()
    names: list[str] = options.names or list(NAMES)
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    facts = machine()
    rows: list[Row] = []
    results: dict[str, Any] = {"machine": facts}
    for name in names:
        print(f"\n## {name}", flush=True)
        results[name], more = import_module(f"benchmarks.{name}").measure(options.rounds)
        rows += more
    path = WORK / "results.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\n{markdown(facts, rows)}\n\nwritten: {path}")


if __name__ == "__main__":
    main()
