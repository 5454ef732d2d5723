"""The reference set's builder on made-up speakers."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from evolvisense.indicators.reference import parse_reference
from evolvisense.types.indicators import FEATURES, Language
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import VoiceEmotion, VoiceReading
from evolvisense.voice.measures import Material, gather
from tests.factory.readings import voice_reading
from training.reference.assumed import ASSUMED, Assumed

# Part of the training environment: the one decodes the pack, the other makes rooms.
pytest.importorskip("soundfile")
pytest.importorskip("scipy")

from training.reference import build, norms, speakers

CLIPS = 8
FRAMES = 60
HEAD = Assumed(2.6, 0.6, 0.2, "made up")
ALL = {**ASSUMED, "head_speed_log_deg_s": HEAD}
STRAYS = norms.Strays(
    corpus=np.repeat(["ased", "nemo"], 2),
    deviation=np.full((4, 3, len(speakers.FEATURES)), 0.1),
)
STRANGERS = np.broadcast_to(np.array([0.1, 0.2, 0.3])[:, None], (5, 3, len(speakers.FEATURES)))


def speaker(number: int) -> speakers.Speaker:
    """A voice whose level, spread and rate are its own, in eight clips of a second."""
    rng = np.random.default_rng(number)
    frames = CLIPS * FRAMES
    probs = rng.dirichlet(np.ones(len(EMOTIONS)), CLIPS).astype(np.float32)
    corpus = ("ravdess", "nemo", "ased")[number % 3]
    return speakers.Speaker(
        name=f"speaker{number}",
        corpus=corpus,
        language=speakers.LANGUAGE_OF[corpus],
        sex=("female", "male")[number // 3 % 2],
        clips=CLIPS,
        audio_s=float(CLIPS),
        material=Material(
            semitones=rng.normal(rng.normal(8, 4), rng.uniform(1, 3), frames),
            level_db=rng.normal(0, rng.uniform(3, 6), frames),
            voiced_block=np.repeat(np.arange(CLIPS), FRAMES),
            frame_s=0.016,
            speech_s=np.full(CLIPS, 1.2),
            syllables=rng.poisson(rng.uniform(4, 7), CLIPS),
            pause_s=np.zeros(0),
            pause_block=np.zeros(0, np.int64),
            emotion=VoiceEmotion(
                start_s=np.zeros(CLIPS),
                end_s=np.ones(CLIPS),
                probs=probs,
                arousal=probs[:, 0],
                speech_share=np.ones(CLIPS, np.float32),
            ),
            emotion_block=np.arange(CLIPS),
        ),
    )


@pytest.fixture(autouse=True)
def few_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "SPLITS", 20)


@pytest.fixture(scope="module")
def people() -> list[speakers.Speaker]:
    return [speaker(number) for number in range(24)]


def test_the_document_is_a_reference_of_every_language(people: list[speakers.Speaker]) -> None:
    document = build.reference(people, ALL, STRAYS, STRANGERS)
    for language in get_args(Language):
        reference = parse_reference(document, language)
        assert set(reference.norms) == set(FEATURES)
        assert np.linalg.eigvalsh(reference.rho).min() > 0
        assert reference.norms["head_speed_log_deg_s"].is_provisional
        assert not reference.norms["f0_sd_st"].is_provisional
    assert document["about"]["corpora"]["nemo"]["speakers"] == 8
    again = build.reference(people, ALL, STRAYS, STRANGERS)
    assert document["norms"] == again["norms"], "the same data give the same numbers"


def test_conditions_and_networks_widen_and_make_less_reliable(
    people: list[speakers.Speaker],
) -> None:
    document = build.reference(people, ALL, STRAYS, STRANGERS)
    found = parse_reference(document, "pl").norms
    assert found["f0_sd_st"].condition_sd == pytest.approx(0.1)
    assert found["pause_share"].condition_sd == pytest.approx(0.1)
    assert found["voice_fear"].condition_sd > 0.1, "networks differ by a standard deviation of .1"
    assert found["head_speed_log_deg_s"].condition_sd == 0, "nothing is known"
    assert found["f0_sd_st"].reliability < found["f0_sd_st"].session_reliability
    assert document["about"]["conditions"]["recordings"] == {"ased": 2, "nemo": 2}


def test_without_folds_the_emotions_have_no_reference(people: list[speakers.Speaker]) -> None:
    document = build.reference(people, ASSUMED, STRAYS, None)
    missing = {"voice_fear", "voice_anger_or_fear", "head_speed_log_deg_s"}
    assert set(parse_reference(document, "pl").norms) == set(FEATURES) - missing


def test_gain_of_a_clip_changes_nothing() -> None:
    clip = np.repeat([0, 2], 5)
    level_db = np.arange(10.0)
    louder = level_db + np.where(clip == 2, 12.0, 0.0)
    assert speakers.centred(louder, clip) == pytest.approx(speakers.centred(level_db, clip))
    assert speakers.centred(np.zeros(0), np.zeros(0, np.int64)).tolist() == []


def clip(f0_hz: float) -> VoiceReading:
    """Four seconds with a pause of half a second, all speech at one pitch."""
    reading = voice_reading(0.0, 4.0, [(0.5, 1.5), (2.0, 3.5)])
    pitch = np.full(len(reading.frames.pts_s), f0_hz, np.float32)
    return replace(reading, frames=replace(reading.frames, f0_hz=pitch))


def test_clips_are_measured_as_one_recording_without_pauses_between() -> None:
    joined = speakers.joined([clip(200.0)] * 3)
    one = clip(200.0)
    alone = gather(one.frames, one.segments, one.syllable_s, one.emotion)
    assert len(alone.semitones) > 100
    assert joined.speech_s == pytest.approx([2.5, 2.5, 2.5])
    assert joined.pause_s == pytest.approx([0.5, 0.5, 0.5])
    assert joined.pause_block.tolist() == [0, 1, 2]
    assert joined.syllables.tolist() == [len(one.syllable_s)] * 3
    assert joined.semitones == pytest.approx(np.tile(alone.semitones, 3))
    assert np.bincount(joined.voiced_block).tolist() == [len(alone.semitones)] * 3
    windows = 0 if one.emotion is None else len(one.emotion.start_s)
    assert np.bincount(joined.emotion_block, minlength=3).tolist() == [windows] * 3


def test_the_range_of_a_voice_is_that_of_all_clips() -> None:
    halved = speakers.joined([clip(200.0)] * 5 + [clip(100.0)])
    assert np.bincount(halved.voiced_block, minlength=6)[-1] == 0, "an octave error stays out"
    assert halved.semitones == pytest.approx(12.0)


def test_halves_of_a_speaker_hold_each_clip_once(people: list[speakers.Speaker]) -> None:
    features = ["syllable_rate_hz"]
    sample = build.sample_of(people[:3], features)  # type: ignore[arg-type]
    whole = sample.value * sample.seconds
    halves = (sample.halves * sample.halves_s).sum(axis=0)
    assert halves == pytest.approx(np.repeat(whole[:, None], build.SPLITS, axis=1))


def test_speakers_are_told_apart_by_what_differs(people: list[speakers.Speaker]) -> None:
    document = build.reference(people, ASSUMED, STRAYS, STRANGERS)
    reliability = {f: about["reliability"] for f, about in document["features"].items()}
    assert reliability["f0_level_st"] > 0.9
    assert reliability["voice_fear"] < reliability["f0_level_st"]
    silent = [replace(p, material=replace(p.material, emotion=None)) for p in people]
    with_nothing = build.reference(silent, ASSUMED, STRAYS, None)
    assert with_nothing["norms"]["en"]["f0_sd_st"] == document["norms"]["en"]["f0_sd_st"]
