"""Plots and tables in a notebook."""

from __future__ import annotations

import csv
import importlib
import io
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
from plotly import graph_objects

from evolvisense.errors import FormatUnavailableError, InvalidOptionError
from evolvisense.report import Report, observations_only, to_csv, to_json


def test_frames_are_the_table_with_types(full: Report) -> None:
    table = full.frames()
    rows = list(csv.DictReader(io.StringIO(to_csv(full))))
    assert len(table) == len(rows)
    assert list(table.columns) == list(rows[0])
    assert table["happy"].dtype == "float64"
    assert table["person_id"].dtype == "Int64"
    assert table["detected"].dtype == "boolean"
    assert table["person_id"].isna().sum() == 3, "three frames without a face"
    assert table["time_s"].tolist() == [float(row["time_s"]) for row in rows]


def test_frames_of_one_person(full: Report) -> None:
    assert set(full.frames(person=2)["person_id"]) == {2}
    assert len(full.frames(person=2)) == full.people[1].frames
    with pytest.raises(InvalidOptionError, match="no person 9"):
        full.frames(person=9)


def test_frames_show_nothing_that_is_withheld(full: Report) -> None:
    private = observations_only(full)
    assert private.frames()["happy"].isna().all()
    assert not full.frames()["happy"].isna().all(), "the first report keeps its own"


def test_a_report_that_was_read_back_has_its_table(full: Report) -> None:
    again = Report.model_validate_json(to_json(full))
    assert again.frames().equals(full.frames())


def test_frames_stay_columns(full: Report) -> None:
    assert full.frames.number.tolist() == list(range(1, 19))
    with pytest.raises(TypeError, match="no report"):
        full.frames.model_copy(update={}).__class__(**dict(full.frames))()


def test_voice_frames_have_a_row_for_each_step(scored: Report) -> None:
    table = scored.voice_frames()
    assert scored.voice is not None
    assert len(table) == len(scored.voice.timeline.time_s)
    assert table["f0_hz"].isna().any()
    spoken = table.loc[table["is_speech"], "time_s"]
    assert spoken.min() < 0.1
    assert not spoken.between(1.1, 2.4).any()
    silent = scored.model_copy(update={"voice": None}).voice_frames()
    assert len(silent) == 0
    assert list(silent.columns) == list(table.columns)


@pytest.mark.parametrize("method", ["frames", "voice_frames"])
def test_without_pandas_the_error_says_what_to_install(
    scored: Report, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    real = importlib.import_module

    def without(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(FormatUnavailableError, match=r"evolvisense\[pandas\]"):
        getattr(scored, method)()


def test_plot_puts_figures_below_each_other(scored: Report) -> None:
    whole = scored.plot()
    assert isinstance(whole, graph_objects.Figure)
    layout = whole.to_plotly_json()["layout"]
    domains = sorted(
        tuple(axis["domain"]) for key, axis in layout.items() if key.startswith("yaxis")
    )
    assert all(low[1] <= high[0] + 1e-9 for low, high in pairwise(domains))
    assert domains[0][0] >= 0
    assert domains[-1][1] <= 1
    names = {key.replace("axis", "") for key in layout if key.startswith(("xaxis", "yaxis"))}
    used = {trace[axis] for trace in whole.to_plotly_json()["data"] for axis in ("xaxis", "yaxis")}
    assert used <= names
    texts = [note["text"] for note in layout["annotations"]]
    assert "<b>Voice</b>" in texts
    assert any("do not diagnose" in text for text in texts), "the limits stand where scores stand"
    assert layout["xaxis2"]["matches"] == "x"


def test_plot_of_one_figure_with_options(scored: Report) -> None:
    one = scored.plot("voice", theme="dark", start_s=0.5, end_s=2.0)
    assert one.layout.xaxis.range == (0.5, 2.0)
    assert one.layout.height < scored.plot().layout.height
    assert not any("diagnose" in note.text for note in one.layout.annotations)
    with pytest.raises(InvalidOptionError, match="no option wings"):
        scored.plot("voice", wings=2)  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidOptionError, match="no figure"):
        scored.plot("mood")  # pyright: ignore[reportArgumentType]


def test_figures_need_no_plotly_before_they_are_plotted() -> None:
    code = (
        "import sys, evolvisense.report, evolvisense.report.figures;"
        "sys.exit(bool({'plotly', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
