"""A part of the corpus in a loop over DeepFace, and by `evolvisense batch`, in one run.

Both from the start of their process; DeepFace's is started once and keeps its model. The loop reads
pictures alone, on both cores; the batch reads the voice too and writes its tables.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks.deepface_process import deepface_loop
from benchmarks.machine import Row
from benchmarks.scaling.commands import run_batch
from benchmarks.scaling.corpus import FOLDER, corpus, sample
from benchmarks.scaling.local import figures

FILES = 48
EVERY = (1, 10)
ALL = 10**6


def measure(files: int) -> tuple[dict[str, Any], list[Row]]:
    paths = sample(corpus(files), FILES)
    inputs = [str(path) for path in paths]
    results: dict[str, Any] = {}
    rows: list[Row] = []
    began_s = time.perf_counter()
    with deepface_loop(paths[0]) as deepface:
        if deepface is None:
            return {}, [Row("DeepFace", "not measured: make .venv-deepface/.installed")]
        start_s = time.perf_counter() - began_s
        for every in EVERY:
            out = FOLDER / f"part-{every}"
            ours = run_batch(inputs, out, "--workers", "2", "--frame-skip", str(every))
            seconds = start_s + sum(deepface.run(every, ALL, path) for path in paths)
            rate = 60 * len(paths) / seconds
            results[f"every {every}"] = {
                "ours": figures(ours),
                "deepface_s": seconds,
                "of_it_start_s": start_s,
            }
            what = "every frame" if every == 1 else f"every {every}th frame"
            rows.append(
                Row(
                    f"{len(paths)} files of it, {what}: batch of 2 workers against DeepFace",
                    f"{ours.files_per_min:.0f} against {rate:.1f} files a minute: "
                    f"{ours.files_per_min / rate:.1f} x ({ours.seconds:.0f} s, {seconds:.0f} s)",
                )
            )
    return results, rows
