"""Damaged files hold a tenth of a second of sound: no number, but no error either."""

from __future__ import annotations

import pytest

from tests.factory.listening import heard
from tests.factory.voices import made_vowel


@pytest.mark.parametrize("samples", [1, 31, 511, 512, 1500, 2600, 3100, 3600, 4800])
def test_a_moment_of_voice_is_read(samples: int) -> None:
    mono = made_vowel(1.0).mono[4000 : 4000 + samples]
    reading = heard(mono, 16_000)
    assert reading.features.duration_s <= 0.4
    assert reading.features.syllable_rate_hz is None
