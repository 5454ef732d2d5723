"""The two means of formula v1 against librosa itself."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.voice.legacy import LegacyMeans
from tests.factory.media import vowel

librosa = pytest.importorskip("librosa", reason="librosa is the oracle of these tests")


def ours(mono: np.ndarray, rate_hz: int, block: int) -> tuple[float, float]:
    means = LegacyMeans(rate_hz)
    for start in range(0, len(mono), block):
        means.push(mono[start : start + block])
    result = means.finish()
    return result.pitch_hz, result.rms


def theirs(mono: np.ndarray, rate_hz: int) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pitches, _ = librosa.piptrack(y=mono, sr=rate_hz)
        rms = librosa.feature.rms(y=mono)
    heard = pitches[pitches > 0]
    return float(heard.mean()) if heard.size else 0.0, float(rms.mean())


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("block", [100, 4_800, 1_000_000])
def test_equals_librosa(rate_hz: int, block: int, rng: np.random.Generator) -> None:
    noise = 0.02 * rng.standard_normal(2 * rate_hz).astype(np.float32)
    mono = (vowel(2.0, 130.0, rate_hz) + noise).astype(np.float32)
    pitch_hz, rms = ours(mono, rate_hz, block)
    expected_pitch, expected_rms = theirs(mono, rate_hz)
    assert pitch_hz == pytest.approx(expected_pitch, rel=1e-4)
    assert rms == pytest.approx(expected_rms, rel=1e-5)


def test_silence_and_emptiness_are_zero() -> None:
    assert ours(np.zeros(48_000, np.float32), 48_000, 4800) == (0.0, 0.0)
    assert ours(np.zeros(0, np.float32), 48_000, 4800) == (0.0, 0.0)


def test_fewer_samples_than_a_frame() -> None:
    mono = vowel(0.02, 200.0, 16_000)
    expected = theirs(mono, 16_000)
    assert ours(mono, 16_000, 64) == pytest.approx(expected, rel=1e-4)


@given(st.integers(1, 9_000), st.integers(0, 2**32 - 1))
def test_block_size_never_changes_the_result(block: int, seed: int) -> None:
    mono = 0.1 * np.random.default_rng(seed).standard_normal(9_000).astype(np.float32)
    assert ours(mono, 16_000, block) == pytest.approx(ours(mono, 16_000, 9_000), rel=1e-5)
