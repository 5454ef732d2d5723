"""Peak resident memory of analysing ten seconds and ten minutes, each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import clip
from benchmarks.machine import Row
from trials.paths import ROOT
from trials.proc import status_mb

FRAME_SKIP, MAX_FRAMES = 10, 50


def measure(_rounds: int) -> tuple[dict[str, Any], list[Row]]:
    """Once: the peak hardly varies."""
    results: dict[str, Any] = {}
    rows: list[Row] = []
    for label, limit in (("defaults", MAX_FRAMES), ("no max_frames", None)):
        short = peak_mb(clip.ten_seconds(), limit)
        long = peak_mb(clip.ten_minutes(), limit)
        print(f"{label}: 10 s {short:.0f} MB, 10 min {long:.0f} MB, {long / short:.2f} x")
        results[label] = {"10 s": short, "10 min": long, "ratio": long / short}
        value = f"{long:.0f} MB, {long / short:.2f} x that of 10 s"
        target = "<= 1.2 x (an hour)"
        rows.append(Row(f"peak memory, 10 min of 720p, every 10th frame, {label}", value, target))
    return results, rows


def peak_mb(path: Path, max_frames: int | None) -> float:
    """Peak of a fresh interpreter that imports, loads the models and analyses one file."""
    command = [sys.executable, "-m", "benchmarks.memory", str(path), json.dumps(max_frames)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    from evolvisense import AnalysisOptions, Analyzer  # noqa: PLC0415 - the process measured

    options = AnalysisOptions(frame_skip=FRAME_SKIP, max_frames=json.loads(sys.argv[2]))
    Analyzer().analyze(sys.argv[1], options)
    # Not ru_maxrss: Linux carries the parent's peak over into it.
    print(status_mb("self", "VmHWM"))


if __name__ == "__main__":
    main()
