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

from evolvisense.media.descriptors import DescriptorFile
from evolvisense.sandbox import ChildChannel

TARGET = "tests.factory.batch_child:serve"
TRIED = "EVOLVISENSE_TEST_TRIED"
"""Names a folder in which it notes the files that it has begun with `crash`."""
BROKEN = "tests.factory.batch_child:serve_broken"


def serve(channel: ChildChannel) -> None:
    channel.event({"event": "ready"})
    for task in channel.tasks():
        told = task.message
        media, output = task.files
        tried = Path(os.environ[TRIED], told["file"]["name"]) if TRIED in os.environ else None
        match os.pread(media, 100, 0).decode().strip():
            case "crash" if tried is not None and not tried.exists():
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
        with zipfile.ZipFile(DescriptorFile(output), "w") as packed:
            packed.writestr("outcome.json", json.dumps(head))
        channel.result({})


def serve_broken(channel: ChildChannel) -> None:
    channel.event({"event": "broken", "detail": "a model is not there"})
