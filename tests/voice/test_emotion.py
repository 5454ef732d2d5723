"""The voice-emotion network as the package runs it."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.models.registry import find_file, spec
from evolvisense.types.arrays import F32
from evolvisense.types.engines import VoiceEmotionClassifier
from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.emotion import MIN_WINDOW_S, MODEL_ID, VoiceEmotionReader
from evolvisense.voice.mel import RATE_HZ

MAX_BYTES = 3_000_000
CLOSE = 2e-4
"""Of probabilities; what differs below it is the order of sums."""
CLIPS_PER_LABEL = 6


@cache
def reader() -> VoiceEmotionReader:
    return VoiceEmotionReader()


def syllables(seconds: float, seed: int = 0) -> F32:
    """Bursts of harmonics and noise, four a second."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    f0_hz = 120 + 30 * np.sin(2 * np.pi * 0.7 * times + seed)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    buzz = sum(np.sin(k * phase) / k for k in range(1, 20))
    bursts = np.clip(np.sin(2 * np.pi * 4 * times), 0, 1)
    return (0.05 * bursts * buzz + 0.002 * rng.standard_normal(len(times))).astype(np.float32)


def test_it_is_a_voice_emotion_classifier() -> None:
    assert isinstance(reader(), VoiceEmotionClassifier)
    assert reader().model.id == MODEL_ID
    assert reader().window_s >= MIN_WINDOW_S


def test_the_file_is_what_the_spec_says_and_small() -> None:
    path = find_file(spec(MODEL_ID))
    assert path is not None
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == spec(MODEL_ID).sha256
    assert len(content) < MAX_BYTES


@pytest.mark.parametrize("seconds", [0.5, 0.51, 1.0, 3.0, 10.0])
def test_probabilities_of_any_length(seconds: float) -> None:
    probs, arousal = reader().read_windows(np.stack([syllables(seconds, seed) for seed in (0, 1)]))
    assert probs.shape == (2, len(EMOTIONS))
    assert arousal.shape == (2,)
    assert probs.dtype == arousal.dtype == np.float32
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    assert (probs >= 0).all()
    assert ((arousal >= 0) & (arousal <= 1)).all()


def test_no_window_has_no_answer() -> None:
    probs, arousal = reader().read_windows(np.zeros((0, 48_000), np.float32))
    assert (probs.shape, arousal.shape) == ((0, 7), (0,))


def test_too_short_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.499 s"):
        reader().read_windows(np.zeros((1, 7984), np.float32))


@settings(max_examples=15)
@given(st.floats(-30, 12), st.integers(0, 50))
def test_gain_changes_nothing(gain_db: float, seed: int) -> None:
    sound = syllables(1.5, seed)[None]
    still, louder = (
        reader().read_windows(sound * np.float32(gain)) for gain in (1, 10 ** (gain_db / 20))
    )
    for ours, theirs in zip(still, louder, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=CLOSE)


@settings(max_examples=10)
@given(st.integers(1, 40), st.integers(0, 39))
def test_the_number_of_windows_changes_nothing(count: int, which: int) -> None:
    windows = np.stack([syllables(0.8, seed) for seed in range(count)])
    row = which % count
    together, alone = (reader().read_windows(w) for w in (windows, windows[row : row + 1]))
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours[row], theirs[0], atol=CLOSE)


@pytest.mark.parametrize("level", [0.0, 1e-7, 1.0])
def test_silence_and_full_scale_noise_give_numbers(level: float, rng: np.random.Generator) -> None:
    sound = (level * rng.uniform(-1, 1, (1, 48_000))).astype(np.float32)
    for values in reader().read_windows(sound):
        assert np.isfinite(values).all()


def decoded(content: bytes) -> F32:
    with av.open(io.BytesIO(content)) as container:
        resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        frames = [
            part.to_ndarray()[0]
            for frame in [*container.decode(audio=0), None]
            for part in resampler.resample(frame)
        ]
    return np.concatenate(frames)


def test_clips_of_the_pack_are_read_better_than_by_chance(
    data_file: Callable[[str], Path],
) -> None:
    # In-sample: a smoke test of file, features and label order, no figure of accuracy.
    table = data_file("voice/speech_train.csv").read_text("utf-8").splitlines()
    names = {"angry": "angry", "happy": "happy", "sad": "sad", "fearful": "fear"}
    chosen: list[tuple[str, int]] = []
    for source, label in [*names.items(), ("neutral", "neutral")]:
        rows = [r for r in csv.DictReader(table) if r["emotion"] == source]
        step = len(rows) // CLIPS_PER_LABEL
        chosen += [(r["path"], EMOTIONS.index(label)) for r in rows[:: step or 1]]
    right = 0
    aroused: dict[int, list[float]] = {}
    with zipfile.ZipFile(data_file("voice/speech_train.zip")) as pack:
        for path, expected in chosen:
            probs, arousal = reader().read_windows(decoded(pack.read(path))[None])
            right += int(probs[0].argmax() == expected)
            aroused.setdefault(expected, []).append(float(arousal[0]))
    assert right / len(chosen) > 0.5
    angry, neutral = (np.mean(aroused[EMOTIONS.index(name)]) for name in ("angry", "neutral"))
    assert angry > neutral + 0.3
