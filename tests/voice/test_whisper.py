"""A whisper has no voiced syllables: their rate is null with its reason, not 0 as evidence."""

from __future__ import annotations

from evolvisense.indicators import GATES
from evolvisense.indicators.features import sound_evidence
from evolvisense.indicators.gates import unusable
from tests.factory.listening import heard, scores
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken

TEXT = " ".join(sentence.text for sentence in SENTENCES)


def test_syllables_of_a_whisper_are_not_counted() -> None:
    reading = heard(0.2 * spoken(TEXT, "en-us+whisper"), ESPEAK_RATE_HZ)
    assert reading.features.speech_s > GATES.min_speech_s, "the whisper is heard as speech"
    assert reading.features.syllables is None
    assert reading.features.syllable_rate_hz is None
    reasons = unusable(sound_evidence(reading), GATES)
    assert reasons["syllable_rate_hz"] == "unvoiced"
    assert reasons["f0_sd_st"] == "too_little_voiced_speech"


def test_syllables_of_the_same_words_with_voice_are_counted() -> None:
    reading = heard(0.2 * spoken(TEXT, "en-us"), ESPEAK_RATE_HZ)
    assert reading.features.syllables
    assert "syllable_rate_hz" not in unusable(sound_evidence(reading), GATES)


def test_a_whisper_has_no_slowing_score() -> None:
    # Pauses are left of its evidence, under half of the weight.
    assert "slowing" not in scores(0.2 * spoken(TEXT, "en-us+whisper"), ESPEAK_RATE_HZ)
