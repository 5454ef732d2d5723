"""The statistics of the reference set on made-up speakers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from training.reference import norms
from training.reference.assumed import ASSUMED, of_range

SECONDS = 20.0
TRUE_SD = np.array([2.0, 1.0])
NOISE_VAR_S = np.array([20.0, 5.0])
MEANS = {"aa": np.array([10.0, 0.0]), "bb": np.array([14.0, 0.0])}
RHO = 0.6


@pytest.fixture(scope="module")
def sample() -> norms.Sample:
    """400 speakers of two languages; women are three higher in the first feature."""
    rng = np.random.default_rng(0)
    language = np.repeat(["aa", "bb"], [300, 100])
    sex = np.where(np.arange(400) % 2, "female", "male")
    table = np.array([[1, RHO], [RHO, 1]]) * np.outer(TRUE_SD, TRUE_SD)
    truth = rng.multivariate_normal([0, 0], table, 400)
    truth += np.array([MEANS[x] for x in language])
    truth[:, 0] += np.where(sex == "female", 1.5, -1.5)
    noise = rng.normal(0, np.sqrt(NOISE_VAR_S / (SECONDS / 2)), (2, 400, 40, 2))
    halves = truth[None, :, None, :] + noise
    return norms.Sample(
        language=language,
        sex=sex,
        value=halves[:, :, 0].mean(axis=0),
        seconds=np.full((400, 2), SECONDS),
        halves=halves,
        halves_s=np.full((2, 400, 40, 2), SECONDS / 2),
    )


def test_noise_is_found_again(sample: norms.Sample) -> None:
    assert norms.noise_var_s(sample) == pytest.approx(NOISE_VAR_S, rel=0.05)


def test_spreads_are_without_noise_and_any_has_the_languages_too(sample: norms.Sample) -> None:
    spreads = norms.spreads(sample, NOISE_VAR_S)
    total = np.sqrt(TRUE_SD**2 + np.array([1.5**2, 0]))
    for language in ("aa", "bb"):
        assert spreads[language].mean == pytest.approx(MEANS[language], abs=0.5)
        assert spreads[language].sd == pytest.approx(total, rel=0.12)
    assert spreads["any"].mean == pytest.approx([12, 0], abs=0.4)
    # The variance of 10 and 14, as of languages that happened to be there, is 8.
    assert spreads["any"].sd[0] == pytest.approx(np.sqrt(total[0] ** 2 + 8), rel=0.12)


def test_reliability_is_that_of_thirty_seconds(sample: norms.Sample) -> None:
    spreads = norms.spreads(sample, NOISE_VAR_S)
    variance = TRUE_SD**2 + np.array([1.5**2, 0])
    truth = variance / (variance + NOISE_VAR_S / 30)
    assert norms.reliability(spreads, NOISE_VAR_S) == pytest.approx(truth, abs=0.03)


def test_noise_alone_is_no_spread_of_people() -> None:
    rng = np.random.default_rng(1)
    value = rng.normal(0, 1, (60, 1))
    still = norms.Sample(
        language=np.repeat(["aa", "bb"], 30),
        sex=np.repeat(["female"], 60),
        value=value,
        seconds=np.full((60, 1), 10.0),
        halves=np.zeros((2, 60, 1, 1)),
        halves_s=np.ones((2, 60, 1, 1)),
    )
    found = norms.spreads(still, np.array([10.0]))["aa"].sd[0]
    assert found**2 == pytest.approx(norms.SMALLEST_SHARE, rel=0.4)


def test_correlations_are_those_within_a_sex_and_shrunken(sample: norms.Sample) -> None:
    rho, shrunken_by = norms.correlations(sample, norms.spreads(sample, NOISE_VAR_S))
    observed = RHO * TRUE_SD[0] * TRUE_SD[1]
    observed /= np.sqrt((TRUE_SD[0] ** 2 + 1) * (TRUE_SD[1] ** 2 + 0.25))
    assert rho[0, 1] == pytest.approx(observed, abs=0.08)
    assert 0 <= shrunken_by < 0.05
    assert np.diag(rho) == pytest.approx([1, 1])


def test_few_speakers_are_shrunken_more_and_stay_positive_definite() -> None:
    rng = np.random.default_rng(2)
    few = norms.Sample(
        language=np.repeat(["aa", "bb"], 6),
        sex=np.tile(["female", "male"], 6),
        value=rng.normal(size=(12, 15)),
        seconds=np.full((12, 15), 30.0),
        halves=rng.normal(size=(2, 12, 4, 15)),
        halves_s=np.full((2, 12, 4, 15), 15.0),
    )
    rho, shrunken_by = norms.correlations(few, norms.spreads(few, np.zeros(15)))
    assert shrunken_by > 0.5
    assert np.linalg.eigvalsh(rho).min() > 0.1


def test_speakers_without_a_value_are_left_out(sample: norms.Sample) -> None:
    value = sample.value.copy()
    value[:20, 1] = np.nan
    halves = sample.halves.copy()
    halves[:, :20, :, 1] = np.nan
    holed = norms.Sample(
        sample.language, sample.sex, value, sample.seconds, halves, sample.halves_s
    )
    noise = norms.noise_var_s(holed)
    assert noise == pytest.approx(NOISE_VAR_S, rel=0.05)
    rho, _ = norms.correlations(holed, norms.spreads(holed, noise))
    assert np.isfinite(rho).all()


def test_published_range_of_blinks() -> None:
    mean, sd = of_range(10.5, 32.5)
    assert np.exp([mean - 1.96 * sd, mean, mean + 1.96 * sd]) == pytest.approx(
        [10.5, 18.5, 32.5], 0.01
    )
    assert ASSUMED["blinks_log_per_min"].noise_var_s == pytest.approx(60 / 18.5)


def test_conditions_are_a_mean_square_in_which_corpora_count_equally() -> None:
    deviation = np.zeros((4, 2, 3))
    deviation[:3, :, 0] = 1.0
    deviation[3, :, 0] = [2.0, np.nan]
    deviation[:, :, 1] = [100.0, -100.0]
    deviation[:, :, 2] = np.nan
    strays = norms.Strays(np.array(["aa", "aa", "aa", "bb"]), deviation)
    found = norms.condition_var(strays, np.array([1.0, 2.0, 1.0]))
    assert found[0] == pytest.approx((1 + 4) / 2)
    assert found[1] == pytest.approx((2 * norms.FURTHEST_SD) ** 2), "no further than z goes"
    assert np.isnan(found[2])


def test_networks_differ_within_a_recording_and_not_between() -> None:
    heard = np.array([[[0.1], [0.2], [0.3]], [[0.9], [0.9], [0.9]], [[np.nan]] * 3])
    assert norms.network_var(heard) == pytest.approx([0.01 / 2])


def test_reliability_across_conditions_is_less(sample: norms.Sample) -> None:
    spreads = norms.spreads(sample, NOISE_VAR_S)
    variance = TRUE_SD**2 + np.array([1.5**2, 0])
    truth = variance / (variance + NOISE_VAR_S / 30 + 0.5)
    found = norms.reliability(spreads, NOISE_VAR_S, np.array([0.5, 0.5]))
    assert found == pytest.approx(truth, abs=0.03)
