"""Indicators over time: a long recording in windows, each scored like a recording of its own."""

from __future__ import annotations

from collections.abc import Callable

from evolvisense.face.behaviour import behaviour_excerpt
from evolvisense.indicators.features import gather_evidence
from evolvisense.types.behaviour import Behaviour
from evolvisense.types.face import FaceObservations, FrameLog
from evolvisense.types.indicators import Evidence, Indicators, IndicatorWindow
from evolvisense.types.media import TICK_S, MediaExtent
from evolvisense.types.voice import VoiceReading
from evolvisense.voice.reading import voice_excerpt

WINDOW_S = 60.0
"""Twice the time that a rate of blinks needs, and room for 20 s of speech (ours)."""
STEP_S = 30.0
SHORTEST_S = 120.0
"""Shorter recordings have nothing that their own scores do not say (ours)."""


def plan_windows(extent: MediaExtent) -> list[MediaExtent]:
    """Whole windows from the begin of the recording on; a rest shorter than STEP_S has none."""
    duration_s = extent.duration_s + TICK_S / 2
    if duration_s < SHORTEST_S:
        return []
    count = int((duration_s - WINDOW_S) // STEP_S) + 1
    starts_s = (extent.start_s + i * STEP_S for i in range(count))
    return [MediaExtent(start_s, start_s + WINDOW_S) for start_s in starts_s]


def score_windows(
    extent: MediaExtent,
    voice: VoiceReading | None,
    main: Behaviour | None,
    frames: FrameLog,
    faces: FaceObservations,
    score: Callable[[Evidence], Indicators],
) -> tuple[IndicatorWindow, ...]:
    """Scores of each window that holds frames or sound, by the rules of a whole recording."""
    windows: list[IndicatorWindow] = []
    for window in plan_windows(extent):
        mine = window.holds(frames.pts_s)
        if not mine.any() and (voice is None or not window.holds(voice.timeline.pts_s).any()):
            # Timestamps may promise hours that the file does not hold.
            continue
        evidence = gather_evidence(
            window,
            None if voice is None else voice_excerpt(voice, window),
            None if main is None else behaviour_excerpt(main, window),
            FrameLog(frames.number[mine], frames.pts_s[mine], frames.face_count[mine]),
            faces,
        )
        found = score(evidence).indicators
        windows.append(IndicatorWindow(window.start_s, window.end_s, found))
    return tuple(windows)
