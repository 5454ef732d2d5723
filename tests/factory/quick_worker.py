"""A worker that looks at no video: what the file says is what happens.

`refuse` fails, `wait` goes on once there is a file `go` in the folder EVOLVISENSE_TEST_QUICK; all
else succeeds at once with the report `report.json` of that folder.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from evolvisense.media.descriptors import DescriptorFile
from evolvisense.sandbox import ChildChannel

MODELS = [{"id": "none", "version": "1", "licence": "MIT", "sha256": None}]
TARGET = "tests.factory.quick_worker:serve"
GATE = "EVOLVISENSE_TEST_QUICK"


def serve(channel: ChildChannel) -> None:
    gate = Path(os.environ[GATE])
    channel.event({"event": "ready", "models": MODELS})
    for task in channel.tasks():
        media, output = task.files
        said = os.pread(media, 6, 0)
        if said == b"refuse":
            channel.error("not_a_video", "the file says so")
            continue
        percent = 0.0
        while said[:4] == b"wait" and not (gate / "go").exists() and not task.is_cancelled():
            percent = min(90.0, percent + 1)
            channel.event({"event": "progress", "stage": "analysing", "percent": percent})
            time.sleep(0.05)
        if task.is_cancelled():
            channel.error("cancelled", "stopped")
            continue
        DescriptorFile(output).write((gate / "report.json").read_bytes())
        channel.result({"timings_s": {}, "frames": 1})
