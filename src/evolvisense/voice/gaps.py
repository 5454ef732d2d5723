"""Missing sound (holes): time on the file's clock without samples.

    file clock     0 ---- speech ---- 4 ........ hole ........ 9 ---- speech ---- 12
    stream clock   0 ---- speech ---- 4 . 4.3 ---- speech ---- 7.3

The engines get a short silence for each hole, so that sounds on both sides do not touch, and work
stays proportional to the sound that is there. What they found is moved to the file's clock at the
end; what lies inside the silence is left out. `tests/voice/test_holes.py` guards both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from evolvisense.types.arrays import F64, Bools
from evolvisense.types.voice import SpectralFrames, SpeechSegment, VoiceEmotion, VoiceTimeline
from evolvisense.voice.perturbation import PeriodMarks

FILL_S = 0.3
"""Silence in place of missing sound: longer than the gaps that belong to speech by default
(`VadOptions.min_pause_s`)."""

Columns = TypeVar("Columns", VoiceTimeline, SpectralFrames)


@dataclass
class _Hole:
    at_s: float
    """Begin on the stream clock."""
    fill_s: float
    length_s: float


class HoleClock:
    """The holes of one stream and the two clocks; sample counts are at the stream's own rate."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._holes: list[_Hole] = []
        self._samples = 0
        self._since_hole = self._room = 0
        self._is_in_hole = False

    def heard(self, samples: int) -> None:
        """Count samples that are there."""
        self._samples += samples
        self._since_hole += samples
        self._is_in_hole = False

    def missing(self, samples: int) -> int:
        """Count missing samples; returns how many samples of silence stand for them."""
        if not self._is_in_hole:
            self._holes.append(_Hole(self._samples / self._rate_hz, 0.0, 0.0))
            self._is_in_hole = True
            # Never more silence than sound: holes cost no more work than what lies between them.
            self._room = min(round(FILL_S * self._rate_hz), self._since_hole)
            self._since_hole = 0
        fill = min(samples, self._room)
        self._room -= fill
        self._samples += fill
        hole = self._holes[-1]
        hole.length_s += samples / self._rate_hz
        hole.fill_s += fill / self._rate_hz
        return fill

    @property
    def total_s(self) -> float:
        """Seconds on the file's clock, holes included."""
        return self._samples / self._rate_hz + sum(h.length_s - h.fill_s for h in self._holes)

    def __bool__(self) -> bool:
        return bool(self._holes)

    def holes(self, start_s: float) -> tuple[SpeechSegment, ...]:
        """The holes on the file's clock, for a stream that begins at `start_s`."""
        found: list[SpeechSegment] = []
        skipped_s = 0.0
        for hole in self._holes:
            begin_s = start_s + hole.at_s + skipped_s
            found.append(SpeechSegment(begin_s, begin_s + hole.length_s))
            skipped_s += hole.length_s - hole.fill_s
        return tuple(found)

    def on_file(self, pts_s: F64, start_s: float) -> F64:
        """Times (N,) of the stream clock, which begins at `start_s`, on the file's clock."""
        ends_s = start_s + np.array([h.at_s + h.fill_s for h in self._holes])
        skipped_s = np.cumsum([h.length_s - h.fill_s for h in self._holes])
        passed = np.searchsorted(ends_s, pts_s + 1e-9, side="right")
        return pts_s + np.concatenate([[0.0], skipped_s])[passed]

    def in_hole(self, pts_s: F64, start_s: float) -> Bools:
        """Which times (N,) of the stream clock lie in the silence of a hole."""
        begins_s = start_s + np.array([h.at_s for h in self._holes])
        ends_s = start_s + np.array([h.at_s + h.fill_s for h in self._holes])
        hole = np.searchsorted(begins_s, pts_s + 1e-9, side="right") - 1
        return (hole >= 0) & (pts_s < ends_s[np.maximum(hole, 0)] - 1e-9)

    def columns(self, columns: Columns, start_s: float) -> Columns:
        """The rows outside holes, on the file's clock."""
        kept = ~self.in_hole(columns.pts_s, start_s)
        arrays = {name: values[kept] for name, values in vars(columns).items() if name != "step_s"}
        moved = replace(columns, **arrays)
        return replace(moved, pts_s=self.on_file(moved.pts_s, start_s))

    def segments(
        self, segments: tuple[SpeechSegment, ...], start_s: float, min_speech_s: float
    ) -> tuple[SpeechSegment, ...]:
        """Speech without holes, on the file's clock; parts under `min_speech_s` are dropped."""
        found: list[SpeechSegment] = []
        for segment in segments:
            begin_s = segment.start_s
            for hole in self._holes:
                at_s = start_s + hole.at_s
                if at_s >= segment.end_s or at_s + hole.fill_s <= begin_s:
                    continue
                found.append(SpeechSegment(begin_s, at_s))
                begin_s = at_s + hole.fill_s
            found.append(SpeechSegment(begin_s, segment.end_s))
        kept = [s for s in found if s.end_s - s.start_s >= min_speech_s]
        return tuple(self._moved(segment, start_s) for segment in kept)

    def marks(self, marks: PeriodMarks, start_s: float) -> PeriodMarks:
        """Marks of periods on the file's clock."""
        return PeriodMarks(self.on_file(marks.pts_s, start_s), marks.amplitude)

    def emotion(self, emotion: VoiceEmotion | None, start_s: float) -> VoiceEmotion | None:
        """Windows around their middle on the file's clock, each as long as it is."""
        if emotion is None:
            return None
        half_s = (emotion.end_s - emotion.start_s) / 2
        middle_s = self.on_file(emotion.start_s + half_s, start_s)
        return replace(emotion, start_s=middle_s - half_s, end_s=middle_s + half_s)

    def _moved(self, segment: SpeechSegment, start_s: float) -> SpeechSegment:
        # A segment does not reach over a hole: its end belongs to the clock of its begin.
        begin_s = float(self.on_file(np.array([segment.start_s]), start_s)[0])
        return SpeechSegment(begin_s, begin_s + segment.end_s - segment.start_s)
