"""Channels that cancel each other, streams to choose from, sound that cannot be decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense.media import AudioTally, decode_audio, probe
from evolvisense.media.downmix import Mixer
from tests.factory.media import Film, Sound, plain, vowel

RATE_HZ = 48_000


def mixed(samples: np.ndarray, size: int = 1024) -> tuple[np.ndarray, float]:
    mixer = Mixer(RATE_HZ)
    parts = [mixer.mono(samples[:, at : at + size]) for at in range(0, samples.shape[1], size)]
    return np.concatenate(parts), mixer.one_channel_s


@pytest.mark.parametrize("other", [-1.0, -0.9, -0.7])
def test_opposite_channels_do_not_cancel(other: float) -> None:
    one = vowel(2.0)
    mono, one_channel_s = mixed(np.stack([one, np.float32(other) * one]))
    assert np.array_equal(mono, one)
    assert one_channel_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("kind", ["equal", "one silent", "unrelated", "centre of six", "silence"])
def test_other_channels_are_averaged(kind: str, rng: np.random.Generator) -> None:
    one, noise = vowel(2.0), rng.normal(0, 0.1, (2, 96_000)).astype(np.float32)
    samples = {
        "equal": np.stack([one, one]),
        "one silent": np.stack([one, 0 * one]),
        "unrelated": noise,
        "centre of six": np.stack([0 * one, 0 * one, one, 0 * one, 0 * one, 0 * one]),
        "silence": np.zeros((2, 4096), np.float32),
    }[kind]
    mono, one_channel_s = mixed(samples)
    assert one_channel_s == 0
    assert np.allclose(mono, samples.mean(axis=0), atol=1e-6)


def test_the_choice_holds_over_quiet_moments(rng: np.random.Generator) -> None:
    """Noise between words is not in opposite phase; the words are."""
    one = vowel(1.0)
    noise = rng.normal(0, 1e-3, (2, 24_000)).astype(np.float32)
    words = np.stack([one, -one])
    mono, _ = mixed(np.concatenate([words, noise, words], axis=1))
    assert np.array_equal(mono, np.concatenate([words, noise, words], axis=1)[0])


def test_a_file_with_opposite_channels_keeps_its_voice(tmp_path: Path) -> None:
    one = vowel(1.5)
    sound = Sound(np.stack([one, -one]), codec="pcm_s16le", layout="stereo")
    film = Film([plain((64, 48))] * 25, codec="mpeg4", sound=sound)
    tally = AudioTally()
    blocks = list(decode_audio(film.write(tmp_path / "a.mkv"), tally=tally))
    assert np.abs(np.concatenate([b.mono for b in blocks]) - one).max() < 2e-4
    assert tally.one_channel_s == pytest.approx(1.5, abs=0.05)


def test_sound_without_a_decoder_is_sound(tmp_path: Path) -> None:
    film = Film([plain((64, 48))] * 25, sound=Sound(vowel(1.0)))
    path = film.write(tmp_path / "a.webm")
    path.write_bytes(path.read_bytes().replace(b"A_OPUS", b"A_XPUS"))
    info = probe(path)
    assert info.audio is None
    assert info.undecodable_audio_streams == 1
