"""What must not change the description of a voice: gain, silence around it, clock, sample rate."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import VoiceFeatures, VoiceReading
from tests.factory.voices import ESPEAK_RATE_HZ, spoken
from tests.voice.test_reading import READER, read

TEXT = (
    "Rice is often served in round bowls. The juice of lemons makes fine punch. "
    "The box was thrown beside the parked truck. These days a chicken leg is a rare dish."
)


def talk(seed: int = 0) -> np.ndarray:
    """Four sentences in a quiet room, 22,050 Hz."""
    mono = spoken(TEXT, "en-us+f3")
    noise = 1e-3 * np.random.default_rng(seed).standard_normal(len(mono))
    return (mono + noise).astype(np.float32)


@pytest.fixture(scope="module")
def plain() -> VoiceReading:
    return read(talk(), ESPEAK_RATE_HZ)


def numbers(features: VoiceFeatures) -> dict[str, Any]:
    flat = asdict(features)
    return {**flat.pop("phonation"), **flat}


def differences(
    here: VoiceFeatures, there: VoiceFeatures, *but: str, off_grid: bool = False
) -> dict[str, Any]:
    """Features that differ by more than a little, with both values.

    `off_grid`: frames and steps of activity begin elsewhere, so the ends of speech move by a step.
    """
    limits = {
        "f0_median_hz": 1.0,
        "speech_s": 0.07,
        "voiced_s": 0.1,
        "syllables": 1,
        "pauses_per_min": 0.3,
        "pauses": 0,
        "syllable_rate_hz": 0.12,
        "pause_share": 0.01,
        "jitter_pct": 0.12,
        "shimmer_pct": 0.5,
        "long_pause_share": 0.0,
    }
    if off_grid:
        limits |= dict.fromkeys(("f0_sd_st", "level_sd_db", "tilt_db"), 0.35)
        # P5 stands on a few frames.
        limits |= dict.fromkeys(("f0_range_st", "f0_excursion_st"), 1.0)
        limits |= {"f0_median_hz": 2.5, "hnr_db": 0.5, "level_range_db": 0.8}
        limits |= {"f0_level_st": 0.2, "speech_s": 0.2, "syllables": 2, "syllable_rate_hz": 0.25}
        limits |= {"pause_mean_log_s": 0.2, "pause_share": 0.02, "pauses_per_min": 0.5}
        limits |= {"cpp_db": 0.3, "level_median_dbfs": 0.3}
    ours, theirs = numbers(here), numbers(there)
    return {
        name: (value, theirs[name])
        for name, value in ours.items()
        if name not in but and theirs[name] != pytest.approx(value, abs=limits.get(name, 0.15))
    }


@settings(max_examples=5, deadline=None)
@given(st.floats(-30, 15))
def test_gain_changes_the_level_and_nothing_else(gain_db: float) -> None:
    loud, other = read(talk(), ESPEAK_RATE_HZ), talk() * np.float32(10 ** (gain_db / 20))
    scaled = read(other, ESPEAK_RATE_HZ)
    assert not differences(scaled.features, loud.features, "level_median_dbfs")
    assert loud.features.level_median_dbfs is not None
    assert scaled.features.level_median_dbfs == pytest.approx(
        loud.features.level_median_dbfs + gain_db, abs=0.1
    )
    assert (np.isfinite(scaled.frames.f0_hz) == np.isfinite(loud.frames.f0_hz)).mean() > 0.99
    assert scaled.quality.snr_db == pytest.approx(loud.quality.snr_db, abs=0.5)
    assert scaled.quality.clipped_share == pytest.approx(loud.quality.clipped_share, abs=1e-3)
    assert scaled.quality.bandwidth_hz == loud.quality.bandwidth_hz
    assert scaled.quality.reverberation_s == pytest.approx(loud.quality.reverberation_s, abs=0.05)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.floats(0, 12), st.floats(0, 12))
def test_silence_before_and_after_changes_nothing(before_s: float, after_s: float) -> None:
    mono = talk()
    around = [np.zeros(round(s * ESPEAK_RATE_HZ), np.float32) for s in (before_s, after_s)]
    padded = read(np.concatenate([around[0], mono, around[1]]), ESPEAK_RATE_HZ)
    bare = read(mono, ESPEAK_RATE_HZ)
    assert not differences(padded.features, bare.features, "duration_s", off_grid=True)
    assert padded.quality.snr_db == pytest.approx(bare.quality.snr_db, abs=1.5)


def test_silence_after_changes_nothing(plain: VoiceReading) -> None:
    padded = read(np.concatenate([talk(), np.zeros(30_000, np.float32)]), ESPEAK_RATE_HZ)
    assert not differences(padded.features, plain.features, "duration_s")


def test_a_later_clock_moves_times_alone(plain: VoiceReading) -> None:
    later = read(talk(), ESPEAK_RATE_HZ, start_s=1234.5)
    assert not differences(later.features, plain.features)
    assert later.quality == plain.quality
    assert later.syllable_s - 1234.5 == pytest.approx(plain.syllable_s, abs=1e-6)
    assert later.frames.pts_s - 1234.5 == pytest.approx(plain.frames.pts_s, abs=1e-6)
    for here, there in zip(later.segments, plain.segments, strict=True):
        assert here.start_s - 1234.5 == pytest.approx(there.start_s, abs=1e-6)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_another_sample_rate_changes_little(plain: VoiceReading, rate_hz: int) -> None:
    mono = soxr.resample(talk(), ESPEAK_RATE_HZ, rate_hz).astype(np.float32)
    other = read(mono, rate_hz)
    assert not differences(other.features, plain.features)
    assert other.quality.snr_db == pytest.approx(plain.quality.snr_db, abs=1)


def test_memory_does_not_hold_the_sound() -> None:
    """Blocks may be let go: nothing of the reading refers to them."""
    mono = talk()
    blocks = [
        AudioBlock(i / ESPEAK_RATE_HZ, ESPEAK_RATE_HZ, mono[i : i + 4096].copy())
        for i in range(0, len(mono), 4096)
    ]

    def handed_out() -> Any:
        for block in blocks:
            yield block
            block.mono[:] = np.nan

    changed = READER.read(handed_out())
    assert changed is not None
    assert replace(changed.features) == read(mono, ESPEAK_RATE_HZ).features
