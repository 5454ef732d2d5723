"""Writes src/evolvisense/web/sample/: the video, which needs espeak-ng, and its report."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr

from docs.sample.photo import F32, SIDE_PX, picture
from docs.sample.story import RATE_HZ, acted, spoken
from evolvisense import Analyzer
from evolvisense.report import to_json

TARGET = Path(__file__).parents[2] / "src" / "evolvisense" / "web" / "sample" / "sample.webm"
REPORT = TARGET.with_name("report.json")
"""What the page opens without analysing anything; written again where the report changes."""
SOUND_HZ = 48_000
OPUS_FRAME = 960
VIDEO_BITS, SOUND_BITS = 64_000, 24_000


def main() -> None:
    """Draw, speak, encode."""
    sound, rate_hz, spans = spoken()
    TARGET.parent.mkdir(exist_ok=True)
    with av.open(str(TARGET), "w") as out:
        video: Any = out.add_stream("libvpx-vp9", rate=RATE_HZ)
        video.width = video.height = SIDE_PX
        video.pix_fmt, video.bit_rate = "yuv420p", VIDEO_BITS
        video.gop_size = 4 * RATE_HZ  # so that seeking is quick
        video.options = {"deadline": "good", "cpu-used": "5", "row-mt": "1"}
        audio: Any = out.add_stream("libopus", rate=SOUND_HZ)
        audio.layout, audio.bit_rate = "mono", SOUND_BITS
        for number, (look, pose, light) in enumerate(acted(sound, rate_hz, spans)):
            frame = av.VideoFrame.from_ndarray(picture(look, pose, light), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for frame in _sound_frames(soxr.resample(sound, rate_hz, SOUND_HZ)):
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
    report = Analyzer().analyze(TARGET)
    REPORT.write_text(to_json(report), encoding="utf-8")
    print(f"{TARGET.name}: {len(sound) / rate_hz:.1f} s, {TARGET.stat().st_size} bytes")


def _sound_frames(mono: F32) -> list[av.AudioFrame]:
    frames: list[av.AudioFrame] = []
    for start in range(0, len(mono), OPUS_FRAME):
        part = mono[None, start : start + OPUS_FRAME].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), "flt", "mono")
        frame.sample_rate, frame.pts = SOUND_HZ, start
        frame.time_base = Fraction(1, SOUND_HZ)
        frames.append(frame)
    return frames


if __name__ == "__main__":
    main()
