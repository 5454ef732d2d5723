"""What is said over `WS /v1/live`; the same for people: `docs/live.md`.

The client speaks first, within ten seconds: one JSON text, `Configure`. The server answers
`Configured`. From then on the client sends binary messages:

    byte 0      kind: 0x01 a picture, 0x02 sound
    bytes 1-8   float64, big-endian: when it was taken (sound: its first sample), in seconds of any
                clock that both kinds share, such as `performance.now() / 1000`
    bytes 9-    picture: a JPEG, PNG or WebP file; sound: the announced samples

Pictures are counted from 1 as they arrive: `seq`. Each gets exactly one message: `FrameMessage`,
`Dropped`, or `Problem` with its `seq`. Sound gets none of its own; where no picture carries the
voice to the client for half a second, `VoiceMessage` does.

A `Problem` with `fatal: true` is the last message; the close code follows:

    1008  the first message is missing or wrong, no right to be here, idle, too many problems
    1009  a message is larger than allowed
    1011  the fault is here
    1013  all streams are taken: try again later
"""

from __future__ import annotations

import math
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import WebSocket
from pydantic import BaseModel, ConfigDict, Field

from evolvisense.options import Smoothing
from evolvisense.types.behaviour import Uncertainty
from evolvisense.types.scores import Emotion

POLICY, TOO_BIG, INTERNAL, TRY_AGAIN = 1008, 1009, 1011, 1013
"""Close codes (RFC 6455, section 7.4; 1013 is IANA's)."""

PICTURE, SOUND = 0x01, 0x02
HEADER = struct.Struct(">Bd")
SAMPLE_BYTES = 2
MAX_CONFIGURE_BYTES = 16 * 1024

BAD_MESSAGE = "bad_message"
INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True)
class LiveSettings:
    """What live streams may take; the defaults are the server's."""

    max_streams: int = 8
    """At the same time, of both kinds together."""
    max_streams_each: int = 8
    """Of those, how many one key or address may have."""
    max_fps: float = 15.0
    """Pictures a second that are analysed of one stream at most."""
    idle_s: float = 30.0
    """A client that sends nothing, or takes nothing, for so long is left."""
    max_frame_bytes: int = 2 * 1024**2
    """Of one picture file."""
    max_pixels: int = 3840 * 2160
    """Of one picture."""
    max_message_bytes: int = 4 * 1024**2
    """Of one WebSocket message; base64 makes a picture a third larger."""


@dataclass(frozen=True)
class Opening:
    """What a client shows before its stream begins."""

    api_key: str | None = None
    """Of the first message: browsers cannot send headers with a WebSocket."""
    terms: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """`consent` and `purpose` of the first message, unread, where they are given."""


Authorize = Callable[[WebSocket, Opening], Awaitable[str]]
"""Lets a client in or raises: EndOfStreamError, BusyError (1013) or another EvolviSenseError
(1008)."""


class EndOfStreamError(Exception):
    """The stream ends with this close code."""

    def __init__(self, close_code: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.close_code, self.code, self.detail = close_code, code, detail


class PassingError(Exception):
    """One message cannot be worked on; the stream goes on."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class OurFaultError(PassingError):
    """The same where the client could do nothing better."""


@dataclass(frozen=True)
class Binary:
    """A binary message."""

    kind: Literal["picture", "sound"]
    time_s: float
    payload: bytes


def parse_binary(message: bytes) -> Binary:
    """The parts of a binary message. Raises PassingError."""
    if len(message) <= HEADER.size:
        raise PassingError(
            BAD_MESSAGE, f"a binary message is {HEADER.size} bytes of header and what follows"
        )
    kind, time_s = HEADER.unpack_from(message)
    if kind not in (PICTURE, SOUND):
        raise PassingError(BAD_MESSAGE, f"kind 0x{kind:02x} is unknown; 0x01 picture, 0x02 sound")
    if not math.isfinite(time_s):
        raise PassingError(BAD_MESSAGE, "the time is no number; float64, big-endian, seconds")
    return Binary("picture" if kind == PICTURE else "sound", time_s, message[HEADER.size :])


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _FromClient(_Part):
    model_config = ConfigDict(strict=True)  # JSON `true` is not 1


class AudioFormat(_FromClient):
    """How sound will come: mono samples, little-endian."""

    rate_hz: Annotated[int, Field(ge=8_000, le=48_000)] = 16_000
    encoding: Literal["pcm16"] = "pcm16"


class Configure(_FromClient):
    """The first message of the client."""

    type: Literal["configure"]
    audio: AudioFormat | None = Field(default=None, description="null: no sound will come.")
    max_fps: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Pictures a second that are wanted."
    )
    smoothing: Smoothing = Field(default="one-euro", description="As in the report; or `off`.")
    language: Any = Field(
        default=None, deprecated=True, description="Ignored: no live measure depends on it."
    )
    api_key: str | None = Field(default=None, max_length=512)
    consent: Any = Field(default=None, description="Where the server asks for it.")
    purpose: Any = Field(default=None, description="Where the server asks for it.")

    @property
    def opening(self) -> Opening:
        """What decides whether the client may come in."""
        terms = {"consent": self.consent, "purpose": self.purpose}
        given = {name: value for name, value in terms.items() if value is not None}
        return Opening(self.api_key, given)


class ModelOfStream(_Part):
    """A model or method that takes part."""

    id: str
    version: str
    licence: str
    sha256: str | None


class Configured(_Part):
    """The stream is open."""

    type: Literal["configured"] = "configured"
    session: str
    max_fps: float = Field(description="Pictures a second that are analysed at most.")
    audio: AudioFormat | None
    smoothing: Smoothing
    idle_s: float
    max_frame_bytes: int
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")
    models: list[ModelOfStream]


class Pose(_Part):
    """Of the head before the camera."""

    pitch_deg: float
    yaw_deg: float
    roll_deg: float


class FaceNow(_Part):
    """One face of a picture; fields as in the report's timeline."""

    track_id: int = Field(description="Stable while the face is followed.")
    box: tuple[float, float, float, float] = Field(
        description="Left, top, right, bottom in pixels of the picture."
    )
    presence: float = Field(description="How sure the network is of the face, 0-1.")
    is_main: bool = Field(description="The one seen longest and largest so far.")
    probabilities: dict[Emotion, float] = Field(description="They sum to 1.")
    uncertain: Uncertainty = Field(
        description="Why the expression should not be read; empty where it may."
    )
    actions: dict[str, float] = Field(description="The 52 facial actions, 0-1.")
    smile: float
    eye_openness: float
    mouth_opening: float
    pose: Pose


class VoiceWindow(_Part):
    """The voice of the last `window_s`; a measure is null exactly where `absent` says why."""

    window_s: float
    heard_s: float
    voiced_s: float
    speaking: bool | None
    speech_share: float | None
    f0_median_hz: float | None
    f0_level_st: float | None
    f0_sd_st: float | None
    level_dbfs: float | None
    absent: dict[str, Literal["too_little_sound", "too_little_voiced_speech"]]


VoiceAbsentReason = Literal["not_configured", "no_recent_sound", "not_analysed_yet"]


class FrameMessage(_Part):
    """What one picture shows, and the voice around it."""

    type: Literal["frame"] = "frame"
    seq: int
    time_s: float
    width_px: int
    height_px: int
    faces: list[FaceNow] = Field(description="Empty where nobody was found.")
    voice: VoiceWindow | None
    voice_absent_reason: VoiceAbsentReason | None
    dropped: int = Field(description="Pictures of this stream that were not analysed so far.")


class VoiceMessage(_Part):
    """The voice where no picture came with it."""

    type: Literal["voice"] = "voice"
    time_s: float
    voice: VoiceWindow | None
    voice_absent_reason: VoiceAbsentReason | None


class Dropped(_Part):
    """A picture that is not analysed."""

    type: Literal["dropped"] = "dropped"
    seq: int
    reason: Literal["too_fast", "busy"] = Field(
        description="`too_fast`: it came sooner than `max_fps` allows; `busy`: a newer one came "
        "before its turn."
    )


class Problem(_Part):
    """An error; the last message where it is fatal."""

    type: Literal["error"] = "error"
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="For people.")
    fatal: bool
    seq: int | None = Field(description="The picture that gets no other answer; or null.")
