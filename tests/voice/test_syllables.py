"""Syllable nuclei against counts by design."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.voice.prosody import syllable_nuclei
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken
from tests.voice.test_reading import read


def frames_of(*peaks_db: float, dip_db: float = 6.0) -> np.ndarray:
    """Level in dB that rises to each peak and falls by `dip_db` from the lower one between two."""
    level = [peaks_db[0] - dip_db]
    for peak, following in zip(peaks_db, [*peaks_db[1:], peaks_db[-1]], strict=True):
        level += np.linspace(level[-1], peak, 5)[1:].tolist()
        level += np.linspace(peak, min(peak, following) - dip_db, 5)[1:].tolist()
    return np.array(level, np.float32)


def count(level_db: np.ndarray, voiced: np.ndarray | None = None) -> int:
    everything = np.ones(len(level_db), np.bool_)
    return len(syllable_nuclei(level_db, everything if voiced is None else voiced, everything))


@pytest.mark.parametrize("peaks", [1, 2, 7])
def test_every_peak_is_a_nucleus(peaks: int) -> None:
    level_db = frames_of(*[-20.0] * peaks)
    assert count(level_db) == peaks


@pytest.mark.parametrize(("dip_db", "nuclei"), [(1.9, 1), (2.1, 3)])
def test_a_dip_of_2_db_sets_nuclei_apart(dip_db: float, nuclei: int) -> None:
    assert count(frames_of(-20, -20, -20, dip_db=dip_db)) == nuclei


def test_weak_unvoiced_and_silent_peaks_do_not_count() -> None:
    level_db = frames_of(-20, -46, -20)
    assert count(level_db) == 2  # 26 dB below the loudest
    voiced = np.ones(len(level_db), np.bool_)
    voiced[:8] = False
    assert count(level_db, voiced) == 1
    nothing = np.zeros(len(level_db), np.bool_)
    assert len(syllable_nuclei(level_db, ~nothing, nothing)) == 0


@pytest.mark.parametrize("words_per_min", [120, 160])
@pytest.mark.parametrize("voice", ["en-us", "en-us+f3", "en-gb+m3"])
def test_syllables_of_sentences(voice: str, words_per_min: int) -> None:
    """Of 110 syllables in 12 sentences; seen: none to 8 off in all, 2 at most in one sentence."""
    found = []
    for sentence in SENTENCES:
        reading = read(spoken(sentence.text, voice, words_per_min), ESPEAK_RATE_HZ)
        syllables = reading.features.syllables
        assert syllables is not None
        assert syllables == len(reading.syllable_s)
        found.append(syllables)
    designed = np.array([sentence.syllables for sentence in SENTENCES])
    off = np.array(found) - designed
    assert np.abs(off).max() <= 3
    assert abs(off.sum()) <= 0.1 * designed.sum()
    assert np.corrcoef(found, designed)[0, 1] > 0.85


def test_faster_speech_has_a_higher_rate() -> None:
    text = " ".join(sentence.text for sentence in SENTENCES[:4])
    rates = [
        read(spoken(text, "en-us", speed), ESPEAK_RATE_HZ).features.syllable_rate_hz
        for speed in (100, 150, 220)
    ]
    assert None not in rates
    assert rates == sorted(rates, key=float)
