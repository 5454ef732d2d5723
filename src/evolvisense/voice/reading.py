"""The voice of a file in one pass over its audio blocks; an excerpt of it for a time window.

    AudioBlock, any rate and length
      | missing sound -> at most 0.3 s of silence (gaps.py keeps both clocks)
      | constant offset removed (loudness.py)
      v
    [native buffer] -- 8 s chunks --> quality of the recording
      | resampled to 16 kHz
      v
    mono 16 kHz --------------------------> level, 32 ms steps [rest of a step is kept]
      |   +--------------------------------> frames, 16 ms (tracks.py) <-- F0 --+
      |   +--------------------------------> emotion windows (emotion.py) <-+   |
      v                                                                    |   |
    loudness normalized --> VAD, 32 ms steps --> onset/offset --> active? -+   |
                       +--> pitch tracker, 16 ms frames ------------------------+

The chunks have one length whatever the blocks, so block sizes change nothing:
tests/voice/test_reading.py, `test_block_size_never_changes_the_reading`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import soxr

from evolvisense.thresholds import VadOptions
from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.engines import PitchTracker, VoiceActivity, VoiceEmotionClassifier
from evolvisense.types.media import AudioBlock, MediaExtent
from evolvisense.types.voice import (
    RecordingQuality,
    SpectralFrames,
    SpeechSegment,
    VoiceEmotion,
    VoiceReading,
    VoiceTimeline,
)
from evolvisense.voice.emotion import EmotionWindows
from evolvisense.voice.frames import decibel
from evolvisense.voice.gaps import HoleClock
from evolvisense.voice.legacy import LegacyMeans
from evolvisense.voice.loudness import LoudnessNormalizer, OffsetRemoval
from evolvisense.voice.measures import describe_voice, find_syllables
from evolvisense.voice.novelty import novelty
from evolvisense.voice.perturbation import PeriodMarks
from evolvisense.voice.pitch import check_speakers
from evolvisense.voice.quality import StreamQuality, decay_time_s, signal_to_noise_db
from evolvisense.voice.tracks import FrameTracks
from evolvisense.voice.vad import DEFAULT_VAD, Hysteresis, speech_segments

RATE_HZ = 16_000
STEP_SAMPLES = 512
STEP_S = STEP_SAMPLES / RATE_HZ
FRAME_S = 0.016
"""The pitch engine's grid."""
CHUNK_S = 8
"""The stream is analysed in chunks of this length, so block sizes change nothing."""


class VoiceReader:
    """Reads voices with the given engines; any number of streams, also at the same time."""

    def __init__(
        self,
        activity: VoiceActivity,
        pitch: PitchTracker,
        emotion: VoiceEmotionClassifier | None = None,
        vad: VadOptions = DEFAULT_VAD,
    ) -> None:
        self.activity = activity
        self.pitch = pitch
        self.emotion = emotion
        self.vad = vad

    def read(self, blocks: Iterable[AudioBlock]) -> VoiceReading | None:
        """Everything about the stream; None where it has no samples.

        Memory: some 8 s of samples, and about 6 kB for each second of speech.
        """
        stream: _Stream | None = None
        for block in blocks:
            if stream is None:
                stream = _Stream(self, block.rate_hz, block.pts_s)
            stream.push(block)
        return None if stream is None else stream.finish()


class _Stream:
    def __init__(self, reader: VoiceReader, rate_hz: int, start_s: float) -> None:
        self._start_s, self._rate_hz = start_s, rate_hz
        self._holes, self._offset = HoleClock(rate_hz), OffsetRemoval(rate_hz)
        self._native = np.zeros(0, np.float32)
        self._activity, self._pitch = reader.activity.start(), reader.pitch.start()
        self._vad = reader.vad
        self._hysteresis, self._normalizer = Hysteresis(reader.vad), LoudnessNormalizer()
        self._legacy = LegacyMeans(rate_hz)
        self._to_16k = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32")
        self._step_rest = np.zeros(0, np.float32)
        self._probability: list[F32] = []
        self._level: list[F32] = []
        self._tracks = FrameTracks(RATE_HZ, start_s)
        self._quality = StreamQuality(rate_hz)
        self._windows = (
            None
            if reader.emotion is None
            else EmotionWindows(reader.emotion, RATE_HZ, STEP_SAMPLES)
        )

    def push(self, block: AudioBlock) -> None:
        if block.is_gap:
            mono = np.zeros(self._holes.missing(len(block.mono)), np.float32)
        else:
            self._holes.heard(len(block.mono))
            self._legacy.push(block.mono)
            mono = self._offset.push(block.mono)
        self._native = np.concatenate([self._native, mono])
        chunk = CHUNK_S * self._rate_hz
        while len(self._native) >= chunk:
            self._chunk(self._native[:chunk])
            self._native = self._native[chunk:]

    def finish(self) -> VoiceReading:
        mono_16k = self._resampled(self._native, last=True)
        normalized = self._normalizer.push(mono_16k)
        probability = np.concatenate([self._activity.push(normalized), self._activity.flush()])
        active = self._add_tracks(self._native, mono_16k, probability)
        if len(self._step_rest):
            self._level.append(_levels(self._step_rest[None]))
        self._quality.finish(active)
        self._tracks.push(mono_16k, self._pitch.push(normalized))
        frames, marks = self._tracks.finish(self._pitch.flush())
        timeline = self._timeline(frames)
        segments = speech_segments(timeline.speech_probability, STEP_S, self._start_s, self._vad)
        emotion = None
        if self._windows is not None:
            emotion = self._windows.finish(mono_16k, active, self._start_s)
        syllable_s = find_syllables(frames, segments)
        quality = self._recording(timeline, frames, segments)
        holes = self._holes.holes(self._start_s)
        if holes:
            start_s = self._start_s
            timeline = self._holes.columns(timeline, start_s)
            frames = self._holes.columns(frames, start_s)
            segments = self._holes.segments(segments, start_s, self._vad.min_speech_s)
            syllable_s = self._holes.on_file(syllable_s, start_s)
            marks = self._holes.marks(marks, start_s)
            emotion = self._holes.emotion(emotion, start_s)
        duration_s, long_pause_s = self._holes.total_s, self._vad.long_pause_s
        return VoiceReading(
            timeline=timeline,
            frames=frames,
            segments=segments,
            syllable_s=syllable_s,
            emotion=emotion,
            features=describe_voice(
                frames, marks, segments, syllable_s, duration_s, holes, long_pause_s
            ),
            quality=quality,
            legacy=self._legacy.finish(),
            holes=holes,
            long_pause_s=long_pause_s,
        )

    def _chunk(self, native: F32) -> None:
        mono_16k = self._resampled(native, last=False)
        normalized = self._normalizer.push(mono_16k)
        active = self._add_tracks(native, mono_16k, self._activity.push(normalized))
        self._quality.sort(active)
        self._tracks.push(mono_16k, self._pitch.push(normalized))
        if self._windows is not None:
            self._windows.push(mono_16k, active)

    def _resampled(self, mono: F32, *, last: bool) -> F32:
        if self._rate_hz == RATE_HZ:
            return mono
        return np.asarray(self._to_16k.resample_chunk(mono, last=last), np.float32)

    def _add_tracks(self, native: F32, mono_16k: F32, probability: F32) -> Bools:
        """Keep the tracks of the voice activity's grid; which of the next steps are speech."""
        self._quality.push(native)
        self._probability.append(probability)
        samples = np.concatenate([self._step_rest, mono_16k])
        steps = len(samples) // STEP_SAMPLES
        self._step_rest = samples[steps * STEP_SAMPLES :]
        self._level.append(_levels(samples[: steps * STEP_SAMPLES].reshape(steps, STEP_SAMPLES)))
        return self._hysteresis.push(probability)

    def _timeline(self, frames: SpectralFrames) -> VoiceTimeline:
        probability = np.concatenate(self._probability)
        pts_s = np.asarray(self._start_s + np.arange(len(probability)) * STEP_S, np.float64)
        return VoiceTimeline(
            pts_s=pts_s,
            step_s=STEP_S,
            speech_probability=probability,
            f0_hz=_mean_by_step(frames, self._start_s, len(probability)),
            level_dbfs=np.concatenate(self._level)[: len(probability)],
        )

    def _recording(
        self,
        timeline: VoiceTimeline,
        frames: SpectralFrames,
        segments: tuple[SpeechSegment, ...],
    ) -> RecordingQuality:
        return RecordingQuality(
            snr_db=signal_to_noise_db(timeline, segments),
            clipped_share=self._quality.clipped_share(timeline, segments),
            bandwidth_hz=self._quality.bandwidth_hz(),
            reverberation_s=decay_time_s(frames.level_db, FRAME_S),
            speakers=check_speakers(frames, segments),
            novelty=novelty(frames, segments),
        )


def _levels(steps: F32) -> F32:
    """RMS level in dBFS of steps (K, N)."""
    return decibel(np.square(steps, dtype=np.float64).mean(axis=1))


def _mean_by_step(frames: SpectralFrames, start_s: float, steps: int) -> F32:
    """Mean F0 (steps,) over the voiced frames of each step; NaN where none is."""
    voiced = np.isfinite(frames.f0_hz)
    step = np.floor((frames.pts_s[voiced] - start_s) / STEP_S + 1e-6).astype(np.int64)
    step = np.clip(step, 0, max(0, steps - 1))
    count = np.bincount(step, minlength=steps)
    total = np.bincount(step, frames.f0_hz[voiced], minlength=steps)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.astype(np.float32)


NO_MARKS = PeriodMarks(np.zeros(0), np.zeros(0))


def voice_excerpt(reading: VoiceReading, window: MediaExtent) -> VoiceReading:
    """The part of a reading in a time window, with its own statistics.

    An emotion window belongs to it if its middle does.

    Jitter and shimmer are None, for a reading keeps no marks of periods. Noise, clipping and
    speakers stay those of the whole recording, which shows them better than a part of it.
    """
    segments = _cut(reading.segments, window)
    frames = _frames(reading.frames, window)
    holes = _cut(reading.holes, window)
    syllable_s = reading.syllable_s[window.holds(reading.syllable_s)]
    return replace(
        reading,
        timeline=_timeline(reading.timeline, window),
        frames=frames,
        segments=segments,
        syllable_s=syllable_s,
        emotion=_emotion(reading.emotion, window),
        features=describe_voice(
            frames,
            NO_MARKS,
            segments,
            syllable_s,
            window.duration_s,
            holes,
            reading.long_pause_s,
        ),
        holes=holes,
    )


def _cut(segments: tuple[SpeechSegment, ...], window: MediaExtent) -> tuple[SpeechSegment, ...]:
    inside = [
        SpeechSegment(max(s.start_s, window.start_s), min(s.end_s, window.end_s)) for s in segments
    ]
    return tuple(s for s in inside if s.end_s > s.start_s)


def _frames(frames: SpectralFrames, window: MediaExtent) -> SpectralFrames:
    mine = window.holds(frames.pts_s)
    return SpectralFrames(**{name: values[mine] for name, values in vars(frames).items()})


def _timeline(timeline: VoiceTimeline, window: MediaExtent) -> VoiceTimeline:
    mine = window.holds(timeline.pts_s)
    arrays = {name: values[mine] for name, values in vars(timeline).items() if name != "step_s"}
    return replace(timeline, **arrays)


def _emotion(emotion: VoiceEmotion | None, window: MediaExtent) -> VoiceEmotion | None:
    if emotion is None:
        return None
    middle_s: F64 = (emotion.start_s + emotion.end_s) / 2
    mine = window.holds(middle_s)
    if not mine.any():
        return None
    return VoiceEmotion(**{name: values[mine] for name, values in vars(emotion).items()})
