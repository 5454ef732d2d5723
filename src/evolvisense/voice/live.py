"""A live voice: F0 and voice activity as they become known, measures over the last 10 s.

    packets, any rate and length
      | constant offset removed, resampled to 16 kHz
      v
    [held < 80 ms] -- blocks of 80 ms --> loudness of the past normalizes the block
                                            |--> VAD, 32 ms steps: known after 0.12 s
                                            +--> pitch, 16 ms frames: known after 0.27 s
                                                   v
                    [last 10 s of steps, frames; last 0.5 s of samples] --now()--> VoiceNow

Packet sizes and gain change nothing: tests/voice/test_live.py,
`test_neither_packets_nor_gain_change_what_is_heard`; memory is that of the window:
tests/voice/test_running.py, `test_an_hour_takes_no_more_memory_than_the_window`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soxr

from evolvisense.thresholds import VadOptions
from evolvisense.types.arrays import F32, F64
from evolvisense.types.engines import PitchTracker, VoiceActivity
from evolvisense.types.voice import PitchContour
from evolvisense.voice.frames import decibel
from evolvisense.voice.loudness import RATE_HZ, LoudnessNormalizer, OffsetRemoval
from evolvisense.voice.measures import (
    MIN_VOICED_S,
    REFERENCE_HZ,
    SEMITONES_PER_OCTAVE,
    in_speaking_range,
    semitones,
)
from evolvisense.voice.reading import FRAME_S
from evolvisense.voice.vad import DEFAULT_VAD, Hysteresis, inside, speech_segments

WINDOW_S = 10.0
"""Measures look back so far (ours): long enough for a sentence, short enough to follow a change."""
MIN_VOICED_FOR_SD_S = 2.0
"""The spread of less is that of a word or two (ours)."""
MIN_HEARD_FOR_SHARE_S = 3.0
"""With less sound the share of speech is not given (ours)."""
LEVEL_S = 0.5
"""The level is that of the latest sound of this length."""

VoiceMeasure = Literal[
    "speaking", "speech_share", "f0_median_hz", "f0_level_st", "f0_sd_st", "level_dbfs"
]
VoiceNowReason = Literal["too_little_sound", "too_little_voiced_speech"]


@dataclass(frozen=True)
class VoiceNow:
    """The voice of the last WINDOW_S; a measure is None exactly where `absent` says why."""

    window_s: float
    heard_s: float
    """Sound in the window, 0 to `window_s`."""
    voiced_s: float
    """Voiced speech in it."""
    speaking: bool | None
    """Whether the latest 32 ms that are known, some 0.1 s ago, are speech."""
    speech_share: float | None
    """0-1."""
    f0_median_hz: float | None
    f0_level_st: float | None
    """The same median in semitones re 100 Hz."""
    f0_sd_st: float | None
    """(P84 - P16) / 2 in semitones."""
    level_dbfs: float | None
    """RMS level of the latest LEVEL_S; depends on microphone gain."""
    absent: Mapping[VoiceMeasure, VoiceNowReason]


class RunningVoice:
    """One live stream of mono sound; memory is that of WINDOW_S."""

    def __init__(
        self,
        activity: VoiceActivity,
        pitch: PitchTracker,
        rate_hz: int,
        vad: VadOptions = DEFAULT_VAD,
    ) -> None:
        self._vad = vad
        self._voice = LiveVoice(activity, pitch, rate_hz)
        self._rate_hz = rate_hz
        self._offset = OffsetRemoval(rate_hz)
        self._now: VoiceNow | None = None
        self._samples = 0
        self._latest = np.zeros(0, np.float32)
        self._step_s: F64 = np.zeros(0)
        self._speech = np.zeros(0, np.float32)
        self._frame_s: F64 = np.zeros(0)
        self._f0_hz = np.zeros(0, np.float32)

    def push(self, mono: F32) -> None:
        """Take the next samples float32 (N,) at the stream's rate, full scale is 1."""
        self._now = None
        self._samples += len(mono)
        mono = self._offset.push(mono)
        latest = np.concatenate([self._latest, mono])
        self._latest = latest[-round(LEVEL_S * self._rate_hz) :]
        update = self._voice.push(mono)
        since_s = self._samples / self._rate_hz - WINDOW_S
        step_s = np.concatenate([self._step_s, update.step_s])
        speech = np.concatenate([self._speech, update.speech_probability])
        self._step_s, self._speech = step_s[step_s >= since_s], speech[step_s >= since_s]
        frame_s = np.concatenate([self._frame_s, update.contour.pts_s])
        f0_hz = np.concatenate([self._f0_hz, update.contour.f0_hz])
        self._frame_s, self._f0_hz = frame_s[frame_s >= since_s], f0_hz[frame_s >= since_s]

    def now(self) -> VoiceNow:
        """The measures at the end of what was pushed."""
        if self._now is None:
            self._now = self._measure()
        return self._now

    def _measure(self) -> VoiceNow:
        absent: dict[VoiceMeasure, VoiceNowReason] = {}
        heard_s = min(WINDOW_S, self._samples / self._rate_hz)
        steps = len(self._speech)
        start_s = float(self._step_s[0]) if steps else 0.0
        segments = speech_segments(self._speech, STEP_S, start_s, self._vad)
        share: float | None = None
        if steps * STEP_S >= MIN_HEARD_FOR_SHARE_S:
            share = sum(s.end_s - s.start_s for s in segments) / (steps * STEP_S)
        else:
            absent["speech_share"] = "too_little_sound"
        if not steps:
            absent["speaking"] = "too_little_sound"
        if not len(self._latest):
            absent["level_dbfs"] = "too_little_sound"
        voiced = self._f0_hz[inside(self._frame_s, segments) & np.isfinite(self._f0_hz)]
        voiced = voiced[in_speaking_range(voiced)]
        voiced_s = len(voiced) * FRAME_S
        level_st, sd_st = _pitch(voiced)
        if level_st is None:
            absent["f0_median_hz"] = absent["f0_level_st"] = "too_little_voiced_speech"
        if sd_st is None:
            absent["f0_sd_st"] = "too_little_voiced_speech"
        return VoiceNow(
            window_s=WINDOW_S,
            heard_s=heard_s,
            voiced_s=voiced_s,
            speaking=bool(Hysteresis(self._vad).push(self._speech)[-1]) if steps else None,
            speech_share=share,
            f0_median_hz=None
            if level_st is None
            else REFERENCE_HZ * 2 ** (level_st / SEMITONES_PER_OCTAVE),
            f0_level_st=level_st,
            f0_sd_st=sd_st,
            level_dbfs=_level(self._latest),
            absent=absent,
        )


def _pitch(voiced_hz: F32) -> tuple[float | None, float | None]:
    """Median and SD in semitones of voiced frames (V,)."""
    voiced_s = len(voiced_hz) * FRAME_S
    if voiced_s < MIN_VOICED_S:
        return None, None
    low, median, high = np.percentile(semitones(voiced_hz), [16, 50, 84]).tolist()
    return median, (high - low) / 2 if voiced_s >= MIN_VOICED_FOR_SD_S else None


def _level(mono: F32) -> float | None:
    if not len(mono):
        return None
    return float(decibel(np.square(mono, dtype=np.float64).mean(keepdims=True))[0])


STEP_S = 0.032
PUSH_S = 0.08
"""Blocks that are analysed at once: shorter ones cost more, longer ones come later."""


@dataclass(frozen=True)
class LiveVoiceUpdate:
    """What became known since the last update; times in seconds from the first sample."""

    contour: PitchContour
    step_s: F64
    """(K,) starts of the steps of voice activity, 32 ms each."""
    speech_probability: F32
    """(K,)"""


class LiveVoice:
    """One live stream at any rate, whatever its gain.

    Speech is known after 0.12 s. F0 needs 0.16 s of sound after it (the reach of swift-f0), so it
    is known after 0.27 s. Loudness is normalized by the past only, so the first
    word may be rated a little differently than by `VoiceReader`, which knows what follows.
    """

    def __init__(self, activity: VoiceActivity, pitch: PitchTracker, rate_hz: int) -> None:
        self._activity, self._pitch = activity.start(), pitch.start()
        self._to_16k = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="MQ")
        self._is_16k = rate_hz == RATE_HZ
        self._normalizer = LoudnessNormalizer()
        self._held = np.zeros(0, np.float32)
        self._steps = 0

    def push(self, mono: F32) -> LiveVoiceUpdate:
        """Take float32 (N,) at the stream's rate, without a constant offset (`voice.offset`)."""
        self._held = np.concatenate([self._held, self._resampled(mono, last=False)])
        size = round(PUSH_S * RATE_HZ)
        whole = len(self._held) // size * size
        blocks = self._held[:whole].reshape(-1, size)
        self._held = self._held[whole:]
        return self._analyse([self._normalizer.push(block) for block in blocks], last=False)

    def flush(self) -> LiveVoiceUpdate:
        """The rest; the stream is over."""
        rest = self._resampled(np.zeros(0, np.float32), last=True)
        return self._analyse([self._normalizer.push(np.concatenate([self._held, rest]))], last=True)

    def _resampled(self, mono: F32, *, last: bool) -> F32:
        if self._is_16k:
            return mono
        return np.asarray(self._to_16k.resample_chunk(mono, last=last), np.float32)

    def _analyse(self, blocks: list[F32], *, last: bool) -> LiveVoiceUpdate:
        mono_16k = np.concatenate([np.zeros(0, np.float32), *blocks])
        probability = [self._activity.push(mono_16k)]
        contours = [self._pitch.push(mono_16k)]
        if last:
            probability.append(self._activity.flush())
            contours.append(self._pitch.flush())
        speech = np.concatenate(probability)
        steps = self._steps + np.arange(len(speech))
        self._steps += len(speech)
        return LiveVoiceUpdate(
            PitchContour(
                np.concatenate([c.pts_s for c in contours]),
                np.concatenate([c.f0_hz for c in contours]),
                np.concatenate([c.confidence for c in contours]),
            ),
            (steps * STEP_S).astype(np.float64),
            speech,
        )
