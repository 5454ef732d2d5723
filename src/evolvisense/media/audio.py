"""Audio streams become mono blocks at the file's own rate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from evolvisense.media.container import choose_audio, decoded, open_container
from evolvisense.media.limits import MediaLimits
from evolvisense.types.arrays import F32
from evolvisense.types.media import AudioBlock

BLOCK_S = 1.0
GAP_TOLERANCE_S = 0.1
"""Timestamps that jump by less are rounding and jitter, not a hole in the sound."""


def decode_audio(path: Path, limits: MediaLimits | None = None) -> Iterator[AudioBlock]:
    """Blocks of about one second, in order; silence marked `is_gap` fills holes in the timestamps.

    Nothing where the file has no audio stream that can be decoded.
    """
    limits = limits or MediaLimits()
    with open_container(path) as container:
        stream = choose_audio(container)
        if stream is None:
            return
        rate_hz = stream.codec_context.sample_rate
        blocks = _Blocks(rate_hz, limits.max_duration_s)
        for frame in _float_frames(container, stream, rate_hz):
            yield from blocks.add(frame)
            if blocks.is_past_limit:
                break
        yield from blocks.rest()


def _float_frames(
    container: InputContainer, stream: AudioStream, rate_hz: int
) -> Iterator[AudioFrame]:
    """Frames as planar float at one rate, whatever the stream changes to on its way."""
    resampler: AudioResampler | None = None
    made_for: str | None = None
    for frame in decoded(container, stream):
        if not isinstance(frame, AudioFrame):
            continue
        if frame.format.name == "fltp" and frame.sample_rate == rate_hz:
            yield frame
            continue
        shape = f"{frame.format.name} {frame.layout.name} {frame.sample_rate}"
        if resampler is None or shape != made_for:
            resampler = AudioResampler(format="fltp", layout=frame.layout, rate=rate_hz)
            made_for = shape
        try:
            yield from resampler.resample(frame)
        except FFmpegError:
            continue


class _Blocks:
    """Collects frames into blocks and finds holes between them."""

    def __init__(self, rate_hz: int, max_duration_s: float) -> None:
        self._rate_hz = rate_hz
        self._max_samples = round(max_duration_s * rate_hz)
        self._parts: list[F32] = []
        self._held = 0
        self._emitted = 0
        self._start_s: float | None = None

    @property
    def is_past_limit(self) -> bool:
        return self._emitted + self._held >= self._max_samples

    def add(self, frame: AudioFrame) -> Iterator[AudioBlock]:
        samples = frame.to_ndarray()
        mono = samples[0] if len(samples) == 1 else samples.mean(axis=0, dtype=np.float32)
        pts_s = frame.time
        if self._start_s is None:
            self._start_s = pts_s or 0.0
        elif pts_s is not None:
            hole_s = pts_s - self._now_s()
            if hole_s > GAP_TOLERANCE_S:
                yield from self._silence(hole_s)
        self._parts.append(mono)
        self._held += len(mono)
        if self._held >= BLOCK_S * self._rate_hz:
            yield from self.rest()

    def rest(self) -> Iterator[AudioBlock]:
        if self._held:
            # Broken float streams can decode to NaN, which would spoil every mean after it.
            mono = np.nan_to_num(np.concatenate(self._parts))
            yield self._block(mono, is_gap=False, held=self._held)
            self._parts, self._held = [], 0

    def _silence(self, hole_s: float) -> Iterator[AudioBlock]:
        yield from self.rest()
        left = min(round(hole_s * self._rate_hz), self._max_samples - self._emitted)
        while left > 0:
            count = min(left, round(BLOCK_S * self._rate_hz))
            yield self._block(np.zeros(count, np.float32), is_gap=True, held=count)
            left -= count

    def _block(self, mono: F32, *, is_gap: bool, held: int) -> AudioBlock:
        block = AudioBlock(
            pts_s=(self._start_s or 0.0) + self._emitted / self._rate_hz,
            rate_hz=self._rate_hz,
            mono=mono,
            is_gap=is_gap,
        )
        self._emitted += held
        return block

    def _now_s(self) -> float:
        return (self._start_s or 0.0) + (self._emitted + self._held) / self._rate_hz
