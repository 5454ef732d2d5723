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

from evolvisense.media.channels import Mixer
from evolvisense.media.container import choose_audio, decoded, open_container
from evolvisense.media.extent import scan_media
from evolvisense.media.limits import MediaLimits
from evolvisense.media.tally import AudioTally
from evolvisense.types.arrays import F32
from evolvisense.types.media import AudioBlock, MediaTiming, StreamTiming

BLOCK_S = 1.0
GAP_TOLERANCE_S = 0.1
"""Timestamps that jump by less are rounding and jitter, not a hole in the sound."""


def decode_audio(
    path: Path,
    limits: MediaLimits | None = None,
    *,
    timing: MediaTiming | None = None,
    tally: AudioTally | None = None,
) -> Iterator[AudioBlock]:
    """Blocks of about one second, in order; zeros marked `is_gap` fill holes in the timestamps.

    Nothing where the file has no audio stream that can be decoded. Work is proportional to the
    sound that is there; what a hole costs is one small block for each of its seconds.

    Args:
        path: The file.
        limits: The duration limit holds for timestamps and for samples.
        timing: Of the stream that is read, so that its clock is that of the video; without it the
            first audio stream is read and timed alone.
        tally: Counts what is decoded.
    """
    limits = limits or MediaLimits()
    tally = tally if tally is not None else AudioTally()
    with open_container(path) as container:
        stream = choose_audio(container, None if timing is None else _number(timing))
        if stream is None or (timing is not None and timing.audio is None):
            return
        sound = scan_media(path).sound(stream.index) if timing is None else timing.audio
        rate_hz = stream.codec_context.sample_rate
        blocks = _Blocks(rate_hz, limits.max_duration_s, tally)
        for frame in _float_frames(container, stream, rate_hz, sound):
            yield from blocks.add(frame)
            if blocks.is_past_limit:
                break
        else:
            tally.is_complete = True
        yield from blocks.rest()


def _number(timing: MediaTiming) -> int | None:
    return None if timing.audio is None else timing.audio.index


def _float_frames(
    container: InputContainer, stream: AudioStream, rate_hz: int, timing: StreamTiming | None
) -> Iterator[AudioFrame]:
    """Frames as planar float at one rate, whatever the stream changes to on its way."""
    resampler: AudioResampler | None = None
    made_for: str | None = None
    for frame in decoded(container, stream, timing):
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

    def __init__(self, rate_hz: int, max_duration_s: float, tally: AudioTally) -> None:
        self._rate_hz = rate_hz
        self._max_samples = round(max_duration_s * rate_hz)
        self._parts: list[F32] = []
        self._held = 0
        self._emitted = 0
        self._start_s: float | None = None
        self._tally = tally
        self._mixer = Mixer(rate_hz)

    @property
    def is_past_limit(self) -> bool:
        return self._emitted + self._held >= self._max_samples

    def add(self, frame: AudioFrame) -> Iterator[AudioBlock]:
        mono = self._mixer.mono(np.asarray(frame.to_ndarray(), np.float32))
        pts_s = frame.time
        if self._start_s is None:
            self._start_s = pts_s or 0.0
        elif pts_s is not None:
            hole_s = pts_s - self._now_s()
            if hole_s > GAP_TOLERANCE_S:
                yield from self._hole(hole_s)
                if self.is_past_limit:
                    return
        self._parts.append(mono)
        self._held += len(mono)
        self._tally.end_s = self._now_s()
        self._tally.one_channel_s = self._mixer.one_channel_s
        if self._held >= BLOCK_S * self._rate_hz:
            yield from self.rest()

    def rest(self) -> Iterator[AudioBlock]:
        if self._held:
            # Broken float streams can decode to NaN, which would spoil every mean after it.
            mono = np.nan_to_num(np.concatenate(self._parts))
            yield self._block(mono, is_gap=False, held=self._held)
            self._parts, self._held = [], 0

    def _hole(self, hole_s: float) -> Iterator[AudioBlock]:
        yield from self.rest()
        left = min(round(hole_s * self._rate_hz), self._max_samples - self._emitted)
        self._tally.hole_s += left / self._rate_hz
        while left > 0:
            count = min(left, round(BLOCK_S * self._rate_hz))
            # One zero in memory, whatever the length.
            zeros = np.broadcast_to(np.zeros(1, np.float32), count)
            yield self._block(zeros, is_gap=True, held=count)
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
