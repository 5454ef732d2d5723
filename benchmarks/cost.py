"""What a minute of video costs: CPU seconds, bytes of its report, of its Parquet and of its rows.

CPU seconds (user and system, of this process alone) grow little with other work on the machine;
elapsed seconds do. Everything is loaded and called once before.

    python -m benchmarks cost
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import clip
from benchmarks.end_to_end import decode
from benchmarks.machine import Row
from evolvisense import AnalysisOptions, Analyzer
from evolvisense.report import to_json, to_parquet
from evolvisense.report.schema import Report
from trials.proc import status_mb

SHA256 = "0" * 64
CASES = {
    "every 10th frame": AnalysisOptions(frame_skip=10),
    "every frame": AnalysisOptions(),
    "every 10th frame, no voice": AnalysisOptions(frame_skip=10, voice=False),
}


def measure(rounds: int) -> tuple[dict[str, Any], list[Row]]:
    path = clip.one_minute()
    analyzer = Analyzer()
    runs: dict[str, Callable[[], Any]] = {
        "decoding alone": lambda: decode(path, sound=True),
        **{name: lambda options=o: analyzer.analyze(path, options) for name, o in CASES.items()},
    }
    reports: dict[str, Report] = {}
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            seconds, found = _spent(run)
            if turn > 0:  # the first time loads
                spent[name].append(seconds)
            if isinstance(found, Report):
                reports[name] = found
    results: dict[str, Any] = {"upload_mb": path.stat().st_size / 1e6}
    rows = [Row("upload, 1280x720 VP8 at 30 fps, MB a minute", f"{results['upload_mb']:.1f}")]
    for name, samples in spent.items():
        cpu = [one[0] for one in samples]
        elapsed = [one[1] for one in samples]
        results[name] = {"cpu_s": cpu, "elapsed_s": elapsed}
        rows.append(
            Row(
                f"{name}: CPU seconds for a minute of video",
                f"{statistics.median(cpu):.1f} ({min(cpu):.1f} to {max(cpu):.1f}); "
                f"elapsed {statistics.median(elapsed):.1f}",
            )
        )
    for name, report in reports.items():
        json_kb = len(to_json(report).encode()) / 1e3
        parquet_kb = len(to_parquet(report, media_sha256=SHA256)) / 1e3
        results[name] |= {"json_kb": json_kb, "parquet_kb": parquet_kb}
        rows.append(
            Row(f"{name}: report, kB a minute", f"JSON {json_kb:.0f}, Parquet {parquet_kb:.0f}")
        )
    results["peak_mb"] = status_mb("self", "VmHWM")
    rows.append(Row("memory of the process, most, MB", f"{results['peak_mb']:.0f}"))
    for row in rows:
        print(f"{row.what}: {row.value}", flush=True)
    return results, rows


def _spent(run: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """CPU seconds and elapsed seconds, and what came out."""
    cpu_s, elapsed_s = time.process_time(), time.perf_counter()
    found = run()
    return (time.process_time() - cpu_s, time.perf_counter() - elapsed_s), found
