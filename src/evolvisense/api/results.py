"""Responses of the API that contain parts of a report: changes, comparisons, models.

Apart from `schemas`, because they import the schema of the report, which is slow to load.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from evolvisense.api.schemas import FigureShown
from evolvisense.report.indicator_parts import BaselinePart
from evolvisense.report.parts import ModelUsed


class Change(BaseModel):
    """An analysis against a personal baseline."""

    baseline: BaselinePart = Field(description="Without the recording itself.")
    figure: FigureShown
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")


class Models(BaseModel):
    """What the analyses of this server are made with."""

    models: list[ModelUsed]
