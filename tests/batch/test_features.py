"""Features as a pandas table, and with a person's own."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evolvisense.batch import feature_table, find_inputs, join_by_file, person_table, run_batch
from evolvisense.errors import InvalidOptionError
from evolvisense.options import AnalysisOptions
from tests.factory.batches import HereEngine

TABLE = pd.DataFrame(
    {"smile": [0.1, 0.2, 0.3, 0.4]},
    index=pd.Index(["x/a.mp4", "x/b.mp4", "y/a.mp4", "c.mp4"], name="file"),
)


def test_one_row_for_each_analysed_file(
    corpus: Path, tmp_path: Path, new_engine: Callable[[], HereEngine]
) -> None:
    files = find_inputs([str(corpus)])
    run_batch(files, tmp_path / "out", AnalysisOptions(frame_skip=10), new_engine())
    table = feature_table(tmp_path / "out")
    assert list(table.index) == ["a.webm", "b.webm", "more/a.webm", "more/nobody.webm"]
    numbers = table.select_dtypes("number")
    assert {"expression_happy", "voice_f0_median_hz", "feature_f0_sd_st"} <= set(numbers.columns)
    assert numbers.loc["a.webm"].equals(numbers.loc["more/a.webm"])
    assert np.isnan(numbers.loc["b.webm", "voice_f0_median_hz"])
    assert table.loc["b.webm", "feature_f0_sd_st_missing"] == "no_voice"
    pairs = [name for name in table.columns if name.startswith("feature_")]
    for value, missing in zip(pairs[::2], pairs[1::2], strict=True):
        assert (table[value].isna() == table[missing].notna()).all(), value


def test_one_row_for_each_person(
    corpus: Path, tmp_path: Path, new_engine: Callable[[], HereEngine]
) -> None:
    files = find_inputs([str(corpus)])
    run_batch(files, tmp_path / "out", AnalysisOptions(frame_skip=10), new_engine())
    people = person_table(tmp_path / "out")
    counts = feature_table(tmp_path / "out")["people"]
    for name, count in counts.items():
        assert len(people[people.index.get_level_values("file") == name]) == count
    assert counts.max() > 0
    assert people["AU12_mean"].notna().any()


def test_a_folder_without_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptionError, match="no finished batch"):
        feature_table(tmp_path)
    with pytest.raises(InvalidOptionError, match="no table of people"):
        person_table(tmp_path)
    (tmp_path / "failures").mkdir()
    with pytest.raises(InvalidOptionError, match="could be analysed"):
        feature_table(tmp_path)


def test_rows_are_joined_by_name_short_name_and_stem() -> None:
    own = pd.DataFrame(
        {"file": ["y/a.mp4", "b.mp4", "c", "c"], "score": [1, 2, 3, 4]}, [9, 8, 7, 6]
    )
    joined = join_by_file(TABLE, own)
    assert joined["smile"].tolist() == [0.3, 0.2, 0.4, 0.4]
    assert joined["score"].tolist() == [1, 2, 3, 4]
    assert list(joined.index) == [9, 8, 7, 6]


@pytest.mark.parametrize(
    ("own", "column", "message"),
    [
        ({"file": ["c", "d", "e"]}, "file", "2 of 3 names have no features: d, e"),
        ({"file": ["a.mp4"]}, "file", r"a\.mp4 may be x/a\.mp4, y/a\.mp4"),
        ({"name": ["c"]}, "file", "no column file; it has name"),
        ({"file": ["c"], "smile": [1.0]}, "file", "both tables have the columns smile"),
    ],
)
def test_what_does_not_fit_is_said(own: dict[str, list[object]], column: str, message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        join_by_file(TABLE, pd.DataFrame(own), column)


def test_rows_without_features_stay_on_request() -> None:
    joined = join_by_file(TABLE, pd.DataFrame({"clip": ["c", "d"]}), "clip", unmatched="keep")
    assert joined["smile"].tolist()[0] == 0.4
    assert np.isnan(joined["smile"].tolist()[1])


def test_features_go_into_scikit_learn() -> None:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    own = pd.DataFrame({"file": ["c", "b.mp4", "d"], "score": [1.0, 2.0, 3.0]})
    joined = join_by_file(TABLE, own, unmatched="keep")
    model = make_pipeline(SimpleImputer(), Ridge())
    model.fit(joined[["smile"]], joined["score"])
    assert model.predict(joined[["smile"]]).shape == (3,)


def test_labels_that_stand_twice_are_no_matter() -> None:
    own = pd.DataFrame({"file": ["x/a.mp4", "c"], "who": ["A", "B"]}, index=["P1", "P1"])
    joined = join_by_file(TABLE, own)
    assert joined[["who", "smile"]].to_numpy().tolist() == [["A", 0.1], ["B", 0.4]]
    assert list(joined.index) == ["P1", "P1"]


def test_a_file_that_failed_is_not_mistaken_for_its_namesake() -> None:
    table = TABLE.copy()
    table.attrs["failed"] = ["z/c.mp4"]
    with pytest.raises(InvalidOptionError, match=r"c may be c\.mp4, z/c\.mp4"):
        join_by_file(table, pd.DataFrame({"file": ["c"]}))
    with pytest.raises(InvalidOptionError, match=r"z/c\.mp4 \(could not be analysed\)"):
        join_by_file(table, pd.DataFrame({"file": ["z/c.mp4"]}))
    kept = join_by_file(table, pd.DataFrame({"file": ["z/c.mp4"]}), unmatched="keep")
    assert kept["smile"].isna().all()


def test_names_that_look_the_same_are_the_same() -> None:
    apart = unicodedata.normalize("NFD", "Zażółć.mp4")
    table = TABLE.set_axis([*TABLE.index[:3], apart])
    joined = join_by_file(table, pd.DataFrame({"file": ["Zażółć.mp4", "Zażółć", apart]}))
    assert joined["smile"].tolist() == [0.4] * 3


def test_failed_files_are_told_with_the_table(
    corpus: Path, tmp_path: Path, new_engine: Callable[[], HereEngine]
) -> None:
    files = find_inputs([str(corpus)])
    run_batch(files, tmp_path / "out", AnalysisOptions(frame_skip=10), new_engine())
    assert feature_table(tmp_path / "out").attrs["failed"] == ["notes.mp4"]
