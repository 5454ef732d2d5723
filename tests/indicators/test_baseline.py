"""Personal baselines against values computed by hand."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.indicators import Baseline, score_v2
from evolvisense.indicators.baseline import personal_norm, personal_norms
from evolvisense.types.indicators import FEATURES, Feature
from tests.indicators.made import NORM, everything, evidence, named, reference


def baseline(
    values: dict[Feature, list[float]], recordings: int | None = None, days: int = 2
) -> Baseline:
    arrays = {f: np.array(v, np.float64) for f, v in values.items()}
    count = max(map(len, arrays.values()), default=0) if recordings is None else recordings
    return Baseline(recordings=count, days=days, values=arrays)


def test_mean_and_spread_are_shrunken_by_hand() -> None:
    norm = replace(NORM, mean=10.0, sd=3.0, retest_icc=0.75)
    own = personal_norm(np.array([4.0, 5.0, 6.0]), norm)
    # k = .25 / .75 = 1/3: (3 * 5 + 10 / 3) / (3 + 1/3) = 18.333 / 3.333
    assert own.mean == pytest.approx(5.5)
    # Variance: four degrees of freedom of k * 9 = 3, two of the own 1.
    assert own.sd == pytest.approx(sqrt(14 / 6))
    assert (own.reliability, own.noise_var_s) == (norm.reliability, norm.noise_var_s)


def test_conditions_do_not_count_against_recordings_made_alike() -> None:
    norm = replace(
        NORM, noise_var_s=30.0, condition_sd=2.0, reliability=0.4, session_reliability=0.9
    )
    own = personal_norm(np.array([4.0, 5.0, 6.0]), norm)
    assert norm.measurement_sd(30.0) == pytest.approx(sqrt(5))
    assert own.measurement_sd(30.0) == pytest.approx(1.0)
    assert own.reliability == norm.session_reliability
    same = personal_norm(np.array([4.0, 5.0, 6.0]), replace(norm, condition_sd=0.0))
    assert (own.mean, own.sd) == (same.mean, same.sd)


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=40), st.floats(0.1, 0.95))
def test_the_mean_lies_between_the_own_and_everybodys(values: list[float], icc: float) -> None:
    own = personal_norm(np.array(values), replace(NORM, mean=100.0, retest_icc=icc))
    assert np.mean(values) - 1e-9 <= own.mean <= 100.0


def test_many_recordings_leave_the_population_behind() -> None:
    values = np.tile([1.0, 3.0], 500)
    own = personal_norm(values, replace(NORM, mean=50.0, sd=20.0))
    assert own.mean == pytest.approx(2.0, abs=0.05)
    assert own.sd == pytest.approx(sqrt((4 * 400 + 1000) / 1003))


@pytest.mark.parametrize(
    ("recordings", "days", "missing_recordings", "missing_days"),
    [(3, 2, 0, 0), (2, 2, 1, 0), (3, 1, 0, 1), (1, 1, 2, 1), (0, 0, 3, 2), (9, 5, 0, 0)],
)
def test_a_small_baseline_is_told_and_not_used(
    recordings: int, days: int, missing_recordings: int, missing_days: int
) -> None:
    given_ = baseline({f: [1.0] * recordings for f in FEATURES if recordings}, recordings, days)
    result = score_v2(evidence(everything(1.0)), reference(), baseline=given_)
    use = result.baseline
    assert use is not None
    assert (use.recordings, use.days) == (recordings, days)
    assert (use.missing_recordings, use.missing_days) == (missing_recordings, missing_days)
    is_used = not (missing_recordings or missing_days)
    assert use.is_used == is_used
    assert result.shrinkage == (0.8 if is_used else 0.5)
    assert bool(use.changes) == is_used
    level = named(result, "activation").contributions[0]
    assert level.feature == "f0_level_st"
    assert level.missing_reason == (None if is_used else "no_baseline")


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    result = score_v2(evidence(everything()), reference())
    assert result.baseline is None
    assert named(result, "tension").contributions[0].missing_reason == "no_baseline"


def test_the_level_of_the_voice_counts_against_ones_own() -> None:
    given_ = baseline({f: [0.0, 0.0, 0.0] for f in FEATURES})
    values = {**everything(), "f0_level_st": 1.0}
    result = score_v2(evidence(values), reference(), baseline=given_)
    found = named(result, "activation")
    assert found.coverage == pytest.approx(1.0)
    level = found.contributions[0]
    # ICC .5: k = 1; sd^2 = (4 * 1 + 0) / (4 + 2)
    assert level.reference_sd == pytest.approx(sqrt(2 / 3))
    assert level.z == pytest.approx(1 / sqrt(2 / 3))
    assert level.weight == 0.25
    assert found.score is not None
    assert found.score > 50


def test_a_feature_that_too_few_recordings_have_stays_with_everybodys_norm() -> None:
    given_ = baseline({"f0_sd_st": [2.0, 2.0, 2.0], "f0_level_st": [2.0, 2.0]}, recordings=3)
    norms = personal_norms(given_, reference())
    assert set(norms) == {"f0_sd_st"}
    result = score_v2(evidence(everything()), reference(), baseline=given_)
    parts = {c.feature: c for c in named(result, "activation").contributions}
    assert parts["f0_level_st"].missing_reason == "no_baseline"
    assert parts["level_sd_db"].reference_mean == 0.0
    assert parts["f0_sd_st"].reference_mean == pytest.approx(1.5)


def test_reliable_change_by_hand() -> None:
    ref = reference(f0_sd_st=replace(NORM, noise_var_s=10.0))
    given_ = baseline({"f0_sd_st": [-1.0, 0.0, 1.0]})
    # sd^2 = (4 + 2) / 6 = 1, noise 10 / 30: SEM = sqrt(4/3), 1.96 sqrt(2) SEM = 3.2007
    for value, is_reliable in ((3.20, False), (3.21, True), (-3.21, True)):
        result = score_v2(evidence({"f0_sd_st": value}), ref, baseline=given_)
        assert result.baseline is not None
        (change,) = result.baseline.changes
        assert (change.feature, change.value) == ("f0_sd_st", value)
        assert change.baseline_mean == pytest.approx(0.0)
        assert change.change == pytest.approx(value)
        assert change.is_reliable == is_reliable


def test_a_gated_feature_has_no_change() -> None:
    given_ = baseline({f: [0.0, 0.0, 0.0] for f in FEATURES})
    result = score_v2(evidence(everything(9.0), voice=None), reference(), baseline=given_)
    assert result.baseline is not None
    assert {c.feature for c in result.baseline.changes} == {
        "smile_share_silent",
        "blinks_log_per_min",
        "head_speed_log_deg_s",
    }
