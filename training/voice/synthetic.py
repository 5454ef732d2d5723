"""Neutral voices of espeak-ng, men's and women's: a test of fairness, never trained on."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from evolvisense.voice.emotion import VoiceEmotionReader

RATE_HZ = 16_000
MEN = ("en+m1", "en+m3", "en+m7", "pl+m3", "de+m3")
WOMEN = ("en+f1", "en+f2", "en+f4", "pl+f2", "de+f2")
TEXT = (
    "The meeting will take place on Tuesday at half past nine. Please bring the printed documents "
    "and a pen. The room is on the second floor, next to the library, and there is coffee for all."
)
WORDS_PER_MIN = 160
Answer = tuple[NDArray[np.float32], float]


def say(voice: str) -> NDArray[np.float32]:
    """float32 (N,) at 16 kHz."""
    command = ["espeak-ng", "-v", voice, "-s", str(WORDS_PER_MIN), "--stdout", TEXT]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    mono, rate_hz = soundfile.read(io.BytesIO(spoken), dtype="float32")
    return soxr.resample(mono, rate_hz, RATE_HZ).astype(np.float32)


def read_voices(reader: VoiceEmotionReader) -> dict[str, Answer]:
    """Mean answer (7,) and arousal of each voice and of each sex; {} without espeak-ng."""
    if shutil.which("espeak-ng") is None:
        return {}
    found: dict[str, Answer] = {}
    count = int(reader.window_s * RATE_HZ)
    for voice in MEN + WOMEN:
        mono = say(voice)
        starts = range(0, len(mono) - count + 1, count // 2)
        probs, arousal = reader.read_windows(np.stack([mono[s : s + count] for s in starts]))
        found[voice] = probs.mean(axis=0), float(arousal.mean())
    for name, voices in (("men, mean", MEN), ("women, mean", WOMEN)):
        mean = np.mean([found[voice][0] for voice in voices], axis=0)
        found[name] = mean, float(np.mean([found[voice][1] for voice in voices]))
    return found
