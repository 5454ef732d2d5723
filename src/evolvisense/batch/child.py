"""What a process of the local engine does; runs inside a sandbox.

It says `ready` once its models are loaded, or `broken`. The files of a task are the media and an
empty one, to which the outcome is written, packed; its result is empty.
"""

from __future__ import annotations

import time
from dataclasses import replace

from evolvisense.batch.engine import Task
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.work import FileAnalysis
from evolvisense.errors import EvolviSenseError, is_disk_full
from evolvisense.jobs.messages import STORAGE_FULL
from evolvisense.jobs.sandbox import ChildChannel
from evolvisense.jobs.sandbox import Task as SandboxTask
from evolvisense.media import DescriptorFile, descriptor_path
from evolvisense.types.options import AnalysisOptions

PULSE_S = 1.0


def serve(channel: ChildChannel) -> None:
    """Analyse until the parent closes the channel."""
    try:
        analysis = FileAnalysis()
    except EvolviSenseError as error:
        channel.event({"event": "broken", "detail": str(error)})
        return
    channel.event({"event": "ready"})
    for task in channel.tasks():
        try:
            outcome = analysis(_task(task), is_cancelled=_Pulse(channel, task))
            DescriptorFile(task.files[1]).write(outcome.pack())
            channel.result({})
        except EvolviSenseError as error:
            channel.error(error.code, str(error))
        except OSError as error:
            if not is_disk_full(error):
                raise
            channel.error(STORAGE_FULL, "the disk is full")


def _task(task: SandboxTask) -> Task:
    told = task.message
    return Task(
        file=replace(InputFile(**told["file"]), uri=str(descriptor_path(task.files[0]))),
        sha256=told["sha256"],
        key=told["key"],
        options=AnalysisOptions(**told["options"]),
        keep_json=told["keep_json"],
    )


class _Pulse:
    """Asked for every frame and block of sound; lets the parent know now and then."""

    def __init__(self, channel: ChildChannel, task: SandboxTask) -> None:
        self._channel, self._task = channel, task
        self._told_s = time.monotonic()

    def __call__(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._told_s >= PULSE_S:
            self._told_s = now_s
            self._channel.event({"event": "pulse"})
        return self._task.is_cancelled()
