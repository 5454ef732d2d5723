"""Warnings about the streams of a file: which ones were read, and what of them is missing."""

from __future__ import annotations

from collections.abc import Sequence

from evolvisense.types.media import MediaInfo, MediaLoss, MediaTiming

MIN_PICTURE_LOSS_S = 0.2
MIN_SOUND_LOSS_S = 0.5
"""Less is missing in many sound files, and changes nothing (ours)."""
MIN_ONE_CHANNEL_S = 1.0
NAMED_JOINS = 5

Warned = tuple[str, str]
"""Code and text."""


def stream_warnings(
    info: MediaInfo, timing: MediaTiming, loss: MediaLoss, one_channel_s: float
) -> list[Warned]:
    """Codes and texts of what limits the reading of these streams.

    Args:
        info: Facts about the file.
        timing: Of the analysed streams.
        loss: What of them is missing.
        one_channel_s: Seconds of sound in which the channels cancel each other.
    """
    found: list[Warned] = []
    if info.video is not None and len(info.video_streams) > 1:
        found.append(
            (
                "several_video_streams",
                f"video stream {info.video.index} was analysed; the file also has "
                f"{_numbers(info.video_streams, info.video.index)}: choose with video_stream",
            )
        )
    if info.audio is not None and len(info.audio_streams) > 1:
        found.append(
            (
                "several_audio_streams",
                f"audio stream {info.audio.index} was analysed, the first in which speech is "
                f"heard or the first of all; the file also has "
                f"{_numbers(info.audio_streams, info.audio.index)}",
            )
        )
    if timing.joins_s:
        named = ", ".join(f"{time_s:.2f} s" for time_s in timing.joins_s[:NAMED_JOINS])
        more = ", ..." if len(timing.joins_s) > NAMED_JOINS else ""
        found.append(
            (
                "recordings_joined",
                f"the timestamps of the file restart at {named}{more}: times go on counting there",
            )
        )
    found.extend(_losses(timing, loss))
    if one_channel_s >= MIN_ONE_CHANNEL_S:
        found.append(
            (
                "channels_cancel",
                f"the audio channels cancel each other for {one_channel_s:.1f} s: the loudest "
                "channel was analysed instead of their mean",
            )
        )
    return found


def _losses(timing: MediaTiming, loss: MediaLoss) -> list[Warned]:
    found: list[Warned] = []
    if loss.video_s is not None and loss.video_s >= MIN_PICTURE_LOSS_S:
        found.append(
            (
                "picture_missing",
                f"{loss.video_frames} frames ({loss.video_s:.1f} s of "
                f"{timing.extent.duration_s:.1f} s) are damaged or missing in the file",
            )
        )
    if loss.audio_s is not None and timing.audio is not None and loss.audio_s >= MIN_SOUND_LOSS_S:
        whole_s = timing.audio.end_s - timing.audio.start_s
        found.append(
            (
                "sound_missing",
                f"{loss.audio_s:.1f} s of {whole_s:.1f} s of sound are damaged or missing in the "
                "file; they do not count as pauses",
            )
        )
    return found


def _numbers(streams: Sequence[int], but: int) -> str:
    return ", ".join(str(number) for number in sorted(streams) if number != but)
