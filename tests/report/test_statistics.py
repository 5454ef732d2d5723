"""Tables of people and recordings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.errors import InvalidOptionError
from evolvisense.report import Report, observations_only, to_json
from evolvisense.report.statistics import describe
from evolvisense.types.scores import EMOTIONS

COLUMNS = st.lists(
    st.tuples(st.floats(-90, 90), st.booleans(), st.floats(0.01, 2), st.booleans()), max_size=20
)


def test_time_shares_of_expressions_are_those_of_the_summary(sample: Report) -> None:
    table = sample.to_pandas("person").set_index("person_id")
    for person in sample.summary.people:
        row = table.loc[person.person_id]
        assert row["readable_s"] == person.expressions.readable_s
        for condition, found in (
            ("", person.expressions),
            ("_speaking", person.expressions_speaking),
            ("_silent", person.expressions_silent),
        ):
            for emotion in EMOTIONS:
                share = row[f"{emotion}_time_share{condition}"]
                expected = np.nan if found.shares is None else found.shares[emotion]
                assert share == pytest.approx(expected, nan_ok=True)


def test_statistics_are_those_of_the_readable_rows_of_the_frame_table(sample: Report) -> None:
    sample = sample.model_copy(deep=True)
    sample.people[0].timeline.uncertain[:99] = ["turned"] * 99
    frames = sample.to_pandas("frame")
    assert frames.equals(sample.frames())
    mine = frames[frames["uncertain"] == ""]
    assert 0 < len(mine) < len(frames)
    row = sample.to_pandas("person").iloc[0]
    for name in ("happy", "yaw_deg", "eye_openness", "jawOpen", "AU12"):
        for suffix, of in (
            ("", mine),
            ("_speaking", mine[mine["speaking"] == "yes"]),
            ("_silent", mine[mine["speaking"] == "no"]),
        ):
            expected = [of[name].mean(), of[name].std(), *of[name].quantile([0.05, 0.5, 0.95])]
            found = [row[f"{name}_{s}{suffix}"] for s in ("mean", "sd", "p5", "p50", "p95")]
            assert found == pytest.approx(expected, abs=1e-4), (name, suffix)
    assert row["AU12_time_share"] == pytest.approx((mine["AU12"] >= 1).mean(), abs=0.01)


def test_a_report_that_was_read_back_has_the_same_statistics(full: Report) -> None:
    again = Report.model_validate_json(to_json(full))
    assert again.to_pandas("person").equals(full.to_pandas("person"))


def test_the_row_of_the_recording_has_the_main_person(sample: Report) -> None:
    (row,) = sample.to_pandas("recording").to_dict("records")
    person = sample.to_pandas("person").iloc[0]
    assert row["smile_mean_silent"] == person["smile_mean_silent"]
    assert sample.voice is not None
    assert row["voice_speech_s"] == sample.voice.measures.speech_s


def test_without_people_the_table_is_empty_and_has_its_columns(full: Report) -> None:
    nobody = full.model_copy(update={"people": []})
    table = nobody.to_pandas("person")
    assert len(table) == 0
    assert {"person_id", "happy_time_share"} <= set(table.columns)
    assert nobody.to_pandas("recording")["happy_mean"].isna().all()


def test_nothing_that_is_withheld_is_in_the_statistics(sample: Report) -> None:
    table = observations_only(sample).to_pandas("person")
    assert table[[f"{e}_mean" for e in EMOTIONS]].isna().all(axis=None)
    assert table["yaw_deg_mean"].notna().all()


def test_an_unknown_level_is_an_error_that_lists_them(full: Report) -> None:
    with pytest.raises(InvalidOptionError, match=r"'frames': use one of summary, frame, person"):
        full.to_pandas("frames")  # pyright: ignore[reportArgumentType]


@given(COLUMNS, st.floats(-10, 10))
def test_laws_of_the_statistics(
    column: list[tuple[float, bool, float, bool]], shift: float
) -> None:
    values, counts, weights, chosen = (
        np.array([row[i] for row in column], kind)
        for i, kind in enumerate((float, bool, float, bool))
    )
    found = describe(values, counts, weights, chosen)
    if not chosen.any():
        assert found == (None,) * 6
        return
    mean, sd, low, middle, high, share = found
    assert (sd is None) == (chosen.sum() == 1)
    assert None not in (mean, low, middle, high, share)
    used = np.array([low, middle, high], float)
    assert (np.diff(used) >= 0).all()
    assert values[chosen].min() - 1e-4 <= used[0]
    assert used[2] <= values[chosen].max() + 1e-4
    moved = describe(values + shift, counts, weights, chosen)
    assert np.array(moved[0], float) == pytest.approx(np.array(mean, float) + shift, abs=2e-4)
    others = describe(values, ~counts, weights, chosen)
    assert np.array(share, float) + np.array(others[5], float) == pytest.approx(1, abs=2e-4)
    hidden = np.where(chosen, values, np.nan)
    assert describe(hidden, counts, weights, np.ones_like(chosen)) == found
