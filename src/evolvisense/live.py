"""A live stream: picture by picture and sound as it comes, with what went before in mind.

picture --decode--> follow or detect faces --> tracks --> person ids --> smooth --> LiveFrame
sound   --> activity, pitch, level -----------------------------------> VoiceNow
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from evolvisense.errors import EngineUnavailableError
from evolvisense.face.behaviour import both_sides
from evolvisense.face.redetection import FrameFaces, TrackingReader
from evolvisense.face.smoothing import OneEuro, one_euro
from evolvisense.face.tracking import center_and_size, return_shifts
from evolvisense.face.uncertainty import uncertain
from evolvisense.media.images import decode_image
from evolvisense.models.engines import Engines
from evolvisense.options import Smoothing
from evolvisense.thresholds import DEFAULT_THRESHOLDS, SmoothingOptions, Thresholds
from evolvisense.types.arrays import F32, F64, I64
from evolvisense.types.behaviour import Uncertainty
from evolvisense.types.face import FaceGeometry
from evolvisense.types.timing import StageClock
from evolvisense.voice.live import RunningVoice, VoiceNow

SMOOTHING_S = 1.0
"""The 1-euro filter runs over so much of a face's past: at rest its memory is 0.1 s, so it has
forgotten where it began."""
MAIN_HALF_LIFE_S = 5.0
"""The main face is the one seen longest and largest; what was seen this long ago counts half."""
MOST_PEOPLE = 64
"""Of people who left, so many last seen are remembered."""
MAX_SOUND_GAP_S = 1.0
"""A longer hole or jump in the times of the sound begins a new voice."""
MAX_SOUND_AGE_S = 2.0
"""A voice is told with a picture that is no further from the end of the sound."""
PCM_SCALE = np.float32(1 / 32768)

VoiceAbsentReason = Literal["not_configured", "no_recent_sound"]


@dataclass(frozen=True)
class LiveFace:
    """One face of one picture."""

    track_id: int
    """1-based; the same for a face that comes back to its place, however long the gap."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the picture."""
    presence: float
    """How sure the network is that there is a face, 0-1."""
    is_main: bool
    """True for the one face of the picture that was seen longest and largest so far."""
    probs: F32
    """(7,) in the order of EMOTIONS; they sum to 1."""
    uncertain: Uncertainty
    """Why the expression should not be read; empty where it may."""
    action: F32
    """(52,), 0-1, in the order of the network's layout."""
    smile: float
    eye_openness: float
    mouth_opening: float
    """Gap between the inner lips over the distance between the eyes."""
    pose_deg: F32
    """(3,) pitch, yaw, roll."""


@dataclass(frozen=True)
class LiveFrame:
    """What one picture shows."""

    time_s: float
    width_px: int
    height_px: int
    faces: tuple[LiveFace, ...]
    """Empty where nobody was found."""

    @property
    def main(self) -> LiveFace | None:
        """The main face; None where nobody was found."""
        return next((face for face in self.faces if face.is_main), None)


class LiveSession:
    """One stream; used by one thread.

    Args:
        engines: Of an analyzer, `Analyzer().engines`, or from `Engines.load`; its expression
            engine must be a face network. Emotion in the voice is not read live.
        rate_hz: Sample rate of the sound; None where none will come.
        max_pixels: Larger images are refused.
        smoothing: Filter of the values.
        thresholds: Of speech segments, uncertainty and smoothing.

    Raises EngineUnavailableError where the engines have no face network.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        rate_hz: int | None,
        max_pixels: int,
        smoothing: Smoothing = "one-euro",
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
    ) -> None:
        if engines.network is None or engines.detector is None:
            raise EngineUnavailableError(
                f"a live stream needs a face network; {engines.expression.model.id} is not one"
            )
        self._engines, self._layout = engines, engines.network.layout
        self._rate_hz, self._max_pixels, self._thresholds = rate_hz, max_pixels, thresholds
        self._reader = TrackingReader(engines.detector, engines.network, StageClock())
        self._tracks = engines.tracker.start()
        self._people = _People()
        self._main = _MainFace()
        self._steady = _Steady(thresholds.smoothing) if smoothing == "one-euro" else None
        self._voice: RunningVoice | None = None
        self._sound_end_s = -np.inf

    def frame(self, picture: bytes, time_s: float) -> LiveFrame:
        """Read the next picture, a JPEG, PNG or WebP file taken at `time_s` of the sender's clock.

        Raises BadImageError or FrameTooLargeError; the stream goes on after them.
        """
        rgb = decode_image(picture, self._max_pixels)
        found = self._reader.read(time_s, rgb)
        boxes = found.detections.xyxy
        track_id = self._people.of(self._tracks.update(time_s, found.detections), boxes)
        main = self._main.choose(time_s, track_id, found.detections.xyxy)
        return LiveFrame(
            time_s, rgb.shape[1], rgb.shape[0], self._faces(time_s, found, track_id, main)
        )

    def sound(self, pcm16: bytes, time_s: float) -> float:
        """Take mono samples, 16-bit little-endian, the first taken at `time_s`; when they end.

        Raises ValueError where no sound was announced or half a sample came.
        """
        if self._rate_hz is None:
            raise ValueError("this stream has no sound")
        mono = np.frombuffer(pcm16, "<i2").astype(np.float32) * PCM_SCALE
        if self._voice is None or abs(time_s - self._sound_end_s) > MAX_SOUND_GAP_S:
            self._voice = RunningVoice(
                self._engines.activity, self._engines.pitch, self._rate_hz, self._thresholds.vad
            )
        self._voice.push(mono)
        self._sound_end_s = time_s + len(mono) / self._rate_hz
        return self._sound_end_s

    def voice(self, time_s: float) -> VoiceNow | VoiceAbsentReason:
        """The voice around `time_s`, or why there is none."""
        if self._rate_hz is None:
            return "not_configured"
        is_old = abs(time_s - self._sound_end_s) > MAX_SOUND_AGE_S
        return "no_recent_sound" if self._voice is None or is_old else self._voice.now()

    def _faces(
        self, time_s: float, found: FrameFaces, track_id: I64, main: int | None
    ) -> tuple[LiveFace, ...]:
        geometry, layout = cast("FaceGeometry", found.geometry), self._layout
        reasons = uncertain(
            found.probs,
            found.detections.score,
            found.quality,
            geometry,
            self._thresholds.uncertainty,
        )
        faces: list[LiveFace] = []
        rows = [
            _Row(time_s, probs, motion, pose_deg)
            for probs, motion, pose_deg in zip(
                found.probs,
                np.column_stack([geometry.action, geometry.mouth_gap]).astype(np.float32),
                geometry.pose_deg,
                strict=True,
            )
        ]
        ids: list[int] = track_id.tolist()
        steady = rows if self._steady is None else self._steady.push(time_s, ids, rows)
        for face, row in enumerate(steady):
            action = row.motion[:-1]
            left, top, right, bottom = found.detections.xyxy[face].tolist()
            faces.append(
                LiveFace(
                    track_id=ids[face],
                    box=(left, top, right, bottom),
                    presence=float(found.detections.score[face]),
                    is_main=ids[face] == main,
                    probs=row.probs,
                    uncertain=reasons[face],
                    action=action,
                    smile=float(both_sides(action[None], layout, "mouthSmile")[0]),
                    eye_openness=1 - float(both_sides(action[None], layout, "eyeBlink")[0]),
                    mouth_opening=float(row.motion[-1]),
                    pose_deg=row.pose_deg,
                )
            )
        return tuple(faces)


@dataclass(frozen=True)
class _Row:
    """What is smoothed of one face in one picture."""

    time_s: float
    probs: F32
    motion: F32
    """(53,): the actions and the gap of the mouth."""
    pose_deg: F32


class _Steady:
    """The 1-euro filter over the recent past of each face."""

    def __init__(self, options: SmoothingOptions) -> None:
        self._past: dict[int, list[_Row]] = {}
        self._fractions = OneEuro.of_fractions(options)
        self._degrees = OneEuro.of_degrees(options)

    def push(self, time_s: float, ids: list[int], rows: list[_Row]) -> list[_Row]:
        recent = {
            track: [row for row in past if 0 < time_s - row.time_s <= SMOOTHING_S]
            for track, past in self._past.items()
        }
        for track, row in zip(ids, rows, strict=True):
            recent.setdefault(track, []).append(row)
        self._past = {track: past for track, past in recent.items() if past}
        return [self._smoothed(self._past[track]) for track in ids]

    def _smoothed(self, past: list[_Row]) -> _Row:
        """The last row, smoothed by those before it."""
        pts_s: F64 = np.array([row.time_s for row in past], np.float64)

        probs, motion, pose_deg = (
            np.stack(values)
            for values in zip(*((row.probs, row.motion, row.pose_deg) for row in past), strict=True)
        )
        return _Row(
            past[-1].time_s,
            one_euro(pts_s, probs, self._fractions, together=True)[-1],
            one_euro(pts_s, motion, self._fractions, together=False)[-1],
            one_euro(pts_s, pose_deg, self._degrees, together=False)[-1],
        )


class _People:
    """Ids that stay with the person where tracks end.

    A busy machine analyses a picture every few seconds; every gap over `MAX_GAP_S` of the tracker
    begins new tracks. A new track at the place of somebody who is not in the picture is that
    person, by the rule that groups the tracks of a file (`face.tracking.return_shifts`).
    """

    def __init__(self) -> None:
        self._person_of: dict[int, int] = {}
        self._last_box: dict[int, F32] = {}
        """By person, the one seen longest ago first."""
        self._next_id = 1

    def of(self, track_id: I64, xyxy: F32) -> I64:
        """Person ids int64 (F,) of the next picture, from its track ids (F,) and boxes (F, 4)."""
        tracks: list[int] = track_id.tolist()
        known = {track: self._person_of[track] for track in tracks if track in self._person_of}
        taken = set(known.values())
        for track, box in zip(tracks, xyxy, strict=True):
            if track not in known:
                known[track] = self._returning(box, taken)
                taken.add(known[track])
            self._last_box.pop(known[track], None)
            self._last_box[known[track]] = box
        # A track that ended never comes back.
        self._person_of.update(known)
        for old in list(self._last_box)[:-MOST_PEOPLE]:
            del self._last_box[old]
        self._person_of = {t: p for t, p in self._person_of.items() if p in self._last_box}
        return np.array([known[track] for track in tracks], np.int64)

    def _returning(self, box: F32, taken: set[int]) -> int:
        """The person who left nearest to the box; a new one where nobody did."""
        away = [person for person in self._last_box if person not in taken]
        if away:
            last = np.stack([self._last_box[person] for person in away])
            shifts = return_shifts(last, box)
            nearest = int(np.argmin(shifts))
            if np.isfinite(shifts[nearest]):
                return away[nearest]
        self._next_id += 1
        return self._next_id - 1


class _MainFace:
    """Which face of a picture is the main one."""

    def __init__(self) -> None:
        self._weights: dict[int, float] = {}
        self._last_s: float | None = None

    def choose(self, time_s: float, track_id: I64, xyxy: F32) -> int | None:
        """The track with the largest sum of face sizes so far among those in the picture."""
        if not len(track_id):
            return None
        since_s = 0.0 if self._last_s is None else max(0.0, time_s - self._last_s)
        fading = 0.5 ** (since_s / MAIN_HALF_LIFE_S)
        self._last_s = time_s
        # What has faded to a pixel can never win again.
        weights = {t: w * fading for t, w in self._weights.items() if w * fading >= 1}
        _, sizes = center_and_size(xyxy)
        for track, size in zip(track_id.tolist(), sizes.tolist(), strict=True):
            weights[track] = weights.get(track, 0.0) + size
        self._weights = weights
        return max(track_id.tolist(), key=weights.__getitem__)
