"""Requests and responses of the API that contain parts of a report: marks, changes, models.

Apart from `schemas`, because they import the schema of the report, which is slow to load.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from evolvisense.api.schemas import FigureShown, ReportFormat
from evolvisense.report.indicator_parts import BaselinePart
from evolvisense.report.parts import ModelUsed
from evolvisense.report.summary_parts import Mark

MOST_MARKS = 500
LONGEST_MEDIA_NAME = 255


class ReportWanted(BaseModel):
    """A report in one format, with marks that a person made while watching."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: ReportFormat = "json"
    marks: list[Mark] = Field(
        default_factory=list[Mark],
        max_length=MOST_MARKS,
        description="They go into this answer and are not stored.",
    )
    media_name: str = Field(
        default="",
        max_length=LONGEST_MEDIA_NAME,
        description="File name of the recording, which ELAN looks for beside the document.",
    )


class Change(BaseModel):
    """An analysis against a personal baseline."""

    baseline: BaselinePart = Field(description="Without the recording itself.")
    figure: FigureShown
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")


class Models(BaseModel):
    """What the analyses of this server are made with."""

    models: list[ModelUsed]
