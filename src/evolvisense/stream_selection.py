"""Which video and which audio stream of a file are analysed, where it has several.

Video: the stream that the file marks as default, then the longest; the first of them in which a
face is found in one of a few frames. Sound: the first stream in which somebody speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from evolvisense.media import MediaLimits, MediaScan, decode_audio, sample_frames
from evolvisense.types.arrays import U8
from evolvisense.types.engines import VoiceActivity
from evolvisense.types.media import MediaInfo
from evolvisense.voice.loudness import RATE_HZ, LoudnessNormalizer
from evolvisense.voice.vad import DEFAULT_VAD

FRAMES_LOOKED_AT = 8
SPEECH_IS_HEARD_S = 1.0
"""A stream with so much speech is taken without listening to the others."""
LISTEN_S = 600.0
"""Of a stream without speech so much sound is listened to, silence left out."""
STEP_S = 0.032
SILENT_BELOW = 1e-4
"""-80 dB re full scale: a block of sound whose highest sample is lower is not listened to."""


@dataclass(frozen=True)
class StreamChoice:
    """Numbers of streams in the container."""

    video: int | None
    audio: int | None


def choose_streams(
    path: Path,
    info: MediaInfo,
    scan: MediaScan,
    limits: MediaLimits,
    has_face: Callable[[U8], bool],
    activity: VoiceActivity | None,
    video: int | None = None,
    onset: float = DEFAULT_VAD.onset,
) -> StreamChoice:
    """The streams to analyse of a file; nothing is decoded where it has one of each kind.

    Args:
        path: The file.
        info: What `probe` says of it.
        scan: Its packets.
        limits: Of the media layer.
        has_face: Whether a face is in a frame uint8 (H, W, 3).
        activity: Hears speech; None where the voice is not to be read.
        video: The video stream that was asked for; None chooses.
        onset: Speech probability from which on a step of 32 ms counts as speech.
    """
    if video is None and info.video_streams:
        video = _with_face(path, info.video_streams, limits, has_face)
    audio = None if info.audio is None else info.audio.index
    if activity is not None and len(info.audio_streams) > 1:
        audio = _with_speech(path, info, scan, limits, activity, onset)
    return StreamChoice(video, audio)


def _with_face(
    path: Path, streams: Sequence[int], limits: MediaLimits, has_face: Callable[[U8], bool]
) -> int:
    if len(streams) > 1:
        for number in streams:
            if any(map(has_face, sample_frames(path, number, FRAMES_LOOKED_AT, limits))):
                return number
    return streams[0]


def _with_speech(
    path: Path,
    info: MediaInfo,
    scan: MediaScan,
    limits: MediaLimits,
    activity: VoiceActivity,
    onset: float,
) -> int:
    spoken_s: dict[int, float] = {}
    for number in info.audio_streams:
        spoken_s[number] = _speech_s(path, number, scan, limits, activity, onset)
        if spoken_s[number] >= SPEECH_IS_HEARD_S:
            return number
    return max(info.audio_streams, key=lambda number: spoken_s[number])


def _speech_s(
    path: Path,
    audio: int,
    scan: MediaScan,
    limits: MediaLimits,
    activity: VoiceActivity,
    onset: float,
) -> float:
    """Seconds of speech in a stream, up to SPEECH_IS_HEARD_S."""
    stream, normalizer = activity.start(), LoudnessNormalizer()
    resampler: soxr.ResampleStream | None = None
    speech_s = heard_s = 0.0
    for block in decode_audio(path, limits, timing=scan.timing(None, audio, limits)):
        if block.is_gap or np.abs(block.mono).max(initial=0.0) < SILENT_BELOW:
            continue
        if resampler is None:
            resampler = soxr.ResampleStream(block.rate_hz, RATE_HZ, 1, dtype="float32")
        mono_16k = np.asarray(resampler.resample_chunk(block.mono), np.float32)
        probability = stream.push(normalizer.push(mono_16k))
        speech_s += float((probability >= onset).sum()) * STEP_S
        heard_s += len(block.mono) / block.rate_hz
        if speech_s >= SPEECH_IS_HEARD_S or heard_s >= LISTEN_S:
            break
    return speech_s
