"""Made voices: vowels whose periods, amplitudes and noise are known, and sentences by espeak-ng."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

FORMANTS_HZ = ((660, 80), (1720, 100), (2410, 120), (3500, 180), (4500, 250))
"""Centre and bandwidth of an open vowel (Peterson & Barney 1952, adult men, /ae/)."""


@dataclass(frozen=True)
class MadeVowel:
    """A vowel of separate pulses, and what it was made of."""

    mono: NDArray[np.float32]
    rate_hz: int
    pulse_s: NDArray[np.float64]
    height: NDArray[np.float64]

    @property
    def jitter_pct(self) -> float:
        """Local jitter of the pulses themselves."""
        period = np.diff(self.pulse_s)
        return float(100 * np.abs(np.diff(period)).mean() / period.mean())

    @property
    def shimmer_pct(self) -> float:
        """Local shimmer of the pulses themselves."""
        return float(100 * np.abs(np.diff(self.height)).mean() / self.height.mean())


def made_vowel(
    duration_s: float = 2.0,
    f0_hz: float = 120.0,
    *,
    rate_hz: int = 16_000,
    period_sd: float = 0.0,
    height_sd: float = 0.0,
    hnr_db: float | None = None,
    seed: int = 0,
) -> MadeVowel:
    """Pulses at exact times through formants; SDs are relative, the noise is white."""
    rng = np.random.default_rng(seed)
    count = int(duration_s * f0_hz)
    period = (1 + period_sd * rng.standard_normal(count)) / f0_hz
    pulse_s = np.cumsum(period)
    pulse_s = pulse_s[pulse_s < duration_s - 0.05]
    height = 1 + height_sd * rng.standard_normal(len(pulse_s))
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    mono = np.zeros(len(t))
    for at, level in zip(pulse_s, height, strict=True):
        first = int(np.ceil(at * rate_hz))
        since = t[first : first + round(0.05 * rate_hz)] - at
        mono[first : first + len(since)] += level * sum(
            np.exp(-np.pi * width * since) * np.sin(2 * np.pi * hz * since) / (1 + i)
            for i, (hz, width) in enumerate(FORMANTS_HZ)
        )
    if hnr_db is not None:
        noise = rng.standard_normal(len(mono))
        mono += noise * np.sqrt(np.mean(mono**2) / 10 ** (hnr_db / 10))
    mono *= 0.3 / np.abs(mono).max()
    return MadeVowel(mono.astype(np.float32), rate_hz, pulse_s, height)


@dataclass(frozen=True)
class Sentence:
    """A text and its syllables, counted by hand in careful speech."""

    text: str
    syllables: int


SENTENCES: Sequence[Sentence] = (
    Sentence("The cat sat on the mat.", 6),
    Sentence("Kids are talking by the door.", 7),
    Sentence("Dogs are sitting by the door.", 7),
    Sentence("She had your dark suit in greasy wash water all year.", 14),
    Sentence("Do not ask me to carry an oily rag like that.", 12),
    Sentence("The birch canoe slid on the smooth planks.", 9),
    Sentence("Glue the sheet to the dark blue background.", 9),
    Sentence("It is easy to tell the depth of a well.", 11),
    Sentence("These days a chicken leg is a rare dish.", 10),
    Sentence("Rice is often served in round bowls.", 8),
    Sentence("The juice of lemons makes fine punch.", 8),
    Sentence("The box was thrown beside the parked truck.", 9),
)
"""Texts of RAVDESS, TIMIT and the Harvard sentences (IEEE 1969)."""


@cache
def spoken(text: str, voice: str = "en-us", words_per_min: int = 150) -> NDArray[np.float32]:
    """The text by espeak-ng, float32 (N,) at 22,050 Hz; the test is skipped without espeak-ng."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed (apt-get install espeak-ng)")
    command = [program, "-v", voice, "-s", str(words_per_min), "--stdout", text]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (ESPEAK_RATE_HZ, 2)
        # The header of a stream states more frames than there are.
        samples = np.frombuffer(file.readframes(1 << 24), "<i2")
    return (samples / 32768).astype(np.float32)


ESPEAK_RATE_HZ = 22_050
