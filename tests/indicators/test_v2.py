"""Indicators v2 against hand-computed examples and by their properties."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.indicators import WEIGHTS, score_v2
from evolvisense.indicators.features import assemble, plan_blocks
from evolvisense.types.indicators import (
    FACE_FEATURES,
    FEATURES,
    INDICATORS,
    Evidence,
    Feature,
    Measured,
)
from tests.indicators.made import (
    NORM,
    VOICE,
    VOICE_FEATURES,
    everything,
    evidence,
    measured,
    named,
    reference,
    without,
)


def phi(x: float) -> float:
    return NormalDist().cdf(x)


# --- by hand -------------------------------------------------------------------------------------


def test_example_by_hand() -> None:
    ref = reference(
        {("f0_sd_st", "level_sd_db"): 0.5},
        syllable_rate_hz=replace(NORM, reliability=0.5),
        voice_anger_or_fear=replace(NORM, mean=0.1, sd=0.2, reliability=0.8),
        level_sd_db=replace(NORM, noise_var_s=90.0),
    )
    values: dict[Feature, float] = {
        "f0_sd_st": 1.0,  # z 1, load .10 * 1
        "syllable_rate_hz": 2.0,  # z 2, load .10 * .5
        "level_sd_db": -2.0,  # sqrt(1 + 90 / 30) = 2: z -1, load .10 * 1
        "voice_anger_or_fear": 0.2,  # z .5, load .15 * .8
    }
    found = named(score_v2(evidence(values, face=None), ref), "activation")
    numerator = 0.1 + 0.1 - 0.1 + 0.06
    denominator = sqrt(0.1**2 + 0.05**2 + 0.1**2 + 0.12**2 + 2 * 0.5 * 0.1 * 0.1)
    assert found.score == pytest.approx(100 * phi(0.5 * numerator / denominator))
    assert found.score == pytest.approx(64.41, abs=0.005)
    assert found.coverage == pytest.approx(0.45 / 0.75)
    parts = {c.feature: c for c in found.contributions}
    assert parts["level_sd_db"].measurement_sd == pytest.approx(sqrt(3))
    assert parts["level_sd_db"].z == pytest.approx(-1)
    assert parts["voice_anger_or_fear"].contribution == pytest.approx(0.06 / denominator)
    assert parts["smile_share_silent"].missing_reason == "no_face"
    assert parts["smile_share_silent"].weight == -0.1
    assert parts["smile_share_silent"].z is None
    assert (parts["f0_level_st"].weight, parts["f0_level_st"].z) == (0.0, None)


def test_weights_are_the_table() -> None:
    total = {name: sum(abs(w) for w in WEIGHTS[name].values()) for name in INDICATORS}
    assert total == pytest.approx(
        {"activation": 1.0, "tension": 0.85, "slowing": 0.95, "assertiveness": 1.0}
    )
    assert WEIGHTS["slowing"]["pause_share"] + WEIGHTS["slowing"]["pause_mean_log_s"] == 0.25
    assert WEIGHTS["tension"]["smile_share_silent"] == -0.1


@pytest.mark.parametrize(
    ("name", "coverage"),
    [
        ("activation", 0.45 / 0.75),
        ("tension", 0.30 / 0.60),
        ("slowing", 0.70 / 0.95),
        ("assertiveness", 1.0),
    ],
)
def test_a_voice_alone_is_enough_for_every_indicator(name: str, coverage: float) -> None:
    alone = evidence(dict.fromkeys(VOICE_FEATURES, 0.0), face=None)
    found = named(score_v2(alone, reference()), name)
    assert found.coverage == pytest.approx(coverage)
    assert found.score == 50.0


def test_a_face_alone_is_not_enough() -> None:
    alone = evidence(dict.fromkeys(FACE_FEATURES, 1.0), voice=None)
    result = score_v2(alone, reference())
    found = named(result, "tension")
    assert found.coverage == pytest.approx(0.30 / 0.60)
    assert found.score is not None
    for name in ("activation", "slowing", "assertiveness"):
        found = named(result, name)
        assert (found.score, found.interval) == (None, None)
        assert found.no_score_reason == "too_little_evidence"
        assert all(c.contribution is None for c in found.contributions)


def test_half_of_the_weight_is_enough_and_less_is_not() -> None:
    # slowing: 0.95 in all; smile, head, pauses and rate hold .70
    full = evidence(everything(1.0))
    half = without(full, "syllable_rate_hz", "f0_sd_st", "level_sd_db")
    assert named(score_v2(half, reference()), "slowing").score is not None
    less = without(half, "smile_share_silent")
    found = named(score_v2(less, reference()), "slowing")
    assert found.coverage == pytest.approx(0.40 / 0.95)
    assert found.score is None


def test_speech_without_pauses_is_known_to_have_none() -> None:
    ref = reference()
    voice: dict[Feature, Measured] = {
        f: measured(-1.0) for f in VOICE_FEATURES if f != "pause_mean_log_s"
    }
    fluent = assemble(voice, VOICE, blocks=6)
    found = named(score_v2(fluent, ref), "tension")
    weights = {c.feature: c.weight for c in found.contributions}
    assert weights["pause_share"] == pytest.approx(0.10)
    assert weights["pause_mean_log_s"] == 0.0
    assert found.coverage == pytest.approx(0.5)
    assert found.score is not None
    assert named(score_v2(fluent, ref), "slowing").coverage == pytest.approx(0.70 / 0.95)


def test_a_gated_feature_keeps_its_weight_in_the_denominator() -> None:
    short = evidence(everything(), voice=replace(VOICE, speech_s=19.0))
    found = named(score_v2(short, reference()), "assertiveness")
    assert found.coverage == pytest.approx(0.6)
    reasons = {c.feature: c.missing_reason for c in found.contributions}
    assert reasons["syllable_rate_hz"] == "too_little_speech"
    assert reasons["f0_range_st"] is None


def test_a_feature_without_a_norm_says_so() -> None:
    ref = reference()
    poorer = replace(ref, norms={f: n for f, n in ref.norms.items() if f != "voice_fear"})
    result = score_v2(evidence(everything(), face=None), poorer)
    found = named(result, "tension")
    reasons = {c.feature: c.missing_reason for c in found.contributions}
    assert reasons["voice_fear"] == "no_reference"
    assert found.score is None
    reading = {r.feature: r for r in result.features}["voice_fear"]
    assert (reading.value, reading.missing_reason) == (0.0, None)


def test_features_are_listed_once_whether_they_count_or_not() -> None:
    result = score_v2(evidence(everything(2.0), face=None), reference())
    assert tuple(r.feature for r in result.features) == FEATURES
    readings = {r.feature: r for r in result.features}
    assert readings["f0_level_st"].value == 2.0
    assert readings["smile_share_silent"].missing_reason == "no_face"
    assert readings["smile_share_silent"].stands_on_s is None


def test_a_set_in_which_nothing_is_reliable_scores_nothing() -> None:
    vague = {f: replace(NORM, reliability=0.0) for f in FEATURES}
    result = score_v2(evidence(everything(1.0)), reference(**vague))
    assert all(i.score is None for i in result.indicators)


# --- the interval --------------------------------------------------------------------------------


def test_interval_is_the_percentiles_of_the_resampled_scores() -> None:
    ref = reference(f0_sd_st=NORM)
    only = evidence(dict.fromkeys(VOICE_FEATURES, 0.0), face=None, blocks=12)
    resamples = np.linspace(-1, 1, 200)
    moving = replace(
        only, measured={**only.measured, "f0_range_st": Measured(0.0, resamples, 30.0)}
    )
    found = named(score_v2(moving, ref), "assertiveness")
    # .3 of five loads .3 .3 .2 .1 .1 moves
    scores = [100 * phi(0.5 * 0.3 * z / sqrt(0.24)) for z in resamples]
    assert found.interval == pytest.approx(tuple(np.percentile(scores, [5, 95])))
    assert found.score == 50.0


def test_fewer_than_three_blocks_give_no_interval() -> None:
    for blocks, has_interval in ((0, False), (2, False), (3, True)):
        result = score_v2(evidence(everything(), blocks=blocks, spread=1.0), reference())
        assert result.blocks == blocks
        assert all((i.interval is not None) == has_interval for i in result.indicators)


def test_a_resample_without_a_feature_is_scored_by_the_others() -> None:
    given_ = evidence(everything(1.0), blocks=12)
    nothing = Measured(1.0, np.full(200, np.nan), 30.0)
    partly = replace(given_, measured={**given_.measured, "pause_mean_log_s": nothing})
    found = named(score_v2(partly, reference()), "slowing")
    others = named(score_v2(without(given_, "pause_mean_log_s"), reference()), "slowing")
    assert found.interval is not None
    assert found.interval[0] == pytest.approx(found.interval[1])
    assert found.interval[0] == pytest.approx(others.score)


def test_resamples_that_say_nothing_give_no_interval() -> None:
    empty = {f: Measured(1.0, np.full(200, np.nan), 30.0) for f in FEATURES}
    result = score_v2(replace(evidence({}, blocks=12), measured=empty), reference())
    assert all(i.score is not None and i.interval is None for i in result.indicators)


def test_blocks_to_interval_is_deterministic() -> None:
    blocks = plan_blocks(0.0, 60.0)
    per_block = np.sin(np.arange(len(blocks)))
    resampled = per_block[blocks.draws].mean(axis=1)
    given_ = replace(
        evidence({}),
        measured={f: Measured(float(per_block.mean()), resampled, 30.0) for f in FEATURES},
        blocks=len(blocks),
    )
    assert score_v2(given_, reference()) == score_v2(given_, reference())


# --- properties ----------------------------------------------------------------------------------

z_values = st.floats(-6, 6)
all_values = st.fixed_dictionaries(dict.fromkeys(FEATURES, z_values))
some_values = st.dictionaries(st.sampled_from(FEATURES), z_values)


def some_reference(r: float, rho: float) -> object:
    table = {("f0_sd_st", "f0_range_st"): rho, ("f0_sd_st", "level_sd_db"): rho / 2}
    return reference(table, f0_sd_st=replace(NORM, reliability=r))  # type: ignore[arg-type]


@given(some_values, st.floats(0, 1), st.floats(-0.6, 0.6))
def test_scores_intervals_and_coverage_stay_in_their_ranges(
    values: dict[Feature, float], r: float, rho: float
) -> None:
    ref = some_reference(r, rho)
    result = score_v2(evidence(values, spread=2.0, blocks=12), ref)  # type: ignore[arg-type]
    assert tuple(i.name for i in result.indicators) == INDICATORS
    for found in result.indicators:
        assert 0 <= found.coverage <= 1
        assert (found.score is None) == (found.no_score_reason is not None)
        assert all(c.z is None or -3 <= c.z <= 3 for c in found.contributions)
        if found.score is not None:
            assert 0 <= found.score <= 100
        if found.interval is not None:
            low, high = found.interval
            assert 0 <= low <= high <= 100


@given(all_values, st.floats(0.05, 1), st.floats(-0.6, 0.6))
def test_contributions_sum_to_s(values: dict[Feature, float], r: float, rho: float) -> None:
    result = score_v2(evidence(values), some_reference(r, rho))  # type: ignore[arg-type]
    for found in result.indicators:
        total = sum(c.contribution or 0.0 for c in found.contributions)
        assert found.score == pytest.approx(100 * phi(result.shrinkage * total))


@given(all_values, st.sampled_from(FEATURES), st.floats(0.01, 5))
def test_monotone_in_each_feature_by_the_sign_of_its_weight(
    values: dict[Feature, float], feature: Feature, step: float
) -> None:
    ref = reference()
    before = score_v2(evidence(values), ref)
    after = score_v2(evidence({**values, feature: values[feature] + step}), ref)
    for name in INDICATORS:
        weight = {c.feature: c.weight for c in named(before, name).contributions}.get(feature, 0)
        change = (named(after, name).score or 0) - (named(before, name).score or 0)
        assert change * weight >= -1e-9
        assert weight or change == pytest.approx(0)


@given(all_values)
def test_mirrored_values_mirror_the_scores(values: dict[Feature, float]) -> None:
    ref = reference()
    there = score_v2(evidence(values), ref)
    back = score_v2(evidence({f: -v for f, v in values.items()}), ref)
    for name in INDICATORS:
        assert (named(there, name).score or 0) + (named(back, name).score or 0) == pytest.approx(
            100
        )


@given(all_values, st.permutations(FEATURES))
def test_order_of_features_changes_nothing(
    values: dict[Feature, float], order: list[Feature]
) -> None:
    ref = reference({("f0_sd_st", "level_sd_db"): 0.4})
    rows = [FEATURES.index(f) for f in order]
    turned = replace(ref, features=tuple(order), rho=ref.rho[np.ix_(rows, rows)])
    shuffled = evidence({f: values[f] for f in order}, spread=1.0, blocks=12)
    straight = evidence(values, spread=1.0, blocks=12)
    assert score_v2(straight, ref) == score_v2(shuffled, turned)


@given(all_values, st.sets(st.sampled_from(FEATURES)), st.sampled_from(FEATURES))
def test_absent_features_lower_coverage(
    values: dict[Feature, float], absent: set[Feature], another: Feature
) -> None:
    ref = reference()
    some: Evidence = without(evidence(values), *absent)
    fewer = without(some, another)
    for name in INDICATORS:
        before, after = named(score_v2(some, ref), name), named(score_v2(fewer, ref), name)
        assert after.coverage <= before.coverage + 1e-9
        if after.coverage < 0.5 - 1e-6:
            assert after.score is None


@given(all_values, st.floats(1, 50))
def test_unit_and_origin_of_a_feature_change_nothing(
    values: dict[Feature, float], factor: float
) -> None:
    norm = replace(NORM, mean=7.0, sd=factor)
    moved = {**values, "f0_sd_st": 7.0 + factor * values["f0_sd_st"]}
    before = score_v2(evidence(values), reference())
    after = score_v2(evidence(moved), reference(f0_sd_st=norm))
    for name in INDICATORS:
        assert named(after, name).score == pytest.approx(named(before, name).score)


def test_a_shorter_recording_is_trusted_less() -> None:
    ref = reference(f0_range_st=replace(NORM, noise_var_s=20.0))
    scores: list[float] = []
    for seconds in (3.0, 30.0, 300.0):
        given_ = evidence(everything())
        value = {**given_.measured, "f0_range_st": measured(2.0, stands_on_s=seconds)}
        score = named(score_v2(replace(given_, measured=value), ref), "assertiveness").score
        assert score is not None
        scores.append(score)
    assert 50 < scores[0] < scores[1] < scores[2]
