"""python -m benchmarks.scaling [--files N] [NAME ...]: a corpus, here, on Ray and in DeepFace.

Prints one table; also written: benchmarks/.work/scaling/results.json. Nothing else should be
running on the machine. `ray` wants pip install "evolvisense[ray]", and `deepface`
make .venv-deepface/.installed.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from typing import Any

from benchmarks.machine import Row, machine, markdown
from benchmarks.scaling.corpus import FOLDER

NAMES = ("local", "ray", "deepface")
FILES = 320


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--files", type=int, default=FILES, help="of the corpus")
    options = parser.parse_args()
    names: list[str] = options.names or list(NAMES)
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    facts = machine()
    rows: list[Row] = []
    results: dict[str, Any] = {"machine": facts, "files": options.files}
    for name in names:
        print(f"\n## {name}", flush=True)
        results[name], more = import_module(f"benchmarks.scaling.{name}").measure(options.files)
        for row in more:
            print(f"{row.what}: {row.value}", flush=True)
        rows += more
    path = FOLDER / "results.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\n{markdown(facts, rows)}\n\nwritten: {path}")


if __name__ == "__main__":
    main()
