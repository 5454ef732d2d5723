"""A clip as what Chromium's fake camera and microphone play: Y4M and WAV."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

SIZE_WH = (640, 480)
RATE_HZ = 15
SOUND_HZ = 48_000
LONGEST_S = 4.0
"""The browser begins again at the end; a second takes 7 MB."""


@dataclass(frozen=True)
class FakeCamera:
    """The two files."""

    y4m: Path
    wav: Path

    @classmethod
    def of_clip(cls, clip: Path, folder: Path) -> FakeCamera:
        """The first seconds of a clip, with silence where it has no sound."""
        made = cls(folder / "camera.y4m", folder / "microphone.wav")
        _write_pictures(clip, made.y4m)
        _write_sound(clip, made.wav)
        return made

    @property
    def arguments(self) -> tuple[str, ...]:
        """Chromium's command line: these devices, without a question to the person."""
        return (
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={self.y4m}",
            f"--use-file-for-fake-audio-capture={self.wav}",
        )


def _write_pictures(clip: Path, target: Path) -> None:
    width, height = SIZE_WH
    with target.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{RATE_HZ}:1 Ip A1:1 C420mpeg2\n".encode())
        for rgb in _pictures(clip):
            file.write(b"FRAME\n")
            file.write(cv2.cvtColor(_fitted(rgb), cv2.COLOR_RGB2YUV_I420).tobytes())


def _pictures(clip: Path) -> Iterator[NDArray[np.uint8]]:
    """RGB at RATE_HZ: the newest picture at each tick."""
    ticks = 0
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            time_s = frame.time or 0.0
            while ticks / RATE_HZ <= min(time_s, LONGEST_S):
                yield frame.to_ndarray(format="rgb24")
                ticks += 1
            if time_s >= LONGEST_S:
                return


def _fitted(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scaled into the middle of SIZE_WH on grey."""
    width, height = SIZE_WH
    zoom = min(width / rgb.shape[1], height / rgb.shape[0])
    size = (round(rgb.shape[1] * zoom), round(rgb.shape[0] * zoom))
    canvas = np.full((height, width, 3), 90, np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(rgb, size)
    return canvas


def _write_sound(clip: Path, target: Path) -> None:
    samples = _sound(clip)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_HZ)
        file.writeframes(samples.tobytes())


def _sound(clip: Path) -> NDArray[np.int16]:
    """int16 (N,), SOUND_HZ, LONGEST_S long."""
    wanted = round(LONGEST_S * SOUND_HZ)
    parts: list[NDArray[np.int16]] = []
    with av.open(str(clip)) as container:
        if container.streams.audio:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_HZ)
            for frame in container.decode(audio=0):
                parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
                if frame.time is not None and Fraction(frame.time) > LONGEST_S:
                    break
    heard = np.concatenate(parts)[:wanted] if parts else np.zeros(0, np.int16)
    return np.pad(heard, (0, wanted - len(heard)))
