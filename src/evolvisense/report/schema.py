"""The report: what an analysis says about one video. Its JSON Schema is in `docs/`.

`ReportData` in `parts` describes the fields; this module adds what computes from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from evolvisense.atomic_file import atomic_write
from evolvisense.report.conversions import to_feat, to_openface_csv
from evolvisense.report.figures import FigureName
from evolvisense.report.html.summary import summary_section
from evolvisense.report.notebook import (
    Level,
    PlotOptions,
    faces_table,
    level_table,
    plot,
    voice_table,
)
from evolvisense.report.parts import ReportData


class Report(ReportData):
    """Everything that one analysis says about one video."""

    def model_post_init(self, _context: object, /) -> None:
        """Make `frames` callable: it needs to know the people."""
        table = partial(faces_table, self.frames.with_table(None), self.people)
        object.__setattr__(self, "frames", self.frames.with_table(table))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Report:
        """As pydantic has it; the table of `frames()` is that of the copy's people."""
        copied = super().model_copy(update=update, deep=deep)
        copied.model_post_init(None)
        return copied

    def plot(self, *names: FigureName, **options: Unpack[PlotOptions]) -> Any:  # noqa: ANN401
        """A plotly Figure of the named figures below each other, or of all of them.

        `options` are those of `FigureOptions`. Raises InvalidOptionError for a name or an option
        that is not there.
        """
        return plot(self, names, options)

    def to_pandas(self, level: Level = "summary") -> Any:  # noqa: ANN401 - pandas is optional
        """The report as a pandas DataFrame.

        Args:
            level: what a row is about. `summary` (the default): a value of `report.summary`, with
                part, person_id, name, title, unit, label, sentence, missing, note, value, interval,
                usual range and its source. `frame`: a face in a frame, as `frames()`. `person`: a
                person, with mean, SD, percentiles 5, 50 and 95 and time share of every expression,
                blendshape, action unit, angle of the head and of eye openness, over the readable
                frames, and apart over those in which the person speaks and is silent. `recording`:
                the file, as in the summary of a batch, with functionals of the voice under their
                eGeMAPS names and those statistics of the main person.

        Returns:
            A DataFrame; docs/codebook.md describes every column.

        Raises:
            FormatUnavailableError: pandas is not installed.
            InvalidOptionError: no such level.

        Example:
            >>> report = evolvisense.analyze("talk.mp4")  # doctest: +SKIP
            >>> report.to_pandas("person")["AU12_mean_silent"]  # doctest: +SKIP
        """
        return level_table(self, level)

    def to_openface_csv(self, path: str | Path) -> None:
        """Write the table of faces under the column names of OpenFace 2.

        docs/column-names.md says which columns are filled and how they compare; the others are
        empty. Landmarks and shape parameters have no columns.

        Args:
            path: of the CSV; an existing file is replaced.
        """
        with atomic_write(Path(path)) as file:
            file.write(to_openface_csv(self).encode())

    def to_feat(self) -> Any:  # noqa: ANN401 - pandas is optional
        """The table of faces as a pandas DataFrame with the columns of py-feat.

        docs/column-names.md says which columns are filled and how they compare; the others are
        NaN. `feat.Fex(report.to_feat())` gives it the methods of py-feat.

        Returns:
            A DataFrame, a row for each face and frame.

        Raises:
            FormatUnavailableError: pandas is not installed.
        """
        return to_feat(self)

    def _repr_html_(self) -> str:
        """What a notebook shows of a report: the summary and the moments."""
        return str(summary_section(self))

    def voice_frames(self) -> Any:  # noqa: ANN401 - pandas is optional
        """The columns of the voice as a pandas DataFrame, a row for each step; no row where no
        voice was read. Raises FormatUnavailableError without pandas.
        """
        return voice_table(self)
