"""What is answered about a change. Apart from `figures`, because it needs the report's schema.

What is answered about models. Apart from `facts`, because it needs the report's schema.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from evolvisense.api.schemas import FigureShown
from evolvisense.report.indicator_parts import BaselinePart
from evolvisense.report.schema import ModelUsed


class Change(BaseModel):
    """An analysis against a personal baseline."""

    baseline: BaselinePart = Field(description="Without the recording itself.")
    figure: FigureShown
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")


class Models(BaseModel):
    """What the analyses of this server are made with."""

    models: list[ModelUsed]
