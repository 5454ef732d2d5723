"""What every part of a report has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Frozen, with known fields only."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
