"""A process for live streams that does what the pictures say.

A picture's bytes are a command: `see` (one face), `none` (no face), `unheard` (sound is
behind), `bad`, `bug`, `die`, `lie`,
`hold:PATH` (make PATH.begun, wait until PATH
exists). Sound is counted. Sessions are forgotten with the process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from evolvisense.sandbox.child import ChildChannel, Task
from evolvisense.types.scores import EMOTIONS

MODEL = {"id": "scripted", "version": "1", "licence": "MIT", "sha256": None}
PROBABILITIES = dict(zip(EMOTIONS, (0.05, 0.05, 0.7, 0.05, 0.05, 0.05, 0.05), strict=True))


def serve(channel: ChildChannel) -> None:
    """Serve until the channel is closed."""
    channel.event({"event": "ready", "models": [MODEL]})
    sessions: set[str] = set()
    for task in channel.tasks():
        _answer(channel, task, sessions)


def broken(channel: ChildChannel) -> None:
    """Say that there are no models."""
    channel.event({"event": "broken", "code": "model_missing", "detail": "/secret/path"})


def _answer(channel: ChildChannel, task: Task, sessions: set[str]) -> None:
    message = task.message
    match message["do"]:
        case "open":
            sessions.add(message["session"])
            channel.result({})
        case "close":
            sessions.discard(message["session"])
            channel.result({})
        case "sound":
            end_s, length = message["pieces"][-1]
            assert sum(int(n) for _, n in message["pieces"]) == len(task.binary)
            channel.result({"time_s": end_s + length / 32_000, **_heard(len(task.binary) / 32_000)})
        case "picture":
            assert message["session"] in sessions
            _picture(channel, task.binary.decode(), message["time_s"])


def _picture(channel: ChildChannel, command: str, time_s: float) -> None:
    if command.startswith("hold:"):
        gate = Path(command.removeprefix("hold:"))
        gate.with_suffix(".begun").touch()
        while not gate.exists():
            time.sleep(0.005)
        command = "see"
    match command:
        case "see":
            channel.result({"frame": _frame(time_s, [FACE]), **NOT_HEARD})
        case "none":
            channel.result({"frame": _frame(time_s, []), **NOT_HEARD})
        case "unheard":
            behind = {"voice": None, "voice_absent_reason": "no_recent_sound"}
            channel.result({"frame": _frame(time_s, [FACE]), **behind})
        case "bad":
            channel.error("bad_picture", "the bytes are no picture")
        case "bug":
            channel.error("internal_error", "something went wrong here")
        case "lie":
            channel.result({"frame": {"faces": "many"}, **NOT_HEARD})
        case "die":
            os._exit(3)


NOT_HEARD = {"voice": None, "voice_absent_reason": "not_configured"}
FACE = {
    "track_id": 1,
    "box": [10.0, 10.0, 90.0, 90.0],
    "presence": 1.0,
    "is_main": True,
    "probabilities": PROBABILITIES,
    "uncertain": "",
    "actions": {"mouthSmileLeft": 0.5},
    "smile": 0.5,
    "eye_openness": 1.0,
    "mouth_opening": 0.1,
    "pose": {"pitch_deg": 0.0, "yaw_deg": 0.0, "roll_deg": 0.0},
}


def _frame(time_s: float, faces: list[dict[str, Any]]) -> dict[str, Any]:
    return {"time_s": time_s, "width_px": 100, "height_px": 100, "faces": faces}


def _heard(seconds: float) -> dict[str, Any]:
    missing = ("speaking", "speech_share", "f0_median_hz", "f0_level_st", "f0_sd_st", "level_dbfs")
    voice = {"window_s": 10.0, "heard_s": seconds, "voiced_s": 0.0, **dict.fromkeys(missing)}
    absent = dict.fromkeys(missing, "too_little_sound")
    return {"voice": {**voice, "absent": absent}, "voice_absent_reason": None}
