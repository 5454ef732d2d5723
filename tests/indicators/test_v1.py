"""Formula v1 against tables computed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.indicators import score_v1
from evolvisense.indicators.legacy import voice_scores
from evolvisense.types.scores import EMOTIONS, Emotion, FrameEmotion
from evolvisense.types.voice import LegacyAudioMeans

# pitch 1 and energy .3: stress 50 + 15 = 65, anxiety 70 + 9 = 79.
VOICE_65_79 = LegacyAudioMeans(pitch_hz=500.0, rms=0.03)


def film(**counts: int) -> list[FrameEmotion]:
    frames: list[FrameEmotion] = []
    for emotion, count in counts.items():
        assert emotion in EMOTIONS
        frames += [FrameEmotion(float(len(frames) + i), emotion, 50.0) for i in range(count)]
    return frames


def test_the_old_service_s_own_example() -> None:
    scores = score_v1(film(happy=10, fear=6), VOICE_65_79)
    assert scores.voice is not None
    assert (scores.voice.stress, scores.voice.anxiety) == (65.0, 79.0)
    assert (scores.depression, scores.stress, scores.anxiety) == (0.0, 19.5, 23.7)


@pytest.mark.parametrize(
    ("counts", "depression", "stress", "anxiety"),
    [
        # sad 1/2 is no majority: .5 * .5 + .1 * .5, .1 * .5, .2 * .5
        ({"sad": 1, "neutral": 1}, 30.0, 5.0, 10.0),
        # sad 4/5 is one: (.5 * .8 + .1 * .2) * 1.5, .1 * .8 * 1.5, .2 * .8 * 1.5
        ({"sad": 4, "neutral": 1}, 63.0, 12.0, 24.0),
        # all sad: .5 * 1.5, .1 * 1.5, .2 * 1.5
        ({"sad": 4}, 75.0, 15.0, 30.0),
        # all fear: .2 * 1.5, .3 * 1.5, .5 * 1.5
        ({"fear": 2}, 30.0, 45.0, 75.0),
        # all angry: .1 * 1.5, .4 * 1.5, .1 * 1.5
        ({"angry": 2}, 15.0, 60.0, 15.0),
        # all disgust: .1 * 1.5 twice; it is not in anxiety
        ({"disgust": 2}, 15.0, 15.0, 0.0),
        # surprise is not negative: no factor
        ({"surprise": 2}, 0.0, 10.0, 20.0),
        ({"neutral": 3}, 10.0, 0.0, 0.0),
        ({"happy": 3}, 0.0, 0.0, 0.0),
        # happy exactly 1/2 silences nothing: fear 1/2 -> .1, .15, .25
        ({"happy": 2, "fear": 2}, 10.0, 15.0, 25.0),
        # happy 2/3 silences fear
        ({"happy": 2, "fear": 1}, 0.0, 0.0, 0.0),
        # happy 3/5 silences sad, disgust 1/5 and surprise 1/5 stay: .02, .02 + .02, .04
        ({"happy": 3, "disgust": 1, "surprise": 1}, 2.0, 4.0, 4.0),
        # negative exactly 1/2 in three parts of a tenth: no factor; .2 angry .2 fear .1 sad
        ({"angry": 2, "fear": 2, "sad": 1, "neutral": 5}, 16.0, 15.0, 14.0),
        # negative 6/10, each .2: (.1 + .04 + .02 + .04) * 1.5, (.08 + .06 + .02) * 1.5, the same
        ({"angry": 2, "fear": 2, "sad": 2, "neutral": 4}, 30.0, 24.0, 24.0),
    ],
)
def test_face_alone(
    counts: dict[str, int], depression: float, stress: float, anxiety: float
) -> None:
    scores = score_v1(film(**counts), None)
    assert scores.voice is None
    assert scores.depression == depression
    assert (scores.stress, scores.anxiety) == (stress, anxiety)


def test_voice_is_mixed_into_stress_and_anxiety_only() -> None:
    scores = score_v1(film(sad=1, neutral=1), VOICE_65_79)
    assert scores.depression == 30.0
    assert scores.stress == pytest.approx(0.7 * 5 + 0.3 * 65)
    assert scores.anxiety == pytest.approx(0.7 * 10 + 0.3 * 79)


def test_voice_is_mixed_into_each_frame_and_the_peak() -> None:
    scores = score_v1(film(sad=1, fear=1, neutral=1), VOICE_65_79)
    # sad .15, fear .45 and .75, each with 30 % of 65 and 79
    assert [f.stress for f in scores.frames] == pytest.approx([30.0, 51.0, 19.5])
    assert [f.anxiety for f in scores.frames] == pytest.approx([44.7, 76.2, 23.7])
    assert scores.peak_stress == 51.0


@pytest.mark.parametrize(
    ("pitch_hz", "rms", "stress", "anxiety"),
    [
        (0.0, 0.0, 0.0, 0.0),
        (250.0, 0.05, 50.0, 50.0),
        (2000.0, 1.0, 100.0, 100.0),
        (1500.0, 0.02, 60.0, 76.0),
        (100.0, 0.01, 15.0, 17.0),
    ],
)
def test_voice(pitch_hz: float, rms: float, stress: float, anxiety: float) -> None:
    voice = voice_scores(LegacyAudioMeans(pitch_hz, rms))
    assert (voice.stress, voice.anxiety) == (stress, anxiety)


def test_no_frame_at_all_is_zero_and_never_null() -> None:
    scores = score_v1([], None)
    assert (scores.depression, scores.stress, scores.anxiety) == (0.0, 0.0, 0.0)
    assert (scores.confidence, scores.peak_stress) == (0.0, 0.0)
    assert scores.emotions == {}
    assert scores.frames == ()


def test_one_frame() -> None:
    scores = score_v1([FrameEmotion(0.4, "fear", 76.904)], None)
    assert scores.emotions == {"fear": (76.9,)}
    (frame,) = scores.frames
    assert (frame.time_s, frame.stress, frame.anxiety, frame.confidence) == (0.4, 45.0, 75.0, 76.9)
    assert scores.peak_stress == 45.0
    assert scores.confidence == 76.9


def test_frames_without_a_face_are_neutral_with_confidence_zero() -> None:
    scores = score_v1([FrameEmotion(t, "neutral", 0.0) for t in (0.1, 0.2)], None)
    assert scores.emotions == {"neutral": (0.0, 0.0)}
    assert (scores.depression, scores.confidence) == (10.0, 0.0)


def test_confidences_keep_their_order_within_an_emotion() -> None:
    emotions: list[tuple[Emotion, float]] = [("happy", 79.62), ("fear", 76.9), ("happy", 47.32)]
    frames = [FrameEmotion(float(i), e, c) for i, (e, c) in enumerate(emotions)]
    scores = score_v1(frames, None)
    assert scores.emotions == {"happy": (79.62, 47.32), "fear": (76.9,)}
    assert scores.confidence == pytest.approx(67.95, abs=0.005)


frames_strategy = st.lists(
    st.builds(
        FrameEmotion,
        st.floats(0, 1e4),
        st.sampled_from(EMOTIONS),
        st.floats(0, 100),
    ),
    max_size=60,
)
audio_strategy = st.none() | st.builds(LegacyAudioMeans, st.floats(0, 4000), st.floats(0, 2))


@given(frames_strategy, audio_strategy)
def test_every_score_is_a_number_between_0_and_100(
    frames: list[FrameEmotion], audio: LegacyAudioMeans | None
) -> None:
    scores = score_v1(frames, audio)
    values = [scores.depression, scores.stress, scores.anxiety, scores.confidence]
    values += [v for frame in scores.frames for v in (frame.stress, frame.anxiety)]
    assert all(0 <= value <= 100 for value in values)
    assert sum(len(v) for v in scores.emotions.values()) == len(frames) == len(scores.frames)


@given(frames_strategy.filter(bool), audio_strategy)
def test_the_peak_is_the_largest_frame(
    frames: list[FrameEmotion], audio: LegacyAudioMeans | None
) -> None:
    scores = score_v1(frames, audio)
    assert scores.peak_stress == max(frame.stress for frame in scores.frames)
    voice = 0.0 if scores.voice is None else 0.3 * scores.voice.stress
    assert all(frame.stress >= round(voice, 2) for frame in scores.frames)


@given(frames_strategy, st.floats(-100, 100))
def test_shifting_time_shifts_the_frames_alone(frames: list[FrameEmotion], shift: float) -> None:
    moved = [FrameEmotion(f.time_s + shift, f.emotion, f.confidence_pct) for f in frames]
    before, after = score_v1(frames, None), score_v1(moved, None)
    assert (before.depression, before.stress) == (after.depression, after.stress)
    assert [f.time_s for f in after.frames] == [f.time_s + shift for f in before.frames]
