"""The voice on one core: everything that is read from the sound of a ten-second clip."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from benchmarks.clip import DURATION_S, ten_seconds
from benchmarks.machine import Row
from evolvisense.indicators.features import plan_blocks, voice_samples
from evolvisense.media import MediaLimits, decode_audio
from evolvisense.voice import VoiceReader
from evolvisense.voice.emotion import VoiceEmotionReader
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity


def measure(rounds: int) -> tuple[dict[str, Any], list[Row]]:
    blocks = list(decode_audio(ten_seconds(), MediaLimits()))
    reader = VoiceReader(SileroActivity(), SwiftF0Pitch(), VoiceEmotionReader())
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        times = [_seconds(reader, blocks) for _ in range(rounds + 1)][1:]
    finally:
        os.sched_setaffinity(0, everywhere)
    took_s = statistics.median(times)
    print(f"{took_s:.3f} s")
    what = f"everything about the voice of {DURATION_S} s, one core, without decoding"
    return {"seconds": took_s}, [Row(what, f"{took_s:.2f} s", "<= 0.5 s")]


def _seconds(reader: VoiceReader, blocks: list[Any]) -> float:
    began = time.perf_counter()
    reading = reader.read(blocks)
    assert reading is not None
    voice_samples(reading, plan_blocks(0.0, reading.features.duration_s))
    return time.perf_counter() - began
