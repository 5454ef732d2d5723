"""One pass over the blocks of an audio stream."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import soxr

from evolvisense.types.arrays import F32
from evolvisense.types.engines import PitchTracker, VoiceActivity
from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import PitchContour, VoiceReading, VoiceTimeline
from evolvisense.voice.features import describe_voice, speech_segments
from evolvisense.voice.legacy import LegacyMeans

RATE_HZ = 16_000
STEP_SAMPLES = 512
STEP_S = STEP_SAMPLES / RATE_HZ
PITCH_FRAMES_PER_STEP = 2
SILENCE_DBFS = -120.0


class VoiceReader:
    """Reads a voice with the given engines; one `read` at a time per call, any number of calls."""

    def __init__(self, activity: VoiceActivity, pitch: PitchTracker) -> None:
        self.activity = activity
        self.pitch = pitch

    def read(self, blocks: Iterable[AudioBlock]) -> VoiceReading | None:
        """Everything about the stream; None where it has no samples. Memory: 30 bytes per 32 ms."""
        stream: _Stream | None = None
        for block in blocks:
            if stream is None:
                stream = _Stream(self.activity, self.pitch, block.rate_hz, block.pts_s)
            stream.push(block)
        return None if stream is None else stream.finish()


class _Stream:
    def __init__(
        self, activity: VoiceActivity, pitch: PitchTracker, rate_hz: int, start_s: float
    ) -> None:
        self._start_s = start_s
        self._rate_hz = rate_hz
        self._samples = 0
        self._activity = activity.start()
        self._pitch = pitch.start()
        self._legacy = LegacyMeans(rate_hz)
        self._to_16k = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32")
        self._waiting = np.zeros(0, np.float32)
        self._probability: list[F32] = []
        self._level: list[F32] = []
        self._contours: list[PitchContour] = []

    def push(self, block: AudioBlock) -> None:
        self._samples += len(block.mono)
        if not block.is_gap:
            self._legacy.push(block.mono)
        self._push_16k(self._resampled(block.mono, last=False))

    def finish(self) -> VoiceReading:
        self._push_16k(self._resampled(np.zeros(0, np.float32), last=True))
        self._probability.append(self._activity.flush())
        if len(self._waiting):
            self._level.append(_levels(self._waiting[None]))
        self._contours.append(self._pitch.flush())
        contour = _joined(self._contours)
        timeline = self._timeline(contour)
        segments = speech_segments(timeline.speech_probability, STEP_S, self._start_s)
        duration_s = self._samples / self._rate_hz
        return VoiceReading(
            timeline=timeline,
            segments=segments,
            features=describe_voice(timeline, contour, segments, duration_s),
            legacy=self._legacy.finish(),
        )

    def _resampled(self, mono: F32, *, last: bool) -> F32:
        if self._rate_hz == RATE_HZ:
            return mono
        return np.asarray(self._to_16k.resample_chunk(mono, last=last), np.float32)

    def _push_16k(self, mono_16k: F32) -> None:
        if not len(mono_16k):
            return
        self._probability.append(self._activity.push(mono_16k))
        self._contours.append(self._pitch.push(mono_16k))
        samples = np.concatenate([self._waiting, mono_16k])
        steps = len(samples) // STEP_SAMPLES
        self._waiting = samples[steps * STEP_SAMPLES :]
        self._level.append(_levels(samples[: steps * STEP_SAMPLES].reshape(steps, STEP_SAMPLES)))

    def _timeline(self, contour: PitchContour) -> VoiceTimeline:
        probability = np.concatenate([np.zeros(0, np.float32), *self._probability])
        level = np.concatenate([np.zeros(0, np.float32), *self._level])
        steps = len(probability)
        f0_hz = np.full(steps * PITCH_FRAMES_PER_STEP, np.nan, np.float32)
        known = min(len(contour.f0_hz), len(f0_hz))
        f0_hz[:known] = contour.f0_hz[:known]
        return VoiceTimeline(
            pts_s=np.asarray(self._start_s + np.arange(steps) * STEP_S, np.float64),
            step_s=STEP_S,
            speech_probability=probability,
            f0_hz=_mean_of_voiced(f0_hz.reshape(steps, PITCH_FRAMES_PER_STEP)),
            level_dbfs=level,
        )


def _levels(steps: F32) -> F32:
    """RMS level in dBFS of steps (K, N)."""
    power = np.square(steps, dtype=np.float64).mean(axis=1)
    decibel = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DBFS / 10)))
    return decibel.astype(np.float32)


def _mean_of_voiced(f0_hz: F32) -> F32:
    """Mean over the voiced pitch frames of each step (K, P); NaN where none is."""
    voiced = np.isfinite(f0_hz)
    count = voiced.sum(axis=1)
    total = np.where(voiced, f0_hz, 0).sum(axis=1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.astype(np.float32)


def _joined(contours: list[PitchContour]) -> PitchContour:
    join = partial(np.concatenate, axis=0)
    return PitchContour(
        join([c.pts_s for c in contours]),
        join([c.f0_hz for c in contours]),
        join([c.confidence for c in contours]),
    )
