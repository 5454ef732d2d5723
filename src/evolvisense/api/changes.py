"""What is answered about a change. Apart from `figures`, because it needs the report's schema."""

from __future__ import annotations

from pydantic import BaseModel, Field

from evolvisense.api.figures import FigureShown
from evolvisense.report.indicator_parts import BaselinePart


class Change(BaseModel):
    """An analysis against a personal baseline."""

    baseline: BaselinePart = Field(description="Without the recording itself.")
    figure: FigureShown
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")
