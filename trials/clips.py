"""Small media for the trials: a second of a face in many formats, made once.

Real faces are those of the data folder; without it a public-domain photograph that moves.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from trials.media import astronaut, vowel
from trials.paths import DATA, WORK

FOLDER = WORK / "reliability" / "clips"
RATE_FPS = 25
SOUND_HZ = 44_100
WIDTH, HEIGHT = 240, 180

FORMATS = (
    ("vp8_opus.webm", "libvpx", "libopus", "talk_1.mp4"),
    ("vp9_opus.webm", "libvpx-vp9", "libopus", "talk_2.mp4"),
    ("h264_aac.mp4", "libx264", "aac", "talk_3.mp4"),
    ("h264_alone.mp4", "libx264", "", "woman.mp4"),
    ("hevc_aac.mov", "libx265", "aac", "talk_hd_1.mp4"),
    ("h264_mp3.mkv", "libx264", "mp3", "talk_hd_2.mp4"),
    ("mpeg4_mp3.avi", "mpeg4", "mp3", "talk_1.mp4"),
    ("mpeg2_mp3.ts", "mpeg2video", "mp3", "talk_2.mp4"),
    ("flv1_mp3.flv", "flv", "mp3", "talk_3.mp4"),
    ("wmv2_pcm.asf", "wmv2", "pcm_s16le", "talk_1.mp4"),
    ("mjpeg_pcm.mov", "mjpeg", "pcm_s16le", "talk_2.mp4"),
    ("mpeg4_flac.nut", "mpeg4", "flac", "talk_3.mp4"),
    ("pictures.gif", "gif", "", "talk_1.mp4"),
)
"""Name, codecs, and the clip of the data folder in it."""
ENCODERS = {
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libx264": {"preset": "veryfast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
}
AS_THEY_ARE = ("several_people.mp4", "crema_1001_dfa_hap.flv", "single_face.mp4")
"""Short clips of the data folder that are taken as they are."""


def small_clips() -> list[Path]:
    """All of them, in a fixed order."""
    made = [small_clip(row[0]) for row in FORMATS]
    there = [DATA / "clips" / name for name in AS_THEY_ARE]
    return made + [path for path in there if path.is_file()]


def small_clip(name: str = FORMATS[0][0]) -> Path:
    """A second, 240 px wide; by default WebM as a browser records it."""
    codec, sound_codec, clip = next(row[1:] for row in FORMATS if row[0] == name)
    return _made(FOLDER / name, codec, sound_codec, clip, seconds=1)


def long_clip() -> Path:
    """10 s of the same: long enough for a process to be killed in the middle."""
    return _made(FOLDER / "long.webm", *FORMATS[0][1:], seconds=10)


def _made(path: Path, codec: str, sound_codec: str, clip: str, *, seconds: int) -> Path:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures, sound = _source(clip, 1.0)
        write(path, codec, sound_codec, pictures * seconds, np.tile(sound, seconds))
    return path


def _source(clip: str, duration_s: float) -> tuple[list[NDArray[np.uint8]], NDArray[np.float32]]:
    """Pictures and sound float32 (N,) of the beginning of a clip."""
    number = round(duration_s * RATE_FPS)
    path = DATA / "clips" / clip
    sound = vowel(duration_s, rate_hz=SOUND_HZ)
    if not path.is_file():
        still = astronaut((WIDTH, HEIGHT))
        return [np.roll(still, n % 8, axis=1) for n in range(number)], sound
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        pictures = [_scaled(next(frames).to_ndarray(format="rgb24")) for _ in range(number)]
    with av.open(str(path)) as container:
        if container.streams.audio:
            resampler = av.AudioResampler("flt", "mono", SOUND_HZ)
            blocks = [
                part.to_ndarray()[0]
                for frame in container.decode(audio=0)
                for part in resampler.resample(frame)
            ]
            sound = np.concatenate(blocks)[: len(sound)].astype(np.float32)
    return pictures, sound


def _scaled(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at HEIGHT in the middle of a grey one."""
    height, width = rgb.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    small = cv2.resize(rgb, (round(width * scale), round(height * scale)))
    canvas = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    left, top = (WIDTH - small.shape[1]) // 2, (HEIGHT - small.shape[0]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def write(
    path: Path,
    codec: str,
    sound_codec: str,
    pictures: list[NDArray[np.uint8]],
    sound: NDArray[np.float32],
) -> Path:
    """Encode into `path`; without sound where `sound_codec` is empty."""
    # Another process or thread may be making the same.
    unfinished = path.with_name(f"part-{uuid4().hex}-{path.name}")
    with av.open(str(unfinished), "w") as out:
        video: Any = out.add_stream(codec, rate=RATE_FPS)
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        video.bit_rate = 200_000
        video.options = ENCODERS.get(codec, {})
        audio: Any = None
        if sound_codec:
            rate_hz = 48_000 if sound_codec == "libopus" else SOUND_HZ
            audio = out.add_stream(sound_codec, rate=rate_hz, layout="mono")
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE_FPS)
            out.mux(video.encode(frame.reformat(format=video.pix_fmt)))
        out.mux(video.encode(None))
        if audio is not None:
            _mux_sound(out, audio, sound)
    with suppress(FileExistsError):  # the first one stays: somebody may be reading it
        path.hardlink_to(unfinished)
    unfinished.unlink()
    return path


def _mux_sound(out: Any, audio: Any, sound: NDArray[np.float32]) -> None:
    frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, 0, Fraction(1, SOUND_HZ)
    context = audio.codec_context
    size = context.frame_size or 1024
    resampler = av.AudioResampler(context.format, "mono", context.sample_rate, size)
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        out.mux(audio.encode(part))
    out.mux(audio.encode(None))
