"""Recording quality of a voice: noise, clipping, bandwidth, room."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.voice import SpeechSegment, VoiceTimeline
from evolvisense.voice.vad import inside, runs, widened


class StreamQuality:
    """Takes samples at the stream's own rate and, later, which steps of 32 ms were speech."""

    def __init__(self, rate_hz: int) -> None:
        self._per_step = STEP_S * rate_hz
        self._bands = BandPower(rate_hz)
        self._rest = np.zeros(0, np.float32)
        self._steps = 0
        self._waiting: list[F64] = []
        self._flat: list[F32] = []

    def push(self, mono: F32) -> None:
        """Measure the steps that these samples (N,) complete."""
        samples = np.concatenate([self._rest, mono])
        count = int((self._first(self._steps) + len(samples)) / self._per_step) - self._steps
        first = [self._first(self._steps + i) for i in range(max(count, 0) + 1)]
        starts = np.array(first, np.int64) - first[0]
        if count <= 0 or starts[-1] > len(samples):
            self._rest = samples
            return
        flat = flattened_peaks(samples[: starts[-1]])
        share = np.add.reduceat(flat, starts[:-1], dtype=np.int64) / np.diff(starts)
        self._flat.append(share.astype(np.float32))
        steps = np.lib.stride_tricks.sliding_window_view(samples, self._bands.length)[starts[:-1]]
        self._waiting.extend(self._bands.of(steps))
        self._rest = samples[starts[-1] :].copy()
        self._steps += count

    def _first(self, step: int) -> int:
        """Number of the first sample of a step."""
        return int(np.ceil(step * self._per_step - 1e-6))

    def sort(self, active: Bools) -> None:
        """Speech or not, of the next steps (K,)."""
        known = min(len(active), len(self._waiting))
        if known:
            self._bands.add(np.stack(self._waiting[:known]), active[:known])
            del self._waiting[:known]

    def finish(self, active: Bools) -> None:
        """The last steps."""
        self.sort(active)

    def clipped_share(self, timeline: VoiceTimeline, segments: tuple[SpeechSegment, ...]) -> float:
        """Share of the samples of speech that sit at a flattened peak, 0-1."""
        flat = np.concatenate([np.zeros(0, np.float32), *self._flat])[: len(timeline.pts_s)]
        speech = inside(timeline.pts_s[: len(flat)], segments)
        return float(flat[speech].mean()) if speech.any() else 0.0

    def bandwidth_hz(self) -> float | None:
        """Highest frequency that carries speech."""
        return self._bands.bandwidth_hz()


STEP_S = 0.032
"""Grid of the voice activity, on which clipping and spectra are counted."""

GUARD_S = 0.1
"""Steps nearer to speech than this are neither speech nor background."""
MIN_BACKGROUND_S = 0.2
DIGITAL_SILENCE_DB = 70.0
"""What lies this far below speech was made by a codec or an editor, not by a room (ours)."""
QUIETEST_PERCENTILE = 5
"""Of the levels inside speech: the gaps between words stand for the background."""

CLIP_FROM = 0.5
"""Excursions above this share of the highest one are looked at."""
CLIP_NEAR = 0.7
"""A clipped one reaches this share: after Opus and AAC the ceiling is no longer level."""
PLATEAU, SHOULDER = 0.9, 0.6
MIN_PLATEAU = 0.68
"""Share of the width at SHOULDER that a flat peak has at PLATEAU; a parabola's is 0.5, any sine's
0.48. Measured: speech that is not clipped stays under 0.0002, clipping of 1-3 % is read as
0.7-0.9 of itself without a codec, half to 0.8 after Opus; AAC can hide it."""
MIN_PLATEAU_SAMPLES = 3

BAND_HZ = 250.0
BAND_OVER_BACKGROUND_DB = 6.0
BAND_BELOW_LOUDEST_DB = 60.0

MIN_FALL_DB = 20.0
FALL_START_DB, FALL_END_DB = 3.0, 3.0
"""Ends of a fall that are left out: the speaker's own release, and the floor of noise."""
MIN_FALL_FRAMES = 5
MIN_FALL_FIT = 0.95
"""Squared correlation of a fall with a straight line."""
MIN_FALLS = 3
RT60_DB = 60.0


def signal_to_noise_db(
    timeline: VoiceTimeline, segments: tuple[SpeechSegment, ...]
) -> float | None:
    """Level of speech over the level of the background, dB; None without speech.

    Speech is the mean power inside segments less that of the background; the background is the
    median power outside of them, or, where nothing is outside, the 5th percentile inside: then the
    figure is a lower bound. Free of gain; between -30 and 70 dB.
    """
    speech = inside(timeline.pts_s, segments)
    if not speech.any():
        return None
    level = timeline.level_dbfs.astype(np.float64)
    speech_power = np.mean(10 ** (level[speech] / 10))
    near = widened(speech, round(GUARD_S / timeline.step_s))
    heard = level > 10 * np.log10(speech_power) - DIGITAL_SILENCE_DB
    background = level[~near & heard]
    if len(background) * timeline.step_s >= MIN_BACKGROUND_S:
        noise_power = 10 ** (np.median(background) / 10)
    else:
        noise_power = 10 ** (np.percentile(level[speech], QUIETEST_PERCENTILE) / 10)
    ratio = (speech_power - noise_power) / noise_power
    return float(10 * np.log10(np.clip(ratio, 1e-3, 10 ** (DIGITAL_SILENCE_DB / 10))))


def flattened_peaks(mono: F32) -> Bools:
    """Which samples (N,) at the stream's own rate sit at a flattened peak.

    An excursion to one side that is wide at the top for its width below (ours): clipping by an
    amplifier or converter, also where the sound was turned down after it. Neither rate, gain nor
    frequency matters, as the widths of one excursion are compared with each other.
    """
    flat = np.zeros(len(mono), np.bool_)
    for side in (mono, -mono):
        highest = float(side.max(initial=0))
        if highest <= 0:
            continue
        edges = np.array(runs(side >= CLIP_FROM * highest), np.int64).reshape(-1, 2)
        lengths = edges[:, 1] - edges[:, 0]
        starts = np.cumsum(lengths) - lengths
        at = np.arange(int(lengths.sum())) + np.repeat(edges[:, 0] - starts, lengths)
        value = side[at]
        height = np.maximum.reduceat(value, starts)
        share = value / np.repeat(height, lengths)
        above = np.add.reduceat(share >= PLATEAU, starts, dtype=np.int64)
        below = np.add.reduceat(share >= SHOULDER, starts, dtype=np.int64)
        is_flat = (height >= CLIP_NEAR * highest) & (above >= MIN_PLATEAU * below)
        is_flat &= above >= MIN_PLATEAU_SAMPLES
        flat[at[np.repeat(is_flat, lengths) & (share >= PLATEAU)]] = True
    return flat


class BandPower:
    """Mean power spectrum in bands of 250 Hz, of speech and of what lies between it."""

    def __init__(self, rate_hz: int) -> None:
        self.length = int(STEP_S * rate_hz)
        """Samples of a step; at some rates every other step has one more."""
        self._fft = 1 << (self.length - 1).bit_length()
        self._window = np.hanning(self.length + 1)[:-1].astype(np.float32)
        hz = np.arange(self._fft // 2 + 1) * rate_hz / self._fft
        self._starts = np.searchsorted(hz, np.arange(0, rate_hz / 2, BAND_HZ))
        self._widths = np.diff(self._starts, append=len(hz))
        bands = len(self._starts)
        self._speech, self._between, self._pending = (np.zeros(bands) for _ in range(3))
        self._speech_steps = self._between_steps = self._pending_steps = 0

    def of(self, steps: F32) -> F64:
        """Power (K, bands) of steps (K, N)."""
        power = np.square(np.abs(np.fft.rfft(steps * self._window, self._fft)))
        return np.add.reduceat(power, self._starts, axis=1) / self._widths

    def add(self, power: F64, active: Bools) -> None:
        """Sort the power (K, bands) of the next steps by whether they are speech (K,)."""
        is_heard = power.sum(axis=1) > 0
        for band_power, is_speech, heard in zip(power, active, is_heard, strict=True):
            if is_speech:
                self._speech += band_power
                self._speech_steps += 1
                self._between += self._pending
                self._between_steps += self._pending_steps
            elif heard and self._speech_steps:
                self._pending += band_power
                self._pending_steps += 1
                continue
            self._pending[:] = 0
            self._pending_steps = 0

    def bandwidth_hz(self) -> float | None:
        """Upper edge of the highest band in which speech is heard; None without speech.

        There the mean power of speech is within 60 dB of its strongest band and 6 dB over what
        lies between speech segments. Free of gain.
        """
        if not self._speech_steps:
            return None
        speech = self._speech / self._speech_steps
        heard = speech >= speech.max() * 10 ** (-BAND_BELOW_LOUDEST_DB / 10)
        if self._between_steps:
            between = self._between / self._between_steps
            heard &= speech >= between * 10 ** (BAND_OVER_BACKGROUND_DB / 10)
        found = np.flatnonzero(heard)
        return float((found[-1] + 1) * BAND_HZ) if len(found) else None


def decay_time_s(level_db: F32, hop_s: float) -> float | None:
    """Hint at the room's decay time RT60 in seconds from intensity (N,); None without clean falls.

    Median of the straight falls of at least 20 dB: where a sound stops, the room rings on (after
    Ratnam et al. 2003, JASA 114, 2877-2892). Speech itself fades in 0.15-0.3 s, so rooms below that
    look alike; on convolved speech rooms of 0.3-1.2 s are read within 25 %.
    """
    falling = np.concatenate([[False], np.diff(level_db) < 0])
    falls = [_fall_s(level_db[a - 1 : b], hop_s) for a, b in runs(falling)]
    found = [fall for fall in falls if fall is not None]
    return float(np.median(found)) if len(found) >= MIN_FALLS else None


def _fall_s(level_db: F32, hop_s: float) -> float | None:
    """Seconds for 60 dB of one fall (N,); None where it is short or no straight line."""
    if len(level_db) < MIN_FALL_FRAMES or level_db[0] - level_db[-1] < MIN_FALL_DB:
        return None
    first = int(np.argmax(level_db <= level_db[0] - FALL_START_DB))
    last = int(np.argmax(level_db <= level_db[-1] + FALL_END_DB))
    y = level_db[first : last + 1].astype(np.float64)
    if len(y) < MIN_FALL_FRAMES:
        return None
    t = np.arange(len(y)) * hop_s
    t -= t.mean()
    slope = (t @ y) / (t @ t)
    rest = y - y.mean() - slope * t
    fit = 1 - (rest @ rest) / np.square(y - y.mean()).sum()
    return -RT60_DB / slope if fit >= MIN_FALL_FIT else None
