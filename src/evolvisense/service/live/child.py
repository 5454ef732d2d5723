"""What the process of the live streams does: one set of models, a session for each stream.

Runs inside a sandbox, one task after the other. A task is `{"do", "session", ...}`:

- `open` with `rate_hz` (int or null), `max_pixels`, `smoothing`: begins the session anew
- `picture` with `time_s`, the file as binary -> `{"frame", "voice", "voice_absent_reason"}`
- `sound` with `pieces`, pairs of time and bytes, the samples of all of them as binary
  -> `{"time_s", "voice", "voice_absent_reason"}`
- `close`
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from evolvisense.errors import EvolviSenseError
from evolvisense.live import LiveFace, LiveFrame, LiveSession
from evolvisense.models.engines import Engines
from evolvisense.sandbox.child import ChildChannel
from evolvisense.service.queue.messages import INTERNAL_ERROR
from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.live import VoiceNow

MAX_MOUTH_OPENING = 10.0
"""Landmarks that lead astray may lie with both eyes in one place; JSON knows no infinity."""

log = logging.getLogger(__name__)


def serve(channel: ChildChannel) -> None:
    """Serve all live streams until the parent closes the channel."""
    try:
        engines = Engines.load(voice_emotion=None)  # a live stream does not read it
    except EvolviSenseError as error:
        channel.event({"event": "broken", "code": error.code, "detail": str(error)})
        return
    channel.event({"event": "ready", "models": [asdict(m) for m in engines.models]})
    sessions = LiveSessions(engines)
    for task in channel.tasks():
        try:
            channel.result(sessions.do(task.message, task.binary))
        except EvolviSenseError as error:
            channel.error(error.code, str(error))
        except Exception:
            log.exception("unexpected error")
            channel.error(INTERNAL_ERROR, "something went wrong here")


class LiveSessions:
    """The sessions of all streams."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._sessions: dict[str, LiveSession] = {}

    def do(self, message: dict[str, Any], binary: bytes) -> dict[str, Any]:
        """The answer to one task. Raises BadImageError, FrameTooLargeError; the rest are bugs."""
        key = str(message["session"])
        match message["do"]:
            case "open":
                self._sessions[key] = LiveSession(
                    self._engines,
                    rate_hz=message["rate_hz"],
                    max_pixels=message["max_pixels"],
                    smoothing=message["smoothing"],
                )
                return {}
            case "picture":
                session, time_s = self._sessions[key], float(message["time_s"])
                frame = session.frame(binary, time_s)
                return {"frame": self._frame(frame), **_voice(session, time_s)}
            case "sound":
                return _sound(self._sessions[key], message["pieces"], binary)
            case "close":
                self._sessions.pop(key, None)
                return {}
            case unknown:
                raise ValueError(f"no task {unknown!r}")

    def _frame(self, frame: LiveFrame) -> dict[str, Any]:
        network = self._engines.network
        actions = () if network is None else network.layout.actions
        return {
            "time_s": frame.time_s,
            "width_px": frame.width_px,
            "height_px": frame.height_px,
            "faces": [_face(face, actions) for face in frame.faces],
        }


def _face(face: LiveFace, actions: tuple[str, ...]) -> dict[str, Any]:
    pitch, yaw, roll = (round(float(deg), 1) for deg in face.pose_deg)
    return {
        "track_id": face.track_id,
        "box": [round(edge, 1) for edge in face.box],
        "presence": round(face.presence, 4),
        "is_main": face.is_main,
        "probabilities": dict(zip(EMOTIONS, _rounded(face.probs.tolist()), strict=True)),
        "uncertain": face.uncertain,
        "actions": dict(zip(actions, _rounded(face.action.tolist()), strict=True)),
        "smile": round(face.smile, 4),
        "eye_openness": round(face.eye_openness, 4),
        "mouth_opening": round(min(face.mouth_opening, MAX_MOUTH_OPENING), 4),
        "pose": {"pitch_deg": pitch, "yaw_deg": yaw, "roll_deg": roll},
    }


def _sound(session: LiveSession, pieces: list[list[float]], pcm16: bytes) -> dict[str, Any]:
    first, end_s = 0, 0.0
    for time_s, length in pieces:
        last = first + int(length)
        end_s = session.sound(pcm16[first:last], time_s)
        first = last
    return {"time_s": end_s, **_voice(session, end_s)}


def _voice(session: LiveSession, time_s: float) -> dict[str, Any]:
    voice = session.voice(time_s)
    if not isinstance(voice, VoiceNow):
        return {"voice": None, "voice_absent_reason": voice}
    measures = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in asdict(voice).items()
    }
    return {"voice": measures, "voice_absent_reason": None}


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]
