"""A long recording as the layers would hand it over, and its report, without any video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evolvisense import AnalysisOptions
from evolvisense.face.behaviour import describe_people
from evolvisense.indicators import dominant_frames, load_reference, score_v1, score_v2
from evolvisense.indicators.features import gather_evidence
from evolvisense.indicators.windows import score_windows
from evolvisense.report import Findings, Report, build_report
from evolvisense.types.arrays import F32, F64
from evolvisense.types.behaviour import Behaviour
from evolvisense.types.face import FaceGeometry, FaceObservations, FrameLog
from evolvisense.types.indicators import Evidence, Indicators, IndicatorWindow
from evolvisense.types.media import AudioStreamInfo, MediaExtent, MediaInfo, VideoStreamInfo
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import VoiceReading
from tests.factory.findings import LAYOUT, MAIN, frame_log, geometry, observations
from tests.factory.flow import timing_of
from tests.factory.readings import spoken_reading

NTSC_HZ = 30_000 / 1001
"""Never a frame on an edge of a block."""
Findable = tuple[MediaExtent, VoiceReading, Behaviour, FrameLog, FaceObservations]


@dataclass(frozen=True)
class Recording:
    """What was read of it."""

    extent: MediaExtent
    voice: VoiceReading
    main: Behaviour
    frames: FrameLog
    faces: FaceObservations

    @property
    def _read(self) -> Findable:
        return self.extent, self.voice, self.main, self.frames, self.faces

    def windows(self) -> tuple[IndicatorWindow, ...]:
        return score_windows(*self._read, score)

    def indicators(self) -> Indicators:
        return score(gather_evidence(*self._read))

    def report(self) -> Report:
        """As the analyzer would have made it."""
        findings = Findings(
            info=_info(self.extent),
            timing=timing_of(self.extent),
            frames=self.frames,
            faces=self.faces,
            people=[MAIN],
            behaviours=[self.main],
            layout=LAYOUT,
            voice=self.voice,
            indicators=replace(self.indicators(), windows=self.windows()),
            legacy=score_v1(dominant_frames(self.frames, self.faces, [MAIN]), self.voice.legacy),
            max_duration_s=3600.0,
        )
        return build_report(findings, options=AnalysisOptions(), models=(), timings_s={})


def score(evidence: Evidence) -> Indicators:
    return score_v2(evidence, load_reference())


def recording(
    duration_s: float,
    start_s: float = 0.0,
    *,
    away: MediaExtent | None = None,
) -> Recording:
    """Somebody speaks three seconds of four, blinks and turns the head, and is away meanwhile.

    A longer one begins like a shorter one.
    """
    spans = [(t, min(t + 3, duration_s)) for t in np.arange(0, duration_s, 4)]
    elapsed_s = np.arange(int(duration_s * NTSC_HZ)) / NTSC_HZ
    here = np.ones(len(elapsed_s), np.bool_)
    if away is not None:
        spans = [span for span in spans if span[1] <= away.start_s or span[0] >= away.end_s]
        here = ~away.holds(elapsed_s)
    frames = frame_log(start_s + elapsed_s, here)
    seen_s = elapsed_s[here]
    faces = observations(
        np.flatnonzero(here), probs=_expressions(seen_s), face_geometry=_moving(seen_s)
    )
    voice = spoken_reading(start_s, duration_s, [(start_s + a, start_s + b) for a, b in spans])
    main = describe_people([MAIN], frames, faces, LAYOUT, voice.segments, smooth=True)[0]
    return Recording(MediaExtent(start_s, start_s + duration_s), voice, main, frames, faces)


def _expressions(elapsed_s: F64) -> F32:
    """(N, 7): one rises while another falls."""
    phase = elapsed_s[:, None] / 7 + np.arange(len(EMOTIONS)) * 2.4
    weights = np.exp(2.5 * np.sin(phase * (1 + np.arange(len(EMOTIONS)) / 5)))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _moving(elapsed_s: F64) -> FaceGeometry:
    yaw_deg = 8 * np.sin(elapsed_s * (1 + elapsed_s / 100))
    still = geometry(
        len(elapsed_s),
        closure=(elapsed_s % 4.1 < 0.2) * 0.9,
        smile=(elapsed_s % 37 > 25) * 0.8,
        pose_deg=np.stack([yaw_deg * 0, yaw_deg, yaw_deg * 0], axis=1),
        mouth_gap=0.1 + 0.1 * np.sin(elapsed_s * 20),
    )
    names: Sequence[str] = LAYOUT.actions
    moves = [i for i, name in enumerate(names) if not name.startswith(("eyeBlink", "mouthSmile"))]
    phase = elapsed_s[:, None] * (0.5 + np.arange(len(moves)) / 20)
    still.action[:, moves] = 0.3 + 0.3 * np.sin(phase)
    return still


def _info(extent: MediaExtent) -> MediaInfo:
    video = VideoStreamInfo("made", 640, 480, 0, NTSC_HZ, extent.duration_s)
    audio = AudioStreamInfo("made", 16_000, 1)
    return MediaInfo("made", 1, extent.duration_s, video, audio, 2)
