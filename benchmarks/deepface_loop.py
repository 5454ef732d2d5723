"""The first service's loop over DeepFace, timed in DeepFace's own environment.

Builds the model, reads one frame to warm up, and then answers each line of standard input,
"FRAME_SKIP MAX_FRAMES VIDEO", with the seconds of one whole run as a line of JSON:
python -m benchmarks.deepface_loop VIDEO DEEPFACE_HOME
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

from trials import deepface_weights


def analyse(deepface: Any, frame: Any) -> None:
    deepface.analyze(
        frame,
        actions=["emotion"],
        enforce_detection=False,
        detector_backend="opencv",
        silent=True,
    )


def loop(deepface: Any, video: str, frame_skip: int, max_frames: int) -> int:
    """Analysed frames: every `frame_skip`-th of all that are read, until `max_frames` of them."""
    capture = cv2.VideoCapture(video)
    number = analysed = 0
    while analysed < max_frames:
        read, frame = capture.read()
        if not read:
            break
        number += 1
        if number % frame_skip == 0:
            analyse(deepface, frame)
            analysed += 1
    capture.release()
    return analysed


def main() -> None:
    video, home = sys.argv[1], Path(sys.argv[2])
    os.environ["DEEPFACE_HOME"] = str(home)
    if not (home / ".deepface" / "weights" / deepface_weights.FILE_NAME).is_file():
        raise SystemExit(f"no weights in {home}: run python -m trials.deepface_weights first")
    deepface: Any = import_module("deepface.DeepFace")
    backend: Any = import_module("deepface.commons.backend_utils")
    _, first = cv2.VideoCapture(video).read()
    analyse(deepface, first)
    names = ("deepface", "tensorflow", "tf-keras", "opencv-python-headless")
    ready = {
        "backend": backend.get_backend_engine(),
        "detector": "opencv",
        "versions": {name: version(name) for name in names},
    }
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        frame_skip, max_frames, path = line.rstrip("\n").split(" ", 2)
        started = time.perf_counter()
        frames = loop(deepface, path, int(frame_skip), int(max_frames))
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "frames": frames}), flush=True)


if __name__ == "__main__":
    main()
