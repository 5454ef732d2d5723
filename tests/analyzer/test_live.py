"""A live stream, picture by picture."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.errors import BadImageError, FrameTooLargeError
from evolvisense.live import MAX_SOUND_AGE_S, MAX_SOUND_GAP_S, LiveFrame, LiveSession
from evolvisense.models.engines import Engines
from evolvisense.options import Smoothing
from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.live import VoiceNow
from tests.factory.faces import Painted
from tests.factory.live import encoded, painted_models, pcm16, png
from tests.factory.media import astronaut, vowel

FPS = 10
RATE_HZ = 16_000
MODELS = painted_models()
HERE, THERE = Painted(100, 100), Painted(220, 120, side_px=96)


def session(smoothing: Smoothing = "one-euro", rate_hz: int | None = None) -> LiveSession:
    return LiveSession(MODELS, rate_hz=rate_hz, max_pixels=320 * 240, smoothing=smoothing)


def see(live: LiveSession, *scenes: tuple[Painted, ...], start_s: float = 0.0) -> list[LiveFrame]:
    return [live.frame(png(*faces), start_s + i / FPS) for i, faces in enumerate(scenes)]


def test_a_face_keeps_its_track_and_is_where_it_was_painted() -> None:
    frames = see(session(), *[(Painted(100 + 2 * i, 100),) for i in range(10)])
    assert [f.faces[0].track_id for f in frames] == [1] * 10
    for i, frame in enumerate(frames):
        left, _, right, _ = frame.faces[0].box
        assert (left + right) / 2 == pytest.approx(100 + 2 * i, abs=3)
        assert (frame.width_px, frame.height_px) == (320, 240)
        assert frame.time_s == pytest.approx(i / FPS)


def test_nobody_is_nobody_and_not_neutral() -> None:
    frame = see(session(), ())[0]
    assert frame.faces == ()
    assert frame.main is None


@pytest.mark.parametrize("smoothing", ["one-euro", "off"])
def test_probabilities_sum_to_one_while_the_expression_changes(smoothing: Smoothing) -> None:
    scenes = [(Painted(100, 100, emotion=EMOTIONS[i // 3]),) for i in range(21)]
    for frame in see(session(smoothing), *scenes):
        assert frame.faces[0].probs.sum() == pytest.approx(1, abs=1e-5)
        assert frame.faces[0].probs.min() >= 0


def test_smoothing_calms_a_flicker_and_off_leaves_it() -> None:
    scenes = [(Painted(100, 100, emotion="happy" if i % 2 else "sad"),) for i in range(20)]
    steady, raw = see(session(), *scenes), see(session("off"), *scenes)
    happy = EMOTIONS.index("happy")
    spread = [np.ptp([f.faces[0].probs[happy] for f in frames[10:]]) for frames in (steady, raw)]
    assert spread[0] < 0.9 * spread[1]
    assert {EMOTIONS[f.faces[0].probs.argmax()] for f in raw} == {"happy", "sad"}


def test_a_jump_of_the_clock_does_not_mix_now_with_then() -> None:
    live = session()
    see(live, *[(Painted(100, 100, emotion="sad"),)] * 10, start_s=100.0)
    (after,) = see(live, (Painted(100, 100, emotion="happy"),), start_s=5.0)
    (alone,) = see(session("off"), (Painted(100, 100, emotion="happy"),))
    assert after.faces[0].probs == pytest.approx(alone.faces[0].probs, abs=1e-5)


def test_exactly_one_face_is_the_main_one() -> None:
    frames = see(session(), *[(HERE, THERE)] * 5)
    assert all(sum(face.is_main for face in frame.faces) == 1 for frame in frames)
    main = frames[-1].main
    assert main is not None
    assert main.box[0] > 150, "the larger one"


def test_the_main_face_stays_when_a_larger_one_passes_and_is_replaced_when_it_leaves() -> None:
    live = session()
    before = see(live, *[(HERE,)] * 40)
    passing = see(live, *[(HERE, THERE)] * 5, start_s=4.0)
    assert {f.main.track_id for f in (*before, *passing) if f.main} == {1}
    left = see(live, *[(THERE,)] * 5, start_s=4.5)
    assert {f.main.track_id for f in left if f.main} == {2}


def test_actions_follow_the_face() -> None:
    live = session("off")
    still, moved = see(live, (HERE,), (Painted(100, 100, motion=1.0),))
    assert still.faces[0].eye_openness == pytest.approx(1, abs=0.05)
    assert moved.faces[0].eye_openness == pytest.approx(0, abs=0.05)
    assert moved.faces[0].mouth_opening > still.faces[0].mouth_opening
    assert moved.faces[0].pose_deg[1] == pytest.approx(10, abs=0.5)
    assert still.faces[0].action.shape == (52,)


def test_a_bad_picture_is_refused_and_the_stream_goes_on() -> None:
    live = session()
    see(live, (HERE,))
    with pytest.raises(BadImageError):
        live.frame(b"no picture", 0.1)
    with pytest.raises(FrameTooLargeError):
        live.frame(png(HERE, size_wh=(321, 240)), 0.1)
    (after,) = see(live, (HERE,), start_s=0.2)
    assert after.faces[0].track_id == 1


def test_without_sound_the_voice_has_a_reason() -> None:
    assert session().voice(0.0) == "not_configured"
    assert session(rate_hz=RATE_HZ).voice(0.0) == "no_recent_sound"
    with pytest.raises(ValueError, match="no sound"):
        session().sound(b"\0\0", 0.0)


def test_a_voice_is_told_around_its_time_alone() -> None:
    live = session(rate_hz=RATE_HZ)
    end_s = live.sound(pcm16(vowel(4.0, 150.0, RATE_HZ)), 50.0)
    assert end_s == 54.0
    now = live.voice(end_s)
    assert isinstance(now, VoiceNow)
    assert now.heard_s == 4.0
    assert live.voice(end_s - MAX_SOUND_AGE_S + 0.1) == now
    assert live.voice(end_s + MAX_SOUND_AGE_S + 0.1) == "no_recent_sound"


def test_a_small_hole_is_passed_over_and_a_long_one_begins_a_new_voice() -> None:
    live = session(rate_hz=RATE_HZ)
    sound = pcm16(vowel(2.0, 150.0, RATE_HZ))
    end_s = live.sound(sound, 0.0)
    end_s = live.sound(sound, end_s + MAX_SOUND_GAP_S / 2)
    now = live.voice(end_s)
    assert isinstance(now, VoiceNow)
    assert now.heard_s == 4.0
    end_s = live.sound(sound, end_s + MAX_SOUND_GAP_S * 1.5)
    now = live.voice(end_s)
    assert isinstance(now, VoiceNow)
    assert now.heard_s == 2.0


def test_the_shipped_models_see_a_face() -> None:
    engines = Engines.load(voice_emotion=None)
    live = LiveSession(engines, rate_hz=None, max_pixels=640 * 480)
    frame = live.frame(encoded(astronaut((640, 480))), 0.0)
    (face,) = frame.faces
    assert face.is_main
    assert face.uncertain in {"", "flat"}
    assert EMOTIONS[face.probs.argmax()] == "happy"
    assert {model.id for model in engines.models} >= {"detector", "swift-f0"}
