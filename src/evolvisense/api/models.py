"""What is answered about models. Apart from `facts`, because it needs the report's schema."""

from __future__ import annotations

from pydantic import BaseModel

from evolvisense.report.schema import ModelUsed


class Models(BaseModel):
    """What the analyses of this server are made with."""

    models: list[ModelUsed]
