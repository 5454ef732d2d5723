"""Time as a player shows it: from the first picture or the first sound on."""

from __future__ import annotations

from dataclasses import dataclass

from evolvisense.report.schema import Report
from evolvisense.types.arrays import F64


@dataclass(frozen=True)
class Clock:
    """Seconds of the file as seconds from the beginning of the recording."""

    origin_s: float
    end_s: float
    """Length of the recording; more than 0."""

    def of(self, times_s: F64) -> F64:
        """Times of the file (N,) on this clock."""
        return times_s - self.origin_s


def clock_of(report: Report) -> Clock:
    """From the first picture or the first sound to the end of the last."""
    media, voice = report.media, report.voice
    starts, ends = [media.start_s], [media.start_s + media.duration_s]
    if voice is not None and len(voice.timeline.time_s):
        starts.append(float(voice.timeline.time_s[0]))
        ends.append(float(voice.timeline.time_s[-1]) + voice.timeline.step_s)
    origin = min(starts)
    return Clock(origin, max(max(ends) - origin, 0.1))
