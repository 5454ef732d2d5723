"""A report in a notebook: plotly figures and pandas tables. Both are imported when called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, get_args

from evolvisense.errors import InvalidOptionError
from evolvisense.extras import import_for_format
from evolvisense.report.egemaps import egemaps_row
from evolvisense.report.figures import (
    FIGURES,
    EmotionsAs,
    FigureName,
    FigureOptions,
    Theme,
    combine,
    figures_of,
)
from evolvisense.report.parts import Frames, Person, ReportData
from evolvisense.report.recording import Cell, recording_row
from evolvisense.report.statistics import (
    main_statistics,
    person_columns,
    person_rows,
    quantity_names,
)
from evolvisense.report.tables import BOOLEANS, INTEGERS, TEXTS, face_table, voice_columns

Level = Literal["summary", "frame", "person", "recording"]
"""What a row of `Report.to_pandas` is about."""


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


def plot(report: ReportData, names: Sequence[FigureName], options: PlotOptions) -> Any:  # noqa: ANN401
    """A `plotly.graph_objects.Figure` of the named figures, or of all, with the
    limits of the indicators below where these are shown.
    """
    if unknown := set(options) - set(FigureOptions.__dataclass_fields__):
        raise InvalidOptionError(f"there is no option {', '.join(sorted(unknown))}")
    chosen = FigureOptions(**options)
    names = names or FIGURES
    footer = report.limits if "indicators" in names else ""
    data, layout = combine(figures_of(report, chosen, names), chosen.theme, footer)
    plotly = import_for_format("plotly.graph_objects", "report", "A plot")
    return plotly.Figure(data=data, layout=layout)


def faces_table(frames: Frames, people: Sequence[Person], person: int | None) -> Any:  # noqa: ANN401
    """The table of faces as a DataFrame with typed columns, missing where there is no value."""
    pd = require_pandas()
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


def voice_table(report: ReportData) -> Any:  # noqa: ANN401 - pandas comes without types
    """The steps of the voice: start on the file's clock, probability of speech, whether it is in a
    stretch of speech, F0 (missing where unvoiced), level.
    """
    pd = require_pandas()
    return pd.DataFrame(
        {
            name: pd.array(values, dtype="boolean" if name == "is_speech" else "float64")
            for name, values in voice_columns(report).items()
        }
    )


def summary_table(report: ReportData) -> Any:  # noqa: ANN401 - pandas comes without types
    """The values of `report.summary`, one in each row."""
    pd = require_pandas()
    values = [
        (part, person_id, value)
        for part, person_id, several in (
            *(("face", person.person_id, person.values) for person in report.summary.people),
            ("voice", None, report.summary.voice),
            ("recording", None, report.summary.recording),
        )
        for value in several
    ]
    texts = ("name", "title", "unit", "label", "sentence", "missing", "note")
    numbers = ("value", "interval_low", "interval_high")
    columns: dict[str, Any] = {
        "part": pd.array([part for part, _, _ in values], dtype="string"),
        "person_id": pd.array([person_id for _, person_id, _ in values], dtype="Int64"),
    }
    columns |= {
        name: pd.array([getattr(value, name) for _, _, value in values], dtype="string")
        for name in texts
    }
    columns |= {
        name: pd.array([getattr(value, name) for _, _, value in values], dtype="Float64")
        for name in numbers
    }
    usual = [value.usual for _, _, value in values]
    columns |= {
        f"usual_{end}": pd.array(
            [None if around is None else getattr(around, end) for around in usual],
            dtype="string" if end == "source" else "Float64",
        )
        for end in ("low", "high", "source")
    }
    return pd.DataFrame(columns)


def cells_table(columns: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> Any:  # noqa: ANN401
    """Rows of cells as a DataFrame with typed columns, missing where there is no value."""
    pd = require_pandas()
    kinds = {"number": "float64", "integer": "Int64", "boolean": "boolean", "text": "string"}
    return pd.DataFrame(
        {
            head.name: pd.array([row[i].value for row in rows], dtype=kinds[head.kind])
            for i, head in enumerate(columns)
        }
    )


def level_table(report: ReportData, level: Level) -> Any:  # noqa: ANN401
    """The table of `Report.to_pandas`."""
    if level == "summary":
        return summary_table(report)
    if level == "frame":
        return faces_table(report.frames, report.people, None)
    if level == "person":
        return cells_table(person_columns(quantity_names(report.people)), person_rows(report))
    if level == "recording":
        row = [*recording_row(report), *egemaps_row(report), *main_statistics(report)]
        return cells_table(row, [row])
    raise InvalidOptionError(f"Invalid level {level!r}: use one of {', '.join(get_args(Level))}")


def _dtype(name: str) -> str:
    if name in INTEGERS:
        return "Int64"
    if name in BOOLEANS:
        return "boolean"
    return "string" if name in TEXTS else "float64"


def require_pandas() -> Any:  # noqa: ANN401 - it comes without types
    """The module pandas. Raises FormatUnavailableError where it is not installed."""
    return import_for_format("pandas", "pandas", "A table in a notebook")
