"""Log-mel and periodicity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.types.arrays import F32
from evolvisense.voice import mel


def tone(hz: float, seconds: float = 1.0, amplitude: float = 0.5) -> F32:
    times = np.arange(round(seconds * mel.RATE_HZ)) / mel.RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def voice(f0_hz: float, seconds: float = 1.0) -> F32:
    """Harmonics up to 3.4 kHz that fall by 6 dB an octave."""
    orders = range(1, int(3400 / f0_hz) + 1)
    total = sum((tone(f0_hz * k, seconds, 0.2 / k) for k in orders), start=tone(0.0, seconds))
    return np.asarray(total, np.float32)


@pytest.mark.parametrize(
    ("samples", "frames"), [(1, 1), (1024, 1), (1343, 1), (1344, 2), (8000, 22), (48_000, 147)]
)
def test_frames_lie_wholly_inside(samples: int, frames: int) -> None:
    assert mel.frame_count(samples) == frames
    assert mel.features(np.zeros((2, samples), np.float32)).shape == (2, frames, mel.WIDTH)


def test_no_window_has_no_features() -> None:
    assert mel.features(np.zeros((0, 8000), np.float32)).shape == (0, 22, mel.WIDTH)


@settings(max_examples=25)
@given(st.floats(-40, 40), st.integers(0, 100))
def test_gain_changes_nothing(gain_db: float, seed: int) -> None:
    sound = np.random.default_rng(seed).normal(0, 0.01, (1, 9000)).astype(np.float32)
    sound[0, 3000:6000] *= 8
    louder = sound * np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(mel.features(sound), mel.features(louder), atol=1e-3)


def test_a_tone_lies_in_its_band_at_the_level_of_the_speech() -> None:
    found = mel.features(tone(1000)[None])[0, :, : mel.MELS]
    bands_mel = np.linspace(*(2595 * np.log10(1 + np.array(mel.MEL_RANGE_HZ) / 700)), mel.MELS + 2)
    centre_hz = 700 * (10 ** (bands_mel[1:-1] / 2595) - 1)
    assert (np.abs(centre_hz[found.argmax(axis=1)] - 1000) < 40).all()
    assert (np.abs(found.max(axis=1)) < 4).all()
    assert found.min() == pytest.approx(mel.FLOOR_DB, abs=1)


def test_power_is_relative_to_full_scale() -> None:
    power, _ = mel.analyse(tone(1000, amplitude=1.0))
    assert mel.speech_power(power) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("f0_hz", [80.0, 120.0, 210.0, 400.0])
def test_periodicity_peaks_at_the_pitch_with_and_without_the_fundamental(f0_hz: float) -> None:
    whole = voice(f0_hz)
    for sound in (whole, whole - tone(f0_hz, amplitude=0.2)):
        mean = mel.features(sound[None])[0, :, mel.MELS :].mean(axis=0)
        # Half the pitch fits a period as well: the highest of what is near counts.
        near = np.abs(np.log2(mel.pitches_hz() / f0_hz)) < 0.4
        found = mel.pitches_hz()[near][mean[near].argmax()]
        assert found == pytest.approx(f0_hz, rel=0.06)


def test_pauses_hardly_change_the_speech_level() -> None:
    speech = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    padded = np.concatenate([np.zeros(16_000, np.float32), speech, np.zeros(16_000, np.float32)])
    levels = [mel.speech_power(mel.analyse(sound)[0]) for sound in (speech, padded)]
    assert 10 * np.log10(levels[1] / levels[0]) == pytest.approx(0, abs=0.3)


def test_silence_is_the_floor_and_not_a_number_less() -> None:
    found = mel.features(np.zeros((1, 8000), np.float32))[0]
    assert found[:, : mel.MELS] == pytest.approx(mel.FLOOR_DB)
    assert not found[:, mel.MELS :].any()


def test_a_window_does_not_depend_on_the_others(rng: np.random.Generator) -> None:
    windows = rng.normal(0, 0.1, (3, 9000)).astype(np.float32)
    alone = [mel.features(window[None])[0] for window in windows]
    np.testing.assert_array_equal(mel.features(windows), np.stack(alone))
