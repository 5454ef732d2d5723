"""A made recording whose features are written into the reference set.

If the shipped extractors find other values on it, features mean something else than when the
reference set was made, and it has to be made anew. No voice of anybody: harmonics under moving
formants, with the vowels, hisses, pauses, breaks of pitch and steps of loudness that features
listen to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evolvisense.indicators.features import sound_evidence
from evolvisense.types.indicators import Feature
from evolvisense.types.media import AudioBlock
from evolvisense.voice import VoiceReader
from evolvisense.voice.emotion import VoiceEmotionReader
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity

RATE_HZ = 16_000
VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
)
"""Formants in Hz of men's /a/, /i/, /u/, /e/ and /o/ (Peterson & Barney 1952)."""
WIDTHS_HZ = (80, 100, 140)
HARMONICS = 36
SYLLABLES = 44
VOWEL_S, HISS_S = 0.17, 0.05
PAUSES_S = {6: 0.22, 7: 0.3, 13: 0.5, 20: 1.3, 26: 0.26, 33: 0.8, 38: 0.28}
"""After the syllable of that number."""
F0_HZ, SWING_ST = 120.0, 3.0
STRAY_HZ = {4: 88.0, 10: 72.0, 18: 80.0, 24: 385.0, 31: 65.0, 36: 330.0, 40: 440.0}
"""Syllables on both sides of the limits of the speaker's range."""
SOFT_DB = {2: -16.0, 8: -19.0, 15: -22.0, 22: -24.0, 28: -26.0, 35: -30.0}
"""Syllables on both sides of what is too soft to be one."""
DIP_DB = {3: 0.8, 9: 1.4, 16: 1.8, 23: 2.3, 29: 2.8, 34: 3.5, 41: 5.0}
"""Syllables with a dip in the middle, on both sides of what makes two of one."""


def sound() -> NDArray[np.float32]:
    """float32 (N,) at RATE_HZ, some fourteen seconds."""
    rng = np.random.default_rng(0)
    parts: list[NDArray[np.float64]] = [np.zeros(RATE_HZ // 2)]
    for number in range(SYLLABLES):
        # Two swings that never meet, so that no two syllables are alike.
        swing = np.sin(0.9 * number) + 0.5 * np.sin(2.3 * number)
        f0_hz = STRAY_HZ.get(number, float(F0_HZ * 2 ** (SWING_ST * swing / 12)))
        loud_db = SOFT_DB.get(number, 4 * np.sin(1.7 * number) - 3)
        hiss = 0.02 * np.diff(rng.standard_normal(round(HISS_S * RATE_HZ) + 1))
        vowel = syllable(f0_hz, VOWELS[number % len(VOWELS)], DIP_DB.get(number, 0.0))
        vowel *= 10 ** (loud_db / 20)
        parts += [hiss, vowel, np.zeros(round(PAUSES_S.get(number, 0.0) * RATE_HZ))]
    mono = np.concatenate([*parts, np.zeros(RATE_HZ // 2)])
    mono *= 0.3 / np.abs(mono).max()
    return (mono + 1e-4 * rng.standard_normal(len(mono))).astype(np.float32)


def syllable(f0_hz: float, formants_hz: tuple[int, ...], dip_db: float) -> NDArray[np.float64]:
    """One vowel that falls by a semitone, swells and fades; longer where it has a dip."""
    vowel_s = 2 * VOWEL_S if dip_db else VOWEL_S
    t = np.arange(round(vowel_s * RATE_HZ)) / RATE_HZ
    hz = f0_hz * 2 ** (-t / vowel_s / 12)
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    mono = np.zeros(len(t))
    for k in range(1, HARMONICS + 1):
        level = np.zeros(len(t))
        for order, (centre, width) in enumerate(zip(formants_hz, WIDTHS_HZ, strict=True)):
            level += 2.0**-order / (1 + ((k * hz - centre) / width) ** 2)
        mono += np.where(k * hz < RATE_HZ / 2, level, 0) * np.sin(k * phase) / k**0.5
    dip = 10 ** (-dip_db / 20 * np.exp(-(((t / vowel_s - 0.5) / 0.12) ** 2)))
    return mono * dip * np.minimum(np.sin(np.pi * t / vowel_s) * 2, 1) ** 0.5


def features() -> dict[Feature, float]:
    """What the shipped extractors find."""
    reader = VoiceReader(SileroActivity(), SwiftF0Pitch(), VoiceEmotionReader())
    reading = reader.read([AudioBlock(0.0, RATE_HZ, sound())])
    if reading is None:
        raise ValueError("the made recording has no samples")
    return {name: found.value for name, found in sound_evidence(reading).measured.items()}
