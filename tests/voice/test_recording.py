"""The quality of a recording on sound whose faults were made."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from evolvisense.types.voice import RecordingQuality
from evolvisense.voice.quality import decay_time_s, flattened_peaks
from tests.factory.media import vowel
from tests.factory.voices import ESPEAK_RATE_HZ, made_vowel, spoken
from tests.voice.test_reading import read

TEXT = (
    "Rice is often served in round bowls. The juice of lemons makes fine punch. "
    "The box was thrown beside the parked truck. These days a chicken leg is a rare dish."
)


def talk(rate_hz: int = 48_000) -> np.ndarray:
    mono = spoken(TEXT, "en-us+f3")
    padded = np.concatenate([np.zeros(ESPEAK_RATE_HZ // 2), mono, np.zeros(ESPEAK_RATE_HZ // 2)])
    resampled = soxr.resample(padded, ESPEAK_RATE_HZ, rate_hz)
    return (0.5 * resampled / np.abs(resampled).max()).astype(np.float32)


def quality(mono: np.ndarray, rate_hz: int = 48_000) -> RecordingQuality:
    return read(mono.astype(np.float32), rate_hz).quality


@pytest.mark.parametrize("snr_db", [10, 20, 30, 40])
def test_noise_of_a_known_level(snr_db: float, rng: np.random.Generator) -> None:
    mono = talk(16_000)
    speech = read(mono, 16_000)
    pts = np.arange(len(mono)) / 16_000
    heard = np.zeros(len(mono), np.bool_)
    for segment in speech.segments:
        heard |= (pts >= segment.start_s) & (pts < segment.end_s)
    power = np.mean(mono[heard] ** 2) / 10 ** (snr_db / 10)
    noisy = mono + np.sqrt(power) * rng.standard_normal(len(mono))
    assert quality(noisy, 16_000).snr_db == pytest.approx(snr_db, abs=1.5)


def test_noise_where_no_pause_is(rng: np.random.Generator) -> None:
    """Then the gaps between words stand for it: never better than the truth by much."""
    mono = talk(16_000)
    mono = mono[np.abs(mono) > 0]
    noisy = mono + 0.02 * np.std(mono) * rng.standard_normal(len(mono))
    measured = quality(noisy, 16_000).snr_db
    assert measured is not None
    assert 15 < measured < 37


def test_silence_has_no_quality() -> None:
    nothing = quality(np.zeros(48_000))
    assert (nothing.snr_db, nothing.bandwidth_hz, nothing.reverberation_s) == (None, None, None)
    assert nothing.clipped_share == 0
    assert nothing.speakers == "unknown"


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
@pytest.mark.parametrize("height", [1.0, 0.3])
@pytest.mark.parametrize("quantile", [0.99, 0.97])
def test_clipping_also_below_full_scale(rate_hz: int, height: float, quantile: float) -> None:
    mono = talk(rate_hz)
    limit = np.quantile(np.abs(mono), quantile)
    clipped = (np.clip(mono, -limit, limit) / limit * height).astype(np.float32)
    designed = float((np.abs(mono) >= limit).mean())
    assert flattened_peaks(clipped).mean() == pytest.approx(designed, rel=0.35)
    assert flattened_peaks(mono).mean() < 5e-4


@pytest.mark.parametrize("f0_hz", [90.0, 200.0])
def test_a_steady_loud_voice_is_not_clipped(f0_hz: float) -> None:
    assert flattened_peaks(vowel(2.0, f0_hz)).mean() < 1e-3
    assert flattened_peaks(made_vowel(2.0, f0_hz, rate_hz=48_000).mono).mean() < 1e-3
    sine = np.sin(2 * np.pi * f0_hz * np.arange(48_000) / 48_000).astype(np.float32)
    assert flattened_peaks(sine).mean() == 0


def test_clipped_speech_is_reported_in_speech_alone() -> None:
    mono = talk()
    limit = np.quantile(np.abs(mono), 0.97)
    clipped = quality(np.clip(mono, -limit, limit))
    assert clipped.clipped_share > 0.02
    assert quality(mono).clipped_share < 0.001


@pytest.mark.parametrize("cut_hz", [3_400, 5_500, 8_000])
def test_bandwidth_of_a_telephone(cut_hz: int, rng: np.random.Generator) -> None:
    mono = talk()
    spectrum = np.fft.rfft(mono)
    spectrum[np.fft.rfftfreq(len(mono), 1 / 48_000) > cut_hz] = 0
    narrow = np.fft.irfft(spectrum, len(mono)) + 1e-6 * rng.standard_normal(len(mono))
    assert quality(narrow).bandwidth_hz == pytest.approx(cut_hz, abs=500)


def test_bandwidth_is_at_most_half_the_rate() -> None:
    assert quality(talk(8_000), 8_000).bandwidth_hz == pytest.approx(4_000, abs=250)


def room(decay_s: float, rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    """An impulse response of exponential decay, with the direct sound as strong as the rest."""
    t = np.arange(round(1.2 * decay_s * rate_hz)) / rate_hz
    tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / decay_s)
    response = 0.7 * tail / np.sqrt(np.sum(tail**2))
    response[0] += 1
    return response


@pytest.mark.parametrize("decay_s", [0.3, 0.5, 0.8])
def test_the_decay_of_a_room(decay_s: float, rng: np.random.Generator) -> None:
    mono = talk(16_000)
    heard = np.convolve(mono, room(decay_s, 16_000, rng))
    heard += 1e-4 * np.abs(heard).max() * rng.standard_normal(len(heard))
    assert quality(heard, 16_000).reverberation_s == pytest.approx(decay_s, rel=0.25)


def test_decay_of_a_straight_fall() -> None:
    fall = np.concatenate([[-20.0], np.linspace(-20, -56, 13)])  # 36 dB in .192 s: RT60 .32 s
    level_db = np.tile(fall, 4).astype(np.float32)
    assert decay_time_s(level_db, 0.016) == pytest.approx(0.32, rel=0.02)
    assert decay_time_s(level_db[:20], 0.016) is None
    assert decay_time_s(np.zeros(0, np.float32), 0.016) is None
