"""The shipped reference set."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from math import sqrt
from typing import Any, get_args

import numpy as np
import pytest

from evolvisense.indicators import WEIGHTS, load_reference, score_v2
from evolvisense.indicators.reference import FILE, parse_reference
from evolvisense.indicators.score import BASELINE_ONLY
from evolvisense.types.indicators import (
    EMOTION_FEATURES,
    FACE_FEATURES,
    FEATURES,
    Feature,
    Language,
)
from tests.indicators.made import NORM, evidence

LANGUAGES: tuple[Language, ...] = get_args(Language)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(
        (resources.files("evolvisense.indicators") / FILE).read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_norm_is_a_norm(language: Language) -> None:
    reference = load_reference(language)
    assert reference.language == language
    assert set(reference.norms) == set(FEATURES)
    for norm in reference.norms.values():
        assert np.isfinite(norm.mean)
        assert norm.sd > 0
        assert norm.noise_var_s > 0
        assert 0 <= norm.reliability <= norm.session_reliability <= 1
        assert 0 < norm.retest_icc < 1
        assert norm.source
        assert not norm.is_provisional or norm.reliability <= 0.3


def test_chance_averages_out_and_conditions_do_not() -> None:
    norm = replace(NORM, noise_var_s=30.0, condition_sd=0.5)
    assert norm.measurement_sd(30.0) == pytest.approx(sqrt(1.25))
    assert norm.measurement_sd(1e9) == pytest.approx(0.5)
    assert norm.measurement_sd(0.0) == np.inf


def test_conditions_are_measured_for_every_feature_of_the_voice(document: dict[str, Any]) -> None:
    about = document["about"]["conditions"]
    assert about["draws_of_each"] >= 3
    assert about["strangers"] >= 5
    assert min(about["recordings"].values()) >= 9
    for language in LANGUAGES:
        for feature, norm in load_reference(language).norms.items():
            if feature in FACE_FEATURES:
                assert norm.condition_sd == 0
                continue
            parts = about["features"][feature]
            expected = np.hypot(parts["condition_sd"], parts["network_sd"])
            assert norm.condition_sd == pytest.approx(expected, abs=1e-4)
            assert (parts["network_sd"] > 0) == (feature in EMOTION_FEATURES)


def test_correlations_are_correlations() -> None:
    rho = load_reference().rho
    assert np.array_equal(rho, rho.T)
    assert np.array_equal(np.diag(rho), np.ones(len(rho)))
    assert np.abs(rho).max() == 1
    assert np.linalg.eigvalsh(rho).min() > 0.01


def test_unknown_correlations_are_zero() -> None:
    features: tuple[Feature, ...] = ("blinks_log_per_min", "f0_sd_st", "f0_range_st")
    table = load_reference().correlations(features)
    assert table[0].tolist() == [1.0, 0.0, 0.0]
    assert table[1, 2] == table[2, 1] > 0.3, "spread and range of one voice go together"


def test_the_middle_of_the_reference_set_scores_50() -> None:
    for language in LANGUAGES:
        reference = load_reference(language)
        middle = evidence({f: n.mean for f, n in reference.norms.items()})
        assert [i.score for i in score_v2(middle, reference).indicators] == [50.0] * 4


def test_a_random_calm_person_scores_as_widely_as_lambda_says() -> None:
    reference = load_reference("en")
    features = [f for f in FEATURES if f not in BASELINE_ONLY]
    rho = reference.correlations(features)
    rng = np.random.default_rng(0)
    people = rng.multivariate_normal(np.zeros(len(features)), rho, 400)
    scores: dict[str, list[float]] = {name: [] for name in WEIGHTS}
    for person in people:
        values: dict[Feature, float] = {}
        for feature, z in zip(features, person, strict=True):
            norm = reference.norms[feature]
            values[feature] = norm.mean + z * np.hypot(norm.sd, norm.measurement_sd(30.0))
        for indicator in score_v2(evidence(values), reference).indicators:
            assert indicator.score is not None
            scores[indicator.name].append(indicator.score)
    for found in scores.values():
        assert np.mean(found) == pytest.approx(50, abs=3)
        # 100 Phi(.5 Z) has a standard deviation of 18.2.
        assert np.std(found) == pytest.approx(18.2, abs=2)


def test_the_numbers_say_where_they_come_from(document: dict[str, Any]) -> None:
    about = document["about"]
    assert set(about["corpora"]) == {"ravdess", "nemo", "ased"}
    for corpus in about["corpora"].values():
        assert corpus["speakers"] >= 9
        assert corpus["speech_s"] > 100
    assert {"swift-f0", "silero-vad", "voice"} <= set(about["extractors"])
    assert "training.reference.build" in about["command"]
    assert about["written"] >= "2026"


def test_the_same_features_in_every_language(document: dict[str, Any]) -> None:
    assert set(document["norms"]) == set(LANGUAGES)
    for language in LANGUAGES:
        assert set(document["norms"][language]) == set(document["features"]) == set(FEATURES)
        parse_reference(document, language)


@pytest.mark.parametrize(
    ("feature", "low", "high"),
    [
        ("f0_level_st", 3, 13),  # 120 Hz men, 210 Hz women: 3.2 and 12.8
        ("f0_sd_st", 1.5, 4),
        ("syllable_rate_hz", 3.5, 6.5),
        ("level_sd_db", 2, 8),
        ("pause_share", 0.1, 0.4),
        ("voice_anger_or_fear", 0, 0.35),
        ("voice_fear", 0, 0.2),
    ],
)
def test_means_are_where_publications_put_them(feature: Feature, low: float, high: float) -> None:
    for language in LANGUAGES:
        assert low <= load_reference(language).norms[feature].mean <= high
