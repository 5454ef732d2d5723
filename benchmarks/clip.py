"""Test material in the ignored folder `benchmarks/.work`: a talking face as a browser records it.

`ten_seconds()`: 10 s, 1280x720, 30 fps, VP8 at 2.5 Mbit/s and Opus in a live WebM, which has no
duration in its header. The face fills about half of the height; the picture has a camera's noise.
`one_minute()`, `ten_minutes()`: its packets six and sixty times over, not encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import cv2
import numpy as np

from trials.paths import DATA, WORK

SOURCES = ("talk_1.mp4", "talk_2.mp4")

WIDTH, HEIGHT, FPS, DURATION_S = 1280, 720, 30, 10
SAMPLE_RATE_HZ = 48_000
BIT_RATE = 2_500_000
"""What MediaRecorder takes where nobody asks for another."""
CAMERA_NOISE = 3.0
"""Standard deviation in grey levels: a webcam indoors."""
WEBM = {"live": "1"}
VP8 = {"deadline": "realtime", "cpu-used": "4", "error-resilient": "1"}


def ten_seconds() -> Path:
    """The clip, made once."""
    return _made("talk_10s.webm", _encode)


def one_minute() -> Path:
    """The clip six times, made once."""
    return _made("talk_1min.webm", lambda path: _repeat(ten_seconds(), path, 6))


def ten_minutes() -> Path:
    """The clip sixty times, made once."""
    return _made("talk_10min.webm", lambda path: _repeat(ten_seconds(), path, 60))


def source_clip() -> Path | None:
    """The talking face of the data folder; None where the folder is absent."""
    return next((path for name in SOURCES if (path := DATA / "clips" / name).is_file()), None)


def _made(name: str, make: Any) -> Path:
    path = WORK / name
    if not path.is_file():
        WORK.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{uuid4().hex}.part.webm")  # another may make it too
        make(unfinished)
        unfinished.rename(path)
    return path


def _encode(path: Path) -> None:
    source = source_clip()
    pictures = _clip_pictures(source) if source else _photograph_pictures()
    sound = _clip_sound(source) if source else _synthetic_sound()
    with av.open(str(path), "w", format="webm", options=WEBM) as out:
        video: Any = out.add_stream("libvpx", rate=FPS, options=VP8)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = BIT_RATE
        audio: Any = out.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout="mono")
        audio.bit_rate = 64_000
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
            out.mux(audio.encode(_sound_frame(sound, number)))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def _sound_frame(sound: np.ndarray, number: int) -> av.AudioFrame:
    per_picture = SAMPLE_RATE_HZ // FPS
    start = number * per_picture
    samples = sound[start : start + per_picture]
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE_HZ
    frame.pts, frame.time_base = start, Fraction(1, SAMPLE_RATE_HZ)
    return frame


def _clip_pictures(path: Path) -> Iterator[np.ndarray]:
    """uint8 (720, 1280, 3), the clip from its beginning again wherever it ends."""
    with av.open(str(path)) as container:
        frames = [
            (f.time or 0.0, _widened(f.to_ndarray(format="rgb24")))
            for f in container.decode(video=0)
        ]
    times_s = np.array([time_s for time_s, _ in frames])
    end_s = times_s[-1] + (times_s[-1] - times_s[0]) / (len(times_s) - 1)
    noise = np.random.default_rng(1)
    for number in range(FPS * DURATION_S):
        index = np.searchsorted(times_s, (number / FPS) % end_s, side="right") - 1
        yield _with_noise(frames[max(index, 0)][1], noise)


def _widened(rgb: np.ndarray) -> np.ndarray:
    """The square picture at full height in the middle; its edges, mirrored twice, beside it."""
    middle = cv2.resize(rgb, (HEIGHT, HEIGHT), interpolation=cv2.INTER_CUBIC)
    strip = (WIDTH - HEIGHT) // 4
    left, right = middle[:, :strip], middle[:, -strip:]
    parts = [left, left[:, ::-1], middle, right[:, ::-1], right]
    return np.ascontiguousarray(np.hstack(parts))


def _with_noise(rgb: np.ndarray, noise: np.random.Generator) -> np.ndarray:
    grain = noise.normal(0, CAMERA_NOISE, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return np.clip(rgb + grain, 0, 255).astype(np.uint8)


def _clip_sound(path: Path) -> np.ndarray:
    """float32 (480000,), mono, 48 kHz, in a loop."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    return np.resize(np.concatenate(parts), SAMPLE_RATE_HZ * DURATION_S).astype(np.float32)


def _photograph_pictures() -> Iterator[np.ndarray]:
    """A public-domain photograph that moves a little, with the noise of a camera."""
    from skimage.data import astronaut  # noqa: PLC0415 - only where the clips are absent

    still = _widened(astronaut())
    noise = np.random.default_rng(1)
    for number in range(FPS * DURATION_S):
        angle = 2 * np.pi * number / FPS / 4
        shift = np.array([[1, 0, 12 * np.sin(angle)], [0, 1, 6 * np.cos(angle)]], np.float32)
        moved = cv2.warpAffine(still, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        yield _with_noise(moved, noise)


def _synthetic_sound() -> np.ndarray:
    """float32 (480000,): a harmonic tone near 130 Hz in syllables, with pauses."""
    time_s = np.arange(SAMPLE_RATE_HZ * DURATION_S) / SAMPLE_RATE_HZ
    pitch_hz = 130 + 20 * np.sin(2 * np.pi * 0.4 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    tone = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3 * time_s), 0, None) * (time_s % 2.5 < 2)
    return (0.1 * tone * syllables).astype(np.float32)


def _repeat(source: Path, path: Path, loops: int) -> None:
    with av.open(str(path), "w", format="webm", options=WEBM) as out:
        with av.open(str(source)) as container:
            templates: list[Any] = list(container.streams)
            streams = [out.add_stream_from_template(template) for template in templates]
        last_dts = [-DURATION_S * 1_000_000] * len(streams)
        for loop in range(loops):
            with av.open(str(source)) as container:
                for packet in container.demux():
                    if packet.dts is None or packet.pts is None:
                        continue
                    index = packet.stream.index
                    shift = int(loop * DURATION_S / packet.time_base)
                    if packet.dts + shift <= last_dts[index]:
                        continue  # the sound is a packet longer than the pictures
                    packet.pts += shift
                    packet.dts += shift
                    last_dts[index] = packet.dts
                    packet.stream = streams[index]
                    out.mux(packet)
