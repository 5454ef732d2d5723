"""A process of the local engine without models: what the file says is what happens.

`crash` ends the process at the first try and `always` at each one, `hang` says nothing any more,
`pulse` works for long; all else fails as `not_a_video`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from evolvisense.batch.engine import Task
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.work import failed
from evolvisense.jobs.records import Failure
from evolvisense.jobs.sandbox import ChildChannel
from evolvisense.types.options import AnalysisOptions

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
        given = Task(
            InputFile(**told["file"]), told["sha256"], told["key"], AnalysisOptions(), False
        )
        outcome = failed(given, Failure("not_a_video", "the file says so"))
        Path(told["output"]).write_bytes(outcome.pack())
        channel.result({})


def serve_broken(channel: ChildChannel) -> None:
    channel.event({"event": "broken", "detail": "a model is not there"})
