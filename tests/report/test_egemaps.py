"""Functionals under their eGeMAPS names, held to the published definitions."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evolvisense.report import Report
from evolvisense.report.conversions import CORRESPONDENCES
from evolvisense.report.egemaps import (
    F0,
    MEANINGS,
    egemaps_row,
    equivalent_level_db,
    f0_functionals,
    voicing_functionals,
)

PITCHES = arrays.arrays(
    np.float64, st.integers(1, 60), elements=st.floats(60, 500) | st.just(float("nan"))
)


@given(PITCHES)
def test_f0_in_semitones_above_27_5_hz(f0_hz: np.ndarray) -> None:
    found = f0_functionals(f0_hz)
    voiced = [12 * np.log2(hz / 27.5) for hz in f0_hz if np.isfinite(hz)]
    if not voiced:
        assert set(found.values()) == {None}
        return
    mean = sum(voiced) / len(voiced)
    sd = (sum((v - mean) ** 2 for v in voiced) / len(voiced)) ** 0.5
    assert found[f"{F0}_amean"] == pytest.approx(mean)
    assert found[f"{F0}_stddevNorm"] == pytest.approx(sd / mean, abs=1e-9)
    assert found[f"{F0}_percentile50.0"] == pytest.approx(np.median(voiced))
    higher = f0_functionals(f0_hz * 2)
    assert higher[f"{F0}_amean"] == pytest.approx(mean + 12), "an octave is 12 semitones"
    spread = found[f"{F0}_pctlrange0-2"]
    assert higher[f"{F0}_pctlrange0-2"] == pytest.approx(spread, abs=1e-9)


@given(arrays.arrays(np.bool_, st.integers(1, 60)), st.sampled_from([0.01, 0.032]))
def test_segments_are_runs_of_steps(voiced: np.ndarray, step_s: float) -> None:
    found = voicing_functionals(voiced, step_s)
    runs = [(key, len(list(run)) * step_s) for key, run in groupby(voiced.tolist())]
    for wanted, mean, sd in (
        (True, "MeanVoicedSegmentLengthSec", "StddevVoicedSegmentLengthSec"),
        (False, "MeanUnvoicedSegmentLength", "StddevUnvoicedSegmentLength"),
    ):
        lengths = [length for key, length in runs if key is wanted]
        if lengths:
            assert found[mean] == pytest.approx(np.mean(lengths))
            assert found[sd] == pytest.approx(np.std(lengths), abs=1e-9)
        else:
            assert found[mean] is None
    per_s = sum(key for key, _ in runs) / (len(voiced) * step_s)
    assert found["VoicedSegmentsPerSec"] == pytest.approx(per_s)


def test_the_equivalent_level_is_that_of_the_whole_sound() -> None:
    samples = np.sin(np.arange(51_200) / 7.0) * np.linspace(0.01, 0.9, 51_200)
    power = (samples.reshape(-1, 512) ** 2).mean(axis=1)
    whole_db = 10 * np.log10((samples**2).mean())
    assert equivalent_level_db(10 * np.log10(power)) == pytest.approx(whole_db)
    assert equivalent_level_db(np.zeros(0)) is None


def test_the_table_of_the_recording_has_them(sample: Report) -> None:
    row = sample.to_pandas("recording").iloc[0]
    assert sample.voice is not None
    median_st = row[f"{F0}_percentile50.0"]
    assert 27.5 * 2 ** (median_st / 12) == pytest.approx(
        sample.voice.measures.f0_median_hz, rel=0.03
    )
    assert 0.5 < row["VoicedSegmentsPerSec"] < 8
    assert row["HNRdBACF_sma3nz_amean"] == sample.voice.measures.phonation.hnr_db
    silent = sample.model_copy(update={"voice": None})
    assert all(cell.value is None for cell in egemaps_row(silent))
    assert [cell.name for cell in egemaps_row(silent)] == list(MEANINGS)


def test_every_name_says_how_far_it_agrees() -> None:
    told = [entry.theirs for entry in CORRESPONDENCES if entry.tool == "eGeMAPS"]
    assert sorted(told) == sorted(MEANINGS)
