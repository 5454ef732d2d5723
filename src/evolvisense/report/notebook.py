"""A report in a notebook: plotly figures and pandas tables. Both are imported when called."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from evolvisense.errors import FormatUnavailableError, InvalidOptionError
from evolvisense.report.figures import (
    FIGURES,
    EmotionsAs,
    FigureName,
    FigureOptions,
    Theme,
    combine,
    figures_of,
)
from evolvisense.report.schema import Frames, Person, Report
from evolvisense.report.table import BOOLEANS, INTEGERS, TEXTS, face_table

PIP_COMMAND = 'pip install "evolvisense[pandas]"'


class PlotOptions(TypedDict, total=False):
    """The fields of FigureOptions."""

    person_id: int | None
    theme: Theme
    start_s: float
    end_s: float | None
    points: int
    actions: tuple[str, ...]
    emotions_as: EmotionsAs


@dataclass(frozen=True)
class _Faces:
    frames: Frames
    people: Sequence[Person]


def plot(report: Report, names: Sequence[FigureName], options: PlotOptions) -> Any:  # noqa: ANN401
    """A `plotly.graph_objects.Figure` of the named figures, or of all, with the
    limits of the indicators below where these are shown.
    """
    if unknown := set(options) - set(FigureOptions.__dataclass_fields__):
        raise InvalidOptionError(f"there is no option {', '.join(sorted(unknown))}")
    chosen = FigureOptions(**options)
    names = names or FIGURES
    footer = report.limits if "indicators" in names else ""
    data, layout = combine(figures_of(report, chosen, names), chosen.theme, footer)
    return importlib.import_module("plotly.graph_objects").Figure(data=data, layout=layout)


def faces_table(frames: Frames, people: Sequence[Person], person: int | None) -> Any:  # noqa: ANN401
    """The table of faces as a DataFrame with typed columns, missing where there is no value."""
    pd = _pandas()
    if person is not None and person not in {found.id for found in people}:
        raise InvalidOptionError(f"there is no person {person}")
    columns = {
        name: pd.array(values, dtype=_dtype(name))
        for name, values in face_table(_Faces(frames, people))
    }
    table = pd.DataFrame(columns)
    if person is None:
        return table
    return table[table["person_id"] == person].reset_index(drop=True)


def voice_table(report: Report) -> Any:  # noqa: ANN401 - pandas comes without types
    """The steps of the voice: start on the file's clock, probability of speech, whether it is in a
    stretch of speech, F0 (missing where unvoiced), level.
    """
    pd = _pandas()
    voice = report.voice
    if voice is None:
        names = ("time_s", "speech_probability", "is_speech", "f0_hz", "level_dbfs")
        return pd.DataFrame({name: pd.array([], dtype=_dtype(name)) for name in names})
    timeline = voice.timeline
    middle_s = timeline.time_s + timeline.step_s / 2
    is_speech = np.zeros(len(middle_s), np.bool_)
    for segment in voice.segments:
        is_speech |= (middle_s >= segment.start_s) & (middle_s < segment.end_s)
    return pd.DataFrame(
        {
            "time_s": np.asarray(timeline.time_s, np.float64),
            "speech_probability": np.asarray(timeline.speech_probability, np.float64),
            "is_speech": pd.array(is_speech, dtype="boolean"),
            "f0_hz": np.asarray(timeline.f0_hz, np.float64),
            "level_dbfs": np.asarray(timeline.level_dbfs, np.float64),
        }
    )


def _dtype(name: str) -> str:
    if name in INTEGERS:
        return "Int64"
    if name in BOOLEANS or name == "is_speech":
        return "boolean"
    return "string" if name in TEXTS else "float64"


def _pandas() -> Any:  # noqa: ANN401 - it comes without types
    try:
        return importlib.import_module("pandas")
    except ImportError as error:
        raise FormatUnavailableError(
            f"tables in a notebook are made by pandas, which is not installed: {PIP_COMMAND}"
        ) from error
