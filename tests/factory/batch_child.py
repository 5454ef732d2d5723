"""A process of the local engine without models: what the file says is what happens.

`crash` ends the process at the first try and `always` at each one, `hang` says nothing any more,
`pulse` works for long; all else fails as `not_a_video`.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

from evolvisense.jobs.sandbox import ChildChannel

TARGET = "tests.factory.batch_child:serve"
BROKEN = "tests.factory.batch_child:serve_broken"


def serve(channel: ChildChannel) -> None:
    channel.event({"event": "ready"})
    for task in channel.tasks():
        told = task.message
        path = Path(told["file"]["uri"])
        tried = Path(told["output"] + ".tried")
        match path.read_text().strip():
            case "crash" if not tried.exists():
                tried.touch()
                os._exit(1)
            case "always":
                os._exit(1)
            case "hang":
                time.sleep(3600)
            case "pulse":
                while not task.is_cancelled():
                    channel.event({"event": "pulse"})
                    time.sleep(0.05)
                channel.error("cancelled", "stopped")
                continue
            case _:
                pass
        head = {
            "key": told["key"],
            "name": told["file"]["name"],
            "sha256": told["sha256"],
            "failure": {"code": "not_a_video", "detail": "the file says so"},
            "seconds": 0,
            "media_s": 0,
            "provider": "",
            "host": "",
            "tables": [],
            "has_report": False,
        }
        # What makes outcomes is not imported here: that takes long, with all that analyses.
        with zipfile.ZipFile(told["output"], "w") as packed:
            packed.writestr("outcome.json", json.dumps(head))
        channel.result({})


def serve_broken(channel: ChildChannel) -> None:
    channel.event({"event": "broken", "detail": "a model is not there"})
