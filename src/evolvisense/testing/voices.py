"""Conformance suites of voice activity detection, pitch tracking and voice emotion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evolvisense.testing.common import (
    names_its_model,
    require,
    require_array,
    require_distribution,
    require_range,
)
from evolvisense.types.arrays import F32
from evolvisense.types.engines import (
    ActivityStream,
    PitchStream,
    PitchTracker,
    VoiceActivity,
    VoiceEmotionClassifier,
)
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import PitchContour

RATE_HZ = 16_000
STEP_SAMPLES = 512
"""Voice activity has one probability for each 32 ms."""
FRAME_S = 0.016
"""Pitch has one frame for each 16 ms."""
BLOCKS = (RATE_HZ, 1_600, 777)
"""Samples in a push; 777 fits neither grid."""
SAME = 1e-3
F0_HZ = 150.0


def tone(seconds: float, f0_hz: float = F0_HZ, level: float = 0.1) -> F32:
    """A buzz with harmonics, roughly a vowel: float32 mono at 16 kHz, RMS `level`."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * k * f0_hz * times_s) / k for k in range(1, 20))
    wave = np.asarray(wave) * (1 + 0.5 * np.sin(2 * np.pi * 4 * times_s))
    return (level * wave / np.sqrt(np.square(wave).mean())).astype(np.float32)


def _activity(stream: ActivityStream, mono: F32, block: int) -> F32:
    parts = [stream.push(mono[i : i + block]) for i in range(0, len(mono), block)]
    for part in parts:
        require_array("speech probabilities", part, (None,), np.float32)
    rest = stream.flush()
    require(len(rest) <= 1, f"one probability of the last step at most, got {len(rest)}")
    return np.concatenate([*parts, rest])


def has_one_probability_a_step(activity: VoiceActivity) -> None:
    """As many probabilities as steps of 32 ms, the last one of an incomplete step."""
    for samples in (0, 100, STEP_SAMPLES, RATE_HZ + 1):
        found = _activity(activity.start(), tone(3.0)[:samples], 1_600)
        steps = -(-samples // STEP_SAMPLES)
        require(len(found) == steps, f"{steps} steps of {samples} samples, got {len(found)}")
        require_range("speech probability", found, 0, 1)


def silence_is_not_speech(activity: VoiceActivity) -> None:
    """Digital silence has probabilities below 0.5."""
    found = _activity(activity.start(), np.zeros(RATE_HZ, np.float32), 1_600)
    require(bool((found < 0.5).all()), f"silence below 0.5, got {found.max():.2f}")


def blocks_change_no_probability(activity: VoiceActivity) -> None:
    """The sizes of the blocks that are pushed change nothing."""
    mono = tone(3.0)
    first, *others = (_activity(activity.start(), mono, block) for block in BLOCKS)
    for other in others:
        np.testing.assert_allclose(other, first, atol=SAME)


def activity_streams_are_independent(activity: VoiceActivity) -> None:
    """Two streams that are pushed in turns give what each gives alone."""
    mono = tone(2.0)
    alone = _activity(activity.start(), mono, 1_600)
    one, other = activity.start(), activity.start()
    parts: list[F32] = []
    for i in range(0, len(mono), 1_600):
        parts.append(one.push(mono[i : i + 1_600]))
        other.push(np.zeros(1_000, np.float32))
    np.testing.assert_allclose(np.concatenate([*parts, one.flush()]), alone, atol=SAME)


ACTIVITY_CHECKS: tuple[Callable[[VoiceActivity], None], ...] = (
    names_its_model,
    has_one_probability_a_step,
    silence_is_not_speech,
    blocks_change_no_probability,
    activity_streams_are_independent,
)


def _pitch(stream: PitchStream, mono: F32, block: int) -> PitchContour:
    parts = [stream.push(mono[i : i + block]) for i in range(0, len(mono), block)]
    parts.append(stream.flush())
    for part in parts:
        require_array("pts_s", part.pts_s, (None,), np.float64)
        require_array("f0_hz", part.f0_hz, (len(part.pts_s),), np.float32)
        require_array("confidence", part.confidence, (len(part.pts_s),), np.float32)
        require_range("confidence", part.confidence, 0, 1)
    return PitchContour(
        np.concatenate([part.pts_s for part in parts]),
        np.concatenate([part.f0_hz for part in parts]),
        np.concatenate([part.confidence for part in parts]),
    )


def has_one_frame_each_16_ms(pitch: PitchTracker) -> None:
    """Times ascend by 16 ms from the first sample on, to its end within 0.1 s."""
    found = _pitch(pitch.start(), tone(2.0), 1_600)
    np.testing.assert_allclose(np.diff(found.pts_s), FRAME_S, atol=1e-6)
    require_range("pts_s", found.pts_s, 0, 2)
    require(found.pts_s[-1] > 1.9, f"frames up to the end at 2 s, got {found.pts_s[-1]:.3f} s")


def finds_the_pitch_of_a_tone(pitch: PitchTracker) -> None:
    """A buzz at 150 Hz is voiced, within a semitone; NaN is the only sign of unvoiced frames."""
    found = _pitch(pitch.start(), tone(2.0), 1_600)
    voiced = found.f0_hz[np.isfinite(found.f0_hz)]
    share = len(voiced) / len(found.f0_hz)
    require(share > 0.5, f"most frames of a buzz to be voiced, got {share:.0%}")
    require(bool((voiced > 0).all()), "f0_hz above 0 where it is not NaN")
    apart_st = abs(12 * np.log2(float(np.median(voiced)) / F0_HZ))
    require(apart_st < 1, f"{F0_HZ:.0f} Hz, got {np.median(voiced):.1f} Hz")


def silence_is_unvoiced(pitch: PitchTracker) -> None:
    """Digital silence has no pitch: NaN, not 0."""
    found = _pitch(pitch.start(), np.zeros(RATE_HZ, np.float32), 1_600)
    require(bool(np.isnan(found.f0_hz).all()), "NaN in every frame of silence")


def blocks_change_no_pitch(pitch: PitchTracker) -> None:
    """The sizes of the blocks that are pushed change nothing."""
    mono = tone(2.0)
    first, *others = (_pitch(pitch.start(), mono, block) for block in BLOCKS)
    for other in others:
        np.testing.assert_allclose(other.pts_s, first.pts_s, atol=1e-9)
        np.testing.assert_allclose(other.f0_hz, first.f0_hz, rtol=SAME)


PITCH_CHECKS: tuple[Callable[[PitchTracker], None], ...] = (
    names_its_model,
    has_one_frame_each_16_ms,
    finds_the_pitch_of_a_tone,
    silence_is_unvoiced,
    blocks_change_no_pitch,
)


def _windows(classifier: VoiceEmotionClassifier, count: int) -> F32:
    tones = [tone(classifier.window_s, 110.0 + 20 * i) for i in range(count)]
    samples = round(classifier.window_s * RATE_HZ)
    return np.stack(tones) if tones else np.zeros((0, samples), np.float32)


def reads_windows(classifier: VoiceEmotionClassifier) -> None:
    """Rows of seven probabilities and arousal; no window gives no row; windows may be short."""
    require(classifier.window_s >= 0.5, f"window_s of 0.5 or more, got {classifier.window_s}")
    short = np.stack([tone(0.5), tone(0.5, 220.0)])
    for windows in (_windows(classifier, 0), _windows(classifier, 1), short):
        probs, arousal = classifier.read_windows(windows)
        require_array("probabilities", probs, (len(windows), len(EMOTIONS)), np.float32)
        require_distribution("probabilities", probs)
        require_array("arousal", arousal, (len(windows),), np.float32)
        require_range("arousal", arousal, 0, 1)


def batches_change_no_emotion(classifier: VoiceEmotionClassifier) -> None:
    """A window reads the same alone and among others."""
    windows = _windows(classifier, 3)
    together = classifier.read_windows(windows)
    alone = [classifier.read_windows(window[None]) for window in windows]
    for row, name in enumerate(("probabilities", "arousal")):
        of_each = np.concatenate([one[row] for one in alone])
        np.testing.assert_allclose(together[row], of_each, atol=SAME, err_msg=name)


def gain_changes_no_emotion(classifier: VoiceEmotionClassifier) -> None:
    """Microphone gain of 20 dB changes nothing."""
    windows = _windows(classifier, 2)
    loud, quiet = (
        classifier.read_windows(windows),
        classifier.read_windows(windows * np.float32(0.1)),
    )
    for row, name in enumerate(("probabilities", "arousal")):
        np.testing.assert_allclose(loud[row], quiet[row], atol=1e-2, err_msg=name)


VOICE_EMOTION_CHECKS: tuple[Callable[[VoiceEmotionClassifier], None], ...] = (
    names_its_model,
    reads_windows,
    batches_change_no_emotion,
    gain_changes_no_emotion,
)
